//! Work that was judged not good enough: mended where an edit does it, else written anew, mended by quality control
//! once its producer has had its tries, and a person's matter where the team cannot help itself.

use modulatio_tools::fake_model::{FakeModel, Step};
use projections::{event::Event, work::Redo};
use serde_json::json;

use crate::{
    bench::{
        ARTIFACT, FIXER, PRODUCER, artifact, asked, fails, hand_in, last_message, nth_question,
        offered, passes, say, server, stands, started, task, tasks, ticket, tool, turn, vault,
        written,
    },
    support::{Journal, TestVault, body},
};

/// How each redo of a journal was to be done.
fn redone(journal: &Journal) -> Vec<Redo> {
    let how = |event: &Event| match event {
        Event::TaskRedone(e) => Some(e.how),
        _ => None,
    };
    journal.events().filter_map(how).collect()
}

fn one() -> Step {
    tasks(&[task("essay", "essay.md", &[])])
}

/// A run of one task, as far as it goes.
fn run(steps: impl IntoIterator<Item = Step>) -> (FakeModel, TestVault, String) {
    let model = server([one()].into_iter().chain(steps));
    let vault = vault(&model, "");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    (model, vault, plan)
}

/// What a question has below this heading, up to the next one.
fn below<'a>(question: &'a str, heading: &str) -> &'a str {
    let (_, after) = question
        .split_once(&format!("\n# {heading}\n"))
        .unwrap_or_else(|| panic!("{heading} is not in {question}"));
    after.split("\n# ").next().unwrap_or_default().trim()
}

#[test]
fn a_mechanical_defect_is_mended_by_an_edit_of_what_there_is() {
    let edit = tool(
        "edit_file",
        json!({"path": "essay.md", "old": "teh", "new": "the"}),
    );
    let (model, vault, plan) = run([
        hand_in("teh first text\n"),
        fails("mechanical", "a word is misspelt"),
        turn(vec![edit]),
        written("I mended the word"),
    ]);
    stands(&vault, &plan, &model, "done");
    assert_eq!(artifact(&vault, &plan, "essay.md"), "the first text\n");
    assert_eq!(redone(&vault.journal(&plan)), [Redo::Edit]);
    let question = nth_question(&model, PRODUCER, 1);
    let present = below(&question, "What there is already");
    assert!(present.contains("teh first text"), "{present}");
    let defects = below(
        &question,
        "Defects found in the last production, to be mended",
    );
    assert!(
        defects.contains("- major, mechanical at line 1: a word is misspelt")
            && defects.contains("Edit what there is"),
        "{defects}"
    );
}

/// Prompt caches and rehearsals live on that: what an agent was asked with does not change while it works on it.
#[test]
fn what_an_agent_is_shown_of_a_file_stays_while_its_tools_change_it() {
    let edit = |old: &str, new: &str| {
        turn(vec![tool(
            "edit_file",
            json!({"path": "essay.md", "old": old, "new": new}),
        )])
    };
    let bad = |n: u32| fails("mechanical", &format!("word {n}"));
    let productions = (1..=3).flat_map(|n| {
        [
            edit(&(n - 1).to_string(), &n.to_string()),
            written("edited"),
            bad(n),
        ]
    });
    let fix = [edit("3", "4"), edit("4", "5"), written("fixed")];
    let steps = [hand_in("version 0\n"), bad(0)].into_iter();
    let (model, vault, plan) = run(steps.chain(productions).chain(fix));
    stands(&vault, &plan, &model, "done");
    assert_eq!(artifact(&vault, &plan, "essay.md"), "version 5\n");
    let shown: Vec<String> = asked(&model, FIXER)
        .iter()
        .map(crate::bench::question)
        .collect();
    assert_eq!(shown.len(), 3);
    assert!(shown[0].contains("version 3") && shown.iter().all(|other| *other == shown[0]));
}

#[test]
fn a_substantive_defect_is_written_anew_without_what_there_is() {
    let (model, vault, plan) = run([
        hand_in("a first text\n"),
        fails("substantive", "it misses the point"),
        hand_in("another text\n"),
    ]);
    stands(&vault, &plan, &model, "done");
    assert_eq!(artifact(&vault, &plan, "essay.md"), "another text\n");
    assert_eq!(redone(&vault.journal(&plan)), [Redo::Anew]);
    let question = nth_question(&model, PRODUCER, 1);
    assert!(!question.contains("a first text"), "{question}");
    let defects = below(
        &question,
        "Defects found in the last production, to be mended",
    );
    assert!(
        defects.contains("it misses the point") && defects.contains("Write it anew"),
        "{defects}"
    );
}

#[test]
fn one_substantive_defect_among_mechanical_ones_is_written_anew() {
    let defect =
        |class: &str| json!({"severity": "major", "class": class, "location": "", "what": class});
    let both = json!({"passed": false, "summary": "no",
                      "defects": [defect("mechanical"), defect("substantive")]});
    let (model, vault, plan) = run([hand_in("x\n"), say("submit_verdict", both)]);
    stands(&vault, &plan, &model, "done");
    assert_eq!(redone(&vault.journal(&plan)), [Redo::Anew]);
}

#[test]
fn a_major_defect_fails_a_task_that_quality_control_says_has_passed() {
    let grave =
        json!({"severity": "major", "class": "substantive", "location": "", "what": "wrong"});
    let small =
        json!({"severity": "minor", "class": "mechanical", "location": "", "what": "a comma"});
    let verdict = |defect| json!({"passed": true, "summary": "fine", "defects": [defect]});
    let (model, vault, plan) = run([
        hand_in("one\n"),
        say("submit_verdict", verdict(grave)),
        hand_in("two\n"),
        say("submit_verdict", verdict(small)),
    ]);
    stands(&vault, &plan, &model, "done");
    assert_eq!(redone(&vault.journal(&plan)), [Redo::Anew]);
    assert_eq!(artifact(&vault, &plan, "essay.md"), "two\n");
}

#[test]
fn after_three_redos_quality_control_mends_it_and_says_so() {
    let bad = |n: u32| fails("substantive", &format!("it misses point {n}"));
    let steps = (1..=4).flat_map(|n| [hand_in(&format!("text {n}\n")).for_text(PRODUCER), bad(n)]);
    let fix = say(
        ARTIFACT,
        json!({"content": "mended\n", "summary_for_state_doc": "I wrote the conclusion"}),
    );
    let (model, vault, plan) = run(steps.chain([fix.for_text(FIXER)]));
    stands(&vault, &plan, &model, "done");
    assert_eq!(artifact(&vault, &plan, "essay.md"), "mended\n");
    let journal = vault.journal(&plan);
    let three = [Redo::Anew, Redo::Anew, Redo::Anew, Redo::Fix];
    assert_eq!(redone(&journal), three);
    assert_eq!(journal.count("TaskFixed"), 1);
    assert_eq!(
        started(&journal)[1..],
        [
            "s1-t1-produce-1",
            "s1-t1-qc-1",
            "s1-t1-produce-2",
            "s1-t1-qc-2",
            "s1-t1-produce-3",
            "s1-t1-qc-3",
            "s1-t1-produce-4",
            "s1-t1-qc-4",
            "s1-t1-fix-5",
            "s1-t1-qc-5",
            "s1-reflect"
        ]
    );
    let question = nth_question(&model, FIXER, 0);
    let present = below(&question, "What there is already");
    assert!(present.contains("text 4"), "{present}");
    assert!(below(&question, "Defects, to be mended").contains("it misses point 4"));
    let who: Vec<_> = crate::bench::ledger(&vault, &plan)
        .iter()
        .filter(|line| line["step"] == "s1-t1-fix-5")
        .map(|line| line["agent_id"].clone())
        .collect();
    assert_eq!(who, ["qc"]);

    let told = ticket(&vault, 1);
    for part in [
        "kind: fixed",
        "priority: minor",
        "approval_required: false",
        "I wrote the conclusion",
        "status: open",
    ] {
        assert!(told.contains(part), "{part:?} is not in {told}");
    }
    // Quality control knows of the productions before, and that the Leader hears who mended it.
    let last = asked(&model, "You are quality control. Judge")
        .pop()
        .unwrap();
    assert!(last_message(&last).contains("production 4: no: it misses point 4"));
    let reflection = asked(&model, "You are the Leader. The last").pop().unwrap();
    assert!(last_message(&reflection).contains("mended by quality control itself"));
    // It can be taken note of after the plan's end, once.
    vault.run(&["ticket", "approve", "ESS-1"]).ok();
    vault.run(&["ticket", "approve", "ESS-1"]).code(6);
    stands(&vault, &plan, &model, "done");
}

/// One task whose producer and whose quality control both fail: the plan waits at a ticket.
fn blocked() -> (FakeModel, TestVault, String) {
    let bad = || fails("substantive", "it misses the point");
    run((0..5).map(|_| bad()))
}

#[test]
fn a_task_that_quality_control_cannot_mend_is_blocked_and_approving_sends_it_back_to_work() {
    let (model, vault, plan) = blocked();
    stands(&vault, &plan, &model, "paused");
    let journal = vault.journal(&plan);
    assert_eq!(journal.count("TaskBlocked"), 1);
    assert_eq!(started(&journal).last().unwrap(), "s1-t1-qc-5");
    let text = ticket(&vault, 1);
    for part in [
        "kind: blocked-task",
        "priority: critical",
        "approval_required: true",
        "neither its producer nor quality control could finish it",
        "it misses the point",
        "modulatio ticket approve ESS-1",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    vault
        .run(&["ticket", "approve", "ESS-1"])
        .ok()
        .shows("ESS-1 approved");
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    let journal = vault.journal(&plan);
    assert_eq!(journal.count("TaskUnblocked"), 1);
    let after: Vec<String> = started(&journal).split_off(11);
    assert_eq!(after.len(), 3, "{after:?}");
    assert!(after[0].starts_with("s1-t1-produce-"), "{after:?}");
    assert_eq!(after[2], "s1-reflect");
}

#[test]
fn declining_a_blocked_task_aborts_the_plan() {
    let (model, vault, plan) = blocked();
    vault
        .run(&["ticket", "decline", "ESS-1", "--note", "not worth it"])
        .ok();
    stands(&vault, &plan, &model, "aborted");
    assert!(
        vault
            .read(&format!("ess/plans/{plan}.md"))
            .contains("not worth it")
    );
}

#[test]
fn an_environmental_defect_goes_to_a_ticket_at_once_and_another_task_goes_on() {
    let judged = |step: Step, n: &str| step.for_text(&format!("# Task: {n}\n"));
    let model = server([
        tasks(&[
            task("stuck", "stuck.md", &[]),
            task("free", "free.md", &[]),
            task("later", "later.md", &["free"]),
        ]),
        judged(fails("environmental", "pandoc is not installed"), "stuck"),
    ]);
    let vault = vault(&model, "");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    stands(&vault, &plan, &model, "paused");
    let journal = vault.journal(&plan);
    assert_eq!(
        redone(&journal),
        [],
        "no try is spent on what the team cannot mend"
    );
    let steps = started(&journal);
    for step in ["s1-t2-qc-1", "s1-t3-qc-1"] {
        assert!(steps.iter().any(|known| known == step), "{steps:?}");
    }
    assert!(!steps.iter().any(|step| step == "s1-reflect"), "{steps:?}");
    let text = ticket(&vault, 1);
    assert!(
        text.contains("kind: blocked-task") && text.contains("pandoc is not installed"),
        "{text}"
    );
    let before = steps.len();
    vault
        .run(&["ticket", "approve", "ESS-1", "--note", "installed"])
        .ok();
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    let after = started(&vault.journal(&plan)).split_off(before);
    assert_eq!(
        after.len(),
        3,
        "only the one task is gone on with: {after:?}"
    );
    assert!(after[0].starts_with("s1-t1-produce-"), "{after:?}");
}

/// Two tickets at once: the plan goes on with the task whose ticket was approved while the other one still waits.
#[test]
fn of_two_blocked_tasks_the_approved_one_goes_on() {
    let env = |n: &str| fails("environmental", "no key").for_text(&format!("# Task: {n}\n"));
    let model = server([
        tasks(&[task("one", "one.md", &[]), task("two", "two.md", &[])]),
        env("one"),
        env("two"),
    ]);
    let vault = vault(&model, "");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    stands(&vault, &plan, &model, "paused");
    let number = |task: &str| {
        let of = |n: &u32| ticket(&vault, *n).contains(&format!("task {task} "));
        [1, 2].into_iter().find(of).expect("a ticket")
    };
    let (first, second) = (number("s1-t1"), number("s1-t2"));
    vault
        .run(&["ticket", "approve", &format!("ESS-{first}")])
        .ok();
    vault.run_until_idle();
    stands(&vault, &plan, &model, "paused");
    let journal = vault.journal(&plan);
    assert_eq!(journal.count("TaskUnblocked"), 1);
    assert!(!started(&journal).iter().any(|step| step == "s1-reflect"));
    vault
        .run(&["ticket", "approve", &format!("ESS-{second}")])
        .ok();
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
}

#[test]
fn quality_control_looks_at_files_and_cannot_change_them() {
    let read = tool("read_file", json!({"path": "essay.md"}));
    let write = tool(
        "write_file",
        json!({"path": "essay.md", "content": "forged"}),
    );
    let looks = Step::new(modulatio_tools::fake_model::Behaviour::ToolCalls(vec![
        read, write,
    ]));
    let (model, vault, plan) = run([
        hand_in("as it was\n"),
        looks.for_tool("submit_verdict"),
        passes(),
    ]);
    stands(&vault, &plan, &model, "done");
    assert_eq!(artifact(&vault, &plan, "essay.md"), "as it was\n");
    let talk = asked(&model, "You are quality control. Judge");
    let names = offered(&talk[0]);
    for name in ["list_files", "read_file", "search_files"] {
        assert!(names.iter().any(|known| known == name), "{names:?}");
    }
    for name in ["write_file", "edit_file", "http_get"] {
        assert!(!names.iter().any(|known| known == name), "{names:?}");
    }
    let second = crate::bench::conversation(&talk[1]);
    assert!(second.contains("there is no tool named"), "{second}");
}
