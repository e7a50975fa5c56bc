//! A crash point: what a power cut has left, and what had been promised by then.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use journal::sim::{Content, Image, SimDisk};

/// One disk after a power cut.
pub(super) struct Point {
    /// How to find it again: the scenario, its run, the step and the draw.
    pub(super) name: String,
    pub(super) image: Image,
    /// Where the lots of a cut in its recovery begin.
    pub(super) lots: u64,
    /// Below what the image's paths lie.
    pub(super) root: PathBuf,
    pub(super) logs: Logs,
    /// What the product had made by other means than its disk, synced: agents' files.
    pub(super) others: Vec<(PathBuf, Vec<u8>)>,
    /// How closely it is looked at.
    pub(super) look: Look,
}

/// How closely a survivor is looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Look {
    /// Whether the power is cut again, at every step of the recovery.
    pub(super) again: bool,
    /// Whether the product's own check is asked as well.
    pub(super) checked: bool,
    /// Whether the plans go on to their end.
    pub(super) goes_on: bool,
}

/// Every log of the vault, by path below its root.
#[derive(Clone, Debug, Default)]
pub(super) struct Logs(pub(super) BTreeMap<PathBuf, Log>);

/// A log at the moment of the cut.
#[derive(Clone, Debug)]
pub(super) struct Log {
    /// What a sync covers: acknowledged, or about to be.
    pub(super) durable: Vec<u8>,
    /// What programs saw, a frame in flight included.
    pub(super) visible: Vec<u8>,
}

impl Logs {
    /// Those that lie in the real directory `root` and on `sim`.
    pub(super) fn at(root: &Path, sim: &SimDisk, known: &[PathBuf]) -> Self {
        let log = |path: &PathBuf| {
            let visible = std::fs::read(path).ok()?;
            let durable = sim
                .durable(path)
                .map(|Content { bytes, .. }| bytes.to_vec());
            let durable = durable.unwrap_or_default();
            Some((
                path.strip_prefix(root).ok()?.to_owned(),
                Log { durable, visible },
            ))
        };
        Self(known.iter().filter_map(log).collect())
    }
}

impl Log {
    /// That `found` is what was acknowledged, and at most one frame more, whole.
    pub(super) fn allows(&self, found: &[u8]) -> Result<(), String> {
        if !found.starts_with(&self.durable) {
            return Err(format!(
                "{} acknowledged bytes are not all there: {} found",
                self.durable.len(),
                found.len()
            ));
        }
        let more = &found[self.durable.len()..];
        if !self.visible.starts_with(found) {
            let own = String::from_utf8_lossy(&found[common(found, &self.visible)..]);
            return Err(format!("recovery wrote of its own accord: {own}"));
        }
        if !(found.is_empty() || found.ends_with(b"\n")) {
            return Err("it ends in the middle of a frame".to_owned());
        }
        match more.iter().filter(|byte| **byte == b'\n').count() {
            0 | 1 => Ok(()),
            frames => Err(format!("{frames} frames more than were acknowledged")),
        }
    }
}

fn common(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(a, b)| a == b).count()
}
