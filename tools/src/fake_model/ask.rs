//! What is asked, whatever protocol it came in.

use serde_json::Value;

/// How a client and the server talk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Protocol {
    /// OpenAI's `/chat/completions`.
    #[default]
    OpenAi,
    /// Anthropic's `/messages`.
    Anthropic,
}

/// One request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) protocol: Protocol,
    /// How many requests came before it; makes the ids in an answer unique.
    pub(super) ordinal: u64,
    /// The tool that a good answer calls: see [`Choice::expects`].
    pub(super) tool: Option<String>,
    /// The tools it offers.
    pub(super) tools: Vec<String>,
    /// The model it names.
    pub(super) model: String,
    /// Its last message, whoever speaks.
    pub(super) last_message: String,
    /// All its messages, the system prompt first.
    pub(super) text: String,
    /// Bytes of all that a model reads: system prompt, messages, and the tools with their schemas.
    pub(super) prompt_bytes: u64,
    /// The most tokens that the answer may have.
    pub(super) max_tokens: Option<u64>,
    /// Whether it wants the answer as a stream of events.
    pub(super) stream: bool,
    /// Whether it wants a stream to end with usage (only OpenAI's protocol asks).
    pub(super) stream_usage: bool,
}

/// Why a request is refused before any script is asked, with status 400.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Invalid(pub(super) String);

/// What a request says about the tools it offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// Call none.
    Nothing,
    /// Call one or none.
    Auto,
    /// Call one.
    Required,
    /// Call this one.
    Named(String),
}

impl Choice {
    /// The tool that a good answer calls: the one that is named; else the first whose name starts with `submit_`;
    /// else, if one must be called, the first.
    pub(super) fn expects(&self, tools: &[String]) -> Option<String> {
        let submit = || tools.iter().find(|tool| tool.starts_with("submit_"));
        match self {
            Self::Nothing => None,
            Self::Auto => submit().cloned(),
            Self::Required => submit().or_else(|| tools.first()).cloned(),
            Self::Named(tool) => Some(tool.clone()),
        }
    }

    /// Refuses a choice that the offered tools do not allow, as providers do.
    pub(super) fn check(&self, tools: &[String]) -> Result<(), Invalid> {
        match self {
            Self::Named(tool) if !tools.contains(tool) => Err(Invalid(format!(
                "tool_choice names the tool '{tool}', which 'tools' does not offer"
            ))),
            Self::Required if tools.is_empty() => {
                Err(Invalid("tool_choice is only allowed with 'tools'".into()))
            }
            Self::Nothing | Self::Auto | Self::Required | Self::Named(_) => Ok(()),
        }
    }
}

/// The messages of a body; there must be at least one.
pub(super) fn messages(body: &Value) -> Result<&[Value], Invalid> {
    if !body.is_object() {
        return Err(Invalid("the body is not a JSON object".into()));
    }
    match body["messages"].as_array() {
        Some(messages) if !messages.is_empty() => Ok(messages),
        Some(_) | None => Err(Invalid("'messages' must hold at least one message".into())),
    }
}

/// Text that is given as a string or as blocks; what the blocks hold besides text is left out.
pub(super) fn text_of(content: &Value) -> String {
    if let Some(text) = content.as_str() {
        return text.to_owned();
    }
    let blocks = content.as_array().into_iter().flatten();
    let texts: Vec<&str> = blocks.filter_map(|block| block["text"].as_str()).collect();
    texts.join("\n")
}

/// The names of the tools that a request offers.
pub(super) fn names<'a>(tools: impl Iterator<Item = &'a Value>) -> Vec<String> {
    tools
        .filter_map(|tool| tool["name"].as_str().map(str::to_owned))
        .collect()
}

/// Bytes of the tools that a model reads: names, descriptions and the schemas, which the protocol calls `schema`.
pub(super) fn tool_bytes<'a>(tools: impl Iterator<Item = &'a Value>, schema: &str) -> usize {
    let text = |value: &Value| value.as_str().map_or(0, str::len);
    tools
        .map(|t| text(&t["name"]) + text(&t["description"]) + t[schema].to_string().len())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_expects_the_named_tool_else_one_that_submits_else_any_if_it_must() {
        let tools = ["read_file", "submit_artifact", "submit_other"].map(str::to_owned);
        let expects = |choice: Choice| choice.expects(&tools);
        assert_eq!(expects(Choice::Auto).as_deref(), Some("submit_artifact"));
        assert_eq!(
            expects(Choice::Required).as_deref(),
            Some("submit_artifact")
        );
        assert_eq!(
            expects(Choice::Named("read_file".into())).as_deref(),
            Some("read_file")
        );
        assert_eq!(expects(Choice::Nothing), None);
        assert_eq!(Choice::Auto.expects(&tools[..1]), None);
        assert_eq!(
            Choice::Required.expects(&tools[..1]).as_deref(),
            Some("read_file")
        );
    }
}
