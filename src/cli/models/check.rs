//! `modulatio models check`: one tiny call to each model, one after the other, told as they end.

use projections::{event::FailureClass, time::MicroUsd};
use serde_json::{Value, json};

use super::roster::roster;
use crate::{
    cli::output,
    clock,
    config::{Config, ModelConfig, Provider},
    daemon::{Answered, Probe, Unanswered},
    error::{Error, Result},
};

type Outcome = std::result::Result<Answered, Unanswered>;

/// A model to ask.
struct Candidate<'a> {
    name: &'a str,
    model: &'a ModelConfig,
    probe: Probe,
}

pub(super) fn run(config: &Config, names: &[String], json: bool) -> Result<()> {
    // What is wrong with any of them is told before the first one is paid.
    let chosen = chosen(config, names)?;
    let candidates: Vec<Candidate<'_>> = chosen
        .into_iter()
        .map(|(name, model)| {
            let probe = Probe::of(name, model)?;
            Ok(Candidate { name, model, probe })
        })
        .collect::<Result<_>>()?;
    announce(&candidates);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Error::Failed(format!("no runtime: {e}")))?;
    let (mut silent, mut keyless) = (0, 0);
    for candidate in &candidates {
        let outcome = runtime.block_on(candidate.probe.call());
        tell(candidate, &outcome, json);
        if let Err(failure) = &outcome {
            silent += 1;
            keyless += usize::from(failure.class == FailureClass::Authentication);
        }
    }
    verdict(candidates.len(), silent, keyless)
}

/// Those that are named, else those in use, each once.
fn chosen<'a>(config: &'a Config, names: &[String]) -> Result<Vec<(&'a str, &'a ModelConfig)>> {
    if names.is_empty() {
        let roster = roster(config);
        let asked = roster.into_iter().filter(|listed| listed.is_asked());
        return Ok(asked.map(|listed| (listed.name, listed.model)).collect());
    }
    let mut chosen: Vec<(&str, &ModelConfig)> = Vec::new();
    for name in names {
        let found = config.model(name).map_err(Error::Usage)?;
        if !chosen.iter().any(|(known, _)| *known == found.0) {
            chosen.push(found);
        }
    }
    Ok(chosen)
}

fn announce(candidates: &[Candidate<'_>]) {
    let is_real =
        |candidate: &&Candidate<'_>| !matches!(candidate.model.provider, Provider::Rehearsal(_));
    let real = candidates.iter().filter(is_real).count();
    if real > 0 {
        output::tell(&format!(
            "note: asking {real} model(s) once each; these calls are billed by the provider and booked in no plan"
        ));
    }
}

fn tell(candidate: &Candidate<'_>, outcome: &Outcome, json: bool) {
    if json {
        output::report_json(&object(candidate, outcome));
        return;
    }
    let words = match outcome {
        Ok(answered) => words(answered),
        Err(failure) => format!("failed: {}: {}", class(failure), failure.message),
    };
    let (name, label) = (candidate.name, &candidate.model.label);
    // The name of a model without an entry is its label.
    if name == label {
        output::report(&format!("{name}  {words}"));
    } else {
        output::report(&format!("{name}  {label}  {words}"));
    }
}

fn words(answered: &Answered) -> String {
    let usage = &answered.usage;
    let estimated = if usage.estimated { " (estimated)" } else { "" };
    let cost = answered
        .cost
        .map_or_else(|| "cost unknown".to_owned(), |cost| format!("${cost}"));
    format!(
        "ok  {} ms, {} tokens in, {} out{estimated}, {cost}",
        answered.latency.as_millis(),
        usage.input_tokens,
        usage.output_tokens,
    )
}

/// The kind of failure as journals spell it.
fn class(failure: &Unanswered) -> String {
    match json!(failure.class) {
        Value::String(word) => word,
        other => other.to_string(),
    }
}

fn object(candidate: &Candidate<'_>, outcome: &Outcome) -> Value {
    let mut object = json!({
        "name": candidate.name,
        "label": candidate.model.label,
        "ok": outcome.is_ok(),
    });
    match outcome {
        Ok(answered) => {
            object["latency_ms"] = json!(clock::millis(answered.latency));
            object["input_tokens"] = json!(answered.usage.input_tokens);
            object["output_tokens"] = json!(answered.usage.output_tokens);
            object["estimated"] = json!(answered.usage.estimated);
            object["cost_usd"] = json!(answered.cost.map(MicroUsd::to_json));
            object["served_by"] = json!(answered.served_by);
        }
        Err(failure) => {
            object["class"] = json!(failure.class);
            object["message"] = json!(failure.message);
        }
    }
    object
}

/// How the command ends: a key that is missing or refused has an exit code of its own.
fn verdict(all: usize, silent: usize, keyless: usize) -> Result<()> {
    let what = format!("{silent} of {all} model(s) did not answer");
    match (silent, keyless) {
        (0, _) => Ok(()),
        (_, 0) => Err(Error::Failed(what)),
        (_, count) => Err(Error::Authentication(format!(
            "{what}, {count} for want of a valid key"
        ))),
    }
}
