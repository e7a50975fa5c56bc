//! Commands that hammer on one plan at the same time, while an editor edits its file and a daemon may run it.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{editor, line};
use crate::{
    Figures,
    ground::{
        Daemon, PATIENCE, Signal, Yard, in_time, ran, temporary,
        words::{Fate, Word},
    },
};

/// What each of them says, one word after the other.
const WORDS: u32 = 6;

/// As old as a leftover must be to be put away, and more.
const LATER: i64 = 120;

/// One plan: a draft that nobody runs in every other round, else one that a daemon is running.
pub(super) fn race(
    yard: &mut Yard,
    writers: u32,
    round: u32,
    chance: &mut fastrand::Rng,
    figures: &mut Figures,
) -> Result<(), String> {
    let plan = yard.add("ESS", &text(8))?;
    let mut daemon = None;
    if round % 2 == 1 {
        yard.approve(&plan)?;
        let started = Daemon::start(yard, "daemon.log", &[], &[])?;
        if !in_time(PATIENCE, || started.log().contains("claiming")) {
            return Err(format!("{plan}: no daemon claims it"));
        }
        daemon = Some(started);
    }
    let before = yard.history(&plan)?.frames().len();
    let (words, edits) = all_at_once(yard, &plan, writers, chance)?;
    if let Some(mut daemon) = daemon {
        daemon.send(Signal::TERM);
        daemon.wait();
    }
    // Takes in what the editor wrote last, renders what is missing, and keeps aside what a killed command had displaced:
    // that, only when nobody can be writing it any more.
    yard.pass(LATER)?;
    yard.must(&["daemon", "--until-idle"])?;
    let history = yard.history(&plan)?;
    tally(&words, edits.len(), figures);
    let mut faults = line::faults(&history, before, &words);
    faults.extend(editor::faults(yard, &plan, &history, &edits));
    let left = temporary(yard.root());
    faults.extend(
        left.iter()
            .map(|path| format!("{} is left", path.display())),
    );
    for args in [
        &["replay", &plan, "--check"][..],
        &["audit", "verify", &plan],
    ] {
        let ran = yard.run(args)?;
        if ran.code != Some(0) {
            faults.push(format!("{}: {ran:?}", args.join(" ")));
        }
    }
    for fault in faults {
        figures.broken(format!("round {round}: {plan}: {fault}"));
    }
    Ok(())
}

/// So many commands at a time, and an editor; returns what was said and what was written.
fn all_at_once(
    yard: &Yard,
    plan: &str,
    writers: u32,
    chance: &mut fastrand::Rng,
) -> Result<(Vec<Word>, Vec<String>), String> {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let lots = chance.fork();
        let editor = scope.spawn(|| editor::edit(yard, plan, lots, &stop));
        let lots: Vec<_> = (0..writers).map(|_| chance.fork()).collect();
        let speaking: Vec<_> = (0..writers)
            .zip(lots)
            .map(|(writer, lots)| scope.spawn(move || speak(yard, plan, writer, lots)))
            .collect();
        let said: Result<Vec<_>, String> = speaking
            .into_iter()
            .map(|writer| writer.join().map_err(|_| "a writer panicked")?)
            .collect();
        stop.store(true, Ordering::Relaxed);
        let edits = editor.join().map_err(|_| "the editor panicked")??;
        Ok((said?.concat(), edits))
    })
}

fn text(sub_objectives: u32) -> String {
    let items: Vec<String> = (1..=sub_objectives)
        .map(|n| format!("**{n}. Essay {n}** — write it.\n- Files: essay{n}.md\n"))
        .collect();
    format!("## Essays\n\n### Sub-objectives\n\n{}", items.join("\n"))
}

fn tally(words: &[Word], edits: usize, figures: &mut Figures) {
    let count = |fate: fn(&Fate) -> bool| words.iter().filter(|w| fate(&w.fate)).count() as u64;
    figures.add("words", words.len() as u64);
    figures.add("words applied", count(|fate| *fate == Fate::Applied));
    figures.add(
        "words refused",
        count(|fate| matches!(fate, Fate::Refused(_))),
    );
    figures.add("words cut by a kill", count(|fate| *fate == Fate::Killed));
    figures.add("edits by hand", edits as u64);
}

/// Says some words, each with a mark of its own by which its frame is known.
fn speak(
    yard: &Yard,
    plan: &str,
    writer: u32,
    mut chance: fastrand::Rng,
) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    for n in 0..WORDS {
        let mark = format!("w{writer}-{n}");
        let number = (1_000_000 + writer * 1_000 + n).to_string();
        // Who ends it too early has nothing left to race for.
        let may_end = n + 2 > WORDS;
        let (args, mark): (&[&str], &str) = match chance.u32(0..100) {
            0..30 => (&["approve", plan, "--note", &mark], &mark),
            30..55 => (&["pause", plan, "--note", &mark], &mark),
            55..70 => (&["resume", plan, "--note", &mark], &mark),
            70..73 if may_end => (&["cancel", plan, "--note", &mark], &mark),
            73..75 if may_end => (&["cancel", plan, "--force", "--note", &mark], &mark),
            75..77 => (&["decline", plan, "--note", &mark], &mark),
            _ => (&["edit-budget", plan, "--max-tokens", &number], &number),
        };
        let mut command = yard.command(&[&["plan"], args].concat());
        let dies = chance.u32(0..10) == 0;
        if dies {
            let point = chance.choice(["before-append", "after-append", "after-render"]);
            let fault = format!("kill-{}:1", point.unwrap_or("after-append"));
            command.env("MODULATIO_FAULT", fault);
        }
        let ran = ran(&mut command)?;
        words.push(Word {
            said: args.join(" "),
            plan: plan.to_owned(),
            mark: mark.to_owned(),
            fate: Fate::of(&ran, dies),
        });
    }
    Ok(words)
}
