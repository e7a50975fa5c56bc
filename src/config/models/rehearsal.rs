//! How the embedded offline model behaves.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use crate::config::reader::{Field, Section};

/// How the rehearsal model behaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rehearsal {
    /// How long each answer takes.
    pub delay: Duration,
    /// How many productions of each task its QC rejects before it passes one.
    pub reject: u32,
    /// Numbers of the sub-objectives in which it rejects; empty means in all.
    pub reject_in: BTreeSet<u32>,
    /// What its reflection decides after these sub-objectives; `continue` after all others.
    pub outcomes: BTreeMap<u32, RehearsedOutcome>,
}

/// What a rehearsed reflection decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RehearsedOutcome {
    /// `continue`.
    Continue,
    /// `revise-minor`.
    ReviseMinor,
    /// `revise-major`.
    ReviseMajor,
    /// `pause`.
    Pause,
    /// `abort`.
    Abort,
}

impl RehearsedOutcome {
    const ALL: [Self; 5] = [
        Self::Continue,
        Self::ReviseMinor,
        Self::ReviseMajor,
        Self::Pause,
        Self::Abort,
    ];

    /// The word that stands for it in the file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Continue => "continue",
            Self::ReviseMinor => "revise-minor",
            Self::ReviseMajor => "revise-major",
            Self::Pause => "pause",
            Self::Abort => "abort",
        }
    }
}

pub(super) fn read(section: &Section<'_>) -> Rehearsal {
    let delay = section
        .get("delay")
        .and_then(|field| field.duration(Duration::ZERO));
    let reject = section
        .get("reject")
        .and_then(|field| field.count(0..=1000));
    let reject_in = section.get("reject_in").and_then(|field| field.items());
    let numbers = reject_in.unwrap_or_default();
    Rehearsal {
        delay: delay.unwrap_or_default(),
        reject: reject.unwrap_or_default(),
        reject_in: numbers
            .iter()
            .filter_map(|field| field.count(1..=1000))
            .collect(),
        outcomes: section
            .get("outcomes")
            .map(|field| read_outcomes(&field))
            .unwrap_or_default(),
    }
}

fn read_outcomes(field: &Field<'_>) -> BTreeMap<u32, RehearsedOutcome> {
    let words = RehearsedOutcome::ALL.map(|outcome| (outcome.word(), outcome));
    let mut outcomes = BTreeMap::new();
    for (key, entry) in field.entries().unwrap_or_default() {
        let number = key.as_u64().and_then(|number| u32::try_from(number).ok());
        match (number.filter(|number| *number > 0), entry.word(&words)) {
            (Some(number), Some(outcome)) => {
                outcomes.insert(number, outcome);
            }
            (Some(_), None) => {}
            (None, _) => entry.fault("is not the number of a sub-objective, from 1"),
        }
    }
    outcomes
}
