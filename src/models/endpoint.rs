//! Where a protocol is spoken: a base address from the configuration, checked once.

use reqwest::Url;

/// Why a `base_url` cannot be used. None of these repeats the address, which may hold a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBaseUrl {
    /// It is no address at all.
    #[error("base_url is not an address: {reason}")]
    Unreadable {
        /// What the parser found.
        reason: String,
    },
    /// It is an address of something else than HTTP.
    #[error("base_url must begin with http:// or https://, not {scheme}:")]
    Scheme {
        /// What it begins with.
        scheme: String,
    },
    /// It holds a user name or a password, which would end up in configuration and logs.
    #[error("base_url must not hold a user name or password; hint: name a variable in api_key_env")]
    Credentials,
}

/// The address of one method of a provider.
#[derive(Clone)]
pub(super) struct Endpoint {
    url: Url,
    label: String,
}

impl Endpoint {
    /// `path` below `base`. What the base already ends in of `path` is not repeated; a query stays with the
    /// address and out of the label.
    pub(super) fn new(base: &str, path: &str) -> Result<Self, InvalidBaseUrl> {
        let mut url = Url::parse(base.trim()).map_err(|error| InvalidBaseUrl::Unreadable {
            reason: error.to_string(),
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(InvalidBaseUrl::Scheme {
                scheme: url.scheme().to_owned(),
            });
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidBaseUrl::Credentials);
        }
        url.set_path(&joined(url.path().trim_end_matches('/'), path));
        url.set_fragment(None);
        let label = String::new();
        Ok(Self { url, label }.labelled())
    }

    /// The same with `other` where its path ends in `end`.
    pub(super) fn with_end(mut self, end: &str, other: &str) -> Self {
        let path = self.url.path();
        let above = path.strip_suffix(end).unwrap_or(path).to_owned();
        self.url.set_path(&format!("{above}{other}"));
        self.labelled()
    }

    fn labelled(mut self) -> Self {
        let mut shown = self.url.clone();
        shown.set_query(None);
        self.label = shown.to_string();
        self
    }

    /// What to ask.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// What to show people: no query.
    pub(super) fn label(&self) -> &str {
        &self.label
    }

    /// Scheme, host and port: what lives and dies together.
    pub(super) fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Whether certificates matter.
    pub(super) fn is_tls(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether the endpoint runs on this machine, where no proxy belongs in between.
    pub(super) fn is_loopback(&self) -> bool {
        let host = self.url.host_str().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost"
            || bare
                .parse()
                .is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
    }

    /// Whether the host is `domain` or below it.
    pub(super) fn is_of(&self, domain: &str) -> bool {
        let host = self.url.host_str().unwrap_or_default();
        host.strip_suffix(domain)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }
}

/// A base address as it may be shown: no query, no credentials.
pub(super) fn shown(base: &str) -> String {
    let Ok(mut url) = Url::parse(base.trim()) else {
        return "(no address)".to_owned();
    };
    url.set_query(None);
    url.set_fragment(None);
    // Refused only by addresses without a host, which have no credentials either.
    let _ = url.set_username("").and(url.set_password(None));
    url.to_string()
}

/// `path` below `base`, without the segments of `path` that `base` ends in.
fn joined(base: &str, path: &str) -> String {
    let overlap = std::iter::once(path.len())
        .chain(path.rmatch_indices('/').map(|(at, _)| at))
        .find(|end| base.ends_with(&path[..*end]))
        .unwrap_or(0);
    format!("{base}{}", &path[overlap..])
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Endpoint").field(&self.label).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(base: &str) -> Endpoint {
        Endpoint::new(base, "/chat/completions").unwrap()
    }

    #[test]
    fn the_path_is_joined_once_and_the_query_is_kept_out_of_the_label() {
        let plain = "https://h.example/v1/chat/completions";
        for base in [
            "https://h.example/v1",
            "https://h.example/v1/",
            " https://h.example/v1/chat/completions ",
            "https://h.example/v1#part",
        ] {
            assert_eq!(endpoint(base).url().as_str(), plain);
        }
        let queried = endpoint("https://h.example/v1?key=hidden");
        assert_eq!(
            queried.url().as_str(),
            "https://h.example/v1/chat/completions?key=hidden"
        );
        assert_eq!(queried.label(), plain);
        assert!(!format!("{queried:?}").contains("hidden"));
    }

    #[test]
    fn an_unusable_base_is_refused_without_repeating_it() {
        let refused = |base| Endpoint::new(base, "/x").unwrap_err();
        assert_eq!(
            refused("https://me:hidden@h.example"),
            InvalidBaseUrl::Credentials
        );
        assert!(matches!(
            refused("ftp://h.example"),
            InvalidBaseUrl::Scheme { .. }
        ));
        assert!(matches!(
            refused("h.example/v1"),
            InvalidBaseUrl::Unreadable { .. }
        ));
    }

    #[test]
    fn a_base_may_end_in_the_version_or_not() {
        for base in [
            "https://h.example",
            "https://h.example/v1/",
            "https://h.example/v1/messages",
        ] {
            let endpoint = Endpoint::new(base, "/v1/messages").unwrap();
            assert_eq!(endpoint.label(), "https://h.example/v1/messages", "{base}");
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        assert_eq!(
            endpoint("https://h.example/v1?k=hidden").origin(),
            "https://h.example"
        );
        assert_eq!(
            endpoint("http://127.0.0.1:11434/v1").origin(),
            "http://127.0.0.1:11434"
        );
    }

    #[test]
    fn a_shown_base_holds_neither_query_nor_credentials() {
        let base = "https://me:hidden@h.example/v1?key=hidden#hidden";
        assert_eq!(shown(base), "https://h.example/v1");
        assert_eq!(shown("hidden"), "(no address)");
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for base in [
            "http://127.0.0.1:1",
            "http://localhost:11434/v1",
            "http://[::1]:9",
        ] {
            assert!(endpoint(base).is_loopback(), "{base}");
        }
        for base in ["http://10.0.0.1", "https://localhost.example"] {
            assert!(!endpoint(base).is_loopback(), "{base}");
        }
    }

    #[test]
    fn a_look_alike_host_is_not_of_a_domain() {
        assert!(endpoint("https://api.openai.com/v1").is_of("openai.com"));
        assert!(!endpoint("https://notopenai.com/v1").is_of("openai.com"));
    }
}
