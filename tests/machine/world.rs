//! One plan, its journal in memory, its runner and its operator. Every frame goes through the codec and the
//! fold as on disk, and after every frame the promises are checked ([`crate::promises`]).

use std::{collections::BTreeMap, sync::Arc};

use crashlab::promises::Ledger;
use modulatio::{
    command::{Called, Command, Fallback, Report},
    decide::{self, Context, Policy, Refusal, Retry},
    effect::{self, Effect},
    prompts::{self, Briefing, Card, Exhibit, Ground, Prompt},
};
use projections::{
    codec, document,
    event::{Attachment, Caps, Decision, Event, Mandate, Reserved, ToolOutcome, ToolUse, Usage},
    fold::{self, Entry},
    ids::{CallId, Epoch, PlanId, TaskId, TicketId},
    payload::{Anchor, Digest, Payload},
    plan::{Artifact, FrameMark, Plan, Status, TaskStage},
    time::{MicroUsd, Timestamp},
    work::Step,
};

use crate::script::{Answer, Script};

pub(crate) const TWO: &str = "## Essays\n\n### Sub-objectives\n\n**1. First** — an essay.\n\n**2. Second** — another.\n\n### Ask\n\nApprove?\n";

/// What one step of the runner came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Did {
    Something,
    Nothing,
}

/// What a runner waits for.
#[derive(Clone, Debug)]
enum Flying {
    /// A model's answer.
    Call(CallId, Step),
    /// A tool.
    Tool(TaskId, ToolUse),
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
    flying: Vec<Flying>,
    /// Which of what flies comes back next, counted from the oldest.
    pub(crate) first: usize,
    /// Files below the run's `artifacts/`, and how often each was written by a tool.
    pub(crate) disk: BTreeMap<String, String>,
    /// Calls of tools that took effect.
    pub(crate) effects: u32,
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
            flying: Vec::new(),
            first: 0,
            disk: BTreeMap::new(),
            effects: 0,
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

    /// A plan that the Leader is asked to write.
    pub(crate) fn wished(wish: &str) -> Self {
        Self::wished_under(wish, Mandate::default())
    }

    /// The same, with what may be done with it without asking.
    pub(crate) fn wished_under(wish: &str, mandate: Mandate) -> Self {
        let id: PlanId = "ESS-P-001".parse().unwrap();
        let material = vec![Attachment {
            name: "notes.md".to_owned(),
            text: Payload::Text("Seneca wrote letters.".to_owned()),
        }];
        Self::begin(decide::wished(
            &id,
            wish,
            material,
            Caps::default(),
            mandate,
        ))
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
            policy: self.policy.clone(),
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
        self.flying.clear();
        self.runner = self.plan.is_at_work().then_some(self.plan.epoch);
        Ok(events)
    }

    /// The runner is killed.
    pub(crate) fn kill(&mut self) {
        self.runner = None;
        self.flying.clear();
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
        let due = effect::due(&self.plan, self.now, self.policy.parallel);
        for effect in due.effects {
            match effect {
                // One that is held back waits until another call is settled: a cap leaves no room for both.
                Effect::CallModel { step } => {
                    if self.call(epoch, step) {
                        return Did::Something;
                    }
                }
                Effect::RunTool { task, call } => {
                    self.begin_tool(epoch, task, call);
                    return Did::Something;
                }
                Effect::CollectArtifacts { task, reply } => {
                    self.collect(epoch, task, &reply);
                    return Did::Something;
                }
            }
        }
        self.wait(epoch, due.wake_at, answer);
        Did::Something
    }

    /// Something under way comes back, or the time that a step waits for.
    fn wait(
        &mut self,
        epoch: Epoch,
        until: Option<Timestamp>,
        answer: &mut dyn FnMut(&Step) -> Answer,
    ) {
        match until {
            _ if !self.flying.is_empty() => {
                let next = self.first % self.flying.len();
                match self.flying.remove(next) {
                    Flying::Call(id, step) => self.settle(epoch, id, answer(&step)),
                    Flying::Tool(task, call) => self.end_tool(epoch, task, &call),
                }
            }
            Some(time) => self.now = time,
            None => self.leave(epoch),
        }
    }

    fn leave(&mut self, epoch: Epoch) {
        let why = "nothing is due".to_owned();
        let gone = self.report(Report::Releasing { why }, epoch);
        assert!(
            gone.is_err(),
            "a plan in execution always waits for something"
        );
        self.runner = None;
    }

    fn begin_tool(&mut self, epoch: Epoch, task: TaskId, call: ToolUse) {
        let report = Report::ToolStarting {
            task: task.clone(),
            tool_call: call.id.clone(),
            repeatable: ["list_files", "read_file"].contains(&call.tool.as_str()),
        };
        self.report(report, epoch).unwrap();
        self.flying.push(Flying::Tool(task, call));
    }

    /// The tool takes effect, and says so.
    fn end_tool(&mut self, epoch: Epoch, task: TaskId, call: &ToolUse) {
        self.effects += 1;
        if let ("write_file", Payload::Text(path)) = (call.tool.as_str(), &call.arguments) {
            self.disk.insert(path.clone(), format!("{path} by a tool"));
        }
        let report = Report::ToolReturned {
            task,
            tool_call: call.id.clone(),
            outcome: ToolOutcome::Done,
            result: format!("what {} found: {}", call.tool, "x".repeat(200)),
            shown: None,
        };
        // Of a plan that has ended meanwhile nobody hears.
        let ended = self.plan.status.name().is_terminal();
        let heard = self.report(report, epoch);
        assert!(heard.is_ok() || ended || !self.waits_for(call), "{heard:?}");
    }

    fn waits_for(&self, call: &ToolUse) -> bool {
        let tasks = self.plan.run.iter().flat_map(|run| &run.tasks);
        let mut used = tasks.filter_map(|task| task.used(&call.id));
        used.any(|used| used.result.is_none())
    }

    /// As a daemon does: what a reply hands in is written, what tools wrote is found.
    fn collect(&mut self, epoch: Epoch, id: TaskId, reply: &Payload) {
        let run = self.plan.run.as_ref().unwrap();
        let paths = run.task(&id).unwrap().spec.artifacts.clone();
        let Payload::Text(reply) = reply else {
            panic!("no blobs here")
        };
        let produced = prompts::reply::artifact(reply).unwrap();
        let handed_in: BTreeMap<&str, &str> = produced.files(&paths).into_iter().collect();
        let (mut artifacts, mut missing) = (Vec::new(), Vec::new());
        for path in &paths {
            let (text, content) = match (handed_in.get(path.as_str()), self.disk.get(path)) {
                (Some(text), _) => ((*text).to_owned(), None),
                (None, Some(text)) => (text.clone(), Some(Payload::Text(text.clone()))),
                (None, None) => {
                    missing.push(format!("{path} was not handed in"));
                    continue;
                }
            };
            artifacts.push(Artifact {
                path: path.clone(),
                b3: Digest::of(text.as_bytes()),
                bytes: text.len() as u64,
                content,
            });
            self.disk.insert(path.clone(), text);
        }
        let report = Report::ArtifactsCollected {
            task: id,
            artifacts,
            missing,
        };
        self.report(report, epoch).unwrap();
    }

    /// Whether the call was made, or the plan paused over it.
    fn call(&mut self, epoch: Epoch, step: Step) -> bool {
        let briefing = self.briefing_of(&step);
        let prompt = prompts::prompt(&self.plan, &step, &briefing).unwrap();
        let report = Report::CallStarting {
            recalled: None,
            step: step.clone(),
            model: "main".to_owned(),
            agent_id: "agent".to_owned(),
            reserved: self.reserve,
            prompt_b3: prompt.digest(),
            prompt_bytes: 300,
        };
        self.last_prompt = Some(prompt);
        let events = match self.report(report, epoch) {
            Err(Refusal::Later) => {
                assert!(!self.plan.calls.in_flight.is_empty(), "later is not never");
                return false;
            }
            heard => heard.unwrap(),
        };
        if let Some(id) = started(&events) {
            self.asked.push(step.label());
            self.flying.push(Flying::Call(id, step));
        }
        true
    }

    /// What holds for all prompts here.
    pub(crate) fn ground(&self) -> Arc<Ground> {
        let card = |name: &String| Card {
            name: name.clone(),
            good_at: String::new(),
        };
        Arc::new(Ground {
            objective: "Three essays on stoicism.".to_owned(),
            producers: self.policy.producers.iter().map(card).collect(),
            tools: prompts::TOOLS.map(str::to_owned).to_vec(),
            max_tasks: self.policy.max_tasks,
            max_iters: self.policy.max_iters,
            ..Ground::default()
        })
    }

    pub(crate) fn briefing_of(&self, step: &Step) -> Briefing {
        let mut resolve = |text: &Payload| match text {
            Payload::Text(text) => Ok::<_, std::convert::Infallible>(text.clone()),
            Payload::Blob(_) => panic!("no blobs here"),
        };
        let exhibits = self.exhibits(step);
        Briefing::of(&self.plan, step, &self.ground(), exhibits, &mut resolve).unwrap()
    }

    fn exhibits(&self, step: &Step) -> Vec<Exhibit> {
        if !prompts::shows_artifacts(&self.plan, step) {
            return Vec::new();
        }
        let run = self.plan.run.as_ref();
        let task = step.task().and_then(|(id, _)| run?.task(id));
        let artifacts = task.into_iter().flat_map(|task| &task.artifacts);
        let exhibit = |a: &Artifact| Exhibit::of(&a.path, self.disk[&a.path].clone().into_bytes());
        artifacts.map(exhibit).collect()
    }

    fn settle(&mut self, epoch: Epoch, call_id: CallId, answer: Answer) {
        if !self.plan.calls.in_flight.contains_key(&call_id) {
            // It was cut meanwhile.
            let late = self.complete(epoch, call_id, String::new());
            assert_eq!(late, Err(Refusal::Moot));
            return;
        }
        match answer {
            Answer::Says(reply) => {
                let calls = self.next_tools(&call_id);
                drop(self.completes(epoch, call_id, reply, calls).unwrap());
            }
            Answer::Calls(calls) => {
                let said = "let me see".to_owned();
                drop(self.completes(epoch, call_id, said, calls).unwrap());
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

    /// The call under way, if any; the oldest of several.
    pub(crate) fn flying(&self) -> Option<CallId> {
        self.flying.iter().find_map(|flying| match flying {
            Flying::Call(id, _) => Some(id.clone()),
            Flying::Tool(..) => None,
        })
    }

    /// Labels of the calls under way, in the order in which they began.
    pub(crate) fn under_way(&self) -> Vec<String> {
        let label = |flying: &Flying| match flying {
            Flying::Call(_, step) => Some(step.label()),
            Flying::Tool(..) => None,
        };
        self.flying.iter().filter_map(label).collect()
    }

    /// Answers the plan's oldest open ticket.
    pub(crate) fn answer(&mut self, decision: Decision) -> Vec<Event> {
        let ticket = self.plan.open_tickets().map(|(id, _)| id.clone()).next();
        self.answer_to(&ticket.unwrap(), decision).unwrap()
    }

    pub(crate) fn answer_to(
        &mut self,
        ticket: &TicketId,
        decision: Decision,
    ) -> Result<Vec<Event>, Refusal> {
        self.operator(Command::DecideTicket {
            ticket: ticket.clone(),
            digest: self.plan.tickets[ticket].digest,
            decision,
            note: "as you say".to_owned(),
        })
    }

    /// Ids of the tasks that wait for a person.
    pub(crate) fn blocked(&self) -> Vec<String> {
        let tasks = self.plan.run.iter().flat_map(|run| &run.tasks);
        let blocked = tasks.filter(|task| matches!(task.stage, TaskStage::Blocked { .. }));
        blocked.map(|task| task.spec.id.to_string()).collect()
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
