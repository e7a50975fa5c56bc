//! A GET and the redirects after it, each judged like the first; the body up to a cap.
//!
//! Every hop has a client of its own, which knows no addresses but the judged ones, no proxy, no cookies, and no
//! other name. Compression is undone here, not in the client, which is the models' crate too and should offer
//! providers nothing new.

use std::{
    error::Error,
    future,
    io::{self, Read},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use flate2::read::MultiGzDecoder;
use reqwest::{
    StatusCode, Url,
    blocking::{Client, Response},
    dns::{Addrs, Name, Resolve, Resolving},
    header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, LOCATION},
    redirect, retry,
};

use super::{
    WebLimits,
    kind::Kind,
    patience::Patience,
    target::{self, Target},
};

/// How long a connection may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of a refusal's body that are read at most.
const REFUSAL_CAP: usize = 64 << 10;

/// Bytes that are read at once.
const CHUNK: usize = 16 << 10;

/// A page as it came.
#[derive(Debug)]
pub(super) struct Page {
    /// Where it came from in the end.
    pub(super) url: Url,
    /// The status of its first line.
    pub(super) status: StatusCode,
    /// What it says it is.
    pub(super) kind: Kind,
    /// Its body, decompressed.
    pub(super) body: Vec<u8>,
    /// Whether the body goes on beyond what was read.
    pub(super) goes_on: bool,
}

/// Gets what `url` leads to.
pub(super) fn fetch(
    first: Url,
    allow: &[String],
    limits: WebLimits,
    patience: &Patience,
) -> Result<Page, String> {
    let mut target = Target::find(first, allow)?;
    for _ in 0..=limits.redirects {
        let response = ask(&target, patience)?;
        let Some(location) = location(&response) else {
            return page(target.url, response, limits, patience);
        };
        let next = target::onward(&target.url, &location);
        target = next
            .and_then(|url| Target::find(url, allow))
            .map_err(|why| {
                let from = target::shown(&target.url);
                format!("{from} redirects to where this tool does not go: {why}")
            })?;
    }
    let (last, most) = (target::shown(&target.url), limits.redirects);
    Err(format!(
        "it redirects more than {most} times, the last time to {last}"
    ))
}

fn ask(target: &Target, patience: &Patience) -> Result<Response, String> {
    let left = patience.left()?;
    let client = client(target, left).map_err(|why| {
        let why = causes(&why);
        format!(
            "no client can be set up: {why}; https needs the system's root certificates (ca-certificates)"
        )
    })?;
    let asked = client
        .get(target.url.clone())
        .header(
            ACCEPT,
            "text/html, text/plain, text/*, application/json, application/xml, */*;q=0.1",
        )
        .header(ACCEPT_ENCODING, "gzip");
    asked.send().map_err(|why| {
        let host = target.url.host_str().unwrap_or_default();
        let why = why.without_url();
        match patience.left() {
            Err(late) => late,
            Ok(_) if why.is_connect() => format!("no connection to {host}: {}", causes(&why)),
            Ok(_) => format!("{host} gave no answer: {}", causes(&why)),
        }
    })
}

fn client(target: &Target, left: Duration) -> reqwest::Result<Client> {
    // Refused only when a provider is installed already, which then serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .user_agent(concat!("modulatio/", env!("CARGO_PKG_VERSION")))
        .timeout(left)
        .connect_timeout(CONNECT_TIMEOUT.min(left))
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .no_proxy()
        .pool_max_idle_per_host(0)
        .http1_only()
        .dns_resolver(Arc::new(Judged(target.addresses.clone())));
    if target.url.scheme() == "http" {
        builder = builder.tls_certs_only([]);
    }
    builder.build()
}

/// Knows the judged addresses, whatever name is asked for. A client of one hop asks for one name only.
struct Judged(Vec<SocketAddr>);

impl Resolve for Judged {
    fn resolve(&self, _: Name) -> Resolving {
        let addresses: Addrs = Box::new(self.0.clone().into_iter());
        Box::pin(future::ready(Ok(addresses)))
    }
}

/// Where a response sends on to.
fn location(response: &Response) -> Option<String> {
    let redirects = [301, 302, 303, 307, 308].contains(&response.status().as_u16());
    let location = response.headers().get(LOCATION).filter(|_| redirects)?;
    Some(String::from_utf8_lossy(location.as_bytes()).into_owned())
}

fn page(
    url: Url,
    response: Response,
    limits: WebLimits,
    patience: &Patience,
) -> Result<Page, String> {
    let status = response.status();
    let kind = Kind::of(
        response
            .headers()
            .get(CONTENT_TYPE)
            .map(|value| value.as_bytes()),
    );
    let (body, goes_on) = if !is_refusal(status) {
        if kind.is_binary() {
            return Err(format!(
                "{} is {}, which is no text",
                target::shown(&url),
                sized(&kind, &response)
            ));
        }
        body(response, limits.body, patience)?
    } else if kind.is_binary() {
        (Vec::new(), false)
    } else {
        // The status already tells; a body that breaks off adds nothing.
        body(response, limits.body.min(REFUSAL_CAP), patience).unwrap_or_default()
    };
    Ok(Page {
        url,
        status,
        kind,
        body,
        goes_on,
    })
}

/// Whether a status says that there is no such page.
pub(super) fn is_refusal(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}

fn sized(kind: &Kind, response: &Response) -> String {
    let length = response.headers().get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let size = length.map_or("of unknown size".to_owned(), |n| format!("of {n} bytes"));
    format!("{kind} {size}")
}

/// The body, at most `cap` bytes of it, and whether there is more.
fn body(response: Response, cap: usize, patience: &Patience) -> Result<(Vec<u8>, bool), String> {
    let coding = response.headers().get(CONTENT_ENCODING);
    let coding = coding.map_or(String::new(), |value| {
        String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase()
    });
    let wire = Watched { response, patience };
    match coding.trim() {
        "" | "identity" => read(wire, cap, patience),
        "gzip" | "x-gzip" => read(MultiGzDecoder::new(wire), cap, patience),
        other => {
            let other: String = other.chars().take(40).collect();
            Err(format!(
                "the body is encoded as {other:?}, which was not asked for"
            ))
        }
    }
}

fn read(mut body: impl Read, cap: usize, patience: &Patience) -> Result<(Vec<u8>, bool), String> {
    let mut bytes = Vec::new();
    let mut chunk = [0; CHUNK];
    while bytes.len() <= cap {
        let read = match body.read(&mut chunk) {
            Ok(0) => return Ok((bytes, false)),
            Ok(read) => read,
            Err(why) if why.kind() == io::ErrorKind::Interrupted => continue,
            Err(why) => {
                patience.left()?;
                let (read, why) = (bytes.len(), causes(&why));
                return Err(format!("the body broke off after {read} bytes: {why}"));
            }
        };
        bytes.extend_from_slice(&chunk[..read]);
    }
    bytes.truncate(cap);
    Ok((bytes, true))
}

/// The bytes of a connection, with a look at the clock before each read: the decoder above may read without end
/// before it gives anything back.
struct Watched<'a> {
    response: Response,
    patience: &'a Patience,
}

impl Read for Watched<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.patience.left().map_err(io::Error::other)?;
        self.response.read(into)
    }
}

/// An error with its causes, outermost first.
fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::{io::Write, net::TcpListener, thread};

    use super::*;

    #[test]
    fn the_judged_addresses_are_connected_to_and_the_name_is_not_resolved_again() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            // An answer before the question would be refused.
            let asked = stream.read(&mut [0; 1024]).expect("a question");
            assert!(asked > 0);
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
            stream.write_all(answer).expect("a reader");
        });
        let url = format!("http://no.such.name.invalid:{}/", address.port());
        let target = Target {
            url: url.parse().expect("a URL"),
            addresses: vec![address],
        };
        let response = ask(&target, &Patience::of(Duration::from_secs(30))).expect("an answer");
        assert_eq!(response.remote_addr(), Some(address));
        server.join().expect("no panic");
    }
}
