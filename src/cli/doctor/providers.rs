//! Providers: are the keys there, are the prices known, does somebody answer?

use std::collections::BTreeMap;

use projections::time::MicroUsd;

use super::{
    check::{Check, Kind},
    ground::{Ground, VaultGround},
    words::{list, quoted},
};
use crate::{
    config::{Config, KeyFrom, ModelConfig, Provider},
    daemon::{self, KeyState, Life, Reached},
};

/// Where keys of a service belong.
const HOW: &str = "for the daemon as a service in ~/.config/modulatio/env, then restart it";

/// What stands in the place of a check where nobody knows whom the team asks.
fn unknown_team(ground: &Ground, id: &'static str) -> Option<Vec<Check>> {
    let Some(found) = ground.vault() else {
        return Some(Vec::new());
    };
    let why = "not looked at: the configuration has faults, see above";
    found.config.is_err().then(|| vec![Check::ok(id, why)])
}

/// Is every key where a call would look for it?
pub(super) fn keys(ground: &Ground) -> Vec<Check> {
    let id = "keys";
    let mut places: BTreeMap<String, (KeyState, Vec<&str>, &ModelConfig)> = BTreeMap::new();
    for (name, model) in &ground.models {
        let state = KeyState::of(model);
        if let KeyState::Set { place } | KeyState::Missing { place, .. } = &state {
            let place = place.clone();
            places
                .entry(place)
                .or_insert((state, Vec::new(), model))
                .1
                .push(name);
        }
    }
    if let Some(instead) = unknown_team(ground, id) {
        return instead;
    }
    if places.is_empty() {
        let rehearses = ground
            .models
            .values()
            .all(|model| matches!(model.provider, Provider::Rehearsal(_)));
        return vec![Check::ok(
            id,
            match rehearses {
                true => "every role rehearses, which wants no key: plans make placeholders",
                false => "no model in use wants a key",
            },
        )];
    }
    let checks = places
        .values()
        .map(|(state, models, model)| key(ground, state, models, model));
    checks.collect()
}

fn key(ground: &Ground, state: &KeyState, models: &[&str], model: &ModelConfig) -> Check {
    let id = "keys";
    let (place, why) = match state {
        KeyState::NotWanted => return Check::ok(id, format!("{} wants no key", list(models))),
        KeyState::Set { place } => {
            return Check::ok(id, format!("{place} is set, for {}", list(models)));
        }
        KeyState::Missing { place, why } => (place, why),
    };
    let what = format!("{}: {why}", list(models));
    let refused = |remedy: String| Check::fail(id, Kind::Authentication, &*what, remedy);
    match from(model) {
        Some(KeyFrom::Env(name)) => match daemon_with(ground, name) {
            Some(pid) => Check::ok(
                id,
                format!(
                    "{place} is not set here, but daemon {pid} was started with it, for {}",
                    list(models)
                ),
            ),
            None => refused(format!("export {name}=KEY; {HOW}")),
        },
        Some(KeyFrom::Credential(name)) => match daemon_with(ground, "CREDENTIALS_DIRECTORY") {
            Some(pid) => Check::ok(
                id,
                format!(
                    "{place} can be read only inside of the service; daemon {pid} has credentials, for {}",
                    list(models)
                ),
            ),
            None => Check::warn(
                id,
                &*what,
                format!(
                    "only the service can read it: LoadCredential={name}:/path/of/the/key in its unit, then start it and look again"
                ),
            ),
        },
        Some(KeyFrom::File(path)) => {
            let path = quoted(path);
            refused(format!("put the key into {path}, and chmod 600 {path}"))
        }
        Some(KeyFrom::None) | None => refused(HOW.to_owned()),
    }
}

fn from(model: &ModelConfig) -> Option<&KeyFrom> {
    match &model.provider {
        Provider::OpenAi(endpoint) | Provider::Anthropic(endpoint) => Some(&endpoint.key),
        Provider::Rehearsal(_) => None,
    }
}

/// A live daemon in whose environment the variable stands.
fn daemon_with(ground: &Ground, variable: &str) -> Option<u32> {
    let daemons = ground.vault()?.daemons.as_ref().ok()?;
    let living = daemons.iter().filter(|seen| seen.life == Life::Runs);
    let mut pids = living.map(|seen| seen.beat.pid);
    pids.find(|pid| daemon::variable(*pid, variable).is_some_and(|value| !value.is_empty()))
}

/// Is it known what every model costs, where a cap in dollars must be kept?
pub(super) fn prices(ground: &Ground) -> Vec<Check> {
    let id = "prices";
    if let Some(instead) = unknown_team(ground, id) {
        return instead;
    }
    let Some(found) = ground.vault() else {
        return Vec::new();
    };
    let unknown = ground
        .models
        .iter()
        .filter(|(_, model)| model.price.is_none());
    let unknown: Vec<&str> = unknown.map(|(name, _)| name.as_str()).collect();
    if unknown.is_empty() {
        return vec![Check::ok(
            id,
            format!("known of {}", list(ground.models.keys())),
        )];
    }
    let what = format!("the price of {} is unknown", list(&unknown));
    let caps = caps(found);
    let remedy = format!(
        "write it into modulatio.yaml, in dollars for a million tokens: models: {{{}: {{…, price: {{input: 0.60, output: 2.20}}}}}}, or price: free",
        unknown[0]
    );
    vec![if caps.is_empty() {
        Check::ok(
            id,
            format!("{what}; no cap in dollars is set, so nothing depends on it"),
        )
    } else {
        Check::warn(
            id,
            format!(
                "{what}, and there is {}: a plan pauses before it calls such a model",
                list(caps)
            ),
            remedy,
        )
    }]
}

/// Every cap in dollars that some plan runs under, or will.
fn caps(found: &VaultGround) -> Vec<String> {
    let projects = found.projects.iter();
    let own = projects.filter_map(|project| project.config.as_ref());
    let mut caps: Vec<String> = found.config.iter().chain(own).flat_map(dollars).collect();
    let capped = found.plans_that(|plan| {
        let standing = plan.standing.as_ref();
        standing.is_some_and(|standing| standing.caps_cost && is_live(&standing.status))
    });
    caps.extend(capped.iter().map(|id| format!("max_cost_usd of {id}")));
    caps.sort();
    caps.dedup();
    caps
}

fn dollars(config: &Config) -> Vec<String> {
    let named = |name: &str, cap: Option<u64>| cap.map(|cap| format!("{name} {}", MicroUsd(cap)));
    let caps = [
        named("defaults.max_cost_usd", config.defaults.max_cost_micro_usd),
        named("daily.max_cost_usd", config.daily.max_cost_micro_usd),
    ];
    caps.into_iter().flatten().collect()
}

fn is_live(status: &projections::plan::Status) -> bool {
    use projections::plan::Status;
    match status {
        Status::Draft | Status::Approved | Status::Executing { .. } | Status::Paused { .. } => true,
        Status::Declined | Status::Cancelled { .. } | Status::Aborted | Status::Done => false,
    }
}

/// Does every endpoint answer, and take its key?
pub(super) fn reached(ground: &Ground) -> Vec<Check> {
    let id = "reach";
    if let Some(instead) = unknown_team(ground, id) {
        return instead;
    }
    match &ground.reached {
        None => vec![Check::ok(id, "no provider was asked, because of --offline")],
        Some(reached) if reached.is_empty() => {
            vec![Check::ok(id, "no model in use has an endpoint")]
        }
        Some(reached) => reached
            .iter()
            .map(|one| endpoint(ground, reached, one))
            .collect(),
    }
}

fn endpoint(ground: &Ground, all: &[Reached], one: &Reached) -> Check {
    let id = "reach";
    let (endpoint, models) = (&one.endpoint, list(&one.models));
    let program = &ground.program;
    let heard = match &one.outcome {
        Err(why) => {
            let found = format!("{endpoint} does not answer: {why} (for {models})");
            let remedy = format!(
                "curl -sSI {} tells more; is the network up, is the server started?",
                quoted(endpoint)
            );
            return match has_fallback(&ground.choices, all, one) {
                true => Check::warn(
                    id,
                    format!("{found}; every role has another model that is reached"),
                    remedy,
                ),
                false => Check::fail(id, Kind::Other, found, remedy),
            };
        }
        Ok(heard) => heard,
    };
    let says = format!(
        "{endpoint} answers with HTTP {} (for {models})",
        heard.status
    );
    match heard.status {
        _ if heard.refuses_key => Check::fail(
            id,
            Kind::Authentication,
            format!(
                "{endpoint} refuses the key with HTTP {} (for {models})",
                heard.status
            ),
            format!(
                "put a key that is valid where {program} models says it is looked for; {program} models check (which is billed) is the proof"
            ),
        ),
        500.. => Check::warn(
            id,
            says,
            "the provider is in trouble: see its status page; calls are tried again until retry.wall has passed",
        ),
        _ => Check::ok(id, says),
    }
}

/// Whether every role that asks one of its models has another one whose endpoint answers.
fn has_fallback(choices: &[Vec<String>], all: &[Reached], silent: &Reached) -> bool {
    let is_silent = |name: &String| {
        let its = all.iter().find(|reached| reached.models.contains(name));
        its.is_some_and(|reached| reached.outcome.is_err())
    };
    let concerned = choices
        .iter()
        .filter(|choice| choice.iter().any(|name| silent.models.contains(name)));
    concerned
        .into_iter()
        .all(|choice| !choice.iter().all(is_silent))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(models: &[&str], answers: bool) -> Reached {
        let heard = crate::models::Heard {
            status: 200,
            refuses_key: false,
            date: None,
        };
        Reached {
            endpoint: "http://h/v1/models".into(),
            models: models.iter().map(|name| (*name).to_owned()).collect(),
            outcome: if answers { Ok(heard) } else { Err("no".into()) },
            ahead_seconds: None,
        }
    }

    #[test]
    fn a_silent_endpoint_is_borne_only_where_every_role_has_another() {
        let choice = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let all = [reached(&["a", "b"], false), reached(&["c"], true)];
        assert!(has_fallback(
            &[choice(&["a", "c"]), choice(&["c"])],
            &all,
            &all[0]
        ));
        assert!(!has_fallback(
            &[choice(&["a", "c"]), choice(&["b"])],
            &all,
            &all[0]
        ));
        assert!(!has_fallback(&[choice(&["a", "b"])], &all, &all[0]));
        // A rehearsal has no endpoint, and always answers.
        assert!(has_fallback(&[choice(&["a", "dry"])], &all, &all[0]));
    }
}
