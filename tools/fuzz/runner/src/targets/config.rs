//! `modulatio.yaml` and `project.yaml`.

use std::path::Path;

use modulatio::config::{Config, ProjectConfig};
use projections::yaml;

use super::text;

pub(crate) const WORDS: &[&str] = &[
    "models:\n",
    "team: {leader: a}\n",
    "{provider: openai, model: m, base_url: \"http://h/v1\", price: free}\n",
    "provider: anthropic",
    "provider: rehearsal",
    "daemon: {tick_seconds: 1}\n",
    "caps: {max_tokens: 1, max_cost_usd: 0.000001}\n",
    "daily: ",
    "retry: {base: 10ms, max: 1d, wall: 99999999999d}\n",
    "breaker: ",
    "memory: ",
    "embedder: ",
    "tools: {shell: {network: on}}\n",
    "objective: ",
    "folders: ",
    "timezone: Europe/Berlin\n",
    "\u{c}",
    "&a ",
    "*a",
    "<<: *a",
    "[",
    "{",
    "18446744073709551616",
    "-1",
    "1e309",
    ".nan",
    "~",
];

/// Reads the text as a vault's configuration, as a project's, and, where a form feed divides it, as both together.
pub fn config(bytes: &[u8]) {
    let text = text(bytes);
    let (vault, project) = text.split_once('\u{c}').unwrap_or((&text, &text));
    if yaml::parse_value(vault).is_ok() {
        let _ = yaml::line_of(vault, "models.a.provider");
    }
    let vault = Config::parse(vault, Path::new("modulatio.yaml"));
    let project = ProjectConfig::parse(project, Path::new("project.yaml"));
    if let Err(faults) = &vault {
        assert!(!faults.to_string().is_empty(), "a fault without a word");
    }
    if let (Ok(vault), Ok(project)) = (vault, project) {
        let _ = vault.model("a");
        let _ = vault.for_project(&project);
    }
}
