//! Files that turn up in an archived plan's old place.

use crate::{
    clean, done, is_archived, names, places, same,
    support::{Daemon, TestVault, body},
    tree,
};

fn left(vault: &TestVault) -> Vec<String> {
    let names = names(vault);
    names
        .into_iter()
        .filter(|name| name.contains(".left-"))
        .collect()
}

/// As a writer leaves it that rendered in the very instant in which the journal went.
#[test]
fn a_rendering_in_the_old_place_is_no_plan_and_goes_with_the_next_clean() {
    let (vault, plan) = done();
    clean(&vault, &["--force"]).ok();
    let expected = tree(&vault);
    let archived = vault.path(&format!("ess/archive/{plan}/plans/{plan}.md"));
    std::fs::copy(archived, vault.plan_file(&plan)).expect("a file");
    let ran = vault.run_until_idle();
    assert!(!ran.err.contains(&plan), "{ran:#?}");
    assert_eq!(places(&vault, &plan), (false, true));
    assert_eq!(vault.run(&["plan", "list"]).ok().out, "");
    clean(&vault, &["--force"]).ok();
    same(&vault, &expected);
}

#[test]
fn an_operators_text_under_an_archived_name_is_told_and_not_taken_in() {
    let (vault, plan) = done();
    clean(&vault, &["--force"]).ok();
    std::fs::write(vault.plan_file(&plan), body(1)).expect("a file");
    let daemon = Daemon::start(&vault, &["--tick-seconds", "1"]);
    daemon.says(&format!("{plan} is archived in ess/archive/{plan}"));
    daemon.kill();
    assert_eq!(places(&vault, &plan), (false, true));
    vault
        .run(&["plan", "list"])
        .ok()
        .shows(&plan)
        .shows("is archived");
    vault.run(&["plan", "approve", &plan]).code(6);
    // It is kept beside the plan's own file.
    clean(&vault, &["--force"]).ok();
    let kept = left(&vault);
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(vault.read(&format!("ess/{}", kept[0])), body(1));
    is_archived(&vault, &plan);
}

#[test]
fn an_edit_that_nobody_judged_yet_is_judged_first() {
    let (vault, plan) = done();
    let edited =
        vault
            .read(&format!("ess/plans/{plan}.md"))
            .replacen("status: done", "status: draft", 1);
    vault.write(&format!("ess/plans/{plan}.md"), &edited);
    clean(&vault, &["--force"]).ok();
    is_archived(&vault, &plan);
    let names = names(&vault);
    let rejected = format!("archive/{plan}/plans/{plan}.md.rejected-");
    let rejected = names.iter().find(|name| name.starts_with(&rejected));
    let rejected = rejected.expect("the edit is kept with the plan");
    assert_eq!(vault.read(&format!("ess/{rejected}")), edited);
    vault.run(&["replay", &plan]).ok().shows("refused: ");
}

#[test]
fn a_run_that_turns_up_again_is_merged_without_overwriting() {
    let (vault, plan) = done();
    clean(&vault, &["--force"]).ok();
    let dir = vault.path(&format!("ess/runs/{plan}/artifacts"));
    std::fs::create_dir_all(&dir).expect("a directory");
    let archived = vault.path(&format!("ess/archive/{plan}/runs/{plan}/artifacts"));
    std::fs::copy(archived.join("essay1.md"), dir.join("essay1.md")).expect("a file");
    std::fs::write(dir.join("essay2.md"), "other words").expect("a file");
    std::fs::write(dir.join("late.md"), "late").expect("a file");
    clean(&vault, &["--force"]).ok();
    assert!(!vault.path(&format!("ess/runs/{plan}")).exists());
    assert_eq!(
        std::fs::read(archived.join("late.md")).expect("a file"),
        b"late"
    );
    let kept = left(&vault);
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(vault.read(&format!("ess/{}", kept[0])), "other words");
    is_archived(&vault, &plan);
}
