//! A vault in a directory of its own, and the binary that is run in it.

use std::{
    fs,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{self, Output, Stdio},
};

use modulatio::{
    command::Command,
    vault::{Actor, Vault},
};

use super::History;

/// The project of every vault here.
const PROJECT: &str = "ess";

/// A vault; its directory goes with it unless it is kept.
pub(crate) struct Yard {
    dir: tempfile::TempDir,
    modulatio: PathBuf,
    root: PathBuf,
    /// Seconds that the clock of all that is started here is ahead.
    ahead: i64,
}

/// How a command ended.
#[derive(Clone, Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) signal: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            signal: output.status.signal(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// The binary of the program: the one that is named, or the one beside the lab's own.
pub(crate) fn find_modulatio(named: Option<&Path>) -> Result<PathBuf, String> {
    let beside = || -> Option<PathBuf> {
        let own = std::env::current_exe().ok()?;
        Some(own.parent()?.join("modulatio"))
    };
    let path = named.map(Path::to_path_buf).or_else(beside);
    let path = path.ok_or("cannot find out where the lab's own binary lies; name --modulatio")?;
    if path.is_file() {
        Ok(path)
    } else {
        let path = path.display();
        Err(format!(
            "there is no {path}; build it (cargo build --bin modulatio) or name --modulatio"
        ))
    }
}

impl Yard {
    /// A vault with one project, ESS, and this configuration, below `place` or where temporary files go.
    pub(crate) fn new(
        modulatio: &Path,
        place: Option<&Path>,
        config: &str,
    ) -> Result<Self, String> {
        let made = match place {
            Some(place) => tempfile::Builder::new()
                .prefix("crashlab-")
                .tempdir_in(place),
            None => tempfile::Builder::new().prefix("crashlab-").tempdir(),
        };
        let dir = made.map_err(|e| format!("cannot make a directory to work in: {e}"))?;
        let root = dir.path().join("vault");
        let yard = Self {
            modulatio: modulatio.to_path_buf(),
            root,
            dir,
            ahead: 0,
        };
        yard.write("modulatio.yaml", config)?;
        yard.project(PROJECT)?;
        yard.make_dir(&yard.dir.path().join("logs"))?;
        Ok(yard)
    }

    /// Adds a project by hand.
    pub(crate) fn project(&self, directory: &str) -> Result<(), String> {
        self.make_dir(&self.path(&format!("{directory}/plans")))?;
        let file = format!("{directory}/project.yaml");
        self.write(&file, "objective: Essays on Stoicism.\n")
    }

    fn make_dir(&self, dir: &Path) -> Result<(), String> {
        fs::create_dir_all(dir).map_err(|e| format!("{}: {e}", dir.display()))
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path beside the vault.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A path below the vault.
    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    pub(crate) fn write(&self, below: &str, text: &str) -> Result<(), String> {
        let path = self.path(below);
        if let Some(parent) = path.parent() {
            self.make_dir(parent)?;
        }
        fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))
    }

    /// A file of a plan, by its ending.
    pub(crate) fn of_plan(&self, plan: &str, ending: &str) -> PathBuf {
        let project = plan.split('-').next().unwrap_or_default().to_lowercase();
        self.path(&format!("{project}/plans/{plan}{ending}"))
    }

    /// The binary, with an environment of the lab's own.
    pub(crate) fn command(&self, args: &[&str]) -> process::Command {
        let mut command = process::Command::new(&self.modulatio);
        for name in [
            "RUST_LOG",
            "MODULATIO_VAULT",
            "MODULATIO_LOG_LEVEL",
            "MODULATIO_LOG_FORMAT",
            "MODULATIO_FAULT",
            "MODULATIO_CLOCK",
        ] {
            command.env_remove(name);
        }
        command
            .arg("--vault")
            .arg(&self.root)
            .args(args)
            .env("NO_COLOR", "1")
            .env("USER", "crashlab")
            .env("HF_HUB_OFFLINE", "1")
            .env("XDG_CACHE_HOME", self.beside("cache"))
            .stdin(Stdio::null());
        if self.ahead > 0 {
            command.env("MODULATIO_CLOCK", self.beside("clock"));
        }
        command
    }

    /// Lets so many seconds pass by the clock of all that is started from now on.
    pub(crate) fn pass(&mut self, seconds: i64) -> Result<(), String> {
        self.ahead += seconds;
        let file = self.beside("clock");
        let micros = (self.ahead * 1_000_000).to_string();
        fs::write(&file, micros).map_err(|e| format!("{}: {e}", file.display()))
    }

    /// Seconds that have passed in that way.
    pub(crate) fn passed(&self) -> i64 {
        self.ahead
    }

    /// Runs the binary to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Result<Ran, String> {
        ran(&mut self.command(args))
    }

    /// Runs it and expects it to do what it is told.
    pub(crate) fn must(&self, args: &[&str]) -> Result<Ran, String> {
        let ran = self.run(args)?;
        match ran.code {
            Some(0) => Ok(ran),
            _ => Err(format!("modulatio {}: {ran:?}", args.join(" "))),
        }
    }

    /// Adds a draft with this text to a project; returns its id.
    pub(crate) fn add(&self, code: &str, text: &str) -> Result<String, String> {
        let file = self.beside("draft.md");
        fs::write(&file, text).map_err(|e| format!("{}: {e}", file.display()))?;
        let code = code.parse().map_err(|e| format!("{code}: {e}"))?;
        let added = Vault::open(&self.root)
            .and_then(|vault| vault.project(&code))
            .and_then(|project| project.add_plan(&file, &operator()))
            .map_err(|e| e.told())?;
        Ok(added.0.plan().id.to_string())
    }

    /// Approves a plan.
    pub(crate) fn approve(&self, plan: &str) -> Result<(), String> {
        let id = plan.parse().map_err(|e| format!("{plan}: {e}"))?;
        let approve = Command::Approve {
            note: String::new(),
        };
        Vault::open(&self.root)
            .and_then(|vault| vault.project_of(&id))
            .and_then(|project| project.open_plan(&id))
            .and_then(|mut log| log.submit(&approve, &operator()))
            .map(drop)
            .map_err(|e| e.told())
    }

    /// Whether the plan's file says that it has this status.
    pub(crate) fn states(&self, plan: &str, status: &str) -> bool {
        let text = fs::read_to_string(self.of_plan(plan, ".md")).unwrap_or_default();
        let line = format!("status: {status}");
        text.lines().any(|found| found == line)
    }

    /// All that happened to a plan.
    pub(crate) fn history(&self, plan: &str) -> Result<History, String> {
        History::read(&self.root, plan)
    }

    /// Leaves the directory where it is; says where.
    pub(crate) fn keep(&mut self) -> &Path {
        self.dir.disable_cleanup(true);
        self.dir.path()
    }
}

/// Who adds and approves what the experiments begin with.
fn operator() -> Actor {
    Actor::named("cli:crashlab")
}

/// Runs a command to its end.
pub(crate) fn ran(command: &mut process::Command) -> Result<Ran, String> {
    let output = command.output();
    output
        .map(Ran::from)
        .map_err(|e| format!("cannot start {}: {e}", command.get_program().display()))
}
