//! Whole plans, from approval to their end.

use modulatio::{
    command::{Command, Report},
    decide::Refusal,
};
use projections::{
    event::{Decision, Event, PauseReason, StatusName},
    plan::{Status, TaskStage},
    work::Outcome,
};

use crate::{
    script::{self, Script, reflect, revise, tasks, verdict},
    world::World,
};

#[test]
fn an_approved_plan_works_through_every_step_and_is_done() {
    let mut world = World::approved();
    world.drive(Script::default().says("s1-plan", tasks(1, 2)));
    assert_eq!(world.plan.status, Status::Done);
    let expected = [
        "s1-plan",
        "s1-t1-produce-1",
        "s1-t2-produce-1",
        "s1-t1-qc-1",
        "s1-t2-qc-1",
        "s1-reflect",
        "s2-plan",
        "s2-t1-produce-1",
        "s2-t1-qc-1",
        "s2-reflect",
    ];
    assert_eq!(world.asked, expected);
    assert_eq!(world.plan.kickoffs.len(), 2);
    assert_eq!(world.plan.calls.tokens, 1_200);
    world.check_replay();
}

#[test]
fn a_rejected_task_is_redone_with_its_defects_and_passes() {
    let mut world = World::approved();
    world.drive(Script::default().says("s1-t1-qc-1", verdict(false, "mechanical")));
    assert_eq!(world.plan.status, Status::Done);
    assert!(world.asked.contains(&"s1-t1-produce-2".to_owned()));
    assert_eq!(
        world.kinds().iter().filter(|k| *k == "TaskRedone").count(),
        1
    );
    world.check_replay();
}

/// A plan whose first task neither its producer nor quality control could finish.
fn blocked() -> World {
    let mut world = World::approved();
    let rejected = |script: Script, n: u32| {
        script.says(&format!("s1-t1-qc-{n}"), verdict(false, "substantive"))
    };
    world.drive((1..=5).fold(Script::default(), rejected));
    world
}

#[test]
fn a_task_that_nobody_could_finish_is_blocked_and_a_person_is_asked() {
    let world = blocked();
    assert!(matches!(
        world.plan.status,
        Status::Paused {
            reason: PauseReason::Blocked,
            ..
        }
    ));
    let expected = [
        "s1-t1-produce-1",
        "s1-t1-produce-2",
        "s1-t1-produce-3",
        "s1-t1-produce-4",
        "s1-t1-fix-5",
    ];
    let made = world
        .asked
        .iter()
        .filter(|l| !l.contains("qc") && !l.ends_with("plan"));
    assert_eq!(made.collect::<Vec<_>>(), expected);
    let task = &world.plan.run.as_ref().unwrap().tasks[0];
    assert!(matches!(task.stage, TaskStage::Blocked { .. }));
    let (_, ticket) = world.plan.open_tickets().next().unwrap();
    assert!(
        ticket
            .body
            .contains("- critical, substantive at line 1: too thin"),
        "{}",
        ticket.body
    );
    world.check_replay();
}

#[test]
fn an_approved_block_is_worked_on_again_with_its_defects_and_a_fresh_redo() {
    let mut world = blocked();
    let events = world.answer(Decision::Approved);
    let kinds: Vec<&str> = events.iter().map(Event::kind).collect();
    assert_eq!(kinds, ["TicketDecided", "TaskUnblocked", "PlanResumed"]);
    assert_eq!(world.plan.run.as_ref().unwrap().tasks[0].defects.len(), 1);
    let rejected = |script: Script, n: u32| {
        script.says(&format!("s1-t1-qc-{n}"), verdict(false, "substantive"))
    };
    world.drive((6..=9).fold(Script::default(), rejected));
    assert_eq!(world.plan.status, Status::Done);
    for label in ["s1-t1-produce-9", "s1-t1-fix-10", "s1-t1-qc-10"] {
        assert!(world.asked.contains(&label.to_owned()), "{label}");
    }
    world.check_replay();
}

#[test]
fn a_declined_ticket_aborts_and_what_is_finished_stays() {
    let mut world = blocked();
    world.answer(Decision::Declined);
    assert_eq!(world.plan.status, Status::Aborted);
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Aborted);
    world.check_replay();
}

#[test]
fn something_missing_outside_blocks_without_a_redo() {
    let mut world = World::approved();
    world.drive(Script::default().says("s1-t1-qc-1", verdict(false, "environmental")));
    assert!(matches!(
        world.plan.status,
        Status::Paused {
            reason: PauseReason::Blocked,
            ..
        }
    ));
    assert!(!world.kinds().contains(&"TaskRedone".to_owned()));
}

#[test]
fn a_verdict_that_passes_over_a_critical_defect_does_not_pass() {
    let mut world = World::approved();
    let contradictory = verdict(false, "mechanical").replace("\"passed\":false", "\"passed\":true");
    world.drive(Script::default().says("s1-t1-qc-1", contradictory));
    assert!(world.asked.contains(&"s1-t1-produce-2".to_owned()));
}

/// The plan after the Leader's first reflection came to this.
fn reflected(text: String) -> World {
    let mut world = World::approved();
    world.drive(Script::default().says("s1-reflect", text));
    assert_eq!(world.plan.reflections[0].after_sub_objective, 1);
    assert!(
        world.plan.current_index >= 1,
        "the work is done, whatever the Leader says"
    );
    world.check_replay();
    world
}

#[test]
fn continue_goes_on() {
    assert_eq!(reflected(reflect("continue")).plan.status, Status::Done);
}

#[test]
fn revise_minor_goes_on_and_its_note_reaches_the_next_sub_objective_alone() {
    let text = r#"{"outcome":"revise-minor","rationale":"r","note":"use fewer words","team_state":"Essay 1 stands."}"#;
    let mut world = World::approved();
    let mut script = Script::default().says("s1-reflect", text.to_owned());
    let mut seen = Vec::new();
    while world.plan.status != Status::Done {
        world.tick(&mut |step| script.answer(step));
        if let Some(prompt) = &world.last_prompt
            && format!("{:?}", prompt.turns).contains("use fewer words")
        {
            seen.push((world.asked.last().unwrap().clone(), prompt.tool.name));
        }
    }
    // The last reflection hears of every earlier one, not of its note.
    seen.dedup();
    let expected = [
        ("s2-plan", "submit_tasks"),
        ("s2-t1-produce-1", "submit_artifact"),
    ];
    let expected = expected.map(|(step, tool)| (step.to_owned(), tool));
    assert_eq!(seen, expected);
    assert_eq!(world.plan.team_state.as_deref(), Some("Essay 1 stands."));
}

#[test]
fn pause_asks_and_an_approval_goes_on_without_repeating() {
    let mut world = reflected(reflect("pause"));
    assert!(matches!(
        world.plan.status,
        Status::Paused {
            reason: PauseReason::Reflection,
            ..
        }
    ));
    world.answer(Decision::Approved);
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
    assert_eq!(
        world.asked.iter().filter(|s| s.starts_with("s1-")).count(),
        4
    );
}

#[test]
fn abort_ends_the_plan_at_once() {
    let world = reflected(reflect("abort"));
    assert_eq!(world.plan.status, Status::Aborted);
    assert_eq!(world.plan.reflections[0].outcome, Outcome::Abort);
}

#[test]
fn an_approved_major_revision_is_what_runs_and_nothing_finished_runs_again() {
    let mut world = reflected(revise(&["Other second", "A third"]));
    assert!(matches!(
        world.plan.status,
        Status::Paused {
            reason: PauseReason::MajorRevision,
            ..
        }
    ));
    let (_, ticket) = world.plan.open_tickets().next().unwrap();
    assert!(
        ticket.body.contains("**2. Other second** — new"),
        "{}",
        ticket.body
    );
    world.answer(Decision::Approved);
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
    let started: Vec<String> = world
        .events()
        .into_iter()
        .filter_map(|e| match e {
            Event::SubObjectiveStarted(e) => Some(e.title),
            _ => None,
        })
        .collect();
    assert_eq!(started, ["First", "Other second", "A third"]);
    assert!(
        world.plan.body.contains("### Ask"),
        "the rest of the body stays"
    );
    world.check_replay();
}

#[test]
fn a_declined_major_revision_aborts_and_the_body_stays() {
    let mut world = reflected(revise(&["Other second"]));
    let body = world.plan.body.clone();
    world.answer(Decision::Declined);
    assert_eq!(
        (world.plan.status.clone(), world.plan.body.clone()),
        (Status::Aborted, body)
    );
}

#[test]
fn a_major_revision_without_a_usable_proposal_still_asks() {
    let none = reflect("revise-major");
    let many: Vec<String> = (0..40).map(|n| format!("Item {n}")).collect();
    let many = revise(&many.iter().map(String::as_str).collect::<Vec<_>>());
    for text in [none, many, revise(&[])] {
        let mut world = reflected(text);
        assert!(matches!(
            world.plan.status,
            Status::Paused {
                reason: PauseReason::MajorRevision,
                ..
            }
        ));
        world.answer(Decision::Approved);
        world.drive(Script::default());
        assert_eq!(world.plan.status, Status::Done);
    }
}

#[test]
fn a_reflection_that_comes_after_the_operator_paused_is_kept() {
    let mut world = World::approved();
    let mut script = Script::default();
    while world.asked.last().map(String::as_str) != Some("s1-reflect") {
        world.tick(&mut |step| script.answer(step));
    }
    world
        .operator(Command::Pause {
            note: String::new(),
        })
        .unwrap();
    world.drive(Script::default());
    assert_eq!(
        (world.plan.current_index, world.plan.run.is_none()),
        (1, true)
    );
    world
        .operator(Command::Resume {
            note: String::new(),
        })
        .unwrap();
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
    assert_eq!(world.asked.iter().filter(|s| *s == "s1-reflect").count(), 1);
}

#[test]
fn an_answer_that_comes_after_the_cancellation_is_booked_and_has_no_consequence() {
    let mut world = World::approved();
    world.claim().unwrap();
    let mut script = Script::default();
    world.tick(&mut |step| script.answer(step));
    world
        .operator(Command::Cancel {
            note: String::new(),
            cut: false,
        })
        .unwrap();
    world.tick(&mut |step| script.answer(step));
    assert_eq!(
        (world.plan.status.clone(), world.plan.calls.tokens),
        (Status::Cancelled { cut: false }, 120)
    );
    assert_eq!(world.kinds().last().unwrap(), "ModelCallCompleted");
}

#[test]
fn a_plan_is_cancelled_once_and_cut_once_as_long_as_a_call_is_under_way() {
    let cancel = |world: &mut World, cut| {
        let note = String::new();
        world.operator(Command::Cancel { note, cut })
    };
    let mut world = World::approved();
    world.claim().unwrap();
    world.tick(&mut |step| Script::default().answer(step));
    cancel(&mut world, false).unwrap();
    let refused = cancel(&mut world, false).unwrap_err();
    assert!(refused.to_string().contains("--force"), "{refused}");
    cancel(&mut world, true).unwrap();
    assert_eq!(world.plan.status, Status::Cancelled { cut: true });
    let twice = world.plan.transitions.iter();
    assert_eq!(twice.filter(|t| t.to == StatusName::Cancelled).count(), 1);
    assert_eq!(cancel(&mut world, true), Err(Refusal::Moot));
    let why = String::new();
    world
        .report(Report::Releasing { why }, world.plan.epoch)
        .unwrap();
    assert_eq!(world.plan.calls.in_doubt.len(), 1);
    assert!(matches!(
        cancel(&mut world, true),
        Err(Refusal::Status { .. })
    ));
    world.check_replay();
}

#[test]
fn a_body_that_cannot_be_run_is_never_run_short() {
    let broken = script_body("**1. First** — a.\n\n**3. Third** — b.\n");
    let mut world = World::draft(&broken);
    world
        .operator(Command::Approve {
            note: String::new(),
        })
        .unwrap();
    world.drive(Script::default());
    assert!(matches!(
        world.plan.status,
        Status::Paused {
            reason: PauseReason::Body,
            ..
        }
    ));
    assert!(world.asked.is_empty());
}

#[test]
fn a_plan_that_says_it_finished_more_than_it_lists_is_not_called_done() {
    let text = "---\nid: ESS-PLAN-001\nproject_code: ess\ncreated_at: '2026-11-20T08:15:00+00:00'\nstatus: approved\ncurrent_index: 7\n---\n";
    let document =
        projections::document::read(format!("{text}{}", crate::world::TWO).as_bytes()).unwrap();
    let events = modulatio::decide::import(
        &"ESS-PLAN-001".parse().unwrap(),
        &document,
        None,
        projections::payload::Digest::of(text.as_bytes()),
    )
    .unwrap();
    let mut world = World::begin(events);
    world.drive(Script::default());
    assert!(matches!(
        world.plan.status,
        Status::Paused {
            reason: PauseReason::Body,
            ..
        }
    ));
    let (_, ticket) = world.plan.open_tickets().next().unwrap();
    assert!(
        ticket
            .body
            .contains("7 sub-objectives are said to be finished, but the plan has 2"),
        "{}",
        ticket.body
    );
}

#[test]
fn an_imported_plan_in_execution_goes_on_where_it_stands() {
    let text = "---\nid: ESS-PLAN-001\nproject_code: ess\ncreated_at: '2026-11-20T08:15:00+00:00'\nstatus: executing\ncurrent_index: 1\ntokens_used: 0\n---\n";
    let document =
        projections::document::read(format!("{text}{}", crate::world::TWO).as_bytes()).unwrap();
    let events = modulatio::decide::import(
        &"ESS-PLAN-001".parse().unwrap(),
        &document,
        None,
        projections::payload::Digest::of(text.as_bytes()),
    )
    .unwrap();
    let mut world = World::begin(events);
    world.claim().unwrap();
    let mut script = Script::default();
    world.tick(&mut |step| script.answer(step));
    assert_eq!(world.asked, ["s2-plan"]);
}

fn script_body(items: &str) -> String {
    format!("## Plan\n\n### Sub-objectives\n\n{items}")
}

#[test]
fn the_scripted_answers_are_of_the_asked_for_form() {
    use modulatio::prompts::reply;
    let read = |count| reply::tasks(1, &tasks(1, count), 6, &[]);
    assert!(read(6).is_ok() && read(7).is_err());
    assert!(reply::verdict(&verdict(false, "mechanical")).is_ok());
    assert!(reply::reflection(&script::revise(&["x"]), true).is_ok());
}
