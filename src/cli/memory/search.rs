//! `modulatio memory search`: what a task of these words would be given, and what comes behind it.

use std::{
    collections::BTreeSet,
    sync::atomic::AtomicBool,
    time::{Duration, Instant},
};

use projections::memory::Store;
use serde_json::json;

use super::{object, one_line, projects, row};
use crate::{
    cli::{
        args::{SearchOptions, WhichStore},
        output,
    },
    config::{self, Config},
    daemon::Memory,
    error::{Error, Result},
    memory::{Effort, Hit, Wanted},
    vault::{MemoryPath, Part, Project, Vault},
};

/// Who asks wants an answer from all there is, however long that takes to index; ^C ends it.
const PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// What has nothing in common with the text is no answer.
const LEAST: f32 = 0.001;

struct Answer {
    project: Project,
    embedder: String,
    hit: Hit,
}

/// What was searched, for people.
#[derive(Default)]
struct Searched {
    rows: usize,
    embedders: BTreeSet<String>,
    said: BTreeSet<String>,
}

pub(super) fn run(vault: &Vault, options: &SearchOptions, json: bool) -> Result<()> {
    if options.text.trim().is_empty() {
        let why = "nothing is looked for; write some words".to_owned();
        return Err(Error::Usage(why));
    }
    let memory = Memory::default();
    let projects = projects(vault, options.project.as_ref())?;
    let mut searched = Searched::default();
    let mut answers = Vec::new();
    for project in &projects {
        let directory = project.code().directory();
        let (config, _) = config::load_for_project(vault.root(), &directory)?;
        for store in stores(options, &config, project, &mut searched) {
            answers.extend(look(
                &memory,
                project,
                &config,
                store,
                options,
                &mut searched,
            )?);
        }
    }
    answers.sort_by(|one, other| {
        let scores = other.hit.score.total_cmp(&one.hit.score);
        scores.then_with(|| one.hit.entry.id.cmp(&other.hit.entry.id))
    });
    answers.truncate(options.top as usize);
    tell(&answers, projects.len() > 1, json);
    searched.tell(answers.is_empty());
    Ok(())
}

/// Notes that agents are not given are searched only if somebody asks for them.
fn stores(
    options: &SearchOptions,
    config: &Config,
    project: &Project,
    searched: &mut Searched,
) -> Vec<Store> {
    let mut stores = WhichStore::of(options.store);
    if options.store.is_none() && !config.memory.team_memory {
        stores.retain(|store| *store != Store::TeamMemory);
        searched.say(format!(
            "note: {}: notes are not searched: team_memory_enabled is false; --store team-memory searches them",
            project.code()
        ));
    }
    stores
}

fn look(
    memory: &Memory,
    project: &Project,
    config: &Config,
    store: Store,
    options: &SearchOptions,
    searched: &mut Searched,
) -> Result<Vec<Answer>> {
    let now = memory.engine(project.vault(), &config.embedder).here();
    if let Some(why) = &now.instead {
        searched.say(format!("warning: {why}"));
    }
    let wanted = Wanted {
        kind: options.kind,
        agent: None,
        most: options.top as usize,
        at_least: options.min.unwrap_or(LEAST),
        except: None,
    };
    let effort = Effort {
        until: Instant::now() + PATIENCE,
        cut: &AtomicBool::new(false),
    };
    let shelf = memory.shelf(project, store);
    let found = shelf
        .search(&*now.embedder, &options.text, &wanted, &effort)
        .map_err(|fault| Error::Failed(fault.to_string()))?;
    let name = format!("{}/{}", project.code().directory(), store.as_str());
    for trouble in &found.troubles {
        searched.say(format!("warning: {name}: {trouble}"));
    }
    if found.behind > 0 {
        let behind = found.behind;
        searched.say(format!(
            "warning: {name}: {behind} file(s) could not be searched"
        ));
    }
    searched.rows += found.rows;
    searched.embedders.insert(now.embedder.id().to_owned());
    let answer = |hit| Answer {
        project: project.clone(),
        embedder: now.embedder.id().to_owned(),
        hit,
    };
    Ok(found.hits.into_iter().map(answer).collect())
}

fn tell(answers: &[Answer], several: bool, json: bool) {
    let file = |hit: &Hit| MemoryPath {
        store: hit.entry.store,
        part: Part::Kept,
        id: hit.entry.id.clone(),
        is_json: false,
    };
    if json {
        for Answer {
            project,
            embedder,
            hit,
        } in answers
        {
            let mut object = object(project, &file(hit), &hit.entry);
            object["score"] = json!(thousandths(hit.score));
            object["embedder"] = json!(embedder);
            object["shown"] = json!(hit.entry.shown);
            output::print_json(&object);
        }
        return;
    }
    let rows: Vec<[String; 6]> = answers
        .iter()
        .map(|answer| {
            let hit = &answer.hit;
            let [id, at, label, agent, title] =
                row(&answer.project, &file(hit), &hit.entry, several);
            let score = format!("{:.3}", hit.score);
            [score, id, at, label, agent, title]
        })
        .collect();
    output::print(&output::table(&rows));
}

/// A score as journals keep it.
fn thousandths(score: f32) -> f64 {
    (f64::from(score) * 1000.0).round() / 1000.0
}

impl Searched {
    fn say(&mut self, text: String) {
        self.said.insert(one_line(&text));
    }

    fn tell(&self, nothing: bool) {
        self.said.iter().for_each(|text| output::tell(text));
        let embedders: Vec<&str> = self.embedders.iter().map(String::as_str).collect();
        let embedders = embedders.join(" and ");
        let rows = self.rows;
        output::tell(&match (rows, nothing) {
            (0, _) => "there is nothing to search yet".to_owned(),
            (_, true) => format!("nothing is like it among {rows} entries, says {embedders}"),
            (_, false) => format!("searched {rows} entries with {embedders}"),
        });
    }
}
