//! The JSON that `/chat/completions` answers with, whole or in chunks. Reading is lenient: only what we use is
//! named, servers that imitate the protocol may leave out the rest, and what decides nothing may be of any type.

use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};

/// A whole answer, or one chunk of it. Routers put errors here too.
#[derive(Debug, Deserialize)]
pub(super) struct Response {
    /// The model that answered.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) model: Option<String>,
    /// Answers; we ask for one.
    #[serde(default)]
    pub(super) choices: Option<Vec<Choice>>,
    /// Token counts, taken apart by hand because servers disagree on which are there.
    #[serde(default)]
    usage: Value,
    /// Groq's place for them in a stream.
    #[serde(default)]
    x_groq: Value,
    /// An error of a provider behind a router.
    #[serde(default)]
    pub(super) error: Value,
}

/// One answer, or what a chunk adds to it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Choice {
    /// What the model said, as a whole.
    #[serde(default)]
    pub(super) message: Option<Said>,
    /// What the model said since the chunk before.
    #[serde(default)]
    pub(super) delta: Option<Said>,
    /// Why it stopped.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) finish_reason: Option<String>,
    /// Moonshot's place for token counts in a stream.
    #[serde(default)]
    usage: Value,
    /// An error that cut this answer.
    #[serde(default)]
    pub(super) error: Value,
}

/// What the model said.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Said {
    /// Text, as a string or in parts.
    #[serde(default)]
    pub(super) content: Option<Content>,
    /// Why it would not answer, in its own words.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) refusal: Option<String>,
    /// Its reasoning, which is no part of the answer, under the name that DeepSeek gave it.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) reasoning_content: Option<String>,
    /// The same under OpenRouter's and Ollama's name.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) reasoning: Option<String>,
    /// Tools it called.
    #[serde(default)]
    pub(super) tool_calls: Option<Vec<Called>>,
}

/// The two forms of text.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Content {
    /// One string.
    Text(String),
    /// Typed parts, of which we read those with text.
    Parts(Vec<Part>),
}

/// One part of a text.
#[derive(Debug, Deserialize)]
pub(super) struct Part {
    /// Its text, if it has one.
    #[serde(default, deserialize_with = "lenient")]
    text: Option<String>,
}

/// One tool call, or what a chunk adds to it.
#[derive(Debug, Deserialize)]
pub(super) struct Called {
    /// Which of the answer's calls a chunk adds to; some servers leave it out.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) index: Option<u64>,
    /// What its result is to be sent back with.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) id: Option<String>,
    /// What was called.
    #[serde(default)]
    pub(super) function: CalledFunction,
}

/// What was called.
#[derive(Debug, Default, Deserialize)]
pub(super) struct CalledFunction {
    /// Its name; a server that was made to call one tool may leave it out.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) name: Option<String>,
    /// A string that holds JSON; from some servers, the JSON itself.
    #[serde(default)]
    arguments: Option<Box<RawValue>>,
}

impl Response {
    /// The token counts in it, wherever they are.
    pub(super) fn usage(&self) -> Option<&Value> {
        let first = self.choices.as_ref().and_then(|choices| choices.first());
        [
            Some(&self.usage),
            self.x_groq.get("usage"),
            first.map(|choice| &choice.usage),
        ]
        .into_iter()
        .flatten()
        .find(|usage| usage.is_object())
    }

    /// The error in it, if it holds one.
    pub(super) fn error(&self) -> Option<&Value> {
        let first = self.choices.as_ref().and_then(|choices| choices.first());
        [Some(&self.error), first.map(|choice| &choice.error)]
            .into_iter()
            .flatten()
            .find(|error| is_error(error))
    }
}

/// Whether the field says anything: some servers always write it.
fn is_error(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::Array(_) => true,
    }
}

impl Content {
    /// The text, parts joined.
    pub(super) fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Parts(parts) => parts.into_iter().filter_map(|part| part.text).collect(),
        }
    }
}

impl CalledFunction {
    /// The arguments as the model wrote them.
    pub(super) fn arguments(&self) -> String {
        let raw = self.arguments.as_ref().map_or("", |raw| raw.get());
        serde_json::from_str::<String>(raw).unwrap_or_else(|_| raw.to_owned())
    }
}

/// `None` where there is something of another type than expected.
fn lenient<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}
