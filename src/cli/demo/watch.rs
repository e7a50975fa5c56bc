//! Following a plan as an operator would: by reading its journal. A bar on a terminal, plain lines elsewhere.

use std::{
    io::IsTerminal,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use projections::{event::Event, fold::Entry, ids::PlanId, plan::Plan, timeline};

use super::output;
use crate::{
    error::{Error, Result},
    vault::{
        Project,
        replay::{self, Until},
    },
};

/// Between two looks.
const EVERY: Duration = Duration::from_millis(20);

pub(super) struct Watcher<'a> {
    project: &'a Project,
    id: &'a PlanId,
    told: u64,
    bar: Option<ProgressBar>,
}

impl<'a> Watcher<'a> {
    pub(super) fn new(project: &'a Project, id: &'a PlanId) -> Self {
        let bar = std::io::stdout().is_terminal().then(bar);
        Self {
            project,
            id,
            told: 0,
            bar,
        }
    }

    /// Tells what happens until `reached` says something, and returns it.
    pub(super) fn until(
        &mut self,
        patience: Duration,
        reached: impl Fn(&Plan) -> Option<String>,
    ) -> Result<String> {
        let asked = Instant::now();
        while asked.elapsed() < patience {
            let plan = self.look()?;
            if let Some(what) = reached(&plan) {
                return Ok(what);
            }
            std::thread::sleep(EVERY);
        }
        Err(Error::Daemon(format!(
            "{} did not come as far as it should within {patience:?}; see daemon.log",
            self.id
        )))
    }

    fn look(&mut self) -> Result<Plan> {
        let (mut lines, told) = (Vec::new(), self.told);
        let reading = replay::read(
            self.project,
            self.id,
            Until::Tail,
            &mut |_, entry, event| {
                if entry.mark.anchor.seq >= told && is_news(event) {
                    lines.push(line(entry, event));
                }
            },
        )?;
        if let Some(fault) = reading.fault {
            return Err(fault);
        }
        let plan = reading.plan.ok_or_else(|| Error::NoPlan(self.id.clone()))?;
        self.told = plan.head_frame.anchor.seq + 1;
        lines.iter().for_each(|line| self.tell(line));
        self.show(&plan);
        Ok(plan)
    }

    fn tell(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None => output::report(line),
        }
    }

    fn show(&self, plan: &Plan) {
        let Some(bar) = &self.bar else { return };
        bar.set_length(u64::from(plan.item_count()));
        bar.set_position(u64::from(plan.current_index));
        let step = plan.calls.in_flight.keys().next().map(ToString::to_string);
        bar.set_message(step.unwrap_or_else(|| plan.status.name().to_string()));
    }

    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} sub-objectives  {msg}");
    ProgressBar::new(3).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Calls and writes are too many to tell; their consequences are told.
fn is_news(event: &Event) -> bool {
    matches!(
        event,
        Event::PlanClaimed(_)
            | Event::SubObjectiveStarted(_)
            | Event::TasksPlanned(_)
            | Event::ArtifactWritten(_)
            | Event::TaskReviewed(_)
            | Event::TaskRedone(_)
            | Event::ModelCallAbandoned(_)
            | Event::ReflectionRecorded(_)
            | Event::PlanCompleted(_)
            | Event::PlanPaused(_)
    )
}

fn line(entry: &Entry, event: &Event) -> String {
    let text = timeline::describe(event);
    let cut: String = text.chars().take(100).collect();
    let more = if cut.len() < text.len() { "…" } else { "" };
    format!("  {:>3}  {cut}{more}", entry.mark.anchor.seq)
}
