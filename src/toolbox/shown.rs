//! Text shown by lines. What is long is shown in part, with where to go on, so that no single result fills a model's
//! window; and what is not shown is not kept, so that no file fills the memory either.

use std::io::{BufRead, Result};

use super::arguments::Arguments;

/// Most bytes of text that one call shows, however large the window.
pub(super) const MOST: usize = 32 * 1024;

/// Bytes that one call may always show: less would be of no use.
const LEAST: usize = 512;

/// Bytes kept free for what is said about a cut.
const NOTE: usize = 240;

/// Most bytes of a whole text that is handed on beside the part that is shown.
const MOST_FULL: usize = 1024 * 1024;

/// Bytes that may be shown to a model that has room for `room`.
pub(super) fn most(room: usize) -> usize {
    room.clamp(LEAST, MOST)
}

/// Which lines are asked for, from 1; both ends are shown.
pub(super) struct Range {
    from: u64,
    to: u64,
}

impl Range {
    pub(super) fn read(arguments: &Arguments) -> std::result::Result<Self, String> {
        Ok(Self {
            from: arguments.line("from_line")?.unwrap_or(1).max(1),
            to: arguments.line("to_line")?.unwrap_or(u64::MAX),
        })
    }
}

/// Some lines of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// These.
    Text(String),
    /// None of it is in the range; this is why.
    Nothing(String),
}

/// The asked-for lines, as many as fit `most`. The lines behind a cut are counted only if `counts` says so.
pub(super) fn lines(
    mut text: impl BufRead,
    range: &Range,
    most: usize,
    counts: bool,
) -> Result<Shown> {
    let mut part = Part::new(most.saturating_sub(NOTE));
    let mut number = 0;
    while range.to > number {
        let keep = if number + 1 < range.from || part.cut.is_some() {
            0
        } else {
            most
        };
        let Some(line) = next_line(&mut text, keep)? else {
            return Ok(part.ended(range, number, Some(number)));
        };
        number += 1;
        if number >= range.from && part.cut.is_none() {
            part.take(number, &line);
        }
        if part.cut.is_some() && !counts {
            return Ok(part.ended(range, number, None));
        }
    }
    // A range that ends before the text does: its count matters only to a cut.
    let mut count = number;
    if range.from > range.to || (part.cut.is_some() && counts) {
        while next_line(&mut text, 0)?.is_some() {
            count += 1;
        }
    }
    Ok(part.ended(range, number, Some(count)))
}

/// A line without its end: at most so many bytes of it, and how long it is.
struct Line {
    bytes: Vec<u8>,
    length: u64,
}

fn next_line(text: &mut impl BufRead, keep: usize) -> Result<Option<Line>> {
    let mut line = Line {
        bytes: Vec::new(),
        length: 0,
    };
    let mut is_any = false;
    loop {
        let chunk = text.fill_buf()?;
        if chunk.is_empty() {
            break;
        }
        is_any = true;
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let part = &chunk[..end.unwrap_or(chunk.len())];
        let kept = part.len().min(keep - line.bytes.len());
        line.bytes.extend_from_slice(&part[..kept]);
        line.length += part.len() as u64;
        let used = part.len() + usize::from(end.is_some());
        text.consume(used);
        if end.is_some() {
            break;
        }
    }
    if line.bytes.len() as u64 == line.length && line.bytes.last() == Some(&b'\r') {
        line.bytes.pop();
        line.length -= 1;
    }
    Ok(is_any.then_some(line))
}

/// What is shown so far.
struct Part {
    out: String,
    room: usize,
    cut: Option<Cut>,
    has_odd_bytes: bool,
}

/// Where the shown part ends too early.
enum Cut {
    /// Before this line.
    Before(u64),
    /// In this line, of this length, which alone is too long.
    Within(u64, u64),
}

impl Part {
    fn new(room: usize) -> Self {
        Self {
            out: String::new(),
            room,
            cut: None,
            has_odd_bytes: false,
        }
    }

    fn take(&mut self, number: u64, line: &Line) {
        let (text, is_odd) = readable(&line.bytes);
        let fits = self.out.len() + text.len() < self.room;
        if fits && line.bytes.len() as u64 == line.length {
            self.out.push_str(&text);
            self.out.push('\n');
            self.has_odd_bytes |= is_odd;
        } else if self.out.is_empty() {
            self.out.push_str(start(&text, self.room.saturating_sub(1)));
            self.cut = Some(Cut::Within(number, line.length));
            self.has_odd_bytes |= is_odd;
        } else {
            self.cut = Some(Cut::Before(number));
        }
    }

    /// `last` lines were read; `count` is how many there are, where it is known.
    fn ended(mut self, range: &Range, last: u64, count: Option<u64>) -> Shown {
        if self.cut.is_none() && (last < range.from || range.from > range.to) {
            let count = count.unwrap_or(last);
            return match count {
                0 => Shown::Text("(empty)".to_owned()),
                _ => Shown::Nothing(format!(
                    "lines {} to {} are none; it has {count} line(s)",
                    range.from,
                    range.to.min(count)
                )),
            };
        }
        let has = count.map_or("it has more lines".to_owned(), |count| {
            format!("it has {count} lines")
        });
        match self.cut {
            None => {}
            Some(Cut::Before(number)) => self.out.push_str(&format!(
                "[cut here; ask for from_line {number} to go on, {has}]"
            )),
            Some(Cut::Within(number, length)) => self.out.push_str(&format!(
                "\n[line {number} goes on; it is {length} bytes long, of which no more can be shown; from_line {} goes \
                 on after it, {has}]",
                number + 1
            )),
        }
        if self.has_odd_bytes {
            let line_end = if self.out.ends_with('\n') { "" } else { "\n" };
            self.out.push_str(&format!(
                "{line_end}[bytes that are no text are shown as \u{fffd}]"
            ));
        }
        Shown::Text(self.out)
    }
}

/// Bytes as text, and whether some were none.
pub(super) fn readable(bytes: &[u8]) -> (String, bool) {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => (text.to_owned(), false),
        Ok(_) | Err(_) => {
            let text = String::from_utf8_lossy(bytes);
            (text.replace('\0', "\u{fffd}"), true)
        }
    }
}

/// The first bytes of a text, whole characters only.
pub(super) fn start(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Lines that a tool made, with notes behind them: the part that fits, and the whole where that is not all.
pub(super) fn listed(lines: &[String], notes: &[String], most: usize) -> (String, Option<String>) {
    let (text, is_all) = fitted(lines, notes, most);
    let full = (!is_all).then(|| fitted(lines, notes, MOST_FULL).0);
    (text, full)
}

/// As many lines as fit, and all notes unless they alone would take half; whether that is everything.
fn fitted(lines: &[String], notes: &[String], most: usize) -> (String, bool) {
    let (notes, fewer_notes) = notes.split_at(fitting(notes, most / 2));
    let behind: usize = notes.iter().map(|note| note.len() + 1).sum();
    let (lines, left) = lines.split_at(fitting(lines, most - behind - NOTE / 2));
    let more = (!left.is_empty()).then(|| format!("… and {} more", left.len()));
    let all = lines.iter().chain(&more).chain(notes);
    let mut text = all.map(String::as_str).collect::<Vec<_>>().join("\n");
    if !fewer_notes.is_empty() {
        text.push_str("\n…");
    }
    (text, left.is_empty() && fewer_notes.is_empty())
}

/// How many of the lines have room in so many bytes.
fn fitting(lines: &[String], most: usize) -> usize {
    let mut bytes = 0;
    let fits = |line: &&String| {
        bytes += line.len() + 1;
        bytes <= most
    };
    lines.iter().take_while(fits).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(count: usize) -> Vec<String> {
        (0..count).map(|n| format!("line {n}")).collect()
    }

    #[test]
    fn a_list_fits_its_room_and_is_whole_beside_it() {
        for (lines, notes) in [(0, 0), (1, 1), (1_000, 2), (2, 1_000), (1_000, 1_000)] {
            let (text, full) = listed(&list(lines), &list(notes), LEAST);
            assert!(text.len() <= LEAST, "{lines} {notes}: {text}");
            let whole = full.unwrap_or(text);
            assert_eq!(whole.lines().count(), lines + notes);
        }
        let (_, full) = listed(&vec!["x".repeat(100); 20_000], &[], LEAST);
        let full = full.unwrap();
        assert!(full.len() <= MOST_FULL && full.contains("… and "));
    }

    #[test]
    fn lines_end_in_either_way_and_the_last_may_not_end() {
        let all = |text: &str, from, to| {
            let range = Range { from, to };
            lines(text.as_bytes(), &range, LEAST, true).unwrap()
        };
        let text = |text: &str| Shown::Text(text.to_owned());
        assert_eq!(all("a\r\nb", 1, u64::MAX), text("a\nb\n"));
        assert_eq!(all("\n\n", 2, 2), text("\n"));
        assert_eq!(all("", 1, 1), text("(empty)"));
        assert_eq!(all("a\nb\nc\n", 2, 2), text("b\n"));
        assert!(matches!(all("a\nb\n", 3, 9), Shown::Nothing(_)));
        assert!(matches!(all("a\nb\n", 2, 1), Shown::Nothing(_)));
    }
}
