//! One life of a plan on the mirrored disk. At every step the power may be cut; what would be left is drawn by lot and
//! handed to whoever examines it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, mpsc::SyncSender},
};

use journal::sim::{Content, Image, SimDisk};
use modulatio::vault::Vault;
use modulatio_tools::fake_model::FakeModel;
use projections::{event::Event, ids::PlanId};

use super::{
    ground::scratch,
    mirror::{self, Mirror},
    point::{Logs, Look, Point},
    scenario::{Birth, Scenario},
    slots,
    spoken::Spoken,
};

/// How many disks are drawn at each step, at most.
const DRAWS: usize = 16;

/// One of so many survivors loses power again at every step of its recovery.
const AGAIN: usize = 150;
/// The product's own check is asked of one in so many.
const CHECKED: usize = 40;
/// One in so many goes on to its end.
const GOES_ON: usize = 400;

/// The system writes everything back by itself at one step in so many.
const WRITE_BACK: usize = 60;

/// What draws at every step.
struct Watcher {
    root: PathBuf,
    name: String,
    rng: fastrand::Rng,
    steps: usize,
    logs: BTreeSet<PathBuf>,
    seen: BTreeSet<[u8; 32]>,
    out: SyncSender<Point>,
    wanted: bool,
    /// Disks to be drawn at a step.
    rate: f64,
    /// Steps at which the power was cut.
    cut: usize,
    /// Whether every survivor goes on: a look at the schedule costs little.
    slots: bool,
    spoken: Spoken,
    faults: Vec<String>,
}

impl Watcher {
    fn step(&mut self, sim: &SimDisk) {
        self.steps += 1;
        let files = mirror::below(&self.root, "");
        self.logs
            .extend(files.iter().filter(|path| is_log(path)).cloned());
        let known: Vec<PathBuf> = self.logs.iter().cloned().collect();
        let logs = Logs::at(&self.root, sim, &known);
        if let Some(fault) = self.spoken.too_early(&self.root, &logs, &files) {
            let (name, step) = (&self.name, self.steps);
            self.faults.push(format!("{name}, step {step}: {fault}"));
        }
        let draws = self.draws();
        self.cut += usize::from(draws > 0 && self.wanted);
        for draw in 0..draws {
            if !self.wanted {
                break;
            }
            let image = sim.image(&mut |below| self.rng.usize(..below));
            if self.seen.insert(digest(&image, &self.root)) {
                self.offer(draw, image, &logs);
            }
        }
        if self.rng.usize(..WRITE_BACK) == 0 {
            sim.write_back();
        }
    }

    /// How many disks are drawn at this step, so that all of a life is covered.
    fn draws(&mut self) -> usize {
        let whole = self.rate as usize;
        let more = usize::from(self.rng.f64() < self.rate.fract());
        (whole + more).min(DRAWS)
    }

    fn offer(&mut self, draw: usize, image: Image, logs: &Logs) {
        let mut one_in = |n: usize| self.rng.usize(..n) == 0;
        let look = Look {
            again: one_in(AGAIN),
            checked: one_in(CHECKED),
            goes_on: self.slots || one_in(GOES_ON),
        };
        let others = if look.goes_on {
            others(&self.root)
        } else {
            Vec::new()
        };
        let point = Point {
            name: format!("{}, step {}, draw {draw}", self.name, self.steps),
            image,
            root: self.root.clone(),
            lots: self.rng.u64(..),
            logs: logs.clone(),
            others,
            look,
        };
        // Whoever examines has seen enough when nobody listens.
        self.wanted = self.out.send(point).is_ok();
    }
}

fn is_log(path: &Path) -> bool {
    path.to_str()
        .is_some_and(|path| path.ends_with(".journal.jsonl"))
}

/// Agents' files: whole and synced by their own writers.
fn others(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = mirror::below(root, "ess/runs").into_iter();
    let of_agents = files.filter(|path| path.to_string_lossy().contains("/artifacts/"));
    of_agents
        .filter_map(|path| {
            let bytes = std::fs::read(&path).ok()?;
            Some((path.strip_prefix(root).ok()?.to_owned(), bytes))
        })
        .collect()
}

/// What tells one survivor from another.
pub(super) fn digest(image: &Image, root: &Path) -> [u8; 32] {
    let mut all = Vec::new();
    for (path, content) in &image.names {
        let Ok(path) = path.strip_prefix(root) else {
            continue;
        };
        all.extend(path.as_os_str().as_encoded_bytes());
        all.push(0);
        all.extend(content.as_ref().map_or([0; 32], |content| content.b3));
    }
    Content::of(&all).b3
}

/// What a life without a crash came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Life {
    pub(super) status: String,
    /// How often each step's call was answered and paid.
    pub(super) completed: BTreeMap<String, u32>,
}

/// What a recording did.
pub(super) struct Recorded {
    pub(super) life: Life,
    /// Changes of the disk.
    pub(super) steps: usize,
    /// Those after which the power was cut.
    pub(super) cut: usize,
    /// What was said before it was durable.
    pub(super) faults: Vec<String>,
}

/// Lives through `scenario`; every step is a place to die, and `rate` disks are drawn at each.
pub(super) fn record(
    scenario: &Scenario,
    model: &Arc<FakeModel>,
    seed: u64,
    rate: f64,
    out: SyncSender<Point>,
) -> Result<Recorded, String> {
    let dir = scratch().map_err(|error| format!("no place for a vault: {error}"))?;
    let root = dir.path().join("vault");
    found(&root, scenario, model).map_err(|error| format!("no vault: {error}"))?;
    let watcher = Arc::new(Mutex::new(Watcher {
        root: root.clone(),
        name: format!("{} of seed {seed}", scenario.name),
        rng: fastrand::Rng::with_seed(seed),
        steps: 0,
        logs: BTreeSet::new(),
        seen: BTreeSet::new(),
        out,
        wanted: true,
        rate,
        cut: 0,
        slots: scenario.birth == Birth::Slots,
        spoken: Spoken::to(model.clone()),
        faults: Vec::new(),
    }));
    let eye = watcher.clone();
    let on_step = Arc::new(move |sim: &SimDisk| {
        eye.lock().unwrap_or_else(PoisonError::into_inner).step(sim);
    });
    let disk = Mirror::new(SimDisk::of(&image_of(&root)), on_step);
    let vault = Vault::on(&root, Arc::new(disk)).map_err(|error| error.told())?;
    let life = live(&vault, scenario, &dir.path().join("plan.md"))?;
    let mut watcher = watcher.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(Recorded {
        life,
        steps: watcher.steps,
        cut: watcher.cut,
        faults: std::mem::take(&mut watcher.faults),
    })
}

fn live(vault: &Vault, scenario: &Scenario, beside: &Path) -> Result<Life, String> {
    let code = "ESS".parse().expect("a project's code");
    let project = vault.project(&code).map_err(|error| error.told())?;
    let begun = scenario.begin(&project, beside);
    match begun.map_err(|error| error.told())? {
        Some(id) => finish(vault, scenario, &id),
        None => slots::live(vault, &code).map_err(|error| error.told()),
    }
}

/// Lets a plan go on to its end.
pub(super) fn finish(vault: &Vault, scenario: &Scenario, id: &PlanId) -> Result<Life, String> {
    let project = vault.project_of(id).map_err(|error| error.told())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    let log = runtime.block_on(scenario.live(&project, id))?;
    let mut completed = BTreeMap::new();
    let mut steps = BTreeMap::new();
    modulatio::vault::replay::read(
        &project,
        id,
        modulatio::vault::replay::Until::Tail,
        &mut |_, _, event| match event {
            Event::ModelCallStarted(e) => drop(steps.insert(e.call_id.clone(), e.step.label())),
            Event::ModelCallCompleted(e) => {
                *completed.entry(steps[&e.call_id].clone()).or_default() += 1;
            }
            _ => {}
        },
    )
    .map_err(|error| error.told())?;
    Ok(Life {
        status: log.plan().status.name().as_str().to_owned(),
        completed,
    })
}

/// A vault with one project.
fn found(root: &Path, scenario: &Scenario, model: &FakeModel) -> std::io::Result<()> {
    std::fs::create_dir_all(root.join("ess/plans"))?;
    std::fs::write(
        root.join("modulatio.yaml"),
        scenario.config(&model.base_url()),
    )?;
    std::fs::write(
        root.join("ess/project.yaml"),
        "objective: Essays on Stoicism.\n",
    )
}

/// What lies in a real directory, with the directories above it.
pub(super) fn image_of(root: &Path) -> Image {
    let mut image = Image::default();
    for dir in root.ancestors() {
        image.names.insert(dir.to_owned(), None);
    }
    for path in mirror::below(root, "") {
        let content = std::fs::read(&path).ok().map(|bytes| Content::of(&bytes));
        image.names.insert(path, content);
    }
    image
}
