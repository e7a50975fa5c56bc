//! `plan cancel`: at the next step, and with `--force` in the middle of one.

use std::process::Stdio;

use crate::{
    bench::{
        ARTIFACT, DRAFT, VERDICT, books_agree, commands, hangs, has_sold, server, slow,
        three_tasks, vault, was_asked,
    },
    support::{Daemon, SIGCONT, TestVault, body, wait_until},
};

fn daemon(vault: &TestVault) -> Daemon {
    Daemon::start(vault, &["--tick-seconds", "3600"])
}

fn ended(vault: &TestVault, plan: &str, status: &str) {
    assert_eq!(vault.journal(plan).status(), status);
    vault.follows(plan);
    vault.is_proven(plan);
}

#[test]
fn by_force_a_call_under_way_is_cut_and_stays_booked_as_possible_spend() {
    let model = server([hangs(VERDICT)]);
    let vault = vault(&model, "");
    let plan = vault.approved(&body(1));
    let daemon = daemon(&vault);
    has_sold(&model, 3);
    let ran = vault.run(&["plan", "cancel", &plan, "--force"]).ok();
    assert_eq!(ran.out, format!("{plan} cancelled\n"));
    ran.says("1 call under way was cut at daemon:")
        .says(&format!("modulatio plan release {plan}"));
    daemon.says("runner done");
    let journal = vault.journal(&plan);
    assert_eq!(journal.count("ModelCallAbandoned"), 1);
    assert!(journal.plan.calls.in_flight.is_empty());
    let audit = books_agree(&vault, &plan, &model);
    assert_eq!((audit.completed, audit.in_doubt), (2, 1));
    assert_eq!(audit.doubtful_sales, 1, "the server sold what was cut");
    ended(&vault, &plan, "cancelled");
    vault
        .run(&["plan", "cancel", &plan, "--force"])
        .code(6)
        .says("the plan is cancelled, so it cannot be cancelled");
}

#[test]
fn by_force_three_calls_at_once_are_cut() {
    let model = server([three_tasks(), hangs(ARTIFACT).times(3)]);
    let vault = vault(&model, "");
    let plan = vault.approved(&body(1));
    let daemon = daemon(&vault);
    has_sold(&model, 4);
    vault
        .run(&["plan", "cancel", &plan, "--force"])
        .ok()
        .says("3 calls under way were cut at daemon:");
    daemon.says("runner done");
    let audit = books_agree(&vault, &plan, &model);
    assert_eq!((audit.completed, audit.in_doubt), (1, 3));
    ended(&vault, &plan, "cancelled");
}

#[test]
fn without_force_a_call_under_way_is_awaited_and_booked() {
    let model = server([slow(VERDICT, 1, 4_000)]);
    let vault = vault(&model, "");
    let plan = vault.approved(&body(1));
    let daemon = daemon(&vault);
    was_asked(&model, 3);
    vault
        .run(&["plan", "cancel", &plan])
        .ok()
        .says("is still under way at daemon:")
        .says("its answer is awaited and booked")
        .says(&format!("modulatio plan cancel {plan} --force"));
    daemon.says("runner done");
    let journal = vault.journal(&plan);
    assert_eq!(journal.count("ModelCallAbandoned"), 0);
    let audit = books_agree(&vault, &plan, &model);
    assert_eq!((audit.completed, audit.in_doubt), (3, 0));
    assert_eq!(model.requests().len(), 3, "nothing was begun since");
    ended(&vault, &plan, "cancelled");
}

#[test]
fn what_was_cancelled_and_is_still_under_way_can_be_cut_afterwards() {
    let model = server([hangs(VERDICT)]);
    let vault = vault(&model, "");
    let plan = vault.approved(&body(1));
    let daemon = daemon(&vault);
    has_sold(&model, 3);
    let cancel = ["plan", "cancel", &plan, "--note", "enough"];
    vault
        .run(&cancel)
        .ok()
        .says("is still under way at daemon:");
    vault.run(&cancel).code(6).says("add --force to cut it");
    vault
        .run(&["plan", "cancel", &plan, "--force"])
        .ok()
        .says("1 call under way was cut at daemon:");
    daemon.says("runner done");
    let audit = books_agree(&vault, &plan, &model);
    assert_eq!((audit.completed, audit.in_doubt), (2, 1));
    let file = vault.read(&format!("ess/plans/{plan}.md"));
    assert_eq!(file.matches("to: cancelled").count(), 1, "{file}");
    ended(&vault, &plan, "cancelled");
}

#[test]
fn a_paused_plans_call_is_cut_by_force() {
    let model = server([hangs(ARTIFACT)]);
    let vault = vault(&model, "");
    let plan = vault.approved(&body(1));
    let daemon = daemon(&vault);
    has_sold(&model, 2);
    vault.run(&["plan", "pause", &plan]).ok();
    vault
        .run(&["plan", "cancel", &plan, "--force"])
        .ok()
        .says("1 call under way was cut at daemon:");
    daemon.says("runner done");
    assert_eq!(books_agree(&vault, &plan, &model).in_doubt, 1);
    ended(&vault, &plan, "cancelled");
}

#[test]
fn by_force_a_tool_under_way_is_ended_and_so_are_calls_beside_it() {
    let command = "echo begun > begun.txt; sleep 600";
    let tool = commands(command).for_text("# Task: a\n");
    let model = server([three_tasks(), tool, hangs(ARTIFACT).times(2)]);
    let vault = vault(&model, "sandbox: off\n");
    let plan = vault.approved(&body(1));
    let daemon = daemon(&vault);
    let begun = vault.path(&format!("ess/runs/{plan}/artifacts/begun.txt"));
    wait_until("the command runs", || begun.exists());
    has_sold(&model, 4);
    vault
        .run(&["plan", "cancel", &plan, "--force"])
        .ok()
        .says("2 calls under way were cut at daemon:");
    daemon.says("runner done");
    let journal = vault.journal(&plan);
    assert_eq!(journal.count("ToolCallStarted"), 1);
    let audit = books_agree(&vault, &plan, &model);
    assert_eq!((audit.completed, audit.in_doubt), (2, 2));
    ended(&vault, &plan, "cancelled");
}

#[test]
fn a_draft_is_cancelled_while_the_leader_writes_it() {
    let model = server([hangs(DRAFT)]);
    let vault = vault(&model, "");
    let mut command = vault.command(&["plan", "draft", "ESS", "Essays on Stoicism."]);
    let writing = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    has_sold(&model, 1);
    vault
        .run(&["plan", "cancel", "ESS-P-001", "--force"])
        .ok()
        .says("1 call under way was cut");
    let output = writing.wait_with_output().expect("it can be waited for");
    let told = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("ESS-P-001 was cancelled"), "{told}");
    assert_eq!(books_agree(&vault, "ESS-P-001", &model).in_doubt, 1);
    ended(&vault, "ESS-P-001", "cancelled");
}

#[test]
fn the_calls_of_a_lost_runner_are_settled_by_whoever_cancels() {
    for force in [&["--force"][..], &[]] {
        let model = server([hangs(VERDICT)]);
        let vault = vault(&model, "");
        let plan = vault.approved(&body(1));
        let daemon = daemon(&vault);
        has_sold(&model, 3);
        daemon.kill();
        let cancel = [&["plan", "cancel", &plan], force].concat();
        vault.run(&cancel).ok();
        let journal = vault.journal(&plan);
        assert_eq!(journal.count("ModelCallAbandoned"), 1, "{force:?}");
        let audit = books_agree(&vault, &plan, &model);
        assert_eq!((audit.completed, audit.in_doubt), (2, 1));
        ended(&vault, &plan, "cancelled");
    }
}

#[test]
fn a_runner_that_does_not_listen_cuts_as_soon_as_it_does() {
    let model = server([hangs(VERDICT)]);
    let vault = vault(&model, "");
    let plan = vault.approved(&body(1));
    let daemon = daemon(&vault);
    has_sold(&model, 3);
    daemon.freeze();
    let cancel = ["plan", "cancel", &plan, "--force"];
    let ran = vault.run(&cancel).code(5);
    assert_eq!(ran.out, format!("{plan} cancelled\n"));
    ran.says("has not let go of it yet");
    daemon.send(SIGCONT);
    daemon.says("runner done");
    let journal = vault.journal(&plan);
    assert_eq!(journal.count("ModelCallAbandoned"), 1);
    assert_eq!(journal.count("PlanCancelled"), 1);
    assert_eq!(books_agree(&vault, &plan, &model).in_doubt, 1);
    ended(&vault, &plan, "cancelled");
}

#[test]
fn who_cancels_by_force_again_settles_what_a_dead_runner_left() {
    let model = server([hangs(VERDICT)]);
    let vault = vault(&model, "");
    let plan = vault.approved(&body(1));
    let daemon = daemon(&vault);
    has_sold(&model, 3);
    daemon.freeze();
    let cancel = ["plan", "cancel", &plan, "--force"];
    vault.run(&cancel).code(5);
    daemon.kill();
    vault.run(&cancel).ok().says("1 call under way was cut");
    assert_eq!(vault.journal(&plan).count("PlanCancelled"), 1);
    assert_eq!(books_agree(&vault, &plan, &model).in_doubt, 1);
    ended(&vault, &plan, "cancelled");
}
