//! Its plans, of any status, with the ledgers beside them.

use projections::{
    event::StatusName,
    files::{self, Ledger},
    ids::PlanId,
    plan::{Plan, Status},
    time::MicroUsd,
    yaml::Value,
};

use super::{
    super::{
        super::{PlanLog, Project, Settling},
        plan::FoundPlan,
    },
    Fate, Import, Line,
};
use crate::error::Result;

impl Import<'_> {
    pub(super) fn plans(&mut self, project: &Project) {
        let ids = match project.plan_ids() {
            Ok(ids) => ids,
            Err(error) => {
                let source = format!("{}/plans", project.code().directory());
                return self.failed("plan", &source, &error);
            }
        };
        for id in ids {
            if let Err(error) = self.plan(project, &id) {
                self.failed("plan", &source(project, &files::plan_path(&id)), &error);
            }
        }
    }

    fn plan(&mut self, project: &Project, id: &PlanId) -> Result<()> {
        if project.journal_path(id).exists() {
            return self.plan_of_old(project, id);
        }
        let found = project.found_plan(id)?;
        let plan = found.plan()?;
        let line = line(project, &plan, &found);
        let ledger = found.ledger.is_some().then(|| ledger(project, id, &found));
        if !self.options.dry_run {
            project.take_plan(found)?;
        }
        self.tell(line);
        if let Some(line) = ledger {
            self.tell(line);
        }
        Ok(())
    }

    /// One with a journal: taken before, or this program's own, which is nothing to tell of.
    fn plan_of_old(&mut self, project: &Project, id: &PlanId) -> Result<()> {
        let plan = if self.options.dry_run {
            project.plan_as_it_would_be(id)?
        } else {
            let mut log = PlanLog::open(project, id)?;
            // Whoever took it may have died before it was rendered.
            log.reconcile(Settling::Now)?;
            log.plan().clone()
        };
        if plan.found_as.is_some() {
            let note = format!("taken before; {} now", plan.status.name());
            let source = source(project, &files::plan_path(id));
            self.tell(Line::new(Fate::There, "plan", source, note).named(id));
        }
        Ok(())
    }
}

/// A path of a project, relative to the vault.
pub(super) fn source(project: &Project, below: &str) -> String {
    format!("{}/{below}", project.code().directory())
}

fn line(project: &Project, plan: &Plan, found: &FoundPlan) -> Line {
    let changes = changes(plan, found);
    let fate = if changes.is_empty() {
        Fate::Taken
    } else {
        Fate::Changed
    };
    let mut notes = vec![standing(plan)];
    notes.extend(changes);
    if let (Err(fault), false) = (&plan.items, plan.status.name().is_terminal()) {
        notes.push(format!("its list cannot be run as it stands: {fault}"));
    }
    let source = source(project, &files::plan_path(&plan.id));
    let mut line = Line::new(fate, "plan", source, notes.join("; ")).named(&plan.id);
    line.runs = matches!(
        plan.status.name(),
        StatusName::Approved | StatusName::Executing
    );
    line
}

/// Where it stands, and what follows from that.
fn standing(plan: &Plan) -> String {
    let progress = format!("{} of {}", plan.current_index, plan.item_count());
    match &plan.status {
        Status::Draft => "draft: waits for approval".to_owned(),
        Status::Approved => {
            format!("approved, {progress} sub-objectives finished: runs as soon as a daemon does")
        }
        Status::Executing { .. } => format!(
            "was executing, {progress} sub-objectives finished: goes on as soon as a daemon runs, with what is finished kept"
        ),
        Status::Paused { note, .. } => {
            let why = if note.is_empty() {
                String::new()
            } else {
                format!(" ({note})")
            };
            format!("paused, {progress} sub-objectives finished{why}")
        }
        Status::Declined | Status::Cancelled { .. } | Status::Aborted | Status::Done => {
            plan.status.name().to_string()
        }
    }
}

/// What reads otherwise than it was written.
fn changes(plan: &Plan, found: &FoundPlan) -> Vec<String> {
    let mut changes = Vec::new();
    let said = found.document.values.get("current_index");
    let said = said.and_then(Value::as_u64).unwrap_or(0);
    if u64::from(plan.current_index) != said {
        changes.push(format!(
            "current_index {said} read as {}: a sub-objective that was reflected on is finished",
            plan.current_index
        ));
    }
    for key in ["cost_usd_used", "max_cost_usd"] {
        if let Some(Value::Number(amount)) = found.document.values.get(key)
            && MicroUsd::parse_usd(&amount.to_string()).is_none()
        {
            changes.push(format!("{key} rounded up to a millionth of a dollar"));
        }
    }
    if found.bytes.starts_with(b"\xef\xbb\xbf") {
        changes.push("without its byte order mark".to_owned());
    }
    if found.bytes.windows(2).any(|pair| pair == b"\r\n") {
        changes.push("with Unix line ends".to_owned());
    }
    changes
}

fn ledger(project: &Project, id: &PlanId, found: &FoundPlan) -> Line {
    let bytes = found.ledger.as_deref().unwrap_or_default();
    let source = source(project, &Ledger::Usage.path(id));
    if !found.has_legible_ledger() {
        let note = "it is not UTF-8 text: kept among the originals, and a new ledger begins";
        return Line::new(Fate::Changed, "ledger", source, note).named(id);
    }
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
    if bytes.ends_with(b"\n") {
        let note = format!("{lines} calls; new ones are added behind them");
        return Line::new(Fate::Taken, "ledger", source, note).named(id);
    }
    let note = format!(
        "{} calls; its last line did not end and does now",
        lines + 1
    );
    Line::new(Fate::Changed, "ledger", source, note).named(id)
}
