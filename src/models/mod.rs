//! Model providers: one contract, one file per wire protocol.
//!
//! ```text
//!  Request ──▶ ModelProvider::call ──▶ Reply { text, calls, usage }   or   Failure { class, message }
//! ```
//!
//! A provider is asked once and answers once. Retries, budgets and what follows from an answer are decided
//! elsewhere, from the journal; a dropped future is a cut call. Keys are read where the settings say at the
//! moment of a call and never appear in a [`Failure`], a log line or a `Debug` print.
//!
//! | file           | what it holds                                                             |
//! | -------------- | ------------------------------------------------------------------------- |
//! | `rehearsal.rs` | the embedded, offline default                                             |
//! | `openai.rs`    | any endpoint that speaks OpenAI's `/chat/completions`                     |
//! | `anthropic.rs` | any endpoint that speaks Anthropic's `/v1/messages`                       |
//! | `service.rs`   | what both have in common: address, model, key, headers, patience          |
//! | `endpoint.rs`  | where a protocol is spoken, and how that is named in messages             |
//! | `key.rs`       | reading a key at the moment of a call, and keeping it out of every text   |
//! | `http.rs`      | one POST: lazy client, timeouts, size cap, broken connections             |
//! | `arrived.rs`   | an answer that is there already, read without asking                      |
//! | `sse.rs`       | answers that arrive as server-sent events                                 |
//! | `refusal.rs`   | status, headers and body of a refusal → [`Failure`]                       |
//! | `report.rs`    | the one door through which a failure's message is written                 |
//! | `tokens.rs`    | counts as providers write them, and estimates where they count nothing    |
//! | `reach.rs`     | whether an endpoint can be reached, asked so that nobody is billed        |
//! | `breaker.rs`   | leaving an endpoint alone that keeps failing                              |
//!
//! A further protocol is a further file beside `openai.rs` and `anthropic.rs`, over the same eight below them.

mod anthropic;
mod arrived;
mod breaker;
mod endpoint;
mod http;
mod key;
mod openai;
mod reach;
mod refusal;
mod rehearsal;
mod report;
mod service;
mod sse;
mod tokens;

use std::{future::Future, pin::Pin};

pub use anthropic::{Anthropic, AnthropicSettings};
pub use arrived::Arrived;
pub use breaker::{Admission, Breaker, BreakerSettings, Breakers, Outcome};
pub use endpoint::InvalidBaseUrl;
pub use key::KeyFrom;
pub use openai::{Dialect, OpenAi, OpenAiSettings};
pub use reach::{Asked, Heard, Speaks, Unheard, reach};
pub use rehearsal::Rehearsal;
pub use service::{InvalidSettings, Service};
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
    /// The conversation, oldest first, ending with the user or with the results of tools.
    pub messages: Vec<Message>,
    /// The tools that the model may call.
    pub tools: Vec<Tool>,
    /// Which of them it must call.
    pub choice: ToolChoice,
    /// Upper bound of tokens in the answer, reasoning included.
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
    /// Which production of the task this is or judges, or which draft of the plan, from 1.
    pub attempt: u32,
    /// Whether it is the plan's last sub-objective.
    pub last: bool,
}

/// The steps that ask a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Write a plan.
    Draft,
    /// Divide a sub-objective into tasks.
    PlanTasks,
    /// Divide a sub-objective into smaller ones.
    Decompose,
    /// Produce a task's artifact.
    Produce,
    /// Mend a task's artifacts, as quality control.
    Fix,
    /// Judge an artifact.
    Review,
    /// Reflect after a sub-objective.
    Reflect,
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The program speaks.
    User(String),
    /// The model spoke, or called tools, or both.
    Assistant {
        /// What it said; may be empty.
        text: String,
        /// The tools it called, in its order.
        calls: Vec<ToolCall>,
    },
    /// What a called tool returned.
    ToolResult {
        /// The [`ToolCall::id`] that it answers.
        call_id: String,
        /// The result.
        text: String,
    },
}

/// A tool that a model may call.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    /// Name, `[a-z_]{1,64}`.
    pub name: &'static str,
    /// What it does, for the model.
    pub description: &'static str,
    /// JSON Schema of its arguments.
    pub schema: serde_json::Value,
}

/// Which tool a model must call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolChoice {
    /// None: plain text is wanted, and no tools are offered.
    Text,
    /// One of the offered ones, whichever it wants.
    Any,
    /// This one, so that its arguments are the answer.
    Forced(&'static str),
}

/// One tool that a model called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolCall {
    /// `[A-Za-z0-9]{9}` in what we send (the narrowest rule among providers); the provider's own in a reply.
    pub id: String,
    /// Which tool; in a reply, unchecked.
    pub name: String,
    /// Its arguments as the model wrote them: JSON text, unchecked.
    pub arguments: String,
}

/// A completed, paid answer. It may still be empty or of no use; it is paid all the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// What the model said; may be empty, and may hold a fenced JSON block instead of a tool call.
    pub text: String,
    /// The tools it called.
    pub calls: Vec<ToolCall>,
    /// Why it stopped.
    pub stop: Stop,
    /// What it used.
    pub usage: Usage,
    /// What it cost in millionths of a US dollar, where the provider says so itself (OpenRouter does).
    pub cost_micro_usd: Option<u64>,
    /// The model that says it answered, if it says so.
    pub served_by: Option<String>,
}

/// Why a model stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It was done, or called tools.
    Done,
    /// [`Request::max_output_tokens`] were written: what there is breaks off.
    Length,
    /// It, or a filter, would not answer.
    Refused,
    /// Something else, in the provider's word.
    Other(String),
}

/// Tokens of one call, as the provider counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens read, cached ones included, whether read from the cache or written to it.
    pub input_tokens: u64,
    /// Tokens written, reasoning included.
    pub output_tokens: u64,
    /// Of the tokens read, those served from the provider's cache.
    pub cached_input_tokens: u64,
    /// Of the tokens read, those written to the provider's cache.
    pub cache_write_tokens: u64,
    /// Of the tokens written, those of reasoning that is not shown.
    pub reasoning_tokens: u64,
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
    /// Whether the provider may have done, and billed, the work all the same: true once the request may have
    /// arrived and no refusal came back.
    pub maybe_billed: bool,
}

/// Kinds of failure, by what to do about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureClass {
    /// No connection, or it broke off.
    Connection,
    /// The total timeout passed.
    Timeout,
    /// The provider sent nothing for the stall timeout.
    Stalled,
    /// HTTP 429.
    RateLimited,
    /// HTTP 408 or 5xx.
    Server,
    /// HTTP 529, or an error that says the provider is overloaded.
    Overloaded,
    /// HTTP 401 or 403, or no key in the environment.
    Authentication,
    /// The provider says the prompt does not fit the model's window.
    ContextTooLong,
    /// Any other refusal of the request (HTTP 4xx): asking again will not help.
    Refused,
    /// The response is not what the protocol promises (not JSON, no choice).
    Malformed,
}
