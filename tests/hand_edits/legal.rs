//! Edits that are taken.

use projections::{event::Event, time::MicroUsd};

use crate::{
    by_hand, edit, kept,
    support::{TestVault, body},
    text,
};

/// A draft whose file is edited while no daemon runs, then looked at.
fn edited(before: &str, after: &str) -> (TestVault, String) {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    edit(&vault, &plan, before, after);
    vault.run_until_idle();
    assert_eq!(kept(&vault), [""; 0]);
    vault.is_proven(&plan);
    (vault, plan)
}

#[test]
fn caps_become_an_event() {
    let (vault, plan) = edited(
        "status: draft\n",
        "status: draft\nmax_tokens: 5000\nmax_cost_usd: 0.25\n",
    );
    let journal = vault.journal(&plan);
    assert_eq!(by_hand(&journal), ["CapsChanged"]);
    assert_eq!(journal.plan.caps.max_tokens, Some(5000));
    assert_eq!(journal.plan.caps.max_cost_usd, Some(MicroUsd(250_000)));
}

#[test]
fn an_operators_own_keys_are_kept_as_written() {
    let own = "tags: [ a,  b ]  # spaced\n";
    let (vault, plan) = edited("status: draft\n", &format!("{own}status: draft\n"));
    assert_eq!(by_hand(&vault.journal(&plan)), ["PlanRevised"]);
    assert!(text(&vault, &plan).contains(own));
}

#[test]
fn the_body_of_a_draft_may_change() {
    let (vault, plan) = edited("**1. Essay 1**", "**1. A better essay**");
    let journal = vault.journal(&plan);
    assert_eq!(by_hand(&journal), ["PlanRevised"]);
    assert_eq!(
        journal.plan.item(1).map(|item| item.title.as_str()),
        Some("A better essay")
    );
}

#[test]
fn an_approval_runs_the_plan_as_edited() {
    let (vault, plan) = edited("status: draft\n", "status: approved\n");
    let journal = vault.journal(&plan);
    assert_eq!(by_hand(&journal), ["PlanApproved"]);
    assert_eq!(journal.status(), "done");
}

#[test]
fn a_draft_may_be_declined_and_a_live_plan_cancelled() {
    for (word, event) in [("declined", "PlanDeclined"), ("cancelled", "PlanCancelled")] {
        let (vault, plan) = edited("status: draft\n", &format!("status: {word}\n"));
        let journal = vault.journal(&plan);
        assert_eq!((by_hand(&journal), journal.status()), (vec![event], word));
    }
}

#[test]
fn several_changes_in_one_save_are_one_frame() {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    edit(&vault, &plan, "**1. Essay 1**", "**1. First**");
    edit(
        &vault,
        &plan,
        "status: draft\n",
        "tags: [x]\nstatus: approved\nmax_tokens: 900000\n",
    );
    vault.run_until_idle();
    let journal = vault.journal(&plan);
    assert_eq!(
        by_hand(&journal),
        ["PlanRevised", "CapsChanged", "PlanApproved"]
    );
    let seqs: Vec<u64> = journal
        .entries
        .iter()
        .filter(|(_, event)| {
            matches!(
                event,
                Event::PlanRevised(_) | Event::CapsChanged(_) | Event::PlanApproved(_)
            )
        })
        .map(|(entry, _)| entry.mark.anchor.seq)
        .collect();
    assert_eq!(seqs, [1, 1, 1]);
    assert_eq!(journal.status(), "done");
}

#[test]
fn a_paused_plan_is_mended_and_goes_on() {
    let vault = TestVault::new();
    let plan = vault.approved("## Nothing to do\n");
    vault.run_until_idle();
    assert_eq!(vault.journal(&plan).status(), "paused");
    edit(&vault, &plan, "## Nothing to do\n", &body(1));
    edit(&vault, &plan, "status: paused\n", "status: approved\n");
    vault.run_until_idle();
    assert_eq!(vault.journal(&plan).status(), "done");
    vault.is_proven(&plan);
}

#[test]
fn the_command_line_takes_the_edit_in_first() {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    edit(
        &vault,
        &plan,
        "status: draft\n",
        "status: draft\nmax_tokens: 5000\n",
    );
    vault.run(&["plan", "approve", &plan]).ok();
    let journal = vault.journal(&plan);
    let kinds: Vec<&str> = journal.events().map(Event::kind).collect();
    assert_eq!(kinds, ["PlanDrafted", "CapsChanged", "PlanApproved"]);
}
