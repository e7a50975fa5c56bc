//! `modulatio memory reindex`: indexes built anew, from the files alone.

use std::{
    collections::BTreeSet,
    io::IsTerminal,
    sync::atomic::AtomicBool,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use projections::memory::Store;
use serde_json::json;

use super::{one_line, projects};
use crate::{
    cli::{
        args::{ReindexOptions, WhichStore},
        output,
    },
    config::{self, Config},
    daemon::Memory,
    error::{Error, Result},
    memory::{Effort, Standing},
    vault::{Project, Vault},
};

/// However long it takes; ^C ends it, and the index stays as it was.
const PATIENCE: Duration = Duration::from_secs(30 * 24 * 3600);

pub(super) fn run(vault: &Vault, options: &ReindexOptions, json: bool) -> Result<()> {
    let memory = Memory::default();
    let mut refused = None;
    for project in wanted(vault, options)? {
        let directory = project.code().directory();
        let (config, _) = config::load_for_project(vault.root(), &directory)?;
        for store in WhichStore::of(options.store) {
            // An index that nobody is given anything of is made only for who asks for it.
            if store == Store::TeamMemory && options.store.is_none() && !config.memory.team_memory {
                let off = "team_memory_enabled is false";
                output::tell(&format!("note: {directory}/team-memory is left out: {off}"));
                continue;
            }
            if let Err(error) = rebuild(&memory, &project, &config, store, json) {
                match refused {
                    None => refused = Some(error),
                    Some(_) => output::tell(&format!("error: {}", error.told())),
                }
            }
        }
    }
    refused.map_or(Ok(()), Err)
}

fn wanted(vault: &Vault, options: &ReindexOptions) -> Result<Vec<Project>> {
    let projects = projects(vault, options.project.as_ref())?;
    if options.all || options.project.is_some() || projects.len() < 2 {
        return Ok(projects);
    }
    let codes = projects.iter().map(|project| project.code().to_string());
    let codes: Vec<String> = codes.collect();
    Err(Error::Usage(format!(
        "which project? Name one of {}, or --all",
        codes.join(", ")
    )))
}

fn rebuild(
    memory: &Memory,
    project: &Project,
    config: &Config,
    store: Store,
    json: bool,
) -> Result<()> {
    let directory = project.code().directory();
    let now = memory.engine(project.vault(), &config.embedder).here();
    let name = format!("{directory}/{}", store.as_str());
    if let Some(why) = &now.instead {
        output::tell(&format!("warning: {}", one_line(why)));
    }
    let effort = Effort {
        until: Instant::now() + PATIENCE,
        cut: &AtomicBool::new(false),
    };
    let bar = bar(&name);
    let started = Instant::now();
    let standing =
        memory
            .shelf(project, store)
            .reindex(&*now.embedder, &effort, &mut |done, all| {
                bar.set_length(all as u64);
                bar.set_position(done as u64);
            });
    bar.finish_and_clear();
    let mut standing = standing.map_err(|fault| Error::Failed(format!("{name}: {fault}")))?;
    // What is tried twice may fail twice for the same reason.
    let mut told = BTreeSet::new();
    standing
        .troubles
        .retain(|trouble| told.insert(trouble.clone()));
    for trouble in &standing.troubles {
        output::tell(&format!("warning: {name}: {}", one_line(trouble)));
    }
    let took = started.elapsed();
    tell(project, store, &standing, now.embedder.id(), took, json);
    is_whole(&standing, now.embedder.id())
        .map_err(|why| Error::Failed(format!("{name}: {why}; what is not indexed is not found")))
}

fn tell(
    project: &Project,
    store: Store,
    standing: &Standing,
    embedder: &str,
    took: Duration,
    json: bool,
) {
    let (rows, files) = (standing.rows, standing.files);
    if json {
        let object = json!({
            "project": project.code(), "store": store, "rows": rows, "files": files, "embedder": embedder,
            "bytes": standing.bytes, "milliseconds": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "troubles": standing.troubles,
        });
        return output::report_json(&object);
    }
    let directory = project.code().directory();
    let size = output::bytes(standing.bytes);
    output::report(&format!(
        "{directory}/{}: {rows} of {files} entries with {embedder}, {size}, {:.1} s",
        store.as_str(),
        took.as_secs_f64()
    ));
}

/// Whether all that was to be indexed lies on the disk.
fn is_whole(standing: &Standing, embedder: &str) -> std::result::Result<(), String> {
    if standing.files > 0 && standing.embedder.as_deref() != Some(embedder) {
        return Err("the index could not be written".to_owned());
    }
    if standing.rows < standing.files {
        let missing = standing.files - standing.rows;
        return Err(format!("{missing} file(s) are not indexed"));
    }
    Ok(())
}

/// Seen on a terminal only.
fn bar(name: &str) -> ProgressBar {
    let target = match std::io::stderr().is_terminal() {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    };
    let style = ProgressStyle::with_template("{prefix}: {pos} of {len} {wide_bar} {eta}");
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::with_draw_target(None, target).with_style(style);
    bar.with_prefix(name.to_owned())
}
