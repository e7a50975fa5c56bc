//! A machine without events from its file systems: the watcher cannot be had, and the tick finds what has changed.

use std::{
    collections::BTreeSet,
    process::{Command, Stdio},
};

use crate::support::{Daemon, TestVault, body, wait_until};

/// The program in a user namespace of its own, in which this limit of inotify is 0; `None`, and said so, where this
/// test may not make one.
fn without(limit: &str, vault: &TestVault, args: &[&str]) -> Option<Command> {
    let set = format!("echo 0 > /proc/sys/user/{limit}");
    let tried = Command::new("unshare")
        .args(["-Ur", "sh", "-c", &set])
        .stderr(Stdio::null())
        .status();
    if !tried.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED a machine without {limit}: no user namespace can be made here");
        return None;
    }
    let own = vault.command(args);
    let mut command = Command::new("unshare");
    command
        .args(["-Ur", "sh", "-c", &format!("{set}; exec \"$0\" \"$@\"")])
        .arg(own.get_program())
        .args(own.get_args());
    for (name, value) in own.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    Some(command)
}

/// A daemon that has no watcher, or none that may watch, runs what was approved while it slept; it says once what it
/// lacks.
fn ticks_find_it(limit: &str, says: &str) {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    let args = ["daemon", "--tick-seconds", "1"];
    let Some(mut command) = without(limit, &vault, &args) else {
        return;
    };
    let daemon = Daemon::of(&mut command);
    daemon.says(says);
    daemon.says("sleeping");
    vault.run(&["plan", "approve", &plan]).ok();
    wait_until("a tick finds the plan, and it is done", || {
        vault.journal(&plan).status() == "done"
    });
    let ticks = || daemon.log().matches("sleeping").count();
    let before = ticks();
    wait_until("two more ticks", || ticks() >= before + 2);
    let log = daemon.log();
    let told: Vec<&str> = log.lines().filter(|line| line.contains(says)).collect();
    let place = |line: &&str| line.split_once(says).map(|(_, place)| place.to_owned());
    let apart: BTreeSet<_> = told.iter().map(place).collect();
    assert_eq!(
        told.len(),
        apart.len(),
        "it is told again and again:\n{log}"
    );
    vault.follows(&plan);
    drop(daemon);
    vault.is_proven(&plan);
}

#[test]
fn without_a_watcher_the_tick_finds_what_was_approved() {
    ticks_find_it("max_inotify_instances", "no watcher, ticks only");
}

#[test]
fn with_no_directory_watched_the_tick_finds_what_was_approved() {
    ticks_find_it("max_inotify_watches", "cannot be watched, ticks only");
}

#[test]
fn doctor_names_the_limit_and_what_mends_it() {
    for limit in ["max_inotify_instances", "max_inotify_watches"] {
        let vault = TestVault::new();
        let Some(mut command) = without(limit, &vault, &["doctor"]) else {
            return;
        };
        let output = command.output().expect("it starts");
        let told = String::from_utf8_lossy(&output.stdout);
        let line = told.lines().find(|line| line.contains("inotify"));
        let whole = format!("{told}{}", String::from_utf8_lossy(&output.stderr));
        assert!(
            line.is_some_and(|line| !line.starts_with("[ok]")),
            "{whole}"
        );
    }
}
