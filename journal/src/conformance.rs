//! What every log store must do. A store enlists with one line in its tests:
//!
//! ```ignore
//! journal::conformance!(memory, || Enlisted::new(MemoryStore::new()));
//! ```
//!
//! Each rule gets a store of its own, without logs.

use std::any::Any;
use std::fmt;

use crate::{
    Anchor, CatchUp, DamageKind, Draft, Error, Frame, Hash, LeaseNote, Log, LogName, LogStore,
};

/// A store under test, with what must live as long as it (a temporary directory, a server).
pub struct Enlisted {
    store: Box<dyn LogStore>,
    _keep: Box<dyn Any>,
}

impl fmt::Debug for Enlisted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enlisted").finish_non_exhaustive()
    }
}

impl Enlisted {
    /// A store that needs nothing beside it.
    pub fn new(store: impl LogStore + 'static) -> Enlisted {
        Enlisted::keeping((), store)
    }

    /// A store, and what is dropped after it.
    pub fn keeping(keep: impl Any, store: impl LogStore + 'static) -> Enlisted {
        Enlisted {
            store: Box::new(store),
            _keep: Box::new(keep),
        }
    }

    /// The store.
    pub fn store(&self) -> &dyn LogStore {
        &*self.store
    }
}

/// Enlists a store: makes a test of each rule in a module of that name. The factory makes an
/// [`Enlisted`](crate::conformance::Enlisted) of a fresh store.
#[macro_export]
macro_rules! conformance {
    ($module:ident, $factory:expr) => {
        mod $module {
            #[allow(
                unused_imports,
                reason = "the factory may use names of the surrounding module"
            )]
            use super::*;
            $crate::conformance_rules! { $factory;
                a_new_log_has_frame_0
                a_log_is_created_once
                a_missing_log_is_missing
                names_are_sorted
                a_handle_starts_before_frame_0
                frames_are_visited_in_order_and_once
                frames_chain_by_the_format_of_the_file
                an_append_moves_the_position
                an_append_elsewhere_is_a_conflict
                a_handle_that_has_not_caught_up_conflicts
                a_second_handle_is_told_of_the_race_and_catches_up
                a_batch_is_acknowledged_by_its_last_frame
                an_empty_batch_is_refused
                a_stale_epoch_is_refused
                a_stale_epoch_inside_a_batch_is_refused
                invalid_drafts_are_refused_and_write_nothing
                unusual_writers_and_payloads_come_back
                the_tail_is_found_without_visiting
                a_reader_follows_a_writer
                a_reader_does_not_append
                an_anchor_beyond_the_tail_is_damage
                an_anchor_that_differs_is_damage
                a_damaged_log_is_not_written_to
                an_anchor_that_holds_is_no_news
                a_newer_format_is_read_and_not_written
                a_lease_has_one_holder
                a_lease_tells_its_holder
                leases_of_two_logs_are_apart
                racing_writers_append_each_frame_once
            }
        }
    };
}

/// One test for each rule; used by [`conformance!`].
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_rules {
    ($factory:expr; $($rule:ident)*) => {$(
        #[test]
        fn $rule() {
            let enlisted: $crate::conformance::Enlisted = ($factory)();
            $crate::conformance::$rule(enlisted.store());
        }
    )*};
}

fn name(text: &str) -> LogName {
    LogName::parse(text).expect("a legal name")
}

fn draft(epoch: u64, events: &str) -> Draft {
    Draft {
        at: "2026-11-23T20:15:00.123456Z".into(),
        epoch,
        by: "daemon:host:4711".into(),
        events: events.into(),
    }
}

fn event(number: u64) -> Draft {
    draft(
        1,
        &format!(r#"[{{"kind":"Tested","v":1,"number":{number}}}]"#),
    )
}

/// A log `P-1` of `frames` frames, and a handle at its tail.
fn with_frames(store: &dyn LogStore, frames: u64) -> Box<dyn Log> {
    store.create(&name("P-1"), &event(0)).expect("created");
    let mut log = store.open(&name("P-1"), None).expect("opened");
    log.seek_tail().expect("found the tail");
    for number in 1..frames {
        log.append(number, &[event(number)]).expect("appended");
    }
    log
}

fn all(log: &mut dyn Log) -> (Vec<Frame>, CatchUp) {
    let mut frames = Vec::new();
    let found = log
        .catch_up(&mut |frame| frames.push(frame))
        .expect("caught up");
    (frames, found)
}

fn frames_of(store: &dyn LogStore) -> Vec<Frame> {
    all(&mut *store.read(&name("P-1"), None).expect("opened for reading")).0
}

/// [`LogStore::create`] makes a log with one frame.
pub fn a_new_log_has_frame_0(store: &dyn LogStore) {
    let anchor = store.create(&name("P-1"), &event(0)).expect("created");
    assert_eq!(anchor.seq, 0);
    let frames = frames_of(store);
    assert_eq!(frames.len(), 1);
    assert_eq!(
        (frames[0].anchor, &frames[0].events),
        (anchor, &event(0).events)
    );
}

/// A second [`LogStore::create`] is [`Error::Exists`] and changes nothing.
pub fn a_log_is_created_once(store: &dyn LogStore) {
    let anchor = store.create(&name("P-1"), &event(0)).expect("created");
    assert!(matches!(
        store.create(&name("P-1"), &event(9)),
        Err(Error::Exists { .. })
    ));
    assert_eq!(frames_of(store)[0].anchor, anchor);
}

/// Neither handle can be had of a log that is not there.
pub fn a_missing_log_is_missing(store: &dyn LogStore) {
    assert!(matches!(
        store.open(&name("P-1"), None),
        Err(Error::Missing { .. })
    ));
    assert!(matches!(
        store.read(&name("P-1"), None),
        Err(Error::Missing { .. })
    ));
    assert!(store.names().expect("listed").is_empty());
}

/// [`LogStore::names`] tells all logs, sorted, and nothing else.
pub fn names_are_sorted(store: &dyn LogStore) {
    for each in ["b", "P-1", "a.b_c-9"] {
        store.create(&name(each), &event(0)).expect("created");
    }
    store.lease(&name("P-1")).expect("asked").expect("granted");
    assert_eq!(
        store.names().expect("listed"),
        [name("P-1"), name("a.b_c-9"), name("b")]
    );
}

/// A fresh handle has seen nothing.
pub fn a_handle_starts_before_frame_0(store: &dyn LogStore) {
    store.create(&name("P-1"), &event(0)).expect("created");
    assert_eq!(
        store.open(&name("P-1"), None).expect("opened").position(),
        None
    );
}

/// [`Log::catch_up`] visits each frame once, in order, and tells how many.
pub fn frames_are_visited_in_order_and_once(store: &dyn LogStore) {
    let mut writer = with_frames(store, 20);
    let mut log = store.open(&name("P-1"), None).expect("opened");
    let (frames, found) = all(&mut *log);
    assert!(frames.iter().map(|frame| frame.anchor.seq).eq(0..20));
    assert_eq!(
        (found.frames, found.tail, &found.torn),
        (20, writer.position(), &None)
    );
    assert_eq!(all(&mut *log).1, CatchUp { frames: 0, ..found });
    writer.append(20, &[event(20)]).expect("appended");
    let (frames, found) = all(&mut *log);
    assert_eq!(
        (frames.len(), found.frames, log.position()),
        (1, 1, writer.position())
    );
}

/// The hash of a frame is that of the line it would be in a file, whatever keeps it.
pub fn frames_chain_by_the_format_of_the_file(store: &dyn LogStore) {
    with_frames(store, 5);
    let mut key = Hash::root(&name("P-1"));
    for frame in frames_of(store) {
        let as_draft = Draft {
            at: frame.at,
            epoch: frame.epoch,
            by: frame.by,
            events: frame.events,
        };
        let line = crate::frame::encode(&key, frame.anchor.seq, &as_draft)
            .expect("a frame is a legal draft");
        assert_eq!(crate::frame::recorded_hash(&line), Some(frame.anchor.b3));
        key = frame.anchor.b3;
    }
}

/// After an append the handle stands behind its own frame.
pub fn an_append_moves_the_position(store: &dyn LogStore) {
    let mut log = with_frames(store, 1);
    let tail = log.append(1, &[event(1)]).expect("appended");
    assert_eq!((tail.seq, log.position()), (1, Some(tail)));
    assert_eq!(all(&mut *log).1.frames, 0);
}

/// `expected` must be the next number, neither lower nor higher.
pub fn an_append_elsewhere_is_a_conflict(store: &dyn LogStore) {
    let mut log = with_frames(store, 3);
    for wrong in [0, 2, 4, u64::MAX] {
        match log.append(wrong, &[event(9)]) {
            Err(Error::Conflict { expected, tail }) => {
                assert_eq!((expected, tail), (wrong, log.position()))
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(frames_of(store).len(), 3);
}

/// A handle that has read nothing cannot know what it appends to, even if it guesses the number.
pub fn a_handle_that_has_not_caught_up_conflicts(store: &dyn LogStore) {
    with_frames(store, 2);
    let mut log = store.open(&name("P-1"), None).expect("opened");
    for guess in [0, 2] {
        assert!(matches!(
            log.append(guess, &[event(2)]),
            Err(Error::Conflict { .. })
        ));
    }
    assert_eq!(log.position(), None);
}

/// Of two handles the slower one conflicts, catches up, and goes on.
pub fn a_second_handle_is_told_of_the_race_and_catches_up(store: &dyn LogStore) {
    let mut one = with_frames(store, 1);
    let mut other = store.open(&name("P-1"), None).expect("opened");
    all(&mut *other);
    let tail = one.append(1, &[event(1)]).expect("appended");
    match other.append(1, &[event(7)]) {
        Err(Error::Conflict {
            expected: 1,
            tail: found,
        }) => assert_eq!(found, Some(tail)),
        unexpected => panic!("{unexpected:?}"),
    }
    assert_eq!(
        other.position().map(|at| at.seq),
        Some(0),
        "a conflict does not skip frames"
    );
    assert_eq!(all(&mut *other).0.len(), 1);
    assert_eq!(other.append(2, &[event(2)]).expect("appended").seq, 2);
}

/// A batch becomes consecutive frames, all of them there at once.
pub fn a_batch_is_acknowledged_by_its_last_frame(store: &dyn LogStore) {
    let mut log = with_frames(store, 1);
    let tail = log
        .append(1, &[event(1), event(2), event(3)])
        .expect("appended");
    let frames = frames_of(store);
    assert_eq!((tail.seq, frames.len(), frames[3].anchor), (3, 4, tail));
    assert!(
        frames
            .iter()
            .zip(0..)
            .all(|(frame, number)| frame.events == event(number).events)
    );
}

/// Nothing to append is the caller's mistake.
pub fn an_empty_batch_is_refused(store: &dyn LogStore) {
    let mut log = with_frames(store, 1);
    assert!(matches!(log.append(1, &[]), Err(Error::Invalid { .. })));
}

/// A writer whose claim was taken over cannot append any more.
pub fn a_stale_epoch_is_refused(store: &dyn LogStore) {
    let mut log = with_frames(store, 1);
    log.append(1, &[draft(5, "[]")])
        .expect("a higher epoch claims");
    log.append(2, &[draft(5, "[]")])
        .expect("the same epoch goes on");
    assert!(matches!(
        log.append(3, &[draft(4, "[]")]),
        Err(Error::Fenced {
            epoch: 4,
            tail_epoch: 5
        })
    ));
    let mut fresh = store.open(&name("P-1"), None).expect("opened");
    fresh.seek_tail().expect("found the tail");
    assert!(matches!(
        fresh.append(3, &[draft(4, "[]")]),
        Err(Error::Fenced {
            epoch: 4,
            tail_epoch: 5
        })
    ));
    assert_eq!(frames_of(store).len(), 3);
}

/// The epoch holds inside a batch, and a refused batch leaves nothing.
pub fn a_stale_epoch_inside_a_batch_is_refused(store: &dyn LogStore) {
    let mut log = with_frames(store, 1);
    let batch = [draft(2, "[]"), draft(3, "[]"), draft(2, "[]")];
    assert!(matches!(
        log.append(1, &batch),
        Err(Error::Fenced {
            epoch: 2,
            tail_epoch: 3
        })
    ));
    assert_eq!(frames_of(store).len(), 1);
}

/// What is not a JSON array on one line, has no time or no writer, never reaches a log.
pub fn invalid_drafts_are_refused_and_write_nothing(store: &dyn LogStore) {
    let mut log = with_frames(store, 1);
    let bad = [
        draft(1, "{}"),
        draft(1, "[\n]"),
        draft(1, "[1"),
        draft(1, ""),
        Draft {
            at: "yesterday".into(),
            ..event(1)
        },
        Draft {
            by: String::new(),
            ..event(1)
        },
    ];
    for each in bad {
        let error = log
            .append(1, &[event(1), each.clone()])
            .expect_err("refused");
        assert!(matches!(error, Error::Invalid { .. }), "{error}");
        assert!(matches!(
            store.create(&name("P-2"), &each),
            Err(Error::Invalid { .. })
        ));
    }
    assert_eq!(frames_of(store).len(), 1);
    assert_eq!(store.names().expect("listed").len(), 1);
}

/// Quotes, controls, other scripts and large payloads come back as they were.
pub fn unusual_writers_and_payloads_come_back(store: &dyn LogStore) {
    let mut log = with_frames(store, 1);
    let by = "cli:\"a\\b\"\n\u{1}é漢🦀";
    let large = format!("[\"{}\"]", "x".repeat(700_000));
    for (seq, events) in [(1, "[]"), (2, r#"[ "a\"]}", {"é\\":[]} ]"#), (3, &large)] {
        log.append(
            seq,
            &[Draft {
                by: by.into(),
                ..draft(1, events)
            }],
        )
        .expect("appended");
        let frame = frames_of(store).pop().expect("there are frames");
        assert_eq!((&*frame.by, &*frame.events), (by, events));
    }
}

/// [`Log::seek_tail`] finds the same tail as reading everything.
pub fn the_tail_is_found_without_visiting(store: &dyn LogStore) {
    let mut writer = with_frames(store, 1);
    for frames in 1..6 {
        let mut log = store.open(&name("P-1"), None).expect("opened");
        let found = log.seek_tail().expect("found the tail");
        assert_eq!(
            (found.frames, found.tail, log.position()),
            (frames, writer.position(), writer.position())
        );
        assert_eq!(all(&mut *log).1.frames, 0);
        writer
            .append(
                frames,
                &[draft(1, &format!("[\"{}\"]", "y".repeat(30_000)))],
            )
            .expect("appended");
    }
}

/// A read handle sees what is appended after it was opened.
pub fn a_reader_follows_a_writer(store: &dyn LogStore) {
    let mut writer = with_frames(store, 1);
    let mut reader = store.read(&name("P-1"), None).expect("opened");
    assert_eq!(all(&mut *reader).0.len(), 1);
    writer.append(1, &[event(1), event(2)]).expect("appended");
    assert_eq!(all(&mut *reader).0.len(), 2);
    assert_eq!(
        reader.seek_tail().expect("found the tail").tail,
        writer.position()
    );
}

/// A read handle refuses to write.
pub fn a_reader_does_not_append(store: &dyn LogStore) {
    with_frames(store, 1);
    let mut reader = store.read(&name("P-1"), None).expect("opened");
    all(&mut *reader);
    assert!(matches!(
        reader.append(1, &[event(1)]),
        Err(Error::Invalid { .. })
    ));
    assert_eq!(frames_of(store).len(), 1);
}

fn damage(found: Result<CatchUp, Error>) -> (DamageKind, u64) {
    let error = found.expect_err("damage");
    let damage = error.damage().expect("damage");
    (damage.kind, damage.seq)
}

/// A log that ends before an acknowledged frame was cut; its frames are still visited.
pub fn an_anchor_beyond_the_tail_is_damage(store: &dyn LogStore) {
    with_frames(store, 3);
    let anchor = Anchor {
        seq: 5,
        b3: Hash([1; 32]),
    };
    let handle = |writes: bool| {
        let open = if writes {
            LogStore::open
        } else {
            LogStore::read
        };
        open(store, &name("P-1"), Some(anchor)).expect("opened")
    };
    for writes in [true, false] {
        let mut log = handle(writes);
        let mut visited = 0;
        assert_eq!(
            damage(log.catch_up(&mut |_| visited += 1)),
            (DamageKind::AnchorBeyondTail, 3)
        );
        assert_eq!(visited, 3);
        assert_eq!(
            damage(log.catch_up(&mut |_| ())),
            (DamageKind::AnchorBeyondTail, 3)
        );
        assert_eq!(
            damage(handle(writes).seek_tail()),
            (DamageKind::AnchorBeyondTail, 3)
        );
    }
}

/// A log that is known to be cut is not appended to.
pub fn a_damaged_log_is_not_written_to(store: &dyn LogStore) {
    with_frames(store, 3);
    for anchor in [5, 1].map(|seq| Anchor {
        seq,
        b3: Hash([1; 32]),
    }) {
        let mut log = store.open(&name("P-1"), Some(anchor)).expect("opened");
        let error = log.catch_up(&mut |_| ()).expect_err("damage");
        assert!(error.is_damage(), "{error}");
        let next = log.position().map_or(0, |tail| tail.seq + 1);
        assert!(log.append(next, &[event(9)]).is_err());
    }
    assert_eq!(frames_of(store).len(), 3);
}

/// A log with another frame in the place of an acknowledged one was rewritten.
pub fn an_anchor_that_differs_is_damage(store: &dyn LogStore) {
    with_frames(store, 3);
    for seq in 0..3 {
        let anchor = Anchor {
            seq,
            b3: Hash([1; 32]),
        };
        let mut log = store.open(&name("P-1"), Some(anchor)).expect("opened");
        let mut visited = 0;
        assert_eq!(
            damage(log.catch_up(&mut |_| visited += 1)),
            (DamageKind::AnchorDiffers, seq)
        );
        assert_eq!(visited, seq);
    }
    let mut log = store
        .open(
            &name("P-1"),
            Some(Anchor {
                seq: 2,
                b3: Hash([1; 32]),
            }),
        )
        .expect("opened");
    assert_eq!(damage(log.seek_tail()), (DamageKind::AnchorDiffers, 2));
}

/// An anchor that the log holds changes nothing.
pub fn an_anchor_that_holds_is_no_news(store: &dyn LogStore) {
    with_frames(store, 3);
    for frame in frames_of(store) {
        let mut log = store
            .open(&name("P-1"), Some(frame.anchor))
            .expect("opened");
        assert_eq!(all(&mut *log).0.len(), 3);
        let mut log = store
            .open(&name("P-1"), Some(frame.anchor))
            .expect("opened");
        assert_eq!(log.seek_tail().expect("found the tail").frames, 3);
    }
}

/// A log that names a newer format in frame 0 can be read; appending is [`Error::NewerFormat`].
pub fn a_newer_format_is_read_and_not_written(store: &dyn LogStore) {
    let newer = crate::FORMAT_VERSION + 1;
    let first = draft(1, &format!(r#"[{{"kind":"Created","format":{newer}}}]"#));
    store.create(&name("P-1"), &first).expect("created");
    let mut log = store.open(&name("P-1"), None).expect("opened");
    assert_eq!(all(&mut *log).0[0].format_version(), Some(newer));
    assert!(
        matches!(log.append(1, &[event(1)]), Err(Error::NewerFormat { found, .. }) if found == newer)
    );
}

/// One holder at a time; dropped, the lease is free.
pub fn a_lease_has_one_holder(store: &dyn LogStore) {
    store.create(&name("P-1"), &event(0)).expect("created");
    let lease = store.lease(&name("P-1")).expect("asked").expect("granted");
    assert!(store.lease(&name("P-1")).expect("asked").is_none());
    assert!(lease.is_current());
    drop(lease);
    let again = store
        .lease(&name("P-1"))
        .expect("asked")
        .expect("granted again");
    assert!(again.is_current());
}

/// Others can ask who holds a lease; asking does not take it.
pub fn a_lease_tells_its_holder(store: &dyn LogStore) {
    store.create(&name("P-1"), &event(0)).expect("created");
    assert_eq!(store.leased(&name("P-1")).expect("asked"), None);
    let mut lease = store.lease(&name("P-1")).expect("asked").expect("granted");
    assert!(
        store.leased(&name("P-1")).expect("asked").is_some(),
        "a holder that has said nothing is a holder"
    );
    for holder in ["daemon:a-long-host-name:4711", "daemon:h:1"] {
        let note = LeaseNote {
            holder: holder.into(),
            since: "2026-11-23T20:15:00.123456Z".into(),
            epoch: 3,
        };
        lease.note(&note).expect("noted");
        assert_eq!(store.leased(&name("P-1")).expect("asked"), Some(note));
    }
    drop(lease);
    assert_eq!(store.leased(&name("P-1")).expect("asked"), None);
    let _again = store
        .lease(&name("P-1"))
        .expect("asked")
        .expect("granted again");
    let note = store.leased(&name("P-1")).expect("asked").expect("held");
    assert_eq!(
        note.holder, "",
        "the former holder's note is not the present one's"
    );
}

/// Each log has a lease of its own.
pub fn leases_of_two_logs_are_apart(store: &dyn LogStore) {
    let _one = store.lease(&name("P-1")).expect("asked").expect("granted");
    let _other = store.lease(&name("P-2")).expect("asked").expect("granted");
    assert!(store.leased(&name("P-3")).expect("asked").is_none());
}

/// Writers that race lose no frame, and no number is given twice.
pub fn racing_writers_append_each_frame_once(store: &dyn LogStore) {
    with_frames(store, 1);
    std::thread::scope(|scope| {
        for writer in 1..=4 {
            scope.spawn(move || append_racing(store, writer * 100, 10));
        }
    });
    let frames = frames_of(store);
    assert!(frames.iter().map(|frame| frame.anchor.seq).eq(0..41));
    let mut events: Vec<&str> = frames.iter().map(|frame| &*frame.events).collect();
    events.sort_unstable();
    events.dedup();
    assert_eq!(events.len(), 41);
}

fn append_racing(store: &dyn LogStore, from: u64, count: u64) {
    let mut log = store.open(&name("P-1"), None).expect("opened");
    for number in from..from + count {
        loop {
            let found = log.catch_up(&mut |_| ()).expect("caught up");
            let next = found.tail.expect("a log has a tail").seq + 1;
            match log.append(next, &[event(number)]) {
                Ok(_) => break,
                Err(Error::Conflict { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}
