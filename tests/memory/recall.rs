//! What judges and producers are shown, and that it is part of the call's record.

use projections::{event::Event, memory::Recalled};
use serde_json::json;

use crate::{
    bench::{
        PRODUCER, QUICK, artifact, asked, conversation, entry, fails, hand_in, nth_question,
        passes, question, server, stands, task, tasks, tool, turn, vault, written,
    },
    support::{Daemon, Journal, TestVault, body, wait_until},
};

fn recalled(journal: &Journal, label: &str) -> Vec<Option<Recalled>> {
    let of_step = |event: &Event| match event {
        Event::ModelCallStarted(e) if e.step.label() == label => Some(e.recalled.clone()),
        _ => None,
    };
    journal.events().filter_map(of_step).collect()
}

#[test]
fn quality_control_is_shown_how_such_work_was_judged_but_not_its_own_verdicts_again() {
    let essay = |n: u32| {
        task(
            &format!("essay {n} on stoic restraint"),
            &format!("essay{n}.md"),
            &[],
        )
    };
    let model = server([
        tasks(&[essay(1)]),
        hand_in("a\n"),
        fails("substantive", "Seneca is quoted without a source"),
        hand_in("b\n"),
        passes(),
        tasks(&[essay(2)]),
    ]);
    let vault = vault(&model, "embedder: lexical\n");
    let plan = vault.approved(&body(2));
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    let judge = "You are quality control";
    for nth in [0, 1] {
        let own = nth_question(&model, judge, nth);
        assert!(!own.contains("qc-history/"), "{own}");
    }
    let other = nth_question(&model, judge, 2);
    assert!(
        other.contains(&format!(
            "qc-history/document/{plan}-s1-t1-1 (rejected, by producer"
        )) && other.contains("Seneca is quoted without a source"),
        "{other}"
    );
    let journal = vault.journal(&plan);
    let [Some(shown)] = &recalled(&journal, "s2-t1-qc-1")[..] else {
        panic!("one call, with its record");
    };
    assert_eq!(shown.entries.len(), 2);
    assert!(shown.entries[0].score >= shown.entries[1].score);
}

#[test]
fn verdicts_on_other_kinds_of_artifacts_are_not_shown() {
    let mut code = task("stoic restraint", "restraint.py", &[]);
    code["kind"] = json!("code");
    let model = server([
        tasks(&[code]),
        hand_in("x = 1\n"),
        passes(),
        tasks(&[task("stoic restraint", "restraint.md", &[])]),
    ]);
    let vault = vault(&model, "embedder: lexical\n");
    let plan = vault.approved(&body(2));
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    assert!(
        vault
            .path(&format!("ess/qc-history/code/{plan}-s1-t1-1.md"))
            .exists()
    );
    assert_eq!(recalled(&vault.journal(&plan), "s2-t1-qc-1"), [None]);
}

/// The memory moves on while a plan is down; what a step was shown does not.
#[test]
fn a_step_that_goes_on_after_a_crash_is_shown_what_it_was_shown_before() {
    let look = turn(vec![tool("list_files", json!({}))]);
    let model = server([
        tasks(&[task("essay on stoic restraint", "essay.md", &[])]),
        look,
        written("never").after(std::time::Duration::from_secs(30)),
        hand_in("text\n"),
    ]);
    let vault = vault(&model, "embedder: lexical\nmemory: {min_similarity: 0}\n");
    vault.write(
        "ess/team-memory/tone.md",
        "An essay on stoic restraint is short.\n",
    );
    let plan = vault.approved(&body(1));
    let daemon = Daemon::start(&vault, &[]);
    wait_until("the second call is under way", || {
        asked(&model, PRODUCER).len() == 2
    });
    daemon.kill();
    vault.write(
        "ess/team-memory/tone.md",
        "An essay on stoic restraint is long.\n",
    );
    vault.write(
        "ess/team-memory/more.md",
        "Another essay on stoic restraint.\n",
    );
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    assert_eq!(artifact(&vault, &plan, "essay.md"), "text\n");
    let questions: Vec<String> = asked(&model, PRODUCER).iter().map(question).collect();
    assert_eq!(questions.len(), 3);
    assert!(
        questions[0].contains("restraint is short"),
        "{}",
        questions[0]
    );
    assert!(questions.iter().all(|other| *other == questions[0]));
    let shown = recalled(&vault.journal(&plan), "s1-t1-produce-1");
    assert!(shown[0].is_some() && shown[1..].iter().all(Option::is_none));
}

#[test]
fn hand_written_notes_are_found_and_those_below_the_bound_are_not() {
    let model = server([tasks(&[task("essay on stoic restraint", "essay.md", &[])])]);
    let vault = vault(
        &model,
        "embedder: lexical\nmemory: {min_similarity: 0.4, top: 1}\n",
    );
    vault.write(
        "ess/team-memory/deep/er.md",
        "---\ntags: [stoic]\n---\nAn essay on stoic restraint is short.\n",
    );
    vault.write(
        "ess/team-memory/other.md",
        "Quarterly invoices go to Brigitte.\n",
    );
    vault.write(
        "ess/team-memory/_removed/old.md",
        "An essay on stoic restraint was long.\n",
    );
    vault.write(
        "ess/team-memory/_proposals/new.md",
        "An essay on stoic restraint may be long.\n",
    );
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    let shown = recalled(&vault.journal(&plan), "s1-t1-produce-1");
    let shown: Vec<&str> = shown[0]
        .iter()
        .flat_map(|r| &r.entries)
        .map(|e| e.id.as_str())
        .collect();
    assert_eq!(shown, ["deep/er"]);
    let text = conversation(&asked(&model, PRODUCER)[0]);
    assert!(text.contains("restraint is short") && !text.contains("Brigitte"));
}

#[test]
fn an_operators_text_without_a_place_for_it_is_shown_nothing_and_records_nothing() {
    let model = server([tasks(&[task("essay on stoic restraint", "essay.md", &[])])]);
    let vault = vault(&model, "embedder: lexical\nmemory: {min_similarity: 0}\n");
    vault.write(
        "ess/team-memory/tone.md",
        "An essay on stoic restraint is short.\n",
    );
    vault.write(
        "ess/prompts/producer.md",
        "Do this task and hand in its artifacts.\n{{brief}}{{artifacts}}{{defects}}{{present}}\n",
    );
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    assert_eq!(recalled(&vault.journal(&plan), "s1-t1-produce-1"), [None]);
}

#[test]
fn nothing_is_shown_where_zero_entries_are_wanted() {
    let model = server([tasks(&[task("essay on stoic restraint", "essay.md", &[])])]);
    let vault = vault(
        &model,
        "embedder: lexical\nmemory: {min_similarity: 0, top: 0}\n",
    );
    vault.write(
        "ess/team-memory/tone.md",
        "An essay on stoic restraint is short.\n",
    );
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    assert_eq!(recalled(&vault.journal(&plan), "s1-t1-produce-1"), [None]);
}

/// What is only like the work does not keep the work itself out of a small window.
#[test]
fn memory_gives_way_where_the_window_is_small() {
    let model = server([tasks(&[task("essay on stoic restraint", "essay.md", &[])])]);
    // Nothing is known yet of this model's tokens: a prompt of 9 kB would be some 3,000.
    let small = entry(
        "small",
        &model,
        ", context_tokens: 3256, max_output_tokens: 256",
    );
    let lead = entry("fake-1", &model, "");
    let vault = TestVault::with(&format!(
        "models:\n{lead}{small}team: {{leader: fake-1, producers: [{{name: producer, model: small}}]}}\n\
         {QUICK}embedder: lexical\nmemory: {{min_similarity: 0}}\n"
    ));
    for n in 0..5 {
        let text = format!(
            "An essay on stoic restraint, {n}: {}\n",
            "restraint ".repeat(200)
        );
        vault.write(&format!("ess/team-memory/tone{n}.md"), &text);
    }
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    assert_eq!(recalled(&vault.journal(&plan), "s1-t1-produce-1"), [None]);
}

/// What says the same in other words is found by the model alone.
#[test]
fn with_minilm_a_note_is_found_that_shares_no_word_with_the_task() {
    let dir = std::env::var("MODULATIO_MINILM_DIR").unwrap_or_default();
    if dir.is_empty() || std::env::var_os("ORT_DYLIB_PATH").is_none() {
        eprintln!(
            "SKIPPED with_minilm_a_note_is_found_that_shares_no_word_with_the_task: MODULATIO_MINILM_DIR or ORT_DYLIB_PATH is not set"
        );
        return;
    }
    let mut billing = task("billing deadline", "plan.md", &[]);
    billing["brief"] = json!("When must the customer receive our bill?");
    billing["acceptance"] = json!([]);
    let model = server([tasks(&[billing])]);
    let embedder = format!("embedder: {{model_dir: {dir:?}}}\nmemory: {{min_similarity: 0.3}}\n");
    let vault = vault(&model, &embedder);
    vault.write(
        "ess/team-memory/invoices.md",
        "Invoices are sent to clients by the third of each month.\n",
    );
    vault.write("ess/team-memory/cats.md", "Cats sleep on warm stones.\n");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    let shown = recalled(&vault.journal(&plan), "s1-t1-produce-1");
    let Some(shown) = &shown[0] else {
        panic!("nothing was found");
    };
    assert!(shown.embedder.starts_with("minilm-l6-v2/"), "{shown:?}");
    assert_eq!(shown.entries[0].id, "invoices");
    assert_eq!(shown.entries.len(), 1);
}
