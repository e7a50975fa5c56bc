//! Heads kept elsewhere see what a chain cannot see of itself.

use std::{fs, path::Path};

use crate::sample::{PLAN, audit, frames, frames_of, history, text, whole};

/// A vault of two plans in two directories, with its heads kept in a file.
struct Vault {
    dir: tempfile::TempDir,
    kept: tempfile::NamedTempFile,
}

const OTHER: &str = "LAB-P-001";

impl Vault {
    fn new() -> Vault {
        let dir = tempfile::tempdir().unwrap();
        let vault = Vault {
            kept: tempfile::NamedTempFile::new().unwrap(),
            dir,
        };
        vault.put("ess/plans", PLAN, &whole());
        vault.put(
            "lab/plans",
            OTHER,
            &frames_of(OTHER, &history()[..1]).concat(),
        );
        fs::write(vault.dir.path().join("ess/plans/ESS-P-001.md"), "text").unwrap();
        let said = audit(&["heads", &vault.root()]);
        assert_eq!(said.code, 0, "{}", said.err);
        fs::write(vault.kept.path(), said.out).unwrap();
        vault
    }

    fn root(&self) -> String {
        text(self.dir.path())
    }

    fn path(&self, below: &str, name: &str) -> std::path::PathBuf {
        self.dir
            .path()
            .join(below)
            .join(format!("{name}.journal.jsonl"))
    }

    fn put(&self, below: &str, name: &str, bytes: &[u8]) {
        let path = self.path(below, name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn compare(&self) -> (i32, String) {
        let said = audit(&[
            "compare",
            &self.root(),
            "--against",
            &text(self.kept.path()),
        ]);
        assert_eq!(said.err, "");
        (said.code, said.out)
    }
}

#[test]
fn heads_name_every_journal_once() {
    let vault = Vault::new();
    let kept = fs::read_to_string(vault.kept.path()).unwrap();
    let heads: Vec<serde_json::Value> = kept
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(heads.len(), 2);
    assert_eq!(heads[0]["path"], "ess/plans/ESS-P-001.journal.jsonl");
    assert_eq!(
        (&heads[0]["name"], &heads[0]["seq"]),
        (&PLAN.into(), &4.into())
    );
    assert_eq!(
        (&heads[1]["name"], &heads[1]["seq"]),
        (&OTHER.into(), &0.into())
    );
}

#[test]
fn journals_that_grew_still_hold_their_heads() {
    let vault = Vault::new();
    assert_eq!(vault.compare().0, 0);
    vault.put(
        "lab/plans",
        OTHER,
        &frames_of(OTHER, &history()[..2]).concat(),
    );
    let (code, out) = vault.compare();
    assert_eq!(code, 0);
    assert!(
        out.contains("LAB-P-001        holds    frame 0, tail 1"),
        "{out}"
    );
}

#[test]
fn a_journal_cut_at_a_frames_end_is_seen() {
    let vault = Vault::new();
    vault.put("ess/plans", PLAN, &frames()[..4].concat());
    assert_eq!(
        audit(&["verify", &text(&vault.path("ess/plans", PLAN))]).code,
        0
    );
    let (code, out) = vault.compare();
    assert_eq!(code, 7);
    assert!(out.contains("acknowledged frame missing"), "{out}");
    assert!(out.contains("LAB-P-001        holds"), "{out}");
}

#[test]
fn a_journal_written_anew_is_seen() {
    let vault = Vault::new();
    let mut other = history();
    other[4].pop();
    vault.put("ess/plans", PLAN, &frames_of(PLAN, &other).concat());
    let (code, out) = vault.compare();
    assert_eq!(code, 7);
    assert!(out.contains("acknowledged frame differs"), "{out}");
}

#[test]
fn a_removed_journal_is_seen() {
    let vault = Vault::new();
    fs::remove_file(vault.path("ess/plans", PLAN)).unwrap();
    let (code, out) = vault.compare();
    assert_eq!(code, 7);
    assert!(
        out.contains("MISSING  ess/plans/ESS-P-001.journal.jsonl"),
        "{out}"
    );
}

#[test]
fn a_damaged_journal_gives_no_head() {
    let vault = Vault::new();
    vault.put("ess/plans", PLAN, b"x\n");
    let said = audit(&["heads", &vault.root()]);
    assert_eq!((said.code, said.out.lines().count()), (7, 1));
    assert!(said.err.contains("ESS-P-001: DAMAGED"), "{}", said.err);
}

#[test]
fn a_list_that_names_other_places_is_refused() {
    let vault = Vault::new();
    let b3 = "0".repeat(64);
    for path in [
        "../ESS-P-001.journal.jsonl",
        "/ESS-P-001.journal.jsonl",
        "LAB-P-001.journal.jsonl",
    ] {
        let head = format!(r#"{{"name":"ESS-P-001","seq":0,"b3":"{b3}","path":"{path}"}}"#);
        fs::write(vault.kept.path(), format!("\n{head}\n")).unwrap();
        let said = audit(&[
            "compare",
            &vault.root(),
            "--against",
            &text(vault.kept.path()),
        ]);
        assert_eq!((said.code, said.out.as_str()), (1, ""));
        assert!(said.err.contains(", line 2: "), "{}", said.err);
    }
    assert_eq!(
        audit(&["compare", &vault.root(), "--against", &vault.root()]).code,
        1
    );
    assert_eq!(
        audit(&["heads", &text(&Path::new(&vault.root()).join("none"))]).code,
        1
    );
}

#[test]
fn a_journal_is_found_in_its_projects_archive_and_back() {
    let vault = Vault::new();
    let (here, archive) = ("ess/plans", format!("ess/archive/{PLAN}/plans"));
    let there = vault.path(&archive, PLAN);
    fs::create_dir_all(there.parent().unwrap()).unwrap();
    fs::rename(vault.path(here, PLAN), &there).unwrap();
    assert_eq!(vault.compare().0, 0);
    let said = audit(&["heads", &vault.root()]);
    fs::write(vault.kept.path(), said.out).unwrap();
    assert_eq!(vault.compare().0, 0);
    fs::rename(&there, vault.path(here, PLAN)).unwrap();
    assert_eq!(vault.compare().0, 0);
    fs::remove_file(vault.path(here, PLAN)).unwrap();
    let (code, out) = vault.compare();
    assert!(code == 7 && out.contains(PLAN), "{code}: {out}");
}
