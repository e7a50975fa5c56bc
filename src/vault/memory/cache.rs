//! Where indexes lie: below the program's own directory, a cache that may be deleted at any time.

use std::{
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use journal::disk::DiskFile;

use crate::{
    error::Error,
    vault::{OWN_DIR, Project, Vault, atomic, make_dirs, set_mode},
};

/// Below the program's own directory.
const DIR: &str = "memory";

/// So long after a file was begun, whoever wrote it has died.
const ABANDONED: Duration = Duration::from_secs(3600);

/// So many bytes go to the disk at once.
const BUFFER: usize = 1 << 18;

impl Project {
    /// The file of an index of this project's.
    #[must_use]
    pub fn index_path(&self, name: &str) -> PathBuf {
        let dir = self.vault().own_dir().join(DIR);
        let dir = dir.join(self.code().directory());
        dir.join(format!("{name}.index"))
    }
}

impl Vault {
    /// Puts a file of the cache in place: whole or not at all, not synced. What a writer that died has left of the same
    /// file goes.
    ///
    /// # Errors
    /// The file system's; then all is as it was before.
    pub fn put_cache(
        &self,
        path: &Path,
        write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let below = path.strip_prefix(self.own_dir());
        let parent = below.ok().and_then(Path::parent);
        let parent =
            parent.ok_or_else(|| io::Error::other("caches lie in the program's own directory"))?;
        let parent = Path::new(OWN_DIR).join(parent);
        let dir = make_dirs(&**self.disk(), self.root(), &parent).map_err(as_io)?;
        let temporary = atomic::temporary(path);
        let written = self.write_cache(&temporary, write);
        let put = written.and_then(|()| {
            remove_abandoned(self, &dir, path, &temporary);
            let renamed = self.disk().rename(&temporary, path);
            renamed.map_err(|error| match path.is_dir() {
                true => io::Error::other("a folder stands in its place; move that away"),
                false => error,
            })
        });
        if put.is_err() {
            // A leftover is the only harm, and the next writer removes it.
            let _ = self.disk().remove(&temporary);
        }
        put
    }

    fn write_cache(
        &self,
        temporary: &Path,
        write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        if self.disk().exists(temporary)? {
            self.disk().remove(temporary)?;
        }
        let file = Appending(self.disk().create_new(temporary)?);
        set_mode(self.root(), temporary, 0o666);
        let mut writer = BufWriter::with_capacity(BUFFER, file);
        write(&mut writer)?;
        writer.flush()
    }
}

struct Appending(Arc<dyn DiskFile>);

impl Write for Appending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.append(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Removes what writers of `path` have left that died: begun long before `own`.
fn remove_abandoned(vault: &Vault, dir: &Path, path: &Path, own: &Path) {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!(".{name}.tmp-");
    let begun = |path: &Path| path.symlink_metadata()?.modified();
    let Ok(now) = begun(own) else {
        return;
    };
    let names = vault.disk().list(dir).unwrap_or_default();
    for left in names.iter().filter(|name| name.starts_with(&prefix)) {
        let left = dir.join(left);
        let age = begun(&left).map(|then| now.duration_since(then));
        if matches!(age, Ok(Ok(age)) if age > ABANDONED) {
            // It is no harm where it is.
            let _ = vault.disk().remove(&left);
        }
    }
}

/// The system's word where there is one: who asks wants to know of a full disk.
fn as_io(error: Error) -> io::Error {
    let kind = match &error {
        Error::Io { source, .. } => source.kind(),
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error.told())
}
