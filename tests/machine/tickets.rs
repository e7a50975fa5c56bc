//! A decision is bound to what was shown, and given once.

use modulatio::{command::Command, decide::Refusal};
use projections::{event::Decision, payload::Digest, plan::Status};

use crate::{
    script::{Script, reflect, revise},
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
