//! Leases: an exclusive lock on a file, for as long as its holder lives.
//!
//! The file is never deleted by us: deleting a locked file would let two processes hold "the" lease.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::disk::{Access, Disk, DiskFile, read_full};
use crate::{Error, Lease, LeaseNote, Result, lock};

/// A note is one line of JSON; what is longer is not one of ours.
const MAX_NOTE: usize = 4096;

#[derive(Debug)]
struct FileLease {
    file: Arc<dyn DiskFile>,
    path: PathBuf,
}

pub(super) fn take(disk: &dyn Disk, path: PathBuf) -> Result<Option<Box<dyn Lease>>> {
    let Some(file) = lock::take_lease(disk, &path).map_err(|e| Error::io("lock", &path, e))? else {
        return Ok(None);
    };
    let lease = FileLease { file, path };
    // The former holder's note must not be taken for ours.
    lease.write(b"")?;
    Ok(Some(Box::new(lease)))
}

pub(super) fn holder(disk: &dyn Disk, path: &Path) -> Result<Option<LeaseNote>> {
    let io = |error| Error::io("probe", path, error);
    match disk.open(path, Access::Read) {
        Ok(file) if lock::is_held(&*file).map_err(io)? => Ok(Some(read_note(&*file).map_err(io)?)),
        Ok(_) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io(error)),
    }
}

/// A holder that has said nothing yet, or is just saying it, is a holder without words.
fn read_note(file: &dyn DiskFile) -> io::Result<LeaseNote> {
    let mut bytes = vec![0; MAX_NOTE];
    let read = read_full(file, &mut bytes, 0)?;
    // Only the first line: the note is overwritten first and cut to length after.
    let line = bytes[..read]
        .split(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default();
    Ok(serde_json::from_slice(line).unwrap_or_default())
}

impl FileLease {
    fn write(&self, bytes: &[u8]) -> Result<()> {
        self.file
            .replace(bytes)
            .map_err(|e| Error::io("write", &self.path, e))
    }
}

impl Lease for FileLease {
    fn note(&mut self, note: &LeaseNote) -> Result<()> {
        let mut line = serde_json::to_vec(note).expect("a note of strings and a number is JSON");
        line.push(b'\n');
        if line.len() > MAX_NOTE {
            return Err(Error::invalid(
                "lease note",
                format!("it is longer than {MAX_NOTE} bytes"),
            ));
        }
        self.write(&line)
    }

    fn is_current(&self) -> bool {
        self.file.is_at(&self.path).unwrap_or(false)
    }
}

impl Drop for FileLease {
    fn drop(&mut self) {
        // Closing the file frees the lock as well, should this ever fail.
        let _ = self.file.unlock();
    }
}
