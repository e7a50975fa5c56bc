//! Nothing is lost, whoever else is at it and wherever it is cut.

use std::{
    fs,
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use projections::{
    memory::{Note, NoteKind, Tier},
    time::Timestamp,
};

use super::*;
use crate::vault::{Project, Vault};

fn vault() -> (tempfile::TempDir, Project) {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("ess/plans")).unwrap();
    let vault = Vault::open(dir.path()).unwrap();
    let project = vault.project(&"ESS".parse().unwrap()).unwrap();
    (dir, project)
}

fn put(project: &Project, below: &str, text: &str) {
    let path = project.dir().join(below);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn read(project: &Project, below: &str) -> String {
    fs::read_to_string(project.dir().join(below)).unwrap()
}

fn path(store: Store, part: Part, id: &str) -> MemoryPath {
    MemoryPath {
        store,
        part,
        id: id.to_owned(),
        is_json: false,
    }
}

fn kept(id: &str) -> MemoryPath {
    path(Store::TeamMemory, Part::Kept, id)
}

fn proposed(id: &str) -> MemoryPath {
    path(Store::TeamMemory, Part::Proposed, id)
}

fn at() -> Timestamp {
    Timestamp::parse("2026-11-23T20:34:50Z").unwrap()
}

fn note(text: &str) -> Note {
    Note {
        id: String::new(),
        kind: NoteKind::Fact,
        text: text.to_owned(),
        tags: Vec::new(),
        artifact_kind: None,
        writer: "cli:ann".to_owned(),
        tier: Tier::Operator,
        plan: None,
        task: None,
    }
}

fn names(project: &Project, store: Store, part: Part) -> Vec<String> {
    let found = project.memory_files(store, part);
    found.files.iter().map(ToString::to_string).collect()
}

#[test]
fn the_files_of_a_store_are_found_and_no_others() {
    let (_dir, project) = vault();
    for below in [
        "team-memory/a.md",
        "team-memory/style/deep/b.md",
        "team-memory/_proposals/c.md",
        "team-memory/_proposals/d.json",
        "team-memory/_removed/style/e.md",
        "team-memory/_removed/removals.jsonl",
        "team-memory/.hidden.md",
        "team-memory/.obsidian/f.md",
        "team-memory/readme.txt",
        "team-memory/data.json",
        "qc-history/document/g.md",
        "qc-history/_removed/code/h.md",
    ] {
        put(&project, below, "x");
    }
    #[cfg(unix)]
    {
        let link = |from: &str, to: &str| {
            std::os::unix::fs::symlink(project.dir().join(from), project.dir().join(to)).unwrap();
        };
        link("team-memory/a.md", "team-memory/linked.md");
        link("team-memory/style", "team-memory/linked");
    }
    let team = |part| names(&project, Store::TeamMemory, part);
    assert_eq!(
        team(Part::Kept),
        ["team-memory/a", "team-memory/style/deep/b"]
    );
    assert_eq!(
        team(Part::Proposed),
        ["team-memory/_proposals/c", "team-memory/_proposals/d"]
    );
    assert_eq!(team(Part::Removed), ["team-memory/_removed/style/e"]);
    let qc = |part| names(&project, Store::QcHistory, part);
    assert_eq!(qc(Part::Kept), ["qc-history/document/g"]);
    assert_eq!(qc(Part::Removed), ["qc-history/_removed/code/h"]);
    assert!(qc(Part::Proposed).is_empty());
}

#[test]
fn what_cannot_be_read_says_why() {
    let (_dir, project) = vault();
    put(&project, "team-memory/long.md", &"x".repeat((1 << 20) + 1));
    fs::write(project.dir().join("team-memory/bytes.md"), [0xff, 0xfe]).unwrap();
    let why = |id: &str| project.memory_text(&kept(id)).unwrap_err();
    assert!(why("long").contains("cut it or divide it"));
    assert_eq!(why("bytes"), "it is not UTF-8 text");
    assert_eq!(why("nothing"), "it is no regular file");
}

#[test]
fn notes_of_the_same_words_have_files_of_their_own() {
    let (_dir, project) = vault();
    let add = || project.add_note(&note("Be brief."), at()).unwrap();
    assert_eq!(add(), kept("2026-11-23-be-brief"));
    assert_eq!(add(), kept("2026-11-23-be-brief-2"));
    let first = kept("2026-11-23-be-brief");
    project.remove_memory(&first).unwrap();
    put(
        &project,
        "team-memory/_proposals/2026-11-23-be-brief-3.md",
        "x",
    );
    assert_eq!(add(), kept("2026-11-23-be-brief-4"), "names that were had");
    let text = read(&project, "team-memory/2026-11-23-be-brief-4.md");
    assert!(text.contains("entry_id: 2026-11-23-be-brief-4\n"), "{text}");
    assert!(text.contains("writer_tier: operator\n"), "{text}");
}

#[test]
fn what_is_removed_is_moved_and_can_be_moved_back() {
    let (_dir, project) = vault();
    put(&project, "qc-history/document/a.md", "verdict");
    let file = path(Store::QcHistory, Part::Kept, "document/a");
    let removed = project.remove_memory(&file).unwrap();
    assert_eq!(removed.below(), "qc-history/_removed/document/a.md");
    assert_eq!(read(&project, &removed.below()), "verdict");
    assert!(!project.has_memory(&file));
    let again = project.remove_memory(&file).unwrap_err().to_string();
    assert_eq!(again, "qc-history/document/a is removed already");
    let again = project.remove_memory(&removed).unwrap_err().to_string();
    assert!(again.ends_with("is removed already"), "{again}");
    fs::rename(
        project.dir().join(removed.below()),
        project.dir().join(file.below()),
    )
    .unwrap();
    project.remove_memory(&file).unwrap();
    let none = path(Store::QcHistory, Part::Kept, "document/b");
    let none = project.remove_memory(&none).unwrap_err().to_string();
    assert_eq!(none, "there is no qc-history/document/b");
}

#[test]
fn a_file_is_not_moved_over_another_of_its_name() {
    let (_dir, project) = vault();
    put(&project, "team-memory/_removed/a.md", "old");
    put(&project, "team-memory/a.md", "new");
    let error = project.remove_memory(&kept("a")).unwrap_err().to_string();
    assert!(error.contains("team-memory/_removed/a.md"), "{error}");
    assert_eq!(read(&project, "team-memory/a.md"), "new");
    assert_eq!(read(&project, "team-memory/_removed/a.md"), "old");
}

#[test]
fn a_removal_that_was_cut_is_finished() {
    let (_dir, project) = vault();
    put(&project, "team-memory/a.md", "text");
    fs::create_dir_all(project.dir().join("team-memory/_removed")).unwrap();
    fs::hard_link(
        project.dir().join("team-memory/a.md"),
        project.dir().join("team-memory/_removed/a.md"),
    )
    .unwrap();
    project.remove_memory(&kept("a")).unwrap();
    assert!(!project.has_memory(&kept("a")));
    assert_eq!(read(&project, "team-memory/_removed/a.md"), "text");
}

#[test]
fn removals_are_noted_line_by_line() {
    let (_dir, project) = vault();
    let log = |file: &MemoryPath, note: &str| project.log_removal(file, "cli:ann", note, at());
    log(&kept("a"), "").unwrap();
    log(&proposed("b"), "wrong\nthat is").unwrap();
    put_behind(&project, "team-memory/_removed/removals.jsonl", "torn {\n");
    let found = project.removals(Store::TeamMemory);
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|removal| (removal.id.as_str(), removal.note.as_str()))
        .collect();
    assert_eq!(found, [("a", ""), ("_proposals/b", "wrong\nthat is")]);
    assert!(project.removals(Store::QcHistory).is_empty());
}

fn put_behind(project: &Project, below: &str, text: &str) {
    let file = fs::OpenOptions::new()
        .append(true)
        .open(project.dir().join(below));
    file.unwrap().write_all(text.as_bytes()).unwrap();
}

#[test]
fn a_promoted_note_names_who_took_it_over_and_who_proposed_it() {
    let (_dir, project) = vault();
    let proposal = Note {
        id: "ESS-P-001-m1".to_owned(),
        writer: "drafter".to_owned(),
        tier: Tier::Producer,
        ..note("Sources lie in notes/.")
    };
    let text = proposal.render(at(), None);
    put(&project, "team-memory/_proposals/ESS-P-001-m1.md", &text);
    let note = project
        .promote_note(&proposed("ESS-P-001-m1"), "cli:ann", at())
        .unwrap();
    assert_eq!(note, kept("ESS-P-001-m1"));
    let text = read(&project, "team-memory/ESS-P-001-m1.md");
    for line in [
        "writer_id: cli:ann",
        "writer_tier: operator",
        "proposed_by: drafter",
        "Sources lie in notes/.",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}:\n{text}");
    }
    assert!(names(&project, Store::TeamMemory, Part::Proposed).is_empty());
    let again = project.promote_note(&proposed("ESS-P-001-m1"), "cli:ann", at());
    let again = again.unwrap_err().to_string();
    assert_eq!(again, "there is no team-memory/_proposals/ESS-P-001-m1");
    let not = project.promote_note(&note, "cli:ann", at()).unwrap_err();
    assert!(not.to_string().contains("is no proposal"), "{not}");
}

#[test]
fn a_promotion_that_was_cut_is_finished_and_a_note_of_the_name_is_kept() {
    let (_dir, project) = vault();
    put(&project, "team-memory/_proposals/a.md", "plain text\n");
    put(&project, "team-memory/a.md", "plain text\n");
    project
        .promote_note(&proposed("a"), "cli:ann", at())
        .unwrap();
    put(&project, "team-memory/_proposals/a.md", "other text\n");
    let error = project.promote_note(&proposed("a"), "cli:ann", at());
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("the memory has team-memory/a already"),
        "{error}"
    );
    assert_eq!(read(&project, "team-memory/a.md"), "plain text\n");
    assert_eq!(
        read(&project, "team-memory/_proposals/a.md"),
        "other text\n"
    );
}

#[test]
fn a_proposal_of_the_earlier_program_becomes_a_note() {
    let (_dir, project) = vault();
    let json = r#"{"proposal_id": "202", "proposer_id": "qc: one", "timestamp": "2026-11-23T20:34:50+00:00", "body": "Library X has a bug.", "skill_tags": ["drafter"], "artifact_kind": "text", "capability_tags": [], "rationale": "seen twice"}"#;
    put(&project, "team-memory/_proposals/2026__202.json", json);
    let proposal = MemoryPath {
        is_json: true,
        ..proposed("2026__202")
    };
    project.promote_note(&proposal, "cli:ann", at()).unwrap();
    let text = read(&project, "team-memory/2026__202.md");
    for line in [
        "timestamp: '2026-11-23T20:34:50+00:00'",
        "- drafter",
        "artifact_kind: document",
        "proposed_by: \"qc: one\"",
        "Library X has a bug.",
        "Rationale: seen twice",
    ] {
        assert!(
            text.lines().any(|found| found.trim() == line),
            "{line}:\n{text}"
        );
    }
    assert_eq!(read(&project, "team-memory/_removed/2026__202.json"), json);
    for (json, why) in [
        ("{", "it is not JSON"),
        ("{}", "it has no \"body\""),
        (r#"{"body": " "}"#, "it has no \"body\""),
    ] {
        put(&project, "team-memory/_proposals/bad.json", json);
        let bad = MemoryPath {
            is_json: true,
            ..proposed("bad")
        };
        let error = project.promote_note(&bad, "cli:ann", at()).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
        assert!(!project.has_memory(&kept("bad")));
    }
}

#[test]
#[cfg(unix)]
fn nothing_is_written_through_a_symlink() {
    let (dir, project) = vault();
    let elsewhere = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), project.dir().join("team-memory")).unwrap();
    let error = project.add_note(&note("Be brief."), at()).unwrap_err();
    assert!(
        error.to_string().contains("symlinks are not followed"),
        "{error}"
    );
    fs::write(elsewhere.path().join("a.md"), "x").unwrap();
    assert!(names(&project, Store::TeamMemory, Part::Kept).is_empty());
    project.remove_memory(&kept("a")).unwrap_err();
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1);
    let own = dir.path().join(".modulatio");
    std::os::unix::fs::symlink(elsewhere.path(), own).unwrap();
    let put = project
        .vault()
        .put_cache(&project.index_path("team-memory"), &mut |_| Ok(()));
    assert!(put.unwrap_err().to_string().contains("symlinks"));
}

#[test]
fn an_index_is_put_whole_or_not_at_all() {
    let (_dir, project) = vault();
    let path = project.index_path("team-memory");
    let own = project.vault().own_dir();
    assert_eq!(path, own.join("memory/ess/team-memory.index"));
    let put = |text: &'static [u8], fails: bool| {
        project.vault().put_cache(&path, &mut |out| {
            out.write_all(text)?;
            match fails {
                true => Err(io::ErrorKind::StorageFull.into()),
                false => Ok(()),
            }
        })
    };
    put(b"one", false).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"one");
    let error = put(b"two", true).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert_eq!(fs::read(&path).unwrap(), b"one");
    let here = || fs::read_dir(path.parent().unwrap()).unwrap().count();
    assert_eq!(here(), 1, "nothing is left behind");
    let outside = project.dir().join("x.index");
    let refused = project.vault().put_cache(&outside, &mut |_| Ok(()));
    refused.unwrap_err();
    assert!(!outside.exists());
}

#[test]
#[cfg(unix)]
fn what_a_writer_that_died_has_left_goes_with_the_next_one() {
    let (_dir, project) = vault();
    let path = project.index_path("team-memory");
    let put = || project.vault().put_cache(&path, &mut |_| Ok(()));
    put().unwrap();
    let left = |name: &str| path.with_file_name(name);
    let (old, new, other) = (
        left(".team-memory.index.tmp-1-0"),
        left(".team-memory.index.tmp-2-0"),
        left(".router.index.tmp-1-0"),
    );
    for file in [&old, &new, &other] {
        fs::write(file, "x").unwrap();
    }
    let touch = |file: &Path| {
        let then =
            fs::metadata(file).unwrap().modified().unwrap() - std::time::Duration::from_secs(7200);
        let file = fs::File::options().write(true).open(file).unwrap();
        file.set_modified(then).unwrap();
    };
    touch(&old);
    touch(&other);
    put().unwrap();
    assert!(!old.exists() && new.exists() && other.exists());
}

#[test]
fn of_many_who_do_the_same_at_once_each_loses_nothing() {
    let (_dir, project) = vault();
    let project = Arc::new(project);
    put(&project, "team-memory/gone.md", "text");
    put(&project, "team-memory/_proposals/taken.md", "text");
    let threads: Vec<_> = (0..20)
        .map(|_| {
            let project = project.clone();
            std::thread::spawn(move || {
                let added = project.add_note(&note("Be brief."), at()).unwrap();
                let removed = project.remove_memory(&kept("gone")).is_ok();
                let promoted = project.promote_note(&proposed("taken"), "cli:ann", at());
                (added, removed, promoted.is_ok())
            })
        })
        .collect();
    let done: Vec<_> = threads.into_iter().map(|t| t.join().unwrap()).collect();
    let mut added: Vec<&MemoryPath> = done.iter().map(|(added, _, _)| added).collect();
    added.sort();
    added.dedup();
    assert_eq!(added.len(), 20);
    assert_eq!(done.iter().filter(|(_, removed, _)| *removed).count(), 1);
    assert_eq!(done.iter().filter(|(_, _, promoted)| *promoted).count(), 1);
    assert_eq!(read(&project, "team-memory/_removed/gone.md"), "text");
    assert_eq!(read(&project, "team-memory/taken.md"), "text");
    assert_eq!(names(&project, Store::TeamMemory, Part::Kept).len(), 21);
}
