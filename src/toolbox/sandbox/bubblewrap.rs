//! The policy as arguments of `bwrap`. Pure.

use std::{ffi::OsString, path::PathBuf};

use super::policy::{self, Orders};

/// Most bytes of shared memory (`/dev/shm`).
const SHARED: u64 = 64 << 20;

/// The arguments that run the command of these orders. `languages` are what there is of [`policy::LANGUAGES`]; the
/// filter of system calls is read from the descriptor `filter`, how far it came is written to `status`.
pub(super) fn arguments(
    orders: &Orders,
    languages: &[PathBuf],
    (filter, status): (i32, i32),
) -> Vec<OsString> {
    let mut line = Line(Vec::new());
    line.words("--unshare-all --die-with-parent --new-session --cap-drop ALL --clearenv");
    for (name, value) in policy::environment(&orders.grounds, "/tmp".as_ref()) {
        line.words("--setenv").words(name).word(value);
    }
    line.words("--seccomp").word(filter.to_string());
    line.words("--json-status-fd").word(status.to_string());
    for path in policy::SYSTEM.iter().chain(&policy::SETTINGS) {
        line.bind("--ro-bind-try", path);
    }
    for path in languages {
        line.bind("--ro-bind-try", path);
    }
    let scratch = policy::scratch_bytes(&orders.limits);
    line.words("--proc /proc --dev /dev");
    line.words("--size").word(SHARED.to_string());
    line.words("--tmpfs /dev/shm");
    line.words("--size").word(scratch.to_string());
    line.words("--tmpfs /tmp");
    for (path, writable) in policy::places(&orders.grounds) {
        line.bind(if writable { "--bind" } else { "--ro-bind" }, path);
    }
    // What holds the places together is memory too, without any bound of its own. And root, even without powers, may
    // write to the machine's own settings in /proc/sys.
    line.words("--remount-ro /proc --remount-ro /dev --remount-ro /");
    line.words("--chdir").word(&orders.grounds.root);
    line.words("-- /bin/sh -c").word(&orders.command);
    line.0
}

struct Line(Vec<OsString>);

impl Line {
    fn word(&mut self, word: impl Into<OsString>) -> &mut Self {
        self.0.push(word.into());
        self
    }

    fn words(&mut self, words: &str) -> &mut Self {
        self.0.extend(words.split(' ').map(OsString::from));
        self
    }

    /// At its own path.
    fn bind(&mut self, option: &str, path: impl Into<OsString>) {
        let path = path.into();
        self.words(option).word(path.clone()).word(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolbox::{
        sandbox::How,
        shell::{Grounds, Limits},
    };

    #[test]
    fn the_arguments_are_these() {
        let orders = Orders {
            how: How::Bubblewrap("/usr/bin/bwrap".into()),
            limits: Limits::default(),
            grounds: Grounds {
                root: "/srv/w".into(),
                writable: true,
                folders: vec![("/srv/w/data".into(), false), ("/srv/out".into(), true)],
                variables: vec![("FOLDER_OUT".to_owned(), "/srv/out".into())],
            },
            command: "echo a b".to_owned(),
            scratch: "/tmp".into(),
        };
        let line = arguments(&orders, &["/etc/python3".into()], (7, 8));
        let text: Vec<_> = line.iter().map(|word| word.to_string_lossy()).collect();
        insta::assert_snapshot!(
            text.join("\n")
                .replace("\n--", "\n\n--")
                .replace('\n', " ")
                .replace("  ", "\n")
        );
    }
}
