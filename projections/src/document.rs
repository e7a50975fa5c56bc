//! A plan file as text: frontmatter and body, taken apart without losing a byte that is the operator's.
//!
//! ```text
//! ---                                  ┐
//! # a comment                          │ lead of the entry below it
//! id: ESS-P-001                        │ engine's key: rendered from the journal
//! tags: [stoicism]                     │ operator's key: kept as written, in place
//! journal: {seq: 4, b3: …, file: …}    │ anchor of the rendering, and the seal of this very text
//! ---                                  ┘
//! body, kept as written
//! ```

mod layout;
mod seal;

use serde::{Deserialize, Serialize};

use crate::{payload::Digest, yaml};

pub use seal::{Seal, seal_of};
pub(crate) use seal::{anchor_line, seal};

/// The largest plan file that is read, bytes. The engine's part of the frontmatter grows with the plan's
/// history, and whatever we render must read back.
pub const MAX_FILE: usize = yaml::MAX_BYTES;

/// The largest body, bytes.
pub const MAX_BODY: usize = 64 * 1024;

/// Keys of the frontmatter that the engine renders, in the order in which a new plan shows them.
pub const ENGINE_KEYS: [&str; 15] = [
    "id",
    "project_code",
    "created_at",
    "status",
    "status_transitions",
    "current_index",
    "reflection_log",
    "spawned_kickoffs",
    "execution_started_at",
    "max_wall_clock_min",
    "max_tokens",
    "max_cost_usd",
    "tokens_used",
    "cost_usd_used",
    "journal",
];

/// Layout of a frontmatter: which keys stand where, and the text of those that are the operator's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Head(pub Vec<HeadEntry>);

/// One key of a frontmatter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadEntry {
    /// The key.
    pub key: String,
    /// Comments and blank lines above it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub lead: String,
    /// Its lines as written; `None` for a key that the engine renders, and for the comments below the last key,
    /// which stand as the lead of an entry without a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<String>,
}

impl Head {
    /// BLAKE3 of what is the operator's in it, in its order: their keys, and comments wherever they stand.
    #[must_use]
    pub fn own_digest(&self) -> Digest {
        let parts = self.0.iter().flat_map(|entry| {
            let is_own = entry.own.is_some() || !entry.lead.is_empty();
            let parts = [
                &*entry.key,
                &*entry.lead,
                entry.own.as_deref().unwrap_or(""),
            ];
            parts.into_iter().filter(move |_| is_own)
        });
        Digest::of(parts.collect::<Vec<_>>().join("\0").as_bytes())
    }
}

impl HeadEntry {
    /// An operator's key with a one-line value.
    #[must_use]
    pub fn own(key: &str, line: String) -> Self {
        Self {
            key: key.to_owned(),
            lead: String::new(),
            own: Some(line),
        }
    }

    /// A key that the engine renders.
    #[must_use]
    pub fn engine(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            lead: String::new(),
            own: None,
        }
    }
}

/// A plan file, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The frontmatter's layout.
    pub head: Head,
    /// The frontmatter's values, by key.
    pub values: yaml::Mapping,
    /// Everything after the frontmatter.
    pub body: String,
}

impl Document {
    /// What is wrong with a file of the engine's that states nothing, if this is one.
    #[must_use]
    pub fn lacks_frontmatter(&self) -> Option<&'static str> {
        match (self.values.is_empty(), self.body.trim().is_empty()) {
            (false, _) => None,
            (true, true) => Some("it is empty"),
            (true, false) => {
                Some("its frontmatter is missing, the lines between two --- at the very beginning")
            }
        }
    }

    /// Every comment of the frontmatter, a line each.
    #[must_use]
    pub fn comments(&self) -> Vec<String> {
        layout::comments(&self.head)
    }
}

/// Why a file is not a plan's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Not text.
    #[error("it is not UTF-8 text (first bad byte at offset {offset})")]
    NotText {
        /// Where.
        offset: usize,
    },
    /// Too much text.
    #[error("{part} has {bytes} bytes, {most} at most; move material into files of their own")]
    TooLarge {
        /// The file or its body.
        part: &'static str,
        /// Its length.
        bytes: usize,
        /// The limit.
        most: usize,
    },
    /// It has NUL bytes.
    #[error("it holds a NUL byte; it is not a text file")]
    Binary,
    /// The frontmatter never ends.
    #[error("its frontmatter starts with --- but no closing --- follows; was the file cut short?")]
    Unclosed,
    /// The frontmatter is not YAML.
    #[error("its frontmatter is not valid YAML: {0}")]
    Yaml(String),
    /// The frontmatter is not a mapping.
    #[error("its frontmatter is not a list of `key: value` lines")]
    NotMapping,
}

/// Reads a plan file's bytes.
///
/// # Errors
/// [`DocumentError`] says what is wrong with it.
pub fn read(bytes: &[u8]) -> Result<Document, DocumentError> {
    check_length("it", bytes.len(), MAX_FILE)?;
    let text = std::str::from_utf8(bytes).map_err(|e| DocumentError::NotText {
        offset: e.valid_up_to(),
    })?;
    if text.contains('\0') {
        return Err(DocumentError::Binary);
    }
    let text = text
        .strip_prefix('\u{feff}')
        .unwrap_or(text)
        .replace("\r\n", "\n");
    let Some((front, body)) = split(&text)? else {
        check_length("its body", text.len(), MAX_BODY)?;
        return Ok(Document {
            head: Head::default(),
            values: yaml::Mapping::new(),
            body: text,
        });
    };
    check_length("its body", body.len(), MAX_BODY)?;
    let values = mapping(front)?;
    Ok(Document {
        head: layout::layout(front, &values),
        values,
        body: body.to_owned(),
    })
}

fn check_length(part: &'static str, bytes: usize, most: usize) -> Result<(), DocumentError> {
    if bytes > most {
        return Err(DocumentError::TooLarge { part, bytes, most });
    }
    Ok(())
}

/// Frontmatter and body, `None` without a frontmatter.
fn split(text: &str) -> Result<Option<(&str, &str)>, DocumentError> {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    if first.trim_end() != "---" {
        return Ok(None);
    }
    let mut end = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "---" {
            return Ok(Some((&rest[..end], &rest[end + line.len()..])));
        }
        end += line.len();
    }
    Err(DocumentError::Unclosed)
}

fn mapping(front: &str) -> Result<yaml::Mapping, DocumentError> {
    match yaml::parse_value(front).map_err(|e| DocumentError::Yaml(e.to_string()))? {
        yaml::Value::Mapping(values) => Ok(values),
        yaml::Value::Null => Ok(yaml::Mapping::new()),
        yaml::Value::Bool(_)
        | yaml::Value::Number(_)
        | yaml::Value::String(_)
        | yaml::Value::Sequence(_)
        | yaml::Value::Tagged(_) => Err(DocumentError::NotMapping),
    }
}

/// The one-line value that a rendered file's frontmatter states for a key, by its text alone.
#[must_use]
pub fn stated<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let front = text.strip_prefix("---\n")?;
    let value = front
        .lines()
        .take_while(|line| *line != "---")
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(": "))?;
    Some(value.trim().trim_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "---\n# mine\nid: ESS-P-001\ntags:\n- a\n# inner\n- b\nstatus: draft\n---\n\n## Plan\n";

    #[test]
    fn the_operators_keys_are_kept_as_written() {
        let document = read(TEXT.as_bytes()).unwrap();
        let keys: Vec<_> = document
            .head
            .0
            .iter()
            .map(|e| (e.key.as_str(), e.own.as_deref()))
            .collect();
        assert_eq!(
            keys,
            [
                ("id", None),
                ("tags", Some("tags:\n- a\n# inner\n- b\n")),
                ("status", None)
            ]
        );
        assert_eq!(document.head.0[0].lead, "# mine\n");
        assert_eq!(document.body, "\n## Plan\n");
    }

    #[test]
    fn a_layout_that_cannot_be_cut_is_kept_by_value() {
        let document = read(b"---\n{id: X, tags: [a,\nb]}\n---\nbody").unwrap();
        assert_eq!(document.head.0.len(), 2);
        assert!(
            document.head.0[1]
                .own
                .as_deref()
                .unwrap()
                .starts_with("tags:")
        );
    }

    #[test]
    fn what_is_no_plan_file_is_named() {
        let cases: [(&[u8], &str); 6] = [
            (b"\xff\xfe", "not UTF-8"),
            (b"a\0b", "NUL"),
            (b"---\nid: x\n", "no closing ---"),
            (b"---\nid: [\n---\n", "not valid YAML"),
            (b"---\n- a\n---\n", "key: value"),
            (&[b'x'; MAX_FILE + 1], "at most"),
        ];
        for (bytes, message) in cases {
            let error = read(bytes).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
