//! A workspace, a secret beside it, and a shell.

use std::{
    path::{Path, PathBuf},
    sync::{OnceLock, atomic::AtomicBool},
    time::{Duration, Instant},
};

use modulatio::toolbox::{
    Ended, Grounds, Ran, Shell,
    sandbox::{How, Wish, find_with},
};

pub(crate) const SECRET: &str = "hunter2-and-nobody-knows";

pub(crate) struct Bench {
    pub(crate) shell: Shell,
    pub(crate) grounds: Grounds,
    place: tempfile::TempDir,
}

pub(crate) fn keeper() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_modulatio"))
}

fn found(wish: Wish) -> &'static Result<How, String> {
    static BUBBLEWRAP: OnceLock<Result<How, String>> = OnceLock::new();
    static LANDLOCK: OnceLock<Result<How, String>> = OnceLock::new();
    static OFF: OnceLock<Result<How, String>> = OnceLock::new();
    let cell = match wish {
        Wish::Bubblewrap | Wish::Auto => &BUBBLEWRAP,
        Wish::Landlock => &LANDLOCK,
        Wish::Off => &OFF,
    };
    cell.get_or_init(|| find_with(wish, keeper()))
}

/// Runs the case, or says why it cannot be run here.
pub(crate) fn with(wish: Wish, case: fn(&mut Bench)) {
    match found(wish) {
        Ok(how) => case(&mut Bench::new(how.clone())),
        Err(why) => println!("SKIPPED, {wish:?} cannot work here: {why}"),
    }
}

impl Bench {
    pub(crate) fn new(how: How) -> Self {
        // Not in /tmp: that is another place inside, where everything may be written and is gone afterwards.
        let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let place = if place.starts_with("/tmp") {
            Path::new("/var/tmp")
        } else {
            place
        };
        let place = tempfile::Builder::new()
            .prefix("sandbox-test-")
            .tempdir_in(place)
            .expect("the test's own part works");
        let root = place.path().join("workspace");
        std::fs::create_dir(&root).expect("the test's own part works");
        std::fs::write(place.path().join("secret"), SECRET).expect("a file");
        let mut shell = Shell::new(how);
        shell.keeper = keeper().to_owned();
        shell.limits.wall = Duration::from_secs(20);
        Self {
            shell,
            grounds: Grounds::workspace(&root, true),
            place,
        }
    }

    pub(crate) fn is_bubblewrap(&self) -> bool {
        matches!(self.shell.how, How::Bubblewrap(_))
    }

    /// A path beside the workspace, outside of the sandbox.
    pub(crate) fn outside(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    pub(crate) fn inside(&self, name: &str) -> PathBuf {
        self.grounds.root.join(name)
    }

    /// A folder beside the workspace that the command gets too.
    pub(crate) fn folder(&mut self, name: &str, writable: bool) -> PathBuf {
        let path = self.outside(name);
        std::fs::create_dir(&path).expect("the test's own part works");
        self.grounds.folders.push((path.clone(), writable));
        path
    }

    #[track_caller]
    pub(crate) fn run(&self, command: &str) -> Ran {
        self.shell
            .run(&self.grounds, command, None, &AtomicBool::new(false))
            .unwrap_or_else(|why| panic!("{:?}: {command}: {why}", self.shell.how))
    }

    /// Runs a program in Python, from a file of the workspace.
    #[track_caller]
    pub(crate) fn python(&self, text: &str) -> Ran {
        std::fs::write(self.inside("attack.py"), text).expect("a file");
        self.run("python3 attack.py")
    }

    /// The command fails, and shows nothing of the secret.
    #[track_caller]
    pub(crate) fn is_refused(&self, command: &str) -> Ran {
        let ran = self.run(command);
        let how = &self.shell.how;
        assert_ne!(ran.code, Some(0), "{how:?}: {command}: {ran:#?}");
        assert!(!ran.output.contains(SECRET), "{how:?}: {command}: {ran:#?}");
        ran
    }

    /// The command succeeds; what it wrote, without the last line's end.
    #[track_caller]
    pub(crate) fn works(&self, command: &str) -> String {
        let ran = self.run(command);
        let how = &self.shell.how;
        assert_eq!(ran.why, Ended::Exited, "{how:?}: {command}: {ran:#?}");
        assert_eq!(ran.code, Some(0), "{how:?}: {command}: {ran:#?}");
        ran.output.trim_end().to_owned()
    }

    /// As [`Bench::works`], in Python.
    #[track_caller]
    pub(crate) fn python_works(&self, text: &str) -> String {
        std::fs::write(self.inside("attack.py"), text).expect("a file");
        self.works("python3 attack.py")
    }
}

/// Polls until it holds.
#[track_caller]
pub(crate) fn wait_until(what: &str, ready: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !ready() {
        assert!(Instant::now() < deadline, "never happened: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Live processes of this machine whose arguments contain this.
pub(crate) fn processes(mark: &str) -> Vec<i32> {
    let entries = std::fs::read_dir("/proc").expect("processes").flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    numbers
        .filter(|pid| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line)
                .replace('\0', " ")
                .contains(mark)
        })
        .collect()
}
