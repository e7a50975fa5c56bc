//! The plan file as a projection: `Plan → Markdown with frontmatter`, byte for byte the same for the same
//! state, whoever renders it and when.

use serde_json::{Map, Value, json};

use crate::{
    document::{self, ENGINE_KEYS, Head, HeadEntry},
    plan::Plan,
    time::MicroUsd,
    work::{Reflection, Transition},
    yaml,
};

/// The plan's Markdown file.
#[must_use]
pub fn render(plan: &Plan) -> String {
    let mut out = String::from("---\n");
    for entry in complete(&plan.head) {
        out.push_str(&entry.lead);
        match &entry.own {
            Some(own) => out.push_str(own),
            None => push_engine_key(&mut out, &entry.key, plan),
        }
    }
    out.push_str("---\n");
    out.push_str(&plan.body);
    document::seal(&out, plan.head_frame.anchor)
}

/// The layout with the engine's missing keys behind it, in their usual order.
fn complete(head: &Head) -> Vec<HeadEntry> {
    let missing = ENGINE_KEYS
        .iter()
        .filter(|key| !head.0.iter().any(|entry| entry.key == **key));
    let missing = missing.map(|key| HeadEntry::engine(key));
    head.0.iter().cloned().chain(missing).collect()
}

fn push_engine_key(out: &mut String, key: &str, plan: &Plan) {
    if key == "journal" {
        out.push_str(&document::anchor_line(plan.head_frame.anchor));
    } else if let Some(value) = engine_value(key, plan) {
        push_entry(out, 0, key, &value);
    }
}

/// The value of an engine's key; `None` when it is not shown in this state.
fn engine_value(key: &str, plan: &Plan) -> Option<Value> {
    let listed = |list: Vec<Value>| (!list.is_empty()).then_some(Value::Array(list));
    match key {
        "id" => Some(plan.id.to_string().into()),
        "project_code" => Some(plan.project.directory().into()),
        "created_at" => Some(plan.created_at.guide_form().into()),
        "status" => Some(plan.status.name().as_str().into()),
        "status_transitions" => listed(plan.transitions.iter().map(transition).collect()),
        "current_index" => (plan.current_index > 0).then(|| plan.current_index.into()),
        "reflection_log" => listed(plan.reflections.iter().map(reflection).collect()),
        "spawned_kickoffs" => listed(plan.kickoffs.clone()),
        "execution_started_at" => plan.execution_started_at.map(|at| at.guide_form().into()),
        "max_wall_clock_min" => plan.caps.max_wall_clock_min.map(Into::into),
        "max_tokens" => plan.caps.max_tokens.map(Into::into),
        "max_cost_usd" => plan.caps.max_cost_usd.map(MicroUsd::to_json),
        "tokens_used" => plan.execution_started_at.map(|_| plan.calls.tokens.into()),
        "cost_usd_used" => plan
            .execution_started_at
            .map(|_| MicroUsd::to_json(plan.calls.cost)),
        _ => None,
    }
}

fn transition(entry: &Transition) -> Value {
    json!({
        "to": entry.to.as_str(),
        "decided_by": entry.decided_by,
        "decided_at": entry.decided_at.guide_form(),
        "note": entry.note,
    })
}

fn reflection(entry: &Reflection) -> Value {
    let mut map = Map::new();
    map.insert(
        "after_sub_objective".into(),
        entry.after_sub_objective.into(),
    );
    map.insert("outcome".into(), entry.outcome.as_str().into());
    map.insert("rationale".into(), entry.rationale.as_str().into());
    map.insert("timestamp".into(), entry.timestamp.guide_form().into());
    if let Some(note) = &entry.note {
        map.insert("note".into(), note.as_str().into());
    }
    map.extend(entry.more.clone());
    Value::Object(map)
}

/// `key: value` in block style, lists at the key's own depth.
pub(crate) fn push_entry(out: &mut String, depth: usize, key: &str, value: &Value) {
    let pad = " ".repeat(depth);
    match value {
        Value::Object(map) if !map.is_empty() => {
            out.push_str(&format!("{pad}{}:\n", yaml::scalar(key)));
            map.iter()
                .for_each(|(key, value)| push_entry(out, depth + 2, key, value));
        }
        Value::Array(list) if !list.is_empty() => {
            out.push_str(&format!("{pad}{}:\n", yaml::scalar(key)));
            list.iter().for_each(|item| push_item(out, depth, item));
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Object(_)
        | Value::Array(_) => {
            out.push_str(&format!("{pad}{}: {}\n", yaml::scalar(key), flat(value)));
        }
    }
}

/// `- item` at `depth`; a mapping's or a list's first line stands beside the dash.
fn push_item(out: &mut String, depth: usize, item: &Value) {
    let mut inner = String::new();
    match item {
        Value::Object(map) if !map.is_empty() => {
            map.iter()
                .for_each(|(key, value)| push_entry(&mut inner, depth + 2, key, value));
        }
        Value::Array(list) if !list.is_empty() => list
            .iter()
            .for_each(|i| push_item(&mut inner, depth + 2, i)),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Object(_)
        | Value::Array(_) => {
            inner = format!("{}{}\n", " ".repeat(depth + 2), flat(item));
        }
    }
    out.push_str(&format!("{}- {}", " ".repeat(depth), &inner[depth + 2..]));
}

/// A value on one line: a scalar, `[]` or `{}`.
fn flat(value: &Value) -> String {
    match value {
        Value::String(text) => yaml::scalar(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    }
}
