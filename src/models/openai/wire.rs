//! The JSON of `/chat/completions`, both ways. Reading is lenient: only what we use is named, and servers that
//! imitate the protocol may leave out or misspell the rest.

use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use super::super::{AnswerTool, Request, Role, endpoint::Endpoint};

/// Hosts whose newer models refuse `max_tokens`; everyone else understands that name.
const WANTS_COMPLETION_TOKENS: [&str; 2] = ["openai.com", "openai.azure.com"];

/// What is sent.
#[derive(Debug, Serialize)]
pub(super) struct ChatRequest<'a> {
    model: &'a str,
    messages: Vec<ChatMessage<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<[Tool<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<ToolChoice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    stream: bool,
}

#[derive(Debug, Serialize)]
struct ChatMessage<'a> {
    role: &'static str,
    content: &'a str,
}

#[derive(Debug, Serialize)]
struct Tool<'a> {
    r#type: &'static str,
    function: Function<'a>,
}

#[derive(Debug, Serialize)]
struct Function<'a> {
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
}

#[derive(Debug, Serialize)]
struct ToolChoice<'a> {
    r#type: &'static str,
    function: FunctionName<'a>,
}

#[derive(Debug, Serialize)]
struct FunctionName<'a> {
    name: &'a str,
}

impl<'a> ChatRequest<'a> {
    /// `request` for `model`, in the words that `endpoint` understands.
    pub(super) fn new(request: &'a Request, model: &'a str, endpoint: &Endpoint) -> Self {
        let newer = WANTS_COMPLETION_TOKENS
            .iter()
            .any(|domain| endpoint.is_of(domain));
        let limit = request.max_output_tokens;
        let tool = request.answer_with.as_ref();
        Self {
            model,
            messages: messages(request),
            tools: tool.map(|tool| [Tool::new(tool)]),
            tool_choice: tool.map(ToolChoice::new),
            max_tokens: (!newer).then_some(limit),
            max_completion_tokens: newer.then_some(limit),
            stream: false,
        }
    }

    /// The body: the same request gives the same bytes, so that a provider's prompt cache can hit.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings, numbers and JSON values always serialize")
    }
}

fn messages(request: &Request) -> Vec<ChatMessage<'_>> {
    let system = (!request.system.is_empty()).then_some(ChatMessage {
        role: "system",
        content: &request.system,
    });
    let talk = request.messages.iter().map(|message| ChatMessage {
        role: match message.role {
            Role::User => "user",
            Role::Assistant => "assistant",
        },
        content: &message.text,
    });
    system.into_iter().chain(talk).collect()
}

impl<'a> Tool<'a> {
    fn new(tool: &'a AnswerTool) -> Self {
        Self {
            r#type: "function",
            function: Function {
                name: tool.name,
                description: tool.description,
                parameters: &tool.schema,
            },
        }
    }
}

impl<'a> ToolChoice<'a> {
    fn new(tool: &'a AnswerTool) -> Self {
        Self {
            r#type: "function",
            function: FunctionName { name: tool.name },
        }
    }
}

/// What comes back with a status of success. Routers put errors here too.
#[derive(Debug, Deserialize)]
pub(super) struct ChatResponse {
    /// The model that answered.
    pub(super) model: Option<String>,
    /// Answers; we ask for one.
    #[serde(default)]
    pub(super) choices: Vec<Choice>,
    /// Token counts, taken apart by hand because servers disagree on which are there.
    #[serde(default)]
    pub(super) usage: Value,
    /// An error of a provider behind a router.
    #[serde(default)]
    pub(super) error: Value,
}

/// One answer.
#[derive(Debug, Deserialize)]
pub(super) struct Choice {
    /// What the model said.
    #[serde(default)]
    pub(super) message: Said,
    /// Why it stopped.
    pub(super) finish_reason: Option<String>,
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
    #[serde(default)]
    pub(super) refusal: Option<String>,
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
    #[serde(default)]
    pub(super) text: Option<String>,
}

/// One tool call.
#[derive(Debug, Deserialize)]
pub(super) struct Called {
    /// What was called.
    pub(super) function: CalledFunction,
}

/// What was called.
#[derive(Debug, Deserialize)]
pub(super) struct CalledFunction {
    /// A string that holds JSON; from some servers, the JSON itself.
    pub(super) arguments: Option<Box<RawValue>>,
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
    pub(super) fn into_text(self) -> String {
        let raw = self
            .arguments
            .map_or_else(String::new, |raw| raw.get().to_owned());
        serde_json::from_str::<String>(&raw).unwrap_or(raw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::{About, Message, Purpose};

    fn sent(base: &str) -> Value {
        let request = Request {
            call_id: "c".into(),
            about: About {
                purpose: Purpose::Produce,
                sub_objective: 1,
                title: String::new(),
                files: Vec::new(),
                task: None,
                attempt: 1,
            },
            system: String::new(),
            messages: vec![Message {
                role: Role::Assistant,
                text: "a".into(),
            }],
            answer_with: None,
            max_output_tokens: 7,
        };
        let endpoint = Endpoint::new(base, "/chat/completions").unwrap();
        serde_json::from_slice(&ChatRequest::new(&request, "m", &endpoint).to_bytes()).unwrap()
    }

    #[test]
    fn the_limit_has_the_name_that_the_host_accepts() {
        let elsewhere = sent("http://127.0.0.1:11434/v1");
        assert_eq!(
            (
                &elsewhere["max_tokens"],
                &elsewhere["max_completion_tokens"]
            ),
            (&7.into(), &Value::Null)
        );
        let openai = sent("https://api.openai.com/v1");
        assert_eq!(
            (&openai["max_tokens"], &openai["max_completion_tokens"]),
            (&Value::Null, &7.into())
        );
    }

    #[test]
    fn an_empty_system_prompt_is_not_sent() {
        let messages = serde_json::json!([{"role": "assistant", "content": "a"}]);
        assert_eq!(sent("http://h")["messages"], messages);
    }
}
