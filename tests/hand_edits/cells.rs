//! Every key of a plan's frontmatter, its body and the file as a whole, in every status: what an edit of it comes to,
//! through the file itself.

use projections::{
    document::{ENGINE_KEYS, MAX_BODY, MAX_FILE},
    event::StatusName,
    frontmatter,
    plan::Plan,
};

use modulatio::vault::{Reconciled, Settling};

use crate::bench::{self, Cells, Fate, PLAN, STAGES, judge, judge_as_it_lies, rendered, stage};

impl Cells {
    /// Judges one change of the file in every status.
    fn everywhere(
        &mut self,
        cell: &str,
        change: impl Fn(&str) -> Vec<u8>,
        fate: impl Fn(&str) -> Fate,
    ) {
        for name in STAGES {
            self.at(name, cell, &change, &fate(name), |_| ());
        }
    }

    /// Judges one change of the file in one status; `also` must hold of the plan and of its file.
    fn at(
        &mut self,
        name: &str,
        cell: &str,
        change: impl Fn(&str) -> Vec<u8>,
        fate: &Fate,
        also: impl FnOnce(&Plan),
    ) {
        self.cell(|| {
            let vault = stage(name);
            let edited = change(&rendered(&vault));
            also(&judge(&format!("{name}: {cell}"), &vault, &edited, fate));
        });
    }
}

fn text(change: impl Fn(&str) -> String) -> impl Fn(&str) -> Vec<u8> {
    move |old| change(old).into_bytes()
}

fn has_ended(stage: &str) -> bool {
    ["declined", "cancelled", "aborted", "done"].contains(&stage)
}

fn body_is_free(stage: &str) -> bool {
    ["draft", "paused", "asking"].contains(&stage)
}

fn status_of(stage: &str) -> &str {
    if stage == "asking" { "paused" } else { stage }
}

/// Frontmatter with its closing line, and body.
fn parts(text: &str) -> (&str, &str) {
    let at = text[4..].find("\n---\n").unwrap() + 5;
    (&text[..at], &text[at..])
}

/// The lines of a key, those below it that are its own included.
fn lines_of<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let (front, _) = parts(text);
    let start = front.find(&format!("\n{key}:"))? + 1;
    let line = |at: usize| front[at..].find('\n').map_or(front.len(), |n| at + n + 1);
    let mut end = line(start);
    while front[end..].starts_with([' ', '-']) && !front[end..].starts_with("---") {
        end = line(end);
    }
    Some(&front[start..end])
}

fn without(text: &str, key: &str) -> String {
    match lines_of(text, key) {
        Some(lines) => text.replacen(lines, "", 1),
        None => text.to_owned(),
    }
}

/// The key with this value, where it stood or below the last one.
fn set(text: &str, key: &str, value: &str) -> String {
    let line = format!("{key}: {value}\n");
    match lines_of(text, key) {
        Some(lines) => text.replacen(lines, &line, 1),
        None => add(text, &line),
    }
}

/// These lines below the last key.
fn add(text: &str, lines: &str) -> String {
    let (front, body) = parts(text);
    format!("{front}{lines}{body}")
}

fn is_shown(name: &str, key: &str) -> bool {
    lines_of(&rendered(&stage(name)), key).is_some()
}

const CAPS: [&str; 3] = ["max_wall_clock_min", "max_tokens", "max_cost_usd"];

fn engines_own() -> impl Iterator<Item = &'static str> {
    let others = |key: &&str| !CAPS.contains(key) && !["status", "journal"].contains(key);
    ENGINE_KEYS.into_iter().filter(others)
}

#[test]
fn the_engines_keys_are_refused_by_name_whatever_is_written() {
    let mut cells = Cells::default();
    let values = [
        "12",
        "other",
        "[1, 2]",
        "{a: b}",
        "null",
        "true",
        "'2020-01-01T00:00:00+00:00'",
    ];
    for key in engines_own() {
        for value in values {
            let change = text(|old| set(old, key, value));
            cells.everywhere(&format!("{key}: {value}"), change, |_| engines(key));
        }
    }
}

fn engines(key: &str) -> Fate {
    Fate::Refused(format!("`{key}` belongs to the engine"))
}

fn twice(key: &str) -> Fate {
    Fate::Refused(format!("\"{key}\" stands here twice"))
}

#[test]
fn the_engines_keys_are_refused_when_they_are_taken_away_or_stand_twice() {
    let mut cells = Cells::default();
    for key in engines_own() {
        for name in STAGES.into_iter().filter(|name| is_shown(name, key)) {
            let gone = text(|old| without(old, key));
            cells.at(name, &format!("{key} removed"), gone, &engines(key), |_| ());
            let again = text(|old| add(old, lines_of(old, key).unwrap()));
            cells.at(name, &format!("{key} twice"), again, &twice(key), |_| ());
        }
    }
}

#[test]
fn a_case_of_an_engines_key_is_a_key_of_the_operators_own() {
    let mut cells = Cells::default();
    for key in ["Status", "ID", "Max_Tokens", "max_token"] {
        let change = text(|old| add(old, &format!("{key}: 7\n")));
        cells.everywhere(key, change, |_| Fate::Taken(&["PlanRevised"]));
    }
}

#[test]
fn another_place_or_spelling_of_an_engines_key_is_no_edit() {
    let mut cells = Cells::default();
    for key in ENGINE_KEYS {
        for name in STAGES.into_iter().filter(|name| is_shown(name, key)) {
            // The first key goes to the end, the others to the top.
            let moved = text(|old| {
                let lines = lines_of(old, key).unwrap();
                if old.starts_with(&format!("---\n{key}:")) {
                    return add(&without(old, key), lines);
                }
                without(old, key).replacen("---\n", &format!("---\n{lines}"), 1)
            });
            cells.at(
                name,
                &format!("{key} moved"),
                moved,
                &Fate::Nothing,
                |plan| {
                    assert!(
                        frontmatter::render(plan).contains("# about\n"),
                        "{name}: {key}"
                    );
                },
            );
        }
    }
    for key in ["id", "project_code", "created_at", "status", "max_tokens"] {
        let spelt = text(|old| {
            let value = lines_of(old, key).unwrap().split_once(": ").unwrap().1;
            let value = value.trim().trim_matches('\'');
            let spelt = if key == "max_tokens" {
                format!("   {value}")
            } else {
                format!("\"{value}\"")
            };
            set(old, key, &spelt)
        });
        cells.everywhere(&format!("{key} in other quotes"), spelt, |_| Fate::Nothing);
    }
}

#[test]
fn a_comment_at_any_key_is_kept() {
    let mut cells = Cells::default();
    let fate = Fate::Taken(&["PlanRevised"]);
    let behind = "# it's \"mine\" # all";
    for key in ENGINE_KEYS {
        for name in STAGES.into_iter().filter(|name| is_shown(name, key)) {
            let line = format!("\n# a word on it\n{key}:");
            let change = text(|old| old.replacen(&format!("\n{key}:"), &line, 1));
            cells.at(
                name,
                &format!("a comment above {key}"),
                change,
                &fate,
                |plan| {
                    assert!(frontmatter::render(plan).contains(&line), "{name}: {key}");
                },
            );
            let change = text(|old| {
                let start = old.find(&format!("\n{key}:")).unwrap() + 1;
                let end = start + old[start..].find('\n').unwrap();
                format!("{}  {behind}{}", &old[..end], &old[end..])
            });
            cells.at(
                name,
                &format!("a comment behind {key}"),
                change,
                &fate,
                |plan| {
                    let rendered = frontmatter::render(plan);
                    assert!(
                        rendered.contains(&format!("{behind}\n")),
                        "{name}: {key}: {rendered}"
                    );
                },
            );
        }
    }
    let inside = text(|old| {
        old.replacen(
            "\n- to: approved\n",
            "\n# early\n- to: approved\n  # by whom\n",
            1,
        )
    });
    cells.at("done", "comments within a list", inside, &fate, |plan| {
        let rendered = frontmatter::render(plan);
        let both = rendered.contains("# early\n") && rendered.contains("# by whom\n");
        assert!(both, "{rendered}");
    });
}

/// What becomes of a cap's change.
fn cap(name: &str, key: &str) -> Fate {
    if has_ended(name) {
        let status = status_of(name);
        Fate::Refused(format!(
            "`{key}` of a plan that is {status} cannot be changed any more"
        ))
    } else {
        Fate::Taken(&["CapsChanged"])
    }
}

#[test]
fn a_cap_is_changed_until_the_end_and_named_when_it_is_none() {
    let mut cells = Cells::default();
    let no_number = [
        "many",
        "-1",
        "[1]",
        "{a: 1}",
        "true",
        "1e400",
        "99999999999999999999999",
        "''",
        "1 000",
        "500_000",
        ".inf",
        ".nan",
    ];
    for key in CAPS {
        for value in ["1", "700000", "0"] {
            let change = text(|old| set(old, key, value));
            cells.everywhere(&format!("{key}: {value}"), change, |name| cap(name, key));
        }
        for value in no_number {
            let change = text(|old| set(old, key, value));
            cells.everywhere(&format!("{key}: {value}"), change, |_| Fate::refused(key));
        }
        let again = text(|old| add(&set(old, key, "9"), &format!("{key}: 9\n")));
        cells.everywhere(&format!("{key} twice"), again, |_| twice(key));
    }
    let no_whole = [
        ("max_tokens", "'700000'"),
        ("max_tokens", "700000.5"),
        ("max_wall_clock_min", "1.5"),
    ];
    for (key, value) in no_whole {
        let change = text(|old| set(old, key, value));
        cells.everywhere(&format!("{key}: {value}"), change, |_| Fate::refused(key));
    }
    for value in ["2.5", "'2.50'", "0.0000001"] {
        let change = text(|old| set(old, "max_cost_usd", value));
        cells.everywhere(value, change, |name| cap(name, "max_cost_usd"));
    }
}

#[test]
fn a_cap_goes_away_with_its_line_or_its_value() {
    let mut cells = Cells::default();
    let changes: [fn(&str) -> String; 3] = [
        |old| without(old, "max_tokens"),
        |old| set(old, "max_tokens", "null"),
        |old| set(old, "max_tokens", "~"),
    ];
    for (n, change) in changes.into_iter().enumerate() {
        for name in STAGES {
            let fate = cap(name, "max_tokens");
            cells.at(
                name,
                &format!("no cap, way {n}"),
                text(change),
                &fate,
                |plan| {
                    assert_eq!(plan.caps.max_tokens, has_ended(name).then_some(500_000));
                },
            );
        }
    }
    let same = [
        ("max_cost_usd", "null"),
        ("max_wall_clock_min", "~"),
        ("max_tokens", "0x7A120"),
    ];
    for (key, value) in same {
        cells.everywhere(value, text(|old| set(old, key, value)), |_| Fate::Nothing);
    }
}

/// What may be written behind `status:` by hand.
fn status_fate(name: &str, to: StatusName, line: &str) -> Fate {
    use StatusName::{Aborted, Approved, Cancelled, Declined, Done, Draft, Executing, Paused};
    let from = status_of(name);
    if to.as_str() == from {
        return Fate::Nothing;
    }
    match (name, to) {
        ("draft", Approved) => Fate::Taken(&["PlanApproved"]),
        ("draft", Declined) => Fate::Taken(&["PlanDeclined"]),
        ("paused", Approved) => Fate::Taken(&["PlanResumed"]),
        ("asking", Approved) => Fate::Taken(&["TicketDecided", "PlanResumed"]),
        ("asking", Cancelled) => Fate::Taken(&["TicketDecided", "PlanCancelled"]),
        ("draft" | "approved" | "executing" | "paused", Cancelled) => {
            Fate::Taken(&["PlanCancelled"])
        }
        (_, Draft | Approved | Executing | Paused | Declined | Cancelled | Aborted | Done) => {
            let word = line
                .split_once(':')
                .unwrap()
                .1
                .trim_matches(['"', '\'', ' ', '\t']);
            Fate::Refused(format!(
                "`status: {word}` cannot be set by hand on a plan that is {from}"
            ))
        }
    }
}

#[test]
fn a_status_is_written_where_the_table_says_however_it_is_spelt() {
    let mut cells = Cells::default();
    for name in STAGES {
        for to in StatusName::ALL {
            let upper = to.as_str().to_uppercase();
            let capital = format!("{}{}", &upper[..1], &to.as_str()[1..]);
            let as_rendered = if to.as_str() == status_of(name) {
                None
            } else {
                Some(format!("status: {to}"))
            };
            let spellings = [
                format!("status: '{to}'"),
                format!("status: \"{to}\""),
                format!("status: {to}   "),
                format!("status: ' {to} '"),
                format!("status:\t{to}"),
                format!("\"status\": {to}"),
                format!("status: {upper}"),
                format!("status: {capital}"),
            ];
            for line in spellings.into_iter().chain(as_rendered) {
                let change = text(|old| {
                    old.replacen(lines_of(old, "status").unwrap(), &format!("{line}\n"), 1)
                });
                let fate = status_fate(name, to, &line);
                cells.at(name, &line, change, &fate, |plan| {
                    let taken = matches!(fate, Fate::Taken(_));
                    let expected = if taken { to.as_str() } else { status_of(name) };
                    assert_eq!(plan.status.name().as_str(), expected, "{name}: {line}");
                });
            }
        }
    }
}

#[test]
fn a_status_that_is_none_is_refused() {
    let mut cells = Cells::default();
    let none = [
        "aproved",
        "yes",
        "true",
        "null",
        "~",
        "''",
        "[approved]",
        "{to: approved}",
        "1",
        "approved now",
        "approved, please",
    ];
    let refused = |_: &str| Fate::refused("`status");
    for value in none {
        cells.everywhere(
            &format!("status: {value}"),
            text(|old| set(old, "status", value)),
            refused,
        );
    }
    cells.everywhere(
        "status removed",
        text(|old| without(old, "status")),
        refused,
    );
    let again = text(|old| add(old, "status: approved\n"));
    cells.everywhere("status twice", again, |_| twice("status"));
}

#[test]
fn the_anchor_is_rendered_afresh_whatever_becomes_of_it() {
    let mut cells = Cells::default();
    let other = "0".repeat(64);
    let values = [
        "null".to_owned(),
        "12".to_owned(),
        "[]".to_owned(),
        "{seq: 0}".to_owned(),
        format!("{{seq: 0, b3: {other}}}"),
        format!("{{seq: 999, b3: {other}}}"),
        format!("{{seq: 18446744073709551615, b3: {other}}}"),
        format!("{{seq: -1, b3: {other}, file: {}}}", &other[..32]),
        "{seq: 0, b3: zz, file: zz}".to_owned(),
    ];
    for value in values {
        let change = text(|old| set(old, "journal", &value));
        cells.everywhere(&value, change, |_| Fate::Nothing);
    }
    cells.everywhere("removed", text(|old| without(old, "journal")), |_| {
        Fate::Nothing
    });
    let again = text(|old| add(old, "journal: 1\n"));
    cells.everywhere("twice", again, |_| twice("journal"));
}

#[test]
fn an_operators_own_lines_are_taken_as_written_in_every_status() {
    let mut cells = Cells::default();
    let long = format!("long: {}\n", "a b ".repeat(20_000));
    let added = [
        "mine: 1\n",
        "mine: [a,  b]  # spaced\n",
        "mine:\n- a\n- b\n",
        "mine:\n  deep:\n    deeper: [x]\n",
        "mine: |\n  a text\n\n  # of lines\n  ---\n",
        "mine: >-\n  folded\n  text\n",
        "mine: \"quoted: yes\"\n",
        "mine:\ta tab\n",
        "\"mine\": 'x'\n",
        "2026: a year\n",
        "2026-11-23: a day\n",
        "true: a truth\n",
        "schlüssel: größer 🌍\n",
        "mine: &a [x]\n",
        "mine:\n",
        "mine: null\n",
        "# only a comment\n",
        "\n",
        "mine: 1\n\n# and below\n",
        long.as_str(),
    ];
    for lines in added {
        let cell = lines.chars().take(40).collect::<String>();
        for name in STAGES {
            let change = text(|old| add(old, lines));
            cells.at(
                name,
                &cell,
                change,
                &Fate::Taken(&["PlanRevised"]),
                |plan| {
                    assert!(frontmatter::render(plan).contains(lines), "{name}: {cell}");
                },
            );
        }
    }
}

#[test]
fn an_operators_own_lines_are_changed_removed_and_reordered() {
    let mut cells = Cells::default();
    let fate = Fate::Taken(&["PlanRevised"]);
    let (title, tags) = ("title: \"a: b\"  # quoted\n", "tags: [x, y]\n");
    let swapped = format!("{tags}{title}");
    let changes = [
        (title, "title: 'a: b'\n"),
        (title, ""),
        (tags, "tags: [x]\n"),
        (tags, "tags: [x, y]  # two\n"),
        (tags, ""),
        ("# about\n", ""),
        ("# about\n", "# about\n# more\n"),
        ("# about\n", "\n# about\n"),
        (tags, "# about tags\ntags: [x, y]\n"),
        ("title: \"a: b\"  # quoted\ntags: [x, y]\n", &swapped),
    ];
    for (from, to) in changes {
        for name in STAGES {
            let cell = format!("{from:?} to {to:?}");
            let change = text(|old| old.replacen(from, to, 1));
            cells.at(name, &cell, change, &fate, |plan| {
                let rendered = frontmatter::render(plan);
                assert!(rendered.contains(to), "{name}: {cell}: {rendered}");
                assert!(
                    to.contains(from) || !rendered.contains(from),
                    "{name}: {cell}"
                );
            });
        }
    }
}

/// A billion of `x`, in seven lines.
fn laughs() -> String {
    let eight = |of: &str| [of; 8].join(", ");
    let mut lines = format!("a0: &a0 [{}]\n", eight("x"));
    for n in 1..8 {
        lines.push_str(&format!(
            "a{n}: &a{n} [{}]\n",
            eight(&format!("*a{}", n - 1))
        ));
    }
    lines
}

#[test]
fn frontmatter_that_is_no_yaml_is_refused_with_its_place() {
    let mut cells = Cells::default();
    let laughs = laughs();
    let bad = [
        ("mine: [open\n", "not valid YAML"),
        ("mine: {open\n", "not valid YAML"),
        ("mine: 'open\n", "not valid YAML"),
        ("mine: a: b\n", "not valid YAML"),
        ("mine: !tagged x\n", "not valid YAML"),
        ("mine: *nobody\n", "not valid YAML"),
        ("\tmine: 1\n", "not valid YAML"),
        ("mine\n", "not valid YAML"),
        ("mine: 1\nmine: 2\n", "\"mine\" stands here twice"),
        ("tags: [z]\n", "\"tags\" stands here twice"),
        ("mine: {a: 1, a: 2}\n", "\"a\" stands here twice"),
        (laughs.as_str(), "not valid YAML"),
    ];
    for (lines, why) in bad {
        cells.everywhere(lines, text(|old| add(old, lines)), |_| Fate::refused(why));
    }
}

#[test]
fn the_body_is_changed_while_nobody_works_on_it() {
    let mut cells = Cells::default();
    let fate = |name: &str| {
        if body_is_free(name) {
            return Fate::Taken(&["PlanRevised"]);
        }
        Fate::Refused(format!(
            "the body of a plan that is {} cannot be edited",
            status_of(name)
        ))
    };
    let changes: [(&str, Rewrite); 8] = [
        ("a word", |old| {
            old.replacen("write essay 2", "write a letter", 1)
        }),
        ("a line more", |old| format!("{old}\nOne more line.\n")),
        ("all of it", |old| {
            format!("{}---\n\nNothing left to do.\n", parts(old).0)
        }),
        ("emptied", |old| format!("{}---\n", parts(old).0)),
        ("a rule in it", |old| {
            format!("{old}\n---\n\nBelow a rule.\n")
        }),
        ("a tab", |old| {
            old.replacen("**1. Essay 1**", "**1.\tEssay 1**", 1)
        }),
        ("an item less", |old| {
            let (from, to) = (old.find("**2.").unwrap(), old.find("### Risks").unwrap());
            format!("{}{}", &old[..from], &old[to..])
        }),
        ("spaces at a line's end", |old| {
            old.replacen("## Essays", "## Essays  ", 1)
        }),
    ];
    for (cell, change) in changes {
        cells.everywhere(cell, text(change), fate);
    }
}

#[test]
fn a_body_that_is_too_long_is_refused() {
    let mut cells = Cells::default();
    let change = text(|old| format!("{old}{}", "word ".repeat(MAX_BODY / 5)));
    cells.everywhere("long", change, |_| Fate::refused("its body has"));
}

#[test]
fn line_ends_marks_and_the_last_line_break_are_no_edit() {
    let mut cells = Cells::default();
    let changes: [(&str, Rewrite); 8] = [
        ("CRLF", |old| old.replace('\n', "\r\n")),
        ("a mark", |old| format!("\u{feff}{old}")),
        ("both", |old| {
            format!("\u{feff}{}", old.replace('\n', "\r\n"))
        }),
        ("no last line break", |old| old.trim_end().to_owned()),
        ("two more", |old| format!("{old}\n\n")),
        ("spaces at the end", |old| format!("{old}   \t\n")),
        ("spaces behind the first line", |old| {
            old.replacen("---\n", "---  \n", 1)
        }),
        ("spaces behind the rule", |old| {
            let (front, body) = parts(old);
            format!("{front}---  \n{}", &body[4..])
        }),
    ];
    for (cell, change) in changes {
        cells.everywhere(cell, text(change), |_| Fate::Nothing);
    }
}

#[test]
fn an_edit_between_other_line_ends_is_taken_all_the_same() {
    let mut cells = Cells::default();
    let change = text(|old| {
        let edited = add(
            &old.replacen("write essay 2", "write a letter", 1),
            "mine: [a]\n",
        );
        format!("\u{feff}{}", edited.replace('\n', "\r\n"))
    });
    cells.at(
        "draft",
        "CRLF and an edit",
        change,
        &Fate::Taken(&["PlanRevised"]),
        |plan| {
            assert!(!frontmatter::render(plan).contains('\r'));
        },
    );
}

type Rewrite = fn(&str) -> String;
type Change = Box<dyn Fn(&str) -> Vec<u8>>;

/// The first so many eighths of the frontmatter.
fn cut(eighths: usize) -> Change {
    Box::new(move |old| {
        let front = parts(old).0.as_bytes();
        front[..front.len() * eighths / 8].to_vec()
    })
}

fn literal(bytes: &[u8]) -> Change {
    let bytes = bytes.to_vec();
    Box::new(move |_| bytes.clone())
}

fn and_then(more: Vec<u8>) -> Change {
    Box::new(move |old| [old.as_bytes(), &more].concat())
}

#[test]
fn what_is_no_whole_text_is_refused_and_kept() {
    let mut cells = Cells::default();
    const MISSING: &str = "its frontmatter is missing";
    let list: Change = Box::new(|old| format!("---\n- a\n{}", parts(old).1).into_bytes());
    let utf_16: Change = Box::new(|old| {
        let units = old.encode_utf16().flat_map(u16::to_le_bytes);
        [0xff, 0xfe].into_iter().chain(units).collect()
    });
    let table: Vec<(&str, Change, &str)> = vec![
        ("empty", literal(b""), "it is empty"),
        ("white space", literal(b"\n \n\t\n"), "it is empty"),
        ("cut at 1/8", cut(1), "cut short"),
        ("cut at 3/8", cut(3), "cut short"),
        ("cut at 7/8", cut(7), "cut short"),
        ("a rule", literal(b"---"), "cut short"),
        ("a rule and a line break", literal(b"---\n"), "cut short"),
        ("two rules", literal(b"---\n---\n"), "it is empty"),
        (
            "only the body",
            Box::new(|old| parts(old).1[4..].into()),
            MISSING,
        ),
        (
            "another text",
            literal(b"# Shopping list\n- milk\n"),
            MISSING,
        ),
        (
            "no closing rule",
            Box::new(|old| old.replacen("\n---\n", "\n", 1).into()),
            "cut short",
        ),
        (
            "a blank line first",
            Box::new(|old| format!("\n{old}").into()),
            MISSING,
        ),
        ("a list as frontmatter", list, "`key: value`"),
        (
            "garbage",
            literal(&(0..=255).cycle().take(5_000).collect::<Vec<u8>>()),
            "not UTF-8",
        ),
        ("zeros", Box::new(|old| vec![0; old.len()]), "NUL"),
        ("a NUL at the end", and_then(vec![0]), "NUL"),
        ("Latin-1", and_then(b"gr\xf6\xdfer\n".to_vec()), "not UTF-8"),
        ("UTF-16", utf_16, "not UTF-8"),
        (
            "only CR",
            Box::new(|old| old.replace('\n', "\r").into()),
            MISSING,
        ),
        ("huge", and_then(vec![b'x'; 3 * MAX_FILE]), "at most"),
        (
            "huge and garbage",
            literal(&vec![0xff; 20 * MAX_FILE]),
            "at most",
        ),
    ];
    for (cell, change, why) in table {
        cells.everywhere(cell, change, |_| Fate::refused(why));
    }
}

/// As big as nobody can read, and no disk space in it.
#[test]
fn a_file_that_fits_in_no_memory_is_refused_unread() {
    let mut cells = Cells::default();
    for name in STAGES {
        cells.cell(|| {
            let vault = stage(name);
            let path = vault.plan_file(PLAN);
            let size = 1 << 40;
            let file = std::fs::File::options().write(true).open(&path).unwrap();
            file.set_len(size).unwrap();
            bench::rest(&path);
            let mut log = bench::open(&vault);
            let became = log.reconcile(Settling::Now).unwrap();
            let Reconciled::Rejected { why, kept_as } = became else {
                panic!("{name}: {became:?}");
            };
            assert!(why.contains("at most"), "{name}: {why}");
            let kept = vault.path(&format!("ess/plans/{}", kept_as.unwrap()));
            assert_eq!(std::fs::metadata(kept).unwrap().len(), size, "{name}");
            assert_eq!(rendered(&vault), frontmatter::render(log.plan()), "{name}");
        });
    }
}

#[test]
fn a_deleted_file_is_rendered_afresh_and_it_is_told() {
    let mut cells = Cells::default();
    for name in STAGES {
        cells.cell(|| {
            let vault = stage(name);
            std::fs::remove_file(vault.plan_file(PLAN)).unwrap();
            // Whether the file of a plan that was only written down was ever there nobody knows.
            let fate = match name {
                "draft" => Fate::Nothing,
                _ => Fate::refused("it was deleted"),
            };
            judge_as_it_lies(&format!("{name}: deleted"), &vault, None, &fate);
        });
    }
}

fn all_at_once(status: &'static str) -> impl Fn(&str) -> Vec<u8> {
    text(move |old| {
        let edited = add(&set(old, "max_tokens", "700000"), "mine: 1\n");
        set(
            &edited.replacen("write essay 2", "write a letter", 1),
            "status",
            status,
        )
    })
}

#[test]
fn one_save_is_taken_whole_or_not_at_all() {
    let mut cells = Cells::default();
    let taken: [(&str, &'static str, &'static [&'static str]); 5] = [
        (
            "draft",
            "approved",
            &["PlanRevised", "CapsChanged", "PlanApproved"],
        ),
        (
            "draft",
            "declined",
            &["PlanRevised", "CapsChanged", "PlanDeclined"],
        ),
        (
            "draft",
            "cancelled",
            &["PlanRevised", "CapsChanged", "PlanCancelled"],
        ),
        (
            "paused",
            "approved",
            &["PlanRevised", "CapsChanged", "PlanResumed"],
        ),
        (
            "asking",
            "approved",
            &["PlanRevised", "CapsChanged", "TicketDecided", "PlanResumed"],
        ),
    ];
    for (name, status, kinds) in taken {
        cells.at(
            name,
            status,
            all_at_once(status),
            &Fate::Taken(kinds),
            |plan| {
                assert_eq!(plan.status.name().as_str(), status);
                assert_eq!(plan.caps.max_tokens, Some(700_000));
            },
        );
    }
    for name in STAGES {
        let why = if body_is_free(name) {
            "`status: done`"
        } else {
            "cannot be edited"
        };
        cells.at(
            name,
            "all, and done",
            all_at_once("done"),
            &Fate::refused(why),
            |_| (),
        );
        let one_bad = text(|old| {
            set(
                &add(&set(old, "max_tokens", "700000"), "mine: 1\n"),
                "tokens_used",
                "7",
            )
        });
        cells.at(
            name,
            "good parts and a bad one",
            one_bad,
            &engines("tokens_used"),
            |_| (),
        );
    }
}
