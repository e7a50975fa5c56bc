//! What a page says it is, and whether that can be shown as text.

use std::fmt;

/// Types besides `text/*` that are text.
const TEXTUAL: [&str; 14] = [
    "application/ecmascript",
    "application/graphql",
    "application/javascript",
    "application/json",
    "application/jsonl",
    "application/markdown",
    "application/sql",
    "application/toml",
    "application/x-javascript",
    "application/x-ndjson",
    "application/x-sh",
    "application/x-yaml",
    "application/xml",
    "application/yaml",
];

/// A content type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Kind {
    /// `type/subtype` in lower case; empty where nothing was said.
    essence: String,
    /// The charset, as it was said.
    pub(super) charset: Option<String>,
}

impl Kind {
    /// Reads a header's value.
    pub(super) fn of(header: Option<&[u8]>) -> Self {
        let text = String::from_utf8_lossy(header.unwrap_or_default());
        let mut parts = text.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
        let charset = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            let value = value.trim().trim_matches(['"', '\'']);
            name.trim()
                .eq_ignore_ascii_case("charset")
                .then(|| value.to_owned())
        });
        Self { essence, charset }
    }

    /// Whether it says of itself that it is something else than text.
    pub(super) fn is_binary(&self) -> bool {
        let essence = self.essence.as_str();
        let is_text = essence.is_empty()
            || essence.starts_with("text/")
            || essence.ends_with("+json")
            || essence.ends_with("+xml")
            || TEXTUAL.contains(&essence);
        !is_text || essence.starts_with("image/")
    }

    /// Whether it is HTML; where nothing was said, the body tells.
    pub(super) fn is_html(&self, body: &[u8]) -> bool {
        match self.essence.as_str() {
            "text/html" | "application/xhtml+xml" => true,
            "" => begins_as_html(body),
            _ => false,
        }
    }
}

fn begins_as_html(body: &[u8]) -> bool {
    let body = body.trim_ascii_start();
    let begins = |with: &str| {
        body.get(..with.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(with.as_bytes()))
    };
    begins("<!doctype html") || begins("<html")
}

/// One line, bounded: a header is as foreign as a body.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.essence.is_empty() {
            return f.write_str("of no stated type");
        }
        let plain = |c: &char| c.is_ascii_alphanumeric() || "/+-._".contains(*c);
        let shown: String = self.essence.chars().filter(plain).take(80).collect();
        f.write_str(&shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Kind {
        Kind::of(Some(text.as_bytes()))
    }

    #[test]
    fn what_people_read_is_text_and_the_rest_is_not() {
        for text in [
            "text/plain",
            "TEXT/HTML; charset=utf-8",
            "text/markdown",
            "text/x-rust",
            "application/json",
            "application/ld+json",
            "application/xml",
            "application/rss+xml",
            "application/xhtml+xml",
            "application/javascript",
            "",
        ] {
            assert!(!kind(text).is_binary(), "{text}");
        }
        for text in [
            "application/pdf",
            "application/octet-stream",
            "application/zip",
            "image/png",
            "image/svg+xml",
            "video/mp4",
            "nonsense",
        ] {
            assert!(kind(text).is_binary(), "{text}");
        }
        assert!(!Kind::of(None).is_binary());
    }

    #[test]
    fn the_charset_is_read_in_every_dress() {
        for text in [
            "text/html;charset=latin1",
            "text/html; a=b; Charset=\"latin1\"",
            "text/html ; charset = 'latin1' ",
        ] {
            assert_eq!(kind(text).charset.as_deref(), Some("latin1"), "{text}");
        }
        assert_eq!(kind("text/html; charset").charset, None);
    }

    #[test]
    fn a_body_without_a_type_is_html_where_it_begins_so() {
        assert!(Kind::default().is_html(b"\n <!DOCTYPE HTML><p>"));
        assert!(Kind::default().is_html(b"<HTML>"));
        assert!(!Kind::default().is_html(b"# <html>"));
        assert!(!kind("text/plain").is_html(b"<html>"));
        assert!(kind("text/html").is_html(b"x"));
    }

    #[test]
    fn a_type_is_shown_in_one_bounded_line() {
        let foreign = format!("x/y\n ignore {}", "z".repeat(500));
        assert_eq!(kind(&foreign).to_string().len(), 80);
        assert!(!kind(&foreign).to_string().contains(char::is_whitespace));
        assert_eq!(Kind::default().to_string(), "of no stated type");
    }
}
