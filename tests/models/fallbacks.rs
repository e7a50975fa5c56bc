//! A role's next model: it takes the whole task over, no longer and nothing else, and a dead endpoint is left alone.

use std::time::Duration;

use modulatio_tools::fake_model::{Behaviour, FakeModel, Step, When};
use projections::event::{Event, ModelFellBack};
use serde_json::json;

use crate::{
    bench::{
        PROTOCOLS, QUICK, asked, at, config, entry, is_done, ledger, nothing_sold_twice, server,
        started, status, ticket,
    },
    support::{Daemon, Journal, TestVault, body, wait_until},
};

/// What only requests to this model get that call this tool.
fn of(model: &str, tool: Option<&str>, behaviour: Behaviour) -> Step {
    let when = When {
        model: Some(model.to_owned()),
        tool: tool.map(str::to_owned),
        ..When::default()
    };
    Step {
        when,
        ..Step::new(behaviour)
    }
}

/// A vault whose leader, and with it every role, is `first`, then `second`, behind one server.
fn pair(protocol: &str, model: &FakeModel, more: &str) -> TestVault {
    let free = ", price: free";
    let entries = [
        entry("first", protocol, model, free),
        entry("second", protocol, model, free),
    ];
    TestVault::with(&config(&entries, "{leader: [first, second]}", more))
}

fn fell_back(journal: &Journal) -> Vec<&ModelFellBack> {
    let events = journal.events();
    let fell = events.filter_map(|event| match event {
        Event::ModelFellBack(e) => Some(e),
        _ => None,
    });
    fell.collect()
}

/// Model and step of each call that was started.
fn calls(journal: &Journal) -> Vec<String> {
    let events = journal.events();
    let calls = events.filter_map(|event| match event {
        Event::ModelCallStarted(e) => {
            let name = e.model.rsplit('/').next().unwrap_or_default();
            Some(format!("{name} {}", e.step.label()))
        }
        _ => None,
    });
    calls.collect()
}

#[test]
fn after_a_refusal_the_next_model_takes_the_whole_task_and_nobody_elses_seat() {
    for (protocol, code) in [
        ("openai", 400),
        ("openai", 404),
        ("anthropic", 400),
        ("anthropic", 404),
    ] {
        let reject = json!({"passed": false, "summary": "once more", "defects": [
            {"severity": "major", "class": "mechanical", "location": "l", "what": "w"}]});
        let refuse = status(code, None, Some("no such thing"));
        let model = server([
            of("first", Some("submit_artifact"), refuse),
            of(
                "first",
                Some("submit_verdict"),
                Behaviour::Arguments(reject),
            ),
        ]);
        let vault = pair(protocol, &model, QUICK);
        let plan = vault.approved(&body(1));
        vault.run_until_idle();
        is_done(&vault, &plan, &model);
        let journal = vault.journal(&plan);
        assert_eq!(
            calls(&journal),
            [
                "first s1-plan",
                "first s1-t1-produce-1",
                "second s1-t1-produce-1",
                "first s1-t1-qc-1",
                "second s1-t1-produce-2",
                "first s1-t1-qc-2",
                "first s1-reflect"
            ]
        );
        let sent: Vec<String> = asked(&model);
        let named: Vec<String> = calls(&journal)
            .iter()
            .map(|c| c.split(' ').next().unwrap().into())
            .collect();
        assert_eq!(sent, named, "what is journaled is what was sent");
        let fell = fell_back(&journal);
        assert_eq!(fell.len(), 1);
        assert!(fell[0].why.contains("no such thing"), "{}", fell[0].why);
        assert!(
            vault
                .read(&format!("ess/runs/{plan}/audit.jsonl"))
                .contains("model_fell_back")
        );
        assert_eq!(
            ledger(&vault, &plan)[1]["model"],
            format!("{protocol}/second")
        );
    }
}

#[test]
fn past_the_wall_limit_and_after_nonsense_the_next_model_is_asked_not_a_person() {
    let page = Behaviour::Html { code: 200 };
    for (behaviour, most) in [(status(500, None, None), 40), (page, 2)] {
        let model = server([of("first", Some("submit_tasks"), behaviour).times(0)]);
        let more = "retry: {base: 10ms, max: 20ms, wall: 150ms}\nbreaker: {failures: 1000}\n";
        let vault = pair("openai", &model, more);
        let plan = vault.approved(&body(1));
        vault.run_until_idle();
        is_done(&vault, &plan, &model);
        let journal = vault.journal(&plan);
        let tries = journal.count("ModelCallFailed");
        assert!((2..=most).contains(&tries), "{tries}");
        assert_eq!(fell_back(&journal).len(), 1);
    }
}

#[test]
fn when_no_model_is_left_a_person_is_asked_and_every_model_gets_a_fresh_chance() {
    let refuse = |name| {
        of(
            name,
            Some("submit_tasks"),
            status(400, None, Some("not today")),
        )
    };
    let model = server([refuse("first"), refuse("second")]);
    let vault = pair("anthropic", &model, QUICK);
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    assert_eq!(vault.journal(&plan).status(), "paused");
    let text = ticket(&vault, 1);
    for part in [
        "kind: model",
        "anthropic/second",
        "no model is left",
        "not today",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    vault.run(&["project", "resume", &plan]).ok();
    vault.run_until_idle();
    is_done(&vault, &plan, &model);
    assert_eq!(
        asked(&model),
        ["first", "second", "first", "first", "first", "first"]
    );
}

#[test]
fn a_key_that_is_refused_is_no_reason_to_ask_another_model() {
    let model = server([of("first", None, status(401, None, None))]);
    let vault = pair("openai", &model, QUICK);
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    assert_eq!(vault.journal(&plan).status(), "paused");
    assert_eq!(asked(&model), ["first"]);
}

/// Two servers: the first is dead, the second lives.
fn dead_and_alive(dead: &str, live: &FakeModel, breaker: &str) -> TestVault {
    let entries = [
        at("first", "openai", dead, ", price: free"),
        entry("second", "openai", live, ", price: free"),
    ];
    let more = format!(
        "daemon: {{tick_seconds: 1}}\nretry: {{base: 10ms, max: 20ms, wall: 20s}}\nbreaker: {breaker}\n"
    );
    TestVault::with(&config(&entries, "{leader: [first, second]}", &more))
}

#[test]
fn a_dead_endpoint_is_given_up_at_once_and_left_alone_by_the_next_plan() {
    let dead = server([Step::new(status(503, None, None)).times(0)]);
    let live = server([]);
    let vault = dead_and_alive(&dead.base_url(), &live, "{failures: 3, open: 60s}");
    let plans = [vault.approved(&body(2)), vault.approved(&body(2))];
    vault.run_until_idle();
    for plan in &plans {
        is_done(&vault, plan, &live);
        let fell = vault.journal(plan).count("ModelFellBack");
        assert_eq!(fell, 8, "each seat gives it up");
    }
    assert_eq!(dead.requests().len(), 3, "the breaker opens after three");
    assert_eq!(live.sold().calls, 16);
    assert_eq!(vault.journal(&plans[1]).count("ModelCallFailed"), 0);
}

#[test]
fn an_address_where_nobody_listens_counts_as_dead_too() {
    let gone = "http://127.0.0.1:1/v1".to_owned();
    let live = server([]);
    let vault = dead_and_alive(&gone, &live, "{failures: 2, open: 60s}");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    is_done(&vault, &plan, &live);
    let journal = vault.journal(&plan);
    assert_eq!(journal.count("ModelCallFailed"), 2);
    assert!(
        journal.plan.calls.in_doubt.is_empty(),
        "nobody was there to bill"
    );
}

#[test]
fn an_endpoint_that_lives_again_is_asked_again() {
    let first = server([Step::new(status(500, None, None)).times(2)]);
    let second = server([]);
    let vault = dead_and_alive(&first.base_url(), &second, "{failures: 2, open: 300ms}");
    let plan = vault.approved(&body(1));
    let _daemon = Daemon::start(&vault, &[]);
    wait_until("the plan is done", || {
        vault.journal(&plan).status() == "done"
    });
    std::thread::sleep(Duration::from_millis(350));
    let before = first.requests().len();
    let next = vault.approved(&body(1));
    wait_until("the plan is done", || {
        vault.journal(&next).status() == "done"
    });
    assert_eq!(
        first.requests().len(),
        before + 4,
        "{:?}",
        started(&vault.journal(&next))
    );
    assert_eq!(vault.journal(&next).count("ModelFellBack"), 0);
    nothing_sold_twice(&first);
    nothing_sold_twice(&second);
}

#[test]
fn a_prompt_too_long_for_one_window_goes_to_the_next_model_if_its_window_is_larger() {
    for protocol in PROTOCOLS {
        let model = server([of(
            "first",
            Some("submit_verdict"),
            Behaviour::ContextTooLong,
        )]);
        let entries = [
            entry(
                "first",
                protocol,
                &model,
                ", price: free, context_tokens: 64000",
            ),
            entry(
                "second",
                protocol,
                &model,
                ", price: free, context_tokens: 128000",
            ),
        ];
        let vault = TestVault::with(&config(&entries, "{leader: [first, second]}", QUICK));
        let plan = vault.approved(&body(1));
        vault.run_until_idle();
        is_done(&vault, &plan, &model);
        assert_eq!(
            asked(&model),
            ["first", "first", "first", "second", "first"]
        );
    }
}
