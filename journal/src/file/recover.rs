//! Moving a torn tail aside: copied and durable first, cut off second. A crash in between leaves a copy too many.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::log::FileLog;
use crate::disk::{DiskFile, append_all};
use crate::lines::CHUNK;
use crate::{Error, Result, TornTail};

impl FileLog {
    /// Moves everything behind the last good frame into a file of its own. The caller holds the lock.
    pub(super) fn move_torn_tail(&mut self) -> Result<TornTail> {
        let (kept_as, file) = self.torn_file()?;
        let copied = self
            .copy_tail(&*file)
            .map_err(|e| Error::io("write", &kept_as, e));
        let bytes = copied.inspect_err(|_| {
            let _ = self.disk.remove(&kept_as);
        })?;
        self.cut_tail()
            .map_err(|e| Error::io("cut the torn tail of", &self.path, e))?;
        Ok(TornTail {
            bytes,
            kept_as: Some(kept_as),
        })
    }

    /// A new file for the torn bytes; two torn tails of one moment both stay.
    fn torn_file(&self) -> Result<(PathBuf, Arc<dyn DiskFile>)> {
        let stamp = file_safe(&(self.stamp)());
        let mut suffix = String::new();
        for again in 2.. {
            let path = self.path.with_extension(format!("torn-{stamp}{suffix}"));
            match self.disk.create_new(&path) {
                Ok(file) => return Ok((path, file)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    suffix = format!("-{again}")
                }
                Err(error) => return Err(Error::io("create", &path, error)),
            }
        }
        unreachable!("there are more numbers than files")
    }

    fn copy_tail(&self, to: &dyn DiskFile) -> io::Result<u64> {
        let mut buf = vec![0; CHUNK];
        let mut copied = 0;
        loop {
            let read = self.file.read_at(&mut buf, self.at.end + copied)?;
            if read == 0 {
                break;
            }
            append_all(to, &buf[..read])?;
            copied += read as u64;
        }
        to.sync_data()?;
        let dir = self.path.parent().expect("a log's file has a directory");
        self.disk.sync_dir(dir)?;
        Ok(copied)
    }

    fn cut_tail(&mut self) -> io::Result<()> {
        self.file.truncate(self.at.end)?;
        self.file.sync_data().inspect_err(|_| self.poisoned = true)
    }
}

/// The stamp as part of a file name: no separator, no colon.
fn file_safe(stamp: &str) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') {
            c
        } else {
            '-'
        }
    };
    stamp.chars().map(safe).collect()
}
