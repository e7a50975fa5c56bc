//! Values as text, in block style, byte for byte the same for the same value.

use super::{
    Mapping, Number, Value,
    scalar::{double_quoted, scalar},
};

/// Longest key that may stand before its colon; YAML reads no longer one without a `?`.
const MAX_SIMPLE_KEY: usize = 1024;

/// Writes a value as a document that ends with a line break. Mappings keep their order, sequences stand at the
/// margin of their key, strings are those of [`scalar`]. Nothing is wrapped.
pub fn emit(value: &Value) -> String {
    let mut out = String::new();
    node(&mut out, value, 0);
    out
}

/// Writes a value on one line: in the flow style, but for text alone, which is that of [`scalar`].
pub fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Sequence(_)
        | Value::Mapping(_)
        | Value::Tagged(_) => inline(value),
    }
}

/// Writes a value on one line, in the flow style.
pub(super) fn inline(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number_text(number),
        Value::String(text) => double_quoted(text),
        Value::Sequence(items) => {
            let items: Vec<String> = items.iter().map(inline).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Mapping(entries) => {
            let pair =
                |(key, value): (&Value, &Value)| format!("{}: {}", inline(key), inline(value));
            let entries: Vec<String> = entries.iter().map(pair).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Tagged(tagged) => inline(&tagged.value),
    }
}

/// Writes a value where the line is already at column `indent`.
fn node(out: &mut String, value: &Value, indent: usize) {
    match value {
        Value::Mapping(entries) if !entries.is_empty() => mapping(out, entries, indent),
        Value::Sequence(items) if !items.is_empty() => sequence(out, items, indent),
        // `parse_value` refuses tags, so only a value built by hand has one; its content is what we can read.
        Value::Tagged(tagged) => node(out, &tagged.value, indent),
        Value::String(text) => line(out, &scalar(text)),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Sequence(_)
        | Value::Mapping(_) => {
            line(out, &inline(value));
        }
    }
}

fn mapping(out: &mut String, entries: &Mapping, indent: usize) {
    for (index, (key, value)) in entries.iter().enumerate() {
        if index > 0 {
            pad(out, indent);
        }
        write_key(out, key, indent);
        match value {
            Value::Sequence(items) if !items.is_empty() => below(out, value, indent),
            Value::Mapping(entries) if !entries.is_empty() => below(out, value, indent + 2),
            Value::Tagged(tagged) => line(out, &format!(" {}", inline(&tagged.value))),
            _ => {
                out.push(' ');
                node(out, value, indent);
            }
        }
    }
}

fn write_key(out: &mut String, key: &Value, indent: usize) {
    let simple = match key {
        Value::String(text) => Some(scalar(text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => Some(inline(key)),
        Value::Sequence(_) | Value::Mapping(_) | Value::Tagged(_) => None,
    };
    match simple.filter(|text| text.len() < MAX_SIMPLE_KEY) {
        Some(text) => out.push_str(&text),
        None => {
            out.push_str("? ");
            line(out, &inline(key));
            pad(out, indent);
        }
    }
    out.push(':');
}

fn sequence(out: &mut String, items: &[Value], indent: usize) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            pad(out, indent);
        }
        out.push_str("- ");
        node(out, item, indent + 2);
    }
}

fn below(out: &mut String, value: &Value, indent: usize) {
    out.push('\n');
    pad(out, indent);
    node(out, value, indent);
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

fn pad(out: &mut String, indent: usize) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// Floats always show a point, and a sign in the exponent: without them PyYAML reads a string.
fn number_text(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.is_finite() => {
            let text = format!("{float:?}");
            let Some((mantissa, exponent)) = text.split_once('e') else {
                return text;
            };
            let point = if mantissa.contains('.') { "" } else { ".0" };
            let sign = if exponent.starts_with('-') { "" } else { "+" };
            format!("{mantissa}{point}e{sign}{exponent}")
        }
        _ => number.to_string(),
    }
}
