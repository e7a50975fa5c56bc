//! Heads for keeping elsewhere, and whether the journals still hold them: the one way to see that whole frames
//! were cut off a journal together with its projections.
//!
//! A list of heads is one JSON object a line: `{"name","seq","b3","path"}`, the path below the directory.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use journal::{Anchor, Error as LogError, FileStore, Hash, LogName, LogStore};
use serde::{Deserialize, Serialize};

use super::{Error, Result, Target};

/// The last frame of one journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The log.
    pub name: String,
    /// Number of the frame.
    pub seq: u64,
    /// Its hash.
    pub b3: Hash,
    /// The journal, below the directory that was asked for.
    pub path: String,
}

impl Head {
    /// The head of a journal below `dir`; `None` when its path is not text, so that no list can name it.
    #[must_use]
    pub fn of(dir: &Path, target: &Target, tail: Anchor) -> Option<Head> {
        let path = target.path.strip_prefix(dir).ok()?.to_str()?;
        Some(Head {
            name: target.name.to_string(),
            seq: tail.seq,
            b3: tail.b3,
            path: path.to_owned(),
        })
    }

    fn target(&self, dir: &Path) -> std::result::Result<Target, String> {
        let name = LogName::parse(&self.name).map_err(|error| error.to_string())?;
        let target = Target::new(dir.join(&self.path), None).map_err(|error| error.to_string())?;
        let below = Path::new(&self.path)
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)));
        if below && target.name == name {
            return Ok(target);
        }
        Err(format!(
            "{:?} is not the path of {name}'s journal",
            self.path
        ))
    }
}

/// Reads a list of heads, whole or not at all.
///
/// # Errors
/// [`Error::BadHeads`] at the first line that is none.
pub fn read_heads(path: &Path) -> Result<Vec<Head>> {
    let bytes = fs::read(path).map_err(Error::io(path))?;
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    lines
        .filter(|(_, line)| !line.trim_ascii().is_empty())
        .map(|(at, line)| read_head(line).map_err(|why| bad_heads(path, at + 1, why)))
        .collect()
}

fn read_head(line: &[u8]) -> std::result::Result<Head, String> {
    let head: Head = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    head.target(Path::new("")).map(|_| head)
}

fn bad_heads(path: &Path, line: usize, why: String) -> Error {
    let path = path.to_path_buf();
    Error::BadHeads { path, line, why }
}

/// What became of a head that was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// The frame is there, and the journal is whole; the anchor is its tail now.
    Holds(Anchor),
    /// The journal is damaged, or no longer holds the frame.
    Broken(String),
    /// There is no journal any more.
    Missing,
}

/// A kept head and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The head.
    pub head: Head,
    /// What became of it.
    pub held: Held,
}

/// Looks for a kept head in the journals below `dir`: where it was kept, and where its plan may have gone since.
///
/// # Errors
/// The environment's.
pub fn compare(dir: &Path, head: Head) -> Result<Compared> {
    let kept = head.target(dir).map_err(|why| bad_heads(dir, 0, why))?;
    let elsewhere = moved(&head).and_then(|path| Target::new(dir.join(path), None).ok());
    let mut held = Held::Missing;
    for target in std::iter::once(kept).chain(elsewhere) {
        match target.check() {
            Ok(()) => {
                held = look(&target, &head)?;
                break;
            }
            Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {}
            Err(Error::NotAFile { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Compared { head, held })
}

/// Where the journal lies when its plan was put into its project's archive since, or taken out of it:
/// `ess/plans/…` and `ess/archive/<plan>/plans/…`.
fn moved(head: &Head) -> Option<PathBuf> {
    let path = Path::new(&head.path);
    let (file, plans) = (path.file_name()?, path.parent()?);
    let place = plans.parent().filter(|_| plans.ends_with("plans"))?;
    let own = Path::new("archive").join(&head.name);
    let project = match place.ends_with(&own) {
        true => place.parent()?.parent()?.to_path_buf(),
        false => place.join(own),
    };
    Some(project.join("plans").join(file))
}

fn look(target: &Target, head: &Head) -> Result<Held> {
    let anchor = Anchor {
        seq: head.seq,
        b3: head.b3,
    };
    let dir = target
        .path
        .parent()
        .map_or_else(PathBuf::new, Path::to_path_buf);
    // The moment is asked for only when a torn tail is moved aside, which a handle that reads never does.
    let store = FileStore::on_disk(dir, Arc::new(String::new));
    let mut log = store.read(&target.name, Some(anchor))?;
    match log.catch_up(&mut |_| ()) {
        Ok(seen) => Ok(seen.tail.map_or(Held::Missing, Held::Holds)),
        Err(LogError::Damaged(damage)) => Ok(Held::Broken(damage.to_string())),
        Err(error) => Err(error.into()),
    }
}
