//! `project show`, `runs` and `tickets`: a project on one page, what has run, what waits.

use serde_json::{Value, json};

use crate::{
    objects,
    support::{TestVault, body},
};

/// A done plan, a paused one with a ticket, a draft and an archived one, and a configuration that is the project's own.
fn busy() -> TestVault {
    let vault = TestVault::with(
        "models:\n  dry: {provider: rehearsal}\n  cautious: {provider: rehearsal, outcomes: {1: pause}}\nteam: {leader: dry, qc: [dry, cautious]}\n",
    );
    let gone = vault.approved(&body(1));
    let done = vault.approved(&body(2));
    vault.run_until_idle();
    vault
        .run(&["project", "clean", "ESS", "--plan", &gone, "--force"])
        .ok();
    let own = "objective: Essays on Stoicism.\nteam: {leader: cautious}\n";
    vault.write("ess/project.yaml", own);
    let paused = vault.approved(&body(2));
    vault.run_until_idle();
    let folder = "folders: [{name: notes, path: /nowhere/notes, mode: rw}]\n";
    vault.write("ess/project.yaml", &format!("{own}{folder}"));
    vault.draft(&body(1));
    assert_eq!((done.as_str(), paused.as_str()), ("ESS-P-002", "ESS-P-003"));
    vault
}

/// Sizes differ from run to run by the length of times and process numbers.
fn without_sizes(text: &str) -> String {
    let words = text.split(' ');
    let mut out: Vec<String> = Vec::new();
    for word in words {
        let is_unit = ["B", "kB", "MB"].contains(&word);
        if is_unit && let Some(number) = out.last_mut() {
            "[size]".clone_into(number);
        }
        out.push(word.to_owned());
    }
    out.join(" ")
}

#[test]
fn a_project_is_shown_on_one_page() {
    let ran = busy().run(&["project", "show", "ESS"]).ok();
    assert_eq!(ran.err, "");
    insta::assert_snapshot!(without_sizes(&ran.out));
}

#[test]
fn the_object_of_a_project_says_what_the_page_says() {
    let shown = objects(&busy().run(&["project", "show", "ESS", "--json"]).ok());
    let shown = &shown[0];
    assert_eq!(shown["code"], "ESS");
    assert_eq!(shown["plans"], json!({"draft": 1, "paused": 1, "done": 1}));
    assert_eq!(
        (&shown["archived_plans"], &shown["runs"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(shown["open_tickets"][0]["id"], "ESS-1");
    assert_eq!(
        shown["team"],
        json!({
            "leader": ["cautious"], "planner": ["cautious"], "qc": ["dry", "cautious"],
            "producers": [{"name": "producer", "models": ["cautious"], "good_at": ""}],
        })
    );
    let folder = json!({"name": "notes", "path": "/nowhere/notes", "writable": true});
    assert_eq!(shown["folders"], json!([folder]));
    for bytes in ["run_bytes", "archive_bytes"] {
        assert!(
            shown[bytes].as_u64().is_some_and(|bytes| bytes > 1000),
            "{shown}"
        );
    }
}

#[test]
fn a_faulty_configuration_hides_only_itself() {
    let vault = busy();
    vault.write("modulatio.yaml", "modles: {}\n");
    let ran = vault.run(&["project", "show", "ESS"]).ok();
    ran.shows("1 draft")
        .shows("unknown: see `modulatio config check`")
        .says("modles: unknown key");
}

#[test]
fn a_plan_that_cannot_be_read_is_counted_and_hides_no_other() {
    let vault = busy();
    std::fs::write(vault.journal_file("ESS-P-002"), "no frame\n").expect("a journal");
    let ran = vault.run(&["project", "show", "ESS"]).ok();
    ran.shows("1 draft, 1 paused, 1 unread")
        .says("warning: ESS-P-002: ");
}

#[test]
fn a_project_that_is_not_there_is_an_error() {
    TestVault::new()
        .run(&["project", "show", "LAW"])
        .code(1)
        .says("there is no project LAW");
}

fn runs(vault: &TestVault, args: &[&str]) -> Vec<Value> {
    objects(
        &vault
            .run(&[&["project", "runs", "--json"], args].concat())
            .ok(),
    )
}

#[test]
fn runs_are_the_plans_that_were_started_with_what_they_took() {
    let vault = busy();
    let all = runs(&vault, &["ESS"]);
    let plans: Vec<&str> = all.iter().filter_map(|run| run["plan"].as_str()).collect();
    assert_eq!(plans, ["ESS-P-002", "ESS-P-003"]);
    assert_eq!(
        (&all[0]["status"], &all[0]["artifacts"]),
        (&json!("done"), &json!(2))
    );
    assert_eq!(
        (&all[1]["status"], &all[1]["artifacts"]),
        (&json!("paused"), &json!(1))
    );
    let plan = vault.journal("ESS-P-002").plan;
    assert_eq!(all[0]["tokens"], plan.calls.tokens);
    let started = plan
        .execution_started_at
        .expect("it was started")
        .to_string();
    assert_eq!(all[0]["started_at"], started);
    let ended = plan.transitions.last().expect("it ended").decided_at;
    let took = ended.micros_since(plan.execution_started_at.expect("it was started")) / 1_000_000;
    assert_eq!(all[0]["took_seconds"], took);
    assert_eq!(runs(&vault, &[]), all);
    assert_eq!(runs(&vault, &["ESS", "--archived"]).len(), 3);
}

#[test]
fn runs_have_a_line_each_below_their_titles() {
    let ran = busy().run(&["project", "runs"]).ok();
    let lines: Vec<Vec<&str>> = ran
        .out
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        lines[0],
        [
            "PLAN",
            "STATUS",
            "STARTED",
            "TOOK",
            "TOKENS",
            "USD",
            "ARTIFACTS"
        ]
    );
    assert_eq!(lines.len(), 3);
    assert_eq!(
        (lines[1][0], lines[1][1], lines[1][6]),
        ("ESS-P-002", "done", "2")
    );
    assert!(
        lines[1][2].ends_with('Z') && !lines[1][2].contains('.'),
        "{ran:#?}"
    );
}

#[test]
fn tickets_of_a_project_are_those_of_the_list() {
    let vault = busy();
    for extra in [[].as_slice(), &["--all"], &["--json"]] {
        let listed = vault
            .run(&[&["ticket", "list", "ESS"], extra].concat())
            .ok()
            .out;
        assert!(listed.contains("ESS-1"), "{listed}");
        let own = vault
            .run(&[&["project", "tickets", "ESS"], extra].concat())
            .ok()
            .out;
        assert_eq!(own, listed);
    }
}
