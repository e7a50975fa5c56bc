//! Model providers: one contract, one file per wire protocol.
//!
//! ```text
//!  Request ──▶ ModelProvider::call ──▶ Reply { answer, usage }   or   Failure { class, message }
//! ```
//!
//! A provider is asked once and answers once. Retries, budgets and what follows from an answer are decided
//! elsewhere, from the journal; a dropped future is a cut call. Keys are read from the environment at the
//! moment of a call and never appear in a [`Failure`], a log line or a `Debug` print.
//!
//! | file           | what it holds                                                             |
//! | -------------- | ------------------------------------------------------------------------- |
//! | `rehearsal.rs` | the embedded, offline default                                             |
//! | `openai.rs`    | any endpoint that speaks OpenAI's `/chat/completions`                     |
//! | `endpoint.rs`  | where a protocol is spoken, and how that is named in messages             |
//! | `key.rs`       | reading a key at the moment of a call, and keeping it out of every text   |
//! | `http.rs`      | one POST: lazy client, timeout, size cap, broken connections              |
//! | `refusal.rs`   | status, headers and body of a refusal → [`Failure`]                       |
//! | `report.rs`    | the one door through which a failure's message is written                 |
//! | `tokens.rs`    | estimates, where a provider counts nothing                                |
//!
//! A further protocol is a further file beside `openai.rs`, over the same five below it.

mod endpoint;
mod http;
mod key;
mod openai;
mod refusal;
mod rehearsal;
mod report;
mod tokens;

use std::{future::Future, pin::Pin};

pub use endpoint::InvalidBaseUrl;
pub use openai::{OpenAi, OpenAiSettings};
pub use rehearsal::Rehearsal;
pub use tokens::estimate_tokens;

/// A future that a provider returns.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Result<Reply, Failure>> + Send + 'a>>;

/// Anything that answers a [`Request`].
pub trait ModelProvider: Send + Sync {
    /// Performs one call. Dropping the future cuts it.
    fn call<'a>(&'a self, request: &'a Request) -> Answering<'a>;
}

/// One call, independent of any wire protocol.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Unique in its plan; sent as an idempotency key where the protocol has one.
    pub call_id: String,
    /// What the call is for. Not sent; the rehearsal model answers from it, and logs show it.
    pub about: About,
    /// The system prompt: stable text first.
    pub system: String,
    /// The conversation, oldest first, ending with the user.
    pub messages: Vec<Message>,
    /// The tool the model must answer with; `None` asks for plain text.
    pub answer_with: Option<AnswerTool>,
    /// Upper bound of tokens in the answer.
    pub max_output_tokens: u32,
}

/// What a call is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// The step of the plan machine.
    pub purpose: Purpose,
    /// Number of the sub-objective, from 1.
    pub sub_objective: u32,
    /// Its title.
    pub title: String,
    /// Files that the sub-objective names, or the artifact of the task.
    pub files: Vec<String>,
    /// The task, where the step has one.
    pub task: Option<String>,
    /// Which production of the task this is or judges, from 1.
    pub attempt: u32,
}

/// The steps that ask a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Divide a sub-objective into tasks.
    PlanTasks,
    /// Produce a task's artifact.
    Produce,
    /// Judge an artifact.
    Review,
    /// Reflect after a sub-objective.
    Reflect,
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub text: String,
}

/// Who speaks in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The program.
    User,
    /// The model.
    Assistant,
}

/// A tool that the model is made to call, so that its arguments are the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct AnswerTool {
    /// Name, `[a-z_]{1,64}`.
    pub name: &'static str,
    /// What it does, for the model.
    pub description: &'static str,
    /// JSON Schema of its arguments.
    pub schema: serde_json::Value,
}

/// A completed, paid answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The arguments of the forced tool call as the model wrote them (JSON text, unchecked), else its text.
    pub answer: Answer,
    /// What it used.
    pub usage: Usage,
    /// The model that says it answered, if it says so.
    pub served_by: Option<String>,
}

/// The two forms of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Arguments of the tool that was asked for, unchecked JSON text.
    ToolCall(String),
    /// Plain text; may hold a fenced JSON block instead of the tool call.
    Text(String),
}

/// Tokens of one call, as the provider counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens read, cached ones included.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Of the tokens read, those served from the provider's cache.
    pub cached_input_tokens: u64,
    /// Whether any of these numbers is our estimate from byte counts, because the provider did not say.
    pub estimated: bool,
}

/// A call that did not complete.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// What kind, which decides what follows.
    pub class: FailureClass,
    /// For people; names endpoint and status, never a key.
    pub message: String,
    /// How long the provider asks to wait, if it does.
    pub retry_after: Option<std::time::Duration>,
}

/// Kinds of failure, by what to do about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureClass {
    /// No connection, or it broke off.
    Connection,
    /// The total timeout passed.
    Timeout,
    /// HTTP 429.
    RateLimited,
    /// HTTP 408 or 5xx, or an overload notice.
    Server,
    /// HTTP 401 or 403, or no key in the environment.
    Authentication,
    /// The provider says the prompt does not fit the model's window.
    ContextTooLong,
    /// Any other refusal of the request (HTTP 4xx): asking again will not help.
    Refused,
    /// The response is not what the protocol promises (not JSON, no choice, empty).
    Malformed,
}
