//! Long texts beside the journal: gone, changed, shortened, grown, or no file.

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
};

use fastrand::Rng;
use modulatio::vault::{
    PlanLog,
    audit::{self, Verdict},
    replay,
};

use super::bench::{Bench, remove};
use crate::Figures;

/// So many flips of each blob, and the rest of what may happen to it; every 64th bit for 0.
///
/// # Errors
/// Those of the lab itself.
pub(super) fn all(
    bench: &mut Bench<'_>,
    many: usize,
    rng: &mut Rng,
    figures: &mut Figures,
) -> Result<(), String> {
    bench.restore().map_err(|e| e.to_string())?;
    let blobs = files_below(&bench.root.join("ess/blobs")).map_err(|e| e.to_string())?;
    figures.add("blobs", blobs.len() as u64);
    for path in blobs {
        let whole = fs::read(&path).map_err(|e| e.to_string())?;
        for (what, bytes) in harms(&whole, many, rng) {
            remove(&path);
            match bytes {
                Some(bytes) => fs::write(&path, bytes).map_err(|e| e.to_string())?,
                None if what.contains("directory") => {
                    fs::create_dir(&path).map_err(|e| e.to_string())?;
                }
                None => {}
            }
            look(bench, &path, &what, figures);
        }
        remove(&path);
        fs::write(&path, &whole).map_err(|e| e.to_string())?;
    }
    Ok(())
}

type Changed = (String, Option<Vec<u8>>);

fn harms(whole: &[u8], many: usize, rng: &mut Rng) -> Vec<Changed> {
    let flipped = |at: usize, bit: usize| {
        let mut bytes = whole.to_vec();
        bytes[at] ^= 1 << bit;
        (format!("bit {bit} of byte {at} flipped"), Some(bytes))
    };
    let mut all: Vec<Changed> = match many {
        0 => (0..whole.len() * 8)
            .step_by(64)
            .map(|bit| flipped(bit / 8, (bit / 64) % 8))
            .collect(),
        _ => (0..many)
            .map(|_| flipped(rng.usize(..whole.len()), rng.usize(..8)))
            .collect(),
    };
    for length in [0, 1, whole.len() / 2, whole.len() - 1] {
        all.push((
            format!("cut to {length} bytes"),
            Some(whole[..length].to_vec()),
        ));
    }
    all.push(("grown".to_owned(), Some([whole, b"\n"].concat())));
    all.push(("gone".to_owned(), None));
    all.push(("a directory".to_owned(), None));
    all
}

fn look(bench: &Bench<'_>, path: &Path, what: &str, figures: &mut Figures) {
    figures.add("blobs harmed", 1);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let what = format!("blob {name:.12} {what}");
    let looked = catch_unwind(AssertUnwindSafe(|| {
        let verdict = audit::verify(&bench.project, &bench.id, None);
        let missing = replay::missing_content(&bench.project, &bench.id);
        let _ = replay::check(&bench.project, &bench.id);
        // What is said in blobs is not needed to open a plan.
        let opened = PlanLog::open(&bench.project, &bench.id).map(drop);
        (verdict, missing, opened)
    }));
    let Ok((verdict, missing, opened)) = looked else {
        return figures.broken(format!("{what}: a panic"));
    };
    if !matches!(&verdict, Verdict::Damaged { why } if why.contains(&*name)) {
        figures.broken(format!("{what}: audit verify says {verdict:?}"));
    }
    let named = missing.map(|found| found.iter().filter(|one| one.path.contains(&*name)).count());
    if !matches!(named, Ok(count) if count > 0) {
        figures.broken(format!("{what}: what is missing is {named:?}"));
    }
    if let Err(error) = opened {
        figures.broken(format!(
            "{what}: the plan cannot be opened: {}",
            error.told()
        ));
    }
    if fs::read(&bench.journal).ok().as_ref() != Some(&bench.sample.journal) {
        figures.broken(format!("{what}: the journal was written to"));
    }
    bench.others(&what, figures);
}

fn files_below(dir: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        match path.is_dir() {
            true => found.extend(files_below(&path)?),
            false => found.push(path),
        }
    }
    Ok(found)
}
