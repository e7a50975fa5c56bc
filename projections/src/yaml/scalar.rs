//! Strings as YAML scalars: plain where every reader agrees that it is a string, quoted elsewhere.

/// Writes a string so that it can stand after `key: ` on one line, and reads back as that string.
///
/// Plain when possible; in single quotes when a reader would take the plain form for something else (`'no'`,
/// `'3.10'`, `'2026-11-23'`, `'a: b'`); in double quotes with escapes when it holds line breaks or characters
/// that YAML cannot show. Not for use within `[…]` or `{…}`, where commas and brackets would need quotes too.
pub fn scalar(text: &str) -> String {
    if text.chars().any(needs_escape) {
        double_quoted(text)
    } else if is_plain(text) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

/// Writes a string in double quotes, which every place of a document admits.
pub(super) fn double_quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if needs_escape(c) => quoted.push_str(&escape(u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

fn escape(code: u32) -> String {
    match code {
        0..=0xff => format!("\\x{code:02X}"),
        0x100..=0xffff => format!("\\u{code:04X}"),
        _ => format!("\\U{code:08X}"),
    }
}

/// Characters outside YAML's printable set, and those it takes for a line break or a byte order mark.
fn needs_escape(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}

fn is_plain(text: &str) -> bool {
    starts_plain(text)
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !is_word_of_yaml(text)
        && !is_number(text)
        && !is_timestamp(text)
}

fn starts_plain(text: &str) -> bool {
    const INDICATORS: &str = " #,[]{}&*!|>'\"%@`";
    if text.starts_with("---") || text.starts_with("...") {
        return false;
    }
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (None, _) | (Some('-' | '?' | ':'), None | Some(' ')) => false,
        (Some(first), _) => !INDICATORS.contains(first),
    }
}

/// Nulls, booleans and special keys of YAML 1.1 and 1.2, in any case.
fn is_word_of_yaml(text: &str) -> bool {
    const WORDS: [&str; 13] = [
        "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", "<<", "=", ".nan",
    ];
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    unsigned.eq_ignore_ascii_case(".inf") || WORDS.iter().any(|w| text.eq_ignore_ascii_case(w))
}

/// Integers and floats of YAML 1.1 and 1.2: decimal, `0x`, `0o`, `0b`, with underscores, base 60, exponents.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = unsigned.strip_prefix(prefix) {
            return digits.chars().all(|c| c == '_' || c.is_digit(radix));
        }
    }
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    is_mantissa(mantissa) && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

fn is_mantissa(text: &str) -> bool {
    let first = text.strip_prefix('.').unwrap_or(text);
    first.starts_with(|c: char| c.is_ascii_digit())
        && text.matches('.').count() <= 1
        && text
            .chars()
            .all(|c| c.is_ascii_digit() || "._:".contains(c))
}

/// `2026-11-23`, alone or with a time of day in any of the forms that YAML 1.1 reads.
fn is_timestamp(text: &str) -> bool {
    let date_end = text.find(['T', 't', ' ']).unwrap_or(text.len());
    let (date, time) = text.split_at(date_end);
    let parts: Vec<&str> = date.split('-').collect();
    let [year, month, day] = parts[..] else {
        return false;
    };
    let digits = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
    };
    let is_date = year.len() == 4 && digits(year, 4) && digits(month, 2) && digits(day, 2);
    is_date
        && time
            .chars()
            .all(|c| c.is_ascii_digit() || "Tt Zz:.+-".contains(c))
}
