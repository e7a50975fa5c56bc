//! Reading what a plan file says of its own progress: for files that come without a journal, and for caps
//! that an operator writes. Accepts the spellings of the existing program beside the guide's.

pub mod ticket;

use serde_json::Value as Json;

use crate::{
    event::{Caps, Found, StatusName},
    ids::PlanId,
    payload::{Digest, Payload},
    time::{MicroUsd, Timestamp},
    work::{Outcome, Reflection, Transition},
    yaml::{self, Mapping, Value},
};

/// A field that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{field}`: {why}")]
pub struct FieldFault {
    /// Its name, dotted and indexed.
    pub field: String,
    /// What is wrong and what would be right.
    pub why: String,
}

fn fault(field: &str, why: impl Into<String>) -> FieldFault {
    FieldFault {
        field: field.to_owned(),
        why: why.into(),
    }
}

/// The caps that a frontmatter sets.
///
/// # Errors
/// [`FieldFault`] when one is not a number of its kind.
pub fn caps(values: &Mapping) -> Result<Caps, FieldFault> {
    Ok(Caps {
        max_wall_clock_min: whole(values, "max_wall_clock_min")?,
        max_tokens: whole(values, "max_tokens")?,
        max_cost_usd: dollars(values, "max_cost_usd")?,
    })
}

/// What the frontmatter of plan `id` says of its progress; `file` is the BLAKE3 of the whole file.
///
/// # Errors
/// [`FieldFault`] names the first field that contradicts the file's name or cannot be read.
pub fn read(
    id: &PlanId,
    values: &Mapping,
    usage: Option<Payload>,
    file: Digest,
) -> Result<Found, FieldFault> {
    check_identity(id, values)?;
    Ok(Found {
        created_at: time(values, "created_at")?
            .ok_or_else(|| fault("created_at", "it is missing"))?,
        status: status(values)?,
        transitions: list(values, "status_transitions")?
            .iter()
            .enumerate()
            .map(transition)
            .collect::<Result<_, _>>()?,
        current_index: index(values)?,
        reflections: list(values, "reflection_log")?
            .iter()
            .enumerate()
            .map(reflection)
            .collect::<Result<_, _>>()?,
        spawned_kickoffs: list(values, "spawned_kickoffs")?,
        execution_started_at: time(values, "execution_started_at")?,
        tokens_used: whole(values, "tokens_used")?.unwrap_or(0),
        cost_usd_used: dollars(values, "cost_usd_used")?.unwrap_or_default(),
        usage,
        file,
    })
}

fn check_identity(id: &PlanId, values: &Mapping) -> Result<(), FieldFault> {
    let said = values.get("id").and_then(Value::as_str).unwrap_or_default();
    if said.parse::<PlanId>().ok().as_ref() != Some(id) {
        return Err(fault(
            "id",
            format!("it says {said:?}, but the file's name says {id}"),
        ));
    }
    let project = values
        .get("project_code")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !project.eq_ignore_ascii_case(&id.project().to_string()) {
        return Err(fault(
            "project_code",
            format!("it says {project:?}, but the plan is of {}", id.project()),
        ));
    }
    Ok(())
}

fn status(values: &Mapping) -> Result<StatusName, FieldFault> {
    let said = values
        .get("status")
        .and_then(Value::as_str)
        .unwrap_or_default();
    StatusName::parse(said).ok_or_else(|| {
        let known: Vec<_> = StatusName::ALL
            .iter()
            .map(|status| status.as_str())
            .collect();
        fault(
            "status",
            format!("{said:?} is none of {}", known.join(", ")),
        )
    })
}

fn index(values: &Mapping) -> Result<u32, FieldFault> {
    let index = whole(values, "current_index")?.unwrap_or(0);
    u32::try_from(index).map_err(|_| fault("current_index", "it is far too large"))
}

fn whole(values: &Mapping, key: &str) -> Result<Option<u64>, FieldFault> {
    match values.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(n)) if n.is_u64() => Ok(n.as_u64()),
        Some(other) => Err(fault(
            key,
            format!("{} is not a whole number of 0 or more", shown(other)),
        )),
    }
}

fn dollars(values: &Mapping, key: &str) -> Result<Option<MicroUsd>, FieldFault> {
    let text = match values.get(key) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(n)) => n.to_string(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => shown(other),
    };
    let amount = MicroUsd::parse_usd(&text).or_else(|| rounded(&text));
    amount.map(Some).ok_or_else(|| {
        fault(
            key,
            format!("{text} is not an amount in dollars, as in 5.00"),
        )
    })
}

/// The existing program sums costs as floats and writes all their digits; rounded up to a millionth.
fn rounded(text: &str) -> Option<MicroUsd> {
    let amount: f64 = text.parse().ok().filter(|n| (0.0..1e9).contains(n))?;
    let micros = format!("{:.0}", (amount * 1e6).ceil());
    micros.parse().ok().map(MicroUsd)
}

fn time(values: &Mapping, key: &str) -> Result<Option<Timestamp>, FieldFault> {
    match values.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => instant(key, text).map(Some),
        Some(other) => Err(fault(key, format!("{} is not a time", shown(other)))),
    }
}

fn instant(field: &str, text: &str) -> Result<Timestamp, FieldFault> {
    Timestamp::parse(text).map_err(|e| fault(field, e.to_string()))
}

fn list(values: &Mapping, key: &str) -> Result<Vec<Json>, FieldFault> {
    match values.get(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(value @ Value::Sequence(_)) => yaml::from_value(value.clone())
            .map_err(|e| fault(key, format!("it cannot be kept: {e}"))),
        Some(other) => Err(fault(key, format!("{} is not a list", shown(other)))),
    }
}

fn transition((at, item): (usize, &Json)) -> Result<Transition, FieldFault> {
    let field = |name: &str| format!("status_transitions[{at}].{name}");
    let to = text(item, "to");
    Ok(Transition {
        to: StatusName::parse(&to)
            .ok_or_else(|| fault(&field("to"), format!("{to:?} is no status")))?,
        decided_by: text(item, "decided_by"),
        decided_at: instant(&field("decided_at"), &text(item, "decided_at"))?,
        note: text(item, "note"),
    })
}

/// Keys of a reflection that are read; the existing program says `after_index` and `at`.
const REFLECTION_KEYS: [&str; 7] = [
    "after_sub_objective",
    "after_index",
    "outcome",
    "rationale",
    "timestamp",
    "at",
    "note",
];

fn reflection((at, item): (usize, &Json)) -> Result<Reflection, FieldFault> {
    let field = |name: &str| format!("reflection_log[{at}].{name}");
    let either =
        |guide: &str, existing: &str| item.get(guide).or_else(|| item.get(existing)).cloned();
    let after = either("after_sub_objective", "after_index")
        .and_then(|v| v.as_u64())
        .and_then(|n| n.try_into().ok());
    let timestamp = either("timestamp", "at")
        .and_then(|v| v.as_str().map(str::to_owned))
        .unwrap_or_default();
    let outcome = text(item, "outcome");
    let map = item
        .as_object()
        .ok_or_else(|| fault(&field(""), "it is not a mapping"))?;
    Ok(Reflection {
        after_sub_objective: after
            .ok_or_else(|| fault(&field("after_sub_objective"), "it is no number"))?,
        outcome: Outcome::parse(&outcome)
            .ok_or_else(|| fault(&field("outcome"), format!("{outcome:?} is no outcome")))?,
        rationale: text(item, "rationale"),
        timestamp: instant(&field("timestamp"), &timestamp)?,
        note: Some(text(item, "note")).filter(|note| !note.is_empty()),
        more: map
            .iter()
            .filter(|(k, _)| !REFLECTION_KEYS.contains(&k.as_str()))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect(),
    })
}

/// A scalar of a list's item, as text; empty when it is missing.
fn text(item: &Json, key: &str) -> String {
    match item.get(key) {
        Some(Json::String(text)) => text.clone(),
        None | Some(Json::Null) => String::new(),
        Some(other) => other.to_string(),
    }
}

fn shown(value: &Value) -> String {
    yaml::emit(value).trim().chars().take(60).collect()
}
