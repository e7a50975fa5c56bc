//! The ways by which the program reads a journal, each called in this process on a copy of the sample.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use journal::{Damage, LogName};
use modulatio::{
    error::Error,
    vault::{
        PlanLog, Project, Vault,
        audit::{self, Verdict},
        replay::{self, Until},
        scan::Scanner,
    },
};
use modulatio_tools::audit as tools;
use projections::ids::PlanId;
use tempfile::TempDir;

use super::{
    expected::{Expected, Harm, Place},
    sample::{OTHER, PLAN, Sample, WAITING, file_of, journal_of},
};
use crate::Figures;

/// A copy of the sample, one plan of which is harmed again and again.
pub(super) struct Bench<'a> {
    pub(super) sample: &'a Sample,
    _dir: TempDir,
    pub(super) root: PathBuf,
    pub(super) vault: Vault,
    pub(super) project: Project,
    pub(super) id: PlanId,
    pub(super) journal: PathBuf,
    /// The plan's file, as it was rendered.
    pub(super) file: Vec<u8>,
    looks: u64,
}

/// What a way of reading found; `None` when it is as expected.
type Wrong = Option<String>;

/// Looks between two at the other plans: they lie in files of their own.
const SELDOM: u64 = 50;

impl<'a> Bench<'a> {
    pub(super) fn on(sample: &'a Sample) -> Result<Self, String> {
        let (dir, root) = sample.copy()?;
        let vault = Vault::open(&root).map_err(|e| e.told())?;
        let id: PlanId = PLAN.parse().map_err(|e| format!("{e}"))?;
        let project = vault.project_of(&id).map_err(|e| e.told())?;
        let file = fs::read(file_of(&root, PLAN)).map_err(|e| e.to_string())?;
        Ok(Self {
            sample,
            journal: journal_of(&root, PLAN),
            _dir: dir,
            root,
            vault,
            project,
            id,
            file,
            looks: 0,
        })
    }

    /// Puts the sample's journal and file back, and takes away what was moved aside.
    pub(super) fn restore(&self) -> std::io::Result<()> {
        remove(&self.journal);
        fs::write(&self.journal, &self.sample.journal)?;
        fs::write(file_of(&self.root, PLAN), &self.file)?;
        for path in self.aside() {
            remove(&path);
        }
        Ok(())
    }

    /// What was moved aside of this plan.
    pub(super) fn aside(&self) -> Vec<PathBuf> {
        let names = fs::read_dir(self.root.join("ess/plans"))
            .into_iter()
            .flatten();
        let paths = names.flatten().map(|entry| entry.path());
        let is_aside = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(PLAN) && (name.contains(".torn-") || name.contains(".rejected-"))
        };
        paths.filter(is_aside).collect()
    }

    /// That the sample is whole by every way, before and after all.
    pub(super) fn is_whole(&mut self, figures: &mut Figures) {
        if let Err(error) = self.restore() {
            figures.broken(format!("the bench cannot be restored: {error}"));
        }
        for plan in [PLAN, WAITING, OTHER] {
            let verdict = audit::verify(&self.project, &id(plan), None);
            if !matches!(&verdict, Verdict::Whole { notes, .. } if notes.is_empty()) {
                figures.broken(format!("{plan} is not whole without any harm: {verdict:?}"));
            }
        }
        match replay::check(&self.project, &self.id) {
            Ok(differences) if differences.is_empty() => {}
            other => figures.broken(format!("without any harm, replay --check says {other:?}")),
        }
    }

    /// Shows a harmed journal to every way of reading, and tells what was not found as it must be.
    pub(super) fn show(&mut self, count: &'static str, harm: &Harm, figures: &mut Figures) {
        figures.add(count, 1);
        if let Err(error) = fs::write(&self.journal, &harm.bytes) {
            return figures.broken(format!("{}: the lab cannot write it: {error}", harm.what));
        }
        let looked = catch_unwind(AssertUnwindSafe(|| self.look(harm)));
        let wrong = looked.unwrap_or_else(|_| vec!["a panic".to_owned()]);
        for wrong in wrong {
            figures.broken(format!("{}: {wrong}", harm.what));
        }
        self.looks += 1;
        if self.looks.is_multiple_of(SELDOM) {
            self.others(&harm.what, figures);
        }
    }

    /// The other plans are whole and can be opened to be run.
    pub(super) fn others(&self, what: &str, figures: &mut Figures) {
        for plan in [WAITING, OTHER] {
            figures.add("looks at other plans", 1);
            let verdict = audit::verify(&self.project, &id(plan), None);
            let opened = PlanLog::open(&self.project, &id(plan));
            if !matches!(verdict, Verdict::Whole { .. }) || opened.is_err() {
                figures.broken(format!("{what}: {plan} suffers from it: {verdict:?}"));
            }
        }
    }

    fn look(&self, harm: &Harm) -> Vec<String> {
        // What opens a journal to write may mend it: last.
        let mut wrong: Vec<String> = [
            self.verdict(&harm.expected),
            self.reading(&harm.expected),
            self.projections(&harm.expected),
            self.tool(&harm.expected),
            self.scan(&harm.expected),
        ]
        .into_iter()
        .flatten()
        .collect();
        if fs::read(&self.journal).ok().as_deref() != Some(&harm.bytes) {
            wrong.push("looking at it changed it".to_owned());
        }
        wrong.extend(self.claim(harm));
        wrong
    }

    /// As `modulatio audit verify` judges.
    fn verdict(&self, expected: &Expected) -> Wrong {
        let verdict = audit::verify(&self.project, &self.id, None);
        let fits = match (expected, &verdict) {
            (Expected::Damaged(place), Verdict::Damaged { why }) => {
                why.contains(&place.told())
                    && place
                        .kinds
                        .iter()
                        .any(|kind| why.contains(&kind.to_string()))
            }
            (
                Expected::Torn { frames, bytes },
                Verdict::Whole {
                    frames: n, notes, ..
                },
            ) => {
                let note = format!("{bytes} byte(s) of an unfinished frame");
                n == frames && notes.iter().any(|told| told.starts_with(&note))
            }
            (Expected::Unseen { frames }, Verdict::Whole { frames: n, .. }) => n == frames,
            _ => false,
        };
        (!fits).then(|| format!("audit verify says {verdict:?}, not {expected:?}"))
    }

    /// As `modulatio replay` and `plan show` read.
    fn reading(&self, expected: &Expected) -> Wrong {
        let mut seen = None;
        let read = replay::read(&self.project, &self.id, Until::Tail, &mut |_, entry, _| {
            seen = Some(entry.mark.anchor.seq);
        });
        let read = match read {
            Ok(read) => read,
            Err(error) => return Some(format!("replay cannot begin: {}", error.told())),
        };
        let frames = seen.map_or(0, |seq| seq + 1);
        let fits = match (expected, &read.fault) {
            // An anchor that is missed is only seen at the end; what is before it was shown.
            (Expected::Damaged(place), Some(fault)) => {
                damage(fault).is_some_and(|found| place.is(found)) && frames == place.seq
            }
            (Expected::Torn { frames: n, bytes }, None) => {
                frames == *n && read.torn.as_ref().map(|torn| torn.bytes) == Some(*bytes)
            }
            (Expected::Unseen { frames: n }, None) => frames == *n && read.torn.is_none(),
            _ => false,
        };
        (!fits).then(|| {
            let (fault, torn) = (read.fault.map(|fault| fault.told()), read.torn);
            format!("replay reads {frames} frames, {fault:?}, {torn:?}, not {expected:?}")
        })
    }

    /// As `modulatio replay --check` compares.
    fn projections(&self, expected: &Expected) -> Wrong {
        let checked = replay::check(&self.project, &self.id);
        match (expected, checked) {
            (Expected::Damaged(place), Err(error)) => {
                let fits = damage(&error).is_some_and(|found| place.is(found));
                (!fits).then(|| format!("replay --check says {}", error.told()))
            }
            (Expected::Damaged(_), Ok(found)) => Some(format!(
                "replay --check passes over the damage and says {found:?}"
            )),
            (Expected::Torn { .. } | Expected::Unseen { .. }, Ok(_)) => None,
            (Expected::Torn { .. } | Expected::Unseen { .. }, Err(error)) => {
                Some(format!("replay --check says {}", error.told()))
            }
        }
    }

    /// As `modulatio-audit` inspects, which knows no anchor.
    fn tool(&self, expected: &Expected) -> Wrong {
        let target = tools::Target {
            path: self.journal.clone(),
            name: LogName::parse(PLAN).expect("a plan's name"),
        };
        let _ = tools::dump(&target, 0, u64::MAX, &mut |line| drop(line.text()));
        let state = tools::state(&target, tools::Until::Tail);
        let verdict = match tools::verify(&target) {
            Ok(verdict) => verdict,
            Err(error) => return Some(format!("modulatio-audit verify: {error}")),
        };
        let fits = match (expected, verdict.damage()) {
            (Expected::Damaged(place), found) if place.is_told_by_the_anchor() => {
                found.is_none_or(|found| (found.seq, found.offset) == (place.seq, place.offset))
            }
            (Expected::Damaged(place), found) => found.is_some_and(|found| place.is(found)),
            (Expected::Torn { .. } | Expected::Unseen { .. }, found) => found.is_none(),
        };
        match state {
            Ok(_) if fits => None,
            Ok(_) => Some(format!(
                "modulatio-audit verify says {verdict}, not {expected:?}"
            )),
            Err(error) => Some(format!("modulatio-audit state: {error}")),
        }
    }

    /// As a daemon's tick looks: a damaged plan is never offered to a runner.
    fn scan(&self, expected: &Expected) -> Wrong {
        // Without damage it would be mended and rendered as it stands: opening it, below, tells more.
        if !matches!(expected, Expected::Damaged(_)) {
            return None;
        }
        let found = match Scanner::new(None).scan(&self.vault) {
            Ok(found) => found,
            Err(error) => return Some(format!("the scan ends: {}", error.told())),
        };
        let others = [WAITING, OTHER].map(id);
        (found.runnable != others).then(|| format!("the scan offers {:?}", found.runnable))
    }

    /// As a runner claims and a command changes: opened to be written.
    fn claim(&self, harm: &Harm) -> Wrong {
        let opened = PlanLog::open(&self.project, &self.id);
        let now = fs::read(&self.journal).unwrap_or_default();
        let aside = self.aside();
        match (&harm.expected, opened) {
            (Expected::Damaged(place), Err(error)) => {
                let named = damage(&error).is_some_and(|found| place.is(found));
                if !named {
                    Some(format!("opening it says {}", error.told()))
                } else if now != harm.bytes || !aside.is_empty() {
                    Some("opening it wrote to it".to_owned())
                } else {
                    None
                }
            }
            (Expected::Damaged(_), Ok(_)) => Some("it can be opened to be written".to_owned()),
            (Expected::Torn { bytes, .. }, Ok(_)) => {
                let cut = harm.bytes.len() - usize::try_from(*bytes).unwrap_or(usize::MAX);
                let kept = aside.first().and_then(|path| fs::read(path).ok());
                let fits = now == harm.bytes[..cut]
                    && aside.len() == 1
                    && kept.as_deref() == Some(&harm.bytes[cut..]);
                aside.iter().for_each(|path| remove(path));
                (!fits).then(|| "a torn tail is not kept aside as it was".to_owned())
            }
            (Expected::Unseen { .. }, Ok(_)) => {
                (now != harm.bytes).then(|| "opening it changed it".to_owned())
            }
            (Expected::Torn { .. } | Expected::Unseen { .. }, Err(error)) => {
                Some(format!("opening it says {}", error.told()))
            }
        }
    }
}

impl Place {
    /// The frames that are there are whole: who knows no anchor sees at most that the last of them is unfinished.
    fn is_told_by_the_anchor(&self) -> bool {
        self.kinds.contains(&journal::DamageKind::AnchorBeyondTail)
    }
}

fn damage(error: &Error) -> Option<&Damage> {
    match error {
        Error::Journal(error) => error.damage(),
        _ => None,
    }
}

pub(super) fn id(plan: &str) -> PlanId {
    plan.parse().expect("a plan's id")
}

/// Removes what stands there, whatever it is.
pub(super) fn remove(path: &Path) {
    let _ = fs::remove_file(path).or_else(|_| fs::remove_dir_all(path));
}
