//! Journal → state. Pure, streaming, and the only way a [`Plan`] comes to be: a new plan is the fold of one
//! frame, a recovered one the fold of many. `fold` records facts and applies no policy; an event that cannot
//! have happened here is corruption, named by its frame.

mod calls;
mod lifecycle;
mod memory;
mod talk;
mod work;

use crate::{
    body,
    event::{Event, FORMAT, Found, PlanDrafted, PlanImported},
    ids::Epoch,
    plan::{Calls, FrameMark, Notes, Plan, Status},
    time::Timestamp,
};

/// A frame's events with what its header says.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Place, time and writer.
    pub mark: FrameMark,
    /// The epoch in the frame's header.
    pub epoch: Epoch,
    /// What happened.
    pub events: Vec<Event>,
}

/// A history that cannot have happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("frame {seq}: {kind} cannot apply: {why}")]
pub struct Corrupt {
    /// The frame.
    pub seq: u64,
    /// The event's kind.
    pub kind: String,
    /// Why not.
    pub why: String,
}

/// Applies one frame. `plan` is `None` before frame 0.
///
/// # Errors
/// [`Corrupt`] when an event cannot apply; the state is lost then, the journal is not.
pub fn apply(plan: Option<Plan>, entry: &Entry) -> Result<Plan, Corrupt> {
    apply_observed(plan, entry, &mut |_, _| ())
}

/// As [`apply`], showing each event with the state right after it: what the append-only projections see.
///
/// # Errors
/// [`Corrupt`], as for [`apply`].
pub fn apply_observed(
    plan: Option<Plan>,
    entry: &Entry,
    observe: &mut dyn FnMut(&Plan, &Event),
) -> Result<Plan, Corrupt> {
    let (mut plan, rest) = match plan {
        Some(plan) => (plan, &entry.events[..]),
        None => genesis(entry)?,
    };
    if let (Some(first), true) = (entry.events.first(), rest.len() < entry.events.len()) {
        observe(&plan, first);
    }
    for event in rest {
        apply_event(&mut plan, entry, event)?;
        observe(&plan, event);
    }
    check_epoch(&plan, entry)?;
    advance(&mut plan.head_frame, &entry.mark);
    Ok(plan)
}

/// Every frame carries the epoch of the last claim, its own included: a frame of a fenced-off runner cannot
/// have come into the journal.
fn check_epoch(plan: &Plan, entry: &Entry) -> Result<(), Corrupt> {
    // A newer program may claim by a kind that is not known here.
    if entry.epoch == plan.epoch || plan.unknown.is_some() {
        return Ok(());
    }
    let kind = entry.events.last().map_or("nothing", Event::kind);
    Err(Corrupt {
        seq: entry.mark.anchor.seq,
        kind: kind.to_owned(),
        why: format!("its epoch {} is not the plan's {}", entry.epoch, plan.epoch),
    })
}

/// `head.clone_from(mark)` without a new text: the writer is nearly always the one before.
fn advance(head: &mut FrameMark, mark: &FrameMark) {
    (head.anchor, head.at) = (mark.anchor, mark.at);
    head.by.clone_from(&mark.by);
}

/// Applies one event of a frame that is being decided or read.
///
/// # Errors
/// [`Corrupt`], as for [`apply`]; never after an event of a newer program.
pub fn apply_event(plan: &mut Plan, entry: &Entry, event: &Event) -> Result<(), Corrupt> {
    let corrupt = |why: &str| Corrupt {
        seq: entry.mark.anchor.seq,
        kind: event.kind().into(),
        why: why.into(),
    };
    match step(plan, entry, event) {
        Ok(()) => Ok(()),
        // What precedes it was in part not understood, so nothing can be said against it.
        Err(_) if plan.unknown.is_some() => Ok(()),
        Err(why) => Err(corrupt(why)),
    }
}

/// Why an event cannot apply.
type Refused = &'static str;

fn step(plan: &mut Plan, entry: &Entry, event: &Event) -> Result<(), Refused> {
    match event {
        Event::PlanDrafted(_) | Event::PlanImported(_) => Err("a plan begins only once"),
        Event::PlanRevised(e) => lifecycle::revised(plan, entry, e),
        Event::PlanApproved(e) => lifecycle::approved(plan, entry, &e.note),
        Event::PlanResumed(e) => lifecycle::approved(plan, entry, &e.note),
        Event::PlanDeclined(e) => lifecycle::ended(plan, entry, Status::Declined, &e.note),
        Event::PlanCancelled(e) => lifecycle::cancelled(plan, entry, e),
        Event::PlanAborted(e) => lifecycle::ended(plan, entry, Status::Aborted, &e.summary),
        Event::PlanCompleted(e) => lifecycle::ended(plan, entry, Status::Done, &e.summary),
        Event::PlanClaimed(e) => lifecycle::claimed(plan, entry, e),
        Event::PlanReleased(e) => lifecycle::released(plan, entry, &e.why),
        Event::PlanPaused(e) => lifecycle::paused(plan, entry, e),
        Event::CapsChanged(e) => lifecycle::caps_changed(plan, entry, e),
        // The refusal changed nothing; the frame itself is the record of it.
        Event::EditRejected(_) => Ok(()),
        Event::SubObjectiveStarted(e) => work::sub_objective_started(plan, e),
        Event::TasksPlanned(e) => work::tasks_planned(plan, e),
        Event::TaskProduced(e) => work::task_produced(plan, e),
        Event::ArtifactWritten(e) => work::artifact_written(plan, entry, e),
        Event::TaskReviewed(e) => work::task_reviewed(plan, e),
        Event::TaskRedone(e) => work::task_redone(plan, e),
        // The verdict before it has passed the task; this is the record of who mended it.
        Event::TaskFixed(_) => Ok(()),
        Event::TaskBlocked(e) => work::task_blocked(plan, e),
        Event::TaskUnblocked(e) => work::task_unblocked(plan, e),
        Event::SubObjectiveFinished(e) => work::sub_objective_finished(plan, entry, e),
        Event::ReflectionRecorded(e) => work::reflection_recorded(plan, e),
        // Divergences are lines of the audit file; the state does not grow by them.
        Event::DivergenceFlagged(_) => Ok(()),
        Event::TeamStateWritten(e) => work::team_state_written(plan, e),
        Event::TaskRouted(e) => memory::task_routed(plan, e),
        Event::NoteWritten(e) => memory::note_written(plan, e),
        Event::NoteProposed(e) => memory::note_proposed(plan, entry, e),
        Event::NoteJudged(e) => memory::note_judged(plan, e),
        Event::QualityReported(e) => work::quality_reported(plan, e),
        Event::DraftRequested(e) => lifecycle::draft_requested(plan, e),
        Event::DraftFailed(e) => lifecycle::draft_failed(plan, &e.why),
        Event::DecomposeRequested(e) => work::decompose_requested(plan, e),
        Event::SubObjectiveDecomposed(e) => work::sub_objective_decomposed(plan, e),
        Event::ModelCallStarted(e) => calls::started(plan, entry, e),
        Event::ModelCallCompleted(e) => calls::completed(plan, entry, e),
        Event::ModelCallFailed(e) => calls::failed(plan, entry, e),
        Event::ModelCallAbandoned(e) => calls::abandoned(plan, e),
        Event::ReplyRejected(e) => calls::reply_rejected(plan, e),
        Event::ModelFellBack(e) => calls::fell_back(plan, e),
        Event::ReservationReleased(e) => calls::reservation_released(plan, e),
        Event::ToolCallStarted(e) => talk::tool_started(plan, entry, e),
        Event::ToolCallFinished(e) => talk::tool_finished(plan, entry, e),
        Event::ContextSoftWarned(e) => talk::soft_warned(plan, e),
        Event::ContextCompressed(e) => talk::compressed(plan, e),
        // The pause and the ticket in the same frame carry its consequence.
        Event::ContextExhausted(_) => Ok(()),
        Event::BudgetWarned(e) => calls::budget_warned(plan, e),
        // The pause and the ticket in the same frame carry its consequence.
        Event::BudgetExhausted(_) => Ok(()),
        Event::TicketOpened(e) => lifecycle::ticket_opened(plan, entry, e),
        Event::TicketWithdrawn(e) => lifecycle::ticket_withdrawn(plan, entry, e),
        Event::TicketDecided(e) => lifecycle::ticket_decided(plan, entry, e),
        Event::Unknown(unknown) => {
            plan.unknown = Some(format!("{} v{}", unknown.kind, unknown.v));
            Ok(())
        }
    }
}

fn genesis(entry: &Entry) -> Result<(Plan, &[Event]), Corrupt> {
    match entry.events.split_first() {
        Some((Event::PlanDrafted(e), rest)) => Ok((drafted(entry, e), rest)),
        Some((Event::PlanImported(e), rest)) => Ok((imported(entry, e), rest)),
        Some((other, _)) => Err(not_a_beginning(entry, other.kind())),
        None => Err(not_a_beginning(entry, "nothing")),
    }
}

fn not_a_beginning(entry: &Entry, kind: &str) -> Corrupt {
    let why = "a plan's journal begins with PlanDrafted or PlanImported".to_owned();
    Corrupt {
        seq: entry.mark.anchor.seq,
        kind: kind.to_owned(),
        why,
    }
}

fn drafted(entry: &Entry, e: &PlanDrafted) -> Plan {
    Plan {
        id: e.plan.clone(),
        project: e.project.clone(),
        created_at: entry.mark.at,
        head: e.head.clone(),
        items: body::sub_objectives(&e.body),
        body: e.body.clone(),
        caps: e.caps,
        revisions: Vec::new(),
        status: Status::Draft,
        transitions: Vec::new(),
        epoch: Epoch::default(),
        barren_claims: 0,
        execution_started_at: None,
        current_index: 0,
        run: None,
        reflections: Vec::new(),
        kickoffs: Vec::new(),
        finished: Vec::new(),
        quality_report: None,
        wishes: Vec::new(),
        team_state: None,
        notes: Notes::default(),
        judged: std::collections::BTreeMap::new(),
        calls: Calls::default(),
        tickets: std::collections::BTreeMap::new(),
        usage_before: None,
        found_as: None,
        head_frame: entry.mark.clone(),
        last_progress: Timestamp::default(),
        unknown: newer(e.format),
    }
}

/// A vocabulary that has changed its meaning since is read as far as it can be, and never written.
fn newer(format: u32) -> Option<String> {
    (format > FORMAT).then(|| format!("vocabulary {format}"))
}

fn imported(entry: &Entry, e: &PlanImported) -> Plan {
    let drafted_form = PlanDrafted {
        format: e.format,
        plan: e.plan.clone(),
        project: e.project.clone(),
        head: e.head.clone(),
        body: e.body.clone(),
        caps: e.caps,
    };
    let found = &e.found;
    Plan {
        created_at: found.created_at,
        status: lifecycle::status_as_found(found, entry),
        transitions: found.transitions.clone(),
        execution_started_at: found.execution_started_at,
        current_index: finished_as_found(found),
        reflections: found.reflections.clone(),
        kickoffs: found.spawned_kickoffs.clone(),
        calls: Calls {
            tokens: found.tokens_used,
            cost: found.cost_usd_used,
            ..Calls::default()
        },
        usage_before: found.usage.clone(),
        found_as: Some(found.file),
        ..drafted(entry, &drafted_form)
    }
}

/// A sub-objective that was reflected on is finished, though the existing program advances its index only with
/// some outcomes; finished work is never run again.
fn finished_as_found(found: &Found) -> u32 {
    let reflected = found
        .reflections
        .iter()
        .map(|r| r.after_sub_objective)
        .max();
    found.current_index.max(reflected.unwrap_or(0))
}
