//! Long text inside an event: inline while it is short, else named by its content address.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, DeserializeSeed},
};

/// The largest text, in bytes, that stands in a frame. Longer text goes to the blob store first.
pub const INLINE_LIMIT: usize = 64 * 1024;

/// 32 bytes of BLAKE3, printed as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }

    /// Reads 64 hex digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        blake3::Hash::from_hex(text)
            .ok()
            .map(|hash| Self(*hash.as_bytes()))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = crate::codec::Word.deserialize(from)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not 64 hex digits"))
    }
}

/// The place of one frame, as a projection remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anchor {
    /// The frame's number.
    pub seq: u64,
    /// The frame's hash.
    pub b3: Digest,
}

/// Text of any length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// The text itself; at most [`INLINE_LIMIT`] bytes once it is in a frame.
    Text(String),
    /// The address of the text in the project's blob store.
    Blob(BlobRef),
}

/// A content address with a length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobRef {
    /// BLAKE3 of the content.
    pub b3: Digest,
    /// Its length.
    pub bytes: u64,
}

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => out.serialize_str(text),
            Self::Blob(blob) => blob.serialize(out),
        }
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader)
    }
}

/// Tells a string from a reference without buffering either.
struct Reader;

impl<'de> de::Visitor<'de> for Reader {
    type Value = Payload;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, or {b3, bytes}")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Payload, E> {
        Ok(Payload::Text(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Payload, E> {
        Ok(Payload::Text(text))
    }

    fn visit_map<M: de::MapAccess<'de>>(self, map: M) -> Result<Payload, M::Error> {
        BlobRef::deserialize(de::value::MapAccessDeserializer::new(map)).map(Payload::Blob)
    }
}
