//! A journal anywhere as a recording: read-only, as far as it is whole, with the blobs that its frames name.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use journal::{BlobStore, LogName, MAX_LINE, RealDisk, inspect};
use projections::{
    body, codec,
    document::{self, Seal},
    event::Event,
    fold::Entry,
    found,
    ids::PlanId,
    payload::{Anchor, Payload},
    plan::{Plan, Status},
};

use super::{
    Project, regular,
    replay::{self, Until},
};
use crate::error::{Error, Result};

/// What stands in a journal.
#[derive(Debug)]
pub struct Tape {
    /// The file.
    pub path: PathBuf,
    /// Its frames, up to the first that cannot be trusted or read.
    pub entries: Vec<Entry>,
    /// What ended them, if not the end of the file.
    pub damage: Option<String>,
    /// Bytes of an unfinished frame at the end.
    pub unfinished: u64,
    blobs: Vec<BlobStore>,
}

/// A plan as it stands now.
#[derive(Debug)]
pub struct Present {
    /// Its state; of a draft with its file's text and caps, if that was edited and not yet taken in.
    pub plan: Plan,
    /// Its journal's first frame.
    pub first: Anchor,
    /// What is wrong with its journal.
    pub fault: Option<Error>,
    /// Whether its file holds an edit that was not taken in and is not in `plan`.
    pub edited: bool,
}

impl Tape {
    /// Reads the journal at `path`. Its blobs are looked for beside it, then in `project`.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::BadFile`] when the file does not begin as a plan's journal.
    pub fn read(path: &Path, project: &Project) -> Result<Self> {
        let path = path.canonicalize().map_err(Error::io("read", path))?;
        let id = owner(&path)?;
        let mut tape = Self {
            blobs: shelves(&path, project),
            path,
            entries: Vec::new(),
            damage: None,
            unfinished: 0,
        };
        let name = LogName::parse(&id.to_string()).expect("a plan id is letters, digits, - and _");
        let path = tape.path.clone();
        inspect::inspect(&path, &name, &mut |line| tape.take(&id, line))?;
        Ok(tape)
    }

    fn take(&mut self, id: &PlanId, line: inspect::Inspected) {
        if self.damage.is_some() {
            return;
        }
        let (seq, bytes) = (self.entries.len(), line.bytes);
        let why = match (line.verdict, line.frame) {
            (inspect::Verdict::Good, Some(frame)) => match replay::entry_of(id, frame) {
                Ok(entry) => return self.entries.push(entry),
                Err(error) => error.to_string(),
            },
            (inspect::Verdict::Unfinished, _) => {
                self.unfinished = bytes;
                return;
            }
            (inspect::Verdict::Bad { kind, detail }, _) => format!("{kind}: {detail}"),
            (inspect::Verdict::Good | inspect::Verdict::Follows, _) => "not a frame".to_owned(),
        };
        self.damage = Some(format!("frame {seq}, byte {}: {why}", line.offset));
    }

    /// A text of the journal, wherever it lies.
    ///
    /// # Errors
    /// [`Error::Failed`] names the blob that is missing; damage is [`Error::Journal`].
    pub fn text(&self, payload: &Payload) -> Result<String> {
        let blob = match payload {
            Payload::Text(text) => return Ok(text.clone()),
            Payload::Blob(blob) => blob,
        };
        let hash = journal::Hash(blob.b3.0);
        let Some(store) = self.blobs.iter().find(|blobs| blobs.path(&hash).exists()) else {
            let places: Vec<String> = self
                .blobs
                .iter()
                .map(|blobs| blobs.path(&hash).display().to_string())
                .collect();
            return Err(Error::Failed(format!(
                "{}: a text of {} bytes that it names is missing; it should lie at {}",
                self.path.display(),
                blob.bytes,
                places.join(" or ")
            )));
        };
        let bytes = store.get(&hash)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// A journal lies in `<project>/plans/`, its blobs in `<project>/blobs/`; a copy elsewhere has the vault's.
fn shelves(path: &Path, project: &Project) -> Vec<BlobStore> {
    let beside = path.parent().and_then(Path::parent);
    let beside = beside.map(|dir| BlobStore::new(Arc::new(RealDisk), dir.join("blobs")));
    let mut shelves = vec![project.blobs().clone()];
    shelves.splice(0..0, beside);
    shelves
}

/// Whose journal it is, as its first frame says: the chain starts with that name, so a false one does not verify.
fn owner(path: &Path) -> Result<PlanId> {
    let bad = |why: &str| Error::BadFile {
        file: path.to_path_buf(),
        why: format!("it is not a plan's journal: {why}"),
    };
    let mut line = Vec::new();
    regular::check(path)
        .and_then(|()| File::open(path))
        .map(|file| BufReader::new(file.take(MAX_LINE as u64)))
        .and_then(|mut file| file.read_until(b'\n', &mut line))
        .map_err(Error::io("read", path))?;
    let line = line.strip_suffix(b"\n").unwrap_or(&line);
    let frame = journal::frame::decode(line).ok_or_else(|| bad("its first line is no frame"))?;
    let events = codec::decode(frame.events).map_err(|error| bad(&error.to_string()))?;
    match events.into_iter().next() {
        Some(Event::PlanDrafted(e)) => Ok(e.plan),
        Some(Event::PlanImported(e)) => Ok(e.plan),
        _ => Err(bad("its first frame does not begin a plan")),
    }
}

impl Project {
    /// The plan as it stands now, with what an operator has written into a draft's file. Nothing is taken in.
    ///
    /// # Errors
    /// The journal's, when not even its first frame can be read; [`Error::BadFile`] for a draft's file.
    pub fn present(&self, id: &PlanId) -> Result<Present> {
        let mut first = None;
        let reading = match replay::read(self, id, Until::Tail, &mut |_, entry, _| {
            first.get_or_insert(entry.mark.anchor);
        }) {
            Err(Error::Journal(journal::Error::Missing { .. })) => {
                return Err(Error::BadFile {
                    file: self.plan_path(id),
                    why: "it has no journal yet; `modulatio plan approve` or a daemon takes it in"
                        .to_owned(),
                });
            }
            read => read?,
        };
        let (Some(mut plan), Some(first)) = (reading.plan, first) else {
            return Err(reading.fault.unwrap_or_else(|| Error::NoPlan(id.clone())));
        };
        let edited = self.is_edited(id);
        let is_draft = plan.status == Status::Draft;
        if edited && is_draft {
            self.read_draft(&mut plan)?;
        }
        Ok(Present {
            plan,
            first,
            fault: reading.fault,
            edited: edited && !is_draft,
        })
    }

    fn is_edited(&self, id: &PlanId) -> bool {
        let text = regular::read_text(&self.plan_path(id));
        text.is_ok_and(|text| matches!(document::seal_of(&text), Seal::Broken(_)))
    }

    fn read_draft(&self, plan: &mut Plan) -> Result<()> {
        let file = self.plan_path(&plan.id);
        let bytes = regular::read(&file).map_err(Error::io("read", &file))?;
        let bad = |why: String| Error::BadFile {
            file: file.clone(),
            why,
        };
        let document = document::read(&bytes).map_err(|fault| bad(fault.to_string()))?;
        plan.caps = found::caps(&document.values).map_err(|fault| bad(fault.to_string()))?;
        plan.items = body::sub_objectives(&document.body);
        plan.body = document.body;
        Ok(())
    }
}
