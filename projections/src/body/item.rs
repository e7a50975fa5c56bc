//! The first line of an item: what it must be, and what only looks like it.

use std::ops::Range;

use super::lines::{bullet, indent};

const MARGIN: &str = "an item at the left margin, outside any bullet, quote or heading";
const CLOSING: &str = "`**` that closes the title, on the same line";

/// A well-formed first line: `**7. Title** — description`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head<'a> {
    pub(super) number: u32,
    /// Where the digits of its number stand in the line.
    pub(super) digits: Range<usize>,
    pub(super) title: String,
    /// The description as far as it stands on this line, separator removed.
    pub(super) rest: &'a str,
}

/// Reads the first line of an item, or says what was expected. `nested` says that the line belongs to a bullet.
pub(super) fn head(text: &str, nested: bool) -> Result<Head<'_>, String> {
    if nested || indent(text) > 3 {
        return Err(MARGIN.to_owned());
    }
    let inner = text.trim_start().strip_prefix("**").ok_or_else(form)?;
    let first = text.len() - inner.len();
    let end = inner
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(inner.len());
    let (digits, after) = inner.split_at(end);
    let number = digits.parse().map_err(|_| form())?;
    let after = after.strip_prefix('.').ok_or_else(form)?;
    if after.starts_with(char::is_numeric) {
        return Err(form());
    }
    let (title, rest) = split_at_close(after).ok_or(CLOSING)?;
    let title = clean_title(title);
    if title.is_empty() {
        return Err("a title between the number and the closing `**`".to_owned());
    }
    Ok(Head {
        number,
        digits: first..first + end,
        title,
        rest: without_separator(rest),
    })
}

fn form() -> String {
    "the form `**1. Title** — description`".to_owned()
}

/// One line, single spaces, without the colon or dash that some put inside the bold text.
pub(super) fn clean_title(title: &str) -> String {
    let words: Vec<&str> = title.split_whitespace().collect();
    let title = words.join(" ");
    let mut clean = title.as_str();
    loop {
        let shorter = clean.trim_end_matches([' ', ':', '—', '–']);
        let shorter = shorter.strip_suffix(" -").unwrap_or(shorter);
        let shorter = if shorter == "-" { "" } else { shorter };
        if shorter == clean {
            return clean.to_owned();
        }
        clean = shorter;
    }
}

fn without_separator(rest: &str) -> &str {
    let rest = rest.trim();
    let stripped = rest.strip_prefix(['—', '–', ':']);
    stripped
        .unwrap_or_else(|| rest.trim_start_matches('-'))
        .trim()
}

/// Finds the `**` that closes the title and divides there. Bold text within the title opens and closes of its
/// own; which of the two a `**` does follows from its neighbours, as in CommonMark. Code spans are passed over.
/// `text` begins behind the point of the number.
fn split_at_close(text: &str) -> Option<(&str, &str)> {
    let mut depth = 1_usize;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let c = rest.chars().next()?;
        match c {
            '\\' => at += 1 + rest.chars().nth(1).map_or(0, char::len_utf8),
            '`' => at += code_span(rest),
            '*' => {
                let run = rest.len() - rest.trim_start_matches('*').len();
                match flank(&text[..at], &rest[run..]) {
                    Flank::Closes if depth <= run / 2 => {
                        let close = at + run % 2 + 2 * (depth - 1);
                        return Some((&text[..close], &text[close + 2..]));
                    }
                    Flank::Closes => depth -= run / 2,
                    Flank::Opens => depth += run / 2,
                    Flank::Neither => {}
                }
                at += run;
            }
            _ => at += c.len_utf8(),
        }
    }
    None
}

/// Length of the code span at the start of `text`, or of the backticks alone if nothing closes them.
fn code_span(text: &str) -> usize {
    let length = text.len() - text.trim_start_matches('`').len();
    let mut at = length;
    while let Some(found) = text[at..].find('`') {
        let rest = &text[at + found..];
        let run = rest.len() - rest.trim_start_matches('`').len();
        at += found + run;
        if run == length {
            return at;
        }
    }
    length
}

enum Flank {
    Opens,
    Closes,
    Neither,
}

/// What a run of stars does between these neighbours. Where it could do both, it closes.
fn flank(before: &str, after: &str) -> Flank {
    let before = before.chars().next_back().unwrap_or('.');
    let after = after.chars().next().unwrap_or(' ');
    let solid = |c: char| !c.is_whitespace();
    let symbol = |c: char| solid(c) && !c.is_alphanumeric();
    if solid(before) && (!symbol(before) || !solid(after) || symbol(after)) {
        Flank::Closes
    } else if solid(after) {
        Flank::Opens
    } else {
        Flank::Neither
    }
}

/// Whether a line looks like an item, well-formed or not: a number in bold, in a heading, or at the start of a
/// numbered list, whatever stands before it. Generous on purpose; what it misses could be lost from a list.
/// Left alone is what prose often holds: `2.5 times`, `10:30`, `- **500 words** at most`, and numbered lists
/// that are indented below a bullet.
pub(super) fn looks_like_item(text: &str, nested: bool) -> bool {
    let start = Start::of(text);
    let digits = start.rest.trim_start_matches(char::is_numeric);
    if digits.len() == start.rest.len() {
        return false;
    }
    let dotted = is_dotted(digits);
    if start.strong || start.heading {
        dotted || !(start.bulleted || nested)
    } else if start.emphasised {
        dotted
    } else {
        dotted && !digits.starts_with(':') && !nested && indent(text) < 4
    }
}

fn is_dotted(after_digits: &str) -> bool {
    let after = after_digits
        .trim_start()
        .strip_prefix(['.', ')', ':', '．', '）', '：']);
    after.is_some_and(|after| !after.starts_with(char::is_numeric))
}

/// What stands before the number of a line, taken apart.
#[derive(Default)]
struct Start<'a> {
    bulleted: bool,
    heading: bool,
    emphasised: bool,
    strong: bool,
    rest: &'a str,
}

impl<'a> Start<'a> {
    fn of(text: &'a str) -> Self {
        let mut start = Self {
            rest: text,
            ..Self::default()
        };
        while start.step() {}
        if start.strong || start.heading {
            start.skip_name();
        }
        start
    }

    /// Takes one thing away, if there is one.
    fn step(&mut self) -> bool {
        let before = self.rest;
        self.rest = self.rest.trim_start_matches(is_blank);
        if let Some(item) = bullet(self.rest) {
            self.bulleted = true;
            self.rest = item.text;
        }
        let hashes = self.rest.trim_start_matches('#');
        self.heading |= hashes.len() < self.rest.len();
        self.rest = hashes;
        let stars = self.rest.trim_start_matches(['*', '_']);
        let run = self.rest.len() - stars.len();
        self.emphasised |= run > 0;
        self.strong |= run > 1;
        self.rest = stars;
        for (prefix, strong) in PREFIXES {
            if let Some(rest) = self.rest.strip_prefix(prefix) {
                self.strong |= strong;
                self.rest = rest;
            }
        }
        self.rest.len() < before.len()
    }

    /// `Sub-objective 2: …`, `#2`, `(2)`, `[2]`: names and signs before the number.
    fn skip_name(&mut self) {
        let lower = self.rest.get(..13).map(str::to_lowercase);
        if lower.is_some_and(|l| l == "sub-objective" || l == "sub objective") {
            self.rest = self.rest[13..].trim_start();
        }
        self.rest = self.rest.trim_start_matches(['#', '(', '[']);
    }
}

const PREFIXES: [(&str, bool); 8] = [
    (">", false),
    ("<!--", false),
    ("[ ]", false),
    ("[x]", false),
    ("[X]", false),
    ("<b>", true),
    ("<strong>", true),
    ("\u{feff}", false),
];

fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
}
