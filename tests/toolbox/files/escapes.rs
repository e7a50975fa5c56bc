//! Ways out, tried one after another.

use std::{fs, process::Command, time::Instant};

use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::json;

use super::bench::{Bench, SECRET, is_refused, tells_nothing};

#[test]
fn no_path_by_its_text_leads_out() {
    let bench = Bench::new();
    bench.file("work/a/b.md", "inside");
    let absolute = bench.path("outside/secret.txt");
    for path in [
        "..",
        "../outside/secret.txt",
        "a/../../outside/secret.txt",
        "./../outside/secret.txt",
        "a/./../../outside/secret.txt",
        "/etc/passwd",
        "//etc/passwd",
        ".//etc/passwd",
        "@docs/../outside/secret.txt",
        "@docs/..",
        "@../outside/secret.txt",
        "@docs//etc/passwd",
        "@outside/secret.txt",
        "@/secret.txt",
        "a/..",
        "~/secret.txt",
        "..\\outside\\secret.txt",
        "a/b.md/../../../outside/secret.txt",
        "file:///etc/passwd",
        absolute.to_str().unwrap(),
    ] {
        for (tool, returned) in bench.every_tool(path) {
            let what = format!("{tool} {path}");
            assert!(!returned.done, "{what}: {}", returned.text);
            assert!(!returned.text.contains(SECRET), "{what}");
        }
    }
    bench.outside_is_untouched();
}

#[test]
fn no_link_is_followed_by_any_tool() {
    let bench = Bench::new();
    bench.file("work/plain.md", "inside");
    bench.link(bench.path("outside/secret.txt"), "work/file");
    bench.link("../outside/secret.txt", "work/relative");
    bench.link(bench.path("outside"), "work/dir");
    bench.link("/", "work/all");
    bench.link("/proc/self/environ", "work/environ");
    bench.link("/proc/self/cwd", "work/cwd");
    bench.link("/proc/self/root/etc/passwd", "work/passwd");
    bench.link("loop", "work/loop");
    bench.link("plain.md", "work/inner");
    bench.link(bench.path("outside"), "docs/dir");
    for path in [
        "file",
        "relative",
        "dir",
        "dir/secret.txt",
        "dir/",
        "all/etc/passwd",
        "environ",
        "cwd",
        "cwd/Cargo.toml",
        "passwd",
        "loop",
        "loop/a",
        "inner",
        "@docs/dir/secret.txt",
        "@docs/dir",
    ] {
        for (tool, returned) in bench.every_tool(path) {
            assert!(!returned.done, "{tool} {path}: {}", returned.text);
            assert!(!returned.text.contains(SECRET), "{tool} {path}");
            assert!(!returned.text.contains("PATH="), "{tool} {path}");
        }
    }
    assert!(bench.read("file").text.contains("links are not followed"));
    assert!(
        bench
            .write("dir/new.md", "x")
            .text
            .contains("symbolic link")
    );
    bench.outside_is_untouched();
    assert!(!bench.path("outside/new.md").exists());
}

#[test]
fn what_lies_behind_links_is_neither_listed_nor_searched() {
    let bench = Bench::new();
    bench.file("work/a/plain.md", "inside");
    bench.link(bench.path("outside"), "work/a/dir");
    bench.link(bench.path("outside/secret.txt"), "work/a/file");
    let listed = bench.list("");
    tells_nothing("list_files", &listed);
    assert!(
        listed.text.starts_with("a/plain.md (6 bytes)\n@docs/"),
        "{}",
        listed.text
    );
    let found = bench.search(".", "");
    tells_nothing("search_files", &found);
    assert_eq!(found.text, "a/plain.md:1: inside");
}

#[test]
fn a_hard_link_is_never_written_through() {
    let bench = Bench::new();
    for name in ["written", "edited"] {
        fs::hard_link(
            bench.path("outside/secret.txt"),
            bench.path("work").join(name),
        )
        .unwrap();
    }
    assert!(bench.write("written", "mine").done);
    assert!(bench.edit("edited", "OUTSIDE", "INSIDE").done);
    bench.outside_is_untouched();
    let edited = fs::read_to_string(bench.path("work/edited")).unwrap();
    assert_eq!(edited, "SECRET-INSIDE");
}

#[test]
fn a_pipe_a_socket_and_a_folder_are_no_files_and_keep_nobody_waiting() {
    let bench = Bench::new();
    let made = Command::new("mkfifo").arg(bench.path("work/pipe")).status();
    assert!(made.unwrap().success());
    // Made, and not bound: its name may be longer than a socket's address may be.
    let (socket, mode) = (FileType::Socket, Mode::from_raw_mode(0o600));
    mknodat(CWD, bench.path("work/socket"), socket, mode, 0).unwrap();
    fs::create_dir(bench.path("work/dir")).unwrap();
    let begun = Instant::now();
    for path in ["pipe", "socket"] {
        for (tool, returned) in bench.every_tool(path) {
            is_refused(&format!("{tool} {path}"), &returned);
            assert!(returned.text.contains("neither a file nor a folder"));
        }
    }
    for returned in [
        bench.read("dir"),
        bench.write("dir", "x"),
        bench.edit("dir", "x", "y"),
    ] {
        assert!(
            !returned.done && returned.text.contains("is a folder"),
            "{}",
            returned.text
        );
    }
    assert!(bench.search(".", "").done);
    assert!(
        bench
            .list("")
            .text
            .starts_with("This run has made no files")
    );
    assert!(begun.elapsed().as_secs() < 5);
}

#[test]
fn hidden_names_are_out_of_reach() {
    let bench = Bench::new();
    bench.file("work/.env", SECRET);
    bench.file("work/.git/config", SECRET);
    bench.file("work/a/.hidden/x", SECRET);
    bench.link(".git", "work/git");
    for path in [
        ".env",
        ".git/config",
        "a/.hidden/x",
        "./.env",
        "git/config",
        ".modulatio-1-1.tmp",
    ] {
        for (tool, returned) in bench.every_tool(path) {
            is_refused(&format!("{tool} {path}"), &returned);
        }
    }
    tells_nothing("search_files", &bench.search("SECRET", ""));
    assert_eq!(
        fs::read_to_string(bench.path("work/.git/config")).unwrap(),
        SECRET
    );
}

#[test]
fn what_others_own_and_what_is_for_reading_is_read_and_not_written() {
    let mut bench = Bench::new();
    bench.file("work/theirs.md", "theirs");
    bench.file("work/mine.md", "mine");
    bench.file("docs/guide.md", "guide");
    assert_eq!(bench.read("theirs.md").text, "theirs\n");
    assert_eq!(bench.read("@docs/guide.md").text, "guide\n");
    for path in ["theirs.md", "./theirs.md", "theirs.md/below"] {
        assert!(bench.write(path, "x").text.contains("task s1-t2"), "{path}");
        assert!(
            bench.edit(path, "theirs", "x").text.contains("task s1-t2"),
            "{path}"
        );
    }
    assert!(
        bench
            .write("@docs/guide.md", "x")
            .text
            .contains("for reading only")
    );
    assert!(
        bench
            .edit("@docs/guide.md", "guide", "x")
            .text
            .contains("for reading only")
    );
    bench.place.may_write = false;
    for path in ["mine.md", "new.md", "@site/new.md"] {
        let told = bench.write(path, "x");
        assert!(
            !told.done && told.text.contains("not change them"),
            "{}",
            told.text
        );
        assert!(!bench.edit(path, "mine", "x").done);
    }
    for (file, content) in [
        ("work/theirs.md", "theirs"),
        ("work/mine.md", "mine"),
        ("docs/guide.md", "guide"),
    ] {
        assert_eq!(fs::read_to_string(bench.path(file)).unwrap(), content);
    }
    assert_eq!(fs::read_dir(bench.path("site")).unwrap().count(), 0);
}

#[test]
fn a_glob_and_a_pattern_reach_nothing_more() {
    let bench = Bench::new();
    bench.file("work/a.md", "inside");
    for glob in ["../**", "/**", "**/*", "!a.md", "/etc/*"] {
        let found = bench.run("search_files", &json!({"pattern": "", "glob": glob}));
        tells_nothing(glob, &found);
        let found = bench.run("search_files", &json!({"pattern": ".", "glob": glob}));
        tells_nothing(glob, &found);
    }
}
