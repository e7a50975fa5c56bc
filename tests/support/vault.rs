//! A vault in a temporary directory, and the binary that is run in it.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use projections::time::Timestamp;

use super::Journal;

/// A vault with the project ESS.
pub(crate) struct TestVault {
    dir: tempfile::TempDir,
    root: PathBuf,
}

/// For the many daemons of tests that run no command: looking for a sandbox is most of what their start costs.
pub(crate) const NO_SHELL: &str = "tools: {disable: [run_shell]}\n";

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// Runs a command to its end.
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.output().expect("the binary starts");
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("text"),
            err: String::from_utf8(output.stderr).expect("text"),
        }
    }

    /// Panics unless the command ended with `code`.
    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// Panics unless the command succeeded.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        self.code(0)
    }

    /// Panics unless stderr says this.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.err.contains(text), "{text:?} is not in {self:#?}");
        self
    }

    /// Panics unless stdout shows this.
    #[track_caller]
    pub(crate) fn shows(self, text: &str) -> Self {
        assert!(self.out.contains(text), "{text:?} is not in {self:#?}");
        self
    }
}

impl TestVault {
    /// A vault whose models rehearse.
    pub(crate) fn new() -> Self {
        Self::with(&format!("daemon: {{tick_seconds: 1}}\n{NO_SHELL}"))
    }

    /// A vault with this configuration.
    pub(crate) fn with(config: &str) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let root = dir.path().join("vault");
        std::fs::create_dir(&root).expect("a directory");
        let vault = Self { dir, root };
        vault.write("modulatio.yaml", config);
        vault.project("ess");
        vault
    }

    /// A vault whose rehearsal model answers so slowly.
    pub(crate) fn slow(delay: &str) -> Self {
        Self::with(&format!(
            "models:\n  slow: {{provider: rehearsal, delay: {delay}}}\nteam: {{leader: slow}}\n{NO_SHELL}"
        ))
    }

    /// A vault whose models are asked at this address.
    pub(crate) fn asking(base_url: &str) -> Self {
        Self::with(&format!(
            "models:\n  fake: {{provider: openai, model: fake-1, base_url: \"{base_url}\", price: free}}\nteam: {{leader: fake}}\n{NO_SHELL}"
        ))
    }

    /// The same vault, whose agents may run commands.
    pub(crate) fn with_shell(self) -> Self {
        let config = self.read("modulatio.yaml").replace(NO_SHELL, "");
        self.write("modulatio.yaml", &config);
        self
    }

    /// A vault that is a copy of this one.
    pub(crate) fn copy(&self) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let root = dir.path().join("vault");
        copy_tree(&self.root, &root);
        let copy = Self { dir, root };
        if self.clock_file().exists() {
            copy.shift_clock(self.shift());
        }
        copy
    }

    /// As [`TestVault::copy`], in memory where the system has a place for that: for many small tests that prove nothing
    /// about disks.
    pub(crate) fn light_copy(&self) -> Self {
        let memory = Path::new("/dev/shm");
        let dir = match tempfile::tempdir_in(memory) {
            Ok(dir) => dir,
            Err(_) => tempfile::tempdir().expect("a temporary directory"),
        };
        let root = dir.path().join("vault");
        copy_tree(&self.root, &root);
        Self { dir, root }
    }

    /// Adds a project by hand.
    pub(crate) fn project(&self, directory: &str) {
        std::fs::create_dir_all(self.path(&format!("{directory}/plans"))).expect("a directory");
        self.write(
            &format!("{directory}/project.yaml"),
            "objective: Essays on Stoicism.\n",
        );
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Leaves the vault on the disk for a look at it; says where it lies.
    pub(crate) fn keep(&mut self) -> &Path {
        self.dir.disable_cleanup(true);
        &self.root
    }

    /// A directory beside the vault, for material.
    pub(crate) fn beside(&self) -> &Path {
        self.dir.path()
    }

    /// A path below the vault's root.
    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    pub(crate) fn plan_file(&self, plan: &str) -> PathBuf {
        self.path(&format!("ess/plans/{plan}.md"))
    }

    pub(crate) fn journal_file(&self, plan: &str) -> PathBuf {
        self.path(&format!("ess/plans/{plan}.journal.jsonl"))
    }

    pub(crate) fn write(&self, below: &str, text: &str) {
        let dir = self.path(below);
        std::fs::create_dir_all(dir.parent().expect("a parent")).expect("a directory");
        std::fs::write(self.path(below), text).expect("a file");
    }

    #[track_caller]
    pub(crate) fn read(&self, below: &str) -> String {
        let bytes = std::fs::read(self.path(below)).unwrap_or_else(|e| panic!("{below}: {e}"));
        String::from_utf8(bytes).expect("text")
    }

    /// From now on this is the time for programs that are started here, and for those that have seen a clock of the
    /// test's before; it goes on from there.
    pub(crate) fn set_clock(&self, at: &str) {
        let at = Timestamp::parse(at).expect("a time");
        self.shift_clock(at.micros() - modulatio::clock::now().micros());
    }

    /// Lets so many seconds pass by that clock; it may be set back.
    pub(crate) fn pass(&self, seconds: i64) {
        self.shift_clock(self.shift() + seconds * 1_000_000);
    }

    /// The time by that clock.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_micros(modulatio::clock::now().micros() + self.shift())
    }

    fn shift(&self) -> i64 {
        let text = std::fs::read_to_string(self.clock_file()).unwrap_or_default();
        text.parse().unwrap_or(0)
    }

    /// In one step: a daemon may be looking.
    fn shift_clock(&self, micros: i64) {
        let next = self.beside().join("clock.next");
        std::fs::write(&next, micros.to_string()).expect("a file");
        std::fs::rename(next, self.clock_file()).expect("a file");
    }

    fn clock_file(&self) -> PathBuf {
        self.beside().join("clock")
    }

    /// The names in a directory, sorted.
    pub(crate) fn names(&self, below: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(below)).into_iter().flatten();
        let mut names: Vec<String> = entries
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// The binary, with an environment of the test's own.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_modulatio"));
        command
            .arg("--vault")
            .arg(&self.root)
            .args(args)
            .env_remove("RUST_LOG")
            .env_remove("MODULATIO_LOG_LEVEL")
            .env_remove("MODULATIO_LOG_FORMAT")
            .env_remove("MODULATIO_FAULT")
            .env_remove("MODULATIO_CLOCK")
            .env("NO_COLOR", "1")
            .env("USER", "tester")
            // No test fetches a model from afar.
            .env("HF_HUB_OFFLINE", "1")
            .env("XDG_CACHE_HOME", self.beside().join("cache"));
        if self.clock_file().exists() {
            command.env("MODULATIO_CLOCK", self.clock_file());
        }
        command
    }

    /// Runs the binary to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.run_with(args, &[])
    }

    /// As [`TestVault::run`], with environment variables.
    pub(crate) fn run_with(&self, args: &[&str], env: &[(&str, &str)]) -> Ran {
        let mut command = self.command(args);
        command.envs(env.iter().copied()).stdin(Stdio::null());
        Ran::of(&mut command)
    }

    /// Adds a draft with this body; returns its id.
    #[track_caller]
    pub(crate) fn draft(&self, body: &str) -> String {
        let file = tempfile::NamedTempFile::new_in(self.beside()).expect("a file");
        std::fs::write(file.path(), body).expect("a file");
        let path = file.path().to_str().expect("a plain path");
        self.run(&["plan", "add", "ESS", path])
            .ok()
            .out
            .trim()
            .to_owned()
    }

    /// Adds an approved plan with this body; returns its id.
    #[track_caller]
    pub(crate) fn approved(&self, body: &str) -> String {
        let plan = self.draft(body);
        self.run(&["plan", "approve", &plan]).ok();
        plan
    }

    /// Runs a daemon until nothing is left to do.
    #[track_caller]
    pub(crate) fn run_until_idle(&self) -> Ran {
        self.run(&["daemon", "--until-idle"]).ok()
    }

    pub(crate) fn journal(&self, plan: &str) -> Journal {
        Journal::read(&self.root, plan)
    }

    /// Waits until a daemon that lives on has rendered what it appended last.
    pub(crate) fn follows(&self, plan: &str) {
        super::wait_until("the files follow the journal", || {
            self.run(&["replay", plan, "--check"]).code == Some(0)
        });
    }

    /// The plan is proven: whole journal, and every projection is what it says.
    #[track_caller]
    pub(crate) fn is_proven(&self, plan: &str) {
        self.run(&["audit", "verify", plan]).ok().shows("whole");
        self.run(&["replay", plan, "--check"]).ok();
    }
}

/// A plan body of so many sub-objectives, each with one file.
pub(crate) fn body(sub_objectives: u32) -> String {
    let items: Vec<String> = (1..=sub_objectives)
        .map(|n| format!("**{n}. Essay {n}** — write essay {n}.\n- Files: essay{n}.md\n"))
        .collect();
    format!(
        "## Essays\n\n### Sub-objectives\n\n{}\n### Risks\n- None.\n",
        items.join("\n")
    )
}

fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).expect("a file");
        }
    }
}
