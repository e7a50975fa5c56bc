//! One line of history: every word in one frame, or refused with its reason.

use std::collections::BTreeMap;

use projections::event::Event;

use crate::ground::{
    History,
    words::{self, Word},
};

/// Everything that is wrong with the history, whose first `before` frames were there before the words.
pub(super) fn faults(history: &History, before: usize, said: &[Word]) -> Vec<String> {
    let mut faults = Vec::new();
    let frames = history.frames();
    let gap = (0..).zip(&frames).find(|(seq, frame)| frame.seq != *seq);
    if let Some((seq, frame)) = gap {
        faults.push(format!("frame {} stands in the place of {seq}", frame.seq));
    }
    faults.extend(words::faults(history, said));
    faults.extend(strangers(history, before));
    faults
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
