//! Calls that fail and pass: each is tried again, the plan is done, and only what may have been billed is in doubt.

use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step};
use projections::event::{Event, FailureClass};

use crate::{
    bench::{
        PROTOCOLS, QUICK, at, classes, config, entry, failed, is_done, server, started, status,
        titled, vault,
    },
    support::{Daemon, TestVault, body, wait_for, wait_until},
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
            true,
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
        ("case-page-502", html(502), FailureClass::Server, true),
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
fn a_refusal_that_passes_is_tried_again_and_only_what_a_gateway_gave_up_on_is_in_doubt() {
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
            ", stream: true, timeout: 20s, stall_timeout: 2s",
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
            ", stream: false, timeout: 20s, stall_timeout: 2s",
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
        let more = format!(", stream: {stream}, timeout: 3s, stall_timeout: 2s");
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
    let model = wait_for("the port", || {
        FakeModel::start_on(port, Script::default()).ok()
    });
    wait_until("the plan is done", || {
        vault.journal(&plan).status() == "done"
    });
    let journal = vault.journal(&plan);
    let refused = (FailureClass::Connection, false);
    assert!(classes(&journal).iter().all(|case| *case == refused));
    assert!(journal.plan.calls.in_doubt.is_empty());
    assert_eq!(model.sold().calls, 4);
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
                every_ms: 500,
                times: 5,
                answer: answer(),
            },
        ]
    };
    for protocol in PROTOCOLS {
        for stream in [true, false] {
            let model = server(odd().map(Step::new));
            let more = format!(", stream: {stream}, stall_timeout: 2s");
            let vault = vault(protocol, &model, &more);
            let plan = vault.approved(&body(2));
            vault.run_until_idle();
            is_done(&vault, &plan, &model);
            assert_eq!(classes(&vault.journal(&plan)), [], "{protocol} {stream}");
            assert_eq!(model.sold().calls, 8);
        }
    }
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
