//! What is kept in memory of each row: as little as a search and a look at the folder need. 100,000 rows take about
//! 4.5 MB and their ids.

use projections::{memory::Entry, work::TaskKind};

/// The slot of a row that has no vector (yet).
pub(in crate::memory) const NONE: u32 = u32::MAX;

/// Names a text by half its BLAKE3.
pub(in crate::memory) type Digest = [u8; 16];

/// A row but for its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::memory) struct Row {
    /// The file as it was when it was read.
    pub(in crate::memory) stamp: u64,
    /// What it is found by.
    pub(in crate::memory) text: Digest,
    /// Whose it is: [`agent_of`], 0 for nobody's.
    pub(in crate::memory) agent: u64,
    /// Its vector, or [`NONE`].
    pub(in crate::memory) slot: u32,
    /// Its kind of artifact, if it is for one.
    pub(in crate::memory) kind: Option<TaskKind>,
    /// Whether it may have changed since without a change of the stamp.
    pub(in crate::memory) is_racy: bool,
    /// Whether it is to be read before it can be found.
    pub(in crate::memory) is_unread: bool,
}

impl Row {
    /// One that is to be read.
    pub(in crate::memory) fn unread(stamp: u64, is_racy: bool) -> Self {
        Self {
            stamp,
            text: Digest::default(),
            agent: 0,
            slot: NONE,
            kind: None,
            is_racy,
            is_unread: true,
        }
    }

    /// Takes over what the file says of itself; what it is found by is read next.
    pub(in crate::memory) fn read(&mut self, entry: &Entry) {
        self.kind = entry.kind;
        self.agent = entry.agent.as_deref().map_or(0, agent_of);
        self.text = digest(&entry.sought);
    }

    pub(in crate::memory) fn is_found(&self) -> bool {
        self.slot != NONE && !self.is_unread
    }
}

/// Half the BLAKE3 of a text.
pub(in crate::memory) fn digest(text: &str) -> Digest {
    let whole = blake3::hash(text.as_bytes());
    *whole.as_bytes().first_chunk().expect("16 of 32 bytes")
}

/// A name as a number, never 0.
pub(in crate::memory) fn agent_of(name: &str) -> u64 {
    let digest = blake3::hash(name.as_bytes());
    let first = digest.as_bytes().first_chunk().expect("8 of 32 bytes");
    u64::from_le_bytes(*first).max(1)
}

/// All rows, by rising id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::memory) struct Rows {
    ids: String,
    ends: Vec<u32>,
    rows: Vec<Row>,
}

impl Rows {
    pub(in crate::memory) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Adds a row behind the last one; `false` when its id does not come behind that one's, or there is no room.
    pub(in crate::memory) fn push(&mut self, id: &str, row: Row) -> bool {
        let Ok(end) = u32::try_from(self.ids.len() + id.len()) else {
            return false;
        };
        let last = self.rows.len().checked_sub(1);
        if last.is_some_and(|last| self.id(last) >= id) {
            return false;
        }
        self.ids.push_str(id);
        self.ends.push(end);
        self.rows.push(row);
        true
    }

    pub(in crate::memory) fn id(&self, row: usize) -> &str {
        let start = row.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.ids[start as usize..self.ends[row] as usize]
    }

    pub(in crate::memory) fn get(&self, row: usize) -> &Row {
        &self.rows[row]
    }

    pub(in crate::memory) fn get_mut(&mut self, row: usize) -> &mut Row {
        &mut self.rows[row]
    }

    pub(in crate::memory) fn iter(&self) -> std::slice::Iter<'_, Row> {
        self.rows.iter()
    }

    pub(in crate::memory) fn iter_mut(&mut self) -> std::slice::IterMut<'_, Row> {
        self.rows.iter_mut()
    }
}
