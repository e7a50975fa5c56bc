//! The state that a journal tells, as far as it is whole.

use std::str::FromStr;

use journal::inspect::{Inspected, Verdict, inspect};
use journal::{Frame, LogName};
use projections::{
    codec,
    fold::{self, Entry},
    ids::Epoch,
    payload::{Anchor, Digest},
    plan::{FrameMark, Plan, Ticket},
    time::Timestamp,
};
use serde::Serialize;

use super::{Result, Target};

/// How far to fold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// As far as the journal is whole.
    Tail,
    /// Up to and including this frame.
    Seq(u64),
    /// Everything decided at or before this instant.
    Time(Timestamp),
}

/// A moment as people write it: a frame's number or an RFC 3339 time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At(pub Until);

impl FromStr for At {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<At, String> {
        let seq = text.parse().ok().map(Until::Seq);
        let until = seq.or_else(|| Timestamp::parse(text).ok().map(Until::Time));
        until.map(At).ok_or_else(|| {
            "neither a frame's number nor a time as in 2026-11-23T20:15:00Z".to_owned()
        })
    }
}

/// What is known of a plan at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct State {
    /// The plan.
    pub plan: String,
    /// Its status.
    pub status: String,
    /// Finished sub-objectives.
    pub current_index: u32,
    /// How many the body lists; 0 when it cannot be read.
    pub sub_objectives: u32,
    /// How often it was claimed.
    pub epoch: u64,
    /// Tokens of completed calls.
    pub tokens: u64,
    /// Cost of completed calls, micro-dollars.
    pub cost_micro_usd: u64,
    /// Cost of completed calls, dollars.
    pub cost_usd: String,
    /// Calls that were under way.
    pub calls_in_flight: usize,
    /// Tickets that wait for an answer.
    pub open_tickets: Vec<OpenTicket>,
    /// The last frame that was folded.
    pub seq: u64,
    /// Its hash.
    pub b3: String,
    /// Its time.
    pub at: String,
}

/// A ticket that waits for an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenTicket {
    /// Its id.
    pub id: String,
    /// How urgent.
    pub priority: String,
    /// One line.
    pub title: String,
}

/// The state at a moment, if the plan was begun by then, and why folding stopped short of it, if it did
/// although every line is whole: a history that cannot have happened.
///
/// # Errors
/// The environment's.
pub fn state(target: &Target, until: Until) -> Result<(Option<State>, Option<String>)> {
    target.check()?;
    let folded = fold_until(target, until)?;
    let (plan, fault) = match folded.fault {
        None => (folded.plan, None),
        // A fold that fails leaves no state: once more, up to the frame before.
        Some((seq, why)) => {
            let before = seq.checked_sub(1).map(Until::Seq);
            let again = before.map(|until| fold_until(target, until)).transpose()?;
            (again.and_then(|folded| folded.plan), Some(why))
        }
    };
    Ok((plan.as_ref().map(State::of), fault))
}

#[derive(Default)]
struct Folded {
    plan: Option<Plan>,
    /// Frame and reason.
    fault: Option<(u64, String)>,
    ended: bool,
}

fn fold_until(target: &Target, until: Until) -> Result<Folded> {
    let mut folded = Folded::default();
    inspect(&target.path, &target.name, &mut |line| {
        folded.take(&target.name, until, line);
    })?;
    Ok(folded)
}

impl Folded {
    fn take(&mut self, name: &LogName, until: Until, line: Inspected) {
        match line.frame {
            Some(frame) if line.verdict == Verdict::Good && !self.ended => {
                let seq = frame.anchor.seq;
                if let Err(why) = self.apply(name, until, frame) {
                    self.fault = Some((seq, why));
                    self.ended = true;
                }
            }
            _ => self.ended = true,
        }
    }

    fn apply(
        &mut self,
        name: &LogName,
        until: Until,
        frame: Frame,
    ) -> std::result::Result<(), String> {
        if matches!(until, Until::Seq(last) if frame.anchor.seq > last) {
            self.ended = true;
            return Ok(());
        }
        let seq = frame.anchor.seq;
        let entry = entry_of(frame).map_err(|why| format!("frame {seq}: {why}"))?;
        if matches!(until, Until::Time(last) if entry.mark.at > last) {
            return Ok(());
        }
        let plan = fold::apply(self.plan.take(), &entry).map_err(|why| why.to_string())?;
        if plan.id.to_string() != name.as_str() {
            return Err(format!(
                "frame {seq}: it says it is the journal of {}",
                plan.id
            ));
        }
        self.plan = Some(plan);
        Ok(())
    }
}

fn entry_of(frame: Frame) -> std::result::Result<Entry, String> {
    let events = codec::decode(&frame.events).map_err(|error| error.to_string())?;
    let at = Timestamp::parse(&frame.at).map_err(|error| error.to_string())?;
    let anchor = Anchor {
        seq: frame.anchor.seq,
        b3: Digest(frame.anchor.b3.0),
    };
    let mark = FrameMark {
        anchor,
        at,
        by: frame.by,
    };
    Ok(Entry {
        mark,
        epoch: Epoch(frame.epoch),
        events,
    })
}

impl State {
    fn of(plan: &Plan) -> State {
        let head = &plan.head_frame;
        State {
            plan: plan.id.to_string(),
            status: plan.status.name().to_string(),
            current_index: plan.current_index,
            sub_objectives: plan.item_count(),
            epoch: plan.epoch.0,
            tokens: plan.calls.tokens,
            cost_micro_usd: plan.calls.cost.0,
            cost_usd: plan.calls.cost.to_string(),
            calls_in_flight: plan.calls.in_flight.len(),
            open_tickets: plan
                .open_tickets()
                .map(|(id, ticket)| OpenTicket::of(id, ticket))
                .collect(),
            seq: head.anchor.seq,
            b3: head.anchor.b3.to_string(),
            at: head.at.to_string(),
        }
    }

    /// Label and value of each line for people.
    #[must_use]
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        let mut rows = vec![
            ("plan", self.plan.clone()),
            ("frame", format!("{} {} at {}", self.seq, self.b3, self.at)),
            ("status", self.status.clone()),
            (
                "current_index",
                format!("{} of {}", self.current_index, self.sub_objectives),
            ),
            ("epoch", self.epoch.to_string()),
            ("tokens", self.tokens.to_string()),
            ("cost", format!("${}", self.cost_usd)),
            ("in flight", format!("{} call(s)", self.calls_in_flight)),
            ("open tickets", self.open_tickets.len().to_string()),
        ];
        rows.extend(self.open_tickets.iter().map(|ticket| {
            (
                "",
                format!("{} ({}) {}", ticket.id, ticket.priority, ticket.title),
            )
        }));
        rows
    }
}

impl OpenTicket {
    fn of(id: &projections::ids::TicketId, ticket: &Ticket) -> OpenTicket {
        OpenTicket {
            id: id.to_string(),
            priority: format!("{:?}", ticket.priority).to_lowercase(),
            title: ticket.title.clone(),
        }
    }
}
