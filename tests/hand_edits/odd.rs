//! What may lie under a plan's name besides its file: links, directories, pipes, files of other plans, old ones. Each is
//! told once, nothing of it is lost, and the other plans go on.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    process::Command as Process,
};

use modulatio::vault::{Reconciled, Settling, Vault, scan::Scanner};
use projections::{event::Event, frontmatter};

use crate::{
    bench::{self, Cells, Fate, STAGES, judge_as_it_lies, kept, open, put_over, rendered, stage},
    support::{Daemon, TestVault, body, wait_until},
};

const FILE: &str = "ess/plans/ESS-P-001.md";

/// Puts something else in the place of the plan's file; gives back the text that was there.
fn instead(vault: &TestVault, put: impl FnOnce(&std::path::Path)) -> String {
    let text = rendered(vault);
    put_over(&vault.path(FILE), put);
    text
}

/// The plan's file is a link to this text beside the vault.
fn linked(vault: &TestVault, change: impl Fn(&str) -> String) -> (std::path::PathBuf, String) {
    let target = vault.beside().join("note.md");
    let text = change(&rendered(vault));
    fs::write(&target, &text).unwrap();
    bench::rest(&target);
    instead(vault, |path| symlink(&target, path).unwrap());
    (target, text)
}

fn is_link(vault: &TestVault) -> bool {
    fs::symlink_metadata(vault.path(FILE)).unwrap().is_symlink()
}

#[test]
fn a_link_to_the_rendering_is_as_good_as_the_file() {
    let mut cells = Cells::default();
    for name in STAGES {
        cells.cell(|| {
            let vault = stage(name);
            linked(&vault, str::to_owned);
            judge_as_it_lies(name, &vault, None, &Fate::Nothing);
            assert!(is_link(&vault), "{name}");
        });
    }
}

#[test]
fn an_edit_behind_a_link_is_taken_and_what_it_leads_to_is_left_alone() {
    let mut cells = Cells::default();
    for name in STAGES {
        cells.cell(|| {
            let vault = stage(name);
            let (target, text) = linked(&vault, |old| old.replacen("tags: [x, y]", "tags: [z]", 1));
            judge_as_it_lies(
                name,
                &vault,
                Some(text.as_bytes()),
                &Fate::Taken(&["PlanRevised"]),
            );
            assert!(!is_link(&vault), "{name}");
            assert_eq!(fs::read_to_string(target).unwrap(), text, "{name}");
        });
    }
}

#[test]
fn a_refused_edit_behind_a_link_is_copied_and_what_it_leads_to_is_left_alone() {
    let mut cells = Cells::default();
    for name in STAGES {
        cells.cell(|| {
            let vault = stage(name);
            let (target, text) = linked(&vault, |old| old.replacen("id: ESS", "id: XSS", 1));
            judge_as_it_lies(name, &vault, Some(text.as_bytes()), &Fate::refused("`id`"));
            assert!(!is_link(&vault), "{name}");
            let kept = vault.path(&format!("ess/plans/{}", kept(&vault, "ess/plans")[0]));
            assert!(!fs::symlink_metadata(kept).unwrap().is_symlink(), "{name}");
            assert_eq!(fs::read_to_string(target).unwrap(), text, "{name}");
        });
    }
}

/// What is no file is moved aside whole; a daemon says so once, and goes on with the other plans.
fn is_moved_aside(what: &str, put: impl Fn(&std::path::Path)) {
    let mut cells = Cells::default();
    for name in STAGES {
        cells.cell(|| {
            let vault = stage(name);
            instead(&vault, &put);
            let mut log = open(&vault);
            let became = log.reconcile(Settling::Now).unwrap();
            let Reconciled::Rejected { why, kept_as } = became else {
                panic!("{name}: {became:?}");
            };
            assert!(why.contains(what), "{name}: {why}");
            let names = kept(&vault, "ess/plans");
            assert_eq!(names, [kept_as.unwrap()], "{name}");
            assert_eq!(rendered(&vault), frontmatter::render(log.plan()), "{name}");
            assert_eq!(
                log.reconcile(Settling::Now).unwrap(),
                Reconciled::Clean,
                "{name}"
            );
            bench::no_litter(name, &vault, "ess/plans");
        });
    }
    let vault = TestVault::new();
    let (plan, good) = (vault.draft(&body(1)), vault.approved(&body(1)));
    instead(&vault, &put);
    let ran = vault.run_until_idle();
    assert_eq!(ran.err.matches("hand edit refused").count(), 1, "{ran:?}");
    assert_eq!(vault.journal(&good).status(), "done");
    assert_eq!(vault.journal(&plan).count("EditRejected"), 1);
    vault.is_proven(&plan);
}

#[test]
fn a_directory_is_moved_aside_with_all_that_is_in_it() {
    let put = |path: &std::path::Path| {
        fs::create_dir(path).unwrap();
        fs::write(path.join("mine.md"), "my notes").unwrap();
    };
    is_moved_aside("a directory", put);
    let vault = stage("draft");
    instead(&vault, put);
    open(&vault).reconcile(Settling::Now).unwrap();
    let kept = kept(&vault, "ess/plans").remove(0);
    assert_eq!(vault.read(&format!("ess/plans/{kept}/mine.md")), "my notes");
}

fn pipe(path: &std::path::Path) {
    let made = Process::new("mkfifo").arg(path).status();
    assert!(made.unwrap().success());
}

#[test]
fn a_pipe_is_moved_aside_and_never_read() {
    is_moved_aside("a pipe", pipe);
}

#[test]
fn a_socket_is_moved_aside() {
    is_moved_aside("a socket", |path| {
        // Its name may be longer than a socket's address may be.
        let dir = path.parent().unwrap();
        let short = std::path::Path::new("/tmp").join(format!("modulatio-{}", std::process::id()));
        let _ = fs::remove_file(&short);
        drop(std::os::unix::net::UnixListener::bind(&short).unwrap());
        let moved = Process::new("mv")
            .arg(&short)
            .arg(path)
            .current_dir(dir)
            .status();
        assert!(moved.unwrap().success());
    });
}

#[test]
fn a_link_that_leads_nowhere_is_moved_aside() {
    is_moved_aside("leads nowhere", |path| {
        symlink("/nowhere/at/all", path).unwrap()
    });
}

/// Swapped out, it leads to the rendering in its place: there is nothing in it to keep.
#[test]
fn a_link_that_leads_to_itself_gives_way_with_a_word() {
    let vault = TestVault::new();
    let (plan, good) = (vault.draft(&body(1)), vault.approved(&body(1)));
    instead(&vault, |path| symlink("ESS-P-001.md", path).unwrap());
    let ran = vault.run_until_idle();
    assert_eq!(ran.err.matches("it was a symlink").count(), 1, "{ran:?}");
    assert_eq!(vault.journal(&good).status(), "done");
    assert!(!is_link(&vault));
    vault.is_proven(&plan);
}

#[test]
fn a_plan_at_work_over_whose_file_a_pipe_was_put_goes_on() {
    let vault = TestVault::slow("150ms");
    let plan = vault.approved(&body(3));
    let daemon = Daemon::start(&vault, &["--tick-seconds", "3600"]);
    wait_until("it executes", || {
        vault.journal(&plan).count("PlanClaimed") == 1
    });
    vault.follows(&plan);
    instead(&vault, pipe);
    wait_until("it is done", || vault.journal(&plan).status() == "done");
    wait_until("it is refused", || {
        vault.journal(&plan).count("EditRejected") > 0
    });
    vault.follows(&plan);
    let journal = vault.journal(&plan);
    assert_eq!(
        (journal.count("PlanClaimed"), journal.count("EditRejected")),
        (1, 1)
    );
    assert_eq!(kept(&vault, "ess/plans").len(), 1);
    daemon.says("hand edit refused");
    assert_eq!(daemon.log().matches("hand edit refused").count(), 1);
    vault.is_proven(&plan);
}

/// The program without the rights of the superuser, who can read everything.
fn without_rights(vault: &TestVault, args: &[&str]) -> Option<Process> {
    let command = vault.command(args);
    if !rustix::process::geteuid().is_root() {
        return Some(command);
    }
    const RIGHTS: &str = "-dac_override,-dac_read_search";
    let probe = Process::new("setpriv")
        .args(["--bounding-set", RIGHTS, "true"])
        .status();
    if !probe.is_ok_and(|status| status.success()) {
        eprintln!(
            "skipped: the superuser reads every file, and setpriv cannot take that right away here"
        );
        return None;
    }
    let mut bound = Process::new("setpriv");
    bound.args(["--bounding-set", RIGHTS, "--inh-caps", RIGHTS]);
    bound.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => bound.env(name, value),
            None => bound.env_remove(name),
        };
    }
    Some(bound)
}

#[test]
fn a_file_that_cannot_be_read_is_told_once_and_left_and_the_others_go_on() {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    let edited = rendered(&vault).replace("\nstatus: draft\n", "\nstatus: approved\n");
    vault.write(FILE, &edited);
    let mode =
        |mode| fs::set_permissions(vault.path(FILE), fs::Permissions::from_mode(mode)).unwrap();
    mode(0o000);
    let good = vault.approved(&body(1));
    let Some(mut command) = without_rights(&vault, &["daemon", "--tick-seconds", "1"]) else {
        return;
    };
    let daemon = Daemon::of(&mut command);
    wait_until("the other plan is done", || {
        vault.journal(&good).status() == "done"
    });
    let ticks = || daemon.log().matches("tick plans").count();
    let before = ticks();
    wait_until("it has ticked again and again", || ticks() > before + 3);
    let log = daemon.log();
    assert_eq!(log.matches("Permission denied").count(), 1, "{log}");
    assert_eq!(vault.journal(&plan).entries.len(), 1);
    mode(0o600);
    assert_eq!(fs::read_to_string(vault.path(FILE)).unwrap(), edited);
    wait_until("what was written counts now", || {
        vault.journal(&plan).status() == "done"
    });
    vault.follows(&plan);
    vault.is_proven(&plan);
}

#[test]
fn a_plan_at_work_whose_file_cannot_be_read_goes_on_and_the_file_is_kept() {
    let vault = TestVault::slow("40ms");
    let plan = vault.approved(&body(3));
    let Some(mut command) = without_rights(&vault, &["daemon", "--tick-seconds", "3600"]) else {
        return;
    };
    let daemon = Daemon::of(&mut command);
    wait_until("it executes", || {
        vault.journal(&plan).count("PlanClaimed") == 1
    });
    let edited = instead(&vault, |path| {
        fs::write(path, "unreadable").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap();
    });
    drop(edited);
    wait_until("it is done", || vault.journal(&plan).status() == "done");
    wait_until("it is refused", || {
        vault.journal(&plan).count("EditRejected") > 0
    });
    vault.follows(&plan);
    assert_eq!(vault.journal(&plan).count("EditRejected"), 1);
    assert_eq!(kept(&vault, "ess/plans").len(), 1);
    assert_eq!(vault.journal(&plan).count("PlanClaimed"), 1);
    assert!(
        daemon.log().matches("Permission denied").count() <= 1,
        "{}",
        daemon.log()
    );
    let kept = format!("ess/plans/{}", kept(&vault, "ess/plans")[0]);
    // It is kept as it was, and only the superuser reads it so.
    fs::set_permissions(vault.path(&kept), fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(vault.read(&kept), "unreadable");
    vault.is_proven(&plan);
}

/// Scans twice; gives back what was said of a plan.
fn scanned(vault: &TestVault) -> usize {
    let opened = Vault::open(vault.root()).unwrap();
    let mut scanner = Scanner::new(None);
    for _ in 0..2 {
        scanner.scan(&opened).unwrap();
    }
    scanner.scan(&opened).unwrap().runnable.len()
}

#[test]
fn a_copy_under_a_new_name_is_no_plan_and_the_original_goes_on() {
    let edits: [fn(&str) -> String; 3] = [
        str::to_owned,
        |old| old.replace("\nstatus: draft\n", "\nstatus: approved\n"),
        |old| old.replace("write essay 1", "write a letter"),
    ];
    for edit in edits {
        let vault = TestVault::new();
        let plan = vault.draft(&body(1));
        let copy = edit(&rendered(&vault));
        vault.write("ess/plans/ESS-P-009.md", &copy);
        vault.run(&["plan", "approve", &plan]).ok();
        let ran = vault.run_until_idle();
        assert_eq!(
            ran.err.matches("it is a copy of ESS-P-001").count(),
            1,
            "{ran:?}"
        );
        ran.says("modulatio plan add ESS FILE");
        assert_eq!(vault.journal(&plan).status(), "done");
        assert_eq!(vault.read("ess/plans/ESS-P-009.md"), copy);
        assert!(!vault.journal_file("ESS-P-009").exists());
        vault
            .run(&["plan", "approve", "ESS-P-009"])
            .code(1)
            .says("it is a copy of ESS-P-001");
        // What it advises works.
        let file = vault.path("ess/plans/ESS-P-009.md");
        let added = vault
            .run(&["plan", "add", "ESS", file.to_str().unwrap()])
            .ok();
        assert_eq!(added.out.trim(), "ESS-P-010");
    }
}

#[test]
fn a_renamed_plan_is_rendered_again_and_its_file_is_left_under_the_new_name() {
    let vault = TestVault::new();
    let plan = vault.approved("## No list\n");
    vault.run_until_idle();
    let text = rendered(&vault);
    fs::rename(vault.path(FILE), vault.path("ess/plans/ESS-P-009.md")).unwrap();
    let ran = vault.run_until_idle();
    assert_eq!(ran.err.matches("it was deleted").count(), 1, "{ran:?}");
    assert_eq!(
        ran.err.matches("it is a copy of ESS-P-001").count(),
        1,
        "{ran:?}"
    );
    assert_eq!(vault.journal(&plan).count("EditRejected"), 1);
    assert_eq!(vault.read("ess/plans/ESS-P-009.md"), text);
    vault.is_proven(&plan);
    scanned(&vault);
    assert_eq!(vault.journal(&plan).count("EditRejected"), 1, "told once");
}

#[test]
fn two_plans_whose_files_were_swapped_get_their_own_back() {
    let vault = TestVault::new();
    let plans = [vault.draft(&body(1)), vault.draft(&body(2))];
    let good = vault.approved(&body(1));
    let files = plans.clone().map(|plan| vault.plan_file(&plan));
    let texts = files.clone().map(|file| fs::read_to_string(file).unwrap());
    fs::write(&files[0], &texts[1]).unwrap();
    fs::write(&files[1], &texts[0]).unwrap();
    let ran = vault.run_until_idle();
    assert_eq!(ran.err.matches("hand edit refused").count(), 2, "{ran:?}");
    assert_eq!(vault.journal(&good).status(), "done");
    for (plan, other) in plans.iter().zip(texts.iter().rev()) {
        let journal = vault.journal(plan);
        let rejected = journal.events().find_map(|event| match event {
            Event::EditRejected(e) => Some(e.clone()),
            _ => None,
        });
        let rejected = rejected.unwrap();
        assert!(rejected.why.contains("`id`"), "{}", rejected.why);
        let kept = vault.read(&format!("ess/plans/{}", rejected.kept_as.unwrap()));
        assert_eq!(&kept, other);
        assert_eq!(journal.entries.len(), 2);
        vault.is_proven(plan);
    }
    scanned(&vault);
    assert_eq!(
        vault.journal(&plans[0]).count("EditRejected"),
        1,
        "told once"
    );
}

/// The rendering of an earlier state, unedited: from a backup, or from an older commit.
#[test]
fn an_old_rendering_that_is_put_back_is_rendered_afresh_without_a_word() {
    let mut cells = Cells::default();
    for name in STAGES {
        cells.cell(|| {
            let vault = stage(name);
            let log = open(&vault);
            let opened = Vault::open(vault.root()).unwrap();
            let project = opened.project(&"ESS".parse().unwrap()).unwrap();
            let until = modulatio::vault::replay::Until::Seq(0);
            let first =
                modulatio::vault::replay::read(&project, &log.plan().id, until, &mut |_, _, _| ());
            let old = frontmatter::render(&first.unwrap().plan.unwrap());
            if old == rendered(&vault) {
                return;
            }
            bench::judge(name, &vault, old.as_bytes(), &Fate::Nothing);
        });
    }
}

/// The same name in another vault: nothing in it is a state of this plan.
#[test]
fn a_file_of_another_vault_is_told_and_left() {
    let (vault, other) = (TestVault::new(), TestVault::new());
    let plan = vault.draft(&body(1));
    other.draft(&body(2));
    let good = vault.approved(&body(1));
    let foreign = other.read(FILE);
    vault.write(FILE, &foreign);
    let ran = vault.run_until_idle();
    assert_eq!(vault.journal(&good).status(), "done");
    assert_eq!(ran.err.matches("passed over").count(), 1, "{ran:?}");
    assert_eq!(vault.read(FILE), foreign);
    // Under a daemon that has the plan open, too.
    fs::remove_file(vault.path(FILE)).unwrap();
    vault.run_until_idle();
    vault.is_proven(&plan);
    let mut log = open(&vault);
    vault.write(FILE, &foreign);
    bench::rest(&vault.path(FILE));
    let became = log.reconcile(Settling::Now).unwrap();
    assert!(matches!(became, Reconciled::Rejected { .. }), "{became:?}");
    let kept = kept(&vault, "ess/plans").remove(0);
    assert_eq!(vault.read(&format!("ess/plans/{kept}")), foreign);
}

#[test]
fn a_draft_whose_file_a_daemon_has_seen_is_missed_when_it_goes() {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    let daemon = Daemon::start(&vault, &["--tick-seconds", "3600"]);
    daemon.says("sleeping");
    fs::remove_file(vault.path(FILE)).unwrap();
    wait_until("it is refused", || {
        vault.journal(&plan).count("EditRejected") == 1
    });
    daemon.says("modulatio plan cancel ESS-P-001");
    vault.follows(&plan);
    vault.is_proven(&plan);
}

#[test]
fn a_draft_whose_file_nobody_has_seen_is_rendered_with_a_word_and_no_event() {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    // Long enough for whoever made it to have rendered it.
    vault.pass(3_600);
    fs::remove_file(vault.path(FILE)).unwrap();
    vault
        .run_until_idle()
        .says("modulatio plan cancel ESS-P-001");
    assert_eq!(vault.journal(&plan).entries.len(), 1);
    vault.is_proven(&plan);
}

/// Killed at any point of a refusal, and of taking an edit: the text is somewhere, and it is taken or refused in the end.
#[test]
fn a_daemon_that_dies_over_an_edit_loses_nothing_of_it() {
    let faults = [
        "kill-before-append:1",
        "kill-after-append:1",
        "kill-after-render:1",
    ];
    for fault in faults {
        for (word, legal) in [("done", false), ("cancelled", true)] {
            let vault = TestVault::new();
            let plan = vault.draft(&body(1));
            let edited =
                rendered(&vault).replace("\nstatus: draft\n", &format!("\nstatus: {word}\n"));
            bench::put(&vault.path(FILE), edited.as_bytes());
            let cell = format!("{fault}, {word}");
            let died = vault.run_with(&["daemon", "--until-idle"], &[("MODULATIO_FAULT", fault)]);
            assert_eq!(died.code, None, "{cell}: {died:?}");
            vault.run_until_idle();
            let journal = vault.journal(&plan);
            let names = kept(&vault, "ess/plans");
            if legal {
                assert_eq!(
                    (journal.status(), journal.entries.len()),
                    ("cancelled", 2),
                    "{cell}"
                );
                assert_eq!(names, [""; 0], "{cell}");
            } else {
                assert_eq!(names.len(), 1, "{cell}: {names:?}");
                assert_eq!(
                    vault.read(&format!("ess/plans/{}", names[0])),
                    edited,
                    "{cell}"
                );
                assert_eq!(journal.status(), "draft", "{cell}");
                assert!(journal.count("EditRejected") <= 1, "{cell}");
            }
            vault.is_proven(&plan);
        }
    }
}

/// The journal of a newer program is not written: what cannot be said is not done either.
#[test]
fn under_a_journal_of_a_newer_program_every_file_stays_where_it_is() {
    type Put = fn(&std::path::Path, &str);
    let put: [(&str, Put); 5] = [
        ("a legal edit", |path, old| {
            bench::put(
                &path.to_path_buf(),
                old.replace("tags: [x, y]", "tags: [z]").as_bytes(),
            );
        }),
        ("an illegal edit", |path, old| {
            bench::put(
                &path.to_path_buf(),
                old.replace("id: ESS", "id: XSS").as_bytes(),
            );
        }),
        ("no text", |path, _| {
            bench::put(&path.to_path_buf(), b"\xff\xfe")
        }),
        ("a directory", |path, _| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        }),
        ("nothing", |path, _| fs::remove_file(path).unwrap()),
    ];
    for (cell, put) in put {
        let vault = stage("paused");
        let opened = Vault::open(vault.root()).unwrap();
        let project = opened.project(&"ESS".parse().unwrap()).unwrap();
        let name = journal::LogName::parse("ESS-P-001").unwrap();
        let mut log = project.store().open(&name, None).unwrap();
        let tail = log.catch_up(&mut |_| ()).unwrap().tail.unwrap();
        let frame = journal::Draft {
            at: "2099-01-01T00:00:00.000000Z".to_owned(),
            epoch: 1,
            by: "newer".to_owned(),
            events: "[{\"kind\":\"PlanSung\",\"v\":1}]".to_owned(),
        };
        log.append(tail.seq + 1, &[frame]).unwrap();
        drop(log);
        let path = vault.path(FILE);
        put(&path, &rendered(&vault));
        let there = fs::read(&path).ok();
        let told = open(&vault).reconcile(Settling::Now).unwrap_err();
        assert!(
            told.told().contains("a newer modulatio wrote"),
            "{cell}: {}",
            told.told()
        );
        assert_eq!(fs::read(&path).ok(), there, "{cell}");
        assert_eq!(kept(&vault, "ess/plans"), [""; 0], "{cell}");
        let ran = vault.run_until_idle();
        assert_eq!(
            ran.err.matches("a newer modulatio wrote").count(),
            1,
            "{cell}: {ran:?}"
        );
        assert_eq!(fs::read(&path).ok(), there, "{cell}");
    }
}
