//! Translation between the plan's words and a model provider's: prompt → request, reply → report.

use std::time::Duration;

use projections::{
    body::SubObjective,
    event::{FailureClass, Reserved, Usage},
    ids::{CallId, TaskId},
    plan::Plan,
    time::MicroUsd,
    work::Step,
};

use super::team::Member;
use crate::{
    clock,
    command::{Called, Fallback, Report},
    models::{self, About, Message, Purpose, Request, Stop, Tool, ToolCall, ToolChoice},
    prompts::{self, Prompt, Turn},
};

/// What a provider is asked; the call's id is not known yet.
pub(super) fn request(plan: &Plan, step: &Step, prompt: &Prompt, most: u32) -> Request {
    let offered = std::iter::once(&prompt.tool).chain(&prompt.lookups);
    Request {
        call_id: String::new(),
        about: about(plan, step),
        system: prompt.system.clone(),
        messages: prompt.turns.iter().map(message).collect(),
        tools: offered.map(tool).collect(),
        choice: if prompt.must_answer {
            ToolChoice::Forced(prompt.tool.name)
        } else {
            ToolChoice::Any
        },
        max_output_tokens: most,
    }
}

fn tool(tool: &prompts::Tool) -> Tool {
    Tool {
        name: tool.name,
        description: tool.description,
        schema: tool.schema.clone(),
    }
}

fn message(turn: &Turn) -> Message {
    match turn {
        Turn::Asked(text) => Message::User(text.clone()),
        Turn::Answered(text) => Message::Assistant {
            text: text.clone(),
            calls: Vec::new(),
        },
        Turn::Called { text, calls } => Message::Assistant {
            text: text.clone(),
            calls: calls.iter().map(call).collect(),
        },
        Turn::Returned { id, text } => Message::ToolResult {
            call_id: id.to_string(),
            text: text.clone(),
        },
    }
}

fn call(call: &prompts::Call) -> ToolCall {
    ToolCall {
        id: call.id.to_string(),
        name: call.tool.clone(),
        arguments: call.arguments.clone(),
    }
}

fn about(plan: &Plan, step: &Step) -> About {
    let run = plan.run.as_ref();
    let index = run.map_or(0, |run| run.index);
    let item = plan.item(index);
    let task = |id: &TaskId| run.and_then(|run| run.task(id)).map(|task| &task.spec);
    let (purpose, spec, attempt) = match step {
        Step::Draft { revision } => (Purpose::Draft, None, *revision),
        Step::PlanTasks { .. } => (Purpose::PlanTasks, None, 1),
        Step::Decompose { .. } => (Purpose::Decompose, None, 1),
        Step::Produce { task: id, attempt } => (Purpose::Produce, task(id), *attempt),
        Step::Fix { task: id, attempt } => (Purpose::Fix, task(id), *attempt),
        Step::Review { task: id, attempt } => (Purpose::Review, task(id), *attempt),
        Step::Reflect { .. } => (Purpose::Reflect, None, 1),
    };
    let of_item = |item: &SubObjective| item.files.clone();
    let files = spec.map_or_else(
        || item.map(of_item).unwrap_or_default(),
        |spec| spec.artifacts.clone(),
    );
    About {
        purpose,
        sub_objective: index,
        title: match plan.wishes.first().filter(|_| index == 0) {
            Some(wish) => wish.text.clone(),
            None => item.map(|item| item.title.clone()).unwrap_or_default(),
        },
        files,
        task: spec.map(|spec| spec.title.clone()),
        attempt,
        last: index > 0 && index == plan.item_count(),
    }
}

/// A paid reply, as the plan hears of it.
pub(super) fn completed(
    call_id: CallId,
    member: &Member,
    prompt: &Prompt,
    reserved: Reserved,
    reply: models::Reply,
    latency: Duration,
) -> Report {
    let usage = usage(&reply.usage);
    // A gateway that says nothing costs anything is believed only where nobody knows better.
    let said = reply.cost_micro_usd.map(MicroUsd);
    let cost = match (said, member.cost(&usage)) {
        (Some(MicroUsd(0)) | None, known @ Some(_)) => known,
        (said, _) => said,
    };
    let in_doubt = if usage.estimated {
        beyond(reserved, &usage, cost)
    } else {
        Reserved::default()
    };
    let cut = reply.stop == Stop::Length;
    let (reply, calls) = answer(prompt, reply);
    Report::CallCompleted {
        call_id,
        reply,
        calls,
        cut,
        usage,
        cost,
        in_doubt,
        latency_ms: clock::millis(latency),
    }
}

/// Where a provider does not count, the estimate is booked as spent, and the rest of the worst case as possible.
fn beyond(reserved: Reserved, usage: &Usage, cost: Option<MicroUsd>) -> Reserved {
    let micros = |cost: Option<MicroUsd>| cost.map_or(0, |cost| cost.0);
    let rest = micros(reserved.cost).saturating_sub(micros(cost));
    Reserved {
        tokens: reserved.tokens.saturating_sub(usage.total()),
        cost: reserved.cost.map(|_| MicroUsd(rest)),
    }
}

/// The answer, or the tools that the model called before it. An answer in a reply that calls other tools besides is
/// the answer.
fn answer(prompt: &Prompt, reply: models::Reply) -> (String, Vec<Called>) {
    let given = |call: &&ToolCall| call.name == prompt.tool.name;
    if let Some(call) = reply.calls.iter().find(given) {
        // Without arguments it may still have been said in words.
        let empty = call.arguments.trim().is_empty();
        let answer = if empty { &reply.text } else { &call.arguments };
        return (answer.clone(), Vec::new());
    }
    // One that was offered other tools and had to answer has called them once too often; the plan decides on it.
    if prompt.must_answer && prompt.lookups.is_empty() {
        // A tool of another name, from a model that was offered one: its arguments are judged as the answer's.
        let odd = reply
            .calls
            .into_iter()
            .find(|call| !call.arguments.trim().is_empty());
        return (odd.map_or(reply.text, |call| call.arguments), Vec::new());
    }
    let called = |call: ToolCall| Called {
        tool: call.name,
        arguments: call.arguments,
    };
    (reply.text, reply.calls.into_iter().map(called).collect())
}

/// A failed call, as the plan hears of it.
pub(super) fn failed(
    call_id: CallId,
    failure: models::Failure,
    next: Option<Fallback>,
    dead: bool,
) -> Report {
    Report::CallFailed {
        call_id,
        class: class(failure.class),
        message: failure.message,
        retry_after_ms: failure.retry_after.map(clock::millis),
        in_doubt: failure.maybe_billed,
        next,
        dead,
    }
}

pub(super) fn usage(usage: &models::Usage) -> Usage {
    Usage {
        input_tokens: usage.input_tokens,
        output_tokens: usage.output_tokens,
        cached_input_tokens: usage.cached_input_tokens,
        cache_write_tokens: usage.cache_write_tokens,
        reasoning_tokens: usage.reasoning_tokens,
        estimated: usage.estimated,
    }
}

pub(super) fn class(class: models::FailureClass) -> FailureClass {
    match class {
        models::FailureClass::Connection => FailureClass::Connection,
        models::FailureClass::Timeout => FailureClass::Timeout,
        models::FailureClass::Stalled => FailureClass::Stalled,
        models::FailureClass::RateLimited => FailureClass::RateLimited,
        models::FailureClass::Server => FailureClass::Server,
        models::FailureClass::Overloaded => FailureClass::Overloaded,
        models::FailureClass::Authentication => FailureClass::Authentication,
        models::FailureClass::ContextTooLong => FailureClass::ContextTooLong,
        models::FailureClass::Refused => FailureClass::Refused,
        models::FailureClass::Malformed => FailureClass::Malformed,
    }
}
