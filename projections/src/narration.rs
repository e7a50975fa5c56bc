//! A plan's story for people: one line for each thing that happened, who did it, and what a call cost. Where a call's
//! beginning and its end are two events, its end is the line.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    event::{Event, ModelCallCompleted, ModelCallStarted, ToolCallFinished, ToolOutcome, ToolUse},
    fold::Entry,
    ids::{CallId, ToolCallId},
    payload::Payload,
    time::{MicroUsd, Timestamp},
    timeline,
    work::Step,
};

/// Most characters of a tool's arguments in a line.
const ARGUMENTS: usize = 60;

/// A line of the story.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Told {
    /// When.
    pub at: Timestamp,
    /// In which frame.
    pub seq: u64,
    /// Who: an agent, or whoever wrote the frame.
    pub who: String,
    /// Who wrote the frame.
    pub by: String,
    /// The event's kind.
    pub kind: String,
    /// What, on one line.
    pub what: String,
    /// The model call that this is the end of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<CallTold>,
    /// The tool's call that this is the end of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool: Option<ToolTold>,
}

/// A model call that has ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CallTold {
    /// Which.
    pub id: CallId,
    /// For which step.
    pub step: String,
    /// The model's label.
    pub model: String,
    /// Tokens read, of a call that was answered.
    pub input_tokens: Option<u64>,
    /// Tokens written.
    pub output_tokens: Option<u64>,
    /// Dollars, where the price is known.
    pub cost_usd: Option<serde_json::Value>,
    /// From request to answer.
    pub latency_ms: Option<u64>,
}

/// A tool's call that has ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ToolTold {
    /// Which.
    pub id: ToolCallId,
    /// The tool, as the model named it.
    pub tool: String,
    /// How it ended.
    pub outcome: &'static str,
    /// From its beginning to its end, where that was seen.
    pub took_ms: Option<u64>,
}

/// Tells a journal's events in order; what began is remembered until it ends.
#[derive(Debug, Default)]
pub struct Narrator {
    calls: BTreeMap<CallId, Asked>,
    tools: BTreeMap<ToolCallId, Called>,
}

#[derive(Debug)]
struct Asked {
    step: Step,
    model: String,
    agent: String,
}

#[derive(Debug)]
struct Called {
    tool: String,
    arguments: String,
    agent: String,
    started: Option<Timestamp>,
}

impl Narrator {
    /// The line on the next event; `None` for a beginning whose end will be told.
    pub fn tell(&mut self, entry: &Entry, event: &Event) -> Option<Told> {
        match event {
            Event::ModelCallStarted(e) => self.asked(e),
            Event::ToolCallStarted(e) => {
                if let Some(called) = self.tools.get_mut(&e.tool_call) {
                    called.started = Some(entry.mark.at);
                }
                None
            }
            Event::ModelCallCompleted(e) => Some(self.answered(entry, event, e)),
            Event::ModelCallFailed(e) => {
                let again = e.retry_at.map_or("", |_| "; it is tried again");
                let how = |model: &str| format!("{model} failed: {}{again}", e.message);
                Some(self.ended(entry, event, &e.call_id, how))
            }
            Event::ModelCallAbandoned(e) => {
                let how = |model: &str| format!("the call to {model} was cut: {}", e.why);
                Some(self.ended(entry, event, &e.call_id, how))
            }
            Event::ToolCallFinished(e) => Some(self.returned(entry, event, e)),
            // Every other kind is a fact of its own, with the words that it has in any timeline.
            _ => Some(plain(entry, event)),
        }
    }

    fn asked(&mut self, e: &ModelCallStarted) -> Option<Told> {
        let asked = Asked {
            step: e.step.clone(),
            model: e.model.clone(),
            agent: e.agent_id.clone(),
        };
        self.calls.insert(e.call_id.clone(), asked);
        None
    }

    fn answered(&mut self, entry: &Entry, event: &Event, e: &ModelCallCompleted) -> Told {
        let (read, written) = (e.usage.input_tokens, e.usage.output_tokens);
        let cost = |cost: MicroUsd| format!("${cost}");
        let cost = e.cost.map_or_else(|| "cost unknown".to_owned(), cost);
        let took = seconds(e.latency_ms);
        let cut = if e.cut { ", cut at its limit" } else { "" };
        let called: Vec<&str> = e.tool_calls.iter().map(|call| call.tool.as_str()).collect();
        let called = match called[..] {
            [] => String::new(),
            _ => format!("; it calls {}", called.join(", ")),
        };
        let how = |model: &str| {
            format!("{model} answered{cut}, {read} + {written} tokens, {cost}, {took}{called}")
        };
        let agent = self.agent(&e.call_id, entry);
        let mut told = self.ended(entry, event, &e.call_id, how);
        if let Some(call) = &mut told.call {
            call.input_tokens = Some(read);
            call.output_tokens = Some(written);
            call.cost_usd = e.cost.map(MicroUsd::to_json);
            call.latency_ms = Some(e.latency_ms);
        }
        for tool in &e.tool_calls {
            let called = Called::of(tool, &agent);
            self.tools.insert(tool.id.clone(), called);
        }
        told
    }

    fn agent(&self, call: &CallId, entry: &Entry) -> String {
        let asked = self.calls.get(call);
        asked.map_or_else(|| entry.mark.by.clone(), |asked| asked.agent.clone())
    }

    /// A call whose beginning was seen, at its end.
    fn ended(
        &mut self,
        entry: &Entry,
        event: &Event,
        id: &CallId,
        how: impl Fn(&str) -> String,
    ) -> Told {
        let Some(asked) = self.calls.remove(id) else {
            return plain(entry, event);
        };
        let (step, how) = (doing(&asked.step), how(&asked.model));
        Told {
            who: asked.agent,
            what: timeline::on_one_line(&format!("{step}: {how}")),
            call: Some(CallTold {
                id: id.clone(),
                step: asked.step.label(),
                model: asked.model,
                input_tokens: None,
                output_tokens: None,
                cost_usd: None,
                latency_ms: None,
            }),
            ..plain(entry, event)
        }
    }

    fn returned(&mut self, entry: &Entry, event: &Event, e: &ToolCallFinished) -> Told {
        let Some(called) = self.tools.remove(&e.tool_call) else {
            return plain(entry, event);
        };
        let Called {
            tool, arguments, ..
        } = &called;
        let since = |started| entry.mark.at.micros_since(started) / 1_000;
        // When one ended whose runner was lost, nobody knows.
        let seen = e.outcome != ToolOutcome::Interrupted;
        let took_ms = called.started.filter(|_| seen).map(since);
        let took = took_ms.map_or_else(String::new, |took| format!(", {}", seconds(took)));
        let outcome = e.outcome.as_str();
        let what = format!("{}: {tool} {arguments} {outcome}{took}", e.task);
        Told {
            who: called.agent.clone(),
            what: timeline::on_one_line(&what),
            tool: Some(ToolTold {
                id: e.tool_call.clone(),
                tool: tool.clone(),
                outcome,
                took_ms,
            }),
            ..plain(entry, event)
        }
    }
}

impl Called {
    fn of(call: &ToolUse, agent: &str) -> Self {
        let arguments = match &call.arguments {
            Payload::Text(text) => shortened(text),
            Payload::Blob(blob) => format!("({} bytes)", blob.bytes),
        };
        Self {
            tool: call.tool.clone(),
            arguments,
            agent: agent.to_owned(),
            started: None,
        }
    }
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(ARGUMENTS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

fn plain(entry: &Entry, event: &Event) -> Told {
    Told {
        at: entry.mark.at,
        seq: entry.mark.anchor.seq,
        who: entry.mark.by.clone(),
        by: entry.mark.by.clone(),
        kind: event.kind().to_owned(),
        what: timeline::describe(event),
        call: None,
        tool: None,
    }
}

/// What a step does, for people.
#[must_use]
pub fn doing(step: &Step) -> String {
    match step {
        Step::Draft { revision: 1 } => "writing the plan".to_owned(),
        Step::Draft { revision } => format!("writing the plan, draft {revision}"),
        Step::PlanTasks { index } => format!("dividing sub-objective {index} into tasks"),
        Step::Decompose { index } => format!("dividing sub-objective {index} itself"),
        Step::Produce { task, attempt: 1 } => format!("producing {task}"),
        Step::Produce { task, attempt } => format!("producing {task}, production {attempt}"),
        Step::Fix { task, attempt } => format!("mending {task}, production {attempt}"),
        Step::Review { task, attempt: 1 } => format!("judging {task}"),
        Step::Review { task, attempt } => format!("judging {task}, production {attempt}"),
        Step::Reflect { index } => format!("reflecting after sub-objective {index}"),
    }
}

/// `0.3 s`, `12.0 s`, `4 min 5 s`.
#[must_use]
pub fn seconds(millis: u64) -> String {
    let whole = millis / 1_000;
    match whole {
        0..60 => format!("{whole}.{} s", millis % 1_000 / 100),
        _ => format!("{} min {} s", whole / 60, whole % 60),
    }
}
