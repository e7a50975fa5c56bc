//! An operator who cannot leave a plan alone.

use std::{
    path::Path,
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use crate::support::{Lots, TestVault};

/// Changes of a plan until told to stop: its cap up and down, never above the given one; pauses; notes in its file.
pub(crate) fn meddle(vault: &TestVault, plan: &str, cap: &Cap, mut lots: Lots, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        match lots.within(0, 4) {
            0 => said(vault, &["plan", "pause", plan]),
            1 => cap.set(vault, plan, lots.within(cap.most / 2, cap.most)),
            2 => note(&vault.plan_file(plan), lots.any()),
            _ => said(vault, &["plan", "approve", plan]),
        }
        std::thread::sleep(Duration::from_millis(lots.within(5, 60)));
    }
}

/// One of a plan's caps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cap {
    pub(crate) of_cost: bool,
    /// In tokens or micro-dollars.
    pub(crate) most: u64,
}

impl Cap {
    pub(crate) fn set(&self, vault: &TestVault, plan: &str, to: u64) {
        let (option, value) = if self.of_cost {
            (
                "--max-cost-usd",
                format!("{}.{:06}", to / 1_000_000, to % 1_000_000),
            )
        } else {
            ("--max-tokens", to.to_string())
        };
        said(vault, &["plan", "edit-budget", plan, option, &value]);
    }
}

/// Runs a command that may be refused, as the plan may be elsewhere by now, but not fail otherwise.
fn said(vault: &TestVault, args: &[&str]) {
    let mut command: Command = vault.command(args);
    let output = command.stdin(Stdio::null()).output().expect("it starts");
    let told = String::from_utf8_lossy(&output.stderr);
    let refused = told.contains("cannot be") || told.contains("is being");
    assert!(output.status.success() || refused, "{args:?}: {told}");
}

/// Writes a note of the operator's own into the plan's file, as an editor does.
fn note(file: &Path, n: u64) {
    let Ok(text) = std::fs::read_to_string(file) else {
        return;
    };
    let lines = text.lines().filter(|line| !line.starts_with("remark:"));
    let mut edited = String::new();
    for line in lines {
        if line.starts_with("status:") {
            edited.push_str(&format!("remark: n{n}\n"));
        }
        edited.push_str(line);
        edited.push('\n');
    }
    let saved = file.with_extension("md.swp");
    std::fs::write(&saved, edited).expect("a file");
    std::fs::rename(&saved, file).expect("a file");
}
