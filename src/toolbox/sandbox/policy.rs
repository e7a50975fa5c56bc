//! What a command is allowed, as data. Pure but for one look at the grounds.

use std::{
    ffi::OsString,
    path::{Component, Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::How;
use crate::toolbox::shell::{Grounds, Limits};

/// First argument of the process that outlives the keeper.
pub(super) const GUARD: &str = "__keep";
/// First argument of the keeper.
pub(super) const KEEPER: &str = "__mind";
/// First argument of the process that becomes the command.
pub(super) const STAGE: &str = "__confine";

/// Where `bwrap` says how far it came, in the temporary directory that the command does not see.
pub(super) const STATUS: &str = "status";

/// Longest command. The kernel takes no argument beyond 128 KiB.
const LONGEST: usize = 100 << 10;

/// What the keeper is told, as one line of JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Orders {
    pub(super) how: How,
    pub(super) limits: Limits,
    pub(super) grounds: Grounds,
    pub(super) command: String,
    /// Where the command's own temporary directory is made; later, that directory.
    pub(super) scratch: PathBuf,
}

/// Where programs are; readable and executable.
pub(super) const SYSTEM: [&str; 8] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/nix/store",
];

/// What programs look up: readable. Nothing of it is a secret on a machine that is set up as usual.
pub(super) const SETTINGS: [&str; 22] = [
    "/etc/alternatives",
    "/etc/bash.bashrc",
    "/etc/ca-certificates",
    "/etc/debian_version",
    "/etc/fonts",
    "/etc/group",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/magic",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/os-release",
    "/etc/passwd",
    "/etc/pki/tls/certs",
    "/etc/protocols",
    "/etc/services",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
];

/// What interpreters look up: entries of /etc that begin like this.
pub(super) const LANGUAGES: [&str; 3] = ["java-", "perl", "python"];

/// Devices that are harmless.
pub(super) const DEVICES: [&str; 5] = [
    "/dev/full",
    "/dev/null",
    "/dev/random",
    "/dev/urandom",
    "/dev/zero",
];

/// What Landlock shows of /proc: the machine, and no process.
pub(super) const MACHINE: [&str; 7] = [
    "/proc/cpuinfo",
    "/proc/filesystems",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/uptime",
    "/proc/version",
];

/// Most bytes of files in the temporary directory under Bubblewrap: it is memory.
pub(super) fn scratch_bytes(limits: &Limits) -> u64 {
    limits.disk.min(limits.memory / 4)
}

/// The whole environment of a command on these grounds, whose temporary directory is this.
pub(super) fn environment<'a>(grounds: &'a Grounds, scratch: &Path) -> Vec<(&'a str, OsString)> {
    let mut all: Vec<(&str, OsString)> = vec![
        ("HOME", scratch.into()),
        ("LANG", "C.UTF-8".into()),
        ("PATH", "/usr/local/bin:/usr/bin:/bin".into()),
        ("PYTHONDONTWRITEBYTECODE", "1".into()),
        ("TERM", "dumb".into()),
        ("TMPDIR", scratch.into()),
    ];
    let folders = grounds.variables.iter();
    all.extend(folders.map(|(name, path)| (name.as_str(), path.into())));
    all
}

/// Places of the grounds, each with whether it may be changed; what lies in another comes after it.
pub(super) fn places(grounds: &Grounds) -> Vec<(PathBuf, bool)> {
    let mut places = grounds.folders.clone();
    places.push((grounds.root.clone(), grounds.writable));
    places.sort_by_key(|(path, _)| (path.components().count(), path.clone()));
    places
}

/// The grounds with every link in them followed, if a command may run there.
///
/// # Errors
/// Why not.
pub(super) fn checked(grounds: &Grounds, how: &How, command: &str) -> Result<Grounds, String> {
    if command.len() > LONGEST || command.contains('\0') {
        return Err(format!(
            "a command has at most {LONGEST} bytes and no NUL; write what is longer into a file and run that"
        ));
    }
    let found = |path: &PathBuf| {
        let real = path.canonicalize();
        let real = real.map_err(|e| format!("{} cannot be used: {e}", path.display()))?;
        if !path.is_absolute() || !real.is_dir() {
            return Err(format!("{} is no absolute directory", path.display()));
        }
        Ok(real)
    };
    let folders = grounds.folders.iter();
    let folders = folders.map(|(path, writable)| Ok((found(path)?, *writable)));
    let real = Grounds {
        root: found(&grounds.root)?,
        writable: grounds.writable,
        folders: folders.collect::<Result<_, String>>()?,
        variables: grounds.variables.clone(),
    };
    stays(grounds, &real)?;
    lawful(&real, how)?;
    Ok(real)
}

/// A folder in a place that commands may write to could have been made a link to anywhere by the one before.
fn stays(named: &Grounds, real: &Grounds) -> Result<(), String> {
    let pairs = |grounds: &Grounds| {
        let mut pairs = vec![(grounds.root.clone(), grounds.writable)];
        pairs.extend(grounds.folders.clone());
        pairs
    };
    let (named, real) = (pairs(named), pairs(real));
    for ((place, writable), (real_place, _)) in named.iter().zip(&real) {
        for ((path, _), (real_path, _)) in named.iter().zip(&real) {
            if *writable && path.starts_with(place) && !real_path.starts_with(real_place) {
                return Err(format!(
                    "{} leads out of {}",
                    path.display(),
                    place.display()
                ));
            }
        }
    }
    Ok(())
}

/// What no grounds may have, whoever asks.
fn lawful(grounds: &Grounds, how: &How) -> Result<(), String> {
    let places = places(grounds);
    for (path, writable) in &places {
        let top = path.components().find_map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        });
        let of_the_system = ["usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32"];
        let refused = match top {
            None | Some("proc" | "sys" | "dev") => true,
            Some("etc" | "tmp" | "run" | "var" | "home") => path.components().count() == 2,
            Some(top) => *writable && of_the_system.contains(&top),
        };
        if refused {
            return Err(format!(
                "{} is too much of the machine to give to a command",
                path.display()
            ));
        }
    }
    if places.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err("a folder is there twice, or is the workspace itself".to_owned());
    }
    let twice = |(at, (path, writable)): (usize, &(PathBuf, bool))| {
        let above = &places[..at];
        above
            .iter()
            .any(|(other, whole)| path.starts_with(other) && *whole && !writable)
    };
    // Rules of Landlock only ever add: what is writable cannot have a part that is not.
    if *how == How::Landlock && places.iter().enumerate().any(twice) {
        return Err(
            "under Landlock a folder that is only to be read cannot lie in one that may be written to"
                .to_owned(),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grounds(root: &str, folders: &[(&str, bool)]) -> Grounds {
        Grounds {
            root: root.into(),
            writable: true,
            folders: folders
                .iter()
                .map(|(path, writable)| (path.into(), *writable))
                .collect(),
            variables: vec![("FOLDER_OUT".to_owned(), "/srv/out".into())],
        }
    }

    #[test]
    fn the_environment_is_this_and_nothing_else() {
        let lines: Vec<String> = environment(&grounds("/srv/w", &[]), Path::new("/tmp"))
            .into_iter()
            .map(|(name, value)| format!("{name}={}", value.to_string_lossy()))
            .collect();
        let expected = [
            "HOME=/tmp",
            "LANG=C.UTF-8",
            "PATH=/usr/local/bin:/usr/bin:/bin",
            "PYTHONDONTWRITEBYTECODE=1",
            "TERM=dumb",
            "TMPDIR=/tmp",
            "FOLDER_OUT=/srv/out",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn the_machine_itself_is_no_grounds() {
        for root in [
            "/", "/proc/1", "/sys", "/dev/shm", "/etc", "/usr/lib", "/home",
        ] {
            assert!(lawful(&grounds(root, &[]), &How::Off).is_err(), "{root}");
        }
        for root in ["/home/a", "/srv/vault/ess", "/tmp/x", "/root/work"] {
            assert_eq!(lawful(&grounds(root, &[]), &How::Landlock), Ok(()));
        }
        let read = [("/usr/share/doc", false)];
        assert_eq!(lawful(&grounds("/srv/w", &read), &How::Landlock), Ok(()));
        let written = [("/usr/share/doc", true)];
        assert!(lawful(&grounds("/srv/w", &written), &How::Off).is_err());
    }

    #[test]
    fn landlock_takes_no_readable_part_of_a_writable_place() {
        let inside = grounds("/srv/w", &[("/srv/w/data", false)]);
        assert!(lawful(&inside, &How::Landlock).is_err());
        assert_eq!(
            lawful(&inside, &How::Bubblewrap("/usr/bin/bwrap".into())),
            Ok(())
        );
        let around = grounds("/srv/w/out", &[("/srv/w", false)]);
        assert_eq!(lawful(&around, &How::Landlock), Ok(()));
        let twice = grounds("/srv/w", &[("/srv/w", false)]);
        assert!(lawful(&twice, &How::Off).is_err());
    }

    #[test]
    fn what_lies_in_another_place_comes_after_it() {
        let places = places(&grounds("/a/b", &[("/a/b/c", false), ("/a", false)]));
        let paths: Vec<_> = places
            .iter()
            .map(|(path, _)| path.to_str().unwrap())
            .collect();
        assert_eq!(paths, ["/a", "/a/b", "/a/b/c"]);
    }

    #[test]
    fn a_command_that_no_shell_could_be_given_is_refused() {
        let grounds = Grounds::workspace(Path::new("/tmp"), true);
        for command in ["a\0b", &"x".repeat(LONGEST + 1)] {
            let refused = checked(&grounds, &How::Off, command).unwrap_err();
            assert!(refused.contains("into a file"), "{refused}");
        }
    }
}
