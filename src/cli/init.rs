//! `modulatio init DIR`.

use std::path::Path;

use super::output;
use crate::{
    error::Result,
    vault::{CONFIG_FILE, Vault},
};

const TEMPLATE: &str = include_str!("modulatio.yaml");

pub(super) fn run(dir: &Path) -> Result<()> {
    let vault = Vault::init(dir, TEMPLATE)?;
    output::print(&format!("{}", vault.root().display()));
    output::tell(&format!(
        "made {CONFIG_FILE}; next: modulatio --vault {} project add CODE --objective \"…\"",
        dir.display()
    ));
    Ok(())
}
