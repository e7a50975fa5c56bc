//! Opening and changing files below one directory, whatever anyone else does there at the same time.
//!
//! A [`Tree`] is an open directory. A path below it is opened part after part, each below the directory opened before
//! and none through a link, so there is no path by which to leave. What was opened is looked at once more: only a
//! regular file is read, and opening never waits (for the other end of a pipe, say).
//!
//! A file is changed by writing a new one under a hidden name, syncing it, and giving it the name. A crash leaves
//! the old file or the new one, and what else the old file was called (hard links) still has the old content.

use std::{
    io::{self, ErrorKind, Read, Write},
    path::Path,
    sync::atomic::{AtomicU32, Ordering},
};

use cap_fs_ext::{DirExt, FollowSymlinks, OpenOptionsFollowExt, OpenOptionsSyncExt};
use cap_std::{
    ambient_authority,
    fs::{Dir, DirBuilder, File, Metadata, OpenOptions},
};

/// Most names that are tried for a temporary file; one that a crash left behind is in the way of one.
const MOST_TRIES: u32 = 100;

/// Why something below a tree cannot be used. A fragment that follows the path.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("does not exist; list_files shows what there is")]
    Missing,
    #[error("is a folder")]
    Folder,
    #[error("leads through a file as if it were a folder")]
    NoFolder,
    #[error(
        "is or leads through a symbolic link, and links are not followed; use the path that it leads to"
    )]
    Link,
    #[error("is neither a file nor a folder (a pipe, a socket or a device)")]
    Special,
    #[error("cannot be used: {0}")]
    Io(#[from] io::Error),
}

/// A directory, open.
#[derive(Debug)]
pub(super) struct Tree(Dir);

/// A regular file, open for reading.
#[derive(Debug)]
pub(super) struct Opened {
    file: File,
    /// Bytes.
    pub(super) length: u64,
}

/// What a file's permissions are, where there are any.
#[derive(Clone, Copy, Debug)]
struct Mode(u32);

impl Tree {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Dir::open_ambient_dir(path, ambient_authority()).map(Self)
    }

    /// Opens a regular file to read it.
    pub(super) fn file(&self, parts: &[&str]) -> Result<Opened, Fault> {
        let Some((name, above)) = parts.split_last() else {
            return Err(Fault::Folder);
        };
        let dir = self.folder(above)?;
        // Looked at before, because opening alone can do things to a device; and after, because it may be another now.
        regular(&dir.symlink_metadata(name).map_err(fault)?)?;
        let mut options = OpenOptions::new();
        options.read(true).follow(FollowSymlinks::No).nonblock(true);
        let file = dir
            .open_with(name, &options)
            .map_err(|error| told(&dir, name, error))?;
        let meta = file.metadata()?;
        regular(&meta)?;
        Ok(Opened {
            length: meta.len(),
            file,
        })
    }

    /// The length of a regular file; `None` for a folder.
    pub(super) fn length(&self, parts: &[&str]) -> Result<Option<u64>, Fault> {
        let Some((name, above)) = parts.split_last() else {
            return Ok(None);
        };
        let meta = self.folder(above)?.symlink_metadata(name).map_err(fault)?;
        if meta.is_dir() {
            return Ok(None);
        }
        regular(&meta)?;
        Ok(Some(meta.len()))
    }

    /// Puts a file there, in place of one that there may be, whose mode it keeps; says whether there was one.
    pub(super) fn put(&self, parts: &[&str], content: &[u8]) -> Result<bool, Fault> {
        let Some((name, above)) = parts.split_last() else {
            return Err(Fault::Folder);
        };
        let dir = self.made_folder(above)?;
        let before = match dir.symlink_metadata(name).map_err(fault) {
            Ok(meta) => Some(regular(&meta).map(|()| Mode::of(&meta))?),
            Err(Fault::Missing) => None,
            Err(fault) => return Err(fault),
        };
        let mode = match before {
            Some(mode) => mode,
            None => Mode::of(&self.0.dir_metadata()?).of_new_file(),
        };
        let temporary = write_temporary(&dir, content, mode)?;
        let named = dir.rename(&temporary, &dir, name);
        if let Err(error) = named {
            let _ = dir.remove_file(&temporary);
            return Err(told(&dir, name, error));
        }
        sync(&dir)?;
        Ok(before.is_some())
    }

    /// Opens a directory below, link by link refused.
    fn folder(&self, parts: &[&str]) -> Result<Dir, Fault> {
        let mut dir = self.0.try_clone()?;
        for part in parts {
            dir = below(&dir, part)?;
        }
        Ok(dir)
    }

    /// The same, what is missing made.
    fn made_folder(&self, parts: &[&str]) -> Result<Dir, Fault> {
        let mode = Mode::of(&self.0.dir_metadata()?);
        let mut dir = self.0.try_clone()?;
        for part in parts {
            dir = match below(&dir, part) {
                Err(Fault::Missing) => {
                    make(&dir, part, mode)?;
                    below(&dir, part)?
                }
                found => found?,
            };
        }
        Ok(dir)
    }
}

impl Opened {
    /// All of it, if it is not longer than `most`.
    pub(super) fn whole(self, most: u64) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        self.file.take(most + 1).read_to_end(&mut bytes)?;
        Ok((bytes.len() as u64 <= most).then_some(bytes))
    }
}

impl Read for Opened {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.file.read(into)
    }
}

/// Opens one directory in another.
fn below(dir: &Dir, part: &str) -> Result<Dir, Fault> {
    dir.open_dir_nofollow(part)
        .map_err(|error| told(dir, part, error))
}

fn make(dir: &Dir, part: &str, mode: Mode) -> Result<(), Fault> {
    match dir.create_dir_with(part, &mode.of_new_folder()) {
        Ok(()) => Ok(sync(dir)?),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// A new file beside the one that it is for; its name, and nothing left where it could not be written.
fn write_temporary(dir: &Dir, content: &[u8], mode: Mode) -> Result<String, Fault> {
    let (name, mut file) = new_file(dir)?;
    let mut write = || {
        file.write_all(content)?;
        mode.set(&file)?;
        file.sync_all()
    };
    match write() {
        Ok(()) => Ok(name),
        Err(error) => {
            let _ = dir.remove_file(&name);
            Err(error.into())
        }
    }
}

/// The process's number and a count keep writers apart; what is there already is never opened.
fn new_file(dir: &Dir) -> io::Result<(String, File)> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    options.follow(FollowSymlinks::No);
    owner_only(&mut options);
    let mut tries = 0;
    loop {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!(".modulatio-{}-{count}.tmp", std::process::id());
        match dir.open_with(&name, &options) {
            Ok(file) => return Ok((name, file)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists && tries < MOST_TRIES => {
                tries += 1;
            }
            Err(error) => return Err(error),
        }
    }
}

/// What happened to names in a directory is on the disk. A handle that names are opened below cannot be synced
/// itself.
fn sync(dir: &Dir) -> io::Result<()> {
    match cfg!(unix) {
        true => dir.open(".")?.sync_all(),
        false => Ok(()),
    }
}

fn regular(meta: &Metadata) -> Result<(), Fault> {
    let kind = meta.file_type();
    if kind.is_file() {
        Ok(())
    } else if kind.is_symlink() {
        Err(Fault::Link)
    } else if kind.is_dir() {
        Err(Fault::Folder)
    } else {
        Err(Fault::Special)
    }
}

fn fault(error: io::Error) -> Fault {
    match error.kind() {
        ErrorKind::NotFound => Fault::Missing,
        _ => Fault::Io(error),
    }
}

/// Why `name` could not be opened, as a look at it tells. The look decides no more than the words.
fn told(dir: &Dir, name: &str, error: io::Error) -> Fault {
    if error.kind() == ErrorKind::NotFound {
        return Fault::Missing;
    }
    match dir.symlink_metadata(name).map(|meta| meta.file_type()) {
        Ok(kind) if kind.is_symlink() => Fault::Link,
        Ok(kind) if kind.is_file() && error.kind() == ErrorKind::NotADirectory => Fault::NoFolder,
        Ok(kind) if !kind.is_file() && !kind.is_dir() => Fault::Special,
        Ok(_) | Err(_) => Fault::Io(error),
    }
}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) {
    use cap_std::fs::OpenOptionsExt;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn owner_only(_options: &mut OpenOptions) {}

#[cfg(unix)]
impl Mode {
    fn of(meta: &Metadata) -> Self {
        use cap_std::fs::PermissionsExt;
        Self(meta.permissions().mode())
    }

    /// Without what would run a file as somebody else: a model wrote what is in it now.
    fn set(self, file: &File) -> io::Result<()> {
        use cap_std::fs::{Permissions, PermissionsExt};
        file.set_permissions(Permissions::from_mode(self.0 & 0o777))
    }

    /// A new file below a directory of this mode: as open as the directory is.
    fn of_new_file(self) -> Self {
        Self(0o600 | (self.0 & 0o066))
    }

    fn of_new_folder(self) -> DirBuilder {
        use cap_std::fs::DirBuilderExt;
        let mut builder = DirBuilder::new();
        builder.mode(0o700 | (self.0 & 0o077));
        builder
    }
}

#[cfg(not(unix))]
impl Mode {
    fn of(_meta: &Metadata) -> Self {
        Self(0)
    }

    fn set(self, _file: &File) -> io::Result<()> {
        Ok(())
    }

    fn of_new_file(self) -> Self {
        self
    }

    fn of_new_folder(self) -> DirBuilder {
        DirBuilder::new()
    }
}
