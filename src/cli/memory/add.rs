//! `modulatio memory add`.

use std::{io::Read, path::Path};

use projections::memory::{MAX_NOTE, Note, NoteKind, Tier};
use serde_json::json;

use super::place;
use crate::{
    cli::{actor, args::AddOptions, given, output},
    clock, config,
    error::{Error, Result},
    redact::Redactor,
    vault::Vault,
};

/// What to do about a longer text.
const ADVICE: &str =
    "a note has at most 2,000, so that five of them fit into a prompt: shorten it, or add several";

pub(super) fn run(vault: &Vault, options: &AddOptions, json: bool) -> Result<()> {
    let project = vault.project(&options.project)?;
    let text = text(options)?;
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::Usage(
            "the note is empty; write what agents are to know".to_owned(),
        ));
    }
    if text.len() > MAX_NOTE {
        let length = text.len();
        return Err(Error::Usage(format!(
            "the note has {length} bytes; {ADVICE}"
        )));
    }
    let clean = Redactor::default().redact(text);
    let mut tags = options.tags.clone();
    tags.sort();
    tags.dedup();
    let note = Note {
        id: String::new(),
        kind: match options.technique {
            true => NoteKind::Technique,
            false => NoteKind::Fact,
        },
        text: clean.clone(),
        tags,
        artifact_kind: options.kind,
        writer: actor().by,
        tier: Tier::Operator,
        plan: None,
        task: None,
    };
    let file = project.add_note(&note, clock::now())?;
    let place = place(&project, &file);
    if json {
        let object = json!({"project": project.code(), "id": file.to_string(), "file": place});
        output::report_json(&object);
    } else {
        output::report(&file.to_string());
    }
    if clean != text {
        output::tell(&format!(
            "warning: what looks like a secret was left out: agents' providers see notes; if it is none, write it into {place}"
        ));
    }
    let config = config::load_for_project(vault.root(), &project.code().directory());
    if config.is_ok_and(|(config, _)| !config.memory.team_memory) {
        output::tell("warning: agents are given no notes: team_memory_enabled is false");
    }
    Ok(())
}

fn text(options: &AddOptions) -> Result<String> {
    // A little more than can be taken, for what is trimmed.
    let longest = 2 * MAX_NOTE as u64;
    match (&options.file, options.text.as_deref()) {
        (Some(file), _) => given::text(file, given::read(file, longest, ADVICE)?),
        (None, Some("-")) => stdin(longest),
        (None, text) => Ok(text.unwrap_or_default().to_owned()),
    }
}

fn stdin(longest: u64) -> Result<String> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(longest + 1)
        .read_to_end(&mut bytes)
        .map_err(Error::io("read", "stdin"))?;
    if bytes.len() as u64 > longest {
        return Err(Error::Usage(format!(
            "what stdin holds is too long; {ADVICE}"
        )));
    }
    given::text(Path::new("stdin"), bytes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_advice_names_the_longest_note() {
        assert_eq!(super::MAX_NOTE, 2_000);
        assert!(super::ADVICE.contains("at most 2,000"));
    }
}
