//! What becomes of a production that does not stand: an edit, another one, quality control's own hand, a person.

use modulatio::command::{Called, Command};
use projections::{
    event::{Decision, Event, PauseReason, Priority, TaskRedone, TaskReviewed, TicketSubject},
    plan::Status,
    work::{DefectClass, Redo},
};

use crate::{
    script::{Answer, Script, handed_in, reflect, tasks, verdict},
    world::World,
};

fn redone(world: &World) -> Vec<TaskRedone> {
    let redone = |event| match event {
        Event::TaskRedone(e) => Some(e),
        _ => None,
    };
    world.events().into_iter().filter_map(redone).collect()
}

fn by_engine(world: &World) -> Vec<TaskReviewed> {
    let judged = |event| match event {
        Event::TaskReviewed(e) if e.by_engine => Some(e),
        _ => None,
    };
    world.events().into_iter().filter_map(judged).collect()
}

fn count(world: &World, label: &str) -> usize {
    world.asked.iter().filter(|asked| *asked == label).count()
}

fn is_blocked(world: &World) -> bool {
    matches!(
        world.plan.status,
        Status::Paused {
            reason: PauseReason::Blocked,
            ..
        }
    )
}

/// The request of this step, the first time it is asked.
fn request(world: &mut World, script: &mut Script, label: &str) -> String {
    while world.asked.last().map(String::as_str) != Some(label) {
        assert_ne!(world.plan.status, Status::Done, "{label} was never asked");
        world.tick(&mut |step| script.answer(step));
    }
    format!("{:?}", world.last_prompt.as_ref().unwrap().turns)
}

#[test]
fn what_an_edit_mends_is_edited_and_anything_else_is_written_anew() {
    let both = r#"{"passed":false,"summary":"s","defects":[
        {"severity":"major","class":"mechanical","what":"a typo"},
        {"severity":"critical","class":"substantive","what":"wrong"}]}"#;
    let grave = r#"{"passed":false,"summary":"s","defects":[
        {"severity":"major","class":"mechanical","what":"a typo"},
        {"severity":"minor","class":"substantive","what":"dull"}]}"#;
    let unnamed = r#"{"passed":false,"summary":"no good","defects":[]}"#;
    for (text, how) in [
        (verdict(false, "mechanical").as_str(), Redo::Edit),
        (verdict(false, "substantive").as_str(), Redo::Anew),
        (both, Redo::Anew),
        (grave, Redo::Edit),
        (unnamed, Redo::Anew),
    ] {
        let mut world = World::approved();
        let mut script = Script::default().says("s1-t1-qc-1", text.to_owned());
        let asked = request(&mut world, &mut script, "s1-t1-produce-2");
        assert_eq!(redone(&world)[0].how, how, "{text}");
        assert_eq!(asked.contains("Edit what there is"), how == Redo::Edit);
        assert_eq!(asked.contains("text of s1-t1, 1"), how == Redo::Edit);
        world.drive(script);
        assert_eq!(world.plan.status, Status::Done);
        world.check_replay();
    }
}

#[test]
fn something_missing_outside_blocks_at_once_and_an_approval_goes_on_at_that_task() {
    let mut world = World::approved();
    let script = Script::default()
        .says("s1-plan", tasks(1, 2))
        .says("s1-t2-qc-1", verdict(false, "environmental"));
    world.drive(script);
    assert!(is_blocked(&world) && redone(&world).is_empty());
    assert_eq!(world.blocked(), ["s1-t2"]);
    world.answer(Decision::Approved);
    let mut script = Script::default();
    let asked = request(&mut world, &mut script, "s1-t2-produce-2");
    assert!(
        asked.contains("text of s1-t2, 1"),
        "it is no fault of the file: {asked}"
    );
    world.drive(script);
    assert_eq!(world.plan.status, Status::Done);
    for label in ["s1-plan", "s1-t1-produce-1", "s1-t2-produce-1"] {
        assert_eq!(count(&world, label), 1, "{label}");
    }
    world.check_replay();
}

/// Calls of tools, the same in each of so many turns.
fn turns(count: usize) -> Vec<Vec<Called>> {
    let call = Called {
        tool: "list_files".to_owned(),
        arguments: "{}".to_owned(),
    };
    vec![vec![call]; count]
}

#[test]
fn a_production_that_uses_up_its_calls_is_rejected_by_the_engine_and_its_last_tools_do_not_run() {
    let mut world = World::approved();
    world.policy.max_iters = 3;
    world.tools.insert("s1-t1-produce-1".to_owned(), turns(3));
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
    assert_eq!(count(&world, "s1-t1-produce-1"), 3);
    assert_eq!(world.effects, 2, "nobody runs the tools of the last call");
    let judged = by_engine(&world);
    assert_eq!(judged[0].verdict.defects[0].class, DefectClass::MaxIters);
    assert_eq!(
        judged[0].verdict.summary,
        "3 calls were made, and nothing was handed in"
    );
    assert_eq!(redone(&world)[0].how, Redo::Anew);
    assert_eq!(
        count(&world, "s1-t1-qc-1"),
        0,
        "there was nothing to be judged"
    );
    world.check_replay();
}

#[test]
fn quality_control_that_uses_up_its_calls_is_asked_once_more_and_then_a_person() {
    for (used_up, asks) in [(1, false), (2, true)] {
        let mut world = World::approved();
        world.policy.max_iters = 1;
        world.tools.insert("s1-t1-qc-1".to_owned(), turns(used_up));
        let mut script = Script::default();
        let asked = request(&mut world, &mut script, "s1-t1-qc-1");
        assert!(!asked.contains("cannot be used"));
        world.drive(script);
        assert_eq!(count(&world, "s1-t1-qc-1"), 2);
        assert_eq!((world.effects, by_engine(&world).len()), (0, 0));
        assert_eq!(world.plan.open_tickets().next().is_some(), asks);
        if asks {
            let (_, ticket) = world.plan.open_tickets().next().unwrap();
            assert_eq!(ticket.subject, TicketSubject::Reply);
            assert!(
                ticket.body.contains("1 calls were made; answer now"),
                "{}",
                ticket.body
            );
            world.answer(Decision::Approved);
            world.drive(Script::default());
        }
        assert_eq!(world.plan.status, Status::Done);
        world.check_replay();
    }
}

#[test]
fn whoever_has_no_task_is_never_waited_for_with_tools() {
    for label in ["s1-plan", "s1-reflect"] {
        let mut world = World::approved();
        world.tools.insert(label.to_owned(), turns(2));
        world.drive(Script::default());
        assert!(
            count(&world, label) <= 2,
            "{label} was asked {} times",
            count(&world, label)
        );
        assert!(world.plan.open_tickets().next().is_some(), "{label}");
        world.answer(Decision::Approved);
        world.drive(Script::default());
        assert_eq!(world.plan.status, Status::Done, "{label}");
        world.check_replay();
    }
}

/// A plan whose first task quality control mended itself.
fn fixed() -> World {
    let mut world = World::approved();
    let rejected =
        |script: Script, n| script.says(&format!("s1-t1-qc-{n}"), verdict(false, "substantive"));
    world.drive((1..=4).fold(Script::default(), rejected));
    world
}

#[test]
fn what_quality_control_mended_itself_is_said_in_a_ticket_that_waits_for_nobody() {
    let mut world = fixed();
    assert_eq!(world.plan.status, Status::Done, "nobody was waited for");
    assert_eq!(count(&world, "s1-t1-fix-5"), 1);
    assert_eq!(redone(&world).last().unwrap().how, Redo::Fix);
    assert!(world.kinds().contains(&"TaskFixed".to_owned()));
    assert!(world.plan.finished[0].tasks[0].fixed);
    assert!(world.plan.open_tickets().next().is_none());
    let (id, ticket) = world.plan.tickets.first_key_value().unwrap();
    assert_eq!(ticket.priority, Priority::Minor);
    assert!(ticket.for_information && ticket.is_open());
    assert!(
        ticket.body.contains("4 production(s) were rejected"),
        "{}",
        ticket.body
    );
    let id = id.clone();
    world.answer_to(&id, Decision::Approved).unwrap();
    assert_eq!(world.plan.status, Status::Done);
    assert!(world.answer_to(&id, Decision::Approved).is_err(), "once");
    world.check_replay();
}

#[test]
fn declining_what_one_was_only_told_ends_nothing() {
    let mut world = World::approved();
    let rejected =
        |script: Script, n| script.says(&format!("s1-t1-qc-{n}"), verdict(false, "mechanical"));
    let script = (1..=4).fold(Script::default(), rejected);
    world.drive(script.says("s1-reflect", reflect("pause")));
    let (id, _) = world
        .plan
        .tickets
        .iter()
        .find(|(_, t)| t.for_information)
        .unwrap();
    let id = id.clone();
    world.answer_to(&id, Decision::Declined).unwrap();
    assert!(matches!(world.plan.status, Status::Paused { .. }));
    world.answer(Decision::Approved);
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
}

#[test]
fn a_fix_without_its_artifacts_or_beyond_its_calls_blocks() {
    let rejected =
        |script: Script, n| script.says(&format!("s1-t1-qc-{n}"), verdict(false, "substantive"));
    let script = || (1..=4).fold(Script::default(), rejected);
    let mut beyond = World::approved();
    beyond.policy.max_iters = 2;
    beyond.tools.insert("s1-t1-fix-5".to_owned(), turns(2));
    beyond.drive(script());
    let mut without = World::approved();
    let nothing = handed_in(&[("elsewhere.md", "x")]);
    without.policy.redos = 0;
    let script = Script::default()
        .says("s1-t1-produce-1", handed_in(&[]))
        .says("s1-t1-fix-2", nothing);
    without.drive(script);
    for mut world in [beyond, without] {
        assert!(is_blocked(&world), "{:?}", world.plan.status);
        world.answer(Decision::Approved);
        world.tools.clear();
        world.drive(Script::default());
        assert_eq!(world.plan.status, Status::Done);
        world.check_replay();
    }
}

#[test]
fn artifacts_that_are_missing_fail_the_production_before_anybody_judges_it() {
    let two = tasks(1, 1).replace(r#"["s1/t1.md"]"#, r#"["s1/t1.md","s1/more.md"]"#);
    let half = handed_in(&[("s1/t1.md", "one")]);
    for reply in [half, handed_in(&[])] {
        let mut world = World::approved();
        let whole = handed_in(&[("s1/t1.md", "one"), ("s1/more.md", "two")]);
        let mut script = Script::default()
            .says("s1-plan", two.clone())
            .says("s1-t1-produce-1", reply)
            .says("s1-t1-produce-2", whole);
        let asked = request(&mut world, &mut script, "s1-t1-produce-2");
        assert!(asked.contains("s1/more.md was not handed in"), "{asked}");
        world.drive(script);
        assert_eq!(world.plan.status, Status::Done);
        assert_eq!(count(&world, "s1-t1-qc-1"), 0);
        assert_eq!(
            by_engine(&world)[0].verdict.defects[0].class,
            DefectClass::Substantive
        );
        let made = &world.plan.finished[0].tasks[0].artifacts;
        assert_eq!(made[..], ["s1/t1.md", "s1/more.md"]);
        world.check_replay();
    }
}

#[test]
fn what_a_tool_wrote_is_found_and_kept() {
    let mut world = World::approved();
    let write = Called {
        tool: "write_file".to_owned(),
        arguments: "s1/t1.md".to_owned(),
    };
    world
        .tools
        .insert("s1-t1-produce-1".to_owned(), vec![vec![write]]);
    world.drive(
        Script::default()
            .says("s1-t1-produce-1", String::new())
            .says("s1-t1-produce-1", handed_in(&[])),
    );
    assert_eq!(world.plan.status, Status::Done);
    let kept = world.events().into_iter().find_map(|event| match event {
        Event::ArtifactWritten(e) => e.content,
        _ => None,
    });
    let text = "s1/t1.md by a tool".to_owned();
    assert_eq!(kept, Some(projections::payload::Payload::Text(text)));
}

/// Two tasks, and both wait for a person.
fn two_blocked() -> World {
    let mut world = World::approved();
    let script = Script::default()
        .says("s1-plan", tasks(1, 2))
        .says("s1-t1-qc-1", verdict(false, "environmental"))
        .says("s1-t2-qc-1", verdict(false, "environmental"));
    world.drive(script);
    world
}

/// Two tasks, the first of them blocked while the second is being produced.
fn one_blocked() -> (World, Script) {
    let mut world = World::approved();
    let mut script = Script::default()
        .says("s1-plan", tasks(1, 2))
        .says("s1-t1-qc-1", verdict(false, "environmental"));
    // The second answers last.
    while world.blocked().is_empty() {
        let label = world.under_way().first().cloned().unwrap_or_default();
        world.first = usize::from(label.starts_with("s1-t2"));
        world.tick(&mut |step| script.answer(step));
    }
    world.first = 0;
    (world, script)
}

#[test]
fn while_another_task_is_in_work_a_blocked_one_pauses_nothing() {
    let (mut world, script) = one_blocked();
    assert!(world.is_executing());
    assert_eq!(world.plan.open_tickets().count(), 1);
    world.drive(script);
    assert!(is_blocked(&world), "nothing else is left to do");
    assert!(world.asked.contains(&"s1-t2-qc-1".to_owned()));
    assert!(
        !world.asked.contains(&"s1-reflect".to_owned()),
        "never done over blocked work"
    );
    assert_eq!(world.plan.open_tickets().count(), 1, "asked once");
    world.check_replay();
}

#[test]
fn a_ticket_approved_while_the_plan_goes_on_sends_the_task_back_at_once() {
    let (mut world, script) = one_blocked();
    let kinds: Vec<String> = world
        .answer(Decision::Approved)
        .iter()
        .map(|e| e.kind().to_owned())
        .collect();
    assert_eq!(kinds, ["TicketDecided", "TaskUnblocked"]);
    world.drive(script);
    assert_eq!(world.plan.status, Status::Done);
    assert!(!world.kinds().contains(&"PlanPaused".to_owned()));
    world.check_replay();
}

#[test]
fn a_ticket_declined_while_the_plan_goes_on_ends_it_and_what_comes_later_is_booked() {
    let (mut world, mut script) = one_blocked();
    let tokens = world.plan.calls.tokens;
    world.answer(Decision::Declined);
    assert_eq!(world.plan.status, Status::Aborted);
    assert!(!world.plan.calls.in_flight.is_empty());
    world.tick(&mut |step| script.answer(step));
    assert_eq!(world.plan.status, Status::Aborted);
    assert_eq!(world.plan.calls.tokens, tokens + 120);
    world.check_replay();
}

#[test]
fn of_two_blocked_tasks_the_approved_one_goes_on_and_the_other_still_asks() {
    let mut world = two_blocked();
    assert!(is_blocked(&world));
    let Status::Paused { note, .. } = &world.plan.status else {
        panic!()
    };
    assert!(note.contains("tasks s1-t1, s1-t2 are blocked"), "{note}");
    world.answer(Decision::Approved);
    assert_eq!(world.plan.status, Status::Approved);
    world.drive(Script::default());
    assert!(is_blocked(&world));
    assert_eq!(world.blocked(), ["s1-t2"]);
    assert_eq!(count(&world, "s1-t1-qc-2"), 1);
    world.answer(Decision::Approved);
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
    world.check_replay();
}

#[test]
fn the_question_about_a_task_that_is_gone_is_taken_back() {
    let mut world = two_blocked();
    crate::edits::edit(&mut world, |text| text.replace("an essay.", "a letter.")).unwrap();
    assert_eq!(
        world.plan.open_tickets().count(),
        2,
        "the pause still says why"
    );
    let kinds: Vec<String> = world
        .answer(Decision::Approved)
        .iter()
        .map(|e| e.kind().to_owned())
        .collect();
    assert_eq!(kinds, ["TicketDecided", "TicketWithdrawn", "PlanResumed"]);
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
    assert!(world.plan.open_tickets().next().is_none());
    world.check_replay();
}

#[test]
fn a_plan_that_is_resumed_before_its_last_answer_blocks_it_waits_for_a_person() {
    let mut world = World::approved();
    let mut script = Script::default().says("s1-t1-qc-1", verdict(false, "environmental"));
    while world.under_way() != ["s1-t1-qc-1"] {
        world.tick(&mut |step| script.answer(step));
    }
    let note = String::new;
    world.operator(Command::Pause { note: note() }).unwrap();
    world.operator(Command::Resume { note: note() }).unwrap();
    world.tick(&mut |step| script.answer(step));
    assert!(is_blocked(&world), "{:?}", world.plan.status);
    world.answer(Decision::Approved);
    world.drive(script);
    assert_eq!(world.plan.status, Status::Done);
    world.check_replay();
}

#[test]
fn resuming_a_plan_sends_every_blocked_task_back() {
    let mut world = two_blocked();
    let note = String::new();
    world.operator(Command::Resume { note }).unwrap();
    assert!(world.blocked().is_empty() && world.plan.open_tickets().next().is_none());
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
}

#[test]
fn a_blocked_task_holds_what_needs_it_and_nothing_else() {
    let mut world = World::approved();
    let script = Script::default()
        .says("s1-plan", crate::script::needing(1, &[&[], &[1], &[]]))
        .says("s1-t1-qc-1", verdict(false, "environmental"));
    world.drive(script);
    assert!(is_blocked(&world));
    assert_eq!(count(&world, "s1-t3-qc-1"), 1);
    assert_eq!(count(&world, "s1-t2-produce-1"), 0);
    world.answer(Decision::Approved);
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
}

#[test]
fn the_last_reflection_without_a_report_on_the_whole_is_repaired() {
    let mut world = World::approved();
    let plain = r#"{"outcome":"continue","rationale":"r"}"#.to_owned();
    let script = Script::default()
        .says("s1-reflect", plain.clone())
        .on("s2-reflect", Answer::Says(plain));
    world.drive(script);
    assert_eq!(world.plan.status, Status::Done);
    assert_eq!(
        (count(&world, "s1-reflect"), count(&world, "s2-reflect")),
        (1, 2)
    );
    assert_eq!(world.plan.quality_report.as_deref(), Some("# Good\n"));
    world.check_replay();
}
