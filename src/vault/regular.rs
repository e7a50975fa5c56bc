//! Reading what should be a file. A pipe or a device under a file's name would keep whoever reads it waiting for ever,
//! and with it every plan of the daemon.

use std::{
    fs,
    io::{Error, ErrorKind, Read, Result},
    path::Path,
};

use projections::document::MAX_FILE;

/// Longest text of a plan or a ticket that is looked at, in bytes: much more than one may have, and little enough for
/// any memory.
const MOST: u64 = 16 * MAX_FILE as u64;

/// What lies under the name of a plan's or a ticket's file.
#[derive(Debug)]
pub(super) enum Lying {
    /// Nothing.
    Nothing,
    /// A file, or a symlink to one; of one that is far too long, its beginning.
    Text(Vec<u8>),
    /// Something that is no file, and what it is.
    NoFile(&'static str),
}

/// Looks at what lies there.
pub(super) fn lying(path: &Path) -> Result<Lying> {
    let missing = |error: &Error| error.kind() == ErrorKind::NotFound;
    let link = match fs::symlink_metadata(path) {
        Err(error) if missing(&error) => return Ok(Lying::Nothing),
        found => found?.is_symlink(),
    };
    match fs::metadata(path) {
        Ok(meta) if meta.is_file() => {}
        Ok(meta) if meta.is_dir() => {
            return Ok(Lying::NoFile("it is not a regular file but a directory"));
        }
        Ok(_) => {
            return Ok(Lying::NoFile(
                "it is not a regular file but a pipe, a socket or a device",
            ));
        }
        Err(error) if link && error.kind() != ErrorKind::PermissionDenied => {
            return Ok(Lying::NoFile("it is a symlink that leads nowhere"));
        }
        // It went in this instant.
        Err(error) if missing(&error) => return Ok(Lying::Nothing),
        Err(error) => return Err(error),
    }
    let mut bytes = Vec::new();
    match fs::File::open(path) {
        Ok(file) => file.take(MOST).read_to_end(&mut bytes)?,
        Err(error) if missing(&error) => return Ok(Lying::Nothing),
        Err(error) => return Err(error),
    };
    Ok(Lying::Text(bytes))
}

/// The text of a plan's or a ticket's file, if that is what lies there.
pub(super) fn rendered_text(path: &Path) -> Option<String> {
    match lying(path).ok()? {
        Lying::Text(bytes) => String::from_utf8(bytes).ok(),
        Lying::Nothing | Lying::NoFile(_) => None,
    }
}

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
