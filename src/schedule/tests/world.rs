//! One job, its schedule folded frame by frame, and the plans that were made for it.

use std::collections::BTreeSet;

use projections::{
    event::Caps,
    ids::{JobId, PlanId, ProjectCode},
    payload::{Anchor, Digest},
    schedule::{
        self as facts, Approval, CatchUp, Definition, Event, Fact, Job, Overlap, Schedule, Skip, V1,
    },
    time::Timestamp,
};

use crate::schedule::{Change, Refused, change, due};

pub(super) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// On the 24th of November 2026, UTC, at so many hours and minutes; `24:00` and more are the days after.
pub(super) fn clock(text: &str) -> Timestamp {
    let (hours, minutes) = text.split_once(':').unwrap();
    let minutes = minutes.parse::<i64>().unwrap() + 60 * hours.parse::<i64>().unwrap();
    at("2026-11-24T00:00:00Z").plus_seconds(60 * minutes)
}

/// A job at every full hour.
pub(super) fn hourly() -> Definition {
    Definition {
        objective: "Look around.".to_owned(),
        template: None,
        schedule: "0 * * * *".to_owned(),
        tz: "UTC".to_owned(),
        overlap: Overlap::Skip,
        catch_up: CatchUp::Last,
        catch_up_window_s: 86_400,
        jitter_s: 0,
        until: None,
        count: None,
        caps: Caps::default(),
        approve: Approval::Auto,
        origin: None,
    }
}

pub(super) fn project() -> ProjectCode {
    "ESS".parse().unwrap()
}

pub(super) fn first_job() -> JobId {
    JobId::new(project(), 1)
}

/// A schedule, and which plans of it have not ended.
#[derive(Clone, Debug, Default)]
pub(super) struct World {
    pub(super) schedule: Schedule,
    pub(super) running: BTreeSet<PlanId>,
    frames: u64,
    plans: u32,
}

impl World {
    /// With one job, added then.
    pub(super) fn with(definition: Definition, added: Timestamp) -> Self {
        let mut world = Self::default();
        let add = Change::Add(project(), Box::new(definition));
        world.change(&add, added).unwrap();
        world
    }

    pub(super) fn job(&self) -> &Job {
        &self.schedule.jobs[&first_job()]
    }

    /// Appends a frame, as the journal does: never earlier than the one before.
    pub(super) fn append(&mut self, now: Timestamp, events: &[Event]) {
        let text = facts::encode(events);
        let read: Vec<Fact> = facts::decode(&text).unwrap();
        let anchor = Anchor {
            seq: self.frames,
            b3: Digest::of(&self.frames.to_le_bytes()),
        };
        let at = now.max(self.schedule.at);
        facts::apply(&mut self.schedule, anchor, at, "test", &read)
            .unwrap_or_else(|corrupt| panic!("{corrupt}: {events:#?}"));
        self.frames += 1;
    }

    pub(super) fn change(
        &mut self,
        wanted: &Change,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refused> {
        let events = change(&self.schedule, wanted, now)?;
        self.append(now, &events);
        Ok(events)
    }

    /// One answer, appended; its claims are not settled.
    pub(super) fn ask(&mut self, now: Timestamp) -> Vec<Event> {
        let running = self.running.clone();
        let events = due(self.job(), now, &|plan| running.contains(plan)).unwrap();
        if !events.is_empty() {
            self.append(now, &events);
        }
        events
    }

    /// Makes the plans of all claimed slots; they run from now on.
    pub(super) fn settle(&mut self, now: Timestamp) {
        let slots: Vec<Timestamp> = self.job().claimed.keys().copied().collect();
        for slot in slots {
            self.plans += 1;
            let plan = PlanId::mint(project(), self.plans);
            self.running.insert(plan.clone());
            let (v, job) = (V1, first_job());
            self.append(now, &[Event::SlotFired { v, job, slot, plan }]);
        }
    }

    /// Asks until nothing is due, as a daemon does; the plans of what is claimed run on.
    pub(super) fn look(&mut self, now: Timestamp) -> Vec<Event> {
        let mut all = Vec::new();
        loop {
            let events = self.ask(now);
            if events.is_empty() {
                return all;
            }
            all.extend(events);
            self.settle(now);
        }
    }

    /// All plans have ended.
    pub(super) fn end_plans(&mut self) {
        self.running.clear();
    }
}

/// `HH:MM`, after midnight of the 24th.
fn hours(slot: Timestamp) -> String {
    let minutes = slot.micros_since(clock("0:00")) / 60_000_000;
    let rest = slot.micros() % 60_000_000;
    let rest = if rest == 0 {
        String::new()
    } else {
        format!("+{rest}us")
    };
    format!("{:02}:{:02}{rest}", minutes / 60, minutes % 60)
}

/// Events in a few words each.
pub(super) fn told(events: &[Event]) -> Vec<String> {
    let one = |event: &Event| match event {
        Event::SlotClaimed {
            slot, manual: true, ..
        } => format!("by hand {}", hours(*slot)),
        Event::SlotClaimed { slot, .. } => format!("claimed {}", hours(*slot)),
        Event::SlotQueued { slot, .. } => format!("queued {}", hours(*slot)),
        Event::SlotsSkipped {
            first,
            last,
            count,
            reason,
            ..
        } => {
            let (first, last) = (hours(*first), hours(*last));
            format!("{first}-{last} x{count} {}", reason_of(reason))
        }
        Event::JobEnded { reason, .. } => format!("ended {reason:?}"),
        Event::ScheduleOpened { .. } => "opened".to_owned(),
        Event::JobAdded { .. } => "added".to_owned(),
        Event::JobChanged { .. } => "changed".to_owned(),
        Event::JobEnabled { .. } => "enabled".to_owned(),
        Event::JobDisabled { .. } => "disabled".to_owned(),
        Event::JobRemoved { .. } => "removed".to_owned(),
        Event::SlotFired { slot, .. } => format!("fired {}", hours(*slot)),
        Event::SlotFailed { slot, .. } => format!("failed {}", hours(*slot)),
    };
    events.iter().map(one).collect()
}

fn reason_of(reason: &Skip) -> String {
    match reason {
        Skip::Overlap { plan: Some(plan) } => format!("overlap {plan}"),
        Skip::Overlap { plan: None } => "overlap".to_owned(),
        other => serde_json::to_value(other).unwrap()["reason"]
            .as_str()
            .unwrap()
            .to_owned(),
    }
}
