//! The vault, its configuration, its projects.

use std::path::Path;

use super::{
    check::{Check, Kind, capped},
    ground::Ground,
    words::{count, list, quoted},
};
use crate::{
    config,
    vault::{CONFIG_FILE, ProjectFault},
};

/// Is there a vault, and where?
pub(super) fn place(ground: &Ground) -> Vec<Check> {
    let id = "vault";
    let found = match &ground.vault {
        Ok(found) => found,
        Err(error) => {
            let why = format!("{}; what needs a vault was not looked at", error.told());
            let remedy = "name it (modulatio --vault DIR doctor, or export MODULATIO_VAULT=DIR), or make one (modulatio init DIR)";
            return vec![Check::fail(id, Kind::Configuration, why, remedy)];
        }
    };
    let root = found.vault.root();
    if let Some(error) = &found.unlisted {
        let remedy = format!("chmod u+rx {}", quoted(root));
        return vec![Check::fail(id, Kind::Other, error.told(), remedy)];
    }
    vec![Check::ok(
        id,
        format!(
            "{}, {}; {}, {}",
            root.display(),
            ground.how,
            count(found.projects.len(), "project"),
            count(found.plans.len(), "plan"),
        ),
    )]
}

/// Is modulatio.yaml what it should be?
pub(super) fn configuration(ground: &Ground) -> Vec<Check> {
    let id = "configuration";
    let Some(found) = ground.vault() else {
        return Vec::new();
    };
    let file = found.vault.root().join(CONFIG_FILE);
    let faulty = |why: String, remedy: String| Check::fail(id, Kind::Configuration, why, remedy);
    match &found.config {
        Err(config::Error::Faulty(faults)) => {
            let edit = format!("${{EDITOR:-vi}} {}", quoted(&file));
            let faults = faults.as_slice().iter();
            faults
                .map(|fault| faulty(fault.to_string(), edit.clone()))
                .collect()
        }
        Err(config::Error::Unreadable { source, .. }) => {
            let remedy = match source.kind() {
                std::io::ErrorKind::InvalidData => format!("save {} as UTF-8", quoted(&file)),
                _ => format!("chmod u+r {0}; ls -ld {0}", quoted(&file)),
            };
            vec![faulty(
                format!("{} cannot be read: {source}", file.display()),
                remedy,
            )]
        }
        Ok(_) if !file.exists() => vec![Check::warn(
            id,
            format!(
                "there is no {}: every role rehearses, and commands find this vault only by its name",
                file.display()
            ),
            format!("touch {}, and name your models in it", quoted(&file)),
        )],
        Ok(_) => vec![Check::ok(id, format!("{CONFIG_FILE} is understood"))],
    }
}

/// Can every project be used, with its configuration, standards, prompts and folders?
pub(super) fn projects(ground: &Ground) -> Vec<Check> {
    let id = "projects";
    let Some(found) = ground.vault() else {
        return Vec::new();
    };
    let root = found.vault.root();
    let faults = found.faults.iter().map(|fault| unusable(root, fault));
    let mut checks: Vec<Check> = faults.collect();
    for project in &found.projects {
        let file = project.project.dir().join("project.yaml");
        for fault in &project.faults {
            let remedy = match fault.contains("project.yaml") {
                true => format!("${{EDITOR:-vi}} {}", quoted(&file)),
                false => {
                    "mend the file that is named; plans of this project are not claimed before"
                        .to_owned()
                }
            };
            checks.push(Check::fail(id, Kind::Configuration, fault, remedy));
        }
    }
    let all = format!("{} project list", ground.program);
    let mut checks = capped(checks, &all);
    if checks.is_empty() && found.projects.is_empty() {
        let add = format!("{} project add CODE --objective TEXT", ground.program);
        checks.push(Check::ok(id, format!("there is none yet: {add}")));
    } else if checks.is_empty() {
        let codes = found.projects.iter().map(|project| project.project.code());
        checks.push(Check::ok(id, format!("{} can be used", list(codes))));
    }
    checks
}

/// A directory that would be a project if something were not wrong.
fn unusable(root: &Path, fault: &ProjectFault) -> Check {
    let dir = root.join(&fault.name);
    let (path, lower) = (quoted(&dir), fault.name.to_lowercase());
    let remedy = if dir.is_symlink() {
        format!("put the directory itself in the place of the link: rm {path} && mv TARGET {path}")
    } else if lower != fault.name {
        format!("mv {path} {}", quoted(root.join(lower)))
    } else {
        format!("ls -ld {path} {path}/plans, and mend what is said, or move it out of the vault")
    };
    let why = format!("{}: {}", fault.name, fault.why);
    Check::fail("projects", Kind::Configuration, why, remedy)
}
