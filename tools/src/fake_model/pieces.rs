//! Cutting text and bytes into the pieces in which they go out.

/// Pieces that a text goes out in, at least if it has as many characters.
const PIECES: usize = 4;

/// Bytes of the largest piece.
const LARGEST: usize = 64 * 1024;

/// The text in about [`PIECES`] pieces, more if it is very long; none if it is empty.
pub(super) fn of_text(text: &str) -> Vec<&str> {
    let size = size(text.len());
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = (size.min(rest.len())..=rest.len())
            .find(|at| rest.is_char_boundary(*at))
            .expect("the end of a text is a boundary");
        let (piece, others) = rest.split_at(end);
        pieces.push(piece);
        rest = others;
    }
    pieces
}

/// The bytes in about [`PIECES`] pieces.
pub(super) fn of_bytes(bytes: &[u8]) -> Vec<Vec<u8>> {
    fragments(bytes, size(bytes.len()))
}

/// The bytes in pieces of `size`, whatever they hold; 0 counts as 1.
pub(super) fn fragments(bytes: &[u8], size: usize) -> Vec<Vec<u8>> {
    bytes.chunks(size.max(1)).map(<[u8]>::to_vec).collect()
}

/// The first half of a text, by characters.
pub(super) fn half(text: &str) -> String {
    text.chars().take(text.chars().count() / 2).collect()
}

fn size(length: usize) -> usize {
    length.div_ceil(PIECES).clamp(1, LARGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_the_text_and_end_between_characters() {
        for text in ["", "a", "abcd", "äöüß€𝄞", "a longer text with words"] {
            let pieces = of_text(text);
            assert_eq!(pieces.concat(), text);
            assert!(pieces.iter().all(|piece| !piece.is_empty()), "{pieces:?}");
            assert!(pieces.len() <= PIECES);
        }
        assert_eq!(of_text("abcdefgh"), ["ab", "cd", "ef", "gh"]);
        assert_eq!(
            of_text(&"x".repeat(10 * LARGEST)).len(),
            10,
            "no piece is too large for a buffer"
        );
    }

    #[test]
    fn a_fragment_of_no_bytes_is_one_of_one() {
        assert_eq!(fragments(b"abc", 0), [b"a", b"b", b"c"]);
        assert_eq!(fragments(b"abc", 2), [&b"ab"[..], b"c"]);
    }
}
