//! What the vault's accounts say is the same after as before: numbers, the day's spend, the audit.

use modulatio_tools::fake_model::{FakeModel, Script};

use crate::{
    clean, done, is_archived, status,
    support::{TestVault, body, books::PRICE, within_one_day},
};

#[test]
fn a_number_is_given_out_once() {
    let (vault, plan) = done();
    clean(&vault, &["--force"]).ok();
    assert_eq!(
        (plan.as_str(), vault.draft(&body(1)).as_str()),
        ("ESS-P-001", "ESS-P-002")
    );
}

/// Without the journal of numbers, what lies there decides, in the archive too.
#[test]
fn a_number_in_the_archive_is_taken_also_when_the_numbers_are_lost() {
    let vault = TestVault::with(
        "models:\n  dry: {provider: rehearsal, outcomes: {1: pause}}\nteam: {leader: dry}\n",
    );
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    vault.run(&["plan", "cancel", &plan]).ok();
    assert!(vault.path("ess/tickets/ESS-1.md").exists());
    clean(&vault, &["--force"]).ok();
    is_archived(&vault, &plan);
    std::fs::remove_dir_all(vault.path(".modulatio/numbers")).expect("it is there");
    let next = vault.approved(&body(1));
    assert_eq!(next, "ESS-P-002");
    vault.run_until_idle();
    assert!(
        vault.path("ess/tickets/ESS-2.md").exists(),
        "{:?}",
        vault.names("ess/tickets")
    );
}

#[test]
fn what_an_archived_plan_spent_today_counts_today() {
    within_one_day();
    let server = FakeModel::start(Script::default()).expect("a free port");
    let vault = TestVault::with(&format!(
        "models:\n  fake: {{provider: openai, model: fake-1, base_url: \"{}\", {PRICE}}}\nteam: {{leader: fake}}\n",
        server.base_url()
    ));
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    assert_eq!(status(&vault, &plan), "done");
    let spent = || vault.run(&["spend", "--json"]).ok().out;
    let before = spent();
    assert!(
        before.contains("\"tokens\":") && !before.contains("\"tokens\":0,"),
        "{before}"
    );
    clean(&vault, &["--force"]).ok();
    assert_eq!(spent(), before);
    // The day's own journal is lost: it is reckoned anew, from the plans' journals.
    std::fs::remove_dir_all(vault.path(".modulatio/spend")).expect("it is there");
    assert_eq!(spent(), before);
    let shown = vault.run(&["project", "show", "ESS", "--json"]).ok().out;
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("an object");
    let before: serde_json::Value = serde_json::from_str(&before).expect("an object");
    assert_eq!(
        (&shown["tokens"], &shown["cost_usd"]),
        (&before["tokens"], &before["cost_usd"])
    );
    assert_eq!(shown["archived_plans"], 1);
}

#[test]
fn seals_and_verdicts_cover_the_archive() {
    let (vault, plan) = done();
    let seal = vault.run(&["audit", "seal"]).ok().out;
    clean(&vault, &["--force"]).ok();
    assert_eq!(vault.run(&["audit", "seal"]).ok().out, seal);
    let file = vault.beside().join("seal");
    std::fs::write(&file, &seal).expect("a file");
    let file = file.to_str().expect("a plain path");
    let verify = ["audit", "verify", "--all", "--against", file];
    let ran = vault.run(&verify).ok();
    ran.shows(&format!("{plan}: whole"))
        .shows(&format!("(archived in ess/archive/{plan})"));
    let json = vault.run(&["audit", "verify", &plan, "--json"]).ok().out;
    assert!(
        json.contains(&format!("\"archive\":\"ess/archive/{plan}\"")),
        "{json}"
    );

    let journal = vault.path(&format!("ess/archive/{plan}/plans/{plan}.journal.jsonl"));
    let whole = std::fs::read_to_string(&journal).expect("a journal");
    let cut: Vec<&str> = whole.split_inclusive('\n').collect();
    std::fs::write(&journal, cut[..cut.len() - 1].concat()).expect("a journal");
    vault.run(&verify).code(7).shows("damaged");
    std::fs::remove_file(&journal).expect("it is there");
    vault
        .run(&verify)
        .code(7)
        .shows("the journal was sealed and is gone");
}
