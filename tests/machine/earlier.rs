//! Tickets of an earlier program: taken once, asked where a plan waits, told where it does not.

use modulatio::{
    command::Command,
    decide::{self, Context, Refusal},
};
use projections::{
    document,
    event::{Decision, Event, Priority, StatusName, TicketSubject},
    found::ticket::{Standing, Ticket},
    ids::TicketId,
    payload::Digest,
    plan::Status,
    time::Timestamp,
};

use crate::{
    script::Script,
    world::{TWO, World},
};

/// What becomes of a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Becomes {
    AskedAboutTheDraft,
    Asked,
    Told,
    Nothing,
}

fn imported(status: StatusName) -> World {
    let id = "ESS-PLAN-001".parse().unwrap();
    let text = format!(
        "---\nid: ESS-PLAN-001\nproject_code: ess\ncreated_at: 2026-11-20T08:15:00+00:00\nstatus: {status}\n---\n\n{TWO}"
    );
    let document = document::read(text.as_bytes()).unwrap();
    let file = Digest::of(text.as_bytes());
    World::begin(decide::import(&id, &document, None, file).unwrap())
}

fn ticket(asks: bool, standing: Standing) -> Ticket {
    Ticket {
        plan: Some("ESS-PLAN-001".parse().unwrap()),
        standing,
        priority: Priority::Critical,
        title: "Another way".to_owned(),
        body: "Go another way?".to_owned(),
        asks,
        opened_at: Timestamp::parse("2026-11-20T09:00:00Z").unwrap(),
    }
}

fn answered() -> Standing {
    Standing::Answered {
        decision: "approved".to_owned(),
        by: "ann".to_owned(),
    }
}

fn id() -> TicketId {
    "ESS-40".parse().unwrap()
}

fn take(world: &mut World, found: Ticket) -> Result<Vec<Event>, Refusal> {
    world.operator(taking(found))
}

fn taking(found: Ticket) -> Command {
    Command::TakeTicket {
        ticket: id(),
        found: Box::new(found),
        file: Digest([7; 32]),
    }
}

/// Decided only: a plan that was executing elsewhere waits for its first claim here, which is no state of this world.
fn becomes(world: &World, found: Ticket) -> Becomes {
    let context = Context {
        now: world.now,
        by: "import".to_owned(),
        runner: None,
        chance: 0,
        ticket: None,
        policy: world.policy.clone(),
    };
    let events = match decide::decide(&world.plan, &taking(found), &context) {
        Ok(events) => events,
        Err(Refusal::Moot | Refusal::Status { .. }) => return Becomes::Nothing,
        Err(other) => panic!("{other}"),
    };
    let [Event::TicketOpened(opened)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(
        opened.for_information,
        opened.subject == TicketSubject::Earlier { asks: false }
    );
    match opened.subject {
        TicketSubject::Draft { .. } => Becomes::AskedAboutTheDraft,
        TicketSubject::Earlier { asks: true } => Becomes::Asked,
        TicketSubject::Earlier { asks: false } => Becomes::Told,
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn what_becomes_of_a_ticket_follows_from_where_its_plan_stands() {
    use Becomes::{Asked, AskedAboutTheDraft, Nothing, Told};
    for status in StatusName::ALL {
        let [asks, tells, was_answered] = match status {
            StatusName::Draft => [AskedAboutTheDraft, Told, AskedAboutTheDraft],
            StatusName::Paused => [Asked, Told, Asked],
            StatusName::Approved | StatusName::Executing => [Told, Told, Nothing],
            StatusName::Declined
            | StatusName::Cancelled
            | StatusName::Aborted
            | StatusName::Done => [Nothing; 3],
        };
        for (found, expected) in [
            (ticket(true, Standing::Open), asks),
            (ticket(false, Standing::Open), tells),
            (ticket(true, answered()), was_answered),
            (ticket(true, Standing::Closed), Nothing),
        ] {
            let shown = format!("{status}: {found:?}");
            assert_eq!(becomes(&imported(status), found), expected, "{shown}");
        }
    }
}

#[test]
fn it_is_taken_once_and_keeps_its_name_and_its_age() {
    let mut world = imported(StatusName::Paused);
    take(&mut world, ticket(true, answered())).unwrap();
    let again = take(&mut world, ticket(true, Standing::Open));
    assert_eq!(again, Err(Refusal::Moot));
    let taken = &world.plan.tickets[&id()];
    assert_eq!(taken.title, "Another way");
    assert_eq!(taken.found_as, Some(Digest([7; 32])));
    assert_eq!(taken.opened_at.to_string(), "2026-11-20T09:00:00.000000Z");
    for part in ["Go another way?", "answered `approved` there, by ann"] {
        assert!(taken.body.contains(part), "{part}: {}", taken.body);
    }
}

#[test]
fn an_answer_lets_a_paused_plan_go_on_or_ends_it() {
    for (answer, status) in [
        (Decision::Approved, Status::Done),
        (Decision::Declined, Status::Aborted),
    ] {
        let mut world = imported(StatusName::Paused);
        take(&mut world, ticket(true, Standing::Open)).unwrap();
        world.answer(answer);
        world.drive(Script::default());
        assert_eq!(world.plan.status, status);
        world.check_replay();
    }
}

#[test]
fn an_answer_lets_a_draft_run_or_declines_it() {
    for (answer, status) in [
        (Decision::Approved, Status::Done),
        (Decision::Declined, Status::Declined),
    ] {
        let mut world = imported(StatusName::Draft);
        take(&mut world, ticket(true, Standing::Open)).unwrap();
        world.answer(answer);
        world.drive(Script::default());
        assert_eq!(world.plan.status, status);
        world.check_replay();
    }
}

#[test]
fn a_pause_of_an_operator_here_is_not_lifted_by_an_old_question() {
    let mut world = imported(StatusName::Approved);
    world.claim().unwrap();
    let note = "lunch".to_owned();
    world.operator(Command::Pause { note }).unwrap();
    assert_eq!(becomes(&world, ticket(true, Standing::Open)), Becomes::Told);
    assert_eq!(world.plan.status.name(), StatusName::Paused);
}
