//! What is wrong with the memory is told, and harms no plan.

use std::os::unix::fs::symlink;

use crate::{
    bench::{server, stands, task, tasks, vault},
    support::{TestVault, body},
};
use modulatio_tools::fake_model::FakeModel;

/// A vault with something to remember, in which a plan has run.
fn remembering() -> (FakeModel, TestVault) {
    let essay = || tasks(&[task("essay on stoic restraint", "essay.md", &[])]);
    let model = server([essay(), essay(), essay()]);
    let vault = vault(&model, "embedder: lexical\nmemory: {min_similarity: 0}\n");
    vault.write(
        "ess/team-memory/tone.md",
        "An essay on stoic restraint is short.\n",
    );
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    (model, vault)
}

/// Another plan runs as if nothing were wrong; returns the daemon's log.
#[track_caller]
fn goes_on(model: &FakeModel, vault: &TestVault) -> String {
    let plan = vault.approved(&body(1));
    let log = vault.run_until_idle().err;
    stands(vault, &plan, model, "done");
    log
}

#[test]
fn damaged_indexes_are_rebuilt_and_that_is_said_once() {
    let (model, vault) = remembering();
    let dir = vault.path(".modulatio/memory/ess");
    let indexes = vault.names(".modulatio/memory/ess");
    assert!(!indexes.is_empty());
    for name in &indexes {
        std::fs::write(dir.join(name), "garbage").unwrap();
    }
    let log = goes_on(&model, &vault);
    assert!(log.contains("memory: ") && log.contains(".index"), "{log}");
    assert!(!goes_on(&model, &vault).contains("memory: "));
}

#[test]
fn folders_that_are_none_and_files_that_cannot_be_read_are_passed_over() {
    let (model, vault) = remembering();
    std::fs::remove_dir_all(vault.path("ess/team-memory")).unwrap();
    vault.write("ess/team-memory", "no folder\n");
    goes_on(&model, &vault);
    std::fs::remove_file(vault.path("ess/team-memory")).unwrap();
    vault.write("ess/team-memory/bad.md", "text");
    std::fs::write(vault.path("ess/team-memory/bad.md"), [0xff, 0xfe, 0x00]).unwrap();
    symlink("/etc/passwd", vault.path("ess/team-memory/link.md")).unwrap();
    std::fs::create_dir(vault.path("ess/team-memory/dir.md")).unwrap();
    goes_on(&model, &vault);
    for request in model.requests() {
        assert!(!request.body.to_string().contains("root:x:"));
    }
}

#[test]
fn an_index_that_cannot_be_written_is_no_reason_to_stop() {
    let (model, vault) = remembering();
    let dir = vault.path(".modulatio/memory");
    std::fs::remove_dir_all(&dir).unwrap();
    std::fs::write(&dir, "in the way").unwrap();
    goes_on(&model, &vault);
}

/// The model is not on this machine, and its hub does not answer.
#[test]
fn a_model_that_cannot_be_had_is_told_once_and_words_stand_in() {
    let (model, vault) = remembering();
    let text = vault
        .read("modulatio.yaml")
        .replace("embedder: lexical", "embedder: fastembed");
    vault.write("modulatio.yaml", &text);
    let log = goes_on(&model, &vault);
    let mut said: Vec<&str> = log
        .lines()
        .filter_map(|line| line.split_once("words are compared instead of meanings: "))
        .map(|(_, why)| why)
        .collect();
    assert!(!said.is_empty(), "{log}");
    let all = said.len();
    said.sort();
    said.dedup();
    assert_eq!(said.len(), all, "{log}");
}

/// A folder of the memory that leads elsewhere is not written through, and the plan's own file follows all the same.
#[test]
fn a_folder_that_cannot_be_written_holds_up_no_projection() {
    let model = server([tasks(&[task("essay", "essay.md", &[])])]);
    let vault = vault(&model, "embedder: lexical\n");
    let elsewhere = vault.beside().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, vault.path("ess/qc-history")).unwrap();
    let plan = vault.approved(&body(1));
    let log = vault.run_until_idle().err;
    assert!(
        vault
            .read(&format!("ess/plans/{plan}.md"))
            .contains("status: done")
    );
    assert_eq!(std::fs::read_dir(&elsewhere).unwrap().count(), 0);
    let said = log
        .matches("a file of the memory cannot be written")
        .count();
    assert_eq!(said, 1, "{log}");
    // Once the folder is one, a replay puts the verdicts there.
    std::fs::remove_file(vault.path("ess/qc-history")).unwrap();
    vault.run(&["replay", "--all", "--check"]).code(7);
    vault.run(&["replay", "--all", "--write"]).ok();
    vault.run(&["replay", "--all", "--check"]).ok();
    assert_eq!(vault.names("ess/qc-history/document").len(), 1);
}
