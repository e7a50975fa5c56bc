//! A sub-objective takes the time of its longest chain: four tasks that do not need each other, whose calls take a
//! second each, against the floor of one such task.
//!
//! `cargo bench -p modulatio-tools --bench team`. The time is a whole plan's, from the daemon's start to its end: a
//! production and its judgement, with the planner, the reflection and all that is written durably around them.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on says so")]

mod support;

use std::{fs, time::Duration};

use modulatio::{
    command::Command,
    daemon::{self, Options},
    vault::{Actor, Project, Settling, Vault},
};
use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step};
use serde_json::json;
use support::{Times, heading, row};

const ROUNDS: usize = 5;
const CALL: Duration = Duration::from_secs(1);
const PLAN: &str = "## Sub-objectives\n\n**1. Parts** — write them\n- Files: part1.md\n";

fn main() {
    heading();
    let floor = plans_of(1);
    row("floor: one task, two calls", &floor, 1, &floor, "");
    row("four tasks at once", &plans_of(4), 1, &floor, "at most 1.3");
}

fn plans_of(tasks: usize) -> Times {
    let model = model(tasks);
    let dir = tempfile::tempdir().unwrap();
    let url = model.base_url();
    let config = format!(
        "models:\n  fake: {{provider: openai, model: fake, base_url: \"{url}\", price: free}}\n\
         team: {{leader: fake}}\ndefaults: {{max_parallel_tasks: 4}}\n"
    );
    let vault = Vault::init(dir.path(), &config).unwrap();
    let project = vault.add_project(&"ESS".parse().unwrap(), "Measure");
    let project = project.unwrap();
    let file = dir.path().join("plan.md");
    fs::write(&file, PLAN).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    support::rounds_after(ROUNDS, || {
        approve(&project, &file);
        let (vault, runtime) = (Vault::open(dir.path()).unwrap(), &runtime);
        move || {
            let options = Options {
                tick: None,
                project: None,
                until_idle: true,
            };
            runtime.block_on(daemon::run(vault, options)).unwrap();
        }
    })
}

/// Producers and quality control take a second, everything else nothing.
fn model(count: usize) -> FakeModel {
    let task = |n: usize| {
        json!({"id": format!("t{n}"), "title": format!("Part {n}"), "brief": "Write it.", "kind": "document",
               "artifacts": [format!("part{n}.md")], "acceptance": ["it is there"]})
    };
    let tasks: Vec<_> = (1..=count).map(task).collect();
    let planner = Step::new(Behaviour::Arguments(json!({ "tasks": tasks })));
    let slow = |tool| {
        let answer = Step::new(Behaviour::Default).for_tool(tool);
        answer.times(0).after(CALL)
    };
    let script = Script::of([
        planner.for_tool("submit_tasks").times(0),
        slow("submit_artifact"),
        slow("submit_verdict"),
    ]);
    FakeModel::start(script).unwrap()
}

fn approve(project: &Project, file: &std::path::Path) {
    let (mut log, _) = project.add_plan(file, &Actor::named("bench")).unwrap();
    log.reconcile(Settling::Now).unwrap();
    let note = String::new();
    log.submit(&Command::Approve { note }, &Actor::named("bench"))
        .unwrap();
}
