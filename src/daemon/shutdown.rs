//! Stopping: the first ^C or SIGTERM asks every wait to end, the second ends the process at once.

use tokio::sync::watch;

/// A request to stop that every wait can see.
#[derive(Clone, Debug)]
pub struct Shutdown {
    asked: watch::Receiver<bool>,
}

impl Shutdown {
    /// Listens for the process's signals.
    ///
    /// # Errors
    /// The system's, when no handler can be installed.
    pub fn on_signals() -> std::io::Result<Self> {
        let (ask, asked) = watch::channel(false);
        listen(ask)?;
        Ok(Self { asked })
    }

    /// One that nobody asks for: who embeds a runner ends it with the process.
    #[must_use]
    pub fn never() -> Self {
        let (_, asked) = watch::channel(false);
        Self { asked }
    }

    /// Whether the process was asked to stop.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        *self.asked.borrow()
    }

    /// Waits until the process is asked to stop.
    pub async fn asked(&self) {
        let mut asked = self.asked.clone();
        // The sender lives as long as the listener, which never ends before the process does.
        if asked.wait_for(|asked| *asked).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(unix)]
fn listen(ask: watch::Sender<bool>) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => on_signal(&ask, "SIGTERM"),
                _ = interrupt.recv() => on_signal(&ask, "SIGINT"),
            }
        }
    });
    Ok(())
}

#[cfg(not(unix))]
fn listen(ask: watch::Sender<bool>) -> std::io::Result<()> {
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            on_signal(&ask, "^C");
        }
    });
    Ok(())
}

/// An abrupt end is safe at any instant; it only leaves a call in doubt.
fn on_signal(ask: &watch::Sender<bool>, name: &str) {
    if *ask.borrow() {
        tracing::warn!("{name} again: stopping at once");
        std::process::exit(130);
    }
    tracing::info!("{name}: stopping at the next safe point");
    let _ = ask.send(true);
}
