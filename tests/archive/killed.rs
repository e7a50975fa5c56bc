//! The process dies by SIGKILL at every step of putting a plan away; several do it at once.

use std::collections::BTreeMap;

use crate::{
    clean, done, is_archived, names, places, same,
    support::{TestVault, body},
    tree,
};

/// A plan with all that a plan may have: an answered ticket and a refused edit, beside artifacts and ledgers.
fn rich() -> (TestVault, String) {
    let vault = TestVault::with(
        "models:\n  dry: {provider: rehearsal, outcomes: {1: pause}}\nteam: {leader: dry}\n",
    );
    let plan = vault.approved(&body(2));
    vault.run_until_idle();
    vault.run(&["project", "resume", &plan]).ok();
    vault.run_until_idle();
    assert_eq!(crate::status(&vault, &plan), "done");
    let file = vault.read(&format!("ess/plans/{plan}.md"));
    let edited = file.replacen("status: done", "status: approved", 1);
    vault.write(&format!("ess/plans/{plan}.md"), &edited);
    vault.run_until_idle();
    let names = names(&vault);
    for part in [
        "tickets/ESS-1.md",
        ".md.rejected-",
        "/artifacts/",
        ".usage.jsonl",
    ] {
        assert!(
            names.iter().any(|name| name.contains(part)),
            "{part}: {names:?}"
        );
    }
    (vault, plan)
}

/// How far a killed command came: `None` when it was not killed.
fn killed_at(vault: &TestVault, step: u64, args: &[&str]) -> Option<()> {
    let fault = format!("kill-in-archive:{step}");
    let args = [&["project", "clean", "ESS", "--force"], args].concat();
    let ran = vault.run_with(&args, &[("MODULATIO_FAULT", &fault)]);
    match ran.code {
        None => Some(()),
        Some(0) => None,
        Some(_) => panic!("step {step}: {ran:#?}"),
    }
}

/// Walks every step; each leaves a plan that is whole in one place, and which the next clean brings to the end.
fn walk(args: &[&str]) -> u64 {
    let (vault, plan) = rich();
    let seal = vault.run(&["audit", "seal"]).ok().out;
    let reference = vault.copy();
    clean(&reference, &[&["--force"], args].concat()).ok();
    let expected = tree(&reference);
    let mut steps = 0;
    let mut halves = 0;
    loop {
        let vault = vault.copy();
        if killed_at(&vault, steps + 1, args).is_none() {
            same(&vault, &expected);
            assert!(halves > 3, "only {halves} steps after the journal went");
            return steps;
        }
        steps += 1;
        let what = format!("killed at step {steps}");
        let (here, archived) = places(&vault, &plan);
        assert_ne!(here, archived, "{what}: the journal is lost or doubled");
        vault.run(&["audit", "verify", &plan]).ok().shows("whole");
        let file = vault.beside().join("seal");
        std::fs::write(&file, &seal).expect("a file");
        let file = file.to_str().expect("a plain path");
        vault
            .run(&["audit", "verify", "--all", "--against", file])
            .ok();
        // Whoever comes by meanwhile finds nothing to do, and does no harm.
        let before = journals(&vault);
        vault.run_until_idle();
        assert_eq!(journals(&vault), before, "{what}");
        if archived {
            halves += 1;
            assert_eq!(vault.run(&["plan", "list"]).ok().out, "", "{what}");
            let is_half = names(&vault).iter().any(|n| crate::is_left(n, &plan));
            let told = clean(&vault, &[]).ok();
            assert_eq!(
                told.out.contains("its archiving was interrupted"),
                is_half,
                "{what}: {told:#?}"
            );
        } else {
            vault.is_proven(&plan);
        }
        clean(&vault, &[&["--force"], args].concat()).ok();
        same(&vault, &expected);
    }
}

fn journals(vault: &TestVault) -> BTreeMap<String, Vec<u8>> {
    let mut tree = tree(vault);
    tree.retain(|name, _| name.ends_with(".journal.jsonl"));
    tree
}

#[test]
fn killed_at_any_step_a_plan_is_whole_and_the_next_clean_finishes() {
    let steps = walk(&[]);
    assert!(steps >= 8, "only {steps} steps");
}

#[test]
fn killed_at_any_step_of_pruning_a_plan_is_whole_and_the_next_clean_finishes() {
    let steps = walk(&["--prune"]);
    assert!(steps >= 10, "only {steps} steps");
}

#[test]
fn killed_again_and_again_it_ends_all_the_same() {
    let (vault, plan) = rich();
    let mut rounds = 0;
    // Each round dies at its second step, so each gets one step further.
    while killed_at(&vault, 2, &[]).is_some() {
        rounds += 1;
        assert!(rounds < 50, "it gets no further");
    }
    assert!(rounds > 3, "only {rounds} rounds");
    is_archived(&vault, &plan);
}

#[test]
fn of_several_that_clean_at_once_each_plan_goes_once() {
    let vault = TestVault::new();
    let plans: Vec<String> = (0..6).map(|_| vault.draft(&body(1))).collect();
    for plan in &plans {
        vault.run(&["plan", "decline", plan]).ok();
    }
    let children: Vec<_> = (0..4)
        .map(|_| {
            let mut command = vault.command(&["project", "clean", "ESS", "--force"]);
            command
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::piped());
            command.spawn().expect("the binary starts")
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().expect("it ends");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{told}");
    }
    clean(&vault, &["--force"]).ok();
    for plan in &plans {
        is_archived(&vault, plan);
    }
    vault.run(&["audit", "verify", "--all"]).ok();
}

#[test]
fn a_daemon_at_work_beside_it_is_not_disturbed() {
    let (vault, plan) = done();
    let daemon = crate::support::Daemon::start(&vault, &["--tick-seconds", "1"]);
    daemon.says("sleeping");
    clean(&vault, &["--force"]).ok();
    let other = vault.approved(&body(1));
    crate::support::wait_until("it runs what comes after", || {
        crate::status(&vault, &other) == "done"
    });
    let log = daemon.log();
    daemon.kill();
    assert!(
        !log.contains("passed over") && !log.contains("ERROR"),
        "{log}"
    );
    is_archived(&vault, &plan);
}
