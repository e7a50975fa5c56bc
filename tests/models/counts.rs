//! Providers that count wrongly or not at all: the ledger estimates and says so, the rest of the worst case stays
//! booked as possible, and no number, however mad, stops a plan that has no cap.

use modulatio_tools::fake_model::{FakeModel, Script, UsageSays};
use projections::event::{Event, Reserved};
use serde_json::{Value, json};

use crate::{
    bench::{PROTOCOLS, is_done, ledger, vault},
    support::{Journal, body},
};

fn names(protocol: &str) -> [&'static str; 2] {
    if protocol == "anthropic" {
        ["input_tokens", "output_tokens"]
    } else {
        ["prompt_tokens", "completion_tokens"]
    }
}

/// Usage that cannot be true.
fn nonsense(protocol: &str) -> Vec<UsageSays> {
    let [input, output] = names(protocol);
    let pairs = [
        (json!(-5), json!(-1)),
        (json!("many"), json!("7")),
        (json!(1e300), json!(u64::MAX)),
        (json!(null), json!(3)),
        (json!(1.5), json!([1])),
    ];
    let mut all: Vec<UsageSays> = pairs
        .into_iter()
        .map(|(read, written)| UsageSays::Raw(json!({input: read, output: written})))
        .collect();
    let others = [json!("none"), json!([]), json!(-1), Value::Null, json!({})];
    all.extend(others.into_iter().map(UsageSays::Raw));
    all.push(UsageSays::Missing);
    all
}

/// The reservation of each call and what of it is still in doubt after its completion.
fn books(journal: &Journal) -> Vec<(Reserved, u64, Reserved)> {
    let mut reserved = Vec::new();
    let mut books = Vec::new();
    for event in journal.events() {
        match event {
            Event::ModelCallStarted(e) => reserved.push(e.reserved),
            Event::ModelCallCompleted(e) => {
                let of = *reserved.last().expect("a call starts before it completes");
                books.push((of, e.usage.total(), e.in_doubt));
            }
            _ => {}
        }
    }
    books
}

#[test]
fn what_cannot_be_counted_is_estimated_and_the_rest_of_the_worst_case_stays_in_doubt() {
    for protocol in PROTOCOLS {
        for (at, says) in nonsense(protocol).into_iter().enumerate() {
            let model = FakeModel::start(Script::default().with_usage(says.clone())).unwrap();
            let stream = at % 2 == 0;
            let vault = vault(protocol, &model, &format!(", stream: {stream}"));
            let plan = vault.approved(&body(1));
            vault.run_until_idle();
            is_done(&vault, &plan, &model);
            for line in ledger(&vault, &plan) {
                assert_eq!(line["estimated"], true, "{protocol} {says:?}: {line}");
                assert!(line["input_tokens"].as_u64() > Some(100), "{line}");
            }
            for (reserved, used, in_doubt) in books(&vault.journal(&plan)) {
                assert!(in_doubt.tokens > 0, "{protocol} {says:?}");
                assert_eq!(reserved.tokens, used + in_doubt.tokens, "{says:?}");
            }
            let shown = vault.run(&["plan", "show", &plan]).ok();
            shown.shows("in doubt   4 call(s)");
        }
    }
}

#[test]
fn a_count_of_which_one_part_is_nonsense_is_an_estimate() {
    let partly = [
        (
            "openai",
            json!({"prompt_tokens": 900, "completion_tokens": 9, "prompt_tokens_details": {"cached_tokens": "x"}}),
        ),
        (
            "anthropic",
            json!({"input_tokens": 900, "output_tokens": 9, "cache_read_input_tokens": -3}),
        ),
    ];
    for (protocol, says) in partly {
        let script = Script::default().with_usage(UsageSays::Raw(says));
        let model = FakeModel::start(script).unwrap();
        let vault = vault(protocol, &model, "");
        let plan = vault.approved(&body(1));
        vault.run_until_idle();
        is_done(&vault, &plan, &model);
        for line in ledger(&vault, &plan) {
            assert_eq!(line["estimated"], true, "{line}");
            assert_eq!(
                (&line["input_tokens"], &line["output_tokens"]),
                (&json!(900), &json!(9))
            );
        }
    }
}

/// A prompt of some thousand bytes that is said to have had nine hundred million tokens must not make every later one
/// look too long for the window.
#[test]
fn an_absurd_count_does_not_shrink_the_window() {
    for protocol in PROTOCOLS {
        let says = UsageSays::Exactly {
            input_tokens: 900_000_000,
            output_tokens: 1,
            cached_input_tokens: 0,
        };
        let model = FakeModel::start(Script::default().with_usage(says)).unwrap();
        let vault = vault(protocol, &model, "");
        let plan = vault.approved(&body(1));
        vault.run_until_idle();
        is_done(&vault, &plan, &model);
        assert_eq!(vault.journal(&plan).count("ContextSoftWarned"), 0);
    }
}
