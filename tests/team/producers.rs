//! Several producers: the planner chooses by name, and who is chosen is asked with its own model.

use modulatio_tools::fake_model::FakeModel;
use serde_json::{Value, json};

use crate::{
    bench::{
        QUICK, TASKS, asked, entry, last_message, ledger, nth_question, server, stands, task, tasks,
    },
    support::{TestVault, body},
};

/// A drafter and a coder behind one server, each with a model of its own; a third model leads.
fn two_producers(model: &FakeModel) -> TestVault {
    let models = ["lead-1", "draft-1", "code-1"].map(|name| entry(name, model, ""));
    TestVault::with(&format!(
        "models:\n{}team:\n  leader: lead-1\n  producers:\n    \
         - {{name: drafter, model: draft-1, good_at: prose}}\n    \
         - {{name: coder, model: code-1, good_at: programs in Python}}\n{QUICK}",
        models.concat()
    ))
}

fn by(mut task: Value, producer: &str) -> Value {
    task["producer"] = json!(producer);
    task
}

#[test]
fn the_planners_choice_is_followed() {
    let model = server([tasks(&[
        by(task("tool", "tool.py", &[]), "coder"),
        by(task("essay", "essay.md", &[]), "drafter"),
        task("index", "index.md", &[]),
    ])]);
    let vault = two_producers(&model);
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    let planner = nth_question(&model, "Divide this sub-objective", 0);
    assert!(
        planner.contains("- drafter: good at prose\n- coder: good at programs in Python"),
        "{planner}"
    );
    let mut who: Vec<(String, String, String)> = ledger(&vault, &plan)
        .iter()
        .map(|line| {
            let text = |key: &str| line[key].as_str().unwrap().to_owned();
            (text("step"), text("agent_id"), text("model"))
        })
        .collect();
    who.sort();
    let expected = [
        ("s1-plan", "planner", "openai/lead-1"),
        ("s1-reflect", "leader", "openai/lead-1"),
        ("s1-t1-produce-1", "coder", "openai/code-1"),
        ("s1-t1-qc-1", "qc", "openai/lead-1"),
        ("s1-t2-produce-1", "drafter", "openai/draft-1"),
        ("s1-t2-qc-1", "qc", "openai/lead-1"),
        ("s1-t3-produce-1", "drafter", "openai/draft-1"),
        ("s1-t3-qc-1", "qc", "openai/lead-1"),
    ]
    .map(|(step, agent, model)| (step.to_owned(), agent.to_owned(), model.to_owned()));
    assert_eq!(who, expected);
    // What the server was asked for is what the ledger says.
    for (title, name) in [
        ("tool", "code-1"),
        ("essay", "draft-1"),
        ("index", "draft-1"),
    ] {
        let produced = asked(&model, &format!("# Task: {title}\n\nWrite"));
        assert_eq!(produced.len(), 1, "{title}");
        assert_eq!(produced[0].body["model"], name);
    }
}

#[test]
fn an_unknown_producer_is_repaired() {
    let model = server([
        tasks(&[by(task("essay", "essay.md", &[]), "nobody")]),
        tasks(&[by(task("essay", "essay.md", &[]), "coder")]),
    ]);
    let vault = two_producers(&model);
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    let journal = vault.journal(&plan);
    assert_eq!(journal.count("ReplyRejected"), 1);
    let repair = last_message(&model.requests()[1]);
    assert!(
        repair.contains("there is no producer \"nobody\"; there are drafter, coder"),
        "{repair}"
    );
}

#[test]
fn the_schema_offers_the_producers_by_name() {
    let model = server([]);
    let vault = two_producers(&model);
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    let requests = model.requests();
    let tools = requests[0].body["tools"].as_array().unwrap();
    let tool = tools
        .iter()
        .find(|tool| tool["function"]["name"] == TASKS)
        .unwrap();
    let item = &tool["function"]["parameters"]["properties"]["tasks"]["items"]["properties"];
    assert_eq!(item["producer"]["enum"], json!(["drafter", "coder"]));
}

/// A producer that an operator took out of the team while its task waited is stood in for by the first.
#[test]
fn a_producer_that_is_gone_is_stood_in_for_by_the_first() {
    let model = server([
        tasks(&[by(task("essay", "essay.md", &[]), "coder")]),
        crate::bench::fails("environmental", "no key"),
    ]);
    let vault = two_producers(&model);
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    stands(&vault, &plan, &model, "paused");
    let before = vault.read("modulatio.yaml");
    let without = before.lines().filter(|line| !line.contains("name: coder"));
    let without: Vec<&str> = without.collect();
    vault.write("modulatio.yaml", &format!("{}\n", without.join("\n")));
    vault.run(&["ticket", "approve", "ESS-1"]).ok();
    vault.run_until_idle();
    assert_eq!(vault.journal(&plan).status(), "done");
    vault.is_proven(&plan);
    let lines = ledger(&vault, &plan);
    let produced = |line: &&Value| line["step"].as_str().unwrap().contains("-produce-");
    let agents: Vec<_> = lines
        .iter()
        .filter(produced)
        .map(|line| line["agent_id"].clone())
        .collect();
    assert_eq!(agents, ["coder", "drafter"]);
}
