//! `modulatio project show`: a project on one page.

use std::collections::BTreeMap;

use projections::{
    event::Reserved,
    ids::{ProjectCode, TicketId},
    plan::{Plan, Ticket},
    time::MicroUsd,
};
use serde_json::{Value, json};

use super::objective;
use crate::{
    cli::{output, ticket},
    config::{self, Config, Folder, ModelChoice, ProjectConfig},
    error::Result,
    vault::{Project, Vault},
};

/// All that is shown.
struct Page {
    project: Project,
    objective: String,
    /// `None` where the configuration has faults, which are told.
    config: Option<(Config, Option<ProjectConfig>)>,
    /// How many plans stand how, in the order of a plan's life.
    statuses: Vec<(String, usize)>,
    archived: usize,
    spent: Spent,
    tickets: Vec<(TicketId, Ticket)>,
    runs: usize,
    run_bytes: u64,
    archive_bytes: u64,
}

/// What the project's plans have cost, archived ones included.
#[derive(Default)]
struct Spent {
    tokens: u64,
    cost: MicroUsd,
    calls: u64,
    unpriced: u64,
    possible: Reserved,
}

pub(super) fn run(vault: &Vault, code: &ProjectCode, json: bool) -> Result<()> {
    let page = read(vault, vault.project(code)?)?;
    if json {
        output::print_json(&page.object());
    } else {
        output::print(&page.text());
    }
    Ok(())
}

fn read(vault: &Vault, project: Project) -> Result<Page> {
    let plans = ticket::plans(&project)?;
    let archived = ticket::archived_plans(&project)?;
    let config = config::load_for_project(vault.root(), &project.code().directory());
    if let Err(error) = &config {
        output::tell(&format!("warning: {error}"));
    }
    let mut counts: BTreeMap<_, usize> = BTreeMap::new();
    for plan in &plans {
        *counts.entry(plan.status.name()).or_default() += 1;
    }
    let unread = project.plan_ids()?.len() - plans.len();
    let statuses = counts.into_iter().map(|(name, n)| (name.to_string(), n));
    let unread = (unread > 0).then(|| ("unread".to_owned(), unread));
    let tickets = plans.iter().flat_map(|plan| plan.open_tickets());
    Ok(Page {
        objective: objective(&project),
        config: config.ok(),
        statuses: statuses.chain(unread).collect(),
        archived: archived.len(),
        spent: Spent::of(plans.iter().chain(&archived)),
        tickets: tickets.map(|(id, t)| (id.clone(), t.clone())).collect(),
        runs: plans
            .iter()
            .filter(|p| p.execution_started_at.is_some())
            .count(),
        run_bytes: project.bytes_below("runs")?,
        archive_bytes: project.bytes_below("archive")?,
        project,
    })
}

impl Spent {
    fn of<'a>(plans: impl Iterator<Item = &'a Plan>) -> Self {
        let mut spent = Self::default();
        for plan in plans {
            let calls = &plan.calls;
            spent.tokens += calls.tokens;
            spent.cost = spent.cost.plus(calls.cost);
            spent.calls += calls.completed;
            spent.unpriced += calls.unpriced;
            spent.possible = spent.possible.plus(calls.possible());
        }
        spent
    }
}

impl Page {
    fn text(&self) -> String {
        let code = self.project.code();
        let mut lines = vec![
            format!("{code}  {}", self.objective),
            format!("  plans      {}", self.plans()),
            format!("  spent      {}", self.spent()),
            format!("  tickets    {}", self.open_tickets()),
        ];
        match &self.config {
            Some((config, own)) => {
                lines.extend(
                    team(config)
                        .into_iter()
                        .map(|(role, choice)| format!("  {role:<10} {}", in_order(choice))),
                );
                let folders = own.iter().flat_map(|own| &own.folders);
                lines.extend(folders.map(|folder| format!("  folder     {}", self.folder(folder))));
            }
            None => lines.push("  team       unknown: see `modulatio config check`".to_owned()),
        }
        let directory = code.directory();
        let (runs, bytes) = (self.runs, output::bytes(self.run_bytes));
        lines.push(format!("  runs       {runs}, {bytes} in {directory}/runs"));
        if self.archived > 0 {
            let (plans, bytes) = (self.archived, output::bytes(self.archive_bytes));
            lines.push(format!(
                "  archive    {plans} plan(s), {bytes} in {directory}/archive"
            ));
        }
        lines.join("\n")
    }

    fn plans(&self) -> String {
        let counts: Vec<String> = self
            .statuses
            .iter()
            .map(|(status, count)| format!("{count} {status}"))
            .collect();
        match counts.is_empty() {
            true => "none".to_owned(),
            false => counts.join(", "),
        }
    }

    fn spent(&self) -> String {
        let spent = &self.spent;
        let mut text = format!(
            "{} tokens, ${} in {} calls",
            spent.tokens, spent.cost, spent.calls
        );
        if spent.unpriced > 0 {
            text.push_str(&format!("; cost unknown of {}", spent.unpriced));
        }
        if !spent.possible.is_none() {
            let possible = spent.possible;
            let cost = possible.cost.unwrap_or_default();
            text.push_str(&format!("; in doubt {} tokens, ${cost}", possible.tokens));
        }
        text
    }

    fn open_tickets(&self) -> String {
        let ids: Vec<String> = self.tickets.iter().map(|(id, _)| id.to_string()).collect();
        match ids.len() {
            0 => "none open".to_owned(),
            count => format!("{count} open: {}", ids.join(", ")),
        }
    }

    fn folder(&self, folder: &Folder) -> String {
        let path = self.project.dir().join(&folder.path);
        let mode = if folder.writable { "rw" } else { "ro" };
        let lost = if path.is_dir() { "" } else { " (not there)" };
        format!("{} {mode} {}{lost}", folder.name, path.display())
    }

    fn object(&self) -> Value {
        let spent = &self.spent;
        let tickets = self.tickets.iter();
        let tickets: Vec<Value> = tickets
            .map(|(id, t)| json!({"id": id, "priority": t.priority, "title": t.title}))
            .collect();
        let statuses: serde_json::Map<String, Value> = self
            .statuses
            .iter()
            .map(|(status, count)| (status.clone(), json!(count)))
            .collect();
        let config = self.config.as_ref();
        json!({
            "code": self.project.code(),
            "objective": self.objective,
            "plans": statuses,
            "archived_plans": self.archived,
            "tokens": spent.tokens,
            "cost_usd": spent.cost.to_json(),
            "calls": spent.calls,
            "calls_of_unknown_price": spent.unpriced,
            "possible_tokens": spent.possible.tokens,
            "possible_cost_usd": spent.possible.cost.map(MicroUsd::to_json),
            "open_tickets": tickets,
            "team": config.map(|(config, _)| team_object(config)),
            "folders": config.map(|(_, own)| self.folders_object(own.as_ref())),
            "runs": self.runs,
            "run_bytes": self.run_bytes,
            "archive_bytes": self.archive_bytes,
        })
    }

    fn folders_object(&self, own: Option<&ProjectConfig>) -> Vec<Value> {
        let folders = own.into_iter().flat_map(|own| &own.folders);
        let object = |folder: &Folder| {
            json!({
                "name": folder.name,
                "path": self.project.dir().join(&folder.path),
                "writable": folder.writable,
            })
        };
        folders.map(object).collect()
    }
}

/// Who does what, roles first.
fn team(config: &Config) -> Vec<(String, &ModelChoice)> {
    let team = &config.team;
    let roles = [
        ("leader", &team.leader),
        ("planner", &team.planner),
        ("qc", &team.qc),
    ];
    let roles = roles.map(|(role, choice)| (role.to_owned(), choice));
    let producers = team.producers().iter();
    let producers = producers.map(|producer| (producer.name.clone(), &producer.model));
    roles.into_iter().chain(producers).collect()
}

fn in_order(choice: &ModelChoice) -> String {
    choice.names().collect::<Vec<_>>().join(", then ")
}

fn team_object(config: &Config) -> Value {
    let names = |choice: &ModelChoice| json!(choice.names().collect::<Vec<_>>());
    let producer = |producer: &config::Producer| json!({"name": producer.name, "models": names(&producer.model), "good_at": producer.good_at});
    let team = &config.team;
    json!({
        "leader": names(&team.leader),
        "planner": names(&team.planner),
        "qc": names(&team.qc),
        "producers": team.producers().iter().map(producer).collect::<Vec<_>>(),
    })
}
