//! Odd names, odd content and large amounts.

use std::{
    ffi::OsStr,
    fs::{self, File},
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    time::Instant,
};

use serde_json::json;

use super::bench::Bench;
use modulatio::toolbox;

#[test]
fn names_that_deceive_are_neither_made_nor_shown() {
    let bench = Bench::new();
    let odd = [
        "new\nline",
        "bell\u{7}",
        "turn\u{202e}txt.exe",
        "zero\u{200b}width",
        "back\\slash",
        "-rf",
        "a ",
    ];
    for name in odd {
        assert!(!bench.write(name, "x").done, "{name:?}");
        bench.file(&format!("work/{name}"), "found");
        for (tool, returned) in bench.every_tool(name) {
            assert!(!returned.done, "{tool} {name:?}");
            assert!(
                !returned.text.contains(['\u{202e}', '\u{200b}', '\u{7}']),
                "{tool} {name:?}"
            );
        }
    }
    fs::write(
        bench.path("work").join(OsStr::from_bytes(b"not-\xff-text")),
        "found",
    )
    .unwrap();
    bench.file("work/plain ü.md", "found");
    let listed = bench.list("").text;
    assert!(
        listed.starts_with("plain ü.md (5 bytes)\n[8 file(s) are left out for their names]"),
        "{listed}"
    );
    let found = bench.search("found", "").text;
    assert!(found.starts_with("plain ü.md:1: found\n"), "{found}");
}

#[test]
fn very_long_names_are_refused_in_few_words() {
    let bench = Bench::new();
    for path in [
        "x".repeat(255),
        "x".repeat(256),
        "x/".repeat(100_000),
        "é".repeat(200),
    ] {
        for (tool, returned) in bench.every_tool(&path) {
            assert!(returned.text.len() < 1_000, "{tool}: {}", returned.text);
        }
    }
    let longest = "x".repeat(255);
    assert_eq!(
        bench.read(&longest).text,
        "(empty)".replace("(empty)", "changed\n")
    );
    assert!(!bench.write(&"y".repeat(256), "x").done);
    let deep = "d/".repeat(200) + "f";
    assert!(bench.write(&deep, "x").done);
    assert_eq!(bench.read(&deep).text, "x\n");
    assert!(
        bench
            .list("")
            .text
            .contains("more files than could be walked")
    );
}

#[test]
fn a_huge_file_is_read_by_lines_and_not_whole() {
    let bench = Bench::new();
    let lines: String = (1..=2_000_000).map(|n| format!("line {n}\n")).collect();
    bench.file("work/huge.txt", &lines);
    let begun = Instant::now();
    let part = bench.run(
        "read_file",
        &json!({"path": "huge.txt", "from_line": 1_500_000, "to_line": 1_500_001}),
    );
    assert_eq!(part.text, "line 1500000\nline 1500001\n");
    let first = bench.read("huge.txt").text;
    assert!(first.starts_with("line 1\n") && first.ends_with("to go on, it has more lines]"));
    assert!(first.len() <= 32 * 1024);
    let past = bench.run(
        "read_file",
        &json!({"path": "huge.txt", "from_line": 2_000_001}),
    );
    assert!(
        past.text.contains("it has 2000000 line(s)"),
        "{}",
        past.text
    );
    let told = bench.edit("huge.txt", "line 7\n", "x");
    assert!(
        !told.done && told.text.contains("can be edited"),
        "{}",
        told.text
    );
    assert!(begun.elapsed().as_secs() < 20);
}

#[test]
fn a_file_of_nothing_but_size_is_refused_at_once() {
    let bench = Bench::new();
    let sparse = File::create(bench.path("work/sparse")).unwrap();
    sparse.set_len(1 << 40).unwrap();
    let begun = Instant::now();
    let told = bench.read("sparse").text;
    assert!(told.contains("binary, 1099511627776 bytes"), "{told}");
    assert!(!bench.edit("sparse", "a", "b").done);
    assert!(bench.search("a", "").text.contains("1 binary file(s)"));
    assert!(begun.elapsed().as_secs() < 10);
}

#[test]
fn one_line_without_end_fills_no_memory_and_no_window() {
    let bench = Bench::new();
    bench.file("work/one", vec![b'x'; 20 << 20]);
    let shown = toolbox::run(&bench.place, "read_file", r#"{"path":"one"}"#, 2_000).text;
    assert!(
        shown.len() <= 2_000 && shown.contains("it is 20971520 bytes long"),
        "{shown}"
    );
    let found = bench.search("x", "").text;
    assert!(found.contains("lines longer than"), "{found}");
}

#[test]
fn content_that_is_no_text_is_marked_and_kept_byte_for_byte() {
    let bench = Bench::new();
    bench.file("work/latin.txt", b"caf\xe9\nplain\n");
    let read = bench.read("latin.txt").text;
    assert_eq!(
        read,
        "caf\u{fffd}\nplain\n[bytes that are no text are shown as \u{fffd}]"
    );
    assert!(bench.edit("latin.txt", "plain", "fancy").done);
    assert_eq!(
        fs::read(bench.path("work/latin.txt")).unwrap(),
        b"caf\xe9\nfancy\n"
    );
    let found = bench.search("caf", "").text;
    assert_eq!(found, "latin.txt:1: caf\u{fffd}");
    bench.file("work/late-zero", [vec![b'a'; 100_000], vec![0]].concat());
    assert!(bench.read("late-zero").text.starts_with("aaa"));
}

#[test]
fn a_file_keeps_its_mode_and_never_gains_another_users_rights() {
    let bench = Bench::new();
    let mode = |file: &str| fs::metadata(bench.path(file)).unwrap().permissions().mode() & 0o7777;
    for (set, kept) in [
        (0o755, 0o755),
        (0o600, 0o600),
        (0o4755, 0o755),
        (0o444, 0o444),
    ] {
        bench.file("work/run.sh", "echo a\n");
        fs::set_permissions(bench.path("work/run.sh"), fs::Permissions::from_mode(set)).unwrap();
        assert!(bench.edit("run.sh", "a", "b").done);
        assert_eq!(mode("work/run.sh"), kept);
        assert!(bench.write("run.sh", "echo c\n").done);
        assert_eq!(mode("work/run.sh"), kept);
        fs::remove_file(bench.path("work/run.sh")).unwrap();
    }
    fs::set_permissions(bench.path("work"), fs::Permissions::from_mode(0o700)).unwrap();
    assert!(bench.write("new/private.md", "x").done);
    assert_eq!(
        (mode("work/new"), mode("work/new/private.md")),
        (0o700, 0o600)
    );
}

#[test]
fn many_files_are_listed_in_part_and_handed_on_whole() {
    let bench = Bench::new();
    for n in 0..3_000 {
        bench.file(&format!("work/many/file-{n:05}.md"), "");
    }
    let listed = toolbox::run(&bench.place, "list_files", "", 2_000);
    assert!(listed.text.len() <= 2_000, "{}", listed.text.len());
    assert!(listed.text.contains("… and "), "{}", listed.text);
    assert!(listed.text.ends_with("@site/ (folder, rw)"));
    let full = listed.full.unwrap();
    assert_eq!(full.lines().count(), 3_000 + 2);
    let again = toolbox::read_again(&full, r#"{"call_id":"t1","from_line":2999}"#, 2_000);
    assert!(
        again.text.starts_with("many/file-02998.md"),
        "{}",
        again.text
    );
}
