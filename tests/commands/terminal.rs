//! A terminal that a command believes in: what it writes there, cursor movements and all.

use std::{
    fs::File,
    io::Read,
    os::fd::OwnedFd,
    process::{Child, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};

use rustix::{
    fs::{Mode, OFlags},
    process::{Pid, Signal, kill_process},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
};

use crate::support::{TestVault, wait_for, wait_until};

/// A command on a terminal; killed when dropped.
pub(crate) struct Terminal {
    child: Child,
    written: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Terminal {
    /// Starts the command with stdout and stderr on a terminal of its own.
    pub(crate) fn start(vault: &TestVault, args: &[&str]) -> Self {
        let (ours, theirs) = pair();
        let child = vault
            .command(args)
            .env("TERM", "xterm")
            .stdin(Stdio::null())
            .stdout(theirs.try_clone().expect("a descriptor"))
            .stderr(theirs)
            .spawn()
            .expect("the binary starts");
        let written = Arc::new(Mutex::new(Vec::new()));
        let told = written.clone();
        let reader = std::thread::spawn(move || {
            let (mut ours, mut bytes) = (File::from(ours), [0; 4096]);
            // Ends with an error once nobody holds the other side.
            while let Ok(count @ 1..) = ours.read(&mut bytes) {
                told.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend_from_slice(&bytes[..count]);
            }
        });
        Self {
            child,
            written,
            reader: Some(reader),
        }
    }

    /// What was written so far.
    pub(crate) fn text(&self) -> String {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&written).into_owned()
    }

    /// Waits until this was written.
    pub(crate) fn shows(&self, text: &str) {
        wait_until(&format!("the terminal shows {text:?}"), || {
            self.text().contains(text)
        });
    }

    /// Waits until a call was shown that this endpoint is asked, with the seconds since: a busy machine may show the first of
    /// them too late.
    pub(crate) fn shows_asking(&self, endpoint: &str, what: &str) {
        let shown = |s: u32| format!("asking     {endpoint}, {s} s: {what}");
        wait_until("the terminal shows for how long it asks", || {
            let text = self.text();
            (1..=3).any(|s| text.contains(&shown(s)))
        });
    }

    pub(crate) fn send(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).expect("pids are small"));
        kill_process(pid.expect("pids are not 0"), signal).expect("it is our child");
    }

    /// Waits for its end; returns how it ended and all that was written.
    pub(crate) fn ended(mut self) -> (ExitStatus, String) {
        let status = wait_for("the command ends", || {
            self.child.try_wait().expect("it can be waited for")
        });
        if let Some(reader) = self.reader.take() {
            reader.join().expect("it only reads");
        }
        (status, self.text())
    }
}

fn pair() -> (OwnedFd, OwnedFd) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&ours).expect("it is ours");
    unlockpt(&ours).expect("it is ours");
    let name = ptsname(&ours, Vec::new()).expect("it has a name");
    let flags = OFlags::RDWR | OFlags::NOCTTY;
    let theirs = rustix::fs::open(name.as_c_str(), flags, Mode::empty()).expect("its other side");
    (ours, theirs)
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Gone already, if it ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
