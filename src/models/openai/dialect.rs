//! In what endpoints that speak this protocol differ.

use reqwest::Url;

/// What an endpoint understands of what OpenAI added to its protocol over the years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// `stream_options: {include_usage: true}`, without which most say nothing about usage in a stream.
    pub stream_options: bool,
    /// `max_completion_tokens` in place of `max_tokens`.
    pub max_completion_tokens: bool,
    /// `response_format` with a JSON schema in place of a forced tool: the answer is then the text.
    pub json_schema: bool,
}

impl Default for Dialect {
    /// What nearly every server of this protocol understands.
    fn default() -> Self {
        Self {
            stream_options: true,
            max_completion_tokens: false,
            json_schema: false,
        }
    }
}

impl Dialect {
    /// The dialect of the host in `base_url`, where it is known, else the common one.
    #[must_use]
    pub fn of(base_url: &str) -> Self {
        let url = Url::parse(base_url.trim()).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
        let is_of = |domain: &str| {
            let rest = host.strip_suffix(domain);
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        Self {
            // Mistral refuses fields that it does not know, and reports usage without being asked.
            stream_options: !is_of("mistral.ai"),
            // Newer models there refuse `max_tokens`; everyone else understands that name.
            max_completion_tokens: is_of("openai.com") || is_of("openai.azure.com"),
            json_schema: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_host_has_its_dialect_and_any_other_the_common_one() {
        for base in ["http://127.0.0.1:11434/v1", "https://notopenai.com", "no"] {
            assert_eq!(Dialect::of(base), Dialect::default(), "{base}");
        }
        for base in [
            "https://api.openai.com/v1",
            "https://x.openai.azure.com/openai/v1",
        ] {
            assert!(Dialect::of(base).max_completion_tokens, "{base}");
        }
        assert!(!Dialect::of("https://api.mistral.ai/v1").stream_options);
    }
}
