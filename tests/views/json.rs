//! `--json` is answered by every command: on stdout an object a line, for an error an object on stderr.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    objects,
    support::{Daemon, Ran, TestVault, body, wait_until},
};

/// Commands whose output is not for programs.
const NOT_FOR_PROGRAMS: [(&str, &str); 3] = [
    ("completions", "a script for a shell"),
    ("daemon", "its lines are log lines, see --log-format"),
    ("demo", "a play for people"),
];

/// Commands that have nothing to say when all is well.
const MAY_BE_SILENT: [&str; 1] = ["config-check"];

/// A command, the codes that it may end with, and fields that its first object has.
type Case<'a> = (&'a [&'a str], &'a [i32], &'a [&'a str]);

/// The order counts: each finds what those before it have left.
const CASES: [Case<'_>; 63] = [
    (
        &["project", "add", "NEW", "--objective", "x"],
        &[0],
        &["project", "directory"],
    ),
    (&["project", "list"], &[0], &["code"]),
    (
        &["plan", "add", "ESS", "FILE"],
        &[0],
        &["plan", "status", "file"],
    ),
    (&["plan", "approve", "ESS-P-001"], &[0], &["plan", "status"]),
    (&["plan", "pause", "ESS-P-001"], &[0], &["plan", "status"]),
    (&["plan", "resume", "ESS-P-001"], &[0], &["plan", "status"]),
    (&["plan", "pause", "ESS-P-001"], &[0], &["plan", "status"]),
    (
        &["project", "resume", "ESS-P-001"],
        &[0],
        &["plan", "status"],
    ),
    (
        &["plan", "edit-budget", "ESS-P-001", "--max-tokens", "900000"],
        &[0],
        &["plan", "caps"],
    ),
    (&["plan", "pause", "ESS-P-009"], &[1], &[]),
    (&["plan", "resume", "ESS-P-001"], &[6], &[]),
    // Two sub-objectives; after the first one it asks.
    (&["daemon", "--until-idle"], &[0], &[]),
    (&["plan", "list"], &[0], &["id", "status"]),
    (&["plan", "show", "ESS-P-001"], &[0], &["id", "status"]),
    (
        &["plan", "show", "ESS-P-001", "--follow"],
        &[6],
        &["id", "status"],
    ),
    (&["ticket", "list"], &[0], &["id", "plan"]),
    (&["ticket", "show", "ESS-1"], &[0], &["id", "plan"]),
    (&["project", "tickets", "ESS"], &[0], &["id", "plan"]),
    (
        &["ticket", "approve", "ESS-1"],
        &[0],
        &["ticket", "decision", "plan", "status"],
    ),
    (&["daemon", "--until-idle"], &[0], &[]),
    (&["logs", "ESS-P-001"], &[0], &["what"]),
    (&["replay", "ESS-P-001"], &[0], &["event"]),
    (
        &["replay", "ESS-P-001", "--write"],
        &[0],
        &["plan", "rebuilt"],
    ),
    (&["plan", "artifacts", "ESS-P-001"], &[0], &["plan", "name"]),
    (&["plan", "rehearse", "ESS-P-001"], &[0], &["plan"]),
    (&["project", "show", "ESS"], &[0], &["code"]),
    (&["project", "runs"], &[0], &["plan"]),
    (&["audit", "verify", "--all"], &[0], &["verdict"]),
    (&["audit", "seal"], &[0], &["plan", "seq", "b3"]),
    (
        &["project", "clean", "ESS", "--plan", "ESS-P-001", "--force"],
        &[0],
        &["plan", "archived"],
    ),
    (
        &["project", "clean", "ESS", "--plan", "ESS-P-001", "--force"],
        &[0],
        &["plan", "archived"],
    ),
    (
        &["plan", "draft", "ESS", "Essays."],
        &[0],
        &["plan", "status", "file"],
    ),
    (
        &["plan", "revise", "ESS-P-002", "Shorter."],
        &[0],
        &["plan", "status", "file"],
    ),
    (
        &["ticket", "decline", "ESS-3"],
        &[0],
        &["ticket", "decision", "plan", "status"],
    ),
    (
        &["plan", "add", "ESS", "FILE"],
        &[0],
        &["plan", "status", "file"],
    ),
    (&["plan", "decline", "ESS-P-003"], &[0], &["plan", "status"]),
    (
        &["plan", "add", "ESS", "FILE"],
        &[0],
        &["plan", "status", "file"],
    ),
    (
        &["plan", "cancel", "ESS-P-004"],
        &[0],
        &["plan", "status", "under_way"],
    ),
    (&["kickoff", "ESS", "Essays."], &[6], &["id", "status"]),
    (&["config", "show"], &[0], &["key"]),
    (&["config", "check"], &[0], &[]),
    (&["models"], &[0], &["name"]),
    (&["models", "list"], &[0], &["name"]),
    (&["models", "check"], &[0], &["name", "ok"]),
    (&["spend"], &[0], &[]),
    (&["heartbeat"], &[0], &[]),
    (&["doctor", "--offline"], &[0, 1, 5], &["checks"]),
    (&["prompts", "list"], &[0], &["name"]),
    (&["prompts", "show", "planner"], &[0], &["name", "text"]),
    (&["memory", "add", "ESS", "Short prose."], &[0], &["id"]),
    (&["memory", "list", "ESS"], &[0], &["id"]),
    (
        &["memory", "promote", "prop", "--project", "ESS"],
        &[0],
        &["id"],
    ),
    (
        &["memory", "show", "prop", "--project", "ESS"],
        &[0],
        &["id"],
    ),
    (&["memory", "reindex", "ESS"], &[0], &[]),
    (
        &["memory", "search", "prose", "--project", "ESS"],
        &[0],
        &["id"],
    ),
    (
        &["memory", "remove", "prop", "--project", "ESS"],
        &[0],
        &["id"],
    ),
    (
        &["cron", "add", "ESS", "x", "--schedule", "0 6 * * *"],
        &[0],
        &["id"],
    ),
    (&["cron", "edit", "ESS-C-1", "--count", "5"], &[0], &["id"]),
    (&["cron", "disable", "ESS-C-1"], &[0], &["job"]),
    (&["cron", "enable", "ESS-C-1"], &[0], &["job"]),
    (&["cron", "list"], &[0], &["id"]),
    (&["cron", "show", "ESS-C-1"], &[0], &["id"]),
    (&["cron", "next", "0 6 * * *"], &[0], &[]),
];

/// The same, once a job has run.
const MORE: [Case<'_>; 5] = [
    (&["cron", "run-now", "ESS-C-1"], &[0], &["job", "plan"]),
    (&["cron", "history", "ESS-C-1"], &[0], &[]),
    (&["cron", "remove", "ESS-C-1"], &[0], &["job"]),
    (&["init", "MADE"], &[0], &["vault", "made"]),
    (
        &["import", "--from-python", "OLD", "--dry-run"],
        &[0, 1],
        &[],
    ),
];

/// The command's name as its manual page has it, and what stands on stdout.
fn answered(
    vault: &TestVault,
    (args, codes, fields): Case<'_>,
    pages: &BTreeSet<String>,
) -> String {
    let place = |name: &str| vault.beside().join(name).display().to_string();
    let words: Vec<String> = args
        .iter()
        .map(|word| match *word {
            "FILE" | "MADE" | "OLD" => place(word),
            word => word.to_owned(),
        })
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).chain(["--json"]).collect();
    let name = [2, 1].map(|count| args[..count.min(args.len())].join("-"));
    let name = name.into_iter().find(|name| pages.contains(name));
    let name = name.expect("a command");
    let foreign = ["init", "import"].contains(&args[0]);
    let ran = match foreign {
        true => away(vault, &words),
        false => vault.run(&words),
    };
    let code = ran.code.expect("it ended by itself");
    assert!(codes.contains(&code), "{args:?}: {ran:#?}");
    if name == "daemon" {
        return name;
    }
    let found = objects(&ran);
    for field in fields {
        assert!(
            found.iter().any(|o| o.get(*field).is_some()),
            "{args:?}: {field}: {ran:#?}"
        );
    }
    assert!(found.iter().all(Value::is_object), "{args:?}: {ran:#?}");
    if code == 0 {
        let silent = MAY_BE_SILENT.contains(&name.as_str());
        assert!(silent || !found.is_empty(), "{args:?}: {ran:#?}");
    } else {
        is_told_as_an_object(&ran, code);
    }
    name
}

/// Beside the vault, not in it.
fn away(vault: &TestVault, words: &[&str]) -> Ran {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_modulatio"));
    Ran::of(command.args(words).current_dir(vault.beside()))
}

#[track_caller]
fn is_told_as_an_object(ran: &Ran, code: i32) -> Value {
    let last = ran.err.lines().last().expect("a word on stderr");
    let object: Value = serde_json::from_str(last).unwrap_or_else(|e| panic!("{e}: {ran:#?}"));
    assert!(
        object["error"].as_str().is_some_and(|e| !e.is_empty()),
        "{ran:#?}"
    );
    assert!(object.get("hint").is_some(), "{ran:#?}");
    assert_eq!(object["exit"], code, "{ran:#?}");
    object
}

/// Every command that can be typed, as its manual page is called.
fn pages(vault: &TestVault) -> BTreeSet<String> {
    let dir = vault.beside().join("pages");
    vault
        .run(&["man", dir.to_str().expect("a plain path")])
        .ok();
    let entries = std::fs::read_dir(dir).expect("a directory");
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        let name = entry.expect("an entry").file_name();
        let name = name.to_str().expect("a plain name").to_owned();
        Some(
            name.strip_prefix("modulatio-")?
                .strip_suffix(".1")?
                .to_owned(),
        )
    };
    entries.filter_map(name).collect()
}

fn vault() -> TestVault {
    let vault = TestVault::with(
        "embedder: lexical\nmodels:\n  dry: {provider: rehearsal, outcomes: {1: pause}}\nteam: {leader: dry}\n",
    );
    let file = |name: &str, text: &str| {
        let path = vault.beside().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    };
    file("FILE", &body(2));
    file("OLD/sales/plans/SALES-PLAN-001.md", &body(1));
    vault.write("ess/team-memory/_proposals/prop.md", "Prose is short.\n");
    vault
}

#[test]
fn no_command_takes_json_and_answers_in_text() {
    let vault = vault();
    let pages = pages(&vault);
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for case in CASES.into_iter().chain(MORE) {
        seen.insert(answered(&vault, case, &pages));
    }
    // In the next test: there must be a call in doubt.
    seen.insert("plan-release".to_owned());
    let is_group = |name: &String| {
        let below = format!("{name}-");
        name != "models" && pages.iter().any(|page| page.starts_with(&below))
    };
    let not_for_programs = |name: &&String| NOT_FOR_PROGRAMS.iter().any(|(n, _)| n == name);
    let commands = pages.iter().filter(|name| !is_group(name));
    let unseen: Vec<&String> = commands
        .filter(|name| !seen.contains(*name) && !not_for_programs(name))
        .collect();
    assert!(
        unseen.is_empty(),
        "nobody knows how these answer: {unseen:?}"
    );
}

#[test]
fn a_release_is_told_call_by_call() {
    let vault = TestVault::slow("60s");
    let plan = vault.approved(&body(1));
    let daemon = Daemon::start(&vault, &["--tick-seconds", "3600"]);
    wait_until("a call is under way", || {
        !vault.journal(&plan).plan.calls.in_flight.is_empty()
    });
    daemon.kill();
    vault.run(&["plan", "cancel", &plan]).ok();
    let ran = vault.run(&["plan", "release", &plan, "--json"]).ok();
    let found = objects(&ran);
    assert_eq!(found.len(), 1, "{ran:?}");
    assert_eq!(found[0]["plan"], plan.as_str());
    assert!(found[0]["released"].is_string(), "{ran:?}");
}

#[test]
fn an_error_is_an_object_in_json_and_text_without() {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    for (args, code, hint) in [
        (vec!["plan", "show", "ESS-P-009"], 1, true),
        (vec!["plan", "resume", &plan], 6, false),
        (vec!["plan", "aprove", &plan], 2, false),
        (vec!["plan", "approve", "no id"], 2, false),
    ] {
        let text = vault.run(&args).code(code);
        assert!(text.err.starts_with("error: "), "{text:?}");
        let ran = vault.run(&[&args[..], &["--json"]].concat()).code(code);
        let object = is_told_as_an_object(&ran, code);
        assert_eq!(object["hint"].is_string(), hint, "{ran:?}");
        let told = object["error"].as_str().expect("text");
        assert!(
            text.err.starts_with(&format!("error: {told}")),
            "{text:?} {ran:?}"
        );
        assert_eq!(ran.out, "");
    }
    // As a line of the log it keeps a log line's fields.
    let args = ["plan", "resume", &plan, "--json", "--log-format", "json"];
    let ran = vault.run(&args).code(6);
    let object = is_told_as_an_object(&ran, 6);
    assert_eq!(
        (&object["level"], &object["exit_code"]),
        (&"ERROR".into(), &6.into())
    );
}
