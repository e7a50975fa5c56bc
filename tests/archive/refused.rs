//! What is not archived, and why.

use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step};

use crate::{
    clean, done, is_archived, places, same,
    support::{Daemon, SIGCONT, TestVault, body, books::PRICE, wait_until, within_one_day},
    tree,
};

#[test]
fn a_plan_that_has_not_ended_stays() {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    let before = tree(&vault);
    let ran = clean(&vault, &["--plan", &plan, "--force"]).code(6);
    ran.says(&format!("{plan} is not archived: it is draft"));
    let ran = clean(&vault, &["--force"]).ok();
    ran.says("nothing to archive");
    same(&vault, &before);
}

#[test]
fn a_plan_whose_lease_is_held_stays() {
    let vault = TestVault::slow("20s");
    let plan = vault.approved(&body(1));
    let daemon = Daemon::start(&vault, &[]);
    wait_until("it is at work", || {
        vault.run(&["plan", "show", &plan]).out.contains("runner ")
    });
    // Stopped, it has no say in what follows, and still has the lease.
    wait_until(
        "it is stopped outside of an append, and the plan cancelled",
        || {
            daemon.freeze();
            vault.run(&["plan", "cancel", &plan]);
            let is_cancelled = crate::status(&vault, &plan) == "cancelled";
            if !is_cancelled {
                daemon.send(SIGCONT);
            }
            is_cancelled
        },
    );
    for force in [[].as_slice(), &["--force"]] {
        let ran = clean(&vault, &[&["--plan", &plan], force].concat()).code(6);
        ran.says("is being executed by daemon:");
    }
    clean(&vault, &["--force"])
        .ok()
        .says("is being executed by daemon:");
    assert_eq!(places(&vault, &plan), (true, false));
    daemon.kill();
    clean(&vault, &["--force"]).ok();
    is_archived(&vault, &plan);
}

#[test]
fn a_plan_with_a_call_in_doubt_today_stays_until_it_is_released() {
    within_one_day();
    let server =
        FakeModel::start(Script::of([Step::new(Behaviour::StallBeforeHead)])).expect("a free port");
    let vault = TestVault::with(&format!(
        "models:\n  fake: {{provider: openai, model: fake-1, base_url: \"{}\", {PRICE}}}\nteam: {{leader: fake}}\n",
        server.base_url()
    ));
    let plan = vault.approved(&body(1));
    let daemon = Daemon::start(&vault, &[]);
    wait_until("it is asked", || !server.requests().is_empty());
    daemon.kill();
    vault.run(&["plan", "cancel", &plan]).ok();
    let ran = clean(&vault, &["--plan", &plan, "--force"]).code(6);
    ran.says("1 call(s) in doubt count against the caps of their day")
        .says(&format!("modulatio plan release {plan}"));
    clean(&vault, &["--force"]).ok().says("in doubt");
    vault.run(&["plan", "release", &plan]).ok();
    clean(&vault, &["--force"]).ok();
    is_archived(&vault, &plan);
}

#[test]
fn another_journal_in_the_archive_is_not_overwritten() {
    let (vault, plan) = done();
    let place = format!("ess/archive/{plan}/plans");
    std::fs::create_dir_all(vault.path(&place)).expect("a directory");
    let other = format!("{place}/{plan}.journal.jsonl");
    vault.write(&other, "something else\n");
    let ran = clean(&vault, &["--plan", &plan, "--force"]).code(6);
    ran.says("another journal").says(&other);
    assert_eq!(vault.read(&other), "something else\n");
    vault.is_proven(&plan);
}

#[test]
fn a_damaged_plan_is_told_and_holds_up_no_other() {
    let (vault, plan) = done();
    let other = vault.draft(&body(1));
    vault.run(&["plan", "decline", &other]).ok();
    let mut bytes = std::fs::read(vault.journal_file(&plan)).expect("a journal");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(vault.journal_file(&plan), bytes).expect("a journal");
    let ran = clean(&vault, &["--force"]).ok();
    ran.says(&format!("warning: {plan}: "));
    assert_eq!(places(&vault, &plan), (true, false));
    is_archived(&vault, &other);
    clean(&vault, &["--plan", &plan, "--force"]).code(7);
}

#[test]
fn a_plan_of_elsewhere_or_nowhere_is_an_error() {
    let vault = TestVault::new();
    clean(&vault, &["--plan", "LAW-P-001"])
        .code(2)
        .says("is not a plan of project ESS");
    clean(&vault, &["--plan", "ESS-P-009"])
        .code(1)
        .says("there is no plan ESS-P-009");
    vault
        .run(&["project", "clean", "LAW"])
        .code(1)
        .says("there is no project LAW");
}

#[test]
fn a_file_that_was_not_taken_in_yet_is_passed_over() {
    let vault = TestVault::new();
    std::fs::write(vault.plan_file("ESS-P-007"), body(1)).expect("a file");
    let ran = clean(&vault, &["--force"]).ok();
    assert_eq!(ran.err, "nothing to archive\n");
    assert_eq!(places(&vault, "ESS-P-007"), (false, false));
    assert!(vault.plan_file("ESS-P-007").exists());
}

#[test]
fn an_archived_plan_that_is_named_again_is_told_to_be_there() {
    let (vault, plan) = done();
    clean(&vault, &["--force"]).ok();
    let before = tree(&vault);
    let ran = clean(&vault, &["--plan", &plan, "--force"]).ok();
    ran.says(&format!("{plan} is archived already"));
    same(&vault, &before);
}
