//! Writing to the terminal. A reader that has gone (`modulatio plan list | head -1`) is a quiet end, not an error.
//!
//! A view is *printed*: where nobody reads it any more, nothing is left to do, and the command ends. Where work or an
//! exit code still follows, its word is *reported*: that goes on whoever reads, and a disk that is full is told at the
//! end, by [`written`].

use std::{
    fmt::Write as _,
    io::{ErrorKind, Write as _},
    sync::OnceLock,
};

use serde::Serialize;
use serde_json::Value;

use super::logging;
use crate::error::{Error, Result};

/// The first report that could not be written, for a reason other than that its reader has gone.
static UNWRITTEN: OnceLock<std::io::Error> = OnceLock::new();

/// Data, to stdout.
pub(super) fn print(text: &str) {
    write(&lines(text));
}

/// Word of what was done, to stdout. What is still to be done goes on whether it can be written or not.
pub(super) fn report(text: &str) {
    remember(try_write(&lines(text)));
}

/// As [`report`], bytes as they are.
pub(super) fn report_bytes(bytes: &[u8]) {
    remember(try_write(&[bytes]));
}

/// As [`report`], one line of JSON.
pub(super) fn report_json(value: &impl Serialize) {
    report(&line_of(value));
}

/// Word of what was done: as one line of JSON, if that was asked for.
pub(super) fn done(json: bool, text: &str, object: &Value) {
    if json {
        report_json(object);
    } else {
        report(text);
    }
}

/// Whether all that was reported could be written.
///
/// # Errors
/// [`Error::Failed`] with the first refusal. A reader that has gone is none.
pub(super) fn written() -> Result<()> {
    UNWRITTEN.get().map_or(Ok(()), |why| Err(unwritten(why)))
}

/// Data as it is, to stdout.
pub(super) fn print_bytes(bytes: &[u8]) {
    write(&[bytes]);
}

/// A text that ends with its line.
fn lines(text: &str) -> [&[u8]; 2] {
    let newline: &[u8] = if text.ends_with('\n') || text.is_empty() {
        b""
    } else {
        b"\n"
    };
    [text.as_bytes(), newline]
}

/// A view that is not written whole, on a full disk say, must not pass for one that is.
fn write(parts: &[&[u8]]) {
    let Err(error) = try_write(parts) else {
        return;
    };
    if error.kind() == ErrorKind::BrokenPipe {
        std::process::exit(0);
    }
    let error = unwritten(&error);
    tell(&logging::last_words(&error, None));
    std::process::exit(error.exit_code().into());
}

fn remember(written: std::io::Result<()>) {
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        // Only the first counts.
        let _ = UNWRITTEN.set(error);
    }
}

fn try_write(parts: &[&[u8]]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    parts.iter().try_for_each(|part| out.write_all(part))?;
    out.flush()
}

fn unwritten(error: &std::io::Error) -> Error {
    Error::Failed(format!("cannot write to stdout: {error}"))
}

/// Data as one line of JSON.
pub(super) fn print_json(value: &impl Serialize) {
    print(&line_of(value));
}

fn line_of(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("views are made of text, numbers and lists")
}

/// A line a row, each column as wide as its widest cell.
pub(super) fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: Vec<usize> = (0..N).filter_map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:<width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A number of bytes for people.
pub(super) fn bytes(count: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)];
    let unit = UNITS.into_iter().find(|(_, size)| count >= *size);
    unit.map_or_else(
        || format!("{count} B"),
        |(name, size)| format!("{}.{} {name}", count / size, count % size * 10 / size),
    )
}

/// Talk, to stderr. Nobody listening is no reason to stop.
pub(super) fn tell(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
