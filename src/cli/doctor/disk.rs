//! The disk: what kind of file system, what it can do, how much room it has.

use std::io::{self, ErrorKind};

use super::{
    check::{Check, Kind},
    ground::{Ground, VaultGround},
    words::{quoted, size},
};
use crate::vault::health::{self, Act, Disk};

/// Below these, or below this share of the whole, room is short.
const SHORT: u64 = 1 << 30;
const SHORT_PERCENT: u64 = 5;
/// Below this, nothing can be relied on to be written.
const NONE: u64 = 64 << 20;
/// The same of files.
const SHORT_FILES: u64 = 10_000;
const NO_FILES: u64 = 100;

/// Where vaults are at home.
const HOME: &str =
    "keep the vault on a disk of this machine, with a file system such as ext4, xfs or btrfs";

fn disk_of(found: &VaultGround) -> io::Result<Disk> {
    health::disk(found.vault.root())
}

/// What kind of file system is it?
pub(super) fn kind(ground: &Ground) -> Vec<Check> {
    let id = "file-system";
    let Some(found) = ground.vault() else {
        return Vec::new();
    };
    let root = found.vault.root().display();
    let disk = match disk_of(found) {
        Ok(disk) => disk,
        Err(error) => {
            let found = format!("the file system of {root} cannot be asked: {error}");
            return vec![Check::warn(id, found, "df .")];
        }
    };
    let mount = disk.mount.as_ref();
    let mount = mount.map_or_else(String::new, |mount| {
        format!(" mounted at {}", mount.display())
    });
    let what = format!("{root} lies on {}{mount}", disk.kind);
    vec![if disk.is_network {
        Check::warn(
            id,
            format!(
                "{what}, which another machine serves: locks are as good as its flock, changes made elsewhere are seen at ticks only, and a sync is as good as its server's"
            ),
            HOME,
        )
    } else if disk.is_memory {
        Check::warn(
            id,
            format!(
                "{what}, which is memory: after a restart of the machine nothing of it is left"
            ),
            HOME,
        )
    } else if disk.kind == "overlay" {
        Check::ok(
            id,
            format!(
                "{what}: what lies there ends with its container, unless the vault is a volume"
            ),
        )
    } else {
        Check::ok(id, what)
    }]
}

/// Can a file be made, renamed and made durable?
pub(super) fn writes(ground: &Ground) -> Vec<Check> {
    let id = "writing";
    let Some(found) = ground.vault() else {
        return Vec::new();
    };
    let probed = &found.probed;
    let dir = probed.dir.display();
    let mut checks = Vec::new();
    for (act, what) in [
        (Act::Write, "no file can be written"),
        (Act::Sync, "nothing can be made durable"),
        (Act::Rename, "no file can be renamed"),
    ] {
        if let Some(error) = probed.fault(act) {
            let found = format!("{what} in {dir}: {error}");
            checks.push(Check::fail(id, Kind::Other, found, writable(ground, error)));
        }
    }
    if let Some(left) = &probed.left {
        let found = format!("the probe file {} could not be removed", left.display());
        checks.push(Check::warn(id, found, format!("rm -f {}", quoted(left))));
    }
    if checks.is_empty() {
        checks.push(Check::ok(
            id,
            format!("a file in {dir} was written, synced, renamed and removed"),
        ));
    }
    checks
}

/// What lets files be written again.
fn writable(ground: &Ground, error: &io::Error) -> String {
    let Some(found) = ground.vault() else {
        return String::new();
    };
    let disk = disk_of(found).ok();
    let mount = disk.and_then(|disk| disk.mount);
    let mount = mount.map_or_else(|| "MOUNT".to_owned(), quoted);
    let dir = quoted(&found.probed.dir);
    match error.kind() {
        ErrorKind::ReadOnlyFilesystem => format!(
            "sudo mount -o remount,rw {mount}; if it became read-only by itself, look into dmesg first: the disk may be failing"
        ),
        ErrorKind::PermissionDenied => format!(
            "sudo chown --reference={} {dir}; chmod u+rwx {dir}",
            quoted(found.vault.root())
        ),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => largest(&mount),
        _ => format!("look into dmesg; {HOME}"),
    }
}

fn largest(mount: &str) -> String {
    format!("make room: du -xh {mount} | sort -h | tail -n 20")
}

/// Do locks exclude?
pub(super) fn locks(ground: &Ground) -> Vec<Check> {
    let id = "flock";
    let Some(found) = ground.vault() else {
        return Vec::new();
    };
    let dir = found.probed.dir.display();
    if let Some(error) = found.probed.fault(Act::Lock) {
        let what = format!("flock does not work in {dir}: {error}; two daemons could run one plan");
        let remedy = format!("run one daemon at most, and {HOME}");
        return vec![Check::fail(id, Kind::Other, what, remedy)];
    }
    vec![if found.probed.has_tried(Act::Lock) {
        Check::ok(id, format!("works in {dir}: a second holder was kept out"))
    } else {
        Check::ok(id, "could not be tried: see writing")
    }]
}

/// Can two files be swapped in one step?
pub(super) fn exchanges(ground: &Ground) -> Vec<Check> {
    let id = "exchange";
    let Some(found) = ground.vault() else {
        return Vec::new();
    };
    if let Some(error) = found.probed.fault(Act::Exchange) {
        let what = format!(
            "two files cannot be swapped in one step ({error}): an edit that you save in the very instant in which the program renders the file may be lost"
        );
        return vec![Check::warn(id, what, HOME)];
    }
    vec![if found.probed.has_tried(Act::Exchange) {
        Check::ok(id, "two files can be swapped in one step")
    } else {
        Check::ok(id, "could not be tried: see writing")
    }]
}

/// Is there room?
pub(super) fn room(ground: &Ground) -> Vec<Check> {
    let Some(Ok(disk)) = ground.vault().map(disk_of) else {
        return Vec::new();
    };
    vec![room_of(&disk)]
}

fn room_of(disk: &Disk) -> Check {
    let id = "disk-space";
    let percent = disk
        .free
        .saturating_mul(100)
        .checked_div(disk.total)
        .unwrap_or(100);
    let found = format!(
        "{} of {} free ({percent} %)",
        size(disk.free),
        size(disk.total)
    );
    let remedy = largest(
        &disk
            .mount
            .as_ref()
            .map_or_else(|| "MOUNT".to_owned(), quoted),
    );
    if disk.free < NONE {
        Check::fail(id, Kind::Other, found, remedy)
    } else if disk.free < SHORT || percent < SHORT_PERCENT {
        Check::warn(id, found, remedy)
    } else {
        Check::ok(id, found)
    }
}

/// Can files be made?
pub(super) fn files(ground: &Ground) -> Vec<Check> {
    let Some(Ok(disk)) = ground.vault().map(disk_of) else {
        return Vec::new();
    };
    vec![files_of(&disk)]
}

fn files_of(disk: &Disk) -> Check {
    let id = "inodes";
    if disk.total_files == 0 {
        return Check::ok(id, "this file system does not count files");
    }
    let found = format!(
        "{} of {} files can still be made",
        disk.free_files, disk.total_files
    );
    let mount = disk
        .mount
        .as_ref()
        .map_or_else(|| "MOUNT".to_owned(), quoted);
    let remedy = format!("remove files: du -x --inodes {mount} | sort -n | tail -n 20");
    if disk.free_files < NO_FILES {
        Check::fail(id, Kind::Other, found, remedy)
    } else if disk.free_files < SHORT_FILES {
        Check::warn(id, found, remedy)
    } else {
        Check::ok(id, found)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::check::Level, *};

    fn of(free: u64, total: u64) -> Disk {
        Disk {
            kind: "ext4".into(),
            mount: Some("/srv".into()),
            is_network: false,
            is_memory: false,
            is_read_only: false,
            free,
            total,
            free_files: free,
            total_files: total,
        }
    }

    #[test]
    fn room_is_short_below_a_gibibyte_or_a_twentieth_and_none_below_64_mebibytes() {
        let level = |free, total| room_of(&of(free, total)).level;
        assert_eq!(level(NONE - 1, 1 << 40), Level::Fail);
        assert_eq!(level(NONE, 1 << 40), Level::Warn);
        assert_eq!(level(SHORT - 1, SHORT), Level::Warn);
        assert_eq!(level(SHORT, SHORT), Level::Ok);
        assert_eq!(level(4 * SHORT, 100 * SHORT), Level::Warn);
        assert_eq!(level(5 * SHORT, 100 * SHORT), Level::Ok);
        assert_eq!(level(0, 0), Level::Fail);
    }

    #[test]
    fn what_mends_a_full_disk_names_its_mount() {
        let check = room_of(&of(0, 1));
        assert!(
            check
                .remedy
                .is_some_and(|remedy| remedy.contains("du -xh /srv"))
        );
    }

    #[test]
    fn files_run_out_too_and_some_file_systems_count_none() {
        let level = |free, total| files_of(&of(free, total)).level;
        assert_eq!(level(0, 0), Level::Ok);
        assert_eq!(level(99, 1 << 20), Level::Fail);
        assert_eq!(level(9_999, 1 << 20), Level::Warn);
        assert_eq!(level(10_000, 1 << 20), Level::Ok);
    }
}
