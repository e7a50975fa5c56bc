//! The service: is the unit installed, is it current, is it for this vault and this program?

use std::path::Path;

use super::{
    check::{Check, Kind},
    ground::{Ground, systemctl},
    words::{list, quoted},
};
use crate::daemon::{Unit, version_of};

const ID: &str = "systemd";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Is the unit installed and current?
pub(super) fn unit(ground: &Ground) -> Vec<Check> {
    let runs = Path::new("/run/systemd/system").is_dir();
    if ground.units.is_empty() {
        return vec![Check::ok(ID, match runs {
            false => "this machine does not run systemd, and no unit is installed; start daemons otherwise".to_owned(),
            true => "no unit is installed: a daemon runs only as long as its terminal does. To have one: install -D -m 0644 packaging/systemd/modulatio-daemon.service ~/.config/systemd/user/modulatio-daemon.service, then edit its vault and program".to_owned(),
        })];
    }
    ground
        .units
        .iter()
        .flat_map(|unit| of(ground, unit))
        .collect()
}

fn of(ground: &Ground, unit: &Unit) -> Vec<Check> {
    let faults = [
        program(unit),
        vault(ground, unit),
        environment(unit),
        age(unit),
    ];
    let checks: Vec<Check> = faults.into_iter().flatten().collect();
    if !checks.is_empty() {
        return checks;
    }
    let path = unit.path.display();
    let enabled = match unit.is_enabled {
        true => "is enabled".to_owned(),
        false => format!(
            "is not enabled: {} starts it with the machine",
            systemctl(unit, "enable")
        ),
    };
    vec![Check::ok(ID, format!("{path} is current and {enabled}"))]
}

/// The edit of a unit, and what makes it count.
fn edit(unit: &Unit, what: &str) -> String {
    let reload = systemctl(unit, "restart");
    let manager = if unit.is_user {
        "systemctl --user"
    } else {
        "sudo systemctl"
    };
    format!(
        "{what} in {}; then {manager} daemon-reload && {reload}",
        quoted(&unit.path)
    )
}

/// Does it start this program, in this version?
fn program(unit: &Unit) -> Option<Check> {
    let path = unit.path.display();
    let (program, _) = match unit.command() {
        Ok(command) => command,
        Err(why) => {
            return Some(Check::warn(
                ID,
                format!("{path}: {why}"),
                edit(unit, "write ExecStart=/absolute/path/of/modulatio daemon"),
            ));
        }
    };
    if !is_executable(&program) {
        let found = format!("{path} starts {}, which is no program", program.display());
        let own = std::env::current_exe().unwrap_or_else(|_| "/absolute/path/of/modulatio".into());
        let what = format!("write ExecStart={} daemon", own.display());
        return Some(Check::fail(ID, Kind::Daemon, found, edit(unit, &what)));
    }
    let version = version_of(&program).filter(|version| version != VERSION)?;
    let found = format!(
        "{path} starts {}, which is modulatio {version}; this is {VERSION}",
        program.display()
    );
    let own = std::env::current_exe().map_or_else(|_| "modulatio".to_owned(), quoted);
    let remedy = format!(
        "install -m 0755 {own} {} (of the two, the newer over the older), then {}",
        quoted(&program),
        systemctl(unit, "restart")
    );
    Some(Check::warn(ID, found, remedy))
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let meta = std::fs::metadata(path);
    meta.is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

/// Is it for this vault?
fn vault(ground: &Ground, unit: &Unit) -> Option<Check> {
    let root = ground.vault()?.vault.root();
    let path = unit.path.display();
    let meant = match unit.vault() {
        Ok(meant) => meant?,
        Err(why) => {
            return Some(Check::warn(
                ID,
                format!("{path}: {why}"),
                edit(unit, "write the path in full"),
            ));
        }
    };
    let real = meant.canonicalize().unwrap_or_else(|_| meant.clone());
    // A directory inside of the vault finds it too.
    if real == root || real.starts_with(root) {
        return None;
    }
    let found = format!(
        "{path} is for the vault {}, not for {}",
        meant.display(),
        root.display()
    );
    let what = format!("write Environment=MODULATIO_VAULT={}", root.display());
    Some(Check::warn(ID, found, edit(unit, &what)))
}

/// Are its files of keys there, and closed?
fn environment(unit: &Unit) -> Option<Check> {
    use std::os::unix::fs::PermissionsExt;
    let files = unit.environment_files().ok()?;
    files.into_iter().find_map(|(file, is_optional)| {
        let path = quoted(&file);
        match std::fs::metadata(&file) {
            Ok(meta) if meta.permissions().mode() & 0o077 != 0 => {
                let mode = meta.permissions().mode() & 0o7777;
                let found = format!(
                    "{}, from which {} takes keys, can be read by others (mode {mode:04o})",
                    file.display(),
                    unit.name()
                );
                Some(Check::warn(
                    ID,
                    found,
                    format!("chmod 600 {path}; if others could see them, replace the keys"),
                ))
            }
            Ok(_) => None,
            Err(_) if is_optional => None,
            Err(error) => {
                let found = format!(
                    "{} does not start without {}: {error}",
                    unit.name(),
                    file.display()
                );
                Some(Check::fail(
                    ID,
                    Kind::Daemon,
                    found,
                    format!("install -D -m 0600 /dev/null {path}, and write the keys into it"),
                ))
            }
        }
    })
}

/// Does it set all that the shipped one sets?
fn age(unit: &Unit) -> Option<Check> {
    let lacks = unit.lacks();
    let lines: Vec<&String> = lacks.iter().flat_map(|(_, lines)| lines).collect();
    if lines.is_empty() {
        return None;
    }
    let found = format!(
        "{} is older than the unit of this version: it does not set {}",
        unit.path.display(),
        list(&lines)
    );
    let each = lacks.iter().map(|(section, lines)| {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        format!("[{section}] {}", lines.join(" "))
    });
    let what = format!(
        "add, a line each, {}",
        each.collect::<Vec<_>>().join(" and ")
    );
    Some(Check::warn(ID, found, edit(unit, &what)))
}
