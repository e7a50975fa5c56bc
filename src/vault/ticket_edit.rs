//! Answers written into ticket files: `decision: approved` or `decision: declined`, and a `note`. Everything else in
//! them follows from the journal; an edit of that is kept aside and refused with a reason.

use projections::{
    document::{self, Document, Seal},
    event::Decision,
    files::{self, Whole},
    ids::TicketId,
    payload::Digest,
    plan::Ticket,
    ticket,
    yaml::Value,
};

use super::{Actor, PlanLog, Settling, reconcile, regular};
use crate::{
    command::Command,
    error::{Error, Result},
};

/// What a file says.
enum Said {
    /// Nothing that is not known.
    Nothing,
    Answer {
        digest: Digest,
        decision: Decision,
        note: String,
    },
    Wrong(String),
}

impl PlanLog {
    /// Takes in what operators wrote into the files of this plan's open tickets; says whether one may be in the
    /// middle of being written.
    ///
    /// # Errors
    /// The journal's, damage included; the file system's.
    pub fn reconcile_tickets(&mut self, settling: Settling) -> Result<bool> {
        let open = self.plan().tickets.iter().filter(|(_, t)| t.is_open());
        let open: Vec<TicketId> = open.map(|(id, _)| id.clone()).collect();
        let mut unsettled = false;
        for id in open {
            unsettled |= self.reconcile_ticket(&id, settling)?;
        }
        Ok(unsettled)
    }

    fn reconcile_ticket(&mut self, id: &TicketId, settling: Settling) -> Result<bool> {
        let below = files::ticket_path(id);
        let path = self.project().dir().join(&below);
        let bytes = match regular::read(&path) {
            Ok(bytes) => bytes,
            // What is lost is rendered again with the plan's other files.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(Error::io("read", path)(error)),
        };
        if is_rendered(&bytes) {
            return Ok(false);
        }
        // The file that it was taken over from is no edit of it.
        if self.plan().tickets.get(id).and_then(|t| t.found_as) == Some(Digest::of(&bytes)) {
            self.show();
            return Ok(false);
        }
        let said = self.heard(id, &bytes);
        if matches!(said, Said::Wrong(_)) && !reconcile::is_settled(&path, settling) {
            return Ok(true);
        }
        self.judge_ticket(id, &below, &bytes, said).map(|()| false)
    }

    /// What a ticket's text says becomes an answer, or is refused with a reason.
    fn judge_ticket(&mut self, id: &TicketId, below: &str, bytes: &[u8], said: Said) -> Result<()> {
        let (command, decision) = match said {
            Said::Nothing => return Ok(()),
            Said::Wrong(why) => return self.refuse_ticket(below, bytes, why),
            Said::Answer {
                digest,
                decision,
                note,
            } => {
                let command = Command::DecideTicket {
                    ticket: id.clone(),
                    digest,
                    decision,
                    note,
                };
                (command, decision)
            }
        };
        self.judged = Some(Digest::of(bytes));
        match self.submit(&command, &Actor::named(reconcile::FILE_EDIT)) {
            Ok(_) => Ok(()),
            // The same answer, read by somebody else first.
            Err(Error::Refused { .. }) if self.is_answered(id, decision) => {
                self.show();
                Ok(())
            }
            Err(Error::Refused { refusal, .. }) => {
                self.refuse_ticket(below, bytes, refusal.to_string())
            }
            Err(error) => Err(error),
        }
    }

    fn is_answered(&self, id: &TicketId, decision: Decision) -> bool {
        let ticket = self.plan().tickets.get(id);
        let answer = ticket.and_then(|ticket| ticket.answer.as_ref());
        answer.is_some_and(|answer| answer.decision == decision)
    }

    /// A ticket's text that a rendering has displaced: an answer in it counts, and whatever else it is, it is kept.
    pub(super) fn absorb_ticket(&mut self, file: &Whole, text: &[u8]) -> Result<()> {
        let mut tickets = self.plan().tickets.keys();
        let id = tickets.find(|id| files::ticket_path(id) == file.path);
        let open = id.filter(|id| self.plan().tickets[*id].is_open()).cloned();
        let Some(id) = open else {
            return self.project().keep_edited(file, text);
        };
        match self.heard(&id, text) {
            Said::Nothing => self.project().keep_edited(file, text),
            said => self.judge_ticket(&id, &file.path, text, said),
        }
    }

    fn heard(&self, id: &TicketId, bytes: &[u8]) -> Said {
        let Some(known) = self.plan().tickets.get(id) else {
            return Said::Nothing;
        };
        let edited = match document::read(bytes) {
            Ok(edited) => edited,
            Err(error) => return Said::Wrong(error.to_string()),
        };
        let rendered = ticket::render(&self.plan().id, id, known);
        match document::read(rendered.as_bytes()) {
            Ok(base) => said(known, &base, &edited),
            Err(error) => Said::Wrong(format!("our own rendering cannot be read: {error}")),
        }
    }

    fn refuse_ticket(&mut self, below: &str, bytes: &[u8], why: String) -> Result<()> {
        let path = self.project().dir().join(below);
        let kept = self.project().keep_aside(&path, bytes)?;
        tracing::warn!(plan = %self.plan().id, file = below, kept_as = kept, "answer in a ticket refused: {why}");
        self.judged = Some(Digest::of(bytes));
        let command = Command::RejectEdit {
            file: below.to_owned(),
            why,
            kept_as: Some(kept),
        };
        self.submit(&command, &Actor::named(reconcile::FILE_EDIT))?;
        self.show();
        Ok(())
    }
}

fn is_rendered(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| matches!(document::seal_of(text), Seal::Intact(_)))
}

fn said(ticket: &Ticket, base: &Document, edited: &Document) -> Said {
    if let Some(key) = foreign_change(base, edited) {
        return Said::Wrong(format!(
            "`{key}` belongs to the engine; only `decision` and `note` may be written here"
        ));
    }
    if base.body.trim_end() != edited.body.trim_end() {
        return Said::Wrong("its text follows from the journal; write `note` instead".to_owned());
    }
    let text = |key: &str| edited.values.get(key).and_then(Value::as_str);
    let decision = match text("decision").unwrap_or_default().trim() {
        "" => return Said::Nothing,
        "approved" => Decision::Approved,
        "declined" => Decision::Declined,
        other => {
            return Said::Wrong(format!(
                "`decision: {other}` is none; write approved or declined"
            ));
        }
    };
    Said::Answer {
        digest: text("digest")
            .and_then(Digest::parse)
            .unwrap_or(ticket.digest),
        decision,
        note: text("note").unwrap_or_default().to_owned(),
    }
}

/// A key that was changed, added or removed and is not an operator's to write.
fn foreign_change(base: &Document, edited: &Document) -> Option<String> {
    let free = ["decision", "note", "journal"];
    let keys = base.values.keys().chain(edited.values.keys());
    let mut keys = keys.filter_map(Value::as_str);
    let changed = |key: &&str| {
        !free.contains(key)
            // A digest that is another is a question that was asked before; the plan's state answers it.
            && *key != "digest"
            && *key != "updated_at"
            && base.values.get(*key) != edited.values.get(*key)
    };
    keys.find(changed).map(str::to_owned)
}
