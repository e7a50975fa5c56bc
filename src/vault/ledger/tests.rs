//! Growing files when the disk does not do what it is told.

use std::fs;

use projections::{
    event::{Reserved, Usage},
    ids::CallId,
    payload::{BlobRef, Digest, Payload},
    work::Step,
};

use super::*;
use crate::{
    command::{Command, Report},
    decide,
    vault::{Actor, PlanLog, Vault},
};

struct Place {
    _dir: tempfile::TempDir,
    project: Project,
    plan: PlanId,
    /// Of the ledger of usage.
    path: std::path::PathBuf,
}

fn place() -> Place {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("ess/plans")).unwrap();
    let plan: PlanId = "ESS-P-001".parse().unwrap();
    let vault = Vault::open(dir.path()).unwrap();
    let project = vault.project(plan.project()).unwrap();
    let path = project.dir().join(Ledger::Usage.path(&plan));
    Place {
        _dir: dir,
        project,
        plan,
        path,
    }
}

/// A plan whose planner was asked, and the call.
fn asked(here: &Place) -> (PlanLog, CallId, Actor) {
    let text = projections::document::read(b"### Sub-objectives\n\n**1. A** - b\n").unwrap();
    let events = decide::draft(&here.plan, &text).unwrap();
    let anna = Actor::named("anna");
    let mut log = PlanLog::create(&here.project, &here.plan, events, &anna).unwrap();
    let note = String::new();
    log.submit(&Command::Approve { note }, &anna).unwrap();
    log.submit(&Command::Claim, &anna).unwrap();
    let runner = Actor::named("daemon").under(log.plan().epoch);
    let starting = Report::CallStarting {
        step: Step::PlanTasks { index: 1 },
        model: "main".to_owned(),
        agent_id: "planner".to_owned(),
        reserved: Reserved::default(),
        prompt_b3: Digest([0; 32]),
        prompt_bytes: 1,
        recalled: None,
    };
    log.submit(&Command::Runner(starting), &runner).unwrap();
    let call = log.plan().calls.in_flight.keys().next().cloned();
    (log, call.unwrap(), runner)
}

/// On `/dev/full` every write finds the disk full.
#[test]
fn a_line_that_could_not_be_appended_is_written_with_the_next_frame() {
    let here = place();
    let (mut log, call_id, runner) = asked(&here);
    std::os::unix::fs::symlink("/dev/full", &here.path).unwrap();
    let completed = Report::CallCompleted {
        call_id,
        reply: "I would rather not.".to_owned(),
        calls: Vec::new(),
        cut: false,
        in_doubt: Reserved::default(),
        usage: Usage::default(),
        cost: None,
        latency_ms: 1,
    };
    log.submit(&Command::Runner(completed), &runner).unwrap();
    assert!(log.is_behind());
    fs::remove_file(&here.path).unwrap();
    let note = String::new();
    log.submit(&Command::Pause { note }, &runner).unwrap();
    assert!(!log.is_behind());
    let differences = replay::check(&here.project, &here.plan).unwrap();
    assert!(differences.is_empty(), "{differences:?}");
}

#[test]
fn a_line_whose_text_could_not_be_read_is_written_the_next_time() {
    let here = place();
    let mut tracker = Tracker::default();
    tracker.write(&here.project, &here.plan).unwrap();
    let text = "a long text";
    let blob = Payload::Blob(BlobRef {
        b3: Digest::of(text.as_bytes()),
        bytes: text.len() as u64,
    });
    let pieces = [Piece::Text("before ".to_owned()), Piece::Bytes(blob)];
    tracker.usage.waiting.extend(pieces);
    tracker.write(&here.project, &here.plan).unwrap_err();
    here.project.make_dir("blobs").unwrap();
    here.project.blobs().put(text.as_bytes()).unwrap();
    tracker.write(&here.project, &here.plan).unwrap();
    let whole = fs::read_to_string(&here.path).unwrap();
    assert_eq!(whole, format!("before {text}"));
}
