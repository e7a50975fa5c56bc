//! One thing that was looked at: what was found, and what mends it.

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// Nothing is to be done.
    Ok,
    /// It works, and something is to be done.
    Warn,
    /// It does not work.
    Fail,
}

impl Level {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// What kind of failure, the gravest first: of several, the first one decides how the command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Corruption,
    Configuration,
    Authentication,
    Daemon,
    Other,
}

impl Kind {
    /// The exit codes of the program's errors.
    pub(super) fn exit_code(self) -> u8 {
        match self {
            Self::Corruption => 7,
            Self::Configuration => 3,
            Self::Authentication => 4,
            Self::Daemon => 5,
            Self::Other => 1,
        }
    }
}

/// A check and its outcome.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Check {
    /// Its name, for scripts; several outcomes of one check bear the same.
    pub(super) id: &'static str,
    /// What it belongs to; the table's to say.
    pub(super) area: &'static str,
    pub(super) level: Level,
    /// What was looked at and what was found, on one line.
    pub(super) found: String,
    /// The command or the edit that mends it.
    pub(super) remedy: Option<String>,
    #[serde(skip)]
    pub(super) kind: Kind,
}

impl Check {
    pub(super) fn ok(id: &'static str, found: impl Into<String>) -> Self {
        Self::new(id, Level::Ok, Kind::Other, found.into(), None)
    }

    pub(super) fn warn(
        id: &'static str,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let remedy = Some(remedy.into());
        Self::new(id, Level::Warn, Kind::Other, found.into(), remedy)
    }

    pub(super) fn fail(
        id: &'static str,
        kind: Kind,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::new(id, Level::Fail, kind, found.into(), Some(remedy.into()))
    }

    fn new(
        id: &'static str,
        level: Level,
        kind: Kind,
        found: String,
        remedy: Option<String>,
    ) -> Self {
        Self {
            id,
            area: "",
            level,
            found: one_line(&found),
            remedy: remedy.map(|remedy| one_line(&remedy)),
            kind,
        }
    }

    /// For people: a line, and one below it with what is to be done.
    pub(super) fn text(&self) -> String {
        let mark = format!("[{}]", self.level.word());
        let line = format!("{mark:<6} {}: {}", self.id, self.found);
        match &self.remedy {
            Some(remedy) => format!("{line}\n       do: {remedy}"),
            None => line,
        }
    }
}

/// Outcomes that are told one by one; of a thousand of a kind, the rest is counted.
const MOST: usize = 20;

/// The first of many outcomes of one check, and the number of the others; `all` is what tells of every one.
pub(super) fn capped(mut checks: Vec<Check>, all: &str) -> Vec<Check> {
    if checks.len() <= MOST {
        return checks;
    }
    let rest = checks.split_off(MOST - 1);
    let gravest = rest
        .iter()
        .max_by_key(|check| (check.level, std::cmp::Reverse(check.kind)));
    let level = gravest.map_or(Level::Ok, |check| check.level);
    let kind = gravest.map_or(Kind::Other, |check| check.kind);
    let found = format!("{} more of this kind", rest.len());
    checks.push(Check::new(
        rest[0].id,
        level,
        kind,
        found,
        Some(all.to_owned()),
    ));
    checks
}

/// Names of files hold what anybody wrote; a terminal must not obey it.
fn one_line(text: &str) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_holds_no_break_and_no_escape() {
        let check = Check::warn("x", "a\nb\u{1b}[31m", "c\rd");
        assert_eq!(check.text(), "[warn] x: a b [31m\n       do: c d");
    }

    #[test]
    fn many_outcomes_are_counted_and_as_grave_as_the_gravest_of_them() {
        let warns = |number| (0..number).map(|_| Check::warn("x", "y", "z"));
        assert_eq!(capped(warns(MOST).collect(), "all").len(), MOST);
        let grave = Check::fail("x", Kind::Corruption, "y", "z");
        let many = warns(MOST + 4).chain([grave]).chain(warns(1)).collect();
        let told = capped(many, "all");
        assert_eq!(told.len(), MOST);
        let last = &told[MOST - 1];
        assert_eq!((last.level, last.kind), (Level::Fail, Kind::Corruption));
        assert_eq!(last.text(), "[fail] x: 7 more of this kind\n       do: all");
    }

    #[test]
    fn marks_are_of_one_width() {
        assert_eq!(Check::ok("x", "y").text(), "[ok]   x: y");
        assert_eq!(
            Check::fail("x", Kind::Other, "y", "z").text(),
            "[fail] x: y\n       do: z"
        );
    }
}
