//! What is due, case by case: overlap, catching up, lateness, ends, delays, the queue, and how much one answer says.

use projections::{
    schedule::{CatchUp, Definition, Event, MOST_QUEUED, Overlap, Standing},
    time::Timestamp,
};

use super::world::{World, at, clock, hourly, told};
use crate::schedule::{Change, due, is_left_behind, wake_at};

/// What a look at `now` says of a job that was added at 0:30.
fn looked(definition: Definition, now: &str) -> Vec<String> {
    told(&World::with(definition, clock("0:30")).look(clock(now)))
}

fn catching_up(catch_up: CatchUp, overlap: Overlap) -> Definition {
    Definition {
        catch_up,
        overlap,
        ..hourly()
    }
}

#[test]
fn nothing_is_due_before_the_first_time() {
    let mut world = World::with(hourly(), clock("0:30"));
    for now in ["0:29", "0:30", "0:59"] {
        assert!(world.look(clock(now)).is_empty(), "{now}");
    }
    let early = Timestamp::from_micros(clock("1:00").micros() - 1);
    assert!(world.look(early).is_empty());
    assert_eq!(told(&world.look(clock("1:00"))), ["claimed 01:00"]);
    assert!(world.look(clock("1:00")).is_empty(), "once");
}

#[test]
fn a_job_added_at_its_time_wants_the_next_one() {
    let mut world = World::with(hourly(), clock("1:00"));
    assert!(world.look(clock("1:59")).is_empty());
    assert_eq!(told(&world.look(clock("2:00"))), ["claimed 02:00"]);
}

#[test]
fn times_that_nobody_was_there_for_run_as_the_job_catches_up() {
    let cases: [(CatchUp, Overlap, &str, &[&str]); 13] = [
        (CatchUp::None, Overlap::Skip, "1:01", &["claimed 01:00"]),
        (
            CatchUp::None,
            Overlap::Skip,
            "1:02",
            &["01:00-01:00 x1 missed"],
        ),
        (
            CatchUp::None,
            Overlap::Allow,
            "4:00",
            &["01:00-03:00 x3 missed", "claimed 04:00"],
        ),
        (CatchUp::Last, Overlap::Skip, "1:59", &["claimed 01:00"]),
        (
            CatchUp::Last,
            Overlap::Skip,
            "4:30",
            &["01:00-03:00 x3 superseded", "claimed 04:00"],
        ),
        (
            CatchUp::Last,
            Overlap::Queue,
            "4:00",
            &["01:00-03:00 x3 superseded", "claimed 04:00"],
        ),
        (
            CatchUp::Last,
            Overlap::Allow,
            "3:00",
            &["01:00-02:00 x2 superseded", "claimed 03:00"],
        ),
        (
            CatchUp::All,
            Overlap::Skip,
            "4:30",
            &["claimed 01:00", "02:00-04:00 x3 overlap"],
        ),
        (
            CatchUp::All,
            Overlap::Allow,
            "3:30",
            &["claimed 01:00", "claimed 02:00", "claimed 03:00"],
        ),
        (
            CatchUp::All,
            Overlap::Queue,
            "3:30",
            &["claimed 01:00", "queued 02:00", "queued 03:00"],
        ),
        (CatchUp::All, Overlap::Allow, "1:00", &["claimed 01:00"]),
        (CatchUp::All, Overlap::Skip, "0:59", &[]),
        (CatchUp::None, Overlap::Queue, "0:59", &[]),
    ];
    for (catch_up, overlap, now, expected) in cases {
        let found = looked(catching_up(catch_up, overlap), now);
        assert_eq!(found, expected, "{catch_up:?} {overlap:?} {now}");
    }
}

#[test]
fn a_minute_is_not_late() {
    let definition = || catching_up(CatchUp::None, Overlap::Skip);
    let mut world = World::with(definition(), clock("0:30"));
    assert_eq!(told(&world.look(clock("1:01"))), ["claimed 01:00"]);
    let mut world = World::with(definition(), clock("0:30"));
    let later = Timestamp::from_micros(clock("1:01").micros() + 1);
    assert_eq!(told(&world.look(later)), ["01:00-01:00 x1 missed"]);
}

#[test]
fn what_is_older_than_the_window_does_not_run_and_the_edge_belongs_to_it() {
    let within = |seconds| Definition {
        catch_up_window_s: seconds,
        ..catching_up(CatchUp::All, Overlap::Allow)
    };
    assert_eq!(
        looked(within(7_200), "4:00"),
        [
            "01:00-01:00 x1 outside-window",
            "claimed 02:00",
            "claimed 03:00",
            "claimed 04:00"
        ]
    );
    assert_eq!(
        looked(within(7_199), "4:00"),
        [
            "01:00-02:00 x2 outside-window",
            "claimed 03:00",
            "claimed 04:00"
        ]
    );
    assert_eq!(looked(within(0), "3:30"), ["01:00-03:00 x3 outside-window"]);
    assert_eq!(
        looked(within(0), "3:01"),
        ["01:00-02:00 x2 outside-window", "claimed 03:00"],
        "a minute is nothing, however short the window"
    );
    let last = Definition {
        catch_up: CatchUp::Last,
        ..within(3_600)
    };
    assert_eq!(
        looked(last, "5:30"),
        ["01:00-04:00 x4 outside-window", "claimed 05:00"]
    );
}

#[test]
fn while_a_plan_runs_a_time_is_skipped_waits_or_runs_beside_it() {
    for (overlap, expected) in [
        (Overlap::Skip, "02:00-02:00 x1 overlap ESS-P-001"),
        (Overlap::Queue, "queued 02:00"),
        (Overlap::Allow, "claimed 02:00"),
    ] {
        let definition = catching_up(CatchUp::Last, overlap);
        let mut world = World::with(definition, clock("0:30"));
        world.look(clock("1:00"));
        assert_eq!(told(&world.look(clock("2:00"))), [expected], "{overlap:?}");
        world.end_plans();
        let after = told(&world.look(clock("2:10")));
        let waited: &[&str] = match overlap {
            Overlap::Queue => &["claimed 02:00"],
            Overlap::Skip | Overlap::Allow => &[],
        };
        assert_eq!(after, waited, "{overlap:?}");
        world.end_plans();
        let third = told(&world.look(clock("3:00")));
        assert_eq!(third, ["claimed 03:00"], "{overlap:?}");
    }
}

#[test]
fn a_claim_whose_plan_is_not_made_yet_is_in_the_way() {
    for (overlap, expected) in [
        (Overlap::Skip, "02:00-02:00 x1 overlap"),
        (Overlap::Queue, "queued 02:00"),
        (Overlap::Allow, "claimed 02:00"),
    ] {
        let mut world = World::with(catching_up(CatchUp::All, overlap), clock("0:30"));
        world.ask(clock("1:00"));
        let second = told(&world.ask(clock("2:00")));
        assert_eq!(second, [expected], "{overlap:?}");
    }
}

#[test]
fn a_run_by_hand_is_in_the_way_like_any_other() {
    let mut world = World::with(hourly(), clock("0:30"));
    let now = Change::RunNow(super::world::first_job());
    world.change(&now, clock("0:45")).unwrap();
    world.settle(clock("0:45"));
    let skipped = told(&world.look(clock("1:00")));
    assert_eq!(skipped, ["01:00-01:00 x1 overlap ESS-P-001"]);
}

#[test]
fn what_waits_runs_in_order_one_at_a_time() {
    let definition = catching_up(CatchUp::All, Overlap::Queue);
    let mut world = World::with(definition, clock("0:30"));
    let first = told(&world.look(clock("3:30")));
    assert_eq!(first, ["claimed 01:00", "queued 02:00", "queued 03:00"]);
    assert!(world.look(clock("3:40")).is_empty(), "the first one runs");
    world.end_plans();
    let second = told(&world.look(clock("4:00")));
    assert_eq!(second, ["claimed 02:00", "queued 04:00"]);
    for expected in ["claimed 03:00", "claimed 04:00"] {
        world.end_plans();
        assert_eq!(told(&world.look(clock("4:30"))), [expected]);
    }
    world.end_plans();
    assert!(world.look(clock("4:59")).is_empty());
}

#[test]
fn no_more_than_a_hundred_wait() {
    let minutely = Definition {
        schedule: "* * * * *".to_owned(),
        ..catching_up(CatchUp::All, Overlap::Queue)
    };
    let mut world = World::with(minutely, clock("0:00"));
    let events = world.look(clock("2:00"));
    let queued = told(&events);
    assert_eq!(queued[0], "claimed 00:01");
    assert_eq!(queued.len(), 1 + MOST_QUEUED + 1);
    assert_eq!(queued.last().unwrap(), "01:42-02:00 x19 queue-full");
    assert_eq!(world.job().queue.len(), MOST_QUEUED);
    world.end_plans();
    let next = told(&world.look(clock("2:01")));
    assert_eq!(next, ["claimed 00:02", "queued 02:01"]);
    assert_eq!(world.job().queue.len(), MOST_QUEUED);
}

#[test]
fn a_count_ends_a_job_and_what_waits_counts() {
    let of = |overlap, count| Definition {
        count: Some(count),
        ..catching_up(CatchUp::All, overlap)
    };
    assert_eq!(
        looked(of(Overlap::Allow, 2), "4:30"),
        [
            "claimed 01:00",
            "claimed 02:00",
            "03:00-04:00 x2 ended",
            "ended Count"
        ]
    );
    let mut world = World::with(of(Overlap::Queue, 3), clock("0:30"));
    assert_eq!(
        told(&world.look(clock("4:30"))),
        [
            "claimed 01:00",
            "queued 02:00",
            "queued 03:00",
            "04:00-04:00 x1 ended",
            "ended Count"
        ]
    );
    for expected in ["claimed 02:00", "claimed 03:00"] {
        world.end_plans();
        assert_eq!(told(&world.look(clock("9:00"))), [expected]);
    }
    world.end_plans();
    assert!(world.look(clock("9:30")).is_empty());
    let skipping = looked(of(Overlap::Skip, 2), "4:30");
    assert_eq!(
        skipping,
        ["claimed 01:00", "02:00-04:00 x3 overlap"],
        "what does not run does not count"
    );
}

#[test]
fn a_time_to_end_is_the_last_that_may_run() {
    let until = |end: &str| Definition {
        until: Some(clock(end)),
        ..catching_up(CatchUp::All, Overlap::Allow)
    };
    let ended = ["claimed 01:00", "claimed 02:00", "ended Until"];
    assert_eq!(looked(until("2:00"), "9:00"), ended);
    assert_eq!(looked(until("2:59"), "9:00"), ended);
    assert_eq!(looked(until("2:00"), "2:00"), ended);
    assert_eq!(looked(until("3:00"), "2:00"), ended[..2]);
    let mut world = World::with(until("1:00"), clock("0:30"));
    world.look(clock("1:00"));
    assert!(matches!(world.job().standing, Standing::Ended(_)));
    assert_eq!(wake_at(world.job()).unwrap(), None);
    let old = Definition {
        catch_up_window_s: 60,
        ..until("2:00")
    };
    assert_eq!(
        looked(old, "9:00"),
        ["01:00-02:00 x2 outside-window", "ended Until"]
    );
}

#[test]
fn a_disabled_job_and_a_removed_one_are_never_due() {
    for change in [Change::Disable, Change::Remove] {
        let mut world = World::with(hourly(), clock("0:30"));
        let change = change(super::world::first_job());
        world.change(&change, clock("0:45")).unwrap();
        assert!(world.look(clock("5:00")).is_empty(), "{change:?}");
        assert_eq!(wake_at(world.job()).unwrap(), None, "{change:?}");
    }
}

#[test]
fn nothing_fires_twice_when_the_clock_is_set_back() {
    let definition = catching_up(CatchUp::All, Overlap::Allow);
    let mut world = World::with(definition, clock("0:30"));
    world.look(clock("3:00"));
    for now in ["2:00", "2:30", "3:00", "3:59", "0:10"] {
        assert!(world.look(clock(now)).is_empty(), "{now}");
    }
    assert_eq!(told(&world.look(clock("4:00"))), ["claimed 04:00"]);
}

#[test]
fn a_change_of_the_clock_by_law_loses_no_day_and_doubles_none() {
    let berlin = Definition {
        schedule: "30 2 * * *".to_owned(),
        tz: "Europe/Berlin".to_owned(),
        ..catching_up(CatchUp::All, Overlap::Allow)
    };
    for (from, to, days) in [
        ("2026-03-27T12:00:00Z", "2026-03-31T12:00:00Z", 4),
        ("2026-10-23T12:00:00Z", "2026-10-27T12:00:00Z", 4),
    ] {
        let definition = Definition {
            catch_up_window_s: 10 * 86_400,
            ..berlin.clone()
        };
        let mut world = World::with(definition, at(from));
        assert_eq!(world.look(at(to)).len(), days, "{from}");
        let mut world = World::with(berlin.clone(), at(from));
        let mut now = at(from);
        let mut claimed = 0;
        while now < at(to) {
            claimed += world.look(now).len();
            now = now.plus_seconds(600);
        }
        assert_eq!(claimed, days, "{from}, looking every ten minutes");
    }
}

// ------------------------------------------------------------------------------------------------------ delays

fn delayed(seconds: u64) -> Definition {
    Definition {
        jitter_s: seconds,
        ..catching_up(CatchUp::None, Overlap::Allow)
    }
}

#[test]
fn a_delay_is_within_the_jitter_and_the_same_for_everybody() {
    let world = World::with(delayed(1_800), clock("0:30"));
    let job = world.job();
    let delays: Vec<u64> = (1..=50)
        .map(|n| clock("0:00").plus_seconds(n * 3_600))
        .map(|slot| job.fires_at(slot).micros_since(slot))
        .collect();
    assert!(delays.iter().all(|delay| *delay <= 1_800_000_000));
    let later = delays.iter().filter(|delay| **delay > 900_000_000).count();
    assert!((10..=40).contains(&later), "{delays:?}");
    let other = World::with(delayed(1_800), clock("0:10"));
    let again: Vec<u64> = (1..=50)
        .map(|n| clock("0:00").plus_seconds(n * 3_600))
        .map(|slot| other.job().fires_at(slot).micros_since(slot))
        .collect();
    assert_eq!(delays, again);
}

#[test]
fn a_delayed_time_fires_at_its_delay_and_is_not_late_before() {
    let mut world = World::with(delayed(1_800), clock("0:30"));
    let fires = world.job().fires_at(clock("1:00"));
    assert_eq!(wake_at(world.job()).unwrap(), Some(fires));
    let before = Timestamp::from_micros(fires.micros() - 1);
    assert!(world.look(before).is_empty());
    assert_eq!(told(&world.look(fires)), ["claimed 01:00"]);
}

#[test]
fn delays_longer_than_the_time_between_lose_nothing_and_keep_the_order() {
    let often = Definition {
        schedule: "* * * * *".to_owned(),
        catch_up_window_s: 0,
        ..delayed(3_600)
    };
    let mut world = World::with(often, clock("0:00"));
    let mut claimed = Vec::new();
    let mut now = clock("0:00");
    while now <= clock("6:00") {
        for event in world.look(now) {
            match event {
                Event::SlotClaimed { slot, .. } => claimed.push(slot),
                other => panic!("{other:?}"),
            }
        }
        now = now.plus_seconds(15);
    }
    assert!(claimed.len() >= 299, "{}", claimed.len());
    let expected = (1..).map(|n| clock("0:00").plus_seconds(60 * n));
    assert!(claimed.iter().copied().eq(expected.take(claimed.len())));
}

/// Held up by the slot before it, a slot is on time when it fires, however many answers that takes.
#[test]
fn what_a_long_delay_held_up_is_not_late() {
    let often = || Definition {
        schedule: "* * * * *".to_owned(),
        ..delayed(3_600)
    };
    let world = World::with(often(), clock("0:00"));
    let fires = |minute: i64| {
        let slot = clock("0:00").plus_seconds(60 * minute);
        world.job().fires_at(slot)
    };
    // A slot that holds up more of those after it than one answer claims.
    let first = (60..20_000)
        .find(|n| (n - 60..n + 20).all(|other| fires(other) <= fires(*n)))
        .unwrap();
    let added = clock("0:00").plus_seconds(60 * (first - 1));
    let mut late = World::with(often(), added);
    let before = Timestamp::from_micros(fires(first).micros() - 1);
    assert!(late.look(before).is_empty());
    let claimed = late.look(fires(first));
    assert!(claimed.len() >= 20);
    let is_claim = |event: &Event| matches!(event, Event::SlotClaimed { .. });
    assert!(claimed.iter().all(is_claim), "{:?}", told(&claimed));
}

// ------------------------------------------------------------------------------------------------------ bounds

/// The frames in which everything is told, and all their events.
fn frames(world: &mut World, now: Timestamp) -> Vec<Vec<Event>> {
    let mut frames = Vec::new();
    loop {
        let events = world.ask(now);
        if events.is_empty() {
            return frames;
        }
        world.settle(now);
        frames.push(events);
    }
}

#[test]
fn a_year_of_missed_minutes_is_told_in_small_frames() {
    let long = 366 * 86_400;
    for (days, window, catch_up, overlap, claims) in [
        (365, 86_400, CatchUp::Last, Overlap::Skip, 1),
        // The last two are within a minute.
        (20, long, CatchUp::Last, Overlap::Allow, 2),
        (20, long, CatchUp::None, Overlap::Allow, 2),
        (20, long, CatchUp::All, Overlap::Queue, 1),
        (20, long, CatchUp::All, Overlap::Skip, 1),
    ] {
        let definition = Definition {
            schedule: "* * * * *".to_owned(),
            catch_up_window_s: window,
            ..catching_up(catch_up, overlap)
        };
        let mut world = World::with(definition, clock("0:00"));
        let now = clock("0:00").plus_seconds(days * 86_400);
        let all = frames(&mut world, now);
        assert!(all.len() <= 60, "{}", all.len());
        let longest = all
            .iter()
            .map(|events| projections::schedule::encode(events).len());
        assert!(longest.max().unwrap() < 64 * 1024);
        let job = world.job();
        assert_eq!(job.claims, claims, "{catch_up:?} {overlap:?}");
        let counted = job.claims + job.skipped + u64::try_from(job.queue.len()).unwrap();
        assert_eq!(
            counted,
            u64::try_from(days).unwrap() * 1_440,
            "{catch_up:?}"
        );
        assert_eq!(job.cursor, now);
    }
}

#[test]
fn what_is_claimed_in_one_frame_is_little_enough_to_be_made_at_once() {
    let definition = Definition {
        schedule: "* * * * *".to_owned(),
        ..catching_up(CatchUp::All, Overlap::Allow)
    };
    let mut world = World::with(definition, clock("0:00"));
    let all = frames(&mut world, clock("5:00"));
    assert_eq!(all.iter().map(Vec::len).sum::<usize>(), 300);
    assert!(all.iter().all(|events| events.len() <= 16));
}

#[test]
fn a_claim_counts_as_left_behind_after_two_seconds_and_when_it_comes_from_the_future() {
    let mut world = World::with(hourly(), clock("0:30"));
    world.ask(clock("1:00"));
    let claim = &world.job().claimed[&clock("1:00")];
    let after = |micros: i64| Timestamp::from_micros(clock("1:00").micros() + micros);
    for (micros, left) in [
        (0, false),
        (1_999_999, false),
        (2_000_000, true),
        (3_600_000_000, true),
        (-1_999_999, false),
        (-2_000_000, true),
    ] {
        assert_eq!(is_left_behind(claim, after(micros)), left, "{micros}");
    }
    assert_eq!(wake_at(world.job()).unwrap(), Some(after(2_000_000)));
}

#[test]
fn a_job_that_cannot_be_read_says_which_field() {
    let definition = catching_up(CatchUp::All, Overlap::Queue);
    let mut world = World::with(definition, clock("0:30"));
    world.look(clock("2:00"));
    let strange = Event::JobChanged {
        since: projections::schedule::Since::Frame,
        job: super::world::first_job(),
        definition: Definition {
            schedule: "every morning".to_owned(),
            ..hourly()
        },
    };
    world.append(clock("2:00"), &[strange]);
    let refused = due(world.job(), clock("3:00"), &|_| false).unwrap_err();
    assert!(refused.to_string().starts_with("schedule: "), "{refused}");
    assert!(wake_at(world.job()).is_err());
}
