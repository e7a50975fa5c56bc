use super::*;

#[test]
fn a_project_overrides_role_by_role_and_cap_by_cap() {
    let vault = parse(FULL).unwrap();
    let text = "objective: Write essays.\nfolders: [notes]\nteam: {leader: local}\ndefaults: {max_cost_usd: 0.5, budget_warn_percent: 50, max_redos: 0, max_iters: 2}\nembedder: minilm\n";
    let own = project(text).unwrap();
    assert_eq!(
        (own.objective.as_str(), own.folders.len()),
        ("Write essays.", 1)
    );
    let config = vault.for_project(&own).unwrap();
    assert_eq!(config.team.leader, ModelChoice::only("local"));
    assert_eq!(config.team.planner, ModelChoice::only("main"));
    assert_eq!(config.team.producers[1].model, ModelChoice::only("local"));
    assert_eq!(config.defaults.max_cost_micro_usd, Some(500_000));
    assert_eq!(config.defaults.max_tokens, Some(2_000_000));
    assert_eq!(config.defaults.budget_warn_percent, 50);
    let caps = &config.defaults;
    assert_eq!((caps.max_tasks, caps.max_iters, caps.max_redos), (8, 2, 0));
    assert_eq!(vault.defaults.budget_warn_percent, 90);
    assert_eq!((config.retry, config.daily), (vault.retry, vault.daily));
    assert_ne!(config.embedder, vault.embedder);
    let plain = project("objective: x\n").unwrap();
    assert_eq!(vault.for_project(&plain).unwrap(), vault);
}

#[test]
fn a_leader_named_by_the_project_leads_roles_that_nobody_wrote() {
    let vault =
        parse("models: {a: {provider: rehearsal}, b: {provider: rehearsal}}\nteam: {leader: a}")
            .unwrap();
    let own = project("objective: x\nteam: {leader: [b, a]}").unwrap();
    let config = vault.for_project(&own).unwrap();
    assert!(config.team.choices().all(|choice| choice.primary == "b"));
}

#[test]
fn faults_of_a_project_name_its_file() {
    for (text, expected) in [
        ("", "objective: is missing"),
        ("objective: ' '", r#"objective: expected text, found " ""#),
        (
            "objective: x\nmodels: {}",
            r#"models: unknown key; the nearest known one is "folders""#,
        ),
        (
            "objective: x\nfolders: notes",
            r#"folders: expected a list with at least one entry, found "notes""#,
        ),
        (
            "objective: x\ndaily: {max_tokens: 1}",
            r#"daily: unknown key; the nearest known one is "tools""#,
        ),
        (
            "objective: x\ndefaults: {budget_warn_percent: 100}",
            "defaults.budget_warn_percent: expected a whole number from 1 to 99, found 100",
        ),
        (
            "objective: [",
            "line 2, column 1: did not find expected node content, while parsing a flow node",
        ),
    ] {
        let fault = project(text).unwrap_err().to_string();
        assert_eq!(
            fault,
            format!("ess/project.yaml: {expected}"),
            "of {text:?}"
        );
    }
    let vault = parse(MODELS).unwrap();
    let own = project("objective: x\nteam: {qc: mani}").unwrap();
    assert_eq!(
        vault.for_project(&own).unwrap_err().to_string(),
        format!(
            r#"ess/project.yaml: team.qc: no model is named "mani"; the nearest is "main"; or write {IDS}"#
        )
    );
}

#[test]
fn a_project_may_name_a_model_that_its_vault_has_no_entry_for() {
    let vault = parse(MODELS).unwrap();
    let own = project("objective: x\nteam: {qc: groq/openai/gpt-oss-120b}").unwrap();
    let config = vault.for_project(&own).unwrap();
    assert_eq!(config.team.leader, ModelChoice::only("main"));
    let names: Vec<&str> = config.models.keys().map(String::as_str).collect();
    assert_eq!(names, ["groq/openai/gpt-oss-120b", "main"]);
    assert!(!vault.models.contains_key("groq/openai/gpt-oss-120b"));
}

#[test]
fn a_project_with_an_id_rehearses_in_no_role_that_does_not_say_so() {
    let own = project("objective: x\nteam: {qc: ollama/qwen3:8b}").unwrap();
    assert_eq!(
        Config::default().for_project(&own).unwrap_err().to_string(),
        "ess/project.yaml: team.leader: is missing; name one of ollama/qwen3:8b"
    );
    let own = project("objective: x\nteam: {leader: ollama/qwen3:8b}").unwrap();
    let config = Config::default().for_project(&own).unwrap();
    let choices: Vec<&ModelChoice> = config.team.choices().collect();
    assert!(
        choices
            .iter()
            .all(|choice| choice.primary == "ollama/qwen3:8b")
    );
    assert!(!config.models.contains_key("rehearsal"));
}
