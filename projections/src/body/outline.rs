//! The section, its items, and where they stand.

use std::ops::Range;

use super::{
    BodyFault, MAX_ITEMS, SubObjective, fields,
    item::{self, Head},
    lines::{Line, Lines, lines},
};

/// The list of a body.
#[derive(Debug)]
pub(super) struct Outline {
    /// At least one, at most [`MAX_ITEMS`].
    pub(super) items: Vec<Item>,
    /// Offset at which the section ends: its next heading, or the body's end.
    pub(super) end: usize,
}

/// One item and where it stands.
#[derive(Debug)]
pub(super) struct Item {
    /// Offset of its first byte.
    pub(super) start: usize,
    /// Where the digits of its number stand.
    pub(super) digits: Range<usize>,
    pub(super) content: SubObjective,
}

/// Reads a body's list, or says why it has none.
pub(super) fn outline(body: &str) -> Result<Outline, BodyFault> {
    let lines = lines(body);
    let section = Section::find(&lines)?;
    let heads = heads(&lines.all[section.first..section.end])?;
    refuse_stray(&lines.all[section.end..], heads.len() + 1)?;
    match heads.len() {
        0 => return Err(BodyFault::NoItems),
        count if count > MAX_ITEMS => return Err(BodyFault::TooMany { count }),
        _ => {}
    }
    let end = offset(&lines, section.end, body);
    let bounds: Vec<usize> = heads.iter().map(|(at, _)| section.first + at).collect();
    let items = heads.into_iter().enumerate().map(|(index, (_, head))| {
        let next = bounds.get(index + 1).copied().unwrap_or(section.end);
        let own = &lines.all[bounds[index]..next];
        let start = own[0].start;
        let text = body[start..offset(&lines, next, body)].trim();
        Item {
            start,
            digits: start + head.digits.start..start + head.digits.end,
            content: fields::read(head, &own[1..], text),
        }
    });
    let items = items.collect();
    Ok(Outline { items, end })
}

fn offset(lines: &Lines<'_>, index: usize, body: &str) -> usize {
    lines.all.get(index).map_or(body.len(), |line| line.start)
}

/// Indices of the lines below the heading, up to the next heading of its level or a higher one.
struct Section {
    first: usize,
    end: usize,
}

impl Section {
    fn find(lines: &Lines<'_>) -> Result<Self, BodyFault> {
        let mut found = lines
            .all
            .iter()
            .enumerate()
            .filter_map(|(i, l)| Some((i, section_level(l)?)));
        let first = found.next();
        let end = first.map_or(lines.all.len(), |(at, level)| end_of(&lines.all, at, level));
        if let Some(fence) = lines.unclosed.filter(|fence| fence.line <= end) {
            return Err(BodyFault::UnclosedFence { line: fence.line });
        }
        let (at, _) = first.ok_or(BodyFault::NoItems)?;
        match found.next() {
            Some((second, _)) => Err(BodyFault::TwoSections {
                first: at + 1,
                second: second + 1,
            }),
            None => Ok(Self { first: at + 1, end }),
        }
    }
}

fn section_level(line: &Line<'_>) -> Option<usize> {
    let (level, title) = line.heading()?;
    let title = title
        .trim_end_matches([' ', '\t', '\u{a0}', ':'])
        .to_lowercase();
    let is_hyphen = |c: char| matches!(c, ' ' | '-' | '\u{a0}' | '\u{2010}'..='\u{2013}');
    let middle = title.strip_prefix("sub")?.strip_suffix("objectives")?;
    let is_section = matches!(level, 2 | 3) && middle.chars().count() == 1;
    (is_section && middle.chars().all(is_hyphen)).then_some(level)
}

fn end_of(lines: &[Line<'_>], heading: usize, level: usize) -> usize {
    let below = lines.iter().skip(heading + 1);
    let length = below
        .take_while(|line| line.heading().is_none_or(|(l, _)| l > level))
        .count();
    heading + 1 + length
}

/// The first lines of all items with their indices, in order and without a gap.
fn heads<'a>(lines: &[Line<'a>]) -> Result<Vec<(usize, Head<'a>)>, BodyFault> {
    let mut heads: Vec<(usize, Head<'a>)> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        if !line.fenced && item::looks_like_item(line.text, line.nested) {
            let head = item::head(line.text, line.nested);
            let head = head.map_err(|expected| refused(line, expected))?;
            check_place(line, head.number, heads.len() + 1)?;
            heads.push((index, head));
        }
    }
    Ok(heads)
}

fn check_place(line: &Line<'_>, number: u32, next: usize) -> Result<(), BodyFault> {
    if line.commented {
        return Err(refused(
            line,
            "no sub-objective within an HTML comment".to_owned(),
        ));
    }
    if usize::try_from(number) != Ok(next) {
        return Err(refused(line, format!("number {next}")));
    }
    Ok(())
}

fn refused(line: &Line<'_>, expected: String) -> BodyFault {
    BodyFault::Refused {
        line: line.number,
        text: line.text.trim().to_owned(),
        expected,
    }
}

/// Refuses a list that goes on behind the heading which ends its section.
fn refuse_stray(lines: &[Line<'_>], next: usize) -> Result<(), BodyFault> {
    let continues = |line: &&Line<'_>| {
        let number = item::head(line.text, false).map(|head| head.number);
        line.is_prose() && next > 1 && number.is_ok_and(|n| usize::try_from(n) == Ok(next))
    };
    let expected = || "every sub-objective above the heading that ends their section".to_owned();
    match lines.iter().find(continues) {
        Some(line) => Err(refused(line, expected())),
        None => Ok(()),
    }
}
