//! Replacing items of a list: what stays is kept byte for byte, and the answer is read again.
//!
//! ```text
//!  … **1. A** …  **2. B** …  **3. C** …   ### Risks …
//!  └── kept ──┘ └─ range ──┘ └─ later ──┘ └─ tail ──┘     later: kept but for the numbers
//! ```

use std::ops::Range;

use super::{
    BodyFault, MAX_ITEMS, SubObjective,
    lines::lines,
    outline::{Item, Outline, outline},
    sub_objectives,
    write::{Written, write_item},
};

/// A new body in which items 1 to `finished` stand byte for byte, and all that followed them in the section is
/// replaced by `new` items (title, description), numbered from `finished + 1` in the form
/// `**n. Title** — description`. The rest of the body is unchanged.
///
/// Titles are brought onto one line. A description may have many lines and fill fields with bullets; a line of
/// it that would end the section or look like an item is escaped with a backslash, and an open code fence is
/// closed. The answer is read again before it is returned: if the finished items or the new titles did not
/// survive, it is a fault.
pub fn replace_from(
    body: &str,
    finished: usize,
    new: &[(String, String)],
) -> Result<String, BodyFault> {
    let outline = outline(body)?;
    let count = outline.items.len();
    if finished > count {
        return Err(BodyFault::BeyondTheEnd { finished, count });
    }
    splice(body, &outline, finished..count, new)
}

/// A new body in which `parts` (title, description) stand in the place of item `number`, from 1, with all that
/// belonged to it. They are numbered from `number` on, and written with the care of [`replace_from`]. Later items
/// stand byte for byte as they were, but for their numbers, which go up by one less than there are parts. Earlier
/// items and the rest of the body are unchanged.
///
/// Where a later item is indented so far that it would belong to a bullet of the last part, `<!-- -->` ends that
/// bullet. The answer is read again before it is returned: if an earlier or a later item or a part's title did not
/// survive, it is a fault.
pub fn replace_item(
    body: &str,
    number: usize,
    parts: &[(String, String)],
) -> Result<String, BodyFault> {
    let outline = outline(body)?;
    let count = outline.items.len();
    if !(1..=count).contains(&number) {
        return Err(BodyFault::NoSuchItem { number, count });
    }
    if parts.is_empty() {
        return Err(BodyFault::NoParts { number });
    }
    splice(body, &outline, number - 1..number, parts)
}

/// Puts `new` items in the place of those in `range`, counted from 0.
fn splice(
    body: &str,
    outline: &Outline,
    range: Range<usize>,
    new: &[(String, String)],
) -> Result<String, BodyFault> {
    match outline.items.len() - range.len() + new.len() {
        0 => return Err(BodyFault::NoItems),
        count if count > MAX_ITEMS => return Err(BodyFault::TooMany { count }),
        _ => {}
    }
    let new = (range.start + 1..)
        .zip(new)
        .map(|(number, item)| write_item(number, item));
    let splice = Splice {
        body,
        outline,
        new: new.collect::<Result<_, _>>()?,
        range,
    };
    let revised = splice.join();
    splice.check(&revised)?;
    Ok(revised)
}

struct Splice<'a> {
    body: &'a str,
    outline: &'a Outline,
    /// What is replaced, counted from 0.
    range: Range<usize>,
    new: Vec<Written>,
}

impl Splice<'_> {
    fn join(&self) -> String {
        let kept = &self.body[..self.start_of(self.range.start)];
        let rest = self.later_text() + &self.body[self.outline.end..];
        let mut revised = kept.to_owned();
        for item in &self.new {
            separate(&mut revised);
            revised.push_str(&item.text);
            revised.push('\n');
        }
        if !rest.is_empty() && !self.new.is_empty() {
            separate(&mut revised);
        }
        if self.later().next().is_some() {
            end_bullets(&mut revised, &rest);
        }
        if self.body.contains("\r\n") {
            let added = revised.split_off(kept.len());
            revised.push_str(&added.replace('\n', "\r\n"));
        }
        revised + &rest
    }

    /// Offset of an item, or of the section's end behind the last one.
    fn start_of(&self, index: usize) -> usize {
        let item = self.outline.items.get(index);
        item.map_or(self.outline.end, |item| item.start)
    }

    /// Items behind the replaced ones, with the indices that they will have.
    fn later(&self) -> impl Iterator<Item = (usize, &Item)> {
        let later = &self.outline.items[self.range.end..];
        (self.range.start + self.new.len()..).zip(later)
    }

    fn later_text(&self) -> String {
        let mut text = String::new();
        let mut at = self.start_of(self.range.end);
        for (index, item) in self.later() {
            text.push_str(&self.body[at..item.digits.start]);
            text.push_str(&digits(index, item));
            at = item.digits.end;
        }
        text + &self.body[at..self.outline.end]
    }

    /// Reads the answer again: everything that was to stay has stayed, and the new titles are there.
    fn check(&self, revised: &str) -> Result<(), BodyFault> {
        let after = sub_objectives(revised)?;
        let (earlier, rest) = after.split_at(self.range.start.min(after.len()));
        let (new, later) = rest.split_at(self.new.len().min(rest.len()));
        let old = self.outline.items[..self.range.start].iter();
        let kept = old.map(|item| &item.content).eq(earlier);
        let titles = self.new.iter().map(|item| &item.title);
        let given = titles.eq(new.iter().map(|item| &item.title));
        let moved = self.later().map(|(index, item)| moved(index, item));
        if kept && given && moved.eq(later.iter().cloned()) {
            return Ok(());
        }
        Err(BodyFault::Unwritable {
            number: self.range.start + 1,
        })
    }
}

/// The number of an item at that index, no shorter than it was: `09` becomes `10`, `01` becomes `02`.
fn digits(index: usize, item: &Item) -> String {
    format!("{:0width$}", index + 1, width = item.digits.len())
}

/// What an item reads as at that index.
fn moved(index: usize, item: &Item) -> SubObjective {
    let old = &item.content;
    let marks = "**".len();
    let (before, after) = (&old.text[..marks], &old.text[marks + item.digits.len()..]);
    SubObjective {
        number: u32::try_from(index + 1).expect("a list has at most MAX_ITEMS items"),
        text: format!("{before}{}{after}", digits(index, item)),
        ..old.clone()
    }
}

/// Ends the text with an empty line.
fn separate(text: &mut String) {
    let trimmed = text.trim_end_matches([' ', '\t']);
    let breaks = trimmed.len() - trimmed.trim_end_matches(['\r', '\n']).len();
    let breaks = trimmed[trimmed.len() - breaks..].matches('\n').count();
    text.extend(std::iter::repeat_n('\n', 2_usize.saturating_sub(breaks)));
}

/// Ends a bullet that the first line of `rest` would belong to, since it is indented.
fn end_bullets(text: &mut String, rest: &str) {
    let first = rest.lines().next().unwrap_or_default();
    let joined = format!("{text}{first}");
    if lines(&joined).all.last().is_some_and(|line| line.nested) {
        text.push_str("<!-- -->\n\n");
    }
}
