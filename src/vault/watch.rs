//! The watcher: wakes the daemon when a plan's file or journal changes. A hint, never a truth: what is missed
//! here (a network file system, a full queue) the next tick finds.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use notify::{
    Event, EventKind, RecursiveMode, Watcher as _,
    event::{AccessKind, AccessMode, ModifyKind},
};
use projections::ids::{PlanId, ProjectCode, TicketId};
use tokio::sync::Notify;

use super::{Vault, schedule};

/// What has changed since it was last asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// These plans, by their files' names.
    pub plans: BTreeSet<PlanId>,
    /// Directories came or went, or events were lost: look at everything.
    pub everything: bool,
}

impl Changes {
    fn is_empty(&self) -> bool {
        self.plans.is_empty() && !self.everything
    }
}

/// Watches a vault's projects.
pub struct Watch {
    watcher: Option<notify::RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
    /// What cannot be watched, and was told of.
    refused: BTreeSet<PathBuf>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    changes: Mutex<Changes>,
    /// Names that went: should one of them come back, it is another directory's.
    gone: Mutex<BTreeSet<PathBuf>>,
    wake: Notify,
    /// The schedule's journal has grown.
    schedule: Notify,
}

impl Watch {
    /// Starts watching. Where the system has no events left to give, says so once; ticks go on.
    #[must_use]
    pub fn start(vault: &Vault) -> Self {
        let shared = Arc::new(Shared::default());
        let told = shared.clone();
        let root = vault.root().to_path_buf();
        let watcher = notify::recommended_watcher(move |event| told.take(&root, event));
        let watcher = watcher
            .map_err(|error| tracing::warn!("no watcher, ticks only: {error}"))
            .ok();
        let mut watch = Self {
            watcher,
            watched: BTreeSet::new(),
            refused: BTreeSet::new(),
            shared,
        };
        watch.follow(vault);
        watch
    }

    /// Watches what has come since: every directory that is a project or may become one, so that the moment in
    /// which its `plans` appears is not missed.
    pub fn follow(&mut self, vault: &Vault) {
        for gone in std::mem::take(&mut *lock(&self.shared.gone)) {
            self.watched.remove(&gone);
        }
        places(vault).into_iter().for_each(|dir| self.add(dir));
    }

    fn add(&mut self, dir: PathBuf) {
        let Some(watcher) = &mut self.watcher else {
            return;
        };
        let plain = std::fs::symlink_metadata(&dir).is_ok_and(|meta| meta.is_dir());
        if !plain {
            self.watched.remove(&dir);
            return;
        }
        if self.watched.contains(&dir) {
            return;
        }
        match watcher.watch(&dir, RecursiveMode::NonRecursive) {
            Ok(()) => {
                self.refused.remove(&dir);
                self.watched.insert(dir);
            }
            // Tried again at every full look, told once.
            Err(error) if self.refused.insert(dir.clone()) => {
                tracing::warn!(dir = %dir.display(), "cannot be watched, ticks only: {error}")
            }
            Err(_) => {}
        }
    }

    /// What tells of changes of the schedule, apart from all others: somebody may wait for it while a plan runs.
    #[must_use]
    pub fn of_schedule(&self) -> ScheduleWatch {
        ScheduleWatch(self.shared.clone())
    }

    /// Waits until something changed.
    pub async fn changed(&self) {
        loop {
            if !self.shared.lock().is_empty() {
                return;
            }
            self.shared.wake.notified().await;
        }
    }

    /// What has changed, and forgets it.
    pub fn take(&self) -> Changes {
        std::mem::take(&mut *self.shared.lock())
    }
}

/// Tells when the schedule's journal has grown.
#[derive(Clone)]
pub struct ScheduleWatch(Arc<Shared>);

impl ScheduleWatch {
    /// Waits until it has, or somebody nudged.
    pub async fn changed(&self) {
        self.0.schedule.notified().await;
    }

    /// Lets whoever waits look at once.
    pub fn nudge(&self) {
        self.0.schedule.notify_one();
    }
}

/// The directories that are watched, if they are there.
fn places(vault: &Vault) -> Vec<PathBuf> {
    let mut places = vec![vault.root().to_path_buf(), schedule::dir(vault)];
    let entries = std::fs::read_dir(vault.root())
        .into_iter()
        .flatten()
        .flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    for name in names.filter(|name| name.parse::<ProjectCode>().is_ok()) {
        let dir = vault.root().join(name);
        let inside = ["plans", "tickets"].map(|name| dir.join(name));
        places.push(dir);
        places.extend(inside);
    }
    places
}

/// Watches everything that a daemon would, for a moment; says how many directories that are.
///
/// # Errors
/// Which limit of the system stands in the way.
pub fn try_out(vault: &Vault) -> Result<usize, Limit> {
    let mut watcher = notify::recommended_watcher(|_| ()).map_err(|e| Limit::of(&e))?;
    let mut watched = 0;
    for dir in places(vault) {
        if std::fs::symlink_metadata(&dir).is_ok_and(|meta| meta.is_dir()) {
            let added = watcher.watch(&dir, RecursiveMode::NonRecursive);
            added.map_err(|e| Limit::of(&e))?;
            watched += 1;
        }
    }
    Ok(watched)
}

/// Why nothing, or not everything, can be watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limit {
    /// This user has as many watchers as the system allows (`fs.inotify.max_user_instances`).
    Instances,
    /// This user watches as many directories as the system allows (`fs.inotify.max_user_watches`).
    Watches,
    /// Something else.
    Other(String),
}

impl Limit {
    fn of(error: &notify::Error) -> Self {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        match &error.kind {
            notify::ErrorKind::MaxFilesWatch => Self::Watches,
            notify::ErrorKind::Io(e) if matches!(e.kind(), StorageFull | QuotaExceeded) => {
                Self::Watches
            }
            // EMFILE, which std has no kind for.
            notify::ErrorKind::Io(e) if e.raw_os_error() == Some(24) => Self::Instances,
            _ => Self::Other(error.to_string()),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Changes> {
        lock(&self.changes)
    }

    fn take(&self, root: &Path, event: notify::Result<Event>) {
        if event.as_ref().is_ok_and(is_of_schedule) {
            self.schedule.notify_one();
        }
        let changes = match event {
            Ok(event) => {
                if is_gone(event.kind) {
                    lock(&self.gone)
                        .extend(event.paths.iter().filter(|path| is_place(path)).cloned());
                }
                sort(root, &event)
            }
            Err(_) => Changes {
                everything: true,
                ..Changes::default()
            },
        };
        if changes.is_empty() {
            return;
        }
        let mut all = self.lock();
        all.plans.extend(changes.plans);
        all.everything |= changes.everything;
        drop(all);
        self.wake.notify_one();
    }
}

/// What an event means for the vault.
fn sort(root: &Path, event: &Event) -> Changes {
    if event.need_rescan() {
        return Changes {
            everything: true,
            ..Changes::default()
        };
    }
    let mut changes = Changes::default();
    for path in &event.paths {
        match plan_of(path) {
            Some(Touched::File(id)) if is_finished(event.kind) => {
                changes.plans.insert(id);
            }
            Some(Touched::Journal(id)) if is_written(event.kind) => {
                changes.plans.insert(id);
            }
            Some(Touched::Ticket) => changes.everything |= is_finished(event.kind),
            Some(_) => {}
            None => changes.everything |= is_new_place(root, path, event.kind),
        }
    }
    changes
}

fn is_of_schedule(event: &Event) -> bool {
    let is_journal = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        let dir = path.parent().and_then(Path::file_name);
        dir.is_some_and(|dir| dir == schedule::DIR) && name.is_some_and(schedule::is_journal)
    };
    is_written(event.kind) && event.paths.iter().any(is_journal)
}

enum Touched {
    File(PlanId),
    Journal(PlanId),
    /// Whose, only its text says.
    Ticket,
}

fn plan_of(path: &Path) -> Option<Touched> {
    let name = path.file_name()?.to_str()?;
    let stem = name.strip_suffix(".md").unwrap_or(name);
    match path.parent()?.file_name()?.to_str()? {
        "plans" => {}
        "tickets" => return stem.parse::<TicketId>().ok().map(|_| Touched::Ticket),
        _ => return None,
    }
    let file = name
        .strip_suffix(".md")
        .and_then(|stem| stem.parse().ok())
        .map(Touched::File);
    file.or_else(|| {
        name.strip_suffix(".journal.jsonl")
            .and_then(|stem| stem.parse().ok())
            .map(Touched::Journal)
    })
}

/// A file that an editor is done with: closed after writing, renamed into place, or gone.
fn is_finished(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Access(AccessKind::Close(AccessMode::Write))
            | EventKind::Modify(ModifyKind::Name(_) | ModifyKind::Any)
            | EventKind::Remove(_)
            | EventKind::Any
    )
}

fn is_gone(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_))
    )
}

/// Whether a path may be that of a directory that is watched, by its name.
fn is_place(path: &Path) -> bool {
    path.extension().is_none()
}

fn is_written(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Modify(_) | EventKind::Create(_) | EventKind::Any
    )
}

/// A directory that may be a project's, or its plans.
fn is_new_place(root: &Path, path: &Path, kind: EventKind) -> bool {
    let depth = path
        .strip_prefix(root)
        .map_or(0, |below| below.components().count());
    let hidden = path
        .file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| name.starts_with('.'));
    let came = matches!(
        kind,
        EventKind::Create(_) | EventKind::Modify(ModifyKind::Name(_))
    );
    came && !hidden
        && (depth == 1
            || path
                .file_name()
                .is_some_and(|name| name == "plans" || name == "tickets"))
        && path.is_dir()
}
