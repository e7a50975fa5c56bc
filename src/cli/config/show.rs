//! `modulatio config show`: a line a setting, with its value and its source. No key is ever shown: only whether it is
//! there.

use projections::{
    ids::ProjectCode,
    yaml::{self, Value},
};
use serde_json::json;

use crate::{
    cli::{
        args::{Args, Said},
        output,
    },
    config::{self, Config, Effective, Place, Setting, Source},
    daemon::KeyState,
    error::Result,
    redact::Redactor,
    vault::Vault,
};

/// What stands for a value that there is none of.
const NONE: &str = "none";

pub(super) fn run(vault: &Vault, project: Option<&ProjectCode>, args: &Args) -> Result<()> {
    let directory = match project {
        Some(code) => Some(vault.project(code)?.code().directory()),
        None => None,
    };
    let effective = config::effective(vault.root(), directory.as_deref())?;
    let process = of_process(vault, args);
    if args.json {
        process
            .iter()
            .for_each(|row| output::print_json(&row.object()));
        for setting in &effective.settings {
            output::print_json(&object(setting, &effective.config));
        }
    } else {
        let rows: Vec<[String; 3]> = std::iter::once(["KEY", "VALUE", "FROM"].map(str::to_owned))
            .chain(process.iter().map(OfProcess::row))
            .chain(rows(&effective))
            .collect();
        output::print(&output::table(&rows));
    }
    Ok(())
}

// ------------------------------------------------------------------------------- what no file says: this process

/// An option of this process.
struct OfProcess {
    option: &'static str,
    value: String,
    from: Said,
    variable: &'static str,
    otherwise: &'static str,
}

fn of_process(vault: &Vault, args: &Args) -> Vec<OfProcess> {
    let said = &args.said;
    let (level, level_from) = crate::cli::logging::told_level(args);
    vec![
        OfProcess {
            option: "--vault",
            value: vault.root().display().to_string(),
            from: said.vault,
            variable: "MODULATIO_VAULT",
            otherwise: "the nearest directory with modulatio.yaml",
        },
        OfProcess {
            option: "--log-level",
            value: level,
            from: level_from.unwrap_or(said.log_level),
            variable: match level_from {
                Some(_) => "RUST_LOG",
                None => "MODULATIO_LOG_LEVEL",
            },
            otherwise: "built-in default",
        },
        OfProcess {
            option: "--log-format",
            value: args.log_format().word().to_owned(),
            from: said.log_format,
            variable: "MODULATIO_LOG_FORMAT",
            otherwise: "built-in default",
        },
    ]
}

impl OfProcess {
    fn row(&self) -> [String; 3] {
        let from = match self.from {
            Said::Typed => "the command line".to_owned(),
            Said::Environment => format!("environment variable {}", self.variable),
            Said::Nowhere => self.otherwise.to_owned(),
        };
        [self.option.to_owned(), self.value.clone(), from]
    }

    fn object(&self) -> serde_json::Value {
        let from = match self.from {
            Said::Typed => json!({"kind": "command-line"}),
            Said::Environment => json!({"kind": "environment", "variable": self.variable}),
            Said::Nowhere => json!({"kind": "default"}),
        };
        json!({"key": self.option, "value": self.value, "from": from})
    }
}

// ------------------------------------------------------------------------------------------------------- settings

fn rows(effective: &Effective) -> impl Iterator<Item = [String; 3]> + '_ {
    effective.settings.iter().map(|setting| {
        let value = match shown(&setting.value) {
            Value::Null => NONE.to_owned(),
            value => yaml::flow(&value),
        };
        let value = match key_state(setting, &effective.config) {
            Some(state) => format!("{value} ({})", state.0),
            None => value,
        };
        [setting.field.clone(), value, words(setting)]
    })
}

/// A value without what looks like a secret, wherever it was written.
fn shown(value: &Value) -> Value {
    match value {
        Value::String(text) => Redactor::default().redact(text).into(),
        Value::Sequence(items) => items.iter().map(shown).collect::<Vec<_>>().into(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Mapping(_) | Value::Tagged(_) => {
            value.clone()
        }
    }
}

/// Whether the key is there that this setting says the place of, and if not, why not.
fn key_state(setting: &Setting, config: &Config) -> Option<(&'static str, Option<String>)> {
    let field = setting.field.strip_prefix("models.")?;
    let name = field
        .strip_suffix(".api_key_env")
        .or_else(|| field.strip_suffix(".api_key_file"))?;
    match KeyState::of(config.models.get(name)?) {
        KeyState::NotWanted => None,
        KeyState::Set { .. } => Some(("set", None)),
        KeyState::Missing { why, .. } => Some(("not set", Some(why))),
    }
}

fn words(setting: &Setting) -> String {
    let words = match &setting.source {
        Source::Written(places) => {
            let places: Vec<String> = places.iter().map(place).collect();
            places.join(" and ")
        }
        Source::Default => "built-in default".to_owned(),
        Source::Provider => "provider's own".to_owned(),
        Source::Catalog { version, date } => format!("catalogue {version} of {date}"),
        Source::Follows(other) => format!("follows {other}"),
        Source::Id => "the id in team".to_owned(),
        Source::Nobody => "nobody says".to_owned(),
    };
    match &setting.over {
        Some(over) => format!("{words}, over {}", place(over)),
        None => words,
    }
}

fn place(place: &Place) -> String {
    format!("{}:{}", place.file.display(), place.line)
}

fn object(setting: &Setting, config: &Config) -> serde_json::Value {
    let place = |place: &Place| json!({"file": place.file, "line": place.line});
    let from = match &setting.source {
        Source::Written(places) => {
            json!({"kind": "file", "places": places.iter().map(place).collect::<Vec<_>>()})
        }
        Source::Default => json!({"kind": "default"}),
        Source::Provider => json!({"kind": "provider"}),
        Source::Catalog { version, date } => {
            json!({"kind": "catalogue", "version": version, "date": date})
        }
        Source::Follows(other) => json!({"kind": "follows", "key": other}),
        Source::Id => json!({"kind": "id"}),
        Source::Nobody => json!({"kind": "nobody"}),
    };
    let mut object = json!({
        "key": setting.field,
        "value": shown(&setting.value),
        "from": from,
    });
    if let Some(over) = &setting.over {
        object["over"] = place(over);
    }
    if let Some((state, why)) = key_state(setting, config) {
        object["state"] = json!(state);
        object["why"] = json!(why);
    }
    object
}
