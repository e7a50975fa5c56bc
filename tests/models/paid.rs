//! What is bought is what the ledger says: both protocols, streamed and whole, token for token and price for price.

use modulatio_tools::fake_model::{FakeModel, Prices, Sale, Script, Tokens, UsageSays};
use serde_json::Value;

use crate::{
    bench::{PROTOCOLS, QUICK, config, entry, is_done, ledger},
    support::{TestVault, body},
};

const PRICE: &str = ", price: {input: 3.00, output: 15.00, cached_input: 0.30, cache_write: 3.75}";

fn selling(usage: UsageSays, prices: Option<Prices>) -> FakeModel {
    let script = Script {
        prices,
        ..Script::default().with_usage(usage)
    };
    FakeModel::start(script).expect("a free port")
}

fn tokens(cache_write_tokens: u64) -> Tokens {
    Tokens {
        input_tokens: 1_000,
        output_tokens: 100,
        cached_input_tokens: 600,
        cache_write_tokens,
        ..Tokens::default()
    }
}

/// A line of the ledger as the server would have written it.
fn sale(line: &Value) -> (u64, u64, u64, u64) {
    let count = |key: &str| line[key].as_u64().expect(key);
    // Only written where there are some.
    let written = line["cache_write_tokens"].as_u64().unwrap_or(0);
    (
        count("input_tokens"),
        count("output_tokens"),
        count("cached_input_tokens"),
        written,
    )
}

fn sold(sale: &Sale) -> (u64, u64, u64, u64) {
    (
        sale.input_tokens,
        sale.output_tokens,
        sale.cached_input_tokens,
        sale.cache_write_tokens,
    )
}

/// Millionths of a dollar in a field of the ledger.
fn micros(value: &Value) -> u64 {
    let dollars = value.as_f64().expect("a number");
    format!("{:.0}", dollars * 1e6).parse().expect("digits")
}

/// The ledger's lines and the server's sales are the same calls with the same tokens.
#[track_caller]
fn agree(lines: &[Value], model: &FakeModel) {
    let sales = model.sold().sales;
    assert_eq!(lines.len(), sales.len());
    for (line, bought) in lines.iter().zip(&sales) {
        let call = line["call_id"].as_str().expect("an id");
        let key = bought.key.as_deref().expect("a key");
        assert!(key.ends_with(&format!(".{call}")), "{key} {call}");
        assert_eq!(sale(line), sold(bought), "{line}");
        assert!(bought.delivered, "{line}");
        assert_eq!(line["estimated"], false, "{line}");
    }
    let total: u64 = sales.iter().map(|s| s.input_tokens + s.output_tokens).sum();
    assert_eq!(lines.last().expect("a line")["tokens_total"], total);
}

#[test]
fn the_ledger_is_the_servers_book_and_every_kind_of_token_has_its_price() {
    for (protocol, written, each) in [("openai", 0, 2_880), ("anthropic", 300, 3_105)] {
        for stream in [true, false] {
            let model = selling(UsageSays::Detailed(tokens(written)), None);
            let more = format!("{PRICE}, stream: {stream}");
            let entry = entry("fake-1", protocol, &model, &more);
            let vault = TestVault::with(&config(&[entry], "{leader: fake-1}", QUICK));
            let plan = vault.approved(&body(2));
            vault.run_until_idle();
            is_done(&vault, &plan, &model);
            let lines = ledger(&vault, &plan);
            assert_eq!(lines.len(), 8);
            agree(&lines, &model);
            for line in &lines {
                assert_eq!(
                    micros(&line["cost_usd"]),
                    each,
                    "{protocol} {stream}: {line}"
                );
                assert_eq!(line["model"], format!("{protocol}/fake-1"));
            }
            assert_eq!(micros(&lines[7]["cost_total"]), 8 * each);
            let streamed = |r: &modulatio_tools::fake_model::Recorded| r.body["stream"] == stream;
            assert!(model.requests().iter().all(streamed));
        }
    }
}

#[test]
fn counted_tokens_differ_from_call_to_call_and_agree_all_the_same() {
    for protocol in PROTOCOLS {
        let model = selling(UsageSays::Counted, None);
        let entry = entry("fake-1", protocol, &model, PRICE);
        let vault = TestVault::with(&config(&[entry], "{leader: fake-1}", QUICK));
        let plan = vault.approved(&body(1));
        vault.run_until_idle();
        is_done(&vault, &plan, &model);
        agree(&ledger(&vault, &plan), &model);
        assert!(vault.journal(&plan).plan.calls.in_doubt.is_empty());
    }
}

#[test]
fn a_cost_that_the_provider_states_wins_over_the_configured_price() {
    for stream in [true, false] {
        let stated = Prices {
            input_usd: 1.0,
            output_usd: 2.0,
        };
        let model = selling(UsageSays::Detailed(tokens(0)), Some(stated));
        let more = format!("{PRICE}, stream: {stream}");
        let entry = entry("fake-1", "openai", &model, &more);
        let vault = TestVault::with(&config(&[entry], "{leader: fake-1}", QUICK));
        let plan = vault.approved(&body(1));
        vault.run_until_idle();
        is_done(&vault, &plan, &model);
        for line in ledger(&vault, &plan) {
            assert_eq!(micros(&line["cost_usd"]), 1_200, "{stream}: {line}");
        }
    }
}

#[test]
fn each_role_asks_its_own_model_and_the_ledger_names_it() {
    let model = selling(UsageSays::Counted, None);
    let (open, anthropic) = (
        entry("chief", "openai", &model, ", price: free"),
        entry("critic", "anthropic", &model, ", price: free"),
    );
    let team = "{leader: chief, producers: [{name: drafter, model: chief}], qc: critic}";
    let vault = TestVault::with(&config(&[open, anthropic], team, QUICK));
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    is_done(&vault, &plan, &model);
    let named: Vec<String> = ledger(&vault, &plan)
        .iter()
        .map(|line| format!("{}: {}", line["agent_id"], line["model"]).replace('"', ""))
        .collect();
    assert_eq!(
        named,
        [
            "planner: openai/chief",
            "drafter: openai/chief",
            "qc: anthropic/critic",
            "leader: openai/chief"
        ]
    );
}
