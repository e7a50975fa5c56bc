//! The simulated disk behind the storage port.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use super::image::{self, Content, Image, Lots};
use super::inode::Inode;
use super::world::{Fault, Node, World};
use crate::disk::{Access, Disk, DiskFile, LockKind};

/// A disk in memory. Clones share it.
#[derive(Clone, Debug)]
pub struct SimDisk {
    world: Arc<Mutex<World>>,
}

impl SimDisk {
    /// An empty disk on which the directory `dir` exists, durably.
    pub fn new(dir: &Path) -> SimDisk {
        SimDisk::holding(World::with_dir(dir))
    }

    fn holding(world: World) -> SimDisk {
        SimDisk {
            world: Arc::new(Mutex::new(world)),
        }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("no holder of this lock panics")
    }

    /// Plans a fault for step `number`, counted from 0 since the disk was made.
    pub fn fail_at(&self, number: usize, fault: Fault) {
        self.world().faults.insert(number, fault);
    }

    /// The steps so far, for counting and for people.
    pub fn steps(&self) -> Vec<String> {
        self.world().steps.clone()
    }

    /// Every disk that a power cut at this moment may leave.
    pub fn survivors(&self) -> Vec<SimDisk> {
        self.world()
            .survivors()
            .into_iter()
            .map(SimDisk::holding)
            .collect()
    }

    /// A disk that holds this, durably.
    pub fn of(image: &Image) -> SimDisk {
        SimDisk::holding(World::of(image))
    }

    /// One of the disks that a power cut at this moment may leave: `lots` draws which.
    pub fn image(&self, lots: Lots<'_>) -> Image {
        image::draw(&mut self.world(), lots)
    }

    /// What a power cut leaves for certain of the file at `path`, if it leaves its name.
    pub fn durable(&self, path: &Path) -> Option<Content> {
        self.world().durable(path)
    }

    /// The system writes everything back by itself, as it does from time to time.
    pub fn write_back(&self) {
        self.world().write_back();
    }

    /// The disk as another process finds it when ours is killed: what was written is there, synced or not.
    #[must_use]
    pub fn restarted(&self) -> SimDisk {
        SimDisk::holding(self.world().restarted())
    }

    /// The disk at this moment, apart from this one: what is written and not synced, who holds which lock. What was
    /// planned to fail is forgotten, and the power is on.
    #[must_use]
    pub fn fork(&self) -> SimDisk {
        SimDisk::holding(self.world().fork())
    }

    /// The numbers of open files that hold a lock, sorted.
    pub fn held(&self) -> Vec<u64> {
        let world = self.world();
        let holders = world.files.iter().flat_map(|file| &file.holders);
        let mut held: Vec<u64> = holders.map(|(handle, _)| *handle).collect();
        held.sort_unstable();
        held
    }

    /// Frees what this open file holds, as the kernel does when its process dies.
    pub fn release(&self, handle: u64) {
        for file in &mut self.world().files {
            file.holders.retain(|(held, _)| *held != handle);
        }
    }

    /// Lets `act` find a file with this content; after it everything is as before, what is synced and what is not.
    ///
    /// # Panics
    /// When there is no such file.
    pub fn seeing<T>(&self, path: &Path, bytes: Vec<u8>, act: impl FnOnce() -> T) -> T {
        let (ino, kept) = {
            let mut world = self.world();
            let ino = world.file(path).expect("a file to see");
            let kept = world.files[ino].clone();
            world.files[ino].tamper(bytes);
            (ino, kept)
        };
        let seen = act();
        self.world().files[ino] = kept;
        seen
    }

    /// What a power cut at this moment may leave of one file that keeps its name, the shortest first; only one content
    /// if all of it is synced.
    ///
    /// # Panics
    /// When there is no such file.
    pub fn contents_after_a_cut(&self, path: &Path) -> Vec<Vec<u8>> {
        let world = self.world();
        let ino = world.file(path).expect("a file to lose");
        let mut contents = world.files[ino].survivors();
        contents.sort_by_key(Vec::len);
        contents
    }

    /// Overwrites a file behind everybody's back, durably.
    ///
    /// # Panics
    /// When there is no such file.
    pub fn tamper(&self, path: &Path, bytes: Vec<u8>) {
        let mut world = self.world();
        let ino = world.file(path).expect("a file to tamper with");
        world.files[ino].tamper(bytes);
    }

    fn make(&self, world: &mut World, path: &Path) -> io::Result<usize> {
        world.check_parent(path)?;
        world.step("create", path)?;
        world.files.push(Inode::default());
        let ino = world.files.len() - 1;
        world.name(&[(path, Some(Node::File(ino)))]);
        Ok(ino)
    }

    fn opened(&self, world: &mut World, path: &Path, ino: usize) -> Arc<dyn DiskFile> {
        world.handles += 1;
        Arc::new(SimFile {
            world: Arc::clone(&self.world),
            path: path.to_path_buf(),
            ino,
            handle: world.handles,
        })
    }
}

impl Disk for SimDisk {
    fn open(&self, path: &Path, access: Access) -> io::Result<Arc<dyn DiskFile>> {
        let mut world = self.world();
        world.alive()?;
        let ino = match world.file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && access == Access::Lock => {
                self.make(&mut world, path)?
            }
            found => found?,
        };
        Ok(self.opened(&mut world, path, ino))
    }

    fn create_new(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut world = self.world();
        if world.node(path).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let ino = self.make(&mut world, path)?;
        Ok(self.opened(&mut world, path, ino))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut world = self.world();
        let node = world.node(from)?;
        world.check_parent(to)?;
        world.step("rename", to)?;
        world.name(&[(from, None), (to, Some(node))]);
        Ok(())
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut world = self.world();
        let node = world.node(from)?;
        world.check_parent(to)?;
        if world.node(to).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        world.step("link", to)?;
        world.name(&[(to, Some(node))]);
        Ok(())
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        let mut world = self.world();
        let (first, second) = (world.node(one)?, world.node(other)?);
        world.step("exchange", one)?;
        world.name(&[(one, Some(second)), (other, Some(first))]);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut world = self.world();
        world.file(path)?;
        world.step("remove", path)?;
        world.name(&[(path, None)]);
        Ok(())
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        let mut world = self.world();
        world.check_parent(path)?;
        match world.node(path) {
            Ok(Node::Dir) => Ok(()),
            Ok(Node::File(_)) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(_) => {
                world.step("mkdir", path)?;
                world.name(&[(path, Some(Node::Dir))]);
                Ok(())
            }
        }
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let mut world = self.world();
        world.step("sync names in", path)?;
        world.sync_names(path);
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let world = self.world();
        world.alive()?;
        world.node(dir)?;
        let inside = world.names.keys().filter(|path| path.parent() == Some(dir));
        Ok(inside
            .filter_map(|path| path.file_name()?.to_str().map(str::to_owned))
            .collect())
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        let world = self.world();
        world.alive()?;
        Ok(world.node(path).is_ok())
    }
}

#[derive(Debug)]
struct SimFile {
    world: Arc<Mutex<World>>,
    path: PathBuf,
    ino: usize,
    handle: u64,
}

impl SimFile {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("no holder of this lock panics")
    }
}

impl DiskFile for SimFile {
    fn len(&self) -> io::Result<u64> {
        let world = self.world();
        world.alive()?;
        Ok(world.files[self.ino].bytes.len() as u64)
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let world = self.world();
        world.alive()?;
        let bytes = &world.files[self.ino].bytes;
        let from = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(bytes.len());
        let read = buf.len().min(bytes.len() - from);
        buf[..read].copy_from_slice(&bytes[from..from + read]);
        Ok(read)
    }

    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut world = self.world();
        let short = world.step("append to", &self.path)?;
        let taken = if short { bytes.len() / 2 } else { bytes.len() };
        world.files[self.ino].append(&bytes[..taken]);
        Ok(taken)
    }

    fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        let mut world = self.world();
        world.step("replace", &self.path)?;
        world.files[self.ino].replace(bytes);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut world = self.world();
        match world.step("sync", &self.path) {
            Ok(_) => world.files[self.ino].sync(),
            Err(error) => {
                if world.alive().is_ok() {
                    world.files[self.ino].fail_sync();
                }
                return Err(error);
            }
        }
        Ok(())
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        let mut world = self.world();
        world.step("truncate", &self.path)?;
        world.files[self.ino].truncate(usize::try_from(len).unwrap_or(usize::MAX));
        Ok(())
    }

    fn is_at(&self, path: &Path) -> io::Result<bool> {
        let world = self.world();
        world.alive()?;
        Ok(world.file(path).is_ok_and(|ino| ino == self.ino))
    }

    fn try_lock(&self, kind: LockKind) -> io::Result<bool> {
        let mut world = self.world();
        world.alive()?;
        let holders = &mut world.files[self.ino].holders;
        holders.retain(|(handle, _)| *handle != self.handle);
        let free = match kind {
            LockKind::Exclusive => holders.is_empty(),
            LockKind::Shared => holders.iter().all(|(_, held)| *held == LockKind::Shared),
        };
        if free {
            holders.push((self.handle, kind));
        }
        Ok(free)
    }

    fn unlock(&self) -> io::Result<()> {
        self.world().files[self.ino]
            .holders
            .retain(|(handle, _)| *handle != self.handle);
        Ok(())
    }
}

impl Drop for SimFile {
    fn drop(&mut self) {
        // Closing a file frees its locks; a poisoned world belongs to a test that failed already.
        if let Ok(mut world) = self.world.lock() {
            world.files[self.ino]
                .holders
                .retain(|(handle, _)| *handle != self.handle);
        }
    }
}
