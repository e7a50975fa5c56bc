//! The arguments of a call as a model wrote them: JSON text that nobody checked. What is unknown is passed over; what
//! is missing or of the wrong kind is named, so that the model can put it right.

use serde_json::{Map, Value};

/// The fields that a model gave.
#[derive(Debug)]
pub(super) struct Arguments(Map<String, Value>);

impl Arguments {
    /// No text at all is as good as no fields.
    pub(super) fn read(tool: &str, text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self(Map::new()));
        }
        let why = |why: String| format!("the arguments of {tool} cannot be read: {why}");
        match serde_json::from_str(text) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(other) => Err(why(format!("expected an object, not {}", kind(&other)))),
            Err(error) => Err(why(error.to_string())),
        }
    }

    /// A text that may be left out.
    pub(super) fn text(&self, key: &str) -> Result<Option<&str>, String> {
        match self.0.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(wrong(key, "a text", other)),
        }
    }

    /// A text that must be there; it may be empty.
    pub(super) fn needed(&self, key: &str) -> Result<&str, String> {
        self.text(key)?.ok_or_else(|| format!("{key} is missing"))
    }

    /// The path of a file.
    pub(super) fn path(&self) -> Result<&str, String> {
        match self.text("path")? {
            None | Some("") => Err("path is missing; list_files shows the paths".to_owned()),
            Some(path) => Ok(path),
        }
    }

    /// The number of a line. Digits in a text are taken for the number that they are.
    pub(super) fn line(&self, key: &str) -> Result<Option<u64>, String> {
        let found = match self.0.get(key) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(digits)) => digits.trim().parse().ok(),
            Some(other) => other.as_u64(),
        };
        let needed = "a whole number from 1 on";
        found
            .map(Some)
            .ok_or_else(|| wrong(key, needed, &self.0[key]))
    }

    /// A choice that is not made unless it is said.
    pub(super) fn flag(&self, key: &str) -> Result<bool, String> {
        match self.0.get(key) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(set)) => Ok(*set),
            Some(other) => Err(wrong(key, "true or false", other)),
        }
    }
}

fn wrong(key: &str, needed: &str, found: &Value) -> String {
    format!("{key} must be {needed}, not {}", kind(found))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "this number",
        Value::String(_) => "this text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Arguments {
        Arguments::read("read_file", text).unwrap()
    }

    #[test]
    fn what_is_missing_or_of_the_wrong_kind_is_named() {
        let some = read(r#"{"path":3,"old":null,"all":"yes","from_line":-1,"more":[]}"#);
        assert_eq!(
            some.path().unwrap_err(),
            "path must be a text, not this number"
        );
        assert_eq!(some.needed("old").unwrap_err(), "old is missing");
        assert!(some.flag("all").unwrap_err().starts_with("all must be"));
        let line = some.line("from_line").unwrap_err();
        assert!(line.starts_with("from_line must be a whole number"));
    }

    #[test]
    fn no_text_is_as_good_as_no_fields() {
        assert_eq!(read(" \n").text("path"), Ok(None));
        assert_eq!(read(r#"{"from_line":" 7"}"#).line("from_line"), Ok(Some(7)));
    }
}
