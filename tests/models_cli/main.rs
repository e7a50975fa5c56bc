//! `modulatio models` as an operator meets it: whom the team asks, at what price, with which key, and who answers.

#[path = "../support/mod.rs"]
mod support;

mod check;
mod list;

use serde_json::Value;
use support::{Ran, TestVault};

/// The value of a key; it must show nowhere.
const KEY: &str = "sk-test-9b41c7e2";

/// The variable that holds it, where a test says so.
const VARIABLE: &str = "MODULATIO_TESTS_KEY";

fn with_key(vault: &TestVault, args: &[&str]) -> Ran {
    hiding_the_key(vault.run_with(args, &[(VARIABLE, KEY)]))
}

#[track_caller]
fn hiding_the_key(ran: Ran) -> Ran {
    assert!(!format!("{ran:?}").contains(KEY), "the key shows: {ran:#?}");
    ran
}

/// Every line of stdout as an object.
#[track_caller]
fn objects(ran: &Ran) -> Vec<Value> {
    let object = |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"));
    ran.out.lines().map(object).collect()
}
