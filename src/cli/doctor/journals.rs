//! Journals: is every one what it was?

use std::path::Path;

use super::{
    check::{Check, Kind, capped},
    ground::{Ground, VaultGround},
    words::{count, list, quoted},
};
use crate::vault::health::{Journal, OwnJournal, PlanHealth};

/// Are the plans' journals whole?
pub(super) fn of_plans(ground: &Ground) -> Vec<Check> {
    let id = "journals";
    let Some(found) = ground.vault() else {
        return Vec::new();
    };
    let bad = |plan: &PlanHealth| of_plan(ground, found, id, plan);
    let all = format!("{} audit verify --all", ground.program);
    let mut checks = capped(found.plans.iter().filter_map(bad).collect(), &all);
    let whole = found.plans.iter().filter_map(|plan| match plan.journal {
        Journal::Whole { frames, .. } => Some(frames),
        _ => None,
    });
    let (journals, frames) = whole.fold((0, 0), |(n, sum), frames| (n + 1, sum + frames));
    if journals > 0 || checks.is_empty() {
        let found = format!(
            "{} of plans whole, {frames} frames verified; whether the files follow from them says {} replay --all --check",
            count(journals, "journal"),
            ground.program,
        );
        checks.push(Check::ok(id, found));
    }
    checks
}

fn of_plan(
    ground: &Ground,
    found: &VaultGround,
    id: &'static str,
    plan: &PlanHealth,
) -> Option<Check> {
    let project = found.vault.root().join(plan.id.project().directory());
    let file = project
        .join("plans")
        .join(format!("{}.journal.jsonl", plan.id));
    let backup = format!("restore {} from a backup", quoted(&file));
    let program = &ground.program;
    match &plan.journal {
        Journal::Whole { .. } | Journal::NotTakenIn | Journal::Refused(_) => None,
        Journal::Damaged(why) => Some(Check::fail(
            id,
            Kind::Corruption,
            format!("{}: {why}", plan.id),
            format!(
                "{backup}; {program} replay {} shows what is whole before the damage. Other plans go on",
                plan.id
            ),
        )),
        Journal::Gone(why) => Some(Check::fail(
            id,
            Kind::Corruption,
            format!("{}: {why}", plan.id),
            backup,
        )),
        Journal::Unreadable(why) => Some(Check::fail(
            id,
            Kind::Other,
            format!("{}: {why}", plan.id),
            format!("chmod u+rw {0}; ls -l {0}", quoted(&file)),
        )),
    }
}

/// Are the vault's own journals whole: numbers, days, and whatever else there is?
pub(super) fn own(ground: &Ground) -> Vec<Check> {
    let id = "own-journals";
    let Some(found) = ground.vault() else {
        return Vec::new();
    };
    let bad = |journal: &OwnJournal| {
        let error = journal.frames.as_ref().err()?;
        let (told, path) = (error.told(), quoted(&journal.path));
        Some(if error.is_passing() {
            Check::fail(
                id,
                Kind::Other,
                told,
                format!("chmod u+rw {path}; ls -l {path}"),
            )
        } else {
            Check::fail(id, Kind::Corruption, told, remedy(&journal.path))
        })
    };
    let mut checks: Vec<Check> = found.journals.iter().filter_map(bad).collect();
    let whole = found
        .journals
        .iter()
        .filter(|journal| journal.frames.is_ok())
        .count();
    if whole > 0 || checks.is_empty() {
        checks.push(Check::ok(
            id,
            format!("{} of the vault's own whole", count(whole, "journal")),
        ));
    }
    checks
}

/// What the rest of the program says that may be done with a damaged one.
fn remedy(path: &Path) -> String {
    let aside = format!("mv {0} {0}.damaged", quoted(path));
    let dir = path.parent().and_then(Path::file_name).unwrap_or_default();
    match dir.to_string_lossy().as_ref() {
        "spend" => {
            format!("{aside}; the day is opened anew with what the plans' journals say was spent")
        }
        "numbers" => format!(
            "restore it from a backup, or {aside}; numbers then go on above the highest plan and ticket that are there"
        ),
        // Its error says what else can be done.
        _ => format!("restore {} from a backup", quoted(path)),
    }
}

/// Did a crash leave half a frame? That is no damage.
pub(super) fn torn(ground: &Ground) -> Vec<Check> {
    let id = "torn-tails";
    let Some(found) = ground.vault() else {
        return Vec::new();
    };
    let plans = found.plans.iter().filter_map(|plan| match plan.journal {
        Journal::Whole { torn, .. } if torn > 0 => Some(plan.id.to_string()),
        _ => None,
    });
    let own = found.journals.iter().filter(|journal| journal.torn > 0);
    let own = own.map(|journal| journal.path.display().to_string());
    let torn: Vec<String> = plans.chain(own).collect();
    vec![Check::ok(
        id,
        match torn.is_empty() {
            true => "no journal ends in an unfinished frame".to_owned(),
            false => format!(
                "an unfinished frame that was never acknowledged ends {}: the next writer moves it aside",
                list(torn)
            ),
        },
    )]
}
