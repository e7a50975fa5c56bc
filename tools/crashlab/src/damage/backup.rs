//! Older copies that were put back: of the journal alone, which the plan's file tells; of both, which only heads that
//! were kept elsewhere tell; and of both, after which the plan went on otherwise.

use std::{fs, path::Path};

use fastrand::Rng;
use journal::{Draft, LogName};
use modulatio::vault::{
    audit::{self, Verdict},
    replay::{self, Until},
};
use modulatio_tools::audit as tools;
use projections::{files, payload::Anchor};

use super::{
    bench::Bench,
    drawn,
    expected::{Expected, Harm, Place},
    sample::{PLAN, file_of},
};
use crate::Figures;

/// So many of all older copies.
///
/// # Errors
/// Those of the lab itself.
pub(super) fn all(
    bench: &mut Bench<'_>,
    many: usize,
    rng: &mut Rng,
    figures: &mut Figures,
) -> Result<(), String> {
    let bounds = bench.sample.bounds();
    let sealed = audit::head(&bench.project, &bench.id).map_err(|e| e.told())?;
    let sealed = sealed.ok_or("the sample has no head")?;
    let frames = bench.sample.lines.len();
    let older = drawn((0..frames).collect(), many, rng);
    for kept in &older {
        let place = Place {
            seq: *kept as u64,
            offset: bounds[*kept] as u64,
            kinds: vec![journal::DamageKind::AnchorBeyondTail],
        };
        let harm = Harm {
            what: format!("the journal restored as of {kept} frame(s)"),
            bytes: bench.sample.journal[..bounds[*kept]].to_vec(),
            expected: Expected::Damaged(place),
        };
        bench.show("older journals beside the plan's file", &harm, figures);
    }
    for kept in older.iter().filter(|kept| **kept > 0) {
        bench.restore().map_err(|e| e.to_string())?;
        together(bench, *kept, sealed, figures)?;
        gone_on(bench, *kept, sealed, figures)?;
    }
    bench.restore().map_err(|e| e.to_string())
}

/// Journal and file of an earlier day, put back together.
fn together(
    bench: &Bench<'_>,
    kept: usize,
    sealed: Anchor,
    figures: &mut Figures,
) -> Result<(), String> {
    figures.add("older journals with their older files", 1);
    let what = format!("journal and file restored as of {kept} frame(s)");
    let text = file_as_of(bench, kept)?;
    let end = bench.sample.bounds()[kept];
    put(&bench.journal, &bench.sample.journal[..end])?;
    put(&file_of(&bench.root, PLAN), text.as_bytes())?;
    match audit::verify(&bench.project, &bench.id, None) {
        Verdict::Whole { frames, .. } if frames == kept as u64 => {}
        other => figures.broken(format!("{what}: alone it should pass, not {other:?}")),
    }
    let place = Place {
        seq: kept as u64,
        offset: end as u64,
        kinds: Vec::new(),
    };
    compared(bench, &what, sealed, &place, figures);
    Ok(())
}

/// What the plan's file held then.
fn file_as_of(bench: &Bench<'_>, kept: usize) -> Result<String, String> {
    let until = Until::Seq(kept as u64 - 1);
    let read = replay::read(&bench.project, &bench.id, until, &mut |_, _, _| ());
    let plan = read.map_err(|e| e.told())?.plan;
    let plan = plan.ok_or("the sample has no first frame")?;
    let own = files::plan_path(&bench.id);
    let mut whole = files::whole(&plan).into_iter();
    let file = whole.find(|file| file.path == own);
    file.map(|file| file.text)
        .ok_or_else(|| "a plan is not rendered".to_owned())
}

/// That heads which were kept elsewhere tell, by both programs.
fn compared(bench: &Bench<'_>, what: &str, sealed: Anchor, place: &Place, figures: &mut Figures) {
    match audit::verify(&bench.project, &bench.id, Some(sealed)) {
        Verdict::Damaged { why } if why.contains(&place.told()) => {}
        other => figures.broken(format!("{what}: against its seal it is {other:?}")),
    }
    let head = tools::Head {
        name: PLAN.to_owned(),
        seq: sealed.seq,
        b3: journal::Hash(sealed.b3.0),
        path: format!("ess/plans/{PLAN}.journal.jsonl"),
    };
    match tools::compare(&bench.root, head).map(|compared| compared.held) {
        Ok(tools::Held::Broken(_)) => {}
        other => figures.broken(format!("{what}: modulatio-audit compare says {other:?}")),
    }
}

/// After that the plan went on, further than it had been: every frame is good, and some are not those.
fn gone_on(
    bench: &Bench<'_>,
    kept: usize,
    sealed: Anchor,
    figures: &mut Figures,
) -> Result<(), String> {
    figures.add("older journals that went on otherwise", 1);
    let name = LogName::parse(PLAN).map_err(|e| e.to_string())?;
    let told = |error: journal::Error| error.to_string();
    let mut log = bench.project.store().open(&name, None).map_err(told)?;
    log.catch_up(&mut |_| ()).map_err(told)?;
    let before = bench.sample.lines.len() as u64 - kept as u64;
    let draft = Draft {
        at: "2036-11-23T20:15:00.000000Z".to_owned(),
        epoch: 9,
        by: "lab".to_owned(),
        events: r#"[{"kind":"EditRejected","v":1,"file":"f","why":"of the lab"}]"#.to_owned(),
    };
    log.append(kept as u64, &vec![draft; before as usize + 1])
        .map_err(told)?;
    let bytes = fs::read(&bench.journal).map_err(|e| e.to_string())?;
    let lines = super::sample::lines_of(&bytes);
    let offset: usize = lines[..bench.sample.lines.len() - 1]
        .iter()
        .map(Vec::len)
        .sum();
    let place = Place {
        seq: sealed.seq,
        offset: offset as u64,
        kinds: Vec::new(),
    };
    let what = format!("restored as of {kept} frame(s) and gone on");
    compared(bench, &what, sealed, &place, figures);
    Ok(())
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::write(path, bytes).map_err(|e| format!("{}: {e}", path.display()))
}
