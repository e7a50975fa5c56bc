//! The seal of a rendered file: a hash of the file's own text beside the anchor, so that an edit is seen without
//! reading the journal.

use crate::payload::{Anchor, Digest};

/// What the seal of a rendered plan file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seal {
    /// The text is as it was rendered, from the state at this frame.
    Intact(Anchor),
    /// The text was changed since; the anchor is what it still claims, if it can be read.
    Broken(Option<Anchor>),
}

const SEAL_OPENS: &str = "\njournal: {seq: ";
const SEAL_OF_FILE: &str = ", file: ";

/// Bytes of the seal in hex digits: half a BLAKE3, against accidents, not against forgery.
const SEAL_DIGITS: usize = 32;

/// Judges a file by its own text alone: is it as it was rendered?
#[must_use]
pub fn seal_of(text: &str) -> Seal {
    let Some(start) = text.find(SEAL_OPENS) else {
        return Seal::Broken(None);
    };
    let line = text[start + 1..].split('\n').next().unwrap_or_default();
    let Some((anchor, file)) = read_seal(line) else {
        return Seal::Broken(read_anchor(line));
    };
    let cut_at = start + 1 + line.len() - 1 - SEAL_DIGITS - SEAL_OF_FILE.len();
    let unsealed = [&text[..cut_at], &text[start + line.len()..]].concat();
    if Digest::of(unsealed.as_bytes()).to_string()[..SEAL_DIGITS] == *file {
        Seal::Intact(anchor)
    } else {
        Seal::Broken(Some(anchor))
    }
}

fn read_seal(line: &str) -> Option<(Anchor, &str)> {
    let (before, file) = line.strip_suffix('}')?.rsplit_once(SEAL_OF_FILE)?;
    let whole = file.len() == SEAL_DIGITS && file.bytes().all(|b| b.is_ascii_hexdigit());
    whole.then_some((read_anchor(before)?, file))
}

fn read_anchor(line: &str) -> Option<Anchor> {
    let rest = line.strip_prefix(&SEAL_OPENS[1..])?;
    let (seq, rest) = rest.split_once(", b3: ")?;
    Some(Anchor {
        seq: seq.parse().ok()?,
        b3: Digest::parse(rest.get(..64)?)?,
    })
}

/// The `journal` line without its seal.
pub(crate) fn anchor_line(anchor: Anchor) -> String {
    format!("journal: {{seq: {}, b3: {}}}\n", anchor.seq, anchor.b3)
}

/// Puts the seal into a rendered text that holds [`anchor_line`] exactly once in its frontmatter.
pub(crate) fn seal(text: &str, anchor: Anchor) -> String {
    let digest = Digest::of(text.as_bytes()).to_string();
    let line = anchor_line(anchor);
    let open = line.trim_end().trim_end_matches('}');
    text.replacen(
        &line,
        &format!("{open}{SEAL_OF_FILE}{}}}\n", &digest[..SEAL_DIGITS]),
        1,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_breaks_with_any_changed_byte() {
        let anchor = Anchor {
            seq: 4,
            b3: Digest::of(b"x"),
        };
        let text = seal(
            &format!("---\nid: A\n{}---\nbody\n", anchor_line(anchor)),
            anchor,
        );
        assert_eq!(seal_of(&text), Seal::Intact(anchor));
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            if let Ok(changed) = String::from_utf8(bytes) {
                assert!(!matches!(seal_of(&changed), Seal::Intact(_)), "byte {at}");
            }
        }
    }
}
