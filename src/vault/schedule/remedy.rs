//! What an operator can do about a schedule that cannot be read: what is told here works when it is followed.

use projections::schedule::FILE;

use super::{
    super::{Vault, shell},
    log::path,
};

/// About a journal that is damaged. With the journal alone out of the way, the file that was made from it would still say
/// that there was one.
pub(super) fn of_damage(vault: &Vault) -> String {
    format!(
        "nothing is fired while it cannot be read; restore the file from a backup, or begin anew: {}; {}",
        shell::aside(&path(vault)),
        afresh(vault)
    )
}

/// About a journal that is gone, while what was made from it is there.
pub(super) fn of_loss(vault: &Vault) -> String {
    format!(
        "nothing is fired without it; restore the file from a backup, or begin anew: {}",
        afresh(vault)
    )
}

fn afresh(vault: &Vault) -> String {
    let aside = shell::aside(&vault.root().join(FILE));
    format!("{aside}; then add the jobs which that file lists, with `modulatio cron add`")
}
