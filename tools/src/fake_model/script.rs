//! What the server is told to do: steps, each with the requests it is for and how it answers them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;

use super::{
    ask::Ask,
    behaviour::Behaviour,
    chaos::Chaos,
    usage::{Prices, UsageSays},
};

/// Steps, first to last. A request is answered by the first step that is for it and not used up; where there is
/// none, by a fault of the chaos, if it meets one; else by the default answer. So steps without conditions answer by
/// order, and the others by what is asked.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Script {
    /// The steps.
    pub steps: Vec<Step>,
    /// Faults for requests that no step takes.
    pub chaos: Option<Chaos>,
    /// How long the default answer waits first.
    pub delay_ms: u64,
    /// What the default answer, and faults that are answers, say about usage.
    pub usage: UsageSays,
    /// Prices by which every answer in OpenAI's protocol states its `usage.cost`.
    pub prices: Option<Prices>,
    /// Whether a stream in OpenAI's protocol tells usage although nobody asked, as some servers do.
    pub always_usage: bool,
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
    /// Then it waits until this file is there. A client that leaves meanwhile has bought nothing.
    #[serde(default)]
    pub gate: Option<PathBuf>,
    /// What it says about usage.
    #[serde(default)]
    pub usage: UsageSays,
    /// What it answers.
    #[serde(default)]
    pub answer: Behaviour,
}

/// Conditions of a step; all that are given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// The request forces this tool, or forces none and this is the one that the default answer calls.
    pub tool: Option<String>,
    /// The request offers this tool.
    pub offers: Option<String>,
    /// The last message holds this text.
    pub last_message: Option<String>,
    /// The messages, the system prompt among them, hold this text.
    pub text: Option<String>,
    /// The request names this model.
    pub model: Option<String>,
    /// The request wants a stream, or wants none.
    pub stream: Option<bool>,
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
    /// It says what cannot be.
    #[error("cannot play the script: {0}")]
    Senseless(String),
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
            ..Self::default()
        }
    }

    /// The script in a JSON file: `{"steps": [{"when": {"tool": "submit_verdict"}, "answer": "hang_up"}]}`.
    pub fn read(path: &Path) -> Result<Self, ScriptError> {
        Self::from_json(&std::fs::read(path)?)
    }

    /// The script in a JSON text.
    pub fn from_json(text: &[u8]) -> Result<Self, ScriptError> {
        let script: Self = serde_json::from_slice(text)?;
        let senseless = script.chaos.as_ref().and_then(Chaos::fault_of_its_own);
        senseless.map_or(Ok(script), |why| Err(ScriptError::Senseless(why)))
    }

    /// These faults for requests that no step takes.
    #[must_use]
    pub fn with_chaos(mut self, chaos: Chaos) -> Self {
        self.chaos = Some(chaos);
        self
    }

    /// This said about usage by default answers.
    #[must_use]
    pub fn with_usage(mut self, usage: UsageSays) -> Self {
        self.usage = usage;
        self
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
            gate: None,
            usage: UsageSays::default(),
            answer,
        }
    }

    /// Only for requests that force `tool`, or force none and offer it as the one that submits.
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

    /// Only for requests that hold `text` anywhere in their messages: those of one task, say.
    #[must_use]
    pub fn for_text(mut self, text: &str) -> Self {
        self.when.text = Some(text.to_owned());
        self
    }

    /// Only for requests that name this model.
    #[must_use]
    pub fn for_model(mut self, model: &str) -> Self {
        self.when.model = Some(model.to_owned());
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

    /// Not before this file is there.
    #[must_use]
    pub fn behind(mut self, gate: &Path) -> Self {
        self.gate = Some(gate.to_owned());
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
        let is = |wanted: &Option<String>, found: Option<&String>| {
            wanted.is_none() || wanted.as_ref() == found
        };
        let offers = |tool: &String| ask.tools.contains(tool);
        let says = |text: &String| ask.last_message.contains(text);
        is(&self.tool, ask.tool.as_ref())
            && is(&self.model, Some(&ask.model))
            && self.offers.as_ref().is_none_or(offers)
            && self.last_message.as_ref().is_none_or(says)
            && self
                .text
                .as_ref()
                .is_none_or(|text| ask.text.contains(text))
            && self.stream.is_none_or(|stream| stream == ask.stream)
    }
}

/// A script that is being played.
#[derive(Debug)]
pub(super) struct Play {
    pub(super) script: Script,
    /// How often each step has answered.
    used: BTreeMap<usize, u32>,
}

/// What a request gets.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cue {
    pub(super) step: Step,
    /// Where it came from: `3:hang_up`, `chaos:hang_up`, `default`.
    pub(super) name: String,
}

impl Play {
    pub(super) fn new(script: Script) -> Self {
        Self {
            script,
            used: BTreeMap::new(),
        }
    }

    /// What `ask` gets; one use of its step is taken. Steps count from 1, as a reader of the script does.
    pub(super) fn cue(&mut self, ask: &Ask) -> Cue {
        if let Some(at) = self.step_for(ask) {
            *self.used.entry(at).or_default() += 1;
            let step = self.script.steps[at].clone();
            let name = format!("{}:{}", at + 1, step.answer.name());
            return Cue { step, name };
        }
        let chaos = self.script.chaos.as_ref();
        let fault = chaos.and_then(|chaos| chaos.fault(ask.ordinal));
        let (answer, name, delay_ms) = match fault {
            Some((_, fault)) => (fault.clone(), format!("chaos:{}", fault.name()), 0),
            None => (
                Behaviour::Default,
                "default".to_owned(),
                self.script.delay_ms,
            ),
        };
        let step = Step {
            delay_ms,
            usage: self.script.usage.clone(),
            ..Step::new(answer)
        };
        Cue { step, name }
    }

    fn step_for(&self, ask: &Ask) -> Option<usize> {
        let used = |at: usize| self.used.get(&at).copied().unwrap_or_default();
        let steps = self.script.steps.iter().enumerate();
        let mut free = steps.filter(|(at, step)| step.times == 0 || used(*at) < step.times);
        free.find(|(_, step)| step.when.holds(ask))
            .map(|(at, _)| at)
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
        let mut play = Play::new(Script::of([
            step("verdict").for_tool("submit_verdict").times(2),
            step("essay").for_message("essay2"),
            step("first"),
            step("second"),
        ]));
        let mut taken = |tool: &str, text: &str| match play.cue(&ask(tool, text)).step.answer {
            Behaviour::Text(text) => text,
            Behaviour::Default => "default".to_owned(),
            other => panic!("{other:?}"),
        };
        assert_eq!(taken("submit_tasks", ""), "first");
        assert_eq!(taken("submit_verdict", ""), "verdict");
        assert_eq!(taken("submit_artifact", "write essay2.md"), "essay");
        assert_eq!(taken("submit_verdict", ""), "verdict");
        assert_eq!(taken("submit_verdict", ""), "second");
        assert_eq!(taken("submit_verdict", ""), "default");
    }

    #[test]
    fn a_step_of_zero_times_is_never_used_up() {
        let mut play = Play::new(Script::of([Step::new(Behaviour::HangUp).times(0)]));
        for _ in 0..3 {
            assert_eq!(play.cue(&ask("t", "")).name, "1:hang_up");
        }
    }

    #[test]
    fn all_conditions_of_a_step_must_hold() {
        let asked = Ask {
            tools: vec!["read_file".into(), "submit_tasks".into()],
            model: "m".into(),
            text: "# Task: Write\nhello".into(),
            stream: true,
            ..ask("submit_tasks", "hello")
        };
        let holds = |json: &str| serde_json::from_str::<When>(json).unwrap().holds(&asked);
        for when in [
            r#"{}"#,
            r#"{"tool": "submit_tasks", "offers": "read_file", "model": "m", "stream": true, "last_message": "ell"}"#,
            r#"{"text": "Task: Write", "last_message": "hello"}"#,
        ] {
            assert!(holds(when), "{when}");
        }
        for when in [
            r#"{"tool": "read_file"}"#,
            r#"{"offers": "write_file"}"#,
            r#"{"model": "n"}"#,
            r#"{"stream": false}"#,
            r#"{"last_message": "bye"}"#,
            r#"{"last_message": "Task: Write"}"#,
            r#"{"text": "Task: Read"}"#,
            r#"{"model": "m", "stream": false}"#,
        ] {
            assert!(!holds(when), "{when}");
        }
    }

    #[test]
    fn chaos_and_the_delay_are_for_requests_that_no_step_takes() {
        let text = br#"{"delay_ms": 9, "usage": "greedy", "steps": [{"answer": "empty"}],
            "chaos": {"seed": 7, "percent": 30, "faults": ["hang_up", {"status": {"code": 500}}]}}"#;
        let run = || {
            let mut play = Play::new(Script::from_json(text).unwrap());
            let cue = |ordinal| {
                let cue = play.cue(&Ask {
                    ordinal,
                    ..Ask::default()
                });
                (cue.name, cue.step.delay_ms)
            };
            (0..40).map(cue).collect::<Vec<_>>()
        };
        let names = run();
        assert_eq!(names, run());
        assert_eq!(names[0], ("1:empty".to_owned(), 0));
        for name in [("default", 9), ("chaos:hang_up", 0), ("chaos:status", 0)] {
            let name = (name.0.to_owned(), name.1);
            assert!(names.contains(&name), "{name:?} not in {names:?}");
        }
    }

    #[test]
    fn a_script_that_says_what_cannot_be_is_refused() {
        for (text, word) in [
            (
                r#"{"chaos": {"seed": 1, "percent": 101, "faults": []}}"#,
                "101",
            ),
            (
                r#"{"chaos": {"seed": 1, "percent": 1, "faults": []}}"#,
                "faults",
            ),
            (r#"{"steps": [{"anwser": "empty"}]}"#, "understand"),
        ] {
            let error = Script::from_json(text.as_bytes()).unwrap_err();
            assert!(error.to_string().contains(word), "{error}");
        }
    }

    #[test]
    fn every_behaviour_has_a_form_in_json() {
        let behaviours = r#"["default", {"arguments": {"a": 1}}, {"raw_arguments": "{"},
            {"tool_calls": [{"name": "t", "arguments": {}}]},
            {"text_and_tool_calls": {"text": "t", "tool_calls": []}}, {"text": "t"}, {"fenced": null},
            {"fenced": {"a": 1}}, "malformed_arguments", "wrong_schema", "empty", "stop_for_length", "refusal",
            "content_filter", {"huge": {"bytes": 10}}, {"status": {"code": 500}},
            {"status": {"code": 429, "retry_after": "7", "message": "slow"}}, {"refuse": {"code": 429}},
            {"refuse": {"code": 429, "headers": {"retry-after-ms": "20"}, "kind": "k", "message": "m"}},
            "context_too_long", {"html": {"code": 502}}, {"body": "{"}, {"event_stream": "data: "}, "hang_up",
            "stall_before_head", "truncated", {"cut": {"after": 1}}, {"stall": {"after": 0}},
            {"slow": {"pause_ms": 1, "answer": "empty"}}, {"keep_alive": {"every_ms": 1, "times": 2}},
            {"fragments": {"bytes": 3}}, {"truncated_json": {}}, {"malformed_data": {"after": 1}},
            {"error_in_stream": {"after": 1}}, {"error_in_stream": {"after": 1, "code": 500, "message": "m"}},
            {"no_done": {}}, {"unstreamed": {"answer": {"no_done": {"answer": "empty"}}}}]"#;
        let behaviours: Vec<Behaviour> = serde_json::from_str(behaviours).unwrap();
        let names: std::collections::BTreeSet<_> = behaviours.iter().map(Behaviour::name).collect();
        assert_eq!(names.len(), 33, "{names:?}");
        for behaviour in behaviours {
            let json = serde_json::to_string(&behaviour).unwrap();
            assert_eq!(serde_json::from_str::<Behaviour>(&json).unwrap(), behaviour);
        }
    }

    #[test]
    fn every_part_of_a_step_may_be_left_out() {
        let text = r#"{"steps": [
            {},
            {"when": {"tool": "t", "last_message": "m"}, "times": 0, "delay_ms": 5, "usage": "missing"},
            {"usage": {"exactly": {"input_tokens": 1, "output_tokens": 2}}, "answer": "default"},
            {"usage": {"detailed": {"input_tokens": 1, "cost_usd": 0.5}}},
            {"usage": {"raw": {"prompt_tokens": -1}}}, {"usage": "greedy"}
        ], "prices": {"input_usd": 1, "output_usd": 2}, "always_usage": true}"#;
        let script = Script::from_json(text.as_bytes()).unwrap();
        assert_eq!(script.steps.len(), 6);
        assert_eq!(script.steps[0], Step::new(Behaviour::Default));
        assert_eq!(Script::from_json(b"{}").unwrap(), Script::default());
    }
}
