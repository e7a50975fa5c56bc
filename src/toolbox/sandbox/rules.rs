//! The policy as rules of Landlock, for this process and all that it starts.

use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetStatus, Scope,
};

use super::policy::{self, Orders};

/// Before it, files that may not be written to could be truncated.
const FILES: ABI = ABI::V3;

/// The first that bounds signals.
const SCOPES: ABI = ABI::V6;

/// Takes the rules on. Returns whether they bound signals too.
///
/// # Errors
/// Why they cannot be enforced; then nothing may be run.
pub(super) fn apply(orders: &Orders, languages: &[PathBuf]) -> Result<bool, String> {
    let (signals, rules) = match ruleset(true) {
        Ok(rules) => (true, rules),
        Err(_) => (false, ruleset(false)?),
    };
    let status = allow(rules, orders, languages)?
        .restrict_self()
        .map_err(|e| format!("Landlock cannot be enforced: {e}"))?;
    if status.ruleset != RulesetStatus::FullyEnforced || !status.no_new_privs {
        return Err("Landlock is enforced in part only, which is not enough".to_owned());
    }
    Ok(signals)
}

fn ruleset(signals: bool) -> Result<RulesetCreated, String> {
    let rules = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(FILES));
    let rules = match (rules, signals) {
        (Ok(rules), true) => rules.scope(Scope::from_all(SCOPES)),
        (rules, _) => rules,
    };
    rules.and_then(Ruleset::create).map_err(|e| {
        format!("this kernel has no Landlock, or too old a one (Linux 6.2 is the first that will do): {e}")
    })
}

fn allow(
    mut rules: RulesetCreated,
    orders: &Orders,
    languages: &[PathBuf],
) -> Result<RulesetCreated, String> {
    let run = AccessFs::from_read(FILES);
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let device = AccessFs::ReadFile | AccessFs::WriteFile;
    for path in policy::SYSTEM {
        rules = maybe(rules, path.as_ref(), run)?;
    }
    for path in policy::SETTINGS.iter().chain(&policy::MACHINE) {
        rules = maybe(rules, path.as_ref(), read)?;
    }
    for path in languages {
        rules = maybe(rules, path, read)?;
    }
    for path in policy::DEVICES {
        rules = maybe(rules, path.as_ref(), device)?;
    }
    for (path, writable) in policy::places(&orders.grounds) {
        rules = must(rules, &path, if writable { all() } else { run })?;
    }
    must(rules, &orders.scratch, all())
}

/// Everything but devices.
fn all() -> BitFlags<AccessFs> {
    AccessFs::from_all(FILES) & !(AccessFs::MakeChar | AccessFs::MakeBlock)
}

/// What is not there needs no rule.
fn maybe(
    rules: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, String> {
    if path.exists() {
        must(rules, path, access)
    } else {
        Ok(rules)
    }
}

fn must(
    rules: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, String> {
    let access = if path.is_dir() {
        access
    } else {
        access & AccessFs::from_file(FILES)
    };
    let place = PathFd::new(path).map_err(|e| format!("{}: {e}", path.display()))?;
    rules
        .add_rule(PathBeneath::new(place, access))
        .map_err(|e| format!("Landlock takes no rule for {}: {e}", path.display()))
}
