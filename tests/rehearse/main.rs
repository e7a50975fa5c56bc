//! A plan's journal is the recording of its model calls: today's program is run on it offline, and says what it would
//! ask otherwise.

#[path = "../support/mod.rs"]
mod support;

mod differs;
mod files;
mod same;

use std::{collections::BTreeMap, path::Path};

use serde_json::Value;
use support::{TestVault, body};

/// A finished plan with a redo and a pause that an operator resumed.
fn finished() -> (TestVault, String) {
    let vault = TestVault::with(
        "models:\n  m: {provider: rehearsal, reject: 1, outcomes: {1: pause}}\nteam: {leader: m}\n",
    );
    let plan = vault.approved(&body(2));
    vault.run_until_idle();
    vault.run(&["project", "resume", &plan]).ok();
    vault.run_until_idle();
    assert_eq!(vault.journal(&plan).status(), "done");
    (vault, plan)
}

/// Rehearses with `--json`, and ends with this code.
#[track_caller]
fn rehearsed(vault: &TestVault, args: &[&str], code: i32) -> Value {
    let ran = vault.run(&[&["--json", "plan", "rehearse"], args].concat());
    let out = ran.code(code).out;
    serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}"))
}

/// Completed calls in a journal.
fn completed(vault: &TestVault, plan: &str) -> usize {
    vault.journal(plan).count("ModelCallCompleted")
}

/// Every file below a directory with its content, and every directory.
fn tree(dir: &Path) -> BTreeMap<String, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).expect("a directory") {
            let path = entry.expect("an entry").path();
            let content = path
                .is_file()
                .then(|| std::fs::read(&path).expect("a file"));
            found.insert(path.display().to_string(), content);
            if path.is_dir() {
                open.push(path);
            }
        }
    }
    found
}
