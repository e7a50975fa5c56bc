//! Disks that are full or read-only. These need the right to mount; without it they say so and pass.

use std::path::PathBuf;

use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step};
use serde_json::json;

use crate::support::{Daemon, Mount, TestVault, body, mount, wait_until};

/// A project on a small disk of its own, and its plan.
fn small_disk(vault: &TestVault, size: &str) -> Option<(Mount, String)> {
    vault.project("small");
    let options = format!("size={size}");
    let mount = Mount::over(
        &vault.path("small"),
        &["-t", "tmpfs", "-o", &options, "modulatio-test"],
    )?;
    vault.project("small");
    let file = vault.beside().join("plan.md");
    std::fs::write(&file, body(2)).expect("a file");
    let file = file.to_str().expect("a plain path");
    let plan = vault
        .run(&["plan", "add", "SMALL", file])
        .ok()
        .out
        .trim()
        .to_owned();
    vault.run(&["plan", "approve", &plan]).ok();
    Some((mount, plan))
}

/// Fills the disk to its last byte.
fn fill(vault: &TestVault) -> PathBuf {
    use std::io::Write;
    let path = vault.path("small/filling");
    let mut file = std::fs::File::create(&path).expect("room for a name");
    for size in [64 * 1024, 4096, 512, 1] {
        let chunk = vec![b'x'; size];
        while file.write_all(&chunk).is_ok() {}
    }
    path
}

/// A model that takes its time over the first production, which is when the disk fills up.
fn slow_producer() -> FakeModel {
    let content = "An essay that needs room. ".repeat(4_000);
    let answer = Behaviour::Arguments(json!({"content": content, "summary": "s"}));
    let slow = Step::new(answer)
        .for_tool("submit_artifact")
        .after(std::time::Duration::from_secs(2))
        .times(0);
    FakeModel::start(Script::of([slow])).expect("a free port")
}

#[test]
fn a_paid_answer_waits_for_room_on_a_full_disk() {
    let model = slow_producer();
    let vault = TestVault::asking(&model.base_url());
    let Some((_mount, plan)) = small_disk(&vault, "2m") else {
        return;
    };
    let daemon = Daemon::start(&vault, &["--tick-seconds", "1"]);
    wait_until("the production is asked for", || {
        model.requests().len() == 2
    });
    let filling = fill(&vault);
    daemon.says("cannot be made durable yet");
    let before = vault.journal(&plan);
    let (status, frames) = (before.status(), before.frames().len());
    assert_eq!(status, "executing");
    vault.run(&["plan", "show", &plan]).ok();
    std::fs::remove_file(filling).expect("the filling");
    wait_until("the plan is done", || {
        vault.journal(&plan).status() == "done"
    });
    let after = vault.journal(&plan);
    assert!(after.frames().len() > frames);
    assert_eq!(after.count("ModelCallAbandoned"), 0);
    assert!(model.sold().by_key.values().all(|count| *count == 1));
    assert_eq!(model.sold().calls, after.count("ModelCallCompleted") as u64);
    drop(daemon);
    vault.run_until_idle();
    vault.is_proven(&plan);
}

#[test]
fn a_full_disk_loses_no_plan_and_holds_up_no_other() {
    let vault = TestVault::new();
    let Some((_mount, plan)) = small_disk(&vault, "1m") else {
        return;
    };
    let journal = vault.path(&format!("small/plans/{plan}.journal.jsonl"));
    let before = std::fs::read(&journal).expect("a journal");
    let filling = fill(&vault);
    let note = "more than the last page holds ".repeat(300);
    vault
        .run(&["plan", "cancel", &plan, "--note", &note])
        .code(1)
        .says("the disk is full; no acknowledged fact was lost");
    assert_eq!(std::fs::read(&journal).expect("a journal"), before);
    let good = vault.approved(&body(1));
    let daemon = Daemon::start(&vault, &["--tick-seconds", "1"]);
    wait_until("the other plan is done", || {
        vault.journal(&good).status() == "done"
    });
    daemon.says("No space left on device");
    std::fs::remove_file(filling).expect("the filling");
    wait_until("the plan is done", || {
        vault.journal(&plan).status() == "done"
    });
    drop(daemon);
    let after = std::fs::read(&journal).expect("a journal");
    assert!(after.starts_with(&before), "acknowledged frames stay");
    vault.run_until_idle();
    vault.is_proven(&plan);
}

#[test]
fn a_read_only_vault_is_read_and_not_written() {
    let vault = TestVault::new();
    let plan = vault.approved(&body(1));
    let root = vault.root().to_str().expect("a plain path").to_owned();
    let Some(_bound) = Mount::over(vault.root(), &["--bind", &root]) else {
        return;
    };
    if !mount(vault.root(), &["-o", "remount,ro,bind"]) {
        return;
    }
    vault.run(&["plan", "list"]).ok().shows("approved");
    vault.run(&["replay", &plan]).ok();
    vault.run(&["replay", &plan, "--check"]).ok();
    vault.run(&["audit", "verify", "--all"]).ok();
    vault
        .run(&["daemon", "--until-idle"])
        .code(1)
        .says("Read-only file system");
    vault
        .run(&["plan", "cancel", &plan])
        .code(1)
        .says("Read-only file system");
    vault
        .run(&["project", "add", "NEW", "--objective", "x"])
        .code(1)
        .says("Read-only");
}

/// Whoever reads a pipe waits for ever; a plan's file that is one must not hold up the others.
#[test]
fn a_pipe_under_a_plans_name_holds_up_nobody() {
    let vault = TestVault::new();
    let plan = vault.approved(&body(1));
    let pipe = vault.plan_file("ESS-P-050");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo is there").success());
    vault.run(&["plan", "list"]).shows(&plan);
    vault.run_until_idle();
    assert_eq!(vault.journal(&plan).status(), "done");
    let shown = vault.run(&["plan", "approve", "ESS-P-050"]);
    assert_ne!(shown.code, Some(0));
    assert!(shown.err.contains("not a regular file"), "{shown:?}");
}
