//! From a request of HTTP to its response.

use std::{collections::BTreeMap, future::pending, sync::Arc, time::Duration};

use http_body_util::BodyExt;
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use serde_json::Value;

use super::{
    ask::Protocol,
    body::{HungUp, Pieces},
    ledger::{Recorded, Ticket, open},
    log::Entry,
    reply::{Outcome, Sending, invalid, outcome},
    server::Shared,
};

type Answer = Result<Response<Pieces>, HungUp>;

/// Answers one request. A client that leaves drops this future.
pub(super) async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Answer {
    let path = request.uri().path().to_owned();
    let headers = header_map(request.headers());
    let key = headers.get("idempotency-key");
    let mut entry = Entry::new(shared.log, request.method().as_str(), &path, key);
    match (request.method(), path.as_str()) {
        (&Method::GET, "/sold") => Ok(json(&mut entry, &shared.ledger.sold())),
        (&Method::GET, "/requests") => Ok(json(&mut entry, &shared.ledger.requests())),
        (&Method::POST, path) if Protocol::at(path).is_some() => {
            let protocol = Protocol::at(path).unwrap_or_default();
            model_call(&shared, entry, protocol, headers, request).await
        }
        (method, path) => {
            let message = format!("no such method here: {method} {path}");
            let error = Protocol::OpenAi.error(404, None, &message);
            let mut response = json(&mut entry, &error);
            *response.status_mut() = StatusCode::NOT_FOUND;
            entry.line.status = Some(404);
            Ok(response)
        }
    }
}

async fn model_call(
    shared: &Shared,
    mut entry: Entry,
    protocol: Protocol,
    headers: BTreeMap<String, String>,
    request: Request<Incoming>,
) -> Answer {
    let path = request.uri().to_string();
    let bytes = request.into_body().collect().await.map_err(|_| HungUp)?;
    let body = serde_json::from_slice(&bytes.to_bytes()).unwrap_or(Value::Null);
    let asked = protocol.parse(&headers, &body);
    let key = headers.get("idempotency-key").cloned();
    let credential = credential(&headers);
    let ordinal = shared.ledger.record(Recorded {
        path,
        headers,
        body,
    });
    let mut ask = match asked {
        Ok(ask) => ask,
        Err(why) => return Ok(send(shared, &mut entry, key, invalid(protocol, &why.0))),
    };
    ask.ordinal = ordinal;
    let (cue, prices) = {
        let mut play = open(&shared.play);
        ask.stream_usage |= play.script.always_usage;
        (play.cue(&ask), play.script.prices)
    };
    entry.line.cue = Some(cue.name);
    // A client that leaves during the wait drops this future: nothing is sold.
    tokio::time::sleep(Duration::from_millis(cue.step.delay_ms)).await;
    while cue.step.gate.as_ref().is_some_and(|gate| !gate.exists()) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    match outcome(&ask, &cue.step, prices.as_ref(), &credential) {
        Outcome::HangUp => Err(HungUp),
        Outcome::Silence => {
            drop(entry);
            pending().await
        }
        Outcome::Send(sending) => Ok(send(shared, &mut entry, key, sending)),
    }
}

/// The header that names who asks, in either protocol.
fn credential(headers: &BTreeMap<String, String>) -> String {
    let found = headers.get("authorization").or(headers.get("x-api-key"));
    found.cloned().unwrap_or_default()
}

fn send(
    shared: &Shared,
    entry: &mut Entry,
    key: Option<String>,
    mut sending: Sending,
) -> Response<Pieces> {
    let status = StatusCode::from_u16(sending.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    entry.line.status = Some(status.as_u16());
    let headers = std::mem::take(&mut sending.headers);
    let ticket = sending
        .sold
        .map(|tokens| Ticket::new(&shared.ledger, key, tokens));
    let mut response = Response::new(Pieces::new(sending, ticket));
    *response.status_mut() = status;
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (
            HeaderName::try_from(name.as_str()),
            HeaderValue::try_from(value),
        ) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn json(entry: &mut Entry, value: &impl serde::Serialize) -> Response<Pieces> {
    entry.line.status = Some(200);
    let body = serde_json::to_vec(value).expect("maps with string keys always serialize");
    let mut response = Response::new(Pieces::whole(body));
    let content_type = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

fn header_map(headers: &HeaderMap) -> BTreeMap<String, String> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers
        .iter()
        .map(|(name, value)| (name.to_string(), text(value)))
        .collect()
}
