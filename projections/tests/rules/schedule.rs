//! The schedule's vocabulary: what ever landed still reads, impossible histories are named, and `cron.yaml` says the
//! same in the same bytes.

use std::collections::BTreeSet;

use projections::{
    document::{self, Seal},
    ids::JobId,
    schedule::{
        self, Corrupt, Ending, Event, Fact, Kind, Schedule, Standing, decode, encode, render,
    },
    time::Timestamp,
    yaml,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::anchor;

/// One event a line; the file is never edited, a new kind or version adds lines to another one.
const EVENTS: &str = include_str!("../golden/schedule-v1.jsonl");
/// What says for itself from when on slots are wanted.
const EVENTS_2: &str = include_str!("../golden/schedule-v2.jsonl");
const HISTORY: &str = include_str!("../golden/schedule-history-v1.jsonl");

fn events() -> impl Iterator<Item = &'static str> {
    EVENTS.lines().chain(EVENTS_2.lines())
}

fn value(line: &str) -> Value {
    serde_json::from_str(line).unwrap()
}

fn fact(event: &Value) -> Fact {
    decode(&json!([event]).to_string()).unwrap().remove(0)
}

// ------------------------------------------------------------------------------------------------ the golden events

#[test]
fn every_golden_event_reads_and_writes_back_byte_for_byte() {
    for line in events() {
        let Fact::Known(event) = fact(&value(line)) else {
            panic!("not known: {line}");
        };
        assert_eq!(encode(&[event]), format!("[{line}]"));
    }
}

#[test]
fn every_kind_and_every_reason_is_in_the_golden_file() {
    let of = |key: &str| -> BTreeSet<String> {
        let values = EVENTS.lines().map(value);
        values
            .filter_map(|event| event[key].as_str().map(str::to_owned))
            .collect()
    };
    let known: BTreeSet<String> = Kind::ALL
        .iter()
        .map(|(kind, _)| (*kind).to_owned())
        .collect();
    assert_eq!(of("kind"), known);
    let reasons = "changed count disabled ended missed outside-window overlap queue-full removed superseded until";
    assert_eq!(
        of("reason").into_iter().collect::<Vec<_>>().join(" "),
        reasons
    );
}

/// A field that may be missing, and what it says then.
fn absent(key: &str) -> Option<Value> {
    match key {
        "template" | "until" | "count" | "plan" => Some(Value::Null),
        "jitter_s" => Some(json!(0)),
        "caps" => Some(json!({})),
        "manual" => Some(json!(false)),
        _ => None,
    }
}

#[test]
fn a_missing_field_is_an_error_unless_it_says_something_by_being_absent() {
    for line in events() {
        let event = value(line);
        for key in event.as_object().unwrap().keys() {
            // A skip's count and a fired slot's plan are always there.
            let always = key == "count" || (key == "plan" && event["kind"] == "SlotFired");
            let said = absent(key).filter(|_| !always);
            without(&event, "", key, said.as_ref());
        }
        let definition = event["definition"].as_object().into_iter().flatten();
        for (key, _) in definition {
            without(&event, "/definition", key, absent(key).as_ref());
        }
    }
}

/// The event without a field is refused, or reads as with the field saying `said`.
fn without(event: &Value, below: &str, key: &str, said: Option<&Value>) {
    let (mut less, mut default) = (event.clone(), event.clone());
    let fields = |event: &mut Value| {
        let place = event.pointer_mut(below).unwrap();
        std::mem::take(place.as_object_mut().unwrap())
    };
    let mut left = fields(&mut less);
    left.shift_remove(key);
    *less.pointer_mut(below).unwrap() = Value::Object(left);
    let read = decode(&json!([less]).to_string());
    match said {
        None => assert!(read.is_err(), "{key} of {event}: {read:?}"),
        Some(said) => {
            let mut full = fields(&mut default);
            full[key] = said.clone();
            *default.pointer_mut(below).unwrap() = Value::Object(full);
            let default = decode(&json!([default]).to_string()).unwrap();
            assert_eq!(read.unwrap(), default, "{key} of {event}");
        }
    }
}

#[test]
fn a_newer_kind_or_version_is_kept_whole_and_never_interpreted() {
    for newer in [
        json!({"kind": "JobMoved", "v": 1, "job": "ESS-C-1", "to": {"deep": [1, "x", null]}}),
        json!({"kind": "JobAdded", "v": 3, "job": "ESS-C-1", "every": "morning"}),
        json!({"kind": "SlotClaimed", "v": 9}),
    ] {
        assert_eq!(fact(&newer), Fact::Unknown(newer));
    }
}

#[test]
fn what_is_no_event_is_an_error() {
    let words = [
        json!({"kind": "JobMoved"}),
        json!({"v": 1}),
        json!({"kind": 7, "v": 1}),
        json!({"kind": "JobRemoved", "v": "1", "job": "ESS-C-1"}),
        json!({"kind": "JobRemoved", "v": -1, "job": "ESS-C-1"}),
        json!({"kind": "JobEnabled", "v": 2, "job": "ESS-C-1"}),
        json!({"kind": "JobEnabled", "v": 2, "job": "ESS-C-1", "from": "dawn"}),
        json!({"kind": "JobRemoved", "v": 1, "job": "ESS-P-001"}),
        json!({"kind": "JobRemoved", "v": 1, "job": "ESS-C-01"}),
        json!({"kind": "JobEnded", "v": 1, "job": "ESS-C-1", "reason": "boredom"}),
        json!({"kind": "SlotClaimed", "v": 1, "job": "ESS-C-1", "slot": "tomorrow"}),
        json!("JobRemoved"),
        json!(null),
    ];
    for event in words {
        assert!(decode(&json!([event]).to_string()).is_err(), "{event}");
    }
    for text in [
        "",
        "{}",
        "[",
        "7",
        "[{\"kind\":\"ScheduleOpened\",\"v\":1,\"format\":1}",
    ] {
        assert!(decode(text).is_err(), "{text}");
    }
}

// ------------------------------------------------------------------------------------------------------- the history

fn frames() -> Vec<Value> {
    HISTORY.lines().map(value).collect()
}

fn apply(schedule: &mut Schedule, seq: u64, frame: &Value) -> Result<(), Corrupt> {
    let at = Timestamp::parse(frame["at"].as_str().unwrap()).unwrap();
    let by = frame["by"].as_str().unwrap();
    let facts = decode(&frame["events"].to_string()).unwrap();
    schedule::apply(schedule, anchor(seq), at, by, &facts)
}

fn golden() -> Schedule {
    let mut schedule = Schedule::default();
    for (seq, frame) in (0..).zip(frames()) {
        apply(&mut schedule, seq, &frame).unwrap();
    }
    schedule
}

#[test]
fn the_golden_history_folds_to_the_same_file() {
    insta::assert_snapshot!(render(&golden()));
}

#[test]
fn the_golden_history_leaves_every_job_where_it_left_it() {
    let schedule = golden();
    let job = |id: &str| &schedule.jobs[&id.parse::<JobId>().unwrap()];
    let sales = job("SALES-C-1");
    assert_eq!(sales.standing, Standing::Enabled);
    assert_eq!(
        (sales.claims, sales.skipped),
        (1, 3),
        "a run by hand is no slot"
    );
    assert_eq!(sales.defined_by, "ben");
    assert!(sales.claimed.is_empty() && sales.queue.is_empty());
    assert_eq!(sales.plans.len(), 2);
    let essay = job("ESS-C-1");
    assert_eq!(essay.standing, Standing::Ended(Ending::Count));
    assert_eq!((essay.claims, essay.failed, essay.queue.len()), (2, 1, 1));
    assert_eq!(job("SALES-C-2").standing, Standing::Removed);
    assert!(
        schedule
            .present()
            .all(|job| job.id.to_string() != "SALES-C-2")
    );
    let next = schedule.next_id(&"SALES".parse().unwrap());
    assert_eq!(next.to_string(), "SALES-C-4", "no id is given twice");
    assert_eq!(
        schedule.next_id(&"NEW".parse().unwrap()).to_string(),
        "NEW-C-1"
    );
}

#[test]
fn every_prefix_of_the_golden_history_renders_sealed_and_reads_back() {
    let mut schedule = Schedule::default();
    assert_eq!(
        render(&schedule),
        "",
        "a vault without a schedule has no file"
    );
    for (seq, frame) in (0..).zip(frames()) {
        apply(&mut schedule, seq, &frame).unwrap();
        reads_back(&schedule);
    }
}

// --------------------------------------------------------------------------------- what cannot have happened is named

const JOB: &str = "SALES-C-1";

fn event(kind: &str, more: Value) -> Value {
    let mut event = json!({"kind": kind, "v": 1});
    let fields = event.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    event
}

fn of_job(kind: &str) -> Value {
    event(kind, json!({"job": JOB}))
}

fn slot(hour: u32) -> String {
    format!("2026-11-24T{hour:02}:00:00.000000Z")
}

fn claimed(hour: u32) -> Value {
    event("SlotClaimed", json!({"job": JOB, "slot": slot(hour)}))
}

fn by_hand(hour: u32) -> Value {
    event(
        "SlotClaimed",
        json!({"job": JOB, "slot": slot(hour), "manual": true}),
    )
}

fn queued(hour: u32) -> Value {
    event("SlotQueued", json!({"job": JOB, "slot": slot(hour)}))
}

fn fired(hour: u32) -> Value {
    event(
        "SlotFired",
        json!({"job": JOB, "slot": slot(hour), "plan": "SALES-P-001"}),
    )
}

fn failed(hour: u32) -> Value {
    event(
        "SlotFailed",
        json!({"job": JOB, "slot": slot(hour), "why": "x"}),
    )
}

fn skipped(first: u32, last: u32, count: u64) -> Value {
    let more = json!({"job": JOB, "first": slot(first), "last": slot(last), "count": count, "reason": "missed"});
    event("SlotsSkipped", more)
}

fn ended() -> Value {
    event("JobEnded", json!({"job": JOB, "reason": "count"}))
}

fn opened(format: u32) -> Value {
    event("ScheduleOpened", json!({"format": format}))
}

fn defined(kind: &str) -> Value {
    let definition = value(EVENTS.lines().nth(1).unwrap())["definition"].take();
    event(kind, json!({"job": JOB, "definition": definition}))
}

/// A schedule with one job, added at midnight.
fn one_job() -> Schedule {
    let mut schedule = Schedule::default();
    let frame = json!({"at": "2026-11-24T00:00:00Z", "by": "ana", "events": [opened(1), defined("JobAdded")]});
    apply(&mut schedule, 0, &frame).unwrap();
    schedule
}

/// Each event in a frame of its own.
fn then(schedule: &mut Schedule, events: &[Value]) -> Result<(), Corrupt> {
    for (seq, event) in (1..).zip(events) {
        let frame = json!({"at": "2026-11-24T12:00:00Z", "by": "ana", "events": [event]});
        apply(schedule, seq, &frame)?;
    }
    Ok(())
}

#[test]
fn what_cannot_follow_is_named_by_frame_kind_and_reason() {
    let (disabled, enabled, removed) = (
        of_job("JobDisabled"),
        of_job("JobEnabled"),
        of_job("JobRemoved"),
    );
    let before = "its slot was accounted for before";
    let was_removed = "the job was removed before";
    let cases: [(&[Value], &str); 27] = [
        (&[opened(1)], "the schedule is open already"),
        (&[defined("JobAdded")], "a job of this id was added before"),
        (&[of_job("JobEnabled")], "it was not disabled"),
        (&[disabled.clone(), disabled.clone()], "it was not enabled"),
        (&[ended(), disabled.clone()], "it was not enabled"),
        (&[ended(), enabled.clone()], "it was not disabled"),
        (&[ended(), ended()], "it was not enabled"),
        (&[disabled.clone(), ended()], "it was not enabled"),
        (&[removed.clone(), removed.clone()], was_removed),
        (&[removed.clone(), defined("JobChanged")], was_removed),
        (&[removed.clone(), enabled.clone()], was_removed),
        (&[removed.clone(), disabled.clone()], was_removed),
        (&[removed.clone(), claimed(6)], was_removed),
        (&[removed.clone(), queued(6)], was_removed),
        (&[removed.clone(), skipped(6, 6, 1)], was_removed),
        (&[removed.clone(), ended()], was_removed),
        (
            &[removed.clone(), defined("JobAdded")],
            "a job of this id was added before",
        ),
        (&[claimed(6), claimed(6)], before),
        (&[claimed(6), claimed(5)], before),
        (&[claimed(6), queued(6)], before),
        (&[skipped(5, 7, 3), claimed(6)], before),
        (
            &[claimed(6), skipped(5, 7, 3)],
            "its slots were accounted for before",
        ),
        (&[skipped(7, 6, 1)], "it skips nothing"),
        (&[skipped(6, 7, 0)], "it skips nothing"),
        (&[by_hand(6), by_hand(6)], "its slot was claimed before"),
        (
            &[claimed(6), fired(6), fired(6)],
            "its slot was not claimed",
        ),
        (&[claimed(6), failed(7)], "its slot was not claimed"),
    ];
    for (events, why) in cases {
        let corrupt = then(&mut one_job(), events).unwrap_err();
        let last = events.last().unwrap();
        let kind = last["kind"].as_str().unwrap();
        let expected = format!("frame {}: {kind}: {why}", events.len());
        assert_eq!(corrupt.to_string(), expected, "{events:#?}");
    }
}

#[test]
fn nothing_happens_to_a_job_that_was_never_added() {
    for line in events() {
        let mut event = value(line);
        let kind = event["kind"].as_str().unwrap().to_owned();
        if kind == "ScheduleOpened" || kind == "JobAdded" {
            continue;
        }
        event["job"] = json!("ESS-C-7");
        let corrupt = then(&mut one_job(), &[event]).unwrap_err();
        assert_eq!(
            corrupt.to_string(),
            format!("frame 1: {kind}: no such job was added")
        );
    }
}

#[test]
fn a_schedule_begins_with_its_opening() {
    let mut schedule = Schedule::default();
    let frame = json!({"at": "2026-11-24T00:00:00Z", "by": "ana", "events": [defined("JobAdded")]});
    let corrupt = apply(&mut schedule, 0, &frame).unwrap_err();
    assert_eq!(
        corrupt.to_string(),
        "frame 0: JobAdded: the schedule was not opened before"
    );
}

/// An event of version 2: the clock of who wrote it showed this full hour.
fn since(mut event: Value, hour: u32) -> Value {
    event["v"] = json!(2);
    event["from"] = json!(slot(hour));
    event
}

fn cursor(schedule: &Schedule) -> String {
    let job = schedule.jobs.values().next_back().unwrap();
    job.cursor.to_string()
}

#[test]
fn a_job_wants_slots_from_where_it_says_and_else_from_its_frame_on() {
    let noon = slot(12);
    for kind in ["JobChanged", "JobEnabled"] {
        let event = match kind {
            "JobEnabled" => of_job(kind),
            _ => defined(kind),
        };
        let before = [claimed(9), skipped(13, 20, 8), of_job("JobDisabled")];
        let of = |event: Value| {
            let mut schedule = one_job();
            then(&mut schedule, &before).unwrap();
            then(&mut schedule, &[event]).unwrap();
            schedule
        };
        assert_eq!(cursor(&of(event.clone())), slot(20), "{kind}: never back");
        let mut back = of(since(event, 7));
        assert_eq!(cursor(&back), slot(7), "{kind}");
        let corrupt = then(&mut back, &[claimed(9)]).unwrap_err();
        assert!(corrupt.why.contains("accounted for before"), "{corrupt}");
        let mut back = back.clone();
        then(&mut back, &[claimed(8), claimed(10), skipped(11, 13, 3)]).unwrap();
    }
    let mut schedule = one_job();
    let mut added = defined("JobAdded");
    added["job"] = json!("ZOO-C-9");
    then(&mut schedule, std::slice::from_ref(&added)).unwrap();
    assert_eq!(cursor(&schedule), noon);
    let mut schedule = one_job();
    then(&mut schedule, &[since(added, 5)]).unwrap();
    assert_eq!(cursor(&schedule), slot(5));
}

/// No program of ours sends the cursor back while slots wait; whoever does so has none of them claimed twice.
#[test]
fn what_waits_is_not_due_again_either() {
    let mut schedule = one_job();
    let back = since(defined("JobChanged"), 2);
    then(&mut schedule, &[queued(6), queued(7), back]).unwrap();
    assert_eq!(cursor(&schedule), slot(7));
    then(&mut schedule, &[claimed(6), claimed(7), claimed(8)]).unwrap();
    assert_eq!(schedule.jobs.values().next().unwrap().claims, 3);
}

#[test]
fn plans_are_remembered_until_a_slot_is_claimed_that_they_would_have_been_in_the_way_of() {
    let remembered = |events: &[Value]| {
        let mut schedule = one_job();
        then(&mut schedule, events).unwrap();
        schedule.jobs.values().next().unwrap().plans.len()
    };
    let allows = || {
        let mut event = defined("JobChanged");
        event["definition"]["overlap"] = json!("allow");
        event
    };
    let two = || [allows(), claimed(13), fired(13), claimed(14), fired(14)];
    assert_eq!(remembered(&two()), 2);
    let skips = || [&two()[..], &[defined("JobChanged")]].concat();
    assert_eq!(remembered(&skips()), 2, "the edit knows nothing of them");
    assert_eq!(remembered(&[&skips()[..], &[by_hand(15)]].concat()), 2);
    assert_eq!(remembered(&[&skips()[..], &[claimed(15)]].concat()), 0);
}

#[test]
fn what_was_claimed_is_settled_after_the_job_is_removed() {
    for settled in [fired(6), failed(6)] {
        let events = [claimed(6), of_job("JobRemoved"), settled];
        then(&mut one_job(), &events).unwrap();
    }
}

#[test]
fn what_waits_may_be_given_up_or_claimed_in_its_turn() {
    let mut schedule = one_job();
    then(
        &mut schedule,
        &[
            queued(6),
            queued(7),
            queued(8),
            claimed(6),
            fired(6),
            skipped(7, 8, 2),
        ],
    )
    .unwrap();
    let job = schedule.jobs.values().next().unwrap();
    assert!(job.queue.is_empty());
    assert_eq!((job.claims, job.skipped), (1, 2));
    let corrupt = then(&mut schedule, &[claimed(7)]).unwrap_err();
    assert!(corrupt.why.contains("accounted for before"), "{corrupt}");
}

#[test]
fn after_a_newer_programs_event_nothing_is_corrupt_and_its_kind_is_known() {
    for (newer, told) in [
        (
            json!({"kind": "JobMoved", "v": 1, "job": JOB}),
            "JobMoved v1",
        ),
        (
            json!({"kind": "JobAdded", "v": 3, "job": "ESS-C-7"}),
            "JobAdded v3",
        ),
    ] {
        let mut schedule = one_job();
        let strange = event("SlotClaimed", json!({"job": "ESS-C-7", "slot": slot(6)}));
        then(
            &mut schedule,
            &[newer, strange, of_job("JobEnabled"), claimed(6)],
        )
        .unwrap();
        assert_eq!(schedule.unknown.as_deref(), Some(told));
        assert_eq!(schedule.head, Some(anchor(4)));
        assert_eq!(schedule.jobs.len(), 1);
    }
    let mut schedule = Schedule::default();
    let frame = json!({"at": "2026-11-24T00:00:00Z", "by": "ana", "events": [opened(2)]});
    apply(&mut schedule, 0, &frame).unwrap();
    assert_eq!(schedule.unknown.as_deref(), Some("vocabulary 2"));
}

#[test]
fn an_edit_brings_an_ended_job_back_and_leaves_a_disabled_one_disabled() {
    let mut schedule = one_job();
    then(&mut schedule, &[ended(), defined("JobChanged")]).unwrap();
    let standing = |schedule: &Schedule| schedule.jobs.values().next().unwrap().standing;
    assert_eq!(standing(&schedule), Standing::Enabled);
    then(
        &mut schedule,
        &[of_job("JobDisabled"), defined("JobChanged")],
    )
    .unwrap();
    assert!(matches!(standing(&schedule), Standing::Disabled(_)));
}

// ------------------------------------------------------------------------------------------------------ the rendering

/// The file is sealed, the same whenever it is rendered, and YAML that says what the schedule does.
fn reads_back(schedule: &Schedule) {
    let text = render(schedule);
    assert_eq!(text, render(&schedule.clone()));
    assert_eq!(
        document::seal_of(&text),
        Seal::Intact(schedule.head.unwrap())
    );
    let read: Value = yaml::parse(&text).unwrap();
    let jobs = read["jobs"].as_array().unwrap();
    assert_eq!(jobs.len(), schedule.present().count());
    for (found, job) in jobs.iter().zip(schedule.present()) {
        let definition = &job.definition;
        assert_eq!(found["id"], json!(job.id));
        assert_eq!(found["objective"], json!(definition.objective));
        assert_eq!(found["schedule"], json!(definition.schedule));
        assert_eq!(found["tz"], json!(definition.tz));
        assert_eq!(found["until"], json!(definition.until));
        assert_eq!(found["count"], json!(definition.count));
        assert_eq!(found["defined_by"], json!(job.defined_by));
        assert_eq!(found["waiting"], json!(job.queue.len()));
    }
}

/// A schedule whose one job has this objective and was added by somebody of this name.
fn hostile(objective: &str, by: &str) -> Schedule {
    let mut added = defined("JobAdded");
    added["definition"]["objective"] = json!(objective);
    let mut schedule = Schedule::default();
    let frame = json!({"at": "2026-11-24T00:00:00Z", "by": by, "events": [opened(1), added]});
    apply(&mut schedule, 0, &frame).unwrap();
    schedule
}

const HOSTILE: [&str; 24] = [
    "",
    " ",
    "null",
    "~",
    "true",
    "1e3",
    "0x10",
    "2026-11-24",
    "- a\n- b",
    "key: value",
    "a: b: c # d",
    "\"quoted\" and 'quoted'",
    "it's",
    "---\nstatus: done\n---\n",
    "...\n",
    "&anchor *alias !tag %directive",
    "{flow: [a, b]}",
    "| block\n  text\n\n  with lines\n",
    "> folded",
    "trailing space \nand tab\t\n",
    "\u{0}\u{7}\u{1b}[31mred\u{85}\u{2028}\u{feff}",
    "\r\nwindows\r\n",
    "Überprüfe 🦀 中文",
    "x\njournal: {seq: 7, b3: 0000000000000000000000000000000000000000000000000000000000000000, file: 00000000000000000000000000000000}\n",
];

#[test]
fn hostile_texts_read_back_as_themselves() {
    for text in HOSTILE {
        reads_back(&hostile(text, "ana"));
        if !text.is_empty() {
            reads_back(&hostile("x", text));
        }
    }
    reads_back(&hostile(&"long ".repeat(20_000), "ana"));
}

#[test]
fn hostile_texts_render_like_this() {
    let mut schedule = Schedule::default();
    let mut events = vec![opened(1)];
    for (number, text) in HOSTILE.iter().enumerate() {
        let mut added = defined("JobAdded");
        added["definition"]["objective"] = json!(text);
        added["job"] = json!(format!("ESS-C-{}", number + 1));
        events.push(added);
    }
    let frame = json!({"at": "2026-11-24T00:00:00Z", "by": "ana", "events": events});
    apply(&mut schedule, 0, &frame).unwrap();
    let text = render(&schedule);
    let objectives = text.lines().filter(|line| {
        ["  objective:", "    ", "- id:"]
            .iter()
            .any(|start| line.starts_with(start))
    });
    insta::assert_snapshot!(objectives.collect::<Vec<_>>().join("\n"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_reads_back_as_itself(objective in any::<String>(), by in "\\PC{1,40}") {
        reads_back(&hostile(&objective, &by));
    }

    /// However events are strung together, the fold takes them or names what cannot be; it never panics.
    #[test]
    fn any_order_of_events_folds_or_is_named(picked in proptest::collection::vec(any::<prop::sample::Index>(), 0..30)) {
        let lines: Vec<&str> = events().collect();
        let mut schedule = Schedule::default();
        for (seq, index) in (0..).zip(picked) {
            let frame = json!({"at": slot(7), "by": "ana", "events": [value(lines[index.index(lines.len())])]});
            match apply(&mut schedule, seq, &frame) {
                Ok(()) => reads_back(&schedule),
                Err(corrupt) => {
                    prop_assert_eq!(corrupt.seq, seq);
                    prop_assert!(!corrupt.kind.is_empty());
                    break;
                }
            }
        }
    }
}

#[test]
fn an_events_job_is_the_one_it_names() {
    for line in events() {
        let named = value(line)["job"].as_str().map(str::to_owned);
        let Fact::Known(event) = fact(&value(line)) else {
            panic!("not known: {line}");
        };
        assert_eq!(Event::job(&event).map(ToString::to_string), named);
    }
}
