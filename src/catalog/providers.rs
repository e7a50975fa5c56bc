//! The providers that a model's id may name before its first slash.
//!
//! Addresses and variables are those that the providers' own guides to their OpenAI-compatible endpoints name. Two
//! facts are not obvious. Mistral refuses any field it does not know, `stream_options` and `max_completion_tokens`
//! among them (HTTP 422, `extra_forbidden`), and counts the tokens of a stream without being asked. DeepSeek refuses
//! every `response_format` but `text` and `json_object` (HTTP 400, `This response_format type is unavailable now`).

/// The wire protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// OpenAI's chat completions.
    OpenAi,
    /// Anthropic's messages.
    Anthropic,
}

/// The field that bounds an answer in OpenAI's protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaxTokensKey {
    /// `max_tokens`, the older, which nearly all understand.
    MaxTokens,
    /// `max_completion_tokens`, which bounds reasoning too; OpenAI's reasoning models take no other.
    MaxCompletionTokens,
}

/// A provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// What stands before the first slash of an id.
    pub prefix: &'static str,
    /// What it speaks.
    pub protocol: Protocol,
    /// The address above the protocol's own path.
    pub base_url: &'static str,
    /// The customary environment variable of its key; `None` asks for no key.
    pub api_key_env: Option<&'static str>,
    /// Whether it runs on the operator's own machine, where a token costs nothing.
    pub local: bool,
    /// Whether it understands `stream_options`, which make a stream tell its usage.
    pub stream_options: bool,
    /// Which field bounds an answer.
    pub max_tokens_key: MaxTokensKey,
    /// Where it cuts prompts without a word unless it was started with a larger window, in tokens: a larger one must
    /// be configured on both sides. `None`: it refuses what does not fit.
    pub cuts_at: Option<u32>,
    /// Whether it offers a JSON Schema as `response_format`, if only for some of its models.
    pub json_schema: bool,
}

/// All of them, in the order in which messages list them.
pub static KNOWN: [Known; 12] = [
    Known {
        max_tokens_key: MaxTokensKey::MaxCompletionTokens,
        ..remote("openai", "https://api.openai.com/v1", "OPENAI_API_KEY")
    },
    Known {
        protocol: Protocol::Anthropic,
        json_schema: false,
        ..remote(
            "anthropic",
            "https://api.anthropic.com",
            "ANTHROPIC_API_KEY",
        )
    },
    remote(
        "openrouter",
        "https://openrouter.ai/api/v1",
        "OPENROUTER_API_KEY",
    ),
    Known {
        max_tokens_key: MaxTokensKey::MaxCompletionTokens,
        ..remote("groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY")
    },
    Known {
        json_schema: false,
        ..remote(
            "deepseek",
            "https://api.deepseek.com/v1",
            "DEEPSEEK_API_KEY",
        )
    },
    Known {
        max_tokens_key: MaxTokensKey::MaxCompletionTokens,
        ..remote("xai", "https://api.x.ai/v1", "XAI_API_KEY")
    },
    Known {
        stream_options: false,
        ..remote("mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY")
    },
    remote(
        "gemini",
        "https://generativelanguage.googleapis.com/v1beta/openai",
        "GEMINI_API_KEY",
    ),
    // https://docs.ollama.com/context-length: 4096 below 24 GiB of video memory.
    Known {
        cuts_at: Some(4096),
        ..local("ollama", "http://127.0.0.1:11434/v1")
    },
    // Its default when a model is loaded, with the middle of a longer conversation left out.
    Known {
        cuts_at: Some(4096),
        ..local("lmstudio", "http://127.0.0.1:1234/v1")
    },
    local("vllm", "http://127.0.0.1:8000/v1"),
    local("llamacpp", "http://127.0.0.1:8080/v1"),
];

const fn remote(prefix: &'static str, base_url: &'static str, key: &'static str) -> Known {
    Known {
        prefix,
        protocol: Protocol::OpenAi,
        base_url,
        api_key_env: Some(key),
        local: false,
        stream_options: true,
        max_tokens_key: MaxTokensKey::MaxTokens,
        cuts_at: None,
        json_schema: true,
    }
}

const fn local(prefix: &'static str, base_url: &'static str) -> Known {
    Known {
        prefix,
        protocol: Protocol::OpenAi,
        base_url,
        api_key_env: None,
        local: true,
        stream_options: true,
        max_tokens_key: MaxTokensKey::MaxTokens,
        cuts_at: None,
        json_schema: true,
    }
}

impl Known {
    /// Whether this address is the provider's own: its host over TLS, or, for a local one, this machine.
    pub fn owns(&self, base_url: &str) -> bool {
        match address(base_url) {
            Some((_, host)) if self.local => is_loopback(&host),
            address => address.is_some() && address == self::address(self.base_url),
        }
    }
}

/// The provider of that prefix.
pub fn by_prefix(prefix: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.prefix == prefix)
}

/// All prefixes, in order.
pub fn prefixes() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|known| known.prefix)
}

/// An id such as `openrouter/anthropic/claude-haiku-4-5`: the provider, and its own name for the model, which is
/// not empty.
pub fn split(id: &str) -> Option<(&'static Known, &str)> {
    let (prefix, model) = id.split_once('/')?;
    let known = by_prefix(prefix)?;
    (!model.is_empty()).then_some((known, model))
}

/// The provider whose own host an address names. Never a local one: what listens on a port of this machine may be
/// anything.
pub fn of_host(base_url: &str) -> Option<&'static Known> {
    KNOWN
        .iter()
        .find(|known| !known.local && known.owns(base_url))
}

/// Scheme and host of an address, the port with it unless it is the scheme's own; all in lower case.
fn address(url: &str) -> Option<(String, String)> {
    let (scheme, rest) = url.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let host = rest.split(['/', '?', '#', '\\']).next()?;
    let customary = if scheme == "https" { ":443" } else { ":80" };
    let host = host.strip_suffix(customary).unwrap_or(host);
    Some((scheme, host.to_ascii_lowercase()))
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost"
        || bare
            .parse()
            .is_ok_and(|ip: core::net::IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_unique_and_every_address_is_owned_by_its_provider() {
        for (at, known) in KNOWN.iter().enumerate() {
            let same = KNOWN.iter().position(|other| other.prefix == known.prefix);
            assert_eq!(same, Some(at));
            assert!(known.owns(known.base_url), "{}", known.prefix);
            assert!(!known.base_url.ends_with('/'));
            assert_eq!(known.local, known.api_key_env.is_none());
            let by_host = (!known.local).then_some(known);
            assert_eq!(of_host(known.base_url), by_host);
        }
    }

    #[test]
    fn an_id_is_split_at_its_first_slash() {
        let (known, model) = split("openrouter/anthropic/claude-haiku-4-5").unwrap();
        assert_eq!(
            (known.prefix, model),
            ("openrouter", "anthropic/claude-haiku-4-5")
        );
        let (known, model) = split("ollama/qwen3:8b").unwrap();
        assert_eq!((known.prefix, model), ("ollama", "qwen3:8b"));
        for id in ["ollama", "ollama/", "/x", "OpenAI/x", "unknown/x", ""] {
            assert_eq!(split(id), None, "{id}");
        }
    }

    #[test]
    fn only_the_exact_host_over_tls_is_a_providers_own() {
        for own in [
            "https://openrouter.ai/api/v1",
            "https://OPENROUTER.ai:443/other",
            "https://openrouter.ai?x=1",
        ] {
            assert_eq!(
                of_host(own).map(|known| known.prefix),
                Some("openrouter"),
                "{own}"
            );
        }
        for other in [
            "http://openrouter.ai/api/v1",
            "https://openrouter.ai:8443/api/v1",
            "https://openrouter.ai.example/api/v1",
            "https://eu.openrouter.ai/api/v1",
            "https://example/openrouter.ai",
            "openrouter.ai",
        ] {
            assert_eq!(of_host(other), None, "{other}");
        }
    }

    #[test]
    fn a_local_provider_owns_this_machine_on_any_port_and_no_other() {
        let ollama = by_prefix("ollama").unwrap();
        for own in [
            "http://localhost:11435/v1",
            "http://127.0.0.1",
            "http://[::1]:9/v1",
            "http://[::1]/v1",
            "https://127.9.9.9:1",
        ] {
            assert!(ollama.owns(own), "{own}");
        }
        for other in [
            "http://10.0.0.1:11434",
            "http://localhost.example",
            "http://[fe80::1]:1",
        ] {
            assert!(!ollama.owns(other), "{other}");
        }
        assert_eq!(of_host("http://127.0.0.1:11434/v1"), None);
    }
}
