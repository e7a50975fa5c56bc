//! `modulatio memory remove` and `modulatio memory promote`.

use projections::ids::ProjectCode;
use serde_json::json;

use super::{
    names::{self, Found},
    place,
};
use crate::{
    cli::{actor, output},
    clock,
    error::{Error, Result},
    vault::{MemoryPath, Part, Project, Vault},
};

/// Takes entries out. What is misnamed is told before anything is done; what is refused stops no other.
pub(super) fn remove(
    vault: &Vault,
    words: &[String],
    only: Option<&ProjectCode>,
    note: &str,
    json: bool,
) -> Result<()> {
    let found = match names::all(vault, words, only, &[Part::Kept, Part::Proposed]) {
        Err(Error::NoMemory { word, .. }) if is_removed(vault, &word, only) => {
            return Err(Error::Failed(format!("{word} is removed already")));
        }
        found => found?,
    };
    each(&found, |project, file| {
        let removed = project.remove_memory(file)?;
        let logged = project.log_removal(file, &actor().by, note, clock::now());
        if let Err(error) = logged {
            let why = error.told();
            output::tell(&format!(
                "warning: who removed it, and why, is not noted: {why}"
            ));
        }
        let (from, to) = (place(project, file), place(project, &removed));
        if json {
            let object =
                json!({"project": project.code(), "id": file.to_string(), "removed_to": to});
            output::report_json(&object);
        } else {
            output::report(&format!("removed {file}"));
            output::tell(&format!("undo: mv {to} {from}"));
        }
        Ok(())
    })
}

fn is_removed(vault: &Vault, word: &str, only: Option<&ProjectCode>) -> bool {
    let name = MemoryPath::parse(word, false).map_or(word.to_owned(), |file| file.id);
    names::one(vault, &name, only, &[Part::Removed]).is_ok()
}

/// Takes proposals over.
pub(super) fn promote(
    vault: &Vault,
    words: &[String],
    only: Option<&ProjectCode>,
    json: bool,
) -> Result<()> {
    let found = names::all(vault, words, only, &[Part::Proposed])?;
    each(&found, |project, file| {
        let note = project.promote_note(file, &actor().by, clock::now())?;
        if json {
            let object = json!({
                "project": project.code(), "id": note.to_string(), "file": place(project, &note),
                "proposal": file.to_string(),
            });
            output::report_json(&object);
        } else {
            output::report(&format!("promoted {note}"));
        }
        Ok(())
    })
}

/// Does it to each; the first refusal is the command's.
fn each(found: &[Found], act: impl Fn(&Project, &MemoryPath) -> Result<()>) -> Result<()> {
    let mut refused = None;
    for (project, file) in found {
        if let Err(error) = act(project, file) {
            match refused {
                None => refused = Some(error),
                Some(_) => output::tell(&format!("error: {}", error.told())),
            }
        }
    }
    refused.map_or(Ok(()), Err)
}
