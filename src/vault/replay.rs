//! Reading a plan's journal without touching it: the state at any frame, the timeline, and what every
//! projection should hold. Works on a damaged journal as far as it is whole.

use std::fmt::Write as _;

use journal::Log;
use projections::{
    codec,
    document::{self, Seal},
    event::Event,
    files::{self, Ledger, Whole},
    fold::{self, Entry},
    ids::{Epoch, PlanId},
    payload::{Anchor, Digest, Payload},
    plan::{FrameMark, Plan, Status},
    time::Timestamp,
    work::Step,
};

use super::{PlanLog, Project, ledger::Tracker, project::log_name, put};
use crate::error::{Error, Result};

/// How far to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// All of it.
    Tail,
    /// Up to and including this frame.
    Seq(u64),
    /// Everything decided at or before this instant.
    Time(Timestamp),
}

impl Until {
    fn includes(self, entry: &Entry) -> bool {
        match self {
            Self::Tail => true,
            Self::Seq(seq) => entry.mark.anchor.seq <= seq,
            Self::Time(time) => entry.mark.at <= time,
        }
    }
}

/// What reading a journal gave.
#[derive(Debug)]
pub struct Reading {
    /// The state after the last whole frame that was asked for.
    pub plan: Option<Plan>,
    /// Frames read.
    pub frames: u64,
    /// Why reading ended early, if it did.
    pub fault: Option<Error>,
    /// Bytes of an unfinished frame at the end.
    pub torn: Option<journal::TornTail>,
}

/// Folds the journal of `plan` read-only, showing each event with the state right after it.
///
/// # Errors
/// [`Error::Journal`] when there is no journal. Damage is no error here but the reading's `fault`.
pub fn read(
    project: &Project,
    plan: &PlanId,
    until: Until,
    observe: &mut dyn FnMut(&Plan, &Entry, &Event),
) -> Result<Reading> {
    let anchor = super::audit::anchor_of_file(project, plan).map(log_anchor);
    let mut log = project.store().read(&log_name(plan), anchor)?;
    let mut folding = Folding::new(None, until);
    let outcome = log.catch_up(&mut |frame| folding.take(plan, frame, observe));
    let torn = outcome.as_ref().ok().and_then(|seen| seen.torn.clone());
    let fault = outcome.err().map(Error::from).or(folding.fault);
    Ok(Reading {
        plan: folding.plan,
        frames: folding.frames,
        fault,
        torn,
    })
}

/// Frames on their way into a state.
pub(super) struct Folding {
    pub(super) plan: Option<Plan>,
    pub(super) frames: u64,
    pub(super) fault: Option<Error>,
    until: Until,
}

impl Folding {
    pub(super) fn new(plan: Option<Plan>, until: Until) -> Self {
        Self {
            plan,
            frames: 0,
            fault: None,
            until,
        }
    }

    /// Takes the next frame; after a fault the rest is passed over.
    pub(super) fn take(
        &mut self,
        id: &PlanId,
        frame: journal::Frame,
        observe: &mut dyn FnMut(&Plan, &Entry, &Event),
    ) {
        if self.fault.is_some() {
            return;
        }
        if let Err(error) = self.try_take(id, frame, observe) {
            self.fault = Some(error);
        }
    }

    fn try_take(
        &mut self,
        id: &PlanId,
        frame: journal::Frame,
        observe: &mut dyn FnMut(&Plan, &Entry, &Event),
    ) -> Result<()> {
        let entry = entry_of(id, frame)?;
        if !self.until.includes(&entry) {
            return Ok(());
        }
        let before = self.plan.take();
        let history = |why: fold::Corrupt| Error::History {
            plan: id.clone(),
            why: why.to_string(),
        };
        let after = fold::apply_observed(before, &entry, &mut |plan, event| {
            observe(plan, &entry, event)
        })
        .map_err(history)?;
        if after.id != *id {
            let why = format!("its first frame says it is the journal of {}", after.id);
            return Err(Error::History {
                plan: id.clone(),
                why,
            });
        }
        self.plan = Some(after);
        self.frames += 1;
        Ok(())
    }
}

/// A frame's events, decoded.
pub(super) fn entry_of(id: &PlanId, frame: journal::Frame) -> Result<Entry> {
    let seq = frame.anchor.seq;
    let history = |why: String| Error::History {
        plan: id.clone(),
        why: format!("frame {seq}: {why}"),
    };
    let events = codec::decode(&frame.events).map_err(|e| history(e.to_string()))?;
    let at = Timestamp::parse(&frame.at).map_err(|e| history(e.to_string()))?;
    let mark = FrameMark {
        anchor: anchor_of(frame.anchor),
        at,
        by: frame.by,
    };
    Ok(Entry {
        mark,
        epoch: Epoch(frame.epoch),
        events,
    })
}

/// The log's anchor in the words of the projections.
pub(super) fn anchor_of(anchor: journal::Anchor) -> Anchor {
    Anchor {
        seq: anchor.seq,
        b3: Digest(anchor.b3.0),
    }
}

/// A projection's anchor in the words of the log.
pub(super) fn log_anchor(anchor: Anchor) -> journal::Anchor {
    journal::Anchor {
        seq: anchor.seq,
        b3: journal::Hash(anchor.b3.0),
    }
}

/// How a projection on disk compares with the journal.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// The file, relative to the project.
    pub path: String,
    /// What differs.
    pub why: String,
}

/// Compares every projection of the plan with what the journal says, byte for byte.
///
/// # Errors
/// The journal's, damage included: nothing can be said of projections then.
pub fn check(project: &Project, id: &PlanId) -> Result<Vec<Difference>> {
    let (plan, tracker) = load(project, id)?;
    let mut differences = Vec::new();
    for file in files::whole(&plan) {
        differences.extend(compare_whole(project, &file)?);
    }
    if is_at_work(project, &plan)? {
        differences.retain(|difference| !lags(project, &difference.path, &plan));
    }
    for ledger in Ledger::ALL {
        if let Some(why) = tracker.difference(project, id, ledger)? {
            differences.push(Difference {
                path: ledger.path(id),
                why,
            });
        }
    }
    differences.extend(tracker.memory.differences(project)?);
    Ok(differences)
}

/// Steps of a plan at work are not shown one by one, so its file may be an older true rendering.
fn is_at_work(project: &Project, plan: &Plan) -> Result<bool> {
    let executing = matches!(plan.status, Status::Executing { .. });
    Ok(executing && PlanLog::leased(project, &plan.id)?.is_some())
}

fn lags(project: &Project, path: &str, plan: &Plan) -> bool {
    let text = super::regular::rendered_text(&project.dir().join(path)).unwrap_or_default();
    match document::seal_of(&text) {
        Seal::Intact(anchor) => {
            path == files::plan_path(&plan.id) && anchor.seq < plan.head_frame.anchor.seq
        }
        Seal::Broken(_) => false,
    }
}

/// Whether a growing file that lies in `place` is what the journal in `project` says.
///
/// # Errors
/// The journal's, and the file system's.
pub(super) fn is_as_told(
    project: &Project,
    place: &Project,
    id: &PlanId,
    ledger: Ledger,
) -> Result<bool> {
    let (_, tracker) = load(project, id)?;
    Ok(tracker.difference(place, id, ledger)?.is_none())
}

fn load(project: &Project, id: &PlanId) -> Result<(Plan, Tracker)> {
    let mut tracker = Tracker::default();
    let reading = read(project, id, Until::Tail, &mut |plan, entry, event| {
        tracker.observe(plan, entry, event)
    })?;
    if let Some(fault) = reading.fault {
        return Err(fault);
    }
    let plan = reading.plan.ok_or_else(|| Error::NoPlan(id.clone()))?;
    tracker.resolve(project)?;
    Ok((plan, tracker))
}

pub(super) fn compare_whole(project: &Project, file: &Whole) -> Result<Option<Difference>> {
    let path = project.dir().join(&file.path);
    let why = match super::regular::read(&path) {
        Ok(bytes) if bytes == file.text.as_bytes() => return Ok(None),
        Ok(bytes) => first_difference(&bytes, file.text.as_bytes()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => "it is missing".to_owned(),
        Err(error) => return Err(Error::io("read", path)(error)),
    };
    Ok(Some(Difference {
        path: file.path.clone(),
        why,
    }))
}

fn first_difference(found: &[u8], expected: &[u8]) -> String {
    let same = found
        .iter()
        .zip(expected)
        .take_while(|(a, b)| a == b)
        .count();
    let line = found[..same].iter().filter(|b| **b == b'\n').count() + 1;
    format!(
        "it differs from line {line} on ({} bytes, should be {})",
        found.len(),
        expected.len()
    )
}

/// Rebuilds every projection of the plan from the journal; what stood there and was not a rendering is kept
/// aside. Returns the files that changed.
///
/// # Errors
/// The journal's, and the file system's.
pub fn write(project: &Project, id: &PlanId) -> Result<Vec<String>> {
    let wrong = check(project, id)?;
    let (plan, tracker) = load(project, id)?;
    let notes = tracker.memory.restore(project, &wrong)?;
    for ledger in Ledger::ALL {
        if wrong
            .iter()
            .any(|difference| difference.path == ledger.path(id))
        {
            tracker.rewrite(project, id, ledger)?;
        }
    }
    let mut whole = files::whole(&plan);
    // The plan's file vouches for all others.
    whole.rotate_left(1);
    for file in whole {
        if wrong.iter().any(|difference| difference.path == file.path)
            && let Some(displaced) = project.put_whole(&file)?
        {
            project.discard_or_keep(&file, displaced, |bytes| {
                put::rendering_of(put::stem(&file), bytes).is_some()
                    || plan.found_as == Some(Digest::of(bytes))
            })?;
        }
    }
    let wrong = wrong.into_iter().map(|difference| difference.path);
    Ok(wrong.chain(notes).collect())
}

/// Blobs and artifacts that the journal names and the disk does not hold as named.
///
/// # Errors
/// The journal's.
pub fn missing_content(project: &Project, id: &PlanId) -> Result<Vec<Difference>> {
    let mut found = Vec::new();
    let reading = read(project, id, Until::Tail, &mut |_, _, event| {
        for payload in event.texts() {
            if let Payload::Blob(blob) = payload
                && let Err(error) = project.blobs().get(&journal::Hash(blob.b3.0))
            {
                found.push(Difference {
                    path: format!("blobs/{}", blob.b3),
                    why: error.to_string(),
                });
            }
        }
    })?;
    reading.fault.map_or(Ok(found), Err)
}

/// The plan's timeline, one line an event.
#[must_use]
pub fn timeline_line(entry: &Entry, event: &Event) -> String {
    let mut line = String::new();
    let anchor = entry.mark.anchor;
    let _ = write!(
        line,
        "{:>5}  {}  e{:<3} {:<24} ",
        anchor.seq, entry.mark.at, entry.epoch, entry.mark.by
    );
    line.push_str(&projections::timeline::describe(event).replace('\n', " ⏎ "));
    line
}

/// Opens a log that may be appended to and folds it up to its tail.
pub(super) fn fold_log(
    log: &mut dyn Log,
    id: &PlanId,
    plan: Option<Plan>,
    tracker: &mut Tracker,
) -> Result<(Option<Plan>, journal::CatchUp)> {
    let mut folding = Folding::new(plan, Until::Tail);
    let seen = log.catch_up(&mut |frame| {
        folding.take(id, frame, &mut |plan, entry, event| {
            tracker.observe(plan, entry, event)
        });
    })?;
    match folding.fault {
        Some(fault) => Err(fault),
        None => Ok((folding.plan, seen)),
    }
}

impl Project {
    /// The last completed reply to `step`, from the journal.
    ///
    /// # Errors
    /// The journal's, and the blob store's.
    pub fn reply_to(&self, id: &PlanId, step: &Step) -> Result<Option<String>> {
        let mut reply = None;
        let reading = read(self, id, Until::Tail, &mut |plan, _, event| {
            let answers = plan
                .calls
                .last_reply
                .as_ref()
                .is_some_and(|(call, _)| call.step == *step);
            if let (Event::ModelCallCompleted(e), true) = (event, answers) {
                reply = Some(e.reply.clone());
            }
        })?;
        if let Some(fault) = reading.fault {
            return Err(fault);
        }
        let bytes = reply.map(|payload| self.resolve(&payload)).transpose()?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }
}
