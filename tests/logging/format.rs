//! `--log-format`: one JSON object a line, or text.

use serde_json::Value;

use crate::support::{Ran, TestVault, body};

const DAEMON: [&str; 2] = ["daemon", "--until-idle"];

/// Every line of stderr as an object.
#[track_caller]
fn objects(ran: &Ran) -> Vec<Value> {
    let object = |line: &str| -> Value {
        let value: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"));
        assert!(value.is_object(), "{line}");
        value
    };
    ran.err.lines().map(object).collect()
}

#[test]
fn every_line_is_an_object_with_its_fields_at_the_top() {
    let vault = TestVault::new();
    let plan = vault.approved(&body(1));
    let ran = vault.run(&[&["--log-format", "json"], &DAEMON[..]].concat());
    let lines = objects(&ran.ok());
    assert!(lines.len() >= 3, "{lines:?}");
    for line in &lines {
        for key in ["timestamp", "level", "target", "message"] {
            assert!(line[key].is_string(), "{key}: {line}");
        }
        assert!(line.get("fields").is_none(), "{line}");
    }
    let of_the_plan = |line: &&Value| line["plan"] == plan.as_str();
    assert!(lines.iter().any(|line| of_the_plan(&line)), "{lines:?}");
    assert_eq!(vault.journal(&plan).status(), "done");
}

#[test]
fn the_flag_may_stand_behind_the_command_or_in_the_environment() {
    let vault = TestVault::new();
    let behind = vault.run(&[&DAEMON[..], &["--log-format=json"]].concat());
    let around = vault.run_with(&DAEMON, &[("MODULATIO_LOG_FORMAT", "json")]);
    for ran in [behind.ok(), around.ok()] {
        assert!(!objects(&ran).is_empty());
    }
    let over = vault.run_with(
        &[&DAEMON[..], &["--log-format=text"]].concat(),
        &[("MODULATIO_LOG_FORMAT", "json")],
    );
    over.ok().says(" INFO ");
}

#[test]
fn the_error_that_ends_it_is_an_object_too_whatever_the_filter() {
    let vault = TestVault::new();
    let args = ["--log-format", "json", "plan", "show", "ESS-P-099"];
    let ran = vault.run_with(&args, &[("RUST_LOG", "off")]).code(1);
    let lines = objects(&ran);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0]["level"], "ERROR");
    assert_eq!(lines[0]["message"], "there is no plan ESS-P-099");
    assert_eq!(lines[0]["hint"], "see `modulatio plan list`");
    assert_eq!(lines[0]["exit_code"], 1);
}

#[test]
fn text_stays_text() {
    let vault = TestVault::new();
    for args in [
        &DAEMON[..],
        &["--log-format", "text", "daemon", "--until-idle"],
    ] {
        let ran = vault.run(args).ok().says(" INFO ").says("stopped");
        assert!(
            !ran.err.contains('{') && !ran.err.contains('\u{1b}'),
            "{ran:?}"
        );
    }
    let ran = vault.run(&["plan", "show", "ESS-P-099"]).code(1);
    let told = "error: there is no plan ESS-P-099\nhint: see `modulatio plan list`\n";
    assert_eq!(ran.err, told);
}

#[test]
fn a_form_or_level_that_there_is_not_makes_no_sense() {
    let vault = TestVault::new();
    for (args, known) in [
        (["--log-format", "xml", "plan", "list"], "text, json"),
        (
            ["--log-level", "loud", "plan", "list"],
            "error, warn, info, debug, trace",
        ),
    ] {
        vault.run(&args).code(2).says(args[1]).says(known);
    }
    for (variable, value) in [
        ("MODULATIO_LOG_FORMAT", "xml"),
        ("MODULATIO_LOG_LEVEL", "loud"),
    ] {
        vault
            .run_with(&["plan", "list"], &[(variable, value)])
            .code(2)
            .says(value);
    }
}
