//! Durations, amounts of money and the words that refuse them.

use std::time::Duration;

use projections::yaml::{Number, Value};

/// Instead of a value: what fits is chosen by the program.
pub(super) const AUTO: &str = "auto";

/// Micro-dollars in a dollar.
const MICROS: u64 = 1_000_000;
/// Largest amount that is taken for one, in dollars.
const MAX_DOLLARS: u64 = 1_000_000_000;

/// Reads `250ms`, `600s`, `10m` or `1h`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (digits, unit) = text.split_at(end);
    let count: u64 = digits.parse().ok()?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    Some(Duration::from_millis(count.checked_mul(millis)?))
}

/// A duration as it is written in a file, in the largest unit that keeps it whole.
pub(super) fn span(duration: Duration) -> String {
    let millis = duration.as_millis();
    let units = [("h", 3_600_000), ("m", 60_000), ("s", 1_000)];
    let unit = units
        .into_iter()
        .find(|(_, length)| millis > 0 && millis.is_multiple_of(*length));
    let (name, length) = unit.unwrap_or(("ms", 1));
    format!("{}{name}", millis / length)
}

/// Dollars as whole micro-dollars, exactly: the decimal digits are counted, not multiplied.
pub(super) fn micro_dollars(number: &Number) -> Result<u64, String> {
    let text = number
        .as_f64()
        .filter(|_| number.is_f64())
        .map_or_else(|| number.to_string(), |float| float.to_string());
    if text.starts_with('-') {
        return Err(format!("{text} is negative"));
    }
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    if decimals.len() > 6 {
        return Err(format!(
            "{text} has more than six decimals; the smallest amount is 0.000001"
        ));
    }
    let digits = format!("{decimals:0<6}");
    match (whole.parse::<u64>(), digits.parse::<u64>()) {
        (Ok(whole), Ok(micros)) if whole < MAX_DOLLARS => Ok(whole * MICROS + micros),
        _ => Err(format!(
            "{text} is not an amount of dollars below {MAX_DOLLARS}"
        )),
    }
}

/// Whether text has the form of an environment variable's name, `[A-Z_][A-Z0-9_]*`.
pub(super) fn is_variable(text: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_uppercase() || c == '_';
    text.starts_with(is_letter) && text.chars().all(|c| is_letter(c) || c.is_ascii_digit())
}

/// A name of a model or a producer: it stands in paths, ledgers and messages.
pub(super) fn is_name(text: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    (1..=64).contains(&text.len()) && text.chars().all(is_allowed)
}

/// A value as a message shows it: short, and without what may be a secret.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => shown_text(text),
        Value::Sequence(items) if items.is_empty() => "an empty list".to_owned(),
        Value::Sequence(_) => "a list".to_owned(),
        Value::Mapping(_) => "a mapping".to_owned(),
        Value::Tagged(_) => "a tagged value".to_owned(),
    }
}

/// Text in quotes, cut after 60 characters, or a stand-in where it may be a key.
pub(super) fn shown_text(text: &str) -> String {
    if may_be_secret(text) {
        return "a text that may be a key".to_owned();
    }
    let short: String = text.chars().take(60).collect();
    format!("{short:?}")
}

fn may_be_secret(text: &str) -> bool {
    let has_digit = text.contains(|c: char| c.is_ascii_digit());
    let is_dense = |word: &str| word.len() >= 20 && !word.contains(['/', '.']);
    text.split_whitespace()
        .any(|word| word.starts_with("sk-") || word.contains('@') || (has_digit && is_dense(word)))
}
