//! `modulatio config check`: every fault of every file that is written by hand, and what an operator would rather know
//! before the night.

use serde_json::json;

use crate::{
    cli::{
        models::{roster::roster, warnings},
        output,
    },
    config::{self, Checked, Config},
    daemon,
    error::{Error, Result},
    vault::{Project, Vault},
};

/// Something that was found.
struct Finding {
    is_fault: bool,
    file: String,
    line: Option<usize>,
    key: String,
    what: String,
}

pub(super) fn run(vault: &Vault, json: bool) -> Result<()> {
    let (projects, unusable) = vault.projects()?;
    let directories: Vec<String> = projects.iter().map(|p| p.code().directory()).collect();
    let checked = config::check(vault.root(), &directories);
    let mut found: Vec<Finding> = unusable
        .into_iter()
        .map(|fault| Finding::fault(&format!("{}/", fault.name), None, "", &fault.why))
        .collect();
    for (fault, line) in &checked.faults {
        let file = fault.file.display().to_string();
        found.push(Finding::fault(&file, *line, &fault.field, &fault.problem));
    }
    found.extend(of_grounds(&projects, &checked)?);
    found.extend(of_models(&checked));
    for finding in &found {
        finding.tell(json);
    }
    verdict(&checked, &found, json)
}

/// Folders, prompts and standards that plans could not be run with. The vault's own are found in every project.
fn of_grounds(projects: &[Project], checked: &Checked) -> Result<Vec<Finding>> {
    let mut found: Vec<String> = Vec::new();
    for read in &checked.projects {
        let project = projects
            .iter()
            .find(|project| project.code().directory() == read.directory)
            .expect("only these were looked at");
        for error in daemon::unusable(project, read.folders.clone()) {
            let Error::Config { faults } = error else {
                return Err(error);
            };
            for fault in faults {
                if !found.contains(&fault) {
                    found.push(fault);
                }
            }
        }
    }
    let finding = |fault: &String| {
        let (file, what) = fault.split_once(": ").unwrap_or(("", fault));
        match what.strip_prefix("folders: ") {
            Some(what) => Finding::fault(file, None, "folders", what),
            None => Finding::fault(file, None, "", what),
        }
    };
    Ok(found.iter().map(finding).collect())
}

/// What the team of the vault, and of each project that has another, cannot count on.
fn of_models(checked: &Checked) -> Vec<Finding> {
    let of_projects = checked.projects.iter().filter_map(|project| {
        let file = format!("{}/{}", project.directory, config::PROJECT_FILE);
        Some((file, project.config.as_ref()?))
    });
    let vault = checked.vault.as_ref();
    let vault = vault.map(|config| (config::VAULT_FILE.to_owned(), config));
    let mut told: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for (file, config) in vault.into_iter().chain(of_projects) {
        for what in of_team(config) {
            if !told.contains(&what) {
                found.push(Finding::warning(&file, &what));
                told.push(what);
            }
        }
    }
    found
}

fn of_team(config: &Config) -> Vec<String> {
    let roster = roster(config);
    let mut found = warnings(config, &roster);
    let caps = [
        config.defaults.max_cost_micro_usd,
        config.daily.max_cost_micro_usd,
    ];
    // With a cap on cost they have been told of as what cannot be kept.
    let uncapped = caps.iter().all(Option::is_none);
    let unpriced = roster
        .iter()
        .filter(|listed| uncapped && listed.is_seated() && listed.model.price.is_none());
    found.extend(unpriced.map(|listed| {
        format!(
            "{}: nobody knows its price; set `price` under `models:` (`price: free` if it costs nothing)",
            listed.name
        )
    }));
    found
}

impl Finding {
    fn fault(file: &str, line: Option<usize>, key: &str, what: &str) -> Self {
        Self {
            is_fault: true,
            file: file.to_owned(),
            line,
            key: key.to_owned(),
            what: what.to_owned(),
        }
    }

    fn warning(file: &str, what: &str) -> Self {
        Self {
            is_fault: false,
            ..Self::fault(file, None, "", what)
        }
    }

    fn tell(&self, json: bool) {
        if json {
            let level = if self.is_fault { "fault" } else { "warning" };
            let key = (!self.key.is_empty()).then_some(&self.key);
            output::report_json(&json!({
                "level": level, "file": self.file, "line": self.line, "key": key, "what": self.what,
            }));
        } else if self.is_fault {
            output::report(&self.words());
        } else {
            output::tell(&format!("warning: {}", self.words()));
        }
    }

    fn words(&self) -> String {
        let line = self
            .line
            .map_or_else(String::new, |line| format!(":{line}"));
        let key = match self.key.as_str() {
            "" => String::new(),
            key => format!(" {key}:"),
        };
        format!("{}{line}:{key} {}", self.file, self.what)
    }
}

fn verdict(checked: &Checked, found: &[Finding], json: bool) -> Result<()> {
    let faults = found.iter().filter(|finding| finding.is_fault).count();
    if faults > 0 {
        return Err(Error::Config {
            faults: vec![format!("{faults} fault(s) in what is written by hand")],
        });
    }
    if !json {
        let files: Vec<String> = checked
            .files
            .iter()
            .map(|f| f.display().to_string())
            .collect();
        match files.as_slice() {
            [] => output::report("sound: there is no file, so every role rehearses"),
            files => output::report(&format!("sound: {}", files.join(", "))),
        }
    }
    Ok(())
}
