//! The layout of a frontmatter: which keys stand where, the operator's lines as they wrote them, and every comment.

use super::{ENGINE_KEYS, Head, HeadEntry};
use crate::yaml;

/// Cuts the frontmatter into keys. Where the text cannot be cut along its lines (flow style over several
/// lines, say), the operator's keys are kept by value instead.
pub(super) fn layout(front: &str, values: &yaml::Mapping) -> Head {
    let (mut entries, mut below) = cut(front);
    let cut_keys = entries.iter().map(|entry| entry.key.clone());
    if !cut_keys.eq(values.keys().map(key_text)) || !entries.iter().all(stands_alone) {
        entries = by_value(values, front);
        below.clear();
    }
    if !below.is_empty() {
        entries.push(HeadEntry {
            lead: below,
            ..HeadEntry::engine("")
        });
    }
    Head(entries.into_iter().map(give_engine_its_keys).collect())
}

/// The engine's lines are rendered anew: what a person wrote beside or between them stands above them from then on.
fn give_engine_its_keys(mut entry: HeadEntry) -> HeadEntry {
    if ENGINE_KEYS.contains(&entry.key.as_str())
        && let Some(lines) = entry.own.take()
    {
        entry.lead.push_str(&comments_in(&lines));
    }
    entry
}

/// Every comment that the operator wrote, a line each.
pub(super) fn comments(head: &Head) -> Vec<String> {
    let of = |entry: &HeadEntry| {
        let own = comments_in(entry.own.as_deref().unwrap_or_default());
        let all = format!("{}{own}", entry.lead);
        let lines = all.lines().filter(|line| !line.trim().is_empty());
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    head.0.iter().flat_map(of).collect()
}

/// The comments in these lines, each on a line of its own. Beside a text in block style, which may hold what only looks
/// like one, those that start in the first column.
fn comments_in(lines: &str) -> String {
    if lines.lines().any(opens_a_block_text) {
        let all = lines.split_inclusive('\n');
        return all.filter(|line| line.starts_with('#')).collect();
    }
    let mut comments = String::new();
    let mut quote = None;
    let mut before = '\n';
    let mut rest = lines.chars().peekable();
    while let Some(c) = rest.next() {
        match (quote, c) {
            // Doubled, a single quote stands for itself.
            (Some('\''), '\'') if rest.peek() == Some(&'\'') => drop(rest.next()),
            (Some('"'), '\\') => drop(rest.next()),
            (Some(open), close) if open == close => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') if before.is_whitespace() || "[{,:".contains(before) => {
                quote = Some(c);
            }
            (None, '#') if before.is_whitespace() => {
                let comment = std::iter::from_fn(|| rest.next_if(|c| *c != '\n'));
                let comment: String = std::iter::once('#').chain(comment).collect();
                comments.push_str(comment.trim_end());
                comments.push('\n');
            }
            (None, _) => {}
        }
        before = c;
    }
    comments
}

/// Whether a line ends in `|` or `>`, with or without how it is to be folded.
fn opens_a_block_text(line: &str) -> bool {
    let value = line.trim_end().rsplit(' ').next().unwrap_or_default();
    value.starts_with(['|', '>']) && value[1..].chars().all(|c| "+-0123456789".contains(c))
}

/// Whether an entry's own lines say the same key by themselves.
fn stands_alone(entry: &HeadEntry) -> bool {
    let text = entry.own.as_deref().unwrap_or_default();
    let keys = match yaml::parse_value(text) {
        Ok(yaml::Value::Mapping(values)) => values.keys().map(key_text).collect(),
        Ok(_) | Err(_) => Vec::new(),
    };
    keys == [entry.key.as_str()]
}

/// A key as its line shows it; an operator's may be a number or a date.
fn key_text(key: &yaml::Value) -> String {
    key.as_str()
        .map_or_else(|| yaml::emit(key).trim().to_owned(), str::to_owned)
}

/// Nothing says which key a comment belongs to then, so all of them stand above the first.
fn by_value(values: &yaml::Mapping, front: &str) -> Vec<HeadEntry> {
    let one = |(key, value): (&yaml::Value, &yaml::Value)| {
        let mut single = yaml::Mapping::new();
        single.insert(key.clone(), value.clone());
        let text = yaml::emit(&yaml::Value::Mapping(single));
        HeadEntry::own(&key_text(key), text)
    };
    let mut entries: Vec<HeadEntry> = values.iter().map(one).collect();
    if let Some(first) = entries.first_mut() {
        first.lead = comments_in(front);
    }
    entries
}

/// Cuts along lines: a line that starts in the first column with a key opens an entry, comments and blank
/// lines above it are its lead. What stands below the last entry comes second.
fn cut(front: &str) -> (Vec<HeadEntry>, String) {
    let mut entries: Vec<HeadEntry> = Vec::new();
    let mut lead = String::new();
    for line in front.split_inclusive('\n') {
        let is_lead = line.trim().is_empty() || line.starts_with('#');
        if is_lead {
            lead.push_str(line);
        } else if let Some(key) = key_of(line) {
            entries.push(HeadEntry {
                key,
                lead: std::mem::take(&mut lead),
                own: Some(line.to_owned()),
            });
        } else if let Some(own) = entries.last_mut().and_then(|entry| entry.own.as_mut()) {
            own.push_str(&std::mem::take(&mut lead));
            own.push_str(line);
        }
    }
    (entries, lead)
}

fn key_of(line: &str) -> Option<String> {
    let first = line.chars().next()?;
    if first.is_whitespace() || "-]}".contains(first) {
        return None;
    }
    let (key, rest) = match first {
        '"' | '\'' => line[1..].split_once(&format!("{first}:"))?,
        _ => line.split_once(':')?,
    };
    let ends_key = rest.is_empty() || rest.starts_with([' ', '\n', '\t']);
    ends_key.then(|| key.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_told_from_texts() {
        let cases = [
            ("id: X  # mine\n", "# mine\n"),
            ("id: X # a # b \n", "# a # b\n"),
            ("id: X#1\n", ""),
            ("id: '# no'  # yes\n", "# yes\n"),
            ("id: 'it''s # no'\n", ""),
            ("id: it's # yes\n", "# yes\n"),
            ("id: \"\\\" # no\"\n", ""),
            (
                "log:\n- note: \"over\n    # two lines\"\n  # yes\n- x  # too\n",
                "# yes\n# too\n",
            ),
            ("journal: {seq: 1, b3: '#'}  # yes\n", "# yes\n"),
            ("note: |\n  # no\n# yes\n", "# yes\n"),
            ("note: >-\n  # no\n", ""),
        ];
        for (lines, comments) in cases {
            assert_eq!(comments_in(lines), comments, "{lines:?}");
        }
    }
}
