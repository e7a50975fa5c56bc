//! The one door through which the message of a [`Failure`] about an endpoint is written.
//!
//! What a provider says is foreign text: it may be a page of HTML, hold terminal escapes, or repeat the key it
//! was sent. It passes here once: cleaned, scrubbed, clipped, in that order, so that no cut leaves half a key.

use super::{Failure, FailureClass, KeyFrom, Reply, key::Key};

/// Characters of foreign text that a message repeats.
const CLIP: usize = 300;

/// Writes failures of one call.
pub(super) struct Report<'a> {
    /// Method and address, without query.
    pub(super) endpoint: &'a str,
    /// The key that the call used.
    pub(super) key: Option<&'a Key>,
    /// Where it was read.
    pub(super) key_from: &'a KeyFrom,
}

impl Report<'_> {
    /// A failure that reads `POST <endpoint>: <ours>: <theirs>`; `theirs` is foreign and may be empty. The
    /// request did not arrive, or was refused.
    pub(super) fn failure(&self, class: FailureClass, ours: &str, theirs: &str) -> Failure {
        let mut message = format!("POST {}: {ours}", self.endpoint);
        let theirs = self.safe(theirs);
        if !theirs.is_empty() {
            message.push_str(": ");
            message.push_str(&theirs);
        }
        Failure {
            class,
            message,
            retry_after: None,
            maybe_billed: false,
        }
    }

    /// Like [`Report::failure`], of a request that may have arrived and was not refused.
    pub(super) fn maybe_billed(&self, class: FailureClass, ours: &str, theirs: &str) -> Failure {
        Failure {
            maybe_billed: true,
            ..self.failure(class, ours, theirs)
        }
    }

    /// Foreign text made fit to repeat.
    pub(super) fn safe(&self, text: &str) -> String {
        clip(&self.scrub(&clean(&self.scrub(text))))
    }

    /// A reply without the key, should whatever answered have repeated it.
    pub(super) fn scrubbed(&self, mut reply: Reply) -> Reply {
        if self.key.is_some() {
            reply.text = self.scrub(&reply.text);
            for call in &mut reply.calls {
                call.arguments = self.scrub(&call.arguments);
            }
        }
        reply
    }

    fn scrub(&self, text: &str) -> String {
        self.key
            .map_or_else(|| text.to_owned(), |key| key.scrub(text))
    }
}

/// One line without control characters and without the marks that reorder what a terminal shows.
fn clean(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(
            word.chars()
                .filter(|c| !c.is_control() && !is_invisible(*c)),
        );
    }
    line
}

/// Zero-width and bidirectional formatting characters.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn clip(text: &str) -> String {
    match text.char_indices().nth(CLIP) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::models::key::KeySource;

    fn safe(key: &'static str, text: &str) -> String {
        let source = KeySource::new(
            KeyFrom::Env("K".into()),
            Arc::new(move |_: &str| Some(key.to_owned())),
        );
        let key = source.read().unwrap();
        let report = Report {
            endpoint: "http://h/v1",
            key: key.as_ref(),
            key_from: source.from(),
        };
        report.safe(text)
    }

    #[test]
    fn foreign_text_becomes_one_clean_line() {
        assert_eq!(
            safe("k-1", "a\r\n\u{1b}[31mb\u{7}\t c\u{202e}d"),
            "a [31mb cd"
        );
    }

    #[test]
    fn a_repeated_key_is_scrubbed_even_when_control_characters_split_it() {
        assert_eq!(
            safe("sk-secret", "bad sk-secret and sk-\u{0}sec\u{200b}ret"),
            "bad [key] and [key]"
        );
    }

    #[test]
    fn a_key_at_the_clip_is_scrubbed_before_the_cut() {
        let text = format!("{}sk-secret", "x".repeat(CLIP - 3));
        let shown = safe("sk-secret", &text);
        assert!(!shown.contains("sk-"), "{shown}");
        assert_eq!(shown.chars().count(), CLIP + 1);
    }
}
