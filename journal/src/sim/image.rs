//! One disk of the many that a power cut may leave, drawn by lot.
//!
//! ```text
//!  what no sync covers        lost   survives   half of it
//!    a change of names         x        x
//!    a write                   x        x       a prefix · zeros · some of its sectors · only its length
//! ```
//!
//! Each change of names and each file is judged for itself, so that what was done later in one place may survive what was
//! done earlier in another. Most cuts lose everything, or nothing, or one thing: there the mistakes are.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::inode::Inode;
use super::world::{Names, Node, World, reachable};

/// Draws a number below the one given, which is never 0.
pub type Lots<'a> = &'a mut dyn FnMut(usize) -> usize;

/// The bytes of a file, with their BLAKE3 hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The bytes.
    pub bytes: Arc<[u8]>,
    /// Their hash.
    pub b3: [u8; 32],
}

impl Content {
    /// These bytes.
    pub fn of(bytes: &[u8]) -> Content {
        Content {
            bytes: bytes.into(),
            b3: *blake3::hash(bytes).as_bytes(),
        }
    }
}

/// Every name on a disk and what it stands for; `None` is a directory. Nothing of it is lost any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// By path; what stands above a path comes before it.
    pub names: BTreeMap<PathBuf, Option<Content>>,
}

/// How much of what is not synced survives.
#[derive(Clone, Copy)]
enum Cut {
    Nothing,
    Everything,
    /// One change, or a part of it.
    One(usize),
    /// Everything but one change, or a part of that.
    AllBut(usize),
    Any,
}

/// What becomes of one change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Lost,
    Survives,
    Half,
}

impl Cut {
    fn draw(changes: usize, lots: Lots<'_>) -> Cut {
        let some = changes.max(1);
        match lots(8) {
            0 => Cut::Nothing,
            1 => Cut::Everything,
            2 | 3 => Cut::One(newest(some, lots)),
            4 | 5 => Cut::AllBut(newest(some, lots)),
            _ => Cut::Any,
        }
    }

    fn fate(self, change: usize, lots: Lots<'_>) -> Fate {
        match self {
            Cut::Nothing => Fate::Lost,
            Cut::Everything => Fate::Survives,
            Cut::One(one) if one == change => half_or(Fate::Survives, lots),
            Cut::One(_) => Fate::Lost,
            Cut::AllBut(one) if one == change => half_or(Fate::Lost, lots),
            Cut::AllBut(_) => Fate::Survives,
            Cut::Any => [Fate::Lost, Fate::Survives, Fate::Half][lots(3)],
        }
    }
}

/// Any of so many changes, in half of all cases one of the last three.
fn newest(changes: usize, lots: Lots<'_>) -> usize {
    if lots(2) == 0 {
        lots(changes)
    } else {
        changes - 1 - lots(changes.min(3))
    }
}

fn half_or(other: Fate, lots: Lots<'_>) -> Fate {
    if lots(2) == 0 { other } else { Fate::Half }
}

/// Draws what is left.
pub(super) fn draw(world: &mut World, lots: Lots<'_>) -> Image {
    let dirty = dirty(world);
    let cut = Cut::draw(world.since.len() + dirty.len(), lots);
    let kept: Vec<bool> = (0..world.since.len())
        .map(|at| cut.fate(at, lots) != Fate::Lost)
        .collect();
    let names = world.names_of(|at| kept[at]);
    let mut torn = BTreeMap::new();
    for (at, ino) in dirty.iter().enumerate() {
        let fate = cut.fate(world.since.len() + at, lots);
        torn.insert(*ino, surviving(&mut world.files[*ino], fate, lots));
    }
    whole(world, &names, &torn)
}

/// Files with bytes that no sync covers, in the order in which they were made.
fn dirty(world: &World) -> Vec<usize> {
    let used = reachable(&world.names)
        .into_iter()
        .chain(world.since.iter().flat_map(|change| change.inodes()));
    let mut dirty: Vec<usize> = used.filter(|ino| world.files[*ino].is_dirty()).collect();
    dirty.sort_unstable();
    dirty.dedup();
    dirty
}

fn whole(world: &mut World, names: &Names, torn: &BTreeMap<usize, Content>) -> Image {
    let mut image = Image::default();
    for (path, node) in names {
        let content = match node {
            Node::Dir => None,
            Node::File(ino) => Some(match torn.get(ino) {
                Some(content) => content.clone(),
                None => world.files[*ino].durable_content(),
            }),
        };
        image.names.insert(path.clone(), content);
    }
    image
}

fn surviving(file: &mut Inode, fate: Fate, lots: Lots<'_>) -> Content {
    match fate {
        Fate::Lost => file.durable_content(),
        Fate::Survives => Content::of(&file.without_lost(&file.bytes)),
        Fate::Half => {
            let (before, after) = file.step(lots);
            Content::of(&file.without_lost(&half(&before, &after, lots)))
        }
    }
}

const SECTOR: usize = 512;

/// A write of which a part has reached the disk.
fn half(before: &[u8], after: &[u8], lots: Lots<'_>) -> Vec<u8> {
    let grown = after.len().saturating_sub(before.len());
    if grown == 0 {
        return if lots(2) == 0 { before } else { after }.to_vec();
    }
    match lots(4) {
        0 => after[..before.len() + edge(grown, lots)].to_vec(),
        1 => {
            let mut bytes = after[..before.len() + edge(grown, lots)].to_vec();
            bytes.resize(after.len(), 0);
            bytes
        }
        2 => {
            let mut bytes = before.to_vec();
            bytes.resize(after.len(), 0);
            bytes
        }
        _ => sectors(before, after, lots),
    }
}

/// Of the sectors that a write touches, some are there; the others hold what they held, or zeros.
fn sectors(before: &[u8], after: &[u8], lots: Lots<'_>) -> Vec<u8> {
    let mut bytes = after.to_vec();
    let first = before.len().min(after.len()) / SECTOR;
    for sector in first..after.len().div_ceil(SECTOR) {
        if lots(2) == 0 {
            let (from, to) = (sector * SECTOR, after.len().min((sector + 1) * SECTOR));
            for (at, byte) in bytes[from..to].iter_mut().enumerate() {
                *byte = before.get(from + at).copied().unwrap_or(0);
            }
        }
    }
    bytes
}

/// A length below `whole`: an edge in half of all cases.
fn edge(whole: usize, lots: Lots<'_>) -> usize {
    let edges = [0, 1, 72, 73, whole / 2, whole.saturating_sub(2), whole - 1];
    let length = if lots(2) == 0 {
        edges[lots(edges.len())]
    } else {
        lots(whole)
    };
    length.min(whole - 1)
}
