//! What the team remembers: what finds it, the indexes, and files that nobody can read.

use std::time::Instant;

use projections::memory::Store;

use super::{
    check::{Check, capped},
    ground::{Ground, ProjectGround, VaultGround},
    words::{count, size},
};
use crate::{
    config::{self, Config, EmbedderConfig, EmbedderKind, PROJECT_FILE, Source, VAULT_FILE},
    memory::Standing,
    vault::Part,
};

/// What stands in the place of a check where nobody knows what is wished for.
const FAULTY: &str = "not looked at: the configuration has faults, see above";

/// What finds related work, and does it load? Nothing is downloaded.
pub(super) fn embedder(ground: &Ground) -> Vec<Check> {
    let id = "embedder";
    let Some(found) = ground.vault() else {
        return vec![Check::ok(
            id,
            "not looked at: it is a vault's to wish for one",
        )];
    };
    let Ok(config) = &found.config else {
        return vec![Check::ok(id, FAULTY)];
    };
    let mut checks = vec![embedder_of(found, None, &config.embedder)];
    let others = found.projects.iter().filter_map(|project| {
        let own = &project.config.as_ref()?.embedder;
        (*own != config.embedder).then_some((project, own))
    });
    checks.extend(others.map(|(project, own)| embedder_of(found, Some(project), own)));
    capped(checks, &format!("{} config show", ground.program))
}

fn embedder_of(
    found: &VaultGround,
    project: Option<&ProjectGround>,
    wished: &EmbedderConfig,
) -> Check {
    let id = "embedder";
    let directory = project.map(|project| project.project.code().directory());
    let begin = directory
        .as_ref()
        .map_or_else(String::new, |name| format!("{name}: "));
    let engine = found.memory.engine(&found.vault, wished);
    let started = Instant::now();
    let now = engine.here();
    let took = started.elapsed();
    let Some(why) = now.instead else {
        let name = now.embedder.id();
        return Check::ok(
            id,
            match (wished.kind, engine.state().from) {
                (EmbedderKind::Lexical, _) | (_, None) => {
                    format!("{begin}{name}, as is wished for")
                }
                (EmbedderKind::Fastembed, Some(from)) => format!(
                    "{begin}{name} of {} loads in {:.1} s",
                    from.display(),
                    took.as_secs_f64()
                ),
            },
        );
    };
    let what = format!("{begin}{} stands in: {why}", now.embedder.id());
    if !is_wished(found, directory.as_deref()) {
        // Nobody asked for anything better.
        return Check::ok(id, what);
    }
    let file = directory.map_or(VAULT_FILE.to_owned(), |name| {
        format!("{name}/{PROJECT_FILE}")
    });
    let remedy = format!(
        "in {file}, embedder: {{model_dir: a folder with model.onnx and tokenizer.json, onnxruntime: libonnxruntime.so}}, or embedder: lexical"
    );
    Check::warn(id, what, remedy)
}

/// Whether some file says which embedder.
fn is_wished(found: &VaultGround, directory: Option<&str>) -> bool {
    let effective = config::effective(found.vault.root(), directory);
    effective.is_ok_and(|effective| {
        let mut settings = effective.settings.iter();
        settings.any(|setting| {
            setting.field.starts_with("embedder.") && matches!(setting.source, Source::Written(_))
        })
    })
}

/// Are the indexes what they should be? They are caches: what is missing in one is put there when it is searched.
pub(super) fn indexes(ground: &Ground) -> Vec<Check> {
    let id = "memory-index";
    let Some(found) = ground.vault() else {
        return Vec::new();
    };
    if found.config.is_err() {
        return vec![Check::ok(id, FAULTY)];
    }
    let mut checks = Vec::new();
    for project in &found.projects {
        if let Some(config) = &project.config {
            let stores = Store::ALL.into_iter();
            checks.extend(stores.filter_map(|store| index(ground, found, project, config, store)));
        }
    }
    if checks.is_empty() {
        return vec![Check::ok(
            id,
            "nothing is remembered yet, so nothing is indexed",
        )];
    }
    capped(checks, &format!("{} memory reindex --all", ground.program))
}

fn index(
    ground: &Ground,
    found: &VaultGround,
    project: &ProjectGround,
    config: &Config,
    store: Store,
) -> Option<Check> {
    let id = "memory-index";
    let code = project.project.code();
    let (name, store_name) = (code.directory(), store.as_str());
    let place = format!("{name}/{store_name}");
    if store == Store::TeamMemory && !config.memory.team_memory {
        return None;
    }
    let engine = found.memory.engine(&found.vault, &config.embedder);
    let embedder = engine.here().embedder.id().to_owned();
    let shelf = found.memory.shelf(&project.project, store);
    let standing = shelf.standing(&embedder);
    if let Some(why) = &standing.damaged {
        let remedy = format!(
            "{} memory reindex {code} --store {store_name} (whoever searches it next does so too)",
            ground.program
        );
        return Some(Check::warn(id, format!("{place}: {why}"), remedy));
    }
    if standing.files == 0 {
        return None;
    }
    Some(Check::ok(
        id,
        format!("{place}: {}", stands(&standing, &embedder)),
    ))
}

fn stands(standing: &Standing, embedder: &str) -> String {
    let files = count(standing.files, "file");
    match &standing.embedder {
        None => format!("{files}, not indexed yet: that is done when they are searched"),
        Some(other) if other != embedder => {
            format!("{files}, indexed with {other}: with {embedder} when they are searched")
        }
        Some(_) => {
            let behind = standing.stale + standing.missing;
            let more = match behind {
                0 => String::new(),
                many => format!("; {many} to be read again when they are searched"),
            };
            format!(
                "{files}, {} indexed with {embedder}, {}{more}",
                standing.rows,
                size(standing.bytes)
            )
        }
    }
}

/// Can everything be read that is remembered?
pub(super) fn files(ground: &Ground) -> Vec<Check> {
    let id = "memory-files";
    let Some(found) = ground.vault() else {
        return Vec::new();
    };
    let (mut files, mut checks) = (0, Vec::new());
    for project in found.projects.iter().map(|ground| &ground.project) {
        let directory = project.code().directory();
        for (store, part) in Store::ALL
            .into_iter()
            .flat_map(|store| [Part::Kept, Part::Proposed].map(|part| (store, part)))
        {
            let listing = project.memory_files(store, part);
            for why in &listing.troubles {
                let what = format!("{directory}/{why}");
                checks.push(Check::warn(
                    id,
                    what,
                    "make it a directory that this user can read",
                ));
            }
            files += listing.files.len();
            for file in &listing.files {
                if let Some(why) = project.memory_trouble(file) {
                    let what = format!("{directory}/{}: {why}; it is not found", file.below());
                    let remedy = format!(
                        "mend it, or {} memory remove {directory}/{file}",
                        ground.program
                    );
                    checks.push(Check::warn(id, what, remedy));
                }
            }
        }
    }
    if checks.is_empty() {
        let what = format!("{} of the memory can be read", count(files, "file"));
        return vec![Check::ok(id, what)];
    }
    capped(checks, &format!("{} memory list", ground.program))
}
