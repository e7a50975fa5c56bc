//! Lines of a file, streaming, with bounded memory.

use std::io;

use crate::disk::DiskFile;
use crate::frame::MAX_LINE;

/// How much is read at once. 256 KiB measured the same; smaller costs system calls.
pub(crate) const CHUNK: usize = 64 << 10;

/// How a line ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// With its newline.
    Newline,
    /// With the file.
    Eof,
    /// Not within [`MAX_LINE`]; the rest up to the next newline is skipped.
    TooLong,
}

/// One line, without its newline.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'b> {
    pub(crate) offset: u64,
    pub(crate) bytes: &'b [u8],
    pub(crate) ending: Ending,
}

/// A reader of lines from `offset` on.
#[derive(Debug)]
pub(crate) struct Lines<'f> {
    file: &'f dyn DiskFile,
    buf: Vec<u8>,
    /// The unread part of `buf`.
    start: usize,
    filled: usize,
    /// The file's offset of `buf[start]`.
    offset: u64,
    skipping: bool,
}

impl<'f> Lines<'f> {
    pub(crate) fn new(file: &'f dyn DiskFile, offset: u64) -> Lines<'f> {
        Lines {
            file,
            buf: Vec::new(),
            start: 0,
            filled: 0,
            offset,
            skipping: false,
        }
    }

    /// The next line; `None` at the end of the file.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        if self.skipping && !self.skip()? {
            return Ok(None);
        }
        let Some((len, ending)) = self.find()? else {
            return Ok(None);
        };
        let (from, offset) = (self.start, self.offset);
        self.skipping = ending == Ending::TooLong;
        self.consume(len + usize::from(ending == Ending::Newline));
        Ok(Some(Line {
            offset,
            bytes: &self.buf[from..from + len],
            ending,
        }))
    }

    /// Length of the next line; it stands in the buffer from `start` on.
    fn find(&mut self) -> io::Result<Option<(usize, Ending)>> {
        let mut seen = 0;
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.buf[self.start + seen..self.filled]) {
                return Ok(Some((seen + at, Ending::Newline)));
            }
            seen = self.filled - self.start;
            if seen >= MAX_LINE {
                return Ok(Some((seen, Ending::TooLong)));
            }
            if self.fill()? == 0 {
                return Ok(if seen == 0 {
                    None
                } else {
                    Some((seen, Ending::Eof))
                });
            }
        }
    }

    /// Drops everything up to and including the next newline; false when there is none.
    fn skip(&mut self) -> io::Result<bool> {
        loop {
            match memchr::memchr(b'\n', &self.buf[self.start..self.filled]) {
                Some(at) => {
                    self.consume(at + 1);
                    self.skipping = false;
                    return Ok(true);
                }
                None => self.consume(self.filled - self.start),
            }
            if self.fill()? == 0 {
                return Ok(false);
            }
        }
    }

    fn consume(&mut self, bytes: usize) {
        self.start += bytes;
        self.offset += bytes as u64;
    }

    /// Reads on behind what is buffered; the buffer grows only when one line fills it.
    fn fill(&mut self) -> io::Result<usize> {
        if self.start > 0 {
            self.buf.copy_within(self.start..self.filled, 0);
            self.filled -= self.start;
            self.start = 0;
        }
        if self.filled == self.buf.len() {
            let room = if self.buf.is_empty() {
                self.first_chunk()?
            } else {
                self.buf.len()
            };
            self.buf.resize(self.buf.len() + room, 0);
        }
        let at = self.offset + self.filled as u64;
        let read = self.file.read_at(&mut self.buf[self.filled..], at)?;
        self.filled += read;
        Ok(read)
    }

    /// Following a log usually means reading a few hundred bytes: no reason to clear a whole chunk.
    fn first_chunk(&self) -> io::Result<usize> {
        let left = self.file.len()?.saturating_sub(self.offset);
        Ok(usize::try_from(left).unwrap_or(CHUNK).clamp(512, CHUNK - 1) + 1)
    }
}
