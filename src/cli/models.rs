//! `modulatio models`: whom a team asks, what that costs, and whether the keys work.

mod check;
pub(super) mod roster;

use projections::time::MicroUsd;
use serde_json::{Value, json};

use super::{
    args::{ModelsCommand, ModelsOptions},
    output,
};
use crate::{
    config::{self, Config, ModelConfig, Price, PriceSource, PricesAbove, Provider, TokenPrices},
    daemon::{KeyState, Probe},
    error::Result,
    vault::Vault,
};
use roster::{Listed, roster};

const HEAD: [&str; 8] = [
    "NAME",
    "LABEL",
    "PROTOCOL",
    "ENDPOINT",
    "WINDOW/OUTPUT",
    "USD A MILLION IN/OUT/CACHED/WRITTEN",
    "KEY",
    "ASKED AS",
];

pub(super) fn run(vault: &Vault, options: &ModelsOptions, json: bool) -> Result<()> {
    let config = configuration(vault, options)?;
    match &options.command {
        None | Some(ModelsCommand::List) => {
            list(&config, json);
            Ok(())
        }
        Some(ModelsCommand::Check { names }) => check::run(&config, names, json),
    }
}

fn configuration(vault: &Vault, options: &ModelsOptions) -> Result<Config> {
    let Some(code) = &options.project else {
        return Ok(config::load(vault.root())?);
    };
    let project = vault.project(code)?;
    let (config, _) = config::load_for_project(vault.root(), &project.code().directory())?;
    Ok(config)
}

fn list(config: &Config, json: bool) {
    let roster = roster(config);
    if json {
        roster
            .iter()
            .for_each(|listed| output::print_json(&object(listed)));
    } else {
        output::print(&table(&roster));
    }
    for warning in warnings(config, &roster) {
        output::tell(&format!("warning: {warning}"));
    }
}

// ---------------------------------------------------------------------------------------------------- for people

/// A line a model below one of titles, each column as wide as its widest cell.
fn table(roster: &[Listed<'_>]) -> String {
    let head = HEAD.map(str::to_owned);
    let rows: Vec<[String; 8]> = std::iter::once(head)
        .chain(roster.iter().map(row))
        .collect();
    output::table(&rows)
}

fn row(listed: &Listed<'_>) -> [String; 8] {
    let model = listed.model;
    [
        listed.name.to_owned(),
        model.label.clone(),
        protocol(model).to_owned(),
        endpoint(model).unwrap_or("-").to_owned(),
        format!("{}/{}", model.context_tokens, model.max_output_tokens),
        price(model),
        match &listed.key {
            KeyState::NotWanted => "-".to_owned(),
            KeyState::Set { place } => format!("{place} set"),
            KeyState::Missing { place, .. } => format!("{place} missing"),
        },
        listed.asked_as(),
    ]
}

fn protocol(model: &ModelConfig) -> &'static str {
    match model.provider {
        Provider::OpenAi(_) => "openai",
        Provider::Anthropic(_) => "anthropic",
        Provider::Rehearsal(_) => "rehearsal",
    }
}

/// The address without its query, which may hold what nobody else should see.
fn endpoint(model: &ModelConfig) -> Option<&str> {
    match &model.provider {
        Provider::OpenAi(endpoint) | Provider::Anthropic(endpoint) => {
            endpoint.base_url.split('?').next()
        }
        Provider::Rehearsal(_) => None,
    }
}

fn price(model: &ModelConfig) -> String {
    let price = match &model.price {
        None => return "cost unknown".to_owned(),
        Some(Price::Free) => "free".to_owned(),
        Some(Price::PerMillion(prices)) => per_million(prices),
    };
    match model.price_source {
        PriceSource::Config => format!("{price} (config)"),
        PriceSource::Catalog { date, version } => {
            format!("{price} (catalogue {version} of {date})")
        }
        PriceSource::Provider | PriceSource::Unknown => price,
    }
}

fn per_million(prices: &TokenPrices) -> String {
    let above = prices.above.map_or_else(String::new, |above| {
        let rates = rates(
            above.input,
            above.output,
            above.cached_input,
            above.cache_write,
        );
        format!(", above {} tokens {rates}", above.tokens)
    });
    let base = rates(
        prices.input,
        prices.output,
        prices.cached_input,
        prices.cache_write,
    );
    format!("{base}{above}")
}

fn rates(input: u64, output: u64, cached: u64, written: u64) -> String {
    [input, output, cached, written]
        .map(|micros| MicroUsd(micros).to_string())
        .join("/")
}

// -------------------------------------------------------------------------------------------------- for programs

fn object(listed: &Listed<'_>) -> Value {
    let model = listed.model;
    json!({
        "name": listed.name,
        "label": model.label,
        "model": model.model,
        "protocol": protocol(model),
        "endpoint": endpoint(model),
        "context_tokens": model.context_tokens,
        "max_output_tokens": model.max_output_tokens,
        "usd_per_million": model.price.as_ref().map(price_object),
        "price_source": source(model),
        "key": key(&listed.key),
        "in_use": listed.is_asked(),
        "roles": listed.seats,
    })
}

fn price_object(price: &Price) -> Value {
    match price {
        Price::Free => rates_object(0, 0, 0, 0),
        Price::PerMillion(prices) => {
            let mut object = rates_object(
                prices.input,
                prices.output,
                prices.cached_input,
                prices.cache_write,
            );
            if let Some(above) = &prices.above {
                object["above"] = above_object(above);
            }
            object
        }
    }
}

fn above_object(above: &PricesAbove) -> Value {
    let mut object = rates_object(
        above.input,
        above.output,
        above.cached_input,
        above.cache_write,
    );
    object["tokens"] = json!(above.tokens);
    object
}

fn rates_object(input: u64, output: u64, cached: u64, written: u64) -> Value {
    let usd = |micros| MicroUsd(micros).to_json();
    json!({
        "input": usd(input), "output": usd(output), "cached_input": usd(cached), "cache_write": usd(written),
    })
}

fn source(model: &ModelConfig) -> Value {
    match model.price_source {
        PriceSource::Config => json!({"kind": "config"}),
        PriceSource::Catalog { date, version } => {
            json!({"kind": "catalogue", "version": version, "date": date})
        }
        PriceSource::Provider => json!({"kind": "free"}),
        PriceSource::Unknown => json!({"kind": "unknown"}),
    }
}

fn key(key: &KeyState) -> Value {
    match key {
        KeyState::NotWanted => Value::Null,
        KeyState::Set { place } => json!({"from": place, "state": "set"}),
        KeyState::Missing { place, why } => {
            json!({"from": place, "state": "missing", "why": why})
        }
    }
}

// ------------------------------------------------------------------------------------------------------ warnings

/// What an operator would rather hear now than find in the morning.
pub(super) fn warnings(config: &Config, roster: &[Listed<'_>]) -> Vec<String> {
    let asked: Vec<&Listed<'_>> = roster.iter().filter(|listed| listed.is_asked()).collect();
    let mut warnings = Vec::new();
    warnings.extend(rehearsal_only(&asked));
    warnings.extend(unkept_cap(config, &asked));
    for listed in &asked {
        if let KeyState::Missing { why, .. } = &listed.key {
            warnings.push(format!("{}: {why}", listed.name));
        }
        if let Err(fault) = Probe::of(listed.name, listed.model) {
            warnings.push(format!("{}; no plan can be run", fault.told()));
        }
    }
    warnings
}

fn rehearsal_only(asked: &[&Listed<'_>]) -> Option<String> {
    let rehearses = |listed: &&Listed<'_>| matches!(listed.model.provider, Provider::Rehearsal(_));
    asked.iter().all(rehearses).then(|| {
        "every role is a rehearsal model: it asks nobody, and what it writes are placeholders; name models in \
         modulatio.yaml"
            .to_owned()
    })
}

fn unkept_cap(config: &Config, asked: &[&Listed<'_>]) -> Option<String> {
    let caps = [
        ("defaults", config.defaults.max_cost_micro_usd),
        ("daily", config.daily.max_cost_micro_usd),
    ];
    let set: Vec<String> = caps
        .iter()
        .filter(|(_, cap)| cap.is_some())
        .map(|(section, _)| format!("{section}.max_cost_usd"))
        .collect();
    let unpriced = asked.iter().filter(|listed| listed.model.price.is_none());
    let unpriced: Vec<&str> = unpriced.map(|listed| listed.name).collect();
    (!set.is_empty() && !unpriced.is_empty()).then(|| {
        format!(
            "cost unknown: {} cannot be kept, because nobody knows the price of {}, so plans pause before they spend \
             anything; set `price` under `models:` (`price: free` if it costs nothing)",
            set.join(" and "),
            unpriced.join(", ")
        )
    })
}
