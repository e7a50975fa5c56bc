//! A client of raw TCP that hides nothing: every byte that came, when it came, and how the connection ended.

use std::{
    collections::BTreeMap,
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use modulatio_tools::fake_model::FakeModel;
use serde_json::{Value, json};

/// How long a connection without a byte counts as silent: where a byte is expected, and where silence is.
const PATIENCE: Duration = Duration::from_secs(20);
const SILENCE: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    OpenAi,
    Anthropic,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// After all that its head announced.
    Whole,
    /// Before that.
    Broken,
    /// Not at all: it fell silent.
    Silent,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Got {
    /// 0 if no head came.
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    pub(crate) ended: Ended,
    pub(crate) took: Duration,
}

impl Protocol {
    /// The usual request: it forces `submit_verdict`.
    pub(crate) fn body(self, stream: bool) -> Value {
        let messages = json!([{"role": "user", "content": "Judge."}]);
        let (name, schema) = ("submit_verdict", json!({"type": "object"}));
        match self {
            Self::OpenAi => {
                let mut body = json!({
                    "model": "fake-1", "messages": messages, "max_tokens": 512, "stream": stream,
                    "tools": [{"type": "function", "function": {
                        "name": name, "description": "Judge it.", "parameters": schema}}],
                    "tool_choice": {"type": "function", "function": {"name": name}},
                });
                if stream {
                    body["stream_options"] = json!({"include_usage": true});
                }
                body
            }
            Self::Anthropic => json!({
                "model": "fake-1", "messages": messages, "max_tokens": 512, "stream": stream,
                "tools": [{"name": name, "description": "Judge it.", "input_schema": schema}],
                "tool_choice": {"type": "tool", "name": name},
            }),
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::OpenAi => "/v1/chat/completions",
            Self::Anthropic => "/v1/messages",
        }
    }

    fn headers(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::OpenAi => &[
                ("authorization", "Bearer the-key"),
                ("idempotency-key", "k-1"),
            ],
            Self::Anthropic => &[
                ("x-api-key", "the-key"),
                ("anthropic-version", "2023-06-01"),
                ("idempotency-key", "k-1"),
            ],
        }
    }
}

/// One request, and all that comes back until the connection ends.
pub(crate) fn call(server: &FakeModel, protocol: Protocol, body: &Value) -> Got {
    receive(send(server, protocol, body), PATIENCE)
}

/// One request, and all that comes back until the connection ends or, as expected, falls silent.
pub(crate) fn call_until_silent(server: &FakeModel, protocol: Protocol, body: &Value) -> Got {
    receive(send(server, protocol, body), SILENCE)
}

/// A request with these headers only.
pub(crate) fn call_with(
    server: &FakeModel,
    protocol: Protocol,
    headers: &[(&str, &str)],
    body: &str,
) -> Got {
    receive(
        send_raw(server, "POST", protocol.path(), headers, body),
        PATIENCE,
    )
}

/// A `GET`.
pub(crate) fn get(server: &FakeModel, path: &str) -> Got {
    receive(send_raw(server, "GET", path, &[], ""), PATIENCE)
}

/// A request whose answer nobody has read yet.
pub(crate) fn send(server: &FakeModel, protocol: Protocol, body: &Value) -> TcpStream {
    let body = body.to_string();
    send_raw(server, "POST", protocol.path(), protocol.headers(), &body)
}

fn send_raw(
    server: &FakeModel,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> TcpStream {
    let address = server.address();
    let host = address.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    stream
}

fn receive(mut stream: TcpStream, patience: Duration) -> Got {
    stream.set_read_timeout(Some(patience)).unwrap();
    let start = Instant::now();
    let mut bytes = Vec::new();
    let mut buffer = [0; 64 * 1024];
    let silent = loop {
        match stream.read(&mut buffer) {
            Ok(0) => break false,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break false,
            Err(error) if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()) => {
                break true;
            }
            Err(error) => panic!("{error}"),
        }
    };
    let mut got = understood(&bytes);
    got.took = start.elapsed();
    if silent {
        got.ended = Ended::Silent;
    }
    got
}

fn understood(bytes: &[u8]) -> Got {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        assert!(bytes.is_empty(), "half a head");
        return Got {
            status: 0,
            headers: BTreeMap::new(),
            body: String::new(),
            ended: Ended::Broken,
            took: Duration::ZERO,
        };
    };
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    let headers: BTreeMap<String, String> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let rest = &bytes[end + 4..];
    let (body, whole) = match headers.get("content-length") {
        Some(length) => (
            rest.to_vec(),
            rest.len() == length.parse::<usize>().unwrap(),
        ),
        None => unchunked(rest),
    };
    Got {
        status: status.parse().unwrap(),
        headers,
        body: String::from_utf8(body).unwrap(),
        ended: if whole { Ended::Whole } else { Ended::Broken },
        took: Duration::ZERO,
    }
}

fn unchunked(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    loop {
        let Some(line) = rest.windows(2).position(|two| two == b"\r\n") else {
            return (body, false);
        };
        let size = std::str::from_utf8(&rest[..line]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        rest = &rest[line + 2..];
        if size == 0 {
            return (body, true);
        }
        body.extend_from_slice(&rest[..size]);
        rest = &rest[size + 2..];
    }
}

impl Got {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The events of a stream, comments left out: the name, if it has one, and the data.
    pub(crate) fn events(&self) -> Vec<(Option<String>, String)> {
        assert!(
            self.headers["content-type"].starts_with("text/event-stream"),
            "{self:?}"
        );
        let blocks = self.body.split("\n\n").filter(|block| !block.is_empty());
        blocks
            .filter(|block| !block.starts_with(':'))
            .map(|block| {
                let field = |name: &str| {
                    let mut lines = block.lines();
                    lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
                };
                let data = field("data").unwrap_or_else(|| panic!("no data: {block}"));
                (field("event").map(str::to_owned), data.to_owned())
            })
            .collect()
    }

    /// The data of the events that are JSON.
    pub(crate) fn data(&self) -> Vec<Value> {
        let events = self.events().into_iter();
        events
            .filter_map(|(_, data)| serde_json::from_str(&data).ok())
            .collect()
    }

    /// The arguments of the first tool call, put together if they are a stream.
    pub(crate) fn arguments(&self, protocol: Protocol) -> String {
        let streamed = self.headers["content-type"].starts_with("text/event-stream");
        let join = |pointer: &str| -> String {
            let data = self.data();
            data.iter()
                .filter_map(|event| event.pointer(pointer)?.as_str())
                .collect()
        };
        match (protocol, streamed) {
            (Protocol::OpenAi, true) => join("/choices/0/delta/tool_calls/0/function/arguments"),
            (Protocol::Anthropic, true) => join("/delta/partial_json"),
            (Protocol::OpenAi, false) => {
                let call = &self.json()["choices"][0]["message"]["tool_calls"][0];
                call["function"]["arguments"].as_str().unwrap().to_owned()
            }
            (Protocol::Anthropic, false) => self.json()["content"][0]["input"].to_string(),
        }
    }

    /// Why the model stopped, in the protocol's word.
    pub(crate) fn stop(&self, protocol: Protocol) -> String {
        let streamed = self.headers["content-type"].starts_with("text/event-stream");
        let found = match (protocol, streamed) {
            (Protocol::OpenAi, false) => self.json()["choices"][0]["finish_reason"].clone(),
            (Protocol::Anthropic, false) => self.json()["stop_reason"].clone(),
            (Protocol::OpenAi, true) => self.last_of("/choices/0/finish_reason"),
            (Protocol::Anthropic, true) => self.last_of("/delta/stop_reason"),
        };
        found.as_str().unwrap_or("none").to_owned()
    }

    fn last_of(&self, pointer: &str) -> Value {
        let data = self.data();
        let mut found = data.iter().rev().filter_map(|event| event.pointer(pointer));
        found
            .find(|value| !value.is_null())
            .cloned()
            .unwrap_or_default()
    }
}
