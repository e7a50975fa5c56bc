//! Every journal below the program's own directory, whatever it is about: each is a chain like a plan's.

use std::path::{Path, PathBuf};

use journal::{CatchUp, FileStore, LogName, LogStore};
use projections::time::Timestamp;

use super::is_stuck;
use crate::{
    error::{Error, Result},
    vault::{Vault, schedule, stamp},
};

/// Directories below directories that are looked into; the program makes one level.
const DEPTH: usize = 4;

/// How journals' files end.
const SUFFIX: &str = ".journal.jsonl";

/// A journal of the vault's own.
#[derive(Debug)]
pub struct OwnJournal {
    /// The file.
    pub path: PathBuf,
    /// How many frames it has, or what is wrong with it.
    pub frames: Result<u64>,
    /// Bytes of an unfinished frame at its end.
    pub torn: u64,
    /// The time of its last frame.
    pub newest: Option<Timestamp>,
    /// Whether its claim lock was not free for longer than an append takes.
    pub is_stuck: bool,
}

/// All of them, by path; and the directories that cannot be read, with the reason.
#[must_use]
pub fn own_journals(vault: &Vault) -> (Vec<OwnJournal>, Vec<(PathBuf, String)>) {
    let (mut files, mut unread) = (Vec::new(), Vec::new());
    collect(&vault.own_dir(), DEPTH, &mut files, &mut unread);
    files.sort();
    let mut found = files.iter().filter_map(|path| look(vault, path)).collect();
    look_at_schedule(vault, &mut found);
    (found, unread)
}

/// Of the schedule more is known than its own file says: what `cron.yaml` was made from must be there.
fn look_at_schedule(vault: &Vault, found: &mut Vec<OwnJournal>) {
    let Err(error) = schedule::read(vault) else {
        return;
    };
    let path = schedule::path(vault);
    match found.iter_mut().find(|journal| journal.path == path) {
        Some(journal) if journal.frames.is_ok() => journal.frames = Err(error),
        Some(_) => {}
        None => found.push(OwnJournal {
            path,
            frames: Err(error),
            torn: 0,
            newest: None,
            is_stuck: false,
        }),
    }
}

fn collect(
    dir: &Path,
    depth: usize,
    files: &mut Vec<PathBuf>,
    unread: &mut Vec<(PathBuf, String)>,
) {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
        Err(error) => return unread.push((dir.to_path_buf(), error.to_string())),
    };
    for entry in entries.flatten() {
        let (path, kind) = (entry.path(), entry.file_type());
        match kind {
            Ok(kind) if kind.is_dir() && depth > 0 => collect(&path, depth - 1, files, unread),
            Ok(kind) if kind.is_file() && path.to_string_lossy().ends_with(SUFFIX) => {
                files.push(path)
            }
            Ok(_) | Err(_) => {}
        }
    }
}

/// `None` for a file whose name is no log's.
fn look(vault: &Vault, path: &Path) -> Option<OwnJournal> {
    let (dir, file) = (path.parent()?, path.file_name()?.to_str()?);
    let name = LogName::parse(file.strip_suffix(SUFFIX)?).ok()?;
    let store = FileStore::new(vault.disk().clone(), dir.to_path_buf(), stamp());
    let mut newest = None;
    let seen = read(&store, &name, &mut newest);
    let torn = seen.as_ref().ok().and_then(|seen| seen.torn.as_ref());
    Some(OwnJournal {
        torn: torn.map_or(0, |torn| torn.bytes),
        frames: seen.map(|seen| seen.frames).map_err(Error::from),
        newest: newest.and_then(|at: String| Timestamp::parse(&at).ok()),
        is_stuck: is_stuck(&**vault.disk(), &dir.join(format!("{name}.lock"))),
        path: path.to_path_buf(),
    })
}

fn read(
    store: &FileStore,
    name: &LogName,
    newest: &mut Option<String>,
) -> journal::Result<CatchUp> {
    store
        .read(name, None)?
        .catch_up(&mut |frame| *newest = Some(frame.at))
}
