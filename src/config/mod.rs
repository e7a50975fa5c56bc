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
//! only [`load`], [`load_project`] and [`load_for_project`] touch the disk. Keys are never read here: a model names
//! the environment variable or the file that holds its key.
//!
//! A role names an entry of `models:` or, without any entry, a model by its id (`openrouter/z-ai/glm-5.1`): the
//! prefix of a provider that [`catalog`](crate::catalog) knows, and that provider's own name for the model.

mod caps;
mod check;
mod effective;
mod fault;
mod folders;
mod load;
mod memory;
mod models;
mod project;
mod reader;
mod sections;
mod team;
mod tools;
mod values;
mod vault;

pub use crate::catalog::MaxTokensKey;
pub use caps::Caps;
pub use check::{Checked, CheckedProject, check};
pub use effective::{Effective, Place, Setting, Source, effective};
pub use fault::{Error, Fault, Faults};
pub use folders::Folder;
pub use load::{PROJECT_FILE, VAULT_FILE, load, load_for_project, load_project};
pub use memory::{EmbedderConfig, EmbedderKind, MemoryConfig};
pub use models::{
    Dialect, Endpoint, KeyFrom, ModelConfig, Price, PriceSource, PricesAbove, Provider,
    ReasoningEffort, Rehearsal, RehearsedOutcome, Temperature, TokenPrices,
};
pub use project::ProjectConfig;
pub use sections::{BreakerConfig, ContextConfig, DailyCaps, RetryConfig};
pub use team::{ArtifactKind, ModelChoice, Producer, TeamConfig};
pub use tools::{AllowedHost, HttpConfig, SandboxConfig, ShellConfig, TOOLS, ToolsConfig};
pub use vault::{Config, DaemonConfig};

#[cfg(test)]
mod tests;
