//! `search_files`: the lines of files that a regular expression matches, by ripgrep's crates.

use std::io::{Error, ErrorKind};

use grep_matcher::Matcher;
use grep_regex::{RegexMatcher, RegexMatcherBuilder};
use grep_searcher::{BinaryDetection, Searcher, SearcherBuilder, Sink, SinkMatch};

use super::{
    Returned, Workplace,
    arguments::Arguments,
    deadline::Deadline,
    place::Spot,
    shown,
    tree::Tree,
    walk::{Glob, walk},
};

/// Longest pattern, in bytes.
const MOST_PATTERN: usize = 1_000;

/// Most bytes that a pattern may become, compiled; and most that its automaton may use while it searches.
const MOST_COMPILED: usize = 1024 * 1024;

/// Longest line that is searched, in bytes: what the searcher holds in memory.
const MOST_LINE: usize = 1024 * 1024;

/// Most lines that one search finds.
const MOST_HITS: usize = 1_000;

/// Bytes of a line that are shown, from a little before the match on.
const SHOWN: usize = 240;
const BEFORE: usize = 60;

pub(super) fn run(
    place: &Workplace,
    arguments: &Arguments,
    most: usize,
) -> Result<Returned, String> {
    let pattern = arguments.needed("pattern")?;
    let matcher = compiled(pattern, arguments.flag("ignore_case")?)?;
    let glob = Glob::new(arguments.text("glob")?)?;
    let spot = place.spot(arguments.text("path")?.unwrap_or_default())?;
    let tree = spot.tree().map_err(|fault| spot.told(&fault))?;
    let until = Deadline::from_now();
    let walked = walk(&spot, &tree, until)?;
    let mut search = Search::new(&matcher, until);
    let meant = walked.files.iter().filter(|file| glob.means(file));
    for file in meant {
        if search.is_over() {
            break;
        }
        search.file(&spot, &tree, file);
    }
    let mut notes = search.notes();
    notes.extend(walked.notes());
    let (text, full) = shown::listed(&search.hits, &notes, most);
    Ok(Returned {
        done: true,
        text,
        full,
    })
}

fn compiled(pattern: &str, ignore_case: bool) -> Result<RegexMatcher, String> {
    if pattern.is_empty() {
        return Err("pattern is empty".to_owned());
    }
    if pattern.len() > MOST_PATTERN {
        return Err(format!("pattern is longer than {MOST_PATTERN} bytes"));
    }
    // Lines may end in either way, and `$` stands before both.
    RegexMatcherBuilder::new()
        .case_insensitive(ignore_case)
        .multi_line(true)
        .crlf(true)
        .size_limit(MOST_COMPILED)
        .dfa_size_limit(MOST_COMPILED)
        .build(pattern)
        .map_err(|error| {
            let why = error.to_string();
            let why = shown::start(&why, 300);
            format!("pattern is no regular expression that can be searched for: {why}")
        })
}

/// A search under way.
struct Search<'a> {
    matcher: &'a RegexMatcher,
    searcher: Searcher,
    until: Deadline,
    hits: Vec<String>,
    searched: usize,
    binary: usize,
    /// Files that could not be read, or have lines that are too long.
    unread: usize,
    is_late: bool,
}

impl<'a> Search<'a> {
    fn new(matcher: &'a RegexMatcher, until: Deadline) -> Self {
        let searcher = SearcherBuilder::new()
            .line_terminator(grep_matcher::LineTerminator::crlf())
            .line_number(true)
            .binary_detection(BinaryDetection::quit(0))
            .bom_sniffing(false)
            .heap_limit(Some(MOST_LINE))
            .build();
        Self {
            matcher,
            searcher,
            until,
            hits: Vec::new(),
            searched: 0,
            binary: 0,
            unread: 0,
            is_late: false,
        }
    }

    fn is_over(&self) -> bool {
        self.is_late || self.hits.len() >= MOST_HITS
    }

    fn file(&mut self, spot: &Spot<'_>, tree: &Tree, file: &str) {
        let parts: Vec<&str> = file.split('/').collect();
        // Gone since its name was read, or never below this tree: neither is anything to search.
        let Ok(opened) = tree.file(&parts) else {
            return;
        };
        let mut lines = Lines {
            matcher: self.matcher,
            address: spot.address_of(file),
            room: MOST_HITS - self.hits.len(),
            hits: Vec::new(),
            is_binary: false,
        };
        let reader = self.until.over(opened);
        let done = self
            .searcher
            .search_reader(self.matcher, reader, &mut lines);
        self.searched += 1;
        if lines.is_binary {
            self.binary += 1;
        } else {
            self.hits.append(&mut lines.hits);
        }
        match done {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::TimedOut => self.is_late = true,
            Err(_) => self.unread += 1,
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.hits.is_empty() {
            notes.push(format!("No line matches, in {} file(s).", self.searched));
        }
        if self.hits.len() >= MOST_HITS {
            notes.push(format!("[ended at {MOST_HITS} lines; narrow the search]"));
        }
        if self.is_late {
            notes.push("[ended because it took too long; narrow the search]".to_owned());
        }
        if self.binary > 0 {
            notes.push(format!("[{} binary file(s) are left out]", self.binary));
        }
        if self.unread > 0 {
            notes.push(format!(
                "[{} file(s) could not be read to their end, or have lines longer than {MOST_LINE} bytes]",
                self.unread
            ));
        }
        notes
    }
}

/// The lines of one file that match.
struct Lines<'a> {
    matcher: &'a RegexMatcher,
    address: String,
    room: usize,
    hits: Vec<String>,
    is_binary: bool,
}

impl Sink for Lines<'_> {
    type Error = Error;

    fn matched(&mut self, _: &Searcher, found: &SinkMatch<'_>) -> Result<bool, Error> {
        let line = found.bytes();
        let at = self.matcher.find(line)?.map_or(0, |hit| hit.start());
        let number = found.line_number().unwrap_or_default();
        self.hits
            .push(format!("{}:{number}: {}", self.address, around(line, at)));
        Ok(self.hits.len() < self.room)
    }

    fn binary_data(&mut self, _: &Searcher, _: u64) -> Result<bool, Error> {
        self.is_binary = true;
        Ok(false)
    }
}

/// A line on one line: whole if it is short, else what stands around `at`.
fn around(line: &[u8], at: usize) -> String {
    let end = line.trim_ascii_end().len();
    let line = &line[..end];
    if line.len() <= SHOWN {
        return shown::readable(line).0;
    }
    let from = at.min(end).saturating_sub(BEFORE).min(end - SHOWN);
    let from = boundary(line, from);
    let to = boundary(line, from + SHOWN);
    let (text, _) = shown::readable(&line[from..to]);
    let before = if from > 0 { "…" } else { "" };
    let behind = if to < end { "…" } else { "" };
    format!("{before}{text}{behind}")
}

/// Where the character that `at` falls into begins.
fn boundary(line: &[u8], at: usize) -> usize {
    let is_inside = |at: &usize| line.get(*at).is_some_and(|byte| byte & 0xc0 == 0x80);
    let at = at.min(line.len());
    let begins = (at.saturating_sub(3)..=at).rev();
    begins.into_iter().find(|at| !is_inside(at)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_around_its_match() {
        let line = format!("{}needle{}\n", "é".repeat(500), "ü".repeat(500));
        let shown = around(line.as_bytes(), 1_000);
        assert!(shown.starts_with("…é") && shown.ends_with("ü…"), "{shown}");
        assert!(shown.contains("éneedleü") && shown.len() <= SHOWN + 8);
        let end = format!("{}needle", "x".repeat(500));
        assert!(around(end.as_bytes(), 500).ends_with("xneedle"));
        assert_eq!(around(b"short \r\n", 0), "short");
    }

    #[test]
    fn a_pattern_that_would_grow_too_large_is_refused() {
        assert!(compiled("a{1000}{1000}", false).is_err());
        assert!(compiled(&"a".repeat(2_000), false).is_err());
        assert!(
            compiled("(", false)
                .unwrap_err()
                .contains("no regular expression")
        );
        assert!(compiled("a\\nb", false).is_err());
        assert!(compiled("", false).is_err());
    }
}
