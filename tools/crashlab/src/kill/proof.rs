//! What must hold when everything has come to rest.

use std::{collections::BTreeSet, fs};

use modulatio::{
    clock,
    vault::{DayKey, Vault},
};
use modulatio_tools::books::{Amount, Audit, Books, never_over};
use projections::{event::Event, plan::Status};

use super::{Ground, chaos::Done, journals, operators::SEALS, server::PARALLEL};
use crate::{
    Figures,
    ground::{History, held, temporary, words},
};

/// Every promise that can be looked at while plans may wait for a person.
pub(super) fn at_rest(ground: &Ground, done: &Done, figures: &mut Figures) -> Result<(), String> {
    let mut cuts = 0;
    for plan in &ground.plans {
        let history = match ground.yard.history(plan) {
            Ok(history) => history,
            Err(why) => {
                figures.broken(why);
                continue;
            }
        };
        cuts += journals::cuts(&history);
        for fault in journals::faults(&history) {
            figures.broken(format!("{plan}: {fault}"));
        }
        let said = done.words.iter().filter(|word| word.plan == *plan);
        for fault in words::faults(&history, said) {
            figures.broken(format!("{plan}: {fault}"));
        }
        if let Err(discord) = never_over(history.events()) {
            figures.broken(format!("{plan}: {discord}"));
        }
    }
    if cuts > done.interruptions {
        let strikes = done.interruptions;
        figures.broken(format!("calls were cut {cuts} times by {strikes} strikes"));
    }
    if let Some(audit) = audit(ground, figures)? {
        let most = usize::try_from(done.interruptions).unwrap_or(usize::MAX) * PARALLEL;
        if audit.lost_sales > most {
            figures.broken(format!("{} answers were paid and lost", audit.lost_sales));
        }
    }
    by_its_own_words(ground, figures)?;
    nothing_is_forgotten(ground, figures)?;
    nothing_is_left(ground, figures);
    nobody_panicked(ground, figures)
}

/// The journals, the ledgers and the server agree to the token.
fn audit(ground: &Ground, figures: &mut Figures) -> Result<Option<Audit>, String> {
    let mut books = Books::default();
    for plan in &ground.plans {
        let history = ground.yard.history(plan)?;
        let ledger = fs::read_to_string(ground.yard.of_plan(plan, ".usage.jsonl"));
        let entered = books.enter(&history.plan, history.events(), &ledger.unwrap_or_default());
        if let Err(discord) = entered {
            figures.broken(discord.to_string());
            return Ok(None);
        }
    }
    match books.agree_with(&ground.model.sold()) {
        Ok(audit) => {
            the_day_agrees(ground, &audit, figures)?;
            Ok(Some(audit))
        }
        Err(discord) => {
            figures.broken(discord.to_string());
            Ok(None)
        }
    }
}

/// The vault's day, two of them if midnight passed by the clock that each round of answers sets forward, has settled
/// what was paid, but for what a lost runner left open: whoever claims any plan next settles that.
fn the_day_agrees(ground: &Ground, audit: &Audit, figures: &mut Figures) -> Result<(), String> {
    let told = |e: modulatio::error::Error| e.told();
    let vault = Vault::open(ground.yard.root()).map_err(told)?;
    let passed = ground.yard.passed();
    let now = clock::now().plus_seconds(passed);
    let mut moments = vec![now.plus_seconds(-passed - 3_600), now];
    moments.dedup_by_key(|at| DayKey::of(*at));
    let mut booked = Amount::default();
    let mut open = BTreeSet::new();
    for at in moments {
        let day = vault.day_spent(at).map_err(told)?;
        booked = booked.plus(Amount {
            tokens: day.settled.tokens,
            micros: day.settled.cost.0,
        });
        open.extend(day.open.into_keys());
    }
    let mut late = Amount::default();
    for plan in &ground.plans {
        let history = ground.yard.history(plan)?;
        let id = &history.plan.id;
        for event in history.events() {
            if let Event::ModelCallCompleted(e) = event
                && open.contains(&(id.clone(), e.call_id.clone()))
            {
                late = late.plus(Amount {
                    tokens: e.usage.total(),
                    micros: e.cost.unwrap_or_default().0,
                });
            }
        }
    }
    if booked.plus(late) != audit.paid {
        let paid = audit.paid;
        figures.broken(format!(
            "the day has settled {booked:?}, and {late:?} is open; paid was {paid:?}"
        ));
    }
    Ok(())
}

/// What the program itself says of its vault.
fn by_its_own_words(ground: &Ground, figures: &mut Figures) -> Result<(), String> {
    for args in [
        &["audit", "verify", "--all"],
        &["replay", "--all", "--check"],
    ] {
        let ran = ground.yard.run(args)?;
        if ran.code != Some(0) {
            let (out, err) = (ran.out.trim(), ran.err.trim());
            figures.broken(format!("{}: {out}\n{err}", args.join(" ")));
        }
    }
    let doctor = ground.yard.run(&["doctor", "--offline"])?;
    let failed = doctor.out.lines().filter(|line| line.starts_with("[fail]"));
    for line in failed {
        figures.broken(format!("doctor: {line}"));
    }
    if !doctor.out.contains("[ok]") {
        figures.broken(format!("doctor: {doctor:?}"));
    }
    Ok(())
}

/// What somebody has seen in a journal is in it for good.
fn nothing_is_forgotten(ground: &Ground, figures: &mut Figures) -> Result<(), String> {
    let seals = fs::read_dir(ground.yard.beside(SEALS));
    for seal in seals.into_iter().flatten().flatten() {
        let file = seal.path().to_string_lossy().into_owned();
        let args = ["audit", "verify", "--all", "--against", &file];
        let ran = ground.yard.run(&args)?;
        if ran.code != Some(0) {
            let (out, err) = (ran.out.trim(), ran.err.trim());
            figures.broken(format!("{}: {out}\n{err}", args.join(" ")));
        }
    }
    Ok(())
}

/// A cache's temporary file goes with the next writer of the same cache, an hour later.
fn nothing_is_left(ground: &Ground, figures: &mut Figures) {
    let caches = ground.yard.path(".modulatio/memory");
    let mut left = temporary(ground.yard.root());
    left.retain(|path| !path.starts_with(&caches));
    for path in left {
        figures.broken(format!("a temporary file is left: {}", path.display()));
    }
    for path in held(ground.yard.root()) {
        figures.broken(format!("a lock is held by nobody: {}", path.display()));
    }
}

fn nobody_panicked(ground: &Ground, figures: &mut Figures) -> Result<(), String> {
    let logs = ground.yard.beside("logs");
    let logs = fs::read_dir(&logs).map_err(|e| format!("{}: {e}", logs.display()))?;
    for log in logs.flatten() {
        let text = fs::read(log.path()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let bad = |line: &&str| line.contains("panicked at") || line.contains("please report");
        for line in text.lines().filter(bad) {
            figures.broken(format!("{}: {line}", log.path().display()));
        }
    }
    Ok(())
}

/// Every plan has ended, and those that are done have made what they say.
pub(super) fn ended(ground: &Ground, figures: &mut Figures) -> Result<(), String> {
    for plan in &ground.plans {
        let history = ground.yard.history(plan)?;
        let status = &history.plan.status;
        if !status.name().is_terminal() {
            figures.broken(format!("{plan}: it never ended: {status:?}"));
        }
        if *status == Status::Done {
            made(ground, plan, &history, figures)?;
        }
    }
    Ok(())
}

/// The last contents that the journal names lie in the run's folder.
fn made(
    ground: &Ground,
    plan: &str,
    history: &History,
    figures: &mut Figures,
) -> Result<(), String> {
    let ran = ground.yard.run(&["plan", "artifacts", plan])?;
    let written = history.count("ArtifactWritten");
    if ran.code != Some(0)
        || written == 0
        || ran.out.contains(" changed ")
        || ran.out.contains(" missing ")
    {
        figures.broken(format!("{plan}: {written} artifacts: {ran:?}"));
    }
    Ok(())
}

/// The figures of the whole.
pub(super) fn tally(ground: &Ground, figures: &mut Figures) -> Result<(), String> {
    let mut paid = Figures::of("kill");
    if let Some(audit) = audit(ground, &mut paid)? {
        figures.add("calls sold", ground.model.sold().calls);
        figures.add("calls completed", audit.completed as u64);
        figures.add("calls in doubt", audit.in_doubt as u64);
        figures.add("of them sold", audit.doubtful_sales as u64);
        figures.add("of them answered in full", audit.lost_sales as u64);
    }
    for plan in &ground.plans {
        let history = ground.yard.history(plan)?;
        figures.add("claims", history.count("PlanClaimed") as u64);
        figures.add("plans done", u64::from(history.status() == "done"));
        figures.add(
            "sub-objectives finished",
            history.count("SubObjectiveFinished") as u64,
        );
        figures.add("tickets", history.plan.tickets.len() as u64);
        let tools = |event: &&Event| matches!(event, Event::ToolCallFinished(_));
        figures.add("tools run", history.events().filter(tools).count() as u64);
    }
    Ok(())
}
