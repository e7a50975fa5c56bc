//! Plans that the Leader writes: what reaches its prompt, what a person approves, and what is paid when a draft is
//! broken off.

use std::time::Duration;

use modulatio_tools::fake_model::{Behaviour, FakeModel, Step};
use serde_json::{Value, json};

use crate::{
    bench::{asked, is_proven, nth_question, say, server, stands, started, ticket, vault},
    support::{Ran, TestVault, wait_until},
};

const PLAN: &str = "submit_plan";
const LEADER: &str = "You are the Leader. Write the plan";

fn plan(title: &str, files: &[&str]) -> Value {
    let item = |file: &&str| {
        json!({"title": format!("Write {file}"), "description": "an essay", "files": [file],
               "done_when": [format!("{file} names a passage")], "out_of_scope": ["biography"]})
    };
    let items: Vec<Value> = files.iter().map(item).collect();
    json!({"title": title, "diagnostic": "It is clear what is wanted.", "sub_objectives": items,
           "risks": ["it may be too thin"], "estimate": {"calls": 8, "tokens": 9000, "cost_usd": 0.5}})
}

/// A written draft: its server, its vault, its id.
fn drafted(steps: impl IntoIterator<Item = Step>) -> (FakeModel, TestVault, String) {
    let first = say(PLAN, plan("Two essays", &["one.md", "two.md"]));
    let model = server([first].into_iter().chain(steps));
    let vault = vault(&model, "");
    let ran = vault
        .run(&["plan", "draft", "ESS", "Two essays on duty"])
        .ok();
    let id = ran.out.trim().to_owned();
    (model, vault, id)
}

fn text(vault: &TestVault, plan: &str) -> String {
    vault.read(&format!("ess/plans/{plan}.md"))
}

#[test]
fn the_leader_writes_a_draft_from_the_wish_and_its_attachments() {
    let model = server([say(PLAN, plan("Two essays", &["one.md", "two.md"]))]);
    let vault = vault(&model, "");
    let notes = vault.beside().join("notes.txt");
    let long = "And he wrote a great many of them.\n".repeat(6_000);
    std::fs::write(
        &notes,
        format!("{long}Seneca wrote letters, {{{{wish}}}} and all."),
    )
    .unwrap();
    let ran = vault.run(&[
        "plan",
        "draft",
        "ESS",
        "Two essays on duty",
        "--attach",
        notes.to_str().unwrap(),
        "--max-tokens",
        "500000",
    ]);
    let ran = ran.ok().says("modulatio ticket approve ESS-1");
    let id = ran.out.trim();
    stands(&vault, id, &model, "draft");

    let asks = nth_question(&model, LEADER, 0);
    for part in [
        "# What is asked\n\nTwo essays on duty",
        "And he wrote a great many of them.\nSeneca wrote letters, {{wish}} and all.\n===== END ",
        " notes.txt\nAnd he wrote",
        "# The present draft, to be written anew\n\n(none)",
        "- producer",
        "write_file",
        "- leader: free",
    ] {
        assert!(asks.contains(part), "{part:?} is not in {asks}");
    }
    let written = text(&vault, id);
    for part in [
        "status: draft",
        "max_tokens: 500000",
        "## Two essays",
        "It is clear what is wanted.",
        "### Sub-objectives",
        "**1. Write one.md**",
        "**2. Write two.md**",
        "one.md names a passage",
        "biography",
        "### Risks\n\n- it may be too thin",
        "### Estimate\n\nAbout 8 model calls, 9000 tokens, $0.50",
    ] {
        assert!(written.contains(part), "{part:?} is not in {written}");
    }
    let asks = ticket(&vault, 1);
    for part in [
        "kind: draft",
        "priority: blocker",
        "status: open",
        "2 sub-objective(s): Two essays",
    ] {
        assert!(asks.contains(part), "{part:?} is not in {asks}");
    }
    // A daemon leaves it alone.
    vault.run_until_idle();
    stands(&vault, id, &model, "draft");
    assert_eq!(model.requests().len(), 1);
}

#[test]
fn an_approved_draft_runs_to_its_end() {
    let (model, vault, id) = drafted([]);
    vault
        .run(&["ticket", "approve", "ESS-1"])
        .ok()
        .shows("approved");
    vault.run_until_idle();
    stands(&vault, &id, &model, "done");
    let made = vault.names(&format!("ess/runs/{id}/artifacts"));
    assert_eq!(made, ["one.md", "two.md"]);
}

#[test]
fn a_declined_draft_is_declined_and_nothing_is_run() {
    let (model, vault, id) = drafted([]);
    vault
        .run(&["ticket", "decline", "ESS-1", "--note", "too long"])
        .ok();
    vault.run_until_idle();
    stands(&vault, &id, &model, "declined");
    assert_eq!(model.requests().len(), 1);
    assert!(text(&vault, &id).contains("too long"));
}

#[test]
fn a_revision_is_written_with_the_feedback_beside_the_draft_and_asks_anew() {
    let second = say(PLAN, plan("One essay", &["only.md"]));
    let (model, vault, id) = drafted([second]);
    vault.run(&["plan", "revise", &id, "One is enough"]).ok();
    is_proven(&vault, &id, &model);
    let asks = nth_question(&model, LEADER, 1);
    for part in [
        "# What is asked\n\nTwo essays on duty",
        "## Two essays",
        "- One is enough",
    ] {
        assert!(asks.contains(part), "{part:?} is not in {asks}");
    }
    let written = text(&vault, &id);
    assert!(
        written.contains("## One essay") && !written.contains("two.md"),
        "{written}"
    );
    assert!(ticket(&vault, 1).contains("status: withdrawn"));
    vault.run(&["ticket", "approve", "ESS-1"]).code(6);
    assert_eq!(vault.journal(&id).status(), "draft");
    vault.run(&["ticket", "approve", "ESS-2"]).ok();
    vault.run_until_idle();
    stands(&vault, &id, &model, "done");
    assert_eq!(
        vault.names(&format!("ess/runs/{id}/artifacts")),
        ["only.md"]
    );
}

/// What was shown is what is approved, and nothing else.
#[test]
fn a_draft_that_was_edited_after_the_question_is_asked_about_again() {
    let (model, vault, id) = drafted([]);
    let edited = text(&vault, &id).replace("two.md", "second.md");
    std::fs::write(vault.plan_file(&id), edited).unwrap();
    vault
        .run(&["ticket", "approve", "ESS-1"])
        .code(6)
        .says("ESS-1 was not answered")
        .says("ESS-2");
    stands(&vault, &id, &model, "draft");
    assert!(ticket(&vault, 1).contains("status: withdrawn"));
    let again = ticket(&vault, 2);
    assert!(
        again.contains("kind: draft") && again.contains("ESS-1 was withdrawn"),
        "{again}"
    );
    vault.run(&["ticket", "approve", "ESS-1"]).code(6);
    vault.run(&["ticket", "approve", "ESS-2"]).ok();
    vault.run_until_idle();
    stands(&vault, &id, &model, "done");
    let made = vault.names(&format!("ess/runs/{id}/artifacts"));
    assert_eq!(made, ["one.md", "second.md"]);
}

fn fails(ran: Ran, word: &str) -> String {
    let ran = ran.code(1).says(word).says("it stays a draft");
    let id = ran
        .err
        .split_whitespace()
        .find(|word| word.starts_with("ESS-P-"));
    id.expect("it is named").to_owned()
}

#[test]
fn a_provider_that_refuses_leaves_a_draft_that_can_be_written_later() {
    let refusal = Behaviour::Status {
        code: 400,
        retry_after: None,
        message: Some("no such model".into()),
    };
    let model = server([Step::new(refusal)]);
    let vault = vault(&model, "");
    let ran = vault.run(&["plan", "draft", "ESS", "Two essays"]);
    let id = fails(ran, "could not be written");
    assert_eq!(vault.journal(&id).status(), "draft");
    assert_eq!(vault.journal(&id).count("DraftFailed"), 1);
    vault.is_proven(&id);
    assert_eq!(
        vault.names("ess/tickets").len(),
        0,
        "who asked is there and was told"
    );
    vault.run(&["plan", "revise", &id, "Try again"]).ok();
    stands(&vault, &id, &model, "draft");
    assert!(ticket(&vault, 1).contains("kind: draft"));
}

#[test]
fn an_answer_of_no_use_is_repaired_once_and_then_told() {
    let escape = || say(PLAN, plan("Escape", &["../../out.md"]));
    let model = server([escape(), escape()]);
    let vault = vault(&model, "");
    let ran = vault.run(&["plan", "draft", "ESS", "Two essays"]);
    let id = fails(ran, "is not a relative path inside the run");
    assert_eq!(model.requests().len(), 2);
    let repair = crate::bench::last_message(&model.requests()[1]);
    assert!(repair.contains("../../out.md"), "{repair}");
    assert_eq!(vault.journal(&id).status(), "draft");
    vault.is_proven(&id);
}

/// The first answer is paid and refused; the second call is under way when the process dies.
#[test]
fn a_draft_whose_process_was_killed_goes_on_without_paying_a_call_twice() {
    let useless = say(PLAN, json!({"title": "nothing"}));
    let slow = say(PLAN, plan("Never heard", &["never.md"])).after(Duration::from_secs(60));
    let second = say(PLAN, plan("Two essays", &["one.md", "two.md"]));
    let model = server([useless, slow, second]);
    let vault = vault(&model, "");
    let mut child = vault
        .command(&["plan", "draft", "ESS", "Two essays"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    wait_until("the second call is under way", || {
        model.requests().len() == 2
    });
    child.kill().unwrap();
    child.wait().unwrap();
    let id = "ESS-P-001";
    assert_eq!(vault.journal(id).status(), "draft");
    vault.run(&["plan", "revise", id]).ok();
    stands(&vault, id, &model, "draft");
    let journal = vault.journal(id);
    assert_eq!(started(&journal), ["draft-1"; 3]);
    assert_eq!(journal.plan.calls.completed, 2);
    assert_eq!(journal.plan.calls.abandoned, 1);
    assert_eq!(
        model.sold().calls,
        2,
        "the first is not paid again, the cut one never was"
    );
    let requests = asked(&model, LEADER);
    assert!(crate::bench::last_message(&requests[2]).contains("cannot be used"));
    vault.run(&["ticket", "approve", "ESS-1"]).ok();
    vault.run_until_idle();
    stands(&vault, id, &model, "done");
}

/// Killed after each frame of drafting: what is durable is not asked again.
#[test]
fn killed_after_any_frame_of_a_draft_it_goes_on_there() {
    for n in 1..=4 {
        let model = server([say(PLAN, plan("Essays", &["one.md"])).times(0)]);
        let vault = vault(&model, "");
        let fault = format!("kill-after-append:{n}");
        let args = ["plan", "draft", "ESS", "Essays"];
        let cut = vault.run_with(&args, &[("MODULATIO_FAULT", &fault)]);
        assert_eq!(cut.code, None, "{fault}: {cut:?}");
        let id = "ESS-P-001";
        let written = vault.journal(id).count("TicketOpened") > 0;
        if !written {
            vault.run(&["plan", "revise", id]).ok();
        }
        stands(&vault, id, &model, "draft");
        assert_eq!(vault.journal(id).plan.calls.completed, 1, "{fault}");
        let sold = model.sold().calls;
        assert!(
            sold <= 1 + vault.journal(id).plan.calls.abandoned,
            "{fault}: {sold}"
        );
    }
}

#[test]
fn a_draft_that_is_running_or_over_cannot_be_revised() {
    let (model, vault, id) = drafted([]);
    vault
        .run(&["plan", "revise", &id])
        .code(2)
        .says("say what is to be changed");
    vault.run(&["ticket", "approve", "ESS-1"]).ok();
    vault.run(&["plan", "revise", &id, "shorter"]).code(6);
    vault.run_until_idle();
    vault.run(&["plan", "revise", &id, "shorter"]).code(6);
    stands(&vault, &id, &model, "done");
}
