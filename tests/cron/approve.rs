//! Plans that the Leader writes for a job: who approves them, what caps hold, and what happens when it cannot.

use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step};

use crate::{
    jobs::{add, cron, daemon_at, fates, plans, statuses, vault_at},
    support::TestVault,
};

const MIDNIGHT: &str = "2026-11-24T00:00:30Z";
const ONE: &str = "2026-11-24T01:00:01Z";

#[test]
fn a_person_approves_each_plan_by_a_ticket_if_the_job_says_so() {
    let vault = vault_at(MIDNIGHT);
    let job = add(&vault, "0 * * * *", &["--approve", "ticket"]);
    daemon_at(&vault, ONE);
    assert_eq!(statuses(&vault), ["draft"]);
    let ticket = vault.read("ess/tickets/ESS-1.md");
    assert!(
        ticket.contains("kind: draft") && ticket.contains("the Leader has written a plan"),
        "{ticket}"
    );
    assert!(
        vault
            .read("ess/plans/ESS-P-001.md")
            .contains("### Sub-objectives")
    );
    vault.is_proven("ESS-P-001");
    daemon_at(&vault, "2026-11-24T02:00:01Z");
    assert_eq!(
        fates(&vault, &job)[1..],
        ["11-24T02:00 to 11-24T02:00 x1 overlap ESS-P-001"],
        "a draft that nobody has approved has not ended"
    );
    vault.run(&["ticket", "approve", "ESS-1"]).ok();
    vault.run_until_idle();
    assert_eq!(statuses(&vault), ["done"]);
    vault.is_proven("ESS-P-001");
}

#[test]
fn the_caps_of_the_job_are_those_of_its_plans() {
    let vault = vault_at(MIDNIGHT);
    let caps = [
        "--max-cost-usd",
        "1.50",
        "--max-tokens",
        "200000",
        "--max-wall-clock-min",
        "45",
    ];
    let job = add(&vault, "0 * * * *", &caps);
    daemon_at(&vault, ONE);
    assert_eq!(statuses(&vault), ["done"]);
    let text = vault.read("ess/plans/ESS-P-001.md");
    for part in [
        "max_cost_usd: 1.5",
        "max_tokens: 200000",
        "max_wall_clock_min: 45",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    let none = ["edit", &job, "--max-tokens", "none"];
    cron(&vault, &none).ok();
    daemon_at(&vault, "2026-11-24T02:00:01Z");
    let caps = vault.journal("ESS-P-002").plan.caps;
    assert_eq!((caps.max_tokens, caps.max_wall_clock_min), (None, Some(45)));
}

/// The Leader stops at a cap as everybody does, and somebody is told.
#[test]
fn a_cap_that_the_leader_cannot_keep_is_told_by_a_ticket() {
    let vault = vault_at(MIDNIGHT);
    add(&vault, "0 * * * *", &["--max-tokens", "10"]);
    daemon_at(&vault, ONE);
    assert_eq!(statuses(&vault), ["draft"]);
    let ticket = vault.read("ess/tickets/ESS-1.md");
    assert!(ticket.contains("kind: unwritten"), "{ticket}");
    assert!(ticket.contains("tokens"), "{ticket}");
}

fn refusing(times: u32) -> (FakeModel, TestVault) {
    let refusal = Behaviour::Status {
        code: 400,
        retry_after: None,
        message: Some("no such model".into()),
    };
    let step = Step::new(refusal).for_tool("submit_plan").times(times);
    let model = FakeModel::start(Script::of([step])).expect("a free port");
    let vault = TestVault::asking(&model.base_url());
    vault.set_clock(MIDNIGHT);
    (model, vault)
}

#[test]
fn a_leader_that_fails_asks_a_person_and_approving_asks_it_again() {
    for (options, after) in [(&[][..], "done"), (&["--approve", "ticket"], "draft")] {
        let (model, vault) = refusing(1);
        add(&vault, "0 * * * *", options);
        daemon_at(&vault, ONE);
        assert_eq!(statuses(&vault), ["draft"]);
        let ticket = vault.read("ess/tickets/ESS-1.md");
        for part in [
            "kind: unwritten",
            "status: open",
            "the Leader could not write the plan",
            "no such model",
        ] {
            assert!(ticket.contains(part), "{part:?} is not in {ticket}");
        }
        assert_eq!(model.requests().len(), 1);
        vault.run_until_idle();
        assert_eq!(model.requests().len(), 1, "it is not asked by itself");
        vault.run(&["ticket", "approve", "ESS-1"]).ok();
        vault.run_until_idle();
        assert_eq!(statuses(&vault), [after], "{options:?}");
        let journal = vault.journal("ESS-P-001");
        assert_eq!(journal.count("DraftFailed"), 1);
        assert_eq!(journal.count("DraftRequested"), 2);
        if after == "draft" {
            vault.run(&["ticket", "approve", "ESS-2"]).ok();
            vault.run_until_idle();
            assert_eq!(statuses(&vault), ["done"]);
        }
        vault.is_proven("ESS-P-001");
        assert!(model.sold().by_key.values().all(|count| *count == 1));
    }
}

#[test]
fn declining_gives_the_plan_up_and_the_next_slot_has_another() {
    let (_model, vault) = refusing(1);
    let job = add(&vault, "0 * * * *", &[]);
    daemon_at(&vault, ONE);
    vault.run(&["ticket", "decline", "ESS-1"]).ok();
    daemon_at(&vault, "2026-11-24T02:00:01Z");
    assert_eq!(statuses(&vault), ["declined", "done"]);
    assert_eq!(
        fates(&vault, &job),
        ["11-24T01:00 fired ESS-P-001", "11-24T02:00 fired ESS-P-002"]
    );
}

#[test]
fn a_job_without_approver_and_cap_is_remarked_upon() {
    let vault = vault_at(MIDNIGHT);
    let args = |more: &[&'static str]| {
        let first = ["add", "ESS", "Look", "--schedule", "0 * * * *"];
        [&first, more].concat()
    };
    let note = "nobody approves its plans and no cap of its own holds for them";
    cron(&vault, &args(&[])).ok().says(note);
    for more in [
        &["--max-cost-usd", "2"][..],
        &["--approve", "ticket"],
        &["--max-tokens", "1000"],
    ] {
        let ran = cron(&vault, &args(more)).ok();
        assert!(!ran.err.contains(note), "{ran:?}");
    }
    cron(&vault, &args(&["--catch-up", "all"]))
        .ok()
        .says("of several missed times only the first will run");
    assert!(plans(&vault).is_empty());
}
