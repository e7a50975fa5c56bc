//! What is refused, by exit code, and that nothing is changed then.

use crate::{
    jobs::{JOURNAL, add, cron, daemon_at, vault_at},
    support::TestVault,
};

const MIDNIGHT: &str = "2026-11-24T00:00:30Z";

fn bytes(vault: &TestVault) -> (Vec<u8>, Vec<u8>) {
    let read = |below: &str| std::fs::read(vault.path(below)).unwrap_or_default();
    (read(JOURNAL), read("cron.yaml"))
}

#[test]
fn a_definition_that_makes_no_sense_is_a_mistake_of_usage_that_names_the_field() {
    let vault = vault_at(MIDNIGHT);
    let job = add(&vault, "0 * * * *", &["--count", "5"]);
    let before = bytes(&vault);
    let cases: [(&[&str], &[&str]); 26] = [
        (&["--schedule", "0 25 * * *"], &["hour: 25"]),
        (&["--schedule", "60 * * * *"], &["minute: 60"]),
        (&["--schedule", "0 6 * *"], &["4 fields", "five"]),
        (&["--schedule", "0 0 6 * * *"], &["6 fields", "seconds"]),
        (&["--schedule", "0 0 31 2 *"], &["day-of-month", "never"]),
        (&["--schedule", "0 0 * * funday"], &["day-of-week"]),
        (&["--schedule", "@reboot"], &["@reboot"]),
        (&["--schedule", ""], &["empty"]),
        (&["--tz", "Mars/Olympus"], &["--tz", "Mars/Olympus"]),
        (&["--tz", ""], &["--tz"]),
        (
            &["--until", "2020-01-01T00:00:00Z"],
            &["until", "before the first"],
        ),
        (
            &["--until", "2026-11-24T00:59:59Z"],
            &["until", "2026-11-24T01:00:00"],
        ),
        (&["--until", "tomorrow"], &["--until", "RFC 3339"]),
        (&["--count", "0"], &["count"]),
        (&["--count=-1"], &["--count", "number"]),
        (&["--count", "many"], &["--count"]),
        (&["--jitter", "5"], &["--jitter", "90s"]),
        (&["--jitter", "2d"], &["jitter"]),
        (&["--jitter", "99999999999999999999s"], &["--jitter"]),
        (&["--catch-up-window", "1y"], &["--catch-up-window"]),
        (&["--catch-up-window", "400d"], &["catch-up-window", "367"]),
        (
            &["--catch-up-window", "999999999999999999d"],
            &["--catch-up-window"],
        ),
        (&["--catch-up", "some"], &["--catch-up"]),
        (&["--overlap", "maybe"], &["--overlap"]),
        (&["--approve", "nobody"], &["--approve"]),
        (&["--max-cost-usd=-1"], &["--max-cost-usd"]),
    ];
    for (options, words) in cases {
        let schedule: &[&str] = match options[0] {
            "--schedule" => &[],
            _ => &["--schedule", "0 * * * *"],
        };
        let new = [&["add", "ESS", "Look"], schedule, options].concat();
        let edit = [&["edit", job.as_str()], options].concat();
        for args in [new, edit] {
            let ran = cron(&vault, &args).code(2);
            assert_eq!(ran.out, "", "{args:?}");
            for word in words {
                assert!(ran.err.contains(word), "{word:?} is not in {ran:#?}");
            }
        }
    }
    assert_eq!(bytes(&vault), before);
}

#[test]
fn a_job_that_would_do_nothing_is_a_mistake_of_usage() {
    let vault = vault_at(MIDNIGHT);
    cron(&vault, &["add", "ESS", "--schedule", "@daily"])
        .code(2)
        .says("OBJECTIVE");
    cron(&vault, &["add", "ESS", " ", "--schedule", "@daily"])
        .code(2)
        .says("the objective is empty");
    cron(&vault, &["add", "ESS", "Look"])
        .code(2)
        .says("--schedule");
    let job = add(&vault, "@daily", &[]);
    cron(&vault, &["edit", &job, "--objective", ""])
        .code(2)
        .says("the objective is empty");
    cron(&vault, &["edit", &job])
        .code(6)
        .says("job ESS-C-1 reads so already");
}

#[test]
fn a_job_and_a_project_that_are_not_there_are_failures() {
    let vault = vault_at(MIDNIGHT);
    for command in [
        "show", "enable", "disable", "remove", "run-now", "history", "edit",
    ] {
        let ran = cron(&vault, &[command, "ESS-C-9"]).code(1);
        assert!(ran.err.contains("there is no job ESS-C-9"), "{ran:?}");
        assert!(ran.err.contains("modulatio cron list"), "{ran:?}");
        for id in [
            "ESS-P-001",
            "ESS-C-01",
            "ESS-C-",
            "9",
            "ESS-C-9999999999",
            "../x-C-1",
        ] {
            let ran = cron(&vault, &[command, id]).code(2);
            assert!(
                ran.err.contains("ESS-C-1"),
                "what an id looks like: {ran:?}"
            );
        }
    }
    for args in [
        &["add", "NOPE", "Look", "--schedule", "@daily"][..],
        &["list", "NOPE"],
    ] {
        cron(&vault, args).code(1).says("there is no project NOPE");
    }
    assert!(!vault.path(JOURNAL).exists());
}

#[test]
fn a_job_that_stands_otherwise_is_refused_as_such() {
    let vault = vault_at(MIDNIGHT);
    let job = add(&vault, "0 * * * *", &["--count", "1"]);
    cron(&vault, &["enable", &job])
        .code(6)
        .says("job ESS-C-1 is enabled already");
    cron(&vault, &["disable", &job]).ok();
    cron(&vault, &["disable", &job])
        .code(6)
        .says("job ESS-C-1 is disabled already");
    cron(&vault, &["enable", &job]).ok();
    daemon_at(&vault, "2026-11-24T01:00:01Z");
    let before = bytes(&vault);
    for command in ["enable", "disable"] {
        cron(&vault, &[command, &job]).code(6).says("has ended");
    }
    cron(&vault, &["edit", &job, "--objective", "x"])
        .code(2)
        .says("count: 1, and the job has run 1 times already");
    assert_eq!(bytes(&vault), before);
}

#[test]
fn there_is_no_schedule_outside_of_a_vault() {
    let vault = vault_at(MIDNIGHT);
    let elsewhere = tempfile::tempdir().unwrap();
    for command in [&["list"][..], &["show", "ESS-C-1"], &["history", "ESS-C-1"]] {
        let mut args = vec!["--vault", elsewhere.path().to_str().unwrap(), "cron"];
        args.extend(command);
        let ran = vault.run(&args);
        assert_ne!(ran.code, Some(0), "{ran:?}");
        assert_eq!(ran.out, "");
    }
}

#[test]
fn a_vault_without_jobs_lists_none_and_makes_nothing() {
    let vault = vault_at(MIDNIGHT);
    assert_eq!(cron(&vault, &["list"]).ok().out, "");
    assert_eq!(cron(&vault, &["list", "--json"]).ok().out, "");
    assert!(
        !vault.path(".modulatio/cron").exists(),
        "looking makes nothing"
    );
    assert!(!vault.path("cron.yaml").exists());
}
