//! One file a target: how the product is called with foreign bytes, and what must hold of the answer.

pub(crate) mod answered;
pub(crate) mod anthropic;
pub(crate) mod arguments;
pub(crate) mod config;
pub(crate) mod cron;
pub(crate) mod document;
pub(crate) mod events;
pub(crate) mod import;
pub(crate) mod journal;
pub(crate) mod memory;
pub(crate) mod openai;
pub(crate) mod reply;
pub(crate) mod scratch;
pub(crate) mod ticket;

pub use self::cron::cron;
pub use anthropic::anthropic;
pub use arguments::arguments;
pub use config::config;
pub use document::document;
pub use events::events;
pub use import::import;
pub use journal::journal;
pub use memory::memory;
pub use openai::openai;
pub use reply::reply;
pub use ticket::ticket;

/// The bytes as text; what is none of it is replaced, so that no mutation ends before the reader has begun.
pub(crate) fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
