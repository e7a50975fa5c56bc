//! The story of a plan: one line a fact, calls with what they cost, and nothing that a terminal obeys.

use projections::{
    fold::Entry,
    narration::{self, Narrator, Told},
};

use crate::support::{event, every_event, history, of_a_team};

fn story(frames: &[Entry]) -> Vec<Told> {
    let mut narrator = Narrator::default();
    let events = frames
        .iter()
        .flat_map(|entry| entry.events.iter().map(move |event| (entry, event)));
    events
        .filter_map(|(entry, event)| narrator.tell(entry, event))
        .collect()
}

fn lines(frames: &[Entry]) -> String {
    let line = |told: &Told| format!("{:>3}  {:<18} {}", told.seq, told.who, told.what);
    story(frames)
        .iter()
        .map(line)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn the_golden_history_reads_as_a_story() {
    insta::assert_snapshot!(lines(&history()));
}

#[test]
fn the_golden_history_of_a_team_reads_as_a_story() {
    insta::assert_snapshot!(lines(&of_a_team()));
}

#[test]
fn what_began_is_told_once_at_its_end_and_everything_else_where_it_happened() {
    for frames in [history(), of_a_team()] {
        let begins = |kind: &str| matches!(kind, "ModelCallStarted" | "ToolCallStarted");
        let kinds = frames.iter().flat_map(|entry| &entry.events);
        let expected: Vec<&str> = kinds
            .map(projections::event::Event::kind)
            .filter(|kind| !begins(kind))
            .collect();
        let told = story(&frames);
        let kinds: Vec<&str> = told.iter().map(|told| told.kind.as_str()).collect();
        assert_eq!(kinds, expected);
        let of_calls = |kind: &str| kind.starts_with("ModelCall");
        for told in told.iter().filter(|told| of_calls(&told.kind)) {
            assert!(told.call.is_some(), "{told:?}");
        }
    }
}

/// A journal that is read from its middle, or an event of a newer program, is told in plain words.
#[test]
fn an_end_whose_beginning_was_not_seen_is_told_all_the_same() {
    let entry = &history()[0];
    for event in every_event() {
        let Some(told) = Narrator::default().tell(entry, &event) else {
            continue;
        };
        assert_eq!((told.call, told.tool), (None, None));
        assert!(!told.what.trim().is_empty(), "{}", told.kind);
    }
}

#[test]
fn a_models_words_cannot_move_the_cursor() {
    let started = event(
        r#"{"kind":"ModelCallStarted","v":3,"call_id":"c0001-s1-plan","step":{"kind":"plan-tasks","index":1},"model":"m\u001b[2J","agent_id":"a","reserved":{"tokens":1,"cost":null},"prompt_b3":"af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"}"#,
    );
    let ended = event(
        r#"{"kind":"ModelCallAbandoned","v":1,"call_id":"c0001-s1-plan","why":"a\nb\u001b[2J"}"#,
    );
    let (mut narrator, entry) = (Narrator::default(), &history()[0]);
    assert!(narrator.tell(entry, &started).is_none());
    let told = narrator.tell(entry, &ended).unwrap();
    assert!(!told.what.contains(char::is_control), "{:?}", told.what);
}

#[test]
fn durations_read_as_people_say_them() {
    for (millis, text) in [
        (0, "0.0 s"),
        (340, "0.3 s"),
        (59_999, "59.9 s"),
        (60_000, "1 min 0 s"),
        (3_725_000, "62 min 5 s"),
    ] {
        assert_eq!(narration::seconds(millis), text);
    }
}
