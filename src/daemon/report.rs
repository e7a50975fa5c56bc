//! What a runner tells its plan's journal, under its claim.

use std::time::Duration;

use projections::event::Event;

use super::execute::{REFUSED_MS, Runner};
use crate::{
    command::{Command, Report},
    decide::Refusal,
    error::{Error, Result},
};

impl Runner<'_> {
    /// Reports under this claim. What the plan has moved past is no error: the state says what is next.
    pub(super) fn report(&mut self, report: Report) -> Result<Vec<Event>> {
        match self.log.submit(&Command::Runner(report), &self.actor) {
            Err(Error::Refused {
                refusal: Refusal::Moot,
                ..
            }) => Ok(Vec::new()),
            Ok(events) => {
                self.tell_of(&events);
                Ok(events)
            }
            failed => failed,
        }
    }

    /// What was done outside is not given up because a disk is full: it is kept in memory and tried again, until it
    /// is durable or the process is asked to stop. No events: the plan has moved past it.
    pub(super) async fn persist(&mut self, report: Report) -> Result<Vec<Event>> {
        loop {
            let error = match self.report(report.clone()) {
                Ok(events) => return Ok(events),
                Err(error) if !error.is_passing() || self.shutdown.is_asked() => {
                    return Err(error);
                }
                Err(error) => error,
            };
            tracing::error!(plan = %self.id, "an answer cannot be made durable yet, trying again: {}", error.told());
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(REFUSED_MS)) => {}
                () = self.shutdown.asked() => {}
            }
            self.reopen();
        }
    }

    pub(super) fn reopen(&mut self) {
        if let Err(error) = self.log.reopen() {
            tracing::error!(plan = %self.id, "the journal cannot be opened: {}", error.told());
        }
    }

    /// What becomes of a failed call: who reads the log should not have to read the journal for it.
    fn tell_of(&self, events: &[Event]) {
        for event in events {
            match event {
                Event::ModelFellBack(e) => {
                    let (step, from, to) = (e.step.seat(), &e.from, &e.to);
                    tracing::warn!(plan = %self.id, step, from, to, "falling back: {}", e.why);
                }
                Event::ModelCallFailed(e) => {
                    if let Some(until) = e.retry_at {
                        tracing::info!(plan = %self.id, call = %e.call_id, %until, "trying again");
                    }
                }
                Event::TaskBlocked(e) => {
                    tracing::warn!(plan = %self.id, task = %e.task, "blocked: {}", e.why);
                }
                _ => {}
            }
        }
    }
}
