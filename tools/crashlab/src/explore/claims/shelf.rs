//! The journal of one plan on a simulated disk, opened with the real store at each look: nothing is kept open between
//! two steps, so that a state can be copied.

use std::{path::Path, sync::Arc};

use journal::{
    Anchor, Disk, Draft, Error, FileStore, Frame, Log, LogName, LogStore, SimDisk, sim::Fault,
};
use modulatio::{
    command::{Command, Report},
    decide::{self, Context, Policy, Refusal, Retry},
};
use projections::{
    codec,
    event::Event,
    fold::{self, Entry},
    ids::{Epoch, TicketId},
    payload::{self, Digest},
    plan::{FrameMark, Plan},
    time::Timestamp,
};

pub(super) const DIR: &str = "/vault";
pub(super) const JOURNAL: &str = "/vault/ESS-P-001.journal.jsonl";
pub(super) const LEASE: &str = "/vault/ESS-P-001.lease";
pub(super) const NOW: &str = "2026-11-23T20:00:00.000000Z";

/// How an append is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::explore) enum CutOff {
    /// Half of the line is written.
    Half,
    /// The line is written and not synced.
    Unsynced,
    /// All is done but telling.
    Untold,
}

pub(super) fn store(disk: &SimDisk) -> FileStore {
    FileStore::new(
        Arc::new(disk.clone()),
        DIR.into(),
        Arc::new(|| NOW.to_owned()),
    )
}

pub(super) fn name() -> LogName {
    LogName::parse("ESS-P-001").expect("a name")
}

/// The rules: small numbers, so that every edge is near.
pub(super) fn policy() -> Policy {
    Policy {
        barren_claims: 3,
        parallel: 1,
        retry: Retry {
            base_ms: 0,
            ..Retry::default()
        },
        ..Policy::default()
    }
}

/// Reads the journal as a process does that opens it to work: what is torn is moved aside, what is whole is made
/// durable.
///
/// # Errors
/// Whatever keeps a process from reading it: nothing may.
pub(super) fn look(disk: &SimDisk) -> Result<Vec<Frame>, String> {
    all(&mut *store(disk).open(&name(), None).map_err(told)?)
}

/// Reads it as somebody who only looks.
///
/// # Errors
/// Damage.
pub(super) fn frames(disk: &SimDisk) -> Result<Vec<Frame>, String> {
    all(&mut *store(disk).read(&name(), None).map_err(told)?)
}

fn all(log: &mut dyn Log) -> Result<Vec<Frame>, String> {
    let mut frames = Vec::new();
    log.catch_up(&mut |frame| frames.push(frame))
        .map_err(told)?;
    Ok(frames)
}

/// The state that frames fold to.
///
/// # Errors
/// A history that cannot have happened.
pub(super) fn folded(frames: &[Frame]) -> Result<Plan, String> {
    let mut plan = None;
    for frame in frames {
        plan = Some(fold::apply(plan, &entry(frame)?).map_err(|why| why.to_string())?);
    }
    plan.ok_or_else(|| "the journal holds no frame".to_owned())
}

/// A frame as the fold takes it.
///
/// # Errors
/// What cannot be read.
pub(super) fn entry(frame: &Frame) -> Result<Entry, String> {
    let anchor = payload::Anchor {
        seq: frame.anchor.seq,
        b3: Digest(frame.anchor.b3.0),
    };
    Ok(Entry {
        mark: FrameMark {
            anchor,
            at: Timestamp::parse(&frame.at).map_err(|why| why.to_string())?,
            by: frame.by.clone(),
        },
        epoch: Epoch(frame.epoch),
        events: codec::decode(&frame.events).map_err(|why| format!("{why:?}"))?,
    })
}

/// What the rules make of a command where `plan` stands.
pub(super) fn decided(
    plan: &Plan,
    command: &Command,
    by: &str,
    runner: Option<Epoch>,
) -> Result<Vec<Event>, Refusal> {
    let opened = u32::try_from(plan.tickets.len()).unwrap_or(u32::MAX);
    let context = Context {
        now: Timestamp::parse(NOW).expect("a time"),
        by: by.to_owned(),
        runner,
        chance: u32::MAX,
        ticket: Some(TicketId::new(plan.project.clone(), opened + 1)),
        policy: policy(),
    };
    decide::decide(plan, command, &context)
}

/// Who writes, under which claim.
pub(super) struct Pen<'a> {
    pub(super) by: &'a str,
    pub(super) epoch: Epoch,
}

/// Appends behind what the writer has seen, as the product does: with the frame's number that it expects.
pub(super) fn append(
    disk: &SimDisk,
    seen: &Plan,
    events: &[Event],
    pen: &Pen<'_>,
) -> Result<Anchor, Error> {
    let mut log = standing_at(disk, seen)?;
    log.append(seen.head_frame.anchor.seq + 1, &[draft(events, pen)])
}

pub(super) fn draft(events: &[Event], pen: &Pen<'_>) -> Draft {
    Draft {
        at: NOW.to_owned(),
        epoch: pen.epoch.0,
        by: pen.by.to_owned(),
        events: codec::encode(events),
    }
}

/// A handle that has read as far as its owner has, whatever came since.
fn standing_at(disk: &SimDisk, seen: &Plan) -> Result<Box<dyn Log>, Error> {
    let path = Path::new(JOURNAL);
    let bytes = disk.read(path).map_err(|source| Error::Io {
        act: "read",
        path: path.to_path_buf(),
        source,
    })?;
    let lines = usize::try_from(seen.head_frame.anchor.seq + 1).unwrap_or(usize::MAX);
    let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let end = ends
        .map(|(at, _)| at + 1)
        .nth(lines - 1)
        .unwrap_or(bytes.len());
    let mut log = store(disk).open(&name(), None)?;
    disk.seeing(path, bytes[..end].to_vec(), || log.catch_up(&mut |_| {}))?;
    Ok(log)
}

/// The disk after an append whose process died in it.
pub(super) fn append_and_die(
    disk: &SimDisk,
    seen: &Plan,
    events: &[Event],
    pen: &Pen<'_>,
    at: CutOff,
) -> Option<SimDisk> {
    let fork = disk.fork();
    if at == CutOff::Untold {
        append(&fork, seen, events, pen).ok()?;
        return Some(fork);
    }
    let first = fork.steps().len();
    append(&fork, seen, events, pen).ok()?;
    let sync = format!("sync {JOURNAL}");
    let step = fork.steps().iter().rposition(|step| *step == sync)?;
    debug_assert!(step >= first, "the append's own sync");
    let fork = disk.fork();
    fork.fail_at(step, Fault::PowerCut);
    append(&fork, seen, events, pen).err()?;
    // The process died; the machine has not.
    let fork = fork.fork();
    if at == CutOff::Half {
        let path = Path::new(JOURNAL);
        let (all, before) = (fork.read(path).ok()?.len(), disk.read(path).ok()?.len());
        let file = fork.open(path, journal::disk::Access::Append).ok()?;
        file.truncate((before + all) as u64 / 2).ok()?;
    }
    Some(fork)
}

/// What a call that was answered well reports.
pub(super) fn good(call_id: projections::ids::CallId, step: &projections::work::Step) -> Command {
    Command::Runner(Report::CallCompleted {
        call_id,
        reply: crate::answers::good(step),
        calls: Vec::new(),
        cut: false,
        in_doubt: projections::event::Reserved::default(),
        usage: projections::event::Usage {
            input_tokens: 100,
            output_tokens: 20,
            ..Default::default()
        },
        cost: None,
        latency_ms: 5,
    })
}

pub(super) fn told(error: Error) -> String {
    error.to_string()
}

pub(super) fn bytes(disk: &SimDisk) -> Result<Vec<u8>, String> {
    disk.read(Path::new(JOURNAL)).map_err(|why| why.to_string())
}
