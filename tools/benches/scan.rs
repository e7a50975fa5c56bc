//! A tick over a vault of 10,000 plans, against a bare listing and `stat` of the same files.
//!
//! `cargo bench -p modulatio-tools --bench scan`; `PLANS=1000` for a smaller vault, `TMPDIR` chooses the disk.
//! Cold means a scanner that remembers nothing; the files are in the page cache.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on says so")]

mod support;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use journal::{Draft, Hash, LogName, frame};
use modulatio::vault::{Vault, scan::Scanner};
use projections::{
    codec,
    document::Head,
    event::{Caps, Event, PlanApproved, PlanClaimed, PlanCompleted, PlanDrafted},
    fold::{self, Entry},
    frontmatter,
    ids::{Epoch, PlanId, ProjectCode},
    payload::{Anchor, Digest},
    plan::{FrameMark, Plan},
    time::Timestamp,
};
use support::{Times, heading, rounds, row};

const PROJECTS: usize = 10;
const AT: &str = "2026-11-23T20:15:00.123456Z";

fn main() {
    let plans = std::env::var("PLANS").ok().and_then(|n| n.parse().ok());
    let plans: usize = plans.unwrap_or(10_000);
    let dir = tempfile::tempdir().unwrap();
    let files = build(dir.path(), plans);
    println!("{plans} plans in {PROJECTS} projects, 5 files a plan");
    heading();
    let floor = rounds(20, || list_and_stat(dir.path(), &files));
    row("floor: list and stat", &floor, plans, &floor, "");
    let read = rounds(5, || read_all(&files));
    row("read the same files", &read, plans, &floor, "");
    scan(&Vault::open(dir.path()).unwrap(), plans, &floor);
}

fn scan(vault: &Vault, plans: usize, floor: &Times) {
    let cold = rounds(5, || Scanner::new(None).scan(vault).unwrap());
    row("scan, cold", &cold, plans, floor, "under 500 ms");
    let mut scanner = Scanner::new(None);
    let warm = rounds(50, || scanner.scan(vault).unwrap());
    row("scan, warm", &warm, plans, floor, "under 30 ms");
    assert_eq!(scanner.scan(vault).unwrap().plans, plans);
    let woken: BTreeSet<PlanId> = [id(0, 1)].into();
    let one = rounds(200, || scanner.scan_only(vault, &woken).unwrap());
    row("scan of one plan, named by the watcher", &one, 1, floor, "");
}

fn list_and_stat(root: &Path, files: &[PathBuf]) -> usize {
    let plans = |project: fs::DirEntry| fs::read_dir(project.path().join("plans")).unwrap();
    let projects = fs::read_dir(root).unwrap();
    let listed: usize = projects
        .map(|project| plans(project.unwrap()).count())
        .sum();
    let known = files.iter().filter(|file| fs::metadata(file).is_ok());
    listed + known.count()
}

fn read_all(files: &[PathBuf]) -> usize {
    files.iter().map(|file| fs::read(file).unwrap().len()).sum()
}

fn code(project: usize) -> ProjectCode {
    format!("P{project}").parse().unwrap()
}

fn id(project: usize, number: usize) -> PlanId {
    PlanId::mint(code(project), u32::try_from(number).unwrap())
}

/// The plans' files and journals, written as the program leaves them, without its syncs.
fn build(root: &Path, plans: usize) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for n in 0..plans {
        let (project, number) = (n % PROJECTS, n / PROJECTS + 1);
        let dir = root.join(code(project).directory()).join("plans");
        fs::create_dir_all(&dir).unwrap();
        files.extend(build_one(&dir, &id(project, number), n));
    }
    files
}

/// Most plans are done; one in a hundred waits for approval, and one for a runner.
fn history(id: &PlanId, n: usize) -> Vec<Event> {
    let drafted = PlanDrafted {
        format: 1,
        plan: id.clone(),
        project: id.project().clone(),
        head: Head::default(),
        body: format!(
            "## Sub-objectives\n\n**1. Part** — do it\n\n{}",
            "text\n".repeat(300)
        ),
        caps: Caps::default(),
    };
    let approved = PlanApproved {
        note: String::new(),
    };
    let claimed = PlanClaimed {
        epoch: Epoch(1),
        recovered: false,
    };
    let done = PlanCompleted {
        summary: "all of it".to_owned(),
    };
    let all: [Event; 4] = [drafted.into(), approved.into(), claimed.into(), done.into()];
    let length = match n % 100 {
        7 => 1,
        8 => 2,
        _ => 4,
    };
    all.into_iter().take(length).collect()
}

fn build_one(dir: &Path, id: &PlanId, n: usize) -> [PathBuf; 2] {
    let mut key = Hash::root(&LogName::parse(&id.to_string()).unwrap());
    let (mut log, mut plan) = (Vec::new(), None);
    for (seq, event) in (0..).zip(history(id, n)) {
        let draft = Draft {
            at: AT.to_owned(),
            epoch: epoch_at(seq),
            by: "daemon:host:4711".to_owned(),
            events: codec::encode(std::slice::from_ref(&event)),
        };
        let line = frame::encode(&key, seq, &draft).unwrap();
        key = frame::recorded_hash(&line).unwrap();
        log.extend(line);
        plan = Some(apply(plan, seq, key, event));
    }
    for empty in ["lock", "lease", "usage.jsonl"] {
        fs::write(dir.join(format!("{id}.{empty}")), "").unwrap();
    }
    let files = [format!("{id}.md"), format!("{id}.journal.jsonl")].map(|name| dir.join(name));
    fs::write(&files[0], frontmatter::render(&plan.unwrap())).unwrap();
    fs::write(&files[1], log).unwrap();
    files
}

/// The third frame is the claim.
fn epoch_at(seq: u64) -> u64 {
    u64::from(seq >= 2)
}

fn apply(plan: Option<Plan>, seq: u64, b3: Hash, event: Event) -> Plan {
    let mark = FrameMark {
        anchor: Anchor {
            seq,
            b3: Digest(b3.0),
        },
        at: Timestamp::parse(AT).unwrap(),
        by: "daemon:host:4711".to_owned(),
    };
    let entry = Entry {
        mark,
        epoch: Epoch(epoch_at(seq)),
        events: vec![event],
    };
    fold::apply(plan, &entry).unwrap()
}
