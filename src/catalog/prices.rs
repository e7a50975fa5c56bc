//! The price table: `prices.json`, read once, and how a model's name finds its line.
//!
//! Providers spell one model in several ways. A name is looked up as it is written; then with `.` and `-` in version
//! numbers taken for the same; then without the date of a snapshot at its end (`-20251001`, `-2025-08-07`).

use std::{collections::HashMap, sync::LazyLock};

use serde::Deserialize;

use super::providers;

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table: Table = serde_json::from_str(include_str!("prices.json"))
        .expect("prices.json is of the form that its tests prove");
    for entry in &mut table.models {
        entry.source = table.sources[entry.number].clone();
    }
    table
});

/// Places in the table by provider and normal form of the name.
static PLACES: LazyLock<HashMap<(&str, String), usize>> = LazyLock::new(|| {
    let places = TABLE.models.iter().enumerate();
    places
        .map(|(at, entry)| ((entry.provider.as_str(), normal(&entry.id)), at))
        .collect()
});

/// What a router's `:free` variant is, whichever model it serves.
static FREE: LazyLock<Entry> = LazyLock::new(|| Entry {
    provider: "openrouter".to_owned(),
    id: FREE_SUFFIX.to_owned(),
    windows: Windows::default(),
    prices: Some(Prices::default()),
    number: 0,
    source: TABLE.sources[0].clone(),
});

const FREE_SUFFIX: &str = ":free";

#[derive(Deserialize)]
struct Table {
    sources: Vec<Source>,
    models: Vec<Entry>,
}

/// Where a line is from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Source {
    /// The package that ships the table.
    pub package: String,
    /// Its version.
    pub version: String,
    /// The day on which that version was read, `YYYY-MM-DD`.
    pub date: String,
    /// The table within the package.
    pub file: String,
    /// The table's licence.
    pub licence: String,
}

/// A model of one provider.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Entry {
    /// The provider's prefix.
    pub provider: String,
    /// The provider's own name for it.
    pub id: String,
    /// How much it reads and writes.
    #[serde(flatten)]
    pub windows: Windows,
    /// What it costs; `None` where the source does not say.
    #[serde(flatten)]
    pub prices: Option<Prices>,
    #[serde(default, rename = "source")]
    number: usize,
    /// Where this is from.
    #[serde(skip)]
    pub source: Source,
}

/// How much a model reads and writes, in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Windows {
    /// The prompt. A provider may count the answer on top of it, so this is the safe figure for both together.
    pub context: Option<u32>,
    /// The most of one answer.
    pub max_output: Option<u32>,
}

/// Prices in micro-dollars for one million tokens. All zero is free.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Prices {
    /// Of tokens read.
    pub input: u64,
    /// Of tokens written.
    pub output: u64,
    /// Of tokens read from the provider's cache; `None` where it has no price of its own.
    pub cached_input: Option<u64>,
    /// Of tokens read and put into the cache; `None` where that costs no more than reading.
    pub cache_write: Option<u64>,
    /// What all tokens of a call cost whose prompt is long.
    pub above: Option<Above>,
}

/// Prices of calls with a long prompt, in micro-dollars for one million tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Above {
    /// The longest prompt, in tokens, that does not cost this.
    pub tokens: u64,
    /// Of tokens read.
    pub input: u64,
    /// Of tokens written.
    pub output: u64,
    /// As [`Prices::cached_input`].
    pub cached_input: Option<u64>,
    /// As [`Prices::cache_write`].
    pub cache_write: Option<u64>,
}

impl Prices {
    /// Whether nothing costs anything.
    pub fn is_free(&self) -> bool {
        *self == Self::default()
    }
}

/// The whole table, sorted by provider and name.
pub fn entries() -> &'static [Entry] {
    &TABLE.models
}

/// What is known of a model at exactly this provider: `provider` is its prefix, `model` its own name for the model.
/// OpenRouter's `:free` variants are free, whether or not they are listed; other variants (`:nitro`) are unknown
/// unless they are.
pub fn lookup(provider: &str, model: &str) -> Option<&'static Entry> {
    let places = &*PLACES;
    let find = |name: String| places.get(&(known(provider)?, name)).copied();
    let exact = || {
        TABLE
            .models
            .binary_search_by(|entry| {
                (entry.provider.as_str(), entry.id.as_str()).cmp(&(provider, model))
            })
            .ok()
    };
    let undated = || find(normal(without_date(model)?));
    let at = exact().or_else(|| find(normal(model))).or_else(undated);
    let free = || (provider == "openrouter" && model.ends_with(FREE_SUFFIX)).then_some(&*FREE);
    at.map(|at| &TABLE.models[at]).or_else(free)
}

/// How much a model reads and writes. Where OpenRouter's line does not say, the vendor's does: one model holds as
/// much at both.
pub fn windows(provider: &str, model: &str) -> Windows {
    let model = model.strip_suffix(FREE_SUFFIX).unwrap_or(model);
    let own = lookup(provider, model).map_or_else(Windows::default, |entry| entry.windows);
    let vendor = vendor(provider, model).unwrap_or_default();
    Windows {
        context: own.context.or(vendor.context),
        max_output: own.max_output.or(vendor.max_output),
    }
}

/// The windows of `vendor/model` as that vendor states them.
fn vendor(provider: &str, model: &str) -> Option<Windows> {
    let (vendor, model) = model.split_once('/').filter(|_| provider == "openrouter")?;
    let vendor = match vendor {
        "google" => "gemini",
        "mistralai" => "mistral",
        "x-ai" => "xai",
        vendor => vendor,
    };
    lookup(vendor, model).map(|entry| entry.windows)
}

/// The prefix with the table's lifetime.
fn known(provider: &str) -> Option<&'static str> {
    providers::by_prefix(provider).map(|known| known.prefix)
}

/// One spelling for all: lower case, `-` for `.`.
fn normal(model: &str) -> String {
    model.to_ascii_lowercase().replace('.', "-")
}

/// The name before `-YYYYMMDD` or `-YYYY-MM-DD`.
fn without_date(model: &str) -> Option<&str> {
    let is_number = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let (rest, last) = model.rsplit_once('-')?;
    if is_number(last, 8) && last.starts_with("20") {
        return Some(rest);
    }
    let (rest, month) = rest.rsplit_once('-').filter(|_| is_number(last, 2))?;
    let (rest, year) = rest.rsplit_once('-').filter(|_| is_number(month, 2))?;
    (is_number(year, 4) && year.starts_with("20")).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOLLAR: u64 = 1_000_000;

    fn prices(provider: &str, model: &str) -> Prices {
        let entry = lookup(provider, model).unwrap_or_else(|| panic!("no {provider} {model}"));
        entry
            .prices
            .unwrap_or_else(|| panic!("no price of {provider} {model}"))
    }

    #[test]
    fn the_table_is_sorted_and_names_its_sources() {
        let key = |entry: &Entry| (entry.provider.clone(), entry.id.clone());
        assert!(
            entries()
                .windows(2)
                .all(|pair| key(&pair[0]) < key(&pair[1]))
        );
        assert!(include_str!("prices.json").len() < 200_000);
        for source in &TABLE.sources {
            assert_eq!(
                (source.package.as_str(), source.licence.as_str()),
                ("litellm", "MIT")
            );
            assert_eq!((source.date.len(), source.version.is_empty()), (10, false));
        }
        for entry in entries() {
            assert!(known(&entry.provider).is_some(), "{}", entry.provider);
            assert!(TABLE.sources.contains(&entry.source));
        }
    }

    #[test]
    fn no_price_of_the_table_is_lost_in_reading() {
        let told = include_str!("prices.json")
            .lines()
            .filter(|line| line.contains("\"input\""));
        let read = entries().iter().filter(|entry| entry.prices.is_some());
        assert_eq!(told.count(), read.count());
    }

    #[test]
    fn no_price_and_no_window_is_absurd() {
        for entry in entries() {
            let name = format!("{}/{}", entry.provider, entry.id);
            let Windows {
                context,
                max_output,
            } = entry.windows;
            assert!(
                context.is_none_or(|tokens| (1000..=20_000_000).contains(&tokens)),
                "{name}"
            );
            assert!(max_output.is_none_or(|tokens| tokens >= 256), "{name}");
            let Some(prices) = entry.prices else { continue };
            let free = entry.provider == "openrouter" && entry.id.ends_with(FREE_SUFFIX);
            assert_eq!(prices.is_free(), free, "{name}");
            let rates = [(
                prices.input,
                prices.output,
                prices.cached_input,
                prices.cache_write,
            )]
            .into_iter()
            .chain(
                prices
                    .above
                    .map(|a| (a.input, a.output, a.cached_input, a.cache_write)),
            );
            for (input, output, cached, write) in rates.filter(|_| !free) {
                assert!(0 < input && input <= 1000 * DOLLAR, "{name}");
                assert!(0 < output && output <= 1000 * DOLLAR, "{name}");
                assert!(cached.is_none_or(|price| price <= input), "{name}");
                assert!(write.is_none_or(|price| price <= 3 * input), "{name}");
            }
            if let Some(above) = prices.above {
                assert!(above.tokens >= 32_000, "{name}");
                assert!(
                    above.input >= prices.input && above.output >= prices.output,
                    "{name}"
                );
            }
        }
    }

    /// List prices in dollars for a million tokens, as the providers publish them.
    #[test]
    fn well_known_prices_are_found() {
        for (provider, model, input, output) in [
            ("anthropic", "claude-haiku-4-5", 1.0, 5.0),
            ("anthropic", "claude-sonnet-4-5", 3.0, 15.0),
            ("openai", "gpt-5", 1.25, 10.0),
            ("openai", "gpt-4.1", 2.0, 8.0),
            ("openai", "gpt-4o-mini", 0.15, 0.60),
            ("deepseek", "deepseek-chat", 0.28, 0.42),
            ("mistral", "mistral-large-latest", 0.5, 1.5),
            ("groq", "openai/gpt-oss-120b", 0.15, 0.60),
            ("openrouter", "anthropic/claude-haiku-4.5", 1.0, 5.0),
        ] {
            let found = prices(provider, model);
            let dollars = |micros: u64| micros as f64 / DOLLAR as f64;
            assert_eq!(
                (dollars(found.input), dollars(found.output)),
                (input, output),
                "{model}"
            );
        }
        assert!(lookup("xai", "grok-4").is_some_and(|entry| entry.prices.is_some()));
        let haiku = prices("anthropic", "claude-haiku-4-5");
        assert_eq!(
            (haiku.cached_input, haiku.cache_write),
            (Some(100_000), Some(1_250_000))
        );
    }

    #[test]
    fn a_long_prompt_has_a_price_of_its_own() {
        let prices = prices("gemini", "gemini-2.5-pro");
        let above = prices.above.unwrap();
        assert_eq!((prices.input, prices.output), (1_250_000, 10_000_000));
        assert_eq!(
            (above.tokens, above.input, above.output),
            (200_000, 2_500_000, 15_000_000)
        );
    }

    #[test]
    fn dates_dots_and_case_do_not_hide_a_model() {
        for (provider, model, id) in [
            ("anthropic", "claude-haiku-4.5", "claude-haiku-4-5"),
            ("anthropic", "claude-haiku-4-5-20991231", "claude-haiku-4-5"),
            ("openai", "gpt-5-2099-12-31", "gpt-5"),
            ("openai", "GPT-4.1", "gpt-4.1"),
            (
                "openrouter",
                "anthropic/claude-haiku-4-5",
                "anthropic/claude-haiku-4.5",
            ),
            (
                "openrouter",
                "anthropic/claude-haiku-4-5-20251001",
                "anthropic/claude-haiku-4.5",
            ),
        ] {
            assert_eq!(
                lookup(provider, model).map(|entry| entry.id.as_str()),
                Some(id),
                "{model}"
            );
        }
        let dated = lookup("openai", "gpt-4o-2024-05-13").unwrap();
        assert_eq!(
            dated.id, "gpt-4o-2024-05-13",
            "a snapshot with a line of its own keeps it"
        );
    }

    #[test]
    fn spellings_that_fall_together_cost_the_same() {
        for entry in entries() {
            let place = PLACES[&(known(&entry.provider).unwrap(), normal(&entry.id))];
            assert_eq!(TABLE.models[place].prices, entry.prices, "{}", entry.id);
        }
    }

    #[test]
    fn a_price_is_never_borrowed_from_another_provider() {
        for (provider, model) in [
            ("openrouter", "claude-haiku-4-5"),
            ("openrouter", "anthropic/claude-haiku-4.5:nitro"),
            ("openrouter", "mistralai/mistral-large-latest"),
            ("anthropic", "anthropic/claude-haiku-4-5"),
            ("groq", "gpt-4o-mini"),
            ("openai", "gpt-5:free"),
            ("ollama", "gpt-5"),
            ("nobody", "gpt-5"),
            ("openai", ""),
        ] {
            assert_eq!(lookup(provider, model), None, "{provider} {model}");
        }
    }

    #[test]
    fn a_routers_window_may_come_from_the_vendor() {
        let vendor = windows("mistral", "mistral-large-latest");
        assert_eq!(vendor.context, Some(262_144));
        assert_eq!(
            windows("openrouter", "mistralai/mistral-large-latest"),
            vendor
        );
        assert_eq!(
            windows("groq", "mistralai/mistral-large-latest"),
            Windows::default()
        );
    }

    #[test]
    fn a_routers_free_variant_is_free_and_holds_what_its_model_holds() {
        let model = "z-ai/glm-4.6:free";
        assert!(
            lookup("openrouter", model)
                .unwrap()
                .prices
                .unwrap()
                .is_free()
        );
        let base = windows("openrouter", "z-ai/glm-4.6");
        assert!(base.context.is_some());
        assert_eq!(windows("openrouter", model), base);
    }
}
