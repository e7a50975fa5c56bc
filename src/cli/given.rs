//! Files that are named on the command line and whose text the program takes over: regular ones of a bounded length.

use std::path::Path;

use crate::error::{Error, Result};

/// That a named file cannot be taken.
pub(super) fn bad(file: &Path, why: impl Into<String>) -> Error {
    Error::BadFile {
        file: file.to_path_buf(),
        why: why.into(),
    }
}

/// The bytes of a regular file of at most `longest`; `advice` says what to do about a longer one.
pub(super) fn read(file: &Path, longest: u64, advice: &str) -> Result<Vec<u8>> {
    let meta = std::fs::metadata(file).map_err(Error::io("read", file))?;
    if !meta.is_file() {
        return Err(bad(file, "it is not a regular file"));
    }
    if meta.len() > longest {
        let length = meta.len();
        return Err(bad(file, format!("it has {length} bytes; {advice}")));
    }
    std::fs::read(file).map_err(Error::io("read", file))
}

/// Those bytes as text.
pub(super) fn text(file: &Path, bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|_| bad(file, "it is not UTF-8 text"))
}
