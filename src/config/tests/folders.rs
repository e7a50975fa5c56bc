use super::*;

fn folders(written: &str) -> Vec<Folder> {
    let text = format!("objective: x\nfolders: {written}");
    project(&text).unwrap().folders
}

fn folder(name: &str, path: &str, writable: bool) -> Folder {
    Folder {
        name: name.to_owned(),
        path: path.into(),
        writable,
    }
}

#[test]
fn a_folder_is_a_path_or_a_mapping() {
    assert_eq!(
        folders(
            "[notes, /home/a/data/, {name: out, path: ../out, mode: rw}, {path: /srv/in}, {path: x, mode: ro}]"
        ),
        [
            folder("notes", "notes", false),
            folder("data", "/home/a/data/", false),
            folder("out", "../out", true),
            folder("in", "/srv/in", false),
            folder("x", "x", false),
        ]
    );
    assert!(project("objective: x").unwrap().folders.is_empty());
}

#[test]
fn a_folder_is_named_by_its_last_component() {
    let long = "a".repeat(40);
    for (path, name) in [
        ("a_b-c", "a_b-c"),
        ("/home/a/My Notes", "my-notes"),
        ("src.old", "src-old"),
        (".hidden", "hidden"),
        ("Ünter", "nter"),
        ("notes/.", "notes"),
        (&long, &long[..32]),
    ] {
        let written = format!("['{path}']");
        assert_eq!(
            folders(&written),
            [folder(name, path, false)],
            "of {path:?}"
        );
    }
}

#[test]
fn faults_of_a_folder_say_what_to_write() {
    let unnamed = "has no last component to be named by; write e.g. {name: notes, path: …}";
    for (written, expected) in [
        (
            "[]",
            ": expected a list with at least one entry, found an empty list",
        ),
        (
            "{notes: x}",
            ": expected a list with at least one entry, found a mapping",
        ),
        ("[' ']", r#"[0]: expected text, found " ""#),
        (
            "[3]",
            "[0]: expected a path, or a mapping with name, path and mode, found 3",
        ),
        ("[/]", &format!("[0]: {unnamed}")),
        ("[a/..]", &format!("[0]: {unnamed}")),
        ("[标题]", &format!("[0]: {unnamed}")),
        ("[{path: ..}]", &format!("[0]: {unnamed}")),
        ("[{name: a}]", "[0].path: is missing"),
        (
            "[~/notes]",
            "[0]: ~ stands for nothing here; write the whole path",
        ),
        (
            "[{name: Notes, path: x}]",
            "[0].name: is not a name for a folder; use up to 32 of a-z 0-9 _ -",
        ),
        (
            "[{path: x, mode: rx}]",
            r#"[0].mode: "rx" is none of ro, rw; the nearest is "ro""#,
        ),
        (
            "[{path: x, writable: true}]",
            r#"[0].writable: unknown key; the nearest known one is "name""#,
        ),
        (
            "[/a/notes, /b/Notes]",
            r#"[1]: a second folder is named "notes"; give one of them another name (commands read a `-` as `_`)"#,
        ),
        (
            "[/a/my-notes, /b/my_notes]",
            r#"[1]: a second folder is named "my_notes"; give one of them another name (commands read a `-` as `_`)"#,
        ),
        (
            "[/a/notes, {name: b, path: /a/notes/, mode: rw}]",
            r#"[1]: is the same folder as "notes""#,
        ),
    ] {
        let fault = project(&format!("objective: x\nfolders: {written}")).unwrap_err();
        assert_eq!(
            fault.to_string(),
            format!("ess/project.yaml: folders{expected}"),
            "of {written}"
        );
    }
}

#[test]
fn all_faults_of_folders_are_reported_together() {
    let text = "objective: x\nfolders: [{name: A, path: ~, mode: x}, 3]\ntools: {disable: [x, y]}";
    let fault = project(text).unwrap_err();
    assert_eq!(fault.as_slice().len(), 6, "{fault}");
}
