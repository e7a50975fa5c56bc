//! What was asked and what was sold.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::usage::Tokens;

/// Answers that were paid: all of which a first byte was handed to the connection, whether or not the rest arrived.
/// What is refused, and a page of a gateway, is not sold.
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
    /// Each of them, in the order of their first bytes.
    #[serde(default)]
    pub sales: Vec<Sale>,
}

/// One answer that was paid. A broken one is paid as if it were whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sale {
    /// The idempotency key of the request.
    pub key: Option<String>,
    /// Tokens read, cached ones and those written to a cache among them.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Of those read, from a cache.
    pub cached_input_tokens: u64,
    /// Of those read, written to a cache.
    pub cache_write_tokens: u64,
    /// Whether a sound and whole response was handed to the connection without an error.
    pub delivered: bool,
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

/// The right to book one sale, once, and to say that it was delivered.
#[derive(Debug)]
pub(super) struct Ticket {
    ledger: Arc<Ledger>,
    sale: Sale,
    booked_at: Option<usize>,
}

impl Ledger {
    /// Notes a request; gives the number of those before it.
    pub(super) fn record(&self, request: Recorded) -> u64 {
        let mut requests = open(&self.requests);
        requests.push(request);
        requests.len() as u64 - 1
    }

    pub(super) fn sold(&self) -> Sold {
        open(&self.sold).clone()
    }

    pub(super) fn asked(&self) -> usize {
        open(&self.requests).len()
    }

    pub(super) fn requests(&self) -> Vec<Recorded> {
        open(&self.requests).clone()
    }

    fn book(&self, sale: &Sale) -> usize {
        let mut sold = open(&self.sold);
        sold.calls += 1;
        sold.input_tokens = sold.input_tokens.saturating_add(sale.input_tokens);
        sold.output_tokens = sold.output_tokens.saturating_add(sale.output_tokens);
        if let Some(key) = &sale.key {
            *sold.by_key.entry(key.clone()).or_default() += 1;
        }
        sold.sales.push(sale.clone());
        sold.sales.len() - 1
    }
}

impl Ticket {
    pub(super) fn new(ledger: &Arc<Ledger>, key: Option<String>, tokens: Tokens) -> Self {
        let sale = Sale {
            key,
            input_tokens: tokens.input_tokens,
            output_tokens: tokens.output_tokens,
            cached_input_tokens: tokens.cached_input_tokens,
            cache_write_tokens: tokens.cache_write_tokens,
            delivered: false,
        };
        Self {
            ledger: Arc::clone(ledger),
            sale,
            booked_at: None,
        }
    }

    /// The first byte goes out.
    pub(super) fn book(&mut self) {
        if self.booked_at.is_none() {
            self.booked_at = Some(self.ledger.book(&self.sale));
        }
    }

    /// The last byte has gone out.
    pub(super) fn deliver(&mut self) {
        self.book();
        let at = self.booked_at.expect("booked in the line above");
        open(&self.ledger.sold).sales[at].delivered = true;
    }
}

/// Both books are whole after every line, so one that a panic left is still good.
pub(super) fn open<T>(book: &Mutex<T>) -> MutexGuard<'_, T> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sale_is_booked_once_and_delivered_or_not() {
        let ledger = Arc::new(Ledger::default());
        let tokens = Tokens {
            input_tokens: u64::MAX,
            output_tokens: 2,
            ..Tokens::default()
        };
        let mut first = Ticket::new(&ledger, Some("k".into()), tokens);
        let mut second = Ticket::new(&ledger, None, tokens);
        assert_eq!(ledger.sold(), Sold::default());
        second.book();
        first.deliver();
        first.book();
        let sold = ledger.sold();
        assert_eq!(
            (sold.calls, sold.input_tokens, sold.output_tokens),
            (2, u64::MAX, 4)
        );
        assert_eq!(sold.by_key, BTreeMap::from([("k".to_owned(), 1)]));
        let delivered: Vec<bool> = sold.sales.iter().map(|sale| sale.delivered).collect();
        assert_eq!(delivered, [false, true]);
    }
}
