//! Journals: of plans, of the vault's own, whatever they are about.

use std::{path::PathBuf, sync::Arc};

use journal::{Draft, FileStore, LogStore};

use crate::{doctor, finished, support::TestVault};

pub(crate) fn store(dir: PathBuf) -> FileStore {
    std::fs::create_dir_all(&dir).expect("a directory");
    FileStore::on_disk(dir, Arc::new(|| "now".to_owned()))
}

fn draft(events: &str, at: &str) -> Draft {
    Draft {
        at: at.to_owned(),
        epoch: 0,
        by: "test".to_owned(),
        events: events.to_owned(),
    }
}

/// Makes a journal of one frame.
pub(crate) fn create(store: &FileStore, name: &str, events: &str, at: &str) {
    let name = name.parse().expect("a name");
    store.create(&name, &draft(events, at)).expect("a journal");
}

/// Appends a frame to a plan's journal, under the epoch that it is at.
pub(crate) fn append(vault: &TestVault, plan: &str, events: &str) {
    let epoch = vault.journal(plan).frames().last().expect("a frame").1;
    let store = store(vault.path("ess/plans"));
    let mut log = store
        .open(&plan.parse().expect("a name"), None)
        .expect("a journal");
    let tail = log
        .catch_up(&mut |_| ())
        .expect("it is whole")
        .tail
        .expect("a frame");
    let frame = Draft {
        epoch,
        ..draft(events, "2026-11-23T20:15:00.123456Z")
    };
    log.append(tail.seq + 1, &[frame]).expect("room");
}

fn flip(path: &std::path::Path) {
    let mut bytes = std::fs::read(path).expect("a journal");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    std::fs::write(path, bytes).expect("a journal");
}

#[test]
fn a_damaged_plan_is_named_with_its_file_and_hides_no_other() {
    let (vault, plan) = finished();
    let other = vault.approved(&crate::body(1));
    vault.run_until_idle();
    flip(&vault.journal_file(&plan));
    let found = doctor(&vault);
    assert_eq!(found.ran.code, Some(7));
    let damage = found.some("journals", "fail", &plan);
    assert!(damage.found.contains("is damaged at frame"), "{damage:?}");
    damage.mends(&format!("{plan}.journal.jsonl from a backup"));
    damage.mends(&format!("replay {plan}"));
    found.some("journals", "ok", "1 journal of plans whole");
    assert!(!damage.found.contains(&other));
}

#[test]
fn a_journal_that_is_gone_is_damage_and_a_file_that_never_had_one_is_none() {
    let (vault, plan) = finished();
    std::fs::remove_file(vault.journal_file(&plan)).expect("a journal");
    vault.write(
        "ess/plans/ESS-P-070.md",
        "---\nid: ESS-P-070\nproject_code: ESS\ncreated_at: 2026-01-01T00:00:00Z\nstatus: draft\n---\n## x\n\n### Sub-objectives\n\n**1. A** - b\n",
    );
    let found = doctor(&vault);
    assert_eq!(found.ran.code, Some(7));
    found
        .some("journals", "fail", "names a journal that is gone")
        .mends("from a backup");
    found.one("plans", "ok", "1 to be taken in at the next tick");
}

#[test]
fn a_journal_that_is_shorter_than_its_plans_file_says_is_damaged() {
    let (vault, plan) = finished();
    let path = vault.journal_file(&plan);
    let text = std::fs::read_to_string(&path).expect("a journal");
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    std::fs::write(&path, lines[..lines.len() - 1].concat()).expect("a journal");
    doctor(&vault).some("journals", "fail", "acknowledged frame missing");
}

#[test]
fn a_torn_tail_is_no_damage() {
    let (vault, plan) = finished();
    let path = vault.journal_file(&plan);
    let mut bytes = std::fs::read(&path).expect("a journal");
    bytes.extend(b"{\"half\":");
    std::fs::write(&path, bytes).expect("a journal");
    let found = doctor(&vault);
    found.one("torn-tails", "ok", &plan);
    found.one("journals", "ok", "1 journal of plans whole");
}

#[test]
fn the_vaults_own_journals_are_verified_whatever_they_are_about() {
    let (vault, _) = finished();
    job(&vault);
    let whole = doctor(&vault).one("own-journals", "ok", "of the vault's own whole");
    let numbers = vault.path(".modulatio/numbers/ESS.journal.jsonl");
    let schedule = vault.path(".modulatio/cron/schedule.journal.jsonl");
    flip(&numbers);
    flip(&schedule);
    let day = store(vault.path(".modulatio/spend"));
    create(
        &day,
        "2026-11-20",
        "[{\"x\":1}]",
        "2026-11-20T20:15:00.123456Z",
    );
    flip(&vault.path(".modulatio/spend/2026-11-20.journal.jsonl"));
    let found = doctor(&vault);
    assert_eq!(found.ran.code, Some(7), "{whole:?}");
    let all = found.all("own-journals");
    let says = |part: &str| {
        all.iter()
            .find(|one| one.level == "fail" && one.found.contains(part))
    };
    says("numbers")
        .expect("it is damaged")
        .mends("above the highest plan");
    says("cron").expect("it is damaged").mends("from a backup");
    says("2026-11-20")
        .expect("it is damaged")
        .mends("opened anew");
}

fn job(vault: &TestVault) {
    let add = ["cron", "add", "ESS", "Write.", "--schedule", "0 6 * * *"];
    vault.run(&add).ok();
}

/// Its own chain says nothing of what is missing at its end.
#[test]
fn a_schedule_that_is_gone_or_older_than_what_was_made_from_it_is_damage() {
    let (vault, _) = finished();
    job(&vault);
    job(&vault);
    doctor(&vault).one("own-journals", "ok", "of the vault's own whole");
    let schedule = vault.path(".modulatio/cron/schedule.journal.jsonl");
    let whole = std::fs::read_to_string(&schedule).expect("a journal");
    let first = whole.split_inclusive('\n').next().expect("a frame");
    std::fs::write(&schedule, first).expect("a journal");
    let short = doctor(&vault);
    assert_eq!(short.ran.code, Some(7));
    short
        .some("own-journals", "fail", "acknowledged frame missing")
        .mends("from a backup");
    std::fs::remove_file(&schedule).expect("a journal");
    let gone = doctor(&vault);
    assert_eq!(gone.ran.code, Some(7));
    gone.some("own-journals", "fail", "cron.yaml was made from it");
    std::fs::write(&schedule, whole).expect("a journal");
    doctor(&vault).one("own-journals", "ok", "of the vault's own whole");
}

#[test]
fn a_frame_from_the_future_is_told() {
    let (vault, _) = finished();
    doctor(&vault).one("clock", "ok", "agrees with the journals and the disk");
    let cron = store(vault.path(".modulatio/cron"));
    create(&cron, "schedule", "[]", "2099-01-01T00:00:00.000000Z");
    let found = doctor(&vault);
    found
        .one("clock", "warn", "2099-01-01")
        .mends("timedatectl");
}

#[test]
fn a_kind_of_a_newer_program_asks_for_that_program() {
    let (vault, plan) = finished();
    append(&vault, &plan, "[{\"kind\":\"PlanSungAloud\",\"v\":1}]");
    let found = doctor(&vault);
    found
        .one("plans", "warn", "PlanSungAloud")
        .mends("install that newer version");
    found.one("journals", "ok", "1 journal of plans whole");
}

#[test]
fn a_pipe_in_the_place_of_a_plan_holds_nobody_up() {
    let (vault, _) = finished();
    let pipe = vault.plan_file("ESS-P-050");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo is there").success());
    doctor(&vault).one("plans", "warn", "not a regular file");
}

/// To set the clock is not enough: the jobs that were looked at meanwhile are named, with what lets them go.
#[test]
fn jobs_that_a_clock_ahead_holds_up_are_told_with_what_lets_them_go() {
    let (vault, _) = finished();
    vault.set_clock("2026-11-24T00:00:30Z");
    let new = ["cron", "add", "ESS", "Look", "--schedule", "@hourly"];
    vault.run(&new).ok();
    vault.set_clock("2036-11-24T00:00:30Z");
    vault.run_until_idle();
    vault.set_clock("2026-11-24T00:05:30Z");
    vault.run(&new).ok();
    let told = doctor(&vault).some("clock", "warn", "ESS-C-1 does not run until 2036");
    told.mends("cron disable ESS-C-1 && ");
    told.mends("cron enable ESS-C-1");
    vault.run(&["cron", "disable", "ESS-C-1"]).ok();
    vault.run(&["cron", "enable", "ESS-C-1"]).ok();
    let clock = doctor(&vault).all("clock");
    assert!(
        clock.iter().all(|one| !one.found.contains("ESS-C-")),
        "{clock:#?}"
    );
}

#[test]
fn jobs_of_a_project_that_is_gone_are_told() {
    let (vault, _) = finished();
    let new = ["cron", "add", "ESS", "Look", "--schedule", "@daily"];
    vault.run(&new).ok();
    assert!(doctor(&vault).all("jobs").is_empty());
    std::fs::rename(vault.path("ess"), vault.beside().join("ess")).unwrap();
    doctor(&vault)
        .one("jobs", "warn", "ESS-C-1")
        .mends("cron remove ESS-C-1");
}
