//! Disks that are full, small, in memory or read-only. These need the right to mount; without it they say so and pass.

use crate::{
    doctor, finished, private,
    support::{Mount, TestVault, mount},
};

#[test]
fn a_local_disk_can_do_everything() {
    let (vault, _) = finished();
    let found = doctor(&vault);
    found.one(
        "writing",
        "ok",
        ".modulatio was written, synced, renamed and removed",
    );
    found.one("flock", "ok", "a second holder was kept out");
    assert_eq!(found.all("file-system").len(), 1);
    assert_eq!(found.all("disk-space").len(), 1);
}

#[test]
fn a_small_disk_in_memory_is_told_and_a_full_one_fails() {
    let vault = private(TestVault::new());
    let config = vault.read("modulatio.yaml");
    let Some(_mount) = Mount::over(
        vault.root(),
        &[
            "-t",
            "tmpfs",
            "-o",
            "size=8m,nr_inodes=200,mode=0700",
            "modulatio-test",
        ],
    ) else {
        return;
    };
    vault.write("modulatio.yaml", &config);
    let found = doctor(&vault);
    assert_eq!(found.ran.code, Some(1));
    found.one("file-system", "warn", "tmpfs");
    found
        .one("disk-space", "fail", "of 8.0 MiB free")
        .mends("du -xh ");
    found
        .one("inodes", "warn", "files can still be made")
        .mends("--inodes");
    found.one("writing", "ok", "");
    std::fs::write(vault.path("filling"), vec![0; 8 << 20]).expect_err("it is too large");
    let found = doctor(&vault);
    found
        .one("writing", "fail", "No space left")
        .mends("make room");
    found.one("flock", "ok", "could not be tried");
}

#[test]
fn a_read_only_vault_is_looked_at_and_told() {
    let (vault, _) = finished();
    let root = vault.root().to_str().expect("a plain path").to_owned();
    let Some(_bound) = Mount::over(vault.root(), &["--bind", &root]) else {
        return;
    };
    if !mount(vault.root(), &["-o", "remount,ro,bind"]) {
        return;
    }
    let found = doctor(&vault);
    assert_eq!(found.ran.code, Some(1));
    found
        .one("writing", "fail", "Read-only file system")
        .mends("remount,rw");
    found.one("journals", "ok", "1 journal of plans whole");
    found.one("leases", "ok", "");
}
