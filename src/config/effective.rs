//! What holds in the end, setting by setting, and which line of which file says so.
//!
//! ```text
//!  modulatio.yaml ─┬─parse─▶ Config ──┐
//!                  └─as written────┐  ├─▶ Settings ─▶ one `Setting` a key: value, source, what it overrides
//!  project.yaml ───┬─as written────┘  │
//!                  └─parse─▶ for_project
//! ```
//!
//! Values that may hold what nobody else should see are left out here, so that no view can show them: of an address its
//! query, of a header all but its name. Keys never come this far.

mod memory;
mod models;
mod sections;
mod team;

use std::path::{Path, PathBuf};

use projections::yaml::{self, Value};

use super::{Config, Error, PROJECT_FILE, ProjectConfig, VAULT_FILE, load::read};

/// What stands for a value that may be a secret.
const UNSHOWN: &str = "(not shown)";

/// One setting as it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The key as the files spell it, dotted: `models.main.timeout`, `team.producers[0].name`.
    pub field: String,
    /// The value as the files spell it; null where there is none, such as a cap that is not set.
    pub value: Value,
    /// Who says so.
    pub source: Source,
    /// Where the vault says otherwise, if a project's file overrides it.
    pub over: Option<Place>,
}

/// Where something is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, from the vault's directory.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
}

/// Who says what holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file; several where what they say adds up.
    Written(Vec<Place>),
    /// The program's own default.
    Default,
    /// What the provider is: its address, its customary variable, what it understands and charges.
    Provider,
    /// The catalogue that the program ships.
    Catalog {
        /// The version of its source.
        version: &'static str,
        /// The day on which it was read.
        date: &'static str,
    },
    /// Another setting, which this one goes by where nobody says otherwise.
    Follows(&'static str),
    /// The id by which the team names the model.
    Id,
    /// Nobody.
    Nobody,
}

/// A configuration with each of its settings explained.
#[derive(Clone, Debug)]
pub struct Effective {
    /// What holds.
    pub config: Config,
    /// The settings, in the order of the files' sections.
    pub settings: Vec<Setting>,
}

/// Explains what holds in a vault, or in the project in that directory of it.
///
/// # Errors
/// As [`load`](super::load) and [`load_for_project`](super::load_for_project).
pub fn effective(vault: &Path, project: Option<&str>) -> Result<Effective, Error> {
    let text = read(&vault.join(VAULT_FILE))?.unwrap_or_default();
    let file = Path::new(VAULT_FILE);
    let config = Config::parse(&text, file)?;
    let written = Written::of(file, text);
    let Some(directory) = project else {
        let settings = Settings::new(written, None).all(&config, None);
        return Ok(Effective { config, settings });
    };
    let file = Path::new(directory).join(PROJECT_FILE);
    let Some(text) = read(&vault.join(&file))? else {
        let settings = Settings::new(written, None).all(&config, None);
        return Ok(Effective { config, settings });
    };
    let own = ProjectConfig::parse(&text, &file)?;
    let config = config.for_project(&own)?;
    let settings = Settings::new(written, Some(Written::of(&file, text)));
    let settings = settings.all(&config, Some(&own));
    Ok(Effective { config, settings })
}

/// A file as it is written.
pub(super) struct Written {
    file: PathBuf,
    text: String,
    value: Value,
}

impl Written {
    /// The text was read before; one that is not YAML says nothing.
    pub(super) fn of(file: &Path, text: String) -> Self {
        Self {
            file: file.to_owned(),
            value: yaml::parse_value(&text).unwrap_or(Value::Null),
            text,
        }
    }

    /// What stands at a field; a key without a value counts as absent.
    pub(super) fn value(&self, field: &str) -> Option<&Value> {
        below(&self.value, "", field).filter(|value| !value.is_null())
    }

    fn place(&self, field: &str) -> Option<Place> {
        self.value(field)?;
        Some(Place {
            file: self.file.clone(),
            line: yaml::line_of(&self.text, field)?,
        })
    }

    /// The line of a field, or of the nearest that it would stand in.
    pub(super) fn line_near(&self, field: &str) -> Option<usize> {
        let mut field = field;
        loop {
            if let Some(line) = yaml::line_of(&self.text, field).filter(|_| !field.is_empty()) {
                return Some(line);
            }
            field = &field[..field.rfind(['.', '['])?];
        }
    }
}

/// The value at `field`, on a walk that has come to `here`.
fn below<'a>(value: &'a Value, here: &str, field: &str) -> Option<&'a Value> {
    if here == field {
        return Some(value);
    }
    let rest = field.strip_prefix(here)?;
    if !here.is_empty() && !rest.starts_with(['.', '[']) {
        return None;
    }
    let key = |key: &Value| match key.as_str() {
        Some(text) => text.to_owned(),
        None => yaml::flow(key),
    };
    match value {
        Value::Mapping(entries) => entries.iter().find_map(|(k, value)| match here {
            "" => below(value, &key(k), field),
            _ => below(value, &format!("{here}.{}", key(k)), field),
        }),
        Value::Sequence(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(index, value)| below(value, &format!("{here}[{index}]"), field))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Tagged(_) => {
            None
        }
    }
}

/// Whose word a setting is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// The vault's alone.
    Vault,
    /// The project's alone.
    Project,
    /// The project's, else the vault's.
    Either,
}

/// Settings as they are gathered.
struct Settings {
    vault: Written,
    project: Option<Written>,
    found: Vec<Setting>,
}

impl Settings {
    fn new(vault: Written, project: Option<Written>) -> Self {
        Self {
            vault,
            project,
            found: Vec::new(),
        }
    }

    fn all(mut self, config: &Config, own: Option<&ProjectConfig>) -> Vec<Setting> {
        if let Some(own) = own {
            self.project(own);
        }
        self.models(config);
        self.team(config);
        self.sections(config);
        self.found
    }

    fn written_by_project(&self, field: &str) -> Option<Place> {
        self.project.as_ref()?.place(field)
    }

    /// Notes a setting; `unless` is who says so where no file does.
    fn note(&mut self, scope: Scope, field: &str, value: impl Into<Value>, unless: Source) {
        let vault = (scope != Scope::Project).then(|| self.vault.place(field));
        let project = (scope != Scope::Vault).then(|| self.written_by_project(field));
        let (vault, project) = (vault.flatten(), project.flatten());
        let (from, over) = match project {
            Some(project) => (Some(project), vault),
            None => (vault, None),
        };
        self.push(
            field,
            value.into(),
            from.map_or(unless, |p| Source::Written(vec![p])),
            over,
        );
    }

    fn push(&mut self, field: &str, value: Value, source: Source, over: Option<Place>) {
        self.found.push(Setting {
            field: field.to_owned(),
            value,
            source,
            over,
        });
    }
}

/// Micro-dollars as the files write dollars.
fn dollars(micros: u64) -> Value {
    const MICROS: u64 = 1_000_000;
    if micros.is_multiple_of(MICROS) {
        return (micros / MICROS).into();
    }
    // At most fifteen digits, so the float's shortest text is these dollars.
    #[expect(
        clippy::cast_precision_loss,
        reason = "amounts are below 2^53 micro-dollars"
    )]
    let float = micros as f64 / 1e6;
    float.into()
}

/// A list, or nothing: the files know no empty one.
fn list<T: Into<Value>>(items: impl IntoIterator<Item = T>) -> Value {
    let items: Vec<Value> = items.into_iter().map(Into::into).collect();
    match items.is_empty() {
        true => Value::Null,
        false => items.into(),
    }
}

fn maybe<T: Into<Value>>(value: Option<T>) -> Value {
    value.map_or(Value::Null, Into::into)
}

#[cfg(test)]
mod tests;
