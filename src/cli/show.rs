//! Views of plans: the list and the one. They read, and never write.

mod list;
mod slips;

use projections::{
    event::Caps,
    files::artifacts_path,
    ids::{CallId, PlanId},
    narration,
    plan::{InFlight, Plan, Run, RunStage, Status, Task, TaskStage},
    time::Timestamp,
    usage,
    work::Redo,
};
use serde_json::{Value, json};

pub(super) use list::list;

use super::output;
use crate::{
    error::{Error, Result},
    vault::{
        PlanLog, Project, Vault,
        replay::{self, Until},
    },
};

/// The body's first heading.
fn title(plan: &Plan) -> &str {
    let heading = plan.body.lines().find_map(|line| line.strip_prefix('#'));
    heading.map_or("", |line| line.trim_start_matches('#').trim())
}

pub(super) fn one(vault: &Vault, id: &PlanId, json: bool) -> Result<()> {
    let project = vault.reader_of(id)?;
    tell_archived(&project, id);
    let reading = match replay::read(&project, id, Until::Tail, &mut |_, _, _| ()) {
        Err(Error::Journal(journal::Error::Missing { .. })) => {
            let why = "it has a file and no journal yet; a daemon's next tick, or `modulatio plan approve`, takes it in";
            return Err(Error::BadFile {
                file: project.plan_path(id),
                why: why.to_owned(),
            });
        }
        read => read?,
    };
    let runner = PlanLog::leased(&project, id)?.map(|note| note.holder);
    if let Some(plan) = &reading.plan {
        let state = state(plan, runner.as_deref());
        if json {
            output::report_json(&state)
        } else {
            output::report(&text(plan, runner.as_deref()))
        }
    }
    reading.fault.map_or(Ok(()), Err)
}

/// Who has approved, and how, what is still to be written: nobody is asked again before it runs.
fn in_advance(plan: &Plan) -> Option<&str> {
    let wish = plan.wishes.last().filter(|_| plan.is_being_drafted())?;
    let note = wish.mandate.approved.as_deref()?;
    Some(note.strip_prefix("approved in advance: ").unwrap_or(note))
}

/// What is wrong with the body. One that the Leader is still to write has no fault.
fn body(plan: &Plan) -> Option<String> {
    let was_written = plan.revisions.iter().any(|r| r.body.is_some());
    let is_wish = !plan.wishes.is_empty() && !was_written;
    match &plan.items {
        Ok(_) => None,
        Err(_) if is_wish || plan.is_being_drafted() => Some("still to be written".to_owned()),
        Err(fault) => Some(fault.to_string()),
    }
}

/// Where a plan stands, on one line.
fn brief(plan: &Plan) -> String {
    let (status, done, all) = (plan.status.name(), plan.current_index, plan.item_count());
    format!("{} {status}, {done} of {all} sub-objectives", plan.id)
}

/// Who has it, or whom it waits for.
fn runner_of(plan: &Plan, runner: Option<&str>) -> Option<String> {
    match (runner, &plan.status) {
        (Some(""), _) => None,
        (Some(runner), _) => Some(runner.to_owned()),
        (None, Status::Approved) => Some("none yet (modulatio daemon)".to_owned()),
        (None, _) => None,
    }
}

/// The same where nothing is redrawn.
pub(super) fn brief_with_runner(plan: &Plan, runner: Option<&str>) -> String {
    let runner = runner_of(plan, runner);
    let runner = runner.map_or_else(String::new, |runner| format!(", runner {runner}"));
    format!("{}{runner}", brief(plan))
}

/// What is redrawn while a plan is watched.
pub(super) fn live(plan: &Plan, runner: Option<&str>, now: Timestamp) -> Vec<String> {
    let mut lines = vec![brief(plan)];
    lines.extend(runner_of(plan, runner).map(|runner| format!("  runner     {runner}")));
    lines.extend(step(plan).map(|step| format!("  step       {step}")));
    lines.extend(plan.calls.in_flight.values().map(|call| {
        let since = now.micros_since(call.started_at) / 1_000_000;
        let (doing, model) = (narration::doing(&call.step), &call.model);
        format!("  asking     {model}, {since} s: {doing}")
    }));
    lines.extend(waiting(plan).map(|waiting| format!("  waiting    {waiting}")));
    lines.push(format!("  usage      {}", usage(plan)));
    lines
}

/// Says where a plan lies that is read from the archive.
pub(super) fn tell_archived(project: &Project, id: &PlanId) {
    if project.is_archive() {
        let dir = project.archive_name(id);
        output::tell(&format!("note: {id} is archived in {}", dir.display()));
    }
}

/// A plan's state as JSON.
pub(super) fn state(plan: &Plan, runner: Option<&str>) -> Value {
    let tickets: Vec<Value> = plan
        .open_tickets()
        .map(|(id, ticket)| json!({"id": id, "priority": ticket.priority, "title": ticket.title}))
        .collect();
    let call = |(id, call): (&CallId, &InFlight)| json!({"call_id": id, "step": call.step.label(), "model": call.model, "since": call.started_at});
    let calls: Vec<Value> = plan.calls.in_flight.iter().map(call).collect();
    json!({
        "id": plan.id,
        "project": plan.project,
        "status": plan.status.name(),
        "reason": reason(plan),
        "approved_in_advance": in_advance(plan),
        "title": title(plan),
        "current_index": plan.current_index,
        "sub_objectives": plan.item_count(),
        "step": step(plan),
        "epoch": plan.epoch,
        "runner": runner,
        "under_way": calls,
        "execution_started_at": plan.execution_started_at,
        "caps": plan.caps,
        "usage": usage::totals(plan),
        "reflection_log": plan.reflections,
        "open_tickets": tickets,
        "journal": plan.head_frame.anchor,
    })
}

fn reason(plan: &Plan) -> Option<&str> {
    match &plan.status {
        Status::Paused { note, .. } => Some(note),
        Status::Draft
        | Status::Approved
        | Status::Executing { .. }
        | Status::Declined
        | Status::Cancelled { .. }
        | Status::Aborted
        | Status::Done => None,
    }
}

/// What the plan stands at, in words.
fn step(plan: &Plan) -> Option<String> {
    let run = plan.run.as_ref()?;
    let index = run.index;
    Some(match run.stage {
        RunStage::Drafting => "the Leader is asked to write the plan".to_owned(),
        RunStage::Planning => format!("sub-objective {index}: planning"),
        RunStage::Reflecting => format!("sub-objective {index}: reflecting"),
        RunStage::Decomposing => format!("sub-objective {index}: to be divided"),
        RunStage::Working => {
            let open = run
                .tasks
                .iter()
                .filter(|task| task.stage != TaskStage::Passed);
            let open: Vec<String> = open.filter_map(|task| doing(run, task)).collect();
            format!("sub-objective {index}: {}", open.join("; "))
        }
    })
}

/// What happens to a task; `None` for one that only waits for others.
fn doing(run: &Run, task: &Task) -> Option<String> {
    let can_go_on = run.workable().any(|other| other.spec.id == task.spec.id);
    let doing = match &task.stage {
        TaskStage::Blocked { .. } => "blocked",
        _ if !can_go_on => return None,
        TaskStage::Producing if task.how == Redo::Fix => "being mended by QC",
        TaskStage::Producing => "producing",
        TaskStage::Writing { .. } => "handing in",
        TaskStage::Reviewing => "in review",
        TaskStage::Passed => "passed",
    };
    let (id, attempt) = (&task.spec.id, task.attempt);
    Some(format!("{id} {doing}, production {attempt}"))
}

/// A plan at work that has a failed call to try again.
fn waiting(plan: &Plan) -> Option<String> {
    let Status::Executing { .. } = plan.status else {
        return None;
    };
    let run = plan
        .run
        .as_ref()
        .filter(|_| plan.calls.in_flight.is_empty())?;
    let mut troubles = run.troubles.values();
    let (failures, until) = troubles.find_map(|t| Some((t.failures, t.not_before?)))?;
    Some(format!("until {until}, after {failures} failed call(s)"))
}

fn usage(plan: &Plan) -> String {
    let calls = &plan.calls;
    let unknown = match calls.unpriced {
        0 => String::new(),
        count => format!("; cost unknown of {count}"),
    };
    format!(
        "{} tokens, ${} in {} calls{unknown}",
        calls.tokens, calls.cost, calls.completed
    )
}

/// What may have been spent besides. Of calls without a price nobody knows how much that is.
fn in_doubt(plan: &Plan) -> String {
    let (doubts, possible) = (&plan.calls.in_doubt, plan.calls.possible());
    let unpriced = doubts.values().filter(|doubt| doubt.cost.is_none()).count();
    let unknown = match unpriced {
        0 => String::new(),
        count => format!("; cost unknown of {count}"),
    };
    format!(
        "{} call(s), {} tokens and ${} at most{unknown} (modulatio plan release {})",
        doubts.len(),
        possible.tokens,
        possible.cost.unwrap_or_default(),
        plan.id,
    )
}

/// The plan's own caps on one line.
pub(super) fn caps(plan: &Plan) -> String {
    let caps = &plan.caps;
    let all = [
        caps.max_cost_usd.map(|cost| format!("max_cost_usd {cost}")),
        caps.max_tokens.map(|count| format!("max_tokens {count}")),
        caps.max_wall_clock_min
            .map(|minutes| format!("max_wall_clock_min {minutes}")),
    ];
    let set: Vec<String> = all.into_iter().flatten().collect();
    if set.is_empty() {
        "no caps of its own".to_owned()
    } else {
        set.join(", ")
    }
}

/// A plan's state for people.
pub(super) fn text(plan: &Plan, runner: Option<&str>) -> String {
    let mut lines = vec![
        format!("{}  {}", plan.id, title(plan)),
        format!(
            "  status     {}{}",
            plan.status.name(),
            match reason(plan) {
                None | Some("") => String::new(),
                Some(why) => format!(": {why}"),
            }
        ),
        format!(
            "  progress   {} of {} sub-objectives",
            plan.current_index,
            plan.item_count()
        ),
    ];
    lines.extend(in_advance(plan).map(|who| format!("  approved   in advance, {who}")));
    lines.extend(step(plan).map(|step| format!("  step       {step}")));
    lines.extend(plan.calls.in_flight.values().map(|call| {
        let (doing, model, at) = (narration::doing(&call.step), &call.model, call.started_at);
        format!("  asking     {model} since {at}: {doing}")
    }));
    lines.extend(waiting(plan).map(|waiting| format!("  waiting    {waiting}")));
    let runner = runner.filter(|runner| !runner.is_empty());
    lines.extend(runner.map(|runner| format!("  runner     {runner}, epoch {}", plan.epoch)));
    if plan.execution_started_at.is_some() {
        let dir = format!("{}/{}", plan.project.directory(), artifacts_path(&plan.id));
        lines.push(format!("  artifacts  {dir}"));
    }
    lines.push(format!("  usage      {}", usage(plan)));
    if plan.caps != Caps::default() {
        lines.push(format!("  caps       {}", caps(plan)));
    }
    if !plan.calls.in_doubt.is_empty() {
        lines.push(format!("  in doubt   {}", in_doubt(plan)));
    }
    lines.extend(body(plan).map(|body| format!("  body       {body}")));
    lines.extend(
        slips::slips(plan)
            .into_iter()
            .map(|slip| format!("  note       {slip}")),
    );
    lines.extend(plan.reflections.iter().map(|r| {
        format!(
            "  reflected  after {}: {} ({})",
            r.after_sub_objective,
            r.outcome.as_str(),
            r.rationale
        )
    }));
    lines.extend(
        plan.open_tickets()
            .map(|(id, ticket)| format!("  ticket     {id}: {}", ticket.title)),
    );
    let anchor = plan.head_frame.anchor;
    lines.push(format!(
        "  journal    frame {}, b3 {}",
        anchor.seq, anchor.b3
    ));
    lines.join("\n")
}
