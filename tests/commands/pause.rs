//! `plan pause` and `plan resume`: at the next step, and on from there.

use crate::{
    bench::{ARTIFACT, books_agree, commands, server, slow, three_tasks, vault, was_asked},
    support::{Daemon, body, wait_until},
};

/// One task runs a command, two wait for answers: all three end as they would have, and nothing is begun.
#[test]
fn a_pause_awaits_calls_and_tools_under_way_and_begins_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let gate = dir.path().join("gate");
    let command = format!(
        "echo begun > begun.txt; until [ -e '{}' ]; do sleep 0.05; done; echo through > through.txt",
        gate.display()
    );
    let tool = commands(&command).for_text("# Task: a\n");
    let model = server([three_tasks(), tool, slow(ARTIFACT, 2, 0).behind(&gate)]);
    let vault = vault(&model, "sandbox: off\n");
    let plan = vault.approved(&body(1));
    let daemon = Daemon::start(&vault, &["--tick-seconds", "3600"]);
    let made = vault.path(&format!("ess/runs/{plan}/artifacts"));
    wait_until("the command runs", || made.join("begun.txt").exists());
    was_asked(&model, 4);
    let ran = vault.run(&["plan", "pause", &plan, "--note", "lunch"]).ok();
    assert_eq!(ran.out, format!("{plan} paused\n"));
    std::fs::write(&gate, "").expect("a file");
    daemon.says("waits for a person: lunch");

    let journal = vault.journal(&plan);
    assert_eq!(journal.status(), "paused");
    assert_eq!(model.requests().len(), 4, "no call was begun");
    assert_eq!(journal.count("ModelCallCompleted"), 4);
    assert_eq!(journal.count("ModelCallAbandoned"), 0);
    assert_eq!(journal.count("ToolCallFinished"), 1);
    assert!(made.join("through.txt").exists(), "the command was awaited");
    let audit = books_agree(&vault, &plan, &model);
    assert_eq!((audit.completed, audit.in_doubt), (4, 0));
    vault.follows(&plan);
    vault.is_proven(&plan);

    let ran = vault.run(&["plan", "resume", &plan]).ok();
    assert_eq!(ran.out, format!("{plan} approved\n"));
    daemon.says("runner done");
    let journal = vault.journal(&plan);
    assert_eq!(journal.status(), "done");
    assert_eq!(journal.count("ToolCallStarted"), 1, "it is not run again");
    let audit = books_agree(&vault, &plan, &model);
    // Each answer of the two others stands; the first task hands in after its command.
    assert_eq!(audit.completed, 1 + 3 + 1 + 3 + 1);
    vault.follows(&plan);
    vault.is_proven(&plan);
}

#[test]
fn both_spellings_of_resume_do_the_same_and_refuse_what_is_not_paused() {
    for group in ["plan", "project"] {
        let model = server([]);
        let vault = vault(&model, "");
        let plan = vault.approved(&body(1));
        vault.run(&["plan", "pause", &plan]).ok();
        let shown = vault.run(&["plan", "show", &plan]).ok();
        shown.shows("  status     paused\n");
        let resume = [group, "resume", &plan, "--note", "on with it"];
        let ran = vault.run(&resume).ok();
        assert_eq!(ran.out, format!("{plan} approved\n"));
        let file = vault.read(&format!("ess/plans/{plan}.md"));
        assert!(file.contains("on with it"), "{file}");
        vault
            .run(&resume)
            .code(6)
            .says("the plan is approved, so it cannot be resumed");
    }
}
