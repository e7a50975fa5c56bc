//! Inputs that are long and meant to be slow: one piece, over and over, up to a megabyte.

mod answers;

pub use answers::{ANTHROPIC, ARGUMENTS, OPENAI, REPLY};

/// In a unit it stands for the unit's number, as long as this: no two units are the same.
const COUNT: &str = "#######";

/// One of them: `before`, then `unit` as often as it fits, then `after`.
#[derive(Clone, Copy, Debug)]
pub struct Large {
    /// What it tries.
    pub name: &'static str,
    before: &'static str,
    unit: &'static str,
    after: &'static str,
}

impl Large {
    /// The input, about `size` bytes of it.
    #[must_use]
    pub fn bytes(&self, size: usize) -> Vec<u8> {
        let room = size.saturating_sub(self.before.len() + self.after.len());
        let many = room / self.unit.len();
        let middle = match self.unit.split_once(COUNT) {
            Some((head, tail)) => (0..many)
                .map(|at| format!("{head}{at:00$}{tail}", COUNT.len()))
                .collect(),
            None => self.unit.repeat(many),
        };
        [self.before, &middle, self.after].concat().into_bytes()
    }
}

const fn large(
    name: &'static str,
    before: &'static str,
    unit: &'static str,
    after: &'static str,
) -> Large {
    Large {
        name,
        before,
        unit,
        after,
    }
}

const B3: &str = "{\"b3\":\"0000000000000000000000000000000000000000000000000000000000000000\",\"seq\":0,\"at\":\"2026-11-23T20:15:00.000000Z\",\"epoch\":0,\"by\":\"a\",\"events\":[";

/// Of journals.
pub const JOURNAL: &[Large] = &[
    large("zeros", "", "\0", ""),
    large("newlines", "", "\n", ""),
    large("one line", "", "x", ""),
    large("one frame", B3, "{},", "{}]}\n"),
    large("brackets in a frame", B3, "[", "]}\n"),
    large("digits", "{\"b3\":\"", "9", "\n"),
    large("unfinished frames", "", "{\"b3\":\"00\",\"seq\":1\n", ""),
];

/// Of events.
pub const EVENTS: &[Large] = &[
    large("nested lists", "", "[", ""),
    large("nested objects", "[", "{\"kind\":", ""),
    large(
        "unknown events",
        "[",
        "{\"kind\":\"X\",\"v\":1},",
        "{\"kind\":\"X\",\"v\":1}]",
    ),
    large("digits", "[{\"kind\":\"PlanApproved\",\"v\":", "9", "}]"),
    large(
        "a long note",
        "[{\"kind\":\"PlanApproved\",\"v\":1,\"note\":\"",
        "a\\u0041",
        "\"}]",
    ),
    large(
        "a body of items",
        "[{\"kind\":\"PlanDrafted\",\"v\":1,\"format\":1,\"plan\":\"ESS-P-001\",\"project\":\"ESS\",\"head\":[],\"caps\":{},\"body\":\"## Sub-objectives\\n\\n",
        "**1. A** - b\\n",
        "\"}]",
    ),
];

/// Of plan files and tickets.
pub const DOCUMENT: &[Large] = &[
    large("nested flow", "---\na: ", "[", "\n---\n"),
    large("nested flow maps", "---\na: ", "{a: ", "\n---\n"),
    large("nested block", "---\n", "- ", "a\n---\n"),
    large("keys", "---\n", "? ", "a\n---\n"),
    large("keys of nothing", "---\n", "?\n", "---\n"),
    large("values of nothing", "---\n", ":\n", "---\n"),
    large("pairs of nothing", "---\na: [", "?,", "]\n---\n"),
    large("pairs of colons", "---\na: [", ":,", "]\n---\n"),
    large("items of nothing", "---\na:\n", "-\n", "---\n"),
    large("the same key", "---\n", "a: 1\n", "---\n"),
    large("anchors", "---\n", "- &a b\n", "---\n"),
    large("aliases", "---\n- &a [b]\n", "- *a\n", "---\n"),
    large(
        "aliases of a text",
        "---\na: &a xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\nb: [",
        "*a,",
        "]\n---\n",
    ),
    large("tags", "---\na: ", "!x ", "b\n---\n"),
    large("quotes", "---\na: ", "'", "\n---\n"),
    large("escapes", "---\na: \"", "\\u0041", "\"\n---\n"),
    large("comments", "---\n", "# a\n", "---\n"),
    large("a comment", "---\na: b #", " #", "\n---\n"),
    large("a long key", "---\n", "k", ": 1\n---\n"),
    large("a long plain text", "---\na: ", "b ", "\n---\n"),
    large("a text of many lines", "---\na: b\n", "  c\n", "---\n"),
    large("colons", "---\n", "a:", "\n---\n"),
    large("documents", "---\n", "--- a\n", ""),
    large("lines without an end", "---\n", "a", ""),
    large("returns", "---\n", "\r", "\n---\n"),
    large("spaces", "---\n", " ", "\n---\n"),
    large("tabs", "---\na:\n", "\t", "\n---\n"),
    large("digits", "---\nmax_tokens: ", "9", "\n---\n"),
    large("items", "### Sub-objectives\n\n", "**1. A** - b\n", ""),
    large(
        "items on one line",
        "### Sub-objectives\n\n**1. A** - ",
        "**2. B** ",
        "\n",
    ),
    large("stars", "### Sub-objectives\n\n", "*", "\n"),
    large(
        "bullets",
        "### Sub-objectives\n\n**1. A** - b\n",
        "- Files: a\n",
        "",
    ),
    large(
        "nested bullets",
        "### Sub-objectives\n\n**1. A** - b\n",
        " - ",
        "\n",
    ),
    large(
        "files",
        "### Sub-objectives\n\n**1. A** - b\n- Files: ",
        "a,",
        "\n",
    ),
    large(
        "backticks",
        "### Sub-objectives\n\n**1. A** - b\n- Files: ",
        "`",
        "\n",
    ),
    large(
        "fences",
        "### Sub-objectives\n\n**1. A** - b\n",
        "```\n",
        "",
    ),
    large(
        "open comments",
        "### Sub-objectives\n\n**1. A** - b\n",
        "<!--",
        "\n",
    ),
    large("headings", "", "### Sub-objectives\n", ""),
    large(
        "blank lines",
        "### Sub-objectives\n\n**1. A** - b\n",
        "\n",
        "",
    ),
    large(
        "seals",
        "---\na: b\n",
        "journal: {seq: 1, b3: 00, file: 00}\n",
        "---\n",
    ),
];

/// Of configurations.
pub const CONFIG: &[Large] = &[
    large("nested flow", "a: ", "[", "\n"),
    large("nested flow, closed", "a: ", "[]", "\n"),
    large("nested block", "", "- ", "a\n"),
    large("models", "models: {", "a: {provider: rehearsal},", "}\n"),
    large("unknown keys", "", "a: 1\n", ""),
    large("unknown models", "team: {leader: [", "a,", "]}\n"),
    large("aliases", "a: &a [b]\nb: [", "*a,", "]\n"),
    large("merges", "a: &a {b: 1}\n", "<<: *a\n", ""),
    large("digits", "daemon: {tick_seconds: ", "9", "}\n"),
    large("a long key", "? ", "k", "\n: 1\n"),
    large("a long word", "models: {m: {provider: ", "k", "}}\n"),
    large(
        "a long name",
        "models: {a-model-of-mine: {provider: rehearsal}}\nteam: {leader: ",
        "m",
        "}\n",
    ),
    large("tags", "a: ", "!x ", "b\n"),
    large("comments", "", "# a\n", ""),
    large("percent", "", "%a\n", ""),
];

/// Of cron expressions.
pub const CRON: &[Large] = &[
    large("a long list", "", "1,", "1 * * * *"),
    large("a long range", "", "1-", " * * * *"),
    large("fields", "", "* ", ""),
    large("digits", "", "9", " * * * *"),
    large("steps", "*", "/1", " * * * *"),
    large("a long zone", "* * * * *\n", "Z/", ""),
    large("a long interval", "", "9", "m"),
    large("words", "weekly ", "Mon ", "09:00"),
];

/// Of files of the memory.
pub const MEMORY: &[Large] = &[
    large("headings", "---\nkind: fact\n---\n", "## Task\n", ""),
    large("no end of a frontmatter", "---\n", "a: b\n", ""),
    large("tags", "---\nskill_tags: [", "a,", "]\n---\ntext\n"),
    large("nested flow", "---\na: ", "[", "\n---\n"),
    large("aliases", "---\na: &a [b]\nb: [", "*a,", "]\n---\n"),
    large("defects", "---\ndefects:\n", "- what: a\n", "---\n"),
    large("one line", "", "a", ""),
    large("marks", "", "a\u{301}\u{301}", ""),
    large("blank", "", " \n", ""),
    large("fences", "## Artifact body\n", "```\n", ""),
    large("quotes", "## Rationale\n", "> ", "\n"),
];

/// Of vaults of the Python program.
pub const IMPORT: &[Large] = &[
    large("nested lists", "=== cron-config.json\n", "[", ""),
    large(
        "jobs",
        "=== cron-config.json\n[",
        "{\"id\":\"a\",\"project_code\":\"ess\",\"objective\":\"o\",\"schedule\":\"30m\"},",
        "{}]",
    ),
    large(
        "tasks that wait for each other",
        "=== heartbeat-queue.json\n[",
        "{\"id\":\"a\",\"depends_on\":[\"a\"]},",
        "{}]",
    ),
    large(
        "steps of a plan",
        "=== ess/plans/ESS-PLAN-001.md\n---\nid: ESS-PLAN-001\nproject_code: ess\ncreated_at: '2026-11-23T20:34:03.931405+00:00'\nstatus: draft\nstatus_transitions:\n",
        "- {to: approved, decided_by: human, decided_at: '2026-11-23T20:34:18.813496+00:00'}\n",
        "---\nx\n",
    ),
    large(
        "a ledger",
        "=== ess/plans/ESS-PLAN-001.usage.jsonl\n",
        "{\"timestamp\": \"2026-11-23T20:34:28.101992+00:00\", \"model\": \"m\", \"input_tokens\": 1}\n",
        "",
    ),
    large(
        "a history of a ticket",
        "=== ess/tickets/ESS-7.md\n---\nid: ESS-7\n---\n",
        "## History\n",
        "",
    ),
];

/// Aliases within aliases: nine levels of nine, ten million times the text.
pub const LAUGHS: &str = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n";

#[cfg(test)]
mod tests {
    use crate::TARGETS;

    #[test]
    fn each_is_about_as_long_as_was_asked_and_has_a_name_of_its_own() {
        for target in TARGETS {
            let mut names: Vec<&str> = target.large.iter().map(|large| large.name).collect();
            for large in target.large {
                let length = large.bytes(10_000).len();
                assert!(
                    (9_800..=10_000).contains(&length),
                    "{}: {length}",
                    large.name
                );
            }
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), target.large.len(), "{}", target.name);
        }
    }
}
