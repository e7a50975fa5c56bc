//! Signs of life.

use serde_json::Value;

use crate::support::{Daemon, TestVault, body, wait_until};

fn heartbeat(vault: &TestVault) -> Value {
    let ran = vault.run(&["heartbeat"]).ok();
    serde_json::from_str(&ran.out).expect("a line of JSON")
}

#[test]
fn without_a_daemon_there_is_no_heartbeat() {
    let vault = TestVault::new();
    vault.run(&["heartbeat"]).code(5).says("no daemon ever ran");
}

#[test]
fn last_tick_and_active_plan_come_first() {
    let vault = TestVault::new();
    let daemon = Daemon::start(&vault, &[]);
    daemon.says("sleeping");
    let line = vault.run(&["heartbeat"]).ok().out;
    assert!(
        line.starts_with("{\"last_tick\":\"")
            && line.contains("\",\"active_plan\":null,\"daemon\":"),
        "{line}"
    );
    assert_eq!(line.lines().count(), 1);
}

#[test]
fn it_names_the_plan_in_work_and_goes_on_ticking_meanwhile() {
    let vault = TestVault::slow("60s");
    let plan = vault.approved(&body(1));
    let daemon = Daemon::start(&vault, &["--tick-seconds", "1"]);
    wait_until("the plan shows", || {
        heartbeat_if_any(&vault).is_some_and(|beat| beat["active_plan"] == plan.as_str())
    });
    wait_until("the call shows", || heartbeat(&vault)["step"].is_string());
    let first = heartbeat(&vault);
    assert_eq!(
        (&first["epoch"], &first["pid"]),
        (&1.into(), &daemon.pid().into())
    );
    wait_until("it ticks during the call", || {
        heartbeat(&vault)["last_tick"].as_str() > first["last_tick"].as_str()
    });
    let later = heartbeat(&vault);
    assert_eq!(later["active_plan"], first["active_plan"]);
    assert_eq!(
        later["last_progress"], first["last_progress"],
        "nothing was completed"
    );
}

fn heartbeat_if_any(vault: &TestVault) -> Option<Value> {
    let ran = vault.run(&["heartbeat"]);
    (ran.code == Some(0)).then(|| serde_json::from_str(&ran.out).expect("a line of JSON"))
}

#[test]
fn of_several_daemons_the_one_at_work_is_shown() {
    let vault = TestVault::slow("60s");
    let plan = vault.approved(&body(1));
    let busy = Daemon::start(&vault, &["--tick-seconds", "3600"]);
    wait_until("the plan is claimed", || {
        vault.journal(&plan).count("ModelCallStarted") == 1
    });
    let idle = Daemon::start(&vault, &["--tick-seconds", "3600"]);
    idle.says("sleeping");
    assert_eq!(heartbeat(&vault)["pid"], busy.pid());
    let all = vault.run(&["heartbeat", "--all"]).ok().out;
    assert_eq!(all.lines().count(), 2, "{all}");
}

#[test]
fn after_the_work_nothing_is_active() {
    let vault = TestVault::new();
    vault.approved(&body(1));
    vault.run_until_idle();
    assert_eq!(heartbeat(&vault)["active_plan"], Value::Null);
}

#[test]
fn what_a_killed_daemon_left_goes_with_the_next_start_half_written_or_whole() {
    const DIR: &str = ".modulatio/heartbeats";
    let vault = TestVault::new();
    let daemon = Daemon::start(&vault, &[]);
    daemon.says("sleeping");
    daemon.kill();
    let [whole] = &vault.names(DIR)[..] else {
        panic!("{:?}", vault.names(DIR));
    };
    let half = whole.replace(".json", ".tmp");
    vault.write(&format!("{DIR}/{half}"), "{\"last_ti");
    vault.run_until_idle();
    let names = vault.names(DIR);
    assert!(
        !names.contains(whole) && !names.contains(&half),
        "{names:?}"
    );
}
