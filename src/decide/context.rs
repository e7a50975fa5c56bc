//! The model's window: said once when a prompt comes near it, results of tools left out when it is tight, a person
//! when nothing helps.

use projections::{
    event::{ContextCompressed, ContextExhausted, ContextSoftWarned, PauseReason, TicketSubject},
    plan::Plan,
    work::Step,
};

use super::{Decided, Decision, Refusal, question};
use crate::{
    command::{Report, Room},
    effect,
};

pub(super) fn report(decision: &mut Decision<'_>, report: &Report) -> Decided {
    let (Report::ContextNear { step, .. }
    | Report::ContextTight { step, .. }
    | Report::ContextFull { step, .. }) = report
    else {
        return Err(Refusal::Moot);
    };
    if !decision.plan.is_at_work() || !effect::stands_at(&decision.plan, step) {
        return Err(Refusal::Moot);
    }
    near(decision, report);
    tight(decision, report);
    full(decision, report)
}

fn near(decision: &mut Decision<'_>, report: &Report) {
    let Report::ContextNear { step, model, room } = report else {
        return;
    };
    decision.push(ContextSoftWarned {
        step: step.clone(),
        model: model.clone(),
        estimated_tokens: room.estimated_tokens,
        window_tokens: room.window_tokens,
    });
}

fn tight(decision: &mut Decision<'_>, report: &Report) {
    let Report::ContextTight {
        step,
        replaced,
        before,
        after_tokens,
    } = report
    else {
        return;
    };
    decision.push(ContextCompressed {
        step: step.clone(),
        replaced: replaced.clone(),
        before_tokens: before.estimated_tokens,
        after_tokens: *after_tokens,
        window_tokens: before.window_tokens,
    });
}

fn full(decision: &mut Decision<'_>, report: &Report) -> Decided {
    let Report::ContextFull {
        step,
        model,
        room,
        checkpoint,
        b3,
        bytes,
    } = report
    else {
        return Ok(());
    };
    decision.push(ContextExhausted {
        step: step.clone(),
        model: model.clone(),
        checkpoint: checkpoint.clone(),
        b3: *b3,
        bytes: *bytes,
        estimated_tokens: room.estimated_tokens,
        window_tokens: room.window_tokens,
    });
    let index = decision.plan.run.as_ref().map_or(0, |run| run.index);
    let title = decision.plan.item(index).map(|item| item.title.clone());
    let what = format!(
        "decompose required: sub-objective {index} ({}) does not fit the model {model}. {} That is with every older \
         result of a tool left out. The conversation is kept in {checkpoint}.",
        title.unwrap_or_default(),
        why(&decision.plan, step, *room),
    );
    let subject = TicketSubject::Context {
        index,
        checkpoint: checkpoint.clone(),
        divides: true,
    };
    question::ask(decision, PauseReason::Context, subject, &what)
}

/// By the estimate, or by the provider's word against it.
fn why(plan: &Plan, step: &Step, room: Room) -> String {
    let (label, estimated, window) = (step.label(), room.estimated_tokens, room.window_tokens);
    let troubles = plan.run.as_ref().map(|run| &run.troubles);
    let trouble = troubles.and_then(|troubles| troubles.get(&label));
    match trouble.and_then(|trouble| trouble.too_long) {
        Some(bytes) if estimated <= window => format!(
            "The provider refused a prompt of {label} of {bytes} bytes as too long, although by estimate it takes \
             about {estimated} tokens where the window leaves {window}: `context_tokens` of the model may be too high."
        ),
        Some(_) | None => format!(
            "The prompt of {label} takes about {estimated} tokens where the window leaves {window}."
        ),
    }
}
