//! What a model has said so far, and the [`Reply`] that it comes to. Whole answers and streams end up here.

use std::collections::BTreeMap;

use serde_json::{Value, value::RawValue};

use super::{
    super::{Reply, Request, Stop, ToolCall, ToolChoice, report::Report, tokens::bytes_of},
    said::{Called, Content, Said},
    usage::{cost, usage},
};

/// An answer, as far as it has come.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Why the model stopped, once it has.
    pub(super) finish: Option<String>,
    /// The token counts that were last told.
    pub(super) usage: Value,
    /// The model that says it answered.
    pub(super) model: Option<String>,
    text: String,
    refusal: String,
    /// Bytes of reasoning: written and paid, and no part of the answer.
    unseen: usize,
    calls: Vec<Call>,
    /// Where the last call of each index stands: a stream may begin very many, and go on with any.
    indexes: BTreeMap<u64, usize>,
}

#[derive(Debug)]
struct Call {
    index: Option<u64>,
    id: String,
    name: String,
    arguments: String,
}

impl Heard {
    /// Whether nothing was said yet.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty() && self.refusal.is_empty() && self.calls.is_empty()
    }

    /// Adds a whole message: each of its calls is one of its own.
    pub(super) fn whole(&mut self, mut said: Said) {
        for called in said.tool_calls.take().unwrap_or_default() {
            self.begin(Call::new(called));
        }
        self.words(said);
    }

    /// Adds what a chunk brought.
    pub(super) fn delta(&mut self, mut said: Said) {
        for called in said.tool_calls.take().unwrap_or_default() {
            match self.continued(&called) {
                Some(at) => self.calls[at].add(called),
                None => self.begin(Call::new(called)),
            }
        }
        self.words(said);
    }

    fn begin(&mut self, call: Call) {
        if let Some(index) = call.index {
            self.indexes.insert(index, self.calls.len());
        }
        self.calls.push(call);
    }

    fn words(&mut self, said: Said) {
        self.text
            .push_str(&said.content.map(Content::into_text).unwrap_or_default());
        self.refusal.push_str(&said.refusal.unwrap_or_default());
        let reasoning = said.reasoning_content.or(said.reasoning);
        self.unseen += reasoning.map_or(0, |text| text.len());
    }

    /// The call that `called` goes on with. By its index; without one, by its id; without either, the last one.
    /// What brings a new id, or a name after arguments that are complete, is a call of its own, whatever its index:
    /// some servers give every call the same.
    fn continued(&self, called: &Called) -> Option<usize> {
        let id = called.id.as_deref().unwrap_or_default();
        let at = match called.index {
            Some(index) => *self.indexes.get(&index)?,
            None if !id.is_empty() => self.calls.iter().rposition(|call| call.id == id)?,
            None => self.calls.len().checked_sub(1)?,
        };
        let call = &self.calls[at];
        let is_named = called.function.name.as_ref().is_some_and(|n| !n.is_empty());
        let has_new_id = !id.is_empty() && !call.id.is_empty() && call.id != id;
        let begins_anew = is_named
            && is_complete(&call.arguments)
            && !called.function.arguments().trim().is_empty();
        let is_another = begins_anew || (is_named && has_new_id);
        (!is_another).then_some(at)
    }

    /// The reply.
    pub(super) fn into_reply(self, request: &Request, report: &Report<'_>) -> Reply {
        let stop = self.stop(report);
        let calls: Vec<ToolCall> = self
            .calls
            .into_iter()
            .map(|call| call.into_tool_call(request.choice))
            .collect();
        let text = if self.text.trim().is_empty() {
            self.refusal
        } else {
            self.text
        };
        Reply {
            usage: usage(
                &self.usage,
                request,
                text.len() + bytes_of(&calls) + self.unseen,
            ),
            cost_micro_usd: cost(&self.usage),
            stop,
            text,
            calls,
            served_by: self.model.map(|model| report.safe(&model)),
        }
    }

    fn stop(&self, report: &Report<'_>) -> Stop {
        if !self.refusal.is_empty() {
            return Stop::Refused;
        }
        match self.finish.as_deref() {
            None | Some("stop" | "tool_calls" | "function_call") => Stop::Done,
            Some("length") => Stop::Length,
            Some("content_filter") => Stop::Refused,
            Some(other) => Stop::Other(report.safe(other)),
        }
    }
}

impl Call {
    fn new(called: Called) -> Self {
        Self {
            arguments: called.function.arguments(),
            index: called.index,
            id: called.id.unwrap_or_default(),
            name: called.function.name.unwrap_or_default(),
        }
    }

    /// Adds a chunk. Id and name are repeated by some servers; a name may also come in pieces before the arguments.
    fn add(&mut self, called: Called) {
        let (arguments, id) = (called.function.arguments(), called.id.unwrap_or_default());
        let name = called.function.name.unwrap_or_default();
        if self.id.is_empty() {
            self.id = id;
        }
        if self.arguments.is_empty() && self.name != name {
            self.name.push_str(&name);
        }
        self.arguments.push_str(&arguments);
    }

    /// A server that was made to call one tool may not name it.
    fn into_tool_call(self, choice: ToolChoice) -> ToolCall {
        let name = match choice {
            ToolChoice::Forced(name) if self.name.is_empty() => name.to_owned(),
            ToolChoice::Forced(_) | ToolChoice::Any | ToolChoice::Text => self.name,
        };
        ToolCall {
            id: self.id,
            name,
            arguments: self.arguments,
        }
    }
}

/// Whether a text is a JSON object to which nothing can be added.
fn is_complete(arguments: &str) -> bool {
    arguments.trim_end().ends_with('}') && serde_json::from_str::<&RawValue>(arguments).is_ok()
}
