//! Rights and owners.

use crate::{chmod, doctor, finished, private, support::TestVault};

#[test]
fn journals_tickets_and_transcripts_that_others_may_read_are_named() {
    let (vault, plan) = finished();
    doctor(&vault).one("file-modes", "ok", "wider open than the vault");
    std::fs::create_dir_all(vault.path("ess/tickets")).expect("a directory");
    vault.write("ess/tickets/ESS-7.md", "x\n");
    chmod(vault.path("ess/tickets/ESS-7.md"), 0o640);
    chmod(vault.journal_file(&plan), 0o644);
    std::fs::create_dir_all(vault.path(&format!("ess/runs/{plan}/tool_calls")))
        .expect("a directory");
    for name in ["calls.jsonl", "more.jsonl"] {
        let file = format!("ess/runs/{plan}/tool_calls/{name}");
        vault.write(&file, "{}\n");
        chmod(vault.path(&file), 0o604);
    }
    let found = doctor(&vault);
    assert_eq!(found.ran.code, Some(1));
    let journal = found.some("file-modes", "warn", "a journal can be read");
    journal.mends(&format!(
        "chmod 600 {}",
        vault
            .journal_file(&plan)
            .canonicalize()
            .expect("a file")
            .display()
    ));
    found
        .some("file-modes", "warn", "a ticket")
        .mends("ESS-7.md");
    let many = found.some("file-modes", "warn", "and 1 more");
    many.mends("find ");
    many.mends("tool_calls");

    // What mends it does.
    let sh = |command: &str| {
        std::process::Command::new("sh")
            .args(["-c", command])
            .status()
            .expect("a shell")
    };
    for one in found.all("file-modes") {
        assert!(sh(&one.remedy).success(), "{one:?}");
    }
    doctor(&vault).one("file-modes", "ok", "wider open than the vault");
}

#[test]
fn a_shared_vault_shares_its_journals_and_never_its_transcripts() {
    let (vault, plan) = finished();
    chmod(vault.root(), 0o750);
    chmod(vault.journal_file(&plan), 0o640);
    doctor(&vault).one("file-modes", "ok", "");
    std::fs::create_dir_all(vault.path(&format!("ess/runs/{plan}/checkpoints")))
        .expect("a directory");
    let file = format!("ess/runs/{plan}/checkpoints/c0001.json");
    vault.write(&file, "{}\n");
    chmod(vault.path(&file), 0o640);
    doctor(&vault).one("file-modes", "warn", "a transcript");
}

#[test]
fn a_vault_that_anybody_may_enter_is_told_and_one_below_a_closed_directory_is_not() {
    let vault = TestVault::new();
    chmod(vault.root(), 0o755);
    chmod(vault.beside(), 0o700);
    doctor(&vault).one(
        "vault-mode",
        "ok",
        "a directory above it keeps other users out",
    );
    chmod(vault.beside(), 0o755);
    doctor(&vault)
        .one("vault-mode", "warn", "mode 0755")
        .mends("chmod o-rwx");
    chmod(vault.root(), 0o750);
    doctor(&vault).one("vault-mode", "ok", "its group may enter too");
    chmod(vault.root(), 0o700);
    doctor(&vault).one("vault-mode", "ok", "only its owner may enter");
}

#[test]
fn what_anybody_may_change_is_a_failure() {
    let vault = private(TestVault::new());
    chmod(vault.path("modulatio.yaml"), 0o666);
    let found = doctor(&vault);
    assert_eq!(found.ran.code, Some(1));
    found
        .one("vault-mode", "fail", "modulatio.yaml")
        .mends("chmod o-w ");
    chmod(vault.path("ess/plans"), 0o777);
    doctor(&vault)
        .one("vault-mode", "fail", "ess/plans")
        .mends("chmod -R o-w");
}

#[test]
fn links_where_the_program_writes_are_named() {
    let (vault, _) = finished();
    let outside = vault.beside().join("outside");
    std::fs::create_dir(&outside).expect("a directory");
    std::fs::remove_dir_all(vault.path("ess/tickets")).ok();
    std::os::unix::fs::symlink(&outside, vault.path("ess/tickets")).expect("a link");
    // Somebody else's link among the plans is their business.
    std::os::unix::fs::symlink(&outside, vault.path("ess/plans/notes")).expect("a link");
    let found = doctor(&vault);
    found
        .one("directories", "warn", "ess/tickets is a symlink")
        .mends("cp -aL");
}

#[test]
fn files_of_another_owner_are_named() {
    let (vault, plan) = finished();
    let journal = vault.journal_file(&plan);
    if std::os::unix::fs::chown(&journal, Some(4_242), None).is_err() {
        eprintln!("skipped: this test may not give files away");
        return;
    }
    doctor(&vault)
        .one("owner", "warn", "belongs to user 4242")
        .mends("chown -R --reference=");
    std::os::unix::fs::chown(vault.root(), Some(4_242), None).expect("root may");
    let found = doctor(&vault);
    found
        .some("owner", "warn", "you are user 0")
        .mends("sudo -u '#4242'");
    found.some("owner", "warn", "belongs to user 0");
}
