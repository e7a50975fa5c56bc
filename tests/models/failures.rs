//! Calls that fail and pass: each is tried again, the plan is done, and only what may have been billed is in doubt.

use std::time::Duration;

use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step};
use projections::{
    event::{Event, FailureClass},
    time::Timestamp,
};

use crate::{
    bench::{
        PROTOCOLS, QUICK, at, classes, config, entry, failed, is_done, nothing_sold_twice, server,
        started, status, ticket, titled, vault,
    },
    support::{Daemon, Journal, SIGCONT, TestVault, body, wait_until},
};

/// What goes wrong, how it is classed, and whether it may have been billed.
type Case = (&'static str, Behaviour, FailureClass, bool);

/// One plan for each case behind one server; each case strikes once, at the plan's first call.
fn each_is_survived(protocol: &str, more: &str, cases: Vec<Case>) {
    let step = |(name, behaviour, ..): &Case| Step::new(behaviour.clone()).for_message(name);
    let model = server(cases.iter().map(step));
    let vault = vault(protocol, &model, more);
    let plans: Vec<String> = cases
        .iter()
        .map(|(name, ..)| vault.approved(&titled(name)))
        .collect();
    let log = vault.run_until_idle().err;
    for (plan, (name, _, class, in_doubt)) in plans.iter().zip(cases) {
        let journal = vault.journal(plan);
        assert_eq!(
            classes(&journal),
            [(class, in_doubt)],
            "{protocol} {more} {name}: {log}"
        );
        assert_eq!(
            journal.plan.calls.in_doubt.len(),
            usize::from(in_doubt),
            "{protocol} {name}"
        );
        assert_eq!(started(&journal).len(), 5, "{name}");
        is_done(&vault, plan, &model);
    }
}

fn statuses() -> Vec<Case> {
    let html = |code| Behaviour::Html { code };
    let overloaded = Some("The server is overloaded");
    vec![
        (
            "case-408",
            status(408, None, None),
            FailureClass::Server,
            false,
        ),
        (
            "case-429",
            status(429, None, None),
            FailureClass::RateLimited,
            false,
        ),
        (
            "case-500",
            status(500, None, None),
            FailureClass::Server,
            false,
        ),
        (
            "case-503",
            status(503, None, overloaded),
            FailureClass::Overloaded,
            false,
        ),
        (
            "case-529",
            status(529, None, None),
            FailureClass::Overloaded,
            false,
        ),
        ("case-page-502", html(502), FailureClass::Server, false),
        ("case-page-200", html(200), FailureClass::Malformed, true),
        (
            "case-hang-up",
            Behaviour::HangUp,
            FailureClass::Connection,
            true,
        ),
    ]
}

fn cut(after: usize) -> Behaviour {
    Behaviour::Cut {
        after,
        answer: Box::default(),
    }
}

fn stall(after: usize) -> Behaviour {
    Behaviour::Stall {
        after,
        answer: Box::default(),
    }
}

fn error_in_stream(after: usize, code: u16, message: &str) -> Behaviour {
    Behaviour::ErrorInStream {
        after,
        code,
        message: Some(message.to_owned()),
        answer: Box::default(),
    }
}

fn broken_bodies() -> Vec<Case> {
    let malformed = Behaviour::MalformedData {
        after: 1,
        answer: Box::default(),
    };
    vec![
        ("case-cut", cut(1), FailureClass::Connection, true),
        (
            "case-truncated",
            Behaviour::Truncated,
            FailureClass::Connection,
            true,
        ),
        ("case-malformed", malformed, FailureClass::Malformed, true),
        ("case-stall", stall(1), FailureClass::Stalled, true),
    ]
}

#[test]
fn a_refusal_that_passes_is_tried_again_and_was_not_billed() {
    for protocol in PROTOCOLS {
        each_is_survived(protocol, ", stream: true", statuses());
        each_is_survived(protocol, ", stream: false", statuses());
    }
}

#[test]
fn a_stream_that_breaks_is_tried_again_and_may_have_been_billed() {
    for protocol in PROTOCOLS {
        let mut cases = broken_bodies();
        let half = Behaviour::TruncatedJson {
            answer: Box::default(),
        };
        cases.extend([
            ("case-half", half, FailureClass::Connection, true),
            (
                "case-error-529",
                error_in_stream(2, 529, "busy"),
                FailureClass::Overloaded,
                true,
            ),
            (
                "case-error-429",
                error_in_stream(2, 429, "slow down"),
                FailureClass::RateLimited,
                true,
            ),
            (
                "case-silence",
                Behaviour::StallBeforeHead,
                FailureClass::Stalled,
                true,
            ),
        ]);
        each_is_survived(
            protocol,
            ", stream: true, timeout: 20s, stall_timeout: 800ms",
            cases,
        );
    }
}

#[test]
fn a_whole_answer_that_breaks_is_tried_again_and_may_have_been_billed() {
    for protocol in PROTOCOLS {
        let mut cases = broken_bodies();
        let half = Behaviour::TruncatedJson {
            answer: Box::default(),
        };
        cases.push(("case-half", half, FailureClass::Malformed, true));
        each_is_survived(
            protocol,
            ", stream: false, timeout: 20s, stall_timeout: 800ms",
            cases,
        );
    }
}

#[test]
fn an_answer_that_takes_too_long_ends_at_the_timeout_however_alive_it_is() {
    let slow = Behaviour::KeepAlive {
        every_ms: 50,
        times: 0,
        answer: Box::default(),
    };
    for stream in [true, false] {
        let case = ("case-slow", slow.clone(), FailureClass::Timeout, true);
        let more = format!(", stream: {stream}, timeout: 1500ms, stall_timeout: 1200ms");
        each_is_survived("openai", &more, vec![case]);
    }
    let case = (
        "case-silence",
        Behaviour::StallBeforeHead,
        FailureClass::Timeout,
        true,
    );
    each_is_survived("anthropic", ", stream: false, timeout: 1200ms", vec![case]);
}

#[test]
fn a_server_that_comes_up_later_is_found() {
    let port = {
        let gone = FakeModel::start(Script::default()).unwrap();
        gone.address().rsplit(':').next().unwrap().parse().unwrap()
    };
    let url = format!("http://127.0.0.1:{port}/v1");
    let entry = at("fake-1", "openai", &url, ", price: free");
    let vault = TestVault::with(&config(&[entry], "{leader: fake-1}", QUICK));
    let plan = vault.approved(&body(1));
    let _daemon = Daemon::start(&vault, &[]);
    wait_until("it was refused twice", || {
        vault.journal(&plan).count("ModelCallFailed") >= 2
    });
    let model = FakeModel::start_on(port, Script::default()).unwrap();
    wait_until("the plan is done", || {
        vault.journal(&plan).status() == "done"
    });
    let journal = vault.journal(&plan);
    let refused = (FailureClass::Connection, false);
    assert!(classes(&journal).iter().all(|case| *case == refused));
    assert!(journal.plan.calls.in_doubt.is_empty());
    assert_eq!(model.sold().calls, 4);
}

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
    let mended = FakeModel::start_on(port, Script::default()).unwrap();
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
    let stall = Step::new(stall(1)).for_tool("submit_artifact");
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
    is_done(&vault, &plan, &model);
    assert_eq!(
        classes(&vault.journal(&plan)),
        [(FailureClass::Stalled, true)]
    );
}

#[test]
fn an_answer_that_is_slow_or_oddly_cut_into_pieces_is_an_answer() {
    let answer = Box::<Behaviour>::default;
    let odd = || {
        [
            Behaviour::Slow {
                pause_ms: 60,
                answer: answer(),
            },
            Behaviour::Fragments {
                bytes: 7,
                answer: answer(),
            },
            Behaviour::NoDone { answer: answer() },
            Behaviour::Unstreamed { answer: answer() },
            Behaviour::KeepAlive {
                every_ms: 150,
                times: 4,
                answer: answer(),
            },
        ]
    };
    for protocol in PROTOCOLS {
        for stream in [true, false] {
            let model = server(odd().map(Step::new));
            let more = format!(", stream: {stream}, stall_timeout: 1s");
            let vault = vault(protocol, &model, &more);
            let plan = vault.approved(&body(2));
            vault.run_until_idle();
            is_done(&vault, &plan, &model);
            assert_eq!(classes(&vault.journal(&plan)), [], "{protocol} {stream}");
            assert_eq!(model.sold().calls, 8);
        }
    }
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

/// Faults at random, of every kind, over both protocols: the plan is done all the same, and whatever is in doubt is
/// no more than the server sold in vain.
#[test]
fn a_night_of_random_faults_ends_in_a_finished_plan_with_honest_books() {
    let script = r#"{"chaos": {"seed": 11, "percent": 40, "faults": [
        "hang_up", {"status": {"code": 500}}, {"status": {"code": 529}}, {"cut": {"after": 2}},
        {"error_in_stream": {"after": 2}}, {"html": {"code": 502}}, {"stall": {"after": 2}},
        {"status": {"code": 429, "retry_after": "0"}}
    ]}}"#;
    for protocol in PROTOCOLS {
        let model = FakeModel::start(Script::from_json(script.as_bytes()).unwrap()).unwrap();
        let more = ", price: {input: 1, output: 1}, stall_timeout: 600ms";
        let entry = entry("fake-1", protocol, &model, more);
        let vault = TestVault::with(&config(&[entry], "{leader: fake-1}", QUICK));
        let plan = vault.approved(&body(5));
        vault.run_until_idle();
        is_done(&vault, &plan, &model);
        let journal = vault.journal(&plan);
        assert!(failed(&journal).len() >= 3, "{}", failed(&journal).len());
        let (sold, calls) = (model.sold(), &journal.plan.calls);
        let delivered: u64 = sold
            .sales
            .iter()
            .filter(|sale| sale.delivered)
            .map(|sale| sale.input_tokens + sale.output_tokens)
            .sum();
        assert_eq!(calls.tokens, delivered);
        let all = sold.input_tokens + sold.output_tokens;
        assert!(all <= calls.tokens + calls.possible().tokens);
        let in_doubt = journal
            .events()
            .filter(|event| matches!(event, Event::ModelCallFailed(e) if e.in_doubt));
        assert_eq!(in_doubt.count(), calls.in_doubt.len());
    }
}

#[test]
fn an_artifact_is_what_the_model_wrote_to_the_last_byte() {
    let content =
        "# Über das Denken — 思考 🙂\r\n\tdata: {\"a\": 1}\n\n: PROCESSING\n\u{2028}\\ \"end\"\n";
    for protocol in PROTOCOLS {
        for bytes in [1, 2, 3, 1_000] {
            let handed =
                Behaviour::Arguments(serde_json::json!({"content": content, "summary": "s"}));
            let answer = Behaviour::Fragments {
                bytes,
                answer: Box::new(handed),
            };
            let model = server([Step::new(answer).for_tool("submit_artifact")]);
            let vault = vault(protocol, &model, "");
            let plan = vault.approved(&body(1));
            vault.run_until_idle();
            is_done(&vault, &plan, &model);
            let written = vault.read(&format!("ess/runs/{plan}/artifacts/essay1.md"));
            assert_eq!(written, content, "{protocol} {bytes}");
        }
    }
}
