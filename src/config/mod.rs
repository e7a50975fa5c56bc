//! Configuration: `<vault>/modulatio.yaml` and `<project>/project.yaml`, read strictly.
//!
//! ```text
//!  text ──projections::yaml──▶ Value ──reader──▶ Config ──for_project(&ProjectConfig)──▶ Config of that project
//!                                       │
//!                                       └▶ Faults: every mistake of the file at once, each with its place
//! ```
//!
//! These files decide what is spent and which model is trusted, and they are written by hand. So nothing is
//! guessed: an unknown key, a wrong type, a number out of range or a model that is not there is a [`Fault`] that
//! names file and field and says what to write. What looks like a secret is never echoed. The parsers take text;
//! only [`load`] and [`load_project`] touch the disk. Keys are never read here: a model names the environment
//! variable that holds its key.

mod fault;
mod load;
mod models;
mod project;
mod reader;
mod team;
mod values;
mod vault;

pub use fault::{Error, Fault, Faults};
pub use load::{PROJECT_FILE, VAULT_FILE, load, load_project};
pub use models::{
    Endpoint, ModelConfig, Price, Provider, Rehearsal, RehearsedOutcome, TokenPrices,
};
pub use project::ProjectConfig;
pub use team::{ModelChoice, Producer, TeamConfig};
pub use vault::{Caps, Config, DaemonConfig};

#[cfg(test)]
mod tests;
