//! Plans that cannot be run. All come before the good ones in the order in which plans are tried.

use std::{
    fs::{self, File},
    path::Path,
};

use crate::{
    Figures,
    ground::{Yard, hold},
};

const TEXT: &str =
    "## Essay\n\n### Sub-objectives\n\n**1. Essay 1** — write it.\n- Files: essay1.md\n";

/// What keeps a plan from being run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Obstacle {
    /// Its project's configuration names a model that nobody has configured.
    Configuration,
    /// One byte in the middle of its journal is another one.
    Damage,
    /// A directory stands in the place of its lease file: that fails whatever rights a process has.
    NoLease,
    /// A file stands in the place of the directory that its run would write to.
    NoRoom,
    /// It has no list of sub-objectives, so its claim becomes a question to a person.
    NoWork,
    /// Somebody holds its lease for ever.
    Held,
}

const ALL: [Obstacle; 6] = [
    Obstacle::Configuration,
    Obstacle::Damage,
    Obstacle::NoLease,
    Obstacle::NoRoom,
    Obstacle::NoWork,
    Obstacle::Held,
];

/// Plans that cannot be run, each in a project of its own.
pub(super) struct Obstacles {
    plans: Vec<(Obstacle, String)>,
    held: Vec<File>,
}

impl Obstacle {
    /// Before ESS in the order of projects.
    fn code(self) -> &'static str {
        match self {
            Self::Configuration => "AAA",
            Self::Damage => "AAB",
            Self::NoLease => "AAC",
            Self::NoRoom => "AAD",
            Self::NoWork => "AAE",
            Self::Held => "AAF",
        }
    }

    /// Where its plan must stand in the end; damage cannot be asked.
    fn ends_as(self) -> Option<&'static str> {
        match self {
            Self::Configuration | Self::NoLease | Self::Held => Some("approved"),
            Self::NoRoom | Self::NoWork => Some("paused"),
            Self::Damage => None,
        }
    }
}

impl Obstacles {
    pub(super) fn lay(yard: &Yard) -> Result<Self, String> {
        let mut plans = Vec::new();
        for obstacle in ALL {
            let code = obstacle.code();
            yard.project(&code.to_lowercase())?;
            let text = match obstacle {
                Obstacle::NoWork => "## Essay\n\nNothing is planned.\n",
                _ => TEXT,
            };
            plans.push((obstacle, yard.add(code, text)?));
        }
        Ok(Self {
            plans,
            held: Vec::new(),
        })
    }

    /// Approves them and puts the obstacles in their way, in the instant in which daemons already look.
    pub(super) fn approve(&mut self, yard: &Yard) -> Result<(), String> {
        for (obstacle, plan) in &self.plans {
            let dir = obstacle.code().to_lowercase();
            let lease = yard.of_plan(plan, ".lease");
            match obstacle {
                Obstacle::Configuration => {
                    let broken = "objective: Essays.\nteam: {leader: nobody}\n";
                    yard.write(&format!("{dir}/project.yaml"), broken)?;
                }
                Obstacle::NoLease => made(fs::create_dir(&lease), &lease)?,
                Obstacle::NoRoom => yard.write(&format!("{dir}/runs"), "in the way\n")?,
                Obstacle::Held => self.held.push(hold(&lease)?),
                Obstacle::Damage | Obstacle::NoWork => {}
            }
            match obstacle {
                Obstacle::Damage => damage(&yard.of_plan(plan, ".journal.jsonl"))?,
                _ => yard.approve(plan)?,
            }
        }
        Ok(())
    }

    /// None of them was executed, and each was told of.
    pub(super) fn prove(
        &self,
        yard: &Yard,
        logs: &str,
        figures: &mut Figures,
    ) -> Result<(), String> {
        for (obstacle, plan) in &self.plans {
            figures.add("plans that cannot be run", 1);
            if !logs.lines().any(|line| line.contains(plan.as_str())) {
                figures.broken(format!(
                    "{plan} ({obstacle:?}): no daemon said anything of it"
                ));
            }
            let Some(status) = obstacle.ends_as() else {
                continue;
            };
            let history = yard.history(plan)?;
            let stands = history.status();
            if stands != status {
                figures.broken(format!(
                    "{plan} ({obstacle:?}) is {stands} and not {status}"
                ));
            }
            if history.count("SubObjectiveFinished") > 0 {
                figures.broken(format!("{plan} ({obstacle:?}) was executed all the same"));
            }
        }
        Ok(())
    }

    /// Takes them out of the vault, so that all the rest must be well.
    pub(super) fn clear(&mut self, yard: &Yard) -> Result<(), String> {
        self.held.clear();
        for (obstacle, _) in &self.plans {
            let dir = yard.path(&obstacle.code().to_lowercase());
            made(fs::remove_dir_all(&dir), &dir)?;
        }
        Ok(())
    }
}

fn made<T>(result: std::io::Result<T>, path: &Path) -> Result<T, String> {
    result.map_err(|e| format!("{}: {e}", path.display()))
}

/// Another byte in the middle of it.
fn damage(journal: &Path) -> Result<(), String> {
    let mut bytes = made(fs::read(journal), journal)?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    made(fs::write(journal, bytes), journal)
}
