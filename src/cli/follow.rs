//! Watching a plan until it has ended, or waits for a person: `plan show --follow`, and beside a kickoff.

use std::time::{Duration, Instant};

use projections::{
    ids::PlanId,
    plan::{Plan, Status},
};
use serde_json::Value;

use super::{
    output,
    screen::{Screen, Stream},
    show,
    story::{self, Story},
};
use crate::{
    clock,
    daemon::Shutdown,
    error::{Error, Result},
    vault::{Project, Vault},
};

/// Between two looks at the journal.
pub(super) const EVERY: Duration = Duration::from_millis(100);

/// Between two looks at who has the plan.
const RUNNER: Duration = Duration::from_secs(1);

/// How a plan is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// For people, on this stream.
    Text(Stream),
    /// Its state as a line of JSON, each time that it has changed.
    Json,
}

/// A plan that is watched.
pub(super) struct View {
    story: Story,
    /// `None` in JSON.
    screen: Option<Screen>,
    /// The state that was shown last, in JSON.
    shown: Option<Value>,
    runner: Option<String>,
    looked: Option<Instant>,
    /// Since when a draft that a person lets write has had nobody who does.
    alone: Option<Instant>,
}

/// Why there is nothing more to watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It is done.
    Done,
    /// It ended otherwise; how.
    Ended(String),
    /// It waits for a person; for what, and what they can do.
    Waits(String),
}

impl End {
    /// # Errors
    /// [`Error::Failed`] and [`Error::Waits`], for everything but a plan that is done.
    pub(super) fn result(self) -> Result<()> {
        match self {
            Self::Done => Ok(()),
            Self::Ended(how) => Err(Error::Failed(how)),
            Self::Waits(why) => Err(Error::Waits(why)),
        }
    }
}

pub(super) fn run(vault: &Vault, id: &PlanId, json: bool) -> Result<()> {
    let form = if json {
        Form::Json
    } else {
        Form::Text(Stream::Data)
    };
    let project = vault.reader_of(id)?;
    show::tell_archived(&project, id);
    let mut view = View::open(&project, id, form)?;
    super::daemon::block_on(async {
        let shutdown = Shutdown::on_signals()
            .map_err(|e| Error::Daemon(format!("cannot listen for signals: {e}")))?;
        loop {
            if let Some(end) = view.look()? {
                view.close_with_state();
                return end.result();
            }
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = shutdown.asked() => {
                    view.close();
                    std::process::exit(130);
                }
            }
        }
    })
}

impl View {
    /// # Errors
    /// As [`Story::open`].
    pub(super) fn open(project: &Project, id: &PlanId, form: Form) -> Result<Self> {
        let screen = match form {
            Form::Text(stream) => Some(Screen::on(stream)),
            Form::Json => None,
        };
        Ok(Self {
            story: Story::open(project, id)?,
            screen,
            shown: None,
            runner: None,
            looked: None,
            alone: None,
        })
    }

    /// Shows what has changed since the last look.
    ///
    /// # Errors
    /// The journal's, once what is whole was shown.
    pub(super) fn look(&mut self) -> Result<Option<End>> {
        let first = self.looked.is_none();
        let (news, read) = self.story.news();
        if read.is_err() {
            self.close();
        }
        self.look_at_runner(first || !news.is_empty())?;
        let Some(plan) = self.story.plan() else {
            return read.map(|()| None);
        };
        match &self.screen {
            None => show_json(plan, self.runner.as_deref(), &mut self.shown),
            Some(screen) => {
                let runner = self.runner.as_deref();
                if first && !screen.is_terminal() {
                    screen.say(&show::brief_with_runner(plan, runner));
                }
                // What happened before is for `logs` to tell.
                let news = news.iter().filter(|_| !first);
                news.for_each(|told| screen.say(&story::line(told)));
                if read.is_ok() {
                    screen.draw(&show::live(plan, runner, clock::now()));
                }
            }
        }
        read?;
        self.end()
    }

    fn look_at_runner(&mut self, now: bool) -> Result<()> {
        if now || self.looked.is_none_or(|at| at.elapsed() >= RUNNER) {
            self.runner = self.story.runner()?;
            self.looked = Some(Instant::now());
        }
        Ok(())
    }

    fn end(&mut self) -> Result<Option<End>> {
        let Some(plan) = self.story.plan() else {
            return Ok(None);
        };
        if plan.is_being_drafted() && !plan.status.name().is_terminal() {
            return Ok(self.forsaken());
        }
        match end_of(plan) {
            Some(end) if self.story.is_settled()? => Ok(Some(end)),
            Some(_) | None => Ok(None),
        }
    }

    /// A draft that a person lets write, by a command that is gone: no daemon goes on with it.
    fn forsaken(&mut self) -> Option<End> {
        let plan = self.story.plan()?;
        let unattended = plan.wishes.last()?.mandate.unattended;
        if unattended || self.runner.is_some() {
            self.alone = None;
            return None;
        }
        let since = *self.alone.get_or_insert_with(Instant::now);
        let id = &plan.id;
        (since.elapsed() > 2 * RUNNER).then(|| {
            End::Waits(format!(
                "{id} is not written yet, and nobody lets the Leader write it; go on with modulatio plan revise {id}"
            ))
        })
    }

    /// Leaves the terminal as a command does that has ended.
    pub(super) fn close(&self) {
        if let Some(screen) = &self.screen {
            screen.clear();
        }
    }

    /// As [`View::close`]; where the state was redrawn, its last form stays.
    fn close_with_state(&self) {
        let drawn = self.screen.as_ref().is_some_and(Screen::is_terminal);
        self.close();
        if let Some(plan) = self.story.plan().filter(|_| drawn) {
            output::report(&show::text(plan, None));
        }
    }
}

fn show_json(plan: &Plan, runner: Option<&str>, shown: &mut Option<Value>) {
    let state = show::state(plan, runner);
    if shown.as_ref() != Some(&state) {
        output::print_json(&state);
        *shown = Some(state);
    }
}

/// How a plan has ended, or what it waits for; `None` while the machine goes on with it by itself.
pub(super) fn end_of(plan: &Plan) -> Option<End> {
    let id = &plan.id;
    let why = plan.transitions.last().map_or("", |last| &last.note);
    let because = match why {
        "" => String::new(),
        why => format!(": {why}"),
    };
    match &plan.status {
        Status::Done => Some(End::Done),
        Status::Declined | Status::Cancelled { .. } | Status::Aborted => {
            let status = plan.status.name();
            Some(End::Ended(format!("{id} was {status}{because}")))
        }
        Status::Paused { .. } => {
            let other = format!("to let it go on: modulatio plan resume {id}");
            Some(End::Waits(format!(
                "{id} is paused{because}{}",
                asks(plan, &other)
            )))
        }
        Status::Draft if plan.is_being_drafted() => None,
        Status::Draft => {
            let failed = plan.wishes.last().and_then(|wish| wish.failed.as_ref());
            let what = match failed {
                Some(why) => format!("could not be written: {why}"),
                None => "is a draft and waits for your approval".to_owned(),
            };
            let other = match failed {
                Some(_) => format!("to let the Leader try again: modulatio plan revise {id} \"…\""),
                None => format!("to let it run: modulatio plan approve {id}"),
            };
            Some(End::Waits(format!("{id} {what}{}", asks(plan, &other))))
        }
        Status::Approved | Status::Executing { .. } => None,
    }
}

/// The plan's open tickets and how to answer them; without any, the `other` way.
fn asks(plan: &Plan, other: &str) -> String {
    let dir = plan.project.directory();
    let asked = |ticket| {
        format!(
            "\nread {dir}/tickets/{ticket}.md; then modulatio ticket approve {ticket}, or modulatio ticket decline {ticket}"
        )
    };
    let asked: String = plan
        .open_tickets()
        .map(|(ticket, _)| asked(ticket))
        .collect();
    if asked.is_empty() {
        format!("\n{other}")
    } else {
        asked
    }
}
