//! Bytes to events and back. Reading is one pass without buffering for every current kind; older versions are
//! upcast for ever; what a newer program wrote is kept as [`Unknown`].

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, DeserializeSeed, MapAccess},
};

use crate::event::{Event, Unknown, read_body};

/// A frame's payload that is not a list of events.
#[derive(Debug, thiserror::Error)]
#[error("not a list of events: {0}")]
pub struct CodecError(#[from] serde_json::Error);

/// The JSON array, on one line, that a frame carries.
///
/// # Panics
/// Never: every event is made of strings, integers and lists.
#[must_use]
pub fn encode(events: &[Event]) -> String {
    serde_json::to_string(events).expect("events hold nothing that JSON cannot say")
}

/// Reads what [`encode`] wrote, in this or any earlier version.
///
/// # Errors
/// [`CodecError`] when the text is not a JSON array of objects with a `kind` and a `v`.
pub fn decode(text: &str) -> Result<Vec<Event>, CodecError> {
    Ok(serde_json::from_str(text)?)
}

/// An event on the wire: its kind and version in front of its fields.
#[derive(Serialize)]
pub(crate) struct Tagged<'a, T: Serialize> {
    pub(crate) kind: &'static str,
    pub(crate) v: u32,
    #[serde(flatten)]
    pub(crate) body: &'a T,
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(EventVisitor)
    }
}

struct EventVisitor;

impl<'de> de::Visitor<'de> for EventVisitor {
    type Value = Event;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event: an object whose first keys are kind and v")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Event, M::Error> {
        expect_key(&mut map, "kind")?;
        let kind = map.next_value_seed(Word)?;
        expect_key(&mut map, "v")?;
        let v: u32 = map.next_value()?;
        let mut rest = Some(map);
        match read_body(&kind, v, &mut rest) {
            Some(event) => event,
            None => unknown(
                &kind,
                v,
                rest.expect("read_body takes the map only for a known kind"),
            ),
        }
    }
}

fn expect_key<'de, M: MapAccess<'de>>(map: &mut M, name: &'static str) -> Result<(), M::Error> {
    match map.next_key_seed(Word)? {
        Some(key) if key == name => Ok(()),
        Some(_) | None => Err(de::Error::missing_field(name)),
    }
}

/// Reads a string, borrowed from the input unless it has escapes. (A `Cow` of its own accord is always a copy,
/// and short strings stand in every event.)
pub(crate) struct Word;

impl<'de> DeserializeSeed<'de> for Word {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Cow<'de, str>, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'de> de::Visitor<'de> for Word {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(text))
    }
}

/// Keeps an event of a newer program whole. Upcasts of older versions of known kinds will stand here too:
/// `(kind, old v) → fields of the present version`.
fn unknown<'de, M: MapAccess<'de>>(kind: &str, v: u32, mut map: M) -> Result<Event, M::Error> {
    let mut raw = serde_json::Map::new();
    raw.insert("kind".to_owned(), kind.into());
    raw.insert("v".to_owned(), v.into());
    while let Some((key, value)) = map.next_entry::<String, serde_json::Value>()? {
        if raw.contains_key(&key) {
            let twice = format!("the key {key} stands twice in an event");
            return Err(de::Error::custom(twice));
        }
        raw.insert(key, value);
    }
    Ok(Event::Unknown(Unknown {
        kind: kind.to_owned(),
        v,
        raw: raw.into(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{ModelCallCompleted, PlanClaimed, Usage};
    use crate::payload::Payload;

    #[test]
    fn a_key_that_stands_twice_is_no_event_known_or_not() {
        for event in [
            r#"{"kind":"PlanSang","v":1,"song":"a","song":"b"}"#,
            r#"{"kind":"PlanSang","v":2,"v":1}"#,
            r#"{"kind":"PlanApproved","v":1,"note":"a","note":"b"}"#,
        ] {
            let read = decode(&format!("[{event}]"));
            assert!(read.is_err(), "{event}: {read:?}");
        }
    }

    #[test]
    fn events_round_trip_and_name_their_version_first() {
        let events = vec![
            Event::from(PlanClaimed {
                epoch: crate::ids::Epoch(2),
                recovered: true,
            }),
            Event::from(ModelCallCompleted {
                call_id: "c0001-s1-plan".parse().unwrap(),
                usage: Usage {
                    input_tokens: 3,
                    output_tokens: 4,
                    ..Usage::default()
                },
                cost: None,
                latency_ms: 12,
                tool_calls: Vec::new(),
                cut: false,
                in_doubt: crate::event::Reserved::default(),
                reply: Payload::Text("line\n\"quoted\" \u{1F600}".to_owned()),
            }),
        ];
        let text = encode(&events);
        assert!(
            text.starts_with(r#"[{"kind":"PlanClaimed","v":1,"epoch":2,"recovered":true}"#),
            "{text}"
        );
        assert!(!text.contains('\n'));
        assert_eq!(decode(&text).unwrap(), events);
    }

    #[test]
    fn a_newer_kind_or_version_is_kept_whole() {
        for text in [
            r#"[{"kind":"PlanSung","v":1,"key":"C"}]"#,
            r#"[{"kind":"PlanClaimed","v":9,"who":{"a":1}}]"#,
        ] {
            let events = decode(text).unwrap();
            assert!(matches!(events[0], Event::Unknown(_)));
            let again: serde_json::Value = serde_json::from_str(&encode(&events)).unwrap();
            assert_eq!(
                again,
                serde_json::from_str::<serde_json::Value>(text).unwrap()
            );
        }
    }

    #[test]
    fn an_event_without_its_tags_is_refused() {
        for text in [
            "{}",
            "[{}]",
            r#"[{"v":1,"kind":"PlanClaimed"}]"#,
            r#"[{"kind":"PlanClaimed","v":1}]"#,
            "[1]",
            "",
        ] {
            assert!(decode(text).is_err(), "{text}");
        }
    }
}
