//! `modulatio doctor` as an operator meets it: each check with a vault that makes it well, unwell or broken, what mends
//! it, how the command ends, and that it leaves nothing behind.

#[path = "../web/server.rs"]
#[allow(dead_code, reason = "the tests of pages use the rest of it")]
mod server;
#[path = "../support/mod.rs"]
mod support;

mod access;
mod daemons;
mod disk;
mod journals;
mod memory;
mod plans;
mod providers;
mod service;
mod vault;
mod views;

use serde_json::Value;
use support::{Ran, TestVault, body};

/// What a doctor found.
pub(crate) struct Found {
    checks: Vec<Value>,
    pub(crate) ran: Ran,
}

/// One outcome of a check.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) level: String,
    pub(crate) found: String,
    pub(crate) remedy: String,
}

/// Asks a doctor, in a home that is empty.
pub(crate) fn doctor(vault: &TestVault) -> Found {
    doctor_with(vault, &[], &[])
}

/// As [`doctor`], with further arguments and variables.
pub(crate) fn doctor_with(vault: &TestVault, args: &[&str], env: &[(&str, &str)]) -> Found {
    let all = [&["doctor", "--json"], args].concat();
    let home = home(vault);
    let mut command = vault.command(&all);
    command
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_DATA_HOME")
        .env_remove("MODULATIO_VAULT")
        .env("HOME", home)
        .envs(env.iter().copied());
    Found::of(&command.output().expect("the binary starts"))
}

/// A home for a user, beside the vault.
pub(crate) fn home(vault: &TestVault) -> std::path::PathBuf {
    let home = vault.beside().join("home");
    std::fs::create_dir_all(&home).expect("a directory");
    home
}

impl Found {
    pub(crate) fn of(output: &std::process::Output) -> Self {
        let ran = Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout.clone()).expect("text"),
            err: String::from_utf8(output.stderr.clone()).expect("text"),
        };
        let report: Value =
            serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {ran:#?}"));
        let checks = report["checks"].as_array().expect("a list").clone();
        Self { checks, ran }
    }

    /// Every outcome of a check.
    pub(crate) fn all(&self, id: &str) -> Vec<Outcome> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let of = |check: &Value| Outcome {
            level: text(&check["level"]),
            found: text(&check["found"]),
            remedy: text(&check["remedy"]),
        };
        self.checks
            .iter()
            .filter(|check| check["id"] == id)
            .map(of)
            .collect()
    }

    /// The only outcome of a check, which must be of this level and say this.
    #[track_caller]
    pub(crate) fn one(&self, id: &str, level: &str, says: &str) -> Outcome {
        let all = self.all(id);
        assert_eq!(all.len(), 1, "{id}: {all:#?}");
        assert!(
            all[0].level == level && all[0].found.contains(says),
            "{level} {says:?}: {:#?}",
            all[0]
        );
        all[0].clone()
    }

    /// An outcome of a check of this level that says this.
    #[track_caller]
    pub(crate) fn some(&self, id: &str, level: &str, says: &str) -> Outcome {
        let all = self.all(id);
        let found = all
            .iter()
            .find(|one| one.level == level && one.found.contains(says));
        found
            .unwrap_or_else(|| panic!("{level} {says:?}: {all:#?}"))
            .clone()
    }
}

impl Outcome {
    /// What mends it says this.
    #[track_caller]
    pub(crate) fn mends(&self, text: &str) {
        assert!(self.remedy.contains(text), "{text:?} is not in {self:#?}");
    }
}

/// A vault of its owner's own, with a finished plan.
pub(crate) fn finished() -> (TestVault, String) {
    let vault = private(TestVault::new());
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    (vault, plan)
}

/// The same vault, which nobody but its owner may enter.
pub(crate) fn private(vault: TestVault) -> TestVault {
    chmod(vault.root(), 0o700);
    vault
}

pub(crate) fn chmod(path: impl AsRef<std::path::Path>, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a mode");
}
