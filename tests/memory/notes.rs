//! Notes: quality control and the Leader write them, others propose, and quality control decides.

use modulatio_tools::fake_model::Step;
use projections::event::Event;
use serde_json::{Value, json};

use crate::{
    bench::{
        ARTIFACT, PRODUCER, REFLECTION, TASKS, VERDICT, asked, conversation, nth_question, say,
        server, stands, task, vault,
    },
    support::{Journal, TestVault, body},
};

fn noting(tool: &str, mut answer: Value, key: &str, notes: Value) -> Step {
    answer[key] = notes;
    say(tool, answer)
}

fn planned(proposals: Value) -> Step {
    let answer = json!({"tasks": [task("essay", "essay.md", &[])]});
    noting(TASKS, answer, "proposals", proposals)
}

fn produced(proposals: Value) -> Step {
    let answer = json!({"content": "text\n", "summary_for_state_doc": "written"});
    noting(ARTIFACT, answer, "proposals", proposals)
}

fn judged(answer: Value) -> Step {
    let mut verdict = json!({"passed": true, "summary": "good", "defects": []});
    for (key, value) in answer.as_object().expect("an object") {
        verdict[key] = value.clone();
    }
    say(VERDICT, verdict)
}

fn reflected(notes: Value) -> Step {
    let answer =
        json!({"outcome": "continue", "rationale": "fine", "quality_report": "# All good\n"});
    noting(REFLECTION, answer, "notes", notes)
}

fn fact(text: &str) -> Value {
    json!({"kind": "fact", "text": text, "tags": ["archive"]})
}

fn kinds(journal: &Journal) -> Vec<&str> {
    let noted = |event: &&Event| event.kind().starts_with("Note");
    journal.events().filter(noted).map(Event::kind).collect()
}

fn team(vault: &TestVault) -> Vec<String> {
    let mut names = vault.names("ess/team-memory");
    names.retain(|name| name.ends_with(".md"));
    names
}

#[test]
fn quality_control_and_the_leader_write_and_others_propose() {
    let model = server([
        planned(json!([fact("The archive closes at noon.")])),
        produced(
            json!([fact("Letters are filed by year."), {"kind": "technique", "text": "Quote twice."}]),
        ),
        judged(json!({
            "notes": [fact("The user prefers concise prose.")],
            "promote": ["ESS-P-001-m2", "ESS-P-001-m2", "made-up"], "decline": ["ESS-P-001-m3"],
        })),
        reflected(
            json!([{"kind": "technique", "text": "One task for one essay suffices."},
                         fact("The user prefers concise prose.")]),
        ),
    ]);
    let vault = vault(&model, "embedder: lexical\n");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    assert_eq!(
        kinds(&vault.journal(&plan)),
        [
            "NoteProposed",
            "NoteProposed",
            "NoteProposed",
            "NoteJudged",
            "NoteJudged",
            "NoteWritten",
            "NoteWritten"
        ]
    );
    let expected = [2, 4, 5].map(|n| format!("{plan}-m{n}.md"));
    assert_eq!(team(&vault), expected);
    assert_eq!(
        vault.names("ess/team-memory/_proposals"),
        [format!("{plan}-m1.md")]
    );
    assert_eq!(
        vault.names("ess/team-memory/_removed"),
        [format!("{plan}-m3.md")]
    );
    let promoted = vault.read(&format!("ess/team-memory/{plan}-m2.md"));
    for line in [
        "writer_id: qc",
        "writer_tier: qc",
        "proposed_by: producer",
        "kind: fact",
        "- archive",
        "Letters are filed by year.",
    ] {
        assert!(promoted.contains(line), "{line:?} is not in\n{promoted}");
    }
    let question = nth_question(&model, "You are quality control", 0);
    assert!(
        question.contains("ESS-P-001-m1, a fact proposed by planner"),
        "{question}"
    );
}

#[test]
fn notes_of_one_plan_are_shown_in_the_next_with_their_source() {
    let model = server([
        planned(json!([])),
        produced(json!([])),
        judged(json!({"notes": [fact("An essay must cite the first edition.")]})),
        reflected(json!([])),
        planned(json!([])),
    ]);
    let vault = vault(&model, "embedder: lexical\nmemory: {min_similarity: 0.1}\n");
    let first = vault.approved(&body(1));
    vault.run_until_idle();
    let second = vault.approved(&body(1));
    vault.run_until_idle();
    stands(&vault, &first, &model, "done");
    stands(&vault, &second, &model, "done");
    let questions = asked(&model, PRODUCER);
    assert!(!conversation(&questions[0]).contains("cite the first edition"));
    let shown = conversation(questions.last().unwrap());
    assert!(
        shown.contains(&format!("team-memory/{first}-m1 (a fact by qc"))
            && shown.contains("cite the first edition"),
        "{shown}"
    );
    let journal = vault.journal(&second);
    let recalled = journal.events().find_map(|event| match event {
        Event::ModelCallStarted(e) if e.step.label() == "s1-t1-produce-1" => e.recalled.clone(),
        _ => None,
    });
    let recalled = recalled.expect("the record of what was shown");
    assert!(recalled.embedder.starts_with("lexical"), "{recalled:?}");
    assert_eq!(recalled.entries[0].id, format!("{first}-m1"));
    assert!((100..=1000).contains(&recalled.entries[0].score));
    vault
        .run(&["replay", &second])
        .ok()
        .shows(&format!("shown team-memory/{first}-m1 (0."));
}

#[test]
fn without_team_memory_nobody_is_asked_for_notes_or_shown_any() {
    let model = server([
        planned(json!([fact("one")])),
        produced(json!([fact("two")])),
        judged(json!({"notes": [fact("three")]})),
        reflected(json!([fact("four")])),
    ]);
    let vault = vault(
        &model,
        "embedder: lexical\nteam_memory_enabled: false\nmemory: {min_similarity: 0}\n",
    );
    vault.write("ess/team-memory/mine.md", "Write essay1.md with care.\n");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    assert!(kinds(&vault.journal(&plan)).is_empty());
    assert_eq!(team(&vault), ["mine.md"]);
    for request in model.requests() {
        let text = request.body.to_string();
        assert!(
            !text.contains("with care") && !text.contains("later plans should know"),
            "{text}"
        );
    }
}

#[test]
fn a_project_may_do_without_team_memory() {
    let model = server([planned(json!([fact("one")]))]);
    let vault = vault(&model, "embedder: lexical\n");
    vault.write(
        "ess/project.yaml",
        "objective: Essays.\nteam_memory_enabled: false\n",
    );
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    assert!(kinds(&vault.journal(&plan)).is_empty());
}

/// A note that a person has taken away, changed or decided on belongs to that person.
#[test]
fn what_a_person_made_of_notes_stands() {
    let model = server([
        planned(json!([])),
        produced(json!([fact("a"), fact("b")])),
        judged(json!({"notes": [fact("c"), fact("d"), fact("e")]})),
        reflected(json!([])),
    ]);
    let vault = vault(&model, "embedder: lexical\n");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    let note = |n: u32| format!("ess/team-memory/{plan}-m{n}.md");
    std::fs::create_dir_all(vault.path("ess/team-memory/_removed")).unwrap();
    std::fs::rename(
        vault.path(&note(3)),
        vault.path(&format!("ess/team-memory/_removed/{plan}-m3.md")),
    )
    .unwrap();
    std::fs::remove_file(vault.path(&note(4))).unwrap();
    vault.write(&note(5), "changed\n");
    vault.run(&["replay", "--all", "--check"]).ok();
    vault.run(&["plan", "show", &plan]).ok();
    let other = vault.approved(&body(1));
    vault.run_until_idle();
    stands(&vault, &other, &model, "done");
    assert_eq!(team(&vault), [format!("{plan}-m5.md")]);
    // A replay that is asked to write brings back what lies nowhere, and nothing else.
    vault.run(&["replay", &plan, "--write"]).ok();
    assert_eq!(
        team(&vault),
        [format!("{plan}-m4.md"), format!("{plan}-m5.md")]
    );
    assert_eq!(vault.read(&note(5)), "changed\n");
}

/// An operator's text from before there were proposals shows none, and so none are decided on.
#[test]
fn quality_control_decides_on_no_proposal_that_it_is_not_shown() {
    let model = server([
        planned(json!([])),
        produced(json!([fact("unseen")])),
        judged(json!({})),
    ]);
    let vault = vault(&model, "embedder: lexical\n");
    vault.write(
        "ess/prompts/qc.md",
        "You are quality control.\n{{acceptance}}{{artifacts}}\n",
    );
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    for request in asked(&model, "You are quality control.") {
        assert!(!request.body.to_string().contains("promote"));
    }
    assert_eq!(
        vault.names("ess/team-memory/_proposals"),
        [format!("{plan}-m1.md")]
    );
}
