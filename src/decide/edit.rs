//! Hand edits: what an operator changed in a plan's file becomes events, all of it or none.

use projections::{
    document::{Document, ENGINE_KEYS, Head, HeadEntry},
    event::{Caps, CapsChanged, EditRejected, PlanRevised, StatusName},
    found,
    payload::Digest,
    plan::Revision,
    yaml::{self, Mapping, Value},
};

use super::{Decided, Decision, Refusal, approval};

/// Why an edit is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditFault {
    /// The key is not for editing.
    #[error("`{key}` belongs to the engine; it follows from the journal and cannot be edited")]
    EnginesKey {
        /// Which.
        key: String,
    },
    /// The status cannot become this one by hand.
    #[error("`status: {to}` cannot be set by hand on a plan that is {from}; possible: {possible}")]
    Status {
        /// Where it stands.
        from: StatusName,
        /// What was written.
        to: String,
        /// What may be written.
        possible: &'static str,
    },
    /// A cap is not a number.
    #[error("{0}")]
    Cap(String),
    /// The body is fixed in this status.
    #[error("the body of a plan that is {status} cannot be edited; {}", after(*status))]
    Body {
        /// Where it stands.
        status: StatusName,
    },
    /// A cap of a plan that has ended caps nothing.
    #[error("`{cap}` of a plan that is {status} cannot be changed any more")]
    Ended {
        /// Which.
        cap: &'static str,
        /// Where it stands.
        status: StatusName,
    },
    /// There is nothing of the engine's in it.
    #[error("{0}")]
    NoFrontmatter(&'static str),
    /// The text that was edited is not the plan's any more.
    #[error(
        "the plan has been written anew since this text of it was opened; read it again and edit that"
    )]
    Outdated,
    /// What is approved is not what the plan says now.
    #[error(
        "the plan has been written anew since this text of it was opened, so it was not approved; read it again and approve that"
    )]
    WrittenAnew,
    /// What the file says was taken over before, and something else has been written since.
    #[error(
        "what it says was taken over before, and the plan has been changed since; read it again and edit that"
    )]
    Superseded,
    /// The file says nothing new.
    #[error("the file was rewritten without a change of meaning")]
    Nothing,
}

const NOTE: &str = "edited in the plan's file";

const CAPS: [&str; 3] = ["max_wall_clock_min", "max_tokens", "max_cost_usd"];

pub(super) fn edit(decision: &mut Decision<'_>, base: &Document, edited: &Document) -> Decided {
    if let Some(what) = edited.lacks_frontmatter() {
        return Err(EditFault::NoFrontmatter(what).into());
    }
    refuse_engine_keys(&base.values, &edited.values)?;
    let late = text(decision, base, edited)? | caps(decision, base, edited)?;
    status(decision, base, edited)?;
    match (decision.events.is_empty(), late) {
        (true, true) => Err(EditFault::Superseded.into()),
        (true, false) => Err(EditFault::Nothing.into()),
        (false, _) => Ok(()),
    }
}

pub(super) fn reject(
    decision: &mut Decision<'_>,
    file: &str,
    why: &str,
    kept_as: Option<&String>,
) -> Decided {
    decision.push(EditRejected {
        file: file.to_owned(),
        why: why.to_owned(),
        kept_as: kept_as.cloned(),
    });
    Ok(())
}

fn changed<'a>(base: &Mapping, edited: &'a Mapping, key: &str) -> Option<Option<&'a Value>> {
    let (before, after) = (base.get(key), edited.get(key));
    (before != after).then_some(after)
}

fn refuse_engine_keys(base: &Mapping, edited: &Mapping) -> Result<(), EditFault> {
    // The anchor is rendered afresh whatever becomes of it; an editor that drops it does no harm.
    let free = |key: &str| key == "journal" || key == "status" || CAPS.contains(&key);
    let touched = ENGINE_KEYS
        .iter()
        .find(|key| !free(key) && changed(base, edited, key).is_some());
    touched.map_or(Ok(()), |key| {
        Err(EditFault::EnginesKey {
            key: (*key).to_owned(),
        })
    })
}

/// The operator's keys at any time, the body while nobody works on it. Says whether something is not taken over because it
/// was before.
fn text(
    decision: &mut Decision<'_>,
    base: &Document,
    edited: &Document,
) -> Result<bool, EditFault> {
    // An editor that saves the same buffer twice says nothing new the second time.
    let plan = &decision.plan;
    let (own, whole) = (edited.head.own_digest(), body_digest(&edited.body));
    let taken = |same: &dyn Fn(&Revision) -> bool| was_taken(decision, base, same);
    let head = (own_keys(&base.head) != own_keys(&edited.head))
        .then(|| merged(&base.head, &plan.head, &edited.head))
        .filter(|head| plan.head != *head);
    let body = (!same_text(&base.body, &edited.body) && !same_text(&plan.body, &edited.body))
        .then(|| edited.body.clone());
    let late = (
        head.is_some() && taken(&|since| since.head == Some(own)),
        body.is_some() && taken(&|since| since.body == Some(whole)),
    );
    let (head, body) = (head.filter(|_| !late.0), body.filter(|_| !late.1));
    let status = decision.status();
    if body.is_some() && !matches!(status, StatusName::Draft | StatusName::Paused) {
        return Err(EditFault::Body { status });
    }
    if head.is_some() || body.is_some() {
        decision.push(PlanRevised {
            head,
            body,
            why: NOTE.to_owned(),
        });
    }
    Ok(late.0 || late.1)
}

/// Of all who look at a file at once, one may read a text where it stands and another swap it out and judge it later:
/// what was taken over since the text was opened must not undo what came after it. Whoever has an old text open, and wants
/// it back, is told so.
fn was_taken(decision: &Decision<'_>, base: &Document, same: impl Fn(&Revision) -> bool) -> bool {
    let anchor = base.values.get("journal").and_then(Value::as_mapping);
    let Some(seq) = anchor.and_then(|anchor| anchor.get("seq")?.as_u64()) else {
        return false;
    };
    let since = decision.plan.revisions.iter().rev();
    since
        .take_while(|revision| revision.seq > seq)
        .filter(|revision| revision.by == decision.context.by)
        .any(same)
}

fn body_digest(body: &str) -> Digest {
    Digest::of(body.trim_end().as_bytes())
}

/// Editors add or drop the last line break at will.
fn same_text(one: &str, other: &str) -> bool {
    one.trim_end() == other.trim_end()
}

/// The edited layout, and in it what has been changed since the text was opened and was not touched in it.
fn merged(base: &Head, now: &Head, edited: &Head) -> Head {
    let mut entries = Vec::new();
    for entry in &edited.0 {
        let untouched = find(base, entry) == Some(entry);
        match find(now, entry) {
            Some(newer) if untouched => entries.push(newer.clone()),
            // It was taken away since.
            None if untouched && !is_engines(entry) => {}
            Some(_) | None => entries.push(entry.clone()),
        }
    }
    let added = now.0.iter().filter(|entry| !is_engines(entry));
    let added = added.filter(|entry| find(base, entry).is_none() && find(edited, entry).is_none());
    entries.extend(added.cloned());
    Head(entries)
}

/// The entry of the same key.
fn find<'a>(head: &'a Head, like: &HeadEntry) -> Option<&'a HeadEntry> {
    head.0.iter().find(|entry| entry.key == like.key)
}

fn is_engines(entry: &HeadEntry) -> bool {
    ENGINE_KEYS.contains(&entry.key.as_str())
}

fn own_keys(head: &Head) -> Vec<(&str, &str, Option<&str>)> {
    head.0
        .iter()
        .map(|e| (e.key.as_str(), e.lead.as_str(), e.own.as_deref()))
        .filter(is_own)
        .collect()
}

fn is_own((_, lead, own): &(&str, &str, Option<&str>)) -> bool {
    own.is_some() || !lead.is_empty()
}

/// Says whether a cap is not taken over because it was before.
fn caps(
    decision: &mut Decision<'_>,
    base: &Document,
    edited: &Document,
) -> Result<bool, EditFault> {
    let written = found::caps(&edited.values).map_err(|fault| EditFault::Cap(fault.to_string()))?;
    let touched = |key| changed(&base.values, &edited.values, key).is_some();
    // A cap that was not touched stays as it is now, even if the edited file is an old one.
    let mut caps = decision.plan.caps;
    let (mut changed, mut late) = (None, false);
    for cap in CAPS.into_iter().filter(|key| touched(key)) {
        let before = caps;
        match cap {
            "max_wall_clock_min" => caps.max_wall_clock_min = written.max_wall_clock_min,
            "max_tokens" => caps.max_tokens = written.max_tokens,
            _ => caps.max_cost_usd = written.max_cost_usd,
        }
        let wished = |since: &Revision| since.caps.map(|then| of(then, cap)) == Some(of(caps, cap));
        if caps != before && was_taken(decision, base, wished) {
            (caps, late) = (before, true);
        }
        changed = changed.or((caps != before).then_some(cap));
    }
    let status = decision.status();
    match changed {
        Some(cap) if status.is_terminal() => return Err(EditFault::Ended { cap, status }),
        Some(_) => decision.push(CapsChanged { caps }),
        None => {}
    }
    Ok(late)
}

/// One of them, in a form that can be compared.
fn of(caps: Caps, cap: &str) -> Option<u64> {
    match cap {
        "max_wall_clock_min" => caps.max_wall_clock_min,
        "max_tokens" => caps.max_tokens,
        _ => caps.max_cost_usd.map(|cost| cost.0),
    }
}

fn status(decision: &mut Decision<'_>, base: &Document, edited: &Document) -> Result<(), Refusal> {
    let Some(value) = changed(&base.values, &edited.values, "status") else {
        return Ok(());
    };
    let written = value.map(word).unwrap_or_default();
    let from = decision.status();
    match (from, StatusName::parse(&written.to_lowercase())) {
        (now, Some(wished)) if now == wished || was_granted(decision, base, wished) => Ok(()),
        (StatusName::Draft | StatusName::Paused, Some(StatusName::Approved)) => {
            if !same_text(&edited.body, &decision.plan.body) {
                return Err(EditFault::WrittenAnew.into());
            }
            approval::approve(decision, NOTE)
        }
        (StatusName::Draft, Some(StatusName::Declined)) => approval::decline(decision, NOTE),
        (live, Some(StatusName::Cancelled)) if !live.is_terminal() => {
            approval::cancel(decision, NOTE, false)
        }
        _ => Err(EditFault::Status {
            from,
            to: written,
            possible: possible(from),
        }
        .into()),
    }
}

/// A value as a person would say it.
fn word(value: &Value) -> String {
    match value.as_str() {
        Some(text) => text.trim().to_owned(),
        None => yaml::emit(value).trim().to_owned(),
    }
}

/// Whether the plan has been given this status since the text that was edited: the same wish seen twice, by two
/// daemons or in two saves, is one wish. It never answers for what the plan has asked since.
fn was_granted(decision: &Decision<'_>, base: &Document, wished: StatusName) -> bool {
    let seen = base.values.get("status_transitions");
    let seen = seen.and_then(Value::as_sequence).map_or(0, Vec::len);
    let since = decision.plan.transitions.iter().skip(seen);
    since.into_iter().any(|entry| entry.to == wished)
}

/// What to do about a body that is fixed.
fn after(status: StatusName) -> &'static str {
    if status.is_terminal() {
        "it has ended; add a new plan"
    } else {
        "pause it first"
    }
}

fn possible(from: StatusName) -> &'static str {
    match from {
        StatusName::Draft => "approved, declined, cancelled",
        StatusName::Paused => "approved, cancelled",
        StatusName::Approved | StatusName::Executing => "cancelled",
        StatusName::Declined | StatusName::Cancelled | StatusName::Aborted | StatusName::Done => {
            "nothing, it has ended; add a new plan"
        }
    }
}
