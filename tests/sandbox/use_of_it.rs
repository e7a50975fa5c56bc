//! What a sandbox must not prevent.

use std::time::Duration;

use modulatio::toolbox::{Ended, told};

use crate::{and_without, bench::Bench, in_each_sandbox};

in_each_sandbox!(
    exit_codes_come_through,
    signals_are_told,
    both_outputs_come_in_order,
    binary_output_becomes_text,
    there_is_no_input,
    python_writes_and_runs_a_file,
    a_test_suite_runs,
    the_usual_tools_work,
    processes_can_work_together,
    a_shorter_time_can_be_asked_for,
    changes_stay_in_the_workspace,
    what_cannot_be_run_says_why,
);

and_without!(
    exit_codes_come_through,
    both_outputs_come_in_order,
    there_is_no_input,
    python_writes_and_runs_a_file,
    the_usual_tools_work,
    what_cannot_be_run_says_why,
);

fn exit_codes_come_through(bench: &mut Bench) {
    for code in [0, 1, 2, 7, 126, 127, 255] {
        let ran = bench.run(&format!("exit {code}"));
        assert_eq!((ran.why, ran.code), (Ended::Exited, Some(code)));
    }
    assert_eq!(bench.run("no-such-program").code, Some(127));
    assert_eq!(bench.run("false").code, Some(1));
    // No words of a command pass for the sandbox's own.
    assert_eq!(bench.run("echo 'bwrap: no' ; false").code, Some(1));
}

fn signals_are_told(bench: &mut Bench) {
    let ran = bench.run("kill -TERM $$");
    let told_by_code = ran.code == Some(128 + 15);
    assert!(told_by_code || ran.why == Ended::Killed(15), "{ran:#?}");
    assert_eq!(bench.works("sh -c 'kill -9 $$'; echo $?"), "Killed\n137");
}

fn both_outputs_come_in_order(bench: &mut Bench) {
    assert_eq!(bench.works("echo a; echo b >&2; echo c"), "a\nb\nc");
    let (shown, full) = told(&bench.run("echo a; exit 3"), 1000);
    assert!(
        shown.starts_with("[exit code 3 after ") && shown.ends_with(" s]\na"),
        "{shown}"
    );
    assert_eq!(full, None);
}

fn binary_output_becomes_text(bench: &mut Bench) {
    let ran = bench.run("printf 'a\\377\\000b'; head -c 1000 /dev/urandom");
    assert!(ran.output.starts_with("a\u{fffd}\0b"));
}

fn there_is_no_input(bench: &mut Bench) {
    assert_eq!(bench.works("cat; echo end"), "end");
}

fn python_writes_and_runs_a_file(bench: &mut Bench) {
    let said = bench.works(
        "python3 -c \"open('made.py', 'w').write('import sys; print(sum(range(5)), sys.argv[1])')\" && python3 made.py x",
    );
    assert_eq!(said, "10 x");
    assert!(bench.inside("made.py").exists());
    assert!(!bench.inside("__pycache__").exists());
}

fn a_test_suite_runs(bench: &mut Bench) {
    std::fs::write(bench.inside("adding.py"), "def add(a, b): return a + b\n").expect("a file");
    std::fs::write(
        bench.inside("test_adding.py"),
        "import unittest, tempfile, adding\nclass T(unittest.TestCase):\n  def test_it(self):\n    \
         with tempfile.TemporaryDirectory() as d: open(d + '/x', 'w').write('x')\n    \
         self.assertEqual(adding.add(1, 2), 3)\n",
    )
    .expect("the test's own part works");
    assert!(bench.works("python3 -m unittest -v 2>&1").contains("OK"));
    if bench.run("python3 -c 'import pytest'").code == Some(0) {
        assert!(
            bench
                .works("python3 -m pytest -q -p no:cacheprovider")
                .contains("1 passed")
        );
    }
}

fn the_usual_tools_work(bench: &mut Bench) {
    bench.works("mkdir -p a/b && echo one > a/b/c && cp a/b/c d && mv d e && grep -r one . | sort && sed -i s/one/two/ e");
    assert_eq!(
        bench.works("cat e && find . -name c && wc -l < e && touch e new && rm new"),
        "two\n./a/b/c\n1"
    );
    assert_eq!(
        bench.works("awk 'BEGIN { print 6 * 7 }' && date +%Y >/dev/null && nproc >/dev/null"),
        "42"
    );
    assert_eq!(
        bench.works("tar cf t.tar a && tar tf t.tar | tail -1 && ls t.tar"),
        "a/b/c\nt.tar"
    );
    if bench.is_bubblewrap() {
        bench.works("echo 'echo hi' > s && chmod +x s && ./s");
    }
}

fn processes_can_work_together(bench: &mut Bench) {
    assert_eq!(bench.works("seq 1 1000 | sort -rn | head -1"), "1000");
    assert_eq!(
        bench
            .works("sleep 60 & kill $!; wait $! 2>/dev/null; echo $?")
            .lines()
            .last(),
        Some("143")
    );
    assert_eq!(
        bench.works("bash -c 'diff <(echo a) <(echo a) && echo same'"),
        "same"
    );
    let said = bench.python_works(
        "import subprocess, threading\nthreads = [threading.Thread(target=lambda: None) for _ in range(20)]\n\
         [t.start() for t in threads]; [t.join() for t in threads]\n\
         print(subprocess.run(['echo', 'child'], capture_output=True, text=True).stdout, end='')\n\
         import asyncio\nasync def main(): await asyncio.sleep(0.01); print('async')\nasyncio.run(main())\n",
    );
    assert_eq!(said, "child\nasync");
}

fn a_shorter_time_can_be_asked_for(bench: &mut Bench) {
    let none = std::sync::atomic::AtomicBool::new(false);
    let wall = Some(Duration::from_millis(300));
    let ran = bench
        .shell
        .run(&bench.grounds, "sleep 20", wall, &none)
        .expect("the test's own part works");
    assert_eq!(ran.why, Ended::TimedOut);
    assert!((300..12_000).contains(&ran.millis), "{}", ran.millis);
}

fn changes_stay_in_the_workspace(bench: &mut Bench) {
    bench.works("echo x > kept; mkdir -p sub && echo y > sub/kept");
    assert_eq!(
        std::fs::read_to_string(bench.inside("sub/kept")).expect("text"),
        "y\n"
    );
    assert_eq!(bench.works("cat kept"), "x");
    assert_eq!(
        bench.works("pwd"),
        bench
            .grounds
            .root
            .to_str()
            .expect("the test's own part works")
    );
}

fn what_cannot_be_run_says_why(bench: &mut Bench) {
    let none = std::sync::atomic::AtomicBool::new(false);
    let refused = |bench: &Bench, command: &str| {
        bench
            .shell
            .run(&bench.grounds, command, None, &none)
            .expect_err("a refusal")
    };
    assert!(refused(bench, "a\0b").contains("NUL"));
    bench.grounds.root = bench.outside("missing");
    assert!(refused(bench, "true").contains("cannot be used"));
    bench.grounds.root = "/".into();
    assert!(refused(bench, "true").contains("too much of the machine"));
}
