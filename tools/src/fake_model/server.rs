//! The server: one thread, one runtime, hyper on a loopback socket.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::Duration,
};

use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::sync::oneshot;

use super::{
    http::answer,
    ledger::{Ledger, Recorded, Sold},
    log::Log,
    script::{Play, Script},
};

/// A running server; dropping it stops it and closes its connections.
#[derive(Debug)]
pub struct FakeModel {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What all connections share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) play: Mutex<Play>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) log: Option<Log>,
}

impl FakeModel {
    /// Starts a server on a free port of the loopback interface, on a thread of its own.
    pub fn start(script: Script) -> io::Result<Self> {
        Self::start_on(0, script)
    }

    /// Starts it on this port; 0 takes a free one.
    pub fn start_on(port: u16, script: Script) -> io::Result<Self> {
        Self::launch(port, script, None)
    }

    /// As [`FakeModel::start_on`], with a line for each request as soon as its status is known.
    pub fn start_logged(port: u16, script: Script, log: Log) -> io::Result<Self> {
        Self::launch(port, script, Some(log))
    }

    fn launch(port: u16, script: Script, log: Option<Log>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            play: Mutex::new(Play::new(script)),
            ledger: Arc::default(),
            log,
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

    /// How many requests have arrived so far.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.shared.ledger.asked()
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
        // Each piece of an answer is to leave at once. A socket that is gone already needs no answer.
        let _ = stream.set_nodelay(true);
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
