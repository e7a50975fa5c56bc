//! Slips of the hand: whoever names what is not there is told what they may have meant.

use crate::support::{TestVault, body};

/// Three plans of two projects, one of them archived, and a ticket.
fn vault() -> TestVault {
    let vault = TestVault::with(
        "models:\n  dry: {provider: rehearsal, outcomes: {1: pause}}\nteam: {leader: dry}\n",
    );
    vault.project("law");
    let declined = vault.draft(&body(1));
    vault.run(&["plan", "decline", &declined]).ok();
    vault.approved(&body(1));
    vault.run_until_idle();
    vault
        .run(&["project", "clean", "ESS", "--plan", &declined, "--force"])
        .ok();
    vault
}

/// Ends with this code and says just this last.
#[track_caller]
fn hints(args: &[&str], code: i32, hint: &str) {
    let ran = vault().run(args).code(code);
    assert_eq!(ran.err.lines().last(), Some(hint), "{ran:#?}");
}

#[test]
fn another_spelling_of_a_plan_has_no_doubt() {
    let hint = "hint: the nearest is ESS-P-002; see `modulatio plan list`";
    for spelling in ["ess-p-2", "ESS-P-02", "ESS-PLAN-2", "ess-p-0002"] {
        hints(&["plan", "show", spelling], 1, hint);
    }
}

#[test]
fn an_unknown_plan_has_its_neighbours_archived_ones_too() {
    let hint = "hint: the nearest are ESS-P-002 and ESS-P-001; see `modulatio plan list`";
    hints(&["plan", "show", "ESS-P-003"], 1, hint);
    hints(&["replay", "ESS-P-003"], 1, hint);
    hints(&["plan", "approve", "ESS-P-003"], 1, hint);
}

#[test]
fn a_plan_like_none_has_the_usual_hint() {
    hints(
        &["plan", "show", "LAW-P-771"],
        1,
        "hint: see `modulatio plan list`",
    );
}

#[test]
fn what_is_no_id_at_all_is_told_the_id_that_was_meant() {
    let ran = vault().run(&["plan", "show", "ESSP-002"]).code(2);
    ran.says("\"ESSP-002\" is not a plan id")
        .says("tip: some similar values exist: 'ESS-P-002', 'ESS-P-001'");
    let ran = vault()
        .run(&["project", "clean", "ESS", "--plan", "ess_p_001"])
        .code(2);
    ran.says("tip: a similar value exists: 'ESS-P-001'");
    let ran = vault().run(&["ticket", "show", "ESS-01"]).code(2);
    ran.says("\"ESS-01\" is not a ticket id")
        .says("tip: a similar value exists: 'ESS-1'");
    let ran = vault().run(&["project", "show", "es-s"]).code(2);
    ran.says("tip: a similar value exists: 'ESS'");
}

#[test]
fn without_a_vault_the_form_is_told_all_the_same() {
    let outside = tempfile::tempdir().expect("a directory");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_modulatio"));
    command
        .args(["plan", "show", "ESSP-002"])
        .env_remove("MODULATIO_VAULT");
    let output = command
        .current_dir(outside.path())
        .output()
        .expect("the binary starts");
    assert_eq!(output.status.code(), Some(2));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        told.contains("is not a plan id") && !told.contains("similar"),
        "{told}"
    );
}

#[test]
fn an_unknown_ticket_has_its_neighbours() {
    hints(
        &["ticket", "show", "ESS-3"],
        1,
        "hint: the nearest is ESS-1; see `modulatio ticket list --all`",
    );
    hints(
        &["ticket", "approve", "ess-2"],
        1,
        "hint: the nearest is ESS-1; see `modulatio ticket list --all`",
    );
}

#[test]
fn a_ticket_in_the_archive_is_found_there() {
    let vault = vault();
    vault.run(&["plan", "cancel", "ESS-P-002"]).ok();
    vault.run(&["project", "clean", "ESS", "--force"]).ok();
    let ran = vault.run(&["ticket", "show", "ESS-1"]).code(1);
    ran.says("there is no ticket ESS-1")
        .says("it went into the archive with its plan: ess/archive/ESS-P-002/tickets/ESS-1.md");
}

#[test]
fn an_unknown_project_has_the_nearest() {
    let hint = "hint: the nearest is ESS; see `modulatio project list`";
    hints(&["project", "show", "ESSS"], 1, hint);
    hints(&["plan", "list", "es"], 1, hint);
    hints(&["daemon", "--project", "ESA"], 1, hint);
    hints(
        &["config", "show", "--project", "lw"],
        1,
        "hint: the nearest is LAW; see `modulatio project list`",
    );
}

#[test]
fn an_unknown_artifact_has_the_nearest() {
    let ran = vault()
        .run(&["plan", "artifacts", "ESS-P-002", "esay1.md"])
        .code(1);
    ran.says("has no artifact \"esay1.md\"; the nearest: essay1.md");
}

#[test]
fn an_unknown_prompt_has_the_nearest() {
    let ran = vault().run(&["prompts", "show", "plannr"]).code(2);
    ran.says("there is no prompt \"plannr\"; the nearest is \"planner\"");
}

#[test]
fn unknown_words_of_the_command_line_have_the_nearest() {
    let ran = vault().run(&["plan", "shwo", "ESS-P-002"]).code(2);
    ran.says("tip: a similar subcommand exists: 'show'");
    let ran = vault().run(&["project", "clean", "ESS", "--forse"]).code(2);
    ran.says("tip: a similar argument exists: '--force'");
}
