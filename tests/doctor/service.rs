//! The systemd unit, as it lies in a user's home.

use std::path::PathBuf;

use crate::{Found, chmod, doctor, home, private, support::TestVault};

const SHIPPED: &str = include_str!("../../packaging/systemd/modulatio-daemon.service");

/// A vault, and the place of a user's unit for it.
fn vault() -> (TestVault, PathBuf) {
    let vault = private(TestVault::new());
    let dir = home(&vault).join(".config/systemd/user");
    std::fs::create_dir_all(&dir).expect("a directory");
    (vault, dir)
}

/// The shipped unit for this vault and this program.
fn current(vault: &TestVault) -> String {
    SHIPPED
        .replace(
            "ExecStart=%h/.local/bin/modulatio",
            &format!("ExecStart={}", env!("CARGO_BIN_EXE_modulatio")),
        )
        .replace(
            "MODULATIO_VAULT=%h/vault",
            &format!("MODULATIO_VAULT={}", vault.root().display()),
        )
}

fn looked_at(vault: &TestVault, dir: &std::path::Path, text: &str) -> Found {
    std::fs::write(dir.join("modulatio-daemon.service"), text).expect("a unit");
    doctor(vault)
}

#[test]
fn a_unit_that_is_not_installed_is_no_fault() {
    let (vault, _) = vault();
    assert!(
        doctor(&vault)
            .all("systemd")
            .iter()
            .all(|one| one.level == "ok" || one.found.contains("/etc/"))
    );
}

#[test]
fn a_current_unit_is_well_and_is_how_daemons_are_started() {
    let (vault, dir) = vault();
    let found = looked_at(&vault, &dir, &current(&vault));
    found.some(
        "systemd",
        "ok",
        "is current and is not enabled: systemctl --user enable modulatio-daemon",
    );
    let wants = dir.join("default.target.wants");
    std::fs::create_dir(&wants).expect("a directory");
    std::os::unix::fs::symlink(
        dir.join("modulatio-daemon.service"),
        wants.join("modulatio-daemon.service"),
    )
    .expect("a link");
    doctor(&vault).some("systemd", "ok", "is current and is enabled");
    vault.approved(&crate::body(1));
    doctor(&vault)
        .some("daemons", "warn", "")
        .mends("systemctl --user start modulatio-daemon");
}

#[test]
fn a_unit_that_starts_no_program_is_a_failure_of_the_daemon() {
    let (vault, dir) = vault();
    let text = current(&vault).replace(env!("CARGO_BIN_EXE_modulatio"), "%h/bin/modulatio");
    let found = looked_at(&vault, &dir, &text);
    assert_eq!(found.ran.code, Some(5));
    let fault = found.some("systemd", "fail", "home/bin/modulatio, which is no program");
    fault.mends("ExecStart=");
    fault.mends("daemon-reload");
}

#[test]
fn a_unit_that_starts_another_version_is_told() {
    let (vault, dir) = vault();
    let old = home(&vault).join("modulatio");
    std::fs::write(&old, "#!/bin/sh\necho modulatio 0.0.9\n").expect("a program");
    chmod(&old, 0o755);
    let text = current(&vault).replace(env!("CARGO_BIN_EXE_modulatio"), &old.display().to_string());
    looked_at(&vault, &dir, &text)
        .some("systemd", "warn", "modulatio 0.0.9")
        .mends("install -m 0755");
    // One that others may change is not started.
    chmod(&old, 0o777);
    doctor(&vault).some("systemd", "ok", "is current");
}

#[test]
fn a_unit_of_another_vault_is_told_also_where_a_drop_in_says_so() {
    let (vault, dir) = vault();
    let other = current(&vault).replace(&vault.root().display().to_string(), "/srv/elsewhere");
    looked_at(&vault, &dir, &other)
        .some("systemd", "warn", "/srv/elsewhere")
        .mends("Environment=MODULATIO_VAULT=");
    let drop_ins = dir.join("modulatio-daemon.service.d");
    std::fs::create_dir(&drop_ins).expect("a directory");
    let over = format!(
        "[Service]\nEnvironment=\nEnvironment=\"MODULATIO_VAULT={}\"\n",
        vault.root().display()
    );
    std::fs::write(drop_ins.join("override.conf"), over).expect("a drop-in");
    doctor(&vault).some("systemd", "ok", "is current");
    let argument = format!("daemon --vault {}", vault.root().display());
    let text = other.replace("modulatio daemon\n", &format!("modulatio {argument}\n"));
    std::fs::remove_dir_all(drop_ins).expect("a directory");
    looked_at(&vault, &dir, &text).some("systemd", "ok", "is current");
}

#[test]
fn a_unit_that_is_older_than_the_shipped_one_is_told_what_it_lacks() {
    let (vault, dir) = vault();
    let old: String = current(&vault)
        .lines()
        .filter(|line| !line.starts_with("NoNewPrivileges") && !line.starts_with("StartLimit"))
        .map(|line| line.replace("RestartSec=5", "RestartSec=60") + "\n")
        .collect();
    let told = looked_at(&vault, &dir, &old).some("systemd", "warn", "NoNewPrivileges=true");
    told.mends("[Unit] StartLimitIntervalSec=300 StartLimitBurst=5");
    told.mends("[Service] NoNewPrivileges=true");
    assert!(
        !told.found.contains("RestartSec"),
        "what the operator sets is theirs: {told:?}"
    );
}

#[test]
fn the_file_of_keys_is_there_and_closed() {
    let (vault, dir) = vault();
    let keys = home(&vault).join("keys");
    let text = current(&vault).replace(
        "EnvironmentFile=-%h/.config/modulatio/env",
        "EnvironmentFile=%h/keys",
    );
    let found = looked_at(&vault, &dir, &text);
    assert_eq!(found.ran.code, Some(5));
    found
        .some("systemd", "fail", "does not start without")
        .mends("install -D -m 0600");
    std::fs::write(&keys, "OPENROUTER_API_KEY=hidden\n").expect("a file");
    chmod(&keys, 0o640);
    let found = doctor(&vault);
    found
        .some("systemd", "warn", "can be read by others")
        .mends("chmod 600");
    assert!(!found.ran.out.contains("hidden"));
    chmod(&keys, 0o600);
    doctor(&vault).some("systemd", "ok", "is current");
}
