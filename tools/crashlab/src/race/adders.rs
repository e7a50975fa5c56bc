//! Commands that add plans to one project at the same time.

use std::collections::BTreeSet;

use crate::{
    Figures,
    ground::{Yard, ran},
};

/// Plans that each of them adds.
const EACH: u32 = 3;

const TEXT: &str =
    "## Essay\n\n### Sub-objectives\n\n**1. Essay 1** — write it.\n- Files: essay1.md\n";

/// Every plan has a number of its own, none is lost, and no number is left out.
pub(super) fn race(yard: &Yard, writers: u32, figures: &mut Figures) -> Result<(), String> {
    let text = yard.beside("text.md");
    std::fs::write(&text, TEXT).map_err(|e| format!("{}: {e}", text.display()))?;
    let text = text.to_string_lossy().into_owned();
    let add = || -> Result<Vec<String>, String> {
        let mut ids = Vec::new();
        for _ in 0..EACH {
            let ran = ran(&mut yard.command(&["plan", "add", "ESS", &text]))?;
            match ran.code {
                Some(0) => ids.push(ran.out.trim().to_owned()),
                _ => return Err(format!("plan add: {ran:?}")),
            }
        }
        Ok(ids)
    };
    let added: Vec<_> = std::thread::scope(|scope| {
        let adders: Vec<_> = (0..writers).map(|_| scope.spawn(add)).collect();
        let joined = adders.into_iter().map(|adder| {
            let told = adder.join().map_err(|_| "an adder panicked".to_owned());
            told.and_then(|told| told)
        });
        joined.collect()
    });
    let mut ids = BTreeSet::new();
    for told in added {
        match told {
            Ok(added) => {
                for id in added {
                    if !ids.insert(id.clone()) {
                        figures.broken(format!("{id} was given twice"));
                    }
                }
            }
            Err(why) => figures.broken(why),
        }
    }
    let count = writers * EACH;
    figures.add("plans added at once", u64::from(count));
    let expected: BTreeSet<String> = (1..=count).map(|n| format!("ESS-P-{n:03}")).collect();
    if ids != expected {
        figures.broken(format!("{count} plans were added as {ids:?}"));
    }
    let ran = yard.run(&["replay", "--all", "--check"])?;
    if ran.code != Some(0) {
        figures.broken(format!("after {count} plans were added: {ran:?}"));
    }
    Ok(())
}
