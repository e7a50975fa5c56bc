//! What a rehearsal must find the same, and what it must not.

#[cfg(test)]
mod made;

use projections::{
    event::{CapKind, Caps, Decision, Event, FailureClass},
    memory::{Recalled, Remembered, Store},
};
use serde_json::json;

use super::{Differs, Divergence, Premise, Recording, What};
use crate::{
    command::{Change, Command},
    decide::Policy,
};
use made::{Answer, Made, OBJECTIVE, TEXT, premise, reflection, rejection, revision};

/// Everything is the same, and the plan comes to rest as recorded.
#[track_caller]
fn is_faithful(made: &Made, calls: usize) {
    let report = made.rehearsed();
    assert_eq!(report.divergence, None);
    assert_eq!(made.recording().calls().len(), calls);
    assert_eq!(report.same, calls as u64);
    assert_eq!(report.saved, report.recorded);
    assert!(
        report.stands.starts_with(made.status()),
        "{}",
        report.stands
    );
}

#[track_caller]
fn first_difference(made: &Made, premise: &Premise) -> (u64, Divergence) {
    let report = made.rehearsed_by(premise).unwrap();
    (report.same, report.divergence.unwrap())
}

fn recalled() -> Recalled {
    let entry = Remembered {
        store: Store::TeamMemory,
        id: "ESS-P-001-m1".to_owned(),
        score: 630,
        source: "a fact by qc".to_owned(),
        text: "Seneca wrote letters.".to_owned(),
    };
    Recalled {
        embedder: "words".to_owned(),
        entries: vec![entry],
    }
}

fn rules(redos: u32) -> Policy {
    Policy {
        redos,
        ..Policy::default()
    }
}

#[test]
fn the_same_program_asks_everything_the_same() {
    let mut made = Made::approved().says("s1-t1-qc-1", rejection());
    made.run();
    assert_eq!(made.status(), "done");
    is_faithful(&made, 10);
    let bill = made.rehearsed().saved;
    assert_eq!((bill.tokens, bill.cost.0, bill.unpriced), (1_000, 3_000, 0));
}

#[test]
fn failed_calls_and_lost_runners_are_no_difference() {
    let mut made = Made::approved()
        .on("s1-plan", Answer::Fails(FailureClass::Server))
        .on("s1-t1-produce-1", Answer::Dies)
        .on("s1-t1-produce-1", Answer::Dies)
        .on("s2-reflect", Answer::Fails(FailureClass::Connection));
    made.run();
    assert_eq!(made.status(), "done");
    is_faithful(&made, 8);
}

#[test]
fn what_a_call_that_was_never_answered_was_shown_of_the_memory_is_shown_here_too() {
    let mut made = Made::approved()
        .on("s1-t1-produce-1", Answer::Dies)
        .on("s1-t1-qc-1", Answer::Fails(FailureClass::Connection));
    made.memory = Some(recalled());
    made.run();
    is_faithful(&made, 8);
}

#[test]
fn results_of_tools_come_from_the_recording() {
    let mut made = Made::approved()
        .on("s1-t1-produce-1", Answer::Calls("list_files"))
        .on("s1-t1-produce-1", Answer::Calls("read_file"))
        .on("s1-t1-produce-1", Answer::Squeezed);
    made.run();
    is_faithful(&made, 10);
}

#[test]
fn a_model_that_was_given_up_starts_the_task_anew_here_too() {
    let mut made = Made::approved()
        .on("s1-t1-produce-1", Answer::Calls("list_files"))
        .on("s1-t1-produce-1", Answer::FallsBack);
    made.run();
    is_faithful(&made, 9);
}

#[test]
fn a_reply_that_is_to_be_repaired_is_repaired() {
    let mut made = Made::approved().on("s1-plan", Answer::Says("no json".to_owned()));
    made.run();
    is_faithful(&made, 9);
}

#[test]
fn answers_to_tickets_are_given_again() {
    let rejected = |made: Made, n: u32| made.says(&format!("s1-t1-qc-{n}"), rejection());
    let made = Made::approved().says("s1-reflect", reflection("pause"));
    let mut made = (1..=5).fold(made, rejected);
    made.run();
    assert!(made.plan.run.as_ref().unwrap().blocked().next().is_some());
    made.resume();
    made.run();
    made.answer(Decision::Approved);
    made.run();
    assert_eq!(made.status(), "done");
    is_faithful(&made, 18);
}

#[test]
fn an_approved_revision_is_applied_from_the_reply() {
    let mut made = Made::approved().says("s1-reflect", revision());
    made.run();
    made.resume();
    made.run();
    assert!(made.plan.body.contains("Other"));
    is_faithful(&made, 8);
}

#[test]
fn a_declined_ticket_ends_the_plan_here_too() {
    let mut made = Made::approved().says("s1-reflect", reflection("pause"));
    made.run();
    made.answer(Decision::Declined);
    assert_eq!(made.status(), "aborted");
    is_faithful(&made, 4);
}

#[test]
fn what_an_operator_rewrote_is_rewritten_where_it_was() {
    let mut made = Made::approved().says("s1-reflect", reflection("pause"));
    made.run();
    made.edit("write two", "write two hundred", None);
    made.person(Command::EditBudget {
        tokens: Change::Set(50_000),
        cost: Change::Keep,
        minutes: Change::Keep,
    });
    made.resume();
    made.run();
    is_faithful(&made, 8);
}

/// In one frame: the text, the answer to the ticket, and going on.
#[test]
fn an_edit_that_answers_the_leaders_proposal_takes_its_place() {
    let mut made = Made::approved().says("s1-reflect", revision());
    made.run();
    made.edit("write two", "write two hundred", Some("approved"));
    made.run();
    assert_eq!(made.status(), "done");
    assert!(!made.plan.body.contains("Other"));
    is_faithful(&made, 8);
}

#[test]
fn a_pause_that_the_world_forced_is_followed() {
    let mut made = Made::approved().on("s1-reflect", Answer::Fails(FailureClass::Refused));
    made.run();
    assert_eq!(made.status(), "paused");
    is_faithful(&made, 3);
    made.resume();
    made.run();
    is_faithful(&made, 8);
}

#[test]
fn a_cap_that_stopped_the_recorded_run_is_followed() {
    let mut made = Made::draft(&TEXT.replace("100000", "1150"));
    let note = String::new();
    made.person(Command::Approve { note });
    made.run();
    let exhausted = |e: &Event| matches!(e, Event::BudgetExhausted(e) if e.cap == CapKind::Tokens);
    assert!(made.entries.iter().flat_map(|e| &e.events).any(exhausted));
    is_faithful(&made, 2);
}

#[test]
fn a_cancelled_plan_is_cancelled() {
    let mut made = Made::approved().says("s1-reflect", reflection("pause"));
    made.run();
    let note = String::new();
    made.person(Command::Cancel { note, cut: false });
    is_faithful(&made, 4);
}

#[test]
fn long_texts_are_found_and_missing_ones_are_an_error() {
    let mut made = Made::approved().says("s1-t1-qc-1", rejection());
    made.long = true;
    made.run();
    assert!(!made.blobs.is_empty());
    is_faithful(&made, 10);
    made.blobs.clear();
    let missing = made.rehearsed_by(&premise()).unwrap_err();
    assert!(missing.ends_with("is missing"), "{missing}");
}

#[test]
fn another_objective_differs_from_the_first_step_on_and_lies_outside() {
    let mut made = Made::approved();
    made.run();
    let other = Premise {
        ground: made::ground("Essays on Cynicism."),
        ..premise()
    };
    let (same, divergence) = first_difference(&made, &other);
    assert_eq!((same, divergence.step.as_deref()), (0, Some("s1-plan")));
    assert_eq!(divergence.sub_objective, Some((1, "First".to_owned())));
    let differs = Differs::Outside;
    assert_eq!(divergence.what, What::Prompt { differs });
    assert!(divergence.excerpt().unwrap().contains("Cynicism"));
}

/// As another version of a template would have it.
#[test]
fn another_prompt_in_the_middle_is_found_there() {
    let mut made = Made::approved();
    made.run();
    let asked = |entry: &&mut projections::fold::Entry| matches!(&entry.events[..], [Event::ModelCallStarted(e)] if e.step.label() == "s2-plan");
    let entry = made.entries.iter_mut().find(asked).unwrap();
    if let Event::ModelCallStarted(e) = &mut entry.events[0] {
        e.prompt_b3 = projections::payload::Digest::of(b"another");
    }
    let seq = entry.mark.anchor.seq;
    let (same, divergence) = first_difference(&made, &premise());
    assert_eq!((same, divergence.seq), (4, seq));
    let differs = Differs::Outside;
    assert_eq!(divergence.what, What::Prompt { differs });
}

#[test]
fn another_plans_text_is_compared_line_by_line() {
    let mut made = Made::approved();
    made.run();
    let mut other = Made::draft(&TEXT.replace("write two", "write too")).plan;
    other.id = "ESS-P-002".parse().unwrap();
    let other = Premise {
        other: Some(Box::new(other)),
        ..premise()
    };
    let (_, divergence) = first_difference(&made, &other);
    let What::Prompt {
        differs: Differs::State { parts },
    } = divergence.what
    else {
        panic!("{divergence:?}");
    };
    assert_eq!(parts.len(), 1);
    assert_eq!(parts[0].place, "system prompt");
    assert_eq!(parts[0].today, "**2. Second** — write too.");
    assert_eq!(parts[0].recorded, "**2. Second** — write two.");
}

#[test]
fn another_plan_of_the_same_text_does_the_same_pauses_included() {
    let mut made = Made::approved().says("s1-reflect", reflection("pause"));
    made.run();
    made.resume();
    made.run();
    let other = Premise {
        other: Some(Box::new(Made::draft(TEXT).plan)),
        ..premise()
    };
    let report = made.rehearsed_by(&other).unwrap();
    assert_eq!((report.same, report.divergence), (8, None));
}

#[test]
fn a_lower_cap_of_today_pauses_the_plan() {
    let mut made = Made::draft("## E\n\n### Sub-objectives\n\n**1. First** — write one.\n");
    let note = String::new();
    made.person(Command::Approve { note });
    made.run();
    let default_caps = Caps {
        max_tokens: Some(1_250),
        ..Caps::default()
    };
    let today = Premise {
        policy: Policy {
            default_caps,
            ..Policy::default()
        },
        ..premise()
    };
    let (_, divergence) = first_difference(&made, &today);
    assert_eq!(divergence.step.as_deref(), Some("s1-reflect"));
    let What::Pauses { why } = divergence.what else {
        panic!("{divergence:?}");
    };
    assert!(why.contains("max_tokens"), "{why}");
}

/// Of one that hears `rejections` replies of a wrong form to a step.
fn patient(rejections: u32) -> Policy {
    Policy {
        rejections,
        ..Policy::default()
    }
}

#[test]
fn a_program_that_is_more_patient_goes_on_where_the_recording_paused() {
    let mut made = Made::approved().on("s1-plan", Answer::Says("no json".to_owned()));
    made.policy = patient(1);
    made.run();
    assert_eq!(made.status(), "paused");
    let (same, divergence) = first_difference(&made, &premise());
    assert_eq!(same, 1);
    let What::GoesOn { today, recorded } = divergence.what else {
        panic!("{divergence:?}");
    };
    assert_eq!(today, "ask s1-plan");
    assert!(recorded.starts_with("paused: the reply to s1-plan"));
}

#[test]
fn a_program_that_is_less_patient_pauses_where_the_recording_went_on() {
    let mut made = Made::approved().on("s1-plan", Answer::Says("no json".to_owned()));
    made.run();
    let today = Premise {
        policy: patient(1),
        ..premise()
    };
    let (same, divergence) = first_difference(&made, &today);
    assert_eq!(same, 1);
    assert!(matches!(divergence.what, What::Pauses { .. }));
}

#[test]
fn a_program_that_redoes_less_has_quality_control_mend_where_the_recording_redid() {
    for (then, today, asks, asked) in [
        (3, 0, "ask s1-t1-fix-2", "s1-t1-produce-2"),
        (0, 3, "ask s1-t1-produce-2", "s1-t1-fix-2"),
    ] {
        let mut made = Made::approved().says("s1-t1-qc-1", rejection());
        made.policy = rules(then);
        made.run();
        let today = Premise {
            policy: rules(today),
            ..premise()
        };
        let (same, divergence) = first_difference(&made, &today);
        assert_eq!(same, 3);
        let expected = What::OtherStep {
            today: asks.to_owned(),
            recorded: asked.to_owned(),
        };
        assert_eq!(divergence.what, expected);
    }
}

/// As a program would that took the answer otherwise.
#[test]
fn another_step_is_named_with_the_recorded_one() {
    let mut made = Made::approved();
    made.run();
    let reflected = |event: &Event| match event {
        Event::ModelCallCompleted(e) => e.call_id.to_string().ends_with("s1-t1-qc-1"),
        _ => false,
    };
    let entry = made
        .entries
        .iter_mut()
        .find(|entry| entry.events.iter().any(reflected));
    if let Event::ModelCallCompleted(e) = &mut entry.unwrap().events[0] {
        e.reply = projections::payload::Payload::Text(rejection().to_string());
    }
    let (same, divergence) = first_difference(&made, &premise());
    assert_eq!(same, 3);
    let expected = What::OtherStep {
        today: "ask s1-t1-produce-2".to_owned(),
        recorded: "s1-reflect".to_owned(),
    };
    assert_eq!(divergence.what, expected);
}

#[test]
fn a_recording_that_is_cut_ends_there() {
    let mut made = Made::approved();
    made.run();
    let all = made.entries.len();
    for frames in 3..all {
        let recording = Recording::of(made.entries[..frames].iter().cloned());
        let report = made.replayed(&recording, &premise()).unwrap();
        assert_eq!(report.same, recording.calls().len() as u64);
        let divergence = report.divergence.unwrap();
        assert!(
            matches!(&divergence.what, What::RecordingEnds { damage: None, .. }),
            "{frames}: {divergence:?}"
        );
    }
}

#[test]
fn a_damaged_recording_is_never_whole() {
    let mut made = Made::approved().says("s1-reflect", reflection("pause"));
    made.run();
    let recording = made.recording().cut_by(Some("frame 12: torn".to_owned()));
    let report = made.replayed(&recording, &premise()).unwrap();
    assert_eq!(report.same, 4);
    let What::RecordingEnds { damage, today } = report.divergence.unwrap().what else {
        panic!("it has no end");
    };
    assert_eq!(damage.as_deref(), Some("frame 12: torn"));
    assert!(today.starts_with("paused"));
}

#[test]
fn frames_that_cannot_have_happened_are_left_out() {
    let mut made = Made::approved();
    made.run();
    made.entries.remove(5);
    let recording = made.recording();
    assert!(recording.frames().len() < made.entries.len());
    assert!(recording.fault().unwrap().contains("cannot apply"));
}

#[test]
fn a_recording_pairs_what_was_asked_with_what_came_back() {
    let mut made = Made::approved().on("s1-plan", Answer::Fails(FailureClass::Server));
    made.run();
    let recording = made.recording();
    let labels: Vec<String> = recording
        .calls()
        .iter()
        .map(|call| call.asked.step.label())
        .collect();
    let expected = ["plan", "t1-produce-1", "t1-qc-1", "reflect"];
    let expected = [1, 2]
        .map(|n| expected.map(|step| format!("s{n}-{step}")))
        .concat();
    assert_eq!(labels, expected);
    for call in recording.calls() {
        assert_eq!(recording.call(&call.asked.call_id), Some(call));
        assert_eq!(call.answered.call_id, call.asked.call_id);
    }
    assert_eq!(recording.plan().unwrap().to_string(), "ESS-P-001");
    assert_eq!(
        json!(recording.bill()),
        json!({"calls": 8, "tokens": 800, "cost_micro_usd": 2_400, "unpriced": 0})
    );
    assert_eq!(OBJECTIVE, premise().ground.objective);
}
