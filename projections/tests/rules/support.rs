//! Journals for tests: the golden ones, and short ones made on the spot.

use projections::{
    codec,
    document::{self, Document},
    event::{Event, PlanDrafted, PlanImported},
    fold::{self, Corrupt, Entry},
    found,
    ids::{Epoch, PlanId},
    payload::{Anchor, Digest},
    plan::{FrameMark, Plan},
    time::Timestamp,
};

/// Events as the first program wrote them, and those that came since.
pub(crate) const EVENTS: &str = concat!(
    include_str!("../golden/events-v1.jsonl"),
    include_str!("../golden/events-v2.jsonl"),
    include_str!("../golden/events-v3.jsonl"),
    include_str!("../golden/events-v4.jsonl"),
    include_str!("../golden/events-v5.jsonl"),
    include_str!("../golden/events-memory-v1.jsonl")
);
pub(crate) const HISTORY: &str = include_str!("../golden/history-v1.jsonl");
/// A team's: a draft that failed and one that was edited before it ran, tasks at once, tools of which one was
/// interrupted, redos, a fix, a blocked task, a division, a report.
pub(crate) const OF_A_TEAM: &str = include_str!("../golden/history-v3.jsonl");

pub(crate) const BODY: &str = "\n### Sub-objectives\n\n**1. First** — a.\n\n**2. Second** — b.\n";

/// One event of every kind, some in several forms.
pub(crate) fn every_event() -> Vec<Event> {
    EVENTS.lines().map(event).collect()
}

pub(crate) fn event(line: &str) -> Event {
    codec::decode(&format!("[{line}]")).unwrap().remove(0)
}

/// The golden history's frames.
pub(crate) fn history() -> Vec<Entry> {
    frames(HISTORY)
}

/// The frames of the golden history of a team.
pub(crate) fn of_a_team() -> Vec<Entry> {
    frames(OF_A_TEAM)
}

fn frames(lines: &str) -> Vec<Entry> {
    let lines = (0..).zip(lines.lines());
    lines.map(|(seq, line)| frame(seq, line)).collect()
}

fn frame(seq: u64, line: &str) -> Entry {
    let value: serde_json::Value = serde_json::from_str(line).unwrap();
    Entry {
        mark: FrameMark {
            anchor: anchor(seq),
            at: Timestamp::parse(value["at"].as_str().unwrap()).unwrap(),
            by: value["by"].as_str().unwrap().to_owned(),
        },
        epoch: Epoch(value["epoch"].as_u64().unwrap()),
        events: codec::decode(&value["events"].to_string()).unwrap(),
    }
}

pub(crate) fn anchor(seq: u64) -> Anchor {
    Anchor {
        seq,
        b3: Digest::of(&seq.to_le_bytes()),
    }
}

/// A frame of `events`, one second after the one before it.
pub(crate) fn entry(seq: u64, epoch: u64, events: Vec<Event>) -> Entry {
    let at = Timestamp::parse("2026-11-23T20:00:00Z").unwrap();
    Entry {
        mark: FrameMark {
            anchor: anchor(seq),
            at: at.plus_seconds(i64::try_from(seq).unwrap_or(i64::MAX)),
            by: "test".to_owned(),
        },
        epoch: Epoch(epoch),
        events,
    }
}

pub(crate) fn fold_all(entries: &[Entry]) -> Result<Plan, Corrupt> {
    let mut plan = None;
    for entry in entries {
        plan = Some(fold::apply(plan, entry)?);
    }
    Ok(plan.expect("a history has frames"))
}

/// A drafted plan with this frontmatter and body.
pub(crate) fn drafted(text: &str) -> Plan {
    let document = document::read(text.as_bytes()).unwrap();
    let id: PlanId = "ESS-P-001".parse().unwrap();
    let event = PlanDrafted {
        format: 1,
        project: id.project().clone(),
        plan: id,
        caps: found::caps(&document.values).unwrap(),
        head: document.head,
        body: document.body,
    };
    fold_all(&[entry(0, 0, vec![event.into()])]).unwrap()
}

/// The plan that `document` says it is, recorded as found.
pub(crate) fn imported(id: &str, document: &Document) -> Plan {
    let id: PlanId = id.parse().unwrap();
    let event = PlanImported {
        format: 1,
        project: id.project().clone(),
        head: document.head.clone(),
        body: document.body.clone(),
        caps: found::caps(&document.values).unwrap(),
        found: found::read(
            &id,
            &document.values,
            None,
            projections::payload::Digest::of(b""),
        )
        .unwrap(),
        plan: id,
    };
    fold_all(&[entry(0, 0, vec![event.into()])]).unwrap()
}
