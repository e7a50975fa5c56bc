//! Projections that were deleted, cut or garbled: named exactly, rebuilt byte for byte.

use std::path::Path;

use crate::{
    finished,
    support::{Daemon, TestVault, body, wait_until},
};

/// Below the project's directory.
fn projections(plan: &str) -> [String; 5] {
    [
        format!("plans/{plan}.md"),
        format!("plans/{plan}.usage.jsonl"),
        format!("runs/{plan}/audit.jsonl"),
        format!("runs/{plan}/current_state.md"),
        "tickets/ESS-1.md".to_owned(),
    ]
}

fn delete(file: &Path) {
    std::fs::remove_file(file).expect("a file");
}

fn truncate(file: &Path) {
    let bytes = std::fs::read(file).expect("a file");
    std::fs::write(file, &bytes[..bytes.len() / 2]).expect("a file");
}

fn empty(file: &Path) {
    std::fs::write(file, "").expect("a file");
}

fn garble(file: &Path) {
    let mut bytes = std::fs::read(file).expect("a file");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(file, bytes).expect("a file");
}

fn add_a_line(file: &Path) {
    let mut bytes = std::fs::read(file).expect("a file");
    bytes.extend(b"one more line\n");
    std::fs::write(file, bytes).expect("a file");
}

const HARMS: [fn(&Path); 5] = [delete, truncate, empty, garble, add_a_line];

/// The files that a check names, sorted.
fn named(out: &str) -> Vec<String> {
    let mut names: Vec<String> = out
        .lines()
        .filter_map(|line| Some(line.split_once(": ")?.0.to_owned()))
        .collect();
    names.sort();
    names
}

#[test]
fn a_harmed_projection_is_named_alone_and_rebuilt_byte_for_byte() {
    let (vault, plan) = finished();
    for file in projections(&plan) {
        let path = vault.path(&format!("ess/{file}"));
        let before = std::fs::read(&path).expect("a projection");
        for harm in HARMS {
            harm(&path);
            let ran = vault.run(&["replay", &plan, "--check"]).code(7);
            assert_eq!(named(&ran.out), [format!("ess/{file}")]);
            vault.run(&["replay", &plan, "--write"]).ok().shows(&file);
            assert!(
                std::fs::read(&path).expect("it is back") == before,
                "{file}"
            );
            vault.run(&["replay", &plan, "--check"]).ok();
        }
    }
}

#[test]
fn all_projections_at_once_are_rebuilt_from_the_journal_alone() {
    let (vault, plan) = finished();
    let paths = projections(&plan).map(|file| vault.path(&format!("ess/{file}")));
    let before = paths
        .clone()
        .map(|path| std::fs::read(path).expect("a file"));
    paths.iter().for_each(|path| delete(path));
    let ran = vault.run(&["replay", &plan, "--check", "--json"]).code(7);
    assert_eq!(ran.out.lines().count(), 5, "{}", ran.out);
    for line in ran.out.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(line["why"], "it is missing");
    }
    vault.run(&["replay", "--all", "--write"]).ok();
    let after = paths.map(|path| std::fs::read(path).expect("it is back"));
    assert!(before == after);
    vault.run(&["replay", "--all", "--check"]).ok();
}

#[test]
fn an_operators_text_is_kept_when_the_plans_file_is_rebuilt() {
    let (vault, plan) = finished();
    let text = vault.read(&format!("ess/plans/{plan}.md")) + "\na thought\n";
    vault.write(&format!("ess/plans/{plan}.md"), &text);
    vault.run(&["replay", &plan, "--write"]).ok();
    let kept: Vec<String> = vault
        .names("ess/plans")
        .into_iter()
        .filter(|name| name.contains(".rejected-"))
        .collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(vault.read(&format!("ess/plans/{}", kept[0])), text);
    vault.is_proven(&plan);
}

#[test]
fn a_check_changes_nothing() {
    let (vault, plan) = finished();
    let path = vault.plan_file(&plan);
    garble(&path);
    let before = std::fs::read(&path).expect("a file");
    let names = vault.names("ess/plans");
    vault.run(&["replay", &plan, "--check"]).code(7);
    assert_eq!(std::fs::read(&path).expect("a file"), before);
    assert_eq!(vault.names("ess/plans"), names);
}

#[test]
fn a_heartbeat_of_a_daemon_at_work_is_rebuilt_from_its_claim() {
    let vault = TestVault::slow("60s");
    let plan = vault.approved(&body(1));
    let daemon = Daemon::start(&vault, &["--tick-seconds", "3600"]);
    wait_until("a call is under way", || {
        vault.journal(&plan).count("ModelCallStarted") == 1
    });
    let name = vault
        .names(".modulatio/heartbeats")
        .into_iter()
        .find(|name| name.ends_with(&format!("-{}.json", daemon.pid())))
        .expect("a heartbeat");
    daemon.kill();
    let file = format!(".modulatio/heartbeats/{name}");
    for harm in [delete, truncate, empty] {
        harm(&vault.path(&file));
        let ran = vault.run(&["replay", "--all", "--check"]).code(7);
        assert!(named(&ran.out).contains(&file), "{}", ran.out);
        vault.run(&["replay", "--all", "--write"]).ok();
        vault.run(&["replay", "--all", "--check"]).ok();
        let beat: serde_json::Value = serde_json::from_str(&vault.read(&file)).expect("JSON");
        assert_eq!(beat["active_plan"], plan.as_str());
        assert_eq!(beat["epoch"], 1);
    }
}

#[test]
fn what_a_killed_runner_left_unrendered_is_healed_by_the_next_start() {
    let vault = TestVault::new();
    let plan = vault.approved(&body(1));
    let env = [("MODULATIO_FAULT", "kill-after-append:1")];
    assert_eq!(vault.run_with(&["daemon", "--until-idle"], &env).code, None);
    let ran = vault.run(&["replay", &plan, "--check"]).code(7);
    assert_eq!(named(&ran.out), [format!("ess/plans/{plan}.md")]);
    vault.run_until_idle();
    vault.is_proven(&plan);
}
