//! Plans: leases, locks, orphans, quarantine.

use crate::{
    body, doctor, doctor_with, finished, private,
    support::{Daemon, SIGCONT, TestVault, wait_until},
};

/// A vault whose only plan is in the hands of a daemon that takes its time.
fn at_work() -> (TestVault, String, Daemon) {
    let vault = private(TestVault::slow("60s"));
    let plan = vault.approved(&body(1));
    let daemon = Daemon::start(&vault, &["--tick-seconds", "1"]);
    wait_until("the call is under way", || {
        let beat = vault.run(&["heartbeat"]);
        beat.code == Some(0) && beat.out.contains("s1-plan")
    });
    (vault, plan, daemon)
}

#[test]
fn who_holds_a_plan_is_told() {
    let (vault, plan, daemon) = at_work();
    let found = doctor(&vault);
    let pid = daemon.pid();
    let held = found.one("leases", "ok", &format!("{plan} is held by daemon:"));
    assert!(
        held.found.contains(&format!("process {pid} runs")),
        "{held:?}"
    );
    found.one("orphans", "ok", "no plan");
    found.one("daemons", "ok", &format!("process {pid} runs"));
    assert!(
        found.all("daemons")[0]
            .found
            .contains(&format!("at work on {plan} (s1-plan)"))
    );
}

#[test]
fn a_stopped_holder_is_told_with_the_signal_that_lets_it_go_on() {
    let (vault, plan, daemon) = at_work();
    daemon.freeze();
    let found = doctor(&vault);
    assert_eq!(found.ran.code, Some(1));
    let pid = daemon.pid();
    found
        .one("leases", "warn", &plan)
        .mends(&format!("kill -CONT {pid}"));
    found
        .some("daemons", "warn", "is stopped")
        .mends(&format!("kill -CONT {pid}"));
    daemon.send(SIGCONT);
    wait_until("it goes on", || {
        doctor(&vault).all("leases")[0].level == "ok"
    });
}

#[test]
fn a_plan_that_lost_its_runner_waits_for_the_next_tick_of_any_daemon() {
    let (vault, plan, daemon) = at_work();
    daemon.kill();
    let found = doctor(&vault);
    assert_eq!(found.ran.code, Some(1));
    found.one("orphans", "warn", &plan).mends("daemon");
    found.some("daemons", "warn", &plan).mends("daemon");
    found.some("daemons", "ok", "heartbeat file of daemons that are gone");
    found.one("leases", "ok", "1 lease file of former runners");

    // A daemon that runs, and has other work for now.
    vault.project("ops");
    let other = Daemon::start(&vault, &["--tick-seconds", "1", "--project", "OPS"]);
    wait_until("its heartbeat", || {
        vault
            .names(".modulatio/heartbeats")
            .iter()
            .any(|name| name.contains(&other.pid().to_string()))
    });
    doctor(&vault).one("orphans", "warn", &plan);
    drop(other);
}

#[test]
fn an_orphan_with_a_daemon_that_ticks_is_well() {
    let (vault, first, daemon) = at_work();
    // Nothing may come and go in a vault while it is copied.
    daemon.freeze();
    // Held by nobody, because its file claims so: an executing plan is taken from a copy.
    let copy = private(vault.copy());
    drop(daemon);
    copy.write("modulatio.yaml", "daemon: {tick_seconds: 60}\n");
    copy.project("ops");
    let idle = Daemon::start(&copy, &["--tick-seconds", "60", "--project", "OPS"]);
    wait_until("its heartbeat", || {
        copy.names(".modulatio/heartbeats")
            .iter()
            .any(|name| name.contains(&idle.pid().to_string()))
    });
    doctor(&copy).one("orphans", "warn", &first);
    // Another that looks at every project, and has just ticked: as its command line, so its word.
    let beats = copy.names(".modulatio/heartbeats");
    let own = beats
        .iter()
        .find(|name| name.contains(&idle.pid().to_string()))
        .expect("a heartbeat");
    let text = copy.read(&format!(".modulatio/heartbeats/{own}"));
    let mut beat: serde_json::Value = serde_json::from_str(&text).expect("an object");
    beat["host"] = "elsewhere".into();
    copy.write(".modulatio/heartbeats/elsewhere-1.json", &beat.to_string());
    let found = doctor(&copy);
    found.one("orphans", "ok", "next tick");
    found.some("daemons", "ok", "of elsewhere cannot be seen from here");
}

#[test]
fn a_lock_that_stays_held_is_told() {
    let (vault, plan) = finished();
    doctor(&vault).one("locks", "ok", "no claim lock");
    let lock = vault.path(&format!("ess/plans/{plan}.lock"));
    let file = std::fs::File::open(&lock).expect("a lock file");
    rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive).expect("it is free");
    let found = doctor(&vault);
    let held = found.one("locks", "warn", &format!("{plan}.lock is held"));
    held.mends("Never delete the file");
    // Where the system tells who holds it, that is this very process.
    let own = std::process::id().to_string();
    let told = std::fs::read_to_string("/proc/locks").is_ok_and(|locks| locks.contains(&own));
    assert_eq!(
        told,
        held.remedy.contains(&format!("kill -CONT {own}")),
        "{held:?}"
    );
    drop(file);
    doctor(&vault).one("locks", "ok", "no claim lock");
}

#[test]
fn a_lease_of_a_process_that_is_gone_is_told_when_something_holds_it() {
    let (vault, plan) = finished();
    let lease = vault.path(&format!("ess/plans/{plan}.lease"));
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").expect("a name");
    let note = format!(
        "{{\"holder\":\"daemon:{}:4194305\",\"since\":\"2026-11-23T20:15:00.123456Z\",\"epoch\":1}}\n",
        host.trim()
    );
    std::fs::write(&lease, note).expect("a lease file");
    doctor(&vault).one("leases", "ok", "nothing needs deleting");
    let file = std::fs::File::open(&lease).expect("a lease file");
    rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive).expect("it is free");
    doctor(&vault).one("leases", "warn", "that process is gone");
    // A name of elsewhere, and a holder of this machine.
    let note = "{\"holder\":\"daemon:elsewhere:7\",\"since\":\"x\",\"epoch\":1}\n";
    std::fs::write(&lease, note).expect("a lease file");
    doctor(&vault).one(
        "leases",
        "ok",
        &format!("{plan} is held by daemon:elsewhere:7; "),
    );
}

#[test]
fn a_plan_in_quarantine_is_told_with_its_ticket() {
    let vault = private(TestVault::new());
    let plan = vault.approved(&body(1));
    let env = [("MODULATIO_FAULT", "kill-before-append:2")];
    for _ in 0..3 {
        assert_eq!(vault.run_with(&["daemon", "--until-idle"], &env).code, None);
    }
    vault.run_until_idle();
    let found = doctor(&vault);
    let quarantined = found.one("quarantine", "warn", &plan);
    quarantined.mends("ticket show ESS-1");
    quarantined.mends(&format!("project resume {plan}"));
    found.one("tickets", "ok", "ESS-1");
    vault.run(&["project", "resume", &plan]).ok();
    vault.run_until_idle();
    doctor(&vault).one("quarantine", "ok", "no plan");
}

#[test]
fn an_approved_plan_without_a_daemon_asks_for_one() {
    let vault = private(TestVault::new());
    doctor(&vault).one("daemons", "ok", "no plan waits for one");
    let plan = vault.approved(&body(1));
    let found = doctor_with(&vault, &["--offline"], &[]);
    assert_eq!(found.ran.code, Some(1));
    let start = found.one("daemons", "warn", &plan).remedy;
    let command = format!(
        "{} --until-idle",
        start.replacen("modulatio", env!("CARGO_BIN_EXE_modulatio"), 1)
    );
    let ran = std::process::Command::new("sh")
        .args(["-c", &command])
        .output()
        .expect("a shell");
    assert!(ran.status.success(), "{command}: {ran:?}");
    doctor(&vault).some("daemons", "ok", "no plan waits for one");
}

#[test]
fn a_plan_file_that_cannot_be_taken_in_is_told() {
    let vault = private(TestVault::new());
    vault.write(
        "ess/plans/ESS-P-090.md",
        "---\nid: ESS-P-090\nstatus: drift\n---\nx\n",
    );
    doctor(&vault)
        .one("plans", "warn", "ESS-P-090 cannot be taken in")
        .mends("mend the file");
}
