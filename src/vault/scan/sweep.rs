//! Temporary files that crashed writers left. One that holds an operator's text, swapped out in the instant of the crash,
//! is kept aside.

use std::{
    fs::DirEntry,
    path::{Path, PathBuf},
    time::Duration,
};

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
        for (path, file) in leftovers(&project.dir().join(dir), age) {
            tell(&path, put_away(project, &path, &file));
        }
    }
    for dir in entries(&project.dir().join("runs")).flat_map(|run| places_of(&run.path())) {
        for (path, file) in leftovers(&dir, age) {
            let leftover = Displaced::new(path.clone(), &dir.join(file));
            tell(&path, leftover.dispose(project.disk()));
        }
    }
}

/// A run's directory and those in it into which only the program writes: nobody edits what stands there. What agents
/// make has a place of its own and names of its own.
fn places_of(run: &Path) -> Vec<PathBuf> {
    let is_dir = |path: &PathBuf| path.symlink_metadata().is_ok_and(|meta| meta.is_dir());
    let within = ["attachments", "checkpoints", "tool_calls"];
    let within = within.into_iter().map(|name| run.join(name));
    let mut places: Vec<PathBuf> = within.chain([run.to_path_buf()]).collect();
    places.retain(is_dir);
    places
}

fn entries(dir: &Path) -> impl Iterator<Item = DirEntry> {
    std::fs::read_dir(dir).into_iter().flatten().flatten()
}

/// Temporary files of this age in a directory, each with the name of the file that it was for.
fn leftovers(dir: &Path, age: Duration) -> Vec<(PathBuf, String)> {
    let of_age = |path: &Path| {
        let age = i128::try_from(age.as_nanos()).unwrap_or(0);
        place::own_stat(path).is_some_and(|stat| stat.age_ns() >= age)
    };
    let found = entries(dir).filter_map(|entry| {
        let name = entry.file_name();
        let (file, _) = name.to_str()?.strip_prefix('.')?.split_once(".tmp-")?;
        of_age(&entry.path()).then(|| (entry.path(), file.to_owned()))
    });
    found.collect()
}

fn tell(leftover: &Path, done: Result<()>) {
    if let Err(error) = done {
        let why = error.told();
        tracing::warn!(file = %leftover.display(), "a leftover cannot be put away: {why}");
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

    #[test]
    fn leftovers_in_a_run_are_removed_and_what_agents_made_stays() {
        let root = tempfile::tempdir().unwrap();
        let run = root.path().join("ess/runs/ESS-P-001");
        for dir in ["tool_calls", "checkpoints", "artifacts"] {
            fs::create_dir_all(run.join(dir)).unwrap();
        }
        fs::create_dir(root.path().join("ess/plans")).unwrap();
        let ours = [
            ".audit.jsonl.tmp-1-0",
            ".current_state.md.tmp-1-1",
            "tool_calls/.s1-t1.jsonl.tmp-1-2",
            "checkpoints/.c0001-s1-plan.tmp-1",
        ];
        let theirs = ["artifacts/.mine.tmp-1-0", "audit.jsonl", "notes.tmp-1-0"];
        for file in ours.iter().chain(&theirs) {
            fs::write(run.join(file), "text").unwrap();
        }
        let vault = Vault::open(root.path()).unwrap();
        let project = vault.project(&"ESS".parse().unwrap()).unwrap();
        let there = |files: &[&str]| files.iter().filter(|f| run.join(f).exists()).count();

        sweep(&project, LEFT_FOR_GOOD);
        assert_eq!(there(&ours), ours.len(), "their writers may live");
        sweep(&project, Duration::ZERO);
        assert_eq!((there(&ours), there(&theirs)), (0, theirs.len()));
    }
}
