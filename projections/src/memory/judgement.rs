//! A verdict as a file of the QC history: what was judged, and what was found.

use serde_json::{Value, json};

use super::REHEARSED;
use crate::{
    event::TaskReviewed,
    frontmatter::push_entry,
    ids::PlanId,
    plan::{Artifact, Task},
    time::Timestamp,
    work::Defect,
};

/// A verdict on a production.
#[derive(Clone, Copy, Debug)]
pub struct Judgement<'a> {
    /// The plan.
    pub plan: &'a PlanId,
    /// The task, as it stands right after the verdict.
    pub task: &'a Task,
    /// The verdict.
    pub reviewed: &'a TaskReviewed,
    /// Which judgement of this production of a task of this id: 1, unless its sub-objective was begun anew.
    pub nth: u32,
    /// When it was given.
    pub at: Timestamp,
}

impl Judgement<'_> {
    /// Its file below `qc-history/`, without `.md`: `document/ESS-P-001-s1-t2-1`. One of a rehearsal lies apart: it
    /// teaches nobody anything.
    #[must_use]
    pub fn id(&self) -> String {
        let kind = self.task.spec.kind.as_str();
        let (task, attempt) = (&self.reviewed.task, self.reviewed.attempt);
        let again = match self.nth {
            0 | 1 => String::new(),
            nth => format!("-{nth}"),
        };
        let name = format!("{kind}/{}-{task}-{attempt}{again}", self.plan);
        if self.task.rehearsed {
            format!("{REHEARSED}/{name}")
        } else {
            name
        }
    }

    /// Its file.
    #[must_use]
    pub fn render(&self) -> String {
        let mut out = String::from("---\n");
        for (key, value) in self.fields() {
            push_entry(&mut out, 0, key, &value);
        }
        let spec = &self.task.spec;
        let acceptance: String = spec
            .acceptance
            .iter()
            .map(|line| format!("- {line}\n"))
            .collect();
        let defects: String = self.reviewed.verdict.defects.iter().map(line).collect();
        let or_none = |text: &str| {
            if text.trim().is_empty() {
                "(none)\n".to_owned()
            } else {
                text.to_owned()
            }
        };
        format!(
            "{out}---\n\n## Task\n\n{}\n\n{}\n\n## Good enough when\n\n{}\n## Rationale\n\n{}\n\n## Defects\n\n{}",
            without_headings(spec.title.trim()),
            without_headings(spec.brief.trim()),
            or_none(&acceptance),
            or_none(&without_headings(self.reviewed.verdict.summary.trim())).trim_end(),
            or_none(&defects),
        )
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let verdict = &self.reviewed.verdict;
        let artifact = |artifact: &Artifact| json!({"path": artifact.path, "b3": artifact.b3, "bytes": artifact.bytes});
        let artifacts: Vec<Value> = self.task.artifacts.iter().map(artifact).collect();
        let defect = |defect: &Defect| json!({"severity": defect.severity, "class": defect.class, "location": defect.location, "what": defect.what});
        let defects: Vec<Value> = verdict.defects.iter().map(defect).collect();
        let worst = verdict.defects.iter().max_by_key(|defect| defect.severity);
        let passed = if verdict.accepts() { "pass" } else { "fail" };
        let judge = if self.reviewed.by_engine {
            "engine"
        } else {
            "qc"
        };
        let name = self.id();
        let name = name.rsplit('/').next().unwrap_or_default();
        vec![
            ("entry_id", json!(name)),
            ("timestamp", json!(self.at.guide_form())),
            ("plan", json!(self.plan)),
            ("task_id", json!(self.reviewed.task)),
            ("production", json!(self.reviewed.attempt)),
            ("artifact_kind", json!(self.task.spec.kind)),
            ("producer_agent", json!(self.task.asked)),
            ("qc_agent", json!(judge)),
            ("verdict", json!(passed)),
            ("defect_type", json!(worst.map(|defect| defect.class))),
            ("artifacts", json!(artifacts)),
            ("defects", json!(defects)),
        ]
    }
}

/// A text of agents, so that no line of it begins a section of the file.
fn without_headings(text: &str) -> String {
    let line = |line: &str| match line.trim_start().starts_with('#') {
        true => format!("\\{}", line.trim_start()),
        false => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn line(defect: &Defect) -> String {
    let place = match defect.location.trim() {
        "" => String::new(),
        place => format!(" at {place}"),
    };
    let (severity, class) = (defect.severity.as_str(), defect.class.as_str());
    format!("- {severity}, {class}{place}: {}\n", defect.what.trim())
}
