//! Names of things. Each is parsed once, at the edge, and prints as people write it; no path is ever built
//! from text that did not pass here.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeSeed};

/// A name that does not fit its rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {kind}: {rule}")]
pub struct InvalidId {
    /// What it should have been.
    pub kind: &'static str,
    /// What was given, cut to 80 characters.
    pub text: String,
    /// The rule it breaks.
    pub rule: &'static str,
}

impl InvalidId {
    fn new(kind: &'static str, text: &str, rule: &'static str) -> Self {
        Self {
            kind,
            text: text.chars().take(80).collect(),
            rule,
        }
    }
}

/// Serialises an id as the text it prints, and parses it on the way back.
macro_rules! text_form {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                out.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = crate::codec::Word.deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:?})", stringify!($name), self.to_string())
            }
        }
    };
}

/// A project's code, `ESS`: a letter, then letters, digits or `_`, 32 at most. Its directory is the code in
/// lower case; case does not distinguish two codes.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProjectCode(String);

const CODE_RULE: &str = "a letter, then letters, digits or _, 32 characters at most";

impl ProjectCode {
    /// The directory's name inside the vault.
    #[must_use]
    pub fn directory(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl FromStr for ProjectCode {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let mut bytes = text.bytes();
        let fits = text.len() <= 32
            && bytes.next().is_some_and(|b| b.is_ascii_alphabetic())
            && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_');
        if fits {
            Ok(Self(text.to_ascii_uppercase()))
        } else {
            Err(InvalidId::new("project code", text, CODE_RULE))
        }
    }
}

impl fmt::Display for ProjectCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_form!(ProjectCode);

/// How a plan's id was minted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum PlanStyle {
    /// `ESS-P-001`: the operator's guide's style, and ours.
    Short,
    /// `ESS-PLAN-001`: what existing vaults also hold.
    Long,
}

/// A plan's id: `ESS-P-001` (minted here, at least three digits) or `ESS-PLAN-001` (found in existing vaults).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PlanId {
    project: ProjectCode,
    number: u32,
    style: PlanStyle,
    width: u8,
}

const PLAN_RULE: &str = "CODE-P-NUMBER or CODE-PLAN-NUMBER, as in ESS-P-001";

impl PlanId {
    /// Mints the id of a project's `number`-th plan.
    #[must_use]
    pub fn mint(project: ProjectCode, number: u32) -> Self {
        Self {
            project,
            number,
            style: PlanStyle::Short,
            width: 3,
        }
    }

    /// The project that the plan belongs to.
    #[must_use]
    pub fn project(&self) -> &ProjectCode {
        &self.project
    }

    /// Its number within the project.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }
}

impl FromStr for PlanId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = || InvalidId::new("plan id", text, PLAN_RULE);
        let (rest, digits) = text.rsplit_once('-').ok_or_else(invalid)?;
        let (code, style) = rest.rsplit_once('-').ok_or_else(invalid)?;
        let style = match style {
            s if s.eq_ignore_ascii_case("P") => PlanStyle::Short,
            s if s.eq_ignore_ascii_case("PLAN") => PlanStyle::Long,
            _ => return Err(invalid()),
        };
        let decimal = (1..=9).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        let number = if decimal { digits.parse().ok() } else { None };
        Ok(Self {
            project: code.parse().map_err(|_| invalid())?,
            number: number.ok_or_else(invalid)?,
            style,
            width: u8::try_from(digits.len()).map_err(|_| invalid())?,
        })
    }
}

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let style = match self.style {
            PlanStyle::Short => "P",
            PlanStyle::Long => "PLAN",
        };
        write!(
            f,
            "{}-{style}-{:0width$}",
            self.project,
            self.number,
            width = usize::from(self.width)
        )
    }
}

text_form!(PlanId);

/// A ticket's id, `ESS-7`: numbered within its project.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TicketId {
    project: ProjectCode,
    number: u32,
}

impl TicketId {
    /// The project it belongs to.
    #[must_use]
    pub fn project(&self) -> &ProjectCode {
        &self.project
    }

    /// The `number`-th ticket of `project`.
    #[must_use]
    pub fn new(project: ProjectCode, number: u32) -> Self {
        Self { project, number }
    }

    /// Its number within the project.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }
}

impl FromStr for TicketId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = || InvalidId::new("ticket id", text, "CODE-NUMBER, as in ESS-7");
        let (code, digits) = text.rsplit_once('-').ok_or_else(invalid)?;
        Ok(Self {
            project: code.parse().map_err(|_| invalid())?,
            number: canonical(digits).ok_or_else(invalid)?,
        })
    }
}

/// A number as it is printed: digits alone, without a leading zero.
fn canonical(digits: &str) -> Option<u32> {
    let is_printed_so = !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|_| is_printed_so)
}

impl fmt::Display for TicketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.project, self.number)
    }
}

text_form!(TicketId);

/// A job of the vault's schedule, `ESS-C-1`: numbered within the project that its plans belong to.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId {
    project: ProjectCode,
    number: u32,
}

impl JobId {
    /// The `number`-th job of `project`.
    #[must_use]
    pub fn new(project: ProjectCode, number: u32) -> Self {
        Self { project, number }
    }

    /// The project that its plans belong to.
    #[must_use]
    pub fn project(&self) -> &ProjectCode {
        &self.project
    }

    /// Its number within the project.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }
}

impl FromStr for JobId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = || InvalidId::new("job id", text, "CODE-C-NUMBER, as in ESS-C-1");
        let (rest, digits) = text.rsplit_once('-').ok_or_else(invalid)?;
        let (code, style) = rest.rsplit_once('-').ok_or_else(invalid)?;
        if !style.eq_ignore_ascii_case("C") {
            return Err(invalid());
        }
        Ok(Self {
            project: code.parse().map_err(|_| invalid())?,
            number: canonical(digits).ok_or_else(invalid)?,
        })
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-C-{}", self.project, self.number)
    }
}

text_form!(JobId);

/// A short name made of letters, digits and `-_.`: safe in a path, a log line and a header.
macro_rules! label_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let fits = (1..=64).contains(&text.len())
                    && !text.starts_with('.')
                    && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
                if fits {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidId::new($kind, text, "letters, digits, - _ and ., 64 at most"))
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        text_form!($name);
    };
}

label_id!(
    /// One model call, `c0007-s2-t1-qc-1`: unique in its plan, never reused.
    CallId,
    "call id"
);
label_id!(
    /// A task within its plan, `s2-t1`.
    TaskId,
    "task id"
);

label_id!(
    /// One call of a tool, `t00000007`: unique in its plan. Nine letters and digits, the narrowest form that a
    /// provider accepts (Mistral's), so that it can stand in a conversation as it is.
    ToolCallId,
    "tool call id"
);

impl ToolCallId {
    /// The id of a plan's `serial`-th tool call.
    #[must_use]
    pub fn nth(serial: u64) -> Self {
        Self(format!("t{serial:08}"))
    }
}

impl TaskId {
    /// The `number`-th task of sub-objective `index`, both from 1.
    #[must_use]
    pub fn nth(index: u32, number: u32) -> Self {
        Self(format!("s{index}-t{number}"))
    }
}

impl CallId {
    /// The id of a plan's `serial`-th call, made for `label`.
    #[must_use]
    pub fn nth(serial: u64, label: &str) -> Self {
        Self(format!("c{serial:04}-{label}"))
    }
}

/// A fencing epoch: how often the plan has been claimed.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Epoch(pub u64);

impl Epoch {
    /// The epoch of the next claim.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plan_ids_print_as_they_were_written() {
        for text in ["ESS-P-001", "ESS-PLAN-001", "SALES_EU-P-12", "A-P-1000"] {
            assert_eq!(text.parse::<PlanId>().unwrap().to_string(), text);
        }
        assert_eq!(
            "ess-p-007".parse::<PlanId>().unwrap().to_string(),
            "ESS-P-007"
        );
        assert_eq!(
            PlanId::mint("ess".parse().unwrap(), 1).to_string(),
            "ESS-P-001"
        );
    }

    #[test]
    fn paths_and_garbage_are_no_ids() {
        for text in [
            "",
            "..",
            "a/b",
            "../x",
            "ESS",
            "1SS",
            "é",
            "a-b",
            "x".repeat(33).as_str(),
        ] {
            assert!(
                text.parse::<ProjectCode>().is_err() || text == "ESS",
                "{text:?}"
            );
        }
        for text in [
            "ESS-P-",
            "ESS-P-+1",
            "ESS-X-1",
            "../ESS-P-1",
            "ESS-P-1/..",
            "-P-1",
            "ESS-P-9999999999",
        ] {
            assert!(text.parse::<PlanId>().is_err(), "{text:?}");
        }
        for text in ["ESS-0", "ESS-07", "ESS-", "ESS--1", "ESS/1"] {
            assert!(text.parse::<TicketId>().is_err(), "{text:?}");
        }
        for text in ["", "..", ".x", "a/b", "a b", "a\0"] {
            assert!(text.parse::<CallId>().is_err(), "{text:?}");
        }
    }
}
