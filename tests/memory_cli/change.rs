//! Taking out, taking over.

use std::process::Stdio;

use serde_json::json;

use crate::{ids, objects, put, support::TestVault, vault};

#[test]
fn what_is_removed_lies_aside_with_the_way_back() {
    let vault = vault();
    vault
        .run(&[
            "memory",
            "remove",
            "tone",
            "ESS-P-001-s1-t1-1",
            "--note",
            "wrong",
        ])
        .ok()
        .shows("removed team-memory/tone\nremoved qc-history/document/ESS-P-001-s1-t1-1\n")
        .says("undo: mv ess/team-memory/_removed/tone.md ess/team-memory/tone.md")
        .says("ess/qc-history/_removed/document/ESS-P-001-s1-t1-1.md");
    assert_eq!(
        ids(&vault, &["list"]),
        [
            "qc-history/code/ESS-P-001-s2-t1-1",
            "team-memory/style/tables"
        ]
    );
    assert_eq!(
        vault.read("ess/team-memory/_removed/tone.md"),
        "The user prefers concise prose.\n"
    );
    let ran = vault.run(&["memory", "show", "tone", "--json"]).ok();
    let removal = &objects(&ran)[0]["removal"];
    assert_eq!(
        (&removal["by"], &removal["note"]),
        (&json!("cli:tester"), &json!("wrong"))
    );
    vault
        .run(&["memory", "remove", "tone"])
        .code(1)
        .says("tone is removed already");
    vault
        .run(&["memory", "remove", "team-memory/_removed/tone"])
        .code(1)
        .says("is removed already");
    std::fs::rename(
        vault.path("ess/team-memory/_removed/tone.md"),
        vault.path("ess/team-memory/tone.md"),
    )
    .unwrap();
    let ran = vault.run(&["memory", "remove", "tone", "--json"]).ok();
    let expected = json!({
        "project": "ESS",
        "id": "team-memory/tone",
        "removed_to": "ess/team-memory/_removed/tone.md",
    });
    assert_eq!(objects(&ran), [expected]);
}

#[test]
fn a_slip_in_one_name_leaves_all_others_where_they_are() {
    let vault = vault();
    let before = ids(&vault, &["list"]);
    vault
        .run(&["memory", "remove", "tone", "tabels"])
        .code(1)
        .says("the nearest is team-memory/style/tables");
    vault.run(&["memory", "remove"]).code(2);
    vault
        .run(&["memory", "remove", "tone", "--project", "LAW"])
        .code(1)
        .says("there is no project LAW");
    assert_eq!(ids(&vault, &["list"]), before);
    vault
        .run(&["memory", "remove", "tone", "team-memory/tone.md"])
        .ok();
}

#[test]
fn a_name_that_is_taken_among_the_removed_is_told() {
    let vault = vault();
    put(&vault, "ess/team-memory/old.md", "Another.\n");
    vault
        .run(&["memory", "remove", "old", "tone"])
        .code(1)
        .says("another file of its name was removed before, team-memory/_removed/old.md")
        .shows("removed team-memory/tone");
    assert_eq!(vault.read("ess/team-memory/old.md"), "Another.\n");
}

#[test]
fn proposals_of_both_programs_are_taken_over() {
    let vault = vault();
    vault
        .run(&["memory", "promote", "ESS-P-001-m1", "2026__2"])
        .ok()
        .shows("promoted team-memory/ESS-P-001-m1\npromoted team-memory/2026__2\n");
    assert!(ids(&vault, &["list", "--proposals"]).is_empty());
    let text = vault.read("ess/team-memory/ESS-P-001-m1.md");
    assert!(
        text.contains("writer_id: cli:tester\nwriter_tier: operator\nproposed_by: drafter\n"),
        "{text}"
    );
    let text = vault.read("ess/team-memory/2026__2.md");
    assert!(
        text.contains("proposed_by: drafter\n") && text.contains("Library X has a bug."),
        "{text}"
    );
    assert_eq!(
        vault.read("ess/team-memory/_removed/2026__2.json"),
        crate::PYTHON
    );
    let ran = vault.run(&["memory", "show", "2026__2", "--json"]).ok();
    assert_eq!(objects(&ran)[0]["artifact_kind"], json!("document"));
    vault
        .run(&["memory", "promote", "ESS-P-001-m1"])
        .code(1)
        .says(r#"there is no "ESS-P-001-m1" in the memory"#);
    vault
        .run(&["memory", "promote", "team-memory/tone"])
        .code(1)
        .says("is no proposal; see `modulatio memory list --proposals`");
}

#[test]
fn a_proposal_can_be_refused_and_one_that_is_broken_stays() {
    let vault = vault();
    vault.run(&["memory", "remove", "2026__2"]).ok();
    assert_eq!(
        vault.read("ess/team-memory/_removed/2026__2.json"),
        crate::PYTHON
    );
    put(&vault, "ess/team-memory/_proposals/broken.json", "[]");
    vault
        .run(&["memory", "promote", "broken"])
        .code(1)
        .says(r#"broken.json: it has no "body""#);
    put(
        &vault,
        "ess/team-memory/_proposals/tone.md",
        "Another tone.\n",
    );
    let ran = vault
        .run(&["memory", "promote", "team-memory/_proposals/tone", "--json"])
        .code(1)
        .says("the memory has team-memory/tone already");
    assert!(ran.out.is_empty());
    assert_eq!(
        vault.read("ess/team-memory/_proposals/tone.md"),
        "Another tone.\n"
    );
}

#[test]
fn of_twenty_who_remove_or_promote_the_same_one_does() {
    let vault = vault();
    for (args, file) in [
        (
            ["memory", "remove", "team-memory/tone"],
            "ess/team-memory/_removed/tone.md",
        ),
        (
            ["memory", "promote", "team-memory/_proposals/ESS-P-001-m1"],
            "ess/team-memory/ESS-P-001-m1.md",
        ),
    ] {
        let spawn = |_| {
            let mut command = vault.command(&args);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        };
        let children: Vec<_> = (0..20).map(spawn).collect();
        let mut done = 0;
        for child in children {
            let output = child.wait_with_output().unwrap();
            match output.status.code() {
                Some(0) => done += 1,
                code => assert_eq!(code, Some(1), "{output:?}"),
            }
        }
        assert_eq!(done, 1, "{args:?}");
        assert!(vault.path(file).exists());
    }
    let log = vault.read("ess/team-memory/_removed/removals.jsonl");
    assert_eq!(log.lines().count(), 1, "{log}");
}

#[test]
fn a_reader_that_has_gone_stops_no_removal() {
    let vault = vault();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = vault.command(&["memory", "remove", "tone", "tables"]);
    let output = command.stdout(Stdio::from(writer)).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let left = ids(&vault, &["list", "--store", "team-memory"]);
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn verdicts_of_a_plan_are_removed_like_notes() {
    let vault = TestVault::new();
    let plan = vault.approved(&crate::support::body(1));
    vault.run_until_idle();
    // Of a rehearsal, which teaches nobody anything.
    let file = format!("qc-history/_rehearsed/document/{plan}-s1-t1-1");
    let place = vault.path(&format!("ess/{file}.md"));
    assert!(place.exists(), "the plan was judged");
    assert!(ids(&vault, &["list"]).is_empty());
    vault
        .run(&["memory", "show", &file])
        .ok()
        .shows("## Rationale");
    vault.run(&["memory", "remove", &file]).ok();
    vault.run(&["replay", &plan, "--check"]).ok();
    vault.run(&["replay", &plan, "--write"]).ok();
    assert!(!place.exists(), "it stays away");
}
