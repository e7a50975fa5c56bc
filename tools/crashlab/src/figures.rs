//! What an experiment tried and what it found.

use std::fmt;

use serde_json::{Map, Value, json};

/// How an experiment ended; the error is one of the lab itself or of the machine, not a finding.
pub type Told = Result<Figures, String>;

/// Findings that are told in full; more are only counted.
const SHOWN: usize = 20;

/// What was tried, counted, and which promises were seen broken.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    experiment: &'static str,
    counts: Vec<(&'static str, u64)>,
    broken: Vec<String>,
}

impl Figures {
    /// Nothing tried yet.
    #[must_use]
    pub fn of(experiment: &'static str) -> Self {
        Self {
            experiment,
            ..Self::default()
        }
    }

    /// Adds to a count; its first mention gives it its place.
    pub fn add(&mut self, what: &'static str, count: u64) {
        match self.counts.iter_mut().find(|(known, _)| *known == what) {
            Some((_, so_far)) => *so_far += count,
            None => self.counts.push((what, count)),
        }
    }

    /// How many there were of these.
    #[must_use]
    pub fn count(&self, what: &str) -> u64 {
        let known = self.counts.iter().find(|(known, _)| *known == what);
        known.map_or(0, |(_, count)| *count)
    }

    /// A promise that was seen broken: which, where, and how to see it again.
    pub fn broken(&mut self, finding: String) {
        self.broken.push(finding);
    }

    /// Everything that was seen broken.
    #[must_use]
    pub fn findings(&self) -> &[String] {
        &self.broken
    }

    /// Takes in what another part of the experiment did.
    pub fn join(&mut self, other: Self) {
        for (what, count) in other.counts {
            self.add(what, count);
        }
        self.broken.extend(other.broken);
    }

    /// For programs.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let counts = self
            .counts
            .iter()
            .map(|(what, n)| ((*what).to_owned(), json!(n)));
        json!({
            "experiment": self.experiment,
            "counts": Value::Object(counts.collect::<Map<_, _>>()),
            "broken": self.broken,
        })
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts: Vec<String> = self
            .counts
            .iter()
            .map(|(what, n)| format!("{n} {what}"))
            .collect();
        let verdict = match self.broken.len() {
            0 => "every promise held".to_owned(),
            n => format!("BROKEN {n} time(s)"),
        };
        write!(f, "{}: {}; {verdict}", self.experiment, counts.join(", "))?;
        for finding in self.broken.iter().take(SHOWN) {
            write!(f, "\n  {finding}")?;
        }
        match self.broken.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}
