//! Which argument of which command is what, and what of it makes sense there.

use projections::{event::StatusName, schedule::Standing};

use crate::vault::Part;

/// What an argument names.
pub(super) enum Subject {
    /// A plan that stands so; archived ones too where they can be read.
    Plan {
        wanted: fn(StatusName) -> bool,
        archived: bool,
    },
    /// A ticket; only those that can be answered.
    Ticket { open: bool },
    /// A project's code.
    Project,
    /// A job of the schedule that stands so.
    Job { wanted: fn(&Standing) -> bool },
    /// A model by its name in the configuration.
    Model,
    /// A prompt by its name.
    Prompt,
    /// An artifact of the plan that the line names.
    Artifact,
    /// A file of the memory, in one of these parts of it.
    Memory { parts: &'static [Part] },
}

/// What the argument `id` of the command at `path` (`plan approve`) names. An argument of a further kind of things gets
/// an arm here and a `Subject`, and `candidates` says how they are found.
pub(super) fn of(path: &str, id: &str) -> Option<Subject> {
    match (id, path) {
        // A new one's.
        ("code", "project add") => None,
        ("plan" | "plans", path) => Some(Subject::Plan {
            wanted: standing(path),
            archived: matches!(
                path,
                "plan show" | "plan artifacts" | "replay" | "audit verify"
            ),
        }),
        ("ticket", path) => Some(Subject::Ticket {
            open: path != "ticket show",
        }),
        ("code" | "project", _) => Some(Subject::Project),
        ("job", path) => Some(Subject::Job {
            wanted: job_standing(path),
        }),
        ("entry" | "entries", path) => Some(Subject::Memory {
            parts: match path {
                "memory promote" => &[Part::Proposed],
                "memory remove" => &[Part::Kept, Part::Proposed],
                _ => &Part::ALL,
            },
        }),
        ("names", "models check") => Some(Subject::Model),
        ("name", "prompts show") => Some(Subject::Prompt),
        ("name", "plan artifacts") => Some(Subject::Artifact),
        (_, _) => None,
    }
}

/// How a plan stands with which a command can do something.
fn standing(path: &str) -> fn(StatusName) -> bool {
    use StatusName::{Approved, Draft, Executing, Paused};
    match path {
        "plan approve" | "plan decline" => |status| matches!(status, Draft | Paused),
        "plan revise" => |status| status == Draft,
        "plan pause" => |status| matches!(status, Approved | Executing),
        "plan resume" | "project resume" => |status| status == Paused,
        "plan cancel" | "plan edit-budget" => |status| !status.is_terminal(),
        "project clean" => StatusName::is_terminal,
        _ => |_| true,
    }
}

/// How a job stands with which a command can do something.
fn job_standing(path: &str) -> fn(&Standing) -> bool {
    match path {
        "cron enable" => |standing| matches!(standing, Standing::Disabled(_)),
        "cron disable" => |standing| *standing == Standing::Enabled,
        _ => |_| true,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::args::Args;

    /// All arguments whose values are ids, by the words that stand for them in the help.
    fn walk(command: &clap::Command, path: &str, missed: &mut Vec<String>) {
        for argument in command.get_arguments() {
            let values = argument.get_value_names().unwrap_or_default();
            let shown = values.first().map_or_else(
                || argument.get_id().as_str().to_uppercase(),
                ToString::to_string,
            );
            let is_id =
                ["PLAN", "TICKET", "PROJECT", "CODE", "JOB", "ID"].contains(&shown.as_str());
            let is_new = path == "project add";
            if is_id && !is_new && of(path, argument.get_id().as_str()).is_none() {
                missed.push(format!("{path} {shown}"));
            }
        }
        for below in command.get_subcommands() {
            let path = format!("{path} {}", below.get_name());
            walk(below, path.trim_start(), missed);
        }
    }

    #[test]
    fn every_argument_that_is_an_id_completes() {
        let mut missed = Vec::new();
        walk(&Args::command(), "", &mut missed);
        assert_eq!(missed, Vec::<String>::new());
    }
}
