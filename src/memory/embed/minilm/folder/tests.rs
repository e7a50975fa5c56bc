//! Which files are taken for what.

use std::{fs::OpenOptions, process::Command};

use super::*;

fn dir() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn judged(path: &Path) -> Result<(String, bool), String> {
    judge(path, LONGEST_MODEL)
}

fn of_length(path: &Path, length: u64) {
    let file = File::create(path).unwrap();
    file.set_len(length).unwrap();
}

#[test]
fn what_is_no_readable_file_is_told_by_name() {
    let dir = dir();
    let path = dir.path().join("model.onnx");
    let why = judged(&path).unwrap_err();
    assert!(
        why.contains("model.onnx cannot be read: No such file"),
        "{why}"
    );
    fs::create_dir(&path).unwrap();
    assert!(
        judged(&path)
            .unwrap_err()
            .ends_with("model.onnx is no file")
    );
    fs::remove_dir(&path).unwrap();
    let made = Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    assert!(
        judged(&path)
            .unwrap_err()
            .ends_with("model.onnx is no file")
    );
    fs::remove_file(&path).unwrap();
    of_length(&path, 0);
    assert!(judged(&path).unwrap_err().ends_with("model.onnx is empty"));
    of_length(&path, LONGEST_MODEL + 1);
    assert!(judged(&path).unwrap_err().contains("too large"));
}

#[test]
fn what_is_as_long_as_a_known_file_and_another_is_damaged() {
    let dir = dir();
    let path = dir.path().join("tokenizer.json");
    for (length, known) in KNOWN.iter().filter(|(length, _)| *length < 1_000_000) {
        of_length(&path, *length);
        let why = judged(&path).unwrap_err();
        assert!(why.contains("damaged: its SHA-256 is "), "{why}");
        assert!(why.contains(&known[..12]), "{why}");
        of_length(&path, length + 1);
        assert!(!judged(&path).unwrap().1);
    }
}

#[test]
fn sums_are_those_of_everyone() {
    let dir = dir();
    let path = dir.path().join("file");
    fs::write(&path, "abc").unwrap();
    let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(judged(&path).unwrap(), (known.to_owned(), false));
}

#[test]
fn the_cache_vouches_for_files_by_their_names() {
    let dir = dir();
    let blobs = dir.path().join("blobs");
    fs::create_dir(&blobs).unwrap();
    let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    // What `git hash-object` says.
    let sha1 = "f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f";
    for name in [sha256, sha1] {
        let path = blobs.join(name);
        fs::write(&path, "abc").unwrap();
        assert!(judged(&path).unwrap().1, "{name}");
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        std::io::Write::write_all(&mut file, b"d").unwrap();
        let why = judged(&path).unwrap_err();
        assert!(why.contains("damaged"), "{why}");
        // Elsewhere a name is a name.
        let elsewhere = dir.path().join(name);
        fs::write(&elsewhere, "abc").unwrap();
        assert!(!judged(&elsewhere).unwrap().1);
    }
}

#[test]
fn the_hubs_links_are_followed_to_the_names_that_vouch() {
    let dir = dir();
    let (blobs, snapshot) = (dir.path().join("blobs"), dir.path().join("snapshots"));
    fs::create_dir(&blobs).unwrap();
    fs::create_dir(&snapshot).unwrap();
    let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    fs::write(blobs.join(sha256), "abc").unwrap();
    for name in [MODEL, TOKENIZER] {
        std::os::unix::fs::symlink(format!("../blobs/{sha256}"), snapshot.join(name)).unwrap();
    }
    let files = Folder::cached(snapshot.join(MODEL), snapshot.join(TOKENIZER));
    assert_eq!(files.sums().unwrap().id(), ID);
    fs::write(blobs.join(sha256), "abd").unwrap();
    let why = files.sums().unwrap_err();
    assert!(
        why.contains("downloaded anew") && why.contains(sha256),
        "{why}"
    );
}

#[test]
fn files_that_nobody_vouches_for_have_an_id_of_their_own() {
    let dir = dir();
    let id = |model: &str, tokenizer: &str| {
        fs::write(dir.path().join(MODEL), model).unwrap();
        fs::write(dir.path().join(TOKENIZER), tokenizer).unwrap();
        Folder::named(dir.path()).sums().unwrap().id()
    };
    let ids = [id("a", "b"), id("b", "a"), id("a", "c")];
    assert_eq!(ids[0], id("a", "b"));
    assert!(
        ids[0] != ids[1] && ids[0] != ids[2] && ids[1] != ids[2],
        "{ids:?}"
    );
    assert!(!ids.contains(&ID.to_owned()));
}

#[test]
fn a_stamp_changes_with_its_file() {
    let dir = dir();
    let folder = Folder::named(dir.path());
    let mut stamps = vec![folder.stamp()];
    let mut now = |folder: &Folder| {
        let stamp = folder.stamp();
        assert!(!stamps.contains(&stamp), "{stamps:?}");
        stamps.push(stamp);
    };
    fs::write(dir.path().join(MODEL), "a").unwrap();
    now(&folder);
    fs::write(dir.path().join(TOKENIZER), "a").unwrap();
    now(&folder);
    fs::write(dir.path().join(MODEL), "ab").unwrap();
    now(&folder);
    // The same bytes in another file.
    fs::write(dir.path().join("other"), "ab").unwrap();
    fs::rename(dir.path().join("other"), dir.path().join(MODEL)).unwrap();
    now(&folder);
}

#[test]
fn a_file_that_may_not_be_read_is_told() {
    let dir = dir();
    let path = dir.path().join(MODEL);
    fs::write(&path, "abc").unwrap();
    let mode: std::fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(0o000);
    fs::set_permissions(&path, mode).unwrap();
    if File::open(&path).is_ok() {
        // The superuser reads everything.
        let line = b"SKIPPED a_file_that_may_not_be_read_is_told: this user may read everything\n";
        io::Write::write_all(&mut io::stderr(), line).unwrap();
        return;
    }
    let why = judged(&path).unwrap_err();
    assert!(
        why.contains("model.onnx cannot be read: Permission denied"),
        "{why}"
    );
}
