//! Its lists of jobs and tasks: JSON, of which one bad entry hides no other, and a bad file is none that is empty.

use std::path::Path;

use projections::{found::FieldFault, time::Timestamp};
use serde_json::{Map, Value};

use super::{super::super::regular, Fate, Line};
use crate::error::{Error, Result};

/// One entry of a list.
pub(super) struct Entry<'a>(&'a Map<String, Value>);

/// What reading a field gives.
pub(super) type Read<T> = std::result::Result<T, FieldFault>;

/// Why an entry is not taken.
pub(super) enum Not {
    /// It asks for what cannot be said here, or for nothing any more.
    Left(String),
    /// It cannot be said here, and came by itself until now.
    Stops(String),
    /// It cannot be read.
    Failed(FieldFault),
}

impl From<FieldFault> for Not {
    fn from(fault: FieldFault) -> Self {
        Self::Failed(fault)
    }
}

impl Not {
    /// The same of an entry that may have been switched off.
    pub(super) fn of(self, enabled: bool) -> Self {
        match self {
            Self::Stops(why) if !enabled => Self::Left(why),
            Self::Left(_) | Self::Stops(_) | Self::Failed(_) => self,
        }
    }

    pub(super) fn line(self, kind: &'static str, source: &str) -> Line {
        match self {
            Self::Left(why) => Line::new(Fate::Left, kind, source, why),
            Self::Stops(why) => Line {
                stops: true,
                ..Line::new(Fate::Left, kind, source, why)
            },
            Self::Failed(fault) => Line::new(Fate::Failed, kind, source, fault.to_string()),
        }
    }
}

/// Reads a file; `None` if there is none.
///
/// # Errors
/// [`Error::BadFile`] for one that is not JSON, or was cut short.
pub(super) fn file(path: &Path) -> Result<Option<Value>> {
    let bytes = match regular::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("read", path)(error)),
    };
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    serde_json::from_slice(bytes).map(Some).map_err(|error| {
        let hint = if error.is_eof() {
            "; was the file cut short?"
        } else {
            ""
        };
        bad(path, format!("it is not JSON: {error}{hint}"))
    })
}

/// That a file is not what it should be.
pub(super) fn bad(path: &Path, why: impl Into<String>) -> Error {
    Error::BadFile {
        file: path.to_path_buf(),
        why: why.into(),
    }
}

pub(super) fn fault(field: &str, why: impl Into<String>) -> FieldFault {
    FieldFault {
        field: field.to_owned(),
        why: why.into(),
    }
}

/// What an entry is called in the report: by its own words, else by its place.
pub(super) fn label(value: &Value, place: usize) -> String {
    let word = |key: &str| value.get(key).and_then(Value::as_str).map(str::trim);
    let word = word("name").or(word("id")).filter(|word| !word.is_empty());
    let place = (place + 1).to_string();
    let said: String = word.unwrap_or(&place).chars().take(60).collect();
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl<'a> Entry<'a> {
    pub(super) fn of(value: &'a Value) -> Read<Self> {
        let map = value.as_object();
        map.map(Self)
            .ok_or_else(|| fault("entry", format!("{} is not an object", shown(value))))
    }

    /// Its name for good; safe in a path.
    pub(super) fn id(&self) -> Read<&'a str> {
        let id = self.required("id")?;
        let fits = id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if fits {
            Ok(id)
        } else {
            Err(fault("id", format!("{id:?} is no id")))
        }
    }

    /// A text; `None` when it is missing, null or empty.
    pub(super) fn text(&self, key: &str) -> Read<Option<&'a str>> {
        match self.0.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
            Some(other) => Err(fault(key, format!("{} is not a text", shown(other)))),
        }
    }

    pub(super) fn required(&self, key: &str) -> Read<&'a str> {
        self.text(key)?
            .ok_or_else(|| fault(key, "it is missing or empty"))
    }

    pub(super) fn whole(&self, key: &str) -> Read<Option<u64>> {
        match self.0.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(other) => other.as_u64().map(Some).ok_or_else(|| {
                fault(
                    key,
                    format!("{} is not a whole number of 0 or more", shown(other)),
                )
            }),
        }
    }

    pub(super) fn flag(&self, key: &str, missing: bool) -> Read<bool> {
        match self.0.get(key) {
            None | Some(Value::Null) => Ok(missing),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => Err(fault(
                key,
                format!("{} is neither true nor false", shown(other)),
            )),
        }
    }

    /// An instant; a day alone is its first one.
    pub(super) fn time(&self, key: &str) -> Read<Option<Timestamp>> {
        let Some(text) = self.text(key)? else {
            return Ok(None);
        };
        let day = format!("{text}T00:00:00Z");
        Timestamp::parse(text)
            .or_else(|error| Timestamp::parse(&day).map_err(|_| error))
            .map(Some)
            .map_err(|error| fault(key, error.to_string()))
    }

    /// A list of texts.
    pub(super) fn texts(&self, key: &str) -> Read<Vec<&'a str>> {
        let list = match self.0.get(key) {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(list)) => list,
            Some(other) => return Err(fault(key, format!("{} is not a list", shown(other)))),
        };
        let text = |item: &'a Value| {
            let text = item.as_str();
            text.ok_or_else(|| fault(key, format!("{} is not a text", shown(item))))
        };
        list.iter().map(text).collect()
    }
}

fn shown(value: &Value) -> String {
    value.to_string().chars().take(60).collect()
}
