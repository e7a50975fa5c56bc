//! Which slots have a feature, on the disk.

use std::{io, ops::Range};

use super::{
    super::format::{Opened, Sink, Source, Stream},
    Census,
    weight::{Feature, half, idf, of_half},
};

/// Bytes of an entry of the dictionary.
const ENTRY: usize = 16;

/// Of so many entries one is kept in memory.
const FENCE: usize = 64;

/// Most bytes of a posting.
const MAX_POSTING: usize = 7;

/// The slots that are on the disk.
pub(super) struct Base {
    file: Source,
    postings: Range<u64>,
    entries: Range<u64>,
    /// Every [`FENCE`]th feature.
    fence: Vec<u32>,
    shares: Vec<u32>,
    lengths: Vec<f32>,
}

/// An entry of the dictionary.
#[derive(Clone, Copy)]
struct Listed {
    feature: u32,
    count: u32,
    /// Where its postings begin among all.
    at: u64,
}

/// Postings in memory, by rising feature and slot.
pub(super) struct Inverted(Vec<(u32, u32, f32)>);

impl Base {
    /// With the rows of each slot, and the lengths of all as they were written.
    pub(super) fn over(opened: Opened, shares: Vec<u32>) -> Option<(Self, Vec<f32>)> {
        let [_, postings, dictionary, lengths] = opened.sections;
        let file = opened.file;
        let entries = dictionary.start.checked_add(8)?..dictionary.end;
        let whole = entries.end.checked_sub(entries.start)?;
        let mut count = [0; 8];
        file.read_at(dictionary.start, &mut count).ok()?;
        if whole != u64::from_le_bytes(count).checked_mul(ENTRY as u64)? {
            return None;
        }
        let lengths = file.bytes(&lengths).ok()?;
        let (lengths, rest) = lengths.as_chunks();
        let lengths: Vec<f32> = lengths.iter().map(|n| f32::from_le_bytes(*n)).collect();
        if lengths.len() != shares.len() || !rest.is_empty() {
            return None;
        }
        let mut base = Self {
            file,
            postings,
            entries,
            fence: Vec::new(),
            shares,
            lengths: lengths.clone(),
        };
        base.fence = base.fences().ok().flatten()?;
        Some((base, lengths))
    }

    pub(super) fn slots(&self) -> usize {
        self.shares.len()
    }

    /// Every so manyth feature; `None` if the dictionary is out of order.
    fn fences(&self) -> io::Result<Option<Vec<u32>>> {
        let mut fence = Vec::new();
        let mut before: Option<Listed> = None;
        for n in self.dictionary() {
            let (n, listed) = n?;
            let follows = before.is_none_or(|b| b.feature < listed.feature && b.at <= listed.at);
            if !follows || listed.at > self.postings.end - self.postings.start {
                return Ok(None);
            }
            if n % FENCE == 0 {
                fence.push(listed.feature);
            }
            before = Some(listed);
        }
        Ok(Some(fence))
    }

    fn dictionary(&self) -> impl Iterator<Item = io::Result<(usize, Listed)>> {
        let mut stream = self.file.stream(self.entries.clone());
        let count = (self.entries.end - self.entries.start) / ENTRY as u64;
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        (0..count).map(move |n| Ok((n, listed(stream.take(ENTRY)?))))
    }

    /// The postings of a feature.
    pub(super) fn read(&self, feature: u32, into: &mut Vec<Feature>) -> io::Result<()> {
        let Some(fence) = self
            .fence
            .partition_point(|first| *first <= feature)
            .checked_sub(1)
        else {
            return Ok(());
        };
        let start = self.entries.start + (fence * FENCE * ENTRY) as u64;
        // One more, which tells where the last one's postings end.
        let end = (start + ((FENCE + 1) * ENTRY) as u64).min(self.entries.end);
        let bytes = self.file.bytes(&(start..end))?;
        let (entries, _) = bytes.as_chunks::<ENTRY>();
        let Ok(n) = entries.binary_search_by_key(&feature, |bytes| listed(bytes).feature) else {
            return Ok(());
        };
        let found = listed(&entries[n]);
        let end = entries.get(n + 1).map(|next| listed(next).at);
        let end = end.unwrap_or(self.postings.end - self.postings.start);
        let range = self.postings.start + found.at..self.postings.start + end;
        let bytes = self.file.bytes(&range)?;
        self.decode(&bytes, found.count, into).map(drop)
    }

    /// Takes so many postings from the bytes; how many bytes they were.
    fn decode(&self, bytes: &[u8], count: u32, into: &mut Vec<Feature>) -> io::Result<usize> {
        let mut rest = bytes;
        let mut slot = 0_u64;
        for _ in 0..count {
            let posting = posting(&mut rest);
            let (step, weight) = posting.ok_or(io::ErrorKind::InvalidData)?;
            slot += step;
            if slot >= self.shares.len() as u64 {
                return Err(io::ErrorKind::InvalidData.into());
            }
            into.push((slot as u32, of_half(weight)));
        }
        Ok(bytes.len() - rest.len())
    }

    /// Every feature with its postings, by rising feature.
    fn each(&self, act: &mut dyn FnMut(u32, &[Feature]) -> io::Result<()>) -> io::Result<()> {
        let mut stream: Stream<'_> = self.file.stream(self.postings.clone());
        let mut postings = Vec::new();
        for entry in self.dictionary() {
            let (_, listed) = entry?;
            postings.clear();
            let bytes = stream.fill(listed.count as usize * MAX_POSTING)?;
            let read = self.decode(bytes, listed.count, &mut postings)?;
            stream.consume(read);
            act(listed.feature, &postings)?;
        }
        Ok(())
    }

    /// Completes the census: the frequencies of features of fresh slots, and the lengths of the base's.
    pub(super) fn count(&self, shares: &[u32], census: &mut Census) -> io::Result<()> {
        if shares == self.shares && census.df.is_empty() {
            census.lengths = self.lengths.clone();
            return Ok(());
        }
        let mut squares = vec![0.0; self.slots()];
        let rows = census.rows;
        census.df.values_mut().for_each(|(own, all)| *all = *own);
        let df = &mut census.df;
        self.each(&mut |feature, postings| {
            let share = |(slot, _): &Feature| shares[*slot as usize];
            let mut all: u32 = postings.iter().map(share).sum();
            if let Some((own, both)) = df.get_mut(&feature) {
                all += *own;
                *both = all;
            }
            let idf = idf(rows, all);
            for (slot, weight) in postings {
                let worth = weight * idf;
                squares[*slot as usize] += worth * worth;
            }
            Ok(())
        })?;
        census.lengths = squares.into_iter().map(f32::sqrt).collect();
        Ok(())
    }
}

impl Inverted {
    /// Of slots numbered from `first`.
    pub(super) fn of<'a>(slots: impl Iterator<Item = &'a [Feature]>, first: u32) -> Self {
        let mut postings = Vec::new();
        for (slot, features) in (first..).zip(slots) {
            postings.extend(
                features
                    .iter()
                    .map(|(feature, weight)| (*feature, slot, *weight)),
            );
        }
        postings.sort_unstable_by_key(|(feature, slot, _)| (*feature, *slot));
        Self(postings)
    }
}

/// Writes the postings of the base's `live` slots, numbered anew, and those in memory; and the dictionary of both.
pub(super) fn write(
    sink: &mut Sink<'_>,
    base: Option<&Base>,
    live: &[u32],
    fresh: Inverted,
) -> io::Result<()> {
    let mut written = Written {
        start: sink.at(),
        sink,
        dictionary: Vec::new(),
    };
    let mut fresh = fresh.0.chunk_by(|(f, ..), (g, ..)| f == g).peekable();
    if let Some(base) = base {
        let mut renumbered = vec![u32::MAX; base.slots()];
        for (new, old) in (0..).zip(live) {
            renumbered[*old as usize] = new;
        }
        let mut both = Vec::new();
        base.each(&mut |feature, postings| {
            while let Some(earlier) = fresh.next_if(|of| of[0].0 < feature) {
                written.feature(earlier[0].0, earlier.iter().map(|(_, slot, w)| (*slot, *w)))?;
            }
            let own = postings
                .iter()
                .map(|(slot, w)| (renumbered[*slot as usize], *w));
            both.clear();
            both.extend(own.filter(|(slot, _)| *slot != u32::MAX));
            if let Some(more) = fresh.next_if(|of| of[0].0 == feature) {
                both.extend(more.iter().map(|(_, slot, w)| (*slot, *w)));
            }
            written.feature(feature, both.iter().copied())
        })?;
    }
    for later in fresh {
        written.feature(later[0].0, later.iter().map(|(_, slot, w)| (*slot, *w)))?;
    }
    written.end()
}

struct Written<'a, 'b> {
    sink: &'a mut Sink<'b>,
    start: u64,
    dictionary: Vec<Listed>,
}

impl Written<'_, '_> {
    fn feature(&mut self, feature: u32, postings: impl Iterator<Item = Feature>) -> io::Result<()> {
        let at = self.sink.at() - self.start;
        let (mut count, mut before) = (0, 0);
        for (slot, weight) in postings {
            put_varint(self.sink, slot - before)?;
            self.sink.put(&half(weight).to_le_bytes())?;
            (count, before) = (count + 1, slot);
        }
        if count > 0 {
            self.dictionary.push(Listed { feature, count, at });
        }
        Ok(())
    }

    fn end(self) -> io::Result<()> {
        self.sink.section(self.start)?;
        let start = self.sink.at();
        self.sink
            .put(&(self.dictionary.len() as u64).to_le_bytes())?;
        for listed in &self.dictionary {
            self.sink.put(&listed.feature.to_le_bytes())?;
            self.sink.put(&listed.count.to_le_bytes())?;
            self.sink.put(&listed.at.to_le_bytes())?;
        }
        self.sink.section(start)
    }
}

fn listed(bytes: &[u8]) -> Listed {
    let word = |at: usize| {
        let bytes = bytes[at..].first_chunk().expect("entries have 16 bytes");
        u32::from_le_bytes(*bytes)
    };
    Listed {
        feature: word(0),
        count: word(4),
        at: u64::from(word(8)) | u64::from(word(12)) << 32,
    }
}

/// How far the slot is from the one before, and the weight.
fn posting(rest: &mut &[u8]) -> Option<(u64, u16)> {
    let mut step = 0;
    for shift in [0, 7, 14, 21, 28] {
        let (byte, more) = rest.split_first()?;
        *rest = more;
        step |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            let (weight, more) = rest.split_first_chunk()?;
            *rest = more;
            return Some((step, u16::from_le_bytes(*weight)));
        }
    }
    None
}

fn put_varint(sink: &mut Sink<'_>, mut number: u32) -> io::Result<()> {
    while number >= 0x80 {
        sink.put(&[(number & 0x7f) as u8 | 0x80])?;
        number >>= 7;
    }
    sink.put(&[number as u8])
}
