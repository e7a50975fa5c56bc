//! A reader that has gone (`modulatio plan list | head -1`) is a quiet end, not an error; a disk that is full is one.

use std::process::{Command, Output, Stdio};

use crate::support::{TestVault, body};

/// A pipe whose reader is gone already.
fn broken() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    Stdio::from(writer)
}

fn into_nowhere(vault: &TestVault, args: &[&str]) -> Output {
    let mut command = vault.command(args);
    command
        .stdin(Stdio::null())
        .stdout(broken())
        .stderr(Stdio::piped());
    command.output().expect("the binary starts")
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
        let full = std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .expect("a device");
        let mut command = vault.command(view);
        let output = command
            .stdin(Stdio::null())
            .stdout(full)
            .stderr(Stdio::piped())
            .output();
        let output = output.expect("the binary starts");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{view:?}: {told}");
        assert!(
            told.starts_with("error: cannot write to stdout: "),
            "{told}"
        );
    }
}
