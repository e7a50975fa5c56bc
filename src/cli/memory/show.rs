//! `modulatio memory show`.

use std::io::IsTerminal as _;

use projections::ids::ProjectCode;
use serde_json::json;

use super::{entry, names, object, place};
use crate::{
    cli::output,
    error::{Error, Result},
    vault::{Part, Vault},
};

pub(super) fn run(vault: &Vault, word: &str, only: Option<&ProjectCode>, json: bool) -> Result<()> {
    let (project, file) = names::one(vault, word, only, &Part::ALL)?;
    let unread = |why: String| Error::BadFile {
        file: place(&project, &file).into(),
        why,
    };
    if !json {
        let bytes = project.memory_bytes(&file).map_err(unread)?;
        if std::io::stdout().is_terminal() {
            output::print(&for_a_terminal(&bytes));
        } else {
            output::print_bytes(&bytes);
        }
        return Ok(());
    }
    let (entry, bytes) = entry(&project, &file).map_err(unread)?;
    let mut object = object(&project, &file, &entry);
    object["text"] = json!(String::from_utf8_lossy(&bytes));
    object["shown"] = json!(entry.shown);
    if file.part == Part::Removed {
        let removals = project.removals(file.store).into_iter().rev();
        let mut of_file = removals.filter(|removal| removal.id.ends_with(&file.id));
        object["removal"] = json!(of_file.next());
    }
    output::print_json(&object);
    Ok(())
}

/// What agents wrote moves no cursor and changes no colour.
fn for_a_terminal(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let shown = |c: char| c == '\n' || c == '\t' || !c.is_control();
    text.chars().filter(|c| shown(*c)).collect()
}
