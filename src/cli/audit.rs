//! `modulatio audit`: are the journals what they were?

use std::{collections::BTreeMap, fmt, path::Path, str::FromStr};

use projections::{
    ids::{InvalidId, PlanId},
    payload::{Anchor, Digest},
};
use serde_json::{Value, json};

use super::{args::AuditCommand, output};
use crate::{
    error::{Error, Result},
    vault::{
        Project, Vault,
        audit::{self, Verdict},
        schedule,
    },
};

/// A journal that can be verified and sealed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Plan(PlanId),
    /// The vault's schedule.
    Schedule,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plan(id) => id.fmt(f),
            Self::Schedule => f.write_str("schedule"),
        }
    }
}

impl Name {
    /// Which journal, and what is said of it.
    fn object(&self, mut said: Value) -> Value {
        match self {
            Self::Plan(id) => said["plan"] = json!(id),
            Self::Schedule => said["journal"] = json!("schedule"),
        }
        said
    }
}

impl FromStr for Name {
    type Err = InvalidId;

    fn from_str(text: &str) -> std::result::Result<Self, InvalidId> {
        match text {
            "schedule" => Ok(Self::Schedule),
            _ => text.parse().map(Self::Plan),
        }
    }
}

pub(super) fn run(vault: &Vault, command: &AuditCommand, json: bool) -> Result<()> {
    match command {
        AuditCommand::Verify { plan, against, .. } => {
            verify(vault, plan.as_ref(), against.as_deref(), json)
        }
        AuditCommand::Seal => seal(vault, json),
    }
}

fn verify(vault: &Vault, plan: Option<&PlanId>, against: Option<&Path>, json: bool) -> Result<()> {
    let mut sealed = against.map(read_seal).transpose()?.unwrap_or_default();
    let mut damaged = 0;
    for (project, id) in chosen(vault, plan)? {
        let name = Name::Plan(id.clone());
        let verdict = audit::verify(&project, &id, sealed.remove(&name));
        damaged += usize::from(!verdict.is_whole());
        let archive = project.is_archive().then(|| project.archive_name(&id));
        tell(&name, archive.as_deref(), &verdict, json);
    }
    if plan.is_none() {
        let verdict = schedule::verify(vault, sealed.remove(&Name::Schedule));
        damaged += usize::from(!verdict.is_whole());
        if verdict != Verdict::NoJournal {
            tell(&Name::Schedule, None, &verdict, json);
        }
        for id in sealed.keys() {
            let why = "the journal was sealed and is gone".to_owned();
            tell(id, None, &Verdict::Damaged { why }, json);
            damaged += 1;
        }
    }
    if damaged == 0 {
        Ok(())
    } else {
        Err(Error::Damaged(damaged))
    }
}

fn chosen(vault: &Vault, plan: Option<&PlanId>) -> Result<Vec<(Project, PlanId)>> {
    if let Some(id) = plan {
        return Ok(vec![(vault.reader_of(id)?, id.clone())]);
    }
    let mut all = Vec::new();
    for project in vault.projects()?.0 {
        let here = project.plan_ids()?.into_iter();
        all.extend(here.map(|id| (project.clone(), id)));
        for id in project.archived_ids()? {
            all.push((vault.reader_of(&id)?, id));
        }
    }
    Ok(all)
}

fn tell(id: &Name, archive: Option<&Path>, verdict: &Verdict, json: bool) {
    if json {
        let mut line = id.object(json!({"verdict": verdict}));
        if let Name::Plan(_) = id {
            line["archive"] = json!(archive);
        }
        return output::report_json(&line);
    }
    let place = archive.map_or_else(String::new, |dir| {
        format!(" (archived in {})", dir.display())
    });
    match verdict {
        Verdict::Whole { frames, b3, notes } => {
            output::report(&format!("{id}: whole, {frames} frames, b3 {b3}{place}"));
            notes
                .iter()
                .for_each(|note| output::report(&format!("{id}: note: {note}")));
        }
        Verdict::Damaged { why } => output::report(&format!("{id}: damaged: {why}{place}")),
        Verdict::NoJournal => output::report(&format!("{id}: has a file and no journal yet")),
    }
}

/// One line a journal: `PLAN SEQ B3`, and the schedule's by its name. What is damaged is told, and keeps no other journal
/// from being sealed.
fn seal(vault: &Vault, json: bool) -> Result<()> {
    let plans = chosen(vault, None)?.into_iter();
    let heads = plans.map(|(project, id)| (Name::Plan(id.clone()), audit::head(&project, &id)));
    let (mut damaged, mut failed) = (0, None);
    for (name, head) in heads.chain([(Name::Schedule, schedule::head(vault))]) {
        match head {
            Ok(Some(anchor)) => {
                let text = format!("{name} {} {}", anchor.seq, anchor.b3);
                output::done(json, &text, &name.object(json!(anchor)));
            }
            Ok(None) => {}
            Err(error) => {
                output::tell(&format!("{name}: not sealed: {}", error.told()));
                match error.exit_code() {
                    7 => damaged += 1,
                    _ => failed = failed.or(Some(error)),
                }
            }
        }
    }
    match (damaged, failed) {
        (0, failed) => failed.map_or(Ok(()), Err),
        (damaged, _) => Err(Error::Damaged(damaged)),
    }
}

fn read_seal(file: &Path) -> Result<BTreeMap<Name, Anchor>> {
    let text = std::fs::read_to_string(file).map_err(Error::io("read", file))?;
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(at, line)| parse_seal(file, at, line)).collect()
}

fn parse_seal(file: &Path, at: usize, line: &str) -> Result<(Name, Anchor)> {
    let bad = || {
        let why = format!(
            "line {}: not `PLAN SEQ B3`, as `modulatio audit seal` prints it",
            at + 1
        );
        Error::BadFile {
            file: file.to_path_buf(),
            why,
        }
    };
    if line.trim_start().starts_with('{') {
        return parse_object(line).ok_or_else(bad);
    }
    let mut words = line.split_whitespace();
    let (Some(id), Some(seq), Some(b3), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(bad());
    };
    let anchor = Anchor {
        seq: seq.parse().map_err(|_| bad())?,
        b3: Digest::parse(b3).ok_or_else(bad)?,
    };
    Ok((id.parse().map_err(|_| bad())?, anchor))
}

/// A line of `audit seal --json`.
fn parse_object(line: &str) -> Option<(Name, Anchor)> {
    let object: Value = serde_json::from_str(line).ok()?;
    let name = object.get("plan").or_else(|| object.get("journal"))?;
    let name = name.as_str()?.parse().ok()?;
    Some((name, serde_json::from_value(object).ok()?))
}
