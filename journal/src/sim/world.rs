//! What a simulated disk holds: files, names, and which names a crash may take back.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::image::{Content, Image};
use super::inode::Inode;

/// What happens instead of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The power goes: this step and all later ones fail.
    PowerCut,
    /// The device fails this step (`EIO`). A sync that fails so loses what it was to keep.
    Io,
    /// The disk is full (`ENOSPC`), for this step only.
    Full,
    /// A write takes only half of its bytes, and the next step finds the disk full. Other steps succeed.
    Short,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Dir,
    File(usize),
}

pub(super) type Names = BTreeMap<PathBuf, Node>;

/// A change of names that happens whole or not at all.
#[derive(Clone, Debug)]
pub(super) struct Rename {
    dirs: Vec<PathBuf>,
    changes: Vec<(PathBuf, Option<Node>)>,
}

impl Rename {
    fn apply(&self, names: &mut Names) {
        for (path, node) in &self.changes {
            match node {
                Some(node) => names.insert(path.clone(), *node),
                None => names.remove(path),
            };
        }
    }

    /// The files that it gives names to.
    pub(super) fn inodes(&self) -> impl Iterator<Item = usize> {
        self.changes.iter().filter_map(|(_, node)| match node {
            Some(Node::File(ino)) => Some(*ino),
            Some(Node::Dir) | None => None,
        })
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct World {
    pub(super) files: Vec<Inode>,
    pub(super) names: Names,
    durable: Names,
    pub(super) since: Vec<Rename>,
    pub(super) steps: Vec<String>,
    pub(super) faults: BTreeMap<usize, Fault>,
    pub(super) handles: u64,
    dead: bool,
}

impl World {
    pub(super) fn with_dir(dir: &Path) -> World {
        let names: Names = dir
            .ancestors()
            .map(|each| (each.to_path_buf(), Node::Dir))
            .collect();
        World {
            durable: names.clone(),
            names,
            ..World::default()
        }
    }

    /// Whether anything can be done at all.
    pub(super) fn alive(&self) -> io::Result<()> {
        if self.dead {
            Err(io::Error::other("the power is cut"))
        } else {
            Ok(())
        }
    }

    /// Counts a step; the fault planned for it happens. Tells whether a write is to be short.
    pub(super) fn step(&mut self, act: &str, path: &Path) -> io::Result<bool> {
        self.alive()?;
        let number = self.steps.len();
        self.steps.push(format!("{act} {}", path.display()));
        match self.faults.get(&number) {
            Some(Fault::PowerCut) => {
                self.dead = true;
                self.alive().map(|()| false)
            }
            Some(Fault::Io) => Err(io::Error::from_raw_os_error(5)),
            Some(Fault::Full) => Err(io::ErrorKind::StorageFull.into()),
            Some(Fault::Short) => {
                self.faults.insert(number + 1, Fault::Full);
                Ok(true)
            }
            None => Ok(false),
        }
    }

    pub(super) fn node(&self, path: &Path) -> io::Result<Node> {
        self.names
            .get(path)
            .copied()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn file(&self, path: &Path) -> io::Result<usize> {
        match self.node(path)? {
            Node::File(ino) => Ok(ino),
            Node::Dir => Err(io::ErrorKind::IsADirectory.into()),
        }
    }

    /// Where a new name goes must be a directory.
    pub(super) fn check_parent(&self, path: &Path) -> io::Result<()> {
        match self.node(parent(path))? {
            Node::Dir => Ok(()),
            Node::File(_) => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    pub(super) fn name(&mut self, changes: &[(&Path, Option<Node>)]) {
        let dirs = changes
            .iter()
            .map(|(path, _)| parent(path).to_path_buf())
            .collect();
        let changes = changes
            .iter()
            .map(|(path, node)| (path.to_path_buf(), *node))
            .collect();
        let rename = Rename { dirs, changes };
        rename.apply(&mut self.names);
        self.since.push(rename);
    }

    pub(super) fn sync_names(&mut self, dir: &Path) {
        let (synced, since): (Vec<_>, Vec<_>) = std::mem::take(&mut self.since)
            .into_iter()
            .partition(|each| each.dirs.iter().any(|d| d == dir));
        synced.iter().for_each(|each| each.apply(&mut self.durable));
        self.since = since;
    }

    /// The system writes everything back by itself, as it does from time to time.
    pub(super) fn write_back(&mut self) {
        self.durable.clone_from(&self.names);
        self.since.clear();
        self.files.iter_mut().for_each(Inode::write_back);
    }

    /// What a power cut leaves for certain of the file at `path`.
    pub(super) fn durable(&mut self, path: &Path) -> Option<Content> {
        match self.durable.get(path)? {
            Node::File(ino) => Some(self.files[*ino].durable_content()),
            Node::Dir => None,
        }
    }

    /// A disk that holds this, durably.
    pub(super) fn of(image: &Image) -> World {
        let mut world = World::default();
        for (path, content) in &image.names {
            let node = match content {
                None => Node::Dir,
                Some(content) => {
                    world.files.push(Inode::settled(content.bytes.to_vec()));
                    Node::File(world.files.len() - 1)
                }
            };
            world.names.insert(path.clone(), node);
        }
        world.durable.clone_from(&world.names);
        world
    }

    /// As it is, locks included, with the power on and nothing planned.
    pub(super) fn fork(&self) -> World {
        World {
            dead: false,
            faults: BTreeMap::new(),
            steps: Vec::new(),
            ..self.clone()
        }
    }

    /// As another process finds it when ours was killed: all writes are there, all locks are free.
    pub(super) fn restarted(&self) -> World {
        let mut world = self.fork();
        world.files.iter_mut().for_each(|file| file.holders.clear());
        world
    }

    /// Everything that may be found after a power cut.
    pub(super) fn survivors(&self) -> Vec<World> {
        let all_names = self.surviving_names();
        let mut worlds = Vec::new();
        for names in all_names {
            let blank = World {
                names: names.clone(),
                durable: names.clone(),
                ..World::default()
            };
            let mut partial = vec![World {
                files: vec![Inode::default(); self.files.len()],
                ..blank
            }];
            for ino in reachable(&names) {
                partial = with_each_content(&partial, ino, &self.files[ino]);
            }
            worlds.append(&mut partial);
        }
        worlds
    }

    /// Every subset of the unsynced changes; of many, only what was done first.
    fn surviving_names(&self) -> Vec<Names> {
        let pending = self.since.len();
        let choices: Vec<u64> = if pending <= 5 {
            (0..1 << pending).collect()
        } else {
            (0..=pending).map(|n| (1 << n) - 1).collect()
        };
        choices
            .iter()
            .map(|choice| self.names_of(|at| choice >> at & 1 == 1))
            .collect()
    }

    /// The names after those of the unsynced changes that are chosen.
    pub(super) fn names_of(&self, is_chosen: impl Fn(usize) -> bool) -> Names {
        let mut names = self.durable.clone();
        let chosen = self
            .since
            .iter()
            .enumerate()
            .filter(|(at, _)| is_chosen(*at));
        chosen.for_each(|(_, rename)| rename.apply(&mut names));
        // What stands in a directory that was lost is lost with it.
        let held = names.clone();
        names.retain(|path, _| path.ancestors().skip(1).all(|dir| held.contains_key(dir)));
        names
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

pub(super) fn reachable(names: &Names) -> Vec<usize> {
    let mut inodes: Vec<usize> = names
        .values()
        .filter_map(|node| match node {
            Node::File(ino) => Some(*ino),
            Node::Dir => None,
        })
        .collect();
    inodes.sort_unstable();
    inodes.dedup();
    inodes
}

fn with_each_content(worlds: &[World], ino: usize, file: &Inode) -> Vec<World> {
    let contents = file.survivors();
    let with = |world: &World, bytes: &Vec<u8>| {
        let mut world = world.clone();
        world.files[ino] = Inode::settled(bytes.clone());
        world
    };
    worlds
        .iter()
        .flat_map(|world| contents.iter().map(move |bytes| with(world, bytes)))
        .collect()
}
