//! One plan in every status, made once and copied for every cell of a table; and what became of an edit of its file.

use std::{
    path::{Path, PathBuf},
    sync::LazyLock,
    time::Duration,
};

use modulatio::{
    command::Command,
    vault::{Actor, PlanLog, Reconciled, Settling, Vault, replay},
};
use projections::{
    event::{EditRejected, Event},
    files, frontmatter,
    plan::Plan,
};

use crate::support::{TestVault, body};

/// Names of the stages: the eight statuses, and a plan that is paused and asks.
pub(crate) const STAGES: [&str; 9] = [
    "draft",
    "approved",
    "executing",
    "paused",
    "asking",
    "declined",
    "cancelled",
    "aborted",
    "done",
];

pub(crate) const PLAN: &str = "ESS-P-001";

/// An operator's own lines, and one cap.
pub(crate) const FRONT: &str =
    "---\n# about\ntitle: \"a: b\"  # quoted\ntags: [x, y]\nmax_tokens: 500000\n---\n\n";

static MADE: LazyLock<Vec<TestVault>> =
    LazyLock::new(|| STAGES.iter().map(|stage| make(stage)).collect());

/// Puts something else over this file of a project. It is made beside the vault: who looks meanwhile sees the file, and
/// nothing half made, so that no slow machine makes a deletion of it.
pub(crate) fn put_over(path: &Path, put: impl FnOnce(&Path)) {
    let beside = path.ancestors().nth(4).expect("a vault below a directory");
    let made = beside.join("made");
    put(&made);
    if std::fs::symlink_metadata(&made)
        .expect("it is made")
        .is_dir()
    {
        // The one thing that no rename puts over a file.
        std::fs::remove_file(path).expect("a file");
    }
    std::fs::rename(made, path).expect("one file system");
}

/// A vault of its own whose one plan stands there.
pub(crate) fn stage(name: &str) -> TestVault {
    let at = STAGES.iter().position(|stage| *stage == name);
    MADE[at.expect("a stage")].light_copy()
}

fn make(name: &str) -> TestVault {
    let outcome = match name {
        "asking" => "pause",
        "aborted" => "abort",
        _ => "continue",
    };
    let vault = TestVault::with(&format!(
        "models:\n  m: {{provider: rehearsal, outcomes: {{1: {outcome}}}}}\nteam: {{leader: m}}\ntools: {{disable: [run_shell]}}\n"
    ));
    let plan = vault.draft(&format!("{FRONT}{}", body(2)));
    assert_eq!(plan, PLAN);
    let say = |commands: &[Command]| {
        let mut log = open(&vault);
        for command in commands {
            log.submit(command, &Actor::named("cli:tester")).unwrap();
        }
    };
    let note = || "word".to_owned();
    let approve = Command::Approve { note: note() };
    match name {
        "draft" => {}
        "approved" => say(&[approve]),
        "executing" => say(&[approve, Command::Claim]),
        "paused" => say(&[approve, Command::Claim, Command::Pause { note: note() }]),
        "declined" => say(&[Command::Decline { note: note() }]),
        "cancelled" => say(&[
            approve,
            Command::Claim,
            Command::Cancel {
                note: note(),
                cut: false,
            },
        ]),
        _ => {
            say(&[approve]);
            vault.run_until_idle();
        }
    }
    // All that the runner did is shown, whoever ran it.
    open(&vault).show();
    let status = if name == "asking" { "paused" } else { name };
    assert_eq!(open(&vault).plan().status.name().as_str(), status);
    vault
}

pub(crate) fn open(vault: &TestVault) -> PlanLog {
    let vault = Vault::open(vault.root()).unwrap();
    let id = PLAN.parse().unwrap();
    vault.project_of(&id).unwrap().open_plan(&id).unwrap()
}

/// Puts bytes in a file's place as an editor that has been done for a while.
pub(crate) fn put(path: &PathBuf, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
    rest(path);
}

/// The last change of this file is no news.
pub(crate) fn rest(path: &PathBuf) {
    let file = std::fs::File::options().write(true).open(path).unwrap();
    let modified = file.metadata().unwrap().modified().unwrap();
    file.set_modified(modified - Duration::from_secs(10))
        .unwrap();
}

/// What must become of an edit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fate {
    /// Nothing was said: no event, and the file is rendered afresh.
    Nothing,
    /// Events of these kinds.
    Taken(&'static [&'static str]),
    /// Refused with a reason that says this.
    Refused(String),
}

impl Fate {
    pub(crate) fn refused(why: &str) -> Self {
        Self::Refused(why.to_owned())
    }
}

/// The cells of a table: every one is judged, and those that came out otherwise are told together at the end.
#[derive(Default)]
pub(crate) struct Cells {
    judged: usize,
    wrong: Vec<String>,
}

impl Cells {
    /// One cell; what it gives, if it came out as it should.
    pub(crate) fn cell<T>(&mut self, judge: impl FnOnce() -> T) -> Option<T> {
        self.judged += 1;
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(judge));
        let told = |panic: Box<dyn std::any::Any + Send>| {
            let text = panic.downcast_ref::<String>().cloned();
            text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        };
        outcome
            .map_err(|panic| self.wrong.push(told(panic).unwrap_or_default()))
            .ok()
    }
}

impl Drop for Cells {
    fn drop(&mut self) {
        println!("{} cells", self.judged);
        if !std::thread::panicking() {
            assert!(
                self.wrong.is_empty(),
                "{} of {} cells:\n{}",
                self.wrong.len(),
                self.judged,
                self.wrong.join("\n")
            );
        }
    }
}

/// Lets an edit of the plan's file be judged, and checks everything that must hold whatever became of it.
#[track_caller]
pub(crate) fn judge(cell: &str, vault: &TestVault, edited: &[u8], fate: &Fate) -> Plan {
    let path = vault.plan_file(PLAN);
    assert!(std::fs::read(&path).unwrap() != edited, "{cell}: no edit");
    put(&path, edited);
    judge_as_it_lies(cell, vault, Some(edited), fate)
}

/// The same of what lies there.
#[track_caller]
pub(crate) fn judge_as_it_lies(
    cell: &str,
    vault: &TestVault,
    edited: Option<&[u8]>,
    fate: &Fate,
) -> Plan {
    let path = vault.plan_file(PLAN);
    let mut log = open(vault);
    let before = log.plan().clone();
    let became = log.reconcile(Settling::Now);
    let became = became.unwrap_or_else(|error| panic!("{cell}: {}", error.told()));
    let journal = vault.journal(PLAN);
    let new: Vec<&Event> = journal
        .entries
        .iter()
        .filter(|(entry, _)| entry.mark.anchor.seq > before.head_frame.anchor.seq)
        .map(|(_, event)| event)
        .collect();
    let kinds: Vec<&str> = new.iter().map(|event| event.kind()).collect();
    match fate {
        Fate::Nothing => {
            assert!(
                matches!(became, Reconciled::Rendered | Reconciled::Clean),
                "{cell}: {became:?}"
            );
            assert_eq!(kinds, [""; 0], "{cell}");
        }
        Fate::Taken(expected) => {
            assert_eq!(became, Reconciled::Edited, "{cell}");
            assert_eq!(&kinds, expected, "{cell}");
        }
        Fate::Refused(why) => {
            let Reconciled::Rejected { why: said, .. } = &became else {
                panic!("{cell}: {became:?} instead of a refusal, {kinds:?}");
            };
            assert!(said.contains(why), "{cell}: {why:?} is not in {said:?}");
            assert_eq!(kinds, ["EditRejected"], "{cell}");
            is_kept(cell, vault, "ess/plans", new[0], edited);
        }
    }
    if !matches!(fate, Fate::Refused(_)) {
        assert_eq!(kept(vault, "ess/plans"), [""; 0], "{cell}");
    }
    let after = log.plan().clone();
    if !matches!(fate, Fate::Taken(_)) {
        is_same_but_for_the_frame(cell, &before, &after);
    }
    // Rendered afresh, byte for byte, and told once.
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        frontmatter::render(&after),
        "{cell}"
    );
    let head = after.head_frame.anchor;
    assert_eq!(
        log.reconcile(Settling::Now).unwrap(),
        Reconciled::Clean,
        "{cell}"
    );
    assert_eq!(log.plan().head_frame.anchor, head, "{cell}");
    no_litter(cell, vault, "ess/plans");
    let differing = replay::check(log.project(), &after.id).unwrap();
    assert_eq!(differing, [], "{cell}");
    after
}

/// The refused text lies under the name that its event tells, byte for byte.
#[track_caller]
pub(crate) fn is_kept(
    cell: &str,
    vault: &TestVault,
    dir: &str,
    event: &Event,
    edited: Option<&[u8]>,
) {
    let Event::EditRejected(EditRejected { file, kept_as, .. }) = event else {
        panic!("{cell}: {event:?}");
    };
    assert!(
        file.starts_with(dir.trim_start_matches("ess/")),
        "{cell}: {file}"
    );
    let names = kept(vault, dir);
    match edited {
        None => {
            assert_eq!((names.len(), kept_as), (0, &None), "{cell}");
        }
        Some(bytes) => {
            assert_eq!(Some(&names[0]), kept_as.as_ref(), "{cell}: {names:?}");
            assert_eq!(names.len(), 1, "{cell}: {names:?}");
            let found = std::fs::read(vault.path(&format!("{dir}/{}", names[0]))).unwrap();
            assert!(found == bytes, "{cell}: the kept text is another");
        }
    }
}

/// A refusal changes nothing but the head of the journal.
#[track_caller]
fn is_same_but_for_the_frame(cell: &str, before: &Plan, after: &Plan) {
    let mut after = after.clone();
    after.head_frame = before.head_frame.clone();
    assert_eq!(format!("{before:?}"), format!("{after:?}"), "{cell}");
}

/// Names of refused edits in a directory.
pub(crate) fn kept(vault: &TestVault, dir: &str) -> Vec<String> {
    let names = vault.names(dir).into_iter();
    names.filter(|name| name.contains(".rejected-")).collect()
}

#[track_caller]
pub(crate) fn no_litter(cell: &str, vault: &TestVault, dir: &str) {
    let names = vault.names(dir);
    let litter: Vec<&String> = names.iter().filter(|n| n.contains(".tmp-")).collect();
    assert!(litter.is_empty(), "{cell}: {litter:?}");
}

/// The text of the plan's file as it is rendered.
pub(crate) fn rendered(vault: &TestVault) -> String {
    vault.read(&files::plan_path(&PLAN.parse().unwrap()).replace("plans/", "ess/plans/"))
}
