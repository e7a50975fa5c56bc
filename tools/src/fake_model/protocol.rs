//! The one place that chooses between the protocols.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    anthropic,
    ask::{Ask, Invalid, Protocol},
    openai,
    said::Said,
    usage::Shown,
};

impl Protocol {
    /// The protocol that is spoken at this path.
    pub(super) fn at(path: &str) -> Option<Self> {
        if path.ends_with("/chat/completions") {
            Some(Self::OpenAi)
        } else if path.ends_with("/messages") {
            Some(Self::Anthropic)
        } else {
            None
        }
    }

    /// Reads a request; refuses what a provider refuses whatever it is asked.
    pub(super) fn parse(
        self,
        headers: &BTreeMap<String, String>,
        body: &Value,
    ) -> Result<Ask, Invalid> {
        match self {
            Self::OpenAi => openai::parse(body),
            Self::Anthropic => anthropic::parse(headers, body),
        }
    }

    /// An answer as one body.
    pub(super) fn whole(self, ask: &Ask, said: &Said, usage: &Shown) -> String {
        match self {
            Self::OpenAi => openai::whole(ask, said, usage),
            Self::Anthropic => anthropic::whole(ask, said, usage),
        }
        .to_string()
    }

    /// An answer as events; the last one says that it is the last.
    pub(super) fn events(self, ask: &Ask, said: &Said, usage: &Shown) -> Vec<Vec<u8>> {
        match self {
            Self::OpenAi => openai::events(ask, said, usage),
            Self::Anthropic => anthropic::events(ask, said, usage),
        }
    }

    /// An error as a body; `kind` overrides the provider's usual word for the status.
    pub(super) fn error(self, code: u16, kind: Option<&str>, message: &str) -> Value {
        match self {
            Self::OpenAi => openai::error(code, kind, message),
            Self::Anthropic => anthropic::error(code, kind, message),
        }
    }

    /// An error as an event.
    pub(super) fn error_event(self, code: u16, message: &str) -> Vec<u8> {
        let error = self.error(code, None, message);
        match self {
            Self::OpenAi => super::sse::data(&error),
            Self::Anthropic => super::sse::named(&error),
        }
    }

    /// The refusal of a prompt that is too long.
    pub(super) fn too_long(self) -> Value {
        match self {
            Self::OpenAi => openai::too_long(),
            Self::Anthropic => anthropic::too_long(),
        }
    }

    /// An event whose data is no JSON.
    pub(super) fn malformed_event(self) -> &'static [u8] {
        match self {
            Self::OpenAi => b"data: {\"choices\": [{\"delta\": {\"con\n\n",
            Self::Anthropic => {
                b"event: content_block_delta\ndata: {\"type\": \"content_block_delta\", \"ind\n\n"
            }
        }
    }

    /// The header that carries the id of a request.
    pub(super) fn request_id_header(self) -> &'static str {
        match self {
            Self::OpenAi => "x-request-id",
            Self::Anthropic => "request-id",
        }
    }
}
