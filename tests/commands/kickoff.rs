//! `kickoff`: from an objective to a finished plan in one command, beside daemons that want the same plan.

use std::{collections::BTreeMap, fs::File};

use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step};
use projections::event::Event;
use rustix::fs::{FlockOperation, flock};
use serde_json::Value;

use crate::{
    bench::{ARTIFACT, DRAFT, VERDICT, books_agree, hangs, has_sold, server, slow, vault},
    follower::Follower,
    support::{Daemon, SIGCONT, SIGINT, SIGSTOP, TestVault, books::Books, wait_until},
    terminal::Terminal,
};

const PLAN: &str = "ESS-P-001";
const KICKOFF: [&str; 3] = ["kickoff", "ESS", "Two essays on Stoicism."];

/// Every frame of a claim was written by whoever made it; returns the runners, claim by claim.
fn runners(vault: &TestVault, plan: &str) -> Vec<String> {
    let mut runners: BTreeMap<u64, String> = BTreeMap::new();
    for (entry, event) in &vault.journal(plan).entries {
        let by = &entry.mark.by;
        if let Event::PlanClaimed(e) = event {
            let before = runners.insert(e.epoch.0, by.clone());
            assert!(before.is_none(), "{plan}: epoch {} twice", e.epoch.0);
        } else if by.starts_with("daemon:") || by.starts_with("kickoff:") {
            assert_eq!(runners.get(&entry.epoch.0), Some(by), "{plan}: {event:?}");
        }
    }
    runners.into_values().collect()
}

/// Done, proven, and paid once.
fn is_done(vault: &TestVault, model: &FakeModel) {
    assert_eq!(vault.journal(PLAN).status(), "done");
    books_agree(vault, PLAN, model);
    vault.is_proven(PLAN);
}

#[test]
fn an_objective_becomes_a_plan_that_is_approved_and_run_at_once() {
    for spelling in [
        &KICKOFF[..],
        &[
            "kickoff",
            "--code",
            "ESS",
            "--objective",
            "Two essays on Stoicism.",
        ],
        &["kickoff", "ESS", "--objective", "Two essays on Stoicism."],
        &["kickoff", "--code", "ESS", "Two essays on Stoicism."],
    ] {
        let model = server([]);
        let vault = vault(&model, "");
        let ran = vault.run(spelling).ok();
        assert_eq!(ran.out, format!("{PLAN}\n{PLAN} done\n"));
        ran.says("ESS-P-001 draft, 0 of 0 sub-objectives")
            .says("done: all ")
            .says("artifacts: ess/runs/ESS-P-001/artifacts");
        is_done(&vault, &model);
        let journal = vault.journal(PLAN);
        let approval = journal
            .entries
            .iter()
            .find_map(|(entry, event)| match event {
                Event::PlanApproved(e) => Some((entry.mark.anchor.seq, e.note.clone())),
                _ => None,
            });
        let (seq, note) = approval.expect("it was approved");
        assert_eq!(note, "by cli:tester, with the kickoff");
        let with = |event: &Event| matches!(event, Event::PlanRevised(_));
        let mut frames = journal.entries.iter();
        assert!(
            frames.any(|(entry, event)| entry.mark.anchor.seq == seq && with(event)),
            "approved in the frame in which it was written"
        );
        let by = runners(&vault, PLAN);
        assert_eq!(by.len(), 2, "one claim writes it, one runs it");
        assert!(by.iter().all(|by| by.starts_with("kickoff:")), "{by:?}");
        assert_eq!(journal.count("TicketOpened"), 0);
    }
}

#[test]
fn what_is_missing_or_said_twice_is_told_and_nothing_is_begun() {
    let vault = TestVault::new();
    let cases: [(&[&str], &str); 6] = [
        (&["kickoff"], "the project is missing"),
        (&["kickoff", "ESS"], "the objective is missing"),
        (&["kickoff", "--code", "ESS"], "the objective is missing"),
        (
            &["kickoff", "ESS", "--code", "ESS", "--objective", "x"],
            "\"ESS\" is more than that",
        ),
        (
            &["kickoff", "ESS", "x", "--objective", "y"],
            "\"x\" is more than that",
        ),
        (&["kickoff", "ESS", "  "], "the objective is empty"),
    ];
    for (args, why) in cases {
        vault.run(args).code(2).says(why);
    }
    vault
        .run(&["kickoff", "NOPE", "x"])
        .code(1)
        .says("there is no project NOPE");
    vault.write("modulatio.yaml", "team: {leader: nobody}\n");
    vault.run(&KICKOFF).code(3);
    assert!(vault.names("ess/plans").is_empty(), "no plan was made");
}

#[test]
fn a_plan_that_stops_to_ask_says_what_and_ends_with_its_own_code() {
    let vault = TestVault::with(
        "models:\n  m: {provider: rehearsal, outcomes: {1: pause}}\nteam: {leader: m}\n",
    );
    let ran = vault.run(&KICKOFF).code(6);
    assert_eq!(ran.out, format!("{PLAN}\n{PLAN} paused\n"));
    ran.says("ESS-P-001 is paused: ")
        .says("modulatio ticket approve ESS-1");
    vault.run(&["ticket", "approve", "ESS-1"]).ok();
    vault.run_until_idle();
    assert_eq!(vault.journal(PLAN).status(), "done");
    vault.is_proven(PLAN);
}

#[test]
fn a_cap_that_leaves_no_room_for_the_drafting_asks_as_well() {
    let model = server([]);
    let vault = vault(&model, "");
    let ran = vault
        .run(&[&KICKOFF[..], &["--max-tokens", "1"]].concat())
        .code(6);
    assert_eq!(ran.out, format!("{PLAN}\n{PLAN} draft\n"));
    ran.says("could not be written")
        .says("modulatio ticket approve ESS-1");
    assert!(model.requests().is_empty());
}

#[test]
fn in_json_its_result_is_one_object() {
    let model = server([]);
    let vault = vault(&model, "");
    let ran = vault
        .run(&[&KICKOFF[..], &["--json", "--quiet"]].concat())
        .ok();
    assert_eq!(ran.out.lines().count(), 1, "{ran:?}");
    let state: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(
        (&state["id"], &state["status"]),
        (&PLAN.into(), &"done".into())
    );
    assert!(!ran.err.contains("answered"), "{ran:?}");
}

/// A hanging call of a kickoff.
fn hanging(tool: &str, sold: u64) -> (FakeModel, TestVault, Follower) {
    let model = server([hangs(tool)]);
    let vault = vault(&model, "");
    let kickoff = Follower::start(&vault, &KICKOFF);
    has_sold(&model, sold);
    (model, vault, kickoff)
}

#[test]
fn an_interrupt_gives_the_plan_back_and_a_daemon_goes_on() {
    for (tool, sold, status) in [(DRAFT, 1, "draft"), (VERDICT, 4, "approved")] {
        let (model, vault, kickoff) = hanging(tool, sold);
        kickoff.send(SIGINT);
        let ended = kickoff.ended().code(130);
        assert_eq!(ended.out, [PLAN.to_owned(), format!("{PLAN} {status}")]);
        ended
            .says("ESS-P-001 was given back, and a daemon goes on with it")
            .says("modulatio plan show ESS-P-001 --follow");
        assert_eq!(vault.journal(PLAN).status(), status);
        if status == "draft" {
            shows_that_it_runs_by_itself(&vault);
        }
        vault.run_until_idle();
        is_done(&vault, &model);
        let shown = vault.run(&["plan", "show", PLAN]).ok();
        assert!(!shown.out.contains("in advance"), "{shown:?}");
    }
}

/// Nobody who looks at it takes it for a draft that waits for them.
fn shows_that_it_runs_by_itself(vault: &TestVault) {
    let who = "by cli:tester, with the kickoff";
    let list = vault.run(&["plan", "list"]).ok();
    list.shows(&format!(
        "(approved in advance, {who}; the Leader is to write it)"
    ));
    let shown = vault.run(&["plan", "show", PLAN]).ok();
    let shown = shown.shows(&format!("  approved   in advance, {who}\n"));
    let shown = shown.shows("  body       still to be written\n");
    assert!(!shown.out.contains("expected"), "{shown:?}");
    for view in [
        &["plan", "list", "--json"][..],
        &["plan", "show", PLAN, "--json"],
    ] {
        let out = vault.run(view).ok().out;
        let object: Value = serde_json::from_str(&out).expect("an object");
        assert_eq!(object["approved_in_advance"], who, "{view:?}");
    }
}

#[test]
fn a_second_interrupt_ends_it_at_once() {
    let model = server([hangs(VERDICT)]);
    let vault = vault(&model, "");
    let kickoff = Follower::start(&vault, &[&KICKOFF[..], &["--verbose"]].concat());
    has_sold(&model, 4);
    // The first cannot be obeyed as long as the lock is held; the second needs nothing.
    let lock = File::open(vault.path(&format!("ess/plans/{PLAN}.lock"))).expect("a lock");
    flock(&lock, FlockOperation::LockExclusive).expect("it is free");
    kickoff.send(SIGINT);
    kickoff.says("stopping at the next safe point");
    kickoff.send(SIGINT);
    kickoff.ended().code(130);
    drop(lock);
    assert_eq!(vault.journal(PLAN).status(), "executing");
    vault.run_until_idle();
    is_done(&vault, &model);
}

#[test]
fn killed_in_the_middle_a_daemon_finishes_it_and_nothing_is_sold_twice() {
    for (tool, sold) in [(DRAFT, 1), ("submit_tasks", 2), (ARTIFACT, 3), (VERDICT, 4)] {
        let (model, vault, kickoff) = hanging(tool, sold);
        kickoff.kill();
        vault.run_until_idle();
        is_done(&vault, &model);
        let audit = books_agree(&vault, PLAN, &model);
        assert_eq!((audit.in_doubt, audit.doubtful_sales), (1, 1), "{tool}");
        let by = runners(&vault, PLAN);
        assert!(by[0].starts_with("kickoff:"), "{by:?}");
        assert!(
            by.last().is_some_and(|by| by.starts_with("daemon:")),
            "{by:?}"
        );
    }
}

#[test]
fn cancelled_by_force_it_ends_and_says_so() {
    let (model, vault, kickoff) = hanging(VERDICT, 4);
    vault
        .run(&["plan", "cancel", PLAN, "--force", "--note", "enough"])
        .ok()
        .says("1 call under way was cut at kickoff:");
    let ended = kickoff.ended().code(1);
    assert_eq!(ended.out, [PLAN.to_owned(), format!("{PLAN} cancelled")]);
    ended.says("ESS-P-001 was cancelled: enough");
    assert_eq!(books_agree(&vault, PLAN, &model).in_doubt, 1);
}

/// Somebody holds the first plan's lease before there is a plan.
fn leased(vault: &TestVault) -> File {
    let lease = File::create(vault.path(&format!("ess/plans/{PLAN}.lease"))).expect("a file");
    flock(&lease, FlockOperation::LockExclusive).expect("it is free");
    lease
}

#[test]
fn who_is_not_the_first_follows_and_takes_over_when_the_first_is_gone() {
    let model = server([]);
    let vault = vault(&model, "");
    let other = leased(&vault);
    let kickoff = Follower::start(&vault, &KICKOFF);
    kickoff.says("ESS-P-001 draft, 0 of 0 sub-objectives");
    assert!(model.requests().is_empty(), "somebody else has it");
    drop(other);
    kickoff.ended().code(0);
    is_done(&vault, &model);
}

#[test]
fn who_follows_a_daemon_ends_as_the_plan_does() {
    let model = server([]);
    let vault = vault(&model, "");
    let other = leased(&vault);
    let kickoff = Follower::start(&vault, &KICKOFF);
    kickoff.says("ESS-P-001 draft, 0 of 0 sub-objectives");
    kickoff.send(SIGSTOP);
    drop(other);
    vault.run_until_idle();
    kickoff.send(SIGCONT);
    let ended = kickoff.ended().code(0);
    assert_eq!(ended.out, [PLAN.to_owned(), format!("{PLAN} done")]);
    let by = runners(&vault, PLAN);
    assert!(by.iter().all(|by| by.starts_with("daemon:")), "{by:?}");
    is_done(&vault, &model);
}

#[test]
fn an_interrupt_of_who_follows_leaves_the_plan_to_its_runner() {
    let model = server([hangs(VERDICT)]);
    let vault = vault(&model, "");
    let other = leased(&vault);
    let kickoff = Follower::start(&vault, &KICKOFF);
    kickoff.says("ESS-P-001 draft, 0 of 0 sub-objectives");
    kickoff.send(SIGSTOP);
    drop(other);
    let _daemon = Daemon::start(&vault, &["--tick-seconds", "1"]);
    has_sold(&model, 4);
    kickoff.send(SIGCONT);
    kickoff.send(SIGINT);
    kickoff
        .ended()
        .code(130)
        .says("ESS-P-001 goes on at daemon:");
    assert_eq!(vault.journal(PLAN).status(), "executing");
}

/// Twenty kickoffs beside two daemons that are woken by the same plans.
#[test]
fn of_a_kickoff_and_two_daemons_one_at_a_time_has_the_plan() {
    let script = Script {
        delay_ms: 2,
        ..Script::default()
    };
    let model = FakeModel::start(script).expect("a free port");
    let vault = vault(&model, "");
    let daemons: Vec<Daemon> = (0..2)
        .map(|_| Daemon::start(&vault, &["--tick-seconds", "3600"]))
        .collect();
    daemons.iter().for_each(|daemon| daemon.says("sleeping"));
    let (mut plans, mut claims) = (Vec::new(), [0, 0]);
    for _ in 0..20 {
        let ran = vault.run(&KICKOFF).ok();
        let plan = ran.out.lines().next().expect("an id").to_owned();
        assert_eq!(ran.out, format!("{plan}\n{plan} done\n"));
        for by in runners(&vault, &plan) {
            claims[usize::from(by.starts_with("daemon:"))] += 1;
        }
        let journal = vault.journal(&plan);
        let recovered = |event: &Event| matches!(event, Event::PlanClaimed(e) if e.recovered);
        assert!(
            !journal.events().any(recovered),
            "{plan}: no runner was lost"
        );
        plans.push(plan);
    }
    println!(
        "claims: {} of kickoffs, {} of daemons",
        claims[0], claims[1]
    );
    // What the last runner tells the day's account comes after the plan's end.
    let idle = |daemon: &Daemon| {
        let log = daemon.log();
        log.rfind("sleeping") > log.rfind("claiming")
    };
    wait_until("the daemons are idle", || daemons.iter().all(idle));
    let audit = Books::of(&vault, &plans).agree_with(&model.sold());
    assert_eq!((audit.in_doubt, audit.doubtful_sales), (0, 0));
    for plan in &plans {
        vault.follows(plan);
        vault.is_proven(plan);
    }
}

#[test]
fn on_a_terminal_what_is_logged_stands_above_what_is_redrawn() {
    let overloaded = Behaviour::Status {
        code: 529,
        retry_after: None,
        message: Some("busy today".to_owned()),
    };
    let failing = Step::new(overloaded).for_tool(VERDICT);
    let model = server([failing, slow(VERDICT, 1, 4_000)]);
    let vault = vault(&model, "");
    let terminal = Terminal::start(&vault, &KICKOFF);
    terminal.shows_asking("openai/fake-1", "judging s1-t1");
    let (status, text) = terminal.ended();
    assert_eq!(status.code(), Some(0), "{text:?}");
    assert!(
        text.contains("WARN") && text.contains("busy today"),
        "{text:?}"
    );
    assert!(text.contains(&format!("{PLAN} done\r\n")), "{text:?}");
    is_done(&vault, &model);
}
