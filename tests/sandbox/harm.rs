//! Harm to the machine: every kind of too much ends, and is told.

use std::time::{Duration, Instant};

use modulatio::toolbox::{Ended, Ran};

use crate::{and_without, bench::Bench, in_each_sandbox};

in_each_sandbox!(
    a_fork_bomb_ends,
    a_fork_bomb_in_many_sessions_ends,
    a_thread_bomb_ends,
    a_memory_hog_ends,
    many_small_hogs_end_together,
    a_spin_ends_by_its_processor_time,
    spinning_children_count_together,
    a_sleep_ends_with_its_time,
    a_file_that_grows_too_large_ends,
    many_files_end_together,
    files_without_a_name_count,
    deep_directories_hide_nothing,
    the_temporary_directory_has_an_end,
    huge_output_is_cut,
);

and_without!(
    a_fork_bomb_ends,
    a_fork_bomb_in_many_sessions_ends,
    a_memory_hog_ends,
    a_spin_ends_by_its_processor_time,
    a_sleep_ends_with_its_time,
    many_files_end_together,
    files_without_a_name_count,
    huge_output_is_cut,
);

#[track_caller]
fn ends(bench: &Bench, ran: &Ran, why: Ended) {
    assert_eq!(ran.why, why, "{:?}: {ran:#?}", bench.shell.how);
    assert_eq!(ran.code, None);
}

/// The command runs until it is stopped, and that takes no longer than this.
#[track_caller]
fn stopped_within(bench: &Bench, seconds: u64, why: Ended, command: impl Fn() -> Ran) {
    let began = Instant::now();
    let ran = command();
    ends(bench, &ran, why);
    assert!(
        began.elapsed() < Duration::from_secs(seconds),
        "{:?} {ran:#?}",
        began.elapsed()
    );
}

fn a_fork_bomb_ends(bench: &mut Bench) {
    is_defused(bench, |bench| bench.run("b() { b | b & }; b; sleep 30"));
}

fn a_fork_bomb_in_many_sessions_ends(bench: &mut Bench) {
    is_defused(bench, |bench| {
        bench.python(
            "import os, time\nwhile True:\n  try:\n    if os.fork() == 0: os.setsid()\n  except OSError: pass\n",
        )
    });
}

#[track_caller]
fn is_defused(bench: &mut Bench, bomb: impl Fn(&Bench) -> Ran) {
    bench.shell.limits.processes = 64;
    bench.shell.limits.wall = Duration::from_secs(4);
    let began = Instant::now();
    let ran = bomb(bench);
    assert!(began.elapsed() < Duration::from_secs(8), "{ran:#?}");
    // An ordinary user's processes have a bound of their own. On a busy machine the bomb may burn out on it before
    // anybody looks.
    let burnt_out = ran.output.contains("Cannot fork") && !rustix::process::getuid().is_root();
    assert!(ran.why == Ended::TooManyProcesses || burnt_out, "{ran:#?}");
    nothing_is_left(bench);
}

/// No process works in the workspace any more.
fn nothing_is_left(bench: &Bench) {
    let entries = std::fs::read_dir("/proc").expect("processes").flatten();
    let left: Vec<_> = entries
        .filter(|entry| {
            let place = std::fs::read_link(entry.path().join("cwd"));
            place.is_ok_and(|place| place.starts_with(&bench.grounds.root))
        })
        .map(|entry| entry.path())
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

fn a_thread_bomb_ends(bench: &mut Bench) {
    bench.shell.limits.processes = 32;
    bench.shell.limits.wall = Duration::from_secs(5);
    let ran = bench.python(
        "import threading, time\nthreading.stack_size(65536)\nwhile True:\n  \
         threading.Thread(target=time.sleep, args=(30,)).start()\n",
    );
    // An ordinary user's threads run into the user's own bound first: then the program waits for those it has.
    let bounded = ran.why == Ended::TimedOut && ran.output.contains("can't start new thread");
    assert!(ran.why == Ended::TooManyProcesses || bounded, "{ran:#?}");
}

fn a_memory_hog_ends(bench: &mut Bench) {
    bench.shell.limits.memory = 256 << 20;
    let hog = "a = []\nwhile True: a.append(bytearray(b'x') * (1 << 20))\n";
    let ran = bench.python(hog);
    // Killed by the keeper, or refused by the kernel when it runs out of addresses before the keeper looks.
    let refused = ran.code == Some(1) && ran.output.contains("MemoryError");
    assert!(ran.why == Ended::OutOfMemory || refused, "{ran:#?}");
}

fn many_small_hogs_end_together(bench: &mut Bench) {
    bench.shell.limits.memory = 256 << 20;
    stopped_within(bench, 15, Ended::OutOfMemory, || {
        bench.python(
            "import os, time\nfor _ in range(8):\n  if os.fork() == 0:\n    a = bytearray(b'x') * (100 << 20)\n    \
             time.sleep(30)\ntime.sleep(30)\n",
        )
    });
}

fn a_spin_ends_by_its_processor_time(bench: &mut Bench) {
    bench.shell.limits.cpu = Duration::from_secs(1);
    stopped_within(bench, 15, Ended::OutOfCpu, || {
        bench.run("while :; do :; done")
    });
}

fn spinning_children_count_together(bench: &mut Bench) {
    bench.shell.limits.cpu = Duration::from_secs(2);
    stopped_within(bench, 18, Ended::OutOfCpu, || {
        bench.run("while :; do timeout 0.2 sh -c 'while :; do :; done'; done")
    });
}

fn a_sleep_ends_with_its_time(bench: &mut Bench) {
    bench.shell.limits.wall = Duration::from_secs(1);
    stopped_within(bench, 12, Ended::TimedOut, || {
        bench.run("echo begun; sleep 30")
    });
    stopped_within(bench, 12, Ended::TimedOut, || {
        bench.run("trap '' TERM INT HUP; while :; do sleep 1; done")
    });
}

fn a_file_that_grows_too_large_ends(bench: &mut Bench) {
    bench.shell.limits.file_size = 1 << 20;
    let ran = bench.run("head -c 50000000 /dev/zero > big");
    assert_ne!(ran.code, Some(0));
    assert_eq!(
        std::fs::metadata(bench.inside("big"))
            .expect("a file")
            .len(),
        1 << 20
    );
}

fn many_files_end_together(bench: &mut Bench) {
    bench.shell.limits.disk = 20 << 20;
    stopped_within(bench, 15, Ended::DiskFull, || {
        bench.run("i=0; while :; do head -c 1000000 /dev/zero > f$i; i=$((i+1)); sleep 0.02; done")
    });
    bench.shell.limits.disk = 1 << 20;
    stopped_within(bench, 15, Ended::DiskFull, || {
        bench.run("i=0; while :; do : > empty$i; i=$((i+1)); done")
    });
}

fn files_without_a_name_count(bench: &mut Bench) {
    bench.shell.limits.disk = 20 << 20;
    stopped_within(bench, 15, Ended::DiskFull, || {
        bench.python(
            "import os, time\nkept = []\nwhile True:\n  f = open('gone', 'wb'); os.unlink('gone')\n  \
             f.write(bytes(1 << 20)); f.flush(); kept.append(f); time.sleep(0.02)\n",
        )
    });
}

fn deep_directories_hide_nothing(bench: &mut Bench) {
    bench.shell.limits.disk = 20 << 20;
    stopped_within(bench, 15, Ended::DiskFull, || {
        bench.python(
            "import os, time\nfor _ in range(100):\n  os.mkdir('d' * 100); os.chdir('d' * 100)\nn = 0\nwhile True:\n  \
             open('f%d' % n, 'wb').write(bytes(100000)); n += 1; time.sleep(0.01)\n",
        )
    });
}

fn the_temporary_directory_has_an_end(bench: &mut Bench) {
    bench.shell.limits.disk = 20 << 20;
    let ran = bench.run("i=0; while head -c 1000000 /dev/zero > $TMPDIR/f$i; do i=$((i+1)); sleep 0.02; done; exit 3");
    assert!(
        ran.why == Ended::DiskFull || ran.code == Some(3),
        "{ran:#?}"
    );
    for place in ["/dev/shm", "/dev", "/", "/usr", "/etc", "/run"] {
        let ran = bench.run(&format!("head -c 100000000 /dev/zero > {place}/filled"));
        assert_ne!(ran.code, Some(0), "{place}: {ran:#?}");
    }
}

fn huge_output_is_cut(bench: &mut Bench) {
    bench.shell.limits.output = 10_000;
    bench.shell.limits.wall = Duration::from_secs(2);
    let ran = bench.run("echo first; yes");
    ends(bench, &ran, Ended::TimedOut);
    assert!(ran.cut && ran.output.starts_with("first\n") && ran.output.len() < 10_200);
    bench.shell.limits.wall = Duration::from_secs(20);
    let ran = bench.run("seq 1 200000; echo last >&2");
    assert!(
        ran.cut && ran.output.ends_with("200000\nlast\n"),
        "{ran:#?}"
    );
}
