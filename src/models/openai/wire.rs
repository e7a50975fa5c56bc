//! The JSON that `/chat/completions` is asked with.

use serde::Serialize;
use serde_json::Value;

use super::{
    super::{Message, Request, Tool, ToolCall, ToolChoice, endpoint::Endpoint},
    Dialect, OpenAiSettings,
};

/// The host that tells what a call cost, when asked.
const TELLS_COST: &str = "openrouter.ai";

/// What is sent.
#[derive(Debug, Serialize)]
pub(super) struct ChatRequest<'a> {
    model: &'a str,
    messages: Vec<ChatMessage<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Offer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choosing<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<ResponseFormat<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'a str>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<UsageWanted>,
}

#[derive(Debug, Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Debug, Serialize)]
struct UsageWanted {
    include: bool,
}

#[derive(Debug, Serialize)]
struct ResponseFormat<'a> {
    r#type: &'static str,
    json_schema: JsonSchema<'a>,
}

#[derive(Debug, Serialize)]
struct JsonSchema<'a> {
    name: &'a str,
    schema: &'a Value,
    /// Strict schemas must forbid and require every field, which ours need not.
    strict: bool,
}

#[derive(Debug, Serialize)]
#[serde(tag = "role", rename_all = "lowercase")]
enum ChatMessage<'a> {
    System {
        content: &'a str,
    },
    User {
        content: &'a str,
    },
    Assistant {
        content: Option<&'a str>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<PastCall<'a>>,
    },
    Tool {
        tool_call_id: &'a str,
        content: &'a str,
    },
}

#[derive(Debug, Serialize)]
struct PastCall<'a> {
    id: &'a str,
    r#type: &'static str,
    function: PastFunction<'a>,
}

#[derive(Debug, Serialize)]
struct PastFunction<'a> {
    name: &'a str,
    arguments: &'a str,
}

#[derive(Debug, Serialize)]
struct Offer<'a> {
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
#[serde(untagged)]
enum Choosing<'a> {
    Word(&'static str),
    One {
        r#type: &'static str,
        function: FunctionName<'a>,
    },
}

#[derive(Debug, Serialize)]
struct FunctionName<'a> {
    name: &'a str,
}

impl<'a> ChatRequest<'a> {
    /// `request`, in the words that `endpoint` understands.
    pub(super) fn new(
        request: &'a Request,
        settings: &'a OpenAiSettings,
        endpoint: &Endpoint,
    ) -> Self {
        let (dialect, stream) = (settings.dialect, settings.service.stream);
        let limit = Some(request.max_output_tokens);
        let response_format = ResponseFormat::new(request, dialect);
        let by_tool = response_format.is_none();
        Self {
            model: &settings.service.model,
            messages: messages(request),
            tools: if by_tool { tools(request) } else { Vec::new() },
            tool_choice: Choosing::new(request).filter(|_| by_tool),
            response_format,
            max_tokens: limit.filter(|_| !dialect.max_completion_tokens),
            max_completion_tokens: limit.filter(|_| dialect.max_completion_tokens),
            temperature: settings.temperature,
            reasoning_effort: settings.reasoning_effort.as_deref(),
            stream,
            stream_options: (stream && dialect.stream_options).then_some(StreamOptions {
                include_usage: true,
            }),
            usage: endpoint
                .is_of(TELLS_COST)
                .then_some(UsageWanted { include: true }),
        }
    }

    /// The body: the same request gives the same bytes, so that a provider's prompt cache can hit.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings, numbers and JSON values always serialize")
    }
}

fn tools(request: &Request) -> Vec<Offer<'_>> {
    request.offered().iter().map(Offer::new).collect()
}

fn messages(request: &Request) -> Vec<ChatMessage<'_>> {
    let system = (!request.system.is_empty()).then_some(ChatMessage::System {
        content: &request.system,
    });
    let talk = request.messages.iter().map(ChatMessage::new);
    system.into_iter().chain(talk).collect()
}

impl<'a> ChatMessage<'a> {
    fn new(message: &'a Message) -> Self {
        match message {
            Message::User(content) => Self::User { content },
            Message::Assistant { text, calls } => Self::Assistant {
                content: (calls.is_empty() || !text.is_empty()).then_some(text),
                tool_calls: calls.iter().map(PastCall::new).collect(),
            },
            Message::ToolResult { call_id, text } => Self::Tool {
                tool_call_id: call_id,
                content: text,
            },
        }
    }
}

impl<'a> PastCall<'a> {
    fn new(call: &'a ToolCall) -> Self {
        Self {
            id: &call.id,
            r#type: "function",
            function: PastFunction {
                name: &call.name,
                arguments: &call.arguments,
            },
        }
    }
}

impl<'a> Offer<'a> {
    fn new(tool: &'a Tool) -> Self {
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

impl<'a> ResponseFormat<'a> {
    /// The schema of the forced tool, where the dialect has schemas.
    fn new(request: &'a Request, dialect: Dialect) -> Option<Self> {
        let ToolChoice::Forced(name) = request.choice else {
            return None;
        };
        let tool = request.tools.iter().find(|tool| tool.name == name)?;
        dialect.json_schema.then_some(Self {
            r#type: "json_schema",
            json_schema: JsonSchema {
                name: tool.name,
                schema: &tool.schema,
                strict: false,
            },
        })
    }
}

impl Choosing<'_> {
    fn new(request: &Request) -> Option<Self> {
        match request.choice {
            ToolChoice::Text => None,
            ToolChoice::Any => Some(Self::Word("required")),
            ToolChoice::Forced(name) => Some(Self::One {
                r#type: "function",
                function: FunctionName { name },
            }),
        }
    }
}

#[cfg(test)]
mod tests;
