//! A disk that fills up again and again while two daemons work on it: journals, ledgers, blobs, artifacts, the day's
//! spend and heartbeats all lie there.

use std::{collections::BTreeMap, ops::Deref, path::PathBuf, time::Duration};

use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step};
use serde_json::json;

use crate::support::{
    Daemon, Mount, TestVault, body,
    books::{self, Books},
    mount, wait_until,
};

/// A vault that lies whole on a small file system of its own.
pub(crate) struct Tmpfs {
    vault: TestVault,
    _mount: Mount,
}

impl Deref for Tmpfs {
    type Target = TestVault;

    fn deref(&self) -> &TestVault {
        &self.vault
    }
}

impl Tmpfs {
    /// `None`, and said so, where this test may not mount.
    pub(crate) fn vault(model: &FakeModel, size: &str, what: &str) -> Option<Self> {
        let vault = TestVault::new();
        let options = format!("size={size}");
        let mount = Mount::over(
            vault.root(),
            &["-t", "tmpfs", "-o", &options, "modulatio-test"],
        );
        let Some(mount) = mount else {
            eprintln!("SKIPPED {what}: this test may not mount");
            return None;
        };
        vault.write("modulatio.yaml", &config(model));
        vault.project("ess");
        Some(Self {
            vault,
            _mount: mount,
        })
    }
}

/// The settings of a vault that asks this model.
pub(crate) fn config(model: &FakeModel) -> String {
    format!(
        "daemon: {{tick_seconds: 1}}\ndaily: {{max_tokens: 100000000}}\nmodels:\n  fake: {{provider: openai, model: fake-1, base_url: \"{}\", max_output_tokens: 40000, {}}}\nteam: {{leader: fake}}\n",
        model.base_url(),
        books::PRICE
    )
}

/// A model that hands in long essays, after so many milliseconds each.
pub(crate) fn producer(delay_ms: u64) -> FakeModel {
    let content = "An essay that needs room. ".repeat(4_000);
    let essay = Behaviour::Arguments(json!({"content": content, "summary": "s"}));
    let essay = Step::new(essay)
        .for_tool("submit_artifact")
        .after(Duration::from_millis(delay_ms))
        .times(0);
    let script = Script {
        delay_ms,
        ..Script::of([essay])
    };
    FakeModel::start(script).expect("a free port")
}

/// Fills the disk to its last byte.
fn fill(vault: &TestVault) -> PathBuf {
    use std::io::Write;
    let path = vault.path("filling");
    let mut file = std::fs::File::create(&path).expect("room for a name");
    for size in [64 * 1024, 4096, 512, 1] {
        let chunk = vec![b'x'; size];
        while file.write_all(&chunk).is_ok() {}
    }
    path
}

fn journals(vault: &TestVault, plans: &[String]) -> BTreeMap<String, Vec<u8>> {
    let read = |plan: &String| {
        let bytes = std::fs::read(vault.journal_file(plan)).expect("a journal");
        // What is being written at this moment was acknowledged to nobody.
        let whole = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        (plan.clone(), bytes[..whole].to_vec())
    };
    plans.iter().map(read).collect()
}

fn complaints(daemons: &[Daemon]) -> usize {
    let told = |daemon: &Daemon| daemon.log().matches("No space left on device").count();
    daemons.iter().map(told).sum()
}

#[test]
fn two_daemons_outlive_a_disk_that_fills_up_again_and_again() {
    // So slow that there is work left for every round.
    let model = producer(60);
    let Some(vault) = Tmpfs::vault(&model, "12m", "a disk that fills up") else {
        return;
    };
    let plans: Vec<String> = (0..3).map(|_| vault.approved(&body(4))).collect();
    let mut daemons = [(); 2].map(|()| Daemon::start(&vault, &["--tick-seconds", "1"]));
    let mut sold = 0;
    for round in 0..4 {
        wait_until("they are at work", || model.sold().calls > sold + 3);
        let filling = fill(&vault);
        let (before, told) = (journals(&vault, &plans), complaints(&daemons));
        wait_until("somebody says so", || complaints(&daemons) > told);
        std::thread::sleep(Duration::from_millis(200 * round));
        for (plan, bytes) in &before {
            let after = std::fs::read(vault.journal_file(plan)).expect("a journal");
            assert!(after.starts_with(bytes), "{plan}: a frame is gone");
        }
        vault.run(&["plan", "list"]).ok();
        std::fs::remove_file(filling).expect("the filling");
        sold = model.sold().calls;
    }
    wait_until("all plans are done", || {
        plans
            .iter()
            .all(|plan| vault.journal(plan).status() == "done")
    });
    assert!(daemons.iter_mut().all(Daemon::lives));
    drop(daemons);
    // They may have died in the middle of a file: as old as a leftover must be to be put away, and more.
    vault.pass(120);
    vault.run_until_idle();
    plans.iter().for_each(|plan| vault.is_proven(plan));
    let audit = Books::of(&vault, &plans).agree_with(&model.sold());
    assert_eq!(
        audit.in_doubt, 0,
        "nothing was cut, and nothing is unsettled"
    );
    assert_eq!(vault.names("ess/tickets"), [""; 0], "somebody was asked");
    nothing_is_left(&vault);
}

/// The journal has room and the artifact has none, for more ticks than a plan may lose runners.
#[test]
fn a_plan_whose_artifact_finds_no_room_waits_for_it_and_asks_nobody() {
    let model = producer(5);
    let vault = TestVault::with(&config(&model));
    let runs = vault.path("ess/runs");
    std::fs::create_dir_all(&runs).expect("a directory");
    let small = ["-t", "tmpfs", "-o", "size=64k", "modulatio-test"];
    let Some(_mount) = Mount::over(&runs, &small) else {
        eprintln!("SKIPPED an artifact without room: this test may not mount");
        return;
    };
    let plan = vault.approved(&body(1));
    let daemon = Daemon::start(&vault, &["--tick-seconds", "1"]);
    wait_until("it was tried at five ticks", || {
        daemon.log().matches("cannot be run").count() >= 5
    });
    daemon.says("cannot write the artifact essay1.md: No space left on device");
    assert_eq!(vault.names("ess/tickets"), [""; 0], "somebody was asked");
    assert!(mount(&runs, &["-o", "remount,size=8m"]));
    wait_until("the plan is done", || {
        vault.journal(&plan).status() == "done"
    });
    vault.follows(&plan);
    drop(daemon);
    vault.is_proven(&plan);
    assert_eq!(vault.journal(&plan).count("ModelCallAbandoned"), 0);
    let paid_once = model.sold().by_key.values().all(|count| *count == 1);
    assert!(paid_once, "{:?}", model.sold().by_key);
}

/// No temporary file of an act that failed.
fn nothing_is_left(vault: &TestVault) {
    let mut dirs = vec![vault.root().to_path_buf()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).expect("a directory").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            assert!(!name.contains(".tmp"), "{} is left", entry.path().display());
            if entry.path().is_dir() {
                dirs.push(entry.path());
            }
        }
    }
}
