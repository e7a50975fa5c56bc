//! What a task leaves behind: handed in with the answer, or written by tools, one file or several, and all of it there
//! before anyone judges it.

use modulatio_tools::fake_model::{FakeModel, Step};
use serde_json::{Value, json};

use crate::{
    bench::{
        ARTIFACT, PRODUCER, artifact, asked, hand_in, nth_question, sandboxed, say, server, shell,
        stands, started, task, tasks, tool, turn, vault, written,
    },
    support::{Daemon, TestVault, body, wait_until},
};

/// A task that makes these files.
fn making(artifacts: &[&str]) -> Step {
    let mut one = task("work", "x", &[]);
    one["artifacts"] = json!(artifacts);
    tasks(&[one])
}

fn run(
    artifacts: &[&str],
    steps: impl IntoIterator<Item = Step>,
) -> (FakeModel, TestVault, String) {
    let model = server([making(artifacts)].into_iter().chain(steps));
    let vault = vault(&model, "");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    (model, vault, plan)
}

fn write(path: &str, content: &str) -> Step {
    turn(vec![tool(
        "write_file",
        json!({"path": path, "content": content}),
    )])
}

#[test]
fn several_artifacts_are_handed_in_at_once() {
    let answer = json!({"content": "one\n", "files": [{"path": "sub/b.md", "content": "two\n"}],
                        "summary_for_state_doc": "both"});
    let (model, vault, plan) = run(&["a.md", "sub/b.md"], [say(ARTIFACT, answer)]);
    stands(&vault, &plan, &model, "done");
    assert_eq!(artifact(&vault, &plan, "a.md"), "one\n");
    assert_eq!(artifact(&vault, &plan, "sub/b.md"), "two\n");
    assert_eq!(vault.journal(&plan).count("ArtifactWritten"), 2);
    let judged = nth_question(&model, "You are quality control. Judge", 0);
    assert!(
        judged.contains(" a.md\none\n") && judged.contains(" sub/b.md\ntwo\n"),
        "{judged}"
    );
}

#[test]
fn what_tools_wrote_needs_no_content_in_the_answer() {
    let edit = tool(
        "edit_file",
        json!({"path": "a.md", "old": "draft", "new": "text"}),
    );
    let (model, vault, plan) = run(
        &["a.md"],
        [
            write("a.md", "a draft\n"),
            turn(vec![edit]),
            written("wrote it"),
        ],
    );
    stands(&vault, &plan, &model, "done");
    assert_eq!(artifact(&vault, &plan, "a.md"), "a text\n");
    assert_eq!(started(&vault.journal(&plan)).len(), 6);
    let judged = nth_question(&model, "You are quality control. Judge", 0);
    assert!(judged.contains(" a.md\na text\n"), "{judged}");
}

#[test]
fn what_a_command_wrote_is_an_artifact_too() {
    if !sandboxed("what_a_command_wrote_is_an_artifact_too") {
        return;
    }
    let (model, vault, plan) = run(
        &["out/sum.txt", "a.bin"],
        [
            shell(
                "mkdir -p out && echo $((40+2)) > out/sum.txt && printf '\\377\\000' > a.bin && cat out/sum.txt",
            ),
            written("computed"),
        ],
    );
    stands(&vault, &plan, &model, "done");
    assert_eq!(artifact(&vault, &plan, "out/sum.txt"), "42\n");
    let told = crate::bench::last_message(&asked(&model, PRODUCER)[1]);
    assert!(
        told.contains("exit code 0") && told.contains("42"),
        "{told}"
    );
    let judged = nth_question(&model, "You are quality control. Judge", 0);
    assert!(judged.contains("a.bin: no text, 2 bytes"), "{judged}");
}

#[test]
fn some_handed_in_and_some_written_belong_together() {
    let answer = json!({"content": "one\n", "summary_for_state_doc": "both"});
    let (model, vault, plan) = run(
        &["a.md", "b.md"],
        [write("b.md", "two\n"), say(ARTIFACT, answer)],
    );
    stands(&vault, &plan, &model, "done");
    assert_eq!(artifact(&vault, &plan, "a.md"), "one\n");
    assert_eq!(artifact(&vault, &plan, "b.md"), "two\n");
}

/// Nobody is asked to judge what is not there.
fn is_redone_for(artifacts: &[&str], answer: Value, why: &str) {
    let whole = json!({"content": "one\n", "files": [{"path": "b.md", "content": "two\n"}],
                       "summary_for_state_doc": "all"});
    let (model, vault, plan) = run(artifacts, [say(ARTIFACT, answer), say(ARTIFACT, whole)]);
    stands(&vault, &plan, &model, "done");
    let steps = started(&vault.journal(&plan));
    assert_eq!(
        steps[1..4],
        ["s1-t1-produce-1", "s1-t1-produce-2", "s1-t1-qc-2"]
    );
    let again = nth_question(&model, PRODUCER, 1);
    assert!(
        again.contains(&format!("- critical, substantive: {why}")),
        "{again}"
    );
}

#[test]
fn what_is_missing_is_made_anew_before_anyone_judges() {
    let two = ["a.md", "b.md"];
    let nothing = json!({"summary_for_state_doc": "done, trust me"});
    is_redone_for(&two, nothing, "a.md was not handed in");
    let first = json!({"content": "one\n", "summary_for_state_doc": "one of them"});
    is_redone_for(&two, first, "b.md was not handed in");
    let foreign = json!({"content": "one\n", "summary_for_state_doc": "s",
        "files": [{"path": "b.md", "content": "two\n"}, {"path": "c.md", "content": "three\n"}]});
    is_redone_for(&two, foreign, "c.md is none of the task's artifacts");
    let escape = json!({"content": "one\n", "summary_for_state_doc": "s",
        "files": [{"path": "b.md", "content": "two\n"}, {"path": "../../out.md", "content": "three\n"}]});
    is_redone_for(&two, escape, "../../out.md is none of the task's artifacts");
}

/// An answer of another form costs a repair, not one of the producer's tries.
#[test]
fn an_answer_that_says_nothing_is_repaired_and_no_redo_is_spent() {
    let nothing = say(ARTIFACT, json!({"unexpected": true}));
    let (model, vault, plan) = run(&["a.md"], [nothing, hand_in("text\n")]);
    stands(&vault, &plan, &model, "done");
    let journal = vault.journal(&plan);
    assert_eq!(journal.count("ReplyRejected"), 1);
    assert_eq!(journal.count("TaskRedone"), 0);
    let repair = crate::bench::last_message(&asked(&model, PRODUCER)[1]);
    assert!(
        repair.contains("none of `content`, `files` and `summary_for_state_doc` is there"),
        "{repair}"
    );
}

#[test]
fn an_empty_file_of_a_tool_is_missing() {
    let (model, vault, plan) = run(
        &["a.md"],
        [write("a.md", ""), written("done"), hand_in("text\n")],
    );
    stands(&vault, &plan, &model, "done");
    let again = nth_question(&model, PRODUCER, 2);
    assert!(again.contains("a.md is empty"), "{again}");
}

/// What was produced lies in the journal: a file that is lost before quality control looks is put back.
#[test]
fn a_file_of_a_tool_that_is_deleted_before_it_is_judged_is_restored() {
    let judges = crate::bench::passes().after(std::time::Duration::from_secs(60));
    let model = server([
        making(&["a.md"]),
        write("a.md", "by tool\n"),
        written("done"),
        judges,
    ]);
    let vault = vault(&model, "");
    let plan = vault.approved(&body(1));
    let daemon = Daemon::start(&vault, &["--until-idle"]);
    wait_until("quality control is asked", || model.requests().len() == 4);
    daemon.kill();
    std::fs::remove_file(vault.path(&format!("ess/runs/{plan}/artifacts/a.md"))).unwrap();
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    assert_eq!(artifact(&vault, &plan, "a.md"), "by tool\n");
    let judged = nth_question(&model, "You are quality control. Judge", 1);
    assert!(judged.contains(" a.md\nby tool\n"), "{judged}");
}

/// Two tasks that run beside each other do not write over each other's files.
#[test]
fn another_tasks_file_cannot_be_written() {
    let of = |n: &str| format!("# Task: {n}\n");
    let model = server([
        tasks(&[task("one", "one.md", &[]), task("two", "two.md", &[])]),
        write("two.md", "forged\n").for_text(&of("one")),
        hand_in("one\n").for_text(&of("one")),
        hand_in("two\n").for_text(&of("two")),
    ]);
    let vault = vault(&model, "");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    assert_eq!(artifact(&vault, &plan, "two.md"), "two\n");
    let talk = asked(&model, &of("one"));
    let told = talk
        .iter()
        .map(crate::bench::last_message)
        .find(|text| text.contains("two.md"));
    let told = told.expect("it was told");
    assert!(told.contains("s1-t2"), "{told}");
}
