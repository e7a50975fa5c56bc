//! The arguments of a tool call as they come: a text that grows piece by piece, and whether it is a whole object yet. Each
//! byte of it is looked at once, however often that is asked.

use serde_json::value::RawValue;

/// The text so far.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    text: String,
    /// So many bytes of it were looked at.
    seen: usize,
    at: At,
}

/// Where the last byte looked at stands.
#[derive(Clone, Copy, Debug)]
enum At {
    /// Within so many brackets; before the first one, within none.
    Within(usize),
    /// In a string within so many brackets; and whether the next character is escaped.
    String(usize, bool),
    /// Behind a whole object.
    Behind,
    /// In what is no object, whatever follows.
    Amiss,
}

impl Default for At {
    fn default() -> Self {
        Self::Within(0)
    }
}

impl Arguments {
    pub(super) fn new(text: String) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn push(&mut self, more: &str) {
        self.text.push_str(more);
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// Whether the text is a JSON object to which nothing can be added.
    pub(super) fn is_complete(&mut self) -> bool {
        let new = &self.text.as_bytes()[self.seen..];
        for (at, byte) in (self.seen..).zip(new) {
            self.at = match (self.at.past(*byte), byte) {
                // The only time that it is read as JSON.
                (At::Within(0), b'}') if is_json(&self.text[..=at]) => At::Behind,
                (At::Within(0), b'}' | b']') => At::Amiss,
                (next, _) => next,
            };
        }
        self.seen = self.text.len();
        matches!(self.at, At::Behind)
    }
}

impl At {
    /// Where one stands after a byte more.
    fn past(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::String(depth, true), _) => Self::String(depth, false),
            (Self::String(depth, false), b'\\') => Self::String(depth, true),
            (Self::String(depth, false), b'"') => Self::Within(depth),
            (Self::Within(depth), b'"') => Self::String(depth, false),
            (Self::Within(depth), b'{' | b'[') => Self::Within(depth + 1),
            (Self::Within(0), b'}' | b']') => Self::Amiss,
            (Self::Within(depth), b'}' | b']') => Self::Within(depth - 1),
            (Self::Behind, b' ' | b'\t' | b'\r' | b'\n') => Self::Behind,
            (Self::Behind, _) => Self::Amiss,
            (Self::String(..) | Self::Within(_) | Self::Amiss, _) => self,
        }
    }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// By the whole text.
    fn is_object(text: &str) -> bool {
        text.trim_end().ends_with('}') && is_json(text)
    }

    fn assert_told(pieces: &[&str]) {
        let (mut arguments, mut text) = (Arguments::default(), String::new());
        for piece in pieces {
            arguments.push(piece);
            text.push_str(piece);
            assert_eq!(arguments.is_complete(), is_object(&text), "{text:?}");
        }
        assert_eq!(arguments.into_text(), text);
    }

    #[test]
    fn a_whole_object_is_told_at_every_byte() {
        for text in [
            r#" {"a":{"b":[1,{}]}} "#,
            r#"{"}":"\"}{\\"}}"#,
            "{}{}",
            "[{}]",
            "\"{}\"",
            "1{}",
            "{a}",
            "{]",
            "{[}]}",
            "}{}",
            "\\{}",
            "{}\u{a0}",
            "{\"\\u00e9\":\"\\ud83d\\ude00é\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\n\"}",
        ] {
            let pieces: Vec<String> = text.chars().map(String::from).collect();
            assert_told(&pieces.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }

    proptest! {
        #[test]
        fn it_is_told_as_by_the_whole_text(
            pieces in prop::collection::vec(r#"[{}\[\]":,\\a1 ]{0,3}|\{\}|\{"a":|"a"|[ \u{a0}]"#, 0..12),
        ) {
            assert_told(&pieces.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }

    /// Each byte is looked at once: looked at anew with each piece, these are 30 GB.
    #[test]
    fn asking_again_and_again_costs_no_more() {
        for (begin, piece) in [("{", " "), ("[", "{},"), ("{}", "\n")] {
            let mut arguments = Arguments::new(begin.to_owned());
            arguments.push(&" ".repeat(1 << 20));
            for _ in 0..10_000 {
                arguments.push(piece);
                arguments.is_complete();
                assert_eq!(arguments.seen, arguments.text.len());
            }
        }
    }
}
