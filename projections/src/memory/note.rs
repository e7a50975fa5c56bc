//! A note of the team's memory: a fact or a technique, as an agent or a person wrote it.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    frontmatter::push_entry,
    ids::{PlanId, TaskId},
    time::Timestamp,
    work::TaskKind,
};

/// Longest note, bytes.
pub const MAX_NOTE: usize = 2_000;

/// What a note is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoteKind {
    /// Something that is so.
    #[default]
    Fact,
    /// A way of doing something.
    Technique,
}

/// As who its writer wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// The Leader.
    Leader,
    /// The planner.
    Planner,
    /// Quality control.
    Qc,
    /// A producer.
    Producer,
    /// A person.
    Operator,
}

/// A note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Its file's name without `.md`: `ESS-P-001-m1`, unique in the project.
    pub id: String,
    /// What it is.
    pub kind: NoteKind,
    /// Its text, Markdown, at most [`MAX_NOTE`] bytes.
    pub text: String,
    /// Words that it is found by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Only for artifacts of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_kind: Option<TaskKind>,
    /// Who wrote it, or proposed it.
    pub writer: String,
    /// As who.
    pub tier: Tier,
    /// During which plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanId>,
    /// At which task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskId>,
}

impl NoteKind {
    /// The spelling in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fact => "fact",
            Self::Technique => "technique",
        }
    }
}

impl Tier {
    /// The spelling in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Leader => "leader",
            Self::Planner => "planner",
            Self::Qc => "qc",
            Self::Producer => "producer",
            Self::Operator => "operator",
        }
    }
}

impl Note {
    /// The `serial`-th note of a plan.
    #[must_use]
    pub fn id_of(plan: &PlanId, serial: u32) -> String {
        format!("{plan}-m{serial}")
    }

    /// Its file. `promoted_by` is who took it over, of one that was proposed.
    #[must_use]
    pub fn render(&self, at: Timestamp, promoted_by: Option<&str>) -> String {
        let proposed = promoted_by.is_some();
        let fields = [
            ("entry_id", json!(self.id)),
            ("timestamp", json!(at.guide_form())),
            ("kind", json!(self.kind)),
            ("writer_id", json!(promoted_by.unwrap_or(&self.writer))),
            (
                "writer_tier",
                match promoted_by {
                    Some(_) => json!(Tier::Qc),
                    None => json!(self.tier),
                },
            ),
            ("skill_tags", json!(self.tags)),
            ("artifact_kind", json!(self.artifact_kind)),
            (
                "proposed_by",
                if proposed {
                    json!(self.writer)
                } else {
                    json!(null)
                },
            ),
            ("plan", json!(self.plan)),
            ("task_id", json!(self.task)),
        ];
        let mut out = String::from("---\n");
        for (key, value) in fields {
            push_entry(&mut out, 0, key, &value);
        }
        format!("{out}---\n\n## Body\n\n{}\n", self.text.trim())
    }
}
