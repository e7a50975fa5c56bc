//! A file system that turns read-only under a daemon, and comes back.

use crate::{
    full::{Tmpfs, producer},
    support::{Daemon, Mount, TestVault, body, mount, wait_until},
};

/// A daemon that sleeps has nothing open for writing, so the whole file system can be turned.
#[test]
fn a_daemon_outlives_a_file_system_that_is_read_only_for_a_while() {
    let model = producer(1);
    let Some(vault) = Tmpfs::vault(&model, "8m", "a file system that turns read-only") else {
        return;
    };
    let plan = vault.draft(&body(1));
    let mut daemon = Daemon::start(&vault, &["--tick-seconds", "1"]);
    daemon.says("sleeping");
    wait_until("it is turned", || {
        mount(vault.root(), &["-o", "remount,ro"])
    });
    daemon.says("Read-only file system");
    vault
        .run(&["plan", "approve", &plan])
        .code(1)
        .says("Read-only file system");
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    assert!(daemon.lives(), "{}", daemon.log());
    assert!(mount(vault.root(), &["-o", "remount,rw"]));
    vault.run(&["plan", "approve", &plan]).ok();
    is_done(&vault, &plan);
    drop(daemon);
    vault.run_until_idle();
    vault.is_proven(&plan);
}

/// A file that is open for writing keeps a file system from being turned, so here every name leads into a read-only
/// view of it for a while.
#[test]
fn a_runner_outlives_a_vault_that_is_read_only_for_a_while() {
    let model = producer(150);
    let vault = TestVault::with(&crate::full::config(&model));
    let plan = vault.approved(&body(4));
    let mut daemon = Daemon::start(&vault, &["--tick-seconds", "1"]);
    wait_until("it is at work", || model.sold().calls >= 2);
    let root = vault.root().to_str().expect("a plain path").to_owned();
    let Some(over) = Mount::over(vault.root(), &["--bind", &root]) else {
        eprintln!("SKIPPED a runner in a read-only vault: this test may not mount");
        return;
    };
    // A file that the runner writes at this moment is in the way of it.
    wait_until("the view is read-only", || {
        mount(vault.root(), &["-o", "remount,ro,bind"])
    });
    daemon.says("Read-only file system");
    assert!(daemon.lives(), "{}", daemon.log());
    drop(over);
    is_done(&vault, &plan);
    drop(daemon);
    vault.run_until_idle();
    vault.is_proven(&plan);
    let paid_once = model.sold().by_key.values().all(|count| *count == 1);
    assert!(paid_once, "{:?}", model.sold().by_key);
}

fn is_done(vault: &TestVault, plan: &str) {
    wait_until("the plan is done", || {
        vault.journal(plan).status() == "done"
    });
}
