//! How editors, synchronisers and tools save, replayed call by call beside a daemon that only its watcher wakes. What is
//! meant once is recorded once, and what they leave lying about is taken for nothing.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use projections::event::Event;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::{
    by_hand, kept,
    support::{Daemon, TestVault, body, wait_until},
    text,
};

/// A way of saving a text at a path.
type Save = fn(&Path, &str);

const WAYS: [(&str, Save); 21] = [
    ("truncate and write", in_place),
    ("nano", nano),
    ("vim", vim),
    ("vim with backupcopy=yes", vim_copying),
    ("gedit", gedit),
    ("Kate", kate),
    ("VS Code, atomically", vs_code),
    ("Emacs", emacs),
    ("sed -i", sed),
    ("Obsidian, twice", twice),
    ("Obsidian, in part and then whole", part_then_whole),
    ("Syncthing", syncthing),
    ("rsync", rsync),
    ("git checkout", git),
    ("a slow writer", dribbled),
    ("a writer in pieces", in_pieces),
    ("removed, and linked back", unlink_and_link),
    ("swapped", swapped),
    ("appended to a truncated file", append),
    ("written from the end", backwards),
    ("opened three times", thrice),
];

/// A name beside the file.
fn beside(path: &Path, name: impl Fn(&str) -> String) -> PathBuf {
    let own = path.file_name().unwrap().to_str().unwrap();
    path.with_file_name(name(own))
}

fn write_new(path: &Path, text: &str) {
    let mut file = File::create(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file.sync_all().unwrap();
}

fn in_place(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}

fn nano(path: &Path, text: &str) {
    let lock = beside(path, |name| format!(".{name}.swp"));
    fs::write(&lock, "b0nano 6.2").unwrap();
    let mut file = OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(path)
        .unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file.sync_all().unwrap();
    drop(file);
    fs::remove_file(lock).unwrap();
}

fn vim(path: &Path, text: &str) {
    let swap = beside(path, |name| format!(".{name}.swp"));
    fs::write(&swap, "b0VIM 9.0").unwrap();
    // Whether files can be made here.
    let probe = path.with_file_name("4913");
    let made = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o100600)
        .open(&probe);
    drop(made.unwrap());
    fs::remove_file(&probe).unwrap();
    let backup = beside(path, |name| format!("{name}~"));
    fs::rename(path, &backup).unwrap();
    write_new(path, text);
    fs::remove_file(backup).unwrap();
    fs::remove_file(swap).unwrap();
}

fn vim_copying(path: &Path, text: &str) {
    let backup = beside(path, |name| format!("{name}~"));
    fs::copy(path, &backup).unwrap();
    let mut file = OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(path)
        .unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file.sync_all().unwrap();
    drop(file);
    fs::remove_file(backup).unwrap();
}

fn gedit(path: &Path, text: &str) {
    let stream = path.with_file_name(".goutputstream-X4M1Q2");
    write_new(&stream, text);
    let backup = beside(path, |name| format!("{name}~"));
    fs::hard_link(path, &backup).unwrap();
    fs::rename(stream, path).unwrap();
    fs::remove_file(backup).unwrap();
}

fn kate(path: &Path, text: &str) {
    let part = beside(path, |name| format!("{name}.aB3xYz"));
    write_new(&part, text);
    fs::rename(part, path).unwrap();
}

fn vs_code(path: &Path, text: &str) {
    let part = beside(path, |name| format!("{name}.vsctmp"));
    write_new(&part, text);
    fs::rename(part, path).unwrap();
}

fn emacs(path: &Path, text: &str) {
    let lock = beside(path, |name| format!(".#{name}"));
    std::os::unix::fs::symlink("anna@host.4711:1790000000", &lock).unwrap();
    let auto_saved = beside(path, |name| format!("#{name}#"));
    fs::write(&auto_saved, text).unwrap();
    fs::rename(path, beside(path, |name| format!("{name}~"))).unwrap();
    write_new(path, text);
    fs::remove_file(auto_saved).unwrap();
    fs::remove_file(lock).unwrap();
}

fn sed(path: &Path, text: &str) {
    let part = path.with_file_name("sedA1b2C3");
    fs::write(&part, text).unwrap();
    fs::rename(part, path).unwrap();
}

fn twice(path: &Path, text: &str) {
    in_place(path, text);
    std::thread::sleep(Duration::from_millis(3));
    in_place(path, text);
}

fn part_then_whole(path: &Path, text: &str) {
    let half = text.len() / 2;
    in_place(path, &text[..half]);
    std::thread::sleep(Duration::from_millis(3));
    in_place(path, text);
}

fn syncthing(path: &Path, text: &str) {
    let part = beside(path, |name| format!(".syncthing.{name}.tmp"));
    write_new(&part, &text[..10]);
    write_new(&part, text);
    keep_an_old_time(&part);
    fs::rename(part, path).unwrap();
}

fn rsync(path: &Path, text: &str) {
    let part = beside(path, |name| format!(".{name}.Xy12zA"));
    write_new(&part, text);
    keep_an_old_time(&part);
    fs::rename(part, path).unwrap();
}

/// As the file had it on the machine that it comes from.
fn keep_an_old_time(path: &Path) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    let now = file.metadata().unwrap().modified().unwrap();
    file.set_modified(now - Duration::from_secs(3_600)).unwrap();
}

fn git(path: &Path, text: &str) {
    fs::remove_file(path).unwrap();
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// Thirty pieces in three tenths of a second.
fn dribbled(path: &Path, text: &str) {
    let mut file = File::create(path).unwrap();
    for piece in text.as_bytes().chunks(text.len() / 30 + 1) {
        file.write_all(piece).unwrap();
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Each piece is a write of its own, with a close that the watcher hears.
fn in_pieces(path: &Path, text: &str) {
    in_place(path, "");
    for piece in text.as_bytes().chunks(text.len() / 8 + 1) {
        let mut file = OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(piece).unwrap();
        drop(file);
        std::thread::sleep(Duration::from_millis(30));
    }
}

fn unlink_and_link(path: &Path, text: &str) {
    let part = path.with_file_name("part");
    write_new(&part, text);
    fs::remove_file(path).unwrap();
    fs::hard_link(&part, path).unwrap();
    fs::remove_file(part).unwrap();
}

fn swapped(path: &Path, text: &str) {
    let part = path.with_file_name("part");
    write_new(&part, text);
    renameat_with(CWD, &part, CWD, path, RenameFlags::EXCHANGE).unwrap();
    fs::remove_file(part).unwrap();
}

fn append(path: &Path, text: &str) {
    drop(File::create(path).unwrap());
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn backwards(path: &Path, text: &str) {
    use std::os::unix::fs::FileExt;
    let file = File::create(path).unwrap();
    file.set_len(text.len() as u64).unwrap();
    let half = text.len() / 2;
    file.write_all_at(&text.as_bytes()[half..], half as u64)
        .unwrap();
    std::thread::sleep(Duration::from_millis(30));
    file.write_all_at(&text.as_bytes()[..half], 0).unwrap();
}

/// The first and the last time without a change.
fn thrice(path: &Path, text: &str) {
    drop(OpenOptions::new().write(true).open(path).unwrap());
    in_place(path, text);
    drop(OpenOptions::new().append(true).open(path).unwrap());
}

/// A daemon that sleeps beside a draft, and only its watcher wakes it.
fn asleep() -> (TestVault, String, Daemon) {
    let vault = TestVault::new();
    let plan = vault.draft(&body(1));
    let daemon = Daemon::start(&vault, &["--tick-seconds", "3600"]);
    daemon.says("sleeping");
    (vault, plan, daemon)
}

/// One plan, and nothing that a daemon made of what lay about.
fn nothing_else(way: &str, vault: &TestVault, plan: &str, daemon: &Daemon) {
    vault.follows(plan);
    vault.is_proven(plan);
    let names = vault.names("ess/plans");
    let journals = names.iter().filter(|name| name.ends_with(".journal.jsonl"));
    assert_eq!(journals.count(), 1, "{way}: {names:?}");
    assert!(
        !daemon.log().contains("passed over"),
        "{way}: {}",
        daemon.log()
    );
    wait_until(&format!("{way}: nothing half-written is left"), || {
        let names = vault.names("ess/plans").into_iter();
        !names
            .chain(vault.names("ess/tickets"))
            .any(|name| name.contains(".tmp-"))
    });
}

#[test]
fn an_approval_is_one_event_however_it_is_saved() {
    for (way, save) in WAYS {
        let (vault, plan, daemon) = asleep();
        let new = text(&vault, &plan).replace("\nstatus: draft\n", "\nstatus: approved\n");
        save(&vault.plan_file(&plan), &new);
        wait_until(&format!("the plan saved by {way} is done"), || {
            vault.journal(&plan).status() == "done"
        });
        assert_eq!(by_hand(&vault.journal(&plan)), ["PlanApproved"], "{way}");
        assert_eq!(kept(&vault), [""; 0], "{way}");
        nothing_else(way, &vault, &plan, &daemon);
    }
}

#[test]
fn a_new_text_and_a_cap_are_one_frame_however_they_are_saved() {
    for (way, save) in WAYS {
        let (vault, plan, daemon) = asleep();
        let old = text(&vault, &plan);
        let new = old.replace("status: draft\n", "status: draft\nmax_tokens: 70000\n");
        let new = new.replace("write essay 1", "write a letter");
        save(&vault.plan_file(&plan), &new);
        wait_until(&format!("what {way} saved is taken"), || {
            vault.journal(&plan).entries.len() > 1
        });
        vault.follows(&plan);
        let journal = vault.journal(&plan);
        assert_eq!(by_hand(&journal), ["PlanRevised", "CapsChanged"], "{way}");
        assert_eq!(journal.frames().len(), 2, "{way}");
        assert!(journal.plan.body.contains("write a letter"), "{way}");
        assert_eq!(kept(&vault), [""; 0], "{way}");
        nothing_else(way, &vault, &plan, &daemon);
    }
}

#[test]
fn an_illegal_edit_is_refused_once_however_it_is_saved() {
    for (way, save) in WAYS {
        let (vault, plan, daemon) = asleep();
        let new = text(&vault, &plan).replace("\nstatus: draft\n", "\nstatus: done\n");
        save(&vault.plan_file(&plan), &new);
        wait_until(&format!("what {way} saved is refused"), || {
            vault.journal(&plan).count("EditRejected") > 0
        });
        vault.follows(&plan);
        assert_eq!(by_hand(&vault.journal(&plan)), ["EditRejected"], "{way}");
        let names = kept(&vault);
        assert_eq!(names.len(), 1, "{way}: {names:?}");
        assert_eq!(vault.read(&format!("ess/plans/{}", names[0])), new, "{way}");
        daemon.says("hand edit refused");
        assert_eq!(
            daemon.log().matches("hand edit refused").count(),
            1,
            "{way}"
        );
        nothing_else(way, &vault, &plan, &daemon);
    }
}

/// A plan that pauses with a ticket.
fn asks() -> (TestVault, String, Daemon) {
    let vault = TestVault::with(
        "models:\n  m: {provider: rehearsal, outcomes: {1: pause}}\nteam: {leader: m}\n",
    );
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    let daemon = Daemon::start(&vault, &["--tick-seconds", "3600"]);
    daemon.says("sleeping");
    (vault, plan, daemon)
}

#[test]
fn an_answer_is_given_once_however_it_is_saved() {
    for (way, save) in WAYS {
        let (vault, plan, daemon) = asks();
        let new = vault
            .read("ess/tickets/ESS-1.md")
            .replace("\ndecision: null\n", "\ndecision: declined\n")
            .replace("\nnote: ''\n", "\nnote: enough\n");
        save(&vault.path("ess/tickets/ESS-1.md"), &new);
        wait_until(&format!("what {way} saved is answered"), || {
            vault.journal(&plan).status() == "aborted"
        });
        let journal = vault.journal(&plan);
        assert_eq!(by_hand(&journal), ["TicketDecided", "PlanAborted"], "{way}");
        let note = journal.events().find_map(|event| match event {
            Event::TicketDecided(e) => Some(e.note.clone()),
            _ => None,
        });
        assert_eq!(note.as_deref(), Some("enough"), "{way}");
        let names = vault.names("ess/tickets");
        assert!(
            !names.iter().any(|name| name.contains(".rejected-")),
            "{way}: {names:?}"
        );
        nothing_else(way, &vault, &plan, &daemon);
    }
}

#[test]
fn two_tickets_answered_in_one_save_are_two_answers() {
    let vault = TestVault::with(
        "models:\n  m: {provider: rehearsal, reject: 4, reject_in: [1], outcomes: {1: pause}}\nteam: {leader: m}\n",
    );
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    let daemon = Daemon::start(&vault, &["--tick-seconds", "3600"]);
    daemon.says("sleeping");
    for ticket in ["ESS-1", "ESS-2"] {
        let file = format!("ess/tickets/{ticket}.md");
        let new = vault
            .read(&file)
            .replace("\ndecision: null\n", "\ndecision: approved\n");
        vault.write(&file, &new);
    }
    wait_until("the plan is done", || {
        vault.journal(&plan).status() == "done"
    });
    let journal = vault.journal(&plan);
    assert_eq!(journal.count("TicketDecided"), 2);
    assert_eq!(journal.count("EditRejected"), 0);
    assert_eq!(journal.count("PlanResumed"), 1);
    nothing_else("both", &vault, &plan, &daemon);
}

/// A file with a second name outside of the vault: what is written through that, no watcher of the vault hears.
fn unheard(vault: &TestVault, below: &str) -> PathBuf {
    let other = vault.beside().join("other-name.md");
    fs::hard_link(vault.path(below), &other).unwrap();
    other
}

#[test]
fn what_no_watcher_hears_the_next_tick_finds() {
    let (vault, plan, daemon) = asleep();
    let other = unheard(&vault, &format!("ess/plans/{plan}.md"));
    let looks = || daemon.log().matches("tick plans").count();
    let before = looks();
    fs::write(&other, fs::read_to_string(&other).unwrap()).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(looks(), before, "a watcher heard it");
    drop(daemon);
    let daemon = Daemon::start(&vault, &["--tick-seconds", "1"]);
    daemon.says("sleeping");
    let new = text(&vault, &plan).replace("\nstatus: draft\n", "\nstatus: approved\n");
    fs::write(other, new).unwrap();
    wait_until("the plan is done", || {
        vault.journal(&plan).status() == "done"
    });
    assert_eq!(by_hand(&vault.journal(&plan)), ["PlanApproved"]);
    nothing_else("a tick", &vault, &plan, &daemon);
}

#[test]
fn an_answer_that_no_watcher_hears_the_next_tick_finds() {
    let (vault, plan, daemon) = asks();
    drop(daemon);
    let daemon = Daemon::start(&vault, &["--tick-seconds", "1"]);
    daemon.says("sleeping");
    let file = "ess/tickets/ESS-1.md";
    let new = vault
        .read(file)
        .replace("\ndecision: null\n", "\ndecision: declined\n");
    fs::write(unheard(&vault, file), new).unwrap();
    wait_until("the plan is aborted", || {
        vault.journal(&plan).status() == "aborted"
    });
    nothing_else("a tick", &vault, &plan, &daemon);
}

/// The same length, the same file, and the time of the last change put back: only the time of the change of these shows.
#[test]
fn a_change_that_hides_behind_size_and_time_is_found() {
    let vault = TestVault::new();
    let plan = vault.draft(&format!("---\nmine: 1\n---\n\n{}", body(1)));
    let daemon = Daemon::start(&vault, &["--tick-seconds", "1"]);
    daemon.says("sleeping");
    // Long enough for the daemon to be sure of what it has seen.
    std::thread::sleep(Duration::from_secs(4));
    let path = vault.plan_file(&plan);
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    let new = text(&vault, &plan).replace("\nmine: 1\n", "\nmine: 2\n");
    fs::write(&path, new).unwrap();
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    file.set_modified(modified).unwrap();
    drop(file);
    wait_until("it is taken", || {
        vault.journal(&plan).count("PlanRevised") == 1
    });
    assert!(text(&vault, &plan).contains("\nmine: 2\n"));
    nothing_else("hidden", &vault, &plan, &daemon);
}
