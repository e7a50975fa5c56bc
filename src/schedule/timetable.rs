//! A job's definition, read: its expression and its zone. What a journal of a newer program says may not be readable
//! here, so reading may fail, for that job alone.

use projections::{schedule::Job, time::Timestamp};

use super::{Expression, ExpressionFault, Slots, Zone, ZoneFault, next_slot, slots};

/// A job that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Its expression.
    #[error("schedule: {0}")]
    Expression(#[from] ExpressionFault),
    /// Its time zone.
    #[error("tz: {0}")]
    Zone(#[from] ZoneFault),
}

/// When a job wants to run.
#[derive(Clone, Debug)]
pub struct Timetable {
    expression: Expression,
    zone: Zone,
}

impl Timetable {
    /// Reads an expression and the name of a zone.
    ///
    /// # Errors
    /// [`Unreadable`] names the field.
    pub fn read(expression: &str, zone: &str) -> Result<Self, Unreadable> {
        Ok(Self {
            expression: Expression::parse(expression)?,
            zone: Zone::parse(zone)?,
        })
    }

    /// A job's.
    ///
    /// # Errors
    /// [`Unreadable`], if a program that knows more has written it.
    pub fn of(job: &Job) -> Result<Self, Unreadable> {
        Self::read(&job.definition.schedule, &job.definition.tz)
    }

    /// The first slot after an instant.
    #[must_use]
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        next_slot(&self.expression, &self.zone, after)
    }

    /// The slots after an instant, up to and including another.
    #[must_use]
    pub fn between(&self, after: Timestamp, until: Timestamp) -> Slots<'_> {
        slots(&self.expression, &self.zone, after, until)
    }

    /// An instant as the job's own clock shows it.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> String {
        self.zone.local(at)
    }
}
