//! A store in memory, for tests of what stands above a log. It keeps the same chain as the file store.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::chain::Chain;
use crate::{
    Anchor, CatchUp, Damage, DamageKind, Draft, Error, FORMAT_VERSION, Frame, Lease, LeaseNote,
    Log, LogName, LogStore, Result, frame,
};

/// Logs in memory. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    world: Arc<Mutex<World>>,
}

#[derive(Debug, Default)]
struct World {
    logs: BTreeMap<LogName, Frames>,
    leases: BTreeMap<LogName, (u64, LeaseNote)>,
    /// Tells one lease from the next.
    grants: u64,
}

type Frames = Arc<Mutex<Vec<Frame>>>;

impl MemoryStore {
    /// A store without logs.
    pub fn new() -> MemoryStore {
        MemoryStore::default()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("no holder of this lock panics")
    }

    fn handle(&self, name: &LogName, anchor: Option<Anchor>, writes: bool) -> Result<Box<dyn Log>> {
        let missing = || Error::Missing { name: name.clone() };
        let frames = Arc::clone(self.world().logs.get(name).ok_or_else(missing)?);
        Ok(Box::new(MemoryLog {
            name: name.clone(),
            frames,
            seen: 0,
            anchor,
            writes,
        }))
    }
}

impl LogStore for MemoryStore {
    fn create(&self, name: &LogName, first: &Draft) -> Result<Anchor> {
        frame::check(first)?;
        let mut world = self.world();
        if world.logs.contains_key(name) {
            return Err(Error::Exists { name: name.clone() });
        }
        let frame = framed(&Chain::start(name), first);
        let anchor = frame.anchor;
        world
            .logs
            .insert(name.clone(), Arc::new(Mutex::new(vec![frame])));
        Ok(anchor)
    }

    fn open(&self, name: &LogName, anchor: Option<Anchor>) -> Result<Box<dyn Log>> {
        self.handle(name, anchor, true)
    }

    fn read(&self, name: &LogName, anchor: Option<Anchor>) -> Result<Box<dyn Log>> {
        self.handle(name, anchor, false)
    }

    fn lease(&self, name: &LogName) -> Result<Option<Box<dyn Lease>>> {
        let mut world = self.world();
        if world.leases.contains_key(name) {
            return Ok(None);
        }
        world.grants += 1;
        let grant = world.grants;
        let silent = LeaseNote::default();
        world.leases.insert(name.clone(), (grant, silent));
        Ok(Some(Box::new(MemoryLease {
            store: self.clone(),
            name: name.clone(),
            grant,
        })))
    }

    fn leased(&self, name: &LogName) -> Result<Option<LeaseNote>> {
        Ok(self.world().leases.get(name).map(|(_, note)| note.clone()))
    }

    fn names(&self) -> Result<Vec<LogName>> {
        Ok(self.world().logs.keys().cloned().collect())
    }
}

/// The frame that `draft` becomes behind `chain`.
fn framed(chain: &Chain, draft: &Draft) -> Frame {
    let mut line = Vec::new();
    let b3 = frame::encode_into(&mut line, chain.key(), chain.next(), draft);
    let Draft {
        at,
        epoch,
        by,
        events,
    } = draft.clone();
    Frame {
        anchor: Anchor {
            seq: chain.next(),
            b3,
        },
        at,
        epoch,
        by,
        events,
    }
}

struct MemoryLog {
    name: LogName,
    frames: Frames,
    /// How many frames this handle has seen.
    seen: usize,
    anchor: Option<Anchor>,
    writes: bool,
}

impl MemoryLog {
    fn frames(&self) -> MutexGuard<'_, Vec<Frame>> {
        self.frames.lock().expect("no holder of this lock panics")
    }

    fn check_anchor(&self, frames: &[Frame]) -> Result<()> {
        let Some(known) = self.anchor else {
            return Ok(());
        };
        let at = usize::try_from(known.seq).unwrap_or(usize::MAX);
        let (kind, seq) = match frames.get(at) {
            Some(frame) if frame.anchor == known => return Ok(()),
            Some(_) => (DamageKind::AnchorDiffers, known.seq),
            None => (DamageKind::AnchorBeyondTail, frames.len() as u64),
        };
        let (path, detail) = (
            PathBuf::from(self.name.as_str()),
            format!("frame {} was acknowledged", known.seq),
        );
        Err(Damage {
            path,
            kind,
            seq,
            offset: 0,
            detail,
        }
        .into())
    }

    fn check_draft(&self, drafts: &[Draft]) -> Result<()> {
        if !self.writes {
            return Err(Error::invalid("handle", "it was opened for reading"));
        }
        if drafts.is_empty() {
            return Err(Error::invalid("batch", "it holds no draft"));
        }
        drafts.iter().try_for_each(frame::check)
    }
}

impl Log for MemoryLog {
    fn position(&self) -> Option<Anchor> {
        self.seen
            .checked_sub(1)
            .map(|last| self.frames()[last].anchor)
    }

    fn catch_up(&mut self, visit: &mut dyn FnMut(Frame)) -> Result<CatchUp> {
        // A copy, so that a visitor may use the store.
        let (news, judged) = {
            let frames = self.frames();
            let judged = self.check_anchor(&frames);
            let good = judged
                .as_ref()
                .err()
                .and_then(Error::damage)
                .map_or(frames.len(), |damage| damage.seq as usize);
            (frames[self.seen.min(good)..good].to_vec(), judged)
        };
        let count = news.len();
        self.seen += count;
        news.into_iter().for_each(visit);
        judged?;
        Ok(CatchUp {
            tail: self.position(),
            frames: count as u64,
            torn: None,
        })
    }

    fn seek_tail(&mut self) -> Result<CatchUp> {
        let (len, tail) = {
            let frames = self.frames();
            self.check_anchor(&frames)?;
            (frames.len(), frames.last().map(|frame| frame.anchor))
        };
        let frames = (len - self.seen) as u64;
        self.seen = len;
        Ok(CatchUp {
            tail,
            frames,
            torn: None,
        })
    }

    fn append(&mut self, expected: u64, drafts: &[Draft]) -> Result<Anchor> {
        self.check_draft(drafts)?;
        let frames = Arc::clone(&self.frames);
        let mut frames = frames.lock().expect("no holder of this lock panics");
        let tail = frames.last().expect("a log is born with frame 0").clone();
        if frames.len() != self.seen || expected != self.seen as u64 {
            return Err(Error::Conflict {
                expected,
                tail: Some(tail.anchor),
            });
        }
        self.check_anchor(&frames)?;
        check_version(&self.name, &frames[0])?;
        let mut chain = Chain::after(tail.anchor, tail.epoch);
        let mut batch = Vec::with_capacity(drafts.len());
        for draft in drafts {
            if draft.epoch < chain.epoch() {
                return Err(Error::Fenced {
                    epoch: draft.epoch,
                    tail_epoch: chain.epoch(),
                });
            }
            let frame = framed(&chain, draft);
            chain.advance(frame.anchor, frame.epoch);
            batch.push(frame);
        }
        frames.append(&mut batch);
        self.seen = frames.len();
        Ok(chain.tail().expect("a frame was just appended"))
    }
}

fn check_version(name: &LogName, first: &Frame) -> Result<()> {
    match first.format_version() {
        Some(found) if found > FORMAT_VERSION => Err(Error::NewerFormat {
            path: PathBuf::from(name.as_str()),
            found,
            known: FORMAT_VERSION,
        }),
        _ => Ok(()),
    }
}

#[derive(Debug)]
struct MemoryLease {
    store: MemoryStore,
    name: LogName,
    grant: u64,
}

impl Lease for MemoryLease {
    fn note(&mut self, note: &LeaseNote) -> Result<()> {
        match self.store.world().leases.get_mut(&self.name) {
            Some((grant, said)) if *grant == self.grant => *said = note.clone(),
            _ => {}
        }
        Ok(())
    }

    fn is_current(&self) -> bool {
        self.store
            .world()
            .leases
            .get(&self.name)
            .is_some_and(|(grant, _)| *grant == self.grant)
    }
}

impl Drop for MemoryLease {
    fn drop(&mut self) {
        if self.is_current() {
            self.store.world().leases.remove(&self.name);
        }
    }
}
