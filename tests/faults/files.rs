//! A process that has run out of open files: it says so, goes on as far as it can, and goes on whole once there are some.

use std::{collections::BTreeSet, time::Duration};

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

use crate::{
    full::{config, producer},
    support::{Daemon, TestVault, body, wait_until},
};

/// Lets a running daemon have so many open files.
fn limit(daemon: &Daemon, files: u64) {
    let pid = Pid::from_raw(i32::try_from(daemon.pid()).unwrap()).unwrap();
    let limit = Rlimit {
        current: Some(files),
        maximum: getrlimit(Resource::Nofile).maximum,
    };
    prlimit(Some(pid), Resource::Nofile, limit).unwrap();
}

/// As many as the lowest number that is not in use: nothing can be opened then, whatever stands above it.
fn in_use(daemon: &Daemon) -> u64 {
    let dir = format!("/proc/{}/fd", daemon.pid());
    let open: BTreeSet<u64> = std::fs::read_dir(dir)
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    (0..).find(|number| !open.contains(number)).unwrap()
}

/// Ticks of the processor that a daemon has used, a hundred a second.
fn used(daemon: &Daemon) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", daemon.pid())).unwrap();
    let fields = stat.rsplit(')').next().unwrap().split_whitespace();
    let times = fields.skip(11).take(2);
    times.map(|time| time.parse::<u64>().unwrap()).sum()
}

const TOO_MANY: &str = "Too many open files";

/// For two seconds it neither spins nor floods its log.
fn is_calm(daemon: &Daemon) {
    let (ticks, lines) = (used(daemon), daemon.log().lines().count());
    std::thread::sleep(Duration::from_secs(2));
    let (ticks, lines) = (used(daemon) - ticks, daemon.log().lines().count() - lines);
    assert!(ticks < 100, "{ticks} of 200 ticks:\n{}", daemon.log());
    assert!(lines < 100, "{lines} lines:\n{}", daemon.log());
}

#[test]
fn a_runner_without_open_files_says_so_and_goes_on_when_there_are_some() {
    let model = producer(100);
    let vault = TestVault::with(&config(&model));
    let plan = vault.approved(&body(3));
    let mut daemon = Daemon::start(&vault, &["--tick-seconds", "1"]);
    wait_until("it is at work", || model.sold().calls >= 2);
    limit(&daemon, in_use(&daemon));
    daemon.says(TOO_MANY);
    is_calm(&daemon);
    assert!(daemon.lives(), "{}", daemon.log());
    limit(&daemon, 1024);
    wait_until("the plan is done", || {
        vault.journal(&plan).status() == "done"
    });
    assert!(daemon.lives(), "{}", daemon.log());
    drop(daemon);
    vault.run_until_idle();
    vault.is_proven(&plan);
    let paid_once = model.sold().by_key.values().all(|count| *count == 1);
    assert!(paid_once, "{:?}", model.sold().by_key);
}

#[test]
fn a_sleeping_daemon_without_open_files_says_so_and_wakes_when_there_are_some() {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    let mut daemon = Daemon::start(&vault, &["--tick-seconds", "1"]);
    daemon.says("sleeping");
    limit(&daemon, in_use(&daemon));
    vault.run(&["plan", "approve", &plan]).ok();
    daemon.says(TOO_MANY);
    is_calm(&daemon);
    assert!(daemon.lives(), "{}", daemon.log());
    limit(&daemon, 1024);
    wait_until("the plan is done", || {
        vault.journal(&plan).status() == "done"
    });
    vault.follows(&plan);
    drop(daemon);
    vault.is_proven(&plan);
}

/// From the smallest number of open files on, a daemon works or says what it lacks.
#[test]
fn a_daemon_that_may_open_few_files_works_or_names_the_limit() {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    let mut refused = 0;
    for files in [4, 6, 8, 10, 12, 14, 16, 24, 64] {
        let own = vault.command(&["daemon", "--until-idle"]);
        let mut command = std::process::Command::new("sh");
        command
            .args(["-c", &format!("ulimit -n {files}; exec \"$0\" \"$@\"")])
            .arg(own.get_program())
            .args(own.get_args());
        if files == 64 {
            vault.run(&["plan", "approve", &plan]).ok();
        }
        let output = command.output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        if !output.status.success() {
            refused += 1;
            // Below these a process does not even load its libraries.
            let named = told.contains(TOO_MANY) || told.contains("cannot open shared object");
            assert!(named, "{files}: {:?} {told}", output.status);
        }
    }
    assert!(refused > 0, "four files are not enough for a daemon");
    assert_eq!(vault.journal(&plan).status(), "done");
    vault.is_proven(&plan);
}
