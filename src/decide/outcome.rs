//! What follows from a model's answer, step by step of the machine.
//!
//! ```text
//!  produce ─▶ collected ─▶ review ─▶ passed
//!     ▲  │         │          └▶ rejected ─┬─ mechanical: edit ─┐
//!     │  │ calls   │ something             ├─ substantive: anew ┼─▶ produce, `redos` times
//!     │  │ used up │ is missing            │   then: QC fixes ──┴─▶ fix ─▶ review ─▶ passed, or blocked
//!     │  └─────────┴──── judged by the ────┴─ environmental: blocked at once
//!     └───────────────── engine as rejected
//! ```

use projections::{
    event::{
        Event, PauseReason, ReplyRejected, SubObjectiveDecomposed, TaskBlocked, TaskFixed,
        TaskProduced, TaskRedone, TaskReviewed, TasksPlanned, TicketSubject,
    },
    ids::{CallId, TaskId},
    plan::Task,
    work::{Defect, DefectClass, Redo, Severity, Step, Verdict},
};

use super::{Decided, Decision, claim, drafting, memory, question, reflection, ticket};
use crate::prompts::{
    one_line,
    reply::{self, ReplyFault},
};

/// What a judge that only looks is told, after the number of its calls.
const ANSWER_NOW: &str = "calls were made; answer now, without calling other tools";

/// Reads the answer and takes the step, or has it repaired, or asks a person.
pub(super) fn of_reply(
    decision: &mut Decision<'_>,
    call_id: &CallId,
    step: &Step,
    text: &str,
    cut: bool,
) -> Decided {
    let asked = decision.plan.calls.last_reply.as_ref();
    let agent = asked.map_or_else(String::new, |(call, _)| call.agent_id.clone());
    let taken = taken(decision, call_id, step, text);
    if let Ok(Ok(())) = taken {
        memory::noted(decision, step, &agent, text);
    }
    taken.unwrap_or_else(|fault| {
        let why = if cut {
            "it breaks off at the limit of output tokens; answer shorter".to_owned()
        } else {
            fault.to_string()
        };
        rejected(decision, call_id, step, text, &why, cut)
    })
}

fn taken(
    decision: &mut Decision<'_>,
    call_id: &CallId,
    step: &Step,
    text: &str,
) -> Result<Decided, ReplyFault> {
    match step {
        Step::Draft { .. } => {
            reply::drafted(text).map(|drafted| drafting::written(decision, &drafted))
        }
        Step::PlanTasks { index } => planned(decision, *index, text),
        Step::Produce { task, attempt } | Step::Fix { task, attempt } => {
            let produced = reply::artifact(text)?;
            decision.push(TaskProduced {
                task: task.clone(),
                attempt: *attempt,
                call_id: call_id.clone(),
                claim: produced.summary,
            });
            Ok(Ok(()))
        }
        Step::Review { task, attempt } => {
            reply::verdict(text).map(|verdict| reviewed(decision, task, *attempt, verdict))
        }
        Step::Reflect { index } => {
            let last = *index == decision.plan.item_count();
            reply::reflection(text, last)
                .map(|thought| reflection::reflected(decision, *index, thought))
        }
        Step::Decompose { index } => decomposed(decision, *index, text),
    }
}

fn planned(decision: &mut Decision<'_>, index: u32, text: &str) -> Result<Decided, ReplyFault> {
    let policy = &decision.context.policy;
    let tasks = reply::tasks(index, text, policy.max_tasks, &policy.producers)?;
    decision.push(TasksPlanned { index, tasks });
    Ok(Ok(()))
}

/// Smaller sub-objectives take the place of the one in work, and the first of them begins.
fn decomposed(decision: &mut Decision<'_>, index: u32, text: &str) -> Result<Decided, ReplyFault> {
    let parts = reply::decomposed(text)?;
    let body = parts.put_into(&decision.plan.body, index)?;
    decision.push(SubObjectiveDecomposed {
        index,
        parts: u32::try_from(parts.items.len()).unwrap_or(u32::MAX),
        body,
        why: parts.rationale,
    });
    ticket::withdraw_gone(decision);
    claim::go_on(decision);
    Ok(Ok(()))
}

/// One repair is asked for; after that a person sees what came.
fn rejected(
    decision: &mut Decision<'_>,
    call_id: &CallId,
    step: &Step,
    text: &str,
    why: &str,
    cut: bool,
) -> Decided {
    decision.push(ReplyRejected {
        call_id: call_id.clone(),
        why: why.to_owned(),
    });
    let trouble = decision
        .plan
        .run
        .as_ref()
        .and_then(|run| run.troubles.get(&step.label()));
    if trouble.is_some_and(|trouble| trouble.rejections < decision.context.policy.rejections) {
        return Ok(());
    }
    let hint = if cut {
        " (hint: raise `max_output_tokens` of its model in modulatio.yaml, or divide the sub-objective)"
    } else {
        ""
    };
    let what = format!(
        "the reply to {} did not have the asked-for form, and neither did the repaired one: {why}{hint}\n\n\
         The last reply:\n\n{}",
        step.label(),
        question::quote(text)
    );
    question::ask(decision, PauseReason::Reply, TicketSubject::Reply, &what)
}

/// The step has used up its calls, and its last reply called tools once more. A production has failed by that; a
/// judgement is asked for once more.
pub(super) fn used_up(
    decision: &mut Decision<'_>,
    call_id: &CallId,
    step: &Step,
    text: &str,
) -> Decided {
    let most = decision.context.policy.max_iters;
    match step {
        Step::Produce { task, .. } | Step::Fix { task, .. } => {
            let what = format!("{most} calls were made, and nothing was handed in");
            engine_rejects(decision, task, DefectClass::MaxIters, vec![what])
        }
        Step::Review { .. } => {
            let why = format!("{most} {ANSWER_NOW}");
            rejected(decision, call_id, step, text, &why, false)
        }
        Step::Draft { .. }
        | Step::PlanTasks { .. }
        | Step::Reflect { .. }
        | Step::Decompose { .. } => {
            let why = "it calls a tool that is not offered here";
            rejected(decision, call_id, step, text, why, false)
        }
    }
}

/// Whether the answer to `call` called other tools although it was the step's last: these events of its frame follow
/// from that, and the tools are named nowhere.
pub(crate) fn overdrew(events: &[Event], call: &CallId) -> bool {
    let of_calls = |defect: &Defect| defect.class == DefectClass::MaxIters;
    events.iter().any(|event| match event {
        Event::TaskReviewed(e) => e.by_engine && e.verdict.defects.iter().any(of_calls),
        Event::ReplyRejected(e) => e.call_id == *call && e.why.ends_with(ANSWER_NOW),
        _ => false,
    })
}

/// A production that did not leave what it was to make.
pub(super) fn not_handed_in(
    decision: &mut Decision<'_>,
    task: &TaskId,
    missing: &[String],
) -> Decided {
    engine_rejects(decision, task, DefectClass::Substantive, missing.to_vec())
}

fn engine_rejects(
    decision: &mut Decision<'_>,
    task: &TaskId,
    class: DefectClass,
    what: Vec<String>,
) -> Decided {
    let defect = |what: &String| Defect {
        severity: Severity::Critical,
        class,
        location: String::new(),
        what: what.clone(),
    };
    let verdict = Verdict {
        passed: false,
        summary: what.join("; "),
        defects: what.iter().map(defect).collect(),
    };
    let attempt = in_work(decision, task).map_or(1, |task| task.attempt);
    judged(decision, task, attempt, verdict, true)
}

fn reviewed(decision: &mut Decision<'_>, task: &TaskId, attempt: u32, verdict: Verdict) -> Decided {
    judged(decision, task, attempt, verdict, false)
}

fn judged(
    decision: &mut Decision<'_>,
    id: &TaskId,
    attempt: u32,
    verdict: Verdict,
    by_engine: bool,
) -> Decided {
    decision.push(TaskReviewed {
        task: id.clone(),
        attempt,
        verdict: verdict.clone(),
        by_engine,
    });
    let Some(task) = in_work(decision, id) else {
        return Ok(());
    };
    let fixing = task.how == Redo::Fix;
    if verdict.accepts() {
        return if fixing { fixed(decision, id) } else { Ok(()) };
    }
    let failing = verdict.failing();
    let outside = |defect: &&Defect| defect.class == DefectClass::Environmental;
    if fixing || failing.iter().any(outside) {
        return blocked(decision, id, &verdict, fixing);
    }
    let how = next_try(decision, task, &failing);
    let defects = if verdict.defects.is_empty() {
        vec![unnamed(&verdict)]
    } else {
        verdict.defects
    };
    decision.push(TaskRedone {
        task: id.clone(),
        attempt: attempt + 1,
        defects,
        how,
    });
    Ok(())
}

/// An edit where that mends everything, else a new production; quality control itself once the producer has had
/// its tries.
fn next_try(decision: &Decision<'_>, task: &Task, failing: &[&Defect]) -> Redo {
    let mechanical = |defect: &&Defect| defect.class == DefectClass::Mechanical;
    if task.redos >= decision.context.policy.redos {
        Redo::Fix
    } else if !task.artifacts.is_empty() && !failing.is_empty() && failing.iter().all(mechanical) {
        Redo::Edit
    } else {
        Redo::Anew
    }
}

fn in_work<'a>(decision: &'a Decision<'_>, task: &TaskId) -> Option<&'a Task> {
    decision.plan.run.as_ref().and_then(|run| run.task(task))
}

/// The defect of a verdict that rejects without naming one.
fn unnamed(verdict: &Verdict) -> Defect {
    Defect {
        severity: Severity::Major,
        class: DefectClass::Substantive,
        location: String::new(),
        what: verdict.summary.clone(),
    }
}

/// Quality control has mended it, and says so.
fn fixed(decision: &mut Decision<'_>, id: &TaskId) -> Decided {
    let Some(task) = in_work(decision, id) else {
        return Ok(());
    };
    let (attempt, claim, title) = (task.attempt, task.claim.clone(), task.spec.title.clone());
    let what = format!(
        "quality control mended task {id} ({}) itself, after its producer's {} production(s) were rejected. It says:\n\n{}",
        one_line(&title),
        attempt - 1,
        question::quote(&claim)
    );
    decision.push(TaskFixed {
        task: id.clone(),
        attempt,
        claim,
    });
    question::open(decision, TicketSubject::Fixed { task: id.clone() }, &what).map(drop)
}

/// The task waits for a person; the plan does when nothing else is left to do.
fn blocked(decision: &mut Decision<'_>, id: &TaskId, verdict: &Verdict, fixing: bool) -> Decided {
    let line = |defect: &Defect| {
        let (severity, class) = (defect.severity.as_str(), defect.class.as_str());
        let place = match defect.location.trim() {
            "" => String::new(),
            place => format!(" at {}", one_line(place)),
        };
        format!("- {severity}, {class}{place}: {}", one_line(&defect.what))
    };
    let defects: Vec<String> = verdict.defects.iter().map(line).collect();
    let judged = if fixing {
        "neither its producer nor quality control could finish it"
    } else {
        "QC rejected it for something outside its reach"
    };
    let why = format!("{judged}: {}", one_line(&verdict.summary));
    decision.push(TaskBlocked {
        task: id.clone(),
        why: why.clone(),
    });
    let title = in_work(decision, id).map_or_else(String::new, |t| t.spec.title.clone());
    let what = format!(
        "task {id} ({}) is blocked. {why}\n\n{}",
        one_line(&title),
        defects.join("\n")
    );
    let subject = TicketSubject::BlockedTask { task: id.clone() };
    question::open(decision, subject, what.trim_end()).map(drop)
}
