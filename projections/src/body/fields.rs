//! The bullets below an item: Files, Done when, Out of scope.

use super::{
    SubObjective,
    item::Head,
    lines::{Line, bullet, indent},
};

/// Reads an item from its first line, the lines below it and its whole text.
pub(super) fn read(head: Head<'_>, lines: &[Line<'_>], text: &str) -> SubObjective {
    let mut reading = Reading {
        description: head.rest.to_owned(),
        ..Reading::default()
    };
    for line in lines {
        reading.line(line);
    }
    SubObjective {
        number: head.number,
        title: head.title,
        description: reading.description.trim().to_owned(),
        files: reading
            .files
            .iter()
            .flat_map(|entry| files(entry))
            .collect(),
        done_when: reading.done_when,
        out_of_scope: reading.out_of_scope,
        text: text.to_owned(),
    }
}

#[derive(Clone, Copy)]
enum Field {
    Files,
    DoneWhen,
    OutOfScope,
}

#[derive(Default)]
struct Reading {
    description: String,
    files: Vec<String>,
    done_when: Vec<String>,
    out_of_scope: Vec<String>,
    /// The field whose bullet is open, and the column from which lines belong to it.
    open: Option<(Field, usize)>,
    after_blank: bool,
}

impl Reading {
    fn line(&mut self, line: &Line<'_>) {
        let bullet = bullet(line.text).filter(|_| !line.fenced);
        let is_blank = line.text.trim().is_empty();
        // A paragraph goes on at the margin, code and headings do not.
        let may_go_on = !(self.after_blank || line.fenced || line.heading().is_some());
        let inside = self.open.filter(|(_, column)| indent(line.text) >= *column);
        match (bullet, inside) {
            (Some(bullet), Some((field, _))) => self.entries(field).push(bullet.text.to_owned()),
            (Some(bullet), None) => self.bullet(line, bullet.text, bullet.inside()),
            (None, inside) => match inside.or(self.open.filter(|_| may_go_on)) {
                Some((field, _)) if !is_blank => self.go_on(field, line.text),
                Some(_) => {}
                None => self.describe(line.text),
            },
        }
        self.after_blank = is_blank;
    }

    fn bullet(&mut self, line: &Line<'_>, text: &str, inside: usize) {
        self.open = None;
        match field(text) {
            Some((field, value)) => {
                self.open = Some((field, inside));
                if !value.is_empty() {
                    self.entries(field).push(value.to_owned());
                }
            }
            None => self.describe(line.text),
        }
    }

    fn describe(&mut self, text: &str) {
        if !text.trim().is_empty() {
            self.open = None;
        }
        self.description.push('\n');
        self.description.push_str(text.trim_end());
    }

    fn go_on(&mut self, field: Field, text: &str) {
        let entries = self.entries(field);
        match entries.last_mut() {
            Some(last) => {
                last.push(' ');
                last.push_str(text.trim());
            }
            None => entries.push(text.trim().to_owned()),
        }
    }

    fn entries(&mut self, field: Field) -> &mut Vec<String> {
        match field {
            Field::Files => &mut self.files,
            Field::DoneWhen => &mut self.done_when,
            Field::OutOfScope => &mut self.out_of_scope,
        }
    }
}

/// Whether a line is a bullet that fills a field.
pub(super) fn is_field(line: &str) -> bool {
    bullet(line).is_some_and(|bullet| field(bullet.text).is_some())
}

/// The field that a bullet fills, and what it says: `Files: a`, `**Done when:** b`, `*Out of scope*: c`.
fn field(text: &str) -> Option<(Field, &str)> {
    const MARKS: [char; 2] = ['*', '_'];
    let (name, value) = text.split_once(':')?;
    let plain = name.trim_matches(MARKS).replace('-', " ").to_lowercase();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let field = match words[..] {
        ["file" | "files"] => Field::Files,
        ["done", "when"] => Field::DoneWhen,
        ["out", "of", "scope"] => Field::OutOfScope,
        _ => return None,
    };
    let closes_late = name.starts_with(MARKS) && !name.ends_with(MARKS);
    let value = if closes_late {
        value.trim_start_matches(MARKS)
    } else {
        value
    };
    Some((field, value.trim()))
}

/// The files of one entry: separated by commas, except within backticks. Where a part holds code spans they are
/// its files, and the words around them are remarks.
fn files(entry: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut part = String::new();
    let mut spans = Vec::new();
    for (index, piece) in entry.split('`').enumerate() {
        let is_code = index % 2 == 1;
        if is_code {
            spans.push(piece.trim().to_owned());
            continue;
        }
        for (place, words) in piece.split(',').enumerate() {
            if place > 0 {
                finish_part(&mut found, &mut spans, &mut part);
            }
            part.push_str(words);
        }
    }
    finish_part(&mut found, &mut spans, &mut part);
    found
}

fn finish_part(found: &mut Vec<String>, spans: &mut Vec<String>, part: &mut String) {
    let words = part.trim();
    if spans.is_empty() && !is_none(words) {
        found.push(words.to_owned());
    }
    found.extend(spans.drain(..).filter(|span| !span.is_empty()));
    part.clear();
}

/// The words stand for no file.
pub(super) fn is_none(words: &str) -> bool {
    const NONE: [&str; 5] = ["", "none", "n/a", "-", "—"];
    let words = words.strip_suffix('.').unwrap_or(words);
    NONE.iter().any(|none| words.eq_ignore_ascii_case(none))
}
