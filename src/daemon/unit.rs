//! The systemd unit as it is installed, held against the one that this program ships. Only files are read: whether
//! systemd runs, or ever ran, does not matter.

mod settings;
#[cfg(test)]
mod tests;
mod version;

use std::{
    fs,
    path::{Path, PathBuf},
};

use settings::{Setting, apply, parse, words};
pub use version::version_of;

/// The unit that comes with the program.
pub const SHIPPED: &str = include_str!("../../packaging/systemd/modulatio-daemon.service");

/// What it is called, and what a copy for several daemons is.
const NAMES: [&str; 2] = ["modulatio-daemon.service", "modulatio-daemon@.service"];

/// What every operator writes anew: nothing of it is older or newer.
const OWN: [&str; 11] = [
    "Description",
    "Documentation",
    "ExecStart",
    "WorkingDirectory",
    "Environment",
    "EnvironmentFile",
    "LoadCredential",
    "WantedBy",
    "Type",
    "User",
    "Group",
];

/// Where units are looked for, the first place that has one wins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// The user's home, if there is one.
    pub home: Option<PathBuf>,
    /// Directories of units of the user's manager.
    pub user: Vec<PathBuf>,
    /// Directories of units of the system's manager.
    pub system: Vec<PathBuf>,
}

/// An installed unit with its drop-ins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The file.
    pub path: PathBuf,
    /// Whether it is one of the user's manager.
    pub is_user: bool,
    /// Whether it is started with the machine, or with the user's manager.
    pub is_enabled: bool,
    home: Option<PathBuf>,
    settings: Vec<Setting>,
}

impl Places {
    /// Where systemd looks (systemd.unit(5)), by this process's environment.
    #[must_use]
    pub fn of_environment() -> Self {
        let variable = |name: &str| {
            let path = std::env::var_os(name).map(PathBuf::from);
            path.filter(|path| path.is_absolute())
        };
        let home = variable("HOME");
        let below = |dir: &str| home.as_ref().map(|home| home.join(dir));
        let config = variable("XDG_CONFIG_HOME").or_else(|| below(".config"));
        let data = variable("XDG_DATA_HOME").or_else(|| below(".local/share"));
        let fixed = |kind: &str| {
            ["/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"]
                .map(|dir| Path::new(dir).join("systemd").join(kind))
        };
        let own = |dir: Option<PathBuf>| dir.map(|dir| dir.join("systemd/user"));
        let (config, data) = (own(config), own(data));
        Self {
            home,
            user: config
                .into_iter()
                .chain(data)
                .chain(fixed("user"))
                .collect(),
            system: fixed("system").into(),
        }
    }

    /// The units that are installed, the user's first.
    #[must_use]
    pub fn units(&self) -> Vec<Unit> {
        let managers = [(&self.user, true), (&self.system, false)];
        let each = managers.iter().flat_map(|(dirs, is_user)| {
            let of_name = |name: &&str| self.unit(dirs, name, *is_user);
            NAMES.iter().filter_map(of_name).collect::<Vec<_>>()
        });
        each.collect()
    }

    fn unit(&self, dirs: &[PathBuf], name: &str, is_user: bool) -> Option<Unit> {
        let found = dirs.iter().map(|dir| dir.join(name));
        let found: Vec<PathBuf> = found.filter(|path| path.exists()).collect();
        let path = found.first()?.clone();
        let mut settings = parse(&fs::read_to_string(&path).unwrap_or_default());
        for file in drop_ins(dirs, name) {
            apply(
                &mut settings,
                parse(&fs::read_to_string(file).unwrap_or_default()),
            );
        }
        // The system's manager is root's.
        let home = if is_user {
            self.home.clone()
        } else {
            Some(PathBuf::from("/root"))
        };
        Some(Unit {
            is_enabled: dirs.iter().any(|dir| is_wanted(dir, name)),
            path,
            is_user,
            home,
            settings,
        })
    }
}

/// What was changed with `systemctl edit`, in the order in which it counts.
fn drop_ins(dirs: &[PathBuf], name: &str) -> Vec<PathBuf> {
    let entries = dirs.iter().flat_map(|dir| {
        let entries = fs::read_dir(dir.join(format!("{name}.d")));
        entries.into_iter().flatten().flatten()
    });
    let paths = entries.map(|entry| entry.path());
    let mut files: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|end| end == "conf"))
        .collect();
    files.sort_by_key(|path| path.file_name().map(ToOwned::to_owned));
    files
}

/// Whether a `*.wants` directory links the unit, or an instance of it.
fn is_wanted(dir: &Path, name: &str) -> bool {
    let (stem, _) = name.split_once(".service").unwrap_or((name, ""));
    let of_unit = |link: &str| {
        link == name
            || (stem.ends_with('@') && link.starts_with(stem) && link.ends_with(".service"))
    };
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let wants = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "wants"));
    wants
        .flat_map(|wants| fs::read_dir(wants).into_iter().flatten().flatten())
        .any(|link| of_unit(&link.file_name().to_string_lossy()))
}

impl Unit {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// The program that it starts and its arguments.
    ///
    /// # Errors
    /// Why that cannot be told.
    pub fn command(&self) -> Result<(PathBuf, Vec<String>), String> {
        let line = self.last("ExecStart").ok_or("it has no ExecStart=")?;
        let line = self.expanded(line)?;
        let mut words = words(line.trim_start_matches(['@', '-', ':', '+', '!'])).into_iter();
        let program = words.next().ok_or("its ExecStart= is empty")?;
        let path = PathBuf::from(&program);
        if path.is_absolute() {
            Ok((path, words.collect()))
        } else {
            Err(format!(
                "its ExecStart= names {program:?}, which is no absolute path"
            ))
        }
    }

    /// The vault that it is for: as an argument, in a variable, else the directory that it works in.
    ///
    /// # Errors
    /// Why that cannot be told.
    pub fn vault(&self) -> Result<Option<PathBuf>, String> {
        let (_, arguments) = self.command()?;
        let named = arguments.iter().enumerate().find_map(|(at, word)| {
            match word.strip_prefix("--vault=") {
                Some(value) => Some(value.to_owned()),
                None => arguments.get(at + 1).filter(|_| word == "--vault").cloned(),
            }
        });
        if let Some(named) = named {
            return Ok(Some(PathBuf::from(named)));
        }
        if let Some(set) = self.variable("MODULATIO_VAULT")? {
            return Ok(Some(PathBuf::from(set)));
        }
        let dir = self.last("WorkingDirectory").map(|dir| self.expanded(dir));
        Ok(dir.transpose()?.map(PathBuf::from))
    }

    /// A variable that it sets, in itself or in one of its files; the files count last.
    fn variable(&self, name: &str) -> Result<Option<String>, String> {
        let mut found = None;
        let of = |text: &str| {
            let value = text.strip_prefix(name)?.strip_prefix('=')?;
            Some(value.trim_matches(['"', '\'']).to_owned())
        };
        for line in self.all("Environment") {
            let line = self.expanded(line)?;
            found = words(&line)
                .iter()
                .filter_map(|word| of(word))
                .next_back()
                .or(found);
        }
        for (file, _) in self.environment_files()? {
            let text = fs::read_to_string(file).unwrap_or_default();
            found = text
                .lines()
                .filter_map(|line| of(line.trim()))
                .next_back()
                .or(found);
        }
        Ok(found)
    }

    /// The files that it reads variables from, and whether it starts without them.
    ///
    /// # Errors
    /// Why that cannot be told.
    pub fn environment_files(&self) -> Result<Vec<(PathBuf, bool)>, String> {
        let of = |value: &str| {
            let path = self.expanded(value.trim_start_matches('-'))?;
            Ok((PathBuf::from(path), value.starts_with('-')))
        };
        self.all("EnvironmentFile").map(of).collect()
    }

    /// What the shipped unit sets and this one does not, as it would be written. Whoever sets the same to something
    /// else has decided so.
    #[must_use]
    pub fn lacks(&self) -> Vec<(String, Vec<String>)> {
        let mut lacks: Vec<(String, Vec<String>)> = Vec::new();
        for shipped in parse(SHIPPED) {
            let is_own = OWN.contains(&shipped.key.as_str());
            let is_set = self.settings.iter().any(|own| own.key == shipped.key);
            if is_own || is_set {
                continue;
            }
            let line = format!("{}={}", shipped.key, shipped.value);
            match lacks
                .iter_mut()
                .find(|(section, _)| *section == shipped.section)
            {
                Some((_, lines)) => lines.push(line),
                None => lacks.push((shipped.section, vec![line])),
            }
        }
        lacks
    }

    fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        let of_key = self
            .settings
            .iter()
            .filter(move |setting| setting.key == key);
        of_key.map(|setting| setting.value.as_str())
    }

    fn last(&self, key: &str) -> Option<&str> {
        let of_key = self
            .settings
            .iter()
            .rev()
            .find(|setting| setting.key == key);
        of_key.map(|setting| setting.value.as_str())
    }

    /// Without specifiers, as far as they are known without systemd.
    fn expanded(&self, text: &str) -> Result<String, String> {
        let mut out = String::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            match (c, (c == '%').then(|| chars.next()).flatten()) {
                ('%', Some('h')) => match &self.home {
                    Some(home) => out.push_str(&home.to_string_lossy()),
                    None => return Err("it says %h, and HOME is not set here".to_owned()),
                },
                ('%', Some('%')) => out.push('%'),
                ('%', Some('i' | 'I')) => out.push('1'),
                ('%', other) => {
                    let name = other.map_or_else(String::new, String::from);
                    return Err(format!("it says %{name}, which only systemd can tell"));
                }
                (c, _) => out.push(c),
            }
        }
        Ok(out)
    }
}
