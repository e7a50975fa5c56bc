//! Every event of every line, good or not, one line each.

use journal::inspect::{Inspected, Verdict, inspect};
use journal::{DamageKind, Frame};
use projections::{codec, timeline};
use serde::Serialize;

use super::{Error, Result, Target, one_line};

/// How far a line can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// It follows from frame 0.
    Good,
    /// It follows from the line before, but something before that is damaged.
    Follows,
    /// It does not follow.
    Bad,
    /// The file ends within it.
    Unfinished,
}

/// One event of a journal, or one line of it that has no event that can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DumpLine {
    /// The number that the line states, if it has the shape of a frame.
    pub seq: Option<u64>,
    /// Where the line starts in the file.
    pub offset: u64,
    /// How far it can be trusted.
    pub verdict: Mark,
    /// When it was decided.
    pub at: Option<String>,
    /// The writer's epoch.
    pub epoch: Option<u64>,
    /// The writer.
    pub by: Option<String>,
    /// The event's kind; none for a line about the line itself.
    pub kind: Option<String>,
    /// The event for people, or what is wrong with the line.
    pub describe: String,
    /// The rule that the line breaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

/// Shows the lines of a journal numbered `from` to `to`. A line whose own number cannot be read counts as the
/// one expected there. Control characters stand in the texts as the journal holds them.
///
/// # Errors
/// The environment's.
pub fn dump(target: &Target, from: u64, to: u64, show: &mut dyn FnMut(DumpLine)) -> Result<()> {
    target.check()?;
    let mut expected = 0;
    let visit = &mut |line: Inspected| {
        let seq = line
            .frame
            .as_ref()
            .map_or(expected, |frame| frame.anchor.seq);
        expected = seq.saturating_add(1);
        if (from..=to).contains(&seq) {
            show_line(line, show);
        }
    };
    inspect(&target.path, &target.name, visit).map_err(Error::from)
}

fn show_line(line: Inspected, show: &mut dyn FnMut(DumpLine)) {
    let (mark, fault) = judged(line.verdict);
    let plain = DumpLine::plain(line.offset, mark, line.frame.as_ref());
    if let Some((rule, detail)) = fault {
        let rule = rule.map(|kind| kind.to_string());
        show(plain.clone().told(rule, detail));
    }
    let Some(frame) = line.frame else { return };
    match codec::decode(&frame.events) {
        Ok(events) => events.iter().for_each(|event| {
            show(DumpLine {
                kind: Some(event.kind().to_owned()),
                describe: timeline::describe(event),
                ..plain.clone()
            });
        }),
        Err(error) => show(plain.told(None, error.to_string())),
    }
}

/// The mark, and what is to be said of the line itself.
fn judged(verdict: Verdict) -> (Mark, Option<(Option<DamageKind>, String)>) {
    match verdict {
        Verdict::Good => (Mark::Good, None),
        Verdict::Follows => (Mark::Follows, None),
        Verdict::Bad { kind, detail } => (Mark::Bad, Some((Some(kind), detail))),
        Verdict::Unfinished => {
            let told = "the file ends within this line".to_owned();
            (Mark::Unfinished, Some((None, told)))
        }
    }
}

impl DumpLine {
    fn plain(offset: u64, verdict: Mark, frame: Option<&Frame>) -> DumpLine {
        DumpLine {
            seq: frame.map(|frame| frame.anchor.seq),
            offset,
            verdict,
            at: frame.map(|frame| frame.at.clone()),
            epoch: frame.map(|frame| frame.epoch),
            by: frame.map(|frame| frame.by.clone()),
            kind: None,
            describe: String::new(),
            rule: None,
        }
    }

    fn told(self, rule: Option<String>, describe: String) -> DumpLine {
        DumpLine {
            rule,
            describe,
            ..self
        }
    }

    /// The line for people: a mark (`!` bad, `~` follows a break, `?` unfinished), then as a timeline shows it.
    #[must_use]
    pub fn text(&self) -> String {
        let place = match self.seq {
            Some(seq) => seq.to_string(),
            None => "-".to_owned(),
        };
        let header = match (&self.at, self.epoch, &self.by) {
            (Some(at), Some(epoch), Some(by)) => format!("{at}  e{epoch:<3} {:<24}", one_line(by)),
            _ => format!("byte {}", self.offset),
        };
        let rule = self
            .rule
            .as_ref()
            .map_or_else(String::new, |rule| format!("{rule}: "));
        format!(
            "{} {place:>6}  {header} {rule}{}",
            self.verdict.sign(),
            one_line(&self.describe)
        )
    }
}

impl Mark {
    fn sign(self) -> char {
        match self {
            Mark::Good => ' ',
            Mark::Follows => '~',
            Mark::Bad => '!',
            Mark::Unfinished => '?',
        }
    }
}
