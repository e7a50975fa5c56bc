//! Cutting text where a character ends.

/// The most bytes of `text`, at most `most`, that end with a character.
pub(super) fn floor(text: &str, most: usize) -> usize {
    if most >= text.len() {
        return text.len();
    }
    let ends = |at: &usize| text.is_char_boundary(*at);
    (0..=most).rev().find(ends).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_character_is_cut_in_two() {
        for (most, bytes) in [
            (0, 0),
            (1, 1),
            (2, 1),
            (3, 3),
            (5, 3),
            (6, 6),
            (7, 7),
            (9, 7),
        ] {
            assert_eq!(floor("aé€b", most), bytes, "{most}");
        }
        assert_eq!(floor("", 4), 0);
    }
}
