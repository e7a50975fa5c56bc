//! What is shown is all of it, in the words of the files.

use std::path::Path;

use projections::yaml::Mapping;

use super::*;
use crate::config::tests::FULL;

fn explained(text: &str) -> Vec<Setting> {
    let file = Path::new("modulatio.yaml");
    let config = Config::parse(text, file).unwrap_or_else(|faults| panic!("{text}\n{faults}"));
    let written = Written::of(file, text.to_owned());
    Settings::new(written, None).all(&config, None)
}

fn setting<'a>(settings: &'a [Setting], field: &str) -> &'a Setting {
    let found = settings.iter().find(|setting| setting.field == field);
    found.unwrap_or_else(|| panic!("{field} is not shown"))
}

/// All that a file says, each with the field under which it is shown: lists of single values are shown whole.
fn said(here: &str, value: &Value, found: &mut Vec<String>) {
    let is_whole = [
        "leader",
        "planner",
        "qc",
        "disable",
        "allow",
        "headers",
        "reject_in",
        "outcomes",
        "kinds",
    ]
    .iter()
    .any(|key| here.ends_with(&format!(".{key}")));
    match value {
        _ if is_whole => found.push(here.to_owned()),
        Value::Mapping(entries) => {
            for (key, value) in entries {
                let key = key.as_str().expect("keys are text here");
                let dot = if here.is_empty() { "" } else { "." };
                said(&format!("{here}{dot}{key}"), value, found);
            }
        }
        Value::Sequence(items) => {
            for (index, value) in items.iter().enumerate() {
                said(&format!("{here}[{index}]"), value, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Tagged(_) => {
            found.push(here.to_owned());
        }
    }
}

/// A file that says what is shown.
fn as_file(settings: &[Setting]) -> String {
    let mut root = Value::Mapping(Mapping::new());
    for setting in settings {
        let is_hidden = setting.field.ends_with(".headers");
        if !is_hidden && !setting.value.is_null() && setting.value != "unknown" {
            let field = setting.field.replace('[', ".[");
            let parts: Vec<&str> = field.split('.').collect();
            put(&mut root, &parts, setting.value.clone());
        }
    }
    yaml::emit(&root)
}

fn put(node: &mut Value, parts: &[&str], value: Value) {
    let Some((first, rest)) = parts.split_first() else {
        *node = value;
        return;
    };
    if first.starts_with('[') {
        if !node.is_sequence() {
            *node = Value::Sequence(Vec::new());
        }
        let items = node.as_sequence_mut().unwrap();
        let index: usize = first[1..first.len() - 1].parse().unwrap();
        items.resize(items.len().max(index + 1), Value::Null);
        return put(&mut items[index], rest, value);
    }
    if !node.is_mapping() {
        *node = Value::Mapping(Mapping::new());
    }
    let entries = node.as_mapping_mut().unwrap();
    let entry = entries.entry((*first).into()).or_insert(Value::Null);
    put(entry, rest, value);
}

#[test]
fn whatever_a_file_says_is_shown_with_its_line() {
    let settings = explained(FULL);
    let mut fields = Vec::new();
    said("", &yaml::parse_value(FULL).unwrap(), &mut fields);
    assert!(fields.len() > 60, "{fields:?}");
    for field in fields {
        let line = yaml::line_of(FULL, &field).unwrap();
        let file = PathBuf::from("modulatio.yaml");
        let expected = Source::Written(vec![Place { file, line }]);
        assert_eq!(setting(&settings, &field).source, expected, "{field}");
    }
}

#[test]
fn what_is_shown_means_the_same_when_it_is_written_into_a_file() {
    for text in [
        FULL,
        "",
        "sandbox: off\n",
        "retry: {base: 1500ms}\n",
        "embedder: lexical\n",
    ] {
        let shown = explained(text);
        let again = explained(&as_file(&shown));
        let headers = |setting: &&Setting| !setting.field.ends_with(".headers");
        let values = |settings: &[Setting]| -> Vec<(String, Value)> {
            let settings = settings.iter().filter(headers);
            settings
                .map(|s| (s.field.clone(), s.value.clone()))
                .collect()
        };
        assert_eq!(values(&again), values(&shown));
    }
}

#[test]
fn what_may_be_secret_is_left_out() {
    let text = "models: {m: {provider: openai, model: m, base_url: \"https://x.example/v1?key=hunter2\", headers: {X-Word: hunter2}}}\n";
    let settings = explained(text);
    assert!(!format!("{settings:?}").contains("hunter2"), "{settings:?}");
    let address = &setting(&settings, "models.m.base_url").value;
    assert_eq!(*address, Value::from("https://x.example/v1"));
}

#[test]
fn a_key_without_a_value_says_nothing() {
    let settings = explained("defaults: {max_tokens: , max_redos: 1}\n");
    let tokens = setting(&settings, "defaults.max_tokens");
    assert_eq!(
        (&tokens.value, &tokens.source),
        (&Value::Null, &Source::Default)
    );
    let model = setting(&settings, "models.rehearsal.provider");
    assert_eq!(model.source, Source::Default);
}

#[test]
fn a_field_that_is_missing_has_the_line_of_what_it_would_stand_in() {
    let text = "# c\nteam:\n  planner: x\nmodels:\n  m:\n    provider: openai\n";
    let written = Written::of(Path::new("f"), text.to_owned());
    assert_eq!(written.line_near("team.leader"), Some(2));
    assert_eq!(written.line_near("models.m.price.input"), Some(5));
    assert_eq!(written.line_near("objective"), None);
}
