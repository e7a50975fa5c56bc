//! The tool `http_get`: one page of the public web as text.
//!
//! ```text
//!  get ──┬── waits: time, cancel
//!        └── a thread of its own:
//!             target           the URL, and its addresses, all of them public  ◀──────┐
//!             fetch            a connection to exactly these, the head  ── redirect ──┘
//!               │              the body, up to a cap
//!             charset, html    bytes ──▶ text
//!        ◀─── answer           between two marked lines, as much as there is room for
//! ```
//!
//! What a page says is foreign: it is bounded, cleaned of characters that people do not see, and marked as data.

mod address;
mod answer;
mod charset;
mod cut;
mod fetch;
mod html;
mod kind;
mod patience;
mod target;
mod visit;

use std::time::Duration;

pub use visit::get;

/// What `http_get` may reach, and how much it may take.
#[derive(Clone, Debug, Default)]
pub struct Web {
    /// `host` or `host:port` that may be reached although it is not public; with a port, at this port only.
    pub allow: Vec<String>,
    /// Its limits.
    pub limits: WebLimits,
}

/// How much one call may take.
#[derive(Clone, Copy, Debug)]
pub struct WebLimits {
    /// For all of it, from resolving the name to the text.
    pub time: Duration,
    /// Bytes of a body, decompressed; what is beyond them is left out.
    pub body: usize,
    /// Redirects that are followed.
    pub redirects: usize,
}

impl Default for WebLimits {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(30),
            body: 5 << 20,
            redirects: 5,
        }
    }
}
