//! Writing to the terminal. A reader that has gone (`modulatio plan list | head -1`) is a quiet end, not an error.

use std::{
    fmt::Write as _,
    io::{ErrorKind, Write as _},
};

use serde::Serialize;

/// Data, to stdout.
pub(super) fn print(text: &str) {
    let newline: &[u8] = if text.ends_with('\n') || text.is_empty() {
        b""
    } else {
        b"\n"
    };
    write(&[text.as_bytes(), newline]);
}

/// Data as it is, to stdout.
pub(super) fn print_bytes(bytes: &[u8]) {
    write(&[bytes]);
}

/// Word of what was done, to stdout. A reader that has gone does not stop what is still to be done.
pub(super) fn report(text: &str) {
    match try_write(&[text.as_bytes(), b"\n"]) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => unwritten(&error),
        Ok(()) | Err(_) => {}
    }
}

fn write(parts: &[&[u8]]) {
    match try_write(parts) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => unwritten(&error),
    }
}

fn try_write(parts: &[&[u8]]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    parts.iter().try_for_each(|part| out.write_all(part))?;
    out.flush()
}

/// A view that is not written whole, on a full disk say, must not pass for one that is.
fn unwritten(error: &std::io::Error) {
    tell(&format!("error: cannot write to stdout: {error}"));
    std::process::exit(1);
}

/// Data as one line of JSON.
pub(super) fn print_json(value: &impl Serialize) {
    print(&serde_json::to_string(value).expect("views are made of text, numbers and lists"));
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
