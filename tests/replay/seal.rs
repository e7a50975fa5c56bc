//! Heads of journals, kept elsewhere: what was sealed must be there later.

use crate::{finished, support::TestVault};

/// A seal of the vault, kept beside it.
fn sealed(vault: &TestVault) -> String {
    let file = vault.beside().join("seal.txt");
    std::fs::write(&file, vault.run(&["audit", "seal"]).ok().out).expect("a file");
    file.to_str().expect("a plain path").to_owned()
}

#[test]
fn an_untouched_vault_agrees_with_its_seal_and_so_does_a_grown_one() {
    let (vault, plan) = finished();
    let seal = sealed(&vault);
    vault
        .run(&["audit", "verify", "--all", "--against", &seal])
        .ok();
    let more = vault.approved(&crate::support::body(1));
    vault.run_until_idle();
    vault
        .run(&["audit", "verify", "--all", "--against", &seal])
        .ok()
        .shows(&format!("{plan}: whole"))
        .shows(&format!("{more}: whole"));
}

/// Somebody who also forges the anchor in the plan's file is caught by the seal alone.
#[test]
fn a_shortened_journal_with_a_fitting_file_is_caught_by_the_seal() {
    let (vault, plan) = finished();
    let seal = sealed(&vault);
    let text = std::fs::read_to_string(vault.journal_file(&plan)).expect("a journal");
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    lines.pop();
    std::fs::write(vault.journal_file(&plan), lines.concat()).expect("a journal");
    std::fs::remove_file(vault.plan_file(&plan)).expect("a file");
    vault.run(&["replay", &plan, "--write"]).ok();
    vault.run(&["audit", "verify", &plan]).ok();
    let verdict = vault
        .run(&["audit", "verify", &plan, "--against", &seal])
        .code(7);
    assert!(verdict.out.contains("damaged"), "{verdict:?}");
}

#[test]
fn a_plan_that_is_gone_is_named() {
    let (vault, plan) = finished();
    let seal = sealed(&vault);
    std::fs::remove_file(vault.journal_file(&plan)).expect("a journal");
    std::fs::remove_file(vault.plan_file(&plan)).expect("a file");
    let ran = vault
        .run(&["audit", "verify", "--all", "--against", &seal])
        .code(7);
    assert!(
        ran.out.contains(&format!(
            "{plan}: damaged: the journal was sealed and is gone"
        )),
        "{ran:?}"
    );
}

#[test]
fn a_seal_that_is_none_is_named_by_its_line() {
    let (vault, _) = finished();
    let file = vault.beside().join("seal.txt");
    std::fs::write(&file, "\nESS-P-001 twelve\n").expect("a file");
    let file = file.to_str().expect("a plain path");
    vault
        .run(&["audit", "verify", "--all", "--against", file])
        .code(1)
        .says("line 2");
}

/// Whoever keeps the heads by night sees that one is missing.
#[test]
fn a_damaged_journal_is_not_sealed_and_the_others_are() {
    let (vault, plan) = finished();
    let more = vault.draft(&crate::support::body(1));
    let file = vault.journal_file(&plan);
    let text = std::fs::read_to_string(&file).expect("a journal");
    std::fs::write(&file, text.replacen("\"by\"", "\"bY\"", 1)).expect("a journal");
    for json in [&[][..], &["--json"]] {
        let ran = vault.run(&[&["audit", "seal"], json].concat()).code(7);
        let ran = ran.says(&format!("{plan}: not sealed: "));
        assert!(ran.out.contains(&more), "{ran:?}");
        assert!(!ran.out.contains(&plan), "{ran:?}");
    }
}

#[test]
fn a_seal_in_json_is_one_to_compare_with() {
    let (vault, plan) = finished();
    vault
        .run(&["cron", "add", "ESS", "x", "--schedule", "0 6 * * *"])
        .ok();
    let seal = vault.run(&["audit", "seal", "--json"]).ok().out;
    let file = vault.beside().join("seal.jsonl");
    std::fs::write(&file, &seal).expect("a file");
    let file = file.to_str().expect("a plain path");
    let verify = ["audit", "verify", "--all", "--against", file];
    vault.run(&verify).ok();
    assert_eq!(seal.lines().count(), 2, "{seal}");
    std::fs::remove_file(vault.journal_file(&plan)).expect("a journal");
    std::fs::remove_file(vault.plan_file(&plan)).expect("a file");
    vault.run(&verify).code(7).shows("was sealed and is gone");
    std::fs::write(file, "{\"plan\": 1}\n").expect("a file");
    vault.run(&verify).code(1).says("line 1");
}
