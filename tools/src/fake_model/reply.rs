//! A behaviour → what goes out, before any byte of HTTP.

use super::{
    answers::default_arguments,
    openai::{Ask, Said, Usage, render, render_error},
    script::{Behaviour, Step, UsageSays},
};

/// Bytes of text per counted token.
const BYTES_PER_TOKEN: usize = 4;

/// What goes out.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A response.
    Send(Sending),
    /// A closed connection.
    HangUp,
}

/// One response.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sending {
    pub(super) code: u16,
    pub(super) content_type: &'static str,
    pub(super) retry_after: Option<String>,
    pub(super) body: Vec<u8>,
    /// Whether only the first half arrives.
    pub(super) cut: bool,
    /// Tokens that were sold with it, in and out.
    pub(super) sold: Option<(u64, u64)>,
}

/// What `step` does with `ask`; `authorization` is the header that came with it.
pub(super) fn outcome(ask: &Ask, step: &Step, authorization: &str) -> Outcome {
    let said = match &step.answer {
        Behaviour::HangUp => return Outcome::HangUp,
        Behaviour::Status {
            code,
            retry_after,
            message,
        } => {
            let message = message
                .as_deref()
                .unwrap_or("the fake model server was told to refuse");
            let message = message.replace("{authorization}", authorization);
            let mut refused = sending(*code, "application/json", render_error(&message, *code));
            refused.retry_after.clone_from(retry_after);
            return Outcome::Send(refused);
        }
        Behaviour::Html { code } => {
            let page = "<!DOCTYPE html>\n<html><head><title>Fake gateway</title></head><body>?</body></html>";
            return Outcome::Send(sending(*code, "text/html", page.to_owned()));
        }
        Behaviour::Body(body) => {
            let mut odd = sending(200, "application/json", body.clone());
            odd.sold = Some((tokens(&ask.text), tokens(body)));
            return Outcome::Send(odd);
        }
        answer => said(ask, answer),
    };
    Outcome::Send(answered(ask, step, &said))
}

fn sending(code: u16, content_type: &'static str, body: String) -> Sending {
    Sending {
        code,
        content_type,
        retry_after: None,
        body: body.into_bytes(),
        cut: false,
        sold: None,
    }
}

fn answered(ask: &Ask, step: &Step, said: &Said) -> Sending {
    let written = match said {
        Said::ToolCall(text) | Said::Text(text) => tokens(text),
        Said::Nothing => 0,
    };
    let counted = Usage {
        input_tokens: tokens(&ask.text),
        output_tokens: written,
        cached_input_tokens: 0,
    };
    let (booked, shown) = match step.usage {
        UsageSays::Counted => (counted, Some(counted)),
        UsageSays::Missing => (counted, None),
        UsageSays::Exactly {
            input_tokens,
            output_tokens,
            cached_input_tokens,
        } => {
            let exact = Usage {
                input_tokens,
                output_tokens,
                cached_input_tokens,
            };
            (exact, Some(exact))
        }
    };
    Sending {
        cut: step.answer == Behaviour::Truncated,
        sold: Some((booked.input_tokens, booked.output_tokens)),
        ..sending(200, "application/json", render(ask, said, shown))
    }
}

fn said(ask: &Ask, answer: &Behaviour) -> Said {
    let default = || default_arguments(ask).to_string();
    match answer {
        Behaviour::Arguments(arguments) => Said::ToolCall(arguments.to_string()),
        Behaviour::RawArguments(text) => Said::ToolCall(text.clone()),
        Behaviour::Text(text) => Said::Text(text.clone()),
        Behaviour::Fenced(value) => {
            let json = value.as_ref().map_or_else(default, ToString::to_string);
            Said::Text(format!("Here it is:\n\n```json\n{json}\n```\n\nDone."))
        }
        Behaviour::MalformedArguments => {
            let whole = default();
            let half = whole.chars().take(whole.chars().count() / 2).collect();
            Said::ToolCall(half)
        }
        Behaviour::WrongSchema => Said::ToolCall(r#"{"unexpected": true}"#.to_owned()),
        Behaviour::Empty => Said::Nothing,
        Behaviour::Huge { bytes } => Said::Text("x".repeat(*bytes)),
        Behaviour::Default
        | Behaviour::Truncated
        | Behaviour::Status { .. }
        | Behaviour::Html { .. }
        | Behaviour::Body(_)
        | Behaviour::HangUp => match ask.tool {
            Some(_) => Said::ToolCall(default()),
            None => Said::Text("The fake model server was asked for text.".to_owned()),
        },
    }
}

fn tokens(text: &str) -> u64 {
    text.len().div_ceil(BYTES_PER_TOKEN) as u64
}
