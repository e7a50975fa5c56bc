//! What a rehearsal found, and how two prompts differ.

use serde::Serialize;

use super::recording::Bill;
use crate::prompts::{Prompt, Tool, Turn};

/// How far today's program would do as recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Calls that would be asked the same, up to the first that would not.
    pub same: u64,
    /// What all completed calls of the recording used.
    pub recorded: Bill,
    /// What the calls that were rehearsed used when they were made.
    pub saved: Bill,
    /// The first difference.
    pub divergence: Option<Divergence>,
    /// Where today's run stands at the end of the rehearsal, for people.
    pub stands: String,
}

/// The first difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Divergence {
    /// The recording's frame at which it shows.
    pub seq: u64,
    /// The step that it is about: the recorded one where there is one, else today's.
    pub step: Option<String>,
    /// Number and title of the sub-objective in work.
    pub sub_objective: Option<(u32, String)>,
    /// What differs.
    pub what: What,
    /// Today's prompt to that step, where there is one.
    pub prompt: Option<Prompt>,
}

/// What differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum What {
    /// The same step, another prompt.
    Prompt {
        /// What can be known of the difference.
        differs: Differs,
    },
    /// Another step.
    OtherStep {
        /// What today's program would do instead.
        today: String,
        /// The recorded step.
        recorded: String,
    },
    /// Today's program would pause where the recording went on or ended.
    Pauses {
        /// Why, for people.
        why: String,
    },
    /// Today's program would end the plan where the recording did not, or did otherwise.
    Ends {
        /// How.
        status: String,
        /// Why, for people.
        why: String,
    },
    /// The recording paused or ended where today's program would go on.
    GoesOn {
        /// How the recording stands there.
        recorded: String,
        /// What today's program would do.
        today: String,
    },
    /// Something that was done to the recorded run would be refused today.
    Refuses {
        /// What.
        wish: String,
        /// Why.
        why: String,
    },
    /// The recording ends before the work does.
    RecordingEnds {
        /// What today's program would do next.
        today: String,
        /// What is wrong with the recording, if it was cut or damaged.
        damage: Option<String>,
    },
}

/// What can be known of two prompts when one of them is recorded as a digest. The recorded prompt is put together anew
/// from the recorded state: if it has the recorded digest, all is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "cause", rename_all = "kebab-case")]
pub enum Differs {
    /// The plan stands otherwise than recorded, and that is all: these parts differ.
    State {
        /// Where.
        parts: Vec<Part>,
    },
    /// The plan stands as recorded; what changed lies outside its journal.
    Outside,
    /// The plan stands otherwise, at least in these parts, and something outside its journal changed too.
    Both {
        /// Where the plan's standing shows.
        parts: Vec<Part>,
    },
}

/// One part of two prompts, up to the first line that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    /// `system prompt`, `turn 1`, `tool submit_tasks`.
    pub place: String,
    /// Today's first differing line.
    pub today: String,
    /// The recorded one.
    pub recorded: String,
}

/// Longest line that is quoted, in characters.
const QUOTE: usize = 160;

/// The parts in which `today` and `recorded` differ.
pub(super) fn parts(today: &Prompt, recorded: &Prompt) -> Vec<Part> {
    let (now, then) = (spread(today), spread(recorded));
    let missing = (String::new(), "(nothing)".to_owned());
    let count = now.len().max(then.len());
    let pairs = (0..count).map(|at| {
        let of = |all: &[(String, String)]| all.get(at).unwrap_or(&missing).clone();
        (of(&now), of(&then))
    });
    pairs.filter_map(|(now, then)| part(now, then)).collect()
}

fn part(now: (String, String), then: (String, String)) -> Option<Part> {
    if now == then {
        return None;
    }
    let place = if now.0.is_empty() { then.0 } else { now.0 };
    let (today, recorded) = first_difference(&now.1, &then.1);
    Some(Part {
        place,
        today,
        recorded,
    })
}

fn first_difference(now: &str, then: &str) -> (String, String) {
    let same = now.lines().zip(then.lines());
    let at = same.take_while(|(a, b)| a == b).count();
    let line = |text: &str| {
        let line = text.lines().nth(at).unwrap_or("(ends here)");
        line.chars().take(QUOTE).collect()
    };
    (line(now), line(then))
}

/// A prompt as named texts: what is not sent as text is shown as it enters the digest.
fn spread(prompt: &Prompt) -> Vec<(String, String)> {
    let tool = |tool: &Tool| (format!("tool {}", tool.name), tool.schema.to_string());
    let turns = prompt.turns.iter().zip(1..).map(|(turn, number)| {
        let number: u32 = number;
        (format!("turn {number}"), shown(turn))
    });
    std::iter::once(("system prompt".to_owned(), prompt.system.clone()))
        .chain(std::iter::once(tool(&prompt.tool)))
        .chain(prompt.lookups.iter().map(tool))
        .chain(turns)
        .collect()
}

/// One turn as text.
pub(super) fn shown(turn: &Turn) -> String {
    match turn {
        Turn::Asked(text) | Turn::Answered(text) => text.clone(),
        Turn::Called { text, calls } => {
            let calls = calls
                .iter()
                .map(|call| format!("{} {}({})", call.id, call.tool, call.arguments));
            std::iter::once(text.clone())
                .chain(calls)
                .collect::<Vec<_>>()
                .join("\n")
        }
        Turn::Returned { id, text } => format!("{id}: {text}"),
    }
}

/// Longest excerpt of a part, in characters.
const EXCERPT: usize = 1_200;

impl Divergence {
    /// The beginning of today's prompt, its system part and its last turn.
    #[must_use]
    pub fn excerpt(&self) -> Option<String> {
        let prompt = self.prompt.as_ref()?;
        let last = prompt.turns.last().map(shown).unwrap_or_default();
        Some(format!(
            "[system]\n{}\n\n[turn {}]\n{}",
            cut(&prompt.system),
            prompt.turns.len(),
            cut(&last)
        ))
    }
}

fn cut(text: &str) -> String {
    let text = text.trim_end();
    let head: String = text.chars().take(EXCERPT).collect();
    if head.len() < text.len() {
        format!("{head}\n[… {} bytes more]", text.len() - head.len())
    } else {
        head
    }
}
