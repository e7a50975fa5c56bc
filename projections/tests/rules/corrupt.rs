//! A history that cannot have happened is corruption: named by frame and kind, and never a panic.

use projections::{
    event::Event,
    fold::{self, Entry},
    plan::Status,
};
use proptest::prelude::*;

use crate::support::{BODY, drafted, entry, event, every_event, fold_all, history, of_a_team};

/// Some event of this kind.
fn some(kind: &str) -> Event {
    every_event()
        .into_iter()
        .find(|e| e.kind() == kind)
        .unwrap()
}

fn why(events: &[&str]) -> String {
    let plan = drafted(BODY);
    let events: Vec<Event> = events.iter().map(|line| event(line)).collect();
    let epoch = events.iter().filter(|e| e.kind() == "PlanClaimed").count() as u64;
    let corrupt = fold::apply(Some(plan), &entry(9, epoch, events)).unwrap_err();
    assert_eq!(corrupt.seq, 9);
    corrupt.to_string()
}

const APPROVED: &str = r#"{"kind":"PlanApproved","v":1,"note":""}"#;
const CLAIMED: &str = r#"{"kind":"PlanClaimed","v":1,"epoch":1,"recovered":false}"#;
const STARTED: &str = r#"{"kind":"SubObjectiveStarted","v":1,"index":1,"title":"First"}"#;
const DONE: &str = r#"{"kind":"PlanCompleted","v":1,"summary":""}"#;
const PLANNED_2: &str = r#"{"kind":"TasksPlanned","v":2,"index":1,"tasks":[{"id":"s1-t1","title":"","brief":"","kind":"data","artifacts":["a","b"],"acceptance":[]}]}"#;
const PLANNED: &str = r#"{"kind":"TasksPlanned","v":1,"index":1,"tasks":[{"id":"s1-t1","title":"","brief":"","kind":"data","artifact":"a","acceptance":[]}]}"#;

#[test]
fn what_cannot_follow_is_named_by_frame_kind_and_reason() {
    let tool = r#"{"kind":"ToolCallStarted","v":1,"task":"s1-t1","tool_call":"t00000001","tool":"x","repeatable":true}"#;
    let draft = r#"{"kind":"DraftRequested","v":1,"revision":1,"wish":"w","attachments":[]}"#;
    let failed = r#"{"kind":"DraftFailed","v":1,"revision":1,"why":""}"#;
    let divided =
        r#"{"kind":"SubObjectiveDecomposed","v":1,"index":1,"parts":2,"body":"","why":""}"#;
    let divide = r#"{"kind":"DecomposeRequested","v":1,"index":1}"#;
    let withdrawn = r#"{"kind":"TicketWithdrawn","v":1,"ticket":"ESS-1","why":""}"#;
    let written = r#"{"kind":"ArtifactWritten","v":2,"task":"s1-t1","path":"a","b3":"af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262","bytes":1}"#;
    let cases: [(&[&str], &str); 24] = [
        (
            &[APPROVED, CLAIMED, STARTED, PLANNED_2, tool],
            "no such tool",
        ),
        (
            &[APPROVED, CLAIMED, STARTED, PLANNED_2, written],
            "at another stage",
        ),
        (&[APPROVED, draft], "only a draft is written"),
        (&[draft, draft], "its revision does not follow"),
        (&[failed], "was not asked to write the plan"),
        (&[draft, failed, failed], "was not asked to write the plan"),
        (
            &[APPROVED, CLAIMED, STARTED, divided],
            "is not to be divided",
        ),
        (&[APPROVED, CLAIMED, divide], "not in work"),
        (&[withdrawn], "no such ticket was opened"),
        (
            &[r#"{"kind":"TaskUnblocked","v":1,"task":"s1-t1"}"#],
            "no sub-objective is in work",
        ),
        (&[DONE], "PlanCompleted cannot apply: the plan's status"),
        (&[CLAIMED], "PlanClaimed cannot apply: the plan's status"),
        (&[APPROVED, APPROVED], "PlanApproved cannot apply"),
        (&[APPROVED, CLAIMED, APPROVED], "released, not approved"),
        (&[APPROVED, CLAIMED, CLAIMED], "its epoch does not follow"),
        (
            &[APPROVED, CLAIMED, STARTED, DONE],
            "a sub-objective is still in work",
        ),
        (&[APPROVED, STARTED], "no runner has the plan"),
        (
            &[APPROVED, CLAIMED, STARTED, STARTED],
            "another sub-objective",
        ),
        (&[APPROVED, CLAIMED, PLANNED], "not in work"),
        (
            &[APPROVED, CLAIMED, STARTED, PLANNED, PLANNED],
            "divided before",
        ),
        (
            &[
                APPROVED,
                CLAIMED,
                STARTED,
                r#"{"kind":"SubObjectiveFinished","v":1,"index":1,"summary":""}"#,
            ],
            "not at its end",
        ),
        (
            &[
                APPROVED,
                CLAIMED,
                STARTED,
                PLANNED,
                r#"{"kind":"TaskReviewed","v":1,"task":"s1-t1","attempt":1,"verdict":{"passed":true}}"#,
            ],
            "at another stage",
        ),
        (
            &[r#"{"kind":"PlanReleased","v":1,"why":""}"#],
            "no runner has the plan",
        ),
        (
            &[r#"{"kind":"ReplyRejected","v":1,"call_id":"c1","why":""}"#],
            "no reply came before it",
        ),
    ];
    for (events, message) in cases {
        let text = why(events);
        assert!(text.contains(message), "{events:?}: {text}");
    }
}

#[test]
fn nothing_follows_an_end_but_bookkeeping() {
    for end in ["PlanDeclined", "PlanCancelled"] {
        let ended = fold::apply(Some(drafted(BODY)), &entry(1, 0, vec![some(end)])).unwrap();
        for event in every_event() {
            let before = ended.status.name();
            if let Ok(after) = fold::apply(Some(ended.clone()), &entry(2, 0, vec![event.clone()])) {
                assert_eq!(after.status.name(), before, "{}", event.kind());
                assert!(after.run.is_none() && after.calls.in_flight.is_empty());
            }
        }
    }
}

#[test]
fn a_journal_begins_once_and_with_a_beginning() {
    let beginnings = ["PlanDrafted", "PlanImported"];
    for event in every_event() {
        let first = fold::apply(None, &entry(0, 0, vec![event.clone()]));
        assert_eq!(
            first.is_ok(),
            beginnings.contains(&event.kind()),
            "{}",
            event.kind()
        );
        if beginnings.contains(&event.kind()) {
            let again = fold::apply(first.ok(), &entry(1, 0, vec![event.clone()])).unwrap_err();
            assert_eq!(again.kind, event.kind());
        }
    }
    assert_eq!(
        fold::apply(None, &entry(0, 0, Vec::new()))
            .unwrap_err()
            .kind,
        "nothing"
    );
}

#[test]
fn a_frame_of_a_fenced_off_runner_cannot_have_been_written() {
    let frames = history();
    let claim = frames.iter().position(|f| f.epoch.0 == 2).unwrap();
    for wrong in [0, 1, 3] {
        let mut late = frames[..claim + 2].to_vec();
        late[claim + 1].epoch.0 = wrong;
        let corrupt = fold_all(&late).unwrap_err();
        assert!(corrupt.why.contains("is not the plan's 2"), "{corrupt}");
        assert_eq!(corrupt.seq, claim as u64 + 1);
    }
}

#[test]
fn frames_lost_repeated_or_swapped_are_not_read_as_another_history() {
    not_another_history(&history());
    not_another_history(&of_a_team());
}

fn not_another_history(frames: &[Entry]) {
    let whole = format!("{:?}", fold_all(frames).unwrap());
    let bookkeeping = |f: &Entry| {
        f.events
            .iter()
            .all(|e| matches!(e.kind(), "EditRejected" | "CapsChanged" | "PlanRevised"))
    };
    // Once a tool has returned, nothing is left of its start; older programs did not tell of it.
    let forgotten = |f: &Entry| f.events.iter().all(|e| e.kind() == "ToolCallStarted");
    for at in 1..frames.len() {
        let mut repeated = frames.to_vec();
        repeated.insert(at, frames[at].clone());
        assert!(
            fold_all(&repeated).is_err() || bookkeeping(&frames[at]),
            "frame {at} twice"
        );
        let mut less = frames.to_vec();
        less.remove(at);
        assert!(
            fold_all(&less).is_err()
                || at == frames.len() - 1
                || bookkeeping(&frames[at])
                || forgotten(&frames[at])
                || format!("{:?}", fold_all(&less).unwrap()) != whole,
            "frame {at} lost"
        );
    }
}

#[test]
fn what_follows_an_event_of_a_newer_program_is_never_called_corrupt() {
    let mut frames = history();
    frames[3].events = vec![event(
        r#"{"kind":"ModelCallStarted","v":9,"what":"is this"}"#,
    )];
    let plan = fold_all(&frames).unwrap();
    assert_eq!(plan.unknown.as_deref(), Some("ModelCallStarted v9"));
    assert_eq!(plan.status, Status::Done);
}

/// Events that lead far when they come in the right order, among all others.
fn sequence() -> impl Strategy<Value = Vec<Event>> {
    let all = every_event();
    let useful: Vec<Event> = history()
        .into_iter()
        .skip(1)
        .chain(of_a_team().into_iter().skip(1))
        .flat_map(|f| f.events)
        .collect();
    let one = prop_oneof![
        3 => proptest::sample::select(useful),
        2 => proptest::sample::select(all),
        1 => edge(),
    ];
    proptest::collection::vec(one, 0..60)
}

/// Numbers at the end of their range.
fn edge() -> impl Strategy<Value = Event> {
    let lines = [
        r#"{"kind":"SubObjectiveStarted","v":1,"index":4294967295,"title":""}"#,
        r#"{"kind":"SubObjectiveStarted","v":1,"index":0,"title":""}"#,
        r#"{"kind":"SubObjectiveFinished","v":1,"index":0,"summary":""}"#,
        r#"{"kind":"PlanClaimed","v":1,"epoch":18446744073709551615,"recovered":true}"#,
        r#"{"kind":"TasksPlanned","v":1,"index":1,"tasks":[]}"#,
        r#"{"kind":"TaskRedone","v":1,"task":"s1-t1","attempt":4294967295,"defects":[]}"#,
        r#"{"kind":"TaskProduced","v":1,"task":"s1-t1","attempt":0,"call_id":"c1","claim":""}"#,
        r#"{"kind":"BudgetWarned","v":1,"cap":"cost","used":18446744073709551615,"limit":0}"#,
        r#"{"kind":"ModelCallCompleted","v":1,"call_id":"c0001-s1-plan","usage":{"input_tokens":18446744073709551615,"output_tokens":18446744073709551615},"cost":18446744073709551615,"latency_ms":0,"reply":""}"#,
        r#"{"kind":"ModelCallStarted","v":1,"call_id":"c0001-s1-plan","step":{"kind":"plan-tasks","index":0},"model":"","agent_id":"","reserved":{"tokens":18446744073709551615,"cost":18446744073709551615},"prompt_b3":"0000000000000000000000000000000000000000000000000000000000000000"}"#,
        r#"{"kind":"PlanSung","v":1}"#,
    ];
    proptest::sample::select(lines.map(event).to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// Each event in a frame of its own; one that cannot apply is skipped, so that the walk goes deep.
    #[test]
    fn fold_names_what_is_wrong_and_never_panics(events in sequence(), imported in any::<bool>()) {
        let genesis = if imported {
            event(r#"{"kind":"PlanImported","v":1,"format":1,"plan":"ESS-P-1","project":"ESS","head":[],"body":"","caps":{},"found":{"created_at":"2026-11-23T20:00:00Z","status":"executing","transitions":[],"current_index":4294967295,"reflections":[],"spawned_kickoffs":[],"execution_started_at":null,"tokens_used":18446744073709551615,"cost_usd_used":18446744073709551615,"usage":null,"file":"abababababababababababababababababababababababababababababababab"}}"#)
        } else {
            history()[0].events[0].clone()
        };
        let mut plan = fold_all(&[entry(0, 0, vec![genesis])]).unwrap();
        for (seq, event) in (1..).zip(events) {
            let epoch = plan.epoch.0 + u64::from(event.kind() == "PlanClaimed");
            let kind = event.kind().to_owned();
            match fold::apply(Some(plan.clone()), &entry(seq, epoch, vec![event])) {
                Ok(next) => {
                    prop_assert!(!plan.status.name().is_terminal() || next.status.name() == plan.status.name());
                    prop_assert!(next.epoch >= plan.epoch && next.current_index >= plan.current_index);
                    plan = next;
                }
                Err(corrupt) => {
                    prop_assert_eq!(corrupt.seq, seq);
                    prop_assert_eq!(corrupt.kind, kind);
                }
            }
            let text = projections::frontmatter::render(&plan);
            prop_assert!(projections::document::read(text.as_bytes()).is_ok());
            let _ = plan.committed();
        }
    }
}
