//! What can be typed behind `kickoff`.

use clap::Args as ClapArgs;
use projections::ids::ProjectCode;

use super::DraftOptions;
use crate::error::{Error, Result};

#[derive(Debug, ClapArgs)]
#[command(
    override_usage = "modulatio kickoff [OPTIONS] <PROJECT> <OBJECTIVE>\n       modulatio kickoff [OPTIONS] --code <CODE> --objective <TEXT>"
)]
pub(in crate::cli) struct KickoffOptions {
    /// The project's code
    #[arg(value_name = "PROJECT")]
    project: Option<String>,
    /// What is to be reached
    #[arg(value_name = "OBJECTIVE")]
    goal: Option<String>,
    /// The project's code, as an option
    #[arg(long, value_name = "CODE")]
    code: Option<ProjectCode>,
    /// What is to be reached, as an option
    #[arg(long, value_name = "TEXT")]
    objective: Option<String>,
    #[command(flatten)]
    pub(in crate::cli) draft: DraftOptions,
}

impl KickoffOptions {
    /// The project and what is to be reached, each in one of its two spellings.
    ///
    /// # Errors
    /// [`Error::Usage`] when one of them is missing, or said twice.
    pub(in crate::cli) fn said(&self) -> Result<(ProjectCode, String)> {
        let words = [&self.project, &self.goal].into_iter().flatten();
        let mut words = words.map(String::as_str);
        let code = match &self.code {
            Some(code) => Some(code.clone()),
            None => words.next().map(str::parse).transpose()?,
        };
        let objective = self.objective.as_deref().or_else(|| words.next());
        if let Some(more) = words.next() {
            let what = "the project and the objective are each said once";
            return Err(usage(&format!("{what}, and {more:?} is more than that")));
        }
        match (code, objective) {
            (Some(code), Some(objective)) => Ok((code, objective.to_owned())),
            (None, _) => Err(usage("the project is missing")),
            (Some(_), None) => Err(usage("the objective is missing")),
        }
    }
}

fn usage(why: &str) -> Error {
    Error::Usage(format!(
        "{why}; write modulatio kickoff ESS \"what is to be reached\", or modulatio kickoff --code ESS --objective \"…\""
    ))
}
