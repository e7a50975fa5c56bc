//! The index file: a cache, written whole and read with distrust.
//!
//! ```text
//!  header   magic 8, version 4, form 4, zeros to 64
//!  rows     embedder, ids, a record a row                         ┐
//!  first    dense: codes in blocks    sparse: postings            │ each padded to 64
//!  second   dense: vectors            sparse: dictionary          │
//!  third    dense: nothing            sparse: lengths             ┘
//!  table    where each section begins and ends, dimensions, slots ┐ 96 + 32
//!  seal     BLAKE3 of all before                                  ┘
//! ```
//!
//! All numbers are little-endian. The seal is checked when the file is opened; from then on it is read through the same
//! handle, which an exchange of the file does not touch.

use std::{
    fs,
    fs::File,
    io::{self, BufWriter, Read, Seek, SeekFrom, Write},
    ops::Range,
    path::Path,
};

use super::{Form, Rows, records};
use crate::memory::folder;

/// Version of the format. 1: the first.
const VERSION: u32 = 1;

const MAGIC: [u8; 8] = *b"MODINDEX";
const ALIGN: u64 = 64;
const SECTIONS: usize = 4;
const TABLE: usize = 96;
const SEAL: usize = 32;

/// How much is read at once where all is read.
const CHUNK: usize = 256 << 10;

/// An index that is as it was written.
pub(in crate::memory) struct Opened {
    pub(in crate::memory) embedder: String,
    pub(in crate::memory) form: Form,
    pub(in crate::memory) dimensions: usize,
    pub(in crate::memory) rows: Rows,
    /// Which file it was: another one when it is exchanged.
    pub(in crate::memory) stamp: u64,
    pub(in crate::memory) seal: Seal,
    pub(in crate::memory) length: u64,
    pub(super) slots: u32,
    pub(super) sections: [Range<u64>; SECTIONS],
    pub(super) file: Source,
}

/// Why there is no index to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::memory) enum Unusable {
    Missing,
    /// A fragment that says why.
    Damaged(String),
    /// It is whole, and another embedder's; a fragment that says so.
    Foreign(String),
}

/// The file, read at places.
pub(super) struct Source(File);

/// What names the content of a file.
pub(in crate::memory) type Seal = [u8; SEAL];

impl Opened {
    /// Opens the file and checks all of it; of one that bears the `known` seal, the seal alone.
    pub(in crate::memory) fn open(path: &Path, known: Option<&Seal>) -> Result<Self, Unusable> {
        let damaged = |why: String| Unusable::Damaged(why);
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Unusable::Missing,
            _ => Unusable::Damaged(error.to_string()),
        };
        if !fs::metadata(path).map_err(failed)?.is_file() {
            return Err(damaged("it is not a regular file".to_owned()));
        }
        let file = File::open(path).map_err(failed)?;
        let meta = file.metadata().map_err(failed)?;
        let (stamp, length) = (folder::stamp(&meta), meta.len());
        let file = Source(file);
        let form = header(&file, length)?;
        let (table, seal) = tail(&file, length).map_err(failed)?;
        if known != Some(&seal) && checked(&file, length).map_err(failed)? != seal {
            return Err(damaged("its checksum does not fit its content".to_owned()));
        }
        let (sections, dimensions, slots) = laid_out(&table, length)
            .ok_or_else(|| damaged("its sections are out of order".to_owned()))?;
        let bytes = file.bytes(&sections[0]).map_err(failed)?;
        let (embedder, rows) = records::decode(&bytes, slots)
            .filter(|(_, rows)| slots as usize <= rows.len())
            .ok_or_else(|| damaged("its rows contradict each other".to_owned()))?;
        Ok(Self {
            embedder,
            form,
            dimensions,
            rows,
            stamp,
            seal,
            length,
            slots,
            sections,
            file,
        })
    }
}

fn header(file: &Source, length: u64) -> Result<Form, Unusable> {
    let damaged = |why: &str| Unusable::Damaged(why.to_owned());
    let mut header = [0; ALIGN as usize];
    if length < ALIGN + (TABLE + SEAL) as u64 || file.read_at(0, &mut header).is_err() {
        return Err(damaged("it is cut off"));
    }
    if header[..8] != MAGIC {
        return Err(damaged("it is no index"));
    }
    let version = number(&header, 8);
    if version != VERSION {
        return Err(Unusable::Damaged(format!(
            "it is of version {version}; this program reads version {VERSION}"
        )));
    }
    match number(&header, 12) {
        0 => Ok(Form::Dense),
        1 => Ok(Form::Sparse),
        _ => Err(damaged("its form is unknown")),
    }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    let bytes = bytes[at..]
        .first_chunk()
        .expect("within the header or table");
    u32::from_le_bytes(*bytes)
}

fn tail(file: &Source, length: u64) -> io::Result<([u8; TABLE], Seal)> {
    let (mut table, mut seal) = ([0; TABLE], [0; SEAL]);
    file.read_at(length - (TABLE + SEAL) as u64, &mut table)?;
    file.read_at(length - SEAL as u64, &mut seal)?;
    Ok((table, seal))
}

fn checked(file: &Source, length: u64) -> io::Result<Seal> {
    let mut hasher = blake3::Hasher::new();
    let mut stream = file.stream(0..length - SEAL as u64);
    loop {
        let chunk = stream.fill(1)?;
        if chunk.is_empty() {
            return Ok(*hasher.finalize().as_bytes());
        }
        hasher.update(chunk);
        let read = chunk.len();
        stream.consume(read);
    }
}

/// The sections, dimensions and slots that a table tells, if they can be.
fn laid_out(table: &[u8; TABLE], length: u64) -> Option<([Range<u64>; SECTIONS], usize, u32)> {
    let long = |at: usize| {
        table[at..]
            .first_chunk()
            .map(|bytes| u64::from_le_bytes(*bytes))
    };
    let mut sections = [const { 0..0 }; SECTIONS];
    let mut before = ALIGN;
    for (n, section) in sections.iter_mut().enumerate() {
        *section = long(n * 16)?..long(n * 16 + 8)?;
        if section.start != before || section.end < section.start || section.end > length {
            return None;
        }
        before = section.end.next_multiple_of(ALIGN);
    }
    if before + (TABLE + SEAL) as u64 != length {
        return None;
    }
    let dimensions = usize::try_from(number(table, 64)).ok()?;
    Some((sections, dimensions, number(table, 68)))
}

impl Source {
    pub(super) fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        let mut file = &self.0;
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(into)
    }

    pub(super) fn bytes(&self, range: &Range<u64>) -> io::Result<Vec<u8>> {
        let length = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
        let mut bytes = vec![0; length];
        self.read_at(range.start, &mut bytes)?;
        Ok(bytes)
    }

    pub(super) fn stream(&self, range: Range<u64>) -> Stream<'_> {
        Stream {
            source: self,
            rest: range,
            buffer: Vec::new(),
            from: 0,
        }
    }
}

/// A range of the file from its beginning to its end.
pub(super) struct Stream<'a> {
    source: &'a Source,
    rest: Range<u64>,
    buffer: Vec<u8>,
    from: usize,
}

impl Stream<'_> {
    /// What is next, at least so many bytes, fewer only at the end.
    pub(super) fn fill(&mut self, least: usize) -> io::Result<&[u8]> {
        let held = self.buffer.len() - self.from;
        if held < least && self.rest.start < self.rest.end {
            self.buffer.drain(..self.from);
            self.from = 0;
            let left = self.rest.end - self.rest.start;
            let more = left.min((least - held).max(CHUNK) as u64);
            let more = usize::try_from(more).map_err(io::Error::other)?;
            self.buffer.resize(held + more, 0);
            self.source
                .read_at(self.rest.start, &mut self.buffer[held..])?;
            self.rest.start += more as u64;
        }
        Ok(&self.buffer[self.from..])
    }

    pub(super) fn consume(&mut self, bytes: usize) {
        self.from += bytes;
    }

    /// Exactly so many bytes.
    pub(super) fn take(&mut self, bytes: usize) -> io::Result<&[u8]> {
        if self.fill(bytes)?.len() < bytes {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.from += bytes;
        Ok(&self.buffer[self.from - bytes..self.from])
    }
}

/// Writes an index, section by section.
pub(super) struct Sink<'a> {
    out: BufWriter<Hashed<'a>>,
    at: u64,
    sections: Vec<Range<u64>>,
}

struct Hashed<'a> {
    out: &'a mut dyn Write,
    hasher: blake3::Hasher,
}

impl<'a> Sink<'a> {
    pub(super) fn new(out: &'a mut dyn Write, form: Form) -> io::Result<Self> {
        let hasher = blake3::Hasher::new();
        let mut sink = Self {
            out: BufWriter::with_capacity(CHUNK, Hashed { out, hasher }),
            at: 0,
            sections: Vec::new(),
        };
        sink.put(&MAGIC)?;
        sink.put(&VERSION.to_le_bytes())?;
        let form: u32 = match form {
            Form::Dense => 0,
            Form::Sparse => 1,
        };
        sink.put(&form.to_le_bytes())?;
        sink.pad()?;
        Ok(sink)
    }

    pub(super) fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.at += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn pad(&mut self) -> io::Result<()> {
        let zeros = [0; ALIGN as usize];
        let missing = usize::try_from(self.at.next_multiple_of(ALIGN) - self.at);
        self.put(&zeros[..missing.expect("less than 64")])
    }

    /// Where the next byte goes.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Ends a section that began there.
    pub(super) fn section(&mut self, start: u64) -> io::Result<()> {
        self.sections.push(start..self.at);
        self.pad()
    }

    /// Ends the file.
    pub(super) fn finish(mut self, dimensions: usize, slots: u32) -> io::Result<Seal> {
        self.sections.resize(SECTIONS, self.at..self.at);
        let mut table = Vec::with_capacity(TABLE);
        for section in std::mem::take(&mut self.sections) {
            table.extend(section.start.to_le_bytes());
            table.extend(section.end.to_le_bytes());
        }
        let dimensions = u32::try_from(dimensions).map_err(io::Error::other)?;
        table.extend(dimensions.to_le_bytes());
        table.extend(slots.to_le_bytes());
        table.resize(TABLE, 0);
        self.put(&table)?;
        let hashed = self
            .out
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        let seal = *hashed.hasher.finalize().as_bytes();
        hashed.out.write_all(&seal)?;
        Ok(seal)
    }
}

impl Write for Hashed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
