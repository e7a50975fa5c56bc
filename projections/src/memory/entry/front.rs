//! What a file of the memory says of itself, between the lines of dashes at its top. Nobody promises its form: what is
//! not understood was not said.

use super::text::one_line;
use crate::{
    time::Timestamp,
    work::TaskKind,
    yaml::{self, Mapping, Value},
};

/// Longest frontmatter that is read, bytes; a longer one says nothing.
const MOST: usize = 64 << 10;

/// Longest name or other line that is taken over, characters.
const MAX_LINE: usize = 160;

/// Most tags.
const MAX_TAGS: usize = 32;

/// A frontmatter's values.
pub(super) struct Front(Mapping);

impl Front {
    /// Takes a file apart. Of a frontmatter that is not YAML, what its lines say by themselves is taken; what opens
    /// and never closes is text.
    pub(super) fn split(text: &str) -> (Self, &str) {
        let Some((front, body)) = between_dashes(text) else {
            return (Self(Mapping::new()), text);
        };
        if front.len() > MOST || front.trim().is_empty() {
            return (Self(Mapping::new()), body);
        }
        let values = match yaml::parse_value(front) {
            Ok(Value::Mapping(values)) => values,
            Ok(_) | Err(_) if front.lines().any(is_keyed) => line_by_line(front),
            // Rulers around a text, then.
            Ok(_) | Err(_) => return (Self(Mapping::new()), text),
        };
        (Self(values), body)
    }

    /// The first of these keys that says something, as one line.
    pub(super) fn line(&self, keys: &[&str]) -> Option<String> {
        let said = |key: &&str| Some(one_line(&plain(self.0.get(*key)?)?));
        let mut said = keys.iter().filter_map(said);
        let line = said.find(|line| !line.is_empty())?;
        Some(line.chars().take(MAX_LINE).collect())
    }

    /// One word, or nothing.
    pub(super) fn label(&self, key: &str) -> String {
        let label = self.line(&[key]).unwrap_or_default().to_lowercase();
        let is_word = label.len() <= 32 && label.chars().all(|c| c.is_alphanumeric() || c == '-');
        if is_word { label } else { String::new() }
    }

    /// The items of lists, or of texts that list words.
    pub(super) fn words(&self, keys: &[&str]) -> Vec<String> {
        let mut words = Vec::new();
        for value in keys.iter().filter_map(|key| self.0.get(*key)) {
            match value {
                Value::Sequence(items) => words.extend(items.iter().filter_map(plain)),
                single => words.extend(plain(single)),
            }
        }
        let mut words: Vec<String> = words
            .iter()
            .flat_map(|text| text.split([',', '#']))
            .map(|word| one_line(word).chars().take(MAX_LINE).collect())
            .filter(|word: &String| !word.is_empty())
            .collect();
        words.truncate(MAX_TAGS);
        words
    }

    pub(super) fn kind(&self) -> Option<TaskKind> {
        kind(&self.line(&["artifact_kind"])?)
    }

    pub(super) fn passed(&self) -> Option<bool> {
        match self.line(&["verdict"])?.to_lowercase().as_str() {
            "pass" | "passed" | "true" => Some(true),
            "fail" | "failed" | "false" => Some(false),
            _ => None,
        }
    }

    /// An instant, or the beginning of a day.
    pub(super) fn time(&self) -> Option<Timestamp> {
        let text = self.line(&["timestamp", "created_at", "created", "date"])?;
        let at = Timestamp::parse(&text);
        at.or_else(|_| Timestamp::parse(&format!("{text}T00:00:00Z")))
            .ok()
    }

    /// The listed defects, a line each.
    pub(super) fn defects(&self) -> String {
        let items = match self.0.get("defects") {
            Some(Value::Sequence(items)) => items.as_slice(),
            Some(_) | None => &[],
        };
        let lines: Vec<String> = items.iter().filter_map(defect).collect();
        lines.join("\n")
    }
}

/// One line that YAML refuses, such as a number of 24 digits (the earlier program's ids), does not cost the others.
fn line_by_line(front: &str) -> Mapping {
    let keyed = front.lines().filter(|line| is_keyed(line));
    let read = keyed.filter_map(|line| match yaml::parse_value(line) {
        Ok(Value::Mapping(values)) => Some(values),
        Ok(_) | Err(_) => None,
    });
    read.flatten().collect()
}

fn is_keyed(line: &str) -> bool {
    let key = line.split_once(':').map(|(key, _)| key);
    let in_key = |c: char| c.is_alphanumeric() || "_-".contains(c);
    key.is_some_and(|key| !key.is_empty() && key.chars().all(in_key))
}

/// `- major, substantive at section 2: what is wrong`, as far as it is said.
fn defect(item: &Value) -> Option<String> {
    let Value::Mapping(fields) = item else {
        return plain(item).map(|text| format!("- {}", one_line(&text)));
    };
    let field = |key: &str| fields.get(key).and_then(plain).map(|text| one_line(&text));
    let what = field("what")?;
    let class: Vec<String> = ["severity", "class"]
        .into_iter()
        .filter_map(field)
        .collect();
    let mut before = class.join(", ");
    if let Some(place) = field("location").filter(|place| !place.is_empty()) {
        before.push_str(&format!(" at {place}"));
    }
    Some(match before.trim() {
        "" => format!("- {what}"),
        before => format!("- {before}: {what}"),
    })
}

/// The kind of that name. What the earlier program called text is a document.
pub(super) fn kind(name: &str) -> Option<TaskKind> {
    let name = name.to_lowercase();
    if name == "text" {
        return Some(TaskKind::Document);
    }
    TaskKind::ALL.into_iter().find(|kind| kind.as_str() == name)
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(bool) => Some(bool.to_string()),
        Value::Null | Value::Sequence(_) | Value::Mapping(_) | Value::Tagged(_) => None,
    }
}

/// What stands between the dashes of the first line and the next ones, and what stands below.
fn between_dashes(text: &str) -> Option<(&str, &str)> {
    let mut lines = text.split_inclusive('\n');
    let first = lines.next().filter(|line| line.trim_end() == "---")?;
    let mut end = first.len();
    for line in lines {
        if matches!(line.trim_end(), "---" | "...") {
            return Some((&text[first.len()..end], &text[end + line.len()..]));
        }
        end += line.len();
    }
    None
}
