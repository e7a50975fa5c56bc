//! What can be looked at, as an operator meets it: the configuration, projects, artifacts, the shell's help.

#[path = "../support/mod.rs"]
mod support;

mod artifacts;
mod completion;
mod config_check;
mod config_show;
mod json;
mod man;
mod nearest;
mod pipe;
mod project;

use serde_json::Value;
use support::Ran;

/// Every line of stdout as an object.
#[track_caller]
fn objects(ran: &Ran) -> Vec<Value> {
    let object = |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"));
    ran.out.lines().map(object).collect()
}
