//! Running a target on everything that is kept for it, on mutations of that, and on long inputs.
//!
//! One target runs in a process of its own, and each input is written to a file before it is read: whatever ends the
//! process (a panic, an overflow of the stack, memory that is not given, a deadline), that file holds what did it.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};

use fastrand::Rng;

use crate::{Target, large::LAUGHS, mutate::mutated};

/// Longest that one input may take, on a machine with other things to do and in a build that nobody optimised.
const DEADLINE: Duration = Duration::from_secs(60);

/// Stack of the threads that read such inputs in the program, bytes.
const STACK: usize = 2 << 20;

/// How a worker ends when an input took too long.
pub const HUNG: i32 = 3;

/// How much is run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Mutations of what is kept.
    pub mutations: u64,
    /// What they are drawn from.
    pub seed: u64,
    /// Lengths of the long inputs, bytes.
    pub sizes: Vec<usize>,
    /// Whether to tell how long each of them takes.
    pub times: bool,
}

/// What was run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ran {
    /// Inputs kept in the corpus.
    pub kept: u64,
    /// Mutations.
    pub mutations: u64,
    /// Long inputs.
    pub large: u64,
    /// What took longest.
    pub slowest: String,
    /// How long that was, milliseconds.
    pub slowest_ms: u64,
}

/// What is known of the memory of this process.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Limits what the next input may take.
    pub limit: fn(),
    /// Most that was in use at any time, bytes.
    pub peak: fn() -> usize,
}

/// Runs a target in this process; `note` is where each input is written before it is read.
///
/// # Errors
/// The file system's.
///
/// # Panics
/// When a promise of what the target reads with is broken.
pub fn target(
    target: Target,
    corpus: &Path,
    plan: &Plan,
    note: &Path,
    memory: Memory,
) -> io::Result<Ran> {
    let kept = inputs(&corpus.join(target.name))?;
    let bench = Bench::new(target, note, memory);
    let watched = thread::scope(|scope| {
        let work = thread::Builder::new().stack_size(STACK);
        let work = work.spawn_scoped(scope, || bench.run(&kept, plan))?;
        bench.watch(&work);
        Ok::<_, io::Error>(work.join())
    })?;
    watched.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// The kept inputs of a directory, by name.
///
/// # Errors
/// The file system's.
pub fn inputs(dir: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(dir)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()?;
    paths.sort();
    let named = paths.into_iter().map(|path| {
        let name = path.file_name().unwrap_or_default();
        Ok((name.to_string_lossy().into_owned(), fs::read(&path)?))
    });
    named.collect()
}

struct Bench<'a> {
    target: Target,
    note: &'a Path,
    memory: Memory,
    began: Instant,
    /// When the input at work was begun, milliseconds after `began` and one.
    since: AtomicU64,
}

impl<'a> Bench<'a> {
    fn new(target: Target, note: &'a Path, memory: Memory) -> Self {
        Self {
            target,
            note,
            memory,
            began: Instant::now(),
            since: AtomicU64::new(0),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn run(&self, kept: &[(String, Vec<u8>)], plan: &Plan) -> io::Result<Ran> {
        let mut ran = Ran::default();
        for (name, bytes) in kept {
            self.one(name, bytes, &mut ran)?;
            ran.kept += 1;
        }
        self.one("laughs", LAUGHS.as_bytes(), &mut ran)?;
        let laughs = format!("---\n{LAUGHS}---\n");
        self.one("laughs in a frontmatter", laughs.as_bytes(), &mut ran)?;
        ran.large += 2;
        for large in self.target.large {
            for size in &plan.sizes {
                let took = self.one(large.name, &large.bytes(*size), &mut ran)?;
                if plan.times {
                    let peak = (self.memory.peak)() >> 20;
                    println!(
                        "{:<10} {took:>6} ms {peak:>4} MB  {} ({size} bytes)",
                        self.target.name, large.name
                    );
                }
                ran.large += 1;
            }
        }
        let corpus: Vec<Vec<u8>> = kept.iter().map(|(_, bytes)| bytes.clone()).collect();
        let mut rng = Rng::with_seed(plan.seed);
        for _ in 0..plan.mutations {
            let bytes = mutated(&corpus, self.target.words, &mut rng);
            self.one("a mutation", &bytes, &mut ran)?;
            ran.mutations += 1;
        }
        Ok(ran)
    }

    fn one(&self, name: &str, bytes: &[u8], ran: &mut Ran) -> io::Result<u64> {
        fs::write(self.note, bytes)?;
        (self.memory.limit)();
        let began = self.now();
        self.since.store(began + 1, Relaxed);
        (self.target.body)(bytes);
        self.since.store(0, Relaxed);
        let took = self.now() - began;
        if took > ran.slowest_ms || ran.slowest.is_empty() {
            ran.slowest_ms = took;
            ran.slowest = format!("{name} ({} bytes)", bytes.len());
        }
        Ok(took)
    }

    /// Ends the process when an input takes too long.
    fn watch<T>(&self, work: &thread::ScopedJoinHandle<'_, T>) {
        let most = u64::try_from(DEADLINE.as_millis()).unwrap_or(u64::MAX);
        while !work.is_finished() {
            thread::sleep(Duration::from_millis(20));
            let since = self.since.load(Relaxed);
            if since > 0 && self.now() + 1 > since + most {
                eprintln!(
                    "an input of {} took longer than {DEADLINE:?}",
                    self.target.name
                );
                std::process::exit(HUNG);
            }
        }
    }
}
