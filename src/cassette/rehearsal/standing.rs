//! What people did to the recorded plan is done again; and after every frame both plans must stand alike.

use projections::{
    event::{Decision, Event, PauseReason},
    fold::Entry,
    ids::TicketId,
    plan::{Plan, Status},
};

use super::{
    Rehearsal, Stop,
    difference::{standing, step_of},
    inline,
};
use crate::{
    cassette::report::What,
    command::{Change, Command},
};

/// Where a plan stands, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Draft,
    Running,
    Paused,
    Ended,
}

impl Standing {
    pub(super) fn of(plan: &Plan) -> Self {
        match plan.status {
            Status::Draft => Self::Draft,
            Status::Approved | Status::Executing { .. } => Self::Running,
            Status::Paused { .. } => Self::Paused,
            Status::Declined | Status::Cancelled { .. } | Status::Aborted | Status::Done => {
                Self::Ended
            }
        }
    }
}

impl<E> Rehearsal<'_, E> {
    /// What people did to the recorded plan, which is the rehearsed one.
    pub(super) fn rewritten(&mut self, entry: &Entry, event: &Event) -> Result<(), Stop<E>> {
        match event {
            Event::PlanRevised(e) if is_by_hand(entry, event) => {
                let on =
                    |event: &Event| matches!(event, Event::PlanResumed(_) | Event::PlanApproved(_));
                let revised = self.stage.revise(e, entry.events.iter().any(on));
                self.done("the edit of the plan's text", revised)
            }
            Event::CapsChanged(e) => {
                let command = Command::EditBudget {
                    tokens: change(e.caps.max_tokens),
                    cost: change(e.caps.max_cost_usd),
                    minutes: change(e.caps.max_wall_clock_min),
                };
                self.act("the change of caps", &command)
            }
            Event::DraftRequested(e) => {
                let command = Command::RequestDraft {
                    wish: e.wish.clone(),
                    attachments: inline(&e.attachments, self.resolve)?,
                    mandate: e.mandate.clone(),
                };
                self.act("the wish for another draft", &command)
            }
            Event::TicketWithdrawn(e) if asks_again(entry) => self.asked_again(&e.ticket),
            _ => self.decided(entry, event),
        }
    }

    /// A person approved a text that was another by then: the stage withdraws its question, and asks, as well.
    fn asked_again(&mut self, id: &TicketId) -> Result<(), Stop<E>> {
        let ticket = self.stage.plan().tickets.get(id);
        let Some(ticket) = ticket.filter(|ticket| ticket.is_open()) else {
            return Ok(());
        };
        let command = Command::DecideTicket {
            ticket: id.clone(),
            digest: ticket.digest,
            decision: Decision::Approved,
            note: String::new(),
        };
        self.act("the answer to a ticket", &command)
    }

    /// A ticket that the stage has opened too is answered as it was; another's question never came up here.
    pub(super) fn decided(&mut self, entry: &Entry, event: &Event) -> Result<(), Stop<E>> {
        let cancels = |event: &Event| matches!(event, Event::PlanCancelled(_));
        let Event::TicketDecided(e) = event else {
            return Ok(());
        };
        // Cancelling answers every ticket, in one act.
        if entry.events.iter().any(cancels) {
            return Ok(());
        }
        let ticket = self.stage.plan().tickets.get(&e.ticket);
        let Some(ticket) = ticket.filter(|ticket| ticket.is_open()) else {
            return Ok(());
        };
        let command = Command::DecideTicket {
            ticket: e.ticket.clone(),
            digest: ticket.digest,
            decision: e.decision,
            note: e.note.clone(),
        };
        self.act("the answer to a ticket", &command)
    }

    /// After a frame both must stand alike. Where a person or the world moved the recorded plan, the stage follows;
    /// where the machine did, it should have come there itself.
    pub(super) fn stand_alike(&mut self, entry: &Entry) -> Result<(), Stop<E>> {
        use Standing::{Draft, Ended, Paused, Running};
        let (then, now) = (
            Standing::of(&self.recorded),
            Standing::of(self.stage.plan()),
        );
        let by_person = entry.events.iter().any(is_act);
        let note = String::new();
        match (then, now) {
            (Running, Draft | Paused) if by_person => {
                self.act("the approval", &Command::Approve { note })
            }
            (Ended, Draft | Running | Paused) if by_person => {
                self.act("the end", &Command::Cancel { note, cut: false })
            }
            (Paused, Running) => self.follow_into_pause(),
            (Draft | Running | Ended, Paused) => Err(self.pauses(None)),
            (Draft | Running | Paused, Ended) => Err(self.ends()),
            (Ended, Ended) if self.ends_otherwise(by_person) => Err(self.ends()),
            (Ended, Draft | Running) => Err(self.goes_on()),
            (Draft, Draft | Running)
            | (Running, Draft | Running)
            | (Paused, Draft | Paused)
            | (Ended, Ended) => Ok(()),
        }
    }

    pub(super) fn ends_otherwise(&self, by_person: bool) -> bool {
        !by_person && self.recorded.status.name() != self.stage.plan().status.name()
    }

    /// The recorded plan paused: by what replies said, or for a reason that the stage cannot know of.
    pub(super) fn follow_into_pause(&mut self) -> Result<(), Stop<E>> {
        let Status::Paused { reason, note } = &self.recorded.status else {
            return Ok(());
        };
        match reason {
            PauseReason::Body
            | PauseReason::Reflection
            | PauseReason::MajorRevision
            | PauseReason::Blocked
            | PauseReason::Reply => Err(self.goes_on()),
            PauseReason::Operator
            | PauseReason::Model
            | PauseReason::Budget
            | PauseReason::Quarantine
            | PauseReason::Environment
            | PauseReason::Context => {
                let note = note.clone();
                self.act("the pause", &Command::Pause { note })
            }
        }
    }

    /// The recording is over: so should the work be, or wait for a person.
    pub(super) fn end(&mut self) -> Result<(), Stop<E>> {
        let damage = self.recording.fault().map(str::to_owned);
        if Standing::of(self.stage.plan()) != Standing::Running && damage.is_none() {
            return Ok(());
        }
        let next = self.stage.next(None);
        let today = match Standing::of(self.stage.plan()) {
            Standing::Running => next.told(),
            Standing::Draft | Standing::Paused | Standing::Ended => standing(self.stage.plan()),
        };
        let step = step_of(next);
        let prompt = step.as_ref().and_then(|step| self.prompt(step));
        Err(self.diverge(step.as_ref(), What::RecordingEnds { today, damage }, prompt))
    }
}

/// A revision is an operator's unless it follows from the answer to a ticket in the same frame.
fn is_by_hand(entry: &Entry, revision: &Event) -> bool {
    let before = entry.events.iter().take_while(|event| *event != revision);
    !before
        .into_iter()
        .any(|event| matches!(event, Event::TicketDecided(_)))
}

/// Whether a frame does no more than to ask once more.
fn asks_again(entry: &Entry) -> bool {
    let opens = |event: &Event| matches!(event, Event::TicketOpened(_));
    entry.events.iter().any(opens)
}

/// Whether a person did this; a plan that was found as it is counts as put there by one.
fn is_act(event: &Event) -> bool {
    match event {
        Event::PlanPaused(e) => e.reason == PauseReason::Operator,
        _ => matches!(
            event,
            Event::PlanDrafted(_)
                | Event::PlanImported(_)
                | Event::PlanRevised(_)
                | Event::PlanApproved(_)
                | Event::PlanDeclined(_)
                | Event::PlanResumed(_)
                | Event::PlanCancelled(_)
                | Event::CapsChanged(_)
                | Event::DraftRequested(_)
                | Event::TicketWithdrawn(_)
                | Event::TicketDecided(_)
        ),
    }
}

fn change<T>(cap: Option<T>) -> Change<T> {
    cap.map_or(Change::Remove, Change::Set)
}
