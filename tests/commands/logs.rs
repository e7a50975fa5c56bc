//! `logs`: the story of a plan, whole, in part, and as it grows.

use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

use serde_json::Value;

use crate::{
    bench::{VERDICT, hangs, has_sold, server, vault},
    follower::Follower,
    support::{Daemon, SIGINT, TestVault, body, wait_until},
};

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

/// Every line begins with a time of the wall, as it can be given to `--since`.
fn is_dated(line: &str) -> bool {
    let digits = |text: &str, at: &[usize]| {
        let bytes = text.as_bytes();
        at.iter().all(|at| bytes[*at].is_ascii_digit())
    };
    line.len() > 21
        && digits(line, &[0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18])
        && &line[19..21] == "  "
}

fn done() -> (TestVault, String) {
    let model = server([]);
    let vault = vault(&model, "");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    (vault, plan)
}

#[test]
fn a_finished_plans_story_is_told_with_what_its_calls_cost() {
    let (vault, plan) = done();
    let ran = vault.run(&["logs", &plan]).ok();
    assert_eq!(ran.err, "");
    let told = lines(&ran.out);
    assert!(told.iter().all(|line| is_dated(line)), "{told:#?}");
    let holds = |text: &str| {
        let found = told.iter().filter(|line| line.contains(text)).count();
        assert_eq!(found, 1, "{text:?} in {told:#?}");
    };
    holds("cli:tester           plan ESS-P-001 written down");
    holds("cli:tester           approved");
    holds("dividing sub-objective 1 into tasks: openai/fake-1 answered, ");
    holds("producing s1-t1: openai/fake-1 answered, ");
    holds("judging s1-t1: openai/fake-1 answered, ");
    holds("reflecting after sub-objective 1: openai/fake-1 answered, ");
    holds("done: all 1 sub-objectives completed");
    let costs = told.iter().filter(|line| line.contains(" tokens, $0."));
    assert_eq!(costs.count(), 4, "{told:#?}");
    let again = vault.run(&["logs", &plan, "--follow"]).ok();
    assert_eq!(
        again.out, ran.out,
        "a plan that has ended is not waited for"
    );
}

#[test]
fn in_json_each_line_is_one_object_with_the_calls_numbers() {
    let (vault, plan) = done();
    let ran = vault.run(&["logs", &plan, "--json"]).ok();
    let told: Vec<Value> = ran
        .out
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    assert_eq!(
        told.len(),
        lines(&vault.run(&["logs", &plan]).ok().out).len()
    );
    let calls: Vec<&Value> = told.iter().filter_map(|line| line.get("call")).collect();
    let steps: Vec<&str> = calls
        .iter()
        .filter_map(|call| call["step"].as_str())
        .collect();
    assert_eq!(
        steps,
        ["s1-plan", "s1-t1-produce-1", "s1-t1-qc-1", "s1-reflect"]
    );
    for call in calls {
        assert!(call["input_tokens"].as_u64() > Some(0), "{call}");
        assert!(call["cost_usd"].as_f64() > Some(0.0), "{call}");
        assert!(call["latency_ms"].is_u64(), "{call}");
    }
}

#[test]
fn the_last_lines_and_those_since_a_time_can_be_asked_for() {
    let (vault, plan) = done();
    let all = vault.run(&["logs", &plan]).ok().out;
    let all = lines(&all);
    let last = vault.run(&["logs", &plan, "-n", "2"]).ok().out;
    assert_eq!(lines(&last), all[all.len() - 2..]);
    assert_eq!(vault.run(&["logs", &plan, "-n", "0"]).ok().out, "");
    let since = |time: &str| vault.run(&["logs", &plan, "--since", time]).ok().out;
    assert_eq!(lines(&since("1h")), all);
    assert_eq!(
        lines(&since(&all[0][..19])),
        all,
        "a time as a line shows it"
    );
    assert_eq!(lines(&since("2000-01-01")), all);
    assert_eq!(since("2999-01-01T00:00:00Z"), "");
    assert_eq!(since("0s"), "");
    vault
        .run(&["logs", &plan, "--since", "yesterday"])
        .code(2)
        .says("write how long ago (90s, 30m, 2h, 1d)");
    vault
        .run(&["logs", "ESS-P-099"])
        .code(1)
        .says("there is no plan ESS-P-099");
}

#[test]
fn what_is_under_way_is_told_besides() {
    let model = server([hangs(VERDICT)]);
    let vault = vault(&model, "");
    let plan = vault.approved(&body(1));
    let _daemon = Daemon::start(&vault, &["--tick-seconds", "3600"]);
    has_sold(&model, 3);
    let ran = vault.run(&["logs", &plan]).ok();
    assert!(!ran.out.contains("judging s1-t1"), "{ran:?}");
    ran.says("under way: judging s1-t1: openai/fake-1 was asked at ");
}

#[test]
fn a_plan_is_followed_from_before_its_claim_to_its_end() {
    let vault = TestVault::slow("30ms");
    let plan = vault.draft(&body(2));
    let follower = Follower::start(&vault, &["logs", &plan, "-f"]);
    follower.shows("written down");
    vault.run(&["plan", "approve", &plan]).ok();
    follower.shows("approved");
    vault.run_until_idle();
    let ended = follower.ended().code(0);
    assert!(ended.err.is_empty(), "{ended:?}");
    let all = vault.run(&["logs", &plan]).ok().out;
    assert_eq!(ended.out, lines(&all), "each line once, none left out");
}

#[test]
fn a_pause_is_waited_out() {
    let vault = TestVault::with(
        "models:\n  m: {provider: rehearsal, outcomes: {1: pause}}\nteam: {leader: m}\n",
    );
    let plan = vault.approved(&body(2));
    let follower = Follower::start(&vault, &["logs", &plan, "-f", "-n", "1"]);
    follower.shows("approved");
    vault.run_until_idle();
    follower.shows("ticket ESS-1 opened");
    follower.shows("paused: ");
    vault.run(&["plan", "resume", &plan]).ok();
    vault.run_until_idle();
    let ended = follower.ended().code(0);
    assert!(ended.out.last().is_some_and(|line| line.contains("done: ")));
}

#[test]
fn an_interrupt_ends_it_without_a_word() {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    let follower = Follower::start(&vault, &["logs", &plan, "-f"]);
    follower.shows("written down");
    follower.send(SIGINT);
    let ended = follower.ended();
    assert!(!ended.status.success());
    assert!(ended.err.is_empty(), "{ended:?}");
}

#[test]
fn a_damaged_journal_is_told_as_far_as_it_is_whole() {
    let (vault, plan) = done();
    let whole = vault.run(&["logs", &plan]).ok().out;
    let path = vault.journal_file(&plan);
    let text = std::fs::read_to_string(&path).expect("a journal");
    let mut frames: Vec<String> = text.lines().map(str::to_owned).collect();
    let middle = frames.len() / 2;
    frames[middle] = frames[middle].replace("\"by\":\"daemon", "\"by\":\"deamon");
    std::fs::write(&path, frames.join("\n") + "\n").expect("a file");
    for follow in [&["--follow"][..], &[]] {
        let ran = vault.run(&[&["logs", &plan], follow].concat()).code(7);
        let told = lines(&ran.out);
        assert!(!told.is_empty() && told.len() < lines(&whole).len());
        assert_eq!(told, lines(&whole)[..told.len()]);
        ran.says("error: ").says("audit verify");
    }
}

#[test]
fn damage_that_comes_while_it_is_followed_ends_it() {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    let follower = Follower::start(&vault, &["logs", &plan, "-f"]);
    follower.shows("written down");
    let path = vault.journal_file(&plan);
    let text = std::fs::read_to_string(&path).expect("a journal");
    std::fs::write(&path, format!("{text}no frame\n")).expect("a file");
    follower.ended().code(7).says("error: ");
}

#[test]
fn an_unfinished_frame_at_the_end_is_no_damage() {
    let (vault, plan) = done();
    let path = vault.journal_file(&plan);
    let text = std::fs::read_to_string(&path).expect("a journal");
    std::fs::write(&path, format!("{text}{}", &text[..40])).expect("a file");
    vault
        .run(&["logs", &plan])
        .ok()
        .shows("done: ")
        .says("40 byte(s) of an unfinished frame");
}

#[test]
fn a_reader_that_goes_ends_it_quietly() {
    let (vault, plan) = done();
    let mut child = vault
        .command(&["logs", &plan])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut first = String::new();
    let mut out = BufReader::with_capacity(1, child.stdout.take().expect("stdout is piped"));
    out.read_line(&mut first).expect("a line");
    drop(out);
    let output = child.wait_with_output().expect("it can be waited for");
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
}

/// Two writers, a pause, a death: who follows sees each line once and in order.
#[test]
fn whoever_writes_and_dies_the_follower_sees_each_line_once() {
    let vault = TestVault::slow("20ms");
    let plan = vault.approved(&body(8));
    let follower = Follower::start(&vault, &["logs", &plan, "-f"]);
    for _ in 0..2 {
        let before = vault.journal(&plan).count("ModelCallCompleted");
        let daemon = Daemon::start(&vault, &["--tick-seconds", "1"]);
        wait_until("a call was completed", || {
            vault.journal(&plan).count("ModelCallCompleted") > before
        });
        daemon.kill();
    }
    vault.run_until_idle();
    let ended = follower.ended().code(0);
    let all = vault.run(&["logs", &plan]).ok().out;
    assert_eq!(ended.out, lines(&all));
}
