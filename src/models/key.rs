//! API keys: read where the settings say at the moment of a call, shown to nobody.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use reqwest::header::HeaderValue;

use super::{Failure, FailureClass, service::environment};

/// What stands where a key stood.
const REDACTED: &str = "[key]";

/// Bytes of a file that holds a key at most; more is not a key.
const FILE_CAP: u64 = 64 << 10;

/// The variable in which systemd names the directory of a service's credentials (systemd.exec(5)).
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Where a provider's key comes from. Holds names, never a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum KeyFrom {
    /// The endpoint wants no key.
    #[default]
    None,
    /// This environment variable.
    Env(String),
    /// This file, which nobody but its owner may read.
    File(PathBuf),
    /// This credential of the systemd service: `$CREDENTIALS_DIRECTORY/NAME`.
    Credential(String),
}

impl KeyFrom {
    /// Whether a key can be read there now, as a call would read it; where none is wanted, none can be missing.
    ///
    /// # Errors
    /// The [`Failure`] that a call would meet.
    pub fn check(&self) -> Result<(), Failure> {
        KeySource::new(self.clone(), environment()).read().map(drop)
    }

    /// The key as it is now with the name of where it is, if it can be read: to be taken out of texts.
    #[must_use]
    pub fn secret(&self) -> Option<(String, String)> {
        let key = KeySource::new(self.clone(), environment()).read().ok()??;
        Some((self.to_string(), key.0))
    }
}

impl fmt::Display for KeyFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("no key"),
            Self::Env(variable) => f.write_str(variable),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Credential(name) => write!(f, "${CREDENTIALS}/{name}"),
        }
    }
}

/// How a variable's value is found.
pub(super) type Lookup = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Reads keys.
#[derive(Clone)]
pub(super) struct KeySource {
    from: KeyFrom,
    lookup: Lookup,
}

impl KeySource {
    /// Keys from where `from` says; environment variables as `lookup` finds them.
    pub(super) fn new(from: KeyFrom, lookup: Lookup) -> Self {
        Self { from, lookup }
    }

    /// Where it reads.
    pub(super) fn from(&self) -> &KeyFrom {
        &self.from
    }

    /// The key as it is now.
    pub(super) fn read(&self) -> Result<Option<Key>, Failure> {
        let found = match &self.from {
            KeyFrom::None => return Ok(None),
            KeyFrom::Env(variable) => {
                (self.lookup)(variable).ok_or_else(|| "is not set".to_owned())
            }
            KeyFrom::File(path) => private(path),
            KeyFrom::Credential(name) => self.credential(name),
        };
        let value = found.map_err(|why| self.unusable(&why))?.trim().to_owned();
        if value.is_empty() {
            return Err(self.unusable("is empty"));
        }
        Ok(Some(Key(value)))
    }

    fn credential(&self, name: &str) -> Result<String, String> {
        if name.is_empty() || name.starts_with('.') || name.contains(['/', '\0']) {
            return Err("is no name of a credential".to_owned());
        }
        let directory = (self.lookup)(CREDENTIALS).ok_or_else(|| {
            format!("cannot be read because {CREDENTIALS} is not set (hint: LoadCredential= in the service's unit)")
        })?;
        // Its mode is systemd's business: an access list for the service's user looks like a group's right.
        let (_, text) = text_in(&Path::new(&directory).join(name))?;
        Ok(text)
    }

    /// The header value of this key after `prefix`, marked so that no library prints it.
    pub(super) fn header(&self, prefix: &str, key: &Key) -> Result<HeaderValue, Failure> {
        let mut value = HeaderValue::from_str(&format!("{prefix}{}", key.0))
            .map_err(|_| self.unusable("holds characters that no HTTP header can carry"))?;
        value.set_sensitive(true);
        Ok(value)
    }

    fn unusable(&self, why: &str) -> Failure {
        let from = &self.from;
        let what = match from {
            KeyFrom::None => "the key".to_owned(),
            KeyFrom::Env(_) => format!("the environment variable {from}"),
            KeyFrom::File(_) => format!("the key file {from}"),
            KeyFrom::Credential(_) => format!("the credential {from}"),
        };
        Failure {
            class: FailureClass::Authentication,
            message: format!("{what} {why}; hint: it must hold the provider's API key"),
            retry_after: None,
            maybe_billed: false,
        }
    }
}

/// The text of a file that only its owner may read.
fn private(path: &Path) -> Result<String, String> {
    let (file, text) = text_in(path)?;
    check_mode(&file).map(|()| text)
}

/// The text of a regular file; anything else could keep a call waiting for ever.
fn text_in(path: &Path) -> Result<(File, String), String> {
    let unreadable = |error: io::Error| format!("cannot be read: {error}");
    if !path.metadata().map_err(unreadable)?.is_file() {
        return Err("is not a regular file".to_owned());
    }
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    (&file)
        .take(FILE_CAP)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|_| "is not text".to_owned())?;
    Ok((file, text))
}

#[cfg(unix)]
fn check_mode(file: &File) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = file
        .metadata()
        .map_err(|e| format!("cannot be read: {e}"))?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(format!(
        "may be read by others (mode {mode:04o}; do chmod 600 and, if others could see it, replace the key)"
    ))
}

#[cfg(not(unix))]
fn check_mode(_: &File) -> Result<(), String> {
    Ok(())
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeySource").field(&self.from).finish()
    }
}

/// A key in use during one call.
pub(super) struct Key(String);

impl Key {
    /// `text` without this key in it.
    pub(super) fn scrub(&self, text: &str) -> String {
        text.replace(&self.0, REDACTED)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key([key])")
    }
}

#[cfg(test)]
mod tests;
