//! Turns of phrase of every request.

use projections::payload::Digest;

pub(super) const NONE: &str = "(none)";

/// A foreign text as data, between two lines that it cannot contain.
pub(super) fn marked(name: &str, text: &str) -> String {
    let boundary = Digest::of(text.as_bytes()).to_string();
    let boundary = &boundary[..32];
    format!("===== BEGIN {boundary} {name}\n{text}\n===== END {boundary}")
}

/// A text of an agent's on one line, so that it cannot open a section of its own.
#[must_use]
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(super) fn or(stand_in: &str, text: &str) -> String {
    if text.is_empty() { stand_in } else { text }.to_owned()
}

pub(super) fn bullets(lines: &[String]) -> String {
    if lines.is_empty() {
        return NONE.to_owned();
    }
    let lines: Vec<String> = lines.iter().map(|line| format!("- {line}")).collect();
    lines.join("\n")
}
