//! A vault of the Python program. An input is its files, each behind a line `=== name`; names that it does not know
//! are passed over. Nothing is taken: a dry run decides as an import does.

use std::{cell::RefCell, fs, path::Path};

use modulatio::vault::{
    Actor, Vault,
    import::python::{self, Options},
};

use super::{scratch::Scratch, text};

pub(crate) const WORDS: &[&str] = &[
    "=== cron-config.json\n",
    "=== heartbeat-queue.json\n",
    "=== ess/index.md\n",
    "=== ess/plans/ESS-PLAN-001.md\n",
    "=== ess/plans/ESS-PLAN-001.usage.jsonl\n",
    "=== ess/tickets/ESS-7.md\n",
    "[{\"id\":\"a\",\"project_code\":\"ess\",\"objective\":\"o\",\"schedule\":\"30m\"}]",
    "\"schedule\":\"monthly 31 12:15\"",
    "\"count\":5,\"runs\":2",
    "\"until\":\"2026-12-01T00:00:00+00:00\"",
    "\"start_at\":\"0001-01-01T00:00:00+23:59\"",
    "\"priority\":1e99",
    "\"depends_on\":[\"a\"]",
    "---\nid: ESS-PLAN-001\nproject_code: ess\n",
    "status: executing\n",
    "current_index: 18446744073709551615\n",
    "null",
];

/// The files that an input may bring.
const FILES: [&str; 7] = [
    "cron-config.json",
    "heartbeat-queue.json",
    "ess/index.md",
    "ess/project.yaml",
    "ess/plans/ESS-PLAN-001.md",
    "ess/plans/ESS-PLAN-001.usage.jsonl",
    "ess/tickets/ESS-7.md",
];

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::new());
}

/// Imports what the input describes, dry.
pub fn import(bytes: &[u8]) {
    SCRATCH.with_borrow_mut(|scratch| {
        let (dir, _) = scratch.below("import");
        lay(&dir, &text(bytes));
        let vault = Vault::open(&dir).expect("a directory of our own");
        let options = Options {
            dry_run: true,
            actor: Actor::named("fuzz"),
        };
        let _ = python::check(&vault);
        let mut told = 0_u32;
        let _ = python::import(&vault, &options, &mut |_| told += 1);
        assert!(
            !dir.join(".modulatio").exists(),
            "a dry run wrote something"
        );
    });
}

fn lay(dir: &Path, text: &str) {
    for below in ["ess/plans", "ess/tickets"] {
        fs::create_dir_all(dir.join(below)).expect("a directory of our own");
    }
    for name in FILES {
        let _ = fs::remove_file(dir.join(name));
    }
    for part in text.split("=== ").skip(1) {
        let (name, content) = part.split_once('\n').unwrap_or((part, ""));
        if FILES.contains(&name) {
            fs::write(dir.join(name), content).expect("a directory of our own");
        }
    }
}
