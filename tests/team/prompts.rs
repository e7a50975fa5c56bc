//! Prompts and standards of an operator's own: in force where they can be used, told by name where they cannot.

use modulatio_tools::fake_model::FakeModel;
use serde_json::json;

use crate::{
    bench::{asked, conversation, nth_question, question, server, stands, task, tasks, vault},
    support::{TestVault, body},
};

/// A vault with a text in a place of its own.
fn lay(vault: &TestVault, path: &str, text: &str) {
    let dir = vault.path(path);
    std::fs::create_dir_all(dir.parent().expect("a directory")).expect("a directory");
    vault.write(path, text);
}

/// The program's own text of this name, with a line before it.
fn with_a_line(vault: &TestVault, name: &str, line: &str) -> String {
    let own = vault.run(&["prompts", "show", name]).ok().out;
    format!("{line}\n\n{own}")
}

#[test]
fn the_vaults_prompt_stands_in_for_the_programs_and_the_projects_for_the_vaults() {
    let model = server([]);
    let vault = vault(&model, "");
    for name in ["producer", "qc"] {
        let text = with_a_line(&vault, name, "By the vault.");
        lay(&vault, &format!("prompts/{name}.md"), &text);
    }
    let text = with_a_line(&vault, "qc", "By the project.");
    lay(&vault, "ess/prompts/qc.md", &text);
    let system = "You are a poet. The plan:\n{{plan}}\n";
    lay(&vault, "ess/prompts/system.md", system);
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    assert_eq!(asked(&model, "By the vault.").len(), 1);
    assert!(question(&asked(&model, "By the vault.")[0]).contains("Do this task"));
    assert!(question(&asked(&model, "By the project.")[0]).contains("You are quality control"));
    for request in model.requests() {
        let text = conversation(&request);
        assert!(
            text.starts_with("You are a poet. The plan:\n## Essays"),
            "{text}"
        );
    }
}

#[test]
fn every_prompt_is_listed_and_shown() {
    let vault = TestVault::new();
    let list = vault.run(&["prompts", "list"]).ok().out;
    for name in list.lines() {
        assert!(!vault.run(&["prompts", "show", name]).ok().out.is_empty());
    }
    assert_eq!(list.lines().count(), 11);
    vault
        .run(&["prompts", "show", "poem"])
        .code(2)
        .says("there are system");
}

/// The plan rests, nothing is asked, and whoever looks is told which file it is.
fn rests(model: &FakeModel, vault: &TestVault, file: &str, why: &str) {
    let plan = vault.approved(&body(1));
    let ran = vault.run(&["daemon", "--until-idle"]).code(5);
    let said = &ran.err;
    assert!(said.contains(file) && said.contains(why), "{said}");
    assert_eq!(vault.journal(&plan).status(), "approved");
    assert_eq!(model.requests().len(), 0);
    vault
        .run(&["plan", "rehearse", &plan])
        .code(3)
        .says(file)
        .says(why);
    vault.run(&["replay", "--all", "--check"]).ok();
    std::fs::remove_file(vault.path(file)).expect("it is there");
    vault.run_until_idle();
    stands(vault, &plan, model, "done");
}

#[test]
fn a_prompt_that_cannot_be_used_is_named_and_the_plan_rests() {
    for (file, text, why) in [
        (
            "prompts/qc.md",
            "{{acceptance}} {{artifacts}} {{artefacts}}",
            "{{artefacts}} is no place of this text",
        ),
        (
            "ess/prompts/qc.md",
            "Judge. {{acceptance}}",
            "{{artifacts}} is missing",
        ),
        (
            "ess/prompts/poem.md",
            "Write a poem.",
            "there is no prompt of this name",
        ),
        (
            "ess/standards/poem.md",
            "Rhyme.",
            "there is no kind of this name",
        ),
    ] {
        let model = server([]);
        let vault = vault(&model, "");
        lay(&vault, file, text);
        rests(&model, &vault, file, why);
    }
}

#[test]
fn a_prompt_that_is_no_text_or_too_long_is_named_and_the_plan_rests() {
    let model = server([]);
    let vault = vault(&model, "");
    lay(&vault, "standards.md", &"Be brief. ".repeat(7_000));
    rests(&model, &vault, "standards.md", "write at most 65536");
    lay(&vault, "prompts/qc.md", "");
    std::fs::write(vault.path("prompts/qc.md"), [0xff, 0xfe]).unwrap();
    let ran = vault.run(&["plan", "rehearse", "ESS-P-001"]).code(3);
    ran.says("prompts/qc.md: it is not UTF-8 text");
}

#[test]
fn standards_reach_producers_and_quality_control_the_narrowest_last() {
    let mut program = task("tool", "tool.py", &[]);
    program["kind"] = json!("code");
    let model = server([tasks(&[task("essay", "essay.md", &[]), program])]);
    let vault = vault(&model, "");
    for (path, text) in [
        ("standards.md", "Standard of the vault."),
        ("standards/document.md", "Documents in the vault."),
        ("standards/code.md", "Programs in the vault."),
        ("ess/standards.md", "Standard of the project."),
        ("ess/standards/document.md", "Documents of the project."),
    ] {
        lay(&vault, path, text);
    }
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    let found = |text: &str| {
        let all = [
            "Standard of the vault.",
            "Documents in the vault.",
            "Programs in the vault.",
            "Standard of the project.",
            "Documents of the project.",
        ];
        let mut at: Vec<(usize, &str)> = all
            .iter()
            .filter_map(|part| Some((text.find(part)?, *part)))
            .collect();
        at.sort();
        at.into_iter().map(|(_, part)| part).collect::<Vec<_>>()
    };
    let of_essay = [
        "Standard of the vault.",
        "Documents in the vault.",
        "Standard of the project.",
        "Documents of the project.",
    ];
    let of_tool = [
        "Standard of the vault.",
        "Programs in the vault.",
        "Standard of the project.",
    ];
    let produced = nth_question(&model, "# Task: essay\n\nWrite", 0);
    assert_eq!(found(&produced), of_essay, "{produced}");
    assert!(
        produced.contains("the later one counts") && produced.contains("From ess/standards.md:")
    );
    let judged = nth_question(&model, "# Task: essay\n\nIt is good enough when", 0);
    assert_eq!(found(&judged), of_essay);
    let produced = nth_question(&model, "# Task: tool\n\nWrite", 0);
    assert_eq!(found(&produced), of_tool);
    let judged = nth_question(&model, "# Task: tool\n\nIt is good enough when", 0);
    assert_eq!(found(&judged), of_tool);
    for text in ["Divide this sub-objective", "You are the Leader"] {
        assert!(found(&nth_question(&model, text, 0)).is_empty(), "{text}");
    }
}
