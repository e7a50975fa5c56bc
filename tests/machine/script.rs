//! What the model answers: well by default, otherwise as told for a step.

use std::collections::{BTreeMap, VecDeque};

use modulatio::command::Called;
use projections::{event::FailureClass, work::Step};
use serde_json::json;

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

pub(crate) fn good(step: &Step) -> String {
    match step {
        Step::Draft { revision } => draft(&format!("Plan {revision}"), &["First", "Second"]),
        Step::PlanTasks { index } => tasks(*index, 1),
        Step::Produce { task, attempt } | Step::Fix { task, attempt } => {
            json!({"content": format!("text of {task}, {attempt}"), "summary": "wrote it"})
                .to_string()
        }
        Step::Review { .. } => verdict(true, "substantive"),
        Step::Reflect { .. } => reflect("continue"),
        Step::Decompose { .. } => parts(&["One half", "The other half"]),
    }
}

pub(crate) fn tasks(index: u32, count: usize) -> String {
    needing(index, &vec![&[][..]; count])
}

/// Tasks, each with the numbers of those that it needs.
pub(crate) fn needing(index: u32, needs: &[&[usize]]) -> String {
    let task = |(n, needs): (usize, &&[usize])| {
        let needs: Vec<String> = needs.iter().map(|n| format!("t{n}")).collect();
        json!({"title": format!("Task {n}"), "brief": "do it", "kind": "document",
               "artifacts": [format!("s{index}/t{n}.md")], "acceptance": ["it exists"], "needs": needs})
    };
    json!({"tasks": (1..).zip(needs).map(task).collect::<Vec<_>>()}).to_string()
}

/// A plan of these sub-objectives.
pub(crate) fn draft(title: &str, titles: &[&str]) -> String {
    let items: Vec<_> = titles
        .iter()
        .map(|t| json!({"title": t, "files": ["a.md"]}))
        .collect();
    json!({"title": title, "diagnostic": "It is clear.", "sub_objectives": items, "risks": [],
           "estimate": {"calls": 8, "tokens": 9_000, "cost_usd": 0.1}})
    .to_string()
}

/// Smaller sub-objectives.
pub(crate) fn parts(titles: &[&str]) -> String {
    let items: Vec<_> = titles.iter().map(|t| json!({"title": t})).collect();
    json!({"rationale": "too large", "sub_objectives": items}).to_string()
}

/// What is handed in: these files by path, the first as `content`.
pub(crate) fn handed_in(files: &[(&str, &str)]) -> String {
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| json!({"path": path, "content": text}))
        .collect();
    json!({"files": files, "summary_for_state_doc": "handed in"}).to_string()
}

/// A judgement; a rejecting one names a critical defect of this class.
pub(crate) fn verdict(passed: bool, class: &str) -> String {
    let defect =
        json!({"severity": "critical", "class": class, "location": "line 1", "what": "too thin"});
    let defects = if passed { json!([]) } else { json!([defect]) };
    json!({"passed": passed, "summary": "judged", "defects": defects}).to_string()
}

pub(crate) fn reflect(outcome: &str) -> String {
    json!({"outcome": outcome, "rationale": "seen the work", "quality_report": "# Good\n"})
        .to_string()
}

/// A reflection that proposes these titles for what is left.
pub(crate) fn revise(titles: &[&str]) -> String {
    let items: Vec<_> = titles
        .iter()
        .map(|t| json!({"title": t, "description": "new"}))
        .collect();
    json!({"outcome": "revise-major", "rationale": "the rest is wrong",
           "quality_report": "# Not yet\n", "revision": {"summary": "another rest", "sub_objectives": items}})
    .to_string()
}
