//! Its tickets: those that ask something of a plan here are taken, the others stay as they are.

use projections::{
    document,
    event::{TicketOpened, TicketSubject},
    files,
    found::{self, ticket::Standing},
    ids::{PlanId, TicketId},
};

use super::{
    super::{
        super::{Project, put, regular},
        ticket::{self, Foreign, Taken},
    },
    Fate, Import, Line,
    plans::source,
};
use crate::{
    decide::Refusal,
    error::{Error, Result},
};

impl Import<'_> {
    pub(super) fn tickets(&mut self, project: &Project) {
        let dir = project.dir().join("tickets");
        let names = match self.names(&dir) {
            Ok(names) => names,
            Err(error) => return self.failed("ticket", &source(project, "tickets"), &error),
        };
        let mut last: Option<TicketId> = None;
        for name in names {
            match ticket::id_of(project, &dir.join(&name)) {
                None => self.no_ticket(project, &name),
                Some(id) if self.ticket(project, &id) => last = last.max(Some(id)),
                Some(_) => {}
            }
        }
        if let Some(last) = last.filter(|_| !self.options.dry_run)
            && let Err(error) = project.keep_ticket_number(&last, &self.options.actor)
        {
            self.failed("ticket", &source(project, "tickets"), &error);
        }
    }

    fn no_ticket(&mut self, project: &Project, name: &str) {
        // Kept edits, and what a crashed writer left.
        if name.contains(".rejected-") || name.starts_with('.') {
            return;
        }
        let note = format!("no ticket's name, such as {}-1.md", project.code());
        let source = source(project, &format!("tickets/{name}"));
        self.tell(Line::new(Fate::Left, "ticket", source, note));
    }

    /// Tells of a ticket; says whether its number is that program's.
    fn ticket(&mut self, project: &Project, id: &TicketId) -> bool {
        let below = files::ticket_path(id);
        let source = source(project, &below);
        match self.ticket_line(project, id, &source) {
            Ok(None) => return false,
            Ok(Some(line)) => self.tell(line),
            Err(error) => self.failed("ticket", &source, &error),
        }
        true
    }

    fn ticket_line(
        &mut self,
        project: &Project,
        id: &TicketId,
        source: &str,
    ) -> Result<Option<Line>> {
        let path = project.dir().join(files::ticket_path(id));
        let bytes = regular::read(&path).map_err(Error::io("read", &path))?;
        if put::is_rendering(&bytes) {
            let taken = project.keeps_original(&files::ticket_path(id));
            let line = Line::new(Fate::There, "ticket", source, "taken before").named(id);
            return Ok(taken.then_some(line));
        }
        let bad = |why: String| Error::BadFile {
            file: path.clone(),
            why,
        };
        let document = document::read(&bytes).map_err(|e| bad(e.to_string()))?;
        if ticket::is_ours(&document) {
            return Ok(None);
        }
        let found = found::ticket::read(id, &document).map_err(|e| bad(e.to_string()))?;
        let foreign = Foreign {
            id: id.clone(),
            bytes,
            found,
        };
        self.foreign(project, &foreign, source).map(Some)
    }

    fn foreign(&mut self, project: &Project, ticket: &Foreign, source: &str) -> Result<Line> {
        let left = |why: String| Ok(Line::new(Fate::Left, "ticket", source, why));
        if ticket.found.standing == Standing::Closed {
            return left("closed".to_owned());
        }
        let Some(plan) = &ticket.found.plan else {
            return left("about no plan: nothing here waits for an answer".to_owned());
        };
        if !project.holds(plan) {
            return left(format!("about {plan}, which is not here"));
        }
        let taken = if self.options.dry_run {
            let plan = project.plan_as_it_would_be(plan);
            plan.and_then(|plan| ticket::decided(&plan, ticket))
        } else {
            project.take_ticket(plan, ticket)
        };
        match taken {
            Ok(Taken::Opened(opened)) => Ok(line(plan, ticket, &opened, source)),
            Ok(Taken::There) => {
                let line = Line::new(Fate::There, "ticket", source, "taken before");
                Ok(line.named(&ticket.id))
            }
            Err(Error::Refused {
                refusal: Refusal::Status { status, .. },
                ..
            }) => left(format!("{plan} is {status}: nothing waits for an answer")),
            // The plan's own line says what is wrong with it.
            Err(error) => left(format!(
                "about {plan}, which cannot be read: {}",
                error.told()
            )),
        }
    }
}

fn line(plan: &PlanId, ticket: &Foreign, opened: &TicketOpened, source: &str) -> Line {
    let id = &ticket.id;
    let note = match opened.subject {
        TicketSubject::Earlier { asks: false } => format!("open, to know, about {plan}"),
        TicketSubject::Draft { .. } => {
            format!("open: asks whether {plan} may run; modulatio ticket approve {id} answers")
        }
        _ => format!("open: {plan} waits for it; modulatio ticket approve {id} answers"),
    };
    match &ticket.found.standing {
        Standing::Answered { decision, by } => {
            let note = format!(
                "{note}; answered {decision:?} by {by} before, of which nothing had come: asked again"
            );
            Line::new(Fate::Changed, "ticket", source, note).named(id)
        }
        Standing::Open | Standing::Closed => {
            Line::new(Fate::Taken, "ticket", source, note).named(id)
        }
    }
}
