//! How an index gets to the disk. Only the vault changes files, and this module knows no vault.

use std::{io, path::Path};

/// Puts files in place.
pub trait Keeper: Send + Sync {
    /// Puts the file `path` in place with what `write` writes: whole or, after any error or crash, as it was before.
    /// Directories that are missing are made. It need not be durable.
    ///
    /// # Errors
    /// The file system's; nothing is left behind.
    fn put(
        &self,
        path: &Path,
        write: &mut dyn FnMut(&mut dyn io::Write) -> io::Result<()>,
    ) -> io::Result<()>;
}
