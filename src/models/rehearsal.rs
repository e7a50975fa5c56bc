//! The rehearsal model: embedded, offline, free, and honest about it.
//!
//! It answers every step of a plan in the right shape without asking anyone, so that a plan, its caps and its
//! approvals can be tried before a key is bought. Its answers are a pure function of settings and request: the
//! same request gives the same bytes. Every text it writes says that it is a rehearsal.

mod artifact;
mod replies;

use std::{collections::BTreeMap, time::Duration};

use super::{Answering, ModelProvider, Purpose, Reply, Request, Stop, ToolCall, ToolChoice, Usage};

/// How a rehearsal behaves. The default answers at once, passes every review and continues.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rehearsal {
    /// How long every answer takes.
    pub delay: Duration,
    /// QC rejects the first so many attempts of every task.
    pub reject: u32,
    /// The sub-objectives in which it rejects; `None` means all.
    pub reject_in: Option<Vec<u32>>,
    /// The outcome of the reflection after a sub-objective, where it is not `continue`. Passed on as it is.
    pub outcomes: BTreeMap<u32, String>,
}

impl Rehearsal {
    /// The reply to `request`, without the delay.
    #[must_use]
    pub fn reply(&self, request: &Request) -> Reply {
        let about = &request.about;
        let json = match about.purpose {
            Purpose::Draft => replies::plan(about),
            Purpose::PlanTasks => replies::tasks(about),
            Purpose::Decompose => replies::parts(about),
            Purpose::Produce | Purpose::Fix => replies::artifact(about),
            Purpose::Review => replies::verdict(about, self.rejects(request)),
            Purpose::Reflect => replies::reflection(about, self.outcome(about.sub_objective)),
        };
        let text = json.to_string();
        let usage = Usage {
            // It counts by bytes, but it is its own provider: this is its count, not a guess at another's.
            estimated: false,
            ..Usage::estimate(request, text.len())
        };
        let (text, calls) = match tool(request) {
            Some(name) => (String::new(), vec![called(name, text)]),
            None => (text, Vec::new()),
        };
        Reply {
            text,
            calls,
            stop: Stop::Done,
            usage,
            cost_micro_usd: Some(0),
            served_by: Some("rehearsal".to_owned()),
        }
    }

    fn rejects(&self, request: &Request) -> bool {
        let about = &request.about;
        let here = self
            .reject_in
            .as_ref()
            .is_none_or(|only| only.contains(&about.sub_objective));
        here && about.attempt <= self.reject
    }

    fn outcome(&self, sub_objective: u32) -> &str {
        self.outcomes
            .get(&sub_objective)
            .map_or("continue", String::as_str)
    }
}

/// The tool that it answers with: the forced one, or the one on offer that takes an answer.
fn tool(request: &Request) -> Option<&'static str> {
    match request.choice {
        ToolChoice::Text => None,
        ToolChoice::Any => {
            let names = || request.tools.iter().map(|tool| tool.name);
            names()
                .find(|name| name.starts_with("submit"))
                .or_else(|| names().next())
        }
        ToolChoice::Forced(name) => Some(name),
    }
}

fn called(name: &str, arguments: String) -> ToolCall {
    ToolCall {
        id: "rehearsed".to_owned(),
        name: name.to_owned(),
        arguments,
    }
}

impl ModelProvider for Rehearsal {
    fn call<'a>(&'a self, request: &'a Request) -> Answering<'a> {
        Box::pin(async move {
            if !self.delay.is_zero() {
                tokio::time::sleep(self.delay).await;
            }
            Ok(self.reply(request))
        })
    }
}

#[cfg(test)]
mod tests;
