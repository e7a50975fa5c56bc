//! Temporary files that crashed writers left. One that holds an operator's text, swapped out in the instant of the crash,
//! is kept aside.

use std::{path::Path, time::Duration};

use super::{
    super::{Project, displaced::Displaced, put::rendering_of, regular::Lying},
    place,
};
use crate::error::Result;

/// A writer that lives finishes in milliseconds, or waits some seconds for an editor.
pub const LEFT_FOR_GOOD: Duration = Duration::from_secs(60);

/// Puts away what nobody has touched for so long.
pub fn sweep(project: &Project, age: Duration) {
    for dir in ["plans", "tickets"] {
        let entries = std::fs::read_dir(project.dir().join(dir))
            .into_iter()
            .flatten()
            .flatten();
        for entry in entries {
            let (path, name) = (entry.path(), entry.file_name());
            let name = name.to_string_lossy();
            let rest = name.strip_prefix('.');
            let Some((file, _)) = rest.and_then(|rest| rest.split_once(".tmp-")) else {
                continue;
            };
            let old = place::own_stat(&path)
                .is_some_and(|stat| stat.age_ns() >= i128::try_from(age.as_nanos()).unwrap_or(0));
            if old && let Err(error) = put_away(project, &path, file) {
                let why = error.told();
                tracing::warn!(file = %path.display(), "a leftover cannot be put away: {why}");
            }
        }
    }
}

fn put_away(project: &Project, temporary: &Path, file: &str) -> Result<()> {
    let leftover = Displaced::new(temporary.to_path_buf(), &temporary.with_file_name(file));
    let ours = match (leftover.lying()?, file.strip_suffix(".md")) {
        (Lying::Text(bytes), Some(stem)) => {
            bytes.is_empty() || rendering_of(stem, &bytes).is_some()
        }
        (Lying::Text(_), None) => true,
        (Lying::NoFile(_) | Lying::Nothing, _) => false,
    };
    if ours {
        return leftover.discard(project.disk());
    }
    let kept_as = leftover.keep(project.disk())?;
    tracing::warn!(file, kept_as, "what an interrupted writer left is kept");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{
        command::Command,
        vault::{Actor, Vault},
    };

    #[test]
    fn a_leftover_is_removed_if_it_is_ours_and_kept_if_it_is_an_operators() {
        let root = tempfile::tempdir().unwrap();
        let plans = root.path().join("ess/plans");
        fs::create_dir_all(&plans).unwrap();
        let vault = Vault::open(root.path()).unwrap();
        let project = vault.project(&"ESS".parse().unwrap()).unwrap();
        let text = root.path().join("plan.md");
        fs::write(&text, "### Sub-objectives\n\n**1. A** - b\n").unwrap();
        let (mut log, _) = project.add_plan(&text, &Actor::named("test")).unwrap();
        let (file, old) = (
            plans.join("ESS-P-001.md"),
            plans.join(".ESS-P-001.md.tmp-1-0"),
        );
        fs::copy(&file, &old).unwrap();
        let note = String::new();
        log.submit(&Command::Approve { note }, &Actor::named("test"))
            .unwrap();
        let edited = fs::read_to_string(&file).unwrap() + "mine";
        fs::write(plans.join(".ESS-P-001.md.tmp-1-1"), &edited).unwrap();
        fs::write(plans.join(".ESS-P-001.md.tmp-1-2"), "").unwrap();
        fs::write(plans.join(".ESS-P-001.usage.jsonl.tmp-1-3"), "half a li").unwrap();
        fs::create_dir(plans.join(".ESS-P-001.md.tmp-1-4")).unwrap();
        fs::copy(&file, plans.join(".ESS-P-002.md.tmp-1-5")).unwrap();

        sweep(&project, LEFT_FOR_GOOD);
        assert!(old.exists(), "its writer may live");
        sweep(&project, Duration::ZERO);
        let names = fs::read_dir(&plans)
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap());
        let (kept, others): (Vec<String>, Vec<String>) =
            names.partition(|name| name.contains(".rejected-"));
        assert!(
            !others.iter().any(|name| name.contains(".tmp-")),
            "{others:?}"
        );
        let texts = kept
            .iter()
            .map(|name| fs::read_to_string(plans.join(name)).ok());
        let mut texts: Vec<Option<String>> = texts.collect();
        texts.sort();
        let other_plans = fs::read_to_string(&file).unwrap();
        let mut expected = [None, Some(other_plans), Some(edited)];
        expected.sort();
        assert_eq!(texts, expected);
    }
}
