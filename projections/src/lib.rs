//! The vocabulary of modulatio, and everything that follows from a journal by calculation alone.
//!
//! ```text
//!  frame bytes ──codec──▶ Event ──fold──▶ Plan ──▶ frontmatter · ticket · heartbeat · files   (whole files)
//!                           └────────────────────▶ usage · audit · timeline · narration      (lines)
//!  plan file ──document──▶ head + body ──body──▶ sub-objectives
//! ```
//!
//! No I/O and no clock: the same journal gives the same bytes, on any machine, at any time.

pub mod audit;
pub mod body;
pub mod codec;
pub mod document;
pub mod event;
pub mod files;
pub mod fold;
pub mod found;
pub mod frontmatter;
pub mod heartbeat;
pub mod ids;
pub mod memory;
pub mod narration;
pub mod payload;
pub mod plan;
pub mod schedule;
mod texts;
pub mod ticket;
pub mod time;
pub mod timeline;
mod transcript;
pub mod usage;
pub mod work;
pub mod yaml;
