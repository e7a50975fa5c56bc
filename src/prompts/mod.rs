//! `State → messages`: what a model is asked at each step. Pure functions of the state, with what is stable
//! first; the texts are Markdown files in `templates/`, in whose place an operator may put others. What models answer
//! is read in [`reply`].

mod asked;
mod ground;
mod memory;
mod past;
mod phrase;
pub mod reply;
mod talk;
mod template;
mod tools;
mod window;

use projections::{
    ids::ToolCallId,
    payload::Digest,
    plan::{Plan, Trouble},
    work::Step,
};

use serde_json::{Value, json};

pub use asked::{ATTACHMENTS, variable};
pub use ground::{Briefing, Card, Exhibit, Ground, Shown, Standard, agent, shows_artifacts};
pub use memory::{Sought, about, sought};
pub use phrase::one_line;
pub use talk::{Call, Heard, HeardUse, excerpt};
pub use template::{Template, TemplateFault, Templates};
pub use tools::{NAMES as TOOLS, Tool, offered_tools};
pub use window::{Estimator, Fit, Window, fit};

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
    let (ground, offered) = (&briefing.ground, tools::offered(step, briefing));
    let request = asked::request(plan, run, step, briefing, &offered)?;
    let mut turns = vec![Turn::Asked(request)];
    turns.extend(talk::turns(&briefing.talk, ground.max_iters));
    turns.extend(repair(run.troubles.get(&step.label()), briefing));
    let calls = u32::try_from(briefing.talk.len()).unwrap_or(u32::MAX);
    Ok(Prompt {
        system: asked::system(plan, step, ground),
        turns,
        tool: tools::answering(step, plan, ground),
        must_answer: offered.is_empty() || calls.saturating_add(1) >= ground.max_iters,
        lookups: offered,
    })
}

fn repair(trouble: Option<&Trouble>, briefing: &Briefing) -> Vec<Turn> {
    let why = trouble
        .and_then(|trouble| trouble.rejected.as_ref())
        .map(|(_, why)| why);
    match (why, &briefing.rejected) {
        (Some(why), Some(reply)) => {
            let templates = &briefing.ground.templates;
            vec![
                Turn::Answered(reply.clone()),
                Turn::Asked(templates.fill(Template::Repair, &[("why", why)])),
            ]
        }
        (None, _) | (_, None) => Vec::new(),
    }
}
