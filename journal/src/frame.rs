//! One frame is one line: how it is written, and how it is cut apart without a JSON parser.
//!
//! ```text
//! {"b3":"<64 hex>","seq":17,"at":"<27 bytes>","epoch":2,"by":"<escaped>","events":[…]}\n
//! └── 73 bytes ───┘└──────────────── covered by b3, without the newline ────────────┘
//! ```
//!
//! The order of the fields is part of the format: what is not exactly of this shape is not a frame.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::{Anchor, Draft, Error, Frame, Hash};

/// The version of the format that this program writes. Frame 0 names it (`"format":1`); a log of a newer
/// version may be read, never written.
///
/// Changelog:
/// - **1**: first version. Hash-chained JSON lines, keyed BLAKE3, header fields in fixed order.
pub const FORMAT_VERSION: u32 = 1;

/// The longest line, newline included. Payloads over 64 KiB belong into blobs; this bound only keeps a damaged
/// file from filling the memory.
pub const MAX_LINE: usize = 16 << 20;

/// How long a writer's name may be, unescaped.
pub const MAX_BY: usize = 256;

/// Width of `{"b3":"<64 hex>",`: what the hash does not cover.
pub const PREFIX: usize = 73;

/// Writes frame `seq` after a frame with hash `key` (for frame 0: [`Hash::root`]), newline included.
///
/// # Errors
/// [`Error::Invalid`] when the draft must not reach a log.
pub fn encode(key: &Hash, seq: u64, draft: &Draft) -> Result<Vec<u8>, Error> {
    let mut line = Vec::with_capacity(draft.events.len() + 256);
    check(draft)?;
    encode_into(&mut line, key, seq, draft);
    Ok(line)
}

/// As [`encode`], for a draft that passed [`check`], behind what `out` holds; tells the frame's hash.
pub(crate) fn encode_into(out: &mut Vec<u8>, key: &Hash, seq: u64, draft: &Draft) -> Hash {
    let start = out.len();
    out.extend_from_slice(b"{\"b3\":\"");
    out.extend_from_slice(&[b'0'; 64]);
    out.extend_from_slice(b"\",\"seq\":");
    out.extend_from_slice(seq.to_string().as_bytes());
    out.extend_from_slice(b",\"at\":\"");
    out.extend_from_slice(draft.at.as_bytes());
    out.extend_from_slice(b"\",\"epoch\":");
    out.extend_from_slice(draft.epoch.to_string().as_bytes());
    out.extend_from_slice(b",\"by\":");
    serde_json::to_writer(&mut *out, &draft.by).expect("a string into a vector cannot fail");
    out.extend_from_slice(b",\"events\":");
    out.extend_from_slice(draft.events.as_bytes());
    out.push(b'}');
    let hash = key.link(&out[start + PREFIX..]);
    out[start + 7..start + 71].copy_from_slice(&hash.to_hex());
    out.push(b'\n');
    hash
}

/// Whether a draft may become a frame: no reader may ever choke on what was acknowledged.
///
/// # Errors
/// [`Error::Invalid`] with the rule it breaks.
pub fn check(draft: &Draft) -> Result<(), Error> {
    if !is_stamp(draft.at.as_bytes()) {
        return Err(Error::invalid(
            "time",
            format!("{:?} is not like 2026-11-23T20:15:00.123456Z", draft.at),
        ));
    }
    if draft.by.is_empty() || draft.by.len() > MAX_BY {
        return Err(Error::invalid(
            "writer",
            format!("a name has 1 to {MAX_BY} bytes"),
        ));
    }
    check_events(&draft.events).map_err(|why| Error::invalid("events", why))
}

fn check_events(events: &str) -> Result<(), String> {
    // `by` may grow six-fold by escaping; the header's other fields need less than 256 bytes.
    if events.len() > MAX_LINE - 6 * MAX_BY - 256 {
        return Err(format!("{} bytes do not fit into a line", events.len()));
    }
    if !events.starts_with('[') || !events.ends_with(']') {
        return Err("not a JSON array without surrounding space".to_owned());
    }
    if memchr::memchr2(b'\n', b'\r', events.as_bytes()).is_some() {
        return Err("it holds a raw line break".to_owned());
    }
    serde_json::from_str::<Checked>(events)
        .map(|Checked| ())
        .map_err(|error| error.to_string())
}

/// `2026-11-23T20:15:00.123456Z`, by shape; whether there is such a day is not the log's business.
fn is_stamp(at: &[u8]) -> bool {
    const SHAPE: &[u8; 27] = b"0000-00-00T00:00:00.000000Z";
    let Ok(at) = <&[u8; 27]>::try_from(at) else {
        return false;
    };
    // Without an early end, so that the compiler can compare many bytes at once.
    let misfits = |(&byte, &shape): (&u8, &u8)| {
        if shape == b'0' {
            byte.wrapping_sub(b'0') > 9
        } else {
            byte != shape
        }
    };
    !at.iter()
        .zip(SHAPE)
        .fold(false, |found, pair| found | misfits(pair))
}

/// Reads all of a JSON value and keeps nothing. Unlike `IgnoredAny` it goes by the same depth limit, number
/// range and escape rules as a later reader will.
struct Checked;

impl<'de> Deserialize<'de> for Checked {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Checked, D::Error> {
        from.deserialize_any(Checked)
    }
}

impl<'de> Visitor<'de> for Checked {
    type Value = Checked;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }
    fn visit_unit<E: de::Error>(self) -> Result<Checked, E> {
        Ok(Checked)
    }
    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Checked, E> {
        Ok(Checked)
    }
    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Checked, E> {
        Ok(Checked)
    }
    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Checked, E> {
        Ok(Checked)
    }
    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Checked, E> {
        Ok(Checked)
    }
    fn visit_str<E: de::Error>(self, _: &str) -> Result<Checked, E> {
        Ok(Checked)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Checked, A::Error> {
        while seq.next_element::<Checked>()?.is_some() {}
        Ok(Checked)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Checked, A::Error> {
        while map.next_entry::<Checked, Checked>()?.is_some() {}
        Ok(Checked)
    }
}

/// A line cut apart. Its hash is what the line *says*; nothing here is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'l> {
    /// The recorded number and hash.
    pub anchor: Anchor,
    /// The time.
    pub at: &'l str,
    /// The writer's epoch.
    pub epoch: u64,
    /// The writer's name, unescaped.
    pub by: Cow<'l, str>,
    /// The JSON array.
    pub events: &'l str,
}

impl Record<'_> {
    /// An owned copy.
    pub fn to_frame(&self) -> Frame {
        Frame {
            anchor: self.anchor,
            at: self.at.to_owned(),
            epoch: self.epoch,
            by: self.by.clone().into_owned(),
            events: self.events.to_owned(),
        }
    }
}

/// The recorded hash of a line (without newline), if it has the prefix of a frame.
pub fn recorded_hash(line: &[u8]) -> Option<Hash> {
    let prefix = line.get(..PREFIX)?;
    let framed = prefix.starts_with(b"{\"b3\":\"") && prefix.ends_with(b"\",");
    if framed {
        Hash::from_hex(&prefix[7..71])
    } else {
        None
    }
}

/// More than the fields before the writer's name can take.
const HEAD: usize = 96;

/// Number and epoch of a line (without newline), without a look at its hash or at what follows: for a line whose
/// hash will be compared, that is enough. `None` also for a short line, which is cheap to read whole.
pub(crate) fn header(line: &[u8]) -> Option<(u64, u64)> {
    // A cut inside a character of the writer's name costs no more than the long way.
    let head = std::str::from_utf8(line.get(PREFIX..PREFIX + HEAD)?).ok()?;
    let (seq, _, epoch, _) = place(head)?;
    Some((seq, epoch))
}

/// Whether a line's recorded hash is this one.
pub(crate) fn records(line: &[u8], hash: &Hash) -> bool {
    line.get(..PREFIX).is_some_and(|prefix| {
        prefix.starts_with(b"{\"b3\":\"")
            && prefix[7..71] == hash.to_hex()
            && prefix.ends_with(b"\",")
    })
}

/// Number, time and epoch, and the text behind them.
fn place(text: &str) -> Option<(u64, &str, u64, &str)> {
    let (seq, rest) = number(text.strip_prefix("\"seq\":")?)?;
    let (at, rest) = rest.strip_prefix(",\"at\":\"")?.split_at_checked(27)?;
    let (epoch, rest) = number(rest.strip_prefix("\",\"epoch\":")?)?;
    Some((seq, at, epoch, rest))
}

/// Cuts a line (without newline) apart; `None` when it has not exactly the shape of a frame.
pub fn decode(line: &[u8]) -> Option<Record<'_>> {
    let b3 = recorded_hash(line)?;
    let (seq, at, epoch, rest) = place(std::str::from_utf8(&line[PREFIX..]).ok()?)?;
    let (by, rest) = quoted(rest.strip_prefix(",\"by\":")?)?;
    let events = rest.strip_prefix(",\"events\":")?.strip_suffix('}')?;
    let shaped = is_stamp(at.as_bytes())
        && events.len() >= 2
        && events.starts_with('[')
        && events.ends_with(']');
    shaped.then_some(Record {
        anchor: Anchor { seq, b3 },
        at,
        epoch,
        by,
        events,
    })
}

/// A number as we write it: no sign, no leading zero.
fn number(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(digits);
    let canonical = digits == "0" || !digits.starts_with('0');
    if canonical {
        Some((digits.parse().ok()?, rest))
    } else {
        None
    }
}

/// A JSON string; only one with an escape costs an allocation.
fn quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let inner = text.strip_prefix('"')?;
    let stop = memchr::memchr2(b'"', b'\\', inner.as_bytes())?;
    if inner.as_bytes()[stop] == b'"' {
        return Some((Cow::Borrowed(&inner[..stop]), &inner[stop + 1..]));
    }
    let end = closing_quote(inner.as_bytes())?;
    let unescaped = serde_json::from_str(&text[..end + 2]).ok()?;
    Some((Cow::Owned(unescaped), &inner[end + 1..]))
}

fn closing_quote(inner: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', inner.get(at..)?)?;
        if inner[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

impl Frame {
    /// The format version that frame 0 names: the first `"format":N` of its events. `None` when it names none.
    ///
    /// A plain search is exact here: inside a JSON string each quote is escaped, so `"format":` can only be a key.
    pub fn format_version(&self) -> Option<u32> {
        format_version(&self.events)
    }
}

pub(crate) fn format_version(events: &str) -> Option<u32> {
    const KEY: &str = "\"format\":";
    let value = events[events.find(KEY)? + KEY.len()..].trim_start();
    let digits = value.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        None
    } else {
        Some(value[..digits].parse().unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LogName;
    use proptest::prelude::*;

    fn draft(by: &str, events: &str) -> Draft {
        Draft {
            at: "2026-11-23T20:15:00.123456Z".into(),
            epoch: 2,
            by: by.into(),
            events: events.into(),
        }
    }

    #[test]
    fn the_line_is_exactly_as_drawn() {
        let key = Hash::root(&LogName::parse("ESS-P-001").unwrap());
        let line = encode(
            &key,
            17,
            &draft("daemon:host:4711", r#"[{"kind":"x","v":1}]"#),
        )
        .unwrap();
        let line = String::from_utf8(line).unwrap();
        let body = r#""seq":17,"at":"2026-11-23T20:15:00.123456Z","epoch":2,"by":"daemon:host:4711","events":[{"kind":"x","v":1}]}"#;
        assert_eq!(
            line,
            format!("{{\"b3\":\"{}\",{body}\n", key.link(body.as_bytes()))
        );
        assert_eq!(&line[PREFIX..line.len() - 1], body);
    }

    #[test]
    fn a_frame_costs_at_most_160_bytes_beside_its_payload() {
        let draft = draft("daemon:a-rather-long-host-name:4194304", "[]");
        let line = encode(&Hash([0; 32]), 1_000_000, &draft).unwrap();
        // Everything but the events; the writer's own name is its own choice.
        assert!(
            line.len() - draft.events.len() - draft.by.len() <= 160,
            "{}",
            line.len()
        );
    }

    #[test]
    fn what_no_reader_could_parse_is_refused() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        let bad = [
            "",
            "[",
            "{}",
            " []",
            "[] ",
            "[\n]",
            "[1,]",
            "[\"\u{1}\"]",
            r#"["\ud800"]"#,
            "[1e999]",
            "[]]",
            &deep,
        ];
        for events in bad {
            let error = encode(&Hash([0; 32]), 0, &draft("a", events)).unwrap_err();
            assert!(
                matches!(error, Error::Invalid { what: "events", .. }),
                "{events}: {error}"
            );
        }
    }

    #[test]
    fn a_time_of_another_shape_and_a_nameless_writer_are_refused() {
        for at in [
            "",
            "2026-11-23T20:15:00Z",
            "2026-11-23 20:15:00.123456Z",
            "2026-11-23T20:15:00.123456+",
        ] {
            let wrong = Draft {
                at: at.into(),
                ..draft("a", "[]")
            };
            assert!(
                matches!(check(&wrong), Err(Error::Invalid { what: "time", .. })),
                "{at}"
            );
        }
        assert!(check(&draft("", "[]")).is_err());
        assert!(check(&draft(&"x".repeat(MAX_BY + 1), "[]")).is_err());
    }

    #[test]
    fn the_format_version_is_the_first_key_of_that_name_and_never_text() {
        assert_eq!(format_version(r#"[{"kind":"x","format":3}]"#), Some(3));
        assert_eq!(format_version(r#"[{"note":"\"format\":9"}]"#), None);
        assert_eq!(
            format_version(r#"[{"format":99999999999}]"#),
            Some(u32::MAX)
        );
        assert_eq!(format_version("[]"), None);
    }

    proptest! {
        #[test]
        fn every_legal_draft_reads_back(seq: u64, epoch: u64, by in "\\PC{1,40}", text in ".{0,80}") {
            let events = serde_json::to_string(&[text]).unwrap();
            let draft = Draft { epoch, ..draft(&by, &events) };
            let line = encode(&Hash([7; 32]), seq, &draft).unwrap();
            let record = decode(&line[..line.len() - 1]).unwrap();
            prop_assert_eq!(record.anchor.seq, seq);
            prop_assert_eq!(record.epoch, epoch);
            prop_assert_eq!(&record.by, &by);
            prop_assert_eq!(record.events, &events);
            prop_assert_eq!(record.at, &draft.at);
            prop_assert_eq!(Hash([7; 32]).link(&line[PREFIX..line.len() - 1]), record.anchor.b3);
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode(&bytes);
            let mut framed = b"{\"b3\":\"".to_vec();
            framed.extend_from_slice(&[b'a'; 64]);
            framed.extend_from_slice(b"\",\"seq\":1,\"at\":\"2026-11-23T20:15:00.123456Z\",\"epoch\":2,\"by\":");
            framed.extend_from_slice(&bytes);
            let _ = decode(&framed);
        }
    }
}
