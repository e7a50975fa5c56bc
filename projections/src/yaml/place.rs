//! Where in a text a field stands. Values carry no places, so the text is read once more and the reader stopped at the
//! field: its error says where it was.

use std::{cell::Cell, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The line, from 1, of a field of a document that [`parse_value`](super::parse_value) reads, by its path as messages
/// spell it: `models.main.timeout`, `team.producers[0].name`. `None` where it does not stand.
#[must_use]
pub fn line_of(text: &str, field: &str) -> Option<usize> {
    let found = Cell::new(false);
    let root = Node {
        field,
        found: &found,
        here: String::new(),
    };
    let text = super::without_mark(text);
    let stopped = root.deserialize(serde_yaml::Deserializer::from_str(text));
    // Any other error is one of the text's, and says nothing of the field.
    let place = stopped.err().filter(|_| found.get())?.location()?;
    Some(place.line())
}

/// A node at `here`, on the way to `field`.
struct Node<'a> {
    field: &'a str,
    found: &'a Cell<bool>,
    here: String,
}

impl Node<'_> {
    fn child(&self, here: String) -> Self {
        Self { here, ..*self }
    }

    /// Whether the field can stand below this node.
    fn leads_there(&self) -> bool {
        let rest = self.field.strip_prefix(self.here.as_str());
        rest.is_some_and(|rest| self.here.is_empty() || rest.starts_with(['.', '[']))
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.here == self.field {
            self.found.set(true);
            return deserializer.deserialize_any(Stop);
        }
        if self.leads_there() {
            return deserializer.deserialize_any(self);
        }
        let IgnoredAny = deserializer.deserialize_ignored_any(IgnoredAny)?;
        Ok(())
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what the field stands in")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut index = 0..;
        let mut item = || self.child(format!("{}[{}]", self.here, index.next().unwrap_or(0)));
        while items.next_element_seed(item())?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(here) = entries.next_key_seed(Key(&self))? {
            entries.next_value_seed(self.child(here))?;
        }
        Ok(())
    }
}

/// Takes nothing: whatever comes is an error at its place.
struct Stop;

impl Visitor<'_> for Stop {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing more")
    }
}

/// The key of an entry, read as text of whatever kind; it becomes the entry's path.
struct Key<'a>(&'a Node<'a>);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<String, E> {
        let here = match self.0.here.as_str() {
            "" => key.to_owned(),
            parent => format!("{parent}.{key}"),
        };
        if here == self.0.field {
            self.0.found.set(true);
            return Err(E::custom("found"));
        }
        Ok(here)
    }
}
