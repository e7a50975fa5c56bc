//! What the server is told to do: steps, each with the requests it is for and how it answers them.

use std::{path::Path, time::Duration};

use serde::Deserialize;
use serde_json::Value;

use super::openai::Ask;

/// Steps, first to last. A request is answered by the first step that is for it and not used up; where there is
/// none, by the default answer. So steps without conditions answer by order, and the others by what is asked.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The steps.
    pub steps: Vec<Step>,
}

/// How some requests are answered.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Which requests this step is for.
    #[serde(default)]
    pub when: When,
    /// How many of them it answers; 0 means all.
    #[serde(default = "once")]
    pub times: u32,
    /// How long it waits first. A client that leaves meanwhile has bought nothing.
    #[serde(default)]
    pub delay_ms: u64,
    /// What it says about usage.
    #[serde(default)]
    pub usage: UsageSays,
    /// What it answers.
    #[serde(default)]
    pub answer: Behaviour,
}

/// Conditions of a step; all that are given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// The request forces this tool.
    pub tool: Option<String>,
    /// The last message holds this text.
    pub last_message: Option<String>,
}

/// What an answer says about the tokens it used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum UsageSays {
    /// One token per four bytes of text, each way.
    #[default]
    Counted,
    /// Nothing. The ledger counts as above all the same.
    Missing,
    /// These numbers.
    Exactly {
        /// Tokens read.
        input_tokens: u64,
        /// Tokens written.
        output_tokens: u64,
        /// Of those read, cached.
        #[serde(default)]
        cached_input_tokens: u64,
    },
}

/// What the server does with a request.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Behaviour {
    /// A valid answer for the tool that is asked for.
    #[default]
    Default,
    /// A tool call with these arguments.
    Arguments(Value),
    /// A tool call whose arguments are this text, JSON or not.
    RawArguments(String),
    /// Text instead of a tool call.
    Text(String),
    /// Text around a fenced JSON block instead of a tool call; without a value, the default answer in the fence.
    Fenced(Option<Value>),
    /// A tool call whose arguments break off in the middle.
    MalformedArguments,
    /// A tool call with arguments that are JSON of another schema.
    WrongSchema,
    /// A choice that holds neither text nor a tool call.
    Empty,
    /// An error with this status. `{authorization}` in the message stands for the header that was sent.
    Status {
        /// The status.
        code: u16,
        /// Value of a `Retry-After` header.
        #[serde(default)]
        retry_after: Option<String>,
        /// The provider's words.
        #[serde(default)]
        message: Option<String>,
    },
    /// A page of HTML with this status, as a proxy in between sends it.
    Html {
        /// The status.
        code: u16,
    },
    /// Status 200 with this body, whatever it is.
    Body(String),
    /// The default answer, cut in the middle by a lost connection.
    Truncated,
    /// A closed connection and not one byte.
    HangUp,
    /// A valid text answer with a filling of so many bytes.
    Huge {
        /// Bytes of filling.
        bytes: usize,
    },
}

/// Why a script cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// The file cannot be read.
    #[error("cannot read the script")]
    Read(#[from] std::io::Error),
    /// It is not a script.
    #[error("cannot understand the script")]
    Parse(#[from] serde_json::Error),
}

fn once() -> u32 {
    1
}

impl Script {
    /// These steps.
    #[must_use]
    pub fn of(steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            steps: steps.into_iter().collect(),
        }
    }

    /// The script in a JSON file: `{"steps": [{"when": {"tool": "submit_verdict"}, "answer": "hang_up"}]}`.
    pub fn read(path: &Path) -> Result<Self, ScriptError> {
        Ok(serde_json::from_slice(&std::fs::read(path)?)?)
    }

    /// The step for `ask`, one use of it taken.
    pub(super) fn take(&mut self, ask: &Ask) -> Option<Step> {
        let at = self.steps.iter().position(|step| step.when.holds(ask))?;
        let step = self.steps[at].clone();
        match step.times {
            0 => {}
            1 => drop(self.steps.remove(at)),
            more => self.steps[at].times = more - 1,
        }
        Some(step)
    }
}

impl Step {
    /// One answer to the next request, whatever it is.
    #[must_use]
    pub fn new(answer: Behaviour) -> Self {
        Self {
            when: When::default(),
            times: 1,
            delay_ms: 0,
            usage: UsageSays::default(),
            answer,
        }
    }

    /// Only for requests that force `tool`.
    #[must_use]
    pub fn for_tool(mut self, tool: &str) -> Self {
        self.when.tool = Some(tool.to_owned());
        self
    }

    /// Only for requests whose last message holds `text`.
    #[must_use]
    pub fn for_message(mut self, text: &str) -> Self {
        self.when.last_message = Some(text.to_owned());
        self
    }

    /// For so many requests; 0 means all.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// After this wait.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self
    }

    /// With this said about usage.
    #[must_use]
    pub fn usage(mut self, usage: UsageSays) -> Self {
        self.usage = usage;
        self
    }
}

impl When {
    fn holds(&self, ask: &Ask) -> bool {
        let tool = self
            .tool
            .as_ref()
            .is_none_or(|tool| ask.tool.as_ref() == Some(tool));
        let text = self
            .last_message
            .as_ref()
            .is_none_or(|text| ask.last_message.contains(text));
        tool && text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(tool: &str, last_message: &str) -> Ask {
        Ask {
            tool: Some(tool.to_owned()),
            last_message: last_message.to_owned(),
            ..Ask::default()
        }
    }

    #[test]
    fn steps_answer_by_order_and_by_what_is_asked_until_used_up() {
        let step = |text: &str| Step::new(Behaviour::Text(text.to_owned()));
        let mut script = Script::of([
            step("verdict").for_tool("submit_verdict").times(2),
            step("essay").for_message("essay2"),
            step("first"),
            step("second"),
        ]);
        let mut taken = |tool: &str, text: &str| match script.take(&ask(tool, text))?.answer {
            Behaviour::Text(text) => Some(text),
            other => panic!("{other:?}"),
        };
        assert_eq!(taken("submit_tasks", "").as_deref(), Some("first"));
        assert_eq!(taken("submit_verdict", "").as_deref(), Some("verdict"));
        assert_eq!(
            taken("submit_artifact", "write essay2.md").as_deref(),
            Some("essay")
        );
        assert_eq!(taken("submit_verdict", "").as_deref(), Some("verdict"));
        assert_eq!(taken("submit_verdict", "").as_deref(), Some("second"));
        assert_eq!(taken("submit_verdict", ""), None);
    }

    #[test]
    fn a_step_of_zero_times_is_never_used_up() {
        let mut script = Script::of([Step::new(Behaviour::HangUp).times(0)]);
        for _ in 0..3 {
            assert_eq!(
                script.take(&ask("t", "")).unwrap().answer,
                Behaviour::HangUp
            );
        }
    }

    #[test]
    fn every_behaviour_has_a_form_in_json() {
        let text = r#"{"steps": [
            {},
            {"answer": {"arguments": {"a": 1}}}, {"answer": {"raw_arguments": "{"}}, {"answer": {"text": "t"}},
            {"answer": {"fenced": null}}, {"answer": {"fenced": {"a": 1}}}, {"answer": "malformed_arguments"},
            {"answer": "wrong_schema"}, {"answer": "empty"}, {"answer": {"status": {"code": 500}}},
            {"answer": {"status": {"code": 429, "retry_after": "7", "message": "slow"}}},
            {"answer": {"html": {"code": 502}}}, {"answer": {"body": "{"}}, {"answer": "truncated"},
            {"answer": "hang_up"}, {"answer": {"huge": {"bytes": 10}}},
            {"when": {"tool": "t", "last_message": "m"}, "times": 0, "delay_ms": 5, "usage": "missing"},
            {"usage": {"exactly": {"input_tokens": 1, "output_tokens": 2}}, "answer": "default"}
        ]}"#;
        let script: Script = serde_json::from_str(text).unwrap();
        assert_eq!(script.steps.len(), 18);
        assert_eq!(script.steps[0], Step::new(Behaviour::Default));
        serde_json::from_str::<Script>(r#"{"steps": [{"anwser": "empty"}]}"#).unwrap_err();
    }
}
