//! A scriptable model server: real HTTP on loopback, no model behind it.
//!
//! ```text
//!  POST …/chat/completions ─ openai ─┐                 Script: steps, chaos      ┌─ openai ─┐
//!                                    ├─▶ Ask ──script──▶ Behaviour ──reply──▶ Said          ├─▶ pieces ──body──▶ bytes,
//!  POST …/messages ────── anthropic ─┘    │                             │        └ anthropic ┘            │   a stall, a cut
//!                                         ▼                             └─ manner: how it is delivered     ▼
//!  GET /requests ◀─────────────────── ledger ◀────────────────────────────────────────────────── sold? delivered?
//!  GET /sold     ◀───────────────────────┘
//! ```
//!
//! Without a script it answers every tool that modulatio's prompts know with valid arguments, so a whole plan runs
//! against it. With one ([`Script`]) it misbehaves on cue, or at random but repeatably ([`Chaos`]). It counts what it
//! sold ([`Sold`]): a call that is sold twice under one idempotency key was paid twice.
//!
//! # Protocols
//! OpenAI's at every path that ends in `/chat/completions`, Anthropic's at every path that ends in `/messages`; both
//! answer with one JSON body, or with events where the request says `"stream": true`. Requests that the real
//! providers refuse whatever they are asked (no messages, a tool's outcome without its call, no `anthropic-version`)
//! are refused here too, with status 400, and no step of the script is used up.
//!
//! # Scripts
//! A script is a JSON object; every part may be left out, and a part that is not known is an error:
//!
//! ```json
//! {
//!   "steps": [
//!     {"when": {"tool": "submit_verdict"}, "times": 2, "answer": {"arguments": {"passed": false}}},
//!     {"when": {"last_message": "essay2.md", "stream": true}, "delay_ms": 50, "answer": {"stall": {"after": 3}}},
//!     {"usage": "greedy", "answer": {"slow": {"pause_ms": 20, "answer": {"text": "hello"}}}}
//!   ],
//!   "chaos": {"seed": 7, "percent": 20, "faults": ["hang_up", {"status": {"code": 500}}]},
//!   "delay_ms": 0, "usage": "counted", "always_usage": false,
//!   "prices": {"input_usd": 3.0, "output_usd": 15.0}
//! }
//! ```
//!
//! [`Behaviour`] lists the answers (its names in `snake_case`), [`UsageSays`] what they say about tokens, [`When`]
//! the conditions of a step.
//!
//! # What is sold
//! A sale is booked when the first byte of an answer is handed to the connection: its head, or, where signs of life
//! come first, the first byte after them. A client that leaves before has bought nothing; one that leaves later has
//! bought it, undelivered.

mod answers;
mod anthropic;
mod ask;
mod behaviour;
mod body;
mod chaos;
mod http;
mod ledger;
mod log;
mod manner;
mod openai;
mod pieces;
mod protocol;
mod reply;
mod said;
mod script;
mod server;
mod sse;
mod usage;

pub use behaviour::{Behaviour, ToolCall};
pub use chaos::Chaos;
pub use ledger::{Recorded, Sale, Sold};
pub use log::{Log, LogLine};
pub use script::{Script, ScriptError, Step, When};
pub use server::FakeModel;
pub use usage::{Prices, Tokens, UsageSays};
