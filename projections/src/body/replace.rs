//! Applying a revision: finished items stay, the others are replaced.

use super::{
    BodyFault, MAX_ITEMS, item,
    lines::{Fence, Line, Scan},
    outline::{Outline, outline},
    sub_objectives,
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
    match finished + new.len() {
        0 => return Err(BodyFault::NoItems),
        count if count > MAX_ITEMS => return Err(BodyFault::TooMany { count }),
        _ => {}
    }
    let items = (finished + 1..)
        .zip(new)
        .map(|(number, item)| write_item(number, item));
    let items: Vec<Written> = items.collect::<Result<_, _>>()?;
    let revised = join(body, &outline, finished, &items);
    check(&outline, finished, &items, &revised)?;
    Ok(revised)
}

struct Written {
    title: String,
    text: String,
}

fn write_item(
    number: usize,
    (title, description): &(String, String),
) -> Result<Written, BodyFault> {
    let description = description.trim().replace("\r\n", "\n").replace('\r', "\n");
    let given = item::clean_title(title);
    let bare = item::clean_title(&title.replace(['*', '`', '\\'], ""));
    for title in [given, bare] {
        if title.is_empty() {
            continue;
        }
        let text = item_text(number, &title, &description);
        let first = text.lines().next().unwrap_or_default();
        if item::head(first, false).is_ok_and(|head| head.title == title) {
            let text = escape_lines(&text);
            return Ok(Written { title, text });
        }
    }
    Err(BodyFault::EmptyTitle { number })
}

fn item_text(number: usize, title: &str, description: &str) -> String {
    match description {
        "" => format!("**{number}. {title}**"),
        _ => format!("**{number}. {title}** — {description}"),
    }
}

/// Makes every line below the first one harmless to the list, and closes what they leave open.
fn escape_lines(text: &str) -> String {
    let mut scan = Scan::default();
    let mut escaped: Vec<String> = Vec::new();
    for line in text.split('\n') {
        let before = scan;
        if is_harmful(&scan.line(line, 1, 0)) && !escaped.is_empty() {
            let line = escape(line);
            // What the line would have opened, it opens no longer.
            scan = before;
            scan.line(&line, 1, 0);
            escaped.push(line);
        } else {
            escaped.push(line.to_owned());
        }
    }
    escaped.extend(scan.fence.map(Fence::closing));
    escaped.join("\n")
}

/// The line would end the section, hide what follows it, or be taken for an item.
fn is_harmful(line: &Line<'_>) -> bool {
    let ends_section = line.heading().is_some_and(|(level, _)| level <= 3);
    let is_item = item::looks_like_item(line.text, false);
    !line.fenced && (ends_section || line.commented || is_item)
}

/// `2. text` is escaped behind its number, as Markdown wants it, and everything else before its first mark.
fn escape(line: &str) -> String {
    let start = line.trim_start();
    let rest = start.trim_start_matches(char::is_numeric);
    let (before, after) = line.split_at(line.len() - rest.len());
    format!("{before}\\{after}")
}

fn join(body: &str, outline: &Outline, finished: usize, items: &[Written]) -> String {
    let kept = outline
        .items
        .get(finished)
        .map_or(outline.end, |item| item.start);
    let (kept, tail) = (&body[..kept], &body[outline.end..]);
    let mut revised = kept.to_owned();
    for item in items {
        separate(&mut revised);
        revised.push_str(&item.text);
        revised.push('\n');
    }
    if !tail.is_empty() && !items.is_empty() {
        separate(&mut revised);
    }
    if body.contains("\r\n") {
        let added = revised.split_off(kept.len());
        revised.push_str(&added.replace('\n', "\r\n"));
    }
    revised + tail
}

/// Ends the text with an empty line.
fn separate(text: &mut String) {
    let trimmed = text.trim_end_matches([' ', '\t']);
    let breaks = trimmed.len() - trimmed.trim_end_matches(['\r', '\n']).len();
    let breaks = trimmed[trimmed.len() - breaks..].matches('\n').count();
    text.extend(std::iter::repeat_n('\n', 2_usize.saturating_sub(breaks)));
}

fn check(
    before: &Outline,
    finished: usize,
    items: &[Written],
    revised: &str,
) -> Result<(), BodyFault> {
    let after = sub_objectives(revised)?;
    let old = before.items.iter().take(finished).map(|item| &item.content);
    let kept = old.zip(&after).all(|(old, new)| old == new);
    let titles = after.iter().skip(finished).map(|item| item.title.as_str());
    let expected = items.iter().map(|item| item.title.as_str());
    if kept && titles.eq(expected) {
        return Ok(());
    }
    Err(BodyFault::Unwritable {
        number: finished + 1,
    })
}
