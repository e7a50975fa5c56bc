//! Reading what should be a file. A pipe or a device under a file's name would keep whoever reads it waiting for ever,
//! and with it every plan of the daemon.

use std::{
    fs,
    io::{Error, ErrorKind, Result},
    path::Path,
};

/// The bytes of a regular file, or of what a symlink to one leads to.
pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    check(path)?;
    fs::read(path)
}

/// The text of a regular file.
pub(super) fn read_text(path: &Path) -> Result<String> {
    check(path)?;
    fs::read_to_string(path)
}

/// That there is something to be read to its end.
pub(super) fn check(path: &Path) -> Result<()> {
    if fs::metadata(path)?.is_file() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::InvalidInput,
        "it is not a regular file",
    ))
}
