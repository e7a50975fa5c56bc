//! Slots that do not run, told in as few events as say all of it: neighbours of one reason are one event.

use projections::{
    schedule::{Event, Job, Skip, V1},
    time::Timestamp,
};

struct Span {
    first: Timestamp,
    last: Timestamp,
    count: u64,
    reason: Skip,
}

/// Collects slots of one job, in order.
pub(super) struct Spans<'a> {
    job: &'a Job,
    spans: Vec<Span>,
}

impl<'a> Spans<'a> {
    pub(super) fn of(job: &'a Job) -> Self {
        Self {
            job,
            spans: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, slot: Timestamp, reason: Skip) {
        match self.spans.last_mut().filter(|span| span.reason == reason) {
            Some(span) => {
                span.last = slot;
                span.count += 1;
            }
            None => self.spans.push(Span {
                first: slot,
                last: slot,
                count: 1,
                reason,
            }),
        }
    }

    /// What was collected since this was asked last.
    pub(super) fn events(&mut self) -> Vec<Event> {
        let told = |span: Span| Event::SlotsSkipped {
            v: V1,
            job: self.job.id.clone(),
            first: span.first,
            last: span.last,
            count: span.count,
            reason: span.reason,
        };
        self.spans.drain(..).map(told).collect()
    }
}
