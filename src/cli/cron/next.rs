//! `modulatio cron next`: when an expression fires. Needs no vault.

use std::io::{BufRead, stdin};

use projections::time::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    cli::{args::NextOptions, output},
    clock,
    error::{Error, Result},
    schedule::{self, Expression, Zone},
};

pub(super) fn run(options: &NextOptions, json: bool) -> Result<()> {
    if options.batch {
        answer_lines()
    } else {
        next(options, json)
    }
}

fn next(options: &NextOptions, json: bool) -> Result<()> {
    let expression = options
        .expression
        .as_ref()
        .expect("an expression is required unless lines are answered");
    let after = options.after.unwrap_or_else(clock::now);
    let slots = first(expression, &options.tz, after, options.count);
    if json {
        output::print_json(&view(expression, &options.tz, after, &slots));
        return Ok(());
    }
    for slot in &slots {
        output::print(&format!(
            "{}  {}",
            options.tz.local(*slot),
            slot.guide_form()
        ));
    }
    if slots.len() < usize::from(options.count) {
        output::tell("no further slot: schedules end with the year 2100");
    }
    Ok(())
}

fn first(expression: &Expression, zone: &Zone, after: Timestamp, count: u16) -> Vec<Timestamp> {
    let forever = Timestamp::from_micros(i64::MAX);
    schedule::slots(expression, zone, after, forever)
        .take(usize::from(count))
        .collect()
}

fn view(expression: &Expression, zone: &Zone, after: Timestamp, slots: &[Timestamp]) -> Value {
    let slot = |at: &Timestamp| json!({"at": at, "local": zone.local(*at)});
    json!({
        "expression": expression.to_string(),
        "tz": zone.to_string(),
        "after": after,
        "slots": slots.iter().map(slot).collect::<Vec<_>>(),
    })
}

/// One question of many, as other implementations of cron are compared with this one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    expr: String,
    tz: String,
    after: Timestamp,
    count: u16,
}

/// Answers each line of stdin with one of stdout: slots, or why there are none.
fn answer_lines() -> Result<()> {
    for line in stdin().lock().lines() {
        let line = line.map_err(Error::io("read", "stdin"))?;
        let answer = answer(&line).unwrap_or_else(|why| json!({"error": why}));
        output::print_json(&answer);
    }
    Ok(())
}

fn answer(line: &str) -> std::result::Result<Value, String> {
    let question: Question = serde_json::from_str(line).map_err(|e| e.to_string())?;
    let expression = Expression::parse(&question.expr).map_err(|e| e.to_string())?;
    let zone = Zone::parse(&question.tz).map_err(|e| e.to_string())?;
    let slots = first(&expression, &zone, question.after, question.count);
    Ok(json!({"slots": slots}))
}
