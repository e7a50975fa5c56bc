//! Runners that die again and again.

use crate::{
    essay::{self, PLAN},
    support::{TestVault, body},
};

#[test]
fn a_plan_whose_every_runner_dies_after_a_step_still_ends() {
    let model = essay::model();
    let vault = essay::vault_asking(&essay::template(), &model);
    // The claim, three calls reserved for the day and begun, and one of them completed: fewer frames complete no step.
    let env = [("MODULATIO_FAULT", "kill-after-append:10")];
    let mut deaths = 0;
    while vault
        .run_with(&["daemon", "--until-idle"], &env)
        .code
        .is_none()
    {
        deaths += 1;
        assert!(deaths < 40, "it never ends");
    }
    assert!(deaths > 8, "it died only {deaths} times");
    assert_eq!(vault.journal(PLAN).status(), "done");
    assert!(model.sold().by_key.values().all(|count| *count == 1));
    vault.is_proven(PLAN);
}

#[test]
fn a_plan_that_kills_its_runners_is_quarantined_and_wedges_no_other() {
    let vault = TestVault::new();
    let poisoned = vault.approved(&body(1));
    let env = [("MODULATIO_FAULT", "kill-before-append:2")];
    for _ in 0..3 {
        assert_eq!(vault.run_with(&["daemon", "--until-idle"], &env).code, None);
    }
    let healthy = vault.approved(&body(1));
    vault.run_until_idle();
    let journal = vault.journal(&poisoned);
    assert_eq!(journal.status(), "paused");
    assert_eq!(journal.count("PlanClaimed"), 3);
    let ticket = vault.read("ess/tickets/ESS-1.md");
    assert!(
        ticket.contains("priority: critical") && ticket.contains("kind: quarantine"),
        "{ticket}"
    );
    assert_eq!(vault.journal(&healthy).status(), "done");
    vault.run(&["project", "resume", &poisoned]).ok();
    vault.run_until_idle();
    assert_eq!(vault.journal(&poisoned).status(), "done");
    vault.is_proven(&poisoned);
}
