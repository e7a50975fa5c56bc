//! The editors themselves, those that are installed, beside a daemon that only its watcher wakes.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use crate::{
    by_hand, kept,
    support::{Daemon, TestVault, body, wait_until},
    text,
};

const FROM: &str = "status: draft";
const TO: &str = "status: approved";

/// An editor's name, and how it is told to make a draft approved and to save.
struct Editor {
    name: &'static str,
    program: &'static str,
    /// `FILE` stands for the file.
    args: Vec<String>,
    input: String,
}

impl Editor {
    fn new(name: &'static str, program: &'static str, args: &[&str], input: &str) -> Self {
        Self {
            name,
            program,
            args: args.iter().map(|arg| (*arg).to_owned()).collect(),
            input: input.to_owned(),
        }
    }

    /// Edits the file; says whether the editor is there.
    fn edit(&self, file: &Path) -> bool {
        let path = file.to_str().unwrap();
        let args = self.args.iter().map(|arg| arg.replace("FILE", path));
        let child = Command::new(self.program)
            .args(args)
            .current_dir(file.parent().unwrap())
            .env("HOME", file.parent().unwrap().parent().unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = match child {
            Ok(child) => child,
            Err(error) => {
                eprintln!("skipped: {}: {error}", self.name);
                return false;
            }
        };
        let mut stdin = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut stdin, self.input.as_bytes()).unwrap();
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}: {output:?}", self.name);
        true
    }
}

fn vim(name: &'static str, settings: &[&str]) -> Editor {
    let change = format!("%s/^{FROM}$/{TO}/");
    let mut args = vec!["-Nu", "NONE", "-i", "NONE", "-es"];
    let settings: Vec<String> = settings.iter().map(|one| format!("set {one}")).collect();
    for setting in &settings {
        args.extend(["-c", setting]);
    }
    args.extend(["-c", &change, "-c", "wq", "FILE"]);
    Editor::new(name, "vim", &args, "")
}

fn editors() -> Vec<Editor> {
    let change = format!("s/^{FROM}$/{TO}/");
    let ed = format!(",{change}\nw\nq\n");
    let emacs = format!(
        "(progn (find-file \"FILE\") (while (search-forward \"\n{FROM}\n\" nil t) (replace-match \"\n{TO}\n\")) (save-buffer))"
    );
    let python = format!(
        "import pathlib; p = pathlib.Path('FILE'); p.write_text(p.read_text().replace('\\n{FROM}\\n', '\\n{TO}\\n'))"
    );
    vec![
        vim("vim", &[]),
        vim("vim with a backup", &["backup", "writebackup"]),
        vim("vim with backupcopy=yes", &["backup", "backupcopy=yes"]),
        vim("vim with backupcopy=no", &["backup", "backupcopy=no"]),
        vim("vim without a backup", &["nobackup", "nowritebackup"]),
        Editor::new(
            "ex",
            "ex",
            &["-s", "-c", &format!("%{change}"), "-c", "wq", "FILE"],
            "",
        ),
        Editor::new("ed", "ed", &["-s", "FILE"], &ed),
        Editor::new("sed -i", "sed", &["-i", &change, "FILE"], ""),
        Editor::new("sed -i.bak", "sed", &["-i.bak", &change, "FILE"], ""),
        Editor::new("perl -i", "perl", &["-pi", "-e", &change, "FILE"], ""),
        Editor::new("python", "python3", &["-c", &python], ""),
        Editor::new("emacs", "emacs", &["-Q", "--batch", "--eval", &emacs], ""),
        Editor::new(
            "nvim",
            "nvim",
            &[
                "-u",
                "NONE",
                "-i",
                "NONE",
                "-es",
                "-c",
                &format!("%{change}"),
                "-c",
                "wq",
                "FILE",
            ],
            "",
        ),
    ]
}

#[test]
fn an_approval_by_a_real_editor_is_one_event() {
    let mut there = Vec::new();
    for editor in editors() {
        let vault = TestVault::new();
        let plan = vault.draft(&body(1));
        let daemon = Daemon::start(&vault, &["--tick-seconds", "3600"]);
        daemon.says("sleeping");
        if !editor.edit(&vault.plan_file(&plan)) {
            continue;
        }
        there.push(editor.name);
        wait_until(
            &format!("the plan edited by {} is done", editor.name),
            || vault.journal(&plan).status() == "done",
        );
        vault.follows(&plan);
        assert_eq!(
            by_hand(&vault.journal(&plan)),
            ["PlanApproved"],
            "{}",
            editor.name
        );
        assert_eq!(kept(&vault), [""; 0], "{}", editor.name);
        vault.is_proven(&plan);
    }
    assert!(there.contains(&"sed -i"), "{there:?}");
    println!("{}", there.join(", "));
}

fn git(vault: &TestVault, args: &[&str]) -> bool {
    let ran = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.org"])
        .args(args)
        // Neither the repository that this test may be run in, nor what its user has set.
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .current_dir(vault.root())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    ran.is_ok_and(|status| status.success())
}

/// A vault in git: another branch's approval is checked out, and then the old one again.
#[test]
fn an_approval_that_git_checks_out_is_one_event_and_the_way_back_is_none() {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    if !git(&vault, &["init", "-q", "-b", "main"]) {
        eprintln!("skipped: git cannot make a repository here");
        return;
    }
    vault.write(
        ".gitignore",
        "*.lock\n*.lease\n*.journal.jsonl\n*.usage.jsonl\n.modulatio/\nruns/\n",
    );
    assert!(git(&vault, &["add", "."]) && git(&vault, &["commit", "-qm", "draft"]));
    assert!(git(&vault, &["checkout", "-qb", "approved"]));
    let new = text(&vault, &plan).replace(&format!("\n{FROM}\n"), &format!("\n{TO}\n"));
    vault.write(&format!("ess/plans/{plan}.md"), &new);
    assert!(
        git(&vault, &["commit", "-qam", "approve"]) && git(&vault, &["checkout", "-q", "main"])
    );
    let daemon = Daemon::start(&vault, &["--tick-seconds", "3600"]);
    daemon.says("sleeping");
    assert!(git(&vault, &["checkout", "-q", "approved"]));
    wait_until("the plan is done", || {
        vault.journal(&plan).status() == "done"
    });
    vault.follows(&plan);
    assert_eq!(by_hand(&vault.journal(&plan)), ["PlanApproved"]);
    let entries = vault.journal(&plan).entries.len();
    assert!(git(&vault, &["checkout", "-qf", "main"]));
    vault.follows(&plan);
    assert_eq!(vault.journal(&plan).entries.len(), entries);
    assert_eq!(kept(&vault), [""; 0]);
    vault.is_proven(&plan);
}
