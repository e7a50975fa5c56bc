//! One line of history: every word in one frame, or refused with its reason.

use std::collections::BTreeMap;

use projections::event::Event;

use crate::ground::History;

/// What somebody said.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) said: String,
    /// A text, or a number, that no other word has.
    pub(super) mark: String,
    pub(super) fate: Fate,
}

/// What they were told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Applied,
    /// With a message.
    Refused(String),
    /// Its command was killed: it counts, or does not.
    Killed,
    /// An end that a command must not have here.
    Odd(String),
}

/// Everything that is wrong with the history, whose first `before` frames were there before the words.
pub(super) fn faults(history: &History, before: usize, words: &[Word]) -> Vec<String> {
    let mut faults = Vec::new();
    let frames = history.frames();
    let gap = (0..).zip(&frames).find(|(seq, frame)| frame.seq != *seq);
    if let Some((seq, frame)) = gap {
        faults.push(format!("frame {} stands in the place of {seq}", frame.seq));
    }
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
    faults.extend(strangers(history, before));
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
            Event::PlanAborted(e) => Some(e.summary.clone()),
            Event::CapsChanged(e) => e.caps.max_tokens.map(|tokens| tokens.to_string()),
            _ => None,
        };
        if let Some(mark) = mark.filter(|mark| !mark.is_empty()) {
            *marks.entry(mark).or_default() += 1;
        }
    }
    marks
}

/// Frames of commands that hold no word, and do not only settle calls that nobody waits for.
fn strangers(history: &History, before: usize) -> Vec<String> {
    let mut by_frame: BTreeMap<u64, Vec<&Event>> = BTreeMap::new();
    for (entry, event) in &history.entries {
        if entry.mark.by.starts_with("cli:") {
            let seq = entry.mark.anchor.seq;
            by_frame.entry(seq).or_default().push(event);
        }
    }
    let said = |event: &&Event| {
        matches!(
            event,
            Event::PlanApproved(_)
                | Event::PlanResumed(_)
                | Event::PlanPaused(_)
                | Event::PlanDeclined(_)
                | Event::PlanCancelled(_)
                | Event::PlanAborted(_)
                | Event::CapsChanged(_)
                | Event::ModelCallAbandoned(_)
        )
    };
    let is_strange =
        |(seq, events): &(u64, Vec<&Event>)| *seq >= before as u64 && !events.iter().any(said);
    let strange = by_frame.into_iter().filter(is_strange);
    strange
        .map(|(seq, events)| format!("frame {seq} of a command holds {events:?}"))
        .collect()
}
