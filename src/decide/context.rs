//! The model's window: said once when a prompt comes near it, results of tools left out when it is tight, a person
//! when nothing helps.

use projections::event::{
    ContextCompressed, ContextExhausted, ContextSoftWarned, PauseReason, TicketSubject,
};

use super::{Decided, Decision, Refusal, question};
use crate::{command::Report, effect};

pub(super) fn report(decision: &mut Decision<'_>, report: &Report) -> Decided {
    let (Report::ContextNear { step, .. }
    | Report::ContextTight { step, .. }
    | Report::ContextFull { step, .. }) = report
    else {
        return Err(Refusal::Moot);
    };
    if !decision.is_executing() || !effect::stands_at(&decision.plan, step) {
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
        "decompose required: sub-objective {index} ({}) does not fit the model {model}. The prompt of {} takes about \
         {} tokens where the window leaves {}, with every older result of a tool left out. The conversation is kept in \
         {checkpoint}.",
        title.unwrap_or_default(),
        step.label(),
        room.estimated_tokens,
        room.window_tokens,
    );
    let subject = TicketSubject::Context {
        index,
        checkpoint: checkpoint.clone(),
    };
    question::ask(decision, PauseReason::Context, subject, &what)
}
