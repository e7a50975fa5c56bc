//! Which paths a model may ask for, by their text alone. It says nothing about what is on the disk; `tree.rs` holds
//! that.

/// Longest path, in bytes.
const MAX_PATH: usize = 1024;
/// Longest part between two `/`, in bytes: what file systems take.
const MAX_PART: usize = 255;

/// The parts of a path below a root; none for the root itself.
///
/// A `./` before and a `/` behind are passed over. Every other part must be a plain name: not empty, not `..`, not
/// beginning with a dot (hidden), `-` (an option) or `~` (a home), not ending with a dot, without white space at its
/// ends, without control characters, invisible direction marks, backslashes and colons.
pub(super) fn parts(path: &str) -> Result<Vec<&str>, String> {
    if path.starts_with('/') {
        return Err("it is absolute; paths here begin at the workspace, without a /".to_owned());
    }
    if path.len() > MAX_PATH {
        return Err(format!("it is longer than {MAX_PATH} bytes"));
    }
    let mut rest = path;
    while let Some(after) = rest.strip_prefix("./") {
        rest = after;
    }
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.is_empty() || rest == "." {
        return Ok(Vec::new());
    }
    rest.split('/').map(checked).collect()
}

/// Whether a name on the disk is one that a model may ask for.
pub(super) fn is_plain(part: &str) -> bool {
    checked(part).is_ok()
}

fn checked(part: &str) -> Result<&str, String> {
    let why = match part {
        "" => "a part of it is empty",
        "." | ".." => "it goes up or nowhere (`.` and `..` are not followed)",
        _ if part.len() > MAX_PART => "a part of it is longer than 255 bytes",
        _ if part.starts_with('.') => "hidden names (a leading dot) are out of reach",
        _ if part.starts_with(['-', '~']) => "a part of it begins with - or ~",
        _ if part.ends_with('.') => "a part of it ends with a dot",
        _ if part.trim() != part => "a part of it begins or ends with white space",
        _ if part.contains(is_refused) => {
            "it has a control character, a direction mark, a backslash or a colon in it"
        }
        _ => return Ok(part),
    };
    Err(why.to_owned())
}

fn is_refused(c: char) -> bool {
    let turns_text = matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
    c.is_control() || turns_text || matches!(c, '\\' | ':' | '\u{feff}')
}

/// Foreign text in a message: one line, bounded.
pub(super) fn quoted(text: &str) -> String {
    let cut: String = text.chars().take(80).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    format!("{cut:?}{more}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_path_is_its_parts() {
        assert_eq!(parts("a/b c.md"), Ok(vec!["a", "b c.md"]));
        assert_eq!(parts("././a/"), Ok(vec!["a"]));
        for root in ["", ".", "./", "./."] {
            assert_eq!(parts(root), Ok(vec![]), "{root:?}");
        }
    }

    #[test]
    fn whatever_could_lead_elsewhere_or_deceive_is_refused() {
        for path in [
            "/",
            "/etc/passwd",
            "..",
            "a/..",
            "a/../b",
            "../a",
            "a//b",
            "a/./b",
            ".git/config",
            "a/.env",
            "-rf",
            "~/x",
            "a.",
            "a ",
            " a",
            "a\nb",
            "a\0b",
            "a\u{202e}b",
            "a\u{2067}",
            "\u{feff}a",
            "C:x",
            "a\\b",
            "./..",
            "a/..//",
            "//",
            "\u{7f}",
        ] {
            assert!(parts(path).is_err(), "{path:?}");
        }
        assert!(parts(&"x".repeat(256)).is_err());
        assert!(parts(&"x/".repeat(600)).is_err());
    }
}
