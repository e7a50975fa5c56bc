//! A producer's talk with its tools, and the room that it takes.

use modulatio::{
    command::{Called, Report, Room},
    effect::{self, Effect},
    prompts::Turn,
};
use projections::{
    event::{Decision, Event, FailureClass, PauseReason, TicketSubject, ToolOutcome},
    ids::{Epoch, ToolCallId},
    payload::Digest,
    plan::Status,
    work::Step,
};

use crate::{script::Script, world::World};

fn called(tool: &str) -> Called {
    Called {
        tool: tool.to_owned(),
        arguments: r#"{"path":"a.md"}"#.to_owned(),
    }
}

/// A world whose first producer calls tools in so many turns.
fn talking(turns: usize) -> World {
    let mut world = World::approved();
    let turn = vec![called("list_files"), called("read_file")];
    world
        .tools
        .insert("s1-t1-produce-1".to_owned(), vec![turn; turns]);
    world
}

fn asked(world: &World, label: &str) -> usize {
    world.asked.iter().filter(|asked| *asked == label).count()
}

/// Drives until the first producer has been asked so often.
fn until_asked(world: &mut World, times: usize) {
    let mut script = Script::default();
    while asked(world, "s1-t1-produce-1") < times {
        world.tick(&mut |step| script.answer(step));
    }
}

#[test]
fn tools_return_in_order_before_the_model_is_asked_again() {
    let mut world = talking(2);
    until_asked(&mut world, 3);
    let turns = &world.last_prompt.as_ref().unwrap().turns;
    let shape: Vec<&str> = turns
        .iter()
        .map(|turn| match turn {
            Turn::Asked(_) => "asked",
            Turn::Answered(_) => "answered",
            Turn::Called { .. } => "called",
            Turn::Returned { .. } => "returned",
        })
        .collect();
    assert_eq!(
        shape,
        [
            "asked", "called", "returned", "returned", "called", "returned", "returned"
        ]
    );
    let Turn::Returned { id, text } = &turns[5] else {
        panic!()
    };
    assert_eq!(*id, ToolCallId::nth(3), "ids are unique in the plan");
    assert!(text.starts_with("what list_files found"));
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
    assert_eq!(world.asked.len(), 10);
    world.check_replay();
}

#[test]
fn a_runner_killed_in_the_middle_of_a_talk_goes_on_where_it_stood() {
    let frames = {
        let mut world = talking(2);
        world.drive(Script::default());
        world.frames.len()
    };
    for at in 3..frames {
        let mut world = talking(2);
        let mut script = Script::default();
        while world.frames.len() < at {
            world.tick(&mut |step| script.answer(step));
        }
        world.kill();
        world.drive(Script::default());
        assert_eq!(world.plan.status, Status::Done, "killed after frame {at}");
        let paid = world.plan.calls.completed;
        assert_eq!(paid, 10, "killed after frame {at}: nothing is paid twice");
        world.check_replay();
    }
}

#[test]
fn the_last_call_must_hand_in() {
    let mut world = talking(3);
    world.policy.max_iters = 4;
    until_asked(&mut world, 3);
    assert!(!world.last_prompt.as_ref().unwrap().must_answer);
    until_asked(&mut world, 4);
    assert!(world.last_prompt.as_ref().unwrap().must_answer);
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
}

#[test]
fn the_next_model_begins_the_task_anew() {
    let mut world = talking(1);
    world.next = vec!["other".to_owned()];
    until_asked(&mut world, 2);
    let mut script = Script::default().fails("s1-t1-produce-1", FailureClass::Refused);
    world.tick(&mut |step| script.answer(step));
    let run = world.plan.run.as_ref().unwrap();
    assert!(run.tasks[0].talk.is_empty());
    until_asked(&mut world, 3);
    assert_eq!(world.last_prompt.as_ref().unwrap().turns.len(), 1);
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
}

#[test]
fn an_approval_does_not_take_a_talk_from_the_model_that_has_it() {
    let mut world = talking(3);
    world.next = vec!["other".to_owned()];
    let mut script = Script::default().fails("s1-t1-produce-1", FailureClass::Refused);
    while asked(&world, "s1-t1-produce-1") < 3 {
        world.tick(&mut |step| script.answer(step));
    }
    let note = String::new;
    world
        .operator(modulatio::command::Command::Pause { note: note() })
        .unwrap();
    world
        .operator(modulatio::command::Command::Resume { note: note() })
        .unwrap();
    let run = world.plan.run.as_ref().unwrap();
    assert_eq!(run.fallen_back["s1-t1-produce"], 1);
    assert!(!run.tasks[0].talk.is_empty());
}

#[test]
fn producers_and_quality_control_have_tools_and_nobody_else() {
    let mut world = World::approved();
    for label in ["s1-plan", "s1-t1-produce-1", "s1-t1-qc-1", "s1-reflect"] {
        let mut script = Script::default();
        while world.asked.last().map(String::as_str) != Some(label) {
            world.tick(&mut |step| script.answer(step));
        }
        let prompt = world.last_prompt.as_ref().unwrap();
        let works = ["s1-t1-produce-1", "s1-t1-qc-1"].contains(&label);
        assert_eq!(prompt.lookups.is_empty(), !works, "{label}");
        let writes = prompt.lookups.iter().any(|tool| tool.name == "write_file");
        assert_eq!(writes, label == "s1-t1-produce-1", "{label}");
        assert_eq!(prompt.must_answer, prompt.lookups.is_empty());
    }
}

#[test]
fn a_tool_returns_once() {
    let mut world = talking(1);
    let mut script = Script::default();
    let returned = |call: &ToolCallId| Report::ToolReturned {
        task: "s1-t1".parse().unwrap(),
        tool_call: call.clone(),
        outcome: ToolOutcome::Failed,
        result: "no".to_owned(),
        shown: None,
    };
    while !matches!(
        effect::due(&world.plan, world.now, 3).effects.first(),
        Some(Effect::RunTool { .. })
    ) {
        world.tick(&mut |step| script.answer(step));
    }
    let first = ToolCallId::nth(1);
    world.report(returned(&first), Epoch(1)).unwrap();
    assert!(world.report(returned(&first), Epoch(1)).is_err());
    assert!(
        world
            .report(returned(&ToolCallId::nth(9)), Epoch(1))
            .is_err()
    );
}

const ROOM: Room = Room {
    estimated_tokens: 900,
    window_tokens: 1_000,
};

fn produce() -> Step {
    Step::Produce {
        task: "s1-t1".parse().unwrap(),
        attempt: 1,
    }
}

#[test]
fn a_result_that_is_left_out_leaves_a_placeholder_with_its_id() {
    let mut world = talking(2);
    let mut script = Script::default();
    while world.plan.calls.tools < 4
        || world.plan.run.as_ref().unwrap().tasks[0]
            .open_tool()
            .is_some()
    {
        world.tick(&mut |step| script.answer(step));
    }
    let tight = Report::ContextTight {
        step: produce(),
        replaced: vec![ToolCallId::nth(2)],
        before: ROOM,
        after_tokens: 700,
    };
    world.report(tight, Epoch(1)).unwrap();
    until_asked(&mut world, 3);
    let turns = &world.last_prompt.as_ref().unwrap().turns;
    let text = |id| {
        turns.iter().find_map(|turn| match turn {
            Turn::Returned { id: of, text } if *of == ToolCallId::nth(id) => Some(text.clone()),
            _ => None,
        })
    };
    let placeholder = text(2).unwrap();
    assert!(
        placeholder.contains("read_tool_result with call_id t00000002"),
        "{placeholder}"
    );
    assert!(text(1).unwrap().starts_with("what list_files found"));
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
    world.check_replay();
}

#[test]
fn a_prompt_that_does_not_fit_asks_a_person_and_names_the_checkpoint() {
    let mut world = World::approved();
    until_asked(&mut world, 0);
    let mut script = Script::default();
    while !effect::stands_at(&world.plan, &produce()) {
        world.tick(&mut |step| script.answer(step));
    }
    let checkpoint = "runs/ESS-P-001/checkpoints/c0002-s1-t1-produce-1.json".to_owned();
    let full = Report::ContextFull {
        step: produce(),
        model: "local".to_owned(),
        room: ROOM,
        checkpoint: checkpoint.clone(),
        b3: Digest([0; 32]),
        bytes: 7,
    };
    world.report(full, Epoch(1)).unwrap();
    let Status::Paused { reason, note } = &world.plan.status else {
        panic!()
    };
    assert_eq!(*reason, PauseReason::Context);
    assert!(note.starts_with("decompose required"), "{note}");
    let (_, ticket) = world.plan.open_tickets().next().unwrap();
    assert_eq!(
        ticket.subject,
        TicketSubject::Context {
            index: 1,
            checkpoint: checkpoint.clone(),
            divides: true,
        }
    );
    assert!(ticket.body.contains(&checkpoint), "{}", ticket.body);
    world.answer(Decision::Approved);
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
    world.check_replay();
}

#[test]
fn a_provider_that_says_too_long_is_believed_and_asks_nobody_by_itself() {
    let mut world = World::approved();
    let mut script = Script::default().fails("s1-plan", FailureClass::ContextTooLong);
    while !world.kinds().contains(&"ModelCallFailed".to_owned()) {
        world.tick(&mut |step| script.answer(step));
    }
    let trouble = &world.plan.run.as_ref().unwrap().troubles["s1-plan"];
    assert_eq!(trouble.too_long, Some(300));
    assert!(world.is_executing());
}

#[test]
fn bytes_per_token_are_learned_from_what_the_provider_counts() {
    let mut world = World::approved();
    world.drive(Script::default());
    let known = world.plan.calls.learned["main"];
    // Prompts of 300 bytes, 100 tokens each; older ones weigh half.
    assert_eq!(known.bytes / known.tokens, 3);
    let warned = world
        .events()
        .iter()
        .any(|e| matches!(e, Event::ContextSoftWarned(_)));
    assert!(!warned);
}

/// What the first producer's prompt says each of its calls returned, after so many turns of at most `most` calls.
fn returned(turns: usize, most: u32) -> Vec<String> {
    let mut world = talking(turns);
    world.policy.max_iters = most;
    until_asked(&mut world, turns + 1);
    let turns = world.last_prompt.unwrap().turns.into_iter();
    let text = |turn| match turn {
        Turn::Returned { text, .. } => Some(text),
        Turn::Asked(_) | Turn::Answered(_) | Turn::Called { .. } => None,
    };
    turns.filter_map(text).collect()
}

#[test]
fn a_call_that_was_made_before_is_told_so_and_the_last_calls_are_announced() {
    let texts = returned(4, 5);
    assert!(!texts[0].contains('['), "{texts:?}");
    for (at, text) in texts.iter().enumerate().skip(2) {
        let first = ["t00000001", "t00000002"][at % 2];
        let told = format!(
            "[the same call as {first}, with the same arguments; make another one, or hand in]"
        );
        assert!(text.contains(&told), "{text}");
    }
    let left = |at: usize, word: &str| assert!(texts[at].ends_with(word), "{at}: {}", texts[at]);
    left(3, "[3 calls are left, the one that hands in included]");
    left(5, "[2 calls are left, the one that hands in included]");
    left(7, "[the next call is the last one: hand in]");
    assert!(
        texts.iter().step_by(2).all(|text| !text.contains("left,")),
        "once a turn"
    );
}

#[test]
fn what_was_sent_once_is_sent_again_as_it_was() {
    for turns in 1..4 {
        let (before, after) = (returned(turns, 5), returned(turns + 1, 5));
        assert_eq!(before[..], after[..before.len()]);
    }
}

/// A plan whose first producer calls this tool, and whose runner is killed while it runs.
fn killed_inside(tool: &str) -> World {
    let mut world = World::approved();
    let turn = vec![called("list_files"), called(tool)];
    world.tools.insert("s1-t1-produce-1".to_owned(), vec![turn]);
    let mut script = Script::default();
    while world.effects < 1 || world.kinds().last().unwrap() != "ToolCallStarted" {
        world.tick(&mut |step| script.answer(step));
    }
    world.kill();
    world
}

fn finished(world: &World) -> Vec<ToolOutcome> {
    let finished = |event| match event {
        Event::ToolCallFinished(e) => Some(e.outcome),
        _ => None,
    };
    world.events().into_iter().filter_map(finished).collect()
}

#[test]
fn a_tool_that_was_interrupted_is_not_run_again_and_its_model_is_told() {
    let mut world = killed_inside("run_shell");
    let claimed = world.claim().unwrap();
    let kinds: Vec<&str> = claimed.iter().map(Event::kind).collect();
    assert_eq!(kinds, ["PlanClaimed", "ToolCallFinished"]);
    until_asked(&mut world, 2);
    assert_eq!(world.effects, 1);
    let prompt = format!("{:?}", world.last_prompt.as_ref().unwrap().turns);
    assert!(
        prompt.contains("whether it took effect, and how far, is not known"),
        "{prompt}"
    );
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
    assert_eq!(
        finished(&world),
        [ToolOutcome::Done, ToolOutcome::Interrupted]
    );
    world.check_replay();
}

#[test]
fn a_tool_that_changes_nothing_is_simply_run_again() {
    let mut world = killed_inside("read_file");
    until_asked(&mut world, 2);
    assert_eq!(world.effects, 2);
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
    assert_eq!(finished(&world), [ToolOutcome::Done; 2]);
    let started = world
        .kinds()
        .iter()
        .filter(|k| *k == "ToolCallStarted")
        .count();
    assert_eq!(started, 3);
    world.check_replay();
}

#[test]
fn a_tool_that_runs_is_not_begun_a_second_time_under_the_same_claim() {
    let world = &mut killed_inside("read_file");
    let starting = || Report::ToolStarting {
        task: "s1-t1".parse().unwrap(),
        tool_call: ToolCallId::nth(2),
        repeatable: true,
    };
    assert!(world.report(starting(), Epoch(1)).is_err());
    assert!(effect::due(&world.plan, world.now, 3).effects.is_empty());
    world.claim().unwrap();
    assert_eq!(effect::due(&world.plan, world.now, 3).effects.len(), 1);
    world.report(starting(), Epoch(2)).unwrap();
    assert!(world.report(starting(), Epoch(2)).is_err());
}

#[test]
fn a_tool_of_a_plan_that_is_paused_meanwhile_may_still_return_and_none_begins() {
    let mut world = talking(1);
    let mut script = Script::default();
    while world.kinds().last().unwrap() != "ToolCallStarted" {
        world.tick(&mut |step| script.answer(step));
    }
    let note = String::new;
    world
        .operator(modulatio::command::Command::Pause { note: note() })
        .unwrap();
    world.drive(Script::default());
    assert_eq!((world.effects, finished(&world).len()), (1, 1));
    world
        .operator(modulatio::command::Command::Resume { note: note() })
        .unwrap();
    world.drive(Script::default());
    assert_eq!(
        (world.plan.status.clone(), world.effects),
        (Status::Done, 2)
    );
    world.check_replay();
}

#[test]
fn quality_control_looks_with_tools_and_its_talk_is_its_own() {
    let mut world = talking(1);
    world
        .tools
        .insert("s1-t1-qc-1".to_owned(), vec![vec![called("read_file")]; 2]);
    let mut script = Script::default();
    while asked(&world, "s1-t1-qc-1") < 3 {
        world.tick(&mut |step| script.answer(step));
    }
    let turns = &world.last_prompt.as_ref().unwrap().turns;
    let calls = turns
        .iter()
        .filter(|turn| matches!(turn, Turn::Called { .. }));
    assert_eq!(calls.count(), 2);
    world.drive(script);
    assert_eq!(world.plan.status, Status::Done);
    world.check_replay();
}
