//! What the tools do for an agent that means well.

use std::fs;

use serde_json::json;

use super::bench::Bench;
use modulatio::toolbox;

#[test]
fn what_is_written_is_listed_read_edited_and_found() {
    let bench = Bench::new();
    let written = bench.write("src/deep/main.rs", "fn main() {\n    start();\n}\n");
    assert_eq!(written.text, "Wrote src/deep/main.rs (27 bytes).");
    assert!(bench.write("@site/index.md", "# Site\n").done);
    assert_eq!(
        bench.list("").text,
        "src/deep/main.rs (27 bytes)\n@docs/ (folder, ro)\n@site/ (folder, rw)"
    );
    assert_eq!(bench.list("src/").text, "src/deep/main.rs (27 bytes)");
    assert_eq!(bench.list("@site").text, "@site/index.md (7 bytes)");
    assert_eq!(bench.list("@docs").text, "There are no files in \"@docs\".");
    let part = bench.run(
        "read_file",
        &json!({"path": "src/deep/main.rs", "from_line": 2, "to_line": 2}),
    );
    assert_eq!(part.text, "    start();\n");
    let edited = bench.edit("src/deep/main.rs", "start()", "end()");
    assert_eq!(
        edited.text,
        "Replaced 1 place(s) in src/deep/main.rs (line 2); it has 25 bytes now."
    );
    let again = bench.write("@site/index.md", "# New\n");
    assert_eq!(again.text, "Replaced @site/index.md (6 bytes).");
    assert_eq!(
        bench.search("end\\(", "").text,
        "src/deep/main.rs:2:     end();"
    );
    assert_eq!(
        bench.search("new", "@site").text,
        "No line matches, in 1 file(s)."
    );
    let found = bench.run(
        "search_files",
        &json!({"pattern": "^# new$", "path": "@site", "ignore_case": true}),
    );
    assert_eq!(found.text, "@site/index.md:1: # New");
    let names: Vec<_> = fs::read_dir(bench.path("work/src/deep")).unwrap().collect();
    assert_eq!(names.len(), 1, "nothing temporary is left");
}

#[test]
fn before_the_first_file_there_is_nothing_and_that_is_no_error() {
    let mut bench = Bench::new();
    bench.place.root = bench.path("work/none");
    bench.place.folders.clear();
    let listed = bench.list("");
    assert!(listed.done);
    assert_eq!(listed.text, "This run has made no files yet.");
    assert!(bench.read("a.md").text.contains("\"a.md\" does not exist"));
    assert!(!bench.list("a").done);
    assert!(!bench.write("a.md", "x").done);
    assert!(!bench.search("x", "").done);
}

#[test]
fn a_search_asks_no_gitignore_and_means_only_what_its_glob_means() {
    let bench = Bench::new();
    bench.file("work/.gitignore", "*.log\n");
    bench.file("work/.ignore", "*.log\n");
    bench.file("work/a.log", "needle\r\n");
    bench.file("work/b/c.rs", "hay\nneedle\nneedle two\n");
    bench.file("work/b/d.md", "needle");
    bench.file("work/b/e.bin", "needle\n\0");
    let all = bench.search("needle$", "").text;
    assert_eq!(
        all,
        "a.log:1: needle\nb/c.rs:2: needle\nb/d.md:1: needle\n[1 binary file(s) are left out]"
    );
    let some = bench.run(
        "search_files",
        &json!({"pattern": "needle", "glob": "b/*.rs", "path": ""}),
    );
    assert_eq!(some.text, "b/c.rs:2: needle\nb/c.rs:3: needle two");
    assert_eq!(bench.search("needle", "b/d.md").text, "b/d.md:1: needle");
}

#[test]
fn a_search_with_many_hits_ends_and_says_so() {
    let bench = Bench::new();
    bench.file("work/a.txt", "hit\n".repeat(5_000));
    let found = toolbox::run(&bench.place, "search_files", r#"{"pattern":"hit"}"#, 1_000);
    assert!(found.text.len() <= 1_000, "{}", found.text.len());
    assert!(found.text.contains("… and ") && found.text.contains("ended at 1000 lines"));
    assert!(found.full.unwrap().lines().count() > 1_000);
}

#[test]
fn every_place_is_replaced_only_when_all_is_said() {
    let bench = Bench::new();
    bench.file("work/a.md", "x\nx\n");
    let told = bench.edit("a.md", "x", "y");
    assert!(!told.done && told.text.contains("2 times"), "{}", told.text);
    let done = bench.run(
        "edit_file",
        &json!({"path": "a.md", "old": "x", "new": "y", "all": true, "why": 1}),
    );
    assert!(
        done.done && done.text.contains("2 place(s)"),
        "{}",
        done.text
    );
    assert_eq!(
        fs::read_to_string(bench.path("work/a.md")).unwrap(),
        "y\ny\n"
    );
    assert!(
        bench
            .edit("none.md", "x", "y")
            .text
            .contains("does not exist")
    );
}

#[test]
fn what_is_too_large_is_not_written() {
    let bench = Bench::new();
    let large = "x".repeat(4 * 1024 * 1024 + 1);
    assert!(bench.write("a", &large).text.contains("more than"));
    assert!(bench.write("a", &large[1..]).done);
}

#[test]
fn a_long_text_is_cut_and_says_where_to_go_on() {
    let bench = Bench::new();
    let lines: Vec<String> = (1..=5_000).map(|n| format!("line {n} of many")).collect();
    bench.file("work/long.txt", lines.join("\n"));
    bench.file("work/wide.txt", "é".repeat(40_000));
    bench.file("work/none.md", "");
    for room in [0, 600, 3_000, usize::MAX] {
        let most = room.clamp(512, 32 * 1024);
        let read = |arguments: &str| toolbox::run(&bench.place, "read_file", arguments, room).text;
        let text = read(r#"{"path":"long.txt"}"#);
        assert!(
            text.len() <= most && text.ends_with("it has 5000 lines]"),
            "{text}"
        );
        let next = text
            .rsplit("from_line ")
            .next()
            .unwrap()
            .split(' ')
            .next()
            .unwrap();
        let rest = read(&format!(r#"{{"path":"long.txt","from_line":{next}}}"#));
        assert!(rest.starts_with(&format!("line {next} of many\n")));
        let wide = read(r#"{"path":"wide.txt"}"#);
        assert!(wide.len() <= most, "{}", wide.len());
        assert!(wide.contains("[line 1 goes on; it is 80000 bytes long"));
        assert_eq!(read(r#"{"path":"none.md","from_line":3}"#), "(empty)");
    }
    let past = bench.run(
        "read_file",
        &json!({"path": "long.txt", "from_line": 5_001}),
    );
    assert!(
        !past.done && past.text.contains("it has 5000 line(s)"),
        "{}",
        past.text
    );
    let turned = bench.run(
        "read_file",
        &json!({"path": "long.txt", "from_line": 5, "to_line": 3}),
    );
    assert!(
        !turned.done && turned.text.contains("it has 5000 line(s)"),
        "{}",
        turned.text
    );
}
