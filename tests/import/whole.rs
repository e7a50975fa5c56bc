//! A whole vault in the existing program's form: everything that it keeps, written by hand.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::SystemTime,
};

use serde_json::{Value, json};

use crate::{
    STATUSES, found, id,
    support::{Ran, TestVault},
};

/// A ticket of that program.
pub(crate) struct Written<'a> {
    pub(crate) id: &'a str,
    pub(crate) plan: Option<&'a str>,
    pub(crate) status: &'a str,
    pub(crate) decision: Option<&'a str>,
    pub(crate) asks: bool,
}

/// Its text.
pub(crate) fn ticket(written: &Written<'_>) -> String {
    let or_null = |text: Option<&str>| text.unwrap_or("null").to_owned();
    let (id, status) = (written.id, written.status);
    let by = written.decision.map(|_| "human");
    format!(
        "---\nid: {id}\nproject_id: 64db6334-2c01-47a1-b1ab-c4ce8374afc3\npriority: critical\nstatus: {status}\n\
         title: 'About {id}: another way'\nbody: 'Go another way?\n\n\n  Or stop.'\naffected_goal_id: null\n\
         affected_task_id: null\nrun_id: 20261123T203435Z-bc6779\naffected_plan_id: {plan}\nrefresh_at: null\n\
         approval_required: {asks}\napproval_decision: {decision}\napproval_decided_by: {by}\n\
         approval_decided_at: null\napproval_note: null\ncreated_at: '2026-11-20T20:34:46.889008Z'\n\
         updated_at: '2026-11-20T20:34:46.889009Z'\n---\nGo another way?\n\nOr stop.\n\n\
         <!-- modulatio:transitions -->\n```json\n[\n  {{\n    \"from_state\": \"\",\n    \"to_state\": \"open\",\n    \
         \"at\": \"2026-11-20T20:34:46.888976Z\",\n    \"actor\": \"leader\",\n    \"rationale\": \"ticket created\"\n  }}\n]\n```\n\
         <!-- /modulatio:transitions -->\n",
        plan = or_null(written.plan),
        asks = written.asks,
        decision = or_null(written.decision),
        by = or_null(by),
    )
}

/// A job of that program.
pub(crate) fn job(id: &str, schedule: &str) -> Value {
    json!({
        "id": id, "name": format!("job {id}"), "description": "", "schedule": schedule, "project_code": "ESS",
        "objective": format!("Review {id}"), "priority": 5, "enabled": true, "jt_id": null, "jt_params": null,
        "on_refused": null, "start_at": null, "count": null, "until": null, "runs": 0,
        "created": "2020-01-06T20:34:50+00:00", "next_run": "2020-01-06T20:20:00+00:00", "last_run": null,
        "last_status": null,
    })
}

/// A task of its queue.
pub(crate) fn task(id: &str, status: &str) -> Value {
    json!({
        "id": id, "description": "one-off", "project_code": "ESS", "objective": format!("Draft {id}"), "priority": 5,
        "status": status, "tags": [], "created": "2020-01-06T20:34:50+00:00", "started": null, "completed": null,
        "result": null, "error": null, "retries": 0, "max_retries": 1, "every": null, "next_run": null,
        "depends_on": [], "jt_id": null, "jt_params": null, "on_refused": null,
    })
}

/// The same with some fields otherwise.
pub(crate) fn with(entry: Value, fields: &Value) -> Value {
    let mut entry = entry;
    for (key, value) in fields.as_object().expect("fields") {
        entry[key] = value.clone();
    }
    entry
}

/// The tickets of the whole vault.
const TICKETS: [Written<'static>; 7] = [
    open("ESS-1", Some("ESS-PLAN-001"), true),
    open("ESS-2", Some("ESS-PLAN-004"), true),
    open("ESS-3", Some("ESS-PLAN-003"), false),
    open("ESS-4", None, true),
    open("ESS-5", Some("ESS-PLAN-008"), true),
    Written {
        id: "ESS-6",
        plan: Some("ESS-PLAN-002"),
        status: "resolved",
        decision: Some("approved"),
        asks: true,
    },
    Written {
        id: "ESS-9",
        plan: Some("ESS-PLAN-004"),
        status: "closed",
        decision: Some("approved"),
        asks: true,
    },
];

const fn open<'a>(id: &'a str, plan: Option<&'a str>, asks: bool) -> Written<'a> {
    Written {
        id,
        plan,
        status: "open",
        decision: None,
        asks,
    }
}

/// Everything, without a file of this program's.
pub(crate) fn vault() -> TestVault {
    let vault = TestVault::new();
    for own in ["modulatio.yaml", "ess/project.yaml"] {
        std::fs::remove_file(vault.path(own)).expect("it was there");
    }
    for status in STATUSES {
        let plan = id(status);
        vault.write(&format!("ess/plans/{plan}.md"), &found::plan(&plan, status));
        if found::has_started(status) {
            vault.write(&format!("ess/plans/{plan}.usage.jsonl"), found::USAGE);
        }
    }
    for written in &TICKETS {
        add(
            &vault,
            &format!("ess/tickets/{}.md", written.id),
            &ticket(written),
        );
    }
    add(
        &vault,
        "ess/index.md",
        "---\ntags: [modulatio, project, ess]\ncode: ess\nstatus: draft\n---\n\n# ESS\n\n**Code:** `ess`\n\
         **Objective:** Essays: on\nStoicism\n\n## Progress\n- Goals: 0/0\n",
    );
    add(
        &vault,
        "ess/agents/leader.md",
        "---\nid: leader\ntier: leader\n---\n",
    );
    add(
        &vault,
        "ess/comptroller.md",
        "---\n# paid_cloud_escalations_per_day: 10\n---\n",
    );
    add(
        &vault,
        "ess/runs/20261123T203404Z-8efb1e/audit.jsonl",
        "{}\n",
    );
    add(
        &vault,
        "ess/artifacts/20261123T203404Z-8efb1e/tool_calls/ess-t-001.jsonl",
        "{}\n",
    );
    add(&vault, "ess/qc-history/text/one.md", "passed\n");
    add(
        &vault,
        "ess/team-memory/one.md",
        "---\nentry_id: one\n---\n\nConcise prose.\n",
    );
    add(&vault, "ess/plans/notes.md", "mine\n");
    add(&vault, "ess/plans/ESS-PLAN-099.usage.jsonl", found::USAGE);
    add(
        &vault,
        "later/index.md",
        "---\ncode: later\n---\n\n**Objective:** Something else\n",
    );
    add(&vault, ".env", "OPENAI_API_KEY=x\n");
    add(&vault, "cron-config.json.lock", "");
    jobs(
        &vault,
        &[
            job("weekly", "weekly mon 09:00"),
            with(job("off", "6h"), &json!({"enabled": false})),
            job("odd", "45m"),
            with(job("late", "daily 06:30"), &json!({"project_code": "GONE"})),
        ],
    );
    tasks(
        &vault,
        &[
            task("due", "pending"),
            with(task("again", "pending"), &json!({"every": "6h"})),
            task("lost", "running"),
            task("past", "done"),
        ],
    );
    vault
}

pub(crate) fn jobs(vault: &TestVault, jobs: &[Value]) {
    vault.write("cron-config.json", &json!({"jobs": jobs}).to_string());
}

pub(crate) fn tasks(vault: &TestVault, tasks: &[Value]) {
    vault.write("heartbeat-queue.json", &json!(tasks).to_string());
}

/// A file, with the directories above it.
pub(crate) fn add(vault: &TestVault, below: &str, text: &str) {
    let path = vault.path(below);
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    vault.write(below, text);
}

/// Runs the import.
pub(crate) fn import(vault: &TestVault, more: &[&str]) -> Ran {
    import_with(vault, more, &[])
}

pub(crate) fn import_with(vault: &TestVault, more: &[&str], env: &[(&str, &str)]) -> Ran {
    let args = [&["import", "--from-python"], more].concat();
    vault.run_with(&args, env)
}

/// What it tells, by source: fate, name and note.
pub(crate) fn told(ran: &Ran) -> BTreeMap<String, (String, Option<String>, String)> {
    let line = |line: &str| {
        let line: Value = serde_json::from_str(line).expect("a line of JSON");
        let text = |key: &str| line[key].as_str().map(str::to_owned);
        let told = (
            text("fate").expect("a fate"),
            text("id"),
            text("note").expect("a note"),
        );
        (text("source").expect("a source"), told)
    };
    let lines: Vec<_> = ran.out.lines().map(line).collect();
    let told: BTreeMap<_, _> = lines.iter().cloned().collect();
    assert_eq!(told.len(), lines.len(), "a line for each thing: {lines:?}");
    told
}

/// Every file and directory with what it holds and when it changed.
pub(crate) fn tree(root: &Path) -> BTreeMap<PathBuf, (Option<Vec<u8>>, SystemTime)> {
    let mut all = BTreeMap::new();
    let mut dirs = vec![root.to_path_buf()];
    while let Some(dir) = dirs.pop() {
        let changed = |path: &Path| {
            let meta = std::fs::symlink_metadata(path).expect("it is there");
            meta.modified().expect("a time")
        };
        all.insert(dir.clone(), (None, changed(&dir)));
        for entry in std::fs::read_dir(&dir).expect("a directory").flatten() {
            let path = entry.path();
            if path.is_dir() {
                dirs.push(path);
            } else {
                let bytes = std::fs::read(&path).expect("a file");
                all.insert(path.clone(), (Some(bytes), changed(&path)));
            }
        }
    }
    all
}

/// The files alone, without times.
pub(crate) fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let all = tree(root).into_iter();
    all.filter_map(|(path, (bytes, _))| Some((path.strip_prefix(root).ok()?.to_owned(), bytes?)))
        .collect()
}
