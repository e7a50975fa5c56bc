//! Token counts: as providers write them, and estimates for those that report none.

use serde_json::Value;

use super::{Message, Request, Tool, ToolCall, ToolChoice, Usage};

/// Bytes of text per token. English prose and JSON lie between 3.5 and 4.5 with the tokenizers in use; code and
/// other scripts lie lower, so an estimate is a guess and says so ([`Usage::estimated`]).
const BYTES_PER_TOKEN: u64 = 4;

/// Above this a count is a mistake: no window holds so many tokens.
const ABSURD: u64 = 1_000_000_000;

/// A count as a provider wrote it: a whole number, also one in the dress of a float (`12.0`). `None` where it is
/// missing, negative, a text or absurd.
pub(super) fn count(value: &Value) -> Option<u64> {
    let whole = value.as_u64().or_else(|| {
        let float = value.as_f64()?;
        let fits = float.fract() == 0.0 && (0.0..=1e9).contains(&float);
        // `{:.0}` of a whole float below 2^53 is exact, so no cast has to be trusted.
        fits.then(|| format!("{float:.0}").parse().ok())?
    });
    whole.filter(|count| *count <= ABSURD)
}

/// A count that need not be there: nought without one, and whether that is a guess because what is there cannot
/// be read.
pub(super) fn optional_count(value: &Value) -> (u64, bool) {
    let read = count(value);
    (read.unwrap_or(0), read.is_none() && !value.is_null())
}

/// Tokens that `bytes` of text probably are, rounded up.
#[must_use]
pub fn estimate_tokens(bytes: usize) -> u64 {
    (bytes as u64).div_ceil(BYTES_PER_TOKEN)
}

impl Request {
    /// Bytes of text that a model reads for this request: prompts, messages and the tools it is offered.
    #[must_use]
    pub fn prompt_bytes(&self) -> usize {
        let messages: usize = self.messages.iter().map(Message::bytes).sum();
        let tools: usize = self.offered().iter().map(Tool::bytes).sum();
        self.system.len() + messages + tools
    }

    /// The tools that are offered: none where plain text is wanted.
    pub(super) fn offered(&self) -> &[Tool] {
        match self.choice {
            ToolChoice::Text => &[],
            ToolChoice::Any | ToolChoice::Forced(_) => &self.tools,
        }
    }
}

impl Message {
    fn bytes(&self) -> usize {
        match self {
            Self::User(text) => text.len(),
            Self::Assistant { text, calls } => text.len() + bytes_of(calls),
            Self::ToolResult { call_id, text } => call_id.len() + text.len(),
        }
    }
}

impl Tool {
    fn bytes(&self) -> usize {
        self.name.len() + self.description.len() + self.schema.to_string().len()
    }
}

/// Bytes of called tools: what a model wrote to call them.
pub(super) fn bytes_of(calls: &[ToolCall]) -> usize {
    calls
        .iter()
        .map(|call| call.id.len() + call.name.len() + call.arguments.len())
        .sum()
}

impl Usage {
    /// What a call of this request with an answer of so many bytes probably used.
    pub(super) fn estimate(request: &Request, answer_bytes: usize) -> Self {
        Self {
            input_tokens: estimate_tokens(request.prompt_bytes()),
            output_tokens: estimate_tokens(answer_bytes),
            estimated: true,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_count_is_a_whole_number_of_sane_size() {
        for (value, expected) in [
            (json!(0), Some(0)),
            (json!(12), Some(12)),
            (json!(12.0), Some(12)),
            (json!(1_000_000_000), Some(1_000_000_000)),
            (json!(1e9), Some(1_000_000_000)),
            (json!(1_000_000_001), None),
            (json!(1e300), None),
            (json!(-1), None),
            (json!(-0.5), None),
            (json!(1.5), None),
            (json!("12"), None),
            (json!(null), None),
            (json!([1]), None),
        ] {
            assert_eq!(count(&value), expected, "{value}");
        }
        assert_eq!(optional_count(&json!(null)), (0, false));
        assert_eq!(optional_count(&json!("7")), (0, true));
        assert_eq!(optional_count(&json!(7)), (7, false));
    }

    #[test]
    fn an_estimate_rounds_up() {
        assert_eq!([0, 1, 4, 5].map(estimate_tokens), [0, 1, 1, 2]);
    }
}
