//! Where a request may go: a URL that is judged, and addresses that are judged before anything connects to them.
//!
//! A name is resolved once. The connection is made to the very addresses that were judged, so that a name which
//! resolves to something else a moment later gains nothing.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, ToSocketAddrs};

use reqwest::Url;

use super::{super::name::quoted, address};

/// Ports that pages are served at.
const PORTS: [u16; 4] = [80, 443, 8080, 8443];

/// Most bytes of a URL.
const LONGEST: usize = 2048;

/// A URL with the addresses that may be connected to for it.
#[derive(Debug)]
pub(super) struct Target {
    /// Judged by [`judge`].
    pub(super) url: Url,
    /// At least one.
    pub(super) addresses: Vec<SocketAddr>,
}

/// Reads a URL as a model wrote it.
pub(super) fn read(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|why| format!("{} is no URL: {why}", quoted(text)))?;
    judge(url)
}

/// The URL that a page at `from` redirects to.
pub(super) fn onward(from: &Url, location: &str) -> Result<Url, String> {
    let url = from.join(location);
    let url = url.map_err(|why| format!("{} is no URL: {why}", quoted(location)))?;
    let url = judge(url)?;
    if from.scheme() == "https" && url.scheme() == "http" {
        return Err(format!("{} is not encrypted any more", shown(&url)));
    }
    Ok(url)
}

/// A URL for people and models: one line, bounded.
pub(super) fn shown(url: &Url) -> String {
    let url = url.as_str();
    let most = 300;
    if url.len() <= most {
        return url.to_owned();
    }
    let cut: String = url.chars().take(most).collect();
    format!("{cut}…")
}

/// Whether it is one that pages have. A fragment is no part of a request and falls away.
fn judge(mut url: Url) -> Result<Url, String> {
    if !["http", "https"].contains(&url.scheme()) {
        let scheme = quoted(url.scheme());
        return Err(format!(
            "only http and https URLs can be read, not {scheme}"
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a URL must not carry a user's name or password".to_owned());
    }
    url.set_fragment(None);
    if url.as_str().len() > LONGEST {
        return Err(format!("the URL is longer than {LONGEST} bytes"));
    }
    Ok(url)
}

impl Target {
    /// Judges the port, resolves the name and judges the addresses.
    pub(super) fn find(url: Url, allow: &[String]) -> Result<Self, String> {
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or_default();
        let allowed = |at: &&Allowed| at.host == host && at.port.is_none_or(|own| own == port);
        let allow: Vec<Allowed> = allow.iter().filter_map(|at| Allowed::read(at)).collect();
        let allowed: Vec<&Allowed> = allow.iter().filter(allowed).collect();
        if !PORTS.contains(&port) && allowed.iter().all(|at| at.port.is_none()) {
            return Err(format!(
                "port {port} of {host} is not allowed; pages are read at ports 80, 443, 8080 and 8443"
            ));
        }
        let addresses = resolve(host, port)?;
        if allowed.is_empty() {
            addresses.iter().try_for_each(|at| public(host, at.ip()))?;
        }
        Ok(Self { url, addresses })
    }
}

/// One address that is not public is enough to refuse a name: which one is used is not for its owner to choose.
fn public(host: &str, address: IpAddr) -> Result<(), String> {
    let Some(what) = address::closed(address) else {
        return Ok(());
    };
    let resolves = if literal(host) == Some(address) {
        String::new()
    } else {
        format!("{host} resolves to ")
    };
    Err(format!(
        "{resolves}{address}, which is no public address ({what}); only what the operator allows is read there"
    ))
}

fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
    if let Some(address) = literal(host) {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let found = (host, port).to_socket_addrs();
    let found: Vec<_> = found
        .map_err(|why| format!("{host} cannot be resolved: {why}"))?
        .collect();
    if found.is_empty() {
        return Err(format!("{host} has no address"));
    }
    Ok(found)
}

/// The address that a URL's host spells. The URL's parser has already brought every spelling into this form.
fn literal(host: &str) -> Option<IpAddr> {
    let bare = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    bare.unwrap_or(host).parse().ok()
}

/// A host that an operator allows, spelt as URLs spell it.
#[derive(Debug)]
struct Allowed {
    host: String,
    port: Option<u16>,
}

impl Allowed {
    /// `None` for what names no host: it allows nothing.
    fn read(text: &str) -> Option<Self> {
        if text.parse::<Ipv6Addr>().is_ok() {
            return Self::read(&format!("[{text}]"));
        }
        let ported = text
            .rsplit_once(':')
            .and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
        let (host, port) = ported.map_or((text, None), |(host, port)| (host, Some(port)));
        let url = Url::parse(&format!("http://{host}")).ok()?;
        let is_bare = url.path() == "/"
            && url.port().is_none()
            && url.username().is_empty()
            && url.query().is_none()
            && url.fragment().is_none();
        let host = url.host_str().filter(|_| is_bare)?.to_owned();
        Some(Self { host, port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(url: &str, allow: &[&str]) -> Result<Target, String> {
        let allow: Vec<String> = allow.iter().map(|at| (*at).to_owned()).collect();
        Target::find(read(url)?, &allow)
    }

    fn refused(url: &str, allow: &[&str]) -> String {
        match find(url, allow) {
            Ok(target) => panic!("{url} leads to {:?}", target.addresses),
            Err(why) => why,
        }
    }

    #[test]
    fn only_plain_web_urls_are_read() {
        for (url, why) in [
            ("", "is no URL"),
            ("example.org", "is no URL"),
            ("http://", "is no URL"),
            ("file:///etc/passwd", "only http and https"),
            ("ftp://example.org/", "only http and https"),
            ("gopher://example.org/", "only http and https"),
            ("data:text/plain,x", "only http and https"),
            ("javascript:alert(1)", "only http and https"),
            ("http://user@example.org/", "name or password"),
            ("http://:word@example.org/", "name or password"),
            ("http://[::1", "is no URL"),
            ("http://256.256.256.256/", "is no URL"),
        ] {
            let told = read(url).expect_err(url);
            assert!(told.contains(why), "{url}: {told}");
        }
        let long = format!("http://example.org/{}", "x".repeat(LONGEST));
        assert!(read(&long).is_err_and(|why| why.contains("longer than")));
        let told = read(&"é ".repeat(1_000)).expect_err("no URL");
        assert!(told.len() < 300, "{told}");
    }

    #[test]
    fn a_fragment_is_not_sent() {
        let url = read(" http://EXAMPLE.org/a#b ").expect("a URL");
        assert_eq!(url.as_str(), "http://example.org/a");
    }

    #[test]
    fn every_spelling_of_an_address_is_judged() {
        for url in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0x7f.1/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://127.0.0.1./",
            "http://%31%32%37.0.0.1/",
            "http://１２７.０.０.１/",
            "http://[::1]/",
            "http://[0:0:0:0:0:0:0:1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://[::127.0.0.1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://[2002:7f00:1::]/",
            "http://0/",
            "http://0.0.0.0/",
            "http://169.254.169.254/latest/meta-data/",
            "http://0xa9fea9fe/",
            "http://10.0.0.1:8080/",
            "https://192.168.1.1/",
        ] {
            let why = refused(url, &[]);
            assert!(why.contains("no public address"), "{url}: {why}");
        }
        let public = find("https://0x08.0x08.0x08.0x08/", &[]).expect("a public address");
        assert_eq!(public.addresses, ["8.8.8.8:443".parse().unwrap()]);
        assert!(find("http://[2606:4700:4700::1111]:8080/", &[]).is_ok());
    }

    #[test]
    fn a_name_is_as_public_as_what_it_resolves_to() {
        for url in ["http://localhost/", "http://LOCALHOST:8080/"] {
            let why = refused(url, &[]);
            assert!(why.contains("localhost resolves to "), "{why}");
            assert!(why.contains("(loopback)"), "{why}");
        }
        assert!(refused("http://no.such.name.invalid/", &[]).contains("cannot be resolved"));
    }

    #[test]
    fn other_ports_are_for_hosts_that_are_allowed_with_them() {
        for port in [22, 25, 81, 6379, 65535] {
            let url = format!("http://8.8.8.8:{port}/");
            assert!(refused(&url, &[]).contains("is not allowed"));
            assert!(refused(&url, &["8.8.8.8"]).contains("is not allowed"));
            assert!(find(&url, &[&format!("8.8.8.8:{port}")]).is_ok());
        }
        for port in PORTS {
            assert!(find(&format!("http://8.8.8.8:{port}/"), &[]).is_ok());
        }
    }

    #[test]
    fn what_is_allowed_is_exactly_that_host_and_port() {
        for (url, allow) in [
            ("http://127.0.0.1:4000/", "127.0.0.1:4000"),
            ("http://2130706433:4000/", "127.0.0.1:4000"),
            ("http://127.0.0.1/", "127.0.0.1:80"),
            ("https://127.0.0.1/", "127.0.0.1:443"),
            ("http://127.0.0.1:8080/", "127.0.0.1"),
            ("http://localhost/", "LocalHost"),
            ("http://[::1]/", "::1"),
            ("http://[::1]/", "[::1]"),
            ("http://[::1]:4000/", "[0::1]:4000"),
        ] {
            assert!(find(url, &[allow]).is_ok(), "{url} with {allow}");
        }
        for (url, allow) in [
            ("http://127.0.0.1:4001/", "127.0.0.1:4000"),
            ("http://127.0.0.1/", "127.0.0.1:4000"),
            ("http://127.0.0.2/", "127.0.0.1"),
            ("http://localhost/", "127.0.0.1"),
            ("http://localhost/", "host"),
            ("http://127.0.0.1/", ""),
            ("http://127.0.0.1/", "*"),
            ("http://127.0.0.1/", "x@127.0.0.1"),
            ("http://127.0.0.1/", "127.0.0.1/a"),
            ("http://127.0.0.1/", "http://127.0.0.1"),
            ("http://127.0.0.1/", "127.0.0.1:99999"),
        ] {
            refused(url, &[allow]);
        }
    }

    #[test]
    fn a_redirect_never_leaves_the_web_nor_its_encryption() {
        let plain = read("http://example.org/a/b").expect("a URL");
        let tls = read("https://example.org/a/b").expect("a URL");
        let next = |from: &Url, to: &str| onward(from, to).map(|url| url.to_string());
        assert_eq!(next(&plain, "c").as_deref(), Ok("http://example.org/a/c"));
        assert_eq!(next(&plain, "//b.org").as_deref(), Ok("http://b.org/"));
        assert_eq!(
            next(&plain, "https://b.org").as_deref(),
            Ok("https://b.org/")
        );
        for to in ["file:///etc/passwd", "http://u:p@b.org/", "http://["] {
            assert!(next(&plain, to).is_err(), "{to}");
        }
        let why = next(&tls, "http://example.org/").expect_err("a downgrade");
        assert!(why.contains("not encrypted"), "{why}");
    }
}
