//! What is archived, what is told of it, and how an archived plan is read.

use serde_json::Value;

use crate::{
    clean, done, is_archived, names, places, same, status,
    support::{TestVault, body},
    tree,
};

#[test]
fn without_force_nothing_changes_and_what_would_is_told() {
    let (vault, plan) = done();
    let before = tree(&vault);
    let ran = clean(&vault, &[]).ok();
    same(&vault, &before);
    assert_eq!(ran.out.lines().count(), 1, "{ran:#?}");
    ran.shows(&format!("{plan}      done "))
        .says("would archive 1 plan(s) in ess/archive: ")
        .says("--force does it");
}

#[test]
fn everything_of_the_plan_goes_and_everything_else_stays() {
    let (vault, plan) = done();
    let draft = vault.draft(&body(1));
    let before = tree(&vault);
    let ran = clean(&vault, &["--force"]).ok();
    ran.shows(&plan).says("archived 1 plan(s) in ess/archive");
    is_archived(&vault, &plan);
    let after = tree(&vault);
    for (name, bytes) in &before {
        let locks = name.ends_with(".lock") || name.ends_with(".lease");
        let moved = crate::is_left(name, &plan) && !locks;
        let name = match moved {
            true => format!("archive/{plan}/{name}"),
            false if locks && name.contains(&plan) => continue,
            false => name.clone(),
        };
        assert_eq!(after.get(&name), Some(bytes), "{name}");
    }
    let locks = before.keys().filter(|name| {
        name.contains(&plan) && (name.ends_with(".lock") || name.ends_with(".lease"))
    });
    assert_eq!(after.len(), before.len() - locks.count());
    assert_eq!(status(&vault, &draft), "draft");
}

#[test]
fn the_bytes_that_are_told_are_those_of_the_files() {
    let (vault, plan) = done();
    let told = |args: &[&str]| -> Value {
        let ran = clean(&vault, &[&["--json"], args].concat()).ok();
        assert_eq!(ran.out.lines().count(), 1, "{ran:#?}");
        serde_json::from_str(&ran.out).expect("an object")
    };
    let before = told(&[]);
    let after = told(&["--force"]);
    assert_eq!(
        (&before["archived"], &after["archived"]),
        (&Value::from(false), &Value::from(true))
    );
    assert_eq!(before["bytes"], after["bytes"]);
    let archive = format!("archive/{plan}/");
    let bytes: usize = tree(&vault)
        .iter()
        .filter(|(name, _)| name.starts_with(&archive))
        .map(|(_, bytes)| bytes.len())
        .sum();
    assert_eq!(after["bytes"], bytes);
    assert_eq!(after["freed_bytes"], 0);
    assert_eq!(after["archive"], format!("ess/archive/{plan}"));
    assert_eq!(after["plan"], plan);
    assert_eq!(after["status"], "done");
}

#[test]
fn an_archived_plan_is_read_where_it_lies() {
    let (vault, plan) = done();
    let (replayed, shown) = (
        vault.run(&["replay", &plan]).ok(),
        vault.run(&["plan", "show", &plan]).ok(),
    );
    let views = [
        &["logs", &plan][..],
        &["logs", &plan, "--follow"],
        &["logs", &plan, "--json"],
        &["plan", "show", &plan, "--follow"],
        &["plan", "show", &plan, "--follow", "--json"],
    ];
    let seen = views.map(|view| vault.run(view).ok().out);
    clean(&vault, &["--force"]).ok();
    let note = format!("note: {plan} is archived in ess/archive/{plan}");
    let again = vault.run(&["replay", &plan]).ok().says(&note);
    assert_eq!(again.out, replayed.out);
    let again = vault.run(&["plan", "show", &plan]).ok().says(&note);
    assert_eq!(again.out, shown.out);
    for (view, before) in views.iter().zip(&seen) {
        let again = vault.run(view).ok().says(&note);
        assert_eq!(again.out, *before, "{view:?}");
    }
    vault.run(&["replay", "--all", "--check"]).ok().shows(&plan);
    vault.run(&["replay", "--all"]).ok().shows("done: all 2");
}

#[test]
fn an_archived_plan_cannot_be_changed_and_the_command_that_works_is_told() {
    let (vault, plan) = done();
    clean(&vault, &["--force"]).ok();
    let before = tree(&vault);
    for command in [
        ["plan", "approve", plan.as_str()].as_slice(),
        &["plan", "cancel", &plan],
        &["plan", "edit-budget", &plan, "--max-tokens", "1"],
        &["plan", "release", &plan],
        &["plan", "revise", &plan, "again"],
        &["plan", "rehearse", &plan],
        &["project", "resume", &plan],
        &["replay", &plan, "--write"],
    ] {
        let ran = vault.run(command).code(6);
        ran.says(&format!("{plan} is archived in ess/archive/{plan}"))
            .says(&format!("modulatio replay {plan}"));
    }
    vault.run(&["replay", "--all", "--write"]).ok();
    same(&vault, &before);
}

#[test]
fn a_daemon_and_the_lists_pass_archived_plans_by() {
    let (vault, plan) = done();
    clean(&vault, &["--force"]).ok();
    let before = tree(&vault);
    let ran = vault.run_until_idle();
    assert!(!ran.err.contains(&plan), "{ran:#?}");
    same(&vault, &before);
    assert_eq!(vault.run(&["plan", "list"]).ok().out, "");
    assert_eq!(vault.run(&["ticket", "list", "--all"]).ok().out, "");
}

#[test]
fn age_is_counted_from_the_end() {
    let (vault, plan) = done();
    let ran = clean(&vault, &["--older-than", "1", "--force"]).ok();
    assert_eq!(ran.out, "");
    ran.says("nothing to archive");
    // Named, it is told why it stays.
    let ran = clean(&vault, &["--older-than", "1", "--plan", &plan, "--force"]).code(6);
    ran.says("it ended at ");
    assert_eq!(places(&vault, &plan), (true, false));
    clean(&vault, &["--older-than", "0", "--force"]).ok();
    is_archived(&vault, &plan);
}

#[test]
fn what_happens_to_an_ended_plan_makes_it_no_younger() {
    let (vault, plan) = done();
    let journal = vault.journal(&plan);
    let end = journal.plan.transitions.last().expect("an end").decided_at;
    vault.pass(2 * 86_400);
    // A key of the operator's own is taken over, another text is refused: two facts.
    let file = format!("ess/plans/{plan}.md");
    let text = vault.read(&file).replacen("---\n", "---\nmine: 1\n", 1);
    vault.write(&file, &text);
    vault.run_until_idle();
    let text = vault
        .read(&file)
        .replace("**1. Essay 1**", "**1. Another**");
    vault.write(&file, &text);
    vault.run_until_idle();
    let after = vault.journal(&plan);
    assert!(after.count("EditRejected") > 0 && after.count("PlanRevised") > 0);
    let last = after.plan.head_frame.at;
    assert!(last.micros_since(end) > 86_400_000_000, "{last} {end}");
    let ran = clean(&vault, &["--older-than", "1", "--json"]).ok();
    let object: Value = serde_json::from_str(&ran.out).expect("an object");
    assert_eq!(object["ended_at"], end.to_string());
    clean(&vault, &["--older-than", "3"])
        .ok()
        .says("nothing to archive");
    clean(&vault, &["--older-than", "1", "--force"]).ok();
    is_archived(&vault, &plan);
}

#[test]
fn of_several_plans_only_those_named_go() {
    let vault = TestVault::new();
    let plans: Vec<String> = (0..3).map(|_| vault.draft(&body(1))).collect();
    for plan in &plans {
        vault.run(&["plan", "decline", plan]).ok();
    }
    clean(
        &vault,
        &["--plan", &plans[0], "--plan", &plans[2], "--force"],
    )
    .ok();
    is_archived(&vault, &plans[0]);
    is_archived(&vault, &plans[2]);
    assert_eq!(places(&vault, &plans[1]), (true, false));
}

#[test]
fn pruning_drops_what_the_journal_holds_and_keeps_what_it_does_not() {
    let (vault, plan) = done();
    let run = format!("ess/runs/{plan}/artifacts");
    std::fs::write(vault.path(&format!("{run}/essay1.md")), "my own words").expect("a file");
    std::fs::write(vault.path(&format!("{run}/notes.md")), "mine").expect("a file");
    let kept = vault.read(&format!("{run}/essay2.md")).len();
    let told = |args: &[&str]| -> Value {
        let ran = clean(&vault, &[&["--prune", "--json"], args].concat()).ok();
        serde_json::from_str(&ran.out).expect("an object")
    };
    let before = told(&[]);
    let after = told(&["--force"]);
    assert_eq!(before["freed_bytes"], kept);
    assert_eq!(
        (&after["freed_bytes"], &after["bytes"]),
        (&before["freed_bytes"], &before["bytes"])
    );
    let run = format!("archive/{plan}/runs/{plan}/artifacts");
    let names: Vec<String> = names(&vault)
        .into_iter()
        .filter(|name| name.starts_with(&run))
        .collect();
    assert_eq!(
        names,
        [format!("{run}/essay1.md"), format!("{run}/notes.md")]
    );
    vault
        .run(&["audit", "verify", &plan])
        .ok()
        .shows("whole")
        .shows("artifact essay2.md is gone");
}

#[test]
fn a_plan_that_is_moved_back_lives_again_and_can_go_again() {
    let (vault, plan) = done();
    clean(&vault, &["--force"]).ok();
    for dir in ["plans", "runs"] {
        let from = vault.path(&format!("ess/archive/{plan}/{dir}"));
        for entry in std::fs::read_dir(from).expect("a directory") {
            let entry = entry.expect("an entry");
            let to = vault.path(&format!("ess/{dir}")).join(entry.file_name());
            std::fs::rename(entry.path(), to).expect("it can be moved");
        }
    }
    vault.is_proven(&plan);
    vault.run(&["plan", "list"]).ok().shows(&plan);
    clean(&vault, &["--force"]).ok();
    is_archived(&vault, &plan);
}
