//! `State → messages`: what a model is asked at each step. Pure functions of the state, with what is stable
//! first; the texts are Markdown files in `templates/`. What models answer is read in [`reply`].

pub mod reply;
mod talk;
mod template;
mod tools;
mod window;

use projections::{
    body::SubObjective,
    ids::ToolCallId,
    payload::Digest,
    plan::{Plan, Run, Task, Trouble},
    work::{Defect, Step},
};

use serde_json::{Value, json};
pub use talk::{Call, Heard, HeardUse, TOOL_TURNS, excerpt};
use template::{LOOKUPS, PLANNER, PRODUCER, QC, REFLECT, REPAIR, SYSTEM, fill};
pub use tools::Tool;
pub use window::{Estimator, Fit, Window, fit};

/// What a prompt needs besides the plan's state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Briefing {
    /// The project's objective.
    pub objective: String,
    /// The artifact under review, as it lies on disk.
    pub artifact: Option<String>,
    /// The reply to be repaired; [`excerpt`] of one that is long.
    pub rejected: Option<String>,
    /// The producer's talk with its tools.
    pub talk: Vec<Heard>,
    /// Whether the model is one that cannot call tools, so that none to look things up are offered.
    pub no_lookups: bool,
}

/// A prompt, independent of any provider.
#[derive(Clone, Debug, PartialEq)]
pub struct Prompt {
    /// The system prompt.
    pub system: String,
    /// The conversation: the request, and with a repair the refused reply and what was wrong with it.
    pub turns: Vec<Turn>,
    /// The tool that is called with the answer.
    pub tool: Tool,
    /// Tools that may be called before it.
    pub lookups: Vec<Tool>,
    /// Whether the answer must come now.
    pub must_answer: bool,
}

/// One side of the conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// The program speaks.
    Asked(String),
    /// The model spoke.
    Answered(String),
    /// The model called tools.
    Called {
        /// What it said beside.
        text: String,
        /// The calls.
        calls: Vec<Call>,
    },
    /// A tool returned.
    Returned {
        /// Which call.
        id: ToolCallId,
        /// What, or the placeholder for it.
        text: String,
    },
}

impl Prompt {
    /// BLAKE3 of what the model is asked: system prompt, conversation, tools, and whether it must answer.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let turns: Vec<Value> = self.turns.iter().map(Turn::to_json).collect();
        let tool = |tool: &Tool| json!([tool.name, tool.description, tool.schema]);
        let lookups: Vec<Value> = self.lookups.iter().map(tool).collect();
        let asked = json!([
            self.system,
            turns,
            tool(&self.tool),
            lookups,
            self.must_answer
        ]);
        Digest::of(asked.to_string().as_bytes())
    }
}

impl Turn {
    /// For the digest: what is sent of it, whatever its fields are called here.
    fn to_json(&self) -> Value {
        match self {
            Self::Asked(text) => json!(["asked", text]),
            Self::Answered(text) => json!(["answered", text]),
            Self::Called { text, calls } => {
                let call = |call: &Call| json!([call.id, call.tool, call.arguments]);
                json!(["called", text, calls.iter().map(call).collect::<Vec<_>>()])
            }
            Self::Returned { id, text } => json!(["returned", id, text]),
        }
    }
}

/// The step cannot be asked: the state does not stand at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the plan does not stand at this step")]
pub struct NotThere;

/// The prompt for `step`.
///
/// # Errors
/// [`NotThere`] when the state does not stand at the step.
pub fn prompt(plan: &Plan, step: &Step, briefing: &Briefing) -> Result<Prompt, NotThere> {
    let run = plan.run.as_ref().ok_or(NotThere)?;
    let item = plan.item(run.index).ok_or(NotThere)?;
    let (request, tool) = match step {
        Step::PlanTasks { .. } => (planner(plan, item), tools::submit_tasks()),
        Step::Produce { task, .. } => (
            producer(item, run.task(task).ok_or(NotThere)?, briefing),
            tools::submit_artifact(),
        ),
        Step::Review { task, .. } => (
            qc(item, run.task(task).ok_or(NotThere)?, briefing),
            tools::submit_verdict(),
        ),
        Step::Reflect { .. } => (reflect(plan, run, item), tools::submit_reflection()),
    };
    let mut turns = vec![Turn::Asked(request)];
    turns.extend(talk::turns(&briefing.talk));
    turns.extend(repair(run.troubles.get(&step.label()), briefing));
    let lookups = match step {
        Step::Produce { .. } if !briefing.no_lookups => tools::lookups(),
        Step::Produce { .. }
        | Step::PlanTasks { .. }
        | Step::Review { .. }
        | Step::Reflect { .. } => Vec::new(),
    };
    Ok(Prompt {
        system: system(plan, briefing),
        turns,
        tool,
        must_answer: lookups.is_empty() || briefing.talk.len() >= TOOL_TURNS,
        lookups,
    })
}

fn system(plan: &Plan, briefing: &Briefing) -> String {
    fill(
        SYSTEM,
        &[
            ("objective", &briefing.objective),
            ("plan", plan.body.trim()),
        ],
    )
}

fn planner(plan: &Plan, item: &SubObjective) -> String {
    let last = plan
        .reflections
        .last()
        .filter(|r| r.after_sub_objective + 1 == item.number);
    let note = last.and_then(|r| r.note.as_deref()).unwrap_or("(none)");
    let state = plan.team_state.as_deref().unwrap_or("(nothing yet)");
    fill(
        PLANNER,
        &[
            ("item", &shown(item)),
            ("note", note),
            ("team_state", state),
        ],
    )
}

fn producer(item: &SubObjective, task: &Task, briefing: &Briefing) -> String {
    let spec = &task.spec;
    fill(
        PRODUCER,
        &[
            ("item", &shown(item)),
            ("title", &spec.title),
            ("brief", &spec.brief),
            ("artifact", &spec.artifact),
            ("acceptance", &bullets(&spec.acceptance)),
            ("defects", &defects(&task.defects)),
            ("lookups", if briefing.no_lookups { "" } else { LOOKUPS }),
        ],
    )
}

/// The artifact stands between two lines that carry its own digest, so no text inside it can close them.
fn qc(item: &SubObjective, task: &Task, briefing: &Briefing) -> String {
    let artifact = briefing.artifact.as_deref().unwrap_or_default();
    let boundary = Digest::of(artifact.as_bytes()).to_string();
    fill(
        QC,
        &[
            ("item", &shown(item)),
            ("title", &task.spec.title),
            ("acceptance", &bullets(&task.spec.acceptance)),
            ("path", &task.spec.artifact),
            ("claim", &task.claim),
            ("boundary", &boundary[..32]),
            ("artifact", artifact),
        ],
    )
}

fn reflect(plan: &Plan, run: &Run, item: &SubObjective) -> String {
    let state = plan.team_state.as_deref().unwrap_or("(nothing yet)");
    let work: Vec<String> = run.tasks.iter().map(account).collect();
    let left = plan.item_count().saturating_sub(item.number).to_string();
    fill(
        REFLECT,
        &[
            ("item", &shown(item)),
            ("left", &left),
            ("work", &work.join("\n")),
            ("team_state", state),
        ],
    )
}

/// One task for the Leader: what was claimed and what was found.
fn account(task: &Task) -> String {
    let verdict = task
        .verdict
        .as_ref()
        .map_or("not judged", |verdict| verdict.summary.as_str());
    let path = task
        .artifact
        .as_ref()
        .map_or("nothing", |artifact| artifact.path.as_str());
    let (id, title, attempts) = (&task.spec.id, &task.spec.title, task.attempt);
    format!(
        "- {id} {title}: {path}, {attempts} production(s)\n  - claim: {}\n  - verdict: {verdict}",
        task.claim
    )
}

fn repair(trouble: Option<&Trouble>, briefing: &Briefing) -> Vec<Turn> {
    let why = trouble
        .and_then(|trouble| trouble.rejected.as_ref())
        .map(|(_, why)| why);
    match (why, &briefing.rejected) {
        (Some(why), Some(reply)) => {
            vec![
                Turn::Answered(reply.clone()),
                Turn::Asked(fill(REPAIR, &[("why", why)])),
            ]
        }
        (None, _) | (_, None) => Vec::new(),
    }
}

fn shown(item: &SubObjective) -> String {
    format!("{}. {}\n\n{}", item.number, item.title, item.text)
}

fn bullets(lines: &[String]) -> String {
    if lines.is_empty() {
        return "(none given)".to_owned();
    }
    lines
        .iter()
        .map(|line| format!("- {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

fn defects(defects: &[Defect]) -> String {
    let line = |defect: &Defect| {
        format!(
            "{:?}, {}: {}",
            defect.severity, defect.location, defect.what
        )
    };
    bullets(&defects.iter().map(line).collect::<Vec<_>>())
}
