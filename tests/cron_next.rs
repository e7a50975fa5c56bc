//! `cron next` as it is typed: what it prints, what it refuses, and that it needs no vault.

use std::path::Path;

use assert_cmd::Command;

const BERLIN: [&str; 4] = [
    "--tz",
    "Europe/Berlin",
    "--after",
    "2026-03-28T12:00:00+01:00",
];

/// Runs the program outside of any vault: exit code, stdout, stderr.
fn run(args: &[&str], input: &str) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_modulatio"));
    command
        .env_remove("MODULATIO_VAULT")
        .current_dir(Path::new("/"));
    let output = command
        .args(args)
        .write_stdin(input)
        .output()
        .expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("it prints text");
    (
        output.status.code().expect("it ends by itself"),
        text(output.stdout),
        text(output.stderr),
    )
}

fn next(expression: &str, options: &[&str]) -> (i32, String, String) {
    run(&[&["cron", "next", expression], options].concat(), "")
}

#[test]
fn slots_are_shown_in_local_time_and_in_utc() {
    let (code, out, err) = next("30 2 * * *", &[&BERLIN[..], &["--count", "3"]].concat());
    let expected = "2026-03-29 03:00 CEST  2026-03-29T01:00:00+00:00\n\
                    2026-03-30 02:30 CEST  2026-03-30T00:30:00+00:00\n\
                    2026-03-31 02:30 CEST  2026-03-31T00:30:00+00:00\n";
    assert_eq!((code, out.as_str(), err.as_str()), (0, expected, ""));
}

#[test]
fn without_options_five_slots_from_now_in_utc() {
    let (code, out, _) = next("* * * * *", &[]);
    assert_eq!(code, 0);
    assert_eq!(out.lines().count(), 5);
    assert!(out.lines().all(|line| line.contains(" UTC ")), "{out}");
}

#[test]
fn as_json_it_is_one_line_with_all_that_was_asked() {
    let (code, out, _) = next(
        " 0  6 * * MON ",
        &[&BERLIN[..], &["--json", "--count", "1"]].concat(),
    );
    let expected = r#"{"expression":"0 6 * * MON","tz":"Europe/Berlin","after":"2026-03-28T11:00:00.000000Z","slots":[{"at":"2026-03-30T04:00:00.000000Z","local":"2026-03-30 06:00 CEST"}]}"#;
    assert_eq!((code, out.trim_end()), (0, expected));
}

#[test]
fn what_makes_no_sense_is_a_usage_error_that_says_what_to_write() {
    let says = |args: &[&str], told: &str| {
        let (code, out, err) = run(&[&["cron", "next"], args].concat(), "");
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}: {err}");
        assert!(err.contains(told), "{args:?}: {err}");
    };
    says(
        &["0 25 * * *"],
        "hour: 25 is out of range 0-23; write for example 6, 8-17 or */2",
    );
    says(&["0 0 30 2 *"], "would never fire");
    says(&["0 0 * * * *"], "6 fields where five belong");
    says(&["@reboot"], "@reboot is no time");
    says(&["@daily", "--tz", "Berlin"], "as in Europe/Berlin");
    says(&["@daily", "--after", "tomorrow"], "RFC 3339");
    says(&["@daily", "--count", "0"], "1..=1000");
    says(&[], "<EXPRESSION>");
}

#[test]
fn the_end_of_all_schedules_is_told() {
    let after = ["--after", "2100-12-31T23:00:00Z"];
    let (code, out, err) = next("*/30 * * * *", &after);
    assert_eq!((code, out.lines().count()), (0, 1));
    assert!(err.contains("2100"), "{err}");
}

#[test]
fn lines_of_questions_are_answered_one_by_one() {
    let input = r#"{"expr":"@daily","tz":"UTC","after":"2026-11-28T12:00:00Z","count":1}
{"expr":"@daily","tz":"Nowhere","after":"2026-11-28T12:00:00Z","count":1}
{"expr":"@daily"}
"#;
    let (code, out, _) = run(&["cron", "next", "--batch"], input);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!((code, lines.len()), (0, 3));
    assert_eq!(lines[0], r#"{"slots":["2026-11-29T00:00:00.000000Z"]}"#);
    assert!(
        lines[1].starts_with(r#"{"error":"Nowhere is no time zone"#),
        "{out}"
    );
    assert!(lines[2].contains("missing field"), "{out}");
}
