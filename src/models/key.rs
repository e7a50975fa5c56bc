//! API keys: read from the environment at the moment of a call, shown to nobody.

use std::{fmt, sync::Arc};

use reqwest::header::HeaderValue;

use super::{Failure, FailureClass};

/// What stands where a key stood.
const REDACTED: &str = "[key]";

/// How a variable's value is found.
type Lookup = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Where a provider's key comes from. Holds the variable's name, never its value.
#[derive(Clone)]
pub(super) struct KeySource {
    variable: Option<String>,
    lookup: Lookup,
}

impl KeySource {
    /// Keys from `variable` as `lookup` finds it; `None` means that the endpoint wants no key.
    pub(super) fn new(variable: Option<String>, lookup: Lookup) -> Self {
        Self { variable, lookup }
    }

    /// The key as it is now.
    pub(super) fn read(&self) -> Result<Option<Key>, Failure> {
        let Some(variable) = &self.variable else {
            return Ok(None);
        };
        match (self.lookup)(variable).map(|value| value.trim().to_owned()) {
            Some(value) if !value.is_empty() => Ok(Some(Key(value))),
            Some(_) | None => Err(missing(variable, "is not set")),
        }
    }

    /// The header that carries this key, marked so that no library prints it.
    pub(super) fn bearer(&self, key: &Key) -> Result<HeaderValue, Failure> {
        let variable = self.variable.as_deref().unwrap_or("api_key_env");
        let mut value = HeaderValue::from_str(&format!("Bearer {}", key.0))
            .map_err(|_| missing(variable, "holds characters that no HTTP header can carry"))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variable = self.variable.as_deref().unwrap_or("none");
        f.debug_tuple("KeySource").field(&variable).finish()
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

fn missing(variable: &str, why: &str) -> Failure {
    Failure {
        class: FailureClass::Authentication,
        message: format!(
            "the environment variable {variable} {why}; hint: it must hold the provider's API key"
        ),
        retry_after: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(value: Option<&'static str>) -> KeySource {
        let lookup = move |_: &str| value.map(str::to_owned);
        KeySource::new(Some("SOME_KEY".into()), Arc::new(lookup))
    }

    #[test]
    fn a_missing_or_blank_key_names_its_variable() {
        for value in [None, Some(""), Some(" \n")] {
            let failure = source(value).read().unwrap_err();
            assert_eq!(failure.class, FailureClass::Authentication);
            assert!(failure.message.contains("SOME_KEY"));
        }
    }

    #[test]
    fn a_trailing_newline_is_not_part_of_a_key() {
        let source = source(Some("sk-1\n"));
        let key = source.read().unwrap().unwrap();
        assert_eq!(source.bearer(&key).unwrap(), "Bearer sk-1");
    }

    #[test]
    fn a_key_that_no_header_carries_is_named_by_its_variable_only() {
        let source = source(Some("sk-\u{1}secret"));
        let key = source.read().unwrap().unwrap();
        let failure = source.bearer(&key).unwrap_err();
        assert!(failure.message.contains("SOME_KEY") && !failure.message.contains("secret"));
    }

    #[test]
    fn debug_shows_no_key() {
        let source = source(Some("sk-secret"));
        let key = source.read().unwrap().unwrap();
        let shown = format!("{source:?} {key:?} {:?}", source.bearer(&key).unwrap());
        assert!(!shown.contains("sk-secret"), "{shown}");
    }
}
