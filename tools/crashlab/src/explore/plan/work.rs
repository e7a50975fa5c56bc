//! What a runner does with what is due, and what it tells of what comes back.

use modulatio::{
    command::{Called, Report, Room},
    decide::Refusal,
    effect::{self, Effect},
};
use projections::{
    event::{FailureClass, Reserved, ToolOutcome, ToolUse, Usage},
    ids::{CallId, TaskId},
    payload::{Digest, Payload},
    plan::InFlight,
    time::MicroUsd,
    work::Step,
};

use super::{
    answers::Answer,
    deeds::rest,
    world::{Flying, Heard, WORST, World},
};
use crate::explore::artifacts::{HandedIn, artifact, handed_in};

/// Whether it was begun: a cap may leave no room beside what is under way.
pub(super) fn begin(world: &mut World, at: usize) -> Result<bool, String> {
    let due = effect::due(&world.plan, world.now, world.setting.policy.parallel);
    let begun = match due.effects.into_iter().nth(at) {
        Some(Effect::CallModel { step }) => call(world, step)?,
        Some(Effect::RunTool { task, call }) => begin_tool(world, task, call)?,
        Some(Effect::CollectArtifacts { task, reply }) => collect(world, task, &reply)?,
        None => false,
    };
    rest(world);
    Ok(begun)
}

fn call(world: &mut World, step: Step) -> Result<bool, String> {
    let report = Report::CallStarting {
        step: step.clone(),
        model: "main".to_owned(),
        agent_id: "agent".to_owned(),
        reserved: WORST,
        prompt_b3: Digest([0; 32]),
        prompt_bytes: 300,
        recalled: None,
    };
    let before = world.plan.calls.started;
    match world.report(report)? {
        Heard::Done if world.plan.calls.started > before => {
            let ours = |(id, call): (&CallId, &InFlight)| (call.step == step).then(|| id.clone());
            let id = world.plan.calls.in_flight.iter().find_map(ours);
            let id = id.ok_or("a call began and is not under way")?;
            world.flying.push(Flying::Call(id, step));
            Ok(true)
        }
        // The machine asks a person instead.
        Heard::Done => Ok(true),
        Heard::Refused(Refusal::Later) if world.plan.calls.in_flight.is_empty() => {
            Err("a call is put off, and nothing is under way that could make room".to_owned())
        }
        Heard::Refused(Refusal::Later) => Ok(false),
        Heard::Refused(why) => Err(format!("what is due is refused: {why}")),
    }
}

pub(super) fn full(world: &mut World, at: usize) -> Result<bool, String> {
    let due = effect::due(&world.plan, world.now, world.setting.policy.parallel);
    let Some(Effect::CallModel { step }) = due.effects.into_iter().nth(at) else {
        return Ok(false);
    };
    let report = Report::ContextFull {
        step,
        model: "main".to_owned(),
        room: Room {
            estimated_tokens: 2,
            window_tokens: 1,
        },
        checkpoint: "runs/ESS-P-001/checkpoints/c.json".to_owned(),
        b3: Digest([0; 32]),
        bytes: 1,
    };
    match world.report(report)? {
        Heard::Done => Ok(true),
        Heard::Refused(why) => Err(format!("a prompt that does not fit is not heard of: {why}")),
    }
}

/// Tools that may run again when nobody knows whether they ran.
const REPEATABLE: [&str; 2] = ["list_files", "read_file"];

fn begin_tool(world: &mut World, task: TaskId, call: ToolUse) -> Result<bool, String> {
    let report = Report::ToolStarting {
        task: task.clone(),
        tool_call: call.id.clone(),
        repeatable: REPEATABLE.contains(&call.tool.as_str()),
    };
    match world.report(report)? {
        Heard::Done => world.flying.push(Flying::Tool(task, call)),
        Heard::Refused(why) => return Err(format!("a tool that is due is refused: {why}")),
    }
    Ok(true)
}

/// As a daemon does: what a reply hands in is written, what tools wrote is found.
fn collect(world: &mut World, task: TaskId, reply: &Payload) -> Result<bool, String> {
    let HandedIn { paths, files } = handed_in(&world.plan, &task, reply)?;
    world.disk.extend(files);
    let (mut artifacts, mut missing) = (Vec::new(), Vec::new());
    for path in paths {
        match world.disk.get(&path) {
            Some(text) => artifacts.push(artifact(path, text)),
            None => missing.push(format!("{path} was not handed in")),
        }
    }
    let report = Report::ArtifactsCollected {
        task,
        artifacts,
        missing,
    };
    match world.report(report)? {
        Heard::Done => Ok(true),
        Heard::Refused(why) => Err(format!("artifacts that are due are refused: {why}")),
    }
}

/// Something comes back. Of what was cut meanwhile nobody hears.
pub(super) fn hear(world: &mut World, at: usize, answer: &Answer) -> Result<(), String> {
    let awaited = |world: &World, id: &CallId| world.plan.calls.in_flight.contains_key(id);
    let (was_awaited, report) = match world.flying.remove(at) {
        Flying::Call(id, step) => (awaited(world, &id), call_report(world, id, &step, answer)),
        Flying::Tool(task, call) => {
            let run = world.plan.run.as_ref();
            let used = run.and_then(|run| run.task(&task)?.used(&call.id));
            let waits = used.is_some_and(|used| used.result.is_none());
            let ended = world.plan.status.name().is_terminal();
            (waits && !ended, tool_report(world, task, &call))
        }
    };
    match world.report(report)? {
        Heard::Done => Ok(()),
        Heard::Refused(_) if !was_awaited => Ok(()),
        Heard::Refused(why) => Err(format!("what was waited for is not heard: {why}")),
    }
}

fn tool_report(world: &mut World, task: TaskId, call: &ToolUse) -> Report {
    if let ("write_file", Payload::Text(path)) = (call.tool.as_str(), &call.arguments) {
        world.disk.insert(path.clone(), "by a tool".to_owned());
    }
    Report::ToolReturned {
        task,
        tool_call: call.id.clone(),
        outcome: ToolOutcome::Done,
        result: "found".to_owned(),
        shown: None,
    }
}

pub(super) fn call_report(world: &World, call_id: CallId, step: &Step, answer: &Answer) -> Report {
    if let Answer::Fails(class) | Answer::Doubtful(class) = answer {
        return failure(call_id, *class, matches!(answer, Answer::Doubtful(_)));
    }
    // One that counts more than it was allowed to.
    let input = match answer {
        Answer::Overdraws => WORST.tokens + 100,
        _ => 100,
    };
    Report::CallCompleted {
        call_id,
        reply: answer.text(step, world.setting.needs),
        calls: match answer {
            Answer::Calls(tool) => vec![Called {
                tool: (*tool).to_owned(),
                arguments: "s1/t1.md".to_owned(),
            }],
            _ => Vec::new(),
        },
        cut: false,
        in_doubt: Reserved::default(),
        usage: Usage {
            input_tokens: input,
            output_tokens: 20,
            ..Usage::default()
        },
        cost: Some(MicroUsd(300)),
        latency_ms: 5,
    }
}

fn failure(call_id: CallId, class: FailureClass, in_doubt: bool) -> Report {
    Report::CallFailed {
        call_id,
        class,
        message: "no answer".to_owned(),
        retry_after_ms: None,
        in_doubt,
        next: None,
        dead: false,
    }
}
