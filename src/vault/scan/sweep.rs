//! Temporary files that crashed writers left. One that holds an operator's text, swapped out in the instant of the crash,
//! is kept aside.

use std::{
    fs::DirEntry,
    path::{Path, PathBuf},
    time::Duration,
};

use journal::Disk;
use projections::schedule::FILE;

use super::{
    super::{
        Project, Vault, displaced::Displaced, import::IMPORTED, put::rendering_of, regular::Lying,
        schedule,
    },
    place,
};
use crate::error::Result;

/// A writer that lives finishes in milliseconds, or waits some seconds for an editor.
pub const LEFT_FOR_GOOD: Duration = Duration::from_secs(60);

/// Puts away what nobody has touched for so long, of the vault itself and of its projects.
pub fn sweep(vault: &Vault, age: Duration) {
    let shown = leftovers(vault.root(), age);
    for (path, file) in shown.into_iter().filter(|(_, file)| file == FILE) {
        tell(&path, of_schedule(vault, &path, &file));
    }
    let disk = &**vault.disk();
    let own = vault.own_dir();
    dispose(disk, &own, age, journal::is_unfinished);
    dispose(disk, &own.join(IMPORTED), age, is_being_written);
    // A vault that cannot be listed is told by the scan.
    let projects = vault.projects().map(|(projects, _)| projects);
    let projects = projects.unwrap_or_default();
    projects.iter().for_each(|project| of_project(project, age));
}

fn of_schedule(vault: &Vault, path: &Path, file: &str) -> Result<()> {
    let (disk, place) = (&**vault.disk(), vault.root().join(file));
    let leftover = Displaced::new(path.to_path_buf(), &place);
    match leftover.lying()? {
        // Its writer had not begun with it.
        Lying::Text(text) if text.is_empty() => leftover.discard(disk),
        Lying::Text(_) | Lying::NoFile(_) | Lying::Nothing => schedule::put_away(disk, leftover),
    }
}

fn of_project(project: &Project, age: Duration) {
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
    let dispose =
        |dir: &str, is_ours| dispose(project.disk(), &project.dir().join(dir), age, is_ours);
    ["plans", "blobs"]
        .iter()
        .for_each(|dir| dispose(dir, journal::is_unfinished));
    ["qc-history", "team-memory", "runs"]
        .iter()
        .for_each(|dir| dispose(dir, is_unfinished));
}

/// Removes files of this age, by their names, in a directory and all below it.
fn dispose(disk: &dyn Disk, top: &Path, age: Duration, is_ours: fn(&str) -> bool) {
    let dirs = tree(top);
    let found = dirs.iter().flat_map(|dir| entries(dir));
    let ours = found.filter(|entry| entry.file_name().to_str().is_some_and(is_ours));
    for path in ours.map(|entry| entry.path()) {
        if is_of_age(&path, age) {
            tell(&path, Displaced::new(path.clone(), &path).dispose(disk));
        }
    }
}

/// As deep as notes and artifacts may lie.
const DEEPEST: usize = 16;

/// A directory and all below it; links are not followed.
fn tree(top: &Path) -> Vec<PathBuf> {
    let is_dir = |entry: &DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
    let mut all = vec![top.to_path_buf()];
    let mut level = all.clone();
    for _ in 0..DEEPEST {
        let below = level.iter().flat_map(|dir| entries(dir).filter(is_dir));
        level = below.map(|entry| entry.path()).collect();
        all.extend(level.iter().cloned());
    }
    all
}

/// Where only the program writes, `.NAME.tmp-PID-N`.
fn is_being_written(name: &str) -> bool {
    let temporary = name
        .strip_prefix('.')
        .and_then(|name| name.rsplit_once(".tmp-"));
    temporary.is_some_and(|(_, numbers)| is_numbered(numbers))
}

/// `PID-N`.
fn is_numbered(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.split_once('-')
        .is_some_and(|(pid, count)| digits(pid) && digits(count))
}

/// Where people and agents have their files too, the very names that writers give to what they have not finished:
/// `.NAME.tmp-PID-N` of a note, which nobody has ever seen, `.modulatio-PID-N.tmp` of an artifact.
fn is_unfinished(name: &str) -> bool {
    let note = name
        .strip_prefix('.')
        .and_then(|name| name.rsplit_once(".md.tmp-"));
    let artifact = name
        .strip_prefix(".modulatio-")
        .and_then(|name| name.strip_suffix(".tmp"));
    note.map(|(_, rest)| rest)
        .or(artifact)
        .is_some_and(is_numbered)
}

fn is_of_age(path: &Path, age: Duration) -> bool {
    let age = i128::try_from(age.as_nanos()).unwrap_or(0);
    place::own_stat(path).is_some_and(|stat| stat.age_ns() >= age)
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
    let found = entries(dir).filter_map(|entry| {
        let name = entry.file_name();
        let (file, _) = name.to_str()?.strip_prefix('.')?.split_once(".tmp-")?;
        is_of_age(&entry.path(), age).then(|| (entry.path(), file.to_owned()))
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

        sweep(&vault, LEFT_FOR_GOOD);
        assert!(old.exists(), "its writer may live");
        sweep(&vault, Duration::ZERO);
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
        let there = |files: &[&str]| files.iter().filter(|f| run.join(f).exists()).count();

        sweep(&vault, LEFT_FOR_GOOD);
        assert_eq!(there(&ours), ours.len(), "their writers may live");
        sweep(&vault, Duration::ZERO);
        assert_eq!((there(&ours), there(&theirs)), (0, theirs.len()));
    }

    #[test]
    fn what_writers_had_not_finished_goes_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("ess/plans")).unwrap();
        let vault = Vault::open(root.path()).unwrap();
        let project = root.path().join("ess");
        let gone = [
            "qc-history/document/.ESS-P-001-s1-t1-1.md.tmp-12-3",
            "team-memory/_proposals/.ESS-P-001-m1.md.tmp-7-0",
            "runs/ESS-P-001/artifacts/deep/.modulatio-12-3.tmp",
            "plans/ESS-P-009.journal.new",
            "blobs/0a/.draft-12-3",
            "../.modulatio/cron/schedule.journal.new",
            "../.modulatio/imported/ess/plans/.ESS-PLAN-002.md.tmp-21335-2",
        ];
        let stay = [
            "qc-history/document/ESS-P-001-s1-t1-1.md",
            "team-memory/.mine.md.tmp-old",
            "team-memory/.a.md.tmp-1-x",
            "runs/ESS-P-001/artifacts/.modulatio-notes.tmp",
            "runs/ESS-P-001/artifacts/a.tmp",
            "runs/ESS-P-001/artifacts/a.journal.new",
            "runs/ESS-P-001/artifacts/.draft-1-2",
            "plans/my notes.journal.new",
            "blobs/0a/.draft-mine",
            "../.mine.tmp-1-0",
            "../.modulatio/imported/ess/plans/ESS-PLAN-002.md",
        ];
        for name in gone.iter().chain(&stay) {
            let path = project.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "half").unwrap();
        }
        let left = |names: &[&str]| {
            let there = names.iter().filter(|name| project.join(name).exists());
            there.count()
        };
        sweep(&vault, LEFT_FOR_GOOD);
        assert_eq!(left(&gone), gone.len(), "their writers may live");
        sweep(&vault, Duration::ZERO);
        assert_eq!((left(&gone), left(&stay)), (0, stay.len()));
    }

    #[test]
    fn a_leftover_of_the_schedule_goes_unless_a_person_wrote_it() {
        let root = tempfile::tempdir().unwrap();
        let vault = Vault::open(root.path()).unwrap();
        let left = |n: u32| root.path().join(format!(".cron.yaml.tmp-1-{n}"));
        fs::write(left(0), "").unwrap();
        fs::write(left(1), "jobs: mine\n").unwrap();
        sweep(&vault, LEFT_FOR_GOOD);
        assert!(left(0).exists() && left(1).exists());
        sweep(&vault, Duration::ZERO);
        assert!(!left(0).exists() && !left(1).exists());
        let kept = entries(root.path()).map(|entry| fs::read_to_string(entry.path()).ok());
        assert_eq!(kept.collect::<Vec<_>>(), [Some("jobs: mine\n".to_owned())]);
    }
}
