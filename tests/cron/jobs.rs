//! Jobs of a vault: added, looked at, and what became of their slots.

use serde_json::Value;

use crate::support::{Ran, TestVault};

/// What each run of a job is to reach, in most tests.
pub(crate) const OBJECTIVE: &str = "Look back at the week";

/// A vault at this time, by its own clock.
pub(crate) fn vault_at(at: &str) -> TestVault {
    let vault = TestVault::new();
    vault.set_clock(at);
    vault
}

/// A vault whose plans pause with a ticket after their first sub-objective.
pub(crate) fn pausing_at(at: &str) -> TestVault {
    let vault = TestVault::with(
        "daemon: {tick_seconds: 1}\nmodels:\n  m: {provider: rehearsal, outcomes: {1: pause}}\nteam: {leader: m}\ntools: {disable: [run_shell]}\n",
    );
    vault.set_clock(at);
    vault
}

/// Runs `modulatio cron` with these arguments.
pub(crate) fn cron(vault: &TestVault, args: &[&str]) -> Ran {
    vault.run(&[&["cron"], args].concat())
}

/// Adds a job of the project ESS with this schedule and these options; returns its id.
#[track_caller]
pub(crate) fn add(vault: &TestVault, schedule: &str, options: &[&str]) -> String {
    let args = [&["add", "ESS", OBJECTIVE, "--schedule", schedule], options].concat();
    cron(vault, &args).ok().out.trim().to_owned()
}

/// Shows a job as JSON.
#[track_caller]
pub(crate) fn shown(vault: &TestVault, job: &str) -> Value {
    let out = cron(vault, &["show", job, "--json"]).ok().out;
    serde_json::from_str(&out).expect("JSON")
}

/// The lines of a job's history.
#[track_caller]
pub(crate) fn lines(vault: &TestVault, job: &str) -> Vec<Value> {
    let out = cron(vault, &["history", job, "--json"]).ok().out;
    let lines = out.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

/// A job's history in a few words an event, `11-24T06:00 fired ESS-P-001`, oldest first.
#[track_caller]
pub(crate) fn history(vault: &TestVault, job: &str) -> Vec<String> {
    let lines = lines(vault, job);
    lines.iter().map(|line| words(&line["event"])).collect()
}

/// What became of the slots alone: neither claims nor what people did.
#[track_caller]
pub(crate) fn fates(vault: &TestVault, job: &str) -> Vec<String> {
    let of_slots = ["SlotQueued", "SlotFired", "SlotFailed", "SlotsSkipped"];
    let lines = lines(vault, job);
    let kept = lines.iter().filter(|line| {
        let kind = line["event"]["kind"].as_str();
        kind.is_some_and(|kind| of_slots.contains(&kind))
    });
    kept.map(|line| words(&line["event"])).collect()
}

fn minute(event: &Value, key: &str) -> String {
    let text = event[key].as_str().expect("a time");
    text[5..16].to_owned()
}

fn words(event: &Value) -> String {
    let plan = event["plan"].as_str().unwrap_or_default();
    match event["kind"].as_str().expect("a kind") {
        "SlotClaimed" if event["manual"] == true => {
            format!("{} claimed by hand", minute(event, "slot"))
        }
        "SlotClaimed" => format!("{} claimed", minute(event, "slot")),
        "SlotQueued" => format!("{} queued", minute(event, "slot")),
        "SlotFired" => format!("{} fired {plan}", minute(event, "slot")),
        "SlotFailed" => format!("{} failed", minute(event, "slot")),
        "SlotsSkipped" => {
            let (first, last) = (minute(event, "first"), minute(event, "last"));
            let reason = event["reason"].as_str().expect("a reason");
            let text = format!("{first} to {last} x{} {reason} {plan}", event["count"]);
            text.trim_end().to_owned()
        }
        "JobEnded" => format!("ended by {}", event["reason"].as_str().expect("a reason")),
        kind => kind.to_owned(),
    }
}

/// The plans of a project that have a journal, in order.
pub(crate) fn plans_of(vault: &TestVault, project: &str) -> Vec<String> {
    let names = vault.names(&format!("{project}/plans"));
    let plans = names
        .iter()
        .filter_map(|name| name.strip_suffix(".journal.jsonl"));
    plans.map(str::to_owned).collect()
}

/// The plans of the project ESS.
pub(crate) fn plans(vault: &TestVault) -> Vec<String> {
    plans_of(vault, "ess")
}

/// Their statuses, in order.
pub(crate) fn statuses(vault: &TestVault) -> Vec<&'static str> {
    let plans = plans(vault);
    plans
        .iter()
        .map(|plan| vault.journal(plan).status())
        .collect()
}

/// A run of the daemon at this time.
#[track_caller]
pub(crate) fn daemon_at(vault: &TestVault, at: &str) {
    vault.set_clock(at);
    vault.run_until_idle();
}

/// What the plan was wanted for, as the Leader was told.
pub(crate) fn wish(vault: &TestVault, plan: &str) -> String {
    let wishes = vault.journal(plan).plan.wishes;
    wishes.last().expect("it was wished for").text.clone()
}

/// The schedule's journal.
pub(crate) const JOURNAL: &str = ".modulatio/cron/schedule.journal.jsonl";

/// Everything that is on the disk agrees with the journals.
#[track_caller]
pub(crate) fn proven(vault: &TestVault) {
    vault.run(&["replay", "--all", "--check"]).ok();
    vault
        .run(&["audit", "verify", "--all"])
        .ok()
        .shows("schedule: whole");
}

/// The numbers of plans that were taken, and under which names.
pub(crate) fn numbers(vault: &TestVault) -> Vec<(u64, String)> {
    let text = vault.read(".modulatio/numbers/ESS.journal.jsonl");
    let frames = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a frame"));
    let events = frames.flat_map(|frame| frame["events"].as_array().cloned().expect("events"));
    let of_plans = events.filter(|event| event["series"] == "plan");
    of_plans
        .map(|event| {
            let under = event["under"].as_str().unwrap_or_default().to_owned();
            (event["number"].as_u64().expect("a number"), under)
        })
        .collect()
}
