//! Walking a recording frame by frame with the machine beside it: what people did is done again, what models and tools
//! said is said again, and what the machine would ask is compared before it hears the recorded answer.

mod artifacts;
mod difference;
mod pressed;
mod standing;

use std::{collections::BTreeMap, sync::Arc};

use projections::{
    event::{
        Attachment, Event, FORMAT, ModelCallCompleted, ModelCallStarted, PlanDrafted, TaskRouted,
        ToolCallFinished, ToolCallStarted,
    },
    fold::{self, Entry},
    ids::{CallId, TaskId, ToolCallId},
    memory::Recalled,
    payload::Payload,
    plan::{Plan, Status},
};

use super::{
    recording::{Bill, Recording},
    report::{Divergence, Report, What},
    stage::{Next, Stage},
};
use crate::{
    command::{Called, Report as Told},
    decide::{self, Policy, Refusal},
    prompts::{Ground, Shown},
};

/// What is rehearsed today.
#[derive(Clone, Debug)]
pub struct Premise {
    /// Another plan than the recorded one: its present text and caps are rehearsed, from its beginning. `None`
    /// rehearses the recorded plan, and what people did to its text and caps is done again.
    pub other: Option<Box<Plan>>,
    /// What holds for all prompts of today's team.
    pub ground: Arc<Ground>,
    /// Agents whose models call no tools of their own choice.
    pub tool_less: Vec<String>,
    /// The rules in force.
    pub policy: Policy,
}

/// Why the walk stops early.
enum Stop<E> {
    Diverged(Box<Divergence>),
    Unreadable(E),
}

impl<E> From<E> for Stop<E> {
    fn from(error: E) -> Self {
        Self::Unreadable(error)
    }
}

/// Runs today's program on a recording, until it is at its end or something else would be asked. `resolve` finds the
/// texts of the recording, wherever they lie.
///
/// # Errors
/// Those of `resolve`.
pub fn rehearse<E>(
    recording: &Recording,
    premise: &Premise,
    resolve: &mut dyn FnMut(&Payload) -> Result<String, E>,
) -> Result<Option<Report>, E> {
    let Some((first, rest)) = recording.frames().split_first() else {
        return Ok(None);
    };
    let opening = open(first, premise, resolve)?;
    let (Ok(recorded), Ok(stage)) = (fold::apply(None, first), opening) else {
        return Ok(None);
    };
    let rehearsal = Rehearsal {
        recording,
        premise,
        resolve,
        recorded,
        stage,
        seq: first.mark.anchor.seq,
        kept: BTreeMap::new(),
        calls: BTreeMap::new(),
        tools: BTreeMap::new(),
        same: 0,
        saved: Bill::default(),
    };
    rehearsal.run(first, rest).map(Some)
}

/// The stage with the recorded plan, or with the other one as if it had just been written down.
fn open<E>(
    first: &Entry,
    premise: &Premise,
    resolve: &mut dyn FnMut(&Payload) -> Result<String, E>,
) -> Result<Result<Stage, fold::Corrupt>, E> {
    let mut first = first.clone();
    for event in &mut first.events {
        if let Event::DraftRequested(e) = event {
            e.attachments = inline(&e.attachments, resolve)?;
        }
    }
    if let Some(plan) = &premise.other {
        let drafted = PlanDrafted {
            format: FORMAT,
            plan: plan.id.clone(),
            project: plan.project.clone(),
            head: plan.head.clone(),
            body: plan.body.clone(),
            caps: plan.caps,
        };
        first.events = vec![drafted.into()];
    }
    Ok(Stage::begin(first, premise))
}

/// Attachments with their texts at hand: the stage has no place to look them up.
fn inline<E>(
    attachments: &[Attachment],
    resolve: &mut dyn FnMut(&Payload) -> Result<String, E>,
) -> Result<Vec<Attachment>, E> {
    let one = |attachment: &Attachment| {
        Ok(Attachment {
            name: attachment.name.clone(),
            text: Payload::Text(resolve(&attachment.text)?),
        })
    };
    attachments.iter().map(one).collect()
}

struct Rehearsal<'a, E> {
    recording: &'a Recording,
    premise: &'a Premise,
    resolve: &'a mut dyn FnMut(&Payload) -> Result<String, E>,
    /// The recorded plan, before the frame at hand.
    recorded: Plan,
    stage: Stage,
    seq: u64,
    /// What the recorded artifacts of each task hold, by path.
    kept: BTreeMap<TaskId, BTreeMap<String, Shown>>,
    /// Recorded ids and those of the stage.
    calls: BTreeMap<CallId, CallId>,
    tools: BTreeMap<ToolCallId, ToolCallId>,
    same: u64,
    saved: Bill,
}

impl<E> Rehearsal<'_, E> {
    fn run(mut self, first: &Entry, rest: &[Entry]) -> Result<Report, E> {
        let walked = self
            .stand_alike(first)
            .and_then(|()| rest.iter().try_for_each(|entry| self.frame(entry)))
            .and_then(|()| self.end());
        let divergence = match walked {
            Ok(()) => None,
            Err(Stop::Diverged(divergence)) => Some(*divergence),
            Err(Stop::Unreadable(error)) => return Err(error),
        };
        Ok(Report {
            same: self.same,
            recorded: self.recording.bill(),
            saved: self.saved,
            divergence,
            stands: difference::standing(self.stage.plan()),
        })
    }

    fn frame(&mut self, entry: &Entry) -> Result<(), Stop<E>> {
        self.seq = entry.mark.anchor.seq;
        self.stage.turn_to(entry);
        self.collect(entry)?;
        for event in &entry.events {
            self.event(entry, event)?;
        }
        self.fold(entry);
        self.stand_alike(entry)
    }

    /// The recorded state moves on.
    fn fold(&mut self, entry: &Entry) {
        let after = fold::apply(Some(self.recorded.clone()), entry);
        self.recorded = after.expect("a recording holds only frames that fold");
    }

    fn event(&mut self, entry: &Entry, event: &Event) -> Result<(), Stop<E>> {
        match event {
            Event::ModelCallStarted(e) => self.asked(e),
            Event::ModelCallCompleted(e) => self.answered(entry, e),
            Event::ToolCallStarted(e) => self.started(e),
            Event::ToolCallFinished(e) => self.returned(e),
            Event::TaskRouted(e) => self.routed(e),
            Event::ContextSoftWarned(_)
            | Event::ContextCompressed(_)
            | Event::ContextExhausted(_)
            | Event::ModelFellBack(_) => {
                self.pressed(event);
                Ok(())
            }
            // How the recorded plan came to be written is no matter of another one.
            Event::PlanClaimed(_) if self.writes_another() => Ok(()),
            Event::PlanClaimed(_) => {
                let claimed = self.stage.claim();
                self.done("the claim", claimed)
            }
            _ if self.premise.other.is_none() => self.rewritten(entry, event),
            Event::TicketDecided(_) => self.decided(entry, event),
            // The rest follows from replies, and the stage draws it itself; or it happened to runners and providers.
            _ => Ok(()),
        }
    }

    /// Whether the Leader writes the recorded plan, and another one is rehearsed.
    fn writes_another(&self) -> bool {
        self.premise.other.is_some() && self.recorded.status == Status::Draft
    }

    /// The recording asked a model, and was answered: would the stage ask the same?
    fn asked(&mut self, e: &ModelCallStarted) -> Result<(), Stop<E>> {
        let call = self.recording.call(&e.call_id);
        let Some(call) = call.filter(|_| !self.writes_another()) else {
            return Ok(());
        };
        let next = self.stage.next(Some(&e.step));
        if next != Next::Ask(e.step.clone()) {
            return Err(self.elsewhere(&next, &e.step));
        }
        let recalled = self.recalled(e);
        self.stage.recall(recalled.as_ref());
        let Some(prompt) = self.prompt(&e.step) else {
            let why = Refusal::Moot;
            return Err(self.refuses("the question", &why));
        };
        if prompt.digest() != e.prompt_b3 {
            let differs = self.compare(&prompt, call)?;
            return Err(self.diverge(Some(&e.step), What::Prompt { differs }, Some(prompt)));
        }
        self.start(e, recalled)?;
        self.stage.recall(None);
        self.same += 1;
        Ok(())
    }

    /// What a recorded call was shown of the memory. The step's first call says so, also one that was never answered.
    fn recalled(&self, e: &ModelCallStarted) -> Option<Recalled> {
        let run = self.recorded.run.as_ref();
        let before = run.and_then(|run| run.recalled.get(&e.step.label()));
        before.or(e.recalled.as_ref()).cloned()
    }

    /// A task goes to whom it went; another plan's tasks go their own ways.
    fn routed(&mut self, e: &TaskRouted) -> Result<(), Stop<E>> {
        let routed = self.stage.report(Told::Routing {
            task: e.task.clone(),
            among: e.among.clone(),
            embedder: e.embedder.clone(),
        });
        self.made("the routing", routed).map(drop)
    }

    /// Reserves what the recorded call reserved; today's caps may not let it.
    fn start(&mut self, e: &ModelCallStarted, recalled: Option<Recalled>) -> Result<(), Stop<E>> {
        let started = self.stage.report(Told::CallStarting {
            step: e.step.clone(),
            model: e.model.clone(),
            agent_id: e.agent_id.clone(),
            reserved: e.reserved,
            prompt_b3: e.prompt_b3,
            prompt_bytes: e.prompt_bytes,
            recalled,
        });
        let events = self.made("the call", started)?;
        let id = events.into_iter().find_map(|event| match event {
            Event::ModelCallStarted(started) => Some(started.call_id),
            _ => None,
        });
        match id {
            Some(id) => {
                self.calls.insert(e.call_id.clone(), id);
                Ok(())
            }
            None => Err(self.pauses(Some(&e.step))),
        }
    }

    fn answered(&mut self, entry: &Entry, e: &ModelCallCompleted) -> Result<(), Stop<E>> {
        let Some(call_id) = self.calls.remove(&e.call_id) else {
            return Ok(());
        };
        let mut calls = Vec::new();
        for call in &e.tool_calls {
            calls.push(Called {
                tool: call.tool.clone(),
                arguments: (self.resolve)(&call.arguments)?,
            });
        }
        if decide::overdrew(&entry.events, &e.call_id) {
            calls.push(Called {
                tool: "(one that was not run)".to_owned(),
                arguments: "{}".to_owned(),
            });
        }
        let completed = self.stage.report(Told::CallCompleted {
            call_id,
            reply: (self.resolve)(&e.reply)?,
            calls,
            cut: e.cut,
            in_doubt: e.in_doubt,
            usage: e.usage,
            cost: e.cost,
            latency_ms: e.latency_ms,
        });
        for event in self.made("the reply", completed)? {
            if let Event::ModelCallCompleted(own) = event {
                let own = own.tool_calls.into_iter().map(|call| call.id);
                let recorded = e.tool_calls.iter().map(|call| call.id.clone());
                self.tools.extend(recorded.zip(own));
            }
        }
        self.saved.add(e);
        Ok(())
    }

    fn started(&mut self, e: &ToolCallStarted) -> Result<(), Stop<E>> {
        let Some(tool_call) = self.tools.get(&e.tool_call).cloned() else {
            return Ok(());
        };
        let started = self.stage.report(Told::ToolStarting {
            task: e.task.clone(),
            tool_call,
            repeatable: e.repeatable,
        });
        self.made("a tool's start", started).map(drop)
    }

    fn returned(&mut self, e: &ToolCallFinished) -> Result<(), Stop<E>> {
        let Some(tool_call) = self.tools.get(&e.tool_call).cloned() else {
            return Ok(());
        };
        let returned = self.stage.report(Told::ToolReturned {
            task: e.task.clone(),
            tool_call,
            outcome: e.outcome,
            result: (self.resolve)(&e.result)?,
            shown: e.shown.as_ref().map(&mut *self.resolve).transpose()?,
        });
        self.made("a tool's result", returned).map(drop)
    }
}
