//! Every key of a ticket's file, its text and the file as a whole, for every kind of ticket in the statuses that its plan
//! can have: what an edit of it comes to.

use std::sync::LazyLock;

use modulatio::{
    command::Command,
    vault::{Actor, PlanLog, Settling, replay},
};
use projections::{
    document::MAX_FILE,
    event::{Decision, Event},
    ids::TicketId,
    ticket,
};

use crate::{
    bench::{self, Cells, is_kept, kept, no_litter, open, put},
    support::{TestVault, body},
};

/// A ticket in a plan's status: names of its stage and its number.
struct Stage {
    name: &'static str,
    number: u32,
    vault: TestVault,
}

const OPEN: [&str; 8] = [
    "asks, paused",
    "proposes, paused",
    "asks, draft",
    "tells, paused",
    "tells, approved",
    "tells, executing",
    "tells, cancelled",
    "tells, done",
];

const CLOSED: [&str; 5] = [
    "approved, approved",
    "declined, aborted",
    "cancelled, cancelled",
    "told, done",
    "withdrawn, draft",
];

static STAGES: LazyLock<Vec<Stage>> = LazyLock::new(|| {
    let names = OPEN.into_iter().chain(CLOSED);
    names.map(made).collect()
});

fn stage(name: &str) -> Stage {
    let stage = STAGES.iter().find(|stage| stage.name == name).unwrap();
    Stage {
        name: stage.name,
        number: stage.number,
        vault: stage.vault.light_copy(),
    }
}

fn note() -> String {
    "seen".to_owned()
}

/// Whether the ticket only informs.
fn tells(name: &str) -> bool {
    name.starts_with("tells")
}

fn made(name: &'static str) -> Stage {
    let settings = match name {
        "proposes, paused" => "outcomes: {1: revise-major}",
        "tells, done" | "told, done" => "reject: 4, reject_in: [1]",
        _ if tells(name) => "reject: 4, reject_in: [1], outcomes: {1: pause}",
        _ => "outcomes: {1: pause}",
    };
    let vault = TestVault::with(&format!(
        "models:\n  m: {{provider: rehearsal, {settings}}}\nteam: {{leader: m}}\n"
    ));
    if name.ends_with(", draft") {
        vault
            .run(&["plan", "draft", "ESS", "Essays on Stoicism"])
            .ok();
    } else {
        vault.approved(&body(2));
        vault.run_until_idle();
    }
    let mut log = open(&vault);
    let resume = Command::Resume { note: note() };
    let cancel = Command::Cancel {
        note: note(),
        cut: false,
    };
    match name {
        "tells, approved" => say(&mut log, resume),
        "tells, executing" => {
            say(&mut log, resume);
            say(&mut log, Command::Claim);
        }
        "tells, cancelled" | "cancelled, cancelled" => say(&mut log, cancel),
        "approved, approved" | "told, done" => answer(&mut log, 1, Decision::Approved),
        "declined, aborted" => answer(&mut log, 1, Decision::Declined),
        "withdrawn, draft" => {
            let text = bench::rendered(&vault);
            let other = text.trim_end().to_owned() + "\nAnother word.\n";
            put(&vault.plan_file(bench::PLAN), other.as_bytes());
            log.reconcile(Settling::Now).unwrap();
            answer(&mut log, 1, Decision::Approved);
        }
        _ => {}
    }
    log.show();
    let status = log.plan().status.name().as_str();
    assert!(name.ends_with(status), "{name}: {status}");
    let number = 1;
    let ticket = &log.plan().tickets[&id(number)];
    assert_eq!(ticket.is_open(), OPEN.contains(&name), "{name}");
    assert_eq!(
        ticket.for_information,
        tells(name) || name.starts_with("told"),
        "{name}"
    );
    Stage {
        name,
        number,
        vault,
    }
}

fn say(log: &mut PlanLog, command: Command) {
    log.submit(&command, &Actor::named("cli:tester")).unwrap();
}

fn answer(log: &mut PlanLog, number: u32, decision: Decision) {
    let ticket = id(number);
    let command = Command::DecideTicket {
        digest: log.plan().tickets[&ticket].digest,
        ticket,
        decision,
        note: note(),
    };
    say(log, command);
}

fn id(number: u32) -> TicketId {
    TicketId::new("ESS".parse().unwrap(), number)
}

/// What must become of an edit.
#[derive(Clone, Debug, PartialEq)]
enum Fate {
    /// Nothing was said, and the file is rendered afresh.
    Nothing,
    /// The file is left as it is: something is still to come.
    Left,
    Answered(Decision, &'static str),
    Refused(String),
}

fn refused(why: &str) -> Fate {
    Fate::Refused(why.to_owned())
}

impl Stage {
    fn file(&self) -> String {
        format!("ess/tickets/{}.md", id(self.number))
    }

    fn text(&self) -> String {
        self.vault.read(&self.file())
    }

    fn rendered(&self, log: &PlanLog) -> String {
        let id = id(self.number);
        ticket::render(&log.plan().id, &id, &log.plan().tickets[&id])
    }

    fn judge(&self, cell: &str, edited: &[u8], fate: &Fate) {
        let cell = format!("{}: {cell}", self.name);
        assert!(self.text().as_bytes() != edited, "{cell}: no edit");
        put(&self.vault.path(&self.file()), edited);
        self.judge_as_it_lies(&cell, Some(edited), fate);
    }

    fn judge_as_it_lies(&self, cell: &str, edited: Option<&[u8]>, fate: &Fate) {
        let mut log = open(&self.vault);
        let before = log.plan().clone();
        assert!(!log.reconcile_tickets(Settling::Now).unwrap(), "{cell}");
        let journal = self.vault.journal(bench::PLAN);
        let head = before.head_frame.anchor.seq;
        let new = journal.entries.iter();
        let new = new.filter(|(entry, _)| entry.mark.anchor.seq > head);
        let new: Vec<&Event> = new.map(|(_, event)| event).collect();
        self.became(cell, fate, &new, edited);
        let path = self.vault.path(&self.file());
        match fate {
            Fate::Left => assert_eq!(std::fs::read(&path).unwrap(), edited.unwrap(), "{cell}"),
            Fate::Nothing | Fate::Answered(..) | Fate::Refused(_) => {
                assert_eq!(self.text(), self.rendered(&log), "{cell}");
                let plan = &log.plan().id;
                assert_eq!(replay::check(log.project(), plan).unwrap(), [], "{cell}");
            }
        }
        let head = log.plan().head_frame.anchor;
        assert!(!log.reconcile_tickets(Settling::Now).unwrap(), "{cell}");
        assert_eq!(log.plan().head_frame.anchor, head, "{cell}: told twice");
        no_litter(cell, &self.vault, "ess/tickets");
    }

    fn became(&self, cell: &str, fate: &Fate, new: &[&Event], edited: Option<&[u8]>) {
        let kinds: Vec<&str> = new.iter().map(|event| event.kind()).collect();
        match fate {
            Fate::Nothing | Fate::Left => assert_eq!(kinds, [""; 0], "{cell}"),
            Fate::Answered(decision, note) => {
                let Some(Event::TicketDecided(e)) = new.first() else {
                    panic!("{cell}: {kinds:?} {:?}", new.first());
                };
                let said = (&e.ticket, e.decision, e.note.as_str());
                assert_eq!(said, (&id(self.number), *decision, *note), "{cell}");
                assert_eq!(kinds, self.events_of(*decision), "{cell}");
            }
            Fate::Refused(why) => {
                let Some(Event::EditRejected(e)) = new.first() else {
                    panic!("{cell}: {kinds:?} {:?}", new.first());
                };
                assert!(
                    e.why.contains(why.as_str()),
                    "{cell}: {why:?} is not in {:?}",
                    e.why
                );
                assert_eq!(kinds, ["EditRejected"], "{cell}");
                assert_eq!(e.file, self.file().trim_start_matches("ess/"), "{cell}");
                is_kept(cell, &self.vault, "ess/tickets", new[0], edited);
            }
        }
        if !matches!(fate, Fate::Refused(_)) {
            assert_eq!(kept(&self.vault, "ess/tickets"), [""; 0], "{cell}");
        }
    }

    /// The events of an answer to this ticket.
    fn events_of(&self, decision: Decision) -> &'static [&'static str] {
        match (self.name, decision) {
            ("asks, draft", Decision::Approved) => &["TicketDecided", "PlanApproved"],
            ("asks, draft", Decision::Declined) => &["TicketDecided", "PlanDeclined"],
            ("proposes, paused", Decision::Approved) => {
                &["TicketDecided", "PlanRevised", "PlanResumed"]
            }
            ("asks, paused", Decision::Approved) => &["TicketDecided", "PlanResumed"],
            ("asks, paused" | "proposes, paused", Decision::Declined) => {
                &["TicketDecided", "PlanAborted"]
            }
            _ => &["TicketDecided"],
        }
    }
}

impl Cells {
    fn ticket(&mut self, name: &str, cell: &str, change: impl Fn(&str) -> Vec<u8>, fate: &Fate) {
        self.cell(|| {
            let stage = stage(name);
            stage.judge(cell, &change(&stage.text()), fate);
        });
    }

    fn open_tickets(&mut self, cell: &str, change: impl Fn(&str) -> Vec<u8>, fate: &Fate) {
        OPEN.iter()
            .for_each(|name| self.ticket(name, cell, &change, fate));
    }

    fn closed_tickets(&mut self, cell: &str, change: impl Fn(&str) -> Vec<u8>, fate: &Fate) {
        CLOSED
            .iter()
            .for_each(|name| self.ticket(name, cell, &change, fate));
    }
}

fn text(change: impl Fn(&str) -> String) -> impl Fn(&str) -> Vec<u8> {
    move |old| change(old).into_bytes()
}

/// The key's line, replaced.
fn set(text: &str, key: &str, line: &str) -> String {
    let start = text.find(&format!("\n{key}:")).unwrap() + 1;
    let end = start + text[start..].find('\n').unwrap() + 1;
    format!("{}{line}{}", &text[..start], &text[end..])
}

/// The ticket as answered by these two lines.
fn answered(decision: &str, note: &str) -> impl Fn(&str) -> Vec<u8> + use<> {
    let (decision, note) = (format!("{decision}\n"), format!("{note}\n"));
    text(move |old| set(&set(old, "decision", &decision), "note", &note))
}

use Decision::{Approved, Declined};

type Rewrite = fn(&str) -> String;

#[test]
fn a_decision_counts_however_it_is_spelt() {
    let mut cells = Cells::default();
    for (word, decision) in [("approved", Approved), ("declined", Declined)] {
        let upper = word.to_uppercase();
        let capital = format!("{}{}", &upper[..1], &word[1..]);
        let spellings = [
            format!("decision: {word}"),
            format!("decision: '{word}'"),
            format!("decision: \"{word}\""),
            format!("decision: {word}   "),
            format!("decision: ' {word} '"),
            format!("decision:\t{word}"),
            format!("\"decision\": {word}"),
            format!("decision: {upper}"),
            format!("decision: {capital}"),
            format!("decision: >-\n  {word}"),
        ];
        for line in spellings {
            let fate = Fate::Answered(decision, "go on");
            cells.open_tickets(&line, answered(&line, "note: go on"), &fate);
        }
    }
}

#[test]
fn a_decision_that_is_none_is_refused_by_name() {
    let mut cells = Cells::default();
    let none = [
        "yes",
        "no",
        "true",
        "false",
        "1",
        "maybe",
        "approve",
        "ok",
        "[approved]",
        "{approved: yes}",
        "approved and declined",
        "approved!",
        "'approved: yes'",
        "1.5",
        "2026-11-23",
    ];
    for word in none {
        let change = answered(&format!("decision: {word}"), "note: go on");
        cells.open_tickets(word, change, &refused("`decision: "));
    }
    let twice = answered("decision: approved\ndecision: approved", "note: go on");
    cells.open_tickets("twice", twice, &refused("\"decision\" stands here twice"));
}

#[test]
fn without_a_decision_nothing_is_said() {
    let mut cells = Cells::default();
    for line in [
        "decision: ~",
        "decision:",
        "decision: ''",
        "decision: '  '",
        "note: ''\ndecision: null",
    ] {
        let change = text(|old| {
            let old = if line.starts_with("note") {
                set(old, "note", "")
            } else {
                old.to_owned()
            };
            set(&old, "decision", &format!("{line}\n"))
        });
        cells.open_tickets(line, change, &Fate::Nothing);
    }
    let changes: [(&str, Rewrite); 6] = [
        ("removed", |old| set(old, "decision", "")),
        ("CRLF", |old| old.replace('\n', "\r\n")),
        ("a mark", |old| format!("\u{feff}{old}")),
        ("a line break more", |old| format!("{old}\n")),
        ("no anchor", |old| set(old, "journal", "")),
        ("another time", |old| {
            set(old, "updated_at", "updated_at: now\n")
        }),
    ];
    for (cell, change) in changes {
        cells.open_tickets(cell, text(change), &Fate::Nothing);
    }
}

#[test]
fn a_note_goes_with_the_decision_as_it_was_written() {
    let mut cells = Cells::default();
    let notes = [
        ("note: go on", "go on"),
        ("note: 'it''s fine: go'", "it's fine: go"),
        ("note: \"a \\\"word\\\"\"", "a \"word\""),
        ("note: ", ""),
        ("note: ''", ""),
        ("note: null", ""),
        ("note: 1.50", "1.50"),
        ("note: 2026", "2026"),
        ("note: true  ", "true"),
        ("note: yes", "yes"),
        ("note: 2026-11-23", "2026-11-23"),
        ("note: größer 🌍", "größer 🌍"),
        ("note: |\n  two\n  lines", "two\nlines\n"),
        ("note: >-\n  folded\n  lines", "folded lines"),
        ("note: go on  # not yet", "go on\nnot yet"),
        ("note: 7  # days", "7\ndays"),
        ("# by phone\nnote: go on", "go on\nby phone"),
        ("note: go on\n# and this", "go on\nand this"),
    ];
    for (line, note) in notes {
        let fate = Fate::Answered(Approved, note);
        cells.open_tickets(line, answered("decision: approved", line), &fate);
    }
    let behind = answered("decision: approved  # fine by me", "note: ''");
    cells.open_tickets("a remark", behind, &Fate::Answered(Approved, "fine by me"));
    let first = text(|old| {
        set(
            &set(old, "note", ""),
            "decision",
            "note: go on\ndecision: approved\n",
        )
    });
    cells.open_tickets("the note first", first, &Fate::Answered(Approved, "go on"));
    let gone = text(|old| set(&set(old, "note", ""), "decision", "decision: approved\n"));
    cells.open_tickets("no note", gone, &Fate::Answered(Approved, ""));
    let at_the_end = text(|old| {
        let old = set(&set(old, "note", ""), "decision", "");
        old.replacen("\n---\n", "\nnote: go on\ndecision: approved\n---\n", 1)
    });
    cells.open_tickets("at the end", at_the_end, &Fate::Answered(Approved, "go on"));
    for line in ["note: [a]", "note: {a: b}"] {
        let fate = refused("`note` is not a text");
        cells.open_tickets(line, answered("decision: approved", line), &fate);
    }
    let broken = answered("decision: approved", "note: yes: go on");
    cells.open_tickets("a colon", broken, &refused("not valid YAML"));
}

#[test]
fn a_note_alone_waits_for_its_decision() {
    let mut cells = Cells::default();
    for line in [
        "note: not yet",
        "note: 12",
        "note: ''  # not yet",
        "# not yet\nnote: ''",
    ] {
        cells.open_tickets(line, answered("decision: null", line), &Fate::Left);
    }
    for name in OPEN {
        cells.cell(|| {
            let stage = stage(name);
            stage.judge(
                "a note",
                &answered("decision: null", "note: first")(&stage.text()),
                &Fate::Left,
            );
            // Whatever else is rendered meanwhile, the note stays.
            let noted = stage.text();
            let mut log = open(&stage.vault);
            log.show();
            assert_eq!(stage.text(), noted, "{name}");
            assert_eq!(kept(&stage.vault, "ess/tickets"), [""; 0], "{name}");
            let done = set(&noted, "decision", "decision: declined\n");
            stage.judge(
                "the decision",
                done.as_bytes(),
                &Fate::Answered(Declined, "first"),
            );
        });
    }
}

const OTHERS: [&str; 9] = [
    "id",
    "priority",
    "status",
    "title",
    "kind",
    "affected_plan_id",
    "approval_required",
    "created_at",
    "digest",
];

#[test]
fn every_other_key_is_refused_by_name_with_a_decision_or_without() {
    let mut cells = Cells::default();
    let refusals: Vec<(&str, String)> = OTHERS
        .iter()
        .map(|key| (*key, format!("`{key}`")))
        .collect();
    for (key, why) in refusals {
        let fate = Fate::Refused(why.clone());
        for line in ["", ": other\n", ": [1, 2]\n", ": null\n"] {
            let line = if line.is_empty() {
                String::new()
            } else {
                format!("{key}{line}")
            };
            for decision in ["decision: null\n", "decision: approved\n"] {
                let change = text(|old| set(&set(old, key, &line), "decision", decision));
                cells.open_tickets(&format!("{line:?} for {key}, {decision:?}"), change, &fate);
            }
        }
        let twice = text(|old| set(old, "decision", &format!("{key}: x\ndecision: approved\n")));
        cells.open_tickets(
            &format!("{key} twice"),
            twice,
            &refused("stands here twice"),
        );
    }
    for (line, why) in [
        ("tags: [x]", "`tags`"),
        ("7: x", "`7`"),
        ("[a]: x", "`"),
        ("Decision: approved", "`Decision`"),
        ("decided_by: me", "stands here twice"),
    ] {
        for decision in ["null", "approved"] {
            let change =
                text(|old| set(old, "decision", &format!("{line}\ndecision: {decision}\n")));
            cells.open_tickets(line, change, &refused(why));
        }
    }
}

#[test]
fn the_text_is_the_engines() {
    let mut cells = Cells::default();
    let changes: [(&str, Rewrite); 4] = [
        ("a word", |old| {
            old.replacen("## What happened", "## What never happened", 1)
        }),
        ("a line more", |old| format!("{old}\napproved, go on\n")),
        ("emptied", |old| {
            old[..4 + old[4..].find("\n---\n").unwrap() + 5].to_owned()
        }),
        ("an item ticked", |old| {
            old.replacen("\n\n", "\n\n- [x] approved\n\n", 2)
        }),
    ];
    for (cell, change) in changes {
        cells.open_tickets(
            cell,
            text(change),
            &refused("its text follows from the journal"),
        );
        let both = text(|old| change(&set(old, "decision", "decision: approved\n")));
        cells.open_tickets(cell, both, &refused("its text follows from the journal"));
    }
    let unchanged = text(|old| {
        format!(
            "{}\n",
            set(old, "decision", "decision: approved\n").replace('\n', "\r\n")
        )
    });
    cells.open_tickets("other line ends", unchanged, &Fate::Answered(Approved, ""));
}

type Change = Box<dyn Fn(&str) -> Vec<u8>>;

#[test]
fn what_is_no_ticket_any_more_is_refused_and_kept() {
    let mut cells = Cells::default();
    let literal = |bytes: &'static [u8]| -> Change { Box::new(move |_| bytes.to_vec()) };
    let cut = |eighths: usize| -> Change {
        Box::new(move |old| {
            let front = old.find("\n---\n").unwrap();
            old.as_bytes()[..front * eighths / 8].to_vec()
        })
    };
    let table: Vec<(&str, Change, &str)> = vec![
        ("empty", literal(b""), "it is empty"),
        ("white space", literal(b" \n\n"), "it is empty"),
        ("cut at 1/8", cut(1), "cut short"),
        ("cut at 5/8", cut(5), "cut short"),
        (
            "only the word",
            literal(b"approved\n"),
            "its frontmatter is missing",
        ),
        (
            "only the key",
            literal(b"decision: approved\n"),
            "its frontmatter is missing",
        ),
        (
            "only the key in frontmatter",
            literal(b"---\ndecision: approved\n---\n"),
            "belongs to the engine",
        ),
        ("garbage", literal(b"\xff\xfe\x00\x01"), "not UTF-8"),
        (
            "a NUL",
            Box::new(|old| [old.as_bytes(), b"\0"].concat()),
            "NUL",
        ),
        (
            "an open bracket",
            Box::new(|old| set(old, "decision", "decision: [approved\n").into()),
            "not valid YAML",
        ),
        (
            "huge",
            Box::new(|old| [old.as_bytes(), &vec![b'x'; 3 * MAX_FILE]].concat()),
            "at most",
        ),
    ];
    for (cell, change, why) in table {
        for name in OPEN.iter().chain(&CLOSED) {
            cells.ticket(name, cell, &change, &refused(why));
        }
    }
}

#[test]
fn a_ticket_that_waits_is_missed_when_it_is_deleted() {
    let mut cells = Cells::default();
    for name in OPEN {
        cells.cell(|| {
            let stage = stage(name);
            std::fs::remove_file(stage.vault.path(&stage.file())).unwrap();
            stage.judge_as_it_lies(name, None, &refused("it was deleted"));
        });
    }
    // One that is closed may go; it comes back with the plan's next rendering.
    for name in CLOSED {
        cells.cell(|| {
            let stage = stage(name);
            let path = stage.vault.path(&stage.file());
            std::fs::remove_file(&path).unwrap();
            let mut log = open(&stage.vault);
            let head = log.plan().head_frame.anchor;
            assert!(!log.reconcile_tickets(Settling::Now).unwrap(), "{name}");
            assert_eq!(log.plan().head_frame.anchor, head, "{name}");
            log.show();
            assert_eq!(stage.text(), stage.rendered(&log), "{name}");
        });
    }
}

/// Why nothing can be decided in a closed ticket any more.
fn closed_because(name: &str) -> &'static str {
    match name {
        "approved, approved" | "told, done" => "was answered before: approved, by cli:tester",
        "declined, aborted" | "cancelled, cancelled" => {
            "was answered before: declined, by cli:tester"
        }
        _ => "asks no longer: ",
    }
}

#[test]
fn a_closed_ticket_takes_no_word_more() {
    let mut cells = Cells::default();
    let was = |name: &str| {
        if closed_because(name).contains("approved") {
            "approved"
        } else {
            "declined"
        }
    };
    for name in CLOSED {
        let fate = refused(closed_because(name));
        let other = if was(name) == "approved" {
            "declined"
        } else {
            "approved"
        };
        let decide = |word: &str| {
            let line = format!("decision: {word}\n");
            text(move |old| set(old, "decision", &line))
        };
        cells.ticket(name, "the other decision", decide(other), &fate);
        cells.ticket(
            name,
            "another note",
            text(|old| set(old, "note", "note: on second thought\n")),
            &if name.starts_with("withdrawn") {
                refused("the ticket is closed")
            } else {
                fate.clone()
            },
        );
        let quoted = text(|old| {
            let word = if name.starts_with("withdrawn") {
                "~".to_owned()
            } else {
                format!("'{}'", was(name))
            };
            set(old, "decision", &format!("decision: {word}\n"))
        });
        cells.ticket(name, "in other quotes", quoted, &Fate::Nothing);
        if !name.starts_with("withdrawn") {
            cells.ticket(
                name,
                "taken back",
                decide("null"),
                &refused("the ticket is closed"),
            );
        }
        cells.ticket(
            name,
            "no decision",
            decide("perhaps"),
            &refused("`decision: perhaps`"),
        );
    }
    for key in OTHERS {
        let fate = Fate::Refused(format!("`{key}`"));
        cells.closed_tickets(
            key,
            text(|old| set(old, key, &format!("{key}: other\n"))),
            &fate,
        );
    }
    // The note of one that was withdrawn says why, and an open one has none.
    let reopened = text(|old| set(old, "status", "status: open\n"));
    for name in CLOSED {
        let withdrawn = name.starts_with("withdrawn");
        let why = if withdrawn {
            "the ticket is closed"
        } else {
            "`status`"
        };
        cells.ticket(name, "reopened", &reopened, &refused(why));
    }
    let told = text(|old| format!("{old}\nMore.\n"));
    cells.closed_tickets(
        "its text",
        told,
        &refused("its text follows from the journal"),
    );
}

/// The file as it was while the ticket was open.
fn as_asked(stage: &Stage) -> String {
    let plan = open(&stage.vault).plan().clone();
    let mut ticket = plan.tickets[&id(stage.number)].clone();
    ticket.answer = None;
    ticket.withdrawn = None;
    ticket::render(&plan.id, &id(stage.number), &ticket)
}

#[test]
fn an_old_buffer_of_a_ticket_that_was_closed_meanwhile_is_seen_as_one() {
    let mut cells = Cells::default();
    for name in CLOSED {
        let old = as_asked(&stage(name));
        cells.ticket(name, "as it was", |_| old.clone().into(), &Fate::Nothing);
        let spelt = old.replace('\n', "\r\n");
        cells.ticket(
            name,
            "as it was, with CRLF",
            |_| spelt.clone().into(),
            &Fate::Nothing,
        );
        let fate = refused(closed_because(name));
        for word in ["approved", "declined"] {
            let change = answered(&format!("decision: {word}"), "note: mine");
            cells.ticket(name, word, |_| change(&old), &fate);
        }
        let noted = answered("decision: null", "note: mine");
        cells.ticket(
            name,
            "a note",
            |_| noted(&old),
            &refused("the ticket is closed"),
        );
        // The very answer that was given: the editor saved it twice.
        if !name.starts_with("withdrawn") && !name.starts_with("cancelled") {
            let word = if closed_because(name).contains("approved") {
                "approved"
            } else {
                "declined"
            };
            let again = answered(&format!("decision: {word}"), "note: seen");
            cells.ticket(name, "the same answer", |_| again(&old), &Fate::Nothing);
        }
    }
}
