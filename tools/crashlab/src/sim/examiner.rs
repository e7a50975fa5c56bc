//! Threads that recover one survivor after the other and tell what is wrong with it.

use std::{
    collections::HashSet,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::Receiver,
    },
    thread::JoinHandle,
};

use journal::sim::SimDisk;
use modulatio::vault::Vault;

use super::{
    expected::Known,
    ground::{Ground, Light},
    mirror::Mirror,
    point::{Look, Point},
    recording::{self, Life},
    recovery,
    scenario::{Birth, Scenario},
    slots,
};
use crate::Figures;

/// Survivors that each thread keeps for a look at them.
const KEPT: usize = 5;

/// The threads.
pub(super) struct Examiners(Vec<JoinHandle<Result<Figures, String>>>);

/// How a survivor that goes on lives.
pub(super) struct Survivor {
    pub(super) scenario: Scenario,
    /// What became of the plan that did not die.
    pub(super) undisturbed: Life,
    /// Where it asked, and where it asks from now on.
    pub(super) asks: [String; 2],
}

/// What they share.
struct Bench {
    points: Mutex<Receiver<Point>>,
    /// Survivors of this life that were examined, whatever left them.
    seen: Mutex<HashSet<[u8; 32]>>,
    left: AtomicU64,
    known: Known,
    survivor: Survivor,
}

impl Examiners {
    /// So many threads, for at most so many points.
    pub(super) fn start(
        threads: usize,
        points: Receiver<Point>,
        most: u64,
        survivor: Survivor,
    ) -> Result<Self, String> {
        let bench = Arc::new(Bench {
            points: Mutex::new(points),
            seen: Mutex::default(),
            left: AtomicU64::new(most),
            known: Known::default(),
            survivor,
        });
        let start = |_| {
            let (bench, ground) = (bench.clone(), Ground::new());
            let ground = ground.map_err(|error| format!("no place for a vault: {error}"))?;
            Ok(std::thread::spawn(move || bench.work(ground)))
        };
        (0..threads.max(1))
            .map(start)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// What all of them found.
    pub(super) fn ended(self) -> Result<Figures, String> {
        let mut all = Figures::of("sim");
        for thread in self.0 {
            match thread.join() {
                Ok(figures) => all.join(figures?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(all)
    }
}

impl Bench {
    fn work(&self, mut ground: Ground) -> Result<Figures, String> {
        let mut figures = Figures::of("sim");
        while let Some(point) = self.next() {
            self.one(&point, &mut ground, &mut figures)?;
        }
        Ok(figures)
    }

    fn next(&self) -> Option<Point> {
        let points = self.points.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = |left: u64| left.checked_sub(1);
        self.left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken)
            .ok()?;
        points.recv().ok()
    }

    fn one(&self, point: &Point, ground: &mut Ground, figures: &mut Figures) -> Result<(), String> {
        if !self.is_new(point) {
            return Ok(());
        }
        lay(point, ground)?;
        figures.add("crash points", 1);
        let (root, disk) = (ground.root().to_owned(), ground.disk());
        if let Err(why) = caught(|| recovery::examine(point, &root, &disk, &self.known)) {
            return self.found(point, &why, figures);
        }
        if point.look.again {
            self.again(point, ground, figures)?;
        }
        if point.look.goes_on {
            lay(point, ground)?;
            let went_on = caught(|| self.goes_on(&root, ground.disk()));
            // Agents write by other means than this disk.
            ground.disk().note_all(&root);
            match went_on {
                Ok(plans) => figures.add(self.went_on(), plans),
                Err(why) => return self.found(point, &why, figures),
            }
        }
        Ok(())
    }

    fn is_new(&self, point: &Point) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(recording::digest(&point.image, &point.root))
    }

    /// What it is called that goes on.
    fn went_on(&self) -> &'static str {
        match self.survivor.scenario.birth {
            Birth::Slots => "schedules kept on",
            Birth::File(_) | Birth::Wish => "plans that went on to their end",
        }
    }

    /// Keeps what was found for a look at it.
    fn found(&self, point: &Point, why: &str, figures: &mut Figures) -> Result<(), String> {
        if figures.findings().len() >= KEPT {
            figures.broken(format!("{}: {why}", point.name));
            return Ok(());
        }
        let mut ground = Ground::new().map_err(|error| error.to_string())?;
        lay(point, &mut ground)?;
        let place = ground.keep();
        figures.broken(format!(
            "{}: {why}; kept in {}",
            point.name,
            place.display()
        ));
        Ok(())
    }

    /// Cuts the power at every step of the recovery, too.
    fn again(
        &self,
        point: &Point,
        ground: &mut Ground,
        figures: &mut Figures,
    ) -> Result<(), String> {
        lay(point, ground)?;
        let root = ground.root().to_owned();
        let sim = SimDisk::of(&recording::image_of(&root));
        let left = Arc::new(Mutex::new((
            fastrand::Rng::with_seed(point.lots),
            Vec::new(),
        )));
        let (eye, disk) = (left.clone(), ground.disk());
        let on_step = Arc::new(move |sim: &SimDisk| {
            let mut left = eye.lock().unwrap_or_else(PoisonError::into_inner);
            let (rng, images) = &mut *left;
            for _ in 0..3 {
                images.push(sim.image(&mut |below| rng.usize(..below)));
            }
        });
        drop(caught(|| {
            recovery::recover(&root, Arc::new(Mirror::new(sim, on_step)))
        })?);
        disk.note_all(&root);
        let images = std::mem::take(&mut left.lock().unwrap_or_else(PoisonError::into_inner).1);
        for (at, image) in images.into_iter().enumerate() {
            let second = Point {
                name: format!("{}, and in its recovery, cut {at}", point.name),
                image,
                root: root.clone(),
                lots: point.lots,
                logs: point.logs.clone(),
                others: Vec::new(),
                look: Look::default(),
            };
            let mut second_ground = Ground::new().map_err(|error| error.to_string())?;
            let before = figures.count("crash points");
            self.one(&second, &mut second_ground, figures)?;
            figures.add(
                "of them in a recovery",
                figures.count("crash points") - before,
            );
        }
        Ok(())
    }

    /// The plan ends as it would have, and no answer was bought twice.
    fn goes_on(&self, root: &Path, disk: Light) -> Result<u64, String> {
        let [before, now] = &self.survivor.asks;
        let config = root.join("modulatio.yaml");
        let text = std::fs::read_to_string(&config).map_err(|error| error.to_string())?;
        std::fs::write(&config, text.replace(before, now)).map_err(|error| error.to_string())?;
        disk.note_all(root);
        let vault = Vault::on(root, Arc::new(disk)).map_err(|error| error.told())?;
        let code = "ESS".parse().expect("a project's code");
        let project = vault.project(&code).map_err(|error| error.told())?;
        let scenario = &self.survivor.scenario;
        if scenario.birth == Birth::Slots {
            let life = slots::go_on(&vault, &code).map_err(|error| error.told())?;
            return self.is_as_undisturbed(&life).map(|()| 1);
        }
        let plans = project.plan_ids().map_err(|error| error.told())?;
        let count = plans.len() as u64;
        for id in plans {
            drop(project.open_plan(&id).map_err(|error| error.told())?);
            self.is_as_undisturbed(&recording::finish(&vault, scenario, &id)?)?;
        }
        Ok(count)
    }

    fn is_as_undisturbed(&self, life: &Life) -> Result<(), String> {
        let undisturbed = &self.survivor.undisturbed;
        if life == undisturbed || slots::is_unborn(life) {
            return Ok(());
        }
        Err(format!("it went on to {life:?} instead of {undisturbed:?}"))
    }
}

fn lay(point: &Point, ground: &mut Ground) -> Result<(), String> {
    let laid = ground.lay(&point.image, &point.root);
    let laid = laid.and_then(|()| ground.add(&point.others));
    laid.map_err(|error| format!("a survivor cannot be laid out: {error}"))
}

/// A panic of the product is a finding like any other.
fn caught<T>(act: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(act)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!("panic: {}", text.unwrap_or("of no text")))
    })
}
