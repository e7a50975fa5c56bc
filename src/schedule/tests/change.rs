//! What people do to jobs: what is told of slots, and what is refused.

use std::collections::BTreeSet;

use projections::{
    schedule::{CatchUp, Definition, Event, Overlap, Since, Standing},
    time::Timestamp,
};

use super::world::{World, at, clock, first_job, hourly, project, told};
use crate::schedule::{Change, Refused, change, held_until};

fn queueing() -> Definition {
    Definition {
        overlap: Overlap::Queue,
        catch_up: CatchUp::All,
        ..hourly()
    }
}

fn edited(to: Definition) -> Change {
    Change::Edit(first_job(), Box::new(to))
}

/// A job with one plan that runs and two slots that wait, at 3:30.
fn waiting() -> World {
    let mut world = World::with(queueing(), clock("0:30"));
    world.look(clock("3:30"));
    world
}

#[test]
fn an_edit_gives_up_what_waits_and_what_nobody_has_looked_at() {
    let mut world = waiting();
    let to = Definition {
        schedule: "30 * * * *".to_owned(),
        ..queueing()
    };
    let events = world.change(&edited(to), clock("5:10")).unwrap();
    assert_eq!(
        told(&events),
        [
            "02:00-03:00 x2 changed",
            "04:00-05:00 x2 changed",
            "changed"
        ]
    );
    world.end_plans();
    assert!(world.look(clock("5:29")).is_empty());
    assert_eq!(told(&world.look(clock("5:30"))), ["claimed 05:30"]);
}

#[test]
fn an_edited_job_never_claims_a_time_from_before_the_edit() {
    let mut world = World::with(hourly(), clock("0:30"));
    let often = Definition {
        schedule: "* * * * *".to_owned(),
        catch_up: CatchUp::All,
        overlap: Overlap::Allow,
        ..hourly()
    };
    world.change(&edited(often), clock("0:45")).unwrap();
    let found = told(&world.look(clock("0:47")));
    assert_eq!(found, ["claimed 00:46", "claimed 00:47"]);
}

#[test]
fn what_is_claimed_keeps_the_definition_under_which_it_was() {
    let mut world = World::with(hourly(), clock("0:30"));
    world.ask(clock("1:00"));
    let to = Definition {
        objective: "Something else.".to_owned(),
        ..hourly()
    };
    world.change(&edited(to), clock("1:00")).unwrap();
    let job = world.job();
    assert_eq!(job.definition.objective, "Something else.");
    let claim = &job.claimed[&clock("1:00")];
    assert_eq!(claim.definition.objective, "Look around.");
}

#[test]
fn a_disabled_jobs_times_are_told_when_it_is_enabled() {
    let mut world = waiting();
    let disabled = world
        .change(&Change::Disable(first_job()), clock("4:10"))
        .unwrap();
    assert_eq!(
        told(&disabled),
        [
            "02:00-03:00 x2 disabled",
            "04:00-04:00 x1 disabled",
            "disabled"
        ]
    );
    let enabled = world
        .change(&Change::Enable(first_job()), clock("8:30"))
        .unwrap();
    assert_eq!(told(&enabled), ["05:00-08:00 x4 disabled", "enabled"]);
    world.end_plans();
    assert_eq!(told(&world.look(clock("9:00"))), ["claimed 09:00"]);
}

#[test]
fn a_removed_jobs_times_are_told_with_its_end() {
    let mut world = waiting();
    let removed = world
        .change(&Change::Remove(first_job()), clock("4:10"))
        .unwrap();
    assert_eq!(
        told(&removed),
        [
            "02:00-03:00 x2 removed",
            "04:00-04:00 x1 removed",
            "removed"
        ]
    );
    for wanted in [
        Change::Remove(first_job()),
        Change::Enable(first_job()),
        Change::Disable(first_job()),
        Change::RunNow(first_job()),
        edited(hourly()),
    ] {
        let refused = world.change(&wanted, clock("4:20")).unwrap_err();
        assert_eq!(refused, Refused::NoJob(first_job()), "{wanted:?}");
    }
    let add = Change::Add(project(), Box::new(hourly()));
    let added = world.change(&add, clock("4:30")).unwrap();
    assert!(matches!(&added[..], [Event::JobAdded { job, .. }] if job.number() == 2));
}

#[test]
fn a_disabled_job_is_edited_and_stays_disabled() {
    let mut world = World::with(hourly(), clock("0:30"));
    world
        .change(&Change::Disable(first_job()), clock("0:40"))
        .unwrap();
    let events = world.change(&edited(queueing()), clock("2:30")).unwrap();
    assert_eq!(told(&events), ["01:00-02:00 x2 disabled", "changed"]);
    assert!(matches!(world.job().standing, Standing::Disabled(_)));
    assert!(world.look(clock("5:00")).is_empty());
    let enabled = world
        .change(&Change::Enable(first_job()), clock("5:30"))
        .unwrap();
    assert_eq!(told(&enabled), ["03:00-05:00 x3 disabled", "enabled"]);
}

#[test]
fn a_later_end_brings_an_ended_job_back() {
    let counted = |count| Definition {
        count: Some(count),
        ..hourly()
    };
    let mut world = World::with(counted(1), clock("0:30"));
    assert_eq!(
        told(&world.look(clock("1:00"))),
        ["claimed 01:00", "ended Count"]
    );
    let refused = world
        .change(&edited(counted(1)), clock("2:30"))
        .unwrap_err();
    assert!(matches!(refused, Refused::Standing { .. }), "{refused}");
    world.end_plans();
    let events = world.change(&edited(counted(2)), clock("4:30")).unwrap();
    assert_eq!(
        told(&events),
        ["changed"],
        "its end spoke of all later times"
    );
    assert_eq!(
        told(&world.look(clock("5:00"))),
        ["claimed 05:00", "ended Count"]
    );
}

#[test]
fn a_change_after_the_clock_was_set_back_goes_by_the_clock_and_not_by_the_latest_frame() {
    let mut world = World::with(
        Definition {
            schedule: "*/10 * * * *".to_owned(),
            ..queueing()
        },
        clock("0:30"),
    );
    let other = Change::Add(project(), Box::new(hourly()));
    world.change(&other, clock("2:00")).unwrap();
    let events = world
        .change(
            &edited(Definition {
                schedule: "5 * * * *".to_owned(),
                ..queueing()
            }),
            clock("1:00"),
        )
        .unwrap();
    assert_eq!(told(&events), ["00:40-01:00 x3 changed", "changed"]);
    assert_eq!(world.job().cursor, clock("1:00"));
    assert_eq!(told(&world.look(clock("1:05"))), ["claimed 01:05"]);
}

#[test]
fn runs_by_hand_never_collide() {
    let mut world = World::with(hourly(), clock("0:30"));
    let wanted = Change::RunNow(first_job());
    let mut slots = Vec::new();
    let looked = world.ask(clock("1:00"));
    assert_eq!(told(&looked), ["claimed 01:00"]);
    for now in ["1:00", "1:00", "1:00", "0:10", "2:00", "1:59", "2:00"] {
        let events = world.change(&wanted, clock(now)).unwrap();
        let [
            Event::SlotClaimed {
                slot, manual: true, ..
            },
        ] = events[..]
        else {
            panic!("{events:?}");
        };
        assert_ne!(slot.micros() % 1_000_000, 0, "no time of an expression");
        slots.push(slot);
    }
    let distinct: BTreeSet<_> = slots.iter().collect();
    assert_eq!(distinct.len(), slots.len(), "{slots:?}");
    let apart = slots[3].micros_since(clock("0:10"));
    assert!(apart < 60_000_000, "its time is what the clock showed");
    assert_eq!(world.job().claimed.len(), 8);
    assert_eq!(world.job().claims, 1, "they are no times of the job");
    assert_eq!(
        told(&world.ask(clock("2:00"))),
        ["02:00-02:00 x1 overlap"],
        "the time itself is still accounted for"
    );
}

#[test]
fn a_disabled_job_and_an_ended_one_run_by_hand() {
    let mut world = World::with(hourly(), clock("0:30"));
    world
        .change(&Change::Disable(first_job()), clock("0:40"))
        .unwrap();
    let by_hand = world
        .change(&Change::RunNow(first_job()), clock("0:41"))
        .unwrap();
    assert_eq!(told(&by_hand), ["by hand 00:41+1us"]);
    let counted = Definition {
        count: Some(1),
        ..hourly()
    };
    let mut world = World::with(counted, clock("0:30"));
    world.look(clock("1:00"));
    world
        .change(&Change::RunNow(first_job()), clock("1:41"))
        .unwrap();
}

#[test]
fn what_makes_no_sense_is_refused_with_the_field() {
    let world = World::with(hourly(), clock("0:30"));
    let cases: [(Definition, &str); 11] = [
        (
            Definition {
                schedule: "0 25 * * *".to_owned(),
                ..hourly()
            },
            "schedule: hour: 25",
        ),
        (
            Definition {
                tz: "Mars/Olympus".to_owned(),
                ..hourly()
            },
            "tz: Mars/Olympus",
        ),
        (
            Definition {
                objective: " \n".to_owned(),
                ..hourly()
            },
            "the objective is empty",
        ),
        (
            Definition {
                until: Some(clock("4:59")),
                ..hourly()
            },
            "until: 2026-11-24T04:59:00.000000Z lies before the first time of the schedule",
        ),
        (
            Definition {
                until: Some(at("2020-01-01T00:00:00Z")),
                ..hourly()
            },
            "until: ",
        ),
        (
            Definition {
                count: Some(0),
                ..hourly()
            },
            "count: 0",
        ),
        (
            Definition {
                catch_up_window_s: 368 * 86_400,
                ..hourly()
            },
            "catch-up-window: ",
        ),
        (
            Definition {
                jitter_s: 86_401,
                ..hourly()
            },
            "jitter: ",
        ),
        (
            Definition {
                schedule: String::new(),
                ..hourly()
            },
            "schedule: the expression is empty",
        ),
        (
            Definition {
                schedule: "0 0 30 2 *".to_owned(),
                ..hourly()
            },
            "schedule: day-of-month: 30 never comes",
        ),
        (
            Definition {
                catch_up_window_s: u64::MAX,
                jitter_s: u64::MAX,
                ..hourly()
            },
            "catch-up-window: ",
        ),
    ];
    for (definition, why) in cases {
        let add = Change::Add(project(), Box::new(definition.clone()));
        let edit = edited(definition);
        for wanted in [add, edit] {
            let refused = change(&world.schedule, &wanted, clock("4:30")).unwrap_err();
            assert!(refused.to_string().contains(why), "{why}: {refused}");
        }
    }
}

#[test]
fn an_end_that_only_just_leaves_a_time_is_taken() {
    let just = Definition {
        until: Some(clock("5:00")),
        count: Some(1),
        catch_up_window_s: 367 * 86_400,
        jitter_s: 86_400,
        ..hourly()
    };
    let add = Change::Add(project(), Box::new(just));
    let world = World::with(hourly(), clock("0:30"));
    change(&world.schedule, &add, clock("4:30")).unwrap();
}

#[test]
fn a_template_alone_is_enough() {
    let definition = Definition {
        objective: String::new(),
        template: Some("## Sub-objectives\n\n**1. A** — b\n".to_owned()),
        ..hourly()
    };
    let add = Change::Add(project(), Box::new(definition));
    change(&World::default().schedule, &add, clock("0:00")).unwrap();
}

#[test]
fn who_stands_as_wanted_is_told_so() {
    let mut world = World::with(hourly(), clock("0:30"));
    let refused = |world: &World, wanted: &Change| {
        let refused = change(&world.schedule, wanted, clock("0:40")).unwrap_err();
        refused.to_string()
    };
    let (enable, disable) = (Change::Enable(first_job()), Change::Disable(first_job()));
    assert_eq!(refused(&world, &enable), "job ESS-C-1 is enabled already");
    assert_eq!(
        refused(&world, &edited(hourly())),
        "job ESS-C-1 reads so already"
    );
    world.change(&disable, clock("0:40")).unwrap();
    assert_eq!(refused(&world, &disable), "job ESS-C-1 is disabled already");
    let counted = Definition {
        count: Some(1),
        ..hourly()
    };
    let mut world = World::with(counted, clock("0:30"));
    world.look(clock("1:00"));
    assert!(refused(&world, &enable).contains("has ended; give it a later end"));
    assert!(refused(&world, &disable).contains("has ended and runs no more"));
    let less = Definition {
        count: Some(1),
        objective: "x".to_owned(),
        ..hourly()
    };
    assert_eq!(
        refused(&world, &edited(less)),
        "count: 1, and the job has run 1 times already"
    );
}

/// When the clock was ten years ahead.
const AHEAD: &str = "2036-11-24T00:00:00Z";

/// A job at every hour that somebody has looked at by a clock that was far ahead, once.
fn looked_ahead() -> World {
    let mut world = World::with(hourly(), clock("0:30"));
    world.look(at(AHEAD));
    world.end_plans();
    world
}

fn switched(world: &mut World, now: Timestamp) {
    for wanted in [Change::Disable(first_job()), Change::Enable(first_job())] {
        world.change(&wanted, now).unwrap();
    }
}

#[test]
fn a_person_lets_a_job_go_on_that_was_looked_at_by_a_clock_that_was_ahead() {
    let mut world = looked_ahead();
    assert!(world.look(clock("1:10")).is_empty());
    assert_eq!(held_until(world.job(), clock("1:10")), Some(at(AHEAD)));
    switched(&mut world, clock("1:10"));
    assert_eq!(held_until(world.job(), clock("1:10")), None);
    assert_eq!(told(&world.look(clock("2:00"))), ["claimed 02:00"]);
    world.end_plans();
    assert_eq!(told(&world.look(clock("3:00"))), ["claimed 03:00"]);
}

#[test]
fn an_edit_lets_it_go_on_as_well() {
    let mut world = looked_ahead();
    world.change(&edited(queueing()), clock("1:10")).unwrap();
    assert_eq!(told(&world.look(clock("2:00"))), ["claimed 02:00"]);
}

#[test]
fn what_was_claimed_ahead_is_not_claimed_again_when_its_time_comes() {
    let mut world = looked_ahead();
    switched(&mut world, clock("1:10"));
    world.end_plans();
    let events = world.look(at(AHEAD).plus_seconds(-3_600));
    assert!(
        told(&events).iter().any(|e| e.starts_with("claimed")),
        "{events:?}"
    );
    world.end_plans();
    assert!(world.look(at(AHEAD)).is_empty());
    let next = at(AHEAD).plus_seconds(3_600);
    let events = world.look(next);
    assert!(
        matches!(events[..], [Event::SlotClaimed { slot, .. }] if slot == next),
        "{events:?}"
    );
}

#[test]
fn a_job_that_is_added_after_the_clock_was_ahead_wants_slots_from_now_on() {
    let mut world = looked_ahead();
    let add = Change::Add(project(), Box::new(hourly()));
    let events = world.change(&add, clock("1:10")).unwrap();
    let [Event::JobAdded { since, job, .. }] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(*since, Since::Instant(clock("1:10")));
    assert_eq!(world.schedule.jobs[job].cursor, clock("1:10"));
    let edit = Change::Edit(job.clone(), Box::new(queueing()));
    let events = world.change(&edit, clock("2:30")).unwrap();
    assert_eq!(told(&events), ["02:00-02:00 x1 changed", "changed"]);
}

#[test]
fn while_the_clock_goes_on_nothing_says_from_when() {
    let mut world = World::with(hourly(), clock("0:30"));
    let edit = world.change(&edited(queueing()), clock("0:40")).unwrap();
    let since = |event: &Event| match event {
        Event::JobChanged { since, .. } => Some(*since),
        _ => None,
    };
    assert_eq!(edit.iter().find_map(since), Some(Since::Frame));
}
