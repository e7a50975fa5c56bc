//! The plan of a slot: its number, its journal, its approval. Each of the three acts is done once however often it is
//! tried, so whoever finds a claim that was left behind may simply do them all.

use projections::{
    document,
    event::{Caps, Event as Fact, Mandate, PlanApproved},
    ids::{JobId, PlanId},
    schedule::{Approval, Claim, Definition, Event, V1},
    time::Timestamp,
};

use super::{
    super::{Actor, PlanLog, Project},
    ScheduleLog,
};
use crate::{
    command::Command,
    decide::{self, Refusal},
    error::{Error, Result},
    schedule::Timetable,
};

impl ScheduleLog {
    /// Makes the plan of a claimed slot; `None` if none can be made, which the journal then says.
    pub(super) fn fire(
        &mut self,
        id: &JobId,
        slot: Timestamp,
        now: Timestamp,
        actor: &Actor,
    ) -> Result<Option<PlanId>> {
        let job = self.schedule().jobs.get(id);
        let Some(claim) = job.and_then(|job| job.claimed.get(&slot)).cloned() else {
            return Ok(None);
        };
        let made = self
            .vault()
            .project(id.project())
            .and_then(|project| make(&project, id, slot, &claim));
        let (event, plan) = match made {
            Ok(plan) => (fired(id, slot, &plan), Some(plan)),
            // The machine may let it the next time; the claim stays.
            Err(error) if error.is_passing() => return Err(error),
            Err(error) => {
                tracing::error!(job = %id, %slot, "no plan can be made: {}", error.told());
                (failed(id, slot, error.told()), None)
            }
        };
        self.decide(now, actor, &mut |schedule| {
            let job = schedule.jobs.get(id);
            let open = job.is_some_and(|job| job.claimed.contains_key(&slot));
            Ok(open.then(|| event.clone()).into_iter().collect())
        })?;
        Ok(plan)
    }
}

fn fired(job: &JobId, slot: Timestamp, plan: &PlanId) -> Event {
    Event::SlotFired {
        v: V1,
        job: job.clone(),
        slot,
        plan: plan.clone(),
    }
}

fn failed(job: &JobId, slot: Timestamp, why: String) -> Event {
    Event::SlotFailed {
        v: V1,
        job: job.clone(),
        slot,
        why,
    }
}

fn make(project: &Project, job: &JobId, slot: Timestamp, claim: &Claim) -> Result<PlanId> {
    let actor = Actor::named(format!("cron:{job}"));
    let id = project.take_plan_id_for(&format!("{job}@{slot}"), &actor)?;
    let events = events(&id, job, slot, claim)?;
    match PlanLog::create(project, &id, events, &actor) {
        Ok(_) | Err(Error::Journal(journal::Error::Exists { .. })) => {}
        Err(error) => return Err(error),
    }
    if claim.definition.approve == Approval::Ticket && claim.definition.template.is_some() {
        ask(project, &id, &actor)?;
    }
    Ok(id)
}

/// A plan from a template waits for its ticket; that it was asked for already is fine.
fn ask(project: &Project, id: &PlanId, actor: &Actor) -> Result<()> {
    let command = Command::Propose {
        what: format!("{} has made this plan from its template", actor.by),
    };
    match PlanLog::open(project, id)?.submit(&command, actor) {
        Ok(_)
        | Err(Error::Refused {
            refusal: Refusal::Moot,
            ..
        }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The plan's first frame.
fn events(id: &PlanId, job: &JobId, slot: Timestamp, claim: &Claim) -> Result<Vec<Fact>> {
    let definition = &*claim.definition;
    let when = Timetable::read(&definition.schedule, &definition.tz)
        .map_or_else(|_| slot.to_string(), |timetable| timetable.local(slot));
    let approval = (definition.approve == Approval::Auto).then(|| {
        let by = &claim.defined_by;
        format!("approved in advance: job {job} of {by}, for {when}")
    });
    match &definition.template {
        Some(template) => from_template(id, template, definition.caps, approval),
        None => Ok(from_objective(id, definition, &when, approval)),
    }
}

fn from_objective(
    id: &PlanId,
    definition: &Definition,
    when: &str,
    approved: Option<String>,
) -> Vec<Fact> {
    // "The past seven days" means nothing to who does not know the day.
    let wish = format!("{}\n\n(Scheduled for {when}.)", definition.objective.trim());
    let mandate = Mandate {
        approved,
        unattended: true,
    };
    decide::wished(id, &wish, Vec::new(), definition.caps, mandate)
}

fn from_template(
    id: &PlanId,
    template: &str,
    caps: Caps,
    approval: Option<String>,
) -> Result<Vec<Fact>> {
    let bad = |why: String| Error::Failed(format!("the job's template: {why}"));
    let document = document::read(template.as_bytes()).map_err(|e| bad(e.to_string()))?;
    let mut events = decide::draft(id, &document).map_err(|e| bad(e.to_string()))?;
    if let Some(Fact::PlanDrafted(drafted)) = events.first_mut() {
        let own = drafted.caps;
        drafted.caps = Caps {
            max_wall_clock_min: caps.max_wall_clock_min.or(own.max_wall_clock_min),
            max_tokens: caps.max_tokens.or(own.max_tokens),
            max_cost_usd: caps.max_cost_usd.or(own.max_cost_usd),
        };
    }
    events.extend(approval.map(|note| Fact::from(PlanApproved { note })));
    Ok(events)
}
