//! What can go wrong, for the person at the command line: one enum, one exit code a kind, and what to do next.

use std::{io, path::PathBuf};

use projections::{
    ids::{InvalidId, PlanId, ProjectCode, TicketId},
    time::Timestamp,
};

use crate::{config, decide::Refusal, schedule};

/// An error of the program.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line asks for something that does not make sense.
    #[error("{0}")]
    Usage(String),
    /// A name that does not fit its rule.
    #[error(transparent)]
    Id(#[from] InvalidId),
    /// There is no vault.
    #[error("{what}")]
    NoVault {
        /// Where it was looked for.
        what: String,
    },
    /// The configuration has faults.
    #[error("{}", faults.join("\n"))]
    Config {
        /// All of them, each naming file and field.
        faults: Vec<String>,
    },
    /// A provider would not take a key, or there is none to send.
    #[error("{0}")]
    Authentication(String),
    /// There is no such project.
    #[error("there is no project {code} in {}", vault.display())]
    NoProject {
        /// The code.
        code: ProjectCode,
        /// The vault.
        vault: PathBuf,
    },
    /// A project's directory cannot be used.
    #[error("project {code} cannot be used: {why}")]
    BadProject {
        /// The code.
        code: ProjectCode,
        /// Why.
        why: String,
    },
    /// There is no such plan.
    #[error("there is no plan {0}")]
    NoPlan(PlanId),
    /// The plan is over and was put away.
    #[error("{plan} is archived in {}", dir.display())]
    Archived {
        /// Which plan.
        plan: PlanId,
        /// Where, from the vault's directory.
        dir: PathBuf,
    },
    /// The plan stays where it is.
    #[error("{plan} is not archived: {why}")]
    Kept {
        /// Which plan.
        plan: PlanId,
        /// Why.
        why: String,
    },
    /// There is no such ticket.
    #[error("there is no ticket {0}")]
    NoTicket(TicketId),
    /// Nothing in the memory is called so.
    #[error("there is no {word:?} in the memory")]
    NoMemory {
        /// The word.
        word: String,
        /// What may have been meant.
        near: Vec<String>,
    },
    /// A plan's file cannot be read as one.
    #[error("{}: {why}", file.display())]
    BadFile {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The plan's state does not allow what was asked.
    #[error("{plan}: {refusal}")]
    Refused {
        /// Which plan.
        plan: PlanId,
        /// Why not.
        refusal: Refusal,
    },
    /// A ticket asked about something that has changed; it asks again.
    #[error("{0}")]
    AskedAgain(String),
    /// The plan waits for a person.
    #[error("{0}")]
    Waits(String),
    /// The log could not do what was asked, or is damaged.
    #[error(transparent)]
    Journal(#[from] journal::Error),
    /// The log is whole, but its history cannot have happened.
    #[error("{plan}: {why}")]
    History {
        /// Which plan.
        plan: PlanId,
        /// What is wrong, and in which frame.
        why: String,
    },
    /// Projections differ from the journal.
    #[error("{0} file(s) differ from the journal")]
    Differs(usize),
    /// Journals are damaged.
    #[error("{0} journal(s) are damaged")]
    Damaged(usize),
    /// No daemon, or trouble with one.
    #[error("{0}")]
    Daemon(String),
    /// Somebody has the plan.
    #[error("{plan} is being executed by {by}")]
    Leased {
        /// Which plan.
        plan: PlanId,
        /// Who, and since when.
        by: String,
    },
    /// The schedule cannot be trusted: its journal is gone, or its history cannot have happened.
    #[error("{}: {why}", file.display())]
    BadSchedule {
        /// Its journal.
        file: PathBuf,
        /// What is wrong, and what to do.
        why: String,
    },
    /// The schedule does not allow a change; nothing was changed.
    #[error(transparent)]
    Schedule(#[from] schedule::Refused),
    /// The environment's refusal.
    #[error("cannot {act} {}", path.display())]
    Io {
        /// What was tried.
        act: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's word.
        source: io::Error,
    },
    /// Checks of a doctor that did not end well.
    #[error("{what}")]
    Unwell {
        /// How many.
        what: String,
        /// How the process ends: as the worst of them would by itself.
        code: u8,
    },
    /// Something else failed, and says so itself.
    #[error("{0}")]
    Failed(String),
    /// There is no frame at the time asked for.
    #[error("the plan was not yet written down at {0}")]
    BeforeTheBeginning(Timestamp),
}

/// A result of the program.
pub type Result<T> = std::result::Result<T, Error>;

impl From<config::Error> for Error {
    fn from(error: config::Error) -> Self {
        match error {
            config::Error::Faulty(faults) => faults.into(),
            config::Error::Unreadable { path, source }
                if source.kind() == io::ErrorKind::InvalidData =>
            {
                let fault = format!("{}: it is not UTF-8 text", path.display());
                Self::Config {
                    faults: vec![fault],
                }
            }
            config::Error::Unreadable { path, source } => Self::Io {
                act: "read",
                path,
                source,
            },
        }
    }
}

impl From<config::Faults> for Error {
    fn from(faults: config::Faults) -> Self {
        Self::Config {
            faults: faults.as_slice().iter().map(ToString::to_string).collect(),
        }
    }
}

/// Whether there is no room, or no file that can be opened, for now.
#[must_use]
pub fn is_short_of(error: &io::Error) -> bool {
    error.kind() != io::ErrorKind::ReadOnlyFilesystem && is_for_now(error)
}

fn is_for_now(error: &io::Error) -> bool {
    use io::ErrorKind::{QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    // ENFILE and EMFILE, which std has no kind for.
    let no_files = matches!(error.raw_os_error(), Some(23 | 24));
    no_files
        || matches!(
            error.kind(),
            StorageFull | QuotaExceeded | ReadOnlyFilesystem
        )
}

impl Error {
    /// For [`io::Error`]s, as `map_err(Error::io("read", path))`.
    pub fn io(act: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { act, path, source }
    }

    /// For errors of a small journal of the vault's own, as `map_err(Error::journal(remedy))`: damage says what can be
    /// done about it.
    pub fn journal(remedy: &str) -> impl FnOnce(journal::Error) -> Self {
        move |error| match error {
            journal::Error::Damaged(mut damage) => {
                damage.detail = format!("{}; {remedy}", damage.detail);
                journal::Error::Damaged(damage).into()
            }
            other => other.into(),
        }
    }

    /// The process's exit code: 1 failure, 2 usage, 3 configuration, 4 authentication, 5 daemon, 6 plan state, 7 corruption.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Id(_) => 2,
            Self::Schedule(refused) => match refused {
                schedule::Refused::NoJob(_) => 1,
                schedule::Refused::Standing { .. } | schedule::Refused::Taken(_) => 6,
                schedule::Refused::Unreadable(_) | schedule::Refused::Senseless(_) => 2,
            },
            Self::NoVault { .. } | Self::Config { .. } | Self::BadProject { .. } => 3,
            Self::Authentication(_) => 4,
            Self::Daemon(_) => 5,
            Self::Refused { .. }
            | Self::AskedAgain(_)
            | Self::Waits(_)
            | Self::Leased { .. }
            | Self::Archived { .. }
            | Self::Kept { .. } => 6,
            Self::History { .. }
            | Self::BadSchedule { .. }
            | Self::Differs(_)
            | Self::Damaged(_) => 7,
            Self::Unwell { code, .. } => *code,
            Self::Journal(error) if error.is_damage() => 7,
            Self::Journal(_)
            | Self::NoProject { .. }
            | Self::NoPlan(_)
            | Self::NoTicket(_)
            | Self::NoMemory { .. }
            | Self::BadFile { .. }
            | Self::Io { .. }
            | Self::Failed(_)
            | Self::BeforeTheBeginning(_) => 1,
        }
    }

    /// Whether the machine refused for now (a full disk, a lock that somebody holds): the same may succeed later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Io { .. }
                | Self::Journal(
                    journal::Error::Io { .. }
                        | journal::Error::Poisoned { .. }
                        | journal::Error::Busy { .. }
                )
        )
    }

    /// Whether the machine lacks something that it may have again without a person's looking at the plan: room on the
    /// disk, files that can be opened, a disk that can be written.
    #[must_use]
    pub fn is_for_now(&self) -> bool {
        match self {
            Self::Io { source, .. } | Self::Journal(journal::Error::Io { source, .. }) => {
                is_for_now(source)
            }
            _ => false,
        }
    }

    /// Whether something around the plan is missing or damaged that does not come back by itself: another journal, a
    /// named content, a file that is none.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Journal(journal::Error::Io { source, .. }) => {
                source.kind() == io::ErrorKind::NotFound
            }
            Self::Journal(error) => error.is_damage(),
            Self::BadFile { .. } | Self::BadProject { .. } => true,
            _ => false,
        }
    }

    /// What to do next, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoVault { .. } => Some("make one with `modulatio init DIR`, or name one with --vault DIR".into()),
            Self::NoProject { .. } => Some("see `modulatio project list`, or add one with `modulatio project add`".into()),
            Self::Authentication(_) => Some("keys are read from this command's environment, which may differ from the daemon's; `modulatio models` says where each is looked for".into()),
            Self::Schedule(schedule::Refused::NoJob(_)) => Some("see `modulatio cron list`".into()),
            Self::NoPlan(_) => Some("see `modulatio plan list`".into()),
            Self::NoTicket(_) => Some("see `modulatio ticket list --all`".into()),
            Self::NoMemory { near, .. } => Some(match near.as_slice() {
                [] => "see `modulatio memory list`".to_owned(),
                [one] => format!("the nearest is {one}; see `modulatio memory list`"),
                near => format!("the nearest are {}; see `modulatio memory list`", near.join(", ")),
            }),
            Self::Archived { plan, .. } => Some(format!("it can be read, with `modulatio replay {plan}` and `modulatio plan show {plan}`, and not be changed")),
            Self::Journal(error) if error.is_damage() => {
                Some("nothing was changed; `modulatio audit verify --all` says what is damaged, and `modulatio replay PLAN` shows what is whole".into())
            }
            Self::BadSchedule { .. } => {
                Some("nothing was written; `modulatio audit verify --all` says what else is damaged".into())
            }
            Self::Journal(error) if error.is_full() => Some("the disk is full; no acknowledged fact was lost".into()),
            Self::Differs(_) => Some("rebuild them with `modulatio replay PLAN --write`".into()),
            Self::Journal(_)
            | Self::Usage(_)
            | Self::Id(_)
            | Self::Config { .. }
            | Self::BadProject { .. }
            | Self::BadFile { .. }
            | Self::Refused { .. }
            | Self::AskedAgain(_)
            | Self::Waits(_)
            | Self::Kept { .. }
            | Self::History { .. }
            | Self::Damaged(_)
            | Self::Daemon(_)
            | Self::Leased { .. }
            | Self::Schedule(_)
            | Self::Io { .. }
            | Self::Unwell { .. }
            | Self::Failed(_)
            | Self::BeforeTheBeginning(_) => None,
        }
    }

    /// The error and its causes on one line.
    #[must_use]
    pub fn told(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            let said = error.to_string();
            if !text.contains(&said) {
                text.push_str(": ");
                text.push_str(&said);
            }
            cause = error.source();
        }
        text
    }
}
