//! Hashes as people and JSON see them, and the two ways a hash comes to be.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Error, Hash, LogName};

/// Context string of frame 0's key. Changing it changes every journal: it belongs to the format's version.
const CONTEXT: &str = "modulatio journal v1";

impl Hash {
    /// The plain BLAKE3 of `bytes`: a content address.
    pub fn of(bytes: &[u8]) -> Hash {
        Hash(*blake3::hash(bytes).as_bytes())
    }

    /// The key of frame 0 of the log called `name`.
    pub fn root(name: &LogName) -> Hash {
        Hash(blake3::derive_key(CONTEXT, name.as_str().as_bytes()))
    }

    /// The keyed BLAKE3 of `bytes`, with this hash as the key: the next link of the chain.
    pub fn link(&self, bytes: &[u8]) -> Hash {
        Hash(*blake3::keyed_hash(&self.0, bytes).as_bytes())
    }

    /// Reads 64 lowercase hex digits; anything else, capitals included, is none.
    pub(crate) fn from_hex(hex: &[u8]) -> Option<Hash> {
        let hex: &[u8; 64] = hex.try_into().ok()?;
        let mut bytes = [0_u8; 32];
        let mut wrong = 0;
        for (byte, pair) in bytes.iter_mut().zip(hex.as_chunks::<2>().0) {
            let (high, low) = (NIBBLES[usize::from(pair[0])], NIBBLES[usize::from(pair[1])]);
            wrong |= high | low;
            *byte = high << 4 | low;
        }
        if wrong & NOT_HEX == 0 {
            Some(Hash(bytes))
        } else {
            None
        }
    }

    /// Its 64 lowercase hex digits.
    pub(crate) fn to_hex(self) -> [u8; 64] {
        // By calculation, which the compiler does for many digits at once: verifying writes 64 of them a frame.
        let digit = |value: u8| value + b'0' + u8::from(value > 9) * (b'a' - b'9' - 1);
        let mut hex = [0_u8; 64];
        for (pair, byte) in hex.as_chunks_mut::<2>().0.iter_mut().zip(self.0) {
            *pair = [digit(byte >> 4), digit(byte & 15)];
        }
        hex
    }
}

/// Marks what is not a lowercase hex digit; a digit's value has only the low four bits.
const NOT_HEX: u8 = 0x80;

/// The value of each hex digit. Verifying reads 64 of them a frame, and a table has no branches to miss.
const NIBBLES: [u8; 256] = {
    let mut table = [NOT_HEX; 256];
    let mut value = 0;
    while value < 16 {
        table[b"0123456789abcdef"[value as usize] as usize] = value;
        value += 1;
    }
    table
};

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(std::str::from_utf8(&self.to_hex()).expect("hex digits are ASCII"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = Error;

    fn from_str(hex: &str) -> Result<Hash, Error> {
        Hash::from_hex(hex.as_bytes()).ok_or_else(|| {
            Error::invalid("hash", format!("{hex:?} is not 64 lowercase hex digits"))
        })
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Hash, D::Error> {
        let hex = std::borrow::Cow::<'de, str>::deserialize(from)?;
        hex.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_reads_back_as_it_prints() {
        let hash = Hash::of(b"modulatio");
        assert_eq!(hash.to_string().parse::<Hash>().unwrap(), hash);
        let json = serde_json::to_string(&hash).unwrap();
        assert_eq!(json, format!("\"{hash}\""));
        assert_eq!(serde_json::from_str::<Hash>(&json).unwrap(), hash);
    }

    #[test]
    fn capitals_and_wrong_lengths_are_not_hashes() {
        let hex = Hash::of(b"x").to_string();
        assert!(hex.to_uppercase().parse::<Hash>().is_err());
        assert!(hex[1..].parse::<Hash>().is_err());
        assert!(format!("{hex}0").parse::<Hash>().is_err());
    }

    #[test]
    fn two_names_have_two_roots() {
        let root = |name| Hash::root(&LogName::parse(name).unwrap());
        assert_ne!(root("ESS-P-001"), root("ESS-P-002"));
    }
}
