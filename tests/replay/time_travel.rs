//! The state at any frame and at any time, and the timeline as JSON.

use serde_json::Value;

use crate::{finished, support::kinds};

fn lines(out: &str) -> Vec<Value> {
    out.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect()
}

#[test]
fn the_timeline_shows_every_event_and_the_state_after_them() {
    let (vault, plan) = finished();
    let journal = vault.journal(&plan);
    let shown = lines(&vault.run(&["replay", &plan, "--json"]).ok().out);
    let events = &shown[..shown.len() - 1];
    let told: Vec<&str> = events
        .iter()
        .map(|line| line["event"]["kind"].as_str().unwrap())
        .collect();
    assert_eq!(told, kinds(&journal).collect::<Vec<_>>());
    let state = &shown[shown.len() - 1]["state"];
    assert_eq!(state["status"], "done");
    assert_eq!(state["current_index"], 2);
    let text = vault.run(&["replay", &plan]).ok().out;
    assert!(text.lines().count() > journal.entries.len() && text.contains("status     done"));
}

#[test]
fn at_a_frame_the_state_is_what_it_was_then() {
    let (vault, plan) = finished();
    let state = |seq: &str| {
        let out = vault
            .run(&["replay", &plan, "--json", "--at", seq])
            .ok()
            .out;
        lines(&out).pop().expect("a state")["state"].clone()
    };
    assert_eq!(state("0")["status"], "draft");
    assert_eq!(state("1")["status"], "approved");
    assert_eq!(state("2")["status"], "executing");
    assert_eq!(state("2")["journal"]["seq"], 2);
    assert_eq!(state("999999")["status"], "done");
}

#[test]
fn at_a_time_everything_decided_until_then_is_shown() {
    let (vault, plan) = finished();
    let journal = vault.journal(&plan);
    for at in [0, journal.entries.len() / 2, journal.entries.len() - 1] {
        let time = journal.entries[at].0.mark.at;
        let until = journal
            .entries
            .iter()
            .filter(|(e, _)| e.mark.at <= time)
            .count();
        let out = vault
            .run(&["replay", &plan, "--json", "--at", &time.to_string()])
            .ok()
            .out;
        assert_eq!(lines(&out).len(), until + 1);
    }
    vault
        .run(&["replay", &plan, "--at", "2001-01-01T00:00:00Z"])
        .code(1)
        .says("not yet written down");
    vault
        .run(&["replay", &plan, "--at", "yesterday"])
        .code(2)
        .says("neither");
}

#[test]
fn views_of_plans_are_json_too() {
    let (vault, plan) = finished();
    let list = lines(&vault.run(&["plan", "list", "--json"]).ok().out);
    assert_eq!(
        (&list[0]["id"], &list[0]["status"]),
        (&plan.as_str().into(), &"done".into())
    );
    let show = lines(&vault.run(&["plan", "show", &plan, "--json"]).ok().out);
    assert_eq!(show[0]["usage"]["calls_in_flight"], 0);
    let verified = lines(&vault.run(&["audit", "verify", "--all", "--json"]).ok().out);
    assert_eq!(verified[0]["verdict"]["is"], "whole");
}
