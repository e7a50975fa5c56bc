//! Journals that are something else: empty, endless, another plan's, edited by hand, no file at all, gone.

use std::{fs, os::unix::fs::symlink, path::Path};

use journal::{
    DamageKind::{self, AnchorBeyondTail, ChainBreak, Empty, Hole, NotAFrame, TooLong},
    MAX_LINE,
};
use modulatio::vault::{PlanLog, audit, replay, scan::Scanner};

use super::{
    bench::{Bench, remove},
    expected::{Expected, Harm, Place},
    sample::{WAITING, journal_of},
};
use crate::Figures;

/// All of them.
///
/// # Errors
/// Those of the lab itself.
pub(super) fn all(bench: &mut Bench<'_>, figures: &mut Figures) -> Result<(), String> {
    for harm in contents(bench)? {
        bench.show("odd journals", &harm, figures);
        bench.restore().map_err(|e| e.to_string())?;
    }
    for (what, put) in NO_FILES {
        remove(&bench.journal);
        put(&bench.journal).map_err(|e| format!("{what}: {e}"))?;
        no_file(bench, what, figures);
        bench.restore().map_err(|e| e.to_string())?;
    }
    Ok(())
}

fn contents(bench: &Bench<'_>) -> Result<Vec<Harm>, String> {
    let whole = &bench.sample.journal;
    let (frames, end) = (bench.sample.lines.len() as u64, whole.len() as u64);
    let other = fs::read(journal_of(&bench.root, WAITING)).map_err(|e| e.to_string())?;
    let at = |seq, offset, kinds: &[DamageKind]| {
        Expected::Damaged(Place {
            seq,
            offset,
            kinds: kinds.to_vec(),
        })
    };
    let first = |kinds: &[DamageKind]| at(0, 0, kinds);
    let lost = [AnchorBeyondTail, Empty];
    let behind = |more: &[u8]| [whole, more].concat();
    let torn = |bytes| Expected::Torn { frames, bytes };
    let text = String::from_utf8_lossy(whole);
    let second = bench.sample.bounds()[1];
    let holed = [&whole[..second], &[0; 512][..], b"\n", &whole[second..]].concat();
    let all: Vec<(&str, Vec<u8>, Expected)> = vec![
        ("empty", Vec::new(), first(&lost)),
        ("one newline", b"\n".to_vec(), first(&[NotAFrame])),
        ("zeros only", vec![0; 40_000], first(&lost)),
        ("a line without end", vec![b'x'; 100_000], first(&lost)),
        (
            "a line that is too long",
            vec![b'x'; MAX_LINE + 9],
            first(&[TooLong]),
        ),
        (
            "returns before newlines",
            text.replace('\n', "\r\n").into_bytes(),
            first(&[NotAFrame, ChainBreak]),
        ),
        (
            "a byte order mark",
            [b"\xef\xbb\xbf", &whole[..]].concat(),
            first(&[NotAFrame]),
        ),
        (
            "a note before it",
            [b"# mine\n", &whole[..]].concat(),
            first(&[NotAFrame]),
        ),
        (
            "a note behind it",
            behind(b"# mine\n"),
            at(frames, end, &[NotAFrame]),
        ),
        (
            "an empty line behind it",
            behind(b"\n"),
            at(frames, end, &[NotAFrame]),
        ),
        ("half a frame behind it", behind(b"{\"b3\":\"00"), torn(9)),
        ("zeros behind it", behind(&[0; 512]), torn(512)),
        ("zeros before frame 1", holed, at(1, second as u64, &[Hole])),
        (
            "another plan's journal",
            other.clone(),
            first(&[ChainBreak]),
        ),
        (
            "another plan's journal behind it",
            behind(&other),
            at(frames, end, &[DamageKind::Repeated]),
        ),
        (
            "twice",
            behind(whole),
            at(frames, end, &[DamageKind::Repeated]),
        ),
    ];
    let harms = all.into_iter().map(|(what, bytes, expected)| Harm {
        what: what.to_owned(),
        bytes,
        expected,
    });
    Ok(harms.collect())
}

type Put = fn(&Path) -> std::io::Result<()>;

/// What may stand under a journal's name and is no file.
const NO_FILES: [(&str, Put); 4] = [
    ("nothing in the journal's place", |_| Ok(())),
    ("a directory in the journal's place", |path| {
        fs::create_dir(path)
    }),
    ("a link to nowhere in the journal's place", |path| {
        symlink("/nowhere/at/all", path)
    }),
    ("a link to itself in the journal's place", |path| {
        symlink(path, path)
    }),
];

/// Nothing there can be read: that is told, and nobody begins the plan anew.
fn no_file(bench: &Bench<'_>, what: &str, figures: &mut Figures) {
    figures.add("journals that are no file", 1);
    let looked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let verdict = audit::verify(&bench.project, &bench.id, None);
        let checked = replay::check(&bench.project, &bench.id).is_ok();
        let found = Scanner::new(None).scan(&bench.vault);
        let runnable = found.map(|found| found.runnable).unwrap_or_default();
        let opened = PlanLog::open(&bench.project, &bench.id).is_ok();
        (verdict, checked, runnable, opened)
    }));
    let Ok((verdict, checked, runnable, opened)) = looked else {
        return figures.broken(format!("{what}: a panic"));
    };
    if verdict.is_whole() {
        figures.broken(format!("{what}: audit verify says {verdict:?}"));
    }
    if checked || opened {
        figures.broken(format!(
            "{what}: it is read ({checked}) or opened ({opened})"
        ));
    }
    if runnable.contains(&bench.id) || runnable.len() != 2 {
        figures.broken(format!("{what}: the scan offers {runnable:?}"));
    }
    bench.others(what, figures);
}
