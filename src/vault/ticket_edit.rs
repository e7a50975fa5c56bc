//! Answers written into ticket files: `decision: approved` or `decision: declined`, and a `note`. Everything else in
//! them follows from the journal; an edit of that is kept aside and refused with a reason.

use projections::{
    event::Decision,
    files::{self, Whole},
    ids::TicketId,
    payload::Digest,
    ticket,
};

use super::{
    Actor, PlanLog, Settling,
    answer::{self, Said},
    audit,
    displaced::{self, Displaced},
    put::{rendering_of, stem},
    reconcile::{self, FILE_EDIT},
    regular::{self, Lying},
};
use crate::{
    command::Command,
    error::{Error, Result},
};

/// What is to become of a ticket's text.
enum Verdict {
    /// Its answer is in the journal, now or before.
    Taken,
    Refused(String),
}

impl PlanLog {
    /// Takes in what operators wrote into the files of this plan's tickets; says whether one may be in the middle of
    /// being written.
    ///
    /// # Errors
    /// The journal's, damage included; the file system's. A file that cannot be read keeps no other from being looked at.
    pub fn reconcile_tickets(&mut self, settling: Settling) -> Result<bool> {
        reconcile::patiently(
            settling,
            |settling| self.look_at_tickets(settling),
            |unsettled| *unsettled,
        )
    }

    fn look_at_tickets(&mut self, settling: Settling) -> Result<bool> {
        if self.miss_tickets(settling)? {
            return Ok(true);
        }
        let tickets: Vec<TicketId> = self.plan().tickets.keys().cloned().collect();
        let mut seen = Ok(false);
        for id in tickets {
            let looked = self.look_at_ticket(&id, settling);
            seen = seen.and_then(|unsettled| Ok(unsettled | looked?));
        }
        seen
    }

    fn look_at_ticket(&mut self, id: &TicketId, settling: Settling) -> Result<bool> {
        let file = self.ticket_file(id);
        let path = self.project().dir().join(&file.path);
        let bytes = match regular::lying(&path).map_err(Error::io("read", &path))? {
            // One that is closed comes back with the plan's next rendering.
            Lying::Nothing => return Ok(false),
            Lying::NoFile(what) => {
                return self
                    .refuse_ticket(&file, None, what.to_owned())
                    .map(|()| false);
            }
            Lying::Text(bytes) if bytes == file.text.as_bytes() => return Ok(false),
            Lying::Text(bytes) if self.was_a_ticket(&file, &bytes) => {
                return self.put(&file).map(|()| false);
            }
            Lying::Text(bytes) => bytes,
        };
        // The file that it was taken over from is no edit of it.
        if self.plan().tickets.get(id).and_then(|t| t.found_as) == Some(Digest::of(&bytes)) {
            return self.put(&file).map(|()| false);
        }
        let settled = reconcile::is_settled(&path, settling);
        match self.heard(id, &bytes) {
            Said::Note => Ok(false),
            Said::Nothing if settled => {
                self.judged = Some(Digest::of(&bytes));
                self.put(&file).map(|()| false)
            }
            Said::Nothing => Ok(true),
            Said::Wrong(_) if !settled => Ok(true),
            said => {
                if let Verdict::Refused(why) = self.judge_ticket(id, &bytes, said)? {
                    self.refuse_ticket(&file, Some(&bytes), why)?;
                }
                Ok(false)
            }
        }
    }

    fn ticket_file(&self, id: &TicketId) -> Whole {
        Whole {
            path: files::ticket_path(id),
            text: ticket::render(&self.plan().id, id, &self.plan().tickets[id]),
        }
    }

    /// Tickets that wait and have no file.
    fn missing_tickets(&self) -> Vec<TicketId> {
        let gone = |id: &TicketId| {
            let path = self.project().dir().join(files::ticket_path(id));
            std::fs::symlink_metadata(path).is_err_and(is_missing)
        };
        let open = self.plan().tickets.iter().filter(|(_, t)| t.is_open());
        open.map(|(id, _)| id.clone()).filter(gone).collect()
    }

    /// Files of tickets that wait are missed, all of them before any is rendered again; says whether they may come back.
    fn miss_tickets(&mut self, settling: Settling) -> Result<bool> {
        let missing = self.missing_tickets();
        let Some(first) = missing.first() else {
            return Ok(false);
        };
        self.may_refuse()?;
        // The plan's file vouches for all that was rendered before it.
        let vouched = audit::anchor_of_file(self.project(), &self.plan().id);
        let written = |id: &TicketId| self.plan().tickets[id].changed.anchor.seq;
        if !missing
            .iter()
            .all(|id| vouched.is_some_and(|anchor| anchor.seq >= written(id)))
        {
            self.show();
            return Ok(false);
        }
        let first = self.project().dir().join(files::ticket_path(first));
        // Whoever deletes several, or their directory, may be in the middle of it.
        if reconcile::comes_back(&first, settling) || self.missing_tickets() != missing {
            return Ok(true);
        }
        let mut deleted = Vec::new();
        for id in missing {
            let file = self.ticket_file(&id);
            if self.project().put_new(&file)? {
                deleted.push((id, file.path));
            }
        }
        for (id, path) in deleted {
            let why = format!(
                "it was deleted; to answer it, run `modulatio ticket approve {id}` or `modulatio ticket decline {id}`"
            );
            self.note_rejected(path, why, None)?;
        }
        Ok(false)
    }

    /// What a ticket's text says becomes an answer, or is refused with a reason.
    fn judge_ticket(&mut self, id: &TicketId, bytes: &[u8], said: Said) -> Result<Verdict> {
        self.judged = Some(Digest::of(bytes));
        let (decision, note) = match said {
            Said::Nothing | Said::Note => return Ok(Verdict::Taken),
            Said::Wrong(why) => return Ok(Verdict::Refused(why)),
            Said::Answer { decision, note } => (decision, note),
        };
        let command = Command::DecideTicket {
            ticket: id.clone(),
            digest: self.plan().tickets[id].digest,
            decision,
            note: note.clone(),
        };
        match self.submit(&command, &Actor::named(FILE_EDIT)) {
            Ok(_) => Ok(Verdict::Taken),
            // The same answer, read by somebody else first.
            Err(Error::Refused { .. }) if self.is_answered(id, decision, &note) => {
                self.show();
                Ok(Verdict::Taken)
            }
            Err(Error::Refused { refusal, .. }) => Ok(Verdict::Refused(refusal.to_string())),
            Err(error) => Err(error),
        }
    }

    fn is_answered(&self, id: &TicketId, decision: Decision, note: &str) -> bool {
        let ticket = self.plan().tickets.get(id);
        let answer = ticket.and_then(|ticket| ticket.answer.as_ref());
        answer.is_some_and(|answer| answer.decision == decision && answer.note == note)
    }

    /// Whether a text is how that very ticket was rendered before.
    pub(super) fn was_a_ticket(&self, file: &Whole, text: &[u8]) -> bool {
        let Some(anchor) = rendering_of(stem(file), text) else {
            return false;
        };
        let ticket = self.ticket_of(file).map(|id| &self.plan().tickets[&id]);
        ticket.is_some_and(|ticket| {
            anchor.seq <= ticket.changed.anchor.seq && answer::shows(text, ticket)
        })
    }

    fn ticket_of(&self, file: &Whole) -> Option<TicketId> {
        let id: TicketId = stem(file).parse().ok()?;
        self.plan().tickets.contains_key(&id).then_some(id)
    }

    /// Whether a ticket's file holds a note to an answer that is still to come: it is left alone until then.
    pub(super) fn holds_a_note(&self, file: &Whole) -> bool {
        let waits = |id: &TicketId| self.plan().tickets[id].is_open();
        let ticket = file
            .path
            .starts_with("tickets/")
            .then(|| self.ticket_of(file));
        let Some(id) = ticket.flatten().filter(waits) else {
            return false;
        };
        match regular::lying(&self.project().dir().join(&file.path)) {
            Ok(Lying::Text(bytes)) if bytes != file.text.as_bytes() => {
                matches!(self.heard(&id, &bytes), Said::Note)
            }
            _ => false,
        }
    }

    /// What a rendering has displaced from a ticket's place: an answer in it counts, and whatever else it is, it is kept.
    pub(super) fn absorb_ticket(&mut self, file: &Whole, displaced: Displaced) -> Result<()> {
        let Some(id) = self.ticket_of(file) else {
            return self.project().keep_edited(file, displaced);
        };
        let verdict = match displaced.rested()? {
            Lying::Nothing => return Ok(()),
            Lying::NoFile(what) => Verdict::Refused(what.to_owned()),
            Lying::Text(bytes) => match self.heard(&id, &bytes) {
                Said::Note => return self.project().keep_edited(file, displaced),
                said => self.judge_ticket(&id, &bytes, said)?,
            },
        };
        match verdict {
            Verdict::Taken => displaced.discard(self.project().disk()),
            Verdict::Refused(why) => {
                let kept = displaced.keep(self.project().disk())?;
                self.note_rejected(file.path.clone(), why, Some(kept))
            }
        }
    }

    fn heard(&self, id: &TicketId, bytes: &[u8]) -> Said {
        answer::heard(&self.plan().id, id, &self.plan().tickets[id], bytes)
    }

    /// As with a plan's file: of all who refuse one text a single one keeps it and says so.
    fn refuse_ticket(&mut self, file: &Whole, text: Option<&[u8]>, why: String) -> Result<()> {
        self.may_refuse()?;
        let path = self.project().dir().join(&file.path);
        let Some(displaced) = self.project().swap(file)? else {
            let Some(text) = text else {
                return Err(Error::BadFile { file: path, why });
            };
            let kept = displaced::keep_aside(self.project().disk(), &path, text)?;
            return self.note_rejected(file.path.clone(), why, Some(kept));
        };
        let same = match displaced.lying()? {
            Lying::Text(found) if self.was_a_ticket(file, &found) => {
                displaced.discard(self.project().disk())?;
                self.refresh()?;
                return self.put(file);
            }
            Lying::Text(found) => text == Some(&found[..]),
            Lying::NoFile(_) => text.is_none(),
            Lying::Nothing => false,
        };
        if !same {
            return self.absorb_ticket(file, displaced);
        }
        let kept = displaced.keep(self.project().disk())?;
        self.note_rejected(file.path.clone(), why, Some(kept))
    }
}

fn is_missing(error: std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::NotFound
}
