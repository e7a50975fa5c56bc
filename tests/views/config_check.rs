//! `config check`: all faults of all files at once, by file, line and key.

use serde_json::{Value, json};

use crate::{objects, support::TestVault};

fn check(vault: &TestVault) -> crate::support::Ran {
    vault.run(&["config", "check"])
}

#[test]
fn a_sound_configuration_is_told_to_be_sound() {
    let vault = TestVault::with(
        "models: {a: {provider: openai, model: m, base_url: \"http://10.0.0.1/v1\", price: free}}\n",
    );
    let ran = check(&vault).ok();
    assert_eq!(ran.out, "sound: modulatio.yaml, ess/project.yaml\n");
    assert_eq!(ran.err, "");
    assert_eq!(vault.run(&["config", "check", "--json"]).ok().out, "");
}

#[test]
fn a_vault_without_any_file_rehearses_and_is_sound() {
    let vault = TestVault::new();
    std::fs::remove_file(vault.path("modulatio.yaml")).expect("it is there");
    std::fs::remove_file(vault.path("ess/project.yaml")).expect("it is there");
    let ran = check(&vault).ok();
    ran.shows("sound: there is no file")
        .says("every role is a rehearsal model");
}

/// Faults in three files: a key, a value and a name in the vault's, two in a project's, one in another's.
fn faulty() -> TestVault {
    let vault = TestVault::with(
        "models:\n  main:\n    provider: openai\n    model: m\n    timout: 6\nteam:\n  leader: mian\ndefaults: {max_cost_usd: -1}\n",
    );
    vault.write(
        "ess/project.yaml",
        "objective: x\nfolders:\n  - path: notes\n    mode: wr\ndaily: {}\n",
    );
    vault.project("law");
    vault.write(
        "law/project.yaml",
        "objective: y\nteam: {qc: main, planner: mainn}\n",
    );
    vault.project("sci");
    vault
}

#[test]
fn every_fault_of_every_file_is_told_and_the_command_ends_with_3() {
    let ran = check(&faulty()).code(3);
    insta::assert_snapshot!(ran.out);
    ran.says("error: 6 fault(s) in what is written by hand");
}

#[test]
fn the_object_of_a_fault_has_file_line_key_and_what() {
    let ran = faulty().run(&["config", "check", "--json"]).code(3);
    let objects = objects(&ran);
    assert_eq!(objects.len(), 6);
    assert_eq!(
        objects[0],
        json!({
            "level": "fault", "file": "modulatio.yaml", "line": 5, "key": "models.main.timout",
            "what": "unknown key; the nearest known one is \"timeout\"",
        })
    );
}

#[test]
fn a_text_that_is_no_yaml_hides_no_other_files_faults() {
    let vault = TestVault::with("models: [\n");
    vault.write("ess/project.yaml", "objectiv: x\n");
    let ran = check(&vault).code(3);
    ran.shows("modulatio.yaml: line 2, column 1: ")
        .shows("ess/project.yaml:1: objectiv: unknown key; the nearest known one is \"objective\"")
        .shows("ess/project.yaml: objective: is missing");
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_read_is_a_fault_and_the_rest_is_looked_at() {
    let vault = TestVault::with("daemon: {tick: 1}\n");
    std::fs::write(vault.path("ess/project.yaml"), [0xff, 0xfe]).expect("a file");
    let ran = check(&vault).code(3);
    ran.shows("modulatio.yaml:1: daemon.tick: ")
        .shows("ess/project.yaml: cannot be read: ");
}

#[test]
fn folders_prompts_and_standards_that_cannot_be_used_are_faults() {
    let vault = TestVault::new();
    vault.write("ess/project.yaml", "objective: x\nfolders: [nowhere]\n");
    std::fs::create_dir(vault.path("prompts")).expect("a directory");
    vault.write("prompts/no-such-prompt.md", "text");
    let ran = check(&vault).code(3);
    ran.shows("ess/project.yaml: folders: nowhere: ")
        .shows("prompts/no-such-prompt.md: there is no prompt of this name");
}

#[test]
fn a_directory_that_would_be_a_project_is_a_fault() {
    let vault = TestVault::new();
    std::fs::create_dir_all(vault.path("Law/plans")).expect("a directory");
    check(&vault).code(3).shows("Law/: ");
}

#[test]
fn models_without_a_price_or_a_key_are_warned_of_once() {
    let model = "{provider: openai, model: m, base_url: \"http://10.0.0.1/v1\", api_key_env: MODULATIO_TESTS_NO_KEY}";
    let vault = TestVault::with(&format!("models: {{main: {model}}}\n"));
    let ran = check(&vault).ok();
    assert_eq!(ran.err.lines().count(), 2, "{ran:#?}");
    let ran = ran
        .says("warning: modulatio.yaml: main: the environment variable MODULATIO_TESTS_NO_KEY is not set")
        .says("warning: modulatio.yaml: main: nobody knows its price");
    let told = objects(&vault.run(&["config", "check", "--json"]).ok());
    assert_eq!(told.len(), 2, "{ran:#?}");
    assert!(told.iter().all(|w: &Value| w["level"] == "warning"));
}
