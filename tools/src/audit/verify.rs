//! Whether a journal is whole: the journal crate's verdict, for reading and for programs.

use std::fmt;

use journal::verify::{Verified, verify_file};
use journal::{Damage, Error as LogError};
use serde_json::{Value, json};

use super::{Result, Target, one_line};

/// What one journal is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every frame follows from the one before.
    Whole(Verified),
    /// The frames before the one named are whole, and nothing from there on is trusted.
    Damaged(Damage),
}

/// Verifies a journal. One that is being written is looked at twice before it is called damaged, since a line
/// may be rolled back and replaced between two reads of it.
///
/// # Errors
/// The environment's.
pub fn verify(target: &Target) -> Result<Verdict> {
    target.check()?;
    match verify_once(target)? {
        Verdict::Damaged(_) => verify_once(target),
        whole => Ok(whole),
    }
}

fn verify_once(target: &Target) -> Result<Verdict> {
    match verify_file(&target.path, &target.name) {
        Ok(verified) => Ok(Verdict::Whole(verified)),
        Err(LogError::Damaged(damage)) => Ok(Verdict::Damaged(*damage)),
        Err(error) => Err(error.into()),
    }
}

impl Verdict {
    /// The damage, if there is any.
    #[must_use]
    pub fn damage(&self) -> Option<&Damage> {
        match self {
            Verdict::Whole(_) => None,
            Verdict::Damaged(damage) => Some(damage),
        }
    }

    /// The verdict on `target` as one JSON object.
    #[must_use]
    pub fn to_json(&self, target: &Target) -> Value {
        let (name, path) = (target.name.as_str(), target.path.display().to_string());
        match self {
            Verdict::Whole(v) => json!({
                "name": name, "path": path, "verdict": "whole", "frames": v.frames, "seq": v.tail.seq,
                "b3": v.tail.b3.to_string(), "bytes": v.bytes, "unfinished": v.unfinished,
            }),
            Verdict::Damaged(d) => json!({
                "name": name, "path": path, "verdict": "damaged", "rule": d.kind.to_string(), "seq": d.seq,
                "offset": d.offset, "detail": d.detail,
            }),
        }
    }
}

/// One line, without the journal's name.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Whole(v) => {
                let (frames, seq, b3, bytes) = (v.frames, v.tail.seq, v.tail.b3, v.bytes);
                write!(
                    f,
                    "whole    {frames} frame(s), {bytes} bytes, tail {seq} {b3}"
                )?;
                match v.unfinished {
                    0 => Ok(()),
                    bytes => write!(f, ", {bytes} unfinished byte(s) behind it"),
                }
            }
            Verdict::Damaged(d) => {
                let (kind, seq, offset) = (d.kind, d.seq, d.offset);
                write!(
                    f,
                    "DAMAGED  at frame {seq}, byte {offset}: {kind}: {}",
                    one_line(&d.detail)
                )
            }
        }
    }
}
