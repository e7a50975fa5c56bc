//! `modulatio-fuzz`: the kept inputs, mutations of them, and long inputs, through every reader of foreign bytes.

use std::{
    alloc::System,
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use cap::Cap;
use clap::Parser;
use modulatio_fuzz::{
    TARGETS, Target,
    run::{self, HUNG, Memory, Plan},
};

/// What is in use, counted; and the limit of it, whose end is the end of the process.
#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

/// Most memory that one input may take, bytes.
const MOST: usize = 256 << 20;

/// Run what is kept for the fuzz targets, and seeded mutations of it, without a fuzzer
#[derive(Debug, Parser)]
#[command(name = "modulatio-fuzz")]
struct Arguments {
    /// Targets; all of them if none is named
    targets: Vec<String>,
    /// Mutations of each target's corpus
    #[arg(long, default_value_t = 1_000)]
    mutations: u64,
    /// What they are drawn from
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Bytes of the long inputs; may be given several times
    #[arg(long, default_values_t = [60_000, 1 << 20])]
    size: Vec<usize>,
    /// Tell how long each long input takes
    #[arg(long)]
    times: bool,
    /// Where the corpus lies
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../corpus"))]
    corpus: PathBuf,
    /// Read this one input, and nothing else
    #[arg(long)]
    input: Option<PathBuf>,
    /// Run in this process, and note each input here first
    #[arg(long, hide = true)]
    worker: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let targets = match chosen(&arguments.targets) {
        Ok(targets) => targets,
        Err(why) => return failed(&why),
    };
    if let Some(note) = &arguments.worker {
        return worker(&arguments, targets[0], note);
    }
    if let Some(input) = &arguments.input {
        return one(&targets, input);
    }
    let broken = targets
        .iter()
        .filter(|target| !supervised(&arguments, target))
        .count();
    match broken {
        0 => ExitCode::SUCCESS,
        count => failed(&format!("{count} target(s) broke")),
    }
}

fn failed(why: &str) -> ExitCode {
    eprintln!("error: {why}");
    ExitCode::FAILURE
}

fn chosen(names: &[String]) -> Result<Vec<Target>, String> {
    if names.is_empty() {
        return Ok(TARGETS.to_vec());
    }
    let find = |name: &String| {
        let known = TARGETS.iter().find(|target| target.name == name);
        known
            .copied()
            .ok_or_else(|| format!("there is no target {name}"))
    };
    names.iter().map(find).collect()
}

/// The memory of this process.
const OWN: Memory = Memory {
    limit,
    peak: || MEMORY.max_allocated(),
};

/// Sets the limit for the next input.
fn limit() {
    // Two steps, or what is in use now could be above the old limit.
    let _ = MEMORY.set_limit(usize::MAX);
    let _ = MEMORY.set_limit(MEMORY.allocated() + MOST);
}

fn worker(arguments: &Arguments, target: Target, note: &Path) -> ExitCode {
    let plan = Plan {
        mutations: arguments.mutations,
        seed: arguments.seed,
        sizes: arguments.size.clone(),
        times: arguments.times,
    };
    match run::target(target, &arguments.corpus, &plan, note, OWN) {
        Ok(ran) => {
            println!(
                "{:<10} seed {}: {} kept, {} mutations, {} long; memory {} MB at most; slowest: {} in {} ms",
                target.name,
                plan.seed,
                ran.kept,
                ran.mutations,
                ran.large,
                MEMORY.max_allocated() >> 20,
                ran.slowest,
                ran.slowest_ms
            );
            ExitCode::SUCCESS
        }
        Err(error) => failed(&format!("{}: {error}", target.name)),
    }
}

fn one(targets: &[Target], input: &Path) -> ExitCode {
    let bytes = match fs::read(input) {
        Ok(bytes) => bytes,
        Err(error) => return failed(&format!("{}: {error}", input.display())),
    };
    for target in targets {
        limit();
        (target.body)(&bytes);
        println!("{}: read", target.name);
    }
    ExitCode::SUCCESS
}

/// Runs a target in a process of its own; says whether it held.
fn supervised(arguments: &Arguments, target: &Target) -> bool {
    let note = std::env::temp_dir().join(format!(
        "modulatio-fuzz-{}-{}",
        target.name,
        std::process::id()
    ));
    match child(arguments, target, &note) {
        Ok(None) => {
            let _ = fs::remove_file(&note);
            true
        }
        Ok(Some(why)) => {
            eprintln!(
                "{}: BROKEN: {why}; the input is {}",
                target.name,
                note.display()
            );
            false
        }
        Err(error) => {
            eprintln!("{}: BROKEN: it cannot be run: {error}", target.name);
            false
        }
    }
}

/// How the child ended, if not well.
fn child(arguments: &Arguments, target: &Target, note: &Path) -> std::io::Result<Option<String>> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg(target.name)
        .args(["--mutations", &arguments.mutations.to_string()])
        .args(["--seed", &arguments.seed.to_string()])
        .arg("--corpus")
        .arg(&arguments.corpus)
        .arg("--worker")
        .arg(note)
        .stdin(Stdio::null());
    if arguments.times {
        command.arg("--times");
    }
    for size in &arguments.size {
        command.args(["--size", &size.to_string()]);
    }
    let status = command.status()?;
    Ok(match status.code() {
        Some(0) => None,
        Some(HUNG) => Some("it hung".to_owned()),
        Some(code) => Some(format!("exit code {code}")),
        None => Some(format!(
            "{status} (a stack that overflowed, or more than {} MB)",
            MOST >> 20
        )),
    })
}
