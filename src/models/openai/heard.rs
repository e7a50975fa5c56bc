//! What a model has said so far, and the [`Reply`] that it comes to. Whole answers and streams end up here.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    super::{Reply, Request, Stop, ToolCall, ToolChoice, report::Report, tokens::bytes_of},
    arguments::Arguments,
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
    /// Where the last call of each id stands: there may be as many.
    ids: BTreeMap<String, usize>,
}

#[derive(Debug)]
struct Call {
    index: Option<u64>,
    id: String,
    name: String,
    arguments: Arguments,
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
                Some(at) => self.go_on(at, called),
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
        self.note_id(self.calls.len() - 1);
    }

    fn go_on(&mut self, at: usize, called: Called) {
        let had_id = !self.calls[at].id.is_empty();
        self.calls[at].add(called);
        if !had_id {
            self.note_id(at);
        }
    }

    /// Notes the id of a call that has just got one. A call behind it may have had the same before.
    fn note_id(&mut self, at: usize) {
        let id = &self.calls[at].id;
        if !id.is_empty() {
            let last = self.ids.entry(id.clone()).or_insert(at);
            *last = at.max(*last);
        }
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
    fn continued(&mut self, called: &Called) -> Option<usize> {
        let id = called.id.as_deref().unwrap_or_default();
        let at = match called.index {
            Some(index) => *self.indexes.get(&index)?,
            None if !id.is_empty() => *self.ids.get(id)?,
            None => self.calls.len().checked_sub(1)?,
        };
        let call = &mut self.calls[at];
        let is_named = called.function.name.as_ref().is_some_and(|n| !n.is_empty());
        let has_new_id = !id.is_empty() && !call.id.is_empty() && call.id != id;
        let begins_anew = is_named
            && call.arguments.is_complete()
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
            arguments: Arguments::new(called.function.arguments()),
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
        self.arguments.push(&arguments);
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
            arguments: self.arguments.into_text(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(calls: Value) -> Said {
        serde_json::from_value(json!({"tool_calls": calls})).unwrap()
    }

    fn texts(heard: Heard) -> Vec<String> {
        let calls = heard.calls.into_iter();
        calls.map(|call| call.arguments.into_text()).collect()
    }

    #[test]
    fn what_brings_an_id_goes_on_with_the_last_call_of_that_id() {
        let mut heard = Heard::default();
        let named =
            |id, arguments| json!({"id": id, "function": {"name": "n", "arguments": arguments}});
        heard.delta(said(json!([
            named("a", "{}"),
            named("a", "[1"),
            named("b", "[2")
        ])));
        let more = |id| json!({"id": id, "function": {"arguments": "+"}});
        heard.delta(said(json!([more("a"), more("b"), more("c"), more("a")])));
        assert_eq!(texts(heard), ["{}", "[1++", "[2+", "+"]);
    }

    #[test]
    fn an_id_that_comes_late_is_found_and_leads_to_no_call_before_the_last_one_of_it() {
        let mut heard = Heard::default();
        let at = |index, id, arguments| json!({"index": index, "id": id, "function": {"arguments": arguments}});
        let more = |id| json!({"id": id, "function": {"arguments": "+"}});
        heard.delta(said(json!([
            at(0, "", "[0"),
            at(1, "a", "[1"),
            at(2, "", "[2")
        ])));
        heard.delta(said(json!([at(0, "a", ""), at(2, "b", "")])));
        heard.delta(said(json!([more("a"), more("b")])));
        assert_eq!(texts(heard), ["[0", "[1+", "[2+"]);
    }
}
