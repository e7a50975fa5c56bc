//! What must hold of a journal, whatever was done to its runners.

use std::collections::{BTreeMap, BTreeSet};

use projections::{
    event::{Event, PauseReason},
    fold::Entry,
    payload::Digest,
    plan::{Plan, Status},
};

use super::server::PARALLEL;
use crate::ground::History;

/// Everything that is wrong with it, each in a sentence.
pub(super) fn faults(history: &History) -> Vec<String> {
    let frames = frames(history);
    let mut faults = Vec::new();
    faults.extend(stands_still(&history.plan));
    faults.extend(is_linear(&frames));
    faults.extend(epochs_grow(&frames));
    faults.extend(one_runner_an_epoch(&frames));
    faults.extend(finished_once(history));
    faults.extend(few_in_doubt(&frames));
    faults.extend(nothing_asked_again(history));
    faults
}

/// A frame with its events.
struct Whole<'a> {
    entry: &'a Entry,
    events: Vec<&'a Event>,
}

impl Whole<'_> {
    fn seq(&self) -> u64 {
        self.entry.mark.anchor.seq
    }

    fn count(&self, kind: &str) -> usize {
        self.events.iter().filter(|e| e.kind() == kind).count()
    }
}

fn frames(history: &History) -> Vec<Whole<'_>> {
    let mut frames: Vec<Whole<'_>> = Vec::new();
    for (entry, event) in &history.entries {
        let seq = entry.mark.anchor.seq;
        match frames.last_mut() {
            Some(last) if last.seq() == seq => last.events.push(event),
            Some(_) | None => frames.push(Whole {
                entry,
                events: vec![event],
            }),
        }
    }
    frames
}

/// It has ended, or waits for a person, who can see what for.
fn stands_still(plan: &Plan) -> Option<String> {
    match &plan.status {
        Status::Approved | Status::Executing { .. } => Some(format!(
            "it is {} and nobody works on it",
            plan.status.name()
        )),
        Status::Paused { reason, note } => {
            let asks = plan.open_tickets().next().is_some();
            (!asks && *reason != PauseReason::Operator)
                .then(|| format!("it is paused ({note}) and no ticket is open"))
        }
        Status::Draft
        | Status::Declined
        | Status::Cancelled { .. }
        | Status::Aborted
        | Status::Done => None,
    }
}

fn is_linear(frames: &[Whole<'_>]) -> Option<String> {
    let gap = (0..).zip(frames).find(|(seq, frame)| frame.seq() != *seq);
    gap.map(|(seq, frame)| format!("frame {} stands in the place of {seq}", frame.seq()))
}

fn epochs_grow(frames: &[Whole<'_>]) -> Vec<String> {
    let mut faults = Vec::new();
    let (mut last, mut claims) = (0, 0);
    for frame in frames {
        let epoch = frame.entry.epoch.0;
        claims += frame.count("PlanClaimed") as u64;
        if epoch < last || epoch != claims {
            let seq = frame.seq();
            faults.push(format!(
                "frame {seq} is of epoch {epoch} after {claims} claims and epoch {last}"
            ));
        }
        last = epoch;
    }
    faults
}

/// All that a daemon wrote within an epoch was written by the one that claimed it. One that would claim may ask a person
/// instead, which makes no epoch.
fn one_runner_an_epoch(frames: &[Whole<'_>]) -> Vec<String> {
    let mut claimant = None;
    let mut faults = Vec::new();
    for frame in frames {
        let by = frame.entry.mark.by.as_str();
        if frame.count("PlanClaimed") > 0 {
            claimant = Some(by);
        }
        let asks_instead = frame.events.iter().any(|event| {
            let Event::PlanPaused(e) = event else {
                return false;
            };
            matches!(e.reason, PauseReason::Body | PauseReason::Quarantine)
        });
        if by.starts_with("daemon:") && claimant != Some(by) && !asks_instead {
            let (seq, epoch) = (frame.seq(), frame.entry.epoch.0);
            let kinds: Vec<&str> = frame.events.iter().map(|e| e.kind()).collect();
            faults.push(format!(
                "frame {seq} ({}) was written by {by} in epoch {epoch}, which {claimant:?} had claimed",
                kinds.join(", ")
            ));
        }
    }
    faults
}

/// Sub-objectives are finished one after the other, each once, and all of them when the plan is done.
fn finished_once(history: &History) -> Vec<String> {
    let finished: Vec<u32> = history
        .events()
        .filter_map(|event| match event {
            Event::SubObjectiveFinished(e) => Some(e.index),
            _ => None,
        })
        .collect();
    let count = u32::try_from(finished.len()).unwrap_or(u32::MAX);
    let mut faults = Vec::new();
    if finished != (1..=count).collect::<Vec<_>>() {
        faults.push(format!("its sub-objectives were finished as {finished:?}"));
    }
    if history.plan.status == Status::Done && count != history.plan.item_count() {
        let all = history.plan.item_count();
        faults.push(format!("it is done with {count} of {all} sub-objectives"));
    }
    if history.count("PlanCompleted") > 1 {
        faults.push("it was completed twice".to_owned());
    }
    faults
}

/// A lost runner leaves as many calls in doubt as it may make at a time.
fn few_in_doubt(frames: &[Whole<'_>]) -> Vec<String> {
    let too_many = |frame: &&Whole<'_>| frame.count("ModelCallAbandoned") > PARALLEL;
    let told = |frame: &Whole<'_>| {
        let (seq, count) = (frame.seq(), frame.count("ModelCallAbandoned"));
        format!("frame {seq} puts {count} calls in doubt at once")
    };
    frames.iter().filter(too_many).map(told).collect()
}

/// A question that was answered in the form that it asked for is not asked again, word for word.
fn nothing_asked_again(history: &History) -> Vec<String> {
    let mut asked: BTreeMap<String, Digest> = BTreeMap::new();
    let mut answered: BTreeSet<Digest> = BTreeSet::new();
    let mut faults = Vec::new();
    for event in history.events() {
        match event {
            Event::ModelCallStarted(e) => {
                if answered.contains(&e.prompt_b3) {
                    faults.push(format!("{} asks what was answered before", e.call_id));
                }
                asked.insert(e.call_id.to_string(), e.prompt_b3);
            }
            Event::ModelCallCompleted(e) => {
                answered.extend(asked.get(&e.call_id.to_string()));
            }
            Event::ReplyRejected(e) => {
                if let Some(prompt) = asked.get(&e.call_id.to_string()) {
                    answered.remove(prompt);
                }
            }
            _ => {}
        }
    }
    faults
}

/// Frames in which calls were put in doubt because their runner was lost, stopped or cut.
pub(super) fn cuts(history: &History) -> u64 {
    let frames = frames(history);
    let cut = frames.iter().filter(|f| f.count("ModelCallAbandoned") > 0);
    cut.count() as u64
}
