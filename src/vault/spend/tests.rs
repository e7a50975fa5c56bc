use std::{
    path::{Path, PathBuf},
    sync::Mutex,
    time::{Duration, UNIX_EPOCH},
};

use projections::{
    codec, document,
    event::{
        Event, FailureClass, ModelCallAbandoned, ModelCallCompleted, ModelCallFailed,
        ModelCallStarted, PlanApproved, PlanClaimed, ReservationReleased, Usage,
    },
    ids::Epoch,
    payload::{Digest, Payload},
    work::Step,
};

use super::*;
use crate::vault::project::log_name;

const DAY: &str = "2026-11-23";

struct World {
    _dir: tempfile::TempDir,
    vault: Vault,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let vault = Vault::open(dir.path()).unwrap();
        Self { _dir: dir, vault }
    }

    fn file(&self, day: &str) -> PathBuf {
        self.vault
            .own_dir()
            .join(format!("spend/{day}.journal.jsonl"))
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.file(DAY)).unwrap()
    }

    fn reserve(&self, caps: DayCaps, call: &CallId, worst: Reserved) -> DayAdmission {
        self.vault
            .reserve_today(caps, &plan(1), call, worst, at("12:00:00"), &actor())
            .unwrap()
    }

    fn admitted(&self, caps: DayCaps, call: &CallId, worst: Reserved) {
        let answer = self.reserve(caps, call, worst);
        assert_eq!(answer, DayAdmission::Admitted(day()));
    }

    /// A plan's journal of these frames, last changed when its last frame was written.
    fn plan_journal(&self, number: u32, frames: Vec<(&str, Event)>) -> PathBuf {
        let plan = plan(number);
        std::fs::create_dir_all(self.vault.root().join("ess/plans")).unwrap();
        let project = self.vault.project(plan.project()).unwrap();
        let text = document::read(b"## A\n\n### Sub-objectives\n\n**1. One** - x\n").unwrap();
        let drafted = crate::decide::draft(&plan, &text).unwrap();
        let begun = [
            Event::from(PlanApproved {
                note: String::new(),
            }),
            Event::from(PlanClaimed {
                epoch: Epoch(1),
                recovered: false,
            }),
        ];
        let first = frame("2026-11-20T00:00:00.000000Z", 0, &drafted);
        project.store().create(&log_name(&plan), &first).unwrap();
        let mut log = project.store().open(&log_name(&plan), None).unwrap();
        log.seek_tail().unwrap();
        let begun = begun.iter().zip(0..).map(|(event, epoch)| {
            frame(
                "2026-11-20T00:00:01.000000Z",
                epoch,
                std::slice::from_ref(event),
            )
        });
        let rest = frames
            .iter()
            .map(|(at, event)| frame(at, 1, std::slice::from_ref(event)));
        let all: Vec<_> = begun.chain(rest).collect();
        log.append(1, &all).unwrap();
        let path = project.journal_path(&plan);
        let last = frames.last().map_or("2026-11-20T00:00:01Z", |(at, _)| at);
        set_changed(&path, Timestamp::parse(last).unwrap());
        path
    }
}

fn frame(at: &str, epoch: u64, events: &[Event]) -> journal::Draft {
    journal::Draft {
        at: at.to_owned(),
        epoch,
        by: "daemon:host:1".to_owned(),
        events: codec::encode(events),
    }
}

fn set_changed(path: &Path, at: Timestamp) {
    let micros = u64::try_from(at.micros()).unwrap();
    let file = std::fs::File::options().append(true).open(path).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_micros(micros))
        .unwrap();
}

fn plan(number: u32) -> PlanId {
    PlanId::mint("ESS".parse().unwrap(), number)
}

fn call(serial: u64) -> CallId {
    CallId::nth(serial, "s1-plan")
}

fn at(time: &str) -> Timestamp {
    Timestamp::parse(&format!("{DAY}T{time}Z")).unwrap()
}

fn actor() -> Actor {
    Actor::named("daemon:host:1")
}

fn worst(tokens: u64, micros: u64) -> Reserved {
    Reserved {
        tokens,
        cost: Some(MicroUsd(micros)),
    }
}

fn unpriced(tokens: u64) -> Reserved {
    Reserved { tokens, cost: None }
}

fn spent(tokens: u64, micros: u64) -> Spent {
    Spent::on_call(tokens, Some(MicroUsd(micros)))
}

fn tokens(limit: u64) -> DayCaps {
    DayCaps {
        max_tokens: Some(limit),
        max_cost_usd: None,
    }
}

fn cost(limit: u64) -> DayCaps {
    DayCaps {
        max_tokens: None,
        max_cost_usd: Some(MicroUsd(limit)),
    }
}

fn day() -> DayKey {
    DayKey::of(at("00:00:00"))
}

// ------------------------------------------------------------------------------------------------------- the caps

/// What each of several runners was told, with the worst case that it asked for.
fn race(
    world: &World,
    caps: DayCaps,
    after: impl Fn(&Vault, &PlanId, &CallId, u64) + Sync,
) -> Vec<(Reserved, DayAdmission)> {
    let told = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for runner in 1..=8 {
            let (told, after) = (&told, &after);
            scope.spawn(move || {
                let vault = Vault::open(world.vault.root()).unwrap();
                for serial in 1..=12 {
                    let ask = worst(u64::from(runner) * 3 + serial, serial * 7);
                    let (plan, call) = (plan(runner), call(serial));
                    let answer = vault
                        .reserve_today(caps, &plan, &call, ask, at("12:00:00"), &actor())
                        .unwrap();
                    told.lock().unwrap().push((ask, answer));
                    if matches!(answer, DayAdmission::Admitted(_)) {
                        after(&vault, &plan, &call, serial);
                    }
                }
            });
        }
    });
    told.into_inner().unwrap()
}

/// The day after each of its events, as a reader finds it.
fn history(world: &World) -> Vec<Day> {
    let mut states = Vec::new();
    for line in world.text().lines() {
        let frame: serde_json::Value = serde_json::from_str(line).unwrap();
        for event in frame["events"].as_array().unwrap() {
            let event: DayEvent = serde_json::from_value(event.clone()).unwrap();
            states.push(Day::fold(states.last().cloned(), event).unwrap());
        }
    }
    states
}

#[test]
fn runners_that_reserve_at_once_never_pass_the_cap_together() {
    let world = World::new();
    let told = race(&world, tokens(900), |_, _, _, _| {});
    let of = |admitted: bool| {
        told.iter()
            .filter(move |(_, answer)| matches!(answer, DayAdmission::Admitted(_)) == admitted)
    };
    let sum: u64 = of(true).map(|(worst, _)| worst.tokens).sum();
    let committed = world.vault.day_spent(at("12:00:01")).unwrap().committed();
    assert_eq!((sum, told.len()), (committed.tokens, 96));
    assert!(sum <= 900, "{sum}");
    assert!(of(false).count() > 0);
    for (asked, answer) in of(false) {
        let DayAdmission::Refused { cap, used, limit } = *answer else {
            unreachable!("only refusals are asked")
        };
        assert_eq!((cap, limit), (DayCap::Tokens, 900));
        // What it was told could not fit, and nobody ever gave anything back: it could not have fitted later.
        assert!(used > limit && used - asked.tokens <= sum, "{used}");
        assert!(sum + asked.tokens > limit);
    }
}

#[test]
fn at_no_frame_is_more_committed_than_the_cap_while_calls_end() {
    let world = World::new();
    let caps = DayCaps {
        max_tokens: Some(60),
        max_cost_usd: Some(MicroUsd(150)),
    };
    let told = race(&world, caps, |vault, plan, call, serial| {
        if serial % 3 == 0 {
            vault.release_day(&day(), plan, call, &actor()).unwrap();
        } else {
            let less = spent(1, serial % 2);
            vault
                .settle_day(&day(), plan, call, less, Reserved::default(), &actor())
                .unwrap();
        }
    });
    let states = history(&world);
    let admitted = |answer: &DayAdmission| matches!(answer, DayAdmission::Admitted(_));
    let admissions = told.iter().filter(|(_, answer)| admitted(answer)).count();
    assert_eq!(states.len(), 1 + 2 * admissions);
    for day in &states {
        let committed = day.committed();
        assert!(committed.tokens <= 60 && committed.cost.0 <= 150, "{day:?}");
    }
    assert!(states.last().unwrap().open.is_empty());
}

#[test]
fn a_cap_may_be_reached_and_not_passed() {
    let world = World::new();
    let full = world.reserve(tokens(100), &call(1), worst(100, 5));
    assert_eq!(full, DayAdmission::Admitted(day()));
    let over = world.reserve(tokens(100), &call(2), worst(1, 0));
    let refused = |cap, used, limit| DayAdmission::Refused { cap, used, limit };
    assert_eq!(over, refused(DayCap::Tokens, 101, 100));
    let dear = world.reserve(cost(9), &call(2), worst(1, 5));
    assert_eq!(dear, refused(DayCap::Cost, 10, 9));
    let nothing = world.reserve(tokens(100), &call(3), worst(0, 0));
    assert_eq!(nothing, DayAdmission::Admitted(day()));
}

#[test]
fn an_unknown_price_passes_any_cap_on_cost_and_none_on_tokens() {
    let world = World::new();
    assert_eq!(
        world.reserve(tokens(10), &call(1), unpriced(4)),
        DayAdmission::Admitted(day())
    );
    let world_before = world.text();
    let refused = DayAdmission::Refused {
        cap: DayCap::Cost,
        used: 0,
        limit: 1_000_000,
    };
    assert_eq!(
        world.reserve(cost(1_000_000), &call(2), unpriced(4)),
        refused
    );
    // Not even one that was reserved before there was such a cap.
    assert_eq!(
        world.reserve(cost(1_000_000), &call(1), unpriced(4)),
        refused
    );
    assert_eq!(world.text(), world_before);
    let day = world.vault.day_spent(at("13:00:00")).unwrap();
    assert_eq!(day.committed(), Spent::on_call(4, None));
}

#[test]
fn sums_stop_at_the_largest_amount_and_stay_refused() {
    let world = World::new();
    let most = worst(u64::MAX, u64::MAX);
    let admitted = world.reserve(DayCaps::default(), &call(1), most);
    assert_eq!(admitted, DayAdmission::Admitted(day()));
    let refused = world.reserve(tokens(u64::MAX - 1), &call(2), most);
    assert!(matches!(
        refused,
        DayAdmission::Refused { used: u64::MAX, .. }
    ));
}

// ------------------------------------------------------------------------------------------------------ once only

#[test]
fn every_act_twice_is_the_act_once() {
    let world = World::new();
    let caps = tokens(100);
    for _ in 0..2 {
        let answer = world.reserve(caps, &call(1), worst(60, 6));
        assert_eq!(answer, DayAdmission::Admitted(day()));
    }
    assert_eq!(history(&world).len(), 2);
    let settle = |spent| {
        world
            .vault
            .settle_day(
                &day(),
                &plan(1),
                &call(1),
                spent,
                Reserved::default(),
                &actor(),
            )
            .unwrap();
    };
    settle(spent(40, 4));
    settle(spent(99, 9));
    let release = |serial| {
        world
            .vault
            .release_day(&day(), &plan(1), &call(serial), &actor())
            .unwrap();
    };
    release(1);
    let after = world.vault.day_spent(at("13:00:00")).unwrap();
    assert_eq!((after.settled, after.open.len()), (spent(40, 4), 0));
    assert_eq!(history(&world).len(), 3);
    // A call that was given back may be reserved again: its plan never knew of it.
    let again = |tokens| world.reserve(caps, &call(2), worst(tokens, 0));
    assert_eq!(again(60), DayAdmission::Admitted(day()));
    release(2);
    release(2);
    assert_eq!(again(50), DayAdmission::Admitted(day()));
    let after = world.vault.day_spent(at("13:00:00")).unwrap();
    assert_eq!(after.committed(), spent(90, 4));
}

#[test]
fn a_call_that_grew_is_decided_anew_and_one_that_shrank_keeps_its_place() {
    let world = World::new();
    let ask = |tokens| world.reserve(super::tests::tokens(100), &call(1), worst(tokens, 0));
    assert_eq!(ask(50), DayAdmission::Admitted(day()));
    assert_eq!(ask(20), DayAdmission::Admitted(day()));
    assert_eq!(ask(100), DayAdmission::Admitted(day()));
    let committed = || world.vault.day_spent(at("13:00:00")).unwrap().committed();
    assert_eq!(committed(), spent(100, 0));
    assert!(matches!(ask(101), DayAdmission::Refused { used: 101, .. }));
    assert_eq!(committed(), spent(100, 0));
}

#[test]
fn closing_what_nobody_reserved_leaves_no_trace() {
    let world = World::new();
    let (vault, none) = (&world.vault, call(9));
    vault
        .settle_day(
            &day(),
            &plan(1),
            &none,
            spent(5, 5),
            Reserved::default(),
            &actor(),
        )
        .unwrap();
    assert!(!world.file(DAY).exists());
    world.admitted(tokens(10), &call(1), worst(3, 3));
    let before = world.text();
    vault
        .settle_day(
            &day(),
            &plan(1),
            &none,
            spent(5, 5),
            Reserved::default(),
            &actor(),
        )
        .unwrap();
    vault
        .release_day(&day(), &plan(2), &call(1), &actor())
        .unwrap();
    assert_eq!(world.text(), before);
}

// ------------------------------------------------------------------------------------------------------- midnight

#[test]
fn a_call_belongs_to_the_day_on_which_it_was_reserved() {
    let world = World::new();
    let (vault, caps) = (&world.vault, tokens(100));
    let ask = |serial, now| {
        vault
            .reserve_today(caps, &plan(1), &call(serial), worst(80, 8), now, &actor())
            .unwrap()
    };
    let (evening, midnight) = (at("23:59:59.999999"), at("23:59:59").plus_seconds(1));
    assert_eq!(ask(1, evening), DayAdmission::Admitted(day()));
    let DayAdmission::Admitted(next) = ask(2, midnight) else {
        panic!("a new day has room")
    };
    assert_eq!(
        (day().to_string(), next.to_string()),
        (DAY.into(), "2026-11-24".into())
    );
    vault
        .settle_day(
            &day(),
            &plan(1),
            &call(1),
            spent(70, 7),
            Reserved::default(),
            &actor(),
        )
        .unwrap();
    assert_eq!(vault.day_spent(evening).unwrap().committed(), spent(70, 7));
    assert_eq!(vault.day_spent(midnight).unwrap().committed(), spent(80, 8));
}

#[test]
fn what_a_lost_runner_reserved_is_found_for_two_days_more() {
    let world = World::new();
    world.admitted(tokens(100), &call(1), worst(80, 8));
    let open = |owner: u32, days: i64| {
        let now = at("00:00:00").plus_seconds(days * 86_400);
        world.vault.open_reservations(&plan(owner), now).unwrap()
    };
    for days in 0..=2 {
        assert_eq!(open(1, days), [(day(), call(1), worst(80, 8))]);
    }
    assert_eq!(open(1, 3), []);
    assert_eq!(open(2, 0), []);
    // Until somebody says what became of it, it counts.
    let refused = world.reserve(tokens(100), &call(2), worst(30, 3));
    assert!(matches!(refused, DayAdmission::Refused { used: 110, .. }));
    world
        .vault
        .release_day(&day(), &plan(1), &call(1), &actor())
        .unwrap();
    assert_eq!(open(1, 0), []);
    assert_eq!(
        world.reserve(tokens(100), &call(2), worst(30, 3)),
        DayAdmission::Admitted(day())
    );
}

#[test]
fn of_another_plans_calls_those_that_have_ended_are_closed_and_the_others_stay() {
    let world = World::new();
    for serial in 1..=5 {
        world.admitted(DayCaps::default(), &call(serial), worst(100, 10));
    }
    world.plan_journal(
        1,
        vec![
            (MORNING, started(1, worst(100, 10))),
            (MORNING, completed(1, 30, Some(3))),
            (MORNING, started(2, worst(100, 10))),
            (MORNING, failed(2)),
            (MORNING, started(3, worst(100, 10))),
            (MORNING, abandoned(3)),
            (MORNING, started(4, worst(100, 10))),
        ],
    );
    // A plan that is not there holds up no other.
    world
        .vault
        .reserve_today(
            DayCaps::default(),
            &plan(7),
            &call(1),
            worst(1, 1),
            at("12:00:00"),
            &actor(),
        )
        .map(drop)
        .unwrap();
    let open = |owner: u32| {
        let found = world.vault.open_reservations(&plan(owner), at("12:00:00"));
        let calls = found.unwrap().into_iter().map(|(_, call, _)| call);
        calls.collect::<Vec<_>>()
    };
    for _twice in 0..2 {
        world
            .vault
            .balance_days(&plan(2), at("12:00:00"), &actor())
            .unwrap();
        // In doubt, under way, and perhaps about to be made.
        assert_eq!(open(1), [call(3), call(4), call(5)]);
        assert_eq!(open(7), [call(1)]);
    }
    let settled = world.vault.day_spent(at("12:00:00")).unwrap().settled;
    assert_eq!(settled, spent(30, 3));
}

#[test]
fn a_call_that_a_replaced_runner_reserves_once_it_is_settled_is_booked_once() {
    let world = World::new();
    let again = |doubt: Reserved| {
        world.admitted(DayCaps::default(), &call(1), worst(100, 10));
        let (counted, by) = (spent(30, 3), actor());
        world
            .vault
            .settle_day(&day(), &plan(1), &call(1), counted, doubt, &by)
            .unwrap();
        world.admitted(DayCaps::default(), &call(1), worst(100, 10));
    };
    again(worst(5, 1));
    world.plan_journal(
        1,
        vec![
            (MORNING, started(1, worst(100, 10))),
            (MORNING, in_part(completed(1, 30, Some(3)), worst(5, 1))),
        ],
    );
    for _twice in 0..2 {
        let now = at("12:00:00");
        world.vault.balance_days(&plan(2), now, &actor()).unwrap();
        let seen = world.vault.day_spent(now).unwrap();
        assert_eq!(seen.settled, spent(30, 3));
        assert!(seen.open.is_empty(), "{seen:?}");
        assert_eq!(seen.in_doubt.len(), 1, "its doubt stands");
    }
}

// ------------------------------------------------------------------------------------------- a day that has begun

fn started(serial: u64, worst: Reserved) -> Event {
    Event::from(ModelCallStarted {
        recalled: None,
        call_id: call(serial),
        step: Step::PlanTasks {
            index: u32::try_from(serial).unwrap(),
        },
        model: "main".to_owned(),
        agent_id: "planner".to_owned(),
        reserved: worst,
        prompt_b3: Digest([0; 32]),
        prompt_bytes: 400,
    })
}

fn completed(serial: u64, tokens: u64, cost: Option<u64>) -> Event {
    Event::from(ModelCallCompleted {
        call_id: call(serial),
        usage: Usage {
            input_tokens: tokens,
            ..Usage::default()
        },
        cost: cost.map(MicroUsd),
        latency_ms: 1,
        reply: Payload::Text("{}".to_owned()),
        tool_calls: Vec::new(),
        cut: false,
        in_doubt: Reserved::default(),
    })
}

/// Of a call whose provider did not count everything.
fn in_part(completed: Event, rest: Reserved) -> Event {
    match completed {
        Event::ModelCallCompleted(e) => Event::from(ModelCallCompleted {
            in_doubt: rest,
            ..e
        }),
        other => other,
    }
}

fn failed(serial: u64) -> Event {
    Event::from(ModelCallFailed {
        call_id: call(serial),
        class: FailureClass::Server,
        message: "503".to_owned(),
        retry_at: None,
        in_doubt: false,
    })
}

fn abandoned(serial: u64) -> Event {
    Event::from(ModelCallAbandoned {
        call_id: call(serial),
        why: "stopped".to_owned(),
    })
}

const YESTERDAY: &str = "2026-11-22T23:59:59.000000Z";
const MORNING: &str = "2026-11-23T00:00:00.000000Z";
const LATER: &str = "2026-11-23T09:00:00.000000Z";

#[test]
fn a_day_opens_with_what_the_plans_have_spent_in_it() {
    let world = World::new();
    world.plan_journal(
        1,
        vec![
            (YESTERDAY, started(1, worst(1_000, 1_000))),
            (YESTERDAY, completed(1, 700, Some(700))),
            (YESTERDAY, started(2, worst(1_000, 1_000))),
            (MORNING, completed(2, 600, Some(600))),
            (MORNING, started(3, worst(100, 100))),
            (MORNING, completed(3, 30, Some(3))),
            (MORNING, started(4, unpriced(100))),
            (LATER, completed(4, 40, None)),
            (LATER, started(5, worst(100, 100))),
            (LATER, failed(5)),
            (LATER, started(6, worst(500, 50))),
            (LATER, abandoned(6)),
            (LATER, started(7, worst(2_000, 200))),
        ],
    );
    world.plan_journal(
        2,
        vec![
            (LATER, started(1, worst(9, 9))),
            (LATER, completed(1, 5, Some(5))),
        ],
    );
    let expected = Spent {
        tokens: 30 + 40 + 5,
        cost: MicroUsd(3 + 5),
        unpriced: 1,
    };
    let told = world.vault.day_spent(at("12:00:00")).unwrap();
    assert_eq!(told.settled, expected);
    assert!(!world.vault.own_dir().exists(), "a look writes nothing");
    world.admitted(DayCaps::default(), &call(8), worst(1, 1));
    let found = world.vault.day_spent(at("12:00:00")).unwrap();
    assert_eq!(found.settled, expected);
    let open: Vec<_> = found.open.into_values().collect();
    // What was cut may have been billed.
    assert_eq!(open, [worst(500, 50), worst(2_000, 200), worst(1, 1)]);
    // The call that was under way ends like any other.
    world
        .vault
        .settle_day(
            &day(),
            &plan(1),
            &call(7),
            spent(20, 2),
            Reserved::default(),
            &actor(),
        )
        .unwrap();
    let after = world.vault.day_spent(at("12:00:00")).unwrap();
    assert_eq!(after.settled, expected.plus(spent(20, 2)));
}

#[test]
fn the_opening_balance_counts_towards_the_cap() {
    let world = World::new();
    world.plan_journal(
        2,
        vec![
            (MORNING, started(1, worst(100, 0))),
            (LATER, completed(1, 95, Some(0))),
        ],
    );
    let refused = world.reserve(tokens(100), &call(1), worst(6, 0));
    assert!(matches!(refused, DayAdmission::Refused { used: 101, .. }));
    let admitted = world.reserve(tokens(100), &call(1), worst(5, 0));
    assert_eq!(admitted, DayAdmission::Admitted(day()));
}

#[test]
fn a_plan_that_did_not_change_in_the_day_is_not_read() {
    let world = World::new();
    let old = world.plan_journal(
        1,
        vec![
            (LATER, started(1, worst(10, 1))),
            (LATER, completed(1, 8, Some(1))),
        ],
    );
    assert_eq!(
        world.vault.day_spent(at("12:00:00")).unwrap().settled,
        spent(8, 1)
    );
    set_changed(&old, Timestamp::parse("2026-11-22T12:00:00Z").unwrap());
    assert_eq!(
        world.vault.day_spent(at("12:00:00")).unwrap(),
        Day::default()
    );
}

#[test]
fn a_plan_that_cannot_be_read_does_not_hold_up_the_day() {
    let world = World::new();
    let good = vec![
        (LATER, started(1, worst(10, 1))),
        (LATER, completed(1, 8, Some(1))),
        (LATER, started(2, worst(10, 1))),
    ];
    world.plan_journal(1, good.clone());
    let bad = world.plan_journal(2, good);
    let text = std::fs::read_to_string(&bad).unwrap();
    std::fs::write(&bad, text.replace("c0002", "c0003")).unwrap();
    set_changed(&bad, at("12:00:00"));
    std::fs::create_dir_all(world.vault.root().join("NotLower/plans")).unwrap();
    let told = world.vault.day_spent(at("12:00:00")).unwrap();
    // Of the damaged one counts what stands before the damage.
    assert_eq!(told.settled, spent(16, 2));
    assert_eq!(told.open.keys().collect::<Vec<_>>(), [&(plan(1), call(2))]);
}

// --------------------------------------------------------------------------------------------------------- damage

fn all_errors(world: &World) -> Vec<String> {
    let (vault, now) = (&world.vault, at("12:00:00"));
    let asked = vault
        .reserve_today(tokens(1), &plan(1), &call(9), worst(1, 1), now, &actor())
        .map(drop);
    let settled = vault.settle_day(
        &day(),
        &plan(1),
        &call(1),
        spent(1, 1),
        Reserved::default(),
        &actor(),
    );
    let listed = vault.open_reservations(&plan(1), now).map(drop);
    let viewed = vault.day_spent(now).map(drop);
    [asked, settled, listed, viewed]
        .into_iter()
        .map(|outcome| outcome.unwrap_err().told())
        .collect()
}

#[test]
fn a_damaged_day_is_an_error_that_names_the_file_and_the_way_out() {
    let world = World::new();
    for serial in 1..=3 {
        world.admitted(tokens(100), &call(serial), worst(10, 1));
    }
    let whole = world.text();
    let lines: Vec<&str> = whole.lines().collect();
    let altered = whole.replacen("\"tokens\":10", "\"tokens\":11", 1);
    let gap = format!("{}\n{}\n", lines[0], lines[2]);
    for damaged in [altered, gap, String::new(), "[]\n".to_owned()] {
        std::fs::write(world.file(DAY), &damaged).unwrap();
        for error in all_errors(&world) {
            assert!(error.contains("spend/2026-11-23.journal.jsonl"), "{error}");
            assert!(error.contains("move the file aside"), "{error}");
        }
        assert_eq!(world.text(), damaged, "nothing is written to it");
    }
    std::fs::rename(world.file(DAY), world.file("aside")).unwrap();
    let admitted = world.reserve(tokens(10), &call(1), worst(10, 1));
    assert_eq!(admitted, DayAdmission::Admitted(day()));
}

#[test]
fn a_whole_journal_whose_events_cannot_be_added_up_is_an_error_too() {
    let opened = r#"{"kind":"DayOpened","v":1,"earlier":{"tokens":0,"cost":0}}"#;
    let settled =
        r#"{"kind":"CallSettled","v":1,"plan":"ESS-P-001","call":"c0001-x","tokens":1,"cost":1}"#;
    let newer = opened.replace("\"v\":1", "\"v\":2");
    for (events, why) in [
        (format!("[{settled}]"), "was not opened"),
        (format!("[{opened},{opened}]"), "was opened before"),
        (format!("[{opened},{settled}]"), "no reservation"),
        (format!("[{newer}]"), "version 2"),
        (r#"[{"kind":"DaySung","v":1}]"#.to_owned(), "DaySung"),
        ("[]".to_owned(), "no event"),
    ] {
        let world = World::new();
        let dir = world.vault.make_own_dir("spend").unwrap();
        let store = journal::FileStore::on_disk(dir, crate::vault::stamp());
        let first = journal::Draft {
            at: at("08:00:00").to_string(),
            epoch: 0,
            by: "daemon:host:1".to_owned(),
            events,
        };
        let name = journal::LogName::parse(DAY).unwrap();
        journal::LogStore::create(&store, &name, &first).unwrap();
        for error in all_errors(&world) {
            assert!(error.contains("spend/2026-11-23.journal.jsonl"), "{error}");
            assert!(error.contains(why), "{why}: {error}");
        }
    }
}

#[test]
fn a_frame_that_a_killed_writer_left_unfinished_is_no_damage_and_no_spend() {
    let world = World::new();
    world.admitted(tokens(100), &call(1), worst(10, 1));
    world.admitted(tokens(100), &call(2), worst(80, 1));
    let whole = world.text();
    std::fs::write(world.file(DAY), &whole[..whole.len() - 9]).unwrap();
    let day = world.vault.day_spent(at("13:00:00")).unwrap();
    assert_eq!(day.committed(), spent(10, 1));
    world.admitted(tokens(100), &call(3), worst(90, 1));
    let day = world.vault.day_spent(at("13:00:00")).unwrap();
    assert_eq!(day.committed(), spent(100, 2));
}

#[test]
fn another_days_journal_is_not_taken_for_this_one() {
    let world = World::new();
    world.admitted(tokens(100), &call(1), worst(10, 1));
    std::fs::rename(world.file(DAY), world.file("2026-11-24")).unwrap();
    let next = at("12:00:00").plus_seconds(86_400);
    let error = world.vault.day_spent(next).unwrap_err().told();
    assert!(error.contains("2026-11-24.journal.jsonl"), "{error}");
}

#[test]
fn the_wire_form_stays() {
    let world = World::new();
    world.admitted(tokens(100), &call(1), worst(10, 1));
    world
        .vault
        .settle_day(
            &day(),
            &plan(1),
            &call(1),
            Spent::on_call(9, None),
            Reserved::default(),
            &actor(),
        )
        .unwrap();
    world.admitted(tokens(100), &call(2), unpriced(10));
    world
        .vault
        .release_day(&day(), &plan(1), &call(2), &actor())
        .unwrap();
    let text = world.text();
    let events = text.lines().map(|line| {
        let (_, events) = line.split_once("\"events\":").unwrap();
        events.strip_suffix('}').unwrap()
    });
    assert_eq!(
        events.collect::<Vec<_>>(),
        [
            r#"[{"kind":"DayOpened","v":1,"earlier":{"tokens":0,"cost":0}}]"#,
            r#"[{"kind":"CallReserved","v":1,"plan":"ESS-P-001","call":"c0001-s1-plan","tokens":10,"cost":1}]"#,
            r#"[{"kind":"CallSettled","v":1,"plan":"ESS-P-001","call":"c0001-s1-plan","tokens":9,"cost":0,"unpriced":1}]"#,
            r#"[{"kind":"CallReserved","v":1,"plan":"ESS-P-001","call":"c0002-s1-plan","tokens":10,"cost":null}]"#,
            r#"[{"kind":"CallReleased","v":1,"plan":"ESS-P-001","call":"c0002-s1-plan"}]"#,
        ]
    );
}

// --------------------------------------------------------------------------------------------------- what is in doubt

#[test]
fn what_a_provider_did_not_count_counts_until_it_is_released() {
    let world = World::new();
    world.admitted(tokens(100), &call(1), worst(90, 9));
    let settle = || {
        world
            .vault
            .settle_day(
                &day(),
                &plan(1),
                &call(1),
                spent(30, 3),
                worst(60, 6),
                &actor(),
            )
            .unwrap();
    };
    settle();
    settle();
    let seen = world.vault.day_spent(at("12:00:00")).unwrap();
    assert_eq!((seen.settled, seen.open.len()), (spent(30, 3), 0));
    assert_eq!(seen.in_doubt.values().collect::<Vec<_>>(), [&worst(60, 6)]);
    let refused = world.reserve(tokens(100), &call(2), worst(11, 1));
    assert!(matches!(refused, DayAdmission::Refused { used: 101, .. }));
    for _ in 0..2 {
        world
            .vault
            .release_day(&day(), &plan(1), &call(1), &actor())
            .unwrap();
    }
    let seen = world.vault.day_spent(at("12:00:00")).unwrap();
    assert_eq!((seen.settled, seen.in_doubt.len()), (spent(30, 3), 0));
}

#[test]
fn a_balanced_day_keeps_a_paid_calls_doubt_until_an_operator_lifts_it() {
    let world = World::new();
    let id = plan(1);
    let journal = vec![
        (LATER, started(1, worst(90, 9))),
        (LATER, doubtful(1, 30, worst(60, 6))),
    ];
    world.admitted(tokens(1_000), &call(1), worst(90, 9));
    world.plan_journal(1, journal.clone());
    let project = world.vault.project(id.project()).unwrap();
    let now = at("12:00:00");
    for _ in 0..2 {
        world.vault.balance_days(&id, now, &actor()).unwrap();
        let seen = world.vault.day_spent(now).unwrap();
        assert_eq!(seen.committed().tokens, 90);
        assert_eq!(seen.in_doubt.len(), 1);
    }
    std::fs::remove_file(project.journal_path(&id)).unwrap();
    let lifted = ReservationReleased {
        call_id: call(1),
        why: String::new(),
    };
    let after = journal.into_iter().chain([(LATER, Event::from(lifted))]);
    world.plan_journal(1, after.collect());
    project.balance_ended(&id, now, &actor()).unwrap();
    let seen = world.vault.day_spent(now).unwrap();
    assert_eq!(seen.committed().tokens, 30);
    // A day that is made anew from the plans' journals says the same.
    std::fs::remove_dir_all(world.vault.own_dir()).unwrap();
    assert_eq!(world.vault.day_spent(now).unwrap().committed().tokens, 30);
}

#[test]
fn a_rehearsal_spends_nothing() {
    let world = World::new();
    let mut asked = started(1, worst(90, 9));
    if let Event::ModelCallStarted(e) = &mut asked {
        e.model = "rehearsal/slow".to_owned();
    }
    world.plan_journal(1, vec![(LATER, asked), (LATER, completed(1, 30, Some(0)))]);
    let seen = world.vault.day_spent(at("12:00:00")).unwrap();
    assert_eq!(seen.committed(), Spent::default());
}

fn doubtful(serial: u64, tokens: u64, rest: Reserved) -> Event {
    let mut event = completed(serial, tokens, Some(3));
    if let Event::ModelCallCompleted(e) = &mut event {
        e.in_doubt = rest;
    }
    event
}
