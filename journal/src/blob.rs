//! Payloads too large for a frame, by content address: `<dir>/<2 hex>/<64 hex>`, durable before the frame that
//! names them is written.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::disk::{self, Disk};
use crate::{Damage, DamageKind, Error, Hash, Result};

/// A directory of blobs.
#[derive(Clone, Debug)]
pub struct BlobStore {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
}

/// How the name of a blob begins that is not yet whole.
const DRAFT: &str = ".draft-";

/// Tells the half-written files of one process's threads apart.
static DRAFTS: AtomicU64 = AtomicU64::new(0);

impl BlobStore {
    /// Blobs under `dir`, whose parent must exist.
    pub fn new(disk: Arc<dyn Disk>, dir: PathBuf) -> BlobStore {
        BlobStore { disk, dir }
    }

    /// Where the blob of that hash is kept.
    pub fn path(&self, hash: &Hash) -> PathBuf {
        let hex = hash.to_string();
        self.dir.join(&hex[..2]).join(&hex)
    }

    /// Keeps `bytes`, durably, and tells their hash. Putting the same again changes nothing.
    ///
    /// # Errors
    /// [`Error::Damaged`] when other bytes stand under that name, [`Error::Io`] from the environment.
    pub fn put(&self, bytes: &[u8]) -> Result<Hash> {
        let hash = Hash::of(bytes);
        let path = self.path(&hash);
        let shelf = path.parent().expect("a blob stands in a directory");
        let io = |act, error| Error::io(act, &path, error);
        match self.disk.read(&path) {
            Ok(kept) => verify(&path, &hash, &kept)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.make_shelf(shelf)
                    .map_err(|e| io("make a directory for", e))?;
                self.write(shelf, &path, bytes)
                    .map_err(|e| io("write", e))?;
            }
            Err(error) => return Err(io("read", error)),
        }
        // Also for a blob that was there: who put it may have died before its name was durable.
        self.sync_names(shelf).map_err(|e| io("sync", e))?;
        Ok(hash)
    }

    /// The blob of that hash.
    ///
    /// # Errors
    /// [`Error::Damaged`] when the bytes are not what their name says, [`Error::Io`] from the environment.
    pub fn get(&self, hash: &Hash) -> Result<Vec<u8>> {
        let path = self.path(hash);
        let bytes = self
            .disk
            .read(&path)
            .map_err(|e| Error::io("read", &path, e))?;
        verify(&path, hash, &bytes)?;
        Ok(bytes)
    }

    fn make_shelf(&self, shelf: &Path) -> io::Result<()> {
        self.disk.create_dir(&self.dir)?;
        self.disk.create_dir(shelf)
    }

    fn write(&self, shelf: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let draft = DRAFTS.fetch_add(1, Ordering::Relaxed);
        let draft = shelf.join(format!("{DRAFT}{}-{draft}", std::process::id()));
        disk::write_new(&*self.disk, &draft, bytes)?;
        self.disk.rename(&draft, path)
    }

    fn sync_names(&self, shelf: &Path) -> io::Result<()> {
        self.disk.sync_dir(shelf)?;
        self.disk.sync_dir(&self.dir)?;
        match self.dir.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => self.disk.sync_dir(parent),
            _ => Ok(()),
        }
    }
}

/// Whether a file of this name is a blob that its writer has not finished.
pub(crate) fn is_draft(name: &str) -> bool {
    let numbers = name
        .strip_prefix(DRAFT)
        .and_then(|rest| rest.split_once('-'));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    numbers.is_some_and(|(pid, count)| digits(pid) && digits(count))
}

fn verify(path: &Path, hash: &Hash, bytes: &[u8]) -> Result<()> {
    let found = Hash::of(bytes);
    if found == *hash {
        return Ok(());
    }
    let detail = format!("its {} bytes make {found}", bytes.len());
    let kind = DamageKind::BlobDiffers;
    Err(Damage {
        path: path.to_path_buf(),
        kind,
        seq: 0,
        offset: 0,
        detail,
    }
    .into())
}
