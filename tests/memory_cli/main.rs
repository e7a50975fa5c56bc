//! `modulatio memory`, as an operator meets it: looking, finding, adding, removing, taking over, indexing anew.

#[path = "../support/mod.rs"]
mod support;

mod add;
mod change;
mod index;
mod list;

use serde_json::Value;
use support::{Ran, TestVault};

const PYTHON: &str = r#"{"proposal_id": "2", "proposer_id": "drafter", "timestamp": "2026-11-23T20:34:50+00:00", "body": "Library X has a bug.", "skill_tags": ["drafter"], "artifact_kind": "text", "capability_tags": [], "rationale": "seen twice"}"#;

/// A project with two notes, two verdicts, a proposal of each program and a note that was removed.
fn vault() -> TestVault {
    let vault = TestVault::with("embedder: lexical\n");
    put(
        &vault,
        "ess/team-memory/tone.md",
        "The user prefers concise prose.\n",
    );
    put(
        &vault,
        "ess/team-memory/style/tables.md",
        "---\nkind: technique\nwriter_id: qc\ntimestamp: 2026-11-23T20:34:50Z\nartifact_kind: data\n---\n\n## Body\n\nRight-align the numbers of tables.\n",
    );
    put(
        &vault,
        "ess/qc-history/document/ESS-P-001-s1-t1-1.md",
        &verdict("fail", "The essay names no source."),
    );
    put(
        &vault,
        "ess/qc-history/code/ESS-P-001-s2-t1-1.md",
        &verdict("pass", "The parser is tested."),
    );
    put(
        &vault,
        "ess/team-memory/_proposals/ESS-P-001-m1.md",
        "---\nkind: fact\nwriter_id: drafter\nwriter_tier: producer\n---\n\n## Body\n\nSources lie in notes.\n",
    );
    put(&vault, "ess/team-memory/_proposals/2026__2.json", PYTHON);
    put(
        &vault,
        "ess/team-memory/_removed/old.md",
        "Nobody needs this.\n",
    );
    vault
}

fn verdict(verdict: &str, rationale: &str) -> String {
    format!(
        "---\nentry_id: x\ntimestamp: 2026-11-23T20:34:14Z\nproducer_agent: drafter\nqc_agent: qc\nverdict: {verdict}\n---\n\n## Task\n\nEssay 1\n\n## Rationale\n\n{rationale}\n"
    )
}

fn put(vault: &TestVault, below: &str, text: &str) {
    let path = vault.path(below);
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    vault.write(below, text);
}

/// Every line of stdout as an object.
#[track_caller]
fn objects(ran: &Ran) -> Vec<Value> {
    let object = |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"));
    ran.out.lines().map(object).collect()
}

/// The ids that a view names, in its order.
#[track_caller]
fn ids(vault: &TestVault, args: &[&str]) -> Vec<String> {
    let ran = vault.run(&[&["memory"], args, &["--json"]].concat()).ok();
    let id = |object: &Value| object["id"].as_str().expect("an id").to_owned();
    objects(&ran).iter().map(id).collect()
}
