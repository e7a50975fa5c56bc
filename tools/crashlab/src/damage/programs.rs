//! The real binaries on damaged vaults: each command says so by its exit code, none panics, none writes to what is
//! damaged, and the daemon runs the plan that is whole.

use std::{fs, path::Path};

use fastrand::Rng;

use super::sample::{OTHER, PLAN, Sample, WAITING, journal_of, lines_of};
use crate::Figures;

/// A command, its arguments, and how it must end on a damaged plan; `None` where that depends on the harm.
type Word = (&'static str, &'static [&'static str], Option<i32>);

/// Exit code for damage.
const DAMAGED: Option<i32> = Some(7);

/// Commands that read, of both programs.
const WORDS: [Word; 17] = [
    ("modulatio", &["audit", "verify", "--all"], DAMAGED),
    ("modulatio", &["audit", "verify", PLAN], DAMAGED),
    ("modulatio", &["audit", "verify", PLAN, "--json"], DAMAGED),
    ("modulatio", &["audit", "seal"], None),
    ("modulatio", &["replay", PLAN], DAMAGED),
    ("modulatio", &["replay", PLAN, "--json"], DAMAGED),
    ("modulatio", &["replay", PLAN, "--check"], DAMAGED),
    ("modulatio", &["replay", "--all", "--check"], DAMAGED),
    ("modulatio", &["replay", PLAN, "--write"], DAMAGED),
    ("modulatio", &["logs", PLAN], DAMAGED),
    ("modulatio", &["plan", "show", PLAN], DAMAGED),
    ("modulatio", &["plan", "list"], None),
    ("modulatio", &["plan", "cancel", PLAN], DAMAGED),
    ("modulatio", &["doctor"], None),
    ("modulatio-audit", &["verify"], None),
    ("modulatio-audit", &["dump"], None),
    ("modulatio-audit", &["state"], None),
];

/// So many damaged vaults.
///
/// # Errors
/// Those of the lab itself.
pub(super) fn all(
    sample: &Sample,
    runs: usize,
    rng: &mut Rng,
    figures: &mut Figures,
) -> Result<(), String> {
    for _ in 0..runs {
        figures.add("vaults under the real binaries", 1);
        let (_dir, root) = sample.copy()?;
        let what = harm(&root, PLAN, rng)?;
        let waiting = harm(&root, WAITING, rng)?;
        let what = format!("{PLAN} {what}, {WAITING} {waiting}");
        let before = [PLAN, WAITING].map(|plan| fs::read(journal_of(&root, plan)).ok());
        words(sample, &root, &what, figures)?;
        let ran = sample
            .binaries
            .run("modulatio", &root, &["daemon", "--until-idle"])?;
        panics(&what, "daemon", &ran, figures);
        let shown = sample.binaries.run("modulatio", &root, &["plan", "list"])?;
        let list = String::from_utf8_lossy(&shown.stdout).into_owned();
        let line = |plan: &str| {
            list.lines()
                .find(|line| line.starts_with(plan))
                .unwrap_or_default()
        };
        if !line(OTHER).contains(" done ") {
            figures.broken(format!("{what}: {OTHER} did not run beside them: {list}"));
        }
        if !line(WAITING).contains(" damaged ") {
            figures.broken(format!(
                "{what}: {WAITING} is not listed as damaged: {list}"
            ));
        }
        let after = [PLAN, WAITING].map(|plan| fs::read(journal_of(&root, plan)).ok());
        if before != after {
            figures.broken(format!("{what}: a damaged journal was written to"));
        }
    }
    Ok(())
}

fn words(sample: &Sample, root: &Path, what: &str, figures: &mut Figures) -> Result<(), String> {
    let journal = journal_of(root, PLAN).display().to_string();
    for (program, words, code) in WORDS {
        figures.add("commands on damaged vaults", 1);
        let mut words = words.to_vec();
        if program == "modulatio-audit" {
            words.push(&journal);
        }
        let ran = sample.binaries.run(program, root, &words)?;
        let named = words.join(" ");
        panics(what, &named, &ran, figures);
        if code.is_some() && ran.status.code() != code {
            let said = String::from_utf8_lossy(&ran.stderr);
            figures.broken(format!(
                "{what}: {program} {named} ends with {}: {said}",
                ran.status
            ));
        }
    }
    Ok(())
}

fn panics(what: &str, words: &str, ran: &std::process::Output, figures: &mut Figures) {
    let said = String::from_utf8_lossy(&ran.stderr);
    if ran.status.code().is_none_or(|code| code > 100) || said.contains("panicked") {
        figures.broken(format!("{what}: {words} ends with {}: {said}", ran.status));
    }
}

/// Damages a plan's journal so that the plan's file or the chain must tell.
fn harm(root: &Path, plan: &str, rng: &mut Rng) -> Result<String, String> {
    let path = journal_of(root, plan);
    let mut bytes = fs::read(&path).map_err(|e| e.to_string())?;
    let mut lines = lines_of(&bytes);
    let what = match rng.u8(..8) {
        0 => {
            let removed = rng.usize(..lines.len());
            lines.remove(removed);
            bytes = lines.concat();
            format!("without frame {removed}")
        }
        1 => {
            let repeated = rng.usize(..lines.len());
            lines.insert(repeated, lines[repeated].clone());
            bytes = lines.concat();
            format!("with frame {repeated} twice")
        }
        2 => {
            let (one, other) = (rng.usize(..lines.len() - 1), lines.len() - 1);
            lines.swap(one, other);
            bytes = lines.concat();
            format!("with frames {one} and {other} swapped")
        }
        3 => {
            bytes.truncate(rng.usize(..bytes.len()));
            format!("cut to {} bytes", bytes.len())
        }
        4 => {
            bytes = fs::read(journal_of(root, OTHER)).map_err(|e| e.to_string())?;
            "with another plan's journal".to_owned()
        }
        _ => {
            let (at, bit) = (rng.usize(..bytes.len()), rng.usize(..8));
            bytes[at] ^= 1 << bit;
            format!("with bit {bit} of byte {at} flipped")
        }
    };
    fs::write(&path, bytes).map_err(|e| e.to_string())?;
    Ok(what)
}
