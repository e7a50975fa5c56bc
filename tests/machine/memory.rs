//! What agents note and who is routed to: decided like all else, and never a reason to refuse an answer.

use modulatio::{
    command::{Command, Report},
    decide::Refusal,
};
use projections::{
    event::Event,
    ids::TaskId,
    memory::{RouteRule, Standing, Tier},
    plan::Status,
};

use crate::{
    script::{Script, handed_in, reflect, tasks, verdict},
    world::World,
};

/// An answer that says this besides.
fn besides(answer: &str, key: &str, value: &str) -> String {
    let answer = answer.trim_end().strip_suffix('}').expect("an object");
    format!("{answer},\"{key}\":{value}}}")
}

fn noted(world: &World) -> Vec<(String, String)> {
    let one = |event: Event| match event {
        Event::NoteWritten(e) => Some(("written".to_owned(), e.note.text)),
        Event::NoteProposed(e) => Some(("proposed".to_owned(), e.note.text)),
        Event::NoteJudged(e) => Some((format!("promoted {}", e.promoted), e.note)),
        _ => None,
    };
    world.events().into_iter().filter_map(one).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
    pairs.iter().map(own).collect()
}

#[test]
fn a_note_is_written_or_proposed_by_who_may_and_once() {
    let mut world = World::approved();
    world.drive(
        Script::default()
            .says(
                "s1-plan",
                besides(&tasks(1, 1), "proposals", r#"["of the planner"]"#),
            )
            .says(
                "s1-t1-produce-1",
                besides(
                    &handed_in(&[("s1/t1.md", "x")]),
                    "proposals",
                    r#"["of the producer","of the planner"]"#,
                ),
            )
            .says(
                "s1-t1-qc-1",
                besides(
                    &besides(&verdict(true, ""), "notes", r#"["of qc"]"#),
                    "promote",
                    r#"["ESS-P-001-m2"]"#,
                ),
            )
            .says(
                "s1-reflect",
                besides(
                    &reflect("continue"),
                    "notes",
                    r#"["of the leader","of qc"]"#,
                ),
            ),
    );
    assert_eq!(world.plan.status, Status::Done);
    assert_eq!(
        noted(&world),
        pairs(&[
            ("proposed", "of the planner"),
            ("proposed", "of the producer"),
            ("promoted true", "ESS-P-001-m2"),
            ("written", "of qc"),
            ("written", "of the leader"),
        ])
    );
    let tiers: Vec<Tier> = world
        .plan
        .notes
        .proposed
        .iter()
        .map(|p| p.note.tier)
        .collect();
    assert_eq!(tiers, [Tier::Planner, Tier::Producer]);
    world.check_replay();
}

#[test]
fn notes_of_any_form_cost_no_answer() {
    for notes in [
        "7",
        "null",
        "{}",
        r#"[null,{"text":7},[]]"#,
        r#""x""#,
        r#"[{"text":"  "}]"#,
    ] {
        let mut world = World::approved();
        world.drive(
            Script::default()
                .says("s1-t1-qc-1", besides(&verdict(true, ""), "notes", notes))
                .says(
                    "s1-t1-produce-1",
                    besides(&handed_in(&[("s1/t1.md", "x")]), "proposals", notes),
                ),
        );
        assert_eq!(world.plan.status, Status::Done, "{notes}");
        assert_eq!(
            world
                .asked
                .iter()
                .filter(|label| *label == "s1-t1-qc-1")
                .count(),
            1
        );
        assert!(noted(&world).is_empty(), "{notes}");
    }
}

#[test]
fn an_answer_that_is_refused_leaves_no_note() {
    let mut world = World::approved();
    let bad = r#"{"tasks":[],"proposals":["too early"]}"#;
    world.drive(Script::default().says("s1-plan", bad.to_owned()));
    assert_eq!(world.plan.status, Status::Done);
    assert!(noted(&world).is_empty());
}

#[test]
fn without_team_memory_nothing_is_noted() {
    let mut world = World::approved();
    world.policy.team_memory = false;
    world.drive(Script::default().says(
        "s1-t1-qc-1",
        besides(&verdict(true, ""), "notes", r#"["x"]"#),
    ));
    assert_eq!(world.plan.status, Status::Done);
    assert!(noted(&world).is_empty());
}

fn standing(producer: &str, load: u32) -> Standing {
    Standing {
        producer: producer.to_owned(),
        capable: true,
        load,
        described: None,
        history: None,
    }
}

fn routing(task: &str, among: &[Standing]) -> Command {
    Command::Runner(Report::Routing {
        task: task.parse::<TaskId>().unwrap(),
        among: among.to_vec(),
        embedder: None,
    })
}

/// A plan of which one task is to be produced.
fn producing() -> World {
    let mut world = World::approved();
    world.policy.producers = ["a", "b"].map(str::to_owned).to_vec();
    let mut script = Script::default();
    while world
        .plan
        .run
        .as_ref()
        .is_none_or(|run| run.tasks.is_empty())
    {
        world.tick(&mut |step| script.answer(step));
    }
    world
}

#[test]
fn a_task_is_routed_once_to_a_producer_that_there_is() {
    let mut world = producing();
    let epoch = world.plan.epoch;
    let report = |world: &mut World, command: &Command| {
        let Command::Runner(report) = command.clone() else {
            unreachable!()
        };
        world.report(report, epoch)
    };
    for refused in [
        routing("s1-t9", &[standing("a", 0)]),
        routing("s1-t1", &[standing("a", 0), standing("nobody", 0)]),
        routing("s1-t1", &[]),
    ] {
        assert_eq!(report(&mut world, &refused), Err(Refusal::Moot));
    }
    let routed = routing("s1-t1", &[standing("a", 1), standing("b", 0)]);
    let events = report(&mut world, &routed).unwrap();
    let [Event::TaskRouted(e)] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!((e.producer.as_str(), e.rule), ("b", RouteRule::Load));
    assert_eq!(report(&mut world, &routed), Err(Refusal::Moot));
    let task = &world.plan.run.as_ref().unwrap().tasks[0];
    assert_eq!(task.producer(), Some("b"));
    world.drive(Script::default());
    assert_eq!(world.plan.status, Status::Done);
    world.check_replay();
}

/// Whoever was asked for a task goes on with it, also where further producers come to the team meanwhile.
#[test]
fn a_task_that_somebody_was_asked_for_is_not_routed_any_more() {
    let mut world = producing();
    let epoch = world.plan.epoch;
    let mut script = Script::default();
    while !world.asked.iter().any(|label| label == "s1-t1-produce-1") {
        world.tick(&mut |step| script.answer(step));
    }
    let Command::Runner(report) = routing("s1-t1", &[standing("a", 0), standing("b", 0)]) else {
        unreachable!()
    };
    assert_eq!(world.report(report, epoch), Err(Refusal::Moot));
    world.drive(script);
    assert_eq!(world.plan.status, Status::Done);
}
