//! Every version of every event that ever landed still replays. The files in `golden/` are never edited; a new
//! kind or version adds lines.

use std::collections::BTreeSet;

use projections::{codec, event::Event, files::Ledger, fold, frontmatter, timeline};

use crate::support::{EVENTS, HISTORY, event, every_event, fold_all, history, of_a_team};

#[test]
fn every_golden_event_reads_and_writes_back_byte_for_byte_in_its_newest_version() {
    for line in EVENTS.lines() {
        let event = event(line);
        assert!(!matches!(event, Event::Unknown(_)), "{line}");
        let again = codec::encode(std::slice::from_ref(&event));
        if is_newest(line) {
            assert_eq!(again, format!("[{line}]"));
        } else {
            assert_eq!(codec::decode(&again).unwrap(), [event], "{line}");
        }
    }
}

/// Whether this is the version that the program writes.
fn is_newest(line: &str) -> bool {
    let value: serde_json::Value = serde_json::from_str(line).unwrap();
    let (kind, v) = (
        value["kind"].as_str().unwrap(),
        value["v"].as_u64().unwrap(),
    );
    Event::KINDS.contains(&(kind, u32::try_from(v).unwrap()))
}

#[test]
fn a_value_that_came_with_a_version_has_its_default_before_it() {
    let of = |kind: &str| {
        let is = |line: &&str| line.contains(&format!("\"{kind}\",\"v\":1"));
        event(EVENTS.lines().find(is).unwrap())
    };
    let Event::ModelCallCompleted(done) = of("ModelCallCompleted") else {
        panic!()
    };
    assert!(done.tool_calls.is_empty() && !done.cut && done.in_doubt.is_none());
    let Event::ModelCallStarted(started) = of("ModelCallStarted") else {
        panic!()
    };
    assert_eq!(started.prompt_bytes, 0);
    let Event::ModelCallFailed(failed) = of("ModelCallFailed") else {
        panic!()
    };
    assert!(!failed.in_doubt);
    let Event::TasksPlanned(planned) = of("TasksPlanned") else {
        panic!()
    };
    let spec = &planned.tasks[0];
    assert_eq!(spec.artifacts.len(), 1, "a task had one artifact");
    assert!(spec.needs.is_empty() && spec.producer.is_none());
    let Event::TaskRedone(redone) = of("TaskRedone") else {
        panic!()
    };
    assert_eq!(redone.how, projections::work::Redo::Anew);
    let Event::TaskReviewed(reviewed) = of("TaskReviewed") else {
        panic!()
    };
    assert!(!reviewed.by_engine);
    let Event::TicketOpened(ticket) = of("TicketOpened") else {
        panic!()
    };
    assert!(!ticket.for_information && ticket.found.is_none());
    let Event::ToolCallFinished(tool) = of("ToolCallFinished") else {
        panic!()
    };
    assert!(tool.shown.is_none());
    let Event::DraftRequested(wish) = of("DraftRequested") else {
        panic!()
    };
    assert!(wish.mandate.is_none());
    let Event::ArtifactWritten(written) = of("ArtifactWritten") else {
        panic!()
    };
    assert!(written.content.is_none());
    let Event::PlanCancelled(cancelled) = of("PlanCancelled") else {
        panic!()
    };
    assert!(!cancelled.cut, "calls under way were awaited");
}

#[test]
fn no_kind_of_the_vocabulary_is_missing_from_the_golden_file() {
    let golden: BTreeSet<(String, u64)> = EVENTS
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|e| {
            (
                e["kind"].as_str().unwrap().to_owned(),
                e["v"].as_u64().unwrap(),
            )
        })
        .collect();
    let known: BTreeSet<(String, u64)> = Event::KINDS
        .iter()
        .map(|(kind, v)| ((*kind).to_owned(), u64::from(*v)))
        .collect();
    assert_eq!(
        known.difference(&golden).collect::<Vec<_>>(),
        Vec::<&(String, u64)>::new()
    );
}

#[test]
fn a_missing_required_field_is_an_error_not_a_guess() {
    for line in EVENTS.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let fields = value.as_object().unwrap();
        for key in fields.keys().filter(|key| !fields[*key].is_null()) {
            let mut less = fields.clone();
            less.shift_remove(key);
            let text = serde_json::to_string(&[less]).unwrap();
            // Either it is refused, or the field is one that reads as absent and writes so again.
            if let Ok(events) = codec::decode(&text) {
                let again = codec::decode(&codec::encode(&events)).unwrap();
                assert_eq!(again, events, "{key} of {line}");
            }
        }
    }
}

#[test]
fn every_event_is_described_in_one_line() {
    let escape = event(r#"{"kind":"PlanReleased","v":1,"why":"a\nb\u001b[2J"}"#);
    for event in every_event().into_iter().chain([escape]) {
        let text = timeline::describe(&event);
        assert!(!text.contains(char::is_control), "{text:?}");
        assert!(!text.trim().is_empty(), "{}", event.kind());
        assert_ne!(text, event.kind());
    }
}

#[test]
fn the_golden_history_folds_to_the_same_plan_file() {
    let plan = fold_all(&history()).unwrap();
    insta::assert_snapshot!(frontmatter::render(&plan));
}

#[test]
fn the_golden_history_of_a_team_folds_to_the_same_plan_file() {
    let plan = fold_all(&of_a_team()).unwrap();
    let report = plan.quality_report.as_deref().unwrap();
    insta::assert_snapshot!(format!("{}\n=====\n{report}", frontmatter::render(&plan)));
}

#[test]
fn the_golden_history_of_a_team_reads_as_a_timeline() {
    let events = of_a_team().into_iter().flat_map(|entry| entry.events);
    let lines: Vec<String> = events.map(|event| timeline::describe(&event)).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn the_golden_history_of_a_team_projects_the_same_ledgers() {
    insta::assert_snapshot!(ledgers(of_a_team()));
}

#[test]
fn the_golden_history_projects_the_same_ledgers() {
    insta::assert_snapshot!(ledgers(history()));
}

fn ledgers(history: Vec<fold::Entry>) -> String {
    let mut plan = None;
    let mut ledgers = [String::new(), String::new(), String::new()];
    for entry in history {
        let mut observe = |plan: &projections::plan::Plan, event: &Event| {
            for (ledger, text) in Ledger::ALL.into_iter().zip(&mut ledgers) {
                for piece in ledger.addition(plan, &entry, event) {
                    let bytes = piece.resolved::<()>(&mut |payload| match payload {
                        projections::payload::Payload::Text(text) => Ok(text.clone().into()),
                        projections::payload::Payload::Blob(_) => Err(()),
                    });
                    text.push_str(std::str::from_utf8(&bytes.unwrap()).unwrap());
                }
            }
        };
        plan = Some(fold::apply_observed(plan, &entry, &mut observe).unwrap());
    }
    ledgers.join("----\n")
}

#[test]
fn the_golden_history_reads_as_a_timeline() {
    let lines: Vec<String> = history()
        .iter()
        .flat_map(|entry| entry.events.iter().map(timeline::describe))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn every_prefix_of_the_golden_history_is_a_plan_that_renders_and_reads_back() {
    assert_eq!(history().len(), HISTORY.lines().count());
    for frames in [history(), of_a_team()] {
        for end in 1..=frames.len() {
            let plan = fold_all(&frames[..end]).unwrap();
            let text = frontmatter::render(&plan);
            let document = projections::document::read(text.as_bytes()).unwrap();
            assert_eq!(
                document.values["status"].as_str(),
                Some(plan.status.name().as_str())
            );
            assert_eq!(document.body, plan.body);
        }
    }
}
