//! Files of the schedule that are damaged, edited, deleted, of another program, or not to be written.

use std::os::unix::{fs::PermissionsExt, process::CommandExt};

use crate::{
    jobs::{JOURNAL, add, cron, daemon_at, fates, plans, proven, vault_at},
    support::{Daemon, Ran, TestVault, body, wait_until},
};

const MIDNIGHT: &str = "2026-11-24T00:00:30Z";
const ONE: &str = "2026-11-24T01:00:01Z";

const NEW: [&str; 5] = ["add", "ESS", "Look", "--schedule", "@daily"];

/// A vault with a job that has fired once.
fn vault() -> TestVault {
    let vault = vault_at(MIDNIGHT);
    add(&vault, "0 * * * *", &[]);
    daemon_at(&vault, ONE);
    vault
}

/// Every command that reads or writes the schedule.
const COMMANDS: [&[&str]; 9] = [
    &["list"],
    &["show", "ESS-C-1"],
    &["history", "ESS-C-1"],
    &NEW,
    &["edit", "ESS-C-1", "--count", "7"],
    &["disable", "ESS-C-1"],
    &["enable", "ESS-C-1"],
    &["run-now", "ESS-C-1"],
    &["remove", "ESS-C-1"],
];

/// Nothing can be done with it, everybody is told so, no byte is changed, and plans run all the same.
fn is_refused(vault: &TestVault, what: &str) {
    let journal = std::fs::read(vault.path(JOURNAL)).ok();
    let file = std::fs::read(vault.path("cron.yaml")).ok();
    let before = plans(vault).len();
    for command in COMMANDS {
        let ran = cron(vault, command).code(7);
        let told = ["nothing was changed", "nothing was written"];
        assert!(
            told.iter().any(|told| ran.err.contains(told)),
            "{what}: {ran:#?}"
        );
        assert!(
            ran.err.contains("schedule.journal.jsonl"),
            "{what}: {ran:#?}"
        );
        assert!(
            ran.err.contains("restore the file from a backup"),
            "{what}: {ran:#?}"
        );
    }
    vault.set_clock("2026-11-24T02:00:01Z");
    let plan = vault.approved(&body(1));
    let ran = vault.run(&["daemon", "--until-idle"]).code(5);
    assert!(
        ran.err.contains("the schedule cannot be kept"),
        "{what}: {ran:#?}"
    );
    assert_eq!(vault.journal(&plan).status(), "done", "{what}");
    assert_eq!(plans(vault).len(), before + 1, "{what}: nothing is fired");
    assert_eq!(std::fs::read(vault.path(JOURNAL)).ok(), journal, "{what}");
    assert_eq!(std::fs::read(vault.path("cron.yaml")).ok(), file, "{what}");
}

#[test]
fn a_damaged_schedule_is_an_error_and_never_an_empty_one() {
    let whole = vault().read(JOURNAL);
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let changed = [
        ("a changed word", whole.replace("SlotFired", "SlotFailed")),
        ("a changed byte", whole.replacen("ESS-C-1", "ESS-C-2", 1)),
        ("a line taken out", [lines[0], lines[2]].concat()),
        (
            "lines in another order",
            [lines[0], lines[2], lines[1]].concat(),
        ),
        ("a line twice", [&whole, lines[2]].concat()),
        ("no line at all", String::new()),
        ("something else", "{}\n".to_owned()),
    ];
    for (what, text) in changed {
        let vault = vault();
        vault.write(JOURNAL, &text);
        is_refused(&vault, what);
    }
}

/// What cron.yaml remembers of the journal's head is what tells a truncated file from a young one.
#[test]
fn a_truncated_schedule_is_caught_by_what_the_file_remembers() {
    let whole = vault().read(JOURNAL);
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    for (what, text) in [
        ("the last frame is gone", lines[..2].concat()),
        ("all but the first are gone", lines[0].to_owned()),
        (
            "the last frame is cut",
            whole[..whole.len() - 20].to_owned(),
        ),
    ] {
        let vault = vault();
        vault.write(JOURNAL, &text);
        is_refused(&vault, what);
    }
}

#[test]
fn a_schedule_that_is_gone_is_an_error_while_its_file_is_there() {
    let vault = vault();
    std::fs::remove_file(vault.path(JOURNAL)).unwrap();
    is_refused(&vault, "the journal is gone");
    assert!(!vault.path(JOURNAL).exists());
    std::fs::remove_dir_all(vault.path(".modulatio/cron")).unwrap();
    is_refused(&vault, "its directory is gone");
}

/// A frame that was never acknowledged is no damage: whoever wrote it has died.
#[test]
fn a_torn_last_frame_is_put_aside_and_the_slot_is_served() {
    let vault = vault_at(MIDNIGHT);
    let job = add(&vault, "0 * * * *", &[]);
    let whole = vault.read(JOURNAL);
    let torn = r#"{"v":1,"seq":1,"at":"2026-11-24T01:0"#;
    vault.write(JOURNAL, &format!("{whole}{torn}"));
    cron(&vault, &["list"]).ok().shows("ESS-C-1");
    daemon_at(&vault, ONE);
    assert_eq!(fates(&vault, &job), ["11-24T01:00 fired ESS-P-001"]);
    proven(&vault);
}

#[test]
fn a_daemon_that_lives_tells_the_damage_once_and_goes_on_when_it_is_mended() {
    let vault = vault();
    let whole = std::fs::read(vault.path(JOURNAL)).unwrap();
    vault.write(JOURNAL, "{}\n");
    let daemon = Daemon::start(&vault, &["--tick-seconds", "1"]);
    daemon.says("the schedule cannot be kept");
    vault.set_clock("2026-11-24T02:00:01Z");
    std::thread::sleep(std::time::Duration::from_millis(2_500));
    assert_eq!(
        daemon.log().matches("the schedule cannot be kept").count(),
        1
    );
    let restored = vault.path(".modulatio/cron/restored");
    std::fs::write(&restored, whole).unwrap();
    std::fs::rename(restored, vault.path(JOURNAL)).unwrap();
    // The plan's journal comes before the word of it in the schedule's.
    wait_until("the slot fires", || fates(&vault, "ESS-C-1").len() == 2);
    assert_eq!(
        fates(&vault, "ESS-C-1")[1..],
        ["11-24T02:00 fired ESS-P-002"]
    );
}

// ---------------------------------------------------------------------------------------------------- cron.yaml

fn kept_aside(vault: &TestVault) -> Vec<String> {
    let mut names = vault.names("");
    names.retain(|name| name.starts_with("cron.yaml.rejected-"));
    names
}

#[test]
fn what_is_written_into_the_file_by_hand_is_kept_aside_and_the_file_put_right() {
    let vault = vault();
    let whole = vault.read("cron.yaml");
    let edited = whole.replace("schedule: 0 * * * *", "schedule: '* * * * *'");
    assert_ne!(edited, whole);
    vault.write("cron.yaml", &edited);
    let ran = vault.run_until_idle();
    assert!(
        ran.err.contains("jobs are not changed there"),
        "{}",
        ran.err
    );
    assert_eq!(vault.read("cron.yaml"), whole);
    let kept = kept_aside(&vault);
    assert_eq!(kept.len(), 1);
    assert_eq!(vault.read(&kept[0]), edited);
    assert_eq!(
        crate::jobs::shown(&vault, "ESS-C-1")["schedule"],
        "0 * * * *"
    );
    vault.run_until_idle();
    assert_eq!(kept_aside(&vault).len(), 1, "once");
}

#[test]
fn a_change_at_the_command_line_keeps_what_was_written_into_the_file() {
    let vault = vault();
    vault.write("cron.yaml", "mine: true\n");
    cron(&vault, &NEW).ok();
    let kept = kept_aside(&vault);
    assert_eq!(vault.read(&kept[0]), "mine: true\n");
    proven(&vault);
}

#[test]
fn a_file_that_is_deleted_or_cut_is_rendered_again() {
    let vault = vault();
    let whole = vault.read("cron.yaml");
    std::fs::remove_file(vault.path("cron.yaml")).unwrap();
    vault.run_until_idle();
    assert_eq!(vault.read("cron.yaml"), whole);
    assert!(kept_aside(&vault).is_empty());
    vault.write("cron.yaml", &whole[..whole.len() / 2]);
    vault.run_until_idle();
    assert_eq!(vault.read("cron.yaml"), whole);
    // A directory of that name is nothing to be written over, and no reason to stop.
    std::fs::remove_file(vault.path("cron.yaml")).unwrap();
    std::fs::create_dir(vault.path("cron.yaml")).unwrap();
    daemon_at(&vault, "2026-11-24T02:00:01Z");
    assert_eq!(plans(&vault).len(), 2);
}

/// It may have been copied from elsewhere, or restored alone: an old rendering is one all the same.
#[test]
fn an_older_rendering_is_put_right_and_not_kept() {
    let vault = vault_at(MIDNIGHT);
    add(&vault, "0 * * * *", &[]);
    let old = vault.read("cron.yaml");
    daemon_at(&vault, ONE);
    let new = vault.read("cron.yaml");
    assert_ne!(old, new);
    vault.write("cron.yaml", &old);
    vault.run_until_idle();
    assert_eq!(vault.read("cron.yaml"), new);
    assert!(kept_aside(&vault).is_empty());
}

// ------------------------------------------------------------------------------------------- not to be written

/// Takes the right to write from everything below a directory.
fn set_modes(dir: &std::path::Path, file: u32, directory: u32) {
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        if kind.is_dir() {
            set_modes(&path, file, directory);
        } else {
            std::fs::set_permissions(&path, PermissionsExt::from_mode(file)).unwrap();
        }
    }
    std::fs::set_permissions(dir, PermissionsExt::from_mode(directory)).unwrap();
}

/// Every byte and every name below a directory.
fn everything(dir: &std::path::Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        if entry.file_type().unwrap().is_dir() {
            all.extend(everything(&entry.path()));
        } else {
            all.push((entry.path(), std::fs::read(entry.path()).unwrap()));
        }
    }
    all.sort();
    all
}

/// Runs the binary as somebody to whom the rights of files apply, whoever runs the tests.
fn run_as_nobody(vault: &TestVault, args: &[&str]) -> Ran {
    let original = vault.command(args);
    let program = vault.beside().join("modulatio");
    if !program.exists() {
        std::fs::copy(original.get_program(), &program).unwrap();
    }
    let mut command = std::process::Command::new(program);
    command.args(original.get_args());
    for (name, value) in original.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    if rustix::process::geteuid().is_root() {
        command.uid(65_534).gid(65_534);
    }
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran {
        code: output.status.code(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

#[test]
fn a_vault_that_may_not_be_written_is_looked_at_and_left_as_it_is() {
    let vault = vault();
    set_modes(vault.root(), 0o444, 0o555);
    std::fs::set_permissions(vault.beside(), PermissionsExt::from_mode(0o755)).unwrap();
    let before = everything(vault.root());
    let look = |args: &[&str]| run_as_nobody(&vault, args).ok();
    look(&["cron", "list"]).shows("ESS-C-1");
    look(&["cron", "show", "ESS-C-1"]);
    look(&["cron", "history", "ESS-C-1"]).shows("ESS-P-001");
    look(&["audit", "verify", "--all"]).shows("schedule: whole");
    look(&["replay", "--all", "--check"]);
    for command in COMMANDS
        .iter()
        .skip(3)
        .filter(|command| command[0] != "enable")
    {
        let args = [&["cron"], *command].concat();
        let ran = run_as_nobody(&vault, &args).code(1);
        assert!(ran.err.contains("schedule.journal.jsonl"), "{ran:?}");
    }
    assert_eq!(everything(vault.root()), before);
    set_modes(vault.root(), 0o600, 0o700);
}

/// Looking takes no lock, makes no file and renders nothing.
#[test]
fn looking_changes_nothing() {
    let vault = vault();
    std::fs::remove_file(vault.path("cron.yaml")).unwrap();
    let before = everything(vault.root());
    for command in COMMANDS.iter().take(3) {
        cron(&vault, command).ok();
    }
    vault.run(&["audit", "verify", "--all"]).ok();
    assert_eq!(everything(vault.root()), before);
}

// ------------------------------------------------------------------------------------------- of a newer program

/// Appends a frame to the schedule as another program would.
fn append(vault: &TestVault, events: &str) {
    use journal::{Draft, FileStore, LogName, LogStore};
    let dir = vault.path(".modulatio/cron");
    let store = FileStore::on_disk(dir, std::sync::Arc::new(|| "test".to_owned()));
    let mut log = store
        .open(&LogName::parse("schedule").unwrap(), None)
        .unwrap();
    let seen = log.catch_up(&mut |_| ()).unwrap();
    let draft = Draft {
        at: vault.now().to_string(),
        epoch: 0,
        by: "cli:newer".to_owned(),
        events: events.to_owned(),
    };
    log.append(seen.tail.unwrap().seq + 1, &[draft]).unwrap();
}

#[test]
fn a_schedule_that_a_newer_program_wrote_is_shown_and_not_written() {
    for events in [
        r#"[{"kind":"JobMoved","v":1,"job":"ESS-C-1","to":"OTHER"}]"#,
        r#"[{"kind":"JobAdded","v":3,"job":"ESS-C-7","every":"morning"},{"kind":"SlotClaimed","v":1,"job":"ESS-C-7","slot":"2026-11-24T01:30:00Z"}]"#,
    ] {
        let vault = vault();
        append(&vault, events);
        let (journal, file) = (vault.read(JOURNAL), vault.read("cron.yaml"));
        cron(&vault, &["list"]).ok().shows("ESS-C-1");
        cron(&vault, &["show", "ESS-C-1"]).ok();
        cron(&vault, &["history", "ESS-C-1"])
            .ok()
            .shows("ESS-P-001")
            .says("of a newer modulatio");
        for command in COMMANDS.iter().skip(3) {
            if command[0] == "enable" {
                continue;
            }
            cron(&vault, command)
                .code(1)
                .says("which a newer modulatio wrote; this one reads it but does not write to it");
        }
        vault.set_clock("2026-11-24T02:00:01Z");
        let plan = vault.approved(&body(1));
        let ran = vault.run(&["daemon", "--until-idle"]).code(5);
        assert!(
            ran.err.contains("which a newer modulatio wrote"),
            "{}",
            ran.err
        );
        assert_eq!(vault.journal(&plan).status(), "done");
        assert_eq!(plans(&vault).len(), 2, "nothing is fired");
        assert_eq!(vault.read(JOURNAL), journal);
        assert_eq!(vault.read("cron.yaml"), file);
        vault.run(&["audit", "verify", "--all"]).ok();
        vault
            .run(&["replay", "--all", "--check"])
            .code(1)
            .says("a newer modulatio wrote");
    }
}

/// A definition that this program cannot read holds up no other job.
#[test]
fn a_job_that_cannot_be_read_holds_up_no_other() {
    let vault = vault();
    append(
        &vault,
        r#"[{"kind":"JobAdded","v":1,"job":"ESS-C-7","definition":{"objective":"x","schedule":"every morning","tz":"UTC","overlap":"skip","catch_up":"last","catch_up_window_s":0,"approve":"auto"}}]"#,
    );
    cron(&vault, &["list"])
        .ok()
        .shows("cannot be read by this program: schedule: ")
        .shows("next  2026-11-24 02:00 UTC");
    vault.set_clock("2026-11-24T02:00:01Z");
    let ran = vault.run(&["daemon", "--until-idle"]).code(5);
    assert!(
        ran.err.contains("job ESS-C-7 cannot be served: schedule: "),
        "{}",
        ran.err
    );
    assert_eq!(
        fates(&vault, "ESS-C-1")[1..],
        ["11-24T02:00 fired ESS-P-002"]
    );
    cron(&vault, &["show", "ESS-C-7"]).ok();
    cron(&vault, &["disable", "ESS-C-7"]).ok();
    cron(&vault, &["remove", "ESS-C-7"]).ok();
    proven(&vault);
}

/// The commands of a message, as a person copies them.
fn commands(ran: &Ran) -> Vec<String> {
    let text = ran.err.replace('\n', " ");
    let commands = text.match_indices("mv ").map(|(at, _)| {
        let rest = &text[at..];
        rest[..rest.find(';').expect("it ends")].to_owned()
    });
    commands.collect()
}

/// Types what is printed, and adds a job.
fn begins_anew(vault: &TestVault, moved: usize) {
    let commands = commands(&cron(vault, &NEW).code(7));
    assert_eq!(commands.len(), moved, "{commands:#?}");
    for command in commands {
        let done = std::process::Command::new("sh")
            .args(["-c", &command])
            .status();
        assert!(done.unwrap().success(), "{command}");
    }
    cron(vault, &NEW).ok();
    let kept = vault.names("").into_iter();
    let kept: Vec<String> = kept.filter(|name| name.starts_with("cron.yaml.")).collect();
    let text = vault.read(kept.last().expect("the list of jobs is kept"));
    assert!(text.contains("ESS-C-1"), "{text}");
    proven(vault);
}

#[test]
fn what_is_said_to_do_about_a_damaged_schedule_works() {
    let vault = vault();
    for _ in 0..2 {
        let bad = vault.read(JOURNAL).replacen("ESS-C-1", "ESS-C-2", 1);
        std::fs::write(vault.path(JOURNAL), bad).unwrap();
        begins_anew(&vault, 2);
    }
    assert!(
        vault.path("cron.yaml.damaged-2").exists(),
        "none was written over"
    );
}

#[test]
fn what_is_said_to_do_about_a_schedule_that_is_gone_works() {
    let vault = vault();
    std::fs::remove_file(vault.path(JOURNAL)).unwrap();
    cron(&vault, &NEW).code(7).says("it is gone");
    begins_anew(&vault, 1);
}
