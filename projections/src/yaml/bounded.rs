//! Reading within bounds: a [`Value`] is built node by node, and every node is paid for.

use std::{cell::Cell, fmt};

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Visitor};

use super::{MAX_ENTRIES, MAX_EXPANDED, MAX_FLOW_STARTS, Mapping, Value, YamlError};

/// Refuses a text with more than [`MAX_FLOW_STARTS`] brackets that the scanner may take for the start of a
/// collection. It never undercounts; a bracket within a sentence (`see [1]`) is not counted.
pub(super) fn check_flow_starts(text: &str) -> Result<(), YamlError> {
    let mut count = 0;
    for (index, line) in text.lines().enumerate() {
        count += flow_starts(line);
        if count > MAX_FLOW_STARTS {
            return Err(YamlError {
                line: index + 1,
                column: 1,
                message: format!("more than {MAX_FLOW_STARTS} collections in brackets"),
            });
        }
    }
    Ok(())
}

fn flow_starts(line: &str) -> usize {
    let mut count = 0;
    let mut previous = None;
    let mut word_is_property = false;
    for c in line.chars() {
        let starts = matches!(previous, None | Some('[' | '{' | ',' | ':' | '-' | '?'));
        count += usize::from(matches!(c, '[' | '{') && (starts || word_is_property));
        if matches!(c, '&' | '!') {
            word_is_property = true;
        } else if matches!(c, '[' | '{' | ',') {
            word_is_property = false;
        }
        if matches!(c, '\r' | '\u{85}' | '\u{2028}' | '\u{2029}') {
            previous = None; // a line break to YAML
        } else if !c.is_whitespace() {
            previous = Some(c);
        }
    }
    count
}

/// Refuses a text with more than [`MAX_ENTRIES`] marks that may begin an entry or its value. It never undercounts; a
/// colon within a word (`20:15`) is not counted.
pub(super) fn check_entries(text: &str) -> Result<(), YamlError> {
    let mut count = 0;
    for (index, line) in text.lines().enumerate() {
        count += entries(line.as_bytes());
        if count > MAX_ENTRIES {
            return Err(YamlError {
                line: index + 1,
                column: 1,
                message: format!("more than {MAX_ENTRIES} entries of lists and mappings"),
            });
        }
    }
    Ok(())
}

fn entries(line: &[u8]) -> usize {
    let ends_a_word = |at: usize| {
        let next = line.get(at + 1);
        // A line break to YAML may be of several bytes, none of them ASCII.
        next.is_none_or(|next| b" \t\r,[]{}".contains(next) || !next.is_ascii())
    };
    let ends_a_json_key = |at: usize| at > 0 && b"\"']}".contains(&line[at - 1]);
    let begins = |(at, byte): (usize, &u8)| match byte {
        b',' => true,
        b'-' | b'?' => ends_a_word(at),
        b':' => ends_a_word(at) || ends_a_json_key(at),
        _ => false,
    };
    line.iter().enumerate().filter(|mark| begins(*mark)).count()
}

/// Reads a document within [`MAX_EXPANDED`].
pub(super) fn read(text: &str) -> Result<Value, YamlError> {
    let left = Cell::new(MAX_EXPANDED);
    let node = Node {
        left: &left,
        siblings: None,
    };
    Ok(node.deserialize(serde_yaml::Deserializer::from_str(text))?)
}

/// The next node. A key knows the entries before it, so that a repeated one is refused where it stands.
#[derive(Clone, Copy)]
struct Node<'a> {
    left: &'a Cell<usize>,
    siblings: Option<&'a Mapping>,
}

impl<'a> Node<'a> {
    fn value(self) -> Self {
        Self {
            siblings: None,
            ..self
        }
    }

    fn key(self, siblings: &'a Mapping) -> Self {
        Self {
            siblings: Some(siblings),
            ..self
        }
    }

    fn finish<E: Error>(self, units: usize, value: impl Into<Value>) -> Result<Value, E> {
        self.pay(units)?;
        let value = value.into();
        match self.siblings {
            Some(siblings) if siblings.contains_key(&value) => Err(E::custom(format!(
                "the key {} stands here twice",
                super::emit::inline(&value)
            ))),
            _ => Ok(value),
        }
    }

    fn pay<E: Error>(self, units: usize) -> Result<(), E> {
        let left = self.left.get().checked_sub(units.saturating_add(1));
        let left = left.ok_or_else(|| {
            E::custom("the text expands to more than is read (aliases within aliases)")
        })?;
        self.left.set(left);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of at most 64 bits")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        self.finish(0, Value::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Value, E> {
        self.finish(0, flag)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        self.finish(0, number)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        self.finish(0, number)
    }

    /// One that no field takes: what it is written with is kept, as of a long id.
    fn visit_i128<E: Error>(self, number: i128) -> Result<Value, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_u128<E: Error>(self, number: u128) -> Result<Value, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        self.finish(0, number)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        self.finish(text.len(), text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut sequence = Vec::new();
        while let Some(item) = items.next_element_seed(self.value())? {
            sequence.push(item);
        }
        self.finish(0, sequence)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut mapping = Mapping::new();
        while let Some(key) = entries.next_key_seed(self.key(&mapping))? {
            let value = entries.next_value_seed(self.value())?;
            mapping.insert(key, value);
        }
        self.finish(0, mapping)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, _tagged: A) -> Result<Value, A::Error> {
        Err(A::Error::custom("tags such as !name are not read"))
    }
}
