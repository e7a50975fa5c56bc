//! What is told: `RUST_LOG` over `-v` and `-q` over `--log-level` over the command.

use crate::support::{Ran, TestVault, body};

/// A daemon's run over one plan.
fn daemon(flags: &[&str], env: &[(&str, &str)]) -> Ran {
    let vault = TestVault::new();
    vault.approved(&body(1));
    let args = [&["daemon", "--until-idle"], flags].concat();
    vault.run_with(&args, env).ok()
}

fn levels(ran: &Ran) -> (bool, bool) {
    (ran.err.contains(" INFO "), ran.err.contains("DEBUG "))
}

#[test]
fn a_level_says_how_much_a_daemon_tells() {
    assert_eq!(levels(&daemon(&[], &[])), (true, false));
    assert_eq!(
        levels(&daemon(&["--log-level", "warn"], &[])),
        (false, false)
    );
    assert_eq!(
        levels(&daemon(&["--log-level", "debug"], &[])),
        (true, true)
    );
    assert_eq!(daemon(&["--log-level", "error"], &[]).err, "");
}

#[test]
fn what_is_typed_overrides_the_environment() {
    let level = |level| [("MODULATIO_LOG_LEVEL", level)];
    assert_eq!(levels(&daemon(&[], &level("error"))), (false, false));
    assert_eq!(levels(&daemon(&["-v"], &level("error"))), (true, true));
    assert_eq!(daemon(&["-q"], &level("debug")).err, "");
    let typed = daemon(&["--log-level", "debug"], &level("error"));
    assert_eq!(levels(&typed), (true, true));
    let before = TestVault::new();
    let args = ["--log-level", "info", "daemon", "--until-idle"];
    let before = before.run_with(&args, &level("error")).ok();
    assert_eq!(levels(&before), (true, false));
}

#[test]
fn rust_log_overrides_everything() {
    let error = [("RUST_LOG", "error"), ("MODULATIO_LOG_LEVEL", "debug")];
    for flags in [&["-v"][..], &["--log-level", "debug"], &[]] {
        assert_eq!(daemon(flags, &error).err, "");
    }
    let debug = [("RUST_LOG", "modulatio=debug")];
    assert_eq!(levels(&daemon(&["-q"], &debug)), (true, true));
    assert_eq!(levels(&daemon(&[], &[("RUST_LOG", "")])), (true, false));
}

#[test]
fn a_filter_that_cannot_be_read_is_told_and_the_default_holds() {
    let broken = [("RUST_LOG", "modulatio=lots")];
    let ran = daemon(&[], &broken).says("RUST_LOG \"modulatio=lots\"");
    assert_eq!(levels(&ran), (true, false));
    let quiet = daemon(&["-q"], &broken).says("RUST_LOG");
    assert_eq!(quiet.err.lines().count(), 1, "{quiet:?}");
}

#[test]
fn a_level_and_its_short_forms_contradict_each_other() {
    let vault = TestVault::new();
    for args in [
        ["--log-level", "info", "-v", "plan", "list"],
        ["-q", "--log-level", "info", "plan", "list"],
        ["plan", "list", "--log-level", "info", "-q"],
        ["-v", "plan", "list", "--log-level", "info"],
    ] {
        vault.run(&args).code(2).says("--log-level");
    }
}
