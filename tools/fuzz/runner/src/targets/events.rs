//! What stands in frames: each line is the events of one, decoded, folded, and rendered into every projection.

use projections::{
    codec, files,
    fold::{self, Entry},
    ids::Epoch,
    payload::{Anchor, Digest},
    plan::{FrameMark, Plan},
    time::Timestamp,
};

use super::text;

pub(crate) const WORDS: &[&str] = &[
    "\"kind\":\"",
    "\"v\":1",
    "\"v\":99",
    "PlanDrafted",
    "PlanApproved",
    "PlanClaimed",
    "SubObjectiveStarted",
    "TasksPlanned",
    "ModelCallStarted",
    "ModelCallCompleted",
    "ToolCallStarted",
    "TicketOpened",
    "TicketDecided",
    "18446744073709551615",
    "-9223372036854775808",
    "\"index\":0",
    "\"index\":4294967295",
    "null",
    "\n",
];

/// Folds lines of events into a plan, as far as they are a history, and renders it.
pub fn events(bytes: &[u8]) {
    let mut plan: Option<Plan> = None;
    for (seq, line) in text(bytes).lines().enumerate() {
        let Ok(events) = codec::decode(line) else {
            return;
        };
        let again = codec::decode(&codec::encode(&events)).expect("what was read is written");
        assert!(again == events, "events change when they are written again");
        let entry = Entry {
            mark: FrameMark {
                anchor: Anchor {
                    seq: seq as u64,
                    b3: Digest::of(line.as_bytes()),
                },
                at: Timestamp::from_micros(1_795_000_000_000_000 + seq as i64),
                by: "fuzz".to_owned(),
            },
            epoch: Epoch(plan.as_ref().map_or(0, |plan| plan.epoch.0)),
            events,
        };
        let Ok(next) = fold::apply(plan.take(), &entry) else {
            return;
        };
        render(&next);
        plan = Some(next);
    }
}

fn render(plan: &Plan) {
    let whole = files::whole(plan);
    assert!(whole == files::whole(plan), "one state, two renderings");
    let _ = (
        plan.item_count(),
        plan.committed(),
        plan.attachments().len(),
    );
}
