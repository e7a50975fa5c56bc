//! Which file of the memory somebody means: by its whole name, by the last part of it, or by its file in the vault.

use projections::ids::ProjectCode;

use super::projects;
use crate::{
    cli::known,
    error::{Error, Result},
    nearest::near,
    vault::{MemoryPath, Part, Project, Vault},
};

/// A file of the memory and whose it is.
pub(super) type Found = (Project, MemoryPath);

/// The files that these words name, each once; one that names none, or several, is an error of them all.
pub(super) fn all(
    vault: &Vault,
    words: &[String],
    only: Option<&ProjectCode>,
    parts: &[Part],
) -> Result<Vec<Found>> {
    let mut found: Vec<Found> = Vec::new();
    for word in words {
        let (project, file) = one(vault, word, only, parts)?;
        let is_known = |(known, other): &Found| known.code() == project.code() && *other == file;
        if !found.iter().any(is_known) {
            found.push((project, file));
        }
    }
    Ok(found)
}

/// The file that a word names. A part of a name is looked for in these parts of the stores, one after the other: what is
/// remembered is meant rather than what was removed.
pub(super) fn one(
    vault: &Vault,
    word: &str,
    only: Option<&ProjectCode>,
    parts: &[Part],
) -> Result<Found> {
    let projects = projects(vault, only)?;
    let exact = exact(&projects, word);
    if !exact.is_empty() {
        return single(word, exact);
    }
    let mut others = Vec::new();
    for part in parts {
        let here = known::memory(&projects, &[*part]).into_iter();
        let (named, rest): (Vec<Found>, Vec<Found>) =
            here.partition(|(_, file)| is_named(file, word));
        if !named.is_empty() {
            return single(word, named);
        }
        others.extend(rest.into_iter().map(|(_, file)| file));
    }
    Err(Error::NoMemory {
        word: word.to_owned(),
        near: nearest(word, &others),
    })
}

/// The files of that whole name, or path from the vault or a project on.
fn exact(projects: &[Project], word: &str) -> Vec<Found> {
    let mut found = Vec::new();
    for project in projects {
        let directory = format!("{}/", project.code().directory());
        let below = word.strip_prefix(&directory).unwrap_or(word);
        let files = [false, true].into_iter();
        let files = files.filter_map(|is_json| MemoryPath::parse(below, is_json));
        found.extend(
            files
                .filter(|file| project.has_memory(file))
                .map(|file| (project.clone(), file)),
        );
    }
    found
}

fn is_named(file: &MemoryPath, word: &str) -> bool {
    let word = word.strip_suffix(".md").unwrap_or(word);
    file.id == word || file.stem() == word
}

fn single(word: &str, mut found: Vec<Found>) -> Result<Found> {
    if found.len() == 1 {
        return Ok(found.remove(0));
    }
    let several = found
        .iter()
        .any(|(project, _)| project.code() != found[0].0.code());
    let name = |(project, file): &Found| match several {
        true => format!("{}/{file}", project.code().directory()),
        false => file.to_string(),
    };
    let mut names: Vec<String> = found.iter().take(5).map(name).collect();
    if found.len() > names.len() {
        names.push(format!("{} more", found.len() - names.len()));
    }
    Err(Error::Usage(format!(
        "{word:?} is the name of several: {}; write the whole name of one",
        names.join(", ")
    )))
}

/// What is written much like it, else what holds it.
fn nearest(word: &str, files: &[MemoryPath]) -> Vec<String> {
    let bare = !word.contains('/');
    let known = files.iter().map(|file| {
        let compared = match bare {
            true => file.stem().to_owned(),
            false => file.to_string(),
        };
        (compared, file.to_string())
    });
    let meant = near(word, known, Clone::clone);
    if !meant.is_empty() {
        return meant;
    }
    let word = word.to_lowercase();
    let names = files.iter().map(ToString::to_string);
    let holding = names.filter(|name| name.to_lowercase().contains(&word));
    holding.take(3).collect()
}
