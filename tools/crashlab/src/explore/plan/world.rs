//! One plan, its runner and its operator, cheap to copy: every frame goes through the codec and the fold as on disk,
//! and the promises are asked of each.

use std::{collections::BTreeMap, sync::Arc};

use modulatio::{
    command::{Command, Report},
    decide::{self, Context, Policy, Refusal},
};
use projections::{
    codec,
    event::{Event, Reserved, ToolUse},
    fold::{self, Entry},
    ids::{CallId, Epoch, TaskId, TicketId},
    payload::{Anchor, Digest},
    plan::{FrameMark, Plan},
    time::{MicroUsd, Timestamp},
    work::Step,
};

use crate::promises::{Ledger, Rules};

/// The worst case of every call.
pub(super) const WORST: Reserved = Reserved {
    tokens: 1_000,
    cost: Some(MicroUsd(10_000)),
};

/// What a runner waits for.
#[derive(Clone, Debug)]
pub(super) enum Flying {
    Call(CallId, Step),
    Tool(TaskId, ToolUse),
}

/// How a plan is set up.
#[derive(Debug)]
pub(super) struct Setting {
    pub(super) name: &'static str,
    pub(super) policy: Policy,
    /// What each task of a sub-objective needs, by number.
    pub(super) needs: &'static [&'static [usize]],
}

/// A frame and those before it.
struct Frames {
    before: Option<Arc<Frames>>,
    mark: FrameMark,
    epoch: Epoch,
    text: String,
}

#[derive(Clone)]
pub(in crate::explore) struct World {
    pub(super) setting: Arc<Setting>,
    pub(super) plan: Plan,
    frames: Arc<Frames>,
    /// Stands still but when somebody waits, so that the order of deeds leaves no trace.
    pub(super) now: Timestamp,
    /// Whether the runner of the last claim lives.
    pub(super) runs: bool,
    pub(super) flying: Vec<Flying>,
    /// What lies below `artifacts/`.
    pub(super) disk: BTreeMap<String, String>,
    ledger: Ledger,
    tickets: u32,
}

/// What came of a command.
pub(super) enum Heard {
    Done,
    Refused(Refusal),
}

impl World {
    pub(super) fn begin(setting: Arc<Setting>, events: Vec<Event>) -> Result<Self, String> {
        let now = Timestamp::parse("2026-11-23T20:00:00Z").expect("a time");
        let mark = mark(0, now, "cli:anna");
        let epoch = Epoch::default();
        let text = codec::encode(&events);
        let entry = Entry {
            mark: mark.clone(),
            epoch,
            events,
        };
        let plan = fold::apply(None, &entry).map_err(|why| why.to_string())?;
        Ok(Self {
            setting,
            plan,
            frames: Arc::new(Frames {
                before: None,
                mark,
                epoch,
                text,
            }),
            now,
            runs: false,
            flying: Vec::new(),
            disk: BTreeMap::new(),
            ledger: Ledger::default(),
            tickets: 0,
        })
    }

    pub(super) fn operator(&mut self, command: &Command) -> Result<Heard, String> {
        self.submit(command, "cli:anna", None)
    }

    /// A report of the runner that lives.
    pub(super) fn report(&mut self, report: Report) -> Result<Heard, String> {
        let epoch = self.plan.epoch;
        self.submit(&Command::Runner(report), "daemon:host:1", Some(epoch))
    }

    pub(super) fn submit(
        &mut self,
        command: &Command,
        by: &str,
        runner: Option<Epoch>,
    ) -> Result<Heard, String> {
        let mut decided = self.decide(command, by, runner, None);
        if decided == Err(Refusal::NeedsTicket) {
            self.tickets += 1;
            let ticket = TicketId::new(self.plan.project.clone(), self.tickets);
            decided = self.decide(command, by, runner, Some(ticket));
        }
        match decided {
            Err(refusal) => Ok(Heard::Refused(refusal)),
            Ok(events) if events.is_empty() => {
                Err(format!("{command:?} was taken and left no fact"))
            }
            Ok(events) => {
                self.append(&events, by)?;
                Ok(Heard::Done)
            }
        }
    }

    /// What the rules make of a command here, without a frame.
    pub(super) fn decide(
        &self,
        command: &Command,
        by: &str,
        runner: Option<Epoch>,
        ticket: Option<TicketId>,
    ) -> Result<Vec<Event>, Refusal> {
        let context = Context {
            now: self.now,
            by: by.to_owned(),
            runner,
            chance: u32::MAX,
            ticket,
            policy: self.setting.policy.clone(),
        };
        decide::decide(&self.plan, command, &context)
    }

    fn append(&mut self, events: &[Event], by: &str) -> Result<(), String> {
        let mark = mark(self.plan.head_frame.anchor.seq + 1, self.now, by);
        let epoch = decide::epoch_of(&self.plan, events);
        let text = codec::encode(events);
        let events = codec::decode(&text).map_err(|why| format!("{why:?} in {text}"))?;
        let entry = Entry {
            mark: mark.clone(),
            epoch,
            events,
        };
        let after = fold::apply(Some(self.plan.clone()), &entry).map_err(|why| why.to_string())?;
        let before = std::mem::replace(&mut self.plan, after);
        self.frames = Arc::new(Frames {
            before: Some(self.frames.clone()),
            mark,
            epoch,
            text,
        });
        let rules = Rules {
            now: self.now,
            parallel: self.setting.policy.parallel,
            default_caps: self.setting.policy.default_caps,
        };
        let held = self.ledger.check(&before, &self.plan, &entry.events, rules);
        held.map_err(|broken| format!("{broken}, by the frame {}", self.frames.text))
    }

    /// All that the future depends on, as text: not when and by whom frames were written, nor how many there are.
    pub(super) fn essence(&self) -> String {
        let plan = &self.plan;
        let mut run = plan.run.clone();
        for task in run.iter_mut().flat_map(|run| &mut run.tasks) {
            task.found_in = None;
        }
        let tickets: Vec<_> = plan
            .tickets
            .iter()
            .map(|(id, ticket)| {
                let answer = ticket.answer.as_ref().map(|answer| answer.decision);
                let withdrawn = ticket.withdrawn.is_some();
                (
                    id,
                    &ticket.subject,
                    ticket.digest,
                    ticket.for_information,
                    withdrawn,
                    answer,
                )
            })
            .collect();
        let place = (
            self.setting.name,
            plan.status.name(),
            &plan.status,
            plan.epoch,
            plan.barren_claims,
        );
        let text = (
            &plan.body,
            &plan.items,
            plan.caps,
            plan.current_index,
            &plan.wishes,
        );
        let done = (
            &plan.reflections,
            &plan.finished,
            plan.kickoffs.len(),
            &plan.quality_report,
        );
        let team = (&plan.team_state, &plan.notes, &plan.judged, &plan.unknown);
        let own = (
            self.now,
            self.runs,
            &self.flying,
            &self.disk,
            &self.ledger,
            self.tickets,
        );
        format!(
            "{:?}",
            (place, text, done, team, run, &plan.calls, tickets, own)
        )
    }

    /// Folds all frames anew, from their text.
    pub(super) fn check_replay(&self) -> Result<(), String> {
        let mut all = Vec::new();
        let mut next = Some(&self.frames);
        while let Some(frame) = next {
            all.push(frame);
            next = frame.before.as_ref();
        }
        let mut plan = None;
        for frame in all.into_iter().rev() {
            let events = codec::decode(&frame.text).map_err(|why| format!("{why:?}"))?;
            let entry = Entry {
                mark: frame.mark.clone(),
                epoch: frame.epoch,
                events,
            };
            plan = Some(fold::apply(plan, &entry).map_err(|why| why.to_string())?);
        }
        let plan = plan.expect("a plan has a first frame");
        if format!("{plan:?}") == format!("{:?}", self.plan) {
            Ok(())
        } else {
            Err("replaying the frames gives another state".to_owned())
        }
    }
}

fn mark(seq: u64, at: Timestamp, by: &str) -> FrameMark {
    FrameMark {
        anchor: Anchor {
            seq,
            b3: Digest([0; 32]),
        },
        at,
        by: by.to_owned(),
    }
}
