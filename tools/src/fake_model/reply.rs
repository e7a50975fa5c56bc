//! A behaviour → what goes out, before any byte of HTTP.

use std::time::Duration;

use super::{
    answers::default_arguments,
    ask::{Ask, Protocol},
    behaviour::{Behaviour, ToolCall},
    manner::{End, KeepAlive, Manner, Spoil},
    pieces,
    said::{Called, Said, Stop},
    script::Step,
    usage::{Prices, Tokens},
};

/// What goes out.
#[derive(Debug, PartialEq)]
pub(super) enum Outcome {
    /// A response.
    Send(Sending),
    /// A closed connection.
    HangUp,
    /// Nothing, for ever.
    Silence,
}

/// One response.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sending {
    pub(super) code: u16,
    pub(super) headers: Vec<(String, String)>,
    /// What is sent, piece by piece.
    pub(super) pieces: Vec<Vec<u8>>,
    /// What comes after the last piece.
    pub(super) end: End,
    /// The length that the head announces; without one, the body is chunked.
    pub(super) length: Option<u64>,
    pub(super) pause: Duration,
    /// Signs of life before the first piece.
    pub(super) keep_alive: Option<(KeepAlive, &'static str)>,
    /// Tokens that are sold with it.
    pub(super) sold: Option<Tokens>,
    /// Whether the answer is broken although every byte of it may arrive.
    pub(super) spoiled: bool,
}

/// The bytes of a response before anything happens to them.
struct Content {
    code: u16,
    headers: Vec<(String, String)>,
    events: bool,
    pieces: Vec<Vec<u8>>,
    sold: Option<Tokens>,
}

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream; charset=utf-8";
const PAGE: &str =
    "<!DOCTYPE html>\n<html><head><title>Fake gateway</title></head><body>?</body></html>";

/// What `step` does with `ask`; `credential` is the key header that came with it.
pub(super) fn outcome(
    ask: &Ask,
    step: &Step,
    prices: Option<&Prices>,
    credential: &str,
) -> Outcome {
    let (core, manner) = Manner::of(&step.answer);
    let content = match core {
        Behaviour::HangUp => return Outcome::HangUp,
        Behaviour::StallBeforeHead => return Outcome::Silence,
        refusing => refused(ask.protocol, refusing, credential)
            .or_else(|| raw(ask, refusing))
            .unwrap_or_else(|| answered(ask, step, &said(ask, core), &manner, prices)),
    };
    Outcome::Send(delivered(ask, content, &manner))
}

/// The refusal of a request that no provider would take.
pub(super) fn invalid(protocol: Protocol, message: &str) -> Sending {
    let content = Content::json(400, protocol.error(400, None, message).to_string());
    delivered(
        &Ask {
            protocol,
            ..Ask::default()
        },
        content,
        &Manner::default(),
    )
}

fn refused(protocol: Protocol, behaviour: &Behaviour, credential: &str) -> Option<Content> {
    let error = |code: u16, kind: Option<&str>, message: &Option<String>| {
        let usual = "the fake model server was told to refuse";
        let message = message.as_deref().unwrap_or(usual);
        let message = message.replace("{authorization}", credential);
        Content::json(code, protocol.error(code, kind, &message).to_string())
    };
    match behaviour {
        Behaviour::Status {
            code,
            retry_after,
            message,
        } => {
            let wait = retry_after.iter().map(|wait| ("retry-after", wait));
            Some(error(*code, None, message).with(wait))
        }
        Behaviour::Refuse {
            code,
            headers,
            kind,
            message,
        } => Some(error(*code, kind.as_deref(), message).with(headers)),
        Behaviour::ContextTooLong => Some(Content::json(400, protocol.too_long().to_string())),
        Behaviour::Html { code } => Some(Content::new(*code, "text/html", PAGE)),
        _ => None,
    }
}

/// A body that the script holds word by word; it is sold as what it is.
fn raw(ask: &Ask, behaviour: &Behaviour) -> Option<Content> {
    let (body, content_type) = match behaviour {
        Behaviour::Body(body) => (body, JSON),
        Behaviour::EventStream(body) => (body, EVENTS),
        _ => return None,
    };
    Some(Content {
        sold: Some(Tokens::counted(&ask.text, body.len())),
        ..Content::new(200, content_type, body)
    })
}

fn answered(
    ask: &Ask,
    step: &Step,
    said: &Said,
    manner: &Manner,
    prices: Option<&Prices>,
) -> Content {
    let (booked, shown) = step.usage.of(ask, said, prices);
    if ask.stream && !manner.unstreamed {
        let mut pieces = ask.protocol.events(ask, said, &shown);
        manner.spoil_events(ask.protocol, &mut pieces);
        let refused = matches!(manner.spoil, Some(Spoil::Error { after: 0, .. }));
        return Content {
            pieces,
            sold: (!refused).then_some(booked),
            ..Content::new(200, EVENTS, "")
        };
    }
    let mut body = ask.protocol.whole(ask, said, &shown);
    manner.spoil_body(ask.protocol, &mut body);
    let refused = matches!(manner.spoil, Some(Spoil::Error { .. }));
    Content {
        sold: (!refused).then_some(booked),
        ..Content::json(200, body)
    }
}

fn delivered(ask: &Ask, content: Content, manner: &Manner) -> Sending {
    let signs = manner
        .keep_alive
        .map(|signs| (signs, KeepAlive::sign(content.events)));
    let whole = !content.events && signs.is_none();
    let length = whole.then(|| content.pieces.iter().map(|piece| piece.len() as u64).sum());
    let (pieces, end) = if !content.events && *manner == Manner::default() {
        let at_once = pieces::fragments(&content.pieces.concat(), usize::MAX);
        (at_once, End::Clean)
    } else {
        manner.divide(content.pieces)
    };
    let id = ask.protocol.request_id_header().to_owned();
    let mut headers = vec![(id, format!("req_fake_{}", ask.ordinal))];
    headers.extend(content.headers);
    Sending {
        code: content.code,
        headers,
        pieces,
        end,
        length,
        pause: manner.pause,
        keep_alive: signs,
        sold: content.sold,
        spoiled: manner.spoil.is_some(),
    }
}

impl Content {
    fn new(code: u16, content_type: &str, body: &str) -> Self {
        Self {
            code,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            events: content_type == EVENTS,
            pieces: pieces::of_bytes(body.as_bytes()),
            sold: None,
        }
    }

    fn json(code: u16, body: impl AsRef<str>) -> Self {
        Self::new(code, JSON, body.as_ref())
    }

    fn with<N: AsRef<str>, V: AsRef<str>>(
        mut self,
        headers: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let owned = |(name, value): (N, V)| (name.as_ref().to_owned(), value.as_ref().to_owned());
        self.headers.extend(headers.into_iter().map(owned));
        self
    }
}

/// What is said by a behaviour that is an answer; by any other, the default.
fn said(ask: &Ask, answer: &Behaviour) -> Said {
    let default = || default_arguments(ask).to_string();
    let call = |arguments: String| Said::call(expected(ask), arguments);
    match answer {
        Behaviour::Arguments(arguments) => call(arguments.to_string()),
        Behaviour::RawArguments(text) => call(text.clone()),
        Behaviour::ToolCalls(calls) => Said {
            text: None,
            calls: called(calls),
            stop: Stop::Called,
        },
        Behaviour::TextAndToolCalls { text, tool_calls } => Said {
            text: Some(text.clone()),
            calls: called(tool_calls),
            stop: Stop::Called,
        },
        Behaviour::Text(text) => Said::text(text),
        Behaviour::Fenced(value) => {
            let json = value.as_ref().map_or_else(default, ToString::to_string);
            Said::text(format!("Here it is:\n\n```json\n{json}\n```\n\nDone."))
        }
        Behaviour::MalformedArguments => call(pieces::half(&default())),
        Behaviour::WrongSchema => call(r#"{"unexpected": true}"#.to_owned()),
        Behaviour::Empty => Said::default().stopped(Stop::Length),
        Behaviour::StopForLength => halved(default_answer(ask)).stopped(Stop::Length),
        Behaviour::Refusal => {
            Said::text("The fake model server will not do that.").stopped(Stop::Refused)
        }
        Behaviour::ContentFilter => Said::text("The fake mod").stopped(Stop::Filtered),
        Behaviour::Huge { bytes } => Said::text("x".repeat(*bytes)),
        _ => default_answer(ask),
    }
}

fn default_answer(ask: &Ask) -> Said {
    match &ask.tool {
        Some(tool) => Said::call(tool, default_arguments(ask).to_string()),
        None => Said::text("The fake model server was asked for text."),
    }
}

/// The name of the tool that is called when a script gives arguments only.
fn expected(ask: &Ask) -> &str {
    let tool = ask.tool.as_ref().or(ask.tools.first());
    tool.map_or("fake_tool", String::as_str)
}

fn called(calls: &[ToolCall]) -> Vec<Called> {
    calls
        .iter()
        .map(|call| Called {
            name: call.name.clone(),
            arguments: call.arguments.to_string(),
        })
        .collect()
}

fn halved(mut said: Said) -> Said {
    said.text = said.text.as_deref().map(pieces::half);
    for call in &mut said.calls {
        call.arguments = pieces::half(&call.arguments);
    }
    said
}
