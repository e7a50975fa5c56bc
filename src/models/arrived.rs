//! An answer that has arrived already. It is read as one that was asked for is, and nobody is asked: so the readers of
//! both protocols can be fed by who keeps answers, or makes them up.

use reqwest::{
    StatusCode,
    header::{HeaderMap, HeaderValue, RETRY_AFTER},
};

use super::http::Refusal;

/// What came back from a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrived {
    /// A success, whole.
    Whole(Vec<u8>),
    /// A success as server-sent events, in the chunks in which it came.
    Events(Vec<Vec<u8>>),
    /// Anything else.
    Refused {
        /// The status of its first line; what is none counts as 500.
        status: u16,
        /// Its `Retry-After`.
        retry_after: Option<Vec<u8>>,
        /// The beginning of its body.
        body: Vec<u8>,
    },
}

/// A refusal as a connection would have brought it; a header that none could bring is left out.
pub(super) fn refused(status: u16, retry_after: Option<Vec<u8>>, body: Vec<u8>) -> Refusal {
    let mut headers = HeaderMap::new();
    if let Some(Ok(wait)) = retry_after.map(|wait| HeaderValue::from_bytes(&wait)) {
        headers.insert(RETRY_AFTER, wait);
    }
    Refusal {
        status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        headers,
        body,
    }
}
