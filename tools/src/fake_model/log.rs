//! One line for each request.

use std::fmt;

/// What is done with the lines.
pub type Log = fn(&LogLine);

/// A request and what became of it. It holds no query and no header but the idempotency key: no secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The idempotency key.
    pub key: Option<String>,
    /// What answered: `3:hang_up` (the third step), `chaos:hang_up`, `default`; none for what is no model call.
    pub cue: Option<String>,
    /// The status; none if no head was sent.
    pub status: Option<u16>,
}

impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_none = |field: &Option<String>| field.clone().unwrap_or_else(|| "-".to_owned());
        let status = self.status.map(|status| status.to_string());
        write!(
            f,
            "{} {} key={} step={} status={}",
            self.method,
            self.path,
            or_none(&self.key),
            or_none(&self.cue),
            or_none(&status)
        )
    }
}

/// The line of a request under way. It is written when this is dropped, which a client that leaves does too.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) line: LogLine,
    log: Option<Log>,
}

impl Entry {
    pub(super) fn new(log: Option<Log>, method: &str, path: &str, key: Option<&String>) -> Self {
        let line = LogLine {
            method: method.to_owned(),
            path: path.to_owned(),
            key: key.cloned(),
            cue: None,
            status: None,
        };
        Self { line, log }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if let Some(log) = self.log {
            log(&self.line);
        }
    }
}
