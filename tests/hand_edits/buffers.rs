//! Editors that hold an old text and save it over a newer rendering: what was changed in it counts, what was not touched
//! stays as it has become, and what cannot be told apart is refused and kept.

use modulatio::{
    command::Command,
    vault::{Actor, Settling},
};
use projections::{event::StatusName, frontmatter, plan::Plan};

use crate::{
    bench::{self, Cells, Fate, PLAN, judge, open, put, rendered, stage},
    support::TestVault,
};

/// Saves another text first, so that what is saved next is an old one.
fn save_first(vault: &TestVault, change: impl Fn(&str) -> String) -> String {
    let old = rendered(vault);
    put(&vault.plan_file(PLAN), change(&old).as_bytes());
    let became = open(vault).reconcile(Settling::Now).unwrap();
    assert_eq!(became, modulatio::vault::Reconciled::Edited);
    old
}

fn say(vault: &TestVault, command: Command) {
    let mut log = open(vault);
    log.submit(&command, &Actor::named("cli:tester")).unwrap();
}

fn note() -> String {
    "word".to_owned()
}

const TAGS: &str = "tags: [x, y]\n";
const TITLE: &str = "title: \"a: b\"  # quoted\n";

#[test]
fn one_buffer_that_is_saved_again_and_again_is_taken_each_time() {
    let vault = stage("draft");
    let buffer = rendered(&vault);
    let fate = Fate::Taken(&["PlanRevised"]);
    for (n, word) in ["letter", "speech", "diary"].iter().enumerate() {
        let saved = buffer.replacen("write essay 2", &format!("write a {word}"), 1);
        let plan = judge(&format!("save {n}"), &vault, saved.as_bytes(), &fate);
        assert!(plan.body.contains(word), "{word}");
    }
    let undone = judge("undone", &vault, buffer.as_bytes(), &Fate::Nothing);
    // A text that is the old rendering itself cannot be told from one that was put back; it says nothing.
    assert!(undone.body.contains("diary"));
}

/// What an old buffer changes in the operator's keys, and what they must be then.
#[test]
fn an_old_buffer_changes_the_keys_that_it_touched_and_no_others() {
    let mut cells = Cells::default();
    type Change = fn(&str) -> String;
    let meanwhile: [(&str, Change, &str, &str); 5] = [
        (
            "added",
            |old| old.replacen(TAGS, &format!("{TAGS}other: 1\n"), 1),
            "other: 1\n",
            "nothing",
        ),
        (
            "changed",
            |old| old.replacen(TITLE, "title: other\n", 1),
            "title: other\n",
            TITLE,
        ),
        ("removed", |old| old.replacen(TITLE, "", 1), TAGS, TITLE),
        (
            "commented",
            |old| old.replacen(TITLE, &format!("# of it\n{TITLE}"), 1),
            "# of it\ntitle: \"a: b\"  # quoted\n",
            "nothing",
        ),
        (
            "reordered",
            |old| old.replacen(&format!("{TITLE}{TAGS}"), &format!("{TAGS}{TITLE}"), 1),
            TITLE,
            "nothing",
        ),
    ];
    let then: [(&str, Change, &str); 4] = [
        (
            "added",
            |old| old.replacen(TAGS, &format!("{TAGS}mine: 1\n"), 1),
            "mine: 1\n",
        ),
        (
            "changed",
            |old| old.replacen(TAGS, "tags: [z]\n", 1),
            "tags: [z]\n",
        ),
        ("removed", |old| old.replacen(TAGS, "", 1), ""),
        (
            "commented",
            |old| old.replacen(TAGS, &format!("# of them\n{TAGS}"), 1),
            "# of them\ntags: [x, y]\n",
        ),
    ];
    for (before, first, stays, gone) in meanwhile {
        for (after, second, expected) in &then {
            cells.cell(|| {
                let vault = stage("draft");
                let old = save_first(&vault, first);
                let cell = format!("{before} meanwhile, {after} then");
                let plan = judge(
                    &cell,
                    &vault,
                    second(&old).as_bytes(),
                    &Fate::Taken(&["PlanRevised"]),
                );
                let rendered = frontmatter::render(&plan);
                assert!(rendered.contains(expected), "{cell}: {rendered}");
                assert!(
                    *after != "removed" || !rendered.contains("tags:"),
                    "{cell}: {rendered}"
                );
                let stays = if *after == "removed" && stays == TAGS {
                    ""
                } else {
                    stays
                };
                let stays = if *after == "changed" && stays == TAGS {
                    ""
                } else {
                    stays
                };
                assert!(rendered.contains(stays), "{cell}: {rendered}");
                assert!(!rendered.contains(gone), "{cell}: {rendered}");
            });
        }
    }
}

#[test]
fn of_two_words_on_one_key_the_last_one_saved_counts() {
    let vault = stage("draft");
    let old = save_first(&vault, |old| old.replacen(TAGS, "tags: [first]\n", 1));
    let saved = old.replacen(TAGS, "tags: [last]\n", 1);
    let plan = judge(
        "the last",
        &vault,
        saved.as_bytes(),
        &Fate::Taken(&["PlanRevised"]),
    );
    assert!(frontmatter::render(&plan).contains("tags: [last]\n"));
}

#[test]
fn an_old_buffer_leaves_what_has_become_of_the_plan() {
    let mut cells = Cells::default();
    let mine = |old: &str| old.replacen(TAGS, &format!("{TAGS}mine: 1\n"), 1);
    for (name, to) in [
        ("draft", vec![Command::Approve { note: note() }]),
        (
            "draft",
            vec![Command::Approve { note: note() }, Command::Claim],
        ),
        (
            "draft",
            vec![Command::Cancel {
                note: note(),
                cut: false,
            }],
        ),
        ("paused", vec![Command::Resume { note: note() }]),
        ("executing", vec![Command::Pause { note: note() }]),
        (
            "executing",
            vec![Command::Cancel {
                note: note(),
                cut: false,
            }],
        ),
        ("asking", vec![Command::Resume { note: note() }]),
        ("asking", vec![Command::Decline { note: note() }]),
    ] {
        cells.cell(|| {
            let vault = stage(name);
            let old = rendered(&vault);
            to.iter().for_each(|command| say(&vault, command.clone()));
            let before = open(&vault).plan().status.name();
            let cell = format!("{name} became {before}");
            let fate = Fate::Taken(&["PlanRevised"]);
            let plan = judge(&cell, &vault, mine(&old).as_bytes(), &fate);
            assert_eq!(plan.status.name(), before, "{cell}");
            // And nothing of it is taken with a key that is the engine's.
            let vault = stage(name);
            let old = rendered(&vault);
            to.iter().for_each(|command| say(&vault, command.clone()));
            let bad = mine(&old).replacen("project_code: ess", "project_code: other", 1);
            judge(
                &cell,
                &vault,
                bad.as_bytes(),
                &Fate::refused("`project_code`"),
            );
        });
    }
}

#[test]
fn a_wish_that_was_granted_meanwhile_is_granted_once() {
    let mut cells = Cells::default();
    let wishes = [
        ("draft", Command::Approve { note: note() }, "approved"),
        ("draft", Command::Decline { note: note() }, "declined"),
        (
            "draft",
            Command::Cancel {
                note: note(),
                cut: false,
            },
            "cancelled",
        ),
        ("paused", Command::Resume { note: note() }, "approved"),
        (
            "executing",
            Command::Cancel {
                note: note(),
                cut: false,
            },
            "cancelled",
        ),
    ];
    for (name, command, word) in wishes {
        cells.cell(|| {
            let vault = stage(name);
            let old = rendered(&vault);
            say(&vault, command);
            let saved = old.replacen(
                &format!("\nstatus: {name}\n"),
                &format!("\nstatus: {word}\n"),
                1,
            );
            judge(name, &vault, saved.as_bytes(), &Fate::Nothing);
        });
    }
}

/// A plan whose Leader has written the rest anew since `old` was opened, and which is paused again.
fn written_anew() -> (TestVault, String, Plan) {
    let vault = TestVault::with(
        "models:\n  m: {provider: rehearsal, outcomes: {1: revise-major}}\nteam: {leader: m}\n",
    );
    let plan = vault.approved(&format!("{}{}", bench::FRONT, crate::support::body(2)));
    assert_eq!(plan, PLAN);
    vault.run_until_idle();
    let old = rendered(&vault);
    vault.run(&["ticket", "approve", "ESS-1"]).ok();
    say(&vault, Command::Pause { note: note() });
    let now = open(&vault).plan().clone();
    assert_eq!(now.status.name(), StatusName::Paused);
    assert!(
        !old.ends_with(&now.body),
        "the Leader's revision is another text"
    );
    (vault, old, now)
}

#[test]
fn a_text_that_the_leader_has_written_anew_is_not_turned_back() {
    let (vault, old, now) = written_anew();
    let saved = old.replacen("write essay 2", "write a letter", 1);
    assert_ne!(saved, old);
    let plan = judge(
        "an old body",
        &vault,
        saved.as_bytes(),
        &Fate::refused("has been written anew since"),
    );
    assert_eq!(plan.body, now.body);
}

#[test]
fn an_old_buffer_of_a_text_that_was_written_anew_may_say_everything_else() {
    let (vault, old, now) = written_anew();
    let saved = old.replacen(TAGS, &format!("{TAGS}mine: 1\n"), 1);
    let saved = saved.replacen("max_tokens: 500000", "max_tokens: 700000", 1);
    let fate = Fate::Taken(&["PlanRevised", "CapsChanged"]);
    let plan = judge("a key and a cap", &vault, saved.as_bytes(), &fate);
    assert_eq!((plan.body, plan.caps.max_tokens), (now.body, Some(700_000)));
}
