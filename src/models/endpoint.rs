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
    /// `path` below `base`. A base that already ends in `path` is taken as it is; a query stays with the
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
        let below = url.path().trim_end_matches('/').to_owned();
        if !below.ends_with(path) {
            url.set_path(&format!("{below}{path}"));
        }
        url.set_fragment(None);
        let mut shown = url.clone();
        shown.set_query(None);
        Ok(Self {
            label: shown.to_string(),
            url,
        })
    }

    /// What to ask.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// What to show people: no query.
    pub(super) fn label(&self) -> &str {
        &self.label
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
