//! Nothing of a command outlives its call, whoever dies first.

use std::{
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use modulatio::toolbox::{
    Ended,
    sandbox::{How, Wish, find_with},
};

use crate::{
    and_without,
    bench::{Bench, keeper, processes, wait_until},
    in_each_sandbox,
};

in_each_sandbox!(
    what_is_left_behind_dies,
    a_daemon_that_holds_the_output_holds_nobody_up,
    a_cancelled_command_dies,
    a_killed_caller_takes_everything_along,
    a_killed_keeper_takes_everything_along,
    a_killed_guard_takes_everything_along,
    the_temporary_directory_goes,
);

and_without!(
    what_is_left_behind_dies,
    a_daemon_that_holds_the_output_holds_nobody_up,
    a_cancelled_command_dies,
    a_killed_caller_takes_everything_along,
    a_killed_keeper_takes_everything_along,
    a_killed_guard_takes_everything_along,
);

/// A time that nobody else sleeps: it marks the processes of one test.
fn mark() -> String {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("sleep 7{:07}{next:03}", std::process::id())
}

fn what_is_left_behind_dies(bench: &mut Bench) {
    for escape in [
        "MARK &",
        "setsid MARK &",
        "nohup MARK >/dev/null 2>&1 &",
        "(setsid setsid sh -c '(MARK &)' &)",
    ] {
        let mark = mark();
        let began = Instant::now();
        let said = bench.works(&format!(
            "{}\necho done; sleep 0.2",
            escape.replace("MARK", &mark)
        ));
        assert_eq!(said, "done");
        assert!(began.elapsed() < Duration::from_secs(15), "{escape}");
        assert!(processes(&mark).is_empty(), "{escape}");
    }
}

fn a_daemon_that_holds_the_output_holds_nobody_up(bench: &mut Bench) {
    let mark = mark();
    let began = Instant::now();
    bench.python_works(&format!(
        "import os\nif os.fork() == 0:\n  os.setsid()\n  if os.fork() == 0:\n    os.execvp('sleep', '{mark}'.split())\n  \
         os._exit(0)\nprint('started')\n"
    ));
    assert!(began.elapsed() < Duration::from_secs(15));
    assert!(processes(&mark).is_empty());
    // One that closes it is watched all the same.
    bench.shell.limits.wall = Duration::from_secs(1);
    assert_eq!(bench.run("exec >&- 2>&-; sleep 30").why, Ended::TimedOut);
}

fn a_cancelled_command_dies(bench: &mut Bench) {
    let mark = mark();
    let cancel = AtomicBool::new(false);
    let ran = std::thread::scope(|scope| {
        let call = scope.spawn(|| {
            let command = format!("echo begun; setsid {mark} & {mark}");
            bench.shell.run(&bench.grounds, &command, None, &cancel)
        });
        wait_until("it runs", || sleepers(&mark).len() >= 2);
        cancel.store(true, Ordering::Relaxed);
        call.join()
            .expect("the test's own part works")
            .expect("the test's own part works")
    });
    assert_eq!(ran.why, Ended::Cancelled);
    assert_eq!(ran.output, "begun\n");
    assert!(processes(&mark).is_empty());
}

/// Another process that runs a command which never ends.
fn caller(bench: &Bench, mark: &str) -> Child {
    let wish = match bench.shell.how {
        How::Bubblewrap(_) => "bubblewrap",
        How::Landlock => "landlock",
        How::Off => "off",
    };
    let child = Command::new(std::env::current_exe().expect("the test's own part works"))
        .args(["--exact", "lives::a_caller", "--ignored", "--nocapture"])
        .env("SANDBOX_TEST", format!("{wish} {mark}"))
        .stdout(Stdio::null())
        .spawn()
        .expect("the test's own part works");
    wait_until("the command runs", || sleepers(mark).len() >= 3);
    child
}

#[test]
#[ignore = "the other process of other tests"]
fn a_caller() {
    let Ok(text) = std::env::var("SANDBOX_TEST") else {
        return;
    };
    let (wish, mark) = text.split_once(' ').expect("the test's own part works");
    let wish = match wish {
        "bubblewrap" => Wish::Bubblewrap,
        "landlock" => Wish::Landlock,
        _ => Wish::Off,
    };
    let bench = Bench::new(find_with(wish, keeper()).expect("the test's own part works"));
    let command =
        format!("{mark} & setsid {mark} & (setsid nohup {mark} >/dev/null 2>&1 &) ; {mark}");
    let _ = bench
        .shell
        .run(&bench.grounds, &command, None, &AtomicBool::new(false));
}

fn sleepers(mark: &str) -> Vec<i32> {
    let is_sleep = |pid: &i32| {
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm"));
        name.is_ok_and(|name| name.trim() == "sleep")
    };
    processes(mark).into_iter().filter(is_sleep).collect()
}

fn kill(pid: i32) {
    let pid = rustix::process::Pid::from_raw(pid).expect("the test's own part works");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL)
        .expect("the test's own part works");
}

/// The keeper or the guard of this caller: a word of its command line.
fn helper(caller: &Child, word: &str) -> i32 {
    let own = |pid: i32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let parent = stat
            .rsplit_once(") ")
            .and_then(|(_, rest)| rest.split(' ').nth(1)?.parse().ok());
        parent.unwrap_or(0)
    };
    let root = i32::try_from(caller.id()).expect("the test's own part works");
    let found = processes(&format!("modulatio {word}"));
    let below = |pid: &i32| own(*pid) == root || own(own(*pid)) == root;
    found
        .into_iter()
        .find(below)
        .expect("a keeper and its guard")
}

#[track_caller]
fn everything_goes(mark: &str, mut caller: Child) {
    wait_until("everything is gone", || {
        processes(mark)
            .iter()
            .all(|pid| *pid == i32::try_from(caller.id()).expect("the test's own part works"))
    });
    let _ = caller.kill();
    caller.wait().expect("a child");
}

fn a_killed_caller_takes_everything_along(bench: &mut Bench) {
    let mark = mark();
    let mut caller = caller(bench, &mark);
    caller.kill().expect("a child");
    everything_goes(&mark, caller);
}

fn a_killed_keeper_takes_everything_along(bench: &mut Bench) {
    let mark = mark();
    let caller = caller(bench, &mark);
    kill(helper(&caller, "__mind"));
    everything_goes(&mark, caller);
}

fn a_killed_guard_takes_everything_along(bench: &mut Bench) {
    let mark = mark();
    let caller = caller(bench, &mark);
    kill(helper(&caller, "__keep"));
    everything_goes(&mark, caller);
}

fn the_temporary_directory_goes(bench: &mut Bench) {
    let place = bench.works("mkdir $TMPDIR/a && echo x > $TMPDIR/a/b && echo $TMPDIR");
    assert!(!std::path::Path::new(&place).join("a").exists());
}
