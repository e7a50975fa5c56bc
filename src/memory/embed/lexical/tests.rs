//! What the lexical vectors promise: one text, one vector, everywhere and always.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

fn vector(text: &str) -> Vec<(u32, f32)> {
    let cut = AtomicBool::new(false);
    let vectors = Lexical.embed(&[text], &cut).unwrap();
    match vectors.into_iter().next() {
        Some(Vector::Sparse(features)) => features,
        other => panic!("{other:?}"),
    }
}

fn features_of(text: &str) -> HashSet<u32> {
    vector(text)
        .into_iter()
        .map(|(feature, _)| feature)
        .collect()
}

fn shared(one: &str, other: &str) -> usize {
    features_of(one).intersection(&features_of(other)).count()
}

#[test]
fn vectors_are_what_they_were_when_indexes_were_written() {
    let written: Vec<String> = vector("Retry the request, retried requests")
        .into_iter()
        .map(|(feature, weight)| format!("{feature:08x} {weight:.4}"))
        .collect();
    insta::assert_snapshot!(written.join("\n"));
}

#[test]
fn a_text_without_words_has_a_vector_without_features() {
    for text in ["", "   ", "…—!?", "\u{0}"] {
        assert_eq!(vector(text), [], "{text:?}");
    }
}

#[test]
fn case_and_endings_make_no_difference_to_words_and_spelling_little() {
    assert_eq!(vector("VALIDATION Fails"), vector("validating fail"));
    assert!(shared("colour", "colours") > shared("colour", "collar"));
    assert!(shared("timeout", "time-out") > 0);
    assert_eq!(shared("timeout", "banana"), 0);
}

#[test]
fn what_occurs_again_counts_more_but_not_twice() {
    let weight = |text: &str| {
        let word = hash("w", &[&words::stem("lease")]);
        let features = vector(text);
        features
            .iter()
            .find(|(feature, _)| *feature == word)
            .unwrap()
            .1
    };
    let (once, twice) = (weight("lease"), weight("lease. lease"));
    assert!(once < twice && twice < 2.0 * once, "{once} {twice}");
}

#[test]
fn a_text_is_read_only_so_far() {
    let long = "é".repeat(MOST) + " unseen";
    assert_eq!(shared(&long, "unseen"), 0);
}

#[test]
fn it_stops_when_told() {
    let cut = AtomicBool::new(true);
    assert_eq!(Lexical.embed(&["text"], &cut), Err(Fault::Cut));
}

proptest! {
    #[test]
    fn features_rise_are_each_once_and_have_weight(text in "\\PC{0,300}") {
        let features = vector(&text);
        prop_assert!(features.windows(2).all(|pair| pair[0].0 < pair[1].0));
        prop_assert!(features.iter().all(|(_, weight)| weight.is_finite() && *weight > 0.0));
        prop_assert_eq!(vector(&text), features);
    }
}
