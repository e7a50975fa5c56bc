//! `runs/<plan>/tool_calls/calls.jsonl`: every call of a tool that has returned, with its arguments and all that it
//! returned. One line each: `{"task_id","role","tool","args","result","timestamp",…}`.

use serde_json::{Value, json};

use crate::{
    event::Event, files::Piece, fold::Entry, payload::Payload, plan::Plan, plan::Task, work::Step,
};

/// The line that `event` adds; `plan` is the state right after it.
pub(crate) fn line(plan: &Plan, entry: &Entry, event: &Event) -> Vec<Piece> {
    let Event::ToolCallFinished(e) = event else {
        return Vec::new();
    };
    let task = plan.run.as_ref().and_then(|run| run.task(&e.task));
    let Some((task, used)) = task.and_then(|task| Some((task, task.used(&e.tool_call)?))) else {
        return Vec::new();
    };
    let head = json!({"task_id": e.task, "role": role(task), "tool": used.call.tool});
    let tail = json!({
        "timestamp": entry.mark.at.guide_form(),
        "call_id": e.tool_call,
        "outcome": e.outcome.as_str(),
        "production": task.attempt,
    });
    vec![
        Piece::Text(format!("{},\"args\":", opened(&head))),
        arguments(&used.call.arguments),
        Piece::Text(",\"result\":".to_owned()),
        Piece::Quoted(e.result.clone()),
        Piece::Text(format!(",{}\n", &tail.to_string()[1..])),
    ]
}

/// An object without its last brace.
fn opened(object: &Value) -> String {
    let mut text = object.to_string();
    text.pop();
    text
}

/// As the object that they are; as text where they are none, or too long to stand in the journal.
fn arguments(arguments: &Payload) -> Piece {
    match arguments {
        Payload::Text(text) => match serde_json::from_str::<Value>(text) {
            Ok(value) => Piece::Text(value.to_string()),
            Err(_) => Piece::Quoted(arguments.clone()),
        },
        Payload::Blob(_) => Piece::Quoted(arguments.clone()),
    }
}

fn role(task: &Task) -> &'static str {
    match task.talking() {
        Some(Step::Review { .. } | Step::Fix { .. }) => "qc",
        _ => "producer",
    }
}
