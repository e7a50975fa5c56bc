//! Journals that were changed: said, shown as far as they are whole, and never written to; every other plan goes on.

use crate::{
    finished,
    support::{TestVault, body},
};

/// Something that happens to a journal's lines.
type Harm = fn(&mut Vec<String>);

/// The journal's lines, each with its newline.
fn frames(vault: &TestVault, plan: &str) -> Vec<String> {
    let text = std::fs::read_to_string(vault.journal_file(plan)).expect("a journal");
    text.split_inclusive('\n').map(str::to_owned).collect()
}

/// A finished plan whose journal has a flipped bit in the middle, and beside it an approved one.
fn damaged() -> (TestVault, String, String) {
    let (vault, plan) = finished();
    vault.write("modulatio.yaml", "daemon: {tick_seconds: 1}\n");
    flip_a_bit(&vault, &plan);
    let healthy = vault.approved(&body(1));
    (vault, plan, healthy)
}

fn flip_a_bit(vault: &TestVault, plan: &str) {
    let path = vault.journal_file(plan);
    let mut bytes = std::fs::read(&path).expect("a journal");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    std::fs::write(&path, bytes).expect("a journal");
}

/// Everything that belongs to a plan, with its content.
fn belongings(vault: &TestVault, plan: &str) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for dir in ["ess/plans".to_owned(), format!("ess/runs/{plan}")] {
        for name in vault.names(&dir) {
            let path = vault.path(&format!("{dir}/{name}"));
            if (name.contains(plan) || dir.contains(plan)) && path.is_file() {
                all.push((name, std::fs::read(path).expect("a file")));
            }
        }
    }
    all
}

#[test]
fn a_damaged_plan_is_left_alone_and_holds_up_no_other() {
    let (vault, plan, healthy) = damaged();
    let before = belongings(&vault, &plan);
    vault.run_until_idle();
    assert_eq!(vault.journal(&healthy).status(), "done");
    vault.is_proven(&healthy);
    assert!(belongings(&vault, &plan) == before);
}

#[test]
fn a_plan_that_is_damaged_before_it_runs_is_named_and_never_run() {
    let vault = TestVault::new();
    let (plan, healthy) = (vault.approved(&body(1)), vault.approved(&body(1)));
    flip_a_bit(&vault, &plan);
    let before = belongings(&vault, &plan);
    let ran = vault.run(&["daemon", "--until-idle"]);
    ran.says(&plan).says("damaged");
    assert_eq!(vault.journal(&healthy).status(), "done");
    assert!(belongings(&vault, &plan) == before);
}

#[test]
fn it_is_listed_as_damaged() {
    let (vault, plan, healthy) = damaged();
    let list = vault.run(&["plan", "list"]).ok().out;
    let line = |id: &str| {
        list.lines()
            .find(|line| line.starts_with(id))
            .expect("a line")
    };
    assert!(line(&plan).contains(" damaged "), "{list}");
    assert!(line(&healthy).contains(" approved "), "{list}");
}

#[test]
fn what_is_whole_of_it_is_shown() {
    let (vault, plan, _) = damaged();
    let whole = frames(&vault, &plan);
    let out = vault
        .run(&["replay", &plan, "--json"])
        .code(7)
        .says(&plan)
        .out;
    let shown: Vec<serde_json::Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let last = shown
        .iter()
        .filter_map(|line| line["seq"].as_u64())
        .max()
        .expect("frames");
    assert!(last > 2 && last + 2 < whole.len() as u64, "{last}");
    vault.run(&["replay", &plan, "--check"]).code(7);
    vault.run(&["replay", &plan, "--write"]).code(7);
    vault.run(&["plan", "show", &plan]).code(7);
}

#[test]
fn an_audit_of_all_names_it() {
    let (vault, plan, healthy) = damaged();
    let ran = vault.run(&["audit", "verify", "--all"]).code(7);
    assert!(
        ran.out.contains(&format!("{plan}: damaged: ")),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains(&format!("{healthy}: whole, ")),
        "{}",
        ran.out
    );
}

#[test]
fn no_word_is_taken_on_a_damaged_plan() {
    let (vault, plan, _) = damaged();
    let before = belongings(&vault, &plan);
    for word in ["approve", "cancel", "pause", "decline"] {
        vault
            .run(&["plan", word, &plan])
            .code(7)
            .says("nothing was changed");
    }
    assert!(belongings(&vault, &plan) == before);
}

#[test]
fn frames_that_were_removed_repeated_or_reordered_are_noticed() {
    let (vault, plan) = finished();
    let whole = frames(&vault, &plan);
    let harms: [(&str, Harm); 4] = [
        ("removed", |lines| drop(lines.remove(5))),
        ("repeated", |lines| lines.insert(5, lines[5].clone())),
        ("reordered", |lines| lines.swap(5, 6)),
        ("first one gone", |lines| drop(lines.remove(0))),
    ];
    for (what, harm) in harms {
        let mut lines = whole.clone();
        harm(&mut lines);
        std::fs::write(vault.journal_file(&plan), lines.concat()).expect("a journal");
        let verdict = vault.run(&["audit", "verify", &plan]).code(7);
        assert!(verdict.out.contains("damaged"), "{what}: {verdict:?}");
        vault.run_until_idle();
        assert_eq!(frames(&vault, &plan), lines, "{what}: it was written to");
    }
}

#[test]
fn a_removed_last_frame_is_noticed_by_the_anchor() {
    let (vault, plan) = finished();
    let mut lines = frames(&vault, &plan);
    lines.pop();
    std::fs::write(vault.journal_file(&plan), lines.concat()).expect("a journal");
    let verdict = vault.run(&["audit", "verify", &plan]).code(7).out;
    assert!(verdict.contains("damaged"), "{verdict}");
    let ran = vault.run_until_idle();
    assert!(ran.err.contains(&plan), "{}", ran.err);
    assert_eq!(frames(&vault, &plan), lines, "it was written to");
    vault.run(&["plan", "cancel", &plan]).code(7);
}

#[test]
fn a_journal_that_is_gone_is_damage_and_its_plan_is_not_begun_anew() {
    let (vault, plan) = finished();
    std::fs::remove_file(vault.journal_file(&plan)).expect("a journal");
    for of in [plan.as_str(), "--all"] {
        let verdict = vault.run(&["audit", "verify", of]).code(7).out;
        assert!(
            verdict.contains(&format!("{plan}: damaged: ")),
            "{of}: {verdict}"
        );
    }
    vault.run_until_idle();
    assert!(!vault.journal_file(&plan).exists());
}

#[test]
fn half_a_frame_at_the_end_is_moved_aside_and_the_plan_goes_on() {
    let vault = TestVault::new();
    let plan = vault.approved(&body(1));
    let whole = std::fs::read(vault.journal_file(&plan)).expect("a journal");
    let half = b"{\"b3\":\"0000";
    std::fs::write(vault.journal_file(&plan), [&whole[..], half].concat()).expect("a journal");
    vault
        .run(&["audit", "verify", &plan])
        .ok()
        .shows("11 byte(s) of an unfinished frame");
    vault.run(&["replay", &plan]).ok().says("11 byte(s)");
    vault.run_until_idle().says("moved aside");
    assert_eq!(vault.journal(&plan).status(), "done");
    let torn: Vec<String> = vault
        .names("ess/plans")
        .into_iter()
        .filter(|name| name.contains(".torn-"))
        .collect();
    assert_eq!(torn.len(), 1, "{torn:?}");
    assert_eq!(
        vault.read(&format!("ess/plans/{}", torn[0])).as_bytes(),
        half
    );
    vault.is_proven(&plan);
}
