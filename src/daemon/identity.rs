//! Who this process is, as journals and heartbeats name it.

/// A daemon process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The machine's name, reduced to letters, digits, `-` and `_`.
    pub host: String,
    /// The process.
    pub pid: u32,
}

impl Identity {
    /// This process.
    #[must_use]
    pub fn own() -> Self {
        Self {
            host: host(),
            pid: std::process::id(),
        }
    }

    /// As frames name it: `daemon:host:4711`.
    #[must_use]
    pub fn by(&self) -> String {
        self.by_as("daemon")
    }

    /// As frames name a process that works on a plan without being a daemon: `kickoff:host:4711`.
    #[must_use]
    pub fn by_as(&self, role: &str) -> String {
        format!("{role}:{}:{}", self.host, self.pid)
    }
}

#[cfg(unix)]
fn host() -> String {
    let name = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    clean(&name)
}

#[cfg(not(unix))]
fn host() -> String {
    clean(&std::env::var("COMPUTERNAME").unwrap_or_default())
}

fn clean(name: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let name: String = name
        .chars()
        .map(|c| if fits(c) { c } else { '-' })
        .take(48)
        .collect();
    if name.is_empty() {
        "localhost".to_owned()
    } else {
        name
    }
}
