//! Who may read and write the vault, and whose it is.

use super::{
    check::{Check, Kind},
    ground::Ground,
    words::{count, list, quoted},
};
use crate::vault::health::{Exposed, Kept};

/// May others come in?
pub(super) fn mode(ground: &Ground) -> Vec<Check> {
    let id = "vault-mode";
    let Some(found) = ground.vault() else {
        return Vec::new();
    };
    let (access, root) = (&found.access, found.vault.root());
    let mode = format!("{:04o}", access.mode);
    if !access.writable.is_empty() {
        let paths = access.writable.iter().map(|path| path.display());
        let first = quoted(&access.writable[0]);
        let remedy = match access.writable.len() {
            1 => format!("chmod o-w {first}"),
            _ => format!("chmod -R o-w {}", quoted(root)),
        };
        let found = format!(
            "any user of this machine may change {}, and so what agents do in your name",
            list(paths)
        );
        return vec![Check::fail(id, Kind::Other, found, remedy)];
    }
    if access.is_reachable {
        let found = format!(
            "any user of this machine may enter {} (mode {mode})",
            root.display()
        );
        return vec![Check::warn(
            id,
            found,
            format!("chmod o-rwx {}", quoted(root)),
        )];
    }
    let open = match access.mode & 0o077 {
        0 => "only its owner may enter",
        bits if bits & 0o007 != 0 => "a directory above it keeps other users out",
        _ => "its group may enter too",
    };
    vec![Check::ok(
        id,
        format!("{} has mode {mode}: {open}", root.display()),
    )]
}

/// Is the vault the user's who asks, and everything in it its owner's?
pub(super) fn owner(ground: &Ground) -> Vec<Check> {
    let id = "owner";
    let Some(found) = ground.vault() else {
        return Vec::new();
    };
    let (access, root) = (&found.access, found.vault.root());
    let mut checks = Vec::new();
    if access.user != access.owner {
        let found = format!(
            "{} belongs to user {}, and you are user {}: what you make here, its daemon may not be able to write",
            root.display(),
            access.owner,
            access.user,
        );
        let remedy = format!("sudo -u '#{}' {} doctor", access.owner, ground.program);
        checks.push(Check::warn(id, found, remedy));
    }
    if let Some((path, user)) = access.strangers.first() {
        let others = access.strangers.len() - 1;
        let more = if others > 0 {
            format!(", and {others} more")
        } else {
            String::new()
        };
        let found = format!(
            "{} belongs to user {user}{more}, the vault to user {}",
            path.display(),
            access.owner
        );
        let remedy = format!("sudo chown -R --reference={0} {0}", quoted(root));
        checks.push(Check::warn(id, found, remedy));
    }
    if checks.is_empty() {
        checks.push(Check::ok(
            id,
            "the vault and all that the program keeps in it are yours",
        ));
    }
    checks
}

/// Are journals, tickets and transcripts as closed as they should be?
pub(super) fn files(ground: &Ground) -> Vec<Check> {
    let id = "file-modes";
    let Some(found) = ground.vault() else {
        return Vec::new();
    };
    let root = found.vault.root();
    let of = |kept: Kept| {
        let exposed: Vec<&Exposed> = found
            .access
            .exposed
            .iter()
            .filter(|exposed| exposed.kept == kept)
            .collect();
        let (what, pattern) = words(kept);
        let first = exposed.first()?;
        let remedy = match exposed.len() {
            1 => format!("chmod 600 {}", quoted(&first.path)),
            _ => format!("find {} {pattern} -exec chmod go-rwx {{}} +", quoted(root)),
        };
        let more = match exposed.len() - 1 {
            0 => String::new(),
            others => format!(", and {others} more"),
        };
        let found = format!(
            "{what} can be read by others than its owner: {} (mode {:04o}){more}",
            first.path.display(),
            first.mode,
        );
        Some(Check::warn(id, found, remedy))
    };
    let kinds = [Kept::Journal, Kept::Ticket, Kept::Transcript];
    let checks: Vec<Check> = kinds.into_iter().filter_map(of).collect();
    if !checks.is_empty() {
        return checks;
    }
    vec![Check::ok(
        id,
        "no journal, ticket or transcript is wider open than the vault",
    )]
}

fn words(kept: Kept) -> (&'static str, &'static str) {
    match kept {
        Kept::Journal => ("a journal", "-name '*.journal.jsonl'"),
        Kept::Ticket => ("a ticket", "-path '*/tickets/*.md'"),
        Kept::Transcript => (
            "a transcript",
            r"\( -path '*/tool_calls/*' -o -path '*/checkpoints/*' \)",
        ),
    }
}

/// Is everything a directory that should be one, and may it be read?
pub(super) fn directories(ground: &Ground) -> Vec<Check> {
    let id = "directories";
    let Some(found) = ground.vault() else {
        return Vec::new();
    };
    let mut checks = Vec::new();
    for link in &found.access.links {
        let found = format!(
            "{} is a symlink; those are not followed for writing",
            link.display()
        );
        let remedy = format!(
            "put what it leads to in its place: cp -aL {0} {0}.new && rm {0} && mv {0}.new {0}",
            quoted(link)
        );
        checks.push(Check::warn(id, found, remedy));
    }
    let unread = found.access.unread.iter().chain(&found.unread);
    let mut unread: Vec<_> = unread.collect();
    unread.sort();
    unread.dedup();
    for (path, why) in unread {
        let found = format!("{} cannot be read: {why}", path.display());
        let remedy = format!("chmod u+rwx {0}; ls -ld {0}", quoted(path));
        checks.push(Check::fail(id, Kind::Other, found, remedy));
    }
    if checks.is_empty() {
        let dirs = count(found.projects.len(), "project");
        checks.push(Check::ok(
            id,
            format!("those of {dirs} and the program's own can be read"),
        ));
    }
    checks
}
