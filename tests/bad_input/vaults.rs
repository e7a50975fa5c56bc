//! Directories that are not what they should be.

use std::process::Command;

use crate::support::{TestVault, body};

/// Runs the binary on a vault at this path.
fn at(path: &std::path::Path, args: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_modulatio"))
        .arg("--vault")
        .arg(path)
        .args(args)
        .env_remove("RUST_LOG")
        .output()
        .expect("the binary starts");
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[test]
fn a_vault_that_is_a_file_or_missing_is_named() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("file");
    std::fs::write(&file, "x").expect("a file");
    for (path, why) in [
        (file, "not a directory"),
        (dir.path().join("none"), "none is no vault"),
    ] {
        for args in [&["plan", "list"][..], &["daemon", "--until-idle"]] {
            let (code, err) = at(&path, args);
            assert_eq!(code, Some(3), "{err}");
            assert!(err.contains(why) && err.contains("modulatio init"), "{err}");
        }
    }
}

#[test]
fn a_vault_is_made_once() {
    let dir = tempfile::tempdir().expect("a directory");
    let root = dir.path().join("new");
    let name = root.to_str().expect("a plain path");
    assert_eq!(at(dir.path(), &["init", name]).0, Some(0));
    let config = std::fs::read(root.join("modulatio.yaml")).expect("a configuration");
    let (code, err) = at(dir.path(), &["init", name]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("already"), "{err}");
    assert_eq!(
        std::fs::read(root.join("modulatio.yaml")).expect("it is there"),
        config
    );
    assert_eq!(at(&root, &["daemon", "--until-idle"]).0, Some(0));
}

#[test]
fn a_project_behind_a_symlink_is_not_followed() {
    let vault = TestVault::new();
    let outside = vault.beside().join("outside");
    std::fs::create_dir_all(outside.join("plans")).expect("a directory");
    std::os::unix::fs::symlink(&outside, vault.path("far")).expect("a link");
    let plan = vault.approved(&body(1));
    vault.run_until_idle().says("far").says("symlink");
    assert_eq!(vault.journal(&plan).status(), "done");
    vault.run(&["plan", "list", "FAR"]).code(3).says("symlink");
    assert_eq!(
        std::fs::read_dir(outside.join("plans"))
            .expect("a directory")
            .count(),
        0
    );
}

#[test]
fn a_file_where_plans_belong_is_named() {
    let vault = TestVault::new();
    std::fs::create_dir(vault.path("odd")).expect("a directory");
    vault.write("odd/plans", "not a directory\n");
    let plan = vault.approved(&body(1));
    vault.run_until_idle().says("odd").says("not a directory");
    assert_eq!(vault.journal(&plan).status(), "done");
    vault.run(&["project", "list"]).ok().says("odd");
    assert_eq!(vault.read("odd/plans"), "not a directory\n");
}

#[test]
fn a_file_where_the_run_belongs_asks_a_person() {
    let vault = TestVault::new();
    let plan = vault.approved(&body(1));
    vault.write("ess/runs", "in the way\n");
    vault.run(&["daemon", "--until-idle"]).ok();
    let journal = vault.journal(&plan);
    assert_eq!(journal.status(), "paused");
    assert!(
        vault
            .read("ess/tickets/ESS-1.md")
            .contains("kind: environment")
    );
    std::fs::remove_file(vault.path("ess/runs")).expect("a file");
    vault.run(&["project", "resume", &plan]).ok();
    vault.run_until_idle();
    assert_eq!(vault.journal(&plan).status(), "done");
    vault.is_proven(&plan);
}

#[test]
fn a_project_directory_in_capitals_is_named() {
    let vault = TestVault::new();
    vault.project("CAPS");
    vault.run_until_idle().says("CAPS").says("lower case");
}
