//! Writing to the terminal. A reader that has gone (`modulatio plan list | head -1`) is a quiet end, not an error.

use std::io::Write;

use serde::Serialize;

/// Data, to stdout.
pub(super) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let newline: &[u8] = if text.ends_with('\n') || text.is_empty() {
        b""
    } else {
        b"\n"
    };
    let written = out
        .write_all(text.as_bytes())
        .and_then(|()| out.write_all(newline))
        .and_then(|()| out.flush());
    if written.is_err() {
        std::process::exit(0);
    }
}

/// Data as one line of JSON.
pub(super) fn print_json(value: &impl Serialize) {
    print(&serde_json::to_string(value).expect("views are made of text, numbers and lists"));
}

/// Talk, to stderr. Nobody listening is no reason to stop.
pub(super) fn tell(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
