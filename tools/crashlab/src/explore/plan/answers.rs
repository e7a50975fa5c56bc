//! What models and tools answer, good and bad.

use projections::{event::FailureClass, work::Step};

use super::world::Flying;
use crate::answers as say;

/// What comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::explore) enum Answer {
    /// What was asked for.
    Good,
    /// Words without the asked-for form.
    Garbage,
    /// A tool to call first.
    Calls(&'static str),
    /// No answer, and not billed.
    Fails(FailureClass),
    /// No answer, and perhaps billed.
    Doubtful(FailureClass),
    /// What was asked for, and more tokens than were allowed.
    Overdraws,
    /// Nothing is handed in.
    Empty,
    /// A judgement against it, its defect of this class.
    Rejects(&'static str),
    /// The Leader's other outcomes.
    Reflects(&'static str),
    /// The Leader wants another rest.
    Revises,
}

/// What may come back of it.
pub(super) fn answers(flying: &Flying) -> Vec<Answer> {
    let Flying::Call(_, step) = flying else {
        return vec![Answer::Good];
    };
    let mut all = vec![
        Answer::Good,
        Answer::Garbage,
        Answer::Fails(FailureClass::Server),
        Answer::Fails(FailureClass::Authentication),
    ];
    all.extend_from_slice(match step {
        Step::Draft { .. } | Step::Decompose { .. } => &[],
        Step::PlanTasks { .. } => &[Answer::Overdraws, Answer::Doubtful(FailureClass::Timeout)],
        Step::Produce { .. } | Step::Fix { .. } => &[
            Answer::Calls("read_file"),
            Answer::Calls("write_file"),
            Answer::Empty,
            Answer::Fails(FailureClass::ContextTooLong),
        ],
        Step::Review { .. } => &[
            Answer::Rejects("mechanical"),
            Answer::Rejects("substantive"),
            Answer::Rejects("environmental"),
        ],
        Step::Reflect { .. } => &[
            Answer::Reflects("pause"),
            Answer::Reflects("revise-minor"),
            Answer::Reflects("abort"),
            Answer::Revises,
        ],
    });
    all
}

impl Answer {
    /// What a model says with it.
    pub(super) fn text(self, step: &Step, needs: &[&[usize]]) -> String {
        match (self, step) {
            (Self::Garbage, _) => "I would rather not.".to_owned(),
            (Self::Calls(_), _) => "let me see".to_owned(),
            (Self::Empty, _) => say::handed_in(&[]),
            (Self::Rejects(class), _) => say::verdict(false, class),
            (Self::Reflects(outcome), _) => say::reflect(outcome),
            (Self::Revises, _) => say::revise(&["Another"]),
            (_, Step::PlanTasks { index }) => say::needing(*index, needs),
            _ => say::good(step),
        }
    }
}
