//! What the model answers: well by default, otherwise as told for a step.

use std::collections::{BTreeMap, VecDeque};

use projections::{event::FailureClass, work::Step};
use serde_json::json;

/// What comes of one call.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// This text.
    Says(String),
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

pub(crate) fn good(step: &Step) -> String {
    match step {
        Step::PlanTasks { index } => tasks(*index, 1),
        Step::Produce { task, attempt } => {
            json!({"content": format!("text of {task}, {attempt}"), "summary": "wrote it"})
                .to_string()
        }
        Step::Review { .. } => verdict(true, "substantive"),
        Step::Reflect { .. } => reflect("continue"),
    }
}

pub(crate) fn tasks(index: u32, count: usize) -> String {
    let task = |n: usize| {
        json!({"title": format!("Task {n}"), "brief": "do it", "kind": "document",
               "artifact": format!("s{index}/t{n}.md"), "acceptance": ["it exists"]})
    };
    json!({"tasks": (1..=count).map(task).collect::<Vec<_>>()}).to_string()
}

/// A judgement; a rejecting one names a critical defect of this class.
pub(crate) fn verdict(passed: bool, class: &str) -> String {
    let defect =
        json!({"severity": "critical", "class": class, "location": "line 1", "what": "too thin"});
    let defects = if passed { json!([]) } else { json!([defect]) };
    json!({"passed": passed, "summary": "judged", "defects": defects}).to_string()
}

pub(crate) fn reflect(outcome: &str) -> String {
    json!({"outcome": outcome, "rationale": "seen the work"}).to_string()
}

/// A reflection that proposes these titles for what is left.
pub(crate) fn revise(titles: &[&str]) -> String {
    let items: Vec<_> = titles
        .iter()
        .map(|t| json!({"title": t, "description": "new"}))
        .collect();
    json!({"outcome": "revise-major", "rationale": "the rest is wrong",
           "revision": {"summary": "another rest", "sub_objectives": items}})
    .to_string()
}
