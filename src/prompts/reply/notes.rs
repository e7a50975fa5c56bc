//! What an answer says for the team's memory. It is read apart from the rest and as far as it can be: an answer that was
//! paid for is not refused because of a note.

use projections::memory::{MAX_NOTE, NoteKind};
use serde_json::Value;

use super::json;

/// Most notes of one answer.
const MAX_NOTES: usize = 3;
/// Most tags of one note.
const MAX_TAGS: usize = 8;
/// Longest tag, in characters.
const MAX_TAG: usize = 40;

/// What an answer says for the team's memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notes {
    /// What is to be remembered.
    pub notes: Vec<Noted>,
    /// Ids of proposed notes that become part of the memory.
    pub promote: Vec<String>,
    /// Ids of proposed notes that do not.
    pub decline: Vec<String>,
}

/// A note as an agent wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    /// What it is.
    pub kind: NoteKind,
    /// Its text, neither empty nor longer than [`MAX_NOTE`].
    pub text: String,
    /// Words that it is found by.
    pub tags: Vec<String>,
}

/// Reads them; what cannot be read is left out.
#[must_use]
pub fn notes(text: &str) -> Notes {
    let Ok(answer) = json(text) else {
        return Notes::default();
    };
    let listed = |key: &str| answer.get(key).and_then(Value::as_array);
    let notes = ["notes", "proposals"].into_iter().filter_map(listed);
    let ids = |key: &str| {
        let ids = listed(key).into_iter().flatten();
        let ids = ids.filter_map(Value::as_str);
        ids.map(str::to_owned).collect()
    };
    Notes {
        notes: notes.flatten().filter_map(noted).take(MAX_NOTES).collect(),
        promote: ids("promote"),
        decline: ids("decline"),
    }
}

fn noted(value: &Value) -> Option<Noted> {
    let text = value.as_str().or_else(|| value.get("text")?.as_str())?;
    let text = cut(text.trim());
    let kind = match value.get("kind").and_then(Value::as_str) {
        Some("technique") => NoteKind::Technique,
        Some(_) | None => NoteKind::Fact,
    };
    let tags = value.get("tags").and_then(Value::as_array);
    let tag = |tag: &Value| {
        let words = tag
            .as_str()?
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let fits = !words.is_empty() && words.chars().count() <= MAX_TAG;
        fits.then_some(words)
    };
    let tags = tags.into_iter().flatten().filter_map(tag);
    (!text.is_empty()).then(|| Noted {
        kind,
        text,
        tags: tags.take(MAX_TAGS).collect(),
    })
}

/// At most [`MAX_NOTE`] bytes, and a sign where more was said.
fn cut(text: &str) -> String {
    const MORE: &str = " […]";
    if text.len() <= MAX_NOTE {
        return text.to_owned();
    }
    let mut end = MAX_NOTE - MORE.len();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{MORE}", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_read_beside_any_answer_and_bad_ones_left_out() {
        let read = notes(
            r#"{"passed":true,"notes":[{"kind":"technique","text":" quote twice ","tags":["a  b","",7]},
                {"text":""},{"kind":3,"text":"plain"},"bare",{"text":"a fourth"}],"promote":["ESS-P-001-m1",4],"decline":"x"}"#,
        );
        let texts: Vec<&str> = read.notes.iter().map(|note| note.text.as_str()).collect();
        assert_eq!(texts, ["quote twice", "plain", "bare"]);
        assert_eq!(read.notes[0].kind, NoteKind::Technique);
        assert_eq!(read.notes[0].tags, ["a b"]);
        assert_eq!(read.promote, ["ESS-P-001-m1"]);
        assert!(read.decline.is_empty());
        assert_eq!(notes("no JSON"), Notes::default());
        assert_eq!(notes(r#"{"notes":"x","proposals":{}}"#), Notes::default());
    }

    #[test]
    fn a_long_note_is_cut_between_characters() {
        let text = "ä".repeat(MAX_NOTE);
        let read = notes(&format!(r#"{{"proposals":["{text}"]}}"#));
        assert!(read.notes[0].text.len() <= MAX_NOTE);
        assert!(read.notes[0].text.ends_with("[…]"));
    }
}
