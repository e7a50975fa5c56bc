//! A program that exchanges a directory or a file for a link while the tools work.

use std::{
    cell::Cell,
    fs,
    os::unix::fs::symlink,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use modulatio::toolbox::Returned;
use rustix::fs::CWD;

use super::bench::{Bench, SECRET, tells_nothing};

/// How often each tool is called while the names change under it.
const ROUNDS: usize = 400;

/// Exchanges `name` for what `make` makes and back, as fast as it can, until it is told to end.
fn swapping(dir: &Path, name: &str, make: impl Fn(&Path), end: &AtomicBool) {
    let (name, other) = (dir.join(name), dir.join(".other"));
    let exchange = || {
        let flags = rustix::fs::RenameFlags::EXCHANGE;
        let _ = rustix::fs::renameat_with(CWD, &name, CWD, &other, flags);
    };
    while !end.load(Ordering::Relaxed) {
        // A tool may have put a file in its place.
        let _ = fs::remove_file(&other);
        make(&other);
        exchange();
        exchange();
    }
}

fn during(bench: &Bench, name: &str, make: impl Fn(&Path) + Send, work: impl Fn()) {
    let end = AtomicBool::new(false);
    let dir = bench.path("work");
    thread::scope(|scope| {
        scope.spawn(|| swapping(&dir, name, make, &end));
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        end.store(true, Ordering::Relaxed);
        if let Err(panic) = done {
            std::panic::resume_unwind(panic);
        }
    });
}

/// What the tool met, so that a test which raced with nothing is seen.
#[derive(Default)]
struct Met {
    inside: Cell<u32>,
    link: Cell<u32>,
}

impl Met {
    fn note(&self, returned: &Returned) {
        let met = if returned.done {
            &self.inside
        } else {
            &self.link
        };
        met.set(met.get() + 1);
    }

    /// At least so many rounds, and on a busy machine as many more as it takes to meet both.
    fn rounds(&self, least: usize) -> impl Iterator<Item = usize> {
        (0..least * 100).take_while(move |round| {
            thread::yield_now();
            *round < least || !self.has_both()
        })
    }

    fn has_both(&self) -> bool {
        self.inside.get() > 0 && self.link.get() > 0
    }

    fn both(&self) {
        assert!(self.has_both(), "there was no race");
    }
}

#[test]
fn a_directory_that_is_exchanged_for_a_link_leads_nowhere() {
    let bench = Bench::new();
    bench.file("work/dir/secret.txt", "inside");
    let (outside, met) = (bench.path("outside"), Met::default());
    let link = |path: &Path| drop(symlink(&outside, path));
    during(&bench, "dir", link, || {
        for round in met.rounds(ROUNDS) {
            let read = bench.read("dir/secret.txt");
            assert!(!read.text.contains(SECRET), "round {round}");
            met.note(&read);
            let found = bench.search("SECRET", "");
            assert!(
                !found.text.contains(SECRET),
                "round {round}: {}",
                found.text
            );
            bench.write("dir/secret.txt", "written inside");
            bench.write("dir/new/new.md", "written inside");
            bench.edit("dir/secret.txt", "SECRET", "changed");
            bench.list("dir");
        }
    });
    met.both();
    bench.outside_is_untouched();
}

#[test]
fn a_file_that_is_exchanged_for_a_link_is_neither_read_nor_written_through() {
    let bench = Bench::new();
    bench.file("work/file", "inside");
    let (outside, met) = (bench.path("outside/secret.txt"), Met::default());
    let link = |path: &Path| drop(symlink(&outside, path));
    during(&bench, "file", link, || {
        for round in met.rounds(ROUNDS) {
            let read = bench.read("file");
            tells_nothing(&format!("round {round}"), &read);
            met.note(&read);
            tells_nothing(&format!("round {round}"), &bench.search(".", "file"));
            bench.write("file", "written inside");
            bench.edit("file", SECRET, "changed");
            bench.edit("file", "inside", "still inside");
        }
    });
    met.both();
    bench.outside_is_untouched();
}

#[test]
fn a_file_that_is_exchanged_for_a_pipe_keeps_nobody_waiting() {
    let bench = Bench::new();
    bench.file("work/file", "inside");
    let made = std::process::Command::new("mkfifo")
        .arg(bench.path("work/.pipe"))
        .status();
    assert!(made.unwrap().success());
    let begun = std::time::Instant::now();
    let (pipe, met) = (bench.path("work/.pipe"), Met::default());
    let second = |path: &Path| drop(fs::hard_link(&pipe, path));
    during(&bench, "file", second, || {
        for _ in met.rounds(ROUNDS) {
            met.note(&bench.read("file"));
            bench.edit("file", "inside", "inside still");
        }
    });
    met.both();
    assert!(begun.elapsed().as_secs() < 120);
}

#[test]
fn a_file_that_is_exchanged_for_a_link_to_a_hidden_one_does_not_show_it() {
    let bench = Bench::new();
    bench.file("work/file", "inside");
    bench.file("work/.env", SECRET);
    let met = Met::default();
    let link = |path: &Path| drop(symlink(".env", path));
    during(&bench, "file", link, || {
        for round in met.rounds(ROUNDS * 10) {
            let read = bench.read("file");
            tells_nothing(&format!("round {round}"), &read);
            met.note(&read);
        }
    });
    met.both();
}
