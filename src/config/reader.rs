//! A typed walk over a YAML value that notes every mistake and goes on.
//!
//! A getter answers `None` when the field holds something else; the fault is noted by then, so callers use a
//! stand-in and read on. Whether the result may be used is decided once, at the end: see [`Sink::finish`].

use std::{
    cell::{Cell, RefCell},
    ops::RangeInclusive,
    path::Path,
    time::Duration,
};

use projections::yaml::{self, Mapping, Value};

use super::{
    Fault, Faults,
    values::{AUTO, duration, micro_dollars, shown, shown_text, span},
};
use crate::nearest::nearest;

/// Most faults of one file that are told; nobody reads more at once, and a file that is none of ours may be full of
/// them.
const MOST_FAULTS: usize = 200;

/// Most entries of one list or mapping.
const MOST_ENTRIES: usize = 1_000;

/// Collects the faults of one file.
pub(super) struct Sink<'a> {
    file: &'a Path,
    faults: RefCell<Vec<Fault>>,
    /// Such as are not told.
    more: Cell<usize>,
}

impl<'a> Sink<'a> {
    pub(super) fn new(file: &'a Path) -> Self {
        Self {
            file,
            faults: RefCell::default(),
            more: Cell::default(),
        }
    }

    pub(super) fn note(&self, field: &str, problem: impl Into<String>) {
        if self.faults.borrow().len() == MOST_FAULTS {
            return self.more.set(self.more.get() + 1);
        }
        let (file, field) = (self.file.to_owned(), field.to_owned());
        let problem = problem.into();
        self.faults.borrow_mut().push(Fault {
            file,
            field,
            problem,
        });
    }

    /// Parses the file; a text that is not YAML is its only fault.
    pub(super) fn parse(&self, text: &str) -> Result<Value, Faults> {
        yaml::parse_value(text).map_err(|error| {
            let (file, problem) = (self.file.to_owned(), error.to_string());
            let field = String::new();
            Faults(vec![Fault {
                file,
                field,
                problem,
            }])
        })
    }

    /// All that was wrong; of very much, how much more there was.
    pub(super) fn faults(self) -> Vec<Fault> {
        let mut faults = self.faults.into_inner();
        if self.more.get() > 0 {
            faults.push(Fault {
                file: self.file.to_owned(),
                field: String::new(),
                problem: format!("and {} more; mend these first", self.more.get()),
            });
        }
        faults
    }

    /// What was read, if nothing was wrong with it.
    pub(super) fn finish<T>(self, read: T) -> Result<T, Faults> {
        match self.faults() {
            none if none.is_empty() => Ok(read),
            faults => Err(Faults(faults)),
        }
    }
}

/// One value and its place.
#[derive(Clone)]
pub(super) struct Field<'a> {
    pub(super) path: String,
    pub(super) value: &'a Value,
    sink: &'a Sink<'a>,
}

impl<'a> Field<'a> {
    /// The whole file.
    pub(super) fn root(value: &'a Value, sink: &'a Sink<'a>) -> Self {
        Self {
            path: String::new(),
            value,
            sink,
        }
    }

    fn child(&self, path: String, value: &'a Value) -> Self {
        Self {
            path,
            value,
            sink: self.sink,
        }
    }

    pub(super) fn fault(&self, problem: impl Into<String>) {
        self.sink.note(&self.path, problem);
    }

    /// Notes that something else was expected.
    pub(super) fn wrong<T>(&self, expected: &str) -> Option<T> {
        self.fault(format!("expected {expected}, found {}", shown(self.value)));
        None
    }

    /// Text that is not empty.
    pub(super) fn text(&self) -> Option<&'a str> {
        match self.value.as_str() {
            Some(text) if !text.trim().is_empty() => Some(text),
            _ => self.wrong("text"),
        }
    }

    /// One of some words.
    pub(super) fn word<T: Copy>(&self, words: &[(&'static str, T)]) -> Option<T> {
        let text = self.text()?;
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*meaning);
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let near = nearest(text, known.iter().copied()).unwrap_or_default();
        let (text, known) = (shown_text(text), known.join(", "));
        self.fault(format!(
            "{text} is none of {known}; the nearest is {near:?}"
        ));
        None
    }

    /// A whole number in a range.
    pub(super) fn whole(&self, range: RangeInclusive<u64>) -> Option<u64> {
        let number = self.value.as_u64().filter(|number| range.contains(number));
        let (low, high) = range.into_inner();
        number.or_else(|| self.wrong(&format!("a whole number from {low} to {high}")))
    }

    /// A whole number of 32 bits in a range.
    pub(super) fn count(&self, range: RangeInclusive<u32>) -> Option<u32> {
        let (low, high) = range.into_inner();
        let number = self.whole(u64::from(low)..=u64::from(high))?;
        u32::try_from(number).ok()
    }

    /// A duration, at least `least`.
    pub(super) fn duration(&self, least: Duration) -> Option<Duration> {
        let read = self.value.as_str().and_then(duration);
        let value = shown(self.value);
        match read {
            Some(read) if read >= least => return Some(read),
            Some(_) => self.fault(format!("{value} is too short; write at least {least:?}")),
            None => self.fault(format!(
                "{value} is not a duration; write e.g. 600s, 10m or 1h"
            )),
        }
        None
    }

    /// A duration in a range.
    pub(super) fn duration_within(&self, range: RangeInclusive<Duration>) -> Option<Duration> {
        let (least, most) = range.into_inner();
        let read = self.duration(least)?;
        if read > most {
            let value = shown(self.value);
            self.fault(format!("{value} is too long; write at most {}", span(most)));
            return None;
        }
        Some(read)
    }

    /// `true` or `false`.
    pub(super) fn flag(&self) -> Option<bool> {
        self.value.as_bool().or_else(|| self.wrong("true or false"))
    }

    /// A percentage from 1 to 99.
    pub(super) fn percent(&self) -> Option<u8> {
        self.whole(1..=99)
            .and_then(|number| u8::try_from(number).ok())
    }

    /// A number from 0 to 1, or `auto`, which is none.
    #[expect(clippy::option_option, reason = "what is wrong is no number either")]
    pub(super) fn fraction_or_auto(&self) -> Option<Option<f64>> {
        if self.value.as_str() == Some(AUTO) {
            return Some(None);
        }
        let number = self.value.as_f64();
        let number = number.filter(|number| (0.0..=1.0).contains(number));
        match number {
            Some(number) => Some(Some(number)),
            None => self.wrong("a number from 0 to 1, or auto"),
        }
    }

    /// An amount of dollars, in micro-dollars.
    pub(super) fn micro_dollars(&self) -> Option<u64> {
        let Value::Number(number) = self.value else {
            return self.wrong("an amount of dollars such as 0.60");
        };
        micro_dollars(number)
            .map_err(|problem| self.fault(problem))
            .ok()
    }

    /// The entries of a list that is not empty.
    pub(super) fn items(&self) -> Option<Vec<Self>> {
        let Some(items) = self.value.as_sequence().filter(|items| !items.is_empty()) else {
            return self.wrong("a list with at least one entry");
        };
        self.bounded(items.len())?;
        let path = |index| format!("{}[{index}]", self.path);
        let items = items.iter().enumerate();
        Some(
            items
                .map(|(index, value)| self.child(path(index), value))
                .collect(),
        )
    }

    /// The entries of a mapping whose keys are the user's own.
    pub(super) fn entries(&self) -> Option<Vec<(&'a Value, Self)>> {
        let Some(mapping) = self.value.as_mapping() else {
            return self.wrong("a mapping");
        };
        self.bounded(mapping.len())?;
        let entry = |(key, value): (&'a Value, &'a Value)| {
            let name = key.as_str().filter(|name| !name.starts_with("sk-"));
            let name = name.map_or_else(|| shown(key), str::to_owned);
            (key, self.child(joined(&self.path, &name), value))
        };
        Some(mapping.iter().map(entry).collect())
    }

    fn bounded(&self, entries: usize) -> Option<()> {
        if entries > MOST_ENTRIES {
            self.fault(format!(
                "has {entries} entries; there may be {MOST_ENTRIES} at most"
            ));
            return None;
        }
        Some(())
    }

    /// A mapping with these keys and no others.
    pub(super) fn section(&self, known: &[&str]) -> Option<Section<'a>> {
        for (key, entry) in self.entries()? {
            if !key.as_str().is_some_and(|key| known.contains(&key)) {
                entry.unknown(key, known);
            }
        }
        let mapping = self.value.as_mapping()?;
        Some(Section {
            field: self.clone(),
            mapping: Some(mapping),
        })
    }

    /// As [`Self::section`], where a file without any content has none of the keys.
    pub(super) fn optional_section(&self, known: &[&str]) -> Option<Section<'a>> {
        match self.value {
            Value::Null => Some(Section {
                field: self.clone(),
                mapping: None,
            }),
            _ => self.section(known),
        }
    }

    fn unknown(&self, key: &Value, known: &[&str]) {
        let near = key
            .as_str()
            .and_then(|key| nearest(key, known.iter().copied()));
        match near {
            Some(near) => self.fault(format!("unknown key; the nearest known one is {near:?}")),
            None => self.fault("unknown key; keys are text"),
        }
    }
}

/// A mapping with known keys.
pub(super) struct Section<'a> {
    field: Field<'a>,
    mapping: Option<&'a Mapping>,
}

impl<'a> Section<'a> {
    /// The field of that key; a key without a value counts as absent.
    pub(super) fn get(&self, key: &str) -> Option<Field<'a>> {
        let value = self.mapping?.get(key).filter(|value| !value.is_null())?;
        Some(self.field.child(joined(&self.field.path, key), value))
    }

    /// Whether the key is written, with a value or without.
    pub(super) fn has(&self, key: &str) -> bool {
        self.mapping
            .is_some_and(|mapping| mapping.contains_key(key))
    }

    /// The field of a key that must be there.
    pub(super) fn require(&self, key: &str) -> Option<Field<'a>> {
        let field = self.get(key);
        if field.is_none() {
            self.note(key, "is missing");
        }
        field
    }

    /// What another getter makes of a key, if it is there.
    pub(super) fn read<T>(
        &self,
        key: &str,
        read: impl FnOnce(&Field<'a>) -> Option<T>,
    ) -> Option<T> {
        read(&self.get(key)?)
    }

    /// Notes a fault of one key.
    pub(super) fn note(&self, key: &str, problem: impl Into<String>) {
        self.field
            .sink
            .note(&joined(&self.field.path, key), problem);
    }
}

fn joined(path: &str, key: &str) -> String {
    match path {
        "" => key.to_owned(),
        _ => format!("{path}.{key}"),
    }
}
