//! `modulatio demo`: the whole promise in one run, on the embedded rehearsal model. The daemon is a real child
//! process, and it is really killed.

mod child;
mod proof;
mod watch;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use projections::{event::StatusName, ids::PlanId};

use super::{actor, output};
use crate::{
    command::Command,
    error::{Error, Result},
    vault::{Project, Settling, Vault},
};
use child::Daemon;
use watch::Watcher;

const CONFIG: &str = include_str!("modulatio.yaml");
const PLAN: &str = include_str!("plan.md");
const OBJECTIVE: &str = "Show one winter's sky to somebody with binoculars";

/// Longest that the demo waits for anything.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn run(dir: Option<&Path>, keep: bool) -> Result<()> {
    let started = Instant::now();
    let (place, _removed_at_the_end) = place(dir, keep)?;
    output::report(&format!(
        "A vault in {}, a project, a plan of three sub-objectives:",
        place.display()
    ));
    let vault = Vault::init(&place, CONFIG)?;
    let (project, id) = prepare(&vault)?;

    let first = Daemon::start(&vault)?;
    approve(&project, &id)?;
    output::report(&format!(
        "\n{id} is approved; daemon {} wakes and claims it.",
        first.pid()
    ));
    let mut watcher = Watcher::new(&project, &id);
    let doing = watcher.until(PATIENCE, is_half_way)?;
    first.kill()?;
    output::report(&format!(
        "\nkill -9 {}, in the middle of {doing}. Nobody runs the plan now.",
        first.pid()
    ));

    let second = Daemon::start(&vault)?;
    output::report(&format!(
        "Daemon {} starts, finds the orphan and resumes it at that step.\n",
        second.pid()
    ));
    watcher.until(PATIENCE, |plan| {
        plan.status.name().is_terminal().then(String::new)
    })?;
    watcher.finish();
    let heartbeat = second.heartbeat(&vault)?;
    second.stop()?;

    let verdict = proof::show(&project, &id, &heartbeat);
    output::report(&format!(
        "\nAll of it took {:.1} s.",
        started.elapsed().as_secs_f64()
    ));
    if keep || dir.is_some() {
        output::report(&format!(
            "Look around: modulatio --vault {} replay {id}",
            place.display()
        ));
    }
    verdict
}

/// Where the vault goes, and what removes it at the end.
fn place(dir: Option<&Path>, keep: bool) -> Result<(PathBuf, Option<tempfile::TempDir>)> {
    if let Some(dir) = dir {
        let taken = std::fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some());
        if taken {
            return Err(Error::Usage(format!(
                "{} is not empty; name a new directory",
                dir.display()
            )));
        }
        return Ok((dir.to_path_buf(), None));
    }
    let temporary = tempfile::Builder::new().prefix("modulatio-demo-").tempdir();
    let temporary = temporary.map_err(Error::io("make a directory in", std::env::temp_dir()))?;
    if keep {
        return Ok((temporary.keep(), None));
    }
    Ok((temporary.path().to_path_buf(), Some(temporary)))
}

fn prepare(vault: &Vault) -> Result<(Project, PlanId)> {
    let project = vault.add_project(&"SKY".parse()?, OBJECTIVE)?;
    let file = vault.root().join("plan.md");
    std::fs::write(&file, PLAN).map_err(Error::io("write", &file))?;
    let (log, _) = project.add_plan(&file, &actor())?;
    for item in log.plan().items.iter().flatten() {
        output::report(&format!("  {}. {}", item.number, item.title));
    }
    let id = log.plan().id.clone();
    Ok((project, id))
}

/// As `modulatio plan approve` does it.
fn approve(project: &Project, id: &PlanId) -> Result<()> {
    let mut log = project.open_plan(id)?;
    log.reconcile(Settling::Now)?;
    log.submit(
        &Command::Approve {
            note: "demo".to_owned(),
        },
        &actor(),
    )
    .map(drop)
}

/// Inside the second sub-objective, with a call under way.
fn is_half_way(plan: &projections::plan::Plan) -> Option<String> {
    let call = plan.calls.in_flight.iter().next()?;
    let deep = plan.status.name() == StatusName::Executing && plan.current_index == 1;
    let working = plan
        .run
        .as_ref()
        .is_some_and(|run| run.tasks.iter().any(|task| task.redos > 0));
    (deep && working).then(|| format!("call {}", call.0))
}
