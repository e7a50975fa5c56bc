//! What the model answers: well by default, otherwise as told for a step.

use std::collections::{BTreeMap, VecDeque};

use modulatio::command::Called;
use projections::{event::FailureClass, work::Step};

pub(crate) use crashlab::answers::*;

/// What comes of one call.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// This text.
    Says(String),
    /// Calls of tools.
    Calls(Vec<Called>),
    /// No answer.
    Fails(FailureClass),
    /// The runner is killed before it comes.
    Dies,
}

/// Answers by step label; a step that is not named is answered well.
#[derive(Default)]
pub(crate) struct Script(BTreeMap<String, VecDeque<Answer>>);

impl Script {
    pub(crate) fn on(mut self, label: &str, answer: Answer) -> Self {
        self.0
            .entry(label.to_owned())
            .or_default()
            .push_back(answer);
        self
    }

    pub(crate) fn says(self, label: &str, text: String) -> Self {
        self.on(label, Answer::Says(text))
    }

    pub(crate) fn fails(self, label: &str, class: FailureClass) -> Self {
        self.on(label, Answer::Fails(class))
    }

    pub(crate) fn dies(self, label: &str) -> Self {
        self.on(label, Answer::Dies)
    }

    pub(crate) fn answer(&mut self, step: &Step) -> Answer {
        let told = self.0.get_mut(&step.label()).and_then(VecDeque::pop_front);
        told.unwrap_or_else(|| Answer::Says(good(step)))
    }

    /// Every answer was asked for.
    pub(crate) fn is_spent(&self) -> bool {
        self.0.values().all(VecDeque::is_empty)
    }
}
