//! The files of a run as the engine itself puts and finds them: with the care of the tools, since the agents that the
//! files belong to, and the commands that they run, are at work in the same place.

use std::{io, path::Path};

use super::tree::{Fault, Tree};

/// What was found where a file belongs.
#[derive(Debug)]
pub enum Found {
    /// A file, whole.
    Bytes(Vec<u8>),
    /// Nothing.
    Nothing,
    /// No file that can be taken, and why: a fragment that follows the path.
    Odd(String),
}

/// Why a file cannot be put there: a fragment that follows the path.
#[derive(Debug, thiserror::Error)]
pub enum Unplaced {
    /// Something that an agent left there is in the way.
    #[error("{0}")]
    InTheWay(String),
    /// The machine refuses.
    #[error("cannot be written: {0}")]
    Machine(#[source] io::Error),
}

/// Puts a file at `path` (relative, checked) below `root`: whole, synced, and through no link.
///
/// # Errors
/// [`Unplaced`]; then the file is as it was.
pub fn put_artifact(root: &Path, path: &str, content: &[u8]) -> Result<(), Unplaced> {
    let tree = Tree::open(root).map_err(Unplaced::Machine)?;
    match tree.put(&parts(path), content) {
        Ok(_) => Ok(()),
        Err(Fault::Io(error)) => Err(Unplaced::Machine(error)),
        Err(fault) => Err(Unplaced::InTheWay(fault.to_string())),
    }
}

/// The file at `path` (relative, checked) below `root`, if it is one and has at most `most` bytes.
///
/// # Errors
/// The file system's.
pub fn find_artifact(root: &Path, path: &str, most: u64) -> io::Result<Found> {
    let tree = match Tree::open(root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        tree => tree?,
    };
    let opened = match tree.file(&parts(path)) {
        Ok(opened) => opened,
        Err(Fault::Missing) => return Ok(Found::Nothing),
        Err(Fault::Io(error)) => return Err(error),
        Err(fault) => return Ok(Found::Odd(fault.to_string())),
    };
    let length = opened.length;
    Ok(match opened.whole(most)? {
        Some(bytes) => Found::Bytes(bytes),
        None => Found::Odd(format!("has {length} bytes, more than {most}")),
    })
}

fn parts(path: &str) -> Vec<&str> {
    path.split('/').collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn neither_way_leads_through_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let (root, outside) = (dir.path().join("run"), dir.path().join("outside"));
        std::fs::create_dir(&root).unwrap();
        std::fs::create_dir(&outside).unwrap();
        std::fs::write(outside.join("secret"), "s").unwrap();
        std::os::unix::fs::symlink(&outside, root.join("d")).unwrap();
        std::os::unix::fs::symlink(outside.join("secret"), root.join("f")).unwrap();
        for path in ["d/secret", "f"] {
            assert!(matches!(find_artifact(&root, path, 9), Ok(Found::Odd(_))));
            let put = put_artifact(&root, path, b"changed");
            assert!(matches!(put, Err(Unplaced::InTheWay(_))), "{path}: {put:?}");
        }
        assert_eq!(std::fs::read(outside.join("secret")).unwrap(), b"s");
    }

    #[test]
    fn what_was_put_is_found_and_what_is_too_long_is_not_taken() {
        let dir = tempfile::tempdir().unwrap();
        put_artifact(dir.path(), "a/b.md", b"four").unwrap();
        let found = find_artifact(dir.path(), "a/b.md", 4).unwrap();
        assert!(matches!(found, Found::Bytes(bytes) if bytes == b"four"));
        assert!(matches!(
            find_artifact(dir.path(), "a/b.md", 3),
            Ok(Found::Odd(_))
        ));
        assert!(matches!(
            find_artifact(dir.path(), "a/c.md", 3),
            Ok(Found::Nothing)
        ));
        let nowhere = dir.path().join("nowhere");
        assert!(matches!(
            find_artifact(&nowhere, "x", 3),
            Ok(Found::Nothing)
        ));
    }
}
