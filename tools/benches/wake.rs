//! From approval to a durable claim: a daemon that sleeps until tomorrow's tick is woken by the watcher alone.
//!
//! `cargo bench -p modulatio-tools --bench wake`. The time ends when another reader sees the claim in the journal, so
//! it contains two durable appends; the floor is two bare writes with fdatasync.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on says so")]

mod support;

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use modulatio::{
    command::Command,
    daemon::{self, Options},
    vault::{Actor, Project, Settling, Vault},
};
use projections::ids::PlanId;
use support::{Times, heading, row};

const ROUNDS: usize = 60;
const PLAN: &str = "## Sub-objectives\n\n**1. Part** — do it\n- Files: part.md\n";

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let vault = Vault::init(dir.path(), "daemon: {tick_seconds: 86400}\n").unwrap();
    let project = vault
        .add_project(&"ESS".parse().unwrap(), "Measure")
        .unwrap();
    let plans: Vec<PlanId> = (0..2 * (ROUNDS + 1))
        .map(|_| add(&project, dir.path()))
        .collect();
    start(vault);
    let (by_command, by_file) = plans.split_at(ROUNDS + 1);
    heading();
    let floor = floor(dir.path());
    row(
        "floor: two writes, each with fdatasync",
        &floor,
        1,
        &floor,
        "",
    );
    let target = "median under 20 ms, worst under 100 ms";
    let mut next = by_command.iter();
    let times = until_claimed(&project, &mut next, approve);
    row(
        "approved by command, until claimed",
        &times,
        1,
        &floor,
        target,
    );
    let mut next = by_file.iter();
    let times = until_claimed(&project, &mut next, edit);
    row(
        "approved in the file, until claimed",
        &times,
        1,
        &floor,
        target,
    );
}

fn add(project: &Project, dir: &Path) -> PlanId {
    let file = dir.join("plan.md");
    fs::write(&file, PLAN).unwrap();
    let (log, _) = project.add_plan(&file, &Actor::named("bench")).unwrap();
    log.plan().id.clone()
}

/// A daemon on threads of its own; it ends with the process.
fn start(vault: Vault) {
    let options = Options {
        tick: None,
        project: None,
        until_idle: false,
    };
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(daemon::run(vault, options)).unwrap();
    });
    std::thread::sleep(Duration::from_millis(500));
}

fn until_claimed<'a>(
    project: &Project,
    plans: &mut impl Iterator<Item = &'a PlanId>,
    approve: fn(&Project, &PlanId),
) -> Times {
    support::rounds_after(ROUNDS, || {
        let id = plans.next().unwrap();
        // The plan before is finished and the daemon asleep again.
        std::thread::sleep(Duration::from_millis(150));
        move || {
            approve(project, id);
            wait_for(&project.journal_path(id), "\"kind\":\"PlanClaimed\"");
        }
    })
}

fn approve(project: &Project, id: &PlanId) {
    let mut log = project.open_plan(id).unwrap();
    log.reconcile(Settling::Now).unwrap();
    log.submit(
        &Command::Approve {
            note: String::new(),
        },
        &Actor::named("bench"),
    )
    .unwrap();
}

/// As editors do: a temporary file, renamed over.
fn edit(project: &Project, id: &PlanId) {
    let path = project.plan_path(id);
    let text = fs::read_to_string(&path)
        .unwrap()
        .replace("status: draft", "status: approved");
    let temporary = path.with_extension("md~");
    fs::write(&temporary, text).unwrap();
    fs::rename(&temporary, &path).unwrap();
}

fn wait_for(journal: &PathBuf, what: &str) {
    loop {
        if fs::read_to_string(journal).unwrap().contains(what) {
            return;
        }
        std::thread::sleep(Duration::from_micros(50));
    }
}

fn floor(dir: &Path) -> Times {
    let mut file = File::create(dir.join("floor")).unwrap();
    support::rounds(ROUNDS, || {
        for _ in 0..2 {
            file.write_all(&[b'x'; 512]).unwrap();
            file.sync_data().unwrap();
        }
    })
}
