//! The schedule among the journals that are verified, sealed, checked and rebuilt.

use crate::{
    jobs::{JOURNAL, add, cron, daemon_at, proven, vault_at},
    support::TestVault,
};

fn vault() -> TestVault {
    let vault = vault_at("2026-11-24T00:00:30Z");
    add(&vault, "0 * * * *", &[]);
    daemon_at(&vault, "2026-11-24T01:00:01Z");
    vault
}

fn sealed(vault: &TestVault) -> String {
    let file = vault.beside().join("seal.txt");
    let seal = vault.run(&["audit", "seal"]).ok().out;
    assert!(
        seal.lines().any(|line| line.starts_with("schedule 2 ")),
        "{seal}"
    );
    std::fs::write(&file, seal).expect("a file");
    file.to_str().expect("a plain path").to_owned()
}

#[test]
fn a_schedule_is_verified_with_the_plans() {
    let vault = vault();
    vault
        .run(&["audit", "verify", "--all"])
        .ok()
        .shows("ESS-P-001: whole")
        .shows("schedule: whole, 3 frames, b3 ");
    let json = vault.run(&["audit", "verify", "--all", "--json"]).ok().out;
    let last: serde_json::Value = serde_json::from_str(json.lines().last().unwrap()).unwrap();
    assert_eq!(last["journal"], "schedule");
    assert_eq!(last["verdict"]["frames"], 3);
    let plan = vault.run(&["audit", "verify", "ESS-P-001"]).ok().out;
    assert!(!plan.contains("schedule"));
    let empty = TestVault::new();
    let ran = empty.run(&["audit", "verify", "--all"]).ok();
    assert_eq!(ran.out, "", "a vault without a schedule has none to verify");
    assert_eq!(empty.run(&["audit", "seal"]).ok().out, "");
}

#[test]
fn a_schedule_that_has_grown_agrees_with_its_seal() {
    let vault = vault();
    let seal = sealed(&vault);
    let against = ["audit", "verify", "--all", "--against", &seal];
    vault.run(&against).ok().shows("schedule: whole");
    daemon_at(&vault, "2026-11-24T02:00:01Z");
    vault.run(&against).ok().shows("schedule: whole, 5 frames");
}

/// Somebody who also takes away what remembers the journal's head is caught by the seal alone.
#[test]
fn a_shortened_schedule_without_its_file_is_caught_by_the_seal() {
    let vault = vault();
    let seal = sealed(&vault);
    let text = vault.read(JOURNAL);
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    lines.pop();
    vault.write(JOURNAL, &lines.concat());
    std::fs::remove_file(vault.path("cron.yaml")).unwrap();
    vault.run(&["audit", "verify", "--all"]).ok();
    vault
        .run(&["audit", "verify", "--all", "--against", &seal])
        .code(7)
        .shows("schedule: damaged: ");
}

#[test]
fn a_schedule_that_is_gone_is_caught_by_its_file_and_by_the_seal() {
    let vault = vault();
    let seal = sealed(&vault);
    std::fs::remove_file(vault.path(JOURNAL)).unwrap();
    vault
        .run(&["audit", "verify", "--all"])
        .code(7)
        .shows("schedule: damaged: ")
        .shows("it is gone, and cron.yaml was made from it");
    std::fs::remove_file(vault.path("cron.yaml")).unwrap();
    vault.run(&["audit", "verify", "--all"]).ok();
    vault
        .run(&["audit", "verify", "--all", "--against", &seal])
        .code(7)
        .shows("schedule: damaged: the journal was sealed and is gone");
}

#[test]
fn any_changed_byte_of_the_schedule_is_caught() {
    let vault = vault();
    let whole = std::fs::read(vault.path(JOURNAL)).unwrap();
    let step = whole.len() / 40;
    for at in (0..whole.len()).step_by(step.max(1)) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        std::fs::write(vault.path(JOURNAL), bytes).unwrap();
        vault
            .run(&["audit", "verify", "--all"])
            .code(7)
            .shows("schedule: damaged: ");
    }
    std::fs::write(vault.path(JOURNAL), whole).unwrap();
    vault.run(&["audit", "verify", "--all"]).ok();
}

#[test]
fn the_file_is_checked_and_rebuilt_with_the_others() {
    let vault = vault();
    proven(&vault);
    let whole = vault.read("cron.yaml");
    let check = ["replay", "--all", "--check"];
    for changed in [
        None,
        Some(""),
        Some("jobs: []\n"),
        Some(&whole[..whole.len() / 2]),
    ] {
        match changed {
            None => std::fs::remove_file(vault.path("cron.yaml")).unwrap(),
            Some(text) => vault.write("cron.yaml", text),
        }
        vault.run(&check).code(7).shows("cron.yaml: ");
        let json = vault.run(&[&check[..], &["--json"]].concat()).code(7).out;
        let found: serde_json::Value = serde_json::from_str(json.trim()).unwrap();
        assert_eq!(found["path"], "cron.yaml");
        vault
            .run(&["replay", "--all", "--write"])
            .ok()
            .shows("schedule: rebuilt cron.yaml");
        assert_eq!(vault.read("cron.yaml"), whole);
        proven(&vault);
    }
    let kept = |name: &&String| name.starts_with("cron.yaml.rejected-");
    let names = vault.names("");
    assert_eq!(
        names.iter().filter(kept).count(),
        3,
        "nothing is lost: {names:?}"
    );
}

#[test]
fn a_damaged_schedule_fails_the_check_and_no_plans_check_fails_for_it() {
    let vault = vault();
    let text = vault.read(JOURNAL).replace("ESS-P-001", "ESS-P-009");
    vault.write(JOURNAL, &text);
    let before = vault.read("cron.yaml");
    for how in ["--check", "--write"] {
        vault
            .run(&["replay", "--all", how])
            .code(7)
            .says("schedule: ")
            .says("1 journal(s) are damaged");
    }
    assert_eq!(vault.read("cron.yaml"), before);
    vault.run(&["replay", "ESS-P-001", "--check"]).ok();
    vault
        .run(&["audit", "seal"])
        .code(7)
        .says("schedule: not sealed")
        .shows("ESS-P-001 ");
    cron(&vault, &["list"]).code(7);
}
