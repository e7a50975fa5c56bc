//! Every way in which the books can fail to agree is told.

use projections::{
    document::Head,
    event::{
        Caps, CapsChanged, Event, FailureClass, ModelCallAbandoned, ModelCallCompleted,
        ModelCallFailed, ModelCallStarted, PlanDrafted, Reserved, Usage,
    },
    fold::{self, Entry},
    ids::Epoch,
    payload::{Anchor, Digest, Payload},
    plan::{FrameMark, Plan},
    time::{MicroUsd, Timestamp},
    work::Step,
};

use super::{Books, Discord, never_over};
use crate::fake_model::{Sale, Sold};

const CALL: &str = "c0001-s1-plan";

fn plan() -> Plan {
    let drafted = PlanDrafted {
        format: 1,
        plan: "ESS-P-001".parse().unwrap(),
        project: "ESS".parse().unwrap(),
        head: Head::default(),
        body: "## Sub-objectives\n\n**1. Read** — it\n".to_owned(),
        caps: Caps::default(),
    };
    let entry = Entry {
        mark: FrameMark {
            anchor: Anchor {
                seq: 0,
                b3: Digest::of(b""),
            },
            at: Timestamp::from_micros(16),
            by: "test".to_owned(),
        },
        epoch: Epoch::default(),
        events: vec![drafted.into()],
    };
    fold::apply(None, &entry).unwrap()
}

fn started(tokens: u64) -> Event {
    ModelCallStarted {
        recalled: None,
        call_id: CALL.parse().unwrap(),
        step: Step::PlanTasks { index: 1 },
        model: "m".to_owned(),
        agent_id: "planner".to_owned(),
        reserved: Reserved {
            tokens,
            cost: Some(MicroUsd(15 * tokens)),
        },
        prompt_b3: Digest::of(b"prompt"),
        prompt_bytes: 1,
    }
    .into()
}

fn completed(input: u64, output: u64) -> Event {
    ModelCallCompleted {
        call_id: CALL.parse().unwrap(),
        usage: Usage {
            input_tokens: input,
            output_tokens: output,
            ..Usage::default()
        },
        cost: Some(MicroUsd(3 * input + 15 * output)),
        latency_ms: 1,
        reply: Payload::Text("{}".to_owned()),
        tool_calls: Vec::new(),
        cut: false,
        in_doubt: Reserved::default(),
    }
    .into()
}

fn failed() -> Event {
    ModelCallFailed {
        call_id: CALL.parse().unwrap(),
        class: FailureClass::Server,
        message: "503".to_owned(),
        retry_at: None,
        in_doubt: false,
    }
    .into()
}

fn abandoned() -> Event {
    let why = "its runner was lost".to_owned();
    ModelCallAbandoned {
        call_id: CALL.parse().unwrap(),
        why,
    }
    .into()
}

fn sale(delivered: bool) -> Sale {
    Sale {
        key: Some(format!("ESS-P-001.10.{CALL}")),
        input_tokens: 10,
        output_tokens: 2,
        delivered,
        ..Sale::default()
    }
}

const LINE: &str =
    r#"{"call_id":"c0001-s1-plan","input_tokens":10,"output_tokens":2,"cost_usd":0.00006}"#;

/// What comes of these three books.
fn audited(events: &[Event], ledger: &str, sales: Vec<Sale>) -> Result<super::Audit, Discord> {
    let mut books = Books::default();
    books.enter(&plan(), events, ledger)?;
    books.agree_with(&Sold {
        sales,
        ..Sold::default()
    })
}

#[test]
fn a_call_that_was_sold_and_booked_once_agrees() {
    let events = [started(100), completed(10, 2)];
    let audit = audited(&events, LINE, vec![sale(true)]).unwrap();
    assert_eq!((audit.completed, audit.in_doubt), (1, 0));
    assert_eq!((audit.paid.tokens, audit.paid.micros), (12, 60));
}

#[test]
fn a_sale_to_a_lost_runner_is_in_doubt() {
    let audit = audited(&[started(100), abandoned()], "", vec![sale(true)]).unwrap();
    assert_eq!((audit.completed, audit.in_doubt), (0, 1));
    assert_eq!((audit.doubtful_sales, audit.lost_sales), (1, 1));
}

#[test]
fn every_discord_is_told() {
    let whole = [started(100), completed(10, 2)];
    let stranger = Sale {
        key: Some("ESS-P-002.10.c0001-s1-plan".to_owned()),
        ..sale(true)
    };
    let twice = vec![sale(true), sale(true)];
    let line = |from: &str, to: &str| LINE.replace(from, to);
    let cases: [(&[Event], String, Vec<Sale>, &str); 13] = [
        (&whole, LINE.into(), twice, "was sold twice"),
        (&whole, LINE.into(), vec![stranger], "is in no journal"),
        (&whole, LINE.into(), vec![], "was paid and never sold"),
        (&whole, LINE.into(), vec![sale(false)], "was not delivered"),
        (&whole, String::new(), vec![sale(true)], "is in no ledger"),
        (
            &whole,
            line("10", "11"),
            vec![sale(true)],
            "the ledger says",
        ),
        (&whole, line("06", "07"), vec![sale(true)], "add up to"),
        (
            &whole,
            format!("{LINE}\n{LINE}"),
            vec![sale(true)],
            "twice in its ledger",
        ),
        (
            &whole,
            format!("{LINE}\n{}", line("c0001", "c0002")),
            vec![sale(true)],
            "2 lines for 1",
        ),
        (
            &[started(100), completed(11, 2)],
            LINE.into(),
            vec![sale(true)],
            "counted",
        ),
        (
            &[started(11), abandoned()],
            String::new(),
            vec![sale(true)],
            "reserved",
        ),
        (
            &[started(100), failed()],
            String::new(),
            vec![sale(true)],
            "its journal says Free",
        ),
        (
            &[started(100), abandoned(), completed(10, 2)],
            LINE.into(),
            vec![sale(true)],
            "ended twice",
        ),
    ];
    for (events, ledger, sales, told) in cases {
        let Discord(why) = audited(events, &ledger, sales).unwrap_err();
        assert!(why.contains(told), "{told:?} is not in {why:?}");
    }
}

#[test]
fn a_call_that_begins_over_the_cap_is_told() {
    let cap = |tokens: u64| -> Event {
        let caps = Caps {
            max_tokens: Some(tokens),
            ..Caps::default()
        };
        CapsChanged { caps }.into()
    };
    never_over(&[cap(100), started(100)]).unwrap();
    never_over(&[started(100), cap(1)]).unwrap();
    let Discord(why) = never_over(&[cap(99), started(100)]).unwrap_err();
    assert!(why.contains("began with"), "{why}");
}
