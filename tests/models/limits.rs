//! How long, how often, and after which wait a failed call is tried again, and who is asked then.

use std::time::Duration;

use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step};
use projections::{event::FailureClass, time::Timestamp};

use crate::{
    bench::{
        PROTOCOLS, at, classes, config, entry, failed, is_done, nothing_sold_twice, server,
        started, status, ticket, vault,
    },
    support::{Daemon, Journal, SIGCONT, TestVault, body, wait_for, wait_until},
};

/// When the call of each `ModelCallStarted` began, and when each failed.
fn times(journal: &Journal) -> (Vec<Timestamp>, Vec<Timestamp>) {
    let at = |kind: &str| {
        let of = journal
            .entries
            .iter()
            .filter(|(_, event)| event.kind() == kind);
        of.map(|(entry, _)| entry.mark.at).collect()
    };
    (at("ModelCallStarted"), at("ModelCallFailed"))
}

#[test]
fn retry_after_is_kept_to() {
    for protocol in PROTOCOLS {
        let model = server([Step::new(status(429, Some("1"), None))]);
        let vault = vault(protocol, &model, "");
        let plan = vault.approved(&body(1));
        vault.run_until_idle();
        is_done(&vault, &plan, &model);
        let (started, failed) = times(&vault.journal(&plan));
        let waited = Duration::from_micros(started[1].micros_since(failed[0]));
        assert!(waited >= Duration::from_secs(1), "{waited:?}");
        assert!(waited < Duration::from_secs(6), "{waited:?}");
    }
}

fn short_wall(model: &str, wall: &str) -> TestVault {
    let entry = at("fake-1", "openai", model, ", price: free");
    let more =
        format!("retry: {{base: 10ms, max: 50ms, wall: {wall}}}\nbreaker: {{failures: 1000}}\n");
    TestVault::with(&config(&[entry], "{leader: fake-1}", &more))
}

#[test]
fn past_the_wall_limit_a_person_is_asked_and_the_plan_goes_on_at_the_same_step() {
    let down = status(503, None, Some("the basement is flooded"));
    let model = server([Step::new(down).for_tool("submit_verdict").times(0)]);
    let port = model.address().rsplit(':').next().unwrap().parse().unwrap();
    let vault = short_wall(&model.base_url(), "300ms");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    let journal = vault.journal(&plan);
    assert_eq!(journal.status(), "paused");
    let tries = failed(&journal).len();
    assert!(tries >= 2, "{tries}");
    let text = ticket(&vault, 1);
    for part in [
        "priority: critical",
        "kind: model",
        "openai/fake-1",
        "s1-t1-qc-1",
        &format!("{tries} tries"),
        "503",
        "the basement is flooded",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    vault.is_proven(&plan);
    assert_eq!(model.sold().calls, 2);
    drop(model);
    let mended = wait_for("the port", || {
        FakeModel::start_on(port, Script::default()).ok()
    });
    vault.run(&["project", "resume", &plan]).ok();
    vault.run_until_idle();
    is_done(&vault, &plan, &mended);
    assert_eq!(
        mended.sold().calls,
        2,
        "the planner and the producer are not asked again"
    );
    assert_eq!(started(&vault.journal(&plan))[2 + tries], "s1-t1-qc-1");
}

#[test]
fn a_wait_longer_than_the_wall_limit_is_not_waited_for() {
    let model = server([Step::new(status(429, Some("3600"), Some("quota")))]);
    let vault = short_wall(&model.base_url(), "2s");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    assert_eq!(vault.journal(&plan).status(), "paused");
    assert_eq!(model.requests().len(), 1);
    let text = ticket(&vault, 1);
    assert!(text.contains("1 try") && text.contains("quota"), "{text}");
}

/// A laptop that slept through a call: the limit counts from the failure on, so the call gets its tries.
#[test]
fn a_machine_that_slept_in_the_middle_of_a_call_tries_again() {
    let stall = Step::new(Behaviour::Stall {
        after: 1,
        answer: Box::default(),
    })
    .for_tool("submit_artifact");
    let model = server([stall]);
    let more = ", price: free, stall_timeout: 1s";
    let entry = entry("fake-1", "openai", &model, more);
    let sections = "retry: {base: 10ms, max: 50ms, wall: 1500ms}\n";
    let vault = TestVault::with(&config(&[entry], "{leader: fake-1}", sections));
    let plan = vault.approved(&body(1));
    let daemon = Daemon::start(&vault, &[]);
    wait_until("the call is under way", || model.requests().len() == 2);
    daemon.freeze();
    std::thread::sleep(Duration::from_secs(2));
    daemon.send(SIGCONT);
    wait_until("the plan ends", || {
        matches!(vault.journal(&plan).status(), "done" | "paused")
    });
    vault.follows(&plan);
    is_done(&vault, &plan, &model);
    assert_eq!(
        classes(&vault.journal(&plan)),
        [(FailureClass::Stalled, true)]
    );
}

#[test]
fn a_dead_endpoint_without_another_model_ends_at_a_ticket_too() {
    let model = server([Step::new(status(503, None, Some("down"))).times(0)]);
    let entry = entry("fake-1", "openai", &model, ", price: free");
    let more = "retry: {base: 10ms, max: 20ms, wall: 600ms}\nbreaker: {failures: 2, open: 200ms}\n";
    let vault = TestVault::with(&config(&[entry], "{leader: fake-1}", more));
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    assert_eq!(vault.journal(&plan).status(), "paused");
    let text = ticket(&vault, 1);
    assert!(
        text.contains("kind: model") && text.contains("down"),
        "{text}"
    );
    // Two that open the breaker, then one after 200 ms, and one after 400 ms unless the machine is slow.
    let asked = model.requests().len();
    assert!((3..=4).contains(&asked), "{asked}");
}

/// A page of a proxy now and then is no sign that the model talks nonsense: only nonsense counts as such.
#[test]
fn other_failures_before_do_not_use_up_the_tries_for_nonsense() {
    let malformed = Behaviour::Body("not json".to_owned());
    let model = server([
        Step::new(status(500, None, None)).times(3),
        Step::new(malformed),
    ]);
    let vault = vault("openai", &model, ", stream: false");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    is_done(&vault, &plan, &model);
    assert_eq!(failed(&vault.journal(&plan)).len(), 4);
}

#[test]
fn nonsense_twice_in_a_row_asks_a_person_and_shows_it() {
    let page = Behaviour::Html { code: 200 };
    let model = server([Step::new(page).times(0)]);
    let vault = vault("anthropic", &model, "");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    assert_eq!(vault.journal(&plan).status(), "paused");
    assert_eq!(model.requests().len(), 2);
    let text = ticket(&vault, 1);
    assert!(
        text.contains("Fake gateway") && text.contains("base_url"),
        "{text}"
    );
    nothing_sold_twice(&model);
}
