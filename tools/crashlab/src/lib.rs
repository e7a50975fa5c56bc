//! The crash lab: proves the promises of modulatio by breaking whatever can break.
//!
//! Each experiment is a module with its arguments and a `run` that gives back its [`Figures`]: what was tried, and every
//! promise that was seen broken. All chance comes from a seed, which the figures name, so that a finding can be seen
//! again.

pub mod answers;
pub mod damage;
pub mod explore;
mod figures;
mod ground;
pub mod kill;
pub mod promises;
pub mod race;
pub mod sim;

pub use figures::{Figures, Told};
