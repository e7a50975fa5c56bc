//! What a team's agents go by and work with: standards, prompts, folders, and the tools that this machine and its
//! operator let them use.

use std::{path::PathBuf, sync::Mutex};

use projections::work::TaskKind;

use crate::{
    config::{AllowedHost, Config, Folder, Price, ProjectConfig, SandboxConfig},
    error::{Error, Result},
    prompts::{self, Card, Ground, Standard, Template, Templates},
    toolbox::{
        Limits, Shell,
        sandbox::{self, How, Wish},
        web::{Web, WebLimits},
    },
    vault::{Guidance, Project},
};

/// Tools that need more than files, and the folders that files may lie in.
#[derive(Clone)]
pub(super) struct Bench {
    pub(super) shell: Option<Shell>,
    pub(super) web: Web,
    pub(super) folders: Vec<Folder>,
    /// Why there is no shell although nobody disabled it.
    pub(super) no_shell: Option<String>,
}

/// What holds for a project's agents now.
///
/// # Errors
/// [`Error::Config`] for standards, prompts or folders that cannot be used.
pub(super) fn of(
    project: &Project,
    config: &Config,
    own: Option<&ProjectConfig>,
) -> Result<(Ground, Bench)> {
    let disabled = |tool: &str| config.tools.disable.contains(tool);
    let (shell, no_shell) = if disabled("run_shell") {
        (None, None)
    } else {
        shell(config)
    };
    let folders = own.map_or_else(Vec::new, |own| own.folders.clone());
    let bench = Bench {
        folders: usable(project, folders)?,
        web: web(config),
        shell,
        no_shell,
    };
    let offered =
        |tool: &&&str| !disabled(tool) && (**tool != "run_shell" || bench.shell.is_some());
    let team = &config.team;
    let card = |producer: &crate::config::Producer| Card {
        name: producer.name.clone(),
        good_at: producer.good_at.clone(),
    };
    let folder = |folder: &Folder| (folder.name.clone(), folder.writable);
    let ground = Ground {
        objective: own.map_or_else(String::new, |own| own.objective.clone()),
        templates: templates(project)?,
        standards: standards(project)?,
        producers: team.producers().iter().map(card).collect(),
        folders: bench.folders.iter().map(folder).collect(),
        tools: prompts::TOOLS
            .iter()
            .filter(offered)
            .map(|tool| (*tool).to_owned())
            .collect(),
        max_tasks: config.defaults.max_tasks,
        max_iters: config.defaults.max_iters,
        prices: prices(config),
        team_memory: config.memory.team_memory,
    };
    Ok((ground, bench))
}

/// What is wrong with a project's folders, prompts and standards, all of it: [`Error::Config`], or the disk's.
#[must_use]
pub fn unusable(project: &Project, folders: Vec<Folder>) -> Vec<Error> {
    let tried = [
        usable(project, folders).map(drop),
        templates(project).map(drop),
        standards(project).map(drop),
    ];
    tried.into_iter().filter_map(Result::err).collect()
}

/// Looks for a sandbox ahead of the first claim, which it would hold up otherwise; not where nobody may use one.
pub(super) fn warm_up(config: &Config) {
    if !config.tools.disable.contains("run_shell") {
        let _ = shell(config);
    }
}

/// The sandbox that works here, found once a process: what was missing may be installed meanwhile, what works goes
/// on working.
fn shell(config: &Config) -> (Option<Shell>, Option<String>) {
    static FOUND: Mutex<Option<(SandboxConfig, How)>> = Mutex::new(None);
    let mut found = FOUND
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let how = match &*found {
        Some((wish, how)) if *wish == config.sandbox => Ok(how.clone()),
        Some(_) | None => find_sandbox(config),
    };
    match how {
        Ok(how) => {
            *found = Some((config.sandbox, how.clone()));
            let bounds = &config.tools.shell;
            let mut shell = Shell::new(how);
            shell.limits = Limits {
                wall: bounds.timeout,
                cpu: bounds.cpu,
                memory: bounds.memory_bytes,
                file_size: bounds.file_size_bytes,
                processes: bounds.processes,
                disk: bounds.disk_bytes,
                ..Limits::default()
            };
            (Some(shell), None)
        }
        Err(why) => (None, Some(why)),
    }
}

/// What would confine commands on this machine, found by running one.
///
/// # Errors
/// Why there is none, and what to do about it.
pub fn find_sandbox(config: &Config) -> std::result::Result<How, String> {
    sandbox::find(match config.sandbox {
        SandboxConfig::Auto => Wish::Auto,
        SandboxConfig::Bubblewrap => Wish::Bubblewrap,
        SandboxConfig::Landlock => Wish::Landlock,
        SandboxConfig::Off => Wish::Off,
    })
}

fn web(config: &Config) -> Web {
    let http = &config.tools.http;
    let host = |allowed: &AllowedHost| match allowed.port {
        Some(port) => format!("{}:{port}", allowed.host),
        None => allowed.host.clone(),
    };
    Web {
        allow: http.allow.iter().map(host).collect(),
        limits: WebLimits {
            time: http.timeout,
            body: usize::try_from(http.max_bytes).unwrap_or(usize::MAX),
            ..WebLimits::default()
        },
    }
}

/// Folders by their whole paths. One that agents may write to must not hold what the engine keeps.
fn usable(project: &Project, folders: Vec<Folder>) -> Result<Vec<Folder>> {
    let mut faults = Vec::new();
    let mut usable = Vec::new();
    for folder in folders {
        let path = project.dir().join(&folder.path);
        if folder.name == prompts::ATTACHMENTS {
            faults.push(format!(
                "{}/project.yaml: folders: the name {:?} is the engine's; give another",
                project.code().directory(),
                folder.name
            ));
            continue;
        }
        match judged(project, &path, folder.writable) {
            Ok(path) => usable.push(Folder { path, ..folder }),
            Err(why) => faults.push(format!(
                "{}/project.yaml: folders: {}: {why}",
                project.code().directory(),
                folder.path.display()
            )),
        }
    }
    if faults.is_empty() {
        Ok(usable)
    } else {
        Err(Error::Config { faults })
    }
}

fn judged(
    project: &Project,
    path: &std::path::Path,
    writable: bool,
) -> std::result::Result<PathBuf, String> {
    let path = path.canonicalize().map_err(|e| e.to_string())?;
    if !path.is_dir() {
        return Err("it is not a directory".to_owned());
    }
    let root = project.vault().root();
    let (holds, inside) = (root.starts_with(&path), path.starts_with(root));
    // A directory of the operator's own inside the project holds nothing of the engine's.
    let engines = [
        "plans",
        "tickets",
        "runs",
        "blobs",
        "archive",
        "prompts",
        "standards",
        "qc-history",
        "team-memory",
    ];
    let own = path.strip_prefix(project.dir()).is_ok_and(|below| {
        let first = below.components().next();
        let first = first.map(|part| part.as_os_str().to_string_lossy().into_owned());
        first.is_some_and(|name| !name.starts_with('.') && !engines.contains(&name.as_str()))
    });
    if writable && (holds || (inside && !own)) {
        return Err(
            "agents may not write where the vault keeps its own files; use mode ro, or a directory elsewhere"
                .to_owned(),
        );
    }
    Ok(path)
}

fn templates(project: &Project) -> Result<Templates> {
    let mut templates = Templates::default();
    let mut faults = Vec::new();
    for Guidance { name, source, text } in project.prompts()? {
        let names = || Template::ALL.map(Template::name).join(", ");
        let placed = match Template::named(&name) {
            Some(template) => templates.replace(template, text).map_err(|e| e.to_string()),
            None => Err(format!(
                "there is no prompt of this name; there are {}",
                names()
            )),
        };
        faults.extend(placed.err().map(|why| format!("{source}: {why}")));
    }
    if faults.is_empty() {
        Ok(templates)
    } else {
        Err(Error::Config { faults })
    }
}

fn standards(project: &Project) -> Result<Vec<Standard>> {
    let mut standards = Vec::new();
    let mut faults = Vec::new();
    for Guidance { name, source, text } in project.standards()? {
        let kind = TaskKind::ALL.into_iter().find(|kind| kind.as_str() == name);
        if kind.is_none() && name != "standards" {
            let kinds = TaskKind::ALL.map(TaskKind::as_str).join(", ");
            faults.push(format!(
                "{source}: there is no kind of this name; there are {kinds}"
            ));
            continue;
        }
        standards.push(Standard { source, kind, text });
    }
    if faults.is_empty() {
        Ok(standards)
    } else {
        Err(Error::Config { faults })
    }
}

/// What the team's models cost, for who plans.
fn prices(config: &Config) -> String {
    let team = &config.team;
    let roles = [("leader", &team.leader), ("quality control", &team.qc)];
    let producers = team.producers().iter().map(|p| (p.name.as_str(), &p.model));
    let known = roles
        .into_iter()
        .chain(producers)
        .filter_map(|(role, choice)| {
            let model = config.models.get(&choice.primary)?;
            Some(format!("- {role}: {}", priced(model.price.as_ref()?)))
        });
    known.collect::<Vec<_>>().join("\n")
}

fn priced(price: &Price) -> String {
    match price {
        Price::Free => "free".to_owned(),
        Price::PerMillion(prices) => {
            let dollars = |micros: u64| micros as f64 / 1e6;
            format!(
                "${} a million tokens read, ${} a million written",
                dollars(prices.input),
                dollars(prices.output)
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn every_tool_that_is_offered_can_be_disabled_and_no_other() {
        let offered: BTreeSet<&str> = crate::prompts::TOOLS.into_iter().collect();
        let known: BTreeSet<&str> = crate::config::TOOLS.into_iter().collect();
        assert_eq!(offered, known);
    }
}
