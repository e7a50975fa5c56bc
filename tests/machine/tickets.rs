//! A decision is bound to what was shown, and given once.

use modulatio::{command::Command, decide::Refusal};
use projections::{
    event::{Decision, Event, StatusName},
    payload::Digest,
    plan::Status,
};

use crate::{
    script::{Script, reflect, revise, verdict},
    world::World,
};

fn asking(text: String) -> World {
    let mut world = World::approved();
    world.drive(Script::default().says("s1-reflect", text));
    world
}

fn decide(world: &mut World, ticket: &str, digest: Digest) -> Refusal {
    let command = Command::DecideTicket {
        ticket: ticket.parse().unwrap(),
        digest,
        decision: Decision::Approved,
        note: String::new(),
    };
    world.operator(command).unwrap_err()
}

#[test]
fn a_decision_on_another_text_is_refused() {
    let mut world = asking(reflect("pause"));
    assert!(
        decide(&mut world, "ESS-1", Digest([7; 32]))
            .to_string()
            .contains("not what was shown")
    );
    assert!(
        decide(&mut world, "ESS-9", Digest([7; 32]))
            .to_string()
            .contains("never opened")
    );
}

#[test]
fn a_ticket_is_answered_once() {
    let mut world = asking(reflect("pause"));
    let digest = world.plan.open_tickets().next().unwrap().1.digest;
    world.answer(Decision::Approved);
    assert!(
        decide(&mut world, "ESS-1", digest)
            .to_string()
            .contains("answered before")
    );
}

#[test]
fn resuming_a_plan_answers_what_it_asked_with_yes() {
    for command in [
        Command::Resume {
            note: "yes".to_owned(),
        },
        Command::Approve {
            note: "yes".to_owned(),
        },
    ] {
        let mut world = asking(revise(&["Other"]));
        world.operator(command).unwrap();
        assert!(world.plan.open_tickets().next().is_none());
        assert!(world.plan.body.contains("**2. Other**"));
        assert_eq!(world.plan.status, Status::Approved);
    }
}

#[test]
fn declining_or_cancelling_a_plan_answers_what_it_asked_with_no() {
    let ends = [
        (
            Command::Decline {
                note: "no".to_owned(),
            },
            Status::Aborted,
        ),
        (
            Command::Cancel {
                note: "no".to_owned(),
                cut: true,
            },
            Status::Cancelled { cut: true },
        ),
    ];
    for (command, end) in ends {
        let mut world = asking(revise(&["Other"]));
        world.operator(command).unwrap();
        assert!(world.plan.open_tickets().next().is_none());
        assert_eq!(world.plan.status, end);
        assert!(!world.plan.body.contains("Other"));
    }
}

#[test]
fn an_approved_revision_does_not_overwrite_what_the_operator_wrote_in_the_same_edit() {
    let mut world = asking(revise(&["Other"]));
    crate::edits::edit(&mut world, |text| {
        text.replace("**2. Second**", "**2. Mine**")
            .replace("status: paused", "status: approved")
    })
    .unwrap();
    assert_eq!(world.plan.status, Status::Approved);
    assert!(
        world.plan.body.contains("**2. Mine**"),
        "{}",
        world.plan.body
    );
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
    world.check_replay();
}

#[test]
fn a_blocked_task_whose_sub_objective_was_rewritten_starts_anew() {
    let mut world = World::approved();
    world.drive(
        Script::default().says("s1-t1-qc-1", crate::script::verdict(false, "environmental")),
    );
    crate::edits::edit(&mut world, |text| text.replace("an essay.", "a letter.")).unwrap();
    assert!(world.plan.run.is_none());
    world.answer(Decision::Approved);
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
    world.check_replay();
}

/// A plan in this status with ESS-1, which tells what quality control mended, and, where it waits for a person, ESS-2,
/// which asks.
fn telling(status: StatusName) -> World {
    let rejected =
        |script: Script, n| script.says(&format!("s1-t1-qc-{n}"), verdict(false, "substantive"));
    let script = (1..=4).fold(Script::default(), rejected);
    let mut world = World::approved();
    if status == StatusName::Done {
        world.drive(script);
        return world;
    }
    world.drive(script.says("s1-reflect", reflect("pause")));
    let note = || "word".to_owned();
    match status {
        StatusName::Paused => {}
        StatusName::Approved | StatusName::Executing => {
            world.operator(Command::Resume { note: note() }).unwrap();
        }
        StatusName::Cancelled => drop(
            world
                .operator(Command::Cancel {
                    note: note(),
                    cut: false,
                })
                .unwrap(),
        ),
        StatusName::Aborted => drop(world.operator(Command::Decline { note: note() }).unwrap()),
        StatusName::Draft | StatusName::Declined | StatusName::Done => {
            panic!("a plan that is {status} has done nothing that could be told")
        }
    }
    if status == StatusName::Executing {
        world.claim().unwrap();
    }
    world
}

const TELLING: [StatusName; 6] = [
    StatusName::Approved,
    StatusName::Executing,
    StatusName::Paused,
    StatusName::Cancelled,
    StatusName::Aborted,
    StatusName::Done,
];

fn by_hand(world: &mut World, number: u32, decision: Decision) -> Result<Vec<String>, String> {
    let ticket = format!("ESS-{number}").parse().unwrap();
    let command = Command::DecideTicket {
        digest: world.plan.tickets[&ticket].digest,
        ticket,
        decision,
        note: String::new(),
    };
    let kinds = |events: Vec<Event>| events.iter().map(|e| e.kind().to_owned()).collect();
    let outcome = world.submit(&command, "file-edit", None);
    outcome.map(kinds).map_err(|refusal| refusal.to_string())
}

#[test]
fn what_only_tells_is_answered_once_in_every_status_and_changes_nothing() {
    for status in TELLING {
        for decision in [Decision::Approved, Decision::Declined] {
            let mut world = telling(status);
            assert_eq!(world.plan.status.name(), status);
            let answered = by_hand(&mut world, 1, decision);
            assert_eq!(answered, Ok(vec!["TicketDecided".to_owned()]), "{status}");
            assert_eq!(world.plan.status.name(), status);
            for again in [Decision::Approved, Decision::Declined] {
                let refused = by_hand(&mut world, 1, again).unwrap_err();
                assert!(refused.contains("was answered before"), "{refused}");
            }
            world.check_replay();
        }
    }
}

#[test]
fn what_asks_is_answered_while_the_plan_waits_and_never_after() {
    for decision in [Decision::Approved, Decision::Declined] {
        let mut world = telling(StatusName::Paused);
        let end = match decision {
            Decision::Approved => "PlanResumed",
            Decision::Declined => "PlanAborted",
        };
        let answered = by_hand(&mut world, 2, decision);
        let expected = vec!["TicketDecided".to_owned(), end.to_owned()];
        assert_eq!(answered, Ok(expected));
        // What only tells is left open by that.
        assert_eq!(
            world.plan.tickets.values().filter(|t| t.is_open()).count(),
            1
        );
        world.check_replay();
    }
    for status in TELLING {
        for decision in [Decision::Approved, Decision::Declined] {
            let mut world = telling(status);
            if matches!(status, StatusName::Paused | StatusName::Done) {
                continue;
            }
            let refused = by_hand(&mut world, 2, decision).unwrap_err();
            assert!(
                refused.contains("was answered before"),
                "{status}: {refused}"
            );
        }
    }
}

#[test]
fn one_that_was_withdrawn_takes_no_answer() {
    let mut world = World::wished("Two essays on Seneca.");
    world.drive(Script::default());
    let asked: Vec<_> = world
        .plan
        .open_tickets()
        .map(|(id, _)| id.number())
        .collect();
    crate::edits::edit(&mut world, |text| format!("{text}\nOne more word.\n")).unwrap();
    by_hand(&mut world, asked[0], Decision::Approved).unwrap();
    assert_eq!(world.plan.status, Status::Draft);
    for decision in [Decision::Approved, Decision::Declined] {
        let refused = by_hand(&mut world, asked[0], decision).unwrap_err();
        assert!(refused.contains("asks no longer"), "{refused}");
    }
    assert_eq!(world.plan.open_tickets().count(), 1, "it was asked anew");
}
