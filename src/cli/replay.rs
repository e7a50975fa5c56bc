//! `modulatio replay`: a plan's journal as timeline and state, and its projections checked or rebuilt.

use projections::{event::Event, fold::Entry, ids::PlanId, schedule::FILE, timeline};
use serde_json::json;

use super::{args::ReplayOptions, output, show};
use crate::{
    daemon,
    error::{Error, Result},
    vault::{
        Project, Vault,
        replay::{self, Difference, Until},
        schedule,
    },
};

pub(super) fn run(vault: &Vault, options: &ReplayOptions, json: bool) -> Result<()> {
    let Some(id) = &options.plan else {
        return all(vault, options, json);
    };
    if options.write {
        return write(&vault.project_of(id)?, id, json);
    }
    let project = vault.reader_of(id)?;
    super::show::tell_archived(&project, id);
    if options.check {
        verdict(check(&project, id, json)?)
    } else {
        read(&project, id, options.at.unwrap_or(Until::Tail), json)
    }
}

/// Every plan; one that is damaged holds up no other.
fn all(vault: &Vault, options: &ReplayOptions, json: bool) -> Result<()> {
    let (mut differing, mut damaged) = (0, 0);
    for (project, id) in plans(vault, options)? {
        match of_one(&project, &id, options, json) {
            Ok(count) => differing += count,
            Err(error) => {
                output::tell(&format!("{id}: {}", error.told()));
                damaged += 1;
            }
        }
    }
    differing += heartbeats(vault, options, json)?;
    match of_schedule(vault, options, json) {
        Ok(count) => differing += count,
        // Of a newer program, say: what cannot be judged is no damage.
        Err(error) if error.exit_code() != 7 => return Err(error),
        Err(error) => {
            output::tell(&format!("schedule: {}", error.told()));
            damaged += 1;
        }
    }
    match (damaged, differing) {
        (0, count) => verdict(count),
        (count, _) => Err(Error::Damaged(count)),
    }
}

/// All plans; archived ones are read and never written.
fn plans(vault: &Vault, options: &ReplayOptions) -> Result<Vec<(Project, PlanId)>> {
    let mut all = Vec::new();
    for project in vault.projects()?.0 {
        let here = project.plan_ids()?.into_iter();
        all.extend(here.map(|id| (project.clone(), id)));
        for id in project
            .archived_ids()?
            .into_iter()
            .filter(|_| !options.write)
        {
            all.push((vault.reader_of(&id)?, id));
        }
    }
    Ok(all)
}

fn of_one(project: &Project, id: &PlanId, options: &ReplayOptions, json: bool) -> Result<usize> {
    if options.check {
        check(project, id, json)
    } else if options.write {
        write(project, id, json).map(|()| 0)
    } else {
        read(project, id, Until::Tail, json).map(|()| 0)
    }
}

/// Its projection; the timeline of a job is `modulatio cron history`.
fn of_schedule(vault: &Vault, options: &ReplayOptions, json: bool) -> Result<usize> {
    if options.check {
        let difference = schedule::differences(vault)?;
        if let Some(difference) = &difference {
            tell_difference("", difference, json);
        }
        return Ok(usize::from(difference.is_some()));
    }
    if options.write && schedule::rebuild(vault)? {
        if json {
            output::report_json(&json!({"journal": "schedule", "rebuilt": [FILE]}));
        } else {
            output::report(&format!("schedule: rebuilt {FILE}"));
        }
    }
    Ok(0)
}

fn heartbeats(vault: &Vault, options: &ReplayOptions, json: bool) -> Result<usize> {
    if options.check {
        let differences = daemon::heartbeat_differences(vault)?;
        differences
            .iter()
            .for_each(|difference| tell_difference("", difference, json));
        return Ok(differences.len());
    }
    if options.write {
        daemon::rebuild_heartbeats(vault)?;
    }
    Ok(0)
}

fn verdict(differing: usize) -> Result<()> {
    if differing == 0 {
        Ok(())
    } else {
        Err(Error::Differs(differing))
    }
}

fn check(project: &Project, id: &PlanId, json: bool) -> Result<usize> {
    let differences = replay::check(project, id)?;
    for difference in &differences {
        let base = match project.is_archive() {
            true => project.archive_name(id).display().to_string(),
            false => project.code().directory(),
        };
        tell_difference(&format!("{base}/"), difference, json);
    }
    if differences.is_empty() && !json {
        output::report(&format!("{id}: every projection is what the journal says"));
    }
    Ok(differences.len())
}

fn tell_difference(base: &str, difference: &Difference, json: bool) {
    if json {
        output::report_json(difference);
    } else {
        output::report(&format!("{base}{}: {}", difference.path, difference.why));
    }
}

fn write(project: &Project, id: &PlanId, json: bool) -> Result<()> {
    let written = replay::write(project, id)?;
    if json {
        output::report_json(&json!({"plan": id, "rebuilt": written}));
    } else if written.is_empty() {
        output::report(&format!("{id}: nothing to rebuild"));
    } else {
        written
            .iter()
            .for_each(|path| output::report(&format!("{id}: rebuilt {path}")));
    }
    Ok(())
}

fn read(project: &Project, id: &PlanId, until: Until, json: bool) -> Result<()> {
    let mut observe = |_: &projections::plan::Plan, entry: &Entry, event: &Event| {
        if json {
            output::print_json(&line(entry, event))
        } else {
            output::print(&replay::timeline_line(entry, event))
        }
    };
    let reading = replay::read(project, id, until, &mut observe)?;
    if let Some(torn) = &reading.torn {
        output::tell(&format!(
            "note: {} byte(s) of an unfinished frame at the end, never acknowledged",
            torn.bytes
        ));
    }
    match (&reading.plan, json) {
        (Some(plan), false) => output::print(&format!("\n{}", show::text(plan, None))),
        (Some(plan), true) => output::print_json(&json!({"state": show::state(plan, None)})),
        (None, _) => {}
    }
    match (reading.fault, reading.plan, until) {
        (Some(fault), _, _) => Err(fault),
        (None, None, Until::Time(time)) => Err(Error::BeforeTheBeginning(time)),
        (None, _, _) => Ok(()),
    }
}

fn line(entry: &Entry, event: &Event) -> serde_json::Value {
    json!({
        "seq": entry.mark.anchor.seq,
        "b3": entry.mark.anchor.b3,
        "at": entry.mark.at,
        "epoch": entry.epoch,
        "by": entry.mark.by,
        "what": timeline::describe(event),
        "event": event,
    })
}
