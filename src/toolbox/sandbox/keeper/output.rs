//! What a command writes: the beginning and the end are kept, the middle is counted.

use std::collections::VecDeque;

/// Output as it comes.
pub(super) struct Output {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    /// Most bytes of each.
    half: usize,
    left_out: u64,
}

impl Output {
    /// Keeps this many bytes.
    pub(super) fn new(most: usize) -> Self {
        Self {
            head: Vec::new(),
            tail: VecDeque::new(),
            half: most / 2,
            left_out: 0,
        }
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        let (first, rest) = bytes.split_at(bytes.len().min(self.half - self.head.len()));
        self.head.extend_from_slice(first);
        // Of a piece that is longer than the tail only its end can stay.
        let (passed, last) = rest.split_at(rest.len().saturating_sub(self.half));
        let over = (self.tail.len() + last.len()).saturating_sub(self.half);
        self.tail.drain(..over);
        self.tail.extend(last);
        self.left_out += (passed.len() + over) as u64;
    }

    /// As text, and whether anything is missing.
    pub(super) fn text(mut self) -> (String, bool) {
        let tail = self.tail.make_contiguous();
        if self.left_out == 0 {
            self.head.extend_from_slice(tail);
            return (String::from_utf8_lossy(&self.head).into_owned(), false);
        }
        let text = format!(
            "{}\n[… {} bytes were not kept …]\n{}",
            String::from_utf8_lossy(&self.head),
            self.left_out,
            String::from_utf8_lossy(tail)
        );
        (text, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(most: usize, pieces: &[&[u8]]) -> (String, bool) {
        let mut output = Output::new(most);
        pieces.iter().for_each(|piece| output.add(piece));
        output.text()
    }

    #[test]
    fn what_fits_is_whole_and_of_the_rest_the_ends_stay() {
        assert_eq!(kept(8, &[]), (String::new(), false));
        assert_eq!(
            kept(8, &[b"abc", b"de", b"fgh"]),
            ("abcdefgh".into(), false)
        );
        let cut = |middle: u32, tail: &str| {
            (
                format!("abcd\n[… {middle} bytes were not kept …]\n{tail}"),
                true,
            )
        };
        assert_eq!(kept(8, &[b"abcdefghi"]), cut(1, "fghi"));
        assert_eq!(kept(8, &[b"abcde", b"fg", b"hijkl"]), cut(4, "ijkl"));
        assert_eq!(kept(8, &[b"abcdef", b"0123456789"]), cut(8, "6789"));
    }

    #[test]
    fn what_is_no_text_becomes_text() {
        assert_eq!(kept(8, &[b"a\xff\xc3", b"\xa9"]).0, "a\u{fffd}\u{e9}");
    }
}
