//! What this machine can do, found by trying.

use std::path::{Path, PathBuf};

#[cfg(target_os = "linux")]
use std::{sync::atomic::AtomicBool, time::Duration};

use super::{How, Wish};
#[cfg(target_os = "linux")]
use crate::toolbox::shell::{Ended, Grounds, Shell};

/// What fulfils the wish on this machine: a sandbox in which a command has just run.
///
/// # Errors
/// Why there is none, and what to do about it.
pub fn find(wish: Wish) -> Result<How, String> {
    find_with(wish, &super::this_program())
}

/// As [`find`], with this program as the keeper.
///
/// # Errors
/// As [`find`].
pub fn find_with(wish: Wish, keeper: &Path) -> Result<How, String> {
    match wish {
        Wish::Off => Ok(How::Off),
        Wish::Bubblewrap => bubblewrap(keeper),
        Wish::Landlock => works(How::Landlock, keeper),
        Wish::Auto => bubblewrap(keeper).or_else(|first| {
            works(How::Landlock, keeper)
                .map_err(|second| format!("{first}; nor is there Landlock: {second}"))
        }),
    }
}

fn bubblewrap(keeper: &Path) -> Result<How, String> {
    let path = [
        "/usr/bin",
        "/usr/local/bin",
        "/bin",
        "/run/current-system/sw/bin",
    ];
    let found = path.map(|dir| PathBuf::from(dir).join("bwrap"));
    let Some(program) = found.into_iter().find(|program| program.is_file()) else {
        return Err("bwrap is not installed (install the package bubblewrap)".to_owned());
    };
    works(How::Bubblewrap(program), keeper)
}

#[cfg(target_os = "linux")]
fn works(how: How, keeper: &Path) -> Result<How, String> {
    let name = match &how {
        How::Bubblewrap(program) => program.display().to_string(),
        How::Landlock => "Landlock".to_owned(),
        How::Off => "the shell".to_owned(),
    };
    let place = tempfile::Builder::new().prefix("modulatio-").tempdir();
    let place = place.map_err(|e| format!("there is no temporary directory: {e}"))?;
    let mut shell = Shell::new(how);
    keeper.clone_into(&mut shell.keeper);
    shell.limits.wall = Duration::from_secs(10);
    let grounds = Grounds::workspace(place.path(), true);
    let ran = shell.run(&grounds, "true > tried", None, &AtomicBool::new(false));
    match ran {
        Ok(ran) if ran.why == Ended::Exited && ran.code == Some(0) => Ok(shell.how),
        Ok(ran) => Err(format!(
            "{name} does not work here: {}",
            crate::toolbox::told(&ran, 512).0.replace('\n', " ")
        )),
        Err(why) => Err(format!("{name} does not work here: {why}")),
    }
}

#[cfg(not(target_os = "linux"))]
fn works(_: How, _: &Path) -> Result<How, String> {
    Err("commands can be confined on Linux only".to_owned())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// A test program does not ask `take_over`: started again with the keeper's word it would run its tests.
    #[test]
    fn a_program_that_would_start_itself_finds_no_sandbox() {
        let why = works(How::Landlock, &super::super::this_program());
        let why = why.expect_err("no keeper");
        assert!(why.contains("never calls take_over"), "{why}");
    }
}
