//! `modulatio cron list`, `show` and `history`.

use projections::{
    event::Caps,
    ids::{JobId, ProjectCode},
    schedule::{self as facts, Event, Fact, Job, Schedule, Skip, Standing},
    time::{MicroUsd, Timestamp},
};
use serde_json::{Value, json};

use super::notes;
use crate::{
    cli::output,
    clock,
    error::{Error, Result},
    schedule::{Refused, Timetable},
    vault::{Vault, schedule},
};

/// How many coming slots are shown.
const COMING: usize = 5;

pub(super) fn list(vault: &Vault, only: Option<&ProjectCode>, json: bool) -> Result<()> {
    let (now, read) = (clock::now(), schedule::read(vault)?);
    let of = |job: &&Job| only.is_none_or(|code| code == job.project());
    let jobs: Vec<&Job> = read.present().filter(of).collect();
    // Jobs outlive their project.
    if let (Some(code), true) = (only, jobs.is_empty()) {
        vault.project(code)?;
    }
    for job in jobs {
        if json {
            output::print_json(&as_json(vault, job, now));
        } else {
            output::print(&block(vault, job, now));
        }
    }
    Ok(())
}

pub(super) fn show(vault: &Vault, id: &JobId, json: bool) -> Result<()> {
    let (now, read) = (clock::now(), schedule::read(vault)?);
    let job = job(&read, id)?;
    if json {
        output::print_json(&as_json(vault, job, now));
        return Ok(());
    }
    output::print(&block(vault, job, now));
    let definition = &job.definition;
    output::print(&format!(
        "  defined by {} at {}",
        job.defined_by, job.defined_at
    ));
    output::print(&format!(
        "  {} time(s) ran, {} did not, {} wait(s)",
        job.fired(),
        job.skipped,
        job.queue.len()
    ));
    if let Some(origin) = &definition.origin {
        output::print(&format!("  taken over from {origin}"));
    }
    if job.failed > 0 {
        output::print(&format!(
            "  for {} time(s) no plan could be made; see `modulatio cron history {id}`",
            job.failed
        ));
    }
    if let Some(template) = &definition.template {
        output::print(&format!("  template:\n\n{}", tame(template)));
    }
    Ok(())
}

fn job<'a>(schedule: &'a Schedule, id: &JobId) -> Result<&'a Job> {
    let job = schedule.job(id);
    job.ok_or_else(|| Error::from(Refused::NoJob(id.clone())))
}

fn standing(job: &Job) -> String {
    match job.standing {
        Standing::Enabled => "enabled".to_owned(),
        Standing::Disabled(since) => format!("disabled since {since}"),
        Standing::Ended(facts::Ending::Count) => "ended: its count is reached".to_owned(),
        Standing::Ended(facts::Ending::Until) => "ended: its time is over".to_owned(),
        Standing::Removed => "removed".to_owned(),
    }
}

/// The coming slots, if the job runs and can be read.
fn coming(job: &Job, now: Timestamp) -> Vec<(Timestamp, String)> {
    let Ok(timetable) = Timetable::of(job) else {
        return Vec::new();
    };
    if job.standing != Standing::Enabled {
        return Vec::new();
    }
    let until = job.definition.until;
    let until = until.unwrap_or(Timestamp::from_micros(i64::MAX));
    let left = job
        .definition
        .count
        .map(|count| count.saturating_sub(job.claims));
    let left = left.map_or(COMING, |left| usize::try_from(left).unwrap_or(COMING));
    timetable
        .between(now.max(job.cursor), until)
        .filter(|slot| !job.is_accounted_for(*slot))
        .take(left.min(COMING))
        .map(|slot| (slot, timetable.local(slot)))
        .collect()
}

/// When it runs next, on one line.
pub(super) fn next_line(job: &Job, now: Timestamp) -> String {
    match coming(job, now).first() {
        Some((slot, local)) => format!("next: {local} ({})", slot.guide_form()),
        None => format!("no time to come; {}", standing(job)),
    }
}

fn block(vault: &Vault, job: &Job, now: Timestamp) -> String {
    let definition = &job.definition;
    let what = first_line(&definition.objective);
    let what = match (&definition.template, what.is_empty()) {
        (Some(_), true) => "(a plan from its template)".to_owned(),
        (Some(_), false) => format!("{what} (from its template)"),
        (None, _) => what,
    };
    let mut lines = vec![
        format!("{}  {}  {what}", job.id, standing(job)),
        format!(
            "  {:?} {}{}",
            definition.schedule,
            definition.tz,
            details(job)
        ),
    ];
    if let Err(why) = Timetable::of(job) {
        lines.push(format!("  cannot be read by this program: {why}"));
    }
    let notes = notes::of(vault, job, now);
    lines.extend(notes.iter().map(|note| format!("  note: {note}")));
    if let Some((slot, plan)) = &job.last {
        lines.push(format!("  last  {plan} for {}", slot.guide_form()));
    }
    for (slot, local) in coming(job, now) {
        lines.push(format!("  next  {local}  {}", slot.guide_form()));
    }
    lines.join("\n")
}

/// What is not as it is by itself.
fn details(job: &Job) -> String {
    let definition = &job.definition;
    let mut parts = Vec::new();
    parts.push(format!("overlap {}", word(&definition.overlap)));
    parts.push(format!(
        "catch-up {} within {}",
        word(&definition.catch_up),
        duration(definition.catch_up_window_s)
    ));
    if definition.jitter_s > 0 {
        parts.push(format!("jitter {}", duration(definition.jitter_s)));
    }
    parts.extend(definition.until.map(|until| format!("until {until}")));
    parts.extend(definition.count.map(|count| format!("count {count}")));
    parts.extend(caps(definition.caps));
    parts.push(format!("approve {}", word(&definition.approve)));
    format!("  {}", parts.join(", "))
}

fn caps(caps: Caps) -> Vec<String> {
    let cost = caps.max_cost_usd.map(|cost| format!("at most ${cost}"));
    let tokens = caps
        .max_tokens
        .map(|tokens| format!("at most {tokens} tokens"));
    let minutes = caps
        .max_wall_clock_min
        .map(|minutes| format!("at most {minutes} minutes"));
    [cost, tokens, minutes].into_iter().flatten().collect()
}

/// A choice as it is typed.
fn word(choice: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(choice).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

fn duration(seconds: u64) -> String {
    match seconds {
        s if s % 86_400 == 0 && s > 0 => format!("{}d", s / 86_400),
        s if s % 3_600 == 0 && s > 0 => format!("{}h", s / 3_600),
        s if s % 60 == 0 && s > 0 => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}

fn first_line(text: &str) -> String {
    const MOST: usize = 80;
    let line = text.lines().next().unwrap_or_default();
    let cut: String = line.chars().take(MOST).collect();
    let more = if cut.len() < text.trim_end().len() {
        "…"
    } else {
        ""
    };
    format!("{}{more}", tame(&cut))
}

/// What people and plans say, without what a terminal takes for orders.
fn tame(text: &str) -> String {
    let tame = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
    text.chars().map(tame).collect()
}

pub(super) fn as_json(vault: &Vault, job: &Job, now: Timestamp) -> Value {
    let definition = &job.definition;
    let slot = |(at, local): (Timestamp, String)| json!({"at": at, "local": local});
    let last = job.last.as_ref();
    let mut view = json!({
        "id": job.id,
        "project": job.project(),
        "status": standing(job).split([' ', ':']).next(),
        "objective": definition.objective,
        "plan_template": definition.template,
        "schedule": definition.schedule,
        "tz": definition.tz,
        "overlap": definition.overlap,
        "catch_up": definition.catch_up,
        "catch_up_window_s": definition.catch_up_window_s,
        "jitter_s": definition.jitter_s,
        "until": definition.until,
        "count": definition.count,
        "max_cost_usd": definition.caps.max_cost_usd.map(MicroUsd::to_json),
        "max_tokens": definition.caps.max_tokens,
        "max_wall_clock_min": definition.caps.max_wall_clock_min,
        "approve": definition.approve,
        "defined_by": job.defined_by,
        "defined_at": job.defined_at,
        "last_slot": last.map(|(slot, _)| slot),
        "last_plan": last.map(|(_, plan)| plan),
        "fired": job.fired(),
        "failed": job.failed,
        "skipped": job.skipped,
        "waiting": job.queue,
        "next": coming(job, now).into_iter().map(slot).collect::<Vec<_>>(),
    });
    let notes = notes::of(vault, job, now);
    if !notes.is_empty() {
        view["notes"] = json!(notes);
    }
    view
}

/// What became of every slot, and what people did to the job; of a removed one as well.
pub(super) fn history(vault: &Vault, id: &JobId, last: Option<usize>, json: bool) -> Result<()> {
    let (mut lines, mut unread) = (Vec::new(), 0);
    let read = schedule::history(vault, &mut |at, by, fact| match fact {
        Fact::Known(event) if event.job() == Some(id) => {
            lines.push((at, by.to_owned(), event.clone()))
        }
        Fact::Known(_) => {}
        Fact::Unknown(_) => unread += 1,
    })?;
    let job = read.jobs.get(id);
    let job = job.ok_or_else(|| Error::from(Refused::NoJob(id.clone())))?;
    let from = last.map_or(0, |last| lines.len().saturating_sub(last));
    for (at, by, event) in &lines[from..] {
        if json {
            output::print_json(
                &json!({"at": at, "by": by, "what": told(job, event), "event": event}),
            );
        } else {
            let told = tame(&told(job, event)).replace('\n', " ");
            output::print(&format!("{at}  {by:<24}  {told}"));
        }
    }
    if let (Standing::Disabled(since), Ok(timetable)) = (job.standing, Timetable::of(job)) {
        let now = clock::now();
        let until = job.definition.until.map_or(now, |until| until.min(now));
        let missed = timetable.between(job.cursor, until).count();
        output::tell(&format!(
            "disabled since {since}; {missed} time(s) have not run since"
        ));
    }
    if unread > 0 {
        output::tell(&format!(
            "note: {unread} event(s) of a newer modulatio are not shown"
        ));
    }
    Ok(())
}

/// One event, in words.
fn told(job: &Job, event: &Event) -> String {
    let local = |slot: &Timestamp| {
        Timetable::of(job).map_or_else(|_| slot.to_string(), |timetable| timetable.local(*slot))
    };
    match event {
        Event::ScheduleOpened { .. } => "the schedule was opened".to_owned(),
        Event::JobAdded { definition, .. } => {
            format!("added: {:?} {}", definition.schedule, definition.tz)
        }
        Event::JobChanged { definition, .. } => {
            format!("changed: {:?} {}", definition.schedule, definition.tz)
        }
        Event::JobEnabled { .. } => "enabled".to_owned(),
        Event::JobDisabled { .. } => "disabled".to_owned(),
        Event::JobRemoved { .. } => "removed".to_owned(),
        Event::JobEnded { reason, .. } => format!(
            "ended: {}",
            match reason {
                facts::Ending::Until => "its time is over",
                facts::Ending::Count => "its count is reached",
            }
        ),
        Event::SlotClaimed {
            slot, manual: true, ..
        } => format!("{}  claimed, by hand", local(slot)),
        Event::SlotClaimed { slot, .. } => format!("{}  claimed", local(slot)),
        Event::SlotQueued { slot, .. } => format!("{}  waits for the plan before it", local(slot)),
        Event::SlotFired { slot, plan, .. } => format!("{}  {plan}", local(slot)),
        Event::SlotFailed { slot, why, .. } => format!("{}  no plan: {why}", local(slot)),
        Event::SlotsSkipped {
            first,
            last,
            count,
            reason,
            ..
        } => {
            let which = if count == &1 {
                local(first)
            } else {
                format!("{} to {}, {count} times", local(first), local(last))
            };
            format!("{which}  not run: {}", why(reason))
        }
    }
}

fn why(reason: &Skip) -> String {
    match reason {
        Skip::Overlap { plan: Some(plan) } => format!("{plan} had not ended"),
        Skip::Overlap { plan: None } => "the one before it was just being made".to_owned(),
        Skip::Disabled => "the job was disabled".to_owned(),
        Skip::OutsideWindow => {
            "no daemon was there, and it was too long ago to catch up".to_owned()
        }
        Skip::Missed => "no daemon was there".to_owned(),
        Skip::Superseded => "no daemon was there, and a later one ran".to_owned(),
        Skip::Changed => "the job was changed before anybody looked".to_owned(),
        Skip::Removed => "the job was removed".to_owned(),
        Skip::QueueFull => "too many wait already".to_owned(),
        Skip::Ended => "the job had ended".to_owned(),
    }
}
