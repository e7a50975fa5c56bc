//! The machine in memory: its state is the fold of frames that it decides itself, as a daemon's is, and its artifacts
//! lie on a shelf instead of a disk.

use std::{convert::Infallible, sync::Arc};

use projections::{
    codec,
    document::Document,
    event::{Event, PlanRevised},
    fold::{self, Corrupt, Entry},
    ids::{Epoch, TicketId},
    memory::Recalled,
    payload::{Anchor, Digest, Payload},
    plan::{FrameMark, Plan},
    time::Timestamp,
    work::Step,
    yaml::{Mapping, Value},
};

use super::Premise;
use crate::{
    command::{Command, Report},
    decide::{self, Context, Policy, Refusal},
    effect::{self, Effect},
    prompts::{self, Briefing, Exhibit, Ground, Prompt},
};

/// Tickets that the recording has no id for are numbered from here on.
const OWN_TICKETS: u32 = 900_000_000;

/// What today's program would do next.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Next {
    /// Ask a model.
    Ask(Step),
    /// Run a tool that a reply called.
    Tool(String),
    /// Nothing.
    Rest,
}

impl Next {
    /// For people.
    pub(super) fn told(&self) -> String {
        match self {
            Self::Ask(step) => format!("ask {}", step.label()),
            Self::Tool(tool) => format!("run the tool {tool}"),
            Self::Rest => "do nothing".to_owned(),
        }
    }
}

/// The machine.
pub(super) struct Stage {
    plan: Plan,
    ground: Arc<Ground>,
    tool_less: Vec<String>,
    policy: Policy,
    now: Timestamp,
    by: String,
    /// Ids that the recording gives to tickets in the frame at hand.
    tickets: Vec<TicketId>,
    /// Whether a runner of this stage has the plan.
    claimed: bool,
    /// What the recorded call at hand was given from the team's memory: the memory itself has moved on since.
    recalled: Option<Recalled>,
}

impl Stage {
    /// A plan that begins with these events.
    pub(super) fn begin(first: Entry, premise: &Premise) -> Result<Self, Corrupt> {
        let (now, by) = (first.mark.at, first.mark.by.clone());
        Ok(Self {
            plan: fold::apply(None, &first)?,
            ground: premise.ground.clone(),
            tool_less: premise.tool_less.clone(),
            policy: premise.policy.clone(),
            now,
            by,
            tickets: Vec::new(),
            claimed: false,
            recalled: None,
        })
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Takes time, writer and ids of tickets from a recorded frame.
    pub(super) fn turn_to(&mut self, entry: &Entry) {
        self.now = self.now.max(entry.mark.at);
        self.by.clone_from(&entry.mark.by);
        let opened = entry.events.iter().filter_map(|event| match event {
            Event::TicketOpened(e) => Some(e.ticket.clone()),
            _ => None,
        });
        self.tickets = opened.collect();
    }

    /// Decides what a person or a tick asks, and folds it.
    pub(super) fn submit(&mut self, command: &Command) -> Result<Vec<Event>, Refusal> {
        self.decide(command, None)
    }

    /// Decides what this stage's runner reports, and folds it.
    pub(super) fn report(&mut self, report: Report) -> Result<Vec<Event>, Refusal> {
        self.decide(&Command::Runner(report), Some(self.plan.epoch))
    }

    fn decide(&mut self, command: &Command, runner: Option<Epoch>) -> Result<Vec<Event>, Refusal> {
        let mut context = Context {
            now: self.now,
            by: self.by.clone(),
            runner,
            chance: 0,
            ticket: None,
            policy: self.policy.clone(),
        };
        let events = match decide::decide(&self.plan, command, &context) {
            Err(Refusal::NeedsTicket) => {
                context.ticket = Some(self.ticket());
                decide::decide(&self.plan, command, &context)?
            }
            decided => decided?,
        };
        self.append(&events);
        Ok(events)
    }

    fn ticket(&mut self) -> TicketId {
        let new = |id: &TicketId| !self.plan.tickets.contains_key(id);
        let recorded = self.tickets.iter().find(|id| new(id)).cloned();
        let count = u32::try_from(self.plan.tickets.len()).unwrap_or_default();
        recorded.unwrap_or_else(|| TicketId::new(self.plan.project.clone(), OWN_TICKETS + count))
    }

    /// Folds a frame as any reader of a journal would: from its text.
    fn append(&mut self, events: &[Event]) {
        let epoch = decide::epoch_of(&self.plan, events);
        let text = codec::encode(events);
        let anchor = Anchor {
            seq: self.plan.head_frame.anchor.seq + 1,
            b3: Digest::of(text.as_bytes()),
        };
        let entry = Entry {
            mark: FrameMark {
                anchor,
                at: self.now,
                by: self.by.clone(),
            },
            epoch,
            events: codec::decode(&text).expect("what was encoded can be decoded"),
        };
        let after = fold::apply(Some(self.plan.clone()), &entry);
        self.plan = after.expect("decide emits only events that fold accepts");
        self.claimed &= self.plan.is_at_work();
    }

    /// Takes the plan, unless a runner of this stage has it: runners that the recording lost are not lost here.
    pub(super) fn claim(&mut self) -> Result<(), Refusal> {
        if !self.claimed {
            self.submit(&Command::Claim)?;
            self.claimed = self.plan.is_at_work();
        }
        Ok(())
    }

    /// What is next: `wanted`, if that is due, else the first that is.
    pub(super) fn next(&mut self, wanted: Option<&Step>) -> Next {
        let due = effect::due(&self.plan, self.now, self.policy.parallel).effects;
        let is_wanted = |effect: &&Effect| match effect {
            Effect::CallModel { step } => Some(step) == wanted,
            Effect::RunTool { .. } | Effect::CollectArtifacts { .. } => false,
        };
        match due.iter().find(is_wanted).or(due.first()) {
            Some(Effect::CallModel { step }) => Next::Ask(step.clone()),
            Some(Effect::RunTool { call, .. }) => Next::Tool(call.tool.clone()),
            Some(Effect::CollectArtifacts { .. }) | None => Next::Rest,
        }
    }

    /// Today's prompt to `step`; `artifacts` are the files of its task.
    pub(super) fn prompt(&self, step: &Step, artifacts: Vec<Exhibit>) -> Option<Prompt> {
        let inline = &mut |payload: &Payload| Ok::<_, Infallible>(text(payload));
        let Ok(briefing) = self.briefing(&self.plan, step, artifacts, inline);
        prompts::prompt(&self.plan, step, &briefing).ok()
    }

    /// What `step` of `plan` is asked with on this ground, as a daemon puts it together.
    pub(super) fn briefing<E>(
        &self,
        plan: &Plan,
        step: &Step,
        artifacts: Vec<Exhibit>,
        resolve: &mut dyn FnMut(&Payload) -> Result<String, E>,
    ) -> Result<Briefing, E> {
        let agent = prompts::agent(plan, step, &self.ground);
        let briefing = Briefing::of(plan, step, &self.ground, artifacts, resolve)?;
        Ok(Briefing {
            no_tools: self.tool_less.iter().any(|name| name == agent),
            recalled: briefing.recalled.or_else(|| self.recalled.clone()),
            ..briefing
        })
    }

    /// Takes what the memory gives from a recorded call.
    pub(super) fn recall(&mut self, recalled: Option<&Recalled>) {
        self.recalled = recalled.cloned();
    }

    /// A revision of the plan's text by hand; `released` if the same edit let the plan go on.
    pub(super) fn revise(&mut self, e: &PlanRevised, released: bool) -> Result<(), Refusal> {
        let base = self.document();
        let mut edited = base.clone();
        if let Some(head) = &e.head {
            edited.head.clone_from(head);
        }
        if let Some(body) = &e.body {
            edited.body.clone_from(body);
        }
        if released {
            edited.values.insert("status".into(), "approved".into());
        }
        let (base, edited) = (Box::new(base), Box::new(edited));
        match self.submit(&Command::Edit { base, edited }) {
            // The stage's text was that already.
            Err(Refusal::Edit(decide::EditFault::Nothing)) => Ok(()),
            decided => decided.map(drop),
        }
    }

    /// The plan's file, as far as an edit of its text is judged by it.
    fn document(&self) -> Document {
        let status = self.plan.status.name();
        let seen = vec![Value::Null; self.plan.transitions.len()];
        let mut values = Mapping::new();
        values.insert("status".into(), status.as_str().into());
        values.insert("status_transitions".into(), Value::Sequence(seen));
        Document {
            head: self.plan.head.clone(),
            values,
            body: self.plan.body.clone(),
        }
    }
}

/// A text of this stage's own frames: they keep every text inline.
fn text(payload: &Payload) -> String {
    match payload {
        Payload::Text(text) => text.clone(),
        Payload::Blob(_) => unreachable!("only a vault moves texts out of frames"),
    }
}
