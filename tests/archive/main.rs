//! Plans that are over go into the archive: whole, at any instant, and nothing of the vault's account changes by it.

#[path = "../support/mod.rs"]
mod support;

mod account;
mod clean;
mod killed;
mod refused;
mod strays;

use std::{collections::BTreeMap, path::Path};

use support::{Ran, TestVault, body};

/// Every file of the project and its content, by its path; lock files left out, whose content says nothing.
fn tree(vault: &TestVault) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    collect(&vault.path("ess"), "", &mut found);
    found
}

fn collect(dir: &Path, below: &str, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(dir).expect("a directory") {
        let entry = entry.expect("an entry");
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        if entry.file_type().expect("a type").is_dir() {
            collect(&entry.path(), &format!("{name}/"), found);
        } else {
            found.insert(name, std::fs::read(entry.path()).expect("a file"));
        }
    }
}

/// The project holds just these files.
#[track_caller]
fn same(vault: &TestVault, expected: &BTreeMap<String, Vec<u8>>) {
    let found = tree(vault);
    let names: std::collections::BTreeSet<&String> = found.keys().chain(expected.keys()).collect();
    let differ: Vec<_> = names
        .into_iter()
        .filter(|name| found.get(*name) != expected.get(*name))
        .collect();
    assert!(differ.is_empty(), "these differ: {differ:?}");
}

fn names(vault: &TestVault) -> Vec<String> {
    tree(vault).into_keys().collect()
}

/// A vault with a plan that has run to its end, one of two sub-objectives.
fn done() -> (TestVault, String) {
    let vault = TestVault::new();
    let plan = vault.approved(&body(2));
    vault.run_until_idle();
    assert_eq!(status(&vault, &plan), "done");
    (vault, plan)
}

fn status(vault: &TestVault, plan: &str) -> String {
    let ran = vault.run(&["plan", "show", plan, "--json"]).ok();
    let object: serde_json::Value = serde_json::from_str(&ran.out).expect("an object");
    object["status"].as_str().expect("a status").to_owned()
}

fn clean(vault: &TestVault, args: &[&str]) -> Ran {
    vault.run(&[&["project", "clean", "ESS"], args].concat())
}

/// In which of its places a plan's journal lies.
fn places(vault: &TestVault, plan: &str) -> (bool, bool) {
    let archived = format!("ess/archive/{plan}/plans/{plan}.journal.jsonl");
    (
        vault.journal_file(plan).exists(),
        vault.path(&archived).exists(),
    )
}

/// Whether a file is the plan's and not put away. What the team has learned from it stays with the project.
fn is_left(name: &str, plan: &str) -> bool {
    let elsewhere = ["archive/", "qc-history/", "team-memory/"];
    name.contains(plan) && !elsewhere.iter().any(|dir| name.starts_with(dir))
}

/// The plan lies whole in the archive and nowhere else.
#[track_caller]
fn is_archived(vault: &TestVault, plan: &str) {
    assert_eq!(places(vault, plan), (false, true));
    let left: Vec<String> = names(vault)
        .into_iter()
        .filter(|name| is_left(name, plan))
        .collect();
    assert_eq!(left, Vec::<String>::new());
    let place = format!("(archived in ess/archive/{plan})");
    let verified = vault.run(&["audit", "verify", plan]).ok();
    assert_eq!(verified.out.lines().count(), 1, "{verified:#?}");
    verified.shows("whole").shows(&place);
    vault.run(&["replay", plan, "--check"]).ok();
}
