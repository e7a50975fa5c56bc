//! An editor of the plan's file, beside commands that change the plan: nothing that is saved is lost.

use std::{
    fs,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use projections::event::Event;

use crate::ground::{History, PATIENCE, Yard, in_time};

/// Saves one edit after the other, each with a word of its own, as soon as the last one was taken in or refused.
pub(super) fn edit(
    yard: &Yard,
    plan: &str,
    mut chance: fastrand::Rng,
    stop: &AtomicBool,
) -> Result<Vec<String>, String> {
    let mut edits = Vec::new();
    let file = yard.of_plan(plan, ".md");
    while !stop.load(Ordering::Relaxed) {
        let word = format!("e{}", edits.len());
        let Ok(text) = fs::read_to_string(&file) else {
            return Err(format!("{}: it is gone", file.display()));
        };
        if !text.starts_with("---\n") {
            return Err(format!("{}: torn: {text:?}", file.display()));
        }
        let kept = text.lines().filter(|line| !line.starts_with("mood: "));
        let kept: String = kept.map(|line| format!("{line}\n")).collect();
        let edited = kept.replacen("---\n", &format!("---\nmood: {word}\n"), 1);
        let saved = if chance.bool() {
            fs::write(&file, &edited)
        } else {
            let other = file.with_extension("swp");
            fs::write(&other, &edited).and_then(|()| fs::rename(&other, &file))
        };
        saved.map_err(|e| format!("{}: {e}", file.display()))?;
        edits.push(word.clone());
        // Commands and daemons come by all the time; the last of them may be gone.
        in_time(PATIENCE, || {
            stop.load(Ordering::Relaxed) || is_known(yard, plan, &word)
        });
        std::thread::sleep(Duration::from_millis(chance.u64(0..30)));
    }
    Ok(edits)
}

fn is_known(yard: &Yard, plan: &str, word: &str) -> bool {
    let history = yard.history(plan);
    history.is_ok_and(|history| times_taken(&history, word) > 0) || is_kept(yard, plan, word)
}

/// Edits that are neither in the journal nor kept beside the file, and those that were taken over twice.
pub(super) fn faults(yard: &Yard, plan: &str, history: &History, edits: &[String]) -> Vec<String> {
    let fault = |word: &String| match times_taken(history, word) {
        0 if is_kept(yard, plan, word) => None,
        0 => Some(format!("the edit {word} is lost")),
        1 => None,
        times => Some(format!("the edit {word} was taken over {times} times")),
    };
    edits.iter().filter_map(fault).collect()
}

fn times_taken(history: &History, word: &str) -> usize {
    let line = format!("mood: {word}\n");
    let says = |event: &&Event| {
        let Event::PlanRevised(e) = event else {
            return false;
        };
        let entries = e.head.iter().flat_map(|head| &head.0);
        entries
            .filter_map(|entry| entry.own.as_deref())
            .any(|own| own == line)
    };
    history.events().filter(says).count()
}

/// What was refused lies beside the file.
fn is_kept(yard: &Yard, plan: &str, word: &str) -> bool {
    let names = fs::read_dir(yard.path("ess/plans"));
    let line = format!("\nmood: {word}\n");
    names.into_iter().flatten().flatten().any(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        let beside = name.starts_with(&format!("{plan}.md.")) || name.contains("rejected");
        beside && fs::read_to_string(entry.path()).is_ok_and(|text| text.contains(&line))
    })
}
