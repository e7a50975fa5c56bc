//! `--until-idle` and `--project`: what a run is for, and how it ends.

use crate::support::{TestVault, body};

#[test]
fn an_idle_vault_ends_it_with_success() {
    TestVault::new().run_until_idle().says("stopped");
}

#[test]
fn it_runs_everything_that_is_approved_and_nothing_else() {
    let vault = TestVault::new();
    let (draft, one, two) = (
        vault.draft(&body(1)),
        vault.approved(&body(1)),
        vault.approved(&body(2)),
    );
    vault.run_until_idle();
    assert_eq!(vault.journal(&draft).status(), "draft");
    for plan in [&one, &two] {
        assert_eq!(vault.journal(plan).status(), "done");
        vault.is_proven(plan);
    }
}

#[test]
fn a_plan_that_could_not_be_run_makes_it_fail_after_the_others() {
    let vault = TestVault::new();
    vault.project("bad");
    let plan = vault.approved(&body(1));
    let file = vault.beside().join("plan.md");
    std::fs::write(&file, body(1)).unwrap();
    let file = file.to_str().unwrap();
    let stuck = vault
        .run(&["plan", "add", "BAD", file])
        .ok()
        .out
        .trim()
        .to_owned();
    vault.run(&["plan", "approve", &stuck]).ok();
    vault.write("bad/project.yaml", "objectiv: x\n");
    vault
        .run(&["daemon", "--until-idle"])
        .code(5)
        .says("objective")
        .says("1 plan(s) could not be run");
    assert_eq!(vault.journal(&plan).status(), "done");
    assert_eq!(vault.journal(&stuck).status(), "approved");
}

#[test]
fn the_filter_leaves_other_projects_alone() {
    let vault = TestVault::new();
    vault.project("other");
    let file = vault.beside().join("plan.md");
    std::fs::write(&file, body(1)).unwrap();
    let file = file.to_str().unwrap();
    let other = vault
        .run(&["plan", "add", "OTHER", file])
        .ok()
        .out
        .trim()
        .to_owned();
    vault.run(&["plan", "approve", &other]).ok();
    let own = vault.approved(&body(1));
    vault
        .run(&["daemon", "--until-idle", "--project", "OTHER"])
        .ok();
    assert_eq!(vault.journal(&other).status(), "done");
    assert_eq!(vault.journal(&own).status(), "approved");
}

#[test]
fn an_unknown_project_is_named() {
    let vault = TestVault::new();
    vault
        .run(&["daemon", "--until-idle", "--project", "NOPE"])
        .code(1)
        .says("there is no project NOPE");
}
