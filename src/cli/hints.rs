//! Ids that somebody may have meant: behind an error that says that there is no such plan, ticket, project or job, and
//! behind one of the command line's own that refuses an id's form. Only names in directories are looked at, and the
//! schedule.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue};
use projections::ids::{JobId, PlanId, ProjectCode, TicketId};

use super::{args::Args, known};
use crate::{
    error::Error,
    nearest::near,
    schedule::Refused,
    vault::{Vault, schedule},
};

/// What to do next, for an error of a command.
pub(super) fn of(args: &Args, error: &Error) -> Option<String> {
    near_to(args, error).or_else(|| error.hint())
}

fn near_to(args: &Args, error: &Error) -> Option<String> {
    let (meant, list) = match error {
        Error::NoPlan(id) => (plans(&args.vault().ok()?, &id.to_string()), "plan list"),
        Error::NoProject { code, .. } => {
            let vault = args.vault().ok()?;
            (projects(&vault, &code.to_string()), "project list")
        }
        Error::NoTicket(id) => {
            let vault = args.vault().ok()?;
            if let Some(place) = known::archived_ticket(&vault, id) {
                return Some(format!("it went into the archive with its plan: {place}"));
            }
            (tickets(&vault, &id.to_string()), "ticket list --all")
        }
        Error::Schedule(Refused::NoJob(id)) => {
            (jobs(&args.vault().ok()?, &id.to_string()), "cron list")
        }
        _ => return None,
    };
    let nearest = match meant.as_slice() {
        [] => return None,
        [one] => format!("the nearest is {one}"),
        [rest @ .., last] => format!("the nearest are {} and {last}", rest.join(", ")),
    };
    Some(format!("{nearest}; see `modulatio {list}`"))
}

/// Adds what may have been meant to an error about an id's form.
pub(super) fn add_to(error: &mut clap::Error) {
    let (Some(ContextValue::String(argument)), Some(ContextValue::String(value))) = (
        error.get(ContextKind::InvalidArg),
        error.get(ContextKind::InvalidValue),
    ) else {
        return;
    };
    let words: Vec<OsString> = std::env::args_os().collect();
    let Some(vault) = known::vault_of_line(&words) else {
        return;
    };
    // `<PLAN>`, `[PLAN]`, `--plan <PLAN>`
    let name = argument.trim_end_matches(['>', ']', '.']);
    let name = name.rsplit(['<', '[']).next().unwrap_or(name);
    let meant = match name {
        "PLAN" => plans(&vault, value),
        "JOB" => jobs(&vault, value),
        "TICKET" => tickets(&vault, value),
        "PROJECT" | "CODE" => projects(&vault, value),
        _ => Vec::new(),
    };
    if !meant.is_empty() {
        error.insert(ContextKind::SuggestedValue, ContextValue::Strings(meant));
    }
}

fn plans(vault: &Vault, word: &str) -> Vec<String> {
    let number = number_of(word);
    let apart = |id: &PlanId| (number.abs_diff(id.number()), id.clone());
    let known = known::plans(vault).into_iter();
    let known = known.map(|plan| (alike(&plan.id.to_string()), plan.id));
    texts(near(&alike(word), known, apart))
}

fn jobs(vault: &Vault, word: &str) -> Vec<String> {
    let number = number_of(word);
    let apart = |id: &JobId| (number.abs_diff(id.number()), id.clone());
    let schedule = schedule::read(vault).unwrap_or_default();
    let known = schedule.present().map(|job| job.id.clone());
    let known = known.map(|id| (alike(&id.to_string()), id));
    texts(near(&alike(word), known, apart))
}

fn tickets(vault: &Vault, word: &str) -> Vec<String> {
    let number = number_of(word);
    let apart = |id: &TicketId| (number.abs_diff(id.number()), id.clone());
    let known = known::tickets(vault).into_iter();
    let known = known.map(|ticket| (alike(&ticket.id.to_string()), ticket.id));
    texts(near(&alike(word), known, apart))
}

fn projects(vault: &Vault, word: &str) -> Vec<String> {
    let known = known::projects(vault).into_iter();
    let known = known.map(|project| project.code().clone());
    let known = known.map(|code| (code.to_string(), code));
    texts(near(word, known, ProjectCode::clone))
}

fn texts<T: ToString>(ids: Vec<T>) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

/// An id without what two spellings of it may differ in: case, zeros before the number, the longer style of plans.
fn alike(id: &str) -> String {
    let id = id.to_uppercase().replace("-PLAN-", "-P-");
    let digits = id.chars().rev().take_while(char::is_ascii_digit).count();
    let (name, number) = id.split_at(id.len() - digits);
    format!("{name}{}", number.trim_start_matches('0'))
}

fn number_of(id: &str) -> u32 {
    let digits = id.rsplit(|c: char| !c.is_ascii_digit()).next();
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{alike, number_of};

    #[test]
    fn spellings_of_one_id_are_alike() {
        for id in ["ESS-P-001", "ess-p-1", "ESS-PLAN-01", "Ess-Plan-1"] {
            assert_eq!((alike(id).as_str(), number_of(id)), ("ESS-P-1", 1), "{id}");
        }
        assert_eq!((alike("ESS-0"), number_of("ESS-0")), ("ESS-".to_owned(), 0));
        assert_eq!((alike("ess"), number_of("ess")), ("ESS".to_owned(), 0));
        assert_eq!(
            (alike("ESS-12"), number_of("ESS-12")),
            ("ESS-12".to_owned(), 12)
        );
        assert_eq!((alike("é-ü7"), number_of("é-ü7")), ("É-Ü7".to_owned(), 7));
    }
}
