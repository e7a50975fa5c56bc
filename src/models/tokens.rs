//! Estimates of token counts, for providers that report none.

use super::{Request, Usage};

/// Bytes of text per token. English prose and JSON lie between 3.5 and 4.5 with the tokenizers in use; code and
/// other scripts lie lower, so an estimate is a guess and says so ([`Usage::estimated`]).
const BYTES_PER_TOKEN: u64 = 4;

/// Tokens that `bytes` of text probably are, rounded up.
#[must_use]
pub fn estimate_tokens(bytes: usize) -> u64 {
    (bytes as u64).div_ceil(BYTES_PER_TOKEN)
}

impl Request {
    /// Bytes of text that a model reads for this request: prompts, messages and the tool it must call.
    #[must_use]
    pub fn prompt_bytes(&self) -> usize {
        let messages: usize = self.messages.iter().map(|message| message.text.len()).sum();
        let tool = self.answer_with.as_ref().map_or(0, |tool| {
            tool.name.len() + tool.description.len() + tool.schema.to_string().len()
        });
        self.system.len() + messages + tool
    }
}

impl Usage {
    /// What a call of this request with an answer of so many bytes probably used.
    pub(super) fn estimate(request: &Request, answer_bytes: usize) -> Self {
        Self {
            input_tokens: estimate_tokens(request.prompt_bytes()),
            output_tokens: estimate_tokens(answer_bytes),
            cached_input_tokens: 0,
            estimated: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::estimate_tokens;

    #[test]
    fn an_estimate_rounds_up() {
        assert_eq!([0, 1, 4, 5].map(estimate_tokens), [0, 1, 1, 2]);
    }
}
