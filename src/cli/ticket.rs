//! `modulatio ticket …`: questions to a person, and the answers.

use projections::{
    event::{Decision, Event, Priority},
    ids::{PlanId, ProjectCode, TicketId},
    plan::{Plan, Ticket},
    ticket,
};
use serde_json::{Value, json};

use super::{
    actor,
    args::{Answer, TicketCommand},
    output,
};
use crate::{
    command::Command,
    error::{Error, Result},
    vault::{
        Project, Settling, Vault, import,
        replay::{self, Until},
    },
};

pub(super) fn run(vault: &Vault, command: &TicketCommand, json: bool) -> Result<()> {
    match command {
        TicketCommand::List { project, all } => list(vault, project.as_ref(), *all, json),
        TicketCommand::Show { ticket } => show(vault, ticket, json),
        TicketCommand::Approve(answer) => decide(vault, answer, Decision::Approved, json),
        TicketCommand::Decline(answer) => decide(vault, answer, Decision::Declined, json),
    }
}

pub(super) fn list(vault: &Vault, only: Option<&ProjectCode>, all: bool, json: bool) -> Result<()> {
    let (projects, faults) = match only {
        Some(code) => (vec![vault.project(code)?], Vec::new()),
        None => vault.projects()?,
    };
    let mut found: Vec<(TicketId, Plan, Ticket)> = Vec::new();
    for project in &projects {
        tell_of_others(project);
        for plan in plans(project)? {
            let tickets = plan.tickets.iter().filter(|(_, t)| all || t.is_open());
            let tickets: Vec<_> = tickets.map(|(id, t)| (id.clone(), t.clone())).collect();
            found.extend(tickets.into_iter().map(|(id, t)| (id, plan.clone(), t)));
        }
    }
    found.sort_by_key(|(id, _, ticket)| (urgency(ticket), ticket.opened_at, id.clone()));
    for (id, plan, ticket) in &found {
        if json {
            output::print_json(&as_json(id, plan, ticket));
        } else {
            output::print(&line(id, ticket));
        }
    }
    for fault in faults {
        output::tell(&format!("warning: {}: {}", fault.name, fault.why));
    }
    Ok(())
}

/// Tickets of another program that wait, and are not in the list.
fn tell_of_others(project: &Project) {
    let others = import::untaken(project);
    let others: Vec<String> = others.iter().map(TicketId::to_string).collect();
    if !others.is_empty() {
        output::tell(&format!(
            "note: {} of another program are not taken in: modulatio import --from-python, or any daemon, does so",
            others.join(", ")
        ));
    }
}

/// Every plan of a project that can be read; one that cannot hides no other's tickets.
pub(super) fn plans(project: &Project) -> Result<Vec<Plan>> {
    let here = project.plan_ids()?.into_iter();
    Ok(readable(here.map(|id| (project.clone(), id))))
}

/// Every archived plan of a project that can be read.
pub(super) fn archived_plans(project: &Project) -> Result<Vec<Plan>> {
    let mut archived = Vec::new();
    for id in project.archived_ids()? {
        archived.push((project.vault().reader_of(&id)?, id));
    }
    Ok(readable(archived.into_iter()))
}

fn readable(all: impl Iterator<Item = (Project, PlanId)>) -> Vec<Plan> {
    let mut plans = Vec::new();
    for (project, id) in all {
        match replay::read(&project, &id, Until::Tail, &mut |_, _, _| ()) {
            Ok(reading) => {
                if let Some(fault) = &reading.fault {
                    output::tell(&format!("warning: {id}: {}", fault.told()));
                }
                plans.extend(reading.plan);
            }
            // Not taken in yet: it has asked nothing here.
            Err(Error::Journal(journal::Error::Missing { .. })) => {}
            Err(error) => output::tell(&format!("warning: {id}: {}", error.told())),
        }
    }
    plans
}

fn urgency(ticket: &Ticket) -> u8 {
    match (ticket.is_open(), ticket.priority) {
        (false, _) => 3,
        (true, Priority::Blocker) => 0,
        (true, Priority::Critical) => 1,
        (true, Priority::Minor) => 2,
    }
}

fn line(id: &TicketId, ticket: &Ticket) -> String {
    let priority = match ticket.priority {
        Priority::Blocker => "blocker",
        Priority::Critical => "critical",
        Priority::Minor => "minor",
    };
    let wants = if ticket.for_information {
        "to know"
    } else {
        "approval"
    };
    format!(
        "{:<10} {priority:<9} {:<10} {:<13} {}",
        id.to_string(),
        standing(ticket, wants),
        ticket::kind(&ticket.subject),
        ticket.title
    )
}

fn standing<'a>(ticket: &Ticket, open: &'a str) -> &'a str {
    match (&ticket.answer, &ticket.withdrawn) {
        (Some(answer), _) => answer.decision.as_str(),
        (None, Some(_)) => "withdrawn",
        (None, None) => open,
    }
}

fn as_json(id: &TicketId, plan: &Plan, ticket: &Ticket) -> Value {
    json!({
        "id": id,
        "plan": plan.id,
        "priority": ticket.priority,
        "status": standing(ticket, "open"),
        "kind": ticket::kind(&ticket.subject),
        "approval_required": !ticket.for_information,
        "title": ticket.title,
        "body": ticket.body,
        "digest": ticket.digest,
        "opened_at": ticket.opened_at,
        "decided_by": ticket.answer.as_ref().map(|answer| &answer.by),
        "note": ticket.answer.as_ref().map(|answer| &answer.note),
        "withdrawn": ticket.withdrawn,
    })
}

fn show(vault: &Vault, id: &TicketId, json: bool) -> Result<()> {
    let (_, plan) = find(vault, id)?;
    let ticket = &plan.tickets[id];
    if json {
        output::print_json(&as_json(id, &plan, ticket));
    } else {
        output::print(&format!("{}\n{}", line(id, ticket), ticket.body));
    }
    Ok(())
}

/// The plan that opened a ticket.
fn find(vault: &Vault, id: &TicketId) -> Result<(Project, Plan)> {
    let project = vault.project(id.project())?;
    let plan = plans(&project)?
        .into_iter()
        .find(|plan| plan.tickets.contains_key(id));
    match plan {
        Some(plan) => Ok((project, plan)),
        None => Err(absent(&project, id)),
    }
}

fn absent(project: &Project, id: &TicketId) -> Error {
    match import::foreign_file(project, id) {
        Some(file) => Error::Failed(format!(
            "{id} is a ticket of another program and not taken in, see {}; `modulatio import --from-python` says why",
            file.display()
        )),
        None => Error::NoTicket(id.clone()),
    }
}

fn decide(vault: &Vault, answer: &Answer, decision: Decision, json: bool) -> Result<()> {
    let id = &answer.ticket;
    let (project, plan) = find(vault, id)?;
    let plan_id: PlanId = plan.id.clone();
    let mut log = project.open_plan(&plan_id)?;
    // What was written into the files first counts first.
    log.reconcile(Settling::Now)?;
    log.reconcile_tickets(Settling::Now)?;
    let digest = plan.tickets[id].digest;
    let command = Command::DecideTicket {
        ticket: id.clone(),
        digest,
        decision,
        note: answer.note.clone(),
    };
    let events = log.submit(&command, &actor())?;
    super::plan::asked_again(&events)?;
    let withdrawn = events.iter().find_map(|event| match event {
        Event::TicketWithdrawn(e) if e.ticket == *id => Some(&e.why),
        _ => None,
    });
    if let Some(why) = withdrawn {
        return Err(Error::AskedAgain(format!(
            "{id} asks no longer: {why}; if {plan_id} is still paused, modulatio project resume {plan_id} lets it go on"
        )));
    }
    let word = decision.as_str();
    let mut object = super::plan::standing(log.plan());
    object["ticket"] = json!(id);
    object["decision"] = json!(word);
    let text = format!("{id} {word}, {plan_id} {}", log.plan().status.name());
    output::done(json, &text, &object);
    for (open, _) in log.plan().open_tickets() {
        output::tell(&format!("open: {open}"));
    }
    Ok(())
}
