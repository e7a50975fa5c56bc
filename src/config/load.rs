//! The thin layer that reads the files.

use std::{fs, io, path::Path};

use super::{Config, Error, ProjectConfig};

/// Name of the vault's configuration file.
pub const VAULT_FILE: &str = "modulatio.yaml";
/// Name of a project's configuration file.
pub const PROJECT_FILE: &str = "project.yaml";

/// Reads `<vault>/modulatio.yaml`. A vault without the file rehearses: see [`Config::default`]. A file that is
/// there and cannot be read is an error, never a default.
pub fn load(vault: &Path) -> Result<Config, Error> {
    match read(&vault.join(VAULT_FILE))? {
        Some(text) => Ok(Config::parse(&text, Path::new(VAULT_FILE))?),
        None => Ok(Config::default()),
    }
}

/// Reads `<vault>/<project>/project.yaml`, if it is there; vaults of the Python program have none.
pub fn load_project(vault: &Path, project: &str) -> Result<Option<ProjectConfig>, Error> {
    let file = Path::new(project).join(PROJECT_FILE);
    match read(&vault.join(&file))? {
        Some(text) => Ok(Some(ProjectConfig::parse(&text, &file)?)),
        None => Ok(None),
    }
}

/// The configuration that holds for a project, its own file over the vault's, and that file, if it has one.
pub fn load_for_project(
    vault: &Path,
    project: &str,
) -> Result<(Config, Option<ProjectConfig>), Error> {
    let config = load(vault)?;
    match load_project(vault, project)? {
        Some(own) => Ok((config.for_project(&own)?, Some(own))),
        None => Ok((config, None)),
    }
}

pub(super) fn read(path: &Path) -> Result<Option<String>, Error> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Unreadable {
            path: path.to_owned(),
            source,
        }),
    }
}
