//! Items as they are written: harmless to the list that they will stand in.

use super::{
    BodyFault, fields, item,
    lines::{Fence, Line, Scan},
};

/// What stands between a title and its description.
const SEPARATOR: &str = " — ";

/// An item that reads back with this title.
pub(super) struct Written {
    pub(super) title: String,
    pub(super) text: String,
}

/// Writes an item from its title and its description.
pub(super) fn write_item(
    number: usize,
    (title, description): &(String, String),
) -> Result<Written, BodyFault> {
    let description = with_plain_breaks(description);
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

fn with_plain_breaks(text: &str) -> String {
    text.trim().replace("\r\n", "\n").replace('\r', "\n")
}

/// A description that begins with a field begins below the title: on its line no bullet would be seen.
fn item_text(number: usize, title: &str, description: &str) -> String {
    let first = description.lines().next().unwrap_or_default();
    let separator = match first {
        "" => "",
        first if fields::is_field(first) => "\n",
        _ => SEPARATOR,
    };
    format!("**{number}. {title}**{separator}{description}")
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

/// A description with the bullets `- Files: a, b`, `- Done when: c` and `- Out of scope: d` below it, ready to be
/// given to [`replace_item`](super::replace_item) and its like: the item then reads back with these entries, after
/// those of bullets that the description itself holds.
///
/// Several entries of the last two stand in bullets of their own. An entry is brought onto one line, one without
/// text is left out, and the name of a file loses its backticks. Lines of the description that would break a list
/// are escaped.
pub fn bulleted(
    description: &str,
    files: &[String],
    done_when: &[String],
    out_of_scope: &[String],
) -> String {
    let mut lines = Vec::new();
    let description = with_plain_breaks(description);
    if !description.is_empty() {
        lines.push(harmless(&description));
    }
    let files: Vec<String> = files.iter().filter_map(|file| file_entry(file)).collect();
    if !files.is_empty() {
        lines.push(format!("- Files: {}", files.join(", ")));
    }
    lines.extend(field("Done when", done_when));
    lines.extend(field("Out of scope", out_of_scope));
    lines.join("\n")
}

/// A description as [`write_item`] would write it, which is then written as it is.
fn harmless(description: &str) -> String {
    let text = item_text(1, "Title", description);
    let head = text.len() - description.len();
    escape_lines(&text).split_off(head)
}

/// The bullets of a field: its only entry, or one below it for each; entries that would not survive there, as one
/// bullet of the field for each.
fn field(name: &str, entries: &[String]) -> Option<String> {
    let entries: Vec<String> = entries.iter().map(|entry| one_line(entry)).collect();
    let entries: Vec<&String> = entries.iter().filter(|entry| !entry.is_empty()).collect();
    let nested: Vec<String> = entries.iter().map(|entry| format!("  - {entry}")).collect();
    if entries.is_empty() {
        return None;
    }
    if entries.len() > 1 && nested.iter().all(|line| stands_below(line)) {
        return Some(format!("- {name}:\n{}", nested.join("\n")));
    }
    let bullets: Vec<String> = entries
        .iter()
        .map(|entry| format!("- {name}: {entry}"))
        .collect();
    Some(bullets.join("\n"))
}

/// The line is neither escaped nor the beginning of code.
fn stands_below(line: &str) -> bool {
    let line = Scan::default().line(line, 1, 0);
    !(line.fenced || is_harmful(&line))
}

/// A file as an entry that is read as this one file.
fn file_entry(file: &str) -> Option<String> {
    let file = one_line(&file.replace('`', ""));
    let needs_ticks = file.contains(',') || fields::is_none(&file);
    match file.as_str() {
        "" => None,
        _ if needs_ticks => Some(format!("`{file}`")),
        _ => Some(file),
    }
}

fn one_line(entry: &str) -> String {
    let lines = entry.split(['\n', '\r']).map(str::trim);
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    lines.join(" ")
}
