//! A journal made up in memory: the machine driven by told answers, as a daemon would, every frame kept.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use projections::{
    codec, document,
    event::{Decision, Event, FailureClass, Reserved, ToolOutcome, Usage},
    fold::{self, Entry},
    ids::{CallId, PlanId, TaskId, TicketId},
    memory::Recalled,
    payload::{Anchor, BlobRef, Digest, Payload},
    plan::{Artifact, FrameMark, Plan, Status},
    time::{MicroUsd, Timestamp},
    work::Step,
};
use serde_json::json;

use crate::{
    cassette::{Premise, Recording, Report, rehearse},
    command::{Called, Command, Fallback, Report as Told, Room},
    decide::{self, Context, Policy, Refusal},
    effect::{self, Effect},
    prompts::{self, Briefing, Exhibit, Ground},
};

pub(super) const OBJECTIVE: &str = "Essays on Stoicism.";

pub(super) const TEXT: &str = "---\nmax_tokens: 100000\n---\n\n## Essays\n\n### Sub-objectives\n\n**1. First** — write \
                               one.\n\n**2. Second** — write two.\n";

/// What comes of one call.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Says(String),
    Calls(&'static str),
    Fails(FailureClass),
    FallsBack,
    /// The results of all earlier calls of tools are left out of the prompt first.
    Squeezed,
    Dies,
}

/// The journal's maker.
pub(super) struct Made {
    pub(super) plan: Plan,
    pub(super) entries: Vec<Entry>,
    pub(super) policy: Policy,
    pub(super) blobs: BTreeMap<Digest, String>,
    /// Whether replies are kept in the blob store.
    pub(super) long: bool,
    /// Whether models are shown the beginning of what tools return.
    pub(super) cutting: bool,
    /// What every step is shown of the memory.
    pub(super) memory: Option<Recalled>,
    now: Timestamp,
    script: BTreeMap<String, VecDeque<Answer>>,
    /// What lies on disk, by path.
    disk: BTreeMap<String, String>,
    tickets: u32,
}

impl Made {
    pub(super) fn draft(text: &str) -> Self {
        let id: PlanId = "ESS-P-001".parse().unwrap();
        let document = document::read(text.as_bytes()).unwrap();
        let events = decide::draft(&id, &document).unwrap();
        let now = Timestamp::parse("2026-11-23T20:00:00Z").unwrap();
        let entry = entry(0, now, events, &projections::ids::Epoch::default());
        Self {
            plan: fold::apply(None, &entry).unwrap(),
            entries: vec![entry],
            policy: Policy::default(),
            blobs: BTreeMap::new(),
            long: false,
            cutting: false,
            memory: None,
            now,
            script: BTreeMap::new(),
            disk: BTreeMap::new(),
            tickets: 0,
        }
    }

    /// A plan of two sub-objectives, approved.
    pub(super) fn approved() -> Self {
        let mut made = Self::draft(TEXT);
        made.person(Command::Approve {
            note: String::new(),
        });
        made
    }

    pub(super) fn on(mut self, label: &str, answer: Answer) -> Self {
        let answers = self.script.entry(label.to_owned()).or_default();
        answers.push_back(answer);
        self
    }

    pub(super) fn says(self, label: &str, reply: serde_json::Value) -> Self {
        self.on(label, Answer::Says(reply.to_string()))
    }

    pub(super) fn person(&mut self, command: Command) {
        self.decide(&command, false).unwrap();
    }

    pub(super) fn resume(&mut self) {
        let note = "go on".to_owned();
        self.person(Command::Resume { note });
    }

    pub(super) fn answer(&mut self, decision: Decision) {
        let (ticket, digest) = {
            let (id, ticket) = self.plan.open_tickets().next().unwrap();
            (id.clone(), ticket.digest)
        };
        let note = String::new();
        self.person(Command::DecideTicket {
            ticket,
            digest,
            decision,
            note,
        });
    }

    /// Changes the plan's body as a hand edit does, and its status if the edit says so.
    pub(super) fn edit(&mut self, from: &str, to: &str, status: Option<&str>) {
        let rendered = projections::frontmatter::render(&self.plan);
        let base = document::read(rendered.as_bytes()).unwrap();
        let mut edited = base.clone();
        assert!(edited.body.contains(from));
        edited.body = edited.body.replace(from, to);
        if let Some(status) = status {
            edited.values.insert("status".into(), status.into());
        }
        let (base, edited) = (Box::new(base), Box::new(edited));
        self.person(Command::Edit { base, edited });
    }

    /// Claims, again and again, and works until nothing is due.
    pub(super) fn run(&mut self) {
        while self.decide(&Command::Claim, false).is_ok() && self.is_executing() {
            while self.is_executing() && self.tick() {}
            if !self.is_executing() {
                return;
            }
        }
    }

    pub(super) fn status(&self) -> &'static str {
        self.plan.status.name().as_str()
    }

    fn is_executing(&self) -> bool {
        matches!(self.plan.status, Status::Executing { .. })
    }

    /// One move of a runner; `false` when it died.
    fn tick(&mut self) -> bool {
        let due = effect::due(&self.plan, self.now, self.policy.parallel);
        match (due.effects.into_iter().next(), due.wake_at) {
            (Some(Effect::CallModel { step }), _) => return self.call(&step),
            (Some(Effect::RunTool { task, call }), _) => {
                let (started, result) = (task.clone(), format!("what {} found", call.id));
                self.report(Told::ToolStarting {
                    task: started,
                    tool_call: call.id.clone(),
                    repeatable: call.tool != "run_shell",
                });
                self.report(Told::ToolReturned {
                    task,
                    tool_call: call.id,
                    outcome: ToolOutcome::Done,
                    shown: self.cutting.then(|| result[..4].to_owned()),
                    result,
                });
            }
            (Some(Effect::CollectArtifacts { task, reply }), _) => self.collect(task, &reply),
            (None, Some(time)) => self.now = time,
            (None, None) => panic!("nothing is due"),
        }
        true
    }

    /// As a daemon does: what the reply hands in is written, what tools wrote is found.
    fn collect(&mut self, id: TaskId, reply: &Payload) {
        let run = self.plan.run.as_ref().unwrap();
        let paths = run.task(&id).unwrap().spec.artifacts.clone();
        let produced = prompts::reply::artifact(&self.text(reply)).unwrap();
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
        self.report(Told::ArtifactsCollected {
            task: id,
            artifacts,
            missing,
        });
    }

    fn exhibits(&self, step: &Step) -> Vec<Exhibit> {
        let task = step
            .task()
            .and_then(|(id, _)| self.plan.run.as_ref()?.task(id));
        let artifacts = task.into_iter().flat_map(|task| &task.artifacts);
        let mut exhibits: Vec<Exhibit> = artifacts
            .filter(|_| prompts::shows_artifacts(&self.plan, step))
            .map(|a| Exhibit::of(&a.path, self.disk[&a.path].clone().into_bytes()))
            .collect();
        exhibits.sort_by(|one, other| one.path.cmp(&other.path));
        exhibits
    }

    fn call(&mut self, step: &Step) -> bool {
        let answer = self
            .script
            .get_mut(&step.label())
            .and_then(VecDeque::pop_front);
        let answer = answer.unwrap_or_else(|| Answer::Says(good(&self.plan, step)));
        match answer {
            Answer::FallsBack => {
                let run = self.plan.run.as_ref();
                let rank = run.map_or(0, |run| run.given_up(step)) + 1;
                self.report(Told::FallingBack {
                    step: step.clone(),
                    from: "main".to_owned(),
                    to: Fallback {
                        model: "other".to_owned(),
                        rank,
                    },
                    why: "dead".to_owned(),
                });
                return true;
            }
            Answer::Squeezed => {
                self.squeeze(step);
                return true;
            }
            Answer::Says(_) | Answer::Calls(_) | Answer::Fails(_) | Answer::Dies => {}
        }
        let Some(call_id) = self.start(step) else {
            return true;
        };
        let (reply, calls) = match answer {
            Answer::Says(reply) => (reply, Vec::new()),
            Answer::Calls(tool) => {
                let (tool, arguments) = (tool.to_owned(), "{}".to_owned());
                ("let me see".to_owned(), vec![Called { tool, arguments }])
            }
            Answer::Fails(class) => {
                self.report(failed(call_id, class));
                return true;
            }
            Answer::Dies | Answer::FallsBack | Answer::Squeezed => return false,
        };
        self.report(Told::CallCompleted {
            call_id,
            reply,
            calls,
            cut: false,
            in_doubt: Reserved::default(),
            usage: Usage {
                input_tokens: 90,
                output_tokens: 10,
                ..Usage::default()
            },
            cost: Some(MicroUsd(300)),
            latency_ms: 5,
        });
        true
    }

    fn start(&mut self, step: &Step) -> Option<CallId> {
        let mut text = |payload: &Payload| Ok::<_, ()>(self.text(payload));
        let (ground, exhibits) = (premise().ground, self.exhibits(step));
        let mut told = Briefing::of(&self.plan, step, &ground, exhibits, &mut text).unwrap();
        let fresh = self.memory.clone().filter(|_| told.recalled.is_none());
        told.recalled = told.recalled.or_else(|| fresh.clone());
        let prompt = prompts::prompt(&self.plan, step, &told).unwrap();
        let events = self.report(Told::CallStarting {
            recalled: fresh,
            step: step.clone(),
            model: "main".to_owned(),
            agent_id: "agent".to_owned(),
            reserved: Reserved {
                tokens: 1_000,
                cost: Some(MicroUsd(3_000)),
            },
            prompt_b3: prompt.digest(),
            prompt_bytes: 4_000,
        });
        events.into_iter().find_map(|event| match event {
            Event::ModelCallStarted(e) => Some(e.call_id),
            _ => None,
        })
    }

    fn squeeze(&mut self, step: &Step) {
        let Step::Produce { task, .. } = step else {
            panic!("only a producer has results of tools");
        };
        let task = self.plan.run.as_ref().unwrap().task(task).unwrap();
        let uses = task.talk.iter().flat_map(|turn| &turn.uses);
        let room = Room {
            estimated_tokens: 9,
            window_tokens: 10,
        };
        let report = Told::ContextTight {
            step: step.clone(),
            replaced: uses.map(|used| used.call.id.clone()).collect(),
            before: room,
            after_tokens: 5,
        };
        self.report(report);
    }

    fn report(&mut self, report: Told) -> Vec<Event> {
        self.decide(&Command::Runner(report), true).unwrap()
    }

    fn decide(&mut self, command: &Command, runner: bool) -> Result<Vec<Event>, Refusal> {
        let mut context = Context {
            now: self.now,
            by: "maker".to_owned(),
            runner: runner.then_some(self.plan.epoch),
            chance: 0,
            ticket: None,
            policy: self.policy.clone(),
        };
        let mut events = match decide::decide(&self.plan, command, &context) {
            Err(Refusal::NeedsTicket) => {
                self.tickets += 1;
                context.ticket = Some(TicketId::new(self.plan.project.clone(), self.tickets));
                decide::decide(&self.plan, command, &context)
            }
            decided => decided,
        }?;
        let epoch = decide::epoch_of(&self.plan, &events);
        self.keep(&mut events);
        let entry = entry(self.entries.len() as u64, self.now, events.clone(), &epoch);
        self.plan = fold::apply(Some(self.plan.clone()), &entry).unwrap();
        self.entries.push(entry);
        self.now = self.now.plus_seconds(1);
        Ok(events)
    }

    fn keep(&mut self, events: &mut [Event]) {
        for payload in events.iter_mut().flat_map(Event::texts_mut) {
            if let (Payload::Text(text), true) = (&*payload, self.long) {
                let b3 = Digest::of(text.as_bytes());
                let bytes = text.len() as u64;
                self.blobs.insert(b3, text.clone());
                *payload = Payload::Blob(BlobRef { b3, bytes });
            }
        }
    }

    fn text(&self, payload: &Payload) -> String {
        match payload {
            Payload::Text(text) => text.clone(),
            Payload::Blob(blob) => self.blobs[&blob.b3].clone(),
        }
    }

    pub(super) fn recording(&self) -> Recording {
        Recording::of(self.entries.clone())
    }

    /// Today's program, of the same rules, on this journal.
    pub(super) fn rehearsed(&self) -> Report {
        self.rehearsed_by(&premise()).unwrap()
    }

    pub(super) fn rehearsed_by(&self, premise: &Premise) -> Result<Report, String> {
        self.replayed(&self.recording(), premise)
    }

    pub(super) fn replayed(
        &self,
        recording: &Recording,
        premise: &Premise,
    ) -> Result<Report, String> {
        let mut resolve = |payload: &Payload| match payload {
            Payload::Text(text) => Ok(text.clone()),
            Payload::Blob(blob) => {
                let kept = self.blobs.get(&blob.b3).cloned();
                kept.ok_or_else(|| format!("{} is missing", blob.b3))
            }
        };
        rehearse(recording, premise, &mut resolve).map(Option::unwrap)
    }
}

/// The same plan under the usual rules.
pub(super) fn premise() -> Premise {
    Premise {
        other: None,
        ground: ground(OBJECTIVE),
        tool_less: Vec::new(),
        policy: Policy::default(),
    }
}

/// What holds for all prompts of a team with this objective.
pub(super) fn ground(objective: &str) -> Arc<Ground> {
    let policy = Policy::default();
    Arc::new(Ground {
        objective: objective.to_owned(),
        tools: ["list_files", "read_file", "run_shell"]
            .map(str::to_owned)
            .to_vec(),
        max_tasks: policy.max_tasks,
        max_iters: policy.max_iters,
        ..Ground::default()
    })
}

fn entry(seq: u64, at: Timestamp, events: Vec<Event>, epoch: &projections::ids::Epoch) -> Entry {
    let text = codec::encode(&events);
    let b3 = Digest::of(text.as_bytes());
    Entry {
        mark: FrameMark {
            anchor: Anchor { seq, b3 },
            at,
            by: "maker".to_owned(),
        },
        epoch: *epoch,
        events: codec::decode(&text).unwrap(),
    }
}

fn failed(call_id: CallId, class: FailureClass) -> Told {
    Told::CallFailed {
        call_id,
        class,
        message: "no answer".to_owned(),
        retry_after_ms: None,
        in_doubt: true,
        next: None,
        dead: false,
    }
}

fn good(plan: &Plan, step: &Step) -> String {
    let reply = match step {
        Step::Draft { .. } => json!({"title": "Essays", "sub_objectives": [{"title": "Only"}]}),
        Step::PlanTasks { index } => tasks(*index),
        Step::Produce { task, attempt } | Step::Fix { task, attempt } => {
            json!({"content": format!("text of {task}, {attempt}"), "summary": "wrote it"})
        }
        Step::Review { .. } => json!({"passed": true, "summary": "good", "defects": []}),
        Step::Reflect { index } if *index == plan.item_count() => {
            let mut last = reflection("continue");
            last["quality_report"] = json!("# Good\n");
            last
        }
        Step::Reflect { .. } => reflection("continue"),
        Step::Decompose { .. } => json!({"rationale": "too large", "sub_objectives": [
            {"title": "One half"}, {"title": "The other half"}]}),
    };
    reply.to_string()
}

fn tasks(index: u32) -> serde_json::Value {
    json!({"tasks": [{"title": "Task", "brief": "do it", "kind": "document",
                      "artifact": format!("s{index}.md"), "acceptance": ["it exists"]}]})
}

pub(super) fn rejection() -> serde_json::Value {
    json!({"passed": false, "summary": "thin", "defects": [
        {"severity": "major", "class": "substantive", "location": "end", "what": "too thin"}]})
}

pub(super) fn reflection(outcome: &str) -> serde_json::Value {
    json!({"outcome": outcome, "rationale": "seen the work", "team_state": "so far so good"})
}

/// A reflection that proposes another rest of the plan.
pub(super) fn revision() -> serde_json::Value {
    json!({"outcome": "revise-major", "rationale": "the rest is wrong", "revision": {
        "summary": "another rest", "sub_objectives": [{"title": "Other", "description": "new"}]}})
}
