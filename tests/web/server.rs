//! A server of one behaviour, on a port of its own.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// Serves until the test ends.
pub(crate) struct Server {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Each connection gets its request read and is then left to `serve`, in a thread of its own.
    pub(crate) fn start(serve: impl Fn(&mut TcpStream, &str) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (serve, seen) = (Arc::new(serve), heads.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (serve, seen) = (serve.clone(), seen.clone());
                thread::spawn(move || talk(stream, &*serve, &seen));
            }
        });
        Self { address, heads }
    }

    /// Answers everything with these bytes.
    pub(crate) fn of(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(move |stream, _| {
            // Whoever has seen enough goes away.
            let _ = stream.write_all(&answer);
        })
    }

    /// Answers everything with success and this body.
    pub(crate) fn page(kind: &str, body: impl AsRef<[u8]>) -> Self {
        Self::of(response(
            "200 OK",
            &format!("Content-Type: {kind}\r\n"),
            body,
        ))
    }

    /// Sends everybody on.
    pub(crate) fn redirect(status: &str, to: &str) -> Self {
        Self::of(response(status, &format!("Location: {to}\r\n"), "moved"))
    }

    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The heads of the requests that came.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().expect("no test panics here").clone()
    }
}

fn talk(mut stream: TcpStream, serve: &dyn Fn(&mut TcpStream, &str), seen: &Mutex<Vec<String>>) {
    let mut head = String::new();
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    while !head.ends_with("\r\n\r\n") {
        match reader.read_line(&mut head) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
    seen.lock().expect("no test panics here").push(head.clone());
    serve(&mut stream, &head);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    // Closing with unread bytes would reset the connection under the answer.
    let _ = reader.read_to_end(&mut Vec::new());
}

/// A whole response.
pub(crate) fn response(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}
