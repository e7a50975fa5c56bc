//! One plan, its journal in memory, its runner and its operator. Every frame goes through the codec and the
//! fold as on disk, and after every frame the promises are checked ([`crate::promises`]).

use std::collections::BTreeMap;

use modulatio::{
    command::{Called, Command, Fallback, Report},
    decide::{self, Context, Policy, Refusal, Retry},
    effect::{self, Effect},
    prompts::{self, Briefing, Heard, Prompt},
};
use projections::{
    codec, document,
    event::{Decision, Event, Reserved, ToolOutcome, Usage},
    fold::{self, Entry},
    ids::{CallId, Epoch, PlanId, TicketId},
    payload::{Anchor, Digest, Payload},
    plan::{FrameMark, Plan, Status},
    time::{MicroUsd, Timestamp},
    work::Step,
};

use crate::{
    promises::Ledger,
    script::{Answer, Script},
};

pub(crate) const TWO: &str = "## Essays\n\n### Sub-objectives\n\n**1. First** — an essay.\n\n**2. Second** — another.\n\n### Ask\n\nApprove?\n";

/// What one step of the runner came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Did {
    Something,
    Nothing,
}

pub(crate) struct World {
    pub(crate) plan: Plan,
    /// Every frame as it lies in the journal: its place, its epoch, its events as text.
    pub(crate) frames: Vec<(FrameMark, Epoch, String)>,
    pub(crate) now: Timestamp,
    pub(crate) policy: Policy,
    /// What lots are drawn.
    pub(crate) chance: u32,
    /// What the model's replies would be in the middle of a talk: tools to call, by label of the step.
    pub(crate) tools: BTreeMap<String, Vec<Vec<Called>>>,
    /// The role's next model.
    pub(crate) next: Vec<String>,
    /// Whether failed calls may have been billed.
    pub(crate) doubtful: bool,
    /// The runner's claim, while one lives.
    pub(crate) runner: Option<Epoch>,
    flying: Option<(CallId, Step)>,
    /// Worst case of each call.
    pub(crate) reserve: Reserved,
    /// Whether calls use all that they may.
    pub(crate) greedy: bool,
    /// Labels of the steps that were asked, in order.
    pub(crate) asked: Vec<String>,
    pub(crate) last_prompt: Option<Prompt>,
    pub(crate) ledger: Ledger,
    tickets: u32,
}

impl World {
    pub(crate) fn draft(text: &str) -> Self {
        let id: PlanId = "ESS-P-001".parse().unwrap();
        let document = document::read(text.as_bytes()).unwrap();
        Self::begin(decide::draft(&id, &document).unwrap())
    }

    pub(crate) fn begin(events: Vec<Event>) -> Self {
        let now = Timestamp::parse("2026-11-23T20:00:00Z").unwrap();
        let mark = mark(0, now, "cli:anna");
        let entry = Entry {
            mark: mark.clone(),
            epoch: Epoch(0),
            events,
        };
        Self {
            plan: fold::apply(None, &entry).unwrap(),
            frames: vec![(mark, Epoch(0), codec::encode(&entry.events))],
            now,
            policy: Policy {
                // Longer than the second that a frame takes here.
                retry: Retry {
                    base_ms: 2_000,
                    ..Retry::default()
                },
                ..Policy::default()
            },
            chance: u32::MAX,
            tools: BTreeMap::new(),
            next: Vec::new(),
            doubtful: false,
            runner: None,
            flying: None,
            reserve: Reserved {
                tokens: 1_000,
                cost: Some(MicroUsd(10_000)),
            },
            greedy: false,
            asked: Vec::new(),
            last_prompt: None,
            ledger: Ledger::default(),
            tickets: 0,
        }
    }

    /// A plan of two sub-objectives, approved.
    pub(crate) fn approved() -> Self {
        Self::draft(TWO).approve()
    }

    fn approve(mut self) -> Self {
        self.operator(Command::Approve {
            note: "go".to_owned(),
        })
        .unwrap();
        self
    }

    pub(crate) fn approved_with(head: &str) -> Self {
        Self::draft(&format!("---\n{head}\n---\n\n{TWO}")).approve()
    }

    pub(crate) fn operator(&mut self, command: Command) -> Result<Vec<Event>, Refusal> {
        self.submit(&command, "cli:anna", None)
    }

    pub(crate) fn report(&mut self, report: Report, epoch: Epoch) -> Result<Vec<Event>, Refusal> {
        self.submit(&Command::Runner(report), "daemon:host:1", Some(epoch))
    }

    pub(crate) fn submit(
        &mut self,
        command: &Command,
        by: &str,
        runner: Option<Epoch>,
    ) -> Result<Vec<Event>, Refusal> {
        let mut context = Context {
            now: self.now,
            by: by.to_owned(),
            runner,
            chance: self.chance,
            ticket: None,
            policy: self.policy,
        };
        let decided = match decide::decide(&self.plan, command, &context) {
            Err(Refusal::NeedsTicket) => {
                self.tickets += 1;
                context.ticket = Some(TicketId::new(self.plan.project.clone(), self.tickets));
                decide::decide(&self.plan, command, &context)
            }
            decided => decided,
        }?;
        assert!(
            !decided.is_empty(),
            "an accepted command leaves a fact: {command:?}"
        );
        self.append(&decided, by);
        Ok(decided)
    }

    fn append(&mut self, events: &[Event], by: &str) {
        let mark = mark(self.frames.len() as u64, self.now, by);
        let epoch = decide::epoch_of(&self.plan, events);
        let text = codec::encode(events);
        let entry = Entry {
            mark: mark.clone(),
            epoch,
            events: codec::decode(&text).unwrap(),
        };
        assert_eq!(entry.events, events, "what is read is what was decided");
        let before = self.plan.clone();
        self.plan = fold::apply(Some(before.clone()), &entry).unwrap();
        self.frames.push((mark, epoch, text));
        self.check(&before, events);
        self.now = self.now.plus_seconds(1);
    }

    /// Takes the plan, as the tick of a daemon whose lease is free.
    pub(crate) fn claim(&mut self) -> Result<Vec<Event>, Refusal> {
        let events = self.submit(&Command::Claim, "daemon:host:1", None)?;
        self.flying = None;
        self.runner = self.is_executing().then_some(self.plan.epoch);
        Ok(events)
    }

    /// The runner is killed.
    pub(crate) fn kill(&mut self) {
        (self.runner, self.flying) = (None, None);
    }

    pub(crate) fn is_executing(&self) -> bool {
        matches!(self.plan.status, Status::Executing { .. })
    }

    /// Claims and works until nothing is due; a killed runner is followed by the next.
    pub(crate) fn drive(&mut self, mut script: Script) {
        for _ in 0..2_000 {
            if self.tick(&mut |step| script.answer(step)) == Did::Nothing {
                assert!(
                    script.is_spent(),
                    "answers were never asked for; asked: {:?}",
                    self.asked
                );
                return;
            }
        }
        panic!("the plan never comes to rest: {:?}", self.plan.status);
    }

    /// One move of a runner, or of the tick that finds it one.
    pub(crate) fn tick(&mut self, answer: &mut dyn FnMut(&Step) -> Answer) -> Did {
        let Some(epoch) = self.runner else {
            return if self.claim().is_ok() {
                Did::Something
            } else {
                Did::Nothing
            };
        };
        if let Some((call_id, step)) = self.flying.take() {
            self.settle(epoch, call_id, answer(&step));
            return Did::Something;
        }
        let due = effect::due(&self.plan, self.now);
        match (due.effects.into_iter().next(), due.wake_at) {
            (Some(Effect::CallModel { step }), _) => self.call(epoch, step),
            (Some(Effect::RunTool { task, call }), _) => {
                let report = Report::ToolReturned {
                    task,
                    tool_call: call.id,
                    outcome: ToolOutcome::Done,
                    result: format!("what {} found: {}", call.tool, "x".repeat(200)),
                };
                self.report(report, epoch).unwrap();
            }
            (Some(Effect::WriteArtifact { task, path, reply }), _) => {
                let Payload::Text(reply) = reply else {
                    panic!("no blobs here")
                };
                let content = prompts::reply::artifact(&reply).unwrap().content;
                let (b3, bytes) = (Digest::of(content.as_bytes()), content.len() as u64);
                self.report(
                    Report::ArtifactWritten {
                        task,
                        path,
                        b3,
                        bytes,
                    },
                    epoch,
                )
                .unwrap();
            }
            (None, Some(time)) => self.now = time,
            (None, None) => {
                let gone = self.report(
                    Report::Releasing {
                        why: "nothing is due".to_owned(),
                    },
                    epoch,
                );
                assert!(
                    gone.is_err(),
                    "a plan in execution always waits for something"
                );
                self.runner = None;
            }
        }
        Did::Something
    }

    fn call(&mut self, epoch: Epoch, step: Step) {
        let briefing = self.briefing_of(&step);
        let prompt = prompts::prompt(&self.plan, &step, &briefing).unwrap();
        let report = Report::CallStarting {
            step: step.clone(),
            model: "main".to_owned(),
            agent_id: "agent".to_owned(),
            reserved: self.reserve,
            prompt_b3: prompt.digest(),
            prompt_bytes: 300,
        };
        self.last_prompt = Some(prompt);
        let events = self.report(report, epoch).unwrap();
        if let Some(id) = started(&events) {
            self.asked.push(step.label());
            self.flying = Some((id, step));
        }
    }

    pub(crate) fn briefing(&self) -> Briefing {
        let troubles = self.plan.run.iter().flat_map(|run| run.troubles.values());
        let mut rejected =
            troubles
                .filter_map(|t| t.rejected.clone())
                .map(|(reply, _)| match reply {
                    Payload::Text(text) => text,
                    Payload::Blob(_) => panic!("no blobs here"),
                });
        Briefing {
            objective: "Three essays on stoicism.".to_owned(),
            artifact: Some("the artifact\n".to_owned()),
            rejected: rejected.next_back(),
            talk: Vec::new(),
            no_lookups: false,
        }
    }

    fn briefing_of(&self, step: &Step) -> Briefing {
        let run = self.plan.run.as_ref();
        let task = match step {
            Step::Produce { task, .. } => run.and_then(|run| run.task(task)),
            Step::PlanTasks { .. } | Step::Review { .. } | Step::Reflect { .. } => None,
        };
        let mut resolve = |text: &Payload| match text {
            Payload::Text(text) => Ok::<_, std::convert::Infallible>(text.clone()),
            Payload::Blob(_) => panic!("no blobs here"),
        };
        let turns = task.into_iter().flat_map(|task| &task.talk);
        Briefing {
            talk: turns
                .map(|turn| Heard::of(turn, &mut resolve).unwrap())
                .collect(),
            ..self.briefing()
        }
    }

    fn settle(&mut self, epoch: Epoch, call_id: CallId, answer: Answer) {
        match answer {
            Answer::Says(reply) => {
                let calls = self.next_tools(&call_id);
                drop(self.completes(epoch, call_id, reply, calls).unwrap());
            }
            Answer::Fails(class) => {
                let next = self.next.pop().map(|model| self.fallback(&call_id, model));
                let message = "no answer".to_owned();
                let report = Report::CallFailed {
                    call_id,
                    class,
                    message,
                    retry_after_ms: None,
                    in_doubt: self.doubtful,
                    next,
                    dead: false,
                };
                drop(self.report(report, epoch).unwrap());
            }
            Answer::Dies => self.kill(),
        }
    }

    /// The role's model behind the one that the call asks.
    fn fallback(&self, call_id: &CallId, model: String) -> Fallback {
        let step = &self.plan.calls.in_flight[call_id].step;
        let run = self.plan.run.as_ref();
        let rank = run.map_or(0, |run| run.given_up(step)) + 1;
        Fallback { model, rank }
    }

    fn next_tools(&mut self, call_id: &CallId) -> Vec<Called> {
        let step = self.plan.calls.in_flight[call_id].step.label();
        match self.tools.get_mut(&step) {
            Some(turns) if !turns.is_empty() => turns.remove(0),
            Some(_) | None => Vec::new(),
        }
    }

    pub(crate) fn complete(
        &mut self,
        epoch: Epoch,
        call_id: CallId,
        reply: String,
    ) -> Result<Vec<Event>, Refusal> {
        self.completes(epoch, call_id, reply, Vec::new())
    }

    fn completes(
        &mut self,
        epoch: Epoch,
        call_id: CallId,
        reply: String,
        calls: Vec<Called>,
    ) -> Result<Vec<Event>, Refusal> {
        let (input, cost) = if self.greedy {
            (self.reserve.tokens - 20, self.reserve.cost)
        } else {
            (100, Some(MicroUsd(300)))
        };
        let usage = Usage {
            input_tokens: input,
            output_tokens: 20,
            ..Usage::default()
        };
        self.report(
            Report::CallCompleted {
                call_id,
                reply,
                calls,
                cut: false,
                in_doubt: Reserved::default(),
                usage,
                cost,
                latency_ms: 5,
            },
            epoch,
        )
    }

    /// The call under way, if any.
    pub(crate) fn flying(&self) -> Option<CallId> {
        self.flying.as_ref().map(|(id, _)| id.clone())
    }

    /// Answers the plan's open ticket.
    pub(crate) fn answer(&mut self, decision: Decision) -> Vec<Event> {
        let (ticket, digest) = self
            .plan
            .open_tickets()
            .map(|(id, t)| (id.clone(), t.digest))
            .next()
            .unwrap();
        let note = "as you say".to_owned();
        self.operator(Command::DecideTicket {
            ticket,
            digest,
            decision,
            note,
        })
        .unwrap()
    }

    /// Kinds of all events so far.
    pub(crate) fn kinds(&self) -> Vec<String> {
        self.events().iter().map(|e| e.kind().to_owned()).collect()
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.frames
            .iter()
            .flat_map(|(_, _, text)| codec::decode(text).unwrap())
            .collect()
    }

    /// Replaying the journal from its text gives this very state.
    pub(crate) fn check_replay(&self) {
        let mut plan = None;
        for (mark, epoch, text) in &self.frames {
            let entry = Entry {
                mark: mark.clone(),
                epoch: *epoch,
                events: codec::decode(text).unwrap(),
            };
            plan = Some(fold::apply(plan, &entry).unwrap());
        }
        assert_eq!(format!("{:?}", plan.unwrap()), format!("{:?}", self.plan));
    }
}

pub(crate) fn started(events: &[Event]) -> Option<CallId> {
    events.iter().find_map(|event| match event {
        Event::ModelCallStarted(e) => Some(e.call_id.clone()),
        _ => None,
    })
}

fn mark(seq: u64, at: Timestamp, by: &str) -> FrameMark {
    FrameMark {
        anchor: Anchor {
            seq,
            b3: Digest::of(&seq.to_le_bytes()),
        },
        at,
        by: by.to_owned(),
    }
}
