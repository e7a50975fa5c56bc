//! The vault that is damaged: made by the real program, with a model server that is scripted for it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step, ToolCall};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The plan whose journal is damaged; two others wait for a runner.
pub(super) const PLAN: &str = "ESS-P-001";
/// A plan that is approved and never ran.
pub(super) const WAITING: &str = "ESS-P-002";
/// Another.
pub(super) const OTHER: &str = "ESS-P-003";

/// A vault and what of it is damaged.
pub(super) struct Sample {
    dir: TempDir,
    /// The journal of [`PLAN`].
    pub(super) journal: Vec<u8>,
    /// Its frames, newlines included.
    pub(super) lines: Vec<Vec<u8>>,
    /// The programs.
    pub(super) binaries: Binaries,
    _model: FakeModel,
}

/// Where the programs are.
#[derive(Clone, Debug)]
pub(super) struct Binaries {
    dir: PathBuf,
}

impl Binaries {
    fn found(given: Option<&Path>) -> Result<Self, String> {
        let own = std::env::current_exe().map_err(|e| e.to_string())?;
        let mut beside = own.parent().map(Path::to_path_buf).unwrap_or_default();
        // A test's program lies one directory deeper.
        if beside.ends_with("deps") {
            beside.pop();
        }
        let dir = given.map_or(beside, Path::to_path_buf);
        for name in ["modulatio", "modulatio-audit"] {
            if !dir.join(name).exists() {
                return Err(format!(
                    "there is no {name} in {}; build the workspace first, or name the place with --binaries",
                    dir.display()
                ));
            }
        }
        Ok(Self { dir })
    }

    /// Runs one of them to its end, as if from nowhere.
    pub(super) fn run(
        &self,
        name: &str,
        vault: &Path,
        arguments: &[&str],
    ) -> Result<Output, String> {
        let mut command = Command::new(self.dir.join(name));
        command
            .args(arguments)
            .env("MODULATIO_VAULT", vault)
            .env_remove("MODULATIO_LOG_LEVEL")
            .env("RUST_BACKTRACE", "0")
            .current_dir(vault);
        command.output().map_err(|e| format!("{name}: {e}"))
    }
}

impl Sample {
    /// Makes the vault and runs its first plan to its end.
    pub(super) fn made(binaries: Option<&Path>) -> Result<Self, String> {
        let binaries = Binaries::found(binaries)?;
        let model = FakeModel::start(script()).map_err(|e| e.to_string())?;
        let dir = tempfile::Builder::new()
            .prefix("crashlab-damage-")
            .tempdir();
        let dir = dir.map_err(|e| e.to_string())?;
        let root = dir.path().join("vault");
        lay(&root, &model).map_err(|e| e.to_string())?;
        let program = |arguments: &[&str]| succeeded(&binaries, &root, arguments);
        let [first, second] = [BODY, SMALL].map(|text| write_beside(dir.path(), text));
        program(&["plan", "add", "ess", &first?])?;
        program(&["plan", "approve", PLAN])?;
        program(&["daemon", "--until-idle"])?;
        program(&["project", "resume", PLAN, "--note", "go on"])?;
        program(&["daemon", "--until-idle"])?;
        let second = second?;
        for plan in [WAITING, OTHER] {
            program(&["plan", "add", "ess", &second])?;
            program(&["plan", "approve", plan])?;
        }
        let journal = fs::read(journal_of(&root, PLAN)).map_err(|e| e.to_string())?;
        let lines = lines_of(&journal);
        let sample = Self {
            dir,
            journal,
            lines,
            binaries,
            _model: model,
        };
        sample.check()
    }

    /// That there is in it what should be damaged.
    fn check(self) -> Result<Self, String> {
        let text = String::from_utf8_lossy(&self.journal);
        for kind in [
            "ToolCallFinished",
            "TicketDecided",
            "ReflectionRecorded",
            "PlanCompleted",
            "ArtifactWritten",
        ] {
            if !text.contains(kind) {
                return Err(format!("the sample's journal holds no {kind}"));
            }
        }
        if !self.root().join("ess/blobs").is_dir() {
            return Err("the sample's vault holds no blob".to_owned());
        }
        Ok(self)
    }

    pub(super) fn root(&self) -> PathBuf {
        self.dir.path().join("vault")
    }

    /// A copy of the vault, in memory where the system has a place for that.
    pub(super) fn copy(&self) -> Result<(TempDir, PathBuf), String> {
        let named = || {
            let mut named = tempfile::Builder::new();
            named.prefix("crashlab-damage-");
            named
        };
        let memory = named().tempdir_in("/dev/shm");
        let dir = memory.or_else(|_| named().tempdir());
        let dir = dir.map_err(|e| e.to_string())?;
        let root = dir.path().join("vault");
        copy_tree(&self.root(), &root).map_err(|e| format!("cannot copy the sample: {e}"))?;
        Ok((dir, root))
    }

    /// Where each frame begins, and where the last ends.
    pub(super) fn bounds(&self) -> Vec<usize> {
        let ends = self.lines.iter().scan(0, |end, line| {
            *end += line.len();
            Some(*end)
        });
        std::iter::once(0).chain(ends).collect()
    }
}

/// A journal's lines, newlines included.
pub(super) fn lines_of(journal: &[u8]) -> Vec<Vec<u8>> {
    let lines = journal.split_inclusive(|byte| *byte == b'\n');
    lines.map(<[u8]>::to_vec).collect()
}

pub(super) fn journal_of(root: &Path, plan: &str) -> PathBuf {
    root.join(format!("ess/plans/{plan}.journal.jsonl"))
}

pub(super) fn file_of(root: &Path, plan: &str) -> PathBuf {
    root.join(format!("ess/plans/{plan}.md"))
}

fn succeeded(binaries: &Binaries, root: &Path, arguments: &[&str]) -> Result<(), String> {
    let ran = binaries.run("modulatio", root, arguments)?;
    if ran.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ran.stderr);
    Err(format!("the sample cannot be made: {arguments:?}: {said}"))
}

fn write_beside(dir: &Path, text: &str) -> Result<String, String> {
    let path = dir.join(format!("plan-{}.md", text.len()));
    fs::write(&path, text).map_err(|e| e.to_string())?;
    Ok(path.display().to_string())
}

fn copy_tree(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy_tree(&from, &to)?;
        } else {
            fs::copy(&from, &to)?;
        }
    }
    Ok(())
}

const BODY: &str = "---\ntitle: Essays   # mine\ntags: [a,  b]\nmax_tokens: 900000\n---\n## Essays\n\n\
### Sub-objectives\n\n**1. Read** — it\n- Files: notes.md\n\n**2. Write** — it\n- Files: essay.md\n\n**3. Mend** — it\n";

const SMALL: &str = "### Sub-objectives\n\n**1. Read** — it\n- Files: small.md\n";

fn lay(root: &Path, model: &FakeModel) -> std::io::Result<()> {
    fs::create_dir_all(root.join("ess/plans"))?;
    fs::write(
        root.join("ess/project.yaml"),
        "objective: Essays on Stoicism.\n",
    )?;
    let url = model.base_url();
    let config = format!(
        "models:\n  fake: {{provider: openai, model: fake-1, base_url: \"{url}\", price: free}}\n\
         team: {{leader: fake}}\ndaemon: {{tick_seconds: 1}}\nretry: {{base: 10ms, max: 50ms, wall: 20s}}\n"
    );
    fs::write(root.join("modulatio.yaml"), config)
}

/// Tools, an artifact that is too long for a frame, a rejected task, a question; the rest as the server answers it
/// anyway.
fn script() -> Script {
    let tool = |name: &str, arguments: Value| ToolCall {
        name: name.to_owned(),
        arguments,
    };
    let say =
        |tool: &str, arguments: Value| Step::new(Behaviour::Arguments(arguments)).for_tool(tool);
    let turn = vec![
        tool(
            "write_file",
            json!({"path": "draft.md", "content": "é — a draft\n"}),
        ),
        tool("read_file", json!({"path": "draft.md"})),
    ];
    let long = "A line of a long essay, with é and —.\n".repeat(2_000);
    Script::of([
        Step::new(Behaviour::ToolCalls(turn)).for_tool("submit_artifact"),
        say(
            "submit_artifact",
            json!({"content": long, "summary_for_state_doc": "long"}),
        ),
        say(
            "submit_verdict",
            json!({"passed": false, "summary": "no", "defects": [
                {"severity": "major", "class": "substantive", "location": "line 1", "what": "dull"}]}),
        ),
        say(
            "submit_reflection",
            json!({"outcome": "pause", "rationale": "is this wanted?", "team_state": "# State\n"}),
        ),
    ])
}
