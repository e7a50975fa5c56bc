//! What people see of the schedule.

use crate::{
    jobs::{add, cron, daemon_at, pausing_at, vault_at},
    support::{TestVault, body},
};

/// Times that are no slots, and processes, are not the same in every run: `T00:00:30.123456Z` becomes `T00:00:__Z`.
fn redacted(text: &str) -> String {
    let times = regex::Regex::new(r"(T\d\d:\d\d):\d\d\.(\d{6})Z").unwrap();
    let text = times.replace_all(text, |found: &regex::Captures<'_>| {
        if &found[2] == "000000" {
            found[0].to_owned()
        } else {
            format!("{}:__Z", &found[1])
        }
    });
    let processes = regex::Regex::new(r"daemon:[^:]+:\d+").unwrap();
    let text = processes.replace_all(&text, "daemon:HOST:PID");
    let padding = regex::Regex::new(r"PID +").unwrap();
    padding.replace_all(&text, "PID  ").into_owned()
}

/// Jobs of every kind: a plain one that has run and overlapped, one with every option, one that is disabled, one that
/// has ended, and one that is removed.
fn vault() -> TestVault {
    let vault = pausing_at("2026-11-24T00:00:30Z");
    vault.project("sales");
    add(&vault, "0 * * * *", &[]);
    let file = vault.beside().join("template.md");
    std::fs::write(&file, body(1)).unwrap();
    let args = [
        "add",
        "SALES",
        "Review the week:\nwhat was promised, what was kept, and what is still open of all that was begun before",
        "--schedule",
        "30 18 * * fri",
        "--tz",
        "Europe/Berlin",
        "--overlap",
        "queue",
        "--catch-up",
        "all",
        "--catch-up-window",
        "7d",
        "--jitter",
        "5m",
        "--until",
        "2026-12-31T00:00:00+01:00",
        "--count",
        "30",
        "--max-cost-usd",
        "1.50",
        "--max-tokens",
        "200000",
        "--max-wall-clock-min",
        "90",
        "--approve",
        "ticket",
        "--plan-template",
        file.to_str().unwrap(),
    ];
    cron(&vault, &args).ok();
    let third = add(&vault, "@weekly", &["--tz", "America/New_York"]);
    add(&vault, "0 1 * * *", &["--count", "1", "--overlap", "allow"]);
    let fifth = add(&vault, "@daily", &[]);
    cron(&vault, &["remove", &fifth]).ok();
    daemon_at(&vault, "2026-11-24T01:00:01Z");
    daemon_at(&vault, "2026-11-24T04:00:01Z");
    cron(&vault, &["disable", &third]).ok();
    vault.set_clock("2026-11-24T04:30:20Z");
    vault
}

#[test]
fn jobs_are_seen_like_this() {
    let vault = vault();
    let mut seen = String::new();
    for args in [
        &["list"][..],
        &["list", "SALES"],
        &["show", "ESS-C-1"],
        &["show", "SALES-C-1"],
        &["show", "ESS-C-3"],
        &["history", "ESS-C-1"],
        &["history", "ESS-C-1", "-n", "2"],
        &["history", "ESS-C-2"],
        &["history", "ESS-C-3"],
        &["history", "ESS-C-4"],
        &[
            "next",
            "30 2 * * *",
            "--tz",
            "Europe/Berlin",
            "--after",
            "2027-03-27T00:00:00Z",
            "--count",
            "3",
        ],
        &["next", "@monthly"],
    ] {
        let ran = cron(&vault, args).ok();
        seen += &format!("$ modulatio cron {}\n{}", args.join(" "), ran.out);
        seen += &ran
            .err
            .lines()
            .map(|line| format!("! {line}\n"))
            .collect::<String>();
        seen.push('\n');
    }
    insta::assert_snapshot!(redacted(&seen));
}

#[test]
fn jobs_are_seen_like_this_by_programs() {
    let vault = vault();
    let mut seen = String::new();
    for args in [
        &["list", "--json"][..],
        &["show", "SALES-C-1", "--json"],
        &["history", "ESS-C-1", "--json"],
        &["history", "ESS-C-3", "-n", "1", "--json"],
        &["next", "0 6 * * mon-fri", "--count", "2", "--json"],
        &["disable", "SALES-C-1", "--json"],
        &["enable", "SALES-C-1", "--json"],
        &["edit", "SALES-C-1", "--count", "none", "--json"],
        &["run-now", "SALES-C-1", "--json"],
        &["remove", "SALES-C-1", "--json"],
    ] {
        let ran = cron(&vault, args).ok();
        seen += &format!("$ modulatio cron {}\n{}\n", args.join(" "), ran.out);
        for line in ran.out.lines() {
            serde_json::from_str::<serde_json::Value>(line).expect("a line of JSON");
        }
    }
    insta::assert_snapshot!(redacted(&seen));
}

#[test]
fn what_is_done_is_answered_like_this() {
    let vault = vault();
    let mut seen = String::new();
    for args in [
        &[
            "add",
            "ESS",
            "Look back",
            "--schedule",
            "0 6 * * *",
            "--max-tokens",
            "1000",
        ][..],
        &[
            "add",
            "ESS",
            "Look back",
            "--schedule",
            "0 6 * * *",
            "--catch-up",
            "all",
        ],
        &["edit", "ESS-C-6", "--tz", "Asia/Tokyo"],
        &["disable", "ESS-C-1"],
        &["enable", "ESS-C-1"],
        &["run-now", "ESS-C-6"],
        &["remove", "ESS-C-6"],
    ] {
        let ran = cron(&vault, args).ok();
        seen += &format!("$ modulatio cron {}\n{}", args.join(" "), ran.out);
        seen += &ran
            .err
            .lines()
            .map(|line| format!("! {line}\n"))
            .collect::<String>();
        seen.push('\n');
    }
    insta::assert_snapshot!(redacted(&seen));
}

#[test]
fn a_job_of_hostile_words_keeps_to_its_lines() {
    let vault = vault_at("2026-11-24T00:00:30Z");
    let words = "\u{1b}[2J\u{1b}[31mred\r\nnext  2099-01-01\u{7}";
    let args = ["add", "ESS", words, "--schedule", "@daily"];
    cron(&vault, &args).ok();
    for args in [&["list"][..], &["show", "ESS-C-1"], &["history", "ESS-C-1"]] {
        let out = cron(&vault, args).ok().out;
        let bad = |c: char| c.is_control() && c != '\n';
        assert!(!out.contains(bad), "{out:?}");
        assert!(!out.lines().any(|line| line.starts_with("next")), "{out}");
    }
    let shown = crate::jobs::shown(&vault, "ESS-C-1");
    assert_eq!(shown["objective"], words);
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let vault = vault_at("2026-11-24T00:00:30Z");
    for _ in 0..3 {
        add(&vault, "@daily", &[]);
    }
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = vault.command(&["cron", "list"]);
    let output = command.stdout(writer).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn jobs_of_a_project_that_is_gone_are_listed_and_say_so() {
    let vault = vault_at("2026-11-24T00:00:30Z");
    let job = add(&vault, "0 * * * *", &[]);
    cron(&vault, &["list", "FOO"])
        .code(1)
        .says("no project FOO");
    std::fs::remove_dir_all(vault.path("ess")).unwrap();
    for command in [&["list", "ESS"][..], &["list"], &["show", &job]] {
        cron(&vault, command)
            .ok()
            .shows("its project is gone")
            .shows(&format!("modulatio cron remove {job}"));
    }
    cron(&vault, &["remove", &job]).ok();
    cron(&vault, &["list", "ESS"]).code(1);
}

#[test]
fn the_nearest_job_is_named_where_there_is_none_of_that_id() {
    let vault = vault_at("2026-11-24T00:00:30Z");
    add(&vault, "0 * * * *", &[]);
    for (command, word) in [
        ("show", "ESC-C-1"),
        ("remove", "ESS-C-99"),
        ("disable", "ESS-C1"),
    ] {
        let ran = cron(&vault, &[command, word]);
        assert_ne!(ran.code, Some(0));
        ran.says("ESS-C-1");
    }
    cron(&vault, &["--help"])
        .ok()
        .shows("add jobs, change them");
}
