//! What operators said, and whether the journal has it: every word in one frame, or refused with its reason.

use std::collections::BTreeMap;

use projections::event::Event;

use super::{History, Ran};

/// What somebody said.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    /// To which plan.
    pub(crate) plan: String,
    pub(crate) said: String,
    /// A text, or a number, that no other word has.
    pub(crate) mark: String,
    pub(crate) fate: Fate,
}

/// What they were told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Applied,
    /// With a message.
    Refused(String),
    /// Its command was killed: it counts, or does not.
    Killed,
    /// An end that a command must not have here.
    Odd(String),
}

impl Fate {
    /// Of a command that was perhaps to die.
    pub(crate) fn of(ran: &Ran, dies: bool) -> Self {
        match (ran.signal, ran.code) {
            (Some(9), _) if dies => Self::Killed,
            (None, Some(0)) => Self::Applied,
            (None, Some(6)) => Self::Refused(ran.err.clone()),
            _ => Self::Odd(format!("{ran:?}")),
        }
    }
}

/// Everything that is wrong with what the history has of these words, all of them said to its plan.
pub(crate) fn faults<'a>(
    history: &History,
    words: impl IntoIterator<Item = &'a Word>,
) -> Vec<String> {
    let mut faults = Vec::new();
    let mut marked = marks(history);
    for word in words {
        let count = marked.remove(&word.mark).unwrap_or(0);
        let said = &word.said;
        match (&word.fate, count) {
            (Fate::Applied, 1) | (Fate::Killed, 0 | 1) => {}
            (Fate::Refused(why), 0) if why.contains("error: ") => {}
            (Fate::Refused(why), 0) => faults.push(format!("{said} was refused with {why:?}")),
            (Fate::Odd(how), _) => faults.push(format!("{said} ended with {how}")),
            (fate, count) => faults.push(format!("{said} is {fate:?} and in {count} frames")),
        }
    }
    for (mark, _) in marked {
        faults.push(format!("somebody said {mark:?}, and nobody knows who"));
    }
    faults
}

/// In how many frames each mark stands.
fn marks(history: &History) -> BTreeMap<String, usize> {
    let mut marks = BTreeMap::new();
    for (entry, event) in &history.entries {
        if !entry.mark.by.starts_with("cli:") {
            continue;
        }
        let mark = match event {
            Event::PlanApproved(e) => Some(e.note.clone()),
            Event::PlanResumed(e) => Some(e.note.clone()),
            Event::PlanPaused(e) => Some(e.note.clone()),
            Event::PlanDeclined(e) => Some(e.note.clone()),
            Event::PlanCancelled(e) => Some(e.note.clone()),
            Event::PlanAborted(e) => e.summary.split_once(": ").map(|(_, note)| note.to_owned()),
            Event::CapsChanged(e) => e.caps.max_tokens.map(|tokens| tokens.to_string()),
            _ => None,
        };
        if let Some(mark) = mark.filter(|mark| !mark.is_empty()) {
            *marks.entry(mark).or_default() += 1;
        }
    }
    marks
}
