//! What the server can be told to do with a request: say something else, say it in another manner, or refuse.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the server does with a request.
///
/// Where it speaks of pieces: the pieces of a stream are its events (the first of them tells the role, or is
/// `message_start`); a body that is no stream goes out in up to four pieces of equal size.
///
/// Behaviours that hold an `answer` say how it is delivered, and may be nested: the JSON
/// `{"slow": {"pause_ms": 50, "answer": {"cut": {"after": 3}}}}` is a slow stream of the default answer that breaks
/// after its third event. Of two ends that are nested in each other, the inner one counts.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Behaviour {
    // ------------------------------------------------------------------------------------------ what is said
    /// A valid answer: a call of the tool that the request forces, else of the first offered one whose name starts
    /// with `submit_`, else text.
    #[default]
    Default,
    /// A tool call with these arguments.
    Arguments(Value),
    /// A tool call whose arguments are this text, JSON or not.
    RawArguments(String),
    /// Calls of these tools, offered or not.
    ToolCalls(Vec<ToolCall>),
    /// Text and calls of these tools.
    TextAndToolCalls {
        /// The text, which comes first.
        text: String,
        /// The calls.
        tool_calls: Vec<ToolCall>,
    },
    /// Text instead of a tool call.
    Text(String),
    /// Text around a fenced JSON block instead of a tool call; without a value, the default answer in the fence.
    Fenced(Option<Value>),
    /// A tool call whose arguments break off in the middle, although the answer is said to be complete.
    MalformedArguments,
    /// A tool call with arguments that are JSON of another schema.
    WrongSchema,
    /// An answer that holds neither text nor a tool call.
    Empty,
    /// The default answer up to its middle, where the limit of tokens ended it.
    StopForLength,
    /// A refusal in words.
    Refusal,
    /// An answer that a filter of the provider withheld in the middle.
    ContentFilter,
    /// A valid text answer with a filling of so many bytes.
    Huge {
        /// Bytes of filling.
        bytes: usize,
    },

    // ------------------------------------------------------------------------------------ what is not an answer
    /// An error with this status. `{authorization}` in the message stands for the key header that was sent.
    Status {
        /// The status.
        code: u16,
        /// Value of a `Retry-After` header: seconds, or a date of HTTP.
        #[serde(default)]
        retry_after: Option<String>,
        /// The provider's words.
        #[serde(default)]
        message: Option<String>,
    },
    /// As [`Behaviour::Status`], with any headers (`retry-after-ms`, say) and a type other than the usual one.
    Refuse {
        /// The status.
        code: u16,
        /// Further headers; one that HTTP does not allow is left out.
        #[serde(default)]
        headers: BTreeMap<String, String>,
        /// The error's type, like `insufficient_quota`.
        #[serde(default)]
        kind: Option<String>,
        /// The provider's words.
        #[serde(default)]
        message: Option<String>,
    },
    /// A refusal that says, in the words of the protocol's provider, that the prompt is too long.
    ContextTooLong,
    /// A page of HTML with this status, as a proxy in between sends it.
    Html {
        /// The status.
        code: u16,
    },
    /// Status 200 with this body, whatever it is, as JSON.
    Body(String),
    /// Status 200 with this body, whatever it is, as a stream of events.
    EventStream(String),
    /// A closed connection and not one byte.
    HangUp,
    /// An open connection and not one byte, for ever.
    StallBeforeHead,

    // ------------------------------------------------------------------------------------ how it is delivered
    /// The default answer, half of its bytes; then the connection is lost.
    Truncated,
    /// So many pieces; then the connection is lost.
    Cut {
        /// Pieces that arrive.
        after: usize,
        /// What is delivered so.
        #[serde(default)]
        answer: Box<Behaviour>,
    },
    /// The head and so many pieces; then nothing, for ever.
    Stall {
        /// Pieces that arrive.
        after: usize,
        /// What is delivered so.
        #[serde(default)]
        answer: Box<Behaviour>,
    },
    /// With a pause between any two pieces.
    Slow {
        /// The pause.
        pause_ms: u64,
        /// What is delivered so.
        #[serde(default)]
        answer: Box<Behaviour>,
    },
    /// First the head and signs of life only: `: PROCESSING` lines in a stream, blank lines before a JSON body.
    KeepAlive {
        /// The wait after each sign.
        every_ms: u64,
        /// How many; 0 means that nothing else ever comes.
        times: u32,
        /// What is delivered so.
        #[serde(default)]
        answer: Box<Behaviour>,
    },
    /// In pieces of so many bytes, wherever they end.
    Fragments {
        /// Bytes of a piece.
        bytes: usize,
        /// What is delivered so.
        #[serde(default)]
        answer: Box<Behaviour>,
    },
    /// The first half of the body, or of the events and then half of an event, and a clean end of the response.
    TruncatedJson {
        /// What is delivered so.
        #[serde(default)]
        answer: Box<Behaviour>,
    },
    /// So many events, then one whose data is no JSON, then the others. Without a stream, a body that is no JSON.
    MalformedData {
        /// Events before it.
        after: usize,
        /// What is delivered so.
        #[serde(default)]
        answer: Box<Behaviour>,
    },
    /// So many events, then an error as an event, then a clean end. Without a stream, the error at status 200.
    ErrorInStream {
        /// Events before it; with none, nothing is sold.
        after: usize,
        /// The status that the error would have had.
        #[serde(default = "overloaded")]
        code: u16,
        /// The provider's words.
        #[serde(default)]
        message: Option<String>,
        /// What is delivered so.
        #[serde(default)]
        answer: Box<Behaviour>,
    },
    /// A whole stream that ends cleanly but without `[DONE]` or `message_stop`.
    NoDone {
        /// What is delivered so.
        #[serde(default)]
        answer: Box<Behaviour>,
    },
    /// One JSON body, although a stream was asked for.
    Unstreamed {
        /// What is delivered so.
        #[serde(default)]
        answer: Box<Behaviour>,
    },
}

/// One call of a tool.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ToolCall {
    /// The tool.
    pub name: String,
    /// Its arguments.
    pub arguments: Value,
}

fn overloaded() -> u16 {
    529
}

impl Behaviour {
    /// Its name in a script.
    pub(super) fn name(&self) -> String {
        match serde_json::to_value(self) {
            Ok(Value::String(name)) => name,
            Ok(Value::Object(tagged)) => tagged.keys().next().cloned().unwrap_or_default(),
            Ok(_) | Err(_) => unreachable!("an enum serializes as its tag, or as a map of one"),
        }
    }
}
