//! The vault itself, its configuration, its projects.

use std::process::Command;

use crate::{Found, doctor, doctor_with, private, support::TestVault};

fn at(path: &std::path::Path) -> Found {
    let mut command = Command::new(env!("CARGO_BIN_EXE_modulatio"));
    command.arg("--vault").arg(path).args(["doctor", "--json"]);
    Found::of(&command.output().expect("the binary starts"))
}

#[test]
fn what_is_no_vault_is_named_with_the_exit_code_of_the_configuration() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("file");
    std::fs::write(&file, "x").expect("a file");
    for (path, why) in [
        (file, "not a directory"),
        (dir.path().join("none"), "none is no vault"),
    ] {
        let found = at(&path);
        assert_eq!(found.ran.code, Some(3));
        found.one("vault", "fail", why).mends("--vault DIR");
    }
}

#[test]
fn how_the_vault_was_found_is_told() {
    let vault = private(TestVault::new());
    doctor(&vault).one("vault", "ok", "named by --vault; 1 project, 0 plans");
    let output = |command: &mut Command| Found::of(&command.output().expect("the binary starts"));
    let binary = || Command::new(env!("CARGO_BIN_EXE_modulatio"));
    let by_variable = output(
        binary()
            .args(["doctor", "--json"])
            .env("MODULATIO_VAULT", vault.root()),
    );
    by_variable.one("vault", "ok", "named by MODULATIO_VAULT");
    let from_inside = output(
        binary()
            .args(["doctor", "--json"])
            .env_remove("MODULATIO_VAULT")
            .current_dir(vault.path("ess/plans")),
    );
    from_inside.one("vault", "ok", "the nearest directory with a modulatio.yaml");
}

#[test]
fn every_fault_of_the_configuration_has_a_line() {
    let vault = private(TestVault::with(
        "demon: {}\nteam: {leader: nobody}\ndefaults: {max_tokens: x}\n",
    ));
    let found = doctor(&vault);
    assert_eq!(found.ran.code, Some(3));
    let faults = found.all("configuration");
    assert_eq!(faults.len(), 3, "{faults:#?}");
    let nearest = found.some("configuration", "fail", "demon");
    assert!(nearest.found.contains("daemon"), "{nearest:?}");
    nearest.mends("modulatio.yaml");
    // What does not need it is looked at all the same.
    found.one("journals", "ok", "0 journals");
    found.one("projects", "ok", "ESS can be used");
    // And what does need it says so.
    for id in ["keys", "prices", "reach"] {
        found.one(id, "ok", "not looked at");
    }
}

#[test]
fn a_configuration_that_cannot_be_read_is_no_default() {
    let vault = private(TestVault::new());
    std::fs::remove_file(vault.path("modulatio.yaml")).expect("a file");
    std::fs::create_dir(vault.path("modulatio.yaml")).expect("a directory");
    let found = doctor(&vault);
    assert_eq!(found.ran.code, Some(3));
    found
        .one("configuration", "fail", "cannot be read")
        .mends("chmod u+r");

    std::fs::remove_dir(vault.path("modulatio.yaml")).expect("a directory");
    std::fs::write(vault.path("modulatio.yaml"), b"team: {leader: \xff}\n").expect("a file");
    doctor(&vault)
        .one("configuration", "fail", "cannot be read")
        .mends("UTF-8");
}

#[test]
fn a_vault_without_a_configuration_rehearses_and_is_warned() {
    let vault = private(TestVault::new());
    std::fs::remove_file(vault.path("modulatio.yaml")).expect("a file");
    let found = doctor(&vault);
    found
        .one("configuration", "warn", "every role rehearses")
        .mends("touch ");
    assert_eq!(found.ran.code, Some(1));
}

#[test]
fn projects_that_cannot_be_used_are_named_each() {
    let vault = private(TestVault::new());
    vault.project("CAPS");
    std::fs::create_dir_all(vault.path("odd")).expect("a directory");
    vault.write("odd/plans", "not a directory\n");
    let outside = vault.beside().join("outside");
    std::fs::create_dir_all(outside.join("plans")).expect("a directory");
    std::os::unix::fs::symlink(&outside, vault.path("far")).expect("a link");
    vault.project("ops");
    vault.write("ops/project.yaml", "objektive: x\n");
    vault.project("law");
    std::fs::create_dir_all(vault.path("law/prompts")).expect("a directory");
    vault.write("law/prompts/qq.md", "x\n");
    let found = doctor(&vault);
    assert_eq!(found.ran.code, Some(3));
    found.some("projects", "fail", "CAPS").mends("/caps");
    found
        .some("projects", "fail", "not a directory")
        .mends("/odd");
    found.some("projects", "fail", "symlink").mends("mv TARGET");
    found
        .some("projects", "fail", "ops/project.yaml")
        .mends("ops/project.yaml");
    found
        .some("projects", "fail", "law/prompts/qq.md")
        .mends("mend the file");
}

#[test]
fn a_vault_without_projects_is_told_what_comes_next() {
    let vault = private(TestVault::new());
    std::fs::remove_dir_all(vault.path("ess")).expect("a directory");
    let found = doctor_with(&vault, &["--offline"], &[]);
    found.one("projects", "ok", "project add CODE");
    found.one("plans", "ok", "there is none yet");
}
