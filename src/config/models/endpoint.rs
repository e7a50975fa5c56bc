//! Where a provider listens, as whom it is asked, and which extra headers it is sent.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::{
    catalog::{self, Known},
    config::{
        reader::{Field, Section},
        values::{is_name, is_variable},
    },
};

/// Where a provider listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// `http(s)://…` without a slash at its end, perhaps with a query; the provider's own when the file names none.
    pub base_url: String,
    /// Where its key is. When the file does not say, the provider's customary variable, but only at the provider's
    /// own address: a key is never sent to a stranger by default.
    pub key: KeyFrom,
}

/// Where a key is. Never the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyFrom {
    /// In the environment variable of that name.
    Env(String),
    /// In that file, whose path is absolute and which only its owner may read.
    File(PathBuf),
    /// In `$CREDENTIALS_DIRECTORY/NAME`, where systemd puts credentials.
    Credential(String),
    /// Nowhere: none is sent.
    None,
}

impl Endpoint {
    /// A provider's own.
    pub(super) fn of(known: &Known) -> Self {
        Self {
            base_url: known.base_url.to_owned(),
            key: customary(Some(known), known.base_url),
        }
    }

    /// The environment variable that holds the key, if one does.
    pub fn api_key_env(&self) -> Option<&str> {
        match &self.key {
            KeyFrom::Env(name) => Some(name),
            KeyFrom::File(_) | KeyFrom::Credential(_) | KeyFrom::None => None,
        }
    }
}

/// Who is behind an address: the provider whose own host it is; else the one that the file names, unless that is
/// `openai`, whose protocol many strangers speak.
pub(in crate::config) fn behind(named: &'static Known, base_url: &str) -> Option<&'static Known> {
    catalog::of_host(base_url).or_else(|| (named.prefix != "openai").then_some(named))
}

/// Reads `base_url`, `api_key_env` and `api_key_file`.
pub(super) fn read(section: &Section<'_>, named: &'static Known) -> Endpoint {
    let base_url = section
        .read("base_url", read_url)
        .unwrap_or_else(|| named.base_url.to_owned());
    let env = section.read("api_key_env", read_variable);
    let file = section.read("api_key_file", read_file);
    if section.has("api_key_env") && section.has("api_key_file") {
        section.note(
            "api_key_file",
            "stands beside api_key_env; keep one of them",
        );
    }
    let written = env.map(KeyFrom::Env).or(file);
    let key = written.unwrap_or_else(|| customary(behind(named, &base_url), &base_url));
    Endpoint { base_url, key }
}

fn customary(known: Option<&Known>, base_url: &str) -> KeyFrom {
    known
        .filter(|known| known.owns(base_url))
        .and_then(|known| known.api_key_env)
        .map_or(KeyFrom::None, |name| KeyFrom::Env(name.to_owned()))
}

/// Neither this nor the readers of keys echo the value: all are places where people paste keys.
fn read_url(field: &Field<'_>) -> Option<String> {
    let url = field.text()?.trim_end_matches('/');
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    let host = rest
        .and_then(|rest| rest.split(['/', '?', '#']).next())
        .unwrap_or_default();
    if host.is_empty() || url.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\') {
        field.fault("is not a URL; write e.g. https://openrouter.ai/api/v1");
        return None;
    }
    if host.contains('@') || url.contains('#') {
        field.fault("holds more than scheme, host, path and query; a key belongs in the environment, see api_key_env");
        return None;
    }
    Some(url.to_owned())
}

fn read_variable(field: &Field<'_>) -> Option<String> {
    let name = field.value.as_str().filter(|name| is_variable(name));
    if name.is_none() {
        field.fault("is not the name of an environment variable such as OPENROUTER_API_KEY; the key itself belongs in the environment (the value is not shown here)");
    }
    name.map(str::to_owned)
}

fn read_file(field: &Field<'_>) -> Option<KeyFrom> {
    let text = field.value.as_str().unwrap_or_default();
    let credential = text.strip_prefix("credential:");
    let key = match credential {
        Some(name) => is_file_name(name).then(|| KeyFrom::Credential(name.to_owned())),
        None => is_path(text).then(|| KeyFrom::File(PathBuf::from(text))),
    };
    if key.is_none() {
        field.fault("is neither the absolute path of a file that holds the key nor credential:NAME; the key itself belongs in that file (the value is not shown here)");
    }
    key
}

fn is_path(text: &str) -> bool {
    Path::new(text).is_absolute() && !text.contains(char::is_control) && !text.ends_with('/')
}

fn is_file_name(name: &str) -> bool {
    is_name(name) && name != "." && name != ".."
}

/// Headers that the program writes itself.
const OWN: [&str; 10] = [
    "accept",
    "accept-encoding",
    "anthropic-version",
    "connection",
    "content-length",
    "content-type",
    "host",
    "idempotency-key",
    "transfer-encoding",
    "user-agent",
];
/// What a header's name is made of when its value is a secret.
const SECRET_PARTS: [&str; 11] = [
    "apikey",
    "auth",
    "authorization",
    "cookie",
    "credential",
    "credentials",
    "key",
    "password",
    "secret",
    "session",
    "token",
];
/// Longest value of a header, in bytes.
const LONGEST_HEADER: usize = 1024;

/// Reads `headers:`. Names are kept in lower case.
pub(super) fn read_headers(field: &Field<'_>) -> BTreeMap<String, String> {
    let mut headers = BTreeMap::new();
    for (key, entry) in field.entries().unwrap_or_default() {
        let name = key.as_str().unwrap_or_default().to_ascii_lowercase();
        match fault_of_header(&name, &entry) {
            Some(problem) => entry.fault(problem),
            None if headers.contains_key(&name) => entry.fault("stands here twice"),
            None => {
                let value = entry.value.as_str().unwrap_or_default();
                headers.insert(name, value.to_owned());
            }
        }
    }
    headers
}

/// Whether a name in lower case is one that secrets have.
fn is_secret_name(name: &str) -> bool {
    name.split(['-', '_', '.'])
        .any(|part| SECRET_PARTS.contains(&part))
}

fn fault_of_header(name: &str, entry: &Field<'_>) -> Option<&'static str> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let value = entry.value.as_str().map(str::trim).unwrap_or_default();
    let is_plain = |byte: u8| (b' '..=b'~').contains(&byte);
    if name.is_empty() || name.len() > 64 || !name.chars().all(is_token) {
        Some("is not the name of a header")
    } else if OWN.contains(&name) {
        Some("is a header that the program writes itself; remove it")
    } else if is_secret_name(name) {
        Some("is a header for secrets; name the key's place in api_key_env or api_key_file instead")
    } else if value.is_empty() || value.len() > LONGEST_HEADER || !value.bytes().all(is_plain) {
        Some("is not the value of a header; write text of plain ASCII")
    } else if may_be_key(value) {
        Some(
            "looks like a secret; name the key's place in api_key_env or api_key_file instead (the value is not shown here)",
        )
    } else {
        None
    }
}

/// Whether a header's value looks like a key: it begins as keys do, or holds a long word of letters and digits.
/// Dates and versions within dashes, as in names of beta features, do not make one.
fn may_be_key(value: &str) -> bool {
    let begins = [
        "sk-", "gsk_", "xai-", "AIza", "Bearer ", "bearer ", "Basic ", "basic ",
    ];
    let is_dense = |word: &str| {
        let holds = |test: fn(&char) -> bool| word.chars().any(|c| test(&c));
        word.len() >= 20 && holds(char::is_ascii_digit) && holds(char::is_ascii_alphabetic)
    };
    begins.iter().any(|start| value.starts_with(start))
        || value
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(is_dense)
}
