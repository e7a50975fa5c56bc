//! A reader that has gone (`modulatio plan list | head -1`) is a quiet end, not an error; a disk that is full is one.

use std::process::{Command, Output, Stdio};

use crate::support::{TestVault, body};

/// A pipe whose reader is gone already.
fn broken() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    Stdio::from(writer)
}

/// A disk without room.
fn full() -> Stdio {
    let device = std::fs::OpenOptions::new().write(true).open("/dev/full");
    Stdio::from(device.expect("a device"))
}

fn into(out: Stdio, vault: &TestVault, args: &[&str]) -> Output {
    let mut command = vault.command(args);
    command
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(Stdio::piped());
    command.output().expect("the binary starts")
}

fn into_nowhere(vault: &TestVault, args: &[&str]) -> Output {
    into(broken(), vault, args)
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn vault() -> TestVault {
    let vault = TestVault::with(
        "models:\n  dry: {provider: rehearsal, outcomes: {1: pause}}\nteam: {leader: dry}\n",
    );
    vault.approved(&body(2));
    vault.run_until_idle();
    vault
}

const VIEWS: [&[&str]; 30] = [
    &["memory", "list"],
    &["project", "list"],
    &["project", "show", "ESS"],
    &["project", "runs"],
    &["project", "tickets", "ESS"],
    &["project", "clean", "ESS"],
    &["plan", "list"],
    &["plan", "show", "ESS-P-001"],
    &["plan", "artifacts", "ESS-P-001"],
    &["plan", "artifacts", "ESS-P-001", "essay1.md"],
    &["plan", "artifacts", "ESS-P-001", "--path"],
    &["ticket", "list"],
    &["ticket", "show", "ESS-1"],
    &["prompts", "list"],
    &["prompts", "show", "planner"],
    &["models"],
    &["config", "show"],
    &["config", "show", "--project", "ESS"],
    &["config", "check"],
    &["spend"],
    &["heartbeat", "--all"],
    &["replay", "ESS-P-001"],
    &["replay", "ESS-P-001", "--check"],
    &["replay", "--all"],
    &["replay", "--all", "--check"],
    &["audit", "verify", "--all"],
    &["audit", "seal"],
    &["completions", "bash"],
    &["completions", "fish"],
    &["--help"],
];

#[test]
fn every_view_ends_quietly_when_its_reader_has_gone() {
    let vault = vault();
    for view in VIEWS {
        for extra in [[].as_slice(), &["--json"]] {
            let args = [view, extra].concat();
            let output = into_nowhere(&vault, &args);
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(0), "{args:?}: {told}");
            let is_talk =
                |line: &str| line.starts_with("warning: ") || line.starts_with("nothing to");
            assert!(told.lines().all(is_talk), "{args:?}: {told}");
        }
    }
}

#[test]
fn the_first_line_of_a_long_view_is_enough() {
    let vault = vault();
    let bin = env!("CARGO_BIN_EXE_modulatio");
    let script = format!("set -o pipefail; '{bin}' config show | head -1");
    let output = Command::new("bash")
        .args(["-c", &script])
        .env("MODULATIO_VAULT", vault.root())
        .output()
        .expect("bash starts");
    assert!(output.status.success(), "{output:?}");
    assert!(output.stdout.starts_with(b"KEY "), "{output:?}");
    assert_eq!(output.stderr, b"");
}

#[test]
fn acts_go_on_when_nobody_reads_of_them() {
    let vault = TestVault::new();
    let plans: Vec<String> = (0..3).map(|_| vault.draft(&body(1))).collect();
    for plan in &plans {
        vault.run(&["plan", "decline", plan]).ok();
    }
    for json in [[].as_slice(), &["--json"]] {
        let vault = vault.copy();
        let args = [&["project", "clean", "ESS", "--force"], json].concat();
        let output = into_nowhere(&vault, &args);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(vault.names("ess/archive"), plans);
    }
}

#[test]
fn a_daemon_whose_log_nobody_reads_goes_on() {
    let vault = TestVault::new();
    let plan = vault.approved(&body(2));
    for format in ["text", "json"] {
        let mut command = vault.command(&["daemon", "--until-idle", "--log-format", format]);
        command
            .stdin(Stdio::null())
            .stdout(broken())
            .stderr(broken());
        let status = command.status().expect("the binary starts");
        assert_eq!(status.code(), Some(0), "{format}");
    }
    vault
        .run(&["plan", "show", &plan])
        .ok()
        .shows("status     done");
    vault.is_proven(&plan);
}

#[cfg(target_os = "linux")]
#[test]
fn a_view_that_cannot_be_written_whole_is_an_error() {
    let vault = vault();
    for view in [
        ["plan", "list"].as_slice(),
        &["replay", "ESS-P-001"],
        &["plan", "artifacts", "ESS-P-001", "essay1.md"],
    ] {
        let output = into(full(), &vault, view);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{view:?}: {told}");
        assert!(
            told.starts_with("error: cannot write to stdout: "),
            "{told}"
        );
    }
}

const KICKOFF: [&str; 3] = ["kickoff", "ESS", "Two essays on Stoicism."];

/// A vault with a draft that waits.
fn vault_to_change() -> TestVault {
    let vault = TestVault::new();
    vault.draft(&body(1));
    vault
}

/// What an operator may change, and the status of the plan afterwards.
const ACTS: [(&[&str], &str); 7] = [
    (&["plan", "approve", "ESS-P-001"], "approved"),
    (&["plan", "decline", "ESS-P-001"], "declined"),
    (&["plan", "cancel", "ESS-P-001"], "cancelled"),
    (&["plan", "cancel", "ESS-P-001", "--force"], "cancelled"),
    (
        &["plan", "edit-budget", "ESS-P-001", "--max-tokens", "9"],
        "draft",
    ),
    (&["project", "add", "NEW", "--objective", "x"], "draft"),
    (&["replay", "--all", "--write"], "draft"),
];

/// Somebody who tries again because nothing seemed to happen would pay twice.
#[test]
fn an_act_is_done_whoever_reads_of_it_and_a_full_disk_is_told_at_the_end() {
    for (args, status) in ACTS {
        for extra in [[].as_slice(), &["--json"]] {
            let args = [args, extra].concat();
            let vault = vault_to_change();
            let output = into_nowhere(&vault, &args);
            assert_eq!(output.status.code(), Some(0), "{args:?}: {output:?}");
            assert_eq!(vault.journal("ESS-P-001").status(), status, "{args:?}");
            if cfg!(not(target_os = "linux")) {
                continue;
            }
            let other = vault_to_change();
            let output = into(full(), &other, &args);
            assert_eq!(output.status.code(), Some(1), "{args:?}: {output:?}");
            let why = told(&output);
            assert!(why.contains("cannot write to stdout: "), "{args:?}: {why}");
            assert_eq!(other.journal("ESS-P-001").status(), status, "{args:?}");
            assert_eq!(other.names(""), vault.names(""), "{args:?}");
        }
    }
}

#[test]
fn a_kickoff_that_nobody_hears_of_runs_its_plan_once_and_ends_as_it_does() {
    let nobody = [
        (broken as fn() -> Stdio, 0, "pause nothing"),
        (broken, 6, "pause"),
        #[cfg(target_os = "linux")]
        (full, 1, "pause nothing"),
        #[cfg(target_os = "linux")]
        (full, 6, "pause"),
    ];
    for (out, code, outcome) in nobody {
        let outcomes = match outcome {
            "pause" => ", outcomes: {1: pause}",
            _ => "",
        };
        let vault = TestVault::with(&format!(
            "models:\n  dry: {{provider: rehearsal{outcomes}}}\nteam: {{leader: dry}}\n"
        ));
        let output = into(out(), &vault, &KICKOFF);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        let status = if code == 6 { "paused" } else { "done" };
        assert_eq!(vault.journal("ESS-P-001").status(), status);
        vault.run_until_idle();
        assert!(!vault.journal_file("ESS-P-002").exists(), "there is one");
        vault.is_proven("ESS-P-001");
    }
}

#[test]
fn an_exit_code_is_the_same_whoever_reads() {
    let vault = vault();
    let text = vault.read("ess/plans/ESS-P-001.journal.jsonl");
    let (first, rest) = text.split_once("\"by\"").expect("a frame");
    let file = vault.journal_file("ESS-P-001");
    std::fs::write(file, format!("{first}\"bY\"{rest}")).expect("a file");
    vault.write("ess/project.yaml", "objective: [1]\nsense: none\n");
    for (args, code) in [
        (["audit", "verify", "--all"].as_slice(), 7),
        (&["audit", "verify", "ESS-P-001"], 7),
        (&["config", "check"], 3),
    ] {
        for extra in [[].as_slice(), &["--json"]] {
            let args = [args, extra].concat();
            vault.run(&args).code(code);
            let output = into_nowhere(&vault, &args);
            assert_eq!(output.status.code(), Some(code), "{args:?}: {output:?}");
        }
    }
}

/// It runs a daemon of its own in a directory of its own; neither may stay.
#[test]
fn a_demo_that_nobody_watches_is_played_to_its_end() {
    let vault = TestVault::new();
    let dir = vault.path("demo");
    let place = dir.to_str().expect("a plain path");
    let output = into_nowhere(&vault, &["demo", "--dir", place]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let plan = vault.read("demo/sky/plans/SKY-P-001.md");
    assert!(plan.contains("status: done"), "{plan}");
}
