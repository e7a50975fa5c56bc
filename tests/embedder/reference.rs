//! The real model: the vectors that it should make, and when it is in memory.

use std::{fs, sync::atomic::AtomicBool, time::Duration};

use modulatio::memory::Fault;
use serde_json::Value;

use crate::ground::{Ground, dense, dot, ground, tell};

/// Texts and the vectors that the model with weights of 32 bits makes of them.
fn reference(ground: &Ground) -> Vec<(String, Vec<f32>)> {
    let text = fs::read_to_string(ground.model.join("reference.jsonl"))
        .expect("reference.jsonl beside the model");
    let pair = |line: &str| {
        let value: Value = serde_json::from_str(line).expect("a line of JSON");
        let numbers = value["vector"].as_array().expect("a vector");
        #[expect(clippy::cast_possible_truncation, reason = "vectors are of 32 bits")]
        let numbers = numbers
            .iter()
            .map(|x| x.as_f64().expect("a number") as f32)
            .collect();
        (value["text"].as_str().expect("a text").to_owned(), numbers)
    };
    text.lines().map(pair).collect()
}

#[test]
fn embeddings_match_the_reference_vectors() {
    let Some(ground) = ground("embeddings_match_the_reference_vectors") else {
        return;
    };
    let now = ground.engine().now();
    assert_eq!(now.instead, None);
    let reference = reference(&ground);
    assert!(reference.len() >= 50, "{}", reference.len());
    let texts: Vec<&str> = reference.iter().map(|(text, _)| text.as_str()).collect();
    let made = dense(now.embedder.as_ref(), &texts);
    let mut least = f32::INFINITY;
    for ((text, expected), made) in reference.iter().zip(&made) {
        let likeness = dot(expected, made) / dot(expected, expected).sqrt();
        assert!(likeness >= 0.99, "{likeness} {text:?}");
        assert!(
            (dot(made, made) - 1.0).abs() < 1e-4,
            "{text:?} is not of length 1"
        );
        least = least.min(likeness);
    }
    tell(&format!(
        "MiniLM: cosine to {} reference vectors at least {least:.5}",
        made.len()
    ));
    let between = |one: &str, other: &str| {
        let at = |text: &str| texts.iter().position(|known| *known == text).unwrap();
        dot(&made[at(one)], &made[at(other)])
    };
    let eating = "A man is eating food.";
    assert!((between(eating, "A man is eating a piece of bread.") - 0.755).abs() < 0.01);
    assert!((between(eating, "The girl is carrying a baby.") + 0.10).abs() < 0.01);
}

#[test]
fn a_texts_vector_does_not_depend_on_its_company() {
    let Some(ground) = ground("a_texts_vector_does_not_depend_on_its_company") else {
        return;
    };
    let now = ground.engine().now();
    let long = "The lease is taken before the first append. ".repeat(120);
    let texts = [
        "",
        "ok",
        &long,
        "\u{0}\u{feff}",
        "🦀🦀🦀",
        "a".repeat(5_000).leak(),
        "The lease.",
    ];
    let together = dense(now.embedder.as_ref(), &texts);
    for (text, vector) in texts.iter().zip(&together) {
        let alone = &dense(now.embedder.as_ref(), &[text])[0];
        assert!(dot(alone, vector) > 0.999, "{text:?}");
    }
    assert!(dense(now.embedder.as_ref(), &[]).is_empty());
}

#[test]
fn a_known_model_has_the_id_under_which_indexes_are_shared() {
    let Some(ground) = ground("a_known_model_has_the_id_under_which_indexes_are_shared") else {
        return;
    };
    let now = ground.engine().now();
    assert_eq!(now.embedder.id(), "minilm-l6-v2/1");
    let stopped = now.embedder.embed(&["text"], &AtomicBool::new(true));
    assert_eq!(stopped, Err(Fault::Cut));
}

#[test]
fn the_model_leaves_when_unused_and_comes_back_the_same() {
    let Some(ground) = ground("the_model_leaves_when_unused_and_comes_back_the_same") else {
        return;
    };
    // A folder of its own, so that no other test's engine holds the model.
    let folder = ground.copy();
    let engine = ground.engine_of(folder.path(), Duration::ZERO);
    assert_eq!(engine.state().loaded, None);
    let text = ["What is given back can be had again."];
    let first = dense(engine.now().embedder.as_ref(), &text);
    for _ in 0..3 {
        assert_eq!(engine.state().loaded.as_deref(), Some("minilm-l6-v2/1"));
        assert!(engine.sweep());
        assert_eq!(engine.state().loaded, None);
        assert_eq!(dense(engine.now().embedder.as_ref(), &text), first);
    }
    let held = engine.now();
    assert!(!engine.sweep());
    assert_eq!(dense(held.embedder.as_ref(), &text), first);
}
