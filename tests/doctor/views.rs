//! What is shown: lines for people, one object for scripts, and nothing left behind.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{
    chmod, doctor, finished, home, private,
    support::{TestVault, body},
};

/// Checks whose outcome is the machine's, not the vault's.
const MACHINE: [&str; 9] = [
    "embedder",
    "memory-index",
    "file-system",
    "disk-space",
    "inodes",
    "inotify",
    "exchange",
    "sandbox",
    "systemd",
];

/// The lines for people, with all that differs from run to run and from machine to machine taken out.
fn shown(vault: &TestVault, args: &[&str]) -> String {
    let mut command = vault.command(&[&["doctor"], args].concat());
    command
        .env("HOME", home(vault))
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_DATA_HOME");
    let output = command.output().expect("the binary starts");
    let text = String::from_utf8(output.stdout).expect("text");
    let real = vault.root().canonicalize().expect("a vault");
    let text = text
        .replace(&*real.to_string_lossy(), "VAULT")
        .replace(&*vault.root().to_string_lossy(), "VAULT");
    let mut lines = Vec::new();
    let mut passing = false;
    for line in text.lines() {
        let id = line
            .split_whitespace()
            .nth(1)
            .unwrap_or_default()
            .trim_end_matches(':');
        if line.starts_with('[') {
            passing = MACHINE.contains(&id);
        }
        if !passing {
            lines.push(without_numbers(line));
        } else if line.starts_with('[') {
            lines.push(format!("[…]    {id}: …"));
        }
    }
    lines.join("\n")
}

/// Times, hashes and the numbers of processes and users.
fn without_numbers(line: &str) -> String {
    let word = |word: &str| {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let is_time =
            bare.len() >= 20 && bare.contains("T") && bare.contains("-") && bare.ends_with('Z');
        let is_hash = bare.chars().count() > 7
            && bare
                .trim_end_matches('…')
                .chars()
                .all(|c| c.is_ascii_hexdigit());
        if is_time {
            word.replace(bare, "TIME")
        } else if is_hash {
            word.replace(bare, "HASH")
        } else {
            word.to_owned()
        }
    };
    line.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_healthy_vault_is_told_line_by_line() {
    let (vault, _) = finished();
    insta::assert_snapshot!(shown(&vault, &[]));
}

#[test]
fn a_sick_vault_is_told_with_what_mends_it() {
    let (vault, plan) = finished();
    let waiting = vault.approved(&body(1));
    let draft = vault.draft(&body(1));
    for harmed in [&plan, &draft] {
        let path = vault.journal_file(harmed);
        let mut bytes = std::fs::read(&path).expect("a journal");
        bytes[100] ^= 1;
        std::fs::write(&path, bytes).expect("a journal");
    }
    chmod(vault.journal_file(&waiting), 0o644);
    vault.write("modulatio.yaml", "demon: {}\nteam: {leader: nobody}\n");
    vault.project("ops");
    vault.write("ops/project.yaml", "objektive: x\n");
    vault.project("CAPS");
    vault.write(
        "ess/plans/ESS-P-090.md",
        "---\nid: ESS-P-090\nstatus: drift\n---\nx\n",
    );
    insta::assert_snapshot!(shown(&vault, &[]));
}

#[test]
fn without_a_vault_the_machine_is_looked_at_all_the_same() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_modulatio"));
    command
        .args(["doctor", "--json"])
        .current_dir(dir.path())
        .env_remove("MODULATIO_VAULT");
    // Nor a home.
    command
        .env_remove("HOME")
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_DATA_HOME");
    let found = crate::Found::of(&command.output().expect("the binary starts"));
    assert_eq!(found.ran.code, Some(3));
    found
        .one("vault", "fail", "no modulatio.yaml in")
        .mends("modulatio init DIR");
    for id in ["sandbox", "clock", "embedder", "systemd"] {
        assert_eq!(found.all(id).len(), 1, "{id}");
    }
}

#[test]
fn every_object_has_the_same_fields_and_the_worst_is_the_worst() {
    let (vault, _) = finished();
    let found = doctor(&vault);
    let report: Value = serde_json::from_str(&found.ran.out).expect("an object");
    let keys = |value: &Value| {
        let object = value.as_object().expect("an object");
        object.keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(keys(&report), ["checks", "worst"]);
    let checks = report["checks"].as_array().expect("a list");
    let levels = ["ok", "warn", "fail"];
    let mut worst = 0;
    for check in checks {
        assert_eq!(keys(check), ["id", "area", "level", "found", "remedy"]);
        let level = levels
            .iter()
            .position(|level| check["level"] == *level)
            .expect("a level");
        assert_eq!(check["remedy"].is_null(), level == 0, "{check}");
        assert!(
            !check["area"].as_str().expect("a text").is_empty(),
            "{check}"
        );
        worst = worst.max(level);
    }
    assert_eq!(report["worst"], levels[worst]);
}

/// The whole of a healthy vault's checks is well, but for what the machine may lack.
#[test]
fn a_healthy_vault_ends_well() {
    let (vault, _) = finished();
    let found = doctor(&vault);
    let unwell: Vec<&Value> = found
        .checks
        .iter()
        .filter(|check| check["level"] != "ok")
        .collect();
    let machines = |check: &&&Value| MACHINE.iter().any(|id| check["id"] == *id);
    assert_eq!(
        unwell.iter().filter(machines).count(),
        unwell.len(),
        "{unwell:#?}"
    );
    match unwell.is_empty() {
        true => assert!(
            found.ran.code == Some(0) && found.ran.err.is_empty(),
            "{:?}",
            found.ran
        ),
        false => assert!(found.ran.err.contains("checks"), "{:?}", found.ran),
    }
}

#[test]
fn a_reader_that_has_gone_changes_nothing_of_the_end() {
    let vault = TestVault::new();
    let read = vault.run(&["doctor"]);
    assert_ne!(read.code, Some(0), "it has something to tell");
    let mut child = vault
        .command(&["doctor"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the binary starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), read.code);
    assert_eq!(String::from_utf8_lossy(&output.stderr), read.err);
}

/// Every file and directory with its rights and its content.
fn tree(dir: &Path) -> Vec<(PathBuf, u32, Option<Vec<u8>>)> {
    use std::os::unix::fs::PermissionsExt;
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir).expect("a directory").flatten() {
        let path = entry.path();
        let mode = entry.metadata().expect("it is there").permissions().mode();
        if path.is_dir() {
            all.push((path.clone(), mode, None));
            all.extend(tree(&path));
        } else {
            let bytes = std::fs::read(&path).expect("a file");
            all.push((path, mode, Some(bytes)));
        }
    }
    all.sort();
    all
}

#[test]
fn nothing_is_left_behind_and_nothing_is_changed() {
    let (vault, plan) = finished();
    // A hand edit and a torn tail, which a daemon would take in and move aside.
    let file = vault.plan_file(&plan);
    let text = std::fs::read_to_string(&file)
        .expect("a plan")
        .replace("status: done", "status: cancelled");
    std::fs::write(&file, text).expect("a plan");
    let path = vault.journal_file(&plan);
    let mut bytes = std::fs::read(&path).expect("a journal");
    bytes.extend(b"{\"half\":");
    std::fs::write(&path, bytes).expect("a journal");
    vault.write(
        "ess/plans/ESS-P-070.md",
        "---\nid: ESS-P-070\nproject_code: ESS\ncreated_at: 2026-01-01T00:00:00Z\nstatus: draft\n---\n## x\n\n### Sub-objectives\n\n**1. A** - b\n",
    );
    let before = tree(vault.root());
    doctor(&vault);
    assert!(tree(vault.root()) == before);

    let unused = private(TestVault::new());
    let before = tree(unused.root());
    doctor(&unused);
    assert!(
        tree(unused.root()) == before,
        "no directory of the program's own is made"
    );
}

#[test]
fn a_thousand_plans_are_told_in_as_many_lines_as_one() {
    let (vault, plan) = finished();
    let lines = doctor(&vault).checks.len();
    let text = projections::document::read(body(1).as_bytes()).expect("a plan");
    let store = crate::journals::store(vault.path("ess/plans"));
    for number in 100..1_100 {
        let id = format!("ESS-P-{number}").parse().expect("an id");
        let events = modulatio::decide::draft(&id, &text).expect("a draft");
        crate::journals::create(
            &store,
            &id.to_string(),
            &projections::codec::encode(&events),
            "2026-11-23T20:15:00.123456Z",
        );
    }
    let found = doctor(&vault);
    assert_eq!(found.checks.len(), lines);
    found.one("plans", "ok", "1 done, 1000 draft");
    found.one("journals", "ok", "1001 journals of plans whole");

    // Each of them another's journal: all damaged.
    let journal = std::fs::read(vault.journal_file(&plan)).expect("a journal");
    for number in 100..1_100 {
        std::fs::write(vault.journal_file(&format!("ESS-P-{number}")), &journal)
            .expect("a journal");
    }
    let found = doctor(&vault);
    assert_eq!(found.ran.code, Some(7));
    let damaged = found
        .all("journals")
        .into_iter()
        .filter(|one| one.level == "fail");
    assert_eq!(damaged.count(), 20);
    found
        .some("journals", "fail", "981 more of this kind")
        .mends("audit verify --all");
}
