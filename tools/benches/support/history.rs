//! The journal of a plan at work, frame by frame: sub-objectives of three tasks, each produced, reviewed and
//! sent back again and again. Frames have about 1 KB, as model replies make them, newlines and quotes included.

use std::collections::VecDeque;

use journal::{Draft, Hash, LogName, frame};
use projections::{
    codec,
    document::Head,
    event::{
        ArtifactWritten, Caps, Event, ModelCallCompleted, ModelCallStarted, PlanApproved,
        PlanClaimed, PlanDrafted, ReflectionRecorded, Reserved, SubObjectiveFinished,
        SubObjectiveStarted, TaskProduced, TaskRedone, TaskReviewed, TasksPlanned, Usage,
    },
    ids::{CallId, Epoch, TaskId},
    payload::{Digest, Payload},
    time::{MicroUsd, Timestamp},
    work::{
        Defect, DefectClass, Outcome, Redo, Reflection, Severity, Step, TaskKind, TaskSpec, Verdict,
    },
};

/// The plan whose history it is.
pub(crate) const PLAN: &str = "ESS-P-001";

const SUB_OBJECTIVES: usize = 32;
const TASKS: u32 = 3;
const FRAMES_A_PRODUCTION: usize = 4;
const START: i64 = 1_790_000_000_000_000;

/// An endless source of lines, newline included.
pub(crate) struct History {
    key: Hash,
    seq: u64,
    at: i64,
    calls: u64,
    index: u32,
    /// 0 before the first task, [`TASKS`] and one more after the last.
    task: u32,
    attempt: u32,
    productions: u32,
    coming: VecDeque<Vec<Event>>,
}

impl History {
    /// A history that reaches its last sub-objective after about `frames` frames.
    pub(crate) fn of(frames: usize) -> History {
        let productions = frames / (SUB_OBJECTIVES * TASKS as usize * FRAMES_A_PRODUCTION);
        History {
            key: Hash::root(&LogName::parse(PLAN).unwrap()),
            seq: 0,
            at: START,
            calls: 0,
            index: 1,
            task: 0,
            attempt: 1,
            productions: u32::try_from(productions).unwrap().max(1),
            coming: VecDeque::from(beginning()),
        }
    }

    /// The next line.
    pub(crate) fn line(&mut self) -> Vec<u8> {
        if self.coming.is_empty() {
            self.go_on();
        }
        self.at += 1_234_567;
        let draft = Draft {
            at: self.now().to_string(),
            epoch: u64::from(self.seq > 1),
            by: "daemon:host:4711".to_owned(),
            events: codec::encode(&self.coming.pop_front().unwrap()),
        };
        let line = frame::encode(&self.key, self.seq, &draft).unwrap();
        self.key = frame::recorded_hash(&line).unwrap();
        self.seq += 1;
        line
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.at)
    }

    /// One part at a time, so that the source itself needs no memory.
    fn go_on(&mut self) {
        match self.task {
            0 => self.plan_tasks(self.index),
            1..=TASKS => return self.production(TaskId::nth(self.index, self.task), self.attempt),
            _ => self.reflect(self.index),
        }
        let done = self.task > 0;
        self.index += u32::from(done);
        self.task = u32::from(!done);
    }

    fn plan_tasks(&mut self, index: u32) {
        let started = SubObjectiveStarted {
            index,
            title: "Read the sources".to_owned(),
        };
        let ask = self.ask(Step::PlanTasks { index });
        self.coming.push_back(vec![started.into(), ask]);
        let tasks = (1..=TASKS).map(|n| spec(TaskId::nth(index, n)));
        let planned = TasksPlanned {
            index,
            tasks: tasks.collect(),
        };
        let reply = self.reply(700);
        self.coming.push_back(vec![reply, planned.into()]);
    }

    fn production(&mut self, task: TaskId, attempt: u32) {
        let step = Step::Produce {
            task: task.clone(),
            attempt,
        };
        let ask = self.ask(step);
        self.coming.push_back(vec![ask]);
        let reply = self.reply(1600);
        let produced = self.produced(&task, attempt);
        self.coming.push_back(vec![reply, produced]);
        let step = Step::Review {
            task: task.clone(),
            attempt,
        };
        let ask = self.ask(step);
        self.coming.push_back(vec![written(&task), ask]);
        let reply = self.reply(500);
        let last = attempt == self.productions;
        let mut judged = vec![reply, reviewed(&task, attempt, last)];
        if !last {
            judged.push(redone(&task, attempt + 1));
        }
        self.coming.push_back(judged);
        self.task += u32::from(last);
        self.attempt = if last { 1 } else { attempt + 1 };
    }

    fn reflect(&mut self, index: u32) {
        let ask = self.ask(Step::Reflect { index });
        self.coming.push_back(vec![ask]);
        let reflection = Reflection {
            after_sub_objective: index,
            outcome: Outcome::Continue,
            rationale: prose(200),
            timestamp: self.now(),
            note: None,
            more: serde_json::Map::new(),
        };
        let finished = SubObjectiveFinished {
            index,
            summary: prose(80),
        };
        let reply = self.reply(400);
        self.coming.push_back(vec![
            reply,
            ReflectionRecorded { reflection }.into(),
            finished.into(),
        ]);
    }

    fn call(&self) -> CallId {
        CallId::nth(self.calls, "s1-t1-produce")
    }

    fn ask(&mut self, step: Step) -> Event {
        self.calls += 1;
        ModelCallStarted {
            recalled: None,
            call_id: self.call(),
            step,
            model: "main".to_owned(),
            agent_id: "drafter".to_owned(),
            reserved: Reserved {
                tokens: 12_000,
                cost: Some(MicroUsd(21_000)),
            },
            prompt_b3: Digest::of(b"prompt"),
            prompt_bytes: 9_000,
        }
        .into()
    }

    fn reply(&self, bytes: usize) -> Event {
        ModelCallCompleted {
            call_id: self.call(),
            usage: Usage {
                input_tokens: 4321,
                output_tokens: 321,
                ..Usage::default()
            },
            cost: Some(MicroUsd(1234)),
            latency_ms: 4567,
            reply: Payload::Text(prose(bytes)),
            tool_calls: Vec::new(),
            cut: false,
            in_doubt: Reserved::default(),
        }
        .into()
    }

    fn produced(&self, task: &TaskId, attempt: u32) -> Event {
        TaskProduced {
            task: task.clone(),
            attempt,
            call_id: self.call(),
            claim: prose(120),
        }
        .into()
    }
}

fn beginning() -> Vec<Vec<Event>> {
    let items = (1..=SUB_OBJECTIVES).map(|n| format!("**{n}. Part {n}** — do it\n\n"));
    let drafted = PlanDrafted {
        format: 1,
        plan: PLAN.parse().unwrap(),
        project: "ESS".parse().unwrap(),
        head: Head::default(),
        body: format!("## Sub-objectives\n\n{}", items.collect::<String>()),
        caps: Caps::default(),
    };
    let claimed = PlanClaimed {
        epoch: Epoch(1),
        recovered: false,
    };
    let approved = PlanApproved {
        note: String::new(),
    };
    vec![
        vec![drafted.into()],
        vec![approved.into()],
        vec![claimed.into()],
    ]
}

fn spec(id: TaskId) -> TaskSpec {
    TaskSpec {
        title: "Summarise".to_owned(),
        brief: prose(160),
        kind: TaskKind::Document,
        artifacts: vec![format!("{id}.md")],
        acceptance: vec![prose(40), prose(40)],
        needs: Vec::new(),
        producer: None,
        id,
    }
}

fn written(task: &TaskId) -> Event {
    ArtifactWritten {
        task: task.clone(),
        path: format!("{task}.md"),
        b3: Digest::of(b"artifact"),
        bytes: 1600,
        content: None,
    }
    .into()
}

fn reviewed(task: &TaskId, attempt: u32, passed: bool) -> Event {
    let verdict = Verdict {
        passed,
        summary: prose(100),
        defects: vec![defect()],
    };
    TaskReviewed {
        task: task.clone(),
        attempt,
        verdict,
        by_engine: false,
    }
    .into()
}

fn redone(task: &TaskId, attempt: u32) -> Event {
    TaskRedone {
        task: task.clone(),
        attempt,
        defects: vec![defect()],
        how: Redo::Anew,
    }
    .into()
}

fn defect() -> Defect {
    Defect {
        severity: Severity::Minor,
        class: DefectClass::Mechanical,
        location: "section 2".to_owned(),
        what: prose(60),
    }
}

/// Text as models write it: lines, now and then a quotation.
fn prose(bytes: usize) -> String {
    const LINE: &str = "The dichotomy of control divides what is up to us from what is not, and\n\
         asks us to care for the former alone; \"of things some are in our power\".\n";
    LINE.chars().cycle().take(bytes).collect()
}
