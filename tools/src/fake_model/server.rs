//! The server: one thread, one runtime, hyper on a loopback socket.

use std::{
    collections::BTreeMap,
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    thread::JoinHandle,
    time::Duration,
};

use http_body_util::BodyExt;
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Body, Bytes, Frame, Incoming, SizeHint},
    header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER},
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::sync::oneshot;

use super::{
    ledger::{Ledger, Recorded, Sold, open},
    openai,
    reply::{Outcome, Sending, outcome},
    script::{Behaviour, Script, Step},
};

/// A running server; dropping it stops it and closes its connections.
#[derive(Debug)]
pub struct FakeModel {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    script: Mutex<Script>,
    ledger: Ledger,
}

impl FakeModel {
    /// Starts a server on a free port of the loopback interface, on a thread of its own.
    pub fn start(script: Script) -> io::Result<Self> {
        Self::start_on(0, script)
    }

    /// Starts it on this port; 0 takes a free one.
    pub fn start_on(port: u16, script: Script) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            script: Mutex::new(script),
            ledger: Ledger::default(),
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("fake-model".into())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        () = accept(listener, served) => {}
                        _ = stopped => {}
                    }
                });
            })?;
        Ok(Self {
            address,
            shared,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The `base_url` of a model configured to use it: `http://127.0.0.1:PORT/v1`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("{}/v1", self.address())
    }

    /// What it sold so far; `GET /sold` over HTTP.
    #[must_use]
    pub fn sold(&self) -> Sold {
        self.shared.ledger.sold()
    }

    /// What it was asked so far, oldest first; `GET /requests` over HTTP.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.ledger.requests()
    }

    /// Serves until the process ends.
    pub fn serve_forever(mut self) {
        if let Some(thread) = self.thread.take() {
            // A panic of the server has been printed by its own thread.
            let _ = thread.join();
        }
    }
}

impl Drop for FakeModel {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // Refused only if the server is gone already.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let listener =
        tokio::net::TcpListener::from_std(listener).expect("the listener is non-blocking");
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, most likely: give connections time to end.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(Arc::clone(&shared), request));
            // Clients that leave and connections that a script cuts are what this server is for.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

/// A deliberate end of the connection.
#[derive(Debug, thiserror::Error)]
#[error("the script says to hang up")]
struct HungUp;

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Result<Response<Half>, HungUp> {
    let path = request.uri().path().to_owned();
    match (request.method(), path.as_str()) {
        (&Method::GET, "/sold") => Ok(json(&shared.ledger.sold())),
        (&Method::GET, "/requests") => Ok(json(&shared.ledger.requests())),
        (&Method::POST, path) if path.ends_with("/chat/completions") => {
            chat(&shared, request).await
        }
        _ => {
            let body = openai::render_error("no such method here", 404);
            Ok(response(
                StatusCode::NOT_FOUND,
                "application/json",
                Half::whole(body),
            ))
        }
    }
}

async fn chat(shared: &Shared, request: Request<Incoming>) -> Result<Response<Half>, HungUp> {
    let path = request.uri().to_string();
    let headers = header_map(request.headers());
    let bytes = request
        .into_body()
        .collect()
        .await
        .map_err(|_| HungUp)?
        .to_bytes();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let ask = openai::parse(&body);
    let key = headers.get("idempotency-key").cloned();
    let authorization = headers.get("authorization").cloned().unwrap_or_default();
    shared.ledger.record(Recorded {
        path,
        headers,
        body,
    });
    let taken = open(&shared.script).take(&ask);
    let step = taken.unwrap_or_else(|| Step::new(Behaviour::Default));
    // A client that leaves during the wait drops this future: nothing is sold.
    tokio::time::sleep(Duration::from_millis(step.delay_ms)).await;
    send(shared, key.as_deref(), outcome(&ask, &step, &authorization))
}

fn send(shared: &Shared, key: Option<&str>, outcome: Outcome) -> Result<Response<Half>, HungUp> {
    let sending = match outcome {
        Outcome::HangUp => return Err(HungUp),
        Outcome::Send(sending) => sending,
    };
    let Sending {
        code,
        content_type,
        retry_after,
        body,
        cut,
        sold,
    } = sending;
    if let Some((input_tokens, output_tokens)) = sold {
        shared.ledger.sell(key, input_tokens, output_tokens);
    }
    let body = if cut {
        Half::cut(body)
    } else {
        Half::whole(body)
    };
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = response(status, content_type, body);
    if let Some(wait) = retry_after.and_then(|wait| wait.parse().ok()) {
        response.headers_mut().insert(RETRY_AFTER, wait);
    }
    Ok(response)
}

fn json(value: &impl serde::Serialize) -> Response<Half> {
    let body = serde_json::to_vec(value).expect("maps with string keys always serialize");
    response(StatusCode::OK, "application/json", Half::whole(body))
}

fn response(status: StatusCode, content_type: &'static str, body: Half) -> Response<Half> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let content_type = content_type
        .parse()
        .expect("content types here are plain text");
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

fn header_map(headers: &HeaderMap) -> BTreeMap<String, String> {
    let text =
        |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers
        .iter()
        .map(|(name, value)| (name.to_string(), text(value)))
        .collect()
}

/// A body that announces its whole length and may break off on the way.
#[derive(Debug)]
struct Half {
    next: Option<Bytes>,
    announced: u64,
    breaks: bool,
}

impl Half {
    fn whole(body: impl Into<Bytes>) -> Self {
        let body = body.into();
        Self {
            announced: body.len() as u64,
            next: Some(body),
            breaks: false,
        }
    }

    fn cut(mut body: Vec<u8>) -> Self {
        let announced = body.len() as u64;
        body.truncate(body.len() / 2);
        Self {
            announced,
            next: Some(body.into()),
            breaks: true,
        }
    }
}

impl Body for Half {
    type Data = Bytes;
    type Error = HungUp;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HungUp>>> {
        Poll::Ready(match self.next.take() {
            Some(bytes) => Some(Ok(Frame::data(bytes))),
            None if self.breaks => Some(Err(HungUp)),
            None => None,
        })
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.announced)
    }
}
