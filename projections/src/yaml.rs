//! YAML in and out: the one home of `serde_yaml`.
//!
//! Reading is bounded, because the files are written by hand and a torn or hostile one must cost a message, not
//! the daemon: at most [`MAX_BYTES`] of text, [`MAX_EXPANDED`] units once aliases are followed, [`MAX_ENTRIES`] marks
//! that may begin an entry, and [`MAX_FLOW_STARTS`] brackets that may open a collection. Duplicate keys and custom tags are refused. Whatever
//! the text, the answer is a [`Value`] or a [`YamlError`], never a panic.
//!
//! Writing is ours rather than the crate's, so that the bytes of a projection do not change when a dependency
//! does: block style as PyYAML writes it, strings plain unless a reader (PyYAML, YAML 1.2, or ours) would take
//! them for something else.
//!
//! ```text
//!  text ──parse_value──▶ Value ──emit──▶ text        emit(parse(emit(v))) == emit(v)
//! ```

mod bounded;
mod emit;
mod place;
mod scalar;

use serde::de::DeserializeOwned;

pub use emit::{emit, flow};
pub use place::line_of;
pub use scalar::scalar;
pub use serde_yaml::{Mapping, Number, Value};

/// Largest text that is read, in bytes.
pub const MAX_BYTES: usize = 1 << 20;

/// Largest value that a text may expand to, in units: one for every node and one for every byte of its text.
/// A text of [`MAX_BYTES`] without aliases stays below it, whatever it holds.
pub const MAX_EXPANDED: usize = 4 << 20;

/// Most brackets `[` and `{` at a place where they may open a collection. The scanner's time grows with their
/// nesting times the length of the text (50,000 nested ones take it a minute), and it looks before we can.
pub const MAX_FLOW_STARTS: usize = 4096;

/// Most marks (`-`, `?`, `:` and `,`) at a place where they may begin an entry or its value. The crate keeps every event
/// of a document before it gives the first, over a hundred bytes for one or two of text.
pub const MAX_ENTRIES: usize = 100_000;

/// A text that is not YAML, or more of it than is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YamlError {
    /// Line, from 1; 0 when the fault has no place in a text.
    pub line: usize,
    /// Column in characters, from 1; 0 when the fault has no place in a text.
    pub column: usize,
    /// What is wrong, a lowercase fragment.
    pub message: String,
}

impl std::fmt::Display for YamlError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.line == 0 {
            return f.write_str(&self.message);
        }
        write!(
            f,
            "line {}, column {}: {}",
            self.line, self.column, self.message
        )
    }
}

impl std::error::Error for YamlError {}

impl From<serde_yaml::Error> for YamlError {
    fn from(error: serde_yaml::Error) -> Self {
        let (line, column) = error.location().map_or((0, 0), |l| (l.line(), l.column()));
        let place = format!(" at line {line} column {column}");
        let message = error.to_string().replace(&place, "");
        Self {
            line,
            column,
            message,
        }
    }
}

impl YamlError {
    fn nowhere(message: String) -> Self {
        Self {
            line: 0,
            column: 0,
            message,
        }
    }
}

/// Reads one document. An empty text, or one of comments alone, is [`Value::Null`]. Mappings keep their order.
pub fn parse_value(text: &str) -> Result<Value, YamlError> {
    if text.len() > MAX_BYTES {
        let size = text.len();
        return Err(YamlError::nowhere(format!(
            "the text has {size} bytes, more than the {MAX_BYTES} that are read"
        )));
    }
    let text = without_mark(text);
    bounded::check_entries(text)?;
    bounded::check_flow_starts(text)?;
    bounded::read(text)
}

/// Reads one document into `T`, within the bounds of [`parse_value`].
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, YamlError> {
    parse_value(text)?;
    // Read again rather than converted, so that an error still knows its line.
    Ok(serde_yaml::from_str(without_mark(text))?)
}

/// The text without a byte order mark, which would shift the first line by a column and so end its mapping.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Converts a value that was read before. Its errors know no line.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, YamlError> {
    Ok(serde_yaml::from_value(value)?)
}

/// A JSON value as YAML has it; mappings keep their order.
///
/// # Panics
/// Never: YAML says whatever JSON can.
pub fn of(value: &serde_json::Value) -> Value {
    serde_yaml::to_value(value).expect("YAML says whatever JSON can")
}

#[cfg(test)]
mod tests;
