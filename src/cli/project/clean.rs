//! `modulatio project clean`: plans that have ended go into the archive.

use projections::{ids::PlanId, payload::Digest, plan::Plan, time::Timestamp};
use serde_json::json;

use crate::{
    cli::{actor, args::CleanOptions, artifacts, output},
    clock,
    error::{Error, Result},
    vault::{
        Project, PutAway, Vault,
        replay::{self, Until},
    },
};

const MICROS_A_DAY: u64 = 86_400_000_000;

/// Why a plan is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    /// Its putting away was cut.
    Half,
    /// It was named.
    Named,
    /// Every plan is.
    All,
}

/// How it ended for all of them.
#[derive(Default)]
struct Sum {
    plans: usize,
    moved: u64,
    freed: u64,
    refused: Option<Error>,
}

pub(super) fn run(vault: &Vault, options: &CleanOptions, json: bool) -> Result<()> {
    let project = vault.project(&options.code)?;
    let mut sum = Sum::default();
    for (id, why) in plans(&project, options, json)? {
        // One at a time: a plan may be long.
        let plan = match (why, read(&project, &id)) {
            (Why::Half, _) => None,
            (Why::All, Ok(plan)) if !is_old_enough(&plan, options) => continue,
            (_, Ok(plan)) => Some(plan),
            (Why::Named, Err(error)) => return Err(error),
            // Not taken in yet: it has not even begun here.
            (Why::All, Err(Error::Journal(journal::Error::Missing { .. }))) => continue,
            (Why::All, Err(error)) => {
                output::tell(&format!("warning: {id}: {}", error.told()));
                continue;
            }
        };
        let outcome = put_away(&project, &id, plan.as_ref(), options);
        tell(&project, &id, plan.as_ref(), &outcome, options, json);
        match outcome {
            Ok(done) => {
                sum.plans += 1;
                sum.moved += done.moved;
                sum.freed += done.freed;
            }
            Err(error) => sum.refused = sum.refused.take().or(Some(error)),
        }
    }
    summary(&project, &sum, options);
    match sum.refused {
        // Whom nobody named may stay; what the machine refused is to be told.
        Some(Error::Kept { .. } | Error::Leased { .. }) if options.plans.is_empty() => Ok(()),
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// First the plans whose putting away was cut, then those that were named, or all.
fn plans(project: &Project, options: &CleanOptions, json: bool) -> Result<Vec<(PlanId, Why)>> {
    let is_wanted = |id: &PlanId| options.plans.is_empty() || options.plans.contains(id);
    let mut found = Vec::new();
    for id in project.archived_ids()?.into_iter().filter(is_wanted) {
        if project.is_half_archived(&id) {
            found.push((id, Why::Half));
        } else if options.plans.contains(&id) {
            tell_archived(project, &id, json);
        }
    }
    if options.plans.is_empty() {
        found.extend(project.plan_ids()?.into_iter().map(|id| (id, Why::All)));
    } else {
        let named = named_here(project, options)?.into_iter();
        found.extend(named.map(|id| (id, Why::Named)));
    }
    Ok(found)
}

/// It was named, and nothing is left to do.
fn tell_archived(project: &Project, id: &PlanId, json: bool) {
    let why = format!("{id} is archived already");
    if json {
        return output::report_json(&json!({
            "plan": id,
            "archived": true,
            "bytes": 0,
            "freed_bytes": 0,
            "archive": project.archive_name(id),
            "why": why,
        }));
    }
    output::tell(&why);
}

/// Those of the named plans that are not in the archive; each of them must be there.
fn named_here(project: &Project, options: &CleanOptions) -> Result<Vec<PlanId>> {
    let mut ids: Vec<PlanId> = Vec::new();
    for id in &options.plans {
        if id.project() != project.code() {
            let why = format!("{id} is not a plan of project {}", project.code());
            return Err(Error::Usage(why));
        }
        if !project.is_archived(id) && !ids.contains(id) {
            if !project.holds(id) {
                return Err(Error::NoPlan(id.clone()));
            }
            ids.push(id.clone());
        }
    }
    Ok(ids)
}

fn read(project: &Project, id: &PlanId) -> Result<Plan> {
    let reading = replay::read(project, id, Until::Tail, &mut |_, _, _| ())?;
    match (reading.fault, reading.plan) {
        (Some(fault), _) => Err(fault),
        (None, Some(plan)) => Ok(plan),
        (None, None) => Err(Error::NoPlan(id.clone())),
    }
}

fn is_old_enough(plan: &Plan, options: &CleanOptions) -> bool {
    let least = u64::from(options.older_than.unwrap_or(0)) * MICROS_A_DAY;
    let since = |end| clock::now().micros_since(end);
    plan.ended_at().is_some_and(|end| since(end) >= least)
}

/// Does it, or says what it would come to.
fn put_away(
    project: &Project,
    id: &PlanId,
    plan: Option<&Plan>,
    options: &CleanOptions,
) -> Result<PutAway> {
    if let Some(plan) = plan {
        check_age(plan, options)?;
        project.can_be_put_away(plan)?;
    }
    let spare = match options.prune {
        true => Some(held_twice(project, id)?),
        false => None,
    };
    if options.force {
        return project.put_away(id, spare.as_deref(), &actor());
    }
    let moved = plan.map_or(Ok(0), |plan| project.belongings_size(plan))?;
    let spare = match spare {
        Some(artifacts) => project.spare(id, &artifacts)?,
        None => Vec::new(),
    };
    let freed: u64 = spare.iter().map(|(_, bytes)| bytes).sum();
    Ok(PutAway {
        moved: moved.saturating_sub(freed),
        freed,
    })
}

/// A plan that was named must be as old as was asked for all the same.
fn check_age(plan: &Plan, options: &CleanOptions) -> Result<()> {
    match plan.ended_at() {
        Some(end) if !is_old_enough(plan, options) => Err(Error::Kept {
            plan: plan.id.clone(),
            why: format!("it ended at {end}"),
        }),
        Some(_) | None => Ok(()),
    }
}

/// Artifacts whose bytes the journal holds.
fn held_twice(project: &Project, id: &PlanId) -> Result<Vec<(String, Digest)>> {
    let reader = project.vault().reader_of(id)?;
    let (artifacts, fault) = artifacts::of(&reader, id)?;
    if let Some(fault) = fault {
        return Err(fault);
    }
    let held = artifacts
        .into_iter()
        .filter(|artifact| artifact.bytes_as_handed_in(&reader).is_ok());
    Ok(held.map(|artifact| (artifact.path, artifact.b3)).collect())
}

fn tell(
    project: &Project,
    id: &PlanId,
    plan: Option<&Plan>,
    outcome: &Result<PutAway>,
    options: &CleanOptions,
    json: bool,
) {
    if json {
        let done = outcome.as_ref().ok();
        let object = json!({
            "plan": id,
            "status": plan.map(|plan| plan.status.name()),
            "ended_at": plan.and_then(Plan::ended_at),
            "archived": outcome.is_ok() && options.force,
            "bytes": done.map(|done| done.moved),
            "freed_bytes": done.map(|done| done.freed),
            "archive": project.archive_name(id),
            "why": outcome.as_ref().err().map(Error::told),
        });
        return output::report_json(&object);
    }
    let done = match outcome {
        Ok(done) => done,
        Err(error) => return output::tell(&error.told()),
    };
    let state = match plan {
        Some(plan) => {
            let ended = plan.ended_at().map_or_else(String::new, day);
            format!("{:<10} {ended}", plan.status.name())
        }
        None => "its archiving was interrupted".to_owned(),
    };
    let freed = match done.freed {
        0 => String::new(),
        bytes => format!(", {} freed", output::bytes(bytes)),
    };
    let size = output::bytes(done.moved);
    output::report(&format!("{:<14} {state}  {size:>9}{freed}", id.to_string()));
}

fn day(at: Timestamp) -> String {
    let text = at.to_string();
    text.split('T').next().unwrap_or(&text).to_owned()
}

fn summary(project: &Project, sum: &Sum, options: &CleanOptions) {
    let (moved, freed) = (output::bytes(sum.moved), output::bytes(sum.freed));
    let archive = format!("{}/archive", project.code().directory());
    let plans = sum.plans;
    output::tell(&match (plans, options.force) {
        (0, _) => "nothing to archive".to_owned(),
        (_, true) => format!("archived {plans} plan(s) in {archive}: {moved} moved, {freed} freed"),
        (_, false) => format!(
            "would archive {plans} plan(s) in {archive}: {moved} moved, {freed} freed; --force does it"
        ),
    });
}
