//! A plan's projections on disk: which of them an event changes, and putting them in place without losing what an
//! operator wrote there in the same instant.

use projections::{
    event::Event,
    files::{self, Whole},
    payload::Digest,
    plan::Status,
};

use super::{
    PlanLog,
    displaced::Displaced,
    put::{rendering_of, stem},
    regular::Lying,
};
use crate::{error::Result, fault};

impl PlanLog {
    /// Projects a decision. Steps of a plan at work are booked, and not shown one by one.
    pub(super) fn project_events(&mut self, events: &[Event]) {
        if self.behind {
            return self.show();
        }
        let written = if self.is_noteworthy(events) {
            let changed: Vec<String> = events.iter().filter_map(|e| self.path_of(e)).collect();
            self.render(|path| changed.iter().any(|c| c == path))
        } else {
            self.ledgers.write(&self.project, &self.id)
        };
        self.note_projected(written);
    }

    /// Renders everything that can be rendered.
    pub fn show(&mut self) {
        let written = self.render(|_| true);
        self.note_projected(written);
    }

    /// A projection that cannot be written is no reason to stop: the journal holds the fact, and what is missing
    /// is rendered with the next one, or by the next opener.
    fn note_projected(&mut self, written: Result<()>) {
        self.behind = written.is_err();
        if let Err(error) = written {
            tracing::warn!(plan = %self.id, "a projection could not be written: {}", error.told());
        }
    }

    /// Whether an operator would look for it.
    fn is_noteworthy(&self, events: &[Event]) -> bool {
        let step = |event: &Event| {
            matches!(
                event,
                Event::ModelCallStarted(_)
                    | Event::ModelCallCompleted(_)
                    | Event::ModelCallFailed(_)
                    | Event::ModelCallAbandoned(_)
                    | Event::ReplyRejected(_)
                    | Event::TasksPlanned(_)
                    | Event::TaskProduced(_)
                    | Event::TaskReviewed(_)
                    | Event::TaskRedone(_)
                    | Event::ArtifactWritten(_)
                    | Event::BudgetWarned(_)
                    | Event::ModelFellBack(_)
                    | Event::ToolCallStarted(_)
                    | Event::ToolCallFinished(_)
                    | Event::ContextSoftWarned(_)
                    | Event::ContextCompressed(_)
                    | Event::TaskRouted(_)
                    | Event::NoteWritten(_)
                    | Event::NoteProposed(_)
                    | Event::NoteJudged(_)
            )
        };
        !matches!(self.plan.status, Status::Executing { .. }) || !events.iter().all(step)
    }

    /// Renders the ledgers, of the other whole files those that are wanted, and then the plan's file: its anchor
    /// vouches for all the rest, so while something is missing, and in a crash before the end, it stays old.
    fn render(&mut self, wanted: impl Fn(&str) -> bool) -> Result<()> {
        let own = files::plan_path(&self.id);
        let (own, others): (Vec<Whole>, Vec<Whole>) = files::whole(&self.plan)
            .into_iter()
            .partition(|file| file.path == own);
        let mut written = self.ledgers.write(&self.project, &self.id);
        for file in others.iter().filter(|file| wanted(&file.path)) {
            written = written.and(self.put(file));
        }
        written?;
        self.ledgers.secure(&self.project, &self.id)?;
        own.iter().try_for_each(|file| self.put(file))
    }

    fn path_of(&self, event: &Event) -> Option<String> {
        match event {
            Event::TicketOpened(e) => Some(files::ticket_path(&e.ticket)),
            Event::TicketDecided(e) => Some(files::ticket_path(&e.ticket)),
            Event::TicketWithdrawn(e) => Some(files::ticket_path(&e.ticket)),
            Event::QualityReported(_) => Some(files::quality_report_path(&self.id)),
            Event::TeamStateWritten(_) => Some(files::team_state_path(&self.id)),
            _ => None,
        }
    }

    /// Puts a file in place. Should somebody have edited it in the very last instant, their text is taken in.
    pub(super) fn put(&mut self, file: &Whole) -> Result<()> {
        if self.holds_a_note(file) {
            return Ok(());
        }
        let displaced = self.project.put_whole(file)?;
        let own = file.path == files::plan_path(&self.id);
        if own {
            self.shown = Some(self.plan.head_frame.anchor);
        }
        let written = match displaced {
            Some(displaced) => self.sift(file, displaced)?,
            None => None,
        };
        fault::after_render();
        match written {
            None => Ok(()),
            Some(text) if own => self.absorb(text).map(drop),
            Some(text) if file.path.starts_with("tickets/") => self.absorb_ticket(file, text),
            Some(text) => text.dispose(self.project.disk()),
        }
    }

    /// Forgets what was displaced if it is ours, else gives it back.
    fn sift(&mut self, file: &Whole, displaced: Displaced) -> Result<Option<Displaced>> {
        match displaced.lying()? {
            Lying::Text(text) if self.is_ours(file, &text) => {
                displaced.discard(self.project.disk()).map(|()| None)
            }
            Lying::Text(_) | Lying::NoFile(_) | Lying::Nothing => Ok(Some(displaced)),
        }
    }

    /// Whether a text that was displaced is a rendering of that file, or judged already.
    fn is_ours(&mut self, file: &Whole, text: &[u8]) -> bool {
        let digest = Digest::of(text);
        let found = self.plan.tickets.values().filter_map(|t| t.found_as);
        let mut known = found.chain(self.plan.found_as).chain(self.judged);
        if known.any(|known| known == digest) {
            return true;
        }
        let own = file.path == files::plan_path(&self.id);
        match rendering_of(stem(file), text) {
            Some(anchor) if own => self.has_rendered(anchor),
            Some(_) => self.was_a_ticket(file, text),
            None => false,
        }
    }
}
