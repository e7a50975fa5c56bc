//! A rendered file carries a seal over its own text: any edit is seen without the journal.

use projections::{
    document::{self, Seal},
    frontmatter, ticket,
};
use proptest::prelude::*;

use crate::support::{anchor, fold_all, history};

fn sealed() -> (String, u64) {
    let frames = history();
    (
        frontmatter::render(&fold_all(&frames).unwrap()),
        frames.len() as u64 - 1,
    )
}

#[test]
fn a_rendered_file_is_intact_and_names_its_frame() {
    let (text, seq) = sealed();
    assert_eq!(document::seal_of(&text), Seal::Intact(anchor(seq)));
}

#[test]
fn a_rendered_ticket_is_intact_and_names_the_frame_that_changed_it() {
    let plan = fold_all(&history()).unwrap();
    let (id, one) = plan.tickets.first_key_value().unwrap();
    let text = ticket::render(&plan.id, id, one);
    assert_eq!(document::seal_of(&text), Seal::Intact(one.changed.anchor));
}

#[test]
fn line_ends_marks_and_lost_ends_break_the_seal() {
    let (text, _) = sealed();
    let half = text.chars().take(text.chars().count() / 2).collect();
    for edited in [
        text.replace('\n', "\r\n"),
        format!("\u{feff}{text}"),
        format!("{text}\n"),
        half,
        String::new(),
    ] {
        assert!(matches!(document::seal_of(&edited), Seal::Broken(_)));
    }
}

#[test]
fn an_edited_file_still_says_which_rendering_it_was() {
    let (text, seq) = sealed();
    let edited = text.replace("status: done", "status: draft");
    assert_eq!(document::seal_of(&edited), Seal::Broken(Some(anchor(seq))));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_edit_of_bytes_breaks_the_seal(edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3u8), 1..5)) {
        static TEXT: std::sync::OnceLock<String> = std::sync::OnceLock::new();
        let text = TEXT.get_or_init(|| sealed().0);
        let mut bytes = text.clone().into_bytes();
        for (at, byte, how) in edits {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => { bytes.remove(at); }
            }
        }
        if let Ok(edited) = String::from_utf8(bytes) {
            let intact = matches!(document::seal_of(&edited), Seal::Intact(_));
            prop_assert_eq!(intact, edited == *text);
        }
    }
}
