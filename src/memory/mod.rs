//! What the team remembers across plans: finding, among its own verdicts and notes, those that are like the work at
//! hand. The files are Markdown and belong to the vault; here is only what finds them.
//!
//! ```text
//!  Markdown in qc-history/, team-memory/ ──(what is new or changed)──▶ Embedder ──▶ Index (a cache, one file a store)
//!                                                                          │              │
//!  task, verdict, producer's description ── query ─────────────────────────┘──▶ search ───┴──▶ hits: id, score
//! ```
//!
//! | file        | what                                                                                       |
//! | ----------- | ------------------------------------------------------------------------------------------ |
//! | `embed/`    | the [`Embedder`] contract, MiniLM through fastembed, the lexical fallback                   |
//! | `engine.rs` | [`Engine`]: which embedder there is now, loaded once for all, dropped when unused           |
//! | `folder.rs` | the files of a store, and which of them changed                                            |
//! | `index/`    | rows, vectors and exact search among them, in memory and on the disk                       |
//! | `shelf.rs`  | [`Shelf`]: one store of one project, brought up to date and searched                       |
//! | `cards.rs`  | [`Cards`]: how well descriptions of producers fit a task                                   |
//! | `keeper.rs` | [`Keeper`]: how an index gets to the disk; the vault writes, this module does not           |
//!
//! An index is never the truth: it is rebuilt from the Markdown when it is missing, stale, damaged or of another
//! embedder, and what cannot be found for whatever reason is not found; no plan fails over it.

mod cards;
pub mod embed;
mod engine;
mod folder;
mod index;
mod keeper;
mod shelf;
#[cfg(test)]
mod world;

pub use cards::Cards;
pub use embed::{Embedder, Fault, Lexical, Vector};
pub use engine::{Engine, Kind, Now, Secret, Settings, State, Surroundings};
pub use keeper::Keeper;
pub use shelf::{Effort, Found, Hit, Listed, Shelf, Standing, Wanted};
