//! `modulatio cron add` and `edit`: a job's definition from what was typed.

use std::path::Path;

use projections::{
    body, document,
    event::Caps,
    ids::JobId,
    schedule::{Approval, CatchUp, Definition, Event, Overlap},
    time::Timestamp,
};

use super::{notes, view};
use crate::{
    cli::{
        actor,
        args::{JobEdit, JobOptions, NewJob},
        given, output,
    },
    clock,
    error::Result,
    schedule::{Change, Refused},
    vault::{Vault, schedule::ScheduleLog},
};

/// A day, in seconds.
const WINDOW_S: u64 = 86_400;

/// Longest template, in bytes.
const LONGEST: u64 = 256 * 1024;

pub(super) fn add(vault: &Vault, new: &NewJob, json: bool) -> Result<()> {
    vault.project(&new.project)?;
    let blank = Definition {
        objective: new.objective.clone().unwrap_or_default(),
        template: None,
        schedule: new.schedule.to_string(),
        tz: "UTC".to_owned(),
        overlap: Overlap::default(),
        catch_up: CatchUp::default(),
        catch_up_window_s: WINDOW_S,
        jitter_s: 0,
        until: None,
        count: None,
        caps: Caps::default(),
        approve: Approval::default(),
        origin: None,
    };
    let definition = with(blank, &new.more)?;
    let change = Change::Add(new.project.clone(), Box::new(definition));
    let mut log = ScheduleLog::open(vault)?;
    let now = clock::now();
    let events = log.change(&change, now, &actor())?;
    let added = events.iter().find_map(|event| match event {
        Event::JobAdded { job, .. } => Some(job.clone()),
        _ => None,
    });
    let id = added.expect("what adds a job says which");
    told(vault, &log, &id, now, json)
}

pub(super) fn edit(vault: &Vault, edit: &JobEdit, json: bool) -> Result<()> {
    let mut log = ScheduleLog::open(vault)?;
    let job = log.refresh()?.job(&edit.job);
    let job = job.ok_or_else(|| Refused::NoJob(edit.job.clone()))?;
    let mut definition = (*job.definition).clone();
    if let Some(objective) = &edit.objective {
        objective.clone_into(&mut definition.objective);
    }
    if let Some(schedule) = &edit.schedule {
        definition.schedule = schedule.to_string();
    }
    if edit.no_plan_template {
        definition.template = None;
    }
    let definition = with(definition, &edit.more)?;
    let now = clock::now();
    let change = Change::Edit(edit.job.clone(), Box::new(definition));
    let events = log.change(&change, now, &actor())?;
    match super::not_run(&events) {
        0 => {}
        count => output::tell(&format!("{count} time(s) of the job as it was did not run")),
    }
    told(vault, &log, &edit.job, now, json)
}

/// The id, and when it runs next, so that a slip in the expression is seen at once.
fn told(vault: &Vault, log: &ScheduleLog, id: &JobId, now: Timestamp, json: bool) -> Result<()> {
    let job = &log.schedule().jobs[id];
    if json {
        output::report_json(&view::as_json(vault, job, now));
        return Ok(());
    }
    output::report(&id.to_string());
    output::tell(&view::next_line(job, now));
    for note in notes::of(vault, job, now) {
        output::tell(&format!("note: {note}"));
    }
    let definition = &job.definition;
    if definition.catch_up == CatchUp::All && definition.overlap == Overlap::Skip {
        output::tell(
            "note: of several missed times only the first will run, since the others overlap with it; --overlap queue lets each have its turn",
        );
    }
    if definition.caps == Caps::default() && definition.approve == Approval::Auto {
        output::tell(
            "note: nobody approves its plans and no cap of its own holds for them; consider --max-cost-usd",
        );
    }
    Ok(())
}

fn with(before: Definition, options: &JobOptions) -> Result<Definition> {
    let template = options.plan_template.as_deref().map(template).transpose()?;
    let caps = Caps {
        max_wall_clock_min: options
            .max_wall_clock_min
            .unwrap_or_default()
            .over(before.caps.max_wall_clock_min),
        max_tokens: options
            .max_tokens
            .unwrap_or_default()
            .over(before.caps.max_tokens),
        max_cost_usd: options
            .max_cost_usd
            .unwrap_or_default()
            .over(before.caps.max_cost_usd),
    };
    Ok(Definition {
        template: template.or(before.template),
        tz: options.tz.map_or(before.tz, |tz| tz.to_string()),
        overlap: options.overlap.map_or(before.overlap, Into::into),
        catch_up: options.catch_up.map_or(before.catch_up, Into::into),
        catch_up_window_s: options.catch_up_window.unwrap_or(before.catch_up_window_s),
        jitter_s: options.jitter.unwrap_or(before.jitter_s),
        until: options.until.unwrap_or_default().over(before.until),
        count: options.count.unwrap_or_default().over(before.count),
        approve: options.approve.map_or(before.approve, Into::into),
        caps,
        ..before
    })
}

/// A plan's text, looked through now rather than at its first slot.
fn template(file: &Path) -> Result<String> {
    let bad = |why: String| given::bad(file, why);
    let advice = format!("a template has at most {LONGEST}");
    let bytes = given::read(file, LONGEST, &advice)?;
    let read = document::read(&bytes).map_err(|e| bad(e.to_string()))?;
    projections::found::caps(&read.values).map_err(|e| bad(e.to_string()))?;
    body::sub_objectives(&read.body).map_err(|e| bad(e.to_string()))?;
    given::text(file, bytes)
}
