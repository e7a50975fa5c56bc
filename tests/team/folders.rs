//! What agents may use besides their workspace: folders that a project names, and the tools that an operator leaves
//! them.

use modulatio_tools::fake_model::{FakeModel, Step};
use serde_json::json;

use crate::{
    bench::{
        ARTIFACT, PRODUCER, asked, conversation, hand_in, last_message, nth_question, offered,
        project, sandboxed, server, shell, stands, task, tasks, tool, turn, vault, written,
    },
    support::{TestVault, body},
};

/// A vault beside which two folders lie: `notes` to read, `out` to write.
fn beside(steps: impl IntoIterator<Item = Step>, config: &str) -> (FakeModel, TestVault) {
    let one = tasks(&[task("essay", "essay.md", &[])]);
    let model = server([one].into_iter().chain(steps));
    let vault = vault(&model, config);
    for name in ["notes", "out"] {
        std::fs::create_dir(vault.beside().join(name)).expect("a directory");
    }
    std::fs::write(vault.beside().join("notes/a.txt"), "Seneca on duty\n").expect("a file");
    project(
        &vault,
        "folders:\n  - ../../notes\n  - {name: results, path: ../../out, mode: rw}\n",
    );
    (model, vault)
}

fn run(vault: &TestVault) -> String {
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    plan
}

#[test]
fn a_folder_to_read_is_read_and_one_to_write_is_written() {
    let calls = vec![
        tool("list_files", json!({"path": "@notes"})),
        tool("read_file", json!({"path": "@notes/a.txt"})),
        tool("search_files", json!({"pattern": "duty", "path": "@notes"})),
        tool(
            "write_file",
            json!({"path": "@notes/b.txt", "content": "forged"}),
        ),
        tool(
            "edit_file",
            json!({"path": "@notes/a.txt", "old": "duty", "new": "leisure"}),
        ),
        tool(
            "write_file",
            json!({"path": "@results/b.txt", "content": "allowed\n"}),
        ),
        tool("read_file", json!({"path": "@results/../notes/a.txt"})),
        tool("read_file", json!({"path": "@secrets/a.txt"})),
    ];
    let (model, vault) = beside([turn(calls)], "");
    let plan = run(&vault);
    stands(&vault, &plan, &model, "done");
    let asks = nth_question(&model, PRODUCER, 0);
    for folder in ["`@notes/` (to read", "`@results/` (to read and write"] {
        assert!(asks.contains(folder), "{asks}");
    }
    let text = conversation(&asked(&model, PRODUCER)[1]);
    assert!(text.contains("Seneca on duty"), "{text}");
    let file = |name: &str| std::fs::read_to_string(vault.beside().join(name)).ok();
    assert_eq!(file("notes/a.txt").as_deref(), Some("Seneca on duty\n"));
    assert_eq!(file("notes/b.txt"), None);
    assert_eq!(file("out/b.txt").as_deref(), Some("allowed\n"));
    let calls =
        crate::bench::lines(&vault.read(&format!("ess/runs/{plan}/tool_calls/calls.jsonl")));
    let outcomes: Vec<&str> = calls
        .iter()
        .map(|call| call["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(
        outcomes,
        [
            "done", "done", "done", "failed", "failed", "done", "failed", "failed"
        ]
    );
}

/// Where a command finds them, it may do with them what the file tools may.
fn a_command_uses_them(config: &str) {
    let (model, vault) = beside([], config);
    let command = "cat $FOLDER_NOTES/a.txt; echo forged > $FOLDER_NOTES/b.txt; \
                   echo allowed > $FOLDER_RESULTS/b.txt; cp $FOLDER_NOTES/a.txt essay.md";
    let model_of_commands = server([
        tasks(&[task("essay", "essay.md", &[])]),
        shell(command),
        written("copied"),
    ]);
    drop(model);
    vault.write(
        "modulatio.yaml",
        &crate::bench::config(&model_of_commands, config),
    );
    let plan = run(&vault);
    stands(&vault, &plan, &model_of_commands, "done");
    assert_eq!(
        crate::bench::artifact(&vault, &plan, "essay.md"),
        "Seneca on duty\n"
    );
    let file = |name: &str| vault.beside().join(name).exists();
    assert!(file("out/b.txt"));
    let asks = nth_question(&model_of_commands, PRODUCER, 0);
    let said = "`@notes/` (to read; `$FOLDER_NOTES` in commands)";
    assert!(asks.contains(said), "{asks}");
    let told = last_message(&asked(&model_of_commands, PRODUCER)[1]);
    assert!(told.contains("Seneca on duty"), "{told}");
    // Without a sandbox nothing keeps a command from it: that is the operator's word.
    assert_eq!(file("notes/b.txt"), config.contains("off"), "{told}");
}

#[test]
fn a_command_in_the_sandbox_may_do_with_them_what_the_file_tools_may() {
    if sandboxed("a_command_in_the_sandbox_may_do_with_them_what_the_file_tools_may") {
        a_command_uses_them("");
    }
}

#[test]
fn a_command_runs_without_a_sandbox_on_the_operators_word() {
    a_command_uses_them("sandbox: off\n");
}

/// Quality control runs commands too, and changes nothing by them.
#[test]
fn a_command_of_quality_control_cannot_change_what_it_judges() {
    if !sandboxed("a_command_of_quality_control_cannot_change_what_it_judges") {
        return;
    }
    let forge = "cat essay.md; echo forged > essay.md; echo forged > new.txt";
    let looks = modulatio_tools::fake_model::Behaviour::ToolCalls(vec![tool(
        "run_shell",
        json!({ "command": forge }),
    )]);
    let (model, vault) = beside(
        [
            hand_in("as it was\n"),
            Step::new(looks).for_tool("submit_verdict"),
        ],
        "",
    );
    let plan = run(&vault);
    stands(&vault, &plan, &model, "done");
    assert_eq!(
        crate::bench::artifact(&vault, &plan, "essay.md"),
        "as it was\n"
    );
    assert_eq!(
        vault.names(&format!("ess/runs/{plan}/artifacts")),
        ["essay.md"]
    );
    let judged = asked(&model, "You are quality control. Judge");
    assert!(last_message(&judged[1]).contains("as it was"));
}

#[test]
fn a_folder_to_write_that_would_expose_the_vault_is_a_configuration_error() {
    for path in [
        "..",
        "../..",
        ".",
        "plans",
        "tickets",
        "runs",
        "../.modulatio",
        "prompts",
        "qc-history",
        "team-memory",
        "/",
    ] {
        let (model, vault) = beside([], "");
        std::fs::create_dir_all(vault.path("ess/prompts")).unwrap();
        std::fs::create_dir_all(vault.path("ess/tickets")).unwrap();
        std::fs::create_dir_all(vault.path("ess/runs")).unwrap();
        std::fs::create_dir_all(vault.path("ess/qc-history")).unwrap();
        std::fs::create_dir_all(vault.path("ess/team-memory")).unwrap();
        std::fs::create_dir_all(vault.path(".modulatio")).unwrap();
        project(
            &vault,
            &format!("folders:\n  - {{name: all, path: {path}, mode: rw}}\n"),
        );
        let plan = vault.approved(&body(1));
        let ran = vault.run(&["daemon", "--until-idle"]).code(5);
        assert!(
            ran.err.contains("ess/project.yaml: folders"),
            "{path}: {}",
            ran.err
        );
        vault
            .run(&["plan", "rehearse", &plan])
            .code(3)
            .says("agents may not write where the vault keeps its own files");
        assert_eq!(vault.journal(&plan).status(), "approved", "{path}");
        assert_eq!(model.requests().len(), 0, "{path}");
    }
}

/// A link does not hide where it leads.
#[test]
fn a_link_into_the_vault_is_no_folder_to_write() {
    let (_model, vault) = beside([], "");
    std::os::unix::fs::symlink(vault.path("ess/plans"), vault.beside().join("link")).unwrap();
    project(
        &vault,
        "folders:\n  - {name: all, path: ../../link, mode: rw}\n",
    );
    let plan = vault.approved(&body(1));
    vault
        .run(&["plan", "rehearse", &plan])
        .code(3)
        .says("agents may not write");
}

#[test]
fn a_folder_that_is_not_there_is_a_configuration_error() {
    let (_model, vault) = beside([], "");
    project(&vault, "folders: [../../nowhere]\n");
    let plan = vault.approved(&body(1));
    vault
        .run(&["daemon", "--until-idle"])
        .code(5)
        .says("ess/project.yaml: folders: ../../nowhere");
    vault
        .run(&["plan", "rehearse", &plan])
        .code(3)
        .says("nowhere");
}

#[test]
fn a_disabled_tool_is_not_offered_and_not_run() {
    let calls = vec![
        tool("http_get", json!({"url": "http://127.0.0.1/"})),
        tool("write_file", json!({"path": "essay.md", "content": "x"})),
    ];
    let (model, vault) = beside([turn(calls)], "tools: {disable: [http_get, run_shell]}\n");
    project(&vault, "tools: {disable: [write_file]}\n");
    let plan = run(&vault);
    stands(&vault, &plan, &model, "done");
    let names = offered(&asked(&model, PRODUCER)[0]);
    assert_eq!(
        names,
        [
            "edit_file",
            "list_files",
            "read_file",
            "read_tool_result",
            "search_files",
            ARTIFACT
        ]
    );
    let judge = offered(&asked(&model, "You are quality control. Judge")[0]);
    assert_eq!(
        judge,
        [
            "list_files",
            "read_file",
            "read_tool_result",
            "search_files",
            "submit_verdict"
        ]
    );
    let text = conversation(&asked(&model, PRODUCER)[1]);
    assert_eq!(text.matches("there is no tool named").count(), 2, "{text}");
    assert_eq!(
        crate::bench::artifact(&vault, &plan, "essay.md")
            .lines()
            .count(),
        3
    );
}

#[test]
fn with_every_tool_disabled_the_prompt_speaks_of_none() {
    let all = "tools: {disable: [list_files, read_file, write_file, edit_file, search_files, run_shell, http_get]}\n";
    let (model, vault) = beside([], all);
    let plan = run(&vault);
    stands(&vault, &plan, &model, "done");
    let asked = &asked(&model, PRODUCER)[0];
    assert_eq!(offered(asked), [ARTIFACT]);
    assert!(!conversation(asked).contains("You have tools"));
    assert_eq!(crate::bench::forced(asked), Some(ARTIFACT));
}
