//! The file system that a vault lies on: which kind, whether it is somewhere else, how full it is.

use std::path::{Path, PathBuf};

use rustix::fs::{StatVfsMountFlags, statvfs};

/// A file system as the vault needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Its kind, as mounts name it: `ext4`, `nfs4`, `fuse.sshfs`.
    pub kind: String,
    /// Where it is mounted, if the system says.
    pub mount: Option<PathBuf>,
    /// Whether other machines may change it, or serve it.
    pub is_network: bool,
    /// Whether it lies in memory.
    pub is_memory: bool,
    /// Whether nothing may be written to it.
    pub is_read_only: bool,
    /// Bytes that this user may still write.
    pub free: u64,
    /// Bytes in all.
    pub total: u64,
    /// Files that may still be made.
    pub free_files: u64,
    /// Files in all; 0 where they are not counted.
    pub total_files: u64,
}

/// Kinds that are served by another machine or by the host of this one.
const NETWORK: [&str; 24] = [
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "coda",
    "fuse.ceph",
    "fuse.davfs2",
    "fuse.gcsfuse",
    "fuse.glusterfs",
    "fuse.rclone",
    "fuse.s3fs",
    "fuse.sshfs",
    "fuse.vmhgfs-fuse",
    "gfs2",
    "glusterfs",
    "gpfs",
    "lustre",
    "ncpfs",
    "ocfs2",
    "smb3",
    "smbfs",
    "vboxsf",
    "virtiofs",
];

/// Looks at the file system at `path`.
///
/// # Errors
/// The system's.
pub fn disk(path: &Path) -> std::io::Result<Disk> {
    let stat = statvfs(path)?;
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let mounted = mounted(&mounts, path);
    let kind = mounted
        .as_ref()
        .map_or_else(|| by_number(path), |(_, kind)| kind.clone());
    Ok(Disk {
        is_network: NETWORK.contains(&kind.as_str()) || kind.starts_with("nfs"),
        is_memory: matches!(kind.as_str(), "tmpfs" | "ramfs"),
        kind,
        mount: mounted.map(|(mount, _)| mount),
        is_read_only: stat.f_flag.contains(StatVfsMountFlags::RDONLY),
        free: stat.f_bavail.saturating_mul(stat.f_frsize),
        total: stat.f_blocks.saturating_mul(stat.f_frsize),
        free_files: stat.f_favail,
        total_files: stat.f_files,
    })
}

/// The mount that `path` lies on and its kind, from the text of `/proc/self/mountinfo` (proc_pid_mountinfo(5)):
///
/// ```text
///  36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw
///                   ╰mount           optional ╯ ╰kind
/// ```
fn mounted(mounts: &str, path: &Path) -> Option<(PathBuf, String)> {
    let of_line = |line: &str| {
        let (mount, kind) = line.split_once(" - ")?;
        let mount = PathBuf::from(plain(mount.split(' ').nth(4)?));
        let kind = kind.split(' ').next()?.to_owned();
        path.starts_with(&mount).then_some((mount, kind))
    };
    // Of two over each other the later one is seen.
    mounts
        .lines()
        .filter_map(of_line)
        .max_by_key(|(mount, _)| mount.components().count())
}

/// Spaces and the like stand there as `\040`.
fn plain(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let number = after.get(..3).filter(|_| byte == b'\\');
        let number = number.and_then(|digits| std::str::from_utf8(digits).ok());
        match number.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(value) => {
                out.push(value);
                rest = &after[3..];
            }
            None => {
                out.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The kind by the number that statfs(2) gives, where the mounts are not told.
#[cfg(target_os = "linux")]
fn by_number(path: &Path) -> String {
    let number = rustix::fs::statfs(path).map_or(0, |stat| stat.f_type as u64);
    let known = [
        (0xef53, "ext4"),
        (0x5846_5342, "xfs"),
        (0x9123_683e, "btrfs"),
        (0x2fc1_2fc1, "zfs"),
        (0xf2f5_2010, "f2fs"),
        (0x0102_1994, "tmpfs"),
        (0x794c_7630, "overlay"),
        (0x6969, "nfs"),
        (0xff53_4d42, "cifs"),
        (0xfe53_4d42, "smb3"),
        (0x6573_5546, "fuse"),
        (0x0102_1997, "9p"),
        (0x00c3_6400, "ceph"),
    ];
    let name = known
        .iter()
        .find(|(magic, _)| *magic == number & 0xffff_ffff);
    name.map_or_else(
        || format!("unknown kind {number:#x}"),
        |(_, name)| (*name).to_owned(),
    )
}

#[cfg(not(target_os = "linux"))]
fn by_number(_: &Path) -> String {
    "unknown kind".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
40 22 0:35 / /srv rw,relatime shared:1 - nfs4 nas:/export rw
41 40 0:36 / /srv/my\\040vault rw shared:2 master:3 - fuse.sshfs me@host: rw
42 22 0:37 / /srv2 rw - tmpfs tmpfs rw
43 42 0:38 / /srv2 rw - xfs /dev/vdb rw
";

    #[test]
    fn the_innermost_and_latest_mount_counts() {
        let at = |path: &str| {
            mounted(MOUNTS, Path::new(path))
                .map(|(_, kind)| kind)
                .unwrap()
        };
        assert_eq!(at("/home/a"), "ext4");
        assert_eq!(at("/srv/vault"), "nfs4");
        assert_eq!(at("/srv/my vault/ess"), "fuse.sshfs");
        assert_eq!(at("/srv2/x"), "xfs");
        assert_eq!(mounted("nonsense\n", Path::new("/")), None);
    }

    #[test]
    fn a_directory_has_a_kind_and_room() {
        let disk = disk(Path::new("/")).unwrap();
        assert!(
            !disk.kind.is_empty() && disk.total > 0 && disk.free <= disk.total,
            "{disk:?}"
        );
    }

    #[test]
    fn a_directory_that_is_missing_is_an_error() {
        assert!(disk(Path::new("/no/such/directory")).is_err());
    }

    #[test]
    fn odd_escapes_stay_as_they_are() {
        assert_eq!(plain("a\\040b\\011c\\"), "a b\tc\\");
        assert_eq!(plain("\\99x\\1"), "\\99x\\1");
    }
}
