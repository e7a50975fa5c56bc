//! While the daemon waits for an endpoint or a next try, it says until when, and every word of an operator is heard
//! within two seconds.

use std::time::{Duration, Instant};

use modulatio_tools::fake_model::{Behaviour, FakeModel, Step};
use projections::time::Timestamp;
use serde_json::Value;

use crate::{
    bench::{config, entry, is_done, server, status},
    support::{Daemon, SIGTERM, TestVault, body, wait_for, wait_until},
};

/// Two seconds are what an operator is promised, of a program that somebody optimised and a machine that is not busy
/// with tests. The waits themselves are of half a minute and more.
const SOON: Duration = Duration::from_secs(10);

/// What the daemon waits for.
#[derive(Clone, Copy, Debug)]
enum Wait {
    /// A breaker that is open for half a minute.
    Endpoint,
    /// A provider that names ten minutes.
    RetryAfter,
}

struct Waiting {
    model: FakeModel,
    vault: TestVault,
    plan: String,
    daemon: Daemon,
}

fn heartbeat(vault: &TestVault) -> Value {
    let ran = vault.run(&["heartbeat"]);
    serde_json::from_str(&ran.out).unwrap_or_default()
}

/// How long from its last tick on the daemon waits, as it says.
fn ahead(beat: &Value) -> Option<Duration> {
    let time = |key: &str| Timestamp::parse(beat[key].as_str()?).ok();
    let micros = time("waiting_until")?.micros_since(time("last_tick")?);
    Some(Duration::from_micros(micros))
}

/// A daemon in the middle of the wait; its heartbeat says so.
fn waiting(wait: Wait) -> Waiting {
    let behaviour = match wait {
        Wait::Endpoint => status(503, None, None),
        Wait::RetryAfter => status(429, Some("600"), None),
    };
    let model = server([Step::new(behaviour).times(0)]);
    let entry = entry("fake-1", "openai", &model, ", price: free");
    let more = "daemon: {tick_seconds: 60}\nretry: {base: 10ms, max: 50ms}\nbreaker: {failures: 1, open: 30s}\n";
    let vault = TestVault::with(&config(&[entry], "{leader: fake-1}", more));
    let plan = vault.approved(&body(1));
    let daemon = Daemon::start(&vault, &[]);
    let least = match wait {
        Wait::Endpoint => Duration::from_secs(20),
        Wait::RetryAfter => Duration::from_secs(590),
    };
    let beat = wait_for("the heartbeat says until when", || {
        let beat = heartbeat(&vault);
        (ahead(&beat)? > least).then_some(beat)
    });
    assert_eq!(beat["active_plan"], plan.as_str());
    vault
        .run(&["plan", "show", &plan])
        .ok()
        .shows("after 1 failed call(s)");
    Waiting {
        model,
        vault,
        plan,
        daemon,
    }
}

const BOTH: [Wait; 2] = [Wait::Endpoint, Wait::RetryAfter];

#[test]
fn sigterm_ends_it_and_gives_the_plan_back() {
    for wait in BOTH {
        let Waiting {
            model,
            vault,
            plan,
            daemon,
        } = waiting(wait);
        let began = Instant::now();
        daemon.send(SIGTERM);
        let (status, log) = daemon.ended();
        assert!(began.elapsed() < SOON, "{wait:?}: {log}");
        assert_eq!(status.code(), Some(0), "{log}");
        assert_eq!(vault.journal(&plan).status(), "approved");
        assert_eq!(model.requests().len(), 1, "nobody is hammered");
        vault.is_proven(&plan);
    }
}

#[test]
fn pausing_and_cancelling_are_heard_and_the_daemon_turns_to_something_else() {
    for wait in BOTH {
        for (word, status) in [("pause", "paused"), ("cancel", "cancelled")] {
            let waiting = waiting(wait);
            let (vault, plan) = (&waiting.vault, &waiting.plan);
            let began = Instant::now();
            vault.run(&["plan", word, plan]).ok();
            wait_until("the daemon lets go", || {
                heartbeat(vault)["active_plan"].is_null()
            });
            assert!(
                began.elapsed() < SOON,
                "{wait:?} {word}: {}",
                waiting.daemon.log()
            );
            assert_eq!(vault.journal(plan).status(), status);
            assert_eq!(heartbeat(vault)["waiting_until"], Value::Null);
            assert_eq!(waiting.model.requests().len(), 1);
            vault.is_proven(plan);
        }
    }
}

#[test]
fn a_change_of_the_budget_and_a_hand_edit_are_taken_in_meanwhile() {
    let waiting = waiting(Wait::Endpoint);
    let (vault, plan) = (&waiting.vault, &waiting.plan);
    vault
        .run(&["plan", "edit-budget", plan, "--max-tokens", "5000000"])
        .ok();
    wait_until("the heartbeat counts by the new cap", || {
        heartbeat(vault)["tokens_left"].as_u64().is_some()
    });
    let text = vault.read(&format!("ess/plans/{plan}.md"));
    let edited = text.replace("\nstatus: executing\n", "\nstatus: cancelled\n");
    assert_ne!(text, edited);
    let began = Instant::now();
    std::fs::write(vault.plan_file(plan), edited).unwrap();
    wait_until("it is cancelled", || {
        vault.journal(plan).status() == "cancelled"
    });
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
}

#[test]
fn an_endpoint_that_lives_again_is_asked_when_the_wait_is_over() {
    let model = server([Step::new(status(503, None, None)).times(2)]);
    let entry = entry("fake-1", "anthropic", &model, ", price: free");
    let more = "retry: {base: 10ms, max: 50ms}\nbreaker: {failures: 1, open: 300ms}\n";
    let vault = TestVault::with(&config(&[entry], "{leader: fake-1}", more));
    let plan = vault.approved(&body(1));
    let began = Instant::now();
    vault.run_until_idle();
    is_done(&vault, &plan, &model);
    // 300 ms after the first failure, twice as long after the probe's.
    assert!(
        began.elapsed() > Duration::from_millis(900),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(model.requests().len(), 6);
}

/// A server whose artifact takes a while, and a daemon that waits for it.
fn in_a_long_call() -> Waiting {
    let slow = Step::new(Behaviour::Default)
        .for_tool("submit_artifact")
        .after(Duration::from_secs(4));
    let model = server([slow]);
    let vault = crate::bench::vault("openai", &model, "");
    let plan = vault.approved(&body(1));
    let daemon = Daemon::start(&vault, &[]);
    wait_until("the call is under way", || model.requests().len() == 2);
    Waiting {
        model,
        vault,
        plan,
        daemon,
    }
}

#[test]
fn an_answer_that_comes_after_a_pause_is_booked_and_not_asked_for_again() {
    let waiting = in_a_long_call();
    let (vault, plan) = (&waiting.vault, &waiting.plan);
    vault.run(&["plan", "pause", plan]).ok();
    wait_until("the daemon lets go", || {
        heartbeat(vault)["active_plan"].is_null()
    });
    let journal = vault.journal(plan);
    assert_eq!(journal.status(), "paused");
    assert_eq!(journal.plan.calls.completed, 2, "{}", waiting.daemon.log());
    vault.is_proven(plan);
    vault.run(&["project", "resume", plan]).ok();
    wait_until("the plan is done", || {
        vault.journal(plan).status() == "done"
    });
    vault.follows(plan);
    is_done(vault, plan, &waiting.model);
    assert_eq!(waiting.model.sold().calls, 4);
}

#[test]
fn an_answer_that_comes_after_a_cancellation_is_booked_all_the_same() {
    let waiting = in_a_long_call();
    let (vault, plan) = (&waiting.vault, &waiting.plan);
    vault.run(&["plan", "cancel", plan]).ok();
    wait_until("the daemon lets go", || {
        heartbeat(vault)["active_plan"].is_null()
    });
    let journal = vault.journal(plan);
    assert_eq!(journal.status(), "cancelled");
    assert_eq!(journal.plan.calls.completed, 2);
    assert!(journal.plan.calls.in_flight.is_empty());
    assert_eq!(waiting.model.sold().calls, 2, "nothing more is asked");
    assert_eq!(crate::bench::ledger(vault, plan).len(), 2);
    vault.is_proven(plan);
}
