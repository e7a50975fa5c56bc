//! What can be typed behind `memory`.

use std::path::PathBuf;

use clap::{
    Args as ClapArgs, Subcommand, ValueEnum, ValueHint,
    builder::{PossibleValuesParser, TypedValueParser},
};
use projections::{ids::ProjectCode, memory::Store, work::TaskKind};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum MemoryCommand {
    /// List notes of the team and verdicts of quality control, a line each
    List(ListOptions),
    /// Show one: a note, a verdict, a proposal, or what was removed
    Show {
        /// As the list names it, or the last part of that
        #[arg(value_name = "ID")]
        entry: String,
        /// Of this project
        #[arg(long, value_name = "CODE")]
        project: Option<ProjectCode>,
    },
    /// Find what is like a text, as agents are given it
    Search(SearchOptions),
    /// Add a note that agents are given from now on
    Add(AddOptions),
    /// Take entries out of the memory, or proposals; they are moved to _removed/, and nothing is lost
    Remove {
        /// As the list names them, or the last part of that
        #[arg(value_name = "ID", required = true)]
        entries: Vec<String>,
        /// Of this project
        #[arg(long, value_name = "CODE")]
        project: Option<ProjectCode>,
        /// Why, for the record
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Take proposals of agents over into the memory
    Promote {
        /// As the list names them, or the last part of that
        #[arg(value_name = "ID", required = true)]
        entries: Vec<String>,
        /// Of this project
        #[arg(long, value_name = "CODE")]
        project: Option<ProjectCode>,
    },
    /// Build indexes anew from the files; a daemon does so by itself where it must
    Reindex(ReindexOptions),
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct ListOptions {
    /// Only this project's
    pub(in crate::cli) project: Option<ProjectCode>,
    /// Only of this store
    #[arg(long)]
    pub(in crate::cli) store: Option<WhichStore>,
    /// Only what is for artifacts of this kind, or of every kind
    #[arg(long, value_parser = kinds())]
    pub(in crate::cli) kind: Option<TaskKind>,
    /// Notes that agents propose and quality control has not taken over
    #[arg(long)]
    pub(in crate::cli) proposals: bool,
    /// What was removed
    #[arg(long)]
    pub(in crate::cli) removed: bool,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct SearchOptions {
    /// What is looked for, in any words
    pub(in crate::cli) text: String,
    /// Only in this project
    #[arg(long, value_name = "CODE")]
    pub(in crate::cli) project: Option<ProjectCode>,
    /// Only in this store
    #[arg(long)]
    pub(in crate::cli) store: Option<WhichStore>,
    /// Only what is for artifacts of this kind, or of every kind
    #[arg(long, value_parser = kinds())]
    pub(in crate::cli) kind: Option<TaskKind>,
    /// Most entries
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(in crate::cli) top: u32,
    /// Least similarity, 0 to 1 [default: whatever comes]
    #[arg(long, value_name = "S", value_parser = similarity)]
    pub(in crate::cli) min: Option<f32>,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct AddOptions {
    /// The project
    pub(in crate::cli) project: ProjectCode,
    /// The note's text, Markdown; - reads it from stdin
    #[arg(required_unless_present = "file", conflicts_with = "file")]
    pub(in crate::cli) text: Option<String>,
    /// Take the text from this file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) file: Option<PathBuf>,
    /// It is a way of doing something, not something that is so
    #[arg(long)]
    pub(in crate::cli) technique: bool,
    /// A word that it is found by; may be given several times
    #[arg(long = "tag", value_name = "WORD", value_parser = tag)]
    pub(in crate::cli) tags: Vec<String>,
    /// Only for artifacts of this kind
    #[arg(long = "for", value_name = "KIND", value_parser = kinds())]
    pub(in crate::cli) kind: Option<TaskKind>,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct ReindexOptions {
    /// The project; may be left out where there is only one
    pub(in crate::cli) project: Option<ProjectCode>,
    /// Every project
    #[arg(long, conflicts_with = "project")]
    pub(in crate::cli) all: bool,
    /// Only of this store
    #[arg(long)]
    pub(in crate::cli) store: Option<WhichStore>,
}

/// A store by its directory's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum WhichStore {
    QcHistory,
    TeamMemory,
}

impl WhichStore {
    /// Those that are meant: one, or all.
    pub(in crate::cli) fn of(which: Option<Self>) -> Vec<Store> {
        match which {
            Some(Self::QcHistory) => vec![Store::QcHistory],
            Some(Self::TeamMemory) => vec![Store::TeamMemory],
            None => Store::ALL.to_vec(),
        }
    }
}

fn kinds() -> impl TypedValueParser<Value = TaskKind> {
    let words = TaskKind::ALL.map(TaskKind::as_str);
    PossibleValuesParser::new(words).map(|word| {
        let mut kinds = TaskKind::ALL.into_iter();
        kinds
            .find(|kind| kind.as_str() == word)
            .expect("only these words are possible")
    })
}

fn similarity(text: &str) -> Result<f32, String> {
    let number = text.parse::<f32>().ok();
    number
        .filter(|number| (0.0..=1.0).contains(number))
        .ok_or_else(|| "it is no number from 0 to 1".to_owned())
}

fn tag(text: &str) -> Result<String, String> {
    let text = text.trim();
    let is_good = (1..=64).contains(&text.chars().count()) && !text.contains(char::is_control);
    match is_good {
        true => Ok(text.to_owned()),
        false => Err("a tag has 1 to 64 letters, on one line".to_owned()),
    }
}
