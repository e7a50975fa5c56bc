//! What the program knows of model providers without asking anyone: where they listen, and what their models hold
//! and cost.
//!
//! ```text
//!  tools/prices/refresh.py ──▶ prices.json ──lookup(provider, model)──▶ Entry { prices, windows, source }
//!                                          └─windows(provider, model)──▶ Windows     (a router's: its vendor's too)
//!  providers::KNOWN ──split(id) · of_host(base_url)──▶ &Known { protocol, base_url, api_key_env, dialect }
//! ```
//!
//! Pure: the table is part of the program, nothing is read or fetched. Prices are **facts of a day**, list prices
//! of the source that `prices.json` names; whoever pays another price writes it into the configuration. A price
//! counts for exactly the provider that asks it: what a vendor charges says nothing about a router.

mod prices;
mod providers;

pub use prices::{Above, Entry, Prices, Source, Windows, entries, lookup, windows};
pub use providers::{KNOWN, Known, MaxTokensKey, Protocol, by_prefix, of_host, prefixes, split};
