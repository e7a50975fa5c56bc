//! A scriptable model server: real HTTP on loopback, no model behind it.
//!
//! ```text
//!  POST …/chat/completions ──openai──▶ Ask ──script──▶ Behaviour ──reply──▶ Outcome ──server──▶ bytes, or a cut
//!                                       │                             │
//!  GET /requests ◀──────────────────────┘ ledger ◀── sold? ───────────┘ ──▶ GET /sold
//! ```
//!
//! Without a script it answers every tool that modulatio's prompts know with valid arguments, so a whole plan runs
//! against it. With one ([`Script`]) it misbehaves on cue. It counts what it sold: a call that is sold twice under
//! one idempotency key was paid twice.
//!
//! A further protocol is a further file beside `openai.rs` (body → `Ask`, `Said` → body) and one line in
//! `server.rs`.

mod answers;
mod ledger;
mod openai;
mod reply;
mod script;
mod server;

pub use ledger::{Recorded, Sold};
pub use script::{Behaviour, Script, ScriptError, Step, UsageSays, When};
pub use server::FakeModel;
