//! `modulatio init DIR`.

use std::path::Path;

use serde_json::json;

use super::output;
use crate::{
    error::Result,
    vault::{CONFIG_FILE, Vault},
};

/// A configuration that says all that can be said, in comments.
pub(super) const TEMPLATE: &str = include_str!("modulatio.yaml");

pub(super) fn run(dir: &Path, json: bool) -> Result<()> {
    let vault = Vault::init(dir, TEMPLATE)?;
    let root = vault.root();
    let object = json!({"vault": root, "made": CONFIG_FILE});
    output::done(json, &root.display().to_string(), &object);
    output::tell(&format!(
        "made {CONFIG_FILE}; next: modulatio --vault {} project add CODE --objective \"…\"",
        dir.display()
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::TEMPLATE;
    use crate::config::Config;

    /// The template with the lines uncommented that `begin` says.
    fn uncommented(begin: impl Fn(&str) -> bool) -> String {
        let mut on = false;
        let line = |line: &str| {
            on |= begin(line);
            let bare = line.strip_prefix("# ").or(line.strip_prefix('#'));
            if on { bare.unwrap_or(line) } else { line }.to_owned() + "\n"
        };
        TEMPLATE.lines().map(line).collect()
    }

    #[test]
    fn what_the_template_proposes_can_be_used_as_it_stands() {
        let file = Path::new("modulatio.yaml");
        Config::parse(TEMPLATE, file).unwrap();
        let all = uncommented(|line| line == "# models:");
        let config = Config::parse(&all, file).unwrap();
        assert_eq!(config.team.leader.fallbacks, ["main"]);
        assert!(config.daily.max_cost_micro_usd.is_some());
        let short: String = TEMPLATE
            .lines()
            .map(|line| {
                line.strip_prefix("# team: {")
                    .map_or(line.to_owned(), |t| format!("team: {{{t}"))
                    + "\n"
            })
            .collect();
        let config = Config::parse(&short, file).unwrap();
        let label = "openrouter/anthropic/claude-haiku-4.5";
        assert_eq!(config.models[label].label, label);
        assert!(config.models[label].price.is_some(), "its price is known");
    }
}
