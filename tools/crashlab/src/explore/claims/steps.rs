//! What a process does next, as the product's runner does: lease, look, claim; then look, decide and append for each
//! thing that it begins or hears.

use std::sync::Arc;

use journal::{Error, LogStore};
use modulatio::{
    command::{Command, Report},
    decide,
    effect::{self, Effect},
};
use projections::{
    event::{Event, Reserved},
    ids::{CallId, Epoch, TaskId},
    payload::{Digest, Payload},
    plan::Plan,
    time::Timestamp,
    work::Step,
};

use super::{
    moves::Flaw,
    scene::{Phase, Process, Runner, Scene},
    shelf::{self, Pen},
};
use crate::explore::artifacts::{artifact, handed_in};

/// A process takes its next step.
///
/// # Errors
/// The promise that was broken.
pub(super) fn step(scene: &mut Scene, number: usize, flaw: Flaw) -> Result<bool, String> {
    match scene.processes[number].phase.clone() {
        Phase::Idle => lease(scene, number),
        Phase::Leased => {
            let plan = scene.look()?;
            scene.processes[number].phase = Phase::Claiming(plan);
            Ok(true)
        }
        Phase::Running(runner) if runner.seen.is_none() => {
            let seen = Some(scene.look()?);
            scene.processes[number].phase = Phase::Running(Runner { seen, ..runner });
            Ok(true)
        }
        Phase::Claiming(_) | Phase::Running(_) => write(scene, number, flaw),
    }
}

/// The lease is taken by the store's own way, and the plan is read; who holds it is told by the lock that is new.
fn lease(scene: &mut Scene, number: usize) -> Result<bool, String> {
    let before = scene.disk.held();
    let Some(lease) = shelf::store(&scene.disk)
        .lease(&shelf::name())
        .map_err(shelf::told)?
    else {
        return Ok(false);
    };
    let held = scene.disk.held();
    let new = held.iter().find(|handle| !before.contains(handle));
    let process = &mut scene.processes[number];
    process.lease = Some(*new.ok_or("a lease was taken, and no lock")?);
    // On the fork it stays taken when this handle goes.
    scene.disk = scene.disk.fork();
    drop(lease);
    let plan = scene.look()?;
    scene.processes[number].phase = Phase::Claiming(plan);
    Ok(true)
}

/// What a process at an append wants to write: behind which state, what, under which epoch. `None` when that is
/// nothing.
pub(super) type Wanted = Option<(Arc<Plan>, Vec<Event>, Epoch)>;

pub(super) fn wanted(process: &Process, flaw: Flaw) -> Result<Wanted, String> {
    let by = process.by();
    let (seen, decided) = match &process.phase {
        Phase::Claiming(seen) => (seen, shelf::decided(seen, &Command::Claim, &by, None)),
        Phase::Running(Runner {
            epoch,
            flying,
            seen: Some(seen),
        }) => {
            let Some(command) = next_report(seen, flying.as_ref())? else {
                return Ok(None);
            };
            let epoch = match flaw {
                Flaw::None => *epoch,
                Flaw::NoFence => seen.epoch,
            };
            (seen, shelf::decided(seen, &command, &by, Some(epoch)))
        }
        Phase::Idle | Phase::Leased | Phase::Running(_) => return Ok(None),
    };
    Ok(decided.ok().map(|events| {
        let epoch = decide::epoch_of(seen, &events);
        (seen.clone(), events, epoch)
    }))
}

fn write(scene: &mut Scene, number: usize, flaw: Flaw) -> Result<bool, String> {
    let process = &scene.processes[number];
    let by = process.by();
    let Some((seen, events, epoch)) = wanted(process, flaw)? else {
        return refused(scene, number);
    };
    let pen = Pen { by: &by, epoch };
    match shelf::append(&scene.disk, &seen, &events, &pen) {
        Ok(anchor) => {
            not_stale(scene, number, epoch, flaw)?;
            scene.acknowledge(anchor);
            written(&mut scene.processes[number], &events, epoch);
            Ok(true)
        }
        // Somebody was first: look again.
        Err(Error::Conflict { .. } | Error::Diverged { .. }) => {
            look_again(&mut scene.processes[number]);
            Ok(true)
        }
        Err(Error::Fenced { .. }) => Ok(leave(scene, number)),
        Err(error) => Err(format!("an append failed: {error}")),
    }
}

/// A runner whose plan was claimed by another since must not get anything into the journal.
fn not_stale(scene: &Scene, number: usize, epoch: Epoch, flaw: Flaw) -> Result<(), String> {
    let runs = matches!(scene.processes[number].phase, Phase::Running(_));
    if runs && epoch < scene.truth().epoch && flaw == Flaw::None {
        return Err("a stale runner's append was taken".to_owned());
    }
    Ok(())
}

fn look_again(process: &mut Process) {
    process.phase = match std::mem::replace(&mut process.phase, Phase::Idle) {
        Phase::Claiming(_) => Phase::Leased,
        Phase::Running(runner) => Phase::Running(Runner {
            seen: None,
            ..runner
        }),
        other @ (Phase::Idle | Phase::Leased) => other,
    };
}

fn written(process: &mut Process, events: &[Event], epoch: Epoch) {
    let began = events.iter().find_map(|event| match event {
        Event::ModelCallStarted(e) => Some((e.call_id.clone(), e.step.clone())),
        _ => None,
    });
    process.phase = Phase::Running(Runner {
        epoch,
        flying: began,
        seen: None,
    });
}

/// Nothing to write: the claim is lost, the runner is fenced, what it waited for was cut, or there is no work left.
fn refused(scene: &mut Scene, number: usize) -> Result<bool, String> {
    let process = &scene.processes[number];
    if let Phase::Running(Runner {
        epoch,
        flying,
        seen: Some(seen),
    }) = &process.phase
    {
        let stale = *epoch != seen.epoch;
        if !stale && seen.is_at_work() && flying.is_none() {
            return Err("a plan at work waits for nothing that its runner could do".to_owned());
        }
        if !stale && flying.is_some() {
            let runner = Runner {
                epoch: *epoch,
                flying: None,
                seen: None,
            };
            scene.processes[number].phase = Phase::Running(runner);
            return Ok(true);
        }
    }
    Ok(leave(scene, number))
}

fn leave(scene: &mut Scene, number: usize) -> bool {
    let process = &mut scene.processes[number];
    if let Some(lease) = process.lease.take() {
        scene.disk.release(lease);
    }
    process.phase = Phase::Idle;
    true
}

/// What a runner tells next: the answer it waits for, or the beginning of what is due.
fn next_report(seen: &Plan, flying: Option<&(CallId, Step)>) -> Result<Option<Command>, String> {
    if let Some((id, step)) = flying {
        return Ok(Some(shelf::good(id.clone(), step)));
    }
    let now = Timestamp::parse(shelf::NOW).expect("a time");
    match effect::due(seen, now, shelf::policy().parallel)
        .effects
        .into_iter()
        .next()
    {
        Some(Effect::CallModel { step }) => Ok(Some(starting(step))),
        Some(Effect::CollectArtifacts { task, reply }) => collected(seen, task, &reply).map(Some),
        Some(Effect::RunTool { .. }) => Err("nobody called a tool".to_owned()),
        None => Ok(None),
    }
}

pub(super) fn starting(step: Step) -> Command {
    Command::Runner(Report::CallStarting {
        step,
        model: "main".to_owned(),
        agent_id: "agent".to_owned(),
        reserved: Reserved {
            tokens: 1_000,
            cost: None,
        },
        prompt_b3: Digest([0; 32]),
        prompt_bytes: 300,
        recalled: None,
    })
}

fn collected(seen: &Plan, task: TaskId, reply: &Payload) -> Result<Command, String> {
    let files = handed_in(seen, &task, reply)?.files.into_iter();
    let artifacts = files.map(|(path, text)| artifact(path, &text)).collect();
    Ok(Command::Runner(Report::ArtifactsCollected {
        task,
        artifacts,
        missing: Vec::new(),
    }))
}
