//! Journals to inspect, and the program run over them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use journal::{Draft, Hash, LogName, frame};
use projections::{
    codec,
    document::Head,
    event::{
        Caps, Event, ModelCallCompleted, ModelCallStarted, PlanApproved, PlanClaimed, PlanDrafted,
        Priority, Reserved, TicketOpened, TicketSubject, Usage,
    },
    ids::Epoch,
    payload::{Digest, Payload},
    time::MicroUsd,
    work::Step,
};

pub(crate) const PLAN: &str = "ESS-P-001";

/// What the program said.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

pub(crate) fn audit(arguments: &[&str]) -> Said {
    let ran = Command::new(env!("CARGO_BIN_EXE_modulatio-audit"))
        .args(arguments)
        .output()
        .unwrap();
    let err = String::from_utf8(ran.stderr).unwrap();
    assert!(!err.contains("panicked"), "{err}");
    Said {
        code: ran.status.code().expect("not killed"),
        out: String::from_utf8(ran.stdout).unwrap(),
        err,
    }
}

/// A directory with one journal in it.
pub(crate) struct Sample {
    pub(crate) dir: tempfile::TempDir,
}

impl Sample {
    pub(crate) fn of(bytes: &[u8]) -> Sample {
        let sample = Sample {
            dir: tempfile::tempdir().unwrap(),
        };
        fs::write(sample.path(), bytes).unwrap();
        sample
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join(format!("{PLAN}.journal.jsonl"))
    }

    pub(crate) fn file(&self) -> String {
        text(&self.path())
    }

    /// Runs `command FILE rest…`.
    pub(crate) fn audit(&self, command: &str, rest: &[&str]) -> Said {
        let before = fs::read(self.path()).unwrap();
        let file = self.file();
        let said = audit(&[&[command, &file], rest].concat());
        assert_eq!(fs::read(self.path()).unwrap(), before, "it wrote");
        assert_eq!(fs::read_dir(self.dir.path()).unwrap().count(), 1);
        said
    }
}

pub(crate) fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// The frames of a small plan, each a line with its newline.
pub(crate) fn frames() -> Vec<Vec<u8>> {
    frames_of(PLAN, &history())
}

pub(crate) fn whole() -> Vec<u8> {
    frames().concat()
}

pub(crate) fn frames_of(name: &str, history: &[Vec<Event>]) -> Vec<Vec<u8>> {
    let mut key = Hash::root(&LogName::parse(name).unwrap());
    let mut lines = Vec::new();
    for (seq, events) in history.iter().enumerate() {
        let draft = Draft {
            at: format!("2026-11-23T20:15:0{seq}.000000Z"),
            epoch: u64::from(seq >= 2),
            by: "cli:alice".to_owned(),
            events: codec::encode(events),
        };
        let line = frame::encode(&key, seq as u64, &draft).unwrap();
        key = frame::recorded_hash(&line).unwrap();
        lines.push(line);
    }
    lines
}

pub(crate) fn history() -> Vec<Vec<Event>> {
    vec![
        vec![drafted(PLAN)],
        vec![
            PlanApproved {
                note: "go\u{1b}[31m".to_owned(),
            }
            .into(),
        ],
        vec![
            PlanClaimed {
                epoch: Epoch(1),
                recovered: false,
            }
            .into(),
        ],
        vec![started()],
        vec![completed(), asked()],
    ]
}

pub(crate) fn drafted(plan: &str) -> Event {
    PlanDrafted {
        format: 1,
        plan: plan.parse().unwrap(),
        project: "ESS".parse().unwrap(),
        head: Head::default(),
        body: "## Sub-objectives\n\n**1. Read** — it\n\n**2. Write** — it\n".to_owned(),
        caps: Caps::default(),
    }
    .into()
}

fn started() -> Event {
    ModelCallStarted {
        recalled: None,
        call_id: "c0001-s1-plan".parse().unwrap(),
        step: Step::PlanTasks { index: 1 },
        model: "main".to_owned(),
        agent_id: "planner".to_owned(),
        reserved: Reserved {
            tokens: 1000,
            cost: Some(MicroUsd(2000)),
        },
        prompt_b3: Digest::of(b"prompt"),
        prompt_bytes: 9_000,
    }
    .into()
}

fn completed() -> Event {
    ModelCallCompleted {
        call_id: "c0001-s1-plan".parse().unwrap(),
        usage: Usage {
            input_tokens: 300,
            output_tokens: 40,
            ..Usage::default()
        },
        cost: Some(MicroUsd(1500)),
        latency_ms: 12,
        reply: Payload::Text("[]".to_owned()),
        tool_calls: Vec::new(),
        cut: false,
        in_doubt: Reserved::default(),
    }
    .into()
}

fn asked() -> Event {
    TicketOpened {
        ticket: "ESS-7".parse().unwrap(),
        priority: Priority::Blocker,
        subject: TicketSubject::Reply,
        title: "What now?".to_owned(),
        body: "Look.".to_owned(),
        digest: Digest::of(b"shown"),
        for_information: false,
        found: None,
    }
    .into()
}
