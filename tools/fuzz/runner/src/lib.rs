//! What of modulatio reads bytes that somebody else wrote, each as a function of bytes.
//!
//! ```text
//!  corpus ─┬─▶ libFuzzer (nightly, ../fuzz_targets) ─┐
//!          └─▶ mutate, large (any toolchain) ────────┴─▶ targets::journal(&[u8]), …    no panic, no hang, no blow-up
//! ```
//!
//! A target may panic for nothing but a broken promise of what it reads with. [`run`] is the runner that needs no
//! fuzzer: in a process of its own for each target, under a deadline and a limit of memory.

pub mod large;
pub mod mutate;
pub mod run;
pub mod targets;

/// A target by its name.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// As the corpus and the fuzzer call it.
    pub name: &'static str,
    /// Its body.
    pub body: fn(&[u8]),
    /// Words that mean something to it.
    pub words: &'static [&'static str],
    /// Long inputs that may be slow.
    pub large: &'static [large::Large],
}

/// All targets.
pub const TARGETS: [Target; 12] = [
    Target {
        name: "journal",
        body: targets::journal,
        words: targets::journal::WORDS,
        large: large::JOURNAL,
    },
    Target {
        name: "events",
        body: targets::events,
        words: targets::events::WORDS,
        large: large::EVENTS,
    },
    Target {
        name: "document",
        body: targets::document,
        words: targets::document::WORDS,
        large: large::DOCUMENT,
    },
    Target {
        name: "ticket",
        body: targets::ticket,
        words: targets::ticket::WORDS,
        large: large::DOCUMENT,
    },
    Target {
        name: "config",
        body: targets::config,
        words: targets::config::WORDS,
        large: large::CONFIG,
    },
    Target {
        name: "cron",
        body: targets::cron,
        words: targets::cron::WORDS,
        large: large::CRON,
    },
    Target {
        name: "openai",
        body: targets::openai,
        words: targets::openai::WORDS,
        large: large::OPENAI,
    },
    Target {
        name: "anthropic",
        body: targets::anthropic,
        words: targets::anthropic::WORDS,
        large: large::ANTHROPIC,
    },
    Target {
        name: "reply",
        body: targets::reply,
        words: targets::reply::WORDS,
        large: large::REPLY,
    },
    Target {
        name: "arguments",
        body: targets::arguments,
        words: targets::arguments::WORDS,
        large: large::ARGUMENTS,
    },
    Target {
        name: "memory",
        body: targets::memory,
        words: targets::memory::WORDS,
        large: large::MEMORY,
    },
    Target {
        name: "import",
        body: targets::import,
        words: targets::import::WORDS,
        large: large::IMPORT,
    },
];
