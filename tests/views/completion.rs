//! Completion in real shells: what is offered is what can be typed, with the ids of the vault that the line names.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

use crate::support::{TestVault, body};

const BIN: &str = env!("CARGO_BIN_EXE_modulatio");

/// A draft, a done plan, a paused one with a ticket, an archived one; a second project.
fn vault() -> TestVault {
    let vault = TestVault::with(
        "models:\n  dry: {provider: rehearsal}\n  cautious: {provider: rehearsal, outcomes: {1: pause}}\nteam: {leader: dry}\n",
    );
    vault.project("law");
    let gone = vault.draft(&body(1));
    vault.run(&["plan", "decline", &gone]).ok();
    vault.run(&["project", "clean", "ESS", "--force"]).ok();
    vault.draft(&body(1));
    vault.approved(&body(2));
    vault.run_until_idle();
    vault.write(
        "ess/project.yaml",
        "objective: Essays on Stoicism.\nteam: {leader: cautious}\n",
    );
    vault.approved(&body(2));
    vault.run_until_idle();
    vault
}

/// A program whose environment names no vault.
fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    command.env_remove("MODULATIO_VAULT");
    command
}

/// What it says when it is run by a user who stands in `dir`.
fn within(command: &mut Command, dir: &Path) -> Output {
    command
        .current_dir(dir)
        .env("HOME", dir)
        .stdin(Stdio::null());
    command.output().expect("it starts")
}

#[track_caller]
fn lines(output: &Output) -> Vec<String> {
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.is_empty(), "it said: {told}");
    let text = String::from_utf8(output.stdout.clone()).expect("text");
    text.lines().map(str::to_owned).collect()
}

/// What Bash offers for the last of these words, as it divides them.
#[track_caller]
fn bash_in(dir: &Path, words: &[&str], env: &[(&str, &str)]) -> Vec<String> {
    const SCRIPT: &str = r#"
        source <("$BIN" completions bash)
        COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9
        _clap_complete_modulatio modulatio "${@: -1}" "${@: -2:1}"
        [ ${#COMPREPLY[@]} = 0 ] || printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let mut command = program("bash");
    command
        .args(["--noprofile", "--norc", "-c", SCRIPT, "bash", "modulatio"])
        .args(words)
        .env("BIN", BIN)
        .envs(env.iter().copied());
    lines(&within(&mut command, dir))
}

#[track_caller]
fn bash(vault: &TestVault, words: &[&str]) -> Vec<String> {
    bash_in(vault.root(), words, &[])
}

/// What this program itself answers to a shell, candidates with their help.
#[track_caller]
fn asked(shell: &str, dir: &Path, words: &[&str]) -> Vec<String> {
    let mut command = program(BIN);
    command
        .args(["--", "modulatio"])
        .args(words)
        .env("MODULATIO_COMPLETE", shell)
        .env("_CLAP_COMPLETE_INDEX", words.len().to_string())
        .env("_CLAP_IFS", "\n");
    let output = within(&mut command, dir);
    assert!(output.status.success(), "{output:?}");
    lines(&output)
}

/// Whether a shell is installed; a test without it says so and is over.
fn installed(shell: &str, test: &str) -> bool {
    let found = Command::new(shell).arg("--version").output().is_ok();
    if !found {
        eprintln!("SKIPPED {test}: {shell} is not installed");
    }
    found
}

// ------------------------------------------------------------------------------------------------ what is offered

#[test]
fn commands_and_options_complete() {
    let vault = TestVault::new();
    let first = bash(&vault, &[""]);
    for command in ["plan", "project", "ticket", "config", "completions"] {
        assert!(
            first.iter().any(|word| word == command),
            "{command}: {first:?}"
        );
    }
    assert!(first.iter().all(|word| !word.starts_with('-')), "{first:?}");
    assert_eq!(bash(&vault, &["plan", "ap"]), ["approve"]);
    let options = bash(&vault, &["project", "clean", "ESS", "--"]);
    for option in ["--force", "--older-than", "--plan", "--vault", "--json"] {
        assert!(
            options.iter().any(|word| word == option),
            "{option}: {options:?}"
        );
    }
    assert_eq!(bash(&vault, &["completions", "z"]), ["zsh"]);
}

#[test]
fn each_command_offers_the_plans_that_it_can_do_something_with() {
    let vault = vault();
    let (gone, draft, done, paused) = ("ESS-P-001", "ESS-P-002", "ESS-P-003", "ESS-P-004");
    for (command, expected) in [
        (["plan", "approve"].as_slice(), [draft, paused].as_slice()),
        (&["plan", "decline"], &[draft, paused]),
        (&["plan", "revise"], &[draft]),
        (&["plan", "cancel"], &[draft, paused]),
        (&["plan", "edit-budget"], &[draft, paused]),
        (&["plan", "pause"], &[]),
        (&["project", "resume"], &[paused]),
        (&["plan", "rehearse"], &[draft, done, paused]),
        (&["plan", "show"], &[draft, done, paused, gone]),
        (&["plan", "artifacts"], &[draft, done, paused, gone]),
        (&["replay"], &[draft, done, paused, gone]),
        (&["audit", "verify"], &[draft, done, paused, gone]),
        (&["project", "clean", "ESS", "--plan"], &[done]),
    ] {
        let offered = bash(&vault, &[command, &[""]].concat());
        let plans: Vec<&String> = offered
            .iter()
            .filter(|word| !word.starts_with('-'))
            .collect();
        assert_eq!(plans, expected, "{command:?}");
    }
}

#[test]
fn what_is_typed_narrows_it_in_either_case() {
    let vault = vault();
    assert_eq!(bash(&vault, &["plan", "show", "ESS-P-003"]), ["ESS-P-003"]);
    assert_eq!(bash(&vault, &["plan", "show", "ess-p-003"]), ["ESS-P-003"]);
    assert_eq!(bash(&vault, &["plan", "show", "LAW"]), Vec::<String>::new());
}

#[test]
fn tickets_projects_models_prompts_and_artifacts_complete() {
    let vault = vault();
    assert_eq!(bash(&vault, &["ticket", "approve", ""]), ["ESS-1"]);
    assert_eq!(bash(&vault, &["project", "show", ""]), ["ESS", "LAW"]);
    assert_eq!(bash(&vault, &["plan", "list", "l"]), ["LAW"]);
    assert_eq!(bash(&vault, &["daemon", "--project", ""]), ["ESS", "LAW"]);
    assert_eq!(bash(&vault, &["models", "check", ""]), ["cautious", "dry"]);
    assert_eq!(bash(&vault, &["prompts", "show", "pl"]), ["planner"]);
    let names = ["essay1.md", "essay2.md"];
    assert_eq!(bash(&vault, &["plan", "artifacts", "ESS-P-003", ""]), names);
    // A new project's code is the operator's to find.
    assert_eq!(bash(&vault, &["project", "add", "E"]), Vec::<String>::new());

    vault.run(&["ticket", "approve", "ESS-1"]).ok();
    assert_eq!(bash(&vault, &["ticket", "show", "E"]), ["ESS-1"]);
    assert_eq!(
        bash(&vault, &["ticket", "approve", "E"]),
        Vec::<String>::new()
    );
}

#[test]
fn jobs_complete_where_the_command_can_do_something_with_them() {
    let vault = vault();
    for objective in ["Weekly.", "Daily."] {
        let add = ["cron", "add", "ESS", objective, "--schedule", "0 6 * * *"];
        vault.run(&add).ok();
    }
    vault.run(&["cron", "disable", "ESS-C-2"]).ok();
    assert_eq!(bash(&vault, &["cron", "show", ""]), ["ESS-C-1", "ESS-C-2"]);
    assert_eq!(bash(&vault, &["cron", "enable", ""]), ["ESS-C-2"]);
    assert_eq!(bash(&vault, &["cron", "disable", "e"]), ["ESS-C-1"]);
}

#[test]
fn the_vault_is_that_of_the_line_else_of_the_environment_else_the_directorys() {
    let vault = vault();
    let root = vault.root().to_str().expect("a plain path");
    let ess = ["ESS"];
    let show = ["project", "show", "e"];
    let elsewhere = vault.beside();
    assert_eq!(bash_in(elsewhere, &show, &[]), Vec::<String>::new());
    assert_eq!(bash_in(elsewhere, &show, &[("MODULATIO_VAULT", root)]), ess);
    assert_eq!(
        bash_in(
            elsewhere,
            &[&["--vault", root], show.as_slice()].concat(),
            &[]
        ),
        ess
    );
    // As Bash divides `--vault=DIR`.
    assert_eq!(
        bash_in(
            elsewhere,
            &[&["--vault", "=", root], show.as_slice()].concat(),
            &[]
        ),
        ess
    );
    let quoted = format!("\"{root}\"");
    assert_eq!(
        bash_in(
            elsewhere,
            &[&["--vault", &quoted], show.as_slice()].concat(),
            &[]
        ),
        ess
    );
    let other = [("MODULATIO_VAULT", "/nowhere")];
    assert_eq!(
        bash_in(
            elsewhere,
            &[&["--vault", root], show.as_slice()].concat(),
            &other
        ),
        ess
    );
    assert_eq!(bash_in(&vault.path("ess/plans"), &show, &[]), ess);
    assert_eq!(bash_in(elsewhere, &["--vault", "=", "va"], &[]), ["vault/"]);
    assert_eq!(bash_in(elsewhere, &["--vault", "va"], &[]), ["vault/"]);
}

// ---------------------------------------------------------------------------------------------------- other shells

#[test]
fn candidates_carry_status_and_title_where_a_shell_shows_them() {
    let vault = vault();
    let approve = ["plan", "approve", ""];
    let (draft, paused) = ("ESS-P-002", "ESS-P-004");
    assert_eq!(
        asked("zsh", vault.root(), &approve),
        [
            format!("{draft}:draft  Essays"),
            format!("{paused}:paused  Essays")
        ]
    );
    for shell in ["fish", "powershell"] {
        let expected = [
            format!("{draft}\tdraft  Essays"),
            format!("{paused}\tpaused  Essays"),
        ];
        assert_eq!(asked(shell, vault.root(), &approve), expected, "{shell}");
    }
    assert_eq!(asked("elvish", vault.root(), &approve), [draft, paused]);
    let shown = asked("zsh", vault.root(), &["plan", "show", "ESS-P-001"]);
    assert_eq!(shown, ["ESS-P-001:declined (archived)  Essays"]);
    let ticket = asked("zsh", vault.root(), &["ticket", "show", ""]);
    assert!(ticket[0].starts_with("ESS-1:open  "), "{ticket:?}");
    let project = asked("zsh", vault.root(), &["project", "show", "E"]);
    assert_eq!(project, ["ESS:Essays on Stoicism."]);
}

#[test]
fn zsh_offers_the_same() {
    if !installed("zsh", "zsh_offers_the_same") {
        return;
    }
    let vault = vault();
    const SCRIPT: &str = r#"
        compdef() { : }
        _describe() { print -l -- "${(P)3[@]}" }
        source <("$BIN" completions zsh)
        words=("$@"); CURRENT=$#
        _clap_dynamic_completer_modulatio
    "#;
    let mut command = program("zsh");
    command
        .args([
            "-f",
            "-c",
            SCRIPT,
            "zsh",
            "modulatio",
            "plan",
            "approve",
            "",
        ])
        .env("BIN", BIN);
    let offered = lines(&within(&mut command, vault.root()));
    assert_eq!(
        offered,
        ["ESS-P-002:draft  Essays", "ESS-P-004:paused  Essays"]
    );
}

#[test]
fn fish_offers_the_same() {
    if !installed("fish", "fish_offers_the_same") {
        return;
    }
    let vault = vault();
    const SCRIPT: &str = r#"
        $BIN completions fish | source
        complete -C "modulatio plan approve "
    "#;
    let mut command = program("fish");
    command.args(["-N", "-c", SCRIPT]).env("BIN", BIN);
    let offered = lines(&within(&mut command, vault.root()));
    assert_eq!(
        offered,
        ["ESS-P-002\tdraft  Essays", "ESS-P-004\tpaused  Essays"]
    );
}

#[test]
fn every_shell_has_a_script_that_asks_this_program() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = Command::new(BIN)
            .args(["completions", shell])
            .output()
            .expect("it starts");
        assert!(output.status.success(), "{shell}");
        let script = lines(&output).join("\n");
        for part in ["MODULATIO_COMPLETE", BIN, "modulatio"] {
            assert!(script.contains(part), "{shell}: {part}: {script}");
        }
    }
    let output = Command::new(BIN)
        .args(["completions", "csh"])
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(2));
}

// ----------------------------------------------------------------------------------------------------- its manners

#[test]
fn a_broken_vault_offers_nothing_and_says_nothing() {
    let vault = vault();
    vault.write("modulatio.yaml", "models: [\n");
    assert_eq!(
        bash(&vault, &["models", "check", "d"]),
        Vec::<String>::new()
    );
    assert_eq!(bash(&vault, &["plan", "show", "ESS-P-003"]), ["ESS-P-003"]);
    std::fs::remove_dir_all(vault.path("ess/plans")).expect("it is there");
    vault.write("ess/plans", "a file where a directory belongs");
    assert_eq!(bash(&vault, &["plan", "show", "E"]), Vec::<String>::new());
    assert_eq!(
        bash(&vault, &["--vault", "/nowhere", "plan", "show", "E"]),
        Vec::<String>::new()
    );
    assert!(bash(&vault, &["no-such-command", ""]).len() > 5);
    assert_eq!(
        asked("csh", vault.root(), &["plan", "show", ""]),
        Vec::<String>::new()
    );
}

/// Names, times and contents, of directories too.
fn traces(dir: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(dir).expect("a directory").flatten() {
        let meta = entry.metadata().expect("it is there");
        let modified = meta.modified().expect("it has a time");
        found.push(format!("{:?} {modified:?} {}", entry.path(), meta.len()));
        if meta.is_dir() {
            traces(&entry.path(), found);
        }
    }
    found.sort();
}

#[test]
fn nothing_is_written() {
    let vault = vault();
    let of = |vault: &TestVault| {
        let mut found = Vec::new();
        traces(vault.root(), &mut found);
        found
    };
    let before = of(&vault);
    for words in [
        ["plan", "approve", ""],
        ["plan", "show", ""],
        ["ticket", "show", ""],
        ["project", "show", ""],
        ["models", "check", ""],
        ["audit", "verify", ""],
    ] {
        assert!(!bash(&vault, &words).is_empty(), "{words:?}");
    }
    assert_eq!(of(&vault), before);
}

/// Thousands of plans whose journals are no journals: whoever folded one would not offer its plan.
#[test]
fn thousands_of_plans_are_offered_by_the_heads_of_their_files() {
    let vault = vault();
    let file = vault.read("ess/plans/ESS-P-002.md");
    for number in 100..3100 {
        let id = format!("ESS-P-{number}");
        vault.write(
            &format!("ess/plans/{id}.md"),
            &file.replace("ESS-P-002", &id),
        );
        vault.write(&format!("ess/plans/{id}.journal.jsonl"), "no frame\n");
    }
    let offered = asked("zsh", vault.root(), &["plan", "approve", ""]);
    assert_eq!(offered.len(), 3002);
    assert_eq!(offered[3001], "ESS-P-3099:draft  Essays");
    assert_eq!(bash(&vault, &["plan", "approve", "ESS-P-309"]).len(), 11);
}

#[test]
fn a_title_does_not_steer_the_terminal() {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1).replace("## Essays", "## Red \u{1b}[31m and\ttabs"));
    let offered = asked("fish", vault.root(), &["plan", "show", ""]);
    assert_eq!(offered, [format!("{plan}\tdraft  Red [31m andtabs")]);
}
