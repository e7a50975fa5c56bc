//! The JSON that `/v1/messages` is asked with.
//!
//! ```text
//!  tools ──▶ system ──▶ message ──▶ … ──▶ last but one ──▶ last        what a cache is keyed by, in this order
//!       ◆          ◆                                  ◆                breakpoints: cached up to here
//! ```

use serde::Serialize;
use serde_json::Value;

use super::{
    super::{Message, Request, Tool, ToolCall, ToolChoice},
    AnthropicSettings,
};

/// Bytes below which a prefix gets no breakpoint: the provider caches nothing below 1024 tokens
/// (<https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching>), and four bytes are about one.
const WORTH_CACHING: usize = 4096;

/// Messages from which on a conversation is a long one: one exchange and what follows it.
const LONG: usize = 3;

/// What is sent.
#[derive(Debug, Serialize)]
pub(super) struct MessagesRequest<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Block<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Offer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<Choosing<'a>>,
    messages: Vec<Turn<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    stream: bool,
}

/// One side's turn; the sides alternate.
#[derive(Debug, Serialize)]
struct Turn<'a> {
    role: &'static str,
    content: Vec<Block<'a>>,
}

#[derive(Debug, Serialize)]
struct Block<'a> {
    #[serde(flatten)]
    kind: Kind<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<Breakpoint>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Kind<'a> {
    Text {
        text: &'a str,
    },
    ToolUse {
        id: &'a str,
        name: &'a str,
        input: Value,
    },
    ToolResult {
        tool_use_id: &'a str,
        content: &'a str,
    },
}

/// Everything up to and with the block that holds this is cached.
#[derive(Clone, Copy, Debug, Serialize)]
struct Breakpoint {
    r#type: &'static str,
}

#[derive(Debug, Serialize)]
struct Offer<'a> {
    name: &'a str,
    description: &'a str,
    input_schema: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<Breakpoint>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Choosing<'a> {
    None,
    Any,
    Tool { name: &'a str },
}

const EPHEMERAL: Option<Breakpoint> = Some(Breakpoint {
    r#type: "ephemeral",
});

impl<'a> MessagesRequest<'a> {
    /// `request`, as this protocol puts it.
    pub(super) fn new(request: &'a Request, settings: &'a AnthropicSettings) -> Self {
        let tools = offered(request);
        let mut sent = Self {
            model: &settings.service.model,
            max_tokens: request.max_output_tokens,
            system: text(&request.system).into_iter().collect(),
            tool_choice: (!tools.is_empty()).then(|| Choosing::new(request.choice)),
            tools: tools.iter().map(Offer::new).collect(),
            messages: turns(&request.messages),
            temperature: settings.temperature,
            stream: settings.service.stream,
        };
        sent.mark(request.prompt_bytes());
        sent
    }

    /// Sets the breakpoints: three at most, of the four that are allowed.
    fn mark(&mut self, prompt_bytes: usize) {
        let talk: usize = self.messages.iter().map(Turn::bytes).sum();
        let last = self.messages.last().map_or(0, Turn::bytes);
        if prompt_bytes.saturating_sub(talk) >= WORTH_CACHING {
            if let Some(tool) = self.tools.last_mut() {
                tool.cache_control = EPHEMERAL;
            }
            if let Some(system) = self.system.last_mut() {
                system.cache_control = EPHEMERAL;
            }
        }
        let is_long = self.messages.len() >= LONG;
        if is_long && prompt_bytes.saturating_sub(last) >= WORTH_CACHING {
            let before_last = self.messages.iter_mut().rev().nth(1);
            if let Some(block) = before_last.and_then(|turn| turn.content.last_mut()) {
                block.cache_control = EPHEMERAL;
            }
        }
    }

    /// The body: the same request gives the same bytes, so that the provider's prompt cache can hit.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("strings, numbers and JSON values always serialize")
    }
}

/// The tools that are named. A conversation in which some were called cannot be sent without them; where text is
/// wanted, they are named and forbidden.
fn offered(request: &Request) -> &[Tool] {
    let called = |message: &Message| match message {
        Message::Assistant { calls, .. } => !calls.is_empty(),
        Message::ToolResult { .. } => true,
        Message::User(_) => false,
    };
    if request.choice == ToolChoice::Text && !request.messages.iter().any(called) {
        return &[];
    }
    &request.tools
}

/// The turns of a conversation: what one side says in a row is one turn, and results come before words.
fn turns(messages: &[Message]) -> Vec<Turn<'_>> {
    let mut turns: Vec<Turn<'_>> = Vec::new();
    for message in messages {
        let (role, content) = said(message);
        match turns.last_mut() {
            Some(turn) if turn.role == role => turn.content.extend(content),
            Some(_) | None if content.is_empty() => {}
            Some(_) | None => turns.push(Turn { role, content }),
        }
    }
    for turn in &mut turns {
        turn.content
            .sort_by_key(|block| !matches!(block.kind, Kind::ToolResult { .. }));
    }
    turns
}

fn said(message: &Message) -> (&'static str, Vec<Block<'_>>) {
    match message {
        Message::User(words) => ("user", text(words).into_iter().collect()),
        Message::Assistant { text: words, calls } => {
            let calls = calls.iter().map(|call| Block::new(Kind::called(call)));
            ("assistant", text(words).into_iter().chain(calls).collect())
        }
        Message::ToolResult { call_id, text } => {
            let result = Kind::ToolResult {
                tool_use_id: call_id,
                content: text,
            };
            ("user", vec![Block::new(result)])
        }
    }
}

/// A text as a block; the protocol refuses blank ones.
fn text(text: &str) -> Option<Block<'_>> {
    (!text.trim().is_empty()).then_some(Block::new(Kind::Text { text }))
}

impl Turn<'_> {
    fn bytes(&self) -> usize {
        let of = |block: &Block<'_>| match &block.kind {
            Kind::Text { text } => text.len(),
            Kind::ToolUse { id, name, input } => id.len() + name.len() + input.to_string().len(),
            Kind::ToolResult {
                tool_use_id,
                content,
            } => tool_use_id.len() + content.len(),
        };
        self.content.iter().map(of).sum()
    }
}

impl<'a> Block<'a> {
    fn new(kind: Kind<'a>) -> Self {
        Self {
            kind,
            cache_control: None,
        }
    }
}

impl<'a> Kind<'a> {
    /// A call as it was made. Its input must be an object; arguments that are none are shown inside of one.
    fn called(call: &'a ToolCall) -> Self {
        let input = match serde_json::from_str(&call.arguments) {
            Ok(object @ Value::Object(_)) => object,
            Ok(_) | Err(_) => serde_json::json!({ "arguments": call.arguments }),
        };
        Self::ToolUse {
            id: &call.id,
            name: &call.name,
            input,
        }
    }
}

impl<'a> Offer<'a> {
    fn new(tool: &'a Tool) -> Self {
        Self {
            name: tool.name,
            description: tool.description,
            input_schema: &tool.schema,
            cache_control: None,
        }
    }
}

impl Choosing<'_> {
    fn new(choice: ToolChoice) -> Self {
        match choice {
            ToolChoice::Text => Self::None,
            ToolChoice::Any => Self::Any,
            ToolChoice::Forced(name) => Self::Tool { name },
        }
    }
}

#[cfg(test)]
mod tests;
