//! What the checks look at, gathered once. Everything may be missing.

use std::{collections::BTreeMap, path::Path, time::Duration};

use projections::{ids::PlanId, time::Timestamp};

use super::words::quoted;
use crate::{
    cli::args::{Args, DoctorOptions},
    clock,
    config::{self, Config, ModelConfig, Provider},
    daemon::{self, Life, Memory, Places, Reached, Seen, Unit},
    error::{Error, Result},
    vault::{
        Project, ProjectFault, Vault,
        health::{self, Access, OwnJournal, PlanHealth, Probed},
    },
};

/// Ticks without a heartbeat after which a daemon counts as hung.
const MISSED: u32 = 3;

/// All of it.
pub(super) struct Ground {
    pub(super) now: Timestamp,
    /// How the vault was found.
    pub(super) how: &'static str,
    /// How this program is called for this vault.
    pub(super) program: String,
    pub(super) vault: Result<VaultGround>,
    /// The models in use, by name.
    pub(super) models: BTreeMap<String, ModelConfig>,
    /// For each role of each team, the models that are asked, in that order.
    pub(super) choices: Vec<Vec<String>>,
    /// What the providers answered; `None` when they were not to be asked.
    pub(super) reached: Option<Vec<Reached>>,
    pub(super) units: Vec<Unit>,
}

/// What needs a vault.
pub(super) struct VaultGround {
    pub(super) vault: Vault,
    pub(super) config: std::result::Result<Config, config::Error>,
    pub(super) projects: Vec<ProjectGround>,
    pub(super) faults: Vec<ProjectFault>,
    /// Why the projects cannot be listed.
    pub(super) unlisted: Option<Error>,
    pub(super) access: Access,
    pub(super) plans: Vec<PlanHealth>,
    pub(super) journals: Vec<OwnJournal>,
    /// Directories of the program's own that cannot be read.
    pub(super) unread: Vec<(std::path::PathBuf, String)>,
    pub(super) daemons: Result<Vec<Seen>>,
    pub(super) probed: Probed,
    /// What the team remembers with: a model is loaded once.
    pub(super) memory: Memory,
}

/// A project with its configuration.
pub(super) struct ProjectGround {
    pub(super) project: Project,
    /// The vault's and its own together; `None` where the vault's has faults already.
    pub(super) config: Option<Config>,
    /// What is wrong with its own, its standards, prompts and folders.
    pub(super) faults: Vec<String>,
}

impl Ground {
    pub(super) fn gather(args: &Args, options: &DoctorOptions) -> Self {
        let vault = args.vault().map(VaultGround::gather);
        let (how, program) = called(args, vault.as_ref().ok().map(|ground| ground.vault.root()));
        let (models, choices) = vault.as_ref().map_or_else(|_| Default::default(), in_use);
        let reached = (!options.offline).then(|| ask(&models));
        Self {
            now: clock::now(),
            how,
            program,
            vault,
            models,
            choices,
            reached,
            units: Places::of_environment().units(),
        }
    }

    /// The vault, where there is one. That there is none is one check's to tell.
    pub(super) fn vault(&self) -> Option<&VaultGround> {
        self.vault.as_ref().ok()
    }

    /// The command that starts a daemon.
    pub(super) fn start(&self) -> String {
        match self.units.first() {
            Some(unit) => systemctl(unit, "start"),
            None => format!("{} daemon", self.program),
        }
    }
}

/// `systemctl --user start modulatio-daemon`, or the system's manager.
pub(super) fn systemctl(unit: &Unit, word: &str) -> String {
    let (manager, name) = (
        if unit.is_user {
            "systemctl --user"
        } else {
            "sudo systemctl"
        },
        unit.name(),
    );
    let name = name.trim_end_matches(".service").replace("@", "@1");
    format!("{manager} {word} {name}")
}

impl VaultGround {
    fn gather(vault: Vault) -> Self {
        let config = config::load(vault.root());
        let (listed, faults, unlisted) = match vault.projects() {
            Ok((projects, faults)) => (projects, faults, None),
            Err(error) => (Vec::new(), Vec::new(), Some(error)),
        };
        let (journals, unread) = health::own_journals(&vault);
        Self {
            access: health::access(&vault, &listed),
            plans: health::examine(&listed),
            daemons: daemon::daemons(&vault),
            probed: health::probe(&vault),
            memory: Memory::default(),
            projects: listed
                .into_iter()
                .map(|project| ProjectGround::gather(project, config.is_ok()))
                .collect(),
            vault,
            config,
            faults,
            unlisted,
            journals,
            unread,
        }
    }

    /// The pause between ticks, of daemons that name none.
    pub(super) fn tick(&self) -> Duration {
        let fallback = Config::default().daemon.tick;
        self.config
            .as_ref()
            .map_or(fallback, |config| config.daemon.tick)
    }

    /// Whether a daemon's last tick is no older than it should be.
    pub(super) fn is_fresh(&self, seen: &Seen, now: Timestamp) -> bool {
        let tick = seen.tick.unwrap_or_else(|| self.tick());
        let last = Timestamp::parse(&seen.beat.last_tick).unwrap_or_default();
        let most = clock::millis(MISSED * tick);
        now.micros_since(last) / 1_000 <= most
    }

    /// Whether some daemon can be relied on to claim the plan.
    pub(super) fn is_served(&self, plan: &PlanId, now: Timestamp) -> bool {
        let works = |seen: &Seen| match seen.life {
            Life::Runs | Life::Unseen => self.is_fresh(seen, now),
            Life::Stopped | Life::Gone => false,
        };
        let covers = |seen: &Seen| seen.only.as_ref().is_none_or(|code| code == plan.project());
        let serves = |seen: &Seen| works(seen) && covers(seen);
        self.daemons
            .as_ref()
            .is_ok_and(|daemons| daemons.iter().any(serves))
    }

    /// The ids of the plans of which this holds.
    pub(super) fn plans_that<'a>(
        &'a self,
        holds: impl Fn(&PlanHealth) -> bool + 'a,
    ) -> Vec<&'a PlanId> {
        let plans = self.plans.iter().filter(move |plan| holds(plan));
        plans.map(|plan| &plan.id).collect()
    }

    /// The configurations that hold somewhere: the vault's, and each project's.
    fn configs(&self) -> impl Iterator<Item = &Config> {
        let own = self
            .projects
            .iter()
            .filter_map(|project| project.config.as_ref());
        self.config.iter().chain(own)
    }
}

impl ProjectGround {
    fn gather(project: Project, vault_is_sound: bool) -> Self {
        let (root, name) = (project.vault().root(), project.code().directory());
        let mut faults = Vec::new();
        let mut own = None;
        match config::load_project(root, &name) {
            Ok(read) => own = read,
            Err(error) => faults.extend(told(error)),
        }
        let mut config = None;
        if vault_is_sound && faults.is_empty() {
            match config::load_for_project(root, &name) {
                Ok((whole, _)) => config = Some(whole),
                Err(error) => faults.extend(told(error)),
            }
        }
        let folders = own.map_or_else(Vec::new, |own| own.folders);
        let unusable = daemon::unusable(&project, folders);
        faults.extend(unusable.into_iter().flat_map(each));
        Self {
            project,
            config,
            faults,
        }
    }
}

/// Every fault of a configuration on a line of its own.
pub(super) fn told(error: config::Error) -> Vec<String> {
    each(error.into())
}

fn each(error: Error) -> Vec<String> {
    match error {
        Error::Config { faults } => faults,
        other => vec![other.told()],
    }
}

/// How the vault was named, and how commands of this program name it.
fn called(args: &Args, root: Option<&Path>) -> (&'static str, String) {
    let plain = "modulatio".to_owned();
    let Some(named) = args.named_vault() else {
        return ("the nearest directory with a modulatio.yaml", plain);
    };
    if std::env::var_os("MODULATIO_VAULT").is_some_and(|set| *set == *named.as_os_str()) {
        return ("named by MODULATIO_VAULT", plain);
    }
    let root = root.unwrap_or(named);
    (
        "named by --vault",
        format!("modulatio --vault {}", quoted(root)),
    )
}

type InUse = (BTreeMap<String, ModelConfig>, Vec<Vec<String>>);

/// The models that some role of some team may ask.
fn in_use(ground: &VaultGround) -> InUse {
    let (mut models, mut choices) = InUse::default();
    for config in ground.configs() {
        for choice in config.team.choices() {
            let names: Vec<String> = choice.names().map(str::to_owned).collect();
            let known = names
                .iter()
                .filter_map(|name| config.models.get_key_value(name));
            models.extend(known.map(|(name, model)| (name.clone(), model.clone())));
            choices.push(names);
        }
    }
    choices.sort();
    choices.dedup();
    (models, choices)
}

/// Asks every endpoint at once. A resolver that hangs is not waited for.
fn ask(models: &BTreeMap<String, ModelConfig>) -> Vec<Reached> {
    let is_real = |model: &ModelConfig| !matches!(model.provider, Provider::Rehearsal(_));
    if !models.values().any(is_real) {
        return Vec::new();
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let Ok(runtime) = runtime else {
        return Vec::new();
    };
    let all = models.iter().map(|(name, model)| (name.as_str(), model));
    let reached = runtime.block_on(daemon::reach(all));
    runtime.shutdown_background();
    reached
}
