//! The Leader writes a plan: asked, answered, changed, approved; and divides a sub-objective that is too large.

use modulatio::{
    command::{Command, Report, Room},
    effect,
};
use projections::{
    event::{Decision, Event, FailureClass, Mandate, StatusName, TicketSubject},
    ids::Epoch,
    payload::Digest,
    plan::{Status, Ticket},
    work::Step,
};

use crate::{
    edits,
    script::{Script, draft, revise},
    world::World,
};

fn written() -> World {
    let mut world = World::wished("Two essays on Seneca.");
    world.drive(Script::default());
    world
}

fn asking(world: &World) -> &Ticket {
    let mut open = world.plan.open_tickets();
    let (_, ticket) = open.next().unwrap();
    assert!(open.next().is_none(), "one question");
    ticket
}

fn again(wish: &str) -> Command {
    Command::RequestDraft {
        wish: wish.to_owned(),
        attachments: Vec::new(),
        mandate: Mandate::default(),
    }
}

fn withdrawn(world: &World) -> usize {
    let tickets = world.plan.tickets.values();
    tickets.filter(|ticket| ticket.withdrawn.is_some()).count()
}

fn titles(world: &World) -> Vec<String> {
    let items = world.plan.items.as_ref().unwrap();
    items.iter().map(|item| item.title.clone()).collect()
}

#[test]
fn a_plan_that_the_leader_wrote_waits_as_a_draft_for_its_ticket_and_then_runs() {
    let mut world = written();
    assert_eq!(world.plan.status, Status::Draft);
    assert_eq!(world.asked, ["draft-1"]);
    assert_eq!(titles(&world), ["First", "Second"]);
    assert!(matches!(
        asking(&world).subject,
        TicketSubject::Draft { .. }
    ));
    let prompt = format!("{:?}", world.last_prompt.as_ref().unwrap().turns);
    assert!(prompt.contains("Two essays on Seneca."), "{prompt}");
    assert!(
        prompt.contains("notes.md\\nSeneca wrote letters."),
        "{prompt}"
    );
    let claimed = world.operator(Command::Claim).unwrap_err().to_string();
    assert!(claimed.contains("draft"), "{claimed}");
    world.answer(Decision::Approved);
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
    assert_eq!(world.plan.calls.completed, 9);
    world.check_replay();
}

#[test]
fn a_draft_of_a_wrong_form_is_repaired_once_and_then_has_failed() {
    let mut world = World::wished("Essays.");
    world.drive(Script::default().says("draft-1", "Certainly!".to_owned()));
    assert_eq!(world.asked, ["draft-1", "draft-1"]);
    assert!(asking(&world).is_open());
    let mut world = World::wished("Essays.");
    let twice = Script::default()
        .says("draft-1", "Certainly!".to_owned())
        .says("draft-1", draft(" ", &["One"]));
    world.drive(twice);
    assert_eq!(world.plan.status, Status::Draft);
    let why = world.plan.wishes[0].failed.clone().unwrap();
    assert!(why.contains("a plan needs a title"), "{why}");
    assert!(
        world.plan.tickets.is_empty(),
        "whoever asked sits before it"
    );
    world.operator(again("Essays, once more.")).unwrap();
    world.drive(Script::default());
    assert_eq!(titles(&world), ["First", "Second"]);
    world.check_replay();
}

#[test]
fn a_draft_fails_where_a_plan_would_pause() {
    for class in [FailureClass::Refused, FailureClass::Authentication] {
        let mut world = World::wished("Essays.");
        world.drive(Script::default().fails("draft-1", class));
        assert!(world.plan.wishes[0].failed.is_some(), "{class:?}");
        assert_eq!(world.plan.status, Status::Draft);
        world.check_replay();
    }
    let mut capped = World::wished("Essays.");
    capped.policy.default_caps.max_tokens = Some(10);
    capped.drive(Script::default());
    assert!(capped.plan.wishes[0].failed.is_some() && capped.asked.is_empty());
}

#[test]
fn a_passing_failure_of_a_draft_is_tried_again() {
    let mut world = World::wished("Essays.");
    world.drive(Script::default().fails("draft-1", FailureClass::Server));
    assert_eq!(world.asked.len(), 2);
    assert!(asking(&world).is_open());
}

fn unattended(approved: bool) -> Mandate {
    Mandate {
        approved: approved.then(|| "a job".to_owned()),
        unattended: true,
    }
}

#[test]
fn a_draft_that_was_approved_in_advance_runs_as_soon_as_it_is_written() {
    let mut world = World::wished_under("Essays.", unattended(true));
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
    assert!(world.plan.tickets.is_empty(), "nobody was asked");
    let approval = world.plan.transitions[0].clone();
    assert_eq!(
        (approval.to, approval.note.as_str()),
        (StatusName::Approved, "a job")
    );
    world.check_replay();
}

#[test]
fn what_is_written_anew_is_not_approved_in_advance_any_more() {
    let mut world = World::wished_under("Essays.", unattended(true));
    world.operator(again("Shorter essays.")).unwrap();
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Draft);
    assert!(asking(&world).is_open());
}

#[test]
fn a_draft_without_anybody_before_it_tells_of_its_failure_by_a_ticket() {
    for approved in [false, true] {
        let failed = || {
            let mut world = World::wished_under("Essays.", unattended(approved));
            world.drive(Script::default().fails("draft-1", FailureClass::Refused));
            world
        };
        let mut world = failed();
        assert_eq!(asking(&world).subject, TicketSubject::Unwritten);
        assert!(asking(&world).body.contains("could not write the plan"));
        let mut declined = failed();
        declined.answer(Decision::Declined);
        assert_eq!(declined.plan.status, Status::Declined);
        declined.check_replay();
        let approve = Command::Approve {
            note: String::new(),
        };
        let mut by_plan = failed();
        by_plan.operator(approve).unwrap();
        assert!(by_plan.plan.is_being_drafted(), "there is no text to run");
        world.answer(Decision::Approved);
        world.drive(Script::default());
        let expected = if approved {
            Status::Done
        } else {
            Status::Draft
        };
        assert_eq!(world.plan.status, expected, "as it was asked for at first");
        assert_eq!(world.asked[..2], ["draft-1", "draft-2"]);
        world.check_replay();
    }
}

#[test]
fn a_draft_whose_runner_was_lost_is_asked_for_again() {
    let mut world = World::wished("Essays.");
    world.drive(Script::default().dies("draft-1"));
    assert_eq!(
        (world.plan.epoch, world.plan.calls.abandoned),
        (Epoch(2), 1)
    );
    assert!(asking(&world).is_open());
    world.check_replay();
}

#[test]
fn a_draft_that_brings_its_runners_down_fails() {
    let mut world = World::wished("Essays.");
    world.drive((0..3).fold(Script::default(), |script, _| script.dies("draft-1")));
    let why = world.plan.wishes[0].failed.clone().unwrap();
    assert!(why.contains("3 runners in a row"), "{why}");
    assert!(world.plan.calls.in_flight.is_empty());
    world.operator(again("Essays, please.")).unwrap();
    world.drive(Script::default().dies("draft-2").dies("draft-2"));
    assert!(asking(&world).is_open(), "another wish has a fresh count");
    world.check_replay();
}

#[test]
fn a_draft_that_is_to_be_changed_takes_its_question_back_and_shows_the_leader_what_there_is() {
    let mut world = written();
    world.operator(again("only one essay")).unwrap();
    assert_eq!(withdrawn(&world), 1);
    assert!(world.plan.open_tickets().next().is_none());
    world.drive(Script::default().says("draft-2", draft("Shorter", &["Only"])));
    let prompt = format!("{:?}", world.last_prompt.as_ref().unwrap().turns);
    for part in ["Two essays on Seneca.", "- only one essay", "**2. Second**"] {
        assert!(prompt.contains(part), "{part}: {prompt}");
    }
    assert_eq!(titles(&world), ["Only"]);
    assert!(asking(&world).body.contains("1 sub-objective(s)"));
    world.check_replay();
}

#[test]
fn a_wish_in_the_middle_of_a_draft_lets_its_answer_be_paid_and_come_to_nothing() {
    let mut world = World::wished("Essays.");
    let mut script = Script::default();
    while world.flying().is_none() {
        world.tick(&mut |step| script.answer(step));
    }
    let (call, epoch) = (world.flying().unwrap(), world.runner.unwrap());
    world.operator(again("letters instead")).unwrap();
    let late = world
        .complete(epoch, call, draft("Late", &["Late"]))
        .unwrap();
    let kinds: Vec<&str> = late.iter().map(|event| event.kind()).collect();
    assert_eq!(kinds, ["ModelCallCompleted"], "paid, and no draft");
    world.drive(script);
    assert_eq!(titles(&world), ["First", "Second"]);
    world.check_replay();
}

#[test]
fn approving_or_declining_the_plan_answers_its_ticket_too() {
    let note = String::new;
    let mut world = written();
    world.operator(Command::Approve { note: note() }).unwrap();
    assert!(world.plan.open_tickets().next().is_none());
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
    let mut world = written();
    world.operator(Command::Decline { note: note() }).unwrap();
    assert_eq!(world.plan.status, Status::Declined);
    assert!(world.plan.open_tickets().next().is_none());
    let mut world = written();
    world.answer(Decision::Declined);
    assert_eq!(world.plan.status, Status::Declined);
    world.check_replay();
}

#[test]
fn an_edited_draft_is_asked_about_again_before_it_runs() {
    let mut world = written();
    let first = world.plan.open_tickets().next().unwrap().0.clone();
    edits::edit(&mut world, |text| {
        text.replace("**2. Second**", "**2. Mine**")
    })
    .unwrap();
    let kinds: Vec<String> = world
        .answer(Decision::Approved)
        .iter()
        .map(|e| e.kind().to_owned())
        .collect();
    assert_eq!(kinds, ["TicketWithdrawn", "TicketOpened"]);
    assert_eq!(world.plan.status, Status::Draft);
    let body = &asking(&world).body;
    assert!(body.contains(&format!("{first} was withdrawn")), "{body}");
    let stale = world.answer_to(&first, Decision::Approved).unwrap_err();
    assert!(stale.to_string().contains("asks no longer"), "{stale}");
    world.answer(Decision::Approved);
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
    assert_eq!(titles(&world), ["First", "Mine"]);
    world.check_replay();
}

#[test]
fn declining_an_edited_draft_needs_no_second_look() {
    let mut world = written();
    edits::edit(&mut world, |text| {
        text.replace("**2. Second**", "**2. Mine**")
    })
    .unwrap();
    world.answer(Decision::Declined);
    assert_eq!(world.plan.status, Status::Declined);
}

#[test]
fn a_text_that_an_operator_wrote_meanwhile_is_not_overwritten() {
    let mut world = World::wished("Essays.");
    let mut script = Script::default();
    while world.flying().is_none() {
        world.tick(&mut |step| script.answer(step));
    }
    edits::edit(&mut world, |text| {
        format!("{text}\n### Sub-objectives\n\n**1. Mine** — mine.\n")
    })
    .unwrap();
    world.drive(script);
    assert_eq!(titles(&world), ["Mine"]);
    assert!(world.plan.tickets.is_empty());
    let note = String::new();
    world.operator(Command::Approve { note }).unwrap();
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
    world.check_replay();
}

#[test]
fn only_a_draft_is_written_and_the_refusal_says_what_to_do() {
    let mut world = World::approved();
    let refused = world.operator(again("another")).unwrap_err().to_string();
    assert!(refused.contains("pause it first"), "{refused}");
    world.drive(Script::default());
    let refused = world.operator(again("another")).unwrap_err().to_string();
    assert!(refused.contains("draft a new plan"), "{refused}");
    // A draft that a person wrote may be written anew, too.
    let mut own = World::draft(crate::world::TWO);
    own.operator(again("more of it")).unwrap();
    own.drive(Script::default().says("draft-1", draft("More", &["A", "B", "C"])));
    assert_eq!(titles(&own), ["A", "B", "C"]);
    own.check_replay();
}

/// A plan whose first sub-objective does not fit, and the question about it.
fn too_large() -> World {
    let mut world = World::approved();
    let mut script = Script::default();
    let step = Step::Produce {
        task: "s1-t1".parse().unwrap(),
        attempt: 1,
    };
    while !effect::stands_at(&world.plan, &step) {
        world.tick(&mut |step| script.answer(step));
    }
    let full = Report::ContextFull {
        step,
        model: "local".to_owned(),
        room: Room {
            estimated_tokens: 900,
            window_tokens: 800,
        },
        checkpoint: "runs/ESS-P-001/checkpoints/c2.json".to_owned(),
        b3: Digest([0; 32]),
        bytes: 7,
    };
    world.report(full, Epoch(1)).unwrap();
    world
}

#[test]
fn a_sub_objective_that_is_too_large_is_divided_once_a_person_says_so() {
    let mut world = too_large();
    let kinds: Vec<String> = world
        .answer(Decision::Approved)
        .iter()
        .map(|e| e.kind().to_owned())
        .collect();
    assert_eq!(
        kinds,
        ["TicketDecided", "DecomposeRequested", "PlanResumed"]
    );
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
    assert_eq!(titles(&world), ["One half", "The other half", "Second"]);
    assert_eq!(world.plan.current_index, 3);
    assert_eq!(world.asked[..3], ["s1-plan", "s1-decompose", "s1-plan"]);
    world.check_replay();
}

#[test]
fn a_division_of_a_wrong_form_is_repaired_and_then_a_person_is_asked() {
    let mut world = too_large();
    world.answer(Decision::Approved);
    let one = crate::script::parts(&["Only one"]);
    world.drive(
        Script::default()
            .says("s1-decompose", one.clone())
            .says("s1-decompose", one),
    );
    assert_eq!(asking(&world).subject, TicketSubject::Reply);
    world.answer(Decision::Approved);
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
    assert_eq!(titles(&world).len(), 3);
    world.check_replay();
}

#[test]
fn a_runner_lost_in_the_middle_of_a_division_divides_it_once() {
    let mut world = too_large();
    world.answer(Decision::Approved);
    world.drive(Script::default().dies("s1-decompose"));
    assert_eq!(world.plan.status, Status::Done);
    assert_eq!(titles(&world).len(), 3);
    world.check_replay();
}

#[test]
fn declining_to_divide_aborts() {
    let mut world = too_large();
    world.answer(Decision::Declined);
    assert_eq!(world.plan.status, Status::Aborted);
    world.check_replay();
}

#[test]
fn what_an_operator_divided_meanwhile_is_not_divided_again() {
    let mut world = too_large();
    edits::edit(&mut world, |text| {
        text.replace("**2. Second**", "**3. Second**").replace(
            "**1. First** — an essay.",
            "**1. Half** — a half.\n\n**2. Rest** — the rest.",
        )
    })
    .unwrap();
    world.answer(Decision::Approved);
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
    assert_eq!(titles(&world), ["Half", "Rest", "Second"]);
    assert!(!world.asked.contains(&"s1-decompose".to_owned()));
    world.check_replay();
}

/// The Leader proposes another rest, and the operator edits the text before answering.
fn overtaken() -> World {
    let mut world = World::draft(&crate::world::TWO.replace("### Ask", "Hint.\n\n### Ask"));
    let note = String::new();
    world.operator(Command::Approve { note }).unwrap();
    world.drive(Script::default().says("s1-reflect", revise(&["Other"])));
    edits::edit(&mut world, |text| {
        text.replace("Approve?", "Approve, please?")
    })
    .unwrap();
    world
}

#[test]
fn a_proposal_for_a_text_that_was_edited_since_is_asked_again_over_the_new_text() {
    let approve = |world: &mut World| world.answer(Decision::Approved);
    let resume = |world: &mut World| {
        let note = String::new();
        world.operator(Command::Resume { note }).unwrap()
    };
    for answer in [approve as fn(&mut World) -> Vec<Event>, resume] {
        let mut world = overtaken();
        let kinds: Vec<String> = answer(&mut world)
            .iter()
            .map(|e| e.kind().to_owned())
            .collect();
        assert_eq!(kinds, ["TicketWithdrawn", "TicketOpened"]);
        assert_eq!(world.plan.status.name(), StatusName::Paused);
        let ticket = asking(&world);
        for part in ["**2. Other**", "Approve, please?"] {
            assert!(ticket.body.contains(part), "{part}: {}", ticket.body);
        }
        answer(&mut world);
        world.drive(Script::default());
        assert_eq!(world.plan.status, Status::Done);
        assert_eq!(titles(&world), ["First", "Other"]);
        assert!(world.plan.body.contains("Approve, please?"));
        world.check_replay();
    }
}
