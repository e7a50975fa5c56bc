//! What is on disk besides the journals follows from them; and what happened to a journal is noticed.

#[path = "../support/mod.rs"]
mod support;

mod damage;
mod projections_lost;
mod seal;
mod time_travel;

use support::{TestVault, body};

/// A finished plan that has every projection: file, usage, audit, an answered ticket, team state.
fn finished() -> (TestVault, String) {
    let vault = TestVault::with(
        "models:\n  m: {provider: rehearsal, reject: 1, outcomes: {1: pause}}\nteam: {leader: m}\n",
    );
    let plan = vault.approved(&body(2));
    vault.run_until_idle();
    vault
        .run(&["project", "resume", &plan, "--note", "go on"])
        .ok();
    vault.run_until_idle();
    assert_eq!(vault.journal(&plan).status(), "done");
    vault.is_proven(&plan);
    (vault, plan)
}
