//! What follows from a model's answer, step by step of the machine.

use projections::{
    event::{
        PauseReason, ReplyRejected, TaskBlocked, TaskProduced, TaskRedone, TaskReviewed,
        TasksPlanned, TicketSubject,
    },
    ids::{CallId, TaskId},
    work::{Defect, DefectClass, Severity, Step, Verdict},
};

use super::{Decided, Decision, question, reflection};
use crate::prompts::reply;

/// Reads the answer and takes the step, or has it repaired, or asks a person.
pub(super) fn of_reply(
    decision: &mut Decision<'_>,
    call_id: &CallId,
    step: &Step,
    text: &str,
    cut: bool,
) -> Decided {
    let taken = match step {
        Step::PlanTasks { index } => reply::tasks(*index, text).map(|tasks| {
            decision.push(TasksPlanned {
                index: *index,
                tasks,
            });
            Ok(())
        }),
        Step::Produce { task, attempt } => reply::artifact(text).map(|artifact| {
            let claim = artifact.summary;
            decision.push(TaskProduced {
                task: task.clone(),
                attempt: *attempt,
                call_id: call_id.clone(),
                claim,
            });
            Ok(())
        }),
        Step::Review { task, attempt } => {
            reply::verdict(text).map(|verdict| reviewed(decision, task, *attempt, verdict))
        }
        Step::Reflect { index } => {
            reply::reflection(text).map(|thought| reflection::reflected(decision, *index, thought))
        }
    };
    taken.unwrap_or_else(|fault| {
        let why = if cut {
            "it breaks off at the limit of output tokens; answer shorter".to_owned()
        } else {
            fault.to_string()
        };
        rejected(decision, call_id, step, text, &why, cut)
    })
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

fn reviewed(decision: &mut Decision<'_>, task: &TaskId, attempt: u32, verdict: Verdict) -> Decided {
    decision.push(TaskReviewed {
        task: task.clone(),
        attempt,
        verdict: verdict.clone(),
    });
    if verdict.accepts() {
        return Ok(());
    }
    let redos = decision
        .plan
        .run
        .as_ref()
        .and_then(|run| run.task(task))
        .map_or(0, |task| task.redos);
    let outside = verdict
        .defects
        .iter()
        .any(|defect| defect.class == DefectClass::Environmental);
    if outside || redos >= decision.context.policy.redos {
        return blocked(decision, task, &verdict);
    }
    let defects = if verdict.defects.is_empty() {
        vec![unnamed(&verdict)]
    } else {
        verdict.defects
    };
    decision.push(TaskRedone {
        task: task.clone(),
        attempt: attempt + 1,
        defects,
    });
    Ok(())
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

fn blocked(decision: &mut Decision<'_>, task: &TaskId, verdict: &Verdict) -> Decided {
    let defects: Vec<String> = verdict
        .defects
        .iter()
        .map(|defect| format!("- {}", defect.what))
        .collect();
    let why = format!("QC rejected it: {}", verdict.summary);
    decision.push(TaskBlocked {
        task: task.clone(),
        why: why.clone(),
    });
    let what = format!("task {task} is blocked. {why}\n\n{}", defects.join("\n"));
    let subject = TicketSubject::BlockedTask { task: task.clone() };
    question::ask(decision, PauseReason::Blocked, subject, what.trim_end())
}
