//! What a healthy journal looks like, and how the program behaves towards other programs.

use std::{
    fs,
    io::Read,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::sample::{PLAN, Sample, audit, drafted, frames, frames_of, history, text, whole};

fn json_lines(out: &str) -> Vec<Value> {
    out.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_whole_journal_is_told_with_its_tail() {
    let said = Sample::of(&whole()).audit("verify", &[]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    let line = frames().pop().unwrap();
    let b3 = String::from_utf8(line[7..71].to_vec()).unwrap();
    let bytes = whole().len();
    assert_eq!(
        said.out,
        format!("ESS-P-001        whole    5 frame(s), {bytes} bytes, tail 4 {b3}\n")
    );
}

#[test]
fn a_verdict_is_the_same_for_programs() {
    let said = Sample::of(&whole()).audit("verify", &["--json"]);
    let verdict = &json_lines(&said.out)[0];
    assert_eq!(verdict["verdict"], "whole");
    assert_eq!(
        (&verdict["frames"], &verdict["seq"]),
        (&5.into(), &4.into())
    );
}

#[test]
fn every_event_has_its_line() {
    let said = Sample::of(&whole()).audit("dump", &[]);
    assert_eq!(said.code, 0);
    let lines: Vec<&str> = said.out.lines().collect();
    assert_eq!(lines.len(), 6);
    assert_eq!(
        lines[0],
        "       0  2026-11-23T20:15:00.000000Z  e0   cli:alice                plan ESS-P-001 written down"
    );
    assert!(
        lines[5].ends_with("ticket ESS-7 opened: What now?"),
        "{}",
        lines[5]
    );
}

#[test]
fn text_of_a_journal_does_not_steer_the_terminal() {
    let said = Sample::of(&whole()).audit("dump", &[]);
    assert!(!said.out.contains('\u{1b}'));
    assert!(said.out.contains("approved: go"));
}

#[test]
fn a_range_of_frames_can_be_asked_for() {
    let said = Sample::of(&whole()).audit("dump", &["--from", "1", "--to", "2", "--json"]);
    let lines = json_lines(&said.out);
    let kinds: Vec<_> = lines
        .iter()
        .map(|line| line["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["PlanApproved", "PlanClaimed"]);
    let keys: Vec<_> = lines[0].as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        [
            "seq", "offset", "verdict", "at", "epoch", "by", "kind", "describe"
        ]
    );
}

#[test]
fn the_state_is_that_of_the_tail() {
    let said = Sample::of(&whole()).audit("state", &["--json"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let state = &json_lines(&said.out)[0];
    assert_eq!(state["status"], "executing");
    assert_eq!(
        (&state["tokens"], &state["cost_micro_usd"]),
        (&340.into(), &1500.into())
    );
    assert_eq!(
        (&state["epoch"], &state["current_index"]),
        (&1.into(), &0.into())
    );
    assert_eq!(state["open_tickets"][0]["id"], "ESS-7");
    let people = Sample::of(&whole()).audit("state", &[]).out;
    assert!(people.contains("status         executing\n"), "{people}");
    assert!(people.contains("cost           $0.0015\n"), "{people}");
}

#[test]
fn the_state_at_a_frame_or_time_knows_nothing_later() {
    let sample = Sample::of(&whole());
    for at in [
        "1",
        "2026-11-23T20:15:01.500000Z",
        "2026-11-23T21:15:01+01:00",
    ] {
        let said = sample.audit("state", &["--at", at, "--json"]);
        let state = &json_lines(&said.out)[0];
        assert_eq!(
            (&state["status"], &state["seq"]),
            (&"approved".into(), &1.into()),
            "{at}"
        );
    }
    let said = sample.audit("state", &["--at", "2020-01-01T00:00:00Z"]);
    assert_eq!((said.code, said.out.as_str()), (0, ""));
    assert_eq!(sample.audit("state", &["--at", "yesterday"]).code, 2);
}

#[test]
fn a_whole_chain_with_an_impossible_history_is_damage() {
    let mut twice = history();
    twice[3] = vec![drafted(PLAN)];
    let said = Sample::of(&frames_of(PLAN, &twice[..4]).concat()).audit("state", &["--json"]);
    assert_eq!(said.code, 7);
    assert_eq!(json_lines(&said.out)[0]["seq"], 2);
    assert!(
        said.err.contains("frame 3: PlanDrafted cannot apply"),
        "{}",
        said.err
    );

    let other = frames_of(PLAN, &[vec![drafted("ESS-P-002")]]).concat();
    let said = Sample::of(&other).audit("state", &[]);
    assert_eq!((said.code, said.out.as_str()), (7, ""));
    assert!(
        said.err.contains("the journal of ESS-P-002"),
        "{}",
        said.err
    );
}

#[test]
fn the_name_can_be_told_where_the_file_does_not() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("copy");
    fs::write(&path, whole()).unwrap();
    let file = text(&path);
    let said = audit(&["verify", &file]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("hint: say which log it is with --name"));
    assert_eq!(audit(&["verify", "--name", PLAN, &file]).code, 0);
    assert_eq!(audit(&["verify", "--name", PLAN, &file, &file]).code, 2);
    assert_eq!(audit(&["state", "--name", PLAN, &file]).code, 0);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let sample = Sample::of(&whole());
    let mut child = Command::new(env!("CARGO_BIN_EXE_modulatio-audit"))
        .args(["dump", &sample.file()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""));
}
