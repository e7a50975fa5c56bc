//! Notes of an operator's.

use std::{io::Write, process::Stdio};

use serde_json::json;

use crate::{ids, objects, support::TestVault, vault};

fn add(vault: &TestVault, args: &[&str], stdin: &[u8]) -> (Option<i32>, String, String) {
    let mut command = vault.command(&[&["memory", "add"], args].concat());
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    // Who refuses may not read it all.
    let _ = child.stdin.take().expect("a pipe").write_all(stdin);
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn a_note_becomes_a_file_that_agents_are_given() {
    let vault = TestVault::new();
    vault.set_clock("2026-11-23T20:34:50Z");
    let args = [
        "memory",
        "add",
        "ESS",
        "Use the Oxford comma.",
        "--technique",
        "--tag",
        "style",
        "--tag",
        "prose",
        "--tag",
        "style",
        "--for",
        "document",
    ];
    let ran = vault.run(&args).ok();
    assert_eq!(ran.out, "team-memory/2026-11-23-use-the-oxford-comma\n");
    assert!(ran.err.is_empty(), "{}", ran.err);
    let text = vault.read("ess/team-memory/2026-11-23-use-the-oxford-comma.md");
    let expected = "---\nentry_id: 2026-11-23-use-the-oxford-comma\ntimestamp: '2026-11-23T20:34:5";
    assert!(text.starts_with(expected), "{text}");
    for line in [
        "kind: technique",
        "writer_id: cli:tester",
        "writer_tier: operator",
        "skill_tags:",
        "- prose",
        "- style",
        "artifact_kind: document",
        "Use the Oxford comma.",
    ] {
        let found = text.lines().filter(|found| found.trim() == line).count();
        assert_eq!(found, 1, "{line}:\n{text}");
    }
    let ran = vault
        .run(&["memory", "add", "ESS", "Use the Oxford comma.", "--json"])
        .ok();
    let expected = json!({
        "project": "ESS",
        "id": "team-memory/2026-11-23-use-the-oxford-comma-2",
        "file": "ess/team-memory/2026-11-23-use-the-oxford-comma-2.md",
    });
    assert_eq!(objects(&ran), [expected]);
    let shown = vault.run(&["memory", "list", "--json"]).ok();
    assert_eq!(objects(&shown)[0]["label"], json!("technique"));
}

#[test]
#[cfg(unix)]
fn a_note_is_as_private_as_its_vault() {
    use std::os::unix::fs::PermissionsExt;
    let vault = TestVault::new();
    let set = |mode| {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(vault.root(), mode).unwrap();
    };
    let mode = |below: &str| {
        let meta = std::fs::metadata(vault.path(below)).unwrap();
        meta.permissions().mode() & 0o777
    };
    set(0o700);
    vault.run(&["memory", "add", "ESS", "One"]).ok();
    let name = vault.names("ess/team-memory").remove(0);
    assert_eq!(mode("ess/team-memory"), 0o700);
    assert_eq!(mode(&format!("ess/team-memory/{name}")), 0o600);
    set(0o755);
    vault.run(&["memory", "add", "ESS", "Two"]).ok();
    let name = vault.names("ess/team-memory").remove(1);
    assert_eq!(mode(&format!("ess/team-memory/{name}")), 0o644);
}

#[test]
fn a_text_is_taken_from_a_file_or_stdin() {
    let vault = TestVault::new();
    let file = vault.beside().join("note.md");
    std::fs::write(&file, "\n\nFrom a file.\n\n- with a list\n").unwrap();
    let path = file.to_str().unwrap();
    vault.run(&["memory", "add", "ESS", "--file", path]).ok();
    let (code, out, err) = add(&vault, &["ESS", "-"], "From stdin: größer.\n".as_bytes());
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    let texts: Vec<String> = vault
        .names("ess/team-memory")
        .iter()
        .map(|name| vault.read(&format!("ess/team-memory/{name}")))
        .collect();
    assert!(
        texts[0].ends_with("\n## Body\n\nFrom a file.\n\n- with a list\n"),
        "{texts:?}"
    );
    assert!(texts[1].ends_with("\nFrom stdin: größer.\n"), "{texts:?}");
}

#[test]
fn what_is_no_note_is_refused_with_what_to_do() {
    let vault = vault();
    let before = ids(&vault, &["list"]);
    let longest = "x".repeat(2_000);
    let long = "x".repeat(2_001);
    let nothing = vault.beside().join("nothing");
    let nothing = nothing.to_str().unwrap();
    for (args, code, why) in [
        (&["ESS", ""][..], 2, "the note is empty"),
        (&["ESS", " \n\t"], 2, "the note is empty"),
        (
            &["ESS", &long],
            2,
            "the note has 2001 bytes; a note has at most 2,000",
        ),
        (&["ESS"], 2, "required"),
        (&["ESS", "text", "--file", "x"], 2, "cannot be used with"),
        (&["ESS", "--file", nothing], 1, "cannot read"),
        (
            &["ESS", "--file", "/dev/zero"],
            1,
            "it is not a regular file",
        ),
        (&["ESS", "text", "--for", "documents"], 2, "document"),
        (
            &["ESS", "text", "--tag", " "],
            2,
            "a tag has 1 to 64 letters",
        ),
        (
            &["ESS", "text", "--tag", "a\nb"],
            2,
            "a tag has 1 to 64 letters",
        ),
        (&["ESX", "text"], 1, "there is no project ESX"),
        (&["e s", "text"], 2, "e s"),
    ] {
        let args = [&["memory", "add"], args].concat();
        vault.run(&args).code(code).says(why);
    }
    for (stdin, why) in [
        (&b""[..], "the note is empty"),
        (&[0xff, 0xfe], "it is not UTF-8 text"),
        (&vec![b'x'; 100_000], "what stdin holds is too long"),
    ] {
        let (code, _, err) = add(&vault, &["ESS", "-"], stdin);
        assert!(
            matches!(code, Some(1 | 2)) && err.contains(why),
            "{code:?} {err}"
        );
    }
    assert_eq!(ids(&vault, &["list"]), before);
    vault.run(&["memory", "add", "ESS", &longest]).ok();
}

#[test]
fn what_looks_like_a_secret_is_left_out_and_told() {
    let vault = TestVault::new();
    let key = "sk-abcdefghijklmnop0123456789";
    let ran = vault
        .run(&["memory", "add", "ESS", &format!("Ask with {key} please.")])
        .ok()
        .says("what looks like a secret was left out");
    let name = ran.out.trim();
    let text = vault.read(&format!("ess/{name}.md"));
    assert!(
        !text.contains(key) && text.contains("Ask with [redacted] please."),
        "{text}"
    );
    assert!(!name.contains("abcdef"), "{name}");
}

#[test]
fn a_note_that_nobody_is_given_is_told() {
    let vault = TestVault::with("team_memory_enabled: false\n");
    vault
        .run(&["memory", "add", "ESS", "A note."])
        .ok()
        .says("agents are given no notes: team_memory_enabled is false");
}

#[test]
fn twenty_at_once_add_twenty_notes() {
    let vault = TestVault::new();
    let spawn = |_| {
        let mut command = vault.command(&["memory", "add", "ESS", "The same words."]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let children: Vec<_> = (0..20).map(spawn).collect();
    let mut names = Vec::new();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        names.push(String::from_utf8(output.stdout).unwrap());
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 20, "{names:?}");
    assert_eq!(
        vault.names("ess/team-memory").len(),
        20,
        "and no temporary file"
    );
}
