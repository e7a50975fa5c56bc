//! What is there, and one of it.

use serde_json::json;

use crate::{ids, objects, put, support::TestVault, vault, verdict};

const ALL: [&str; 4] = [
    "qc-history/code/ESS-P-001-s2-t1-1",
    "qc-history/document/ESS-P-001-s1-t1-1",
    "team-memory/tone",
    "team-memory/style/tables",
];

#[test]
fn a_line_an_entry_says_what_it_is() {
    let vault = vault();
    let ran = vault.run(&["memory", "list"]).ok();
    let lines: Vec<Vec<&str>> = ran
        .out
        .lines()
        .map(|line| {
            line.split("  ")
                .map(str::trim)
                .filter(|cell| !cell.is_empty())
                .collect()
        })
        .collect();
    assert_eq!(
        lines,
        [
            [ALL[0], "2026-11-23", "pass", "drafter", "Essay 1"],
            [ALL[1], "2026-11-23", "fail", "drafter", "Essay 1"],
            [ALL[2], "-", "-", "-", "The user prefers concise prose."],
            [
                ALL[3],
                "2026-11-23",
                "technique",
                "qc",
                "Right-align the numbers of tables."
            ],
        ],
        "{}",
        ran.out
    );
    assert!(ran.err.is_empty(), "{}", ran.err);
}

#[test]
fn it_is_listed_by_store_kind_and_part() {
    let vault = vault();
    for (args, expected) in [
        (&["list"][..], &ALL[..]),
        (&["list", "ESS"], &ALL),
        (&["list", "--store", "qc-history"], &ALL[..2]),
        (&["list", "--store", "team-memory"], &ALL[2..]),
        (
            &["list", "--store", "team-memory", "--kind", "code"],
            &ALL[2..3],
        ),
        (
            &["list", "--kind", "data"],
            &["team-memory/tone", "team-memory/style/tables"],
        ),
        (
            &["list", "--proposals"],
            &[
                "team-memory/_proposals/ESS-P-001-m1",
                "team-memory/_proposals/2026__2",
            ],
        ),
        (&["list", "--removed"], &["team-memory/_removed/old"]),
        (&["list", "--removed", "--store", "qc-history"], &[]),
    ] {
        let mut found = ids(&vault, args);
        if args.contains(&"--proposals") || args.contains(&"--kind") {
            found.sort();
            let mut expected = expected.to_vec();
            expected.sort_unstable();
            assert_eq!(found, expected, "{args:?}");
        } else {
            assert_eq!(found, expected, "{args:?}");
        }
    }
    assert_eq!(ids(&vault, &["list", "--proposals", "--removed"]).len(), 3);
}

#[test]
fn entries_of_several_projects_say_whose_they_are() {
    let vault = vault();
    vault.project("law");
    put(&vault, "law/team-memory/tone.md", "Cite the statute.\n");
    vault
        .run(&["memory", "list"])
        .ok()
        .shows("ess/team-memory/tone ")
        .shows("law/team-memory/tone ");
    assert_eq!(ids(&vault, &["list", "LAW"]), ["team-memory/tone"]);
    vault
        .run(&["memory", "show", "tone"])
        .code(2)
        .says(r#""tone" is the name of several: ess/team-memory/tone, law/team-memory/tone"#);
    vault
        .run(&["memory", "show", "tone", "--project", "LAW"])
        .ok()
        .shows("Cite the statute.");
    vault
        .run(&["memory", "show", "law/team-memory/tone.md"])
        .ok()
        .shows("Cite the statute.");
    vault
        .run(&["memory", "list", "LAWS"])
        .code(1)
        .says("the nearest is LAW");
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_hides_no_other() {
    let vault = vault();
    put(
        &vault,
        "ess/team-memory/huge.md",
        &"x".repeat((1 << 20) + 1),
    );
    put(&vault, "ess/team-memory/_proposals/broken.json", "{");
    let ran = vault.run(&["memory", "list"]).code(1);
    let ran = ran
        .says("ess/team-memory/huge.md: it has 1048577 bytes")
        .shows("team-memory/tone");
    assert_eq!(ran.out.lines().count(), 4);
    vault
        .run(&["memory", "list", "--proposals"])
        .code(1)
        .says("broken.json: it is not JSON")
        .shows("ESS-P-001-m1");
    vault
        .run(&["memory", "show", "huge"])
        .code(1)
        .says("huge.md: it has");
    vault.run(&["memory", "remove", "huge"]).ok();
    vault.run(&["memory", "list"]).ok();
}

#[test]
#[cfg(unix)]
fn a_folder_that_is_a_link_is_told_and_not_followed() {
    let vault = vault();
    let elsewhere = vault.beside().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    std::fs::write(elsewhere.join("a.md"), "Elsewhere.\n").unwrap();
    vault.project("law");
    std::os::unix::fs::symlink(&elsewhere, vault.path("law/team-memory")).unwrap();
    vault
        .run(&["memory", "list", "LAW"])
        .code(1)
        .says("law/team-memory: it is no directory; symlinks are not followed");
    vault
        .run(&["memory", "add", "LAW", "A note."])
        .code(1)
        .says("symlinks are not followed");
    vault
        .run(&["memory", "remove", "law/team-memory/a"])
        .code(1);
    assert_eq!(std::fs::read_dir(&elsewhere).unwrap().count(), 1);
}

#[test]
fn nothing_remembered_is_no_error_and_says_where_else_to_look() {
    let vault = TestVault::new();
    let ran = vault.run(&["memory", "list"]).ok();
    assert!(ran.out.is_empty() && ran.err.is_empty(), "{ran:?}");
    put(&vault, "ess/team-memory/_proposals/a.md", "Maybe.\n");
    vault
        .run(&["memory", "list"])
        .ok()
        .says("1 note(s) are proposed: `modulatio memory list --proposals`");
}

#[test]
fn one_is_shown_as_it_lies_there() {
    let vault = vault();
    let text = verdict("fail", "The essay names no source.");
    for name in [
        "qc-history/document/ESS-P-001-s1-t1-1",
        "qc-history/document/ESS-P-001-s1-t1-1.md",
        "ess/qc-history/document/ESS-P-001-s1-t1-1.md",
        "ESS-P-001-s1-t1-1",
        "document/ESS-P-001-s1-t1-1",
    ] {
        let ran = vault.run(&["memory", "show", name]).ok();
        assert_eq!(ran.out, text, "{name}");
    }
    let ran = vault.run(&["memory", "show", "tables", "--json"]).ok();
    let object = &objects(&ran)[0];
    for (key, value) in [
        ("project", json!("ESS")),
        ("id", json!("team-memory/style/tables")),
        ("file", json!("ess/team-memory/style/tables.md")),
        ("store", json!("team-memory")),
        ("part", json!("kept")),
        ("artifact_kind", json!("data")),
        ("label", json!("technique")),
        ("agent", json!("qc")),
        ("passed", json!(null)),
        ("title", json!("Right-align the numbers of tables.")),
        ("shown", json!("Right-align the numbers of tables.")),
    ] {
        assert_eq!(object[key], value, "{key} of {object}");
    }
    assert!(object["text"].as_str().unwrap().starts_with("---\nkind:"));
    let ran = vault
        .run(&["memory", "show", "ESS-P-001-s2-t1-1", "--json"])
        .ok();
    assert_eq!(objects(&ran)[0]["passed"], json!(true));
}

#[test]
fn a_name_that_is_none_tells_the_nearest() {
    let vault = vault();
    vault
        .run(&["memory", "show", "tabels"])
        .code(1)
        .says(r#"there is no "tabels" in the memory"#)
        .says("the nearest is team-memory/style/tables");
    vault
        .run(&["memory", "show", "m1"])
        .code(1)
        .says("the nearest is team-memory/_proposals/ESS-P-001-m1");
    vault
        .run(&["memory", "show", "qc-history/document/ESS-P-001-s1-t2-1"])
        .code(1)
        .says("the nearest is qc-history/document/ESS-P-001-s1-t1-1");
    for name in [
        "../../../etc/passwd",
        "team-memory/../project.yaml",
        "team-memory/../../modulatio.yaml",
        "team-memory//tone",
        "/etc/passwd",
        "team-memory/.hidden",
        "",
        "x\u{0}y",
    ]
    .iter()
    .filter(|name| !name.contains('\u{0}'))
    {
        vault
            .run(&["memory", "show", name])
            .code(1)
            .says("there is no");
    }
}

#[test]
fn what_agents_wrote_moves_no_cursor() {
    let vault = vault();
    put(
        &vault,
        "ess/team-memory/evil.md",
        "Red \u{1b}[31malert\u{7}.\n",
    );
    let ran = vault.run(&["memory", "list"]).ok();
    assert!(!ran.out.contains(['\u{1b}', '\u{7}']), "{:?}", ran.out);
}

#[test]
fn names_complete_where_they_make_sense() {
    let vault = vault();
    let offered = |words: &[&str]| {
        let line = ["--", "modulatio"].iter().chain(words);
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_modulatio"))
            .args(line)
            .env("MODULATIO_COMPLETE", "fish")
            .env("MODULATIO_VAULT", vault.root())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let values = text
            .lines()
            .map(|line| line.split('\t').next().unwrap_or_default());
        values.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        offered(&["memory", "show", "team-memory/t"]),
        ["team-memory/tone"]
    );
    assert_eq!(
        offered(&["memory", "promote", ""]),
        [
            "team-memory/_proposals/2026__2",
            "team-memory/_proposals/ESS-P-001-m1"
        ]
    );
    let removable = offered(&["memory", "remove", ""]);
    assert!(removable.contains(&"qc-history/code/ESS-P-001-s2-t1-1".to_owned()));
    assert!(!removable.contains(&"team-memory/_removed/old".to_owned()));
    assert_eq!(offered(&["memory", "list", ""]), ["ESS"]);
    assert_eq!(
        offered(&["memory", "list", "--store", ""]),
        ["qc-history", "team-memory"]
    );
    assert_eq!(
        offered(&["memory", "add", "ESS", "--for", "d"]),
        ["document", "data"]
    );
}
