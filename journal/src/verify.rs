//! Verifying a log's chain without a JSON parser, without a lock and without writing.

use std::path::Path;

use crate::chain::Chain;
use crate::disk::{Access, Disk, DiskFile, RealDisk};

use crate::lines::{Ending, Line, Lines};
use crate::walk::{Position, Source};
use crate::{Anchor, Error, LogName, Result, frame};

/// What was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Number of good frames.
    pub frames: u64,
    /// The last of them.
    pub tail: Anchor,
    /// Their length in bytes.
    pub bytes: u64,
    /// Bytes behind them that were never acknowledged, or are just being written.
    pub unfinished: u64,
}

/// Verifies the file at `path` as the log `name`, streaming.
///
/// # Errors
/// [`Error::Damaged`] with what was found and where, [`Error::Io`] from the environment.
pub fn verify_file(path: &Path, name: &LogName) -> Result<Verified> {
    let file = RealDisk
        .open(path, Access::Read)
        .map_err(|e| Error::io("open", path, e))?;
    verify(path, &*file, name)
}

/// Verifies an open file as the log `name`, streaming; `path` is for messages.
///
/// # Errors
/// As [`verify_file`].
pub fn verify(path: &Path, file: &dyn DiskFile, name: &LogName) -> Result<Verified> {
    let source = Source {
        path,
        file,
        anchor: None,
    };
    let mut at = Position::start(name);
    let mut lines = Lines::new(file, 0);
    while let Some(line) = lines.next().map_err(|e| source.io(e))? {
        let Some((anchor, epoch)) = good(&at.chain, &line) else {
            break;
        };
        at.step(anchor, epoch, line.bytes.len() as u64 + 1);
    }
    // Whatever ended the good frames is judged where every end is judged.
    source.walk(&mut at, &mut |_| ())?;
    let len = file.len().map_err(|e| source.io(e))?;
    let tail = at.tail().expect("a walk without frames ends as damage");
    Ok(Verified {
        frames: at.chain.next(),
        tail,
        bytes: at.end,
        unfinished: len.saturating_sub(at.end),
    })
}

/// As [`verify_file`], on `threads` threads: each line's key is the recorded hash of the line before, so pieces
/// of a log can be verified apart. A log with anything wrong is verified once more in order, for the verdict.
///
/// # Errors
/// As [`verify_file`].
pub fn verify_parallel(path: &Path, name: &LogName, threads: usize) -> Result<Verified> {
    let io = |error| Error::io("read", path, error);
    let file = RealDisk.open(path, Access::Read).map_err(io)?;
    let len = file.len().map_err(io)?;
    let pieces = threads.clamp(1, 64) as u64;
    let start = |piece: u64| {
        if piece == pieces {
            len
        } else {
            len / pieces * piece
        }
    };
    let verify_one = |piece: u64| verify_piece(&*file, name, start(piece), start(piece + 1));
    let found: Option<Vec<_>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..pieces)
            .map(|piece| scope.spawn(move || verify_one(piece)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("verifying does not panic"))
            .collect()
    });
    match found.and_then(|pieces| pieces.into_iter().flatten().next_back()) {
        Some((tail, bytes)) => Ok(Verified {
            frames: tail.seq + 1,
            tail,
            bytes,
            unfinished: 0,
        }),
        None => verify(path, &*file, name),
    }
}

/// The last frame of a piece and where it ends; a piece inside one long line has none.
type Piece = Option<(Anchor, u64)>;

/// Verifies the lines behind the first one that starts in the piece, up to and with the first that starts
/// behind it; `None` when anything is not plainly good. So each line belongs to exactly one piece:
///
/// ```text
///  bounds     a            b            c
///  lines  ──┬───┬──┬─────┬────┬──┬───┬─────┬──
///               ╰key╰──verified──╯
/// ```
fn verify_piece(file: &dyn DiskFile, name: &LogName, from: u64, to: u64) -> Option<Piece> {
    let mut lines = Lines::new(file, from.saturating_sub(1));
    let mut chain = Chain::start(name);
    if from > 0 {
        lines.next().ok()?;
        let Some(key) = lines.next().ok()? else {
            return Some(None);
        };
        let record = frame::decode(key.bytes)?;
        if key.offset >= to {
            return Some(None);
        }
        // Not verified yet, so its number may be anything.
        if record.anchor.seq == u64::MAX {
            return None;
        }
        chain = Chain::after(record.anchor, record.epoch);
    }
    let mut piece = None;
    while let Some(line) = lines.next().ok()? {
        let (anchor, _) = good(&chain, &line)?;
        chain.advance(anchor, 0);
        piece = Some((anchor, line.offset + line.bytes.len() as u64 + 1));
        if line.offset >= to {
            break;
        }
    }
    Some(piece)
}

/// Finds the newline, hashes, compares: no more is needed of a line that is what it says.
fn good(chain: &Chain, line: &Line<'_>) -> Option<(Anchor, u64)> {
    match line.ending {
        Ending::Newline => chain.follow(line.bytes),
        Ending::Eof | Ending::TooLong => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Draft, Hash};

    fn journal(frames: u64, name: &LogName) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut key = Hash::root(name);
        for seq in 0..frames {
            let events = format!(
                "[\"{}\"]",
                "x".repeat(usize::try_from(seq * seq % 97).unwrap())
            );
            let draft = Draft {
                at: "2026-11-23T20:15:00.123456Z".into(),
                epoch: 1,
                by: "a".into(),
                events,
            };
            let line = frame::encode(&key, seq, &draft).unwrap();
            key = frame::recorded_hash(&line).unwrap();
            bytes.extend(line);
        }
        bytes
    }

    #[test]
    fn any_number_of_threads_finds_what_one_finds() {
        let dir = tempfile::tempdir().unwrap();
        let name = LogName::parse("P-1").unwrap();
        let path = dir.path().join("log");
        for frames in [1, 2, 3, 10, 200] {
            std::fs::write(&path, journal(frames, &name)).unwrap();
            let alone = verify_file(&path, &name).unwrap();
            assert_eq!(alone.frames, frames);
            for threads in [1, 2, 3, 7, 64] {
                assert_eq!(
                    verify_parallel(&path, &name, threads).unwrap(),
                    alone,
                    "{frames} on {threads}"
                );
            }
        }
    }

    #[test]
    fn damage_anywhere_is_found_on_every_number_of_threads() {
        let dir = tempfile::tempdir().unwrap();
        let name = LogName::parse("P-1").unwrap();
        let path = dir.path().join("log");
        let bytes = journal(12, &name);
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 4;
            std::fs::write(&path, bad).unwrap();
            let alone = verify_file(&path, &name).map_err(|error| error.to_string());
            let together = verify_parallel(&path, &name, 3).map_err(|error| error.to_string());
            assert_eq!(alone, together, "byte {at}");
            assert!(
                alone.is_err() || alone.is_ok_and(|found| found.unfinished > 0),
                "byte {at}"
            );
        }
    }
}
