//! Recovering what a power cut has left, as the next daemon does, and looking at what came of it.

use std::{path::Path, sync::Arc, time::Duration};

use journal::{Disk, FileStore, LogName, LogStore};
use modulatio::{
    clock,
    command::Command,
    decide::Policy,
    effect::{self, Effect},
    vault::{Actor, OWN_DIR, PlanLog, Project, Settling, Vault, replay},
};
use projections::{ids::PlanId, payload::Payload, plan::Status};

use super::{
    expected::Known,
    ground::Light,
    mirror,
    point::{Logs, Point},
};

/// Nobody edits files on a machine that has just lost power.
const AT_ONCE: Settling = Settling::After(Duration::ZERO);

/// Opens every plan and brings its files up to date, as far as a tick and a claim do.
pub(super) fn recover(root: &Path, disk: Arc<dyn Disk>) -> Result<Vec<(Project, PlanLog)>, String> {
    let vault = Vault::on(root, disk.clone()).map_err(|error| error.told())?;
    let (projects, faults) = vault.projects().map_err(|error| error.told())?;
    if let Some(fault) = faults.first() {
        return Err(format!("the project {} is lost: {}", fault.name, fault.why));
    }
    let mut logs = Vec::new();
    for project in projects {
        for id in project.plan_ids().map_err(|error| error.told())? {
            let log = open(&project, &id).map_err(|why| format!("{id}: {why}"))?;
            logs.push((project.clone(), log));
        }
    }
    open_others(&vault, disk)?;
    Ok(logs)
}

/// The logs that no plan owns are opened as their next writer does.
fn open_others(vault: &Vault, disk: Arc<dyn Disk>) -> Result<(), String> {
    for path in mirror::below(vault.root(), OWN_DIR) {
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(name) = name.and_then(|name| name.strip_suffix(".journal.jsonl")) else {
            continue;
        };
        let dir = path.parent().expect("a log lies in a directory").to_owned();
        let name = LogName::parse(name).map_err(|error| error.to_string())?;
        FileStore::new(disk.clone(), dir, Arc::new(|| "lab".to_owned()))
            .open(&name, None)
            .and_then(|mut log| log.catch_up(&mut |_| ()))
            .map_err(|error| format!("{name}: {error}"))?;
    }
    vault
        .day_spent(clock::now())
        .map_err(|error| format!("the day's account: {}", error.told()))
        .map(drop)
}

fn open(project: &Project, id: &PlanId) -> Result<PlanLog, String> {
    let mut log = project.open_plan(id).map_err(|error| error.told())?;
    log.reconcile(AT_ONCE).map_err(|error| error.told())?;
    log.reconcile_tickets(AT_ONCE)
        .map_err(|error| error.told())?;
    // A claim renders everything; of other plans nobody looks at more than the files of operators.
    let status = &log.plan().status;
    let is_claimed = matches!(status, Status::Approved | Status::Executing { .. });
    if is_claimed || log.plan().is_being_drafted() {
        log.show();
    }
    if log.is_behind() {
        return Err("its files could not be rendered".to_owned());
    }
    Ok(log)
}

/// Everything that must hold after a power cut. The image lies on the ground of `disk`.
pub(super) fn examine(
    point: &Point,
    root: &Path,
    disk: &Light,
    known: &Known,
) -> Result<(), String> {
    let plans = recover(root, Arc::new(disk.clone()))?;
    whole(&point.logs, root)?;
    for (project, log) in &plans {
        projected(project, log, known).map_err(|why| format!("{}: {why}", log.plan().id))?;
        if point.look.checked {
            checked(project, log, known)?;
        }
    }
    drop(plans);
    again(root)?;
    for (project, log) in recover(root, Arc::new(disk.clone()))? {
        let id = log.plan().id.clone();
        claimed(&project, log, known).map_err(|why| format!("{id}: {why}"))?;
    }
    Ok(())
}

/// What was acknowledged is there, and at most the frame in flight besides.
pub(super) fn whole(logs: &Logs, root: &Path) -> Result<(), String> {
    for (path, log) in &logs.0 {
        let found = std::fs::read(root.join(path)).unwrap_or_default();
        log.allows(&found)
            .map_err(|why| format!("{}: {why}", path.display()))?;
    }
    Ok(())
}

/// The files are what the journal says.
fn projected(project: &Project, log: &PlanLog, known: &Known) -> Result<(), String> {
    let plan = log.plan();
    let expected = known.of(project, &plan.id, plan.head_frame.anchor)?;
    if let Some(broken) = &expected.broken {
        return Err(broken.clone());
    }
    for blob in &expected.blobs {
        let lost = |error: modulatio::error::Error| format!("a text is lost: {}", error.told());
        project.resolve(&Payload::Blob(*blob)).map_err(lost)?;
    }
    for (path, bytes) in &expected.files {
        let found = std::fs::read(project.dir().join(path)).unwrap_or_default();
        if found != *bytes {
            return Err(format!("{path} is not what the journal says"));
        }
    }
    Ok(())
}

/// The state is the fold of the journal in every part, and the product's own check finds nothing either.
fn checked(project: &Project, log: &PlanLog, known: &Known) -> Result<(), String> {
    let (plan, id) = (log.plan(), &log.plan().id);
    let expected = known.of(project, id, plan.head_frame.anchor)?;
    if format!("{:?}", expected.plan) != format!("{plan:?}") {
        return Err(format!("{id}: its state is not the fold of its journal"));
    }
    let differences = replay::check(project, id).map_err(|error| error.told())?;
    let missing = replay::missing_content(project, id).map_err(|error| error.told())?;
    match differences.iter().chain(&missing).next() {
        Some(found) => Err(format!("replay --check: {}: {}", found.path, found.why)),
        None => Ok(()),
    }
}

/// A second recovery finds nothing to do.
fn again(root: &Path) -> Result<(), String> {
    let disk = Light::default();
    drop(recover(root, Arc::new(disk.clone()))?);
    let changed = disk.all_changed();
    let real = changed.iter().find(|path| {
        let kind = path.extension().and_then(|kind| kind.to_str());
        !matches!(kind, Some("lock" | "lease"))
    });
    match real {
        Some(path) => Err(format!(
            "a second recovery changes {}",
            path.strip_prefix(root).unwrap_or(path).display()
        )),
        None => Ok(()),
    }
}

/// The next runner takes the plan under a new epoch, and asks nothing that was paid and taken.
fn claimed(project: &Project, mut log: PlanLog, known: &Known) -> Result<(), String> {
    let before = log.plan().clone();
    if !matches!(before.status, Status::Approved | Status::Executing { .. }) {
        return Ok(());
    }
    let expected = known.of(project, &before.id, before.head_frame.anchor)?;
    let lease = PlanLog::lease(project, &before.id).map_err(|error| error.told())?;
    let Some(_lease) = lease else {
        return Err("its lease is held by nobody, and cannot be had".to_owned());
    };
    log.submit(&Command::Claim, &Actor::named("daemon:lab:1"))
        .map_err(|error| format!("it cannot be claimed: {}", error.told()))?;
    let plan = log.plan();
    if plan.epoch <= before.epoch {
        return Err(format!(
            "claimed under {}, after {}",
            plan.epoch.0, before.epoch.0
        ));
    }
    // A runner that fails again and again is the plan's own matter, and a person's.
    if !plan.is_at_work() {
        return Ok(());
    }
    if !plan.calls.in_flight.is_empty() {
        return Err("calls of a dead runner are still awaited".to_owned());
    }
    let due = effect::due(plan, log.now(), Policy::default().parallel);
    for effect in &due.effects {
        if let Effect::CallModel { step } = effect
            && expected.taken.contains(&step.label())
        {
            return Err(format!(
                "{} was paid and taken, and is due again",
                step.label()
            ));
        }
    }
    if due.effects.is_empty() && due.wake_at.is_none() {
        return Err("nothing is due although it executes".to_owned());
    }
    Ok(())
}
