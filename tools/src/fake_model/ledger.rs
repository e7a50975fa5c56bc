//! What was asked and what was sold.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Answers that were paid: every response of status 200, whether or not it arrived whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sold {
    /// How many.
    pub calls: u64,
    /// Tokens read for them.
    pub input_tokens: u64,
    /// Tokens written for them.
    pub output_tokens: u64,
    /// How often each idempotency key was sold; above 1 means paid twice.
    pub by_key: BTreeMap<String, u64>,
}

/// One request as it arrived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// Path and query.
    pub path: String,
    /// Headers with lower-case names.
    pub headers: BTreeMap<String, String>,
    /// The body, or null if it is no JSON.
    pub body: Value,
}

/// The books of one server.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    sold: Mutex<Sold>,
    requests: Mutex<Vec<Recorded>>,
}

impl Ledger {
    pub(super) fn record(&self, request: Recorded) {
        open(&self.requests).push(request);
    }

    pub(super) fn sell(&self, key: Option<&str>, input_tokens: u64, output_tokens: u64) {
        let mut sold = open(&self.sold);
        sold.calls += 1;
        sold.input_tokens += input_tokens;
        sold.output_tokens += output_tokens;
        if let Some(key) = key {
            *sold.by_key.entry(key.to_owned()).or_default() += 1;
        }
    }

    pub(super) fn sold(&self) -> Sold {
        open(&self.sold).clone()
    }

    pub(super) fn requests(&self) -> Vec<Recorded> {
        open(&self.requests).clone()
    }
}

/// Both books are whole after every line, so one that a panic left is still good.
pub(super) fn open<T>(book: &Mutex<T>) -> MutexGuard<'_, T> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}
