//! Daemons that live, hang, are gone, or cannot be seen.

use std::process::{Child, Command};

use crate::{doctor, private, support::TestVault};

/// A process that looks like a daemon from outside, and does nothing. Killed when dropped.
struct Idler(Child);

impl Idler {
    fn start(words: &[&str]) -> Self {
        // It reads what nobody writes.
        let child = Command::new("sh")
            .args(["-c", "read line"])
            .args(words)
            .stdin(std::process::Stdio::piped())
            .spawn();
        Self(child.expect("a shell"))
    }
}

impl Drop for Idler {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn beat(vault: &TestVault, host: &str, pid: u32, last_tick: &str) {
    std::fs::create_dir_all(vault.path(".modulatio/heartbeats")).expect("a directory");
    let text = serde_json::json!({
        "last_tick": last_tick, "active_plan": null, "daemon": format!("daemon:{host}:{pid}"), "pid": pid, "host": host,
        "epoch": null, "last_progress": null, "step": null, "tokens_left": null, "waiting_until": null,
    });
    vault.write(
        &format!(".modulatio/heartbeats/{host}-{pid}.json"),
        &text.to_string(),
    );
}

fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").expect("a name");
    name.trim().to_owned()
}

const LONG_AGO: &str = "2026-01-01T00:00:00+00:00";

#[test]
fn a_daemon_that_runs_and_does_not_tick_hangs() {
    let vault = private(TestVault::new());
    let idler = Idler::start(&["modulatio", "daemon"]);
    beat(&vault, &host(), idler.0.id(), LONG_AGO);
    let found = doctor(&vault);
    assert_eq!(found.ran.code, Some(1));
    let pid = idler.0.id();
    found
        .one("daemons", "warn", &format!("process {pid} runs and hangs"))
        .mends(&format!("kill {pid}"));
}

#[test]
fn the_pause_that_a_daemon_was_started_with_counts() {
    let vault = private(TestVault::new());
    let idler = Idler::start(&["modulatio", "daemon", "--tick-seconds", "86400"]);
    let now = modulatio::clock::now().plus_seconds(-100_000);
    beat(&vault, &host(), idler.0.id(), &now.guide_form());
    doctor(&vault).one("daemons", "ok", "runs; its last tick was 27 h ago, idle");
}

#[test]
fn a_strangers_process_under_a_dead_daemons_number_is_no_daemon() {
    let vault = private(TestVault::new());
    let stranger = Idler::start(&["other"]);
    beat(&vault, &host(), stranger.0.id(), LONG_AGO);
    beat(&vault, &host(), 4_194_305, LONG_AGO);
    let found = doctor(&vault);
    found.some(
        "daemons",
        "ok",
        "2 heartbeat files of daemons that are gone",
    );
    found.some("daemons", "ok", "none runs");
}

#[test]
fn a_heartbeat_that_is_none_harms_nobody() {
    let vault = private(TestVault::new());
    std::fs::create_dir_all(vault.path(".modulatio/heartbeats")).expect("a directory");
    vault.write(".modulatio/heartbeats/x-1.json", "{");
    doctor(&vault).one("daemons", "ok", "none runs");
}

#[test]
fn heartbeats_that_cannot_be_listed_are_told() {
    let vault = private(TestVault::new());
    std::fs::create_dir_all(vault.path(".modulatio")).expect("a directory");
    vault.write(".modulatio/heartbeats", "in the way\n");
    doctor(&vault)
        .some("daemons", "warn", "heartbeats")
        .mends("chmod");
}

#[test]
fn jobs_that_nobody_would_fire_want_a_daemon() {
    let vault = private(TestVault::new());
    let add = ["cron", "add", "ESS", "Weekly.", "--schedule", "0 6 * * 1"];
    vault.run(&add).ok();
    let waits = "none runs that would keep the times of ESS-C-1";
    doctor(&vault).one("daemons", "warn", waits);
    vault.run(&["cron", "disable", "ESS-C-1"]).ok();
    doctor(&vault).one("daemons", "ok", "none runs, and no plan waits for one");
}
