//! What is due of one job: pure, decided against its newest state, and claimed by the append of what is decided here.
//!
//! ```text
//!  cursor ────┬──────────────────┬──────────────┬──▶ now
//!             │ older than the   │ nobody was   │ on time
//!             │ window: skipped  │ there: --catch-up decides
//!                                └──────────────┴──▶ each in its turn: count, overlap ──▶ claimed, queued, skipped
//! ```
//!
//! Whoever appends asks again until nothing is due: one answer is one frame, and bounded.

use std::cell::OnceCell;

use projections::{
    ids::PlanId,
    schedule::{CatchUp, Claim, Ending, Event, Job, MOST_QUEUED, Overlap, Skip, Standing, V1},
    time::Timestamp,
};

use super::{
    Timetable, Unreadable,
    span::Spans,
    unseen::{Unseen, unseen, untaken},
};

/// Somebody counts as having been there for a slot that is looked at so soon.
pub const GRACE_MS: u64 = 60_000;

/// After so long a claim counts as left behind, and whoever sees it makes the plan.
pub const LEFT_BEHIND_MS: u64 = 2_000;

/// Most slots that one answer passes over.
const AT_ONCE: usize = 10_000;

/// Most slots that one answer claims. Whoever claims them makes their plans before it asks again, and until then nobody
/// should take them for left behind.
const CLAIMS_AT_ONCE: usize = 16;

/// Whether the plan of a claimed slot should long be there: whoever claimed it has died. A claim from the future was
/// written before the clock was set back.
#[must_use]
pub fn is_left_behind(claim: &Claim, now: Timestamp) -> bool {
    let apart = now.micros_since(claim.at).max(claim.at.micros_since(now));
    apart >= LEFT_BEHIND_MS * 1_000
}

/// What is due of `job` at `now`; `runs` says whether a plan has not ended. Empty when nothing is.
///
/// # Errors
/// [`Unreadable`], of this job alone.
pub fn due(
    job: &Job,
    now: Timestamp,
    runs: &dyn Fn(&PlanId) -> bool,
) -> Result<Vec<Event>, Unreadable> {
    let mut turn = Turn::of(job, now, runs);
    match job.standing {
        Standing::Removed | Standing::Disabled(_) => return Ok(Vec::new()),
        Standing::Enabled | Standing::Ended(_) => turn.serve_queue(),
    }
    if job.standing == Standing::Enabled {
        let timetable = Timetable::of(job)?;
        let before = tell_old(job, &timetable, now);
        if !before.is_empty() {
            return Ok(before);
        }
        turn.take(&timetable);
        turn.end(&timetable);
    }
    Ok(turn.events)
}

/// When to ask again, if nothing else happens: at the next slot, or when a claim counts as left behind. The end of a
/// plan that others wait for is not known beforehand.
///
/// # Errors
/// [`Unreadable`], of this job alone.
pub fn wake_at(job: &Job) -> Result<Option<Timestamp>, Unreadable> {
    let claims = job.claimed.values();
    let left = claims.map(|claim| claim.at.plus_millis(LEFT_BEHIND_MS));
    let next = match job.standing {
        Standing::Enabled => {
            let timetable = Timetable::of(job)?;
            let forever = Timestamp::from_micros(i64::MAX);
            unseen(job, &timetable, forever).next()
        }
        Standing::Disabled(_) | Standing::Ended(_) | Standing::Removed => None,
    };
    Ok(left.chain(next.map(|unseen| unseen.ready_at)).min())
}

/// Slots that are older than the window, a bounded number of them.
fn tell_old(job: &Job, timetable: &Timetable, now: Timestamp) -> Vec<Event> {
    let window = i64::try_from(job.definition.catch_up_window_s).unwrap_or(i64::MAX);
    let bound = Timestamp::from_micros(now.plus_seconds(window.saturating_neg()).micros() - 1);
    // Within a minute nothing is too old, however short the window is.
    let old = unseen(job, timetable, bound).take_while(|unseen| unseen.is_late(now));
    let mut spans = Spans::of(job);
    old.take(AT_ONCE)
        .for_each(|old| spans.add(old.slot, Skip::OutsideWindow));
    spans.events()
}

/// A job whose slots take their turns.
struct Turn<'a> {
    job: &'a Job,
    now: Timestamp,
    runs: &'a dyn Fn(&PlanId) -> bool,
    /// The plan that was found running.
    running: OnceCell<Option<PlanId>>,
    events: Vec<Event>,
    cursor: Timestamp,
    claims: u64,
    waiting: usize,
    /// Whether a claim of this very turn is under way.
    claimed: bool,
}

impl<'a> Turn<'a> {
    fn of(job: &'a Job, now: Timestamp, runs: &'a dyn Fn(&PlanId) -> bool) -> Self {
        Self {
            job,
            now,
            runs,
            running: OnceCell::new(),
            events: Vec::new(),
            cursor: job.cursor,
            claims: job.claims,
            waiting: job.queue.len(),
            claimed: !job.claimed.is_empty(),
        }
    }

    /// What stands in a slot's way: a plan of an earlier one, or one that is just being made.
    fn in_the_way(&self) -> Option<Skip> {
        if self.claimed {
            return Some(Skip::Overlap { plan: None });
        }
        let find = || self.job.plans.iter().rev().find(|plan| (self.runs)(plan));
        let running = self.running.get_or_init(|| find().cloned()).clone();
        running.map(|plan| Skip::Overlap { plan: Some(plan) })
    }

    fn serve_queue(&mut self) {
        let Some(first) = self.job.queue.front() else {
            return;
        };
        if self.in_the_way().is_none() {
            self.claim(*first);
            self.waiting -= 1;
        }
    }

    fn claim(&mut self, slot: Timestamp) {
        self.claimed = true;
        self.claims += 1;
        self.events.push(Event::SlotClaimed {
            v: V1,
            job: self.job.id.clone(),
            slot,
            manual: false,
        });
    }

    /// The slots that are due, in order, as many of them as one answer takes.
    fn take(&mut self, timetable: &Timetable) {
        let (job, now) = (self.job, self.now);
        let due = unseen(job, timetable, now).take_while(|unseen| unseen.ready_at <= now);
        let mut due = due.take(AT_ONCE + 1).peekable();
        let mut spans = Spans::of(job);
        for _ in 0..AT_ONCE {
            let is_full = self.claims - job.claims >= CLAIMS_AT_ONCE as u64;
            let Some(unseen) = due.next().filter(|_| !is_full) else {
                break;
            };
            if let Some(skip) = self.fate(unseen, due.peek().is_none(), &mut spans) {
                spans.add(unseen.slot, skip);
            }
            self.cursor = unseen.slot;
        }
        self.events.extend(spans.events());
    }

    /// Why a slot does not run; one that does is claimed or queued.
    fn fate(&mut self, unseen: Unseen, is_last: bool, spans: &mut Spans<'_>) -> Option<Skip> {
        let caught_up = match self.job.definition.catch_up {
            _ if !unseen.is_late(self.now) => None,
            CatchUp::All => None,
            CatchUp::Last if is_last => None,
            CatchUp::Last => Some(Skip::Superseded),
            CatchUp::None => Some(Skip::Missed),
        };
        match caught_up {
            Some(skip) => Some(skip),
            None if self.is_counted_out() => Some(Skip::Ended),
            None => self.runs_now(unseen.slot, spans),
        }
    }

    /// Claims or queues the slot, or says why it does not run. What was passed over before it is told first.
    fn runs_now(&mut self, slot: Timestamp, spans: &mut Spans<'_>) -> Option<Skip> {
        let way = match self.job.definition.overlap {
            Overlap::Allow => None,
            Overlap::Skip => self.in_the_way(),
            Overlap::Queue if self.waiting > 0 => Some(Skip::Overlap { plan: None }),
            Overlap::Queue => self.in_the_way(),
        };
        match (way, self.job.definition.overlap) {
            (None, _) => {
                self.events.append(&mut spans.events());
                self.claim(slot);
                None
            }
            (Some(_), Overlap::Queue) if self.waiting >= MOST_QUEUED => Some(Skip::QueueFull),
            (Some(_), Overlap::Queue) => {
                self.events.append(&mut spans.events());
                self.waiting += 1;
                self.events.push(Event::SlotQueued {
                    v: V1,
                    job: self.job.id.clone(),
                    slot,
                });
                None
            }
            (Some(skip), Overlap::Skip | Overlap::Allow) => Some(skip),
        }
    }

    /// Slots that wait count as well: each of them will run.
    fn is_counted_out(&self) -> bool {
        let waiting = u64::try_from(self.waiting).unwrap_or(u64::MAX);
        let taken = self.claims.saturating_add(waiting);
        self.job
            .definition
            .count
            .is_some_and(|count| taken >= count)
    }

    fn end(&mut self, timetable: &Timetable) {
        let is_over = |until| {
            untaken(self.job, timetable, self.cursor, until)
                .next()
                .is_none()
        };
        let reason = if self.is_counted_out() {
            Ending::Count
        } else if self.job.definition.until.is_some_and(is_over) {
            Ending::Until
        } else {
            return;
        };
        self.events.push(Event::JobEnded {
            v: V1,
            job: self.job.id.clone(),
            reason,
        });
    }
}
