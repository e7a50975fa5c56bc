//! `plan show --follow`: what changes, until there is nothing more to watch.

use modulatio_tools::fake_model::FakeModel;
use serde_json::Value;

use crate::{
    bench::{DRAFT, VERDICT, hangs, has_sold, server, slow, vault, was_asked},
    follower::Follower,
    support::{Daemon, SIGINT, TestVault, body, wait_until},
    terminal::Terminal,
};

fn follow(vault: &TestVault, plan: &str) -> Follower {
    Follower::start(vault, &["plan", "show", plan, "--follow"])
}

fn asking() -> (FakeModel, TestVault) {
    let model = server([]);
    let vault = vault(&model, "");
    (model, vault)
}

#[test]
fn a_plan_is_followed_to_its_end_a_line_a_change() {
    let (_model, vault) = asking();
    let plan = vault.approved(&body(2));
    let follower = follow(&vault, &plan);
    follower.shows(&format!(
        "{plan} approved, 0 of 2 sub-objectives, runner none yet (modulatio daemon)"
    ));
    vault.run_until_idle();
    let ended = follower.ended().code(0);
    assert!(ended.err.is_empty(), "{ended:?}");
    let story = vault.run(&["logs", &plan]).ok().out;
    let since: Vec<&str> = story.lines().skip(2).collect();
    assert_eq!(ended.out[1..], since, "what came after its first look");
}

#[test]
fn a_plan_that_has_ended_is_not_waited_for() {
    let (_model, vault) = asking();
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    let ran = vault.run(&["plan", "show", &plan, "-f"]).ok();
    assert_eq!(ran.out, format!("{plan} done, 1 of 1 sub-objectives\n"));
    let plan = vault.draft(&body(1));
    vault
        .run(&["plan", "decline", &plan, "--note", "not now"])
        .ok();
    vault
        .run(&["plan", "show", &plan, "-f"])
        .code(1)
        .says(&format!("{plan} was declined: not now"));
}

#[test]
fn a_plan_that_waits_for_a_person_says_for_what_and_how_to_answer() {
    let vault = TestVault::with(
        "models:\n  m: {provider: rehearsal, outcomes: {1: pause}}\nteam: {leader: m}\n",
    );
    let plan = vault.draft(&body(2));
    vault
        .run(&["plan", "show", &plan, "--follow"])
        .code(6)
        .says("is a draft and waits for your approval")
        .says(&format!("modulatio plan approve {plan}"));
    vault.run(&["plan", "approve", &plan]).ok();
    let follower = follow(&vault, &plan);
    follower.shows("approved");
    vault.run_until_idle();
    follower
        .ended()
        .code(6)
        .says(&format!("{plan} is paused: "))
        .says("read ess/tickets/ESS-1.md; then modulatio ticket approve ESS-1, or modulatio ticket decline ESS-1");
    vault.run(&["ticket", "decline", "ESS-1"]).ok();
    vault
        .run(&["plan", "show", &plan, "--follow"])
        .code(1)
        .says(&format!("{plan} was aborted"));
    let plan = vault.approved(&body(1));
    vault.run(&["plan", "pause", &plan]).ok();
    vault
        .run(&["plan", "show", &plan, "--follow"])
        .code(6)
        .says(&format!("modulatio plan resume {plan}"));
}

#[test]
fn an_answer_that_a_pause_or_an_end_awaits_is_waited_for() {
    for (word, code) in [("pause", 6), ("cancel", 1)] {
        let model = server([slow(VERDICT, 1, 4_000)]);
        let vault = vault(&model, "");
        let plan = vault.approved(&body(1));
        let _daemon = Daemon::start(&vault, &["--tick-seconds", "3600"]);
        was_asked(&model, 3);
        let follower = follow(&vault, &plan);
        follower.shows("executing, 0 of 1 sub-objectives, runner daemon:");
        vault.run(&["plan", word, &plan]).ok();
        let ended = follower.ended().code(code);
        let booked = |line: &String| line.contains("judging s1-t1: openai/fake-1 answered");
        assert!(ended.out.iter().any(booked), "{ended:#?}");
    }
}

#[test]
fn a_call_whose_runner_is_gone_is_not_waited_for() {
    let model = server([hangs(VERDICT)]);
    let vault = vault(&model, "");
    let plan = vault.approved(&body(1));
    let daemon = Daemon::start(&vault, &["--tick-seconds", "3600"]);
    has_sold(&model, 3);
    vault.run(&["plan", "pause", &plan]).ok();
    let follower = follow(&vault, &plan);
    follower.shows("paused, 0 of 1 sub-objectives, runner daemon:");
    daemon.kill();
    follower.ended().code(6).says("is paused");
}

#[test]
fn in_json_each_change_of_its_state_is_one_object() {
    let (_model, vault) = asking();
    let plan = vault.approved(&body(1));
    let follower = Follower::start(&vault, &["plan", "show", &plan, "--follow", "--json"]);
    follower.shows("\"approved\"");
    vault.run_until_idle();
    let ended = follower.ended().code(0);
    let states: Vec<Value> = ended
        .out
        .iter()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    let last = states.last().expect("states");
    assert_eq!(last["status"], "done");
    let shown = vault.run(&["plan", "show", &plan, "--json"]).ok().out;
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(last["journal"], shown["journal"], "the last frame is shown");
    assert!(states.windows(2).all(|two| two[0] != two[1]), "{states:#?}");
}

#[test]
fn an_interrupt_ends_it_without_a_word() {
    let (_model, vault) = asking();
    let plan = vault.approved(&body(1));
    let follower = follow(&vault, &plan);
    follower.shows("approved");
    follower.send(SIGINT);
    let ended = follower.ended().code(130);
    assert!(ended.err.is_empty(), "{ended:?}");
}

#[test]
fn a_draft_is_followed_while_somebody_lets_it_be_written() {
    let model = server([hangs(DRAFT)]);
    let vault = vault(&model, "");
    let writing = Follower::start(&vault, &["plan", "draft", "ESS", "Essays on Stoicism."]);
    has_sold(&model, 1);
    let follower = follow(&vault, "ESS-P-001");
    follower.shows("ESS-P-001 draft, 0 of 0 sub-objectives, runner ");
    writing.kill();
    follower
        .ended()
        .code(6)
        .says("ESS-P-001 is not written yet, and nobody lets the Leader write it")
        .says("modulatio plan revise ESS-P-001");
}

#[test]
fn damage_is_told_with_its_code() {
    let (_model, vault) = asking();
    let plan = vault.approved(&body(1));
    let follower = follow(&vault, &plan);
    follower.shows("approved");
    let path = vault.journal_file(&plan);
    let text = std::fs::read_to_string(&path).expect("a journal");
    std::fs::write(&path, format!("{text}no frame\n")).expect("a file");
    follower.ended().code(7).says("audit verify");
}

/// What a terminal shows in the end: the text without what moves its cursor.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            chars.by_ref().find(char::is_ascii_alphabetic);
        } else if c != '\r' {
            plain.push(c);
        }
    }
    plain
}

#[test]
fn on_a_terminal_the_state_is_redrawn_in_place_below_the_news() {
    let model = server([slow(VERDICT, 1, 4_000)]);
    let vault = vault(&model, "");
    let plan = vault.approved(&body(1));
    let terminal = Terminal::start(&vault, &["plan", "show", &plan, "--follow"]);
    terminal.shows("runner     none yet (modulatio daemon)");
    let daemon = Daemon::start(&vault, &["--tick-seconds", "3600"]);
    terminal.shows_asking("openai/fake-1", "judging s1-t1");
    daemon.says("runner done");
    let (status, text) = terminal.ended();
    assert_eq!(status.code(), Some(0), "{text:?}");
    assert!(text.contains("\u{1b}["), "the cursor is moved: {text:?}");
    let plain = plain(&text);
    assert!(
        plain.contains("done: all 1 sub-objectives completed"),
        "{plain}"
    );
    let end = &plain[plain.rfind("  status     done").expect("the last state")..];
    assert!(end.contains("  journal    frame "), "{end}");
    assert!(
        !end.contains("asking"),
        "nothing that was redrawn is left below: {end}"
    );
}

#[test]
fn an_interrupt_on_a_terminal_takes_the_redrawn_lines_away() {
    let (_model, vault) = asking();
    let plan = vault.approved(&body(1));
    let terminal = Terminal::start(&vault, &["plan", "show", &plan, "--follow"]);
    terminal.shows("runner     none yet (modulatio daemon)");
    wait_until("it has drawn all of it", || {
        terminal.text().contains("usage")
    });
    terminal.send(SIGINT);
    let (status, text) = terminal.ended();
    assert_eq!(status.code(), Some(130), "{text:?}");
    let (_, since) = text.rsplit_once("\u{1b}[2K").expect("lines are cleared");
    assert_eq!(plain(since), "", "nothing was said since");
}
