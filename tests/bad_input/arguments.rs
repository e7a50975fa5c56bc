//! Names that fit no rule, or nothing that is there.

use crate::support::{TestVault, body};

#[test]
fn what_is_not_there_is_named() {
    let vault = TestVault::new();
    vault.draft(&body(1));
    vault
        .run(&["plan", "show", "ESS-P-099"])
        .code(1)
        .says("there is no plan ESS-P-099")
        .says("plan list");
    vault
        .run(&["plan", "approve", "OTHER-P-001"])
        .code(1)
        .says("there is no project OTHER");
    vault
        .run(&["plan", "list", "NOPE"])
        .code(1)
        .says("there is no project NOPE");
}

#[test]
fn a_plan_is_looked_for_in_its_own_project_only() {
    let vault = TestVault::new();
    vault.project("other");
    let plan = vault.draft(&body(1));
    let stray = vault.path(&format!("other/plans/{plan}.md"));
    std::fs::copy(vault.plan_file(&plan), &stray).expect("a file");
    vault.run_until_idle();
    assert!(stray.exists());
    assert_eq!(vault.names("other/plans"), [format!("{plan}.md")]);
    vault
        .run(&["plan", "show", "OTHER-P-001"])
        .code(1)
        .says("there is no plan OTHER-P-001");
}

#[test]
fn no_name_leads_out_of_the_vault() {
    let vault = TestVault::new();
    let bad = [
        "../ESS",
        "a/b",
        "..",
        "ESS/../../x",
        "",
        "1st",
        "É",
        "A B",
        "ESS\n",
    ];
    for code in bad {
        let ran = vault
            .run(&["project", "add", code, "--objective", "x"])
            .code(2);
        assert!(!ran.err.is_empty());
    }
    for plan in [
        "../ESS-P-001",
        "ESS-P-001/..",
        "ESS-P-../1",
        "ESS-P-1.md",
        "ESS",
        "ESS-P-",
        "ESS-Q-001",
    ] {
        vault.run(&["plan", "show", plan]).code(2);
        vault.run(&["plan", "cancel", plan]).code(2);
        vault.run(&["replay", plan, "--write"]).code(2);
    }
    assert_eq!(vault.names(""), ["ess", "modulatio.yaml"]);
}

#[test]
fn an_objective_says_something() {
    let vault = TestVault::new();
    vault
        .run(&["project", "add", "NEW", "--objective", " "])
        .code(2)
        .says("objective");
    vault
        .run(&["project", "add", "ESS", "--objective", "x"])
        .code(1)
        .says("there already");
}

#[test]
fn a_word_that_the_status_does_not_allow_is_refused() {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    vault.run(&["plan", "pause", &plan]).code(6).says("draft");
    vault
        .run(&["project", "resume", &plan])
        .code(6)
        .says("plan approve");
    vault.run(&["plan", "cancel", &plan]).ok();
    for word in ["approve", "decline", "pause", "cancel"] {
        vault.run(&["plan", word, &plan]).code(6).says("cancelled");
    }
}

#[test]
fn a_file_that_is_no_plan_is_not_added() {
    let vault = TestVault::new();
    let file = vault.beside().join("plan.md");
    let path = file.to_str().expect("a plain path");
    let cases: [(&[u8], &str); 4] = [
        (b"\xff\xfe\x00", "UTF-8"),
        (b"---\nid: [\n---\n", "YAML"),
        (b"---\nid: x\n", "closing ---"),
        (b"---\nmax_tokens: many\n---\n", "max_tokens"),
    ];
    for (bytes, why) in cases {
        std::fs::write(&file, bytes).expect("a file");
        vault
            .run(&["plan", "add", "ESS", path])
            .code(1)
            .says(why)
            .says("plan.md");
    }
    vault
        .run(&["plan", "add", "ESS", "/does/not/exist.md"])
        .code(1)
        .says("/does/not/exist.md");
    assert_eq!(vault.names("ess/plans"), [""; 0]);
}

#[test]
fn a_seal_and_a_vault_that_are_not_there_are_named() {
    let vault = TestVault::new();
    vault
        .run(&["audit", "verify", "--all", "--against", "/no/seal"])
        .code(1)
        .says("/no/seal");
    vault.run(&["daemon", "--tick-seconds", "0"]).code(2);
    vault.run(&["replay"]).code(2);
    vault.run(&["frobnicate"]).code(2);
}
