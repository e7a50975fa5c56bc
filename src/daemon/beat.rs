//! The heartbeat's file: `.modulatio/heartbeats/<host>-<pid>.json`, written whole at every tick and step.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use projections::{
    heartbeat::Heartbeat,
    plan::{Plan, Status},
    time::Timestamp,
};

use super::Identity;
use crate::{
    clock,
    error::{Error, Result},
    vault::{
        OWN_DIR, Vault,
        replay::{self, Difference, Until},
    },
};

const DIR: &str = "heartbeats";

/// A daemon's heartbeat.
pub(super) struct Beat {
    /// `None`: nobody sees it.
    path: Option<PathBuf>,
    now: Mutex<Heartbeat>,
}

impl Beat {
    /// Starts one. Leftovers of this machine's dead daemons go; one of them was the newest until now.
    pub(super) fn start(vault: &Vault, identity: &Identity) -> Result<Self> {
        let dir = vault.make_own_dir(DIR)?;
        remove_dead(&dir, identity);
        let path = dir.join(format!("{}-{}.json", identity.host, identity.pid));
        let beat = Heartbeat::idle(&identity.by(), &identity.host, identity.pid, clock::now());
        let beat = Self {
            path: Some(path),
            now: Mutex::new(beat),
        };
        beat.tick();
        Ok(beat)
    }

    /// One of a process that is no daemon.
    pub(super) fn unseen(identity: &Identity) -> Self {
        let beat = Heartbeat::idle(&identity.by(), &identity.host, identity.pid, clock::now());
        Self {
            path: None,
            now: Mutex::new(beat),
        }
    }

    /// The daemon lives.
    pub(super) fn tick(&self) {
        self.renew(|beat| Some(beat.clone()));
    }

    /// It works on `plan`; `waiting`: not before then, for a reason that the plan does not know.
    pub(super) fn at_work(&self, plan: &Plan, waiting: Option<Timestamp>) {
        self.change(|beat| {
            let beat = idle_again(beat).with_plan(plan);
            // The plan knows until when its step waited; what comes on top of that is later.
            let until = waiting.map(Timestamp::guide_form);
            Heartbeat {
                waiting_until: until.or_else(|| beat.waiting_until.clone()),
                ..beat
            }
        });
    }

    /// It works on nothing.
    pub(super) fn idle(&self) {
        self.change(idle_again);
    }

    /// A runner looks around several times a second; what reads the same is written by the next tick.
    fn change(&self, with: impl FnOnce(Heartbeat) -> Heartbeat) {
        self.renew(|now| Some(with(now.clone())).filter(|next| next != now));
    }

    fn renew(&self, next: impl FnOnce(&Heartbeat) -> Option<Heartbeat>) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(next) = next(&now) else {
            return;
        };
        *now = Heartbeat {
            last_tick: clock::now().guide_form(),
            ..next
        };
        let written = self.path.iter().try_for_each(|path| write(path, &now));
        if let Err(error) = written {
            tracing::warn!("the heartbeat cannot be written: {}", error.told());
        }
    }
}

fn idle_again(beat: Heartbeat) -> Heartbeat {
    let tick = Timestamp::parse(&beat.last_tick).unwrap_or_default();
    Heartbeat::idle(&beat.daemon, &beat.host, beat.pid, tick)
}

fn write(path: &Path, beat: &Heartbeat) -> Result<()> {
    let temporary = path.with_extension("tmp");
    write_private(&temporary, &beat.line()).map_err(Error::io("write", &temporary))?;
    std::fs::rename(&temporary, path).map_err(Error::io("rename over", path))
}

#[cfg(unix)]
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let mut options = std::fs::OpenOptions::new();
    let file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path);
    file?.write_all(text.as_bytes())
}

#[cfg(not(unix))]
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::write(path, text)
}

/// Only files of processes that do not exist any more; that a number is used again does no harm.
fn remove_dead(dir: &Path, identity: &Identity) {
    let prefix = format!("{}-", identity.host);
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        // Its own, or the next one that it was writing.
        let pid = name.strip_prefix(&prefix).and_then(|rest| {
            let own = rest.strip_suffix(".json");
            own.or_else(|| rest.strip_suffix(".tmp"))
        });
        let dead = pid.is_some_and(|pid| {
            pid.parse::<u32>().is_ok() && !Path::new("/proc").join(pid).exists()
        });
        if dead && Path::new("/proc/self").exists() {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Every daemon's last heartbeat, newest first.
///
/// # Errors
/// [`Error::Io`] when they cannot be read.
pub fn heartbeats(vault: &Vault) -> Result<Vec<Heartbeat>> {
    let dir = vault.own_dir().join(DIR);
    let entries = match std::fs::read_dir(&dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("read", dir)(error)),
    };
    let paths = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"));
    let read = |path: PathBuf| {
        serde_json::from_str::<Heartbeat>(&std::fs::read_to_string(path).ok()?).ok()
    };
    let mut beats: Vec<Heartbeat> = paths.filter_map(read).collect();
    beats.sort_by(|a, b| b.last_tick.cmp(&a.last_tick));
    Ok(beats)
}

/// What the journals say of the daemons at work: plan, epoch and progress come from claims, only the last tick
/// is the live daemon's own.
fn from_journals(vault: &Vault) -> Result<Vec<Heartbeat>> {
    let mut beats = Vec::new();
    for project in vault.projects()?.0 {
        for id in project.plan_ids()? {
            let Ok(reading) = replay::read(&project, &id, Until::Tail, &mut |_, _, _| ()) else {
                continue;
            };
            beats.extend(reading.plan.as_ref().and_then(of_plan));
        }
    }
    Ok(beats)
}

fn of_plan(plan: &Plan) -> Option<Heartbeat> {
    let Status::Executing { by, .. } = &plan.status else {
        return None;
    };
    let (host, pid) = by.strip_prefix("daemon:")?.rsplit_once(':')?;
    let tick = plan.head_frame.at;
    Some(Heartbeat::idle(by, host, pid.parse().ok()?, tick).with_plan(plan))
}

/// The heartbeats that differ from what the journals say of their daemons.
///
/// # Errors
/// [`Error::Io`].
pub fn heartbeat_differences(vault: &Vault) -> Result<Vec<Difference>> {
    let written = heartbeats(vault)?;
    let differs = |told: &Heartbeat| !written.iter().any(|beat| says_the_same(beat, told));
    let name = |told: &Heartbeat| format!("{OWN_DIR}/{DIR}/{}-{}.json", told.host, told.pid);
    let difference = |told: Heartbeat| Difference {
        path: name(&told),
        why: "it does not say what its claim says".into(),
    };
    Ok(from_journals(vault)?
        .into_iter()
        .filter(differs)
        .map(difference)
        .collect())
}

/// A live daemon's file may be a step ahead or behind; the claim must agree.
fn says_the_same(beat: &Heartbeat, told: &Heartbeat) -> bool {
    beat.daemon == told.daemon && beat.active_plan == told.active_plan && beat.epoch == told.epoch
}

/// Writes missing and differing heartbeats from the journals; returns how many.
///
/// # Errors
/// [`Error::Io`].
pub fn rebuild_heartbeats(vault: &Vault) -> Result<usize> {
    let dir = vault.make_own_dir(DIR)?;
    let written = heartbeats(vault)?;
    let mut count = 0;
    for told in from_journals(vault)? {
        if written.iter().any(|beat| says_the_same(beat, &told)) {
            continue;
        }
        let alive = written.iter().find(|beat| beat.daemon == told.daemon);
        let last_tick = alive.map_or_else(|| told.last_tick.clone(), |beat| beat.last_tick.clone());
        let path = dir.join(format!("{}-{}.json", told.host, told.pid));
        write(&path, &Heartbeat { last_tick, ..told })?;
        count += 1;
    }
    Ok(count)
}
