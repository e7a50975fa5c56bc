//! Text from a journal that nobody vouches for, made fit for a terminal.

use std::fmt::Write as _;

/// `text` on one line and without control characters: what stands in a damaged journal must not steer the
/// terminal of the person who looks at it.
#[must_use]
pub fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str(" ⏎ "),
            // Direction marks reorder what stands beside them on the line.
            c if c.is_control()
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
            {
                let _ = write!(out, "{}", c.escape_unicode());
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(one_line("a\nb"), "a ⏎ b");
        assert_eq!(one_line("\u{1b}[2J\u{202e}x"), "\\u{1b}[2J\\u{202e}x");
        assert_eq!(one_line("plan — naïve ✓"), "plan — naïve ✓");
    }
}
