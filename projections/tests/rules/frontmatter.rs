//! The plan file: what it shows in each status, that it reads back as the state, and that it leaves the
//! operator's part alone.

use projections::{
    document,
    event::{Event, PlanApproved, PlanCancelled},
    fold, frontmatter,
    plan::Plan,
    yaml::Value,
};
use proptest::prelude::*;

use crate::support::{BODY, drafted, entry, fold_all, history};

fn with(plan: Plan, event: impl Into<Event>) -> Plan {
    fold::apply(Some(plan), &entry(1, 0, vec![event.into()])).unwrap()
}

#[test]
fn a_draft_shows_its_identity_its_caps_and_the_operators_keys_in_place() {
    let text = format!(
        "---\n# what this is\ntitle: \"Essays: a plan\"   # mine\ntags:\n  - stoicism\n\n# how much\nmax_cost_usd: 1.50\nstatus: done\nmax_tokens: 0\n2026: a key that is a number\n# the end\n---\n{BODY}"
    );
    insta::assert_snapshot!(frontmatter::render(&drafted(&text)));
}

#[test]
fn an_executing_plan_shows_its_progress_and_no_more() {
    let frames = history();
    let claimed = frames.iter().position(|f| f.epoch.0 == 2).unwrap();
    let text = frontmatter::render(&fold_all(&frames[..=claimed]).unwrap());
    insta::assert_snapshot!(text.split("\n---").next().unwrap());
}

#[test]
fn a_paused_plan_says_why_in_its_last_transition() {
    let frames = history();
    let paused = frames
        .iter()
        .position(|f| f.events.iter().any(|e| e.kind() == "PlanPaused"));
    let text = frontmatter::render(&fold_all(&frames[..=paused.unwrap()]).unwrap());
    assert!(
        text.contains("- to: paused\n  decided_by: daemon:host:43\n"),
        "{text}"
    );
    assert!(
        text.contains("  note: 'task s1-t1 is blocked. QC rejected it: no tool'\n"),
        "{text}"
    );
}

const NASTY: [&str; 19] = [
    "",
    " ",
    "a: b",
    "a #b",
    "#",
    "line\nbreak",
    "\"quoted\"",
    "it's",
    "\u{1F600}",
    "yes",
    "No",
    "null",
    "~",
    "3.10",
    "007",
    "2026-11-23",
    "---",
    "tab\tand \u{7} bell",
    "[a, b]",
];

#[test]
fn a_nasty_note_reads_back_as_itself() {
    for note in NASTY {
        let plan = with(
            drafted(BODY),
            PlanApproved {
                note: note.to_owned(),
            },
        );
        let document = document::read(frontmatter::render(&plan).as_bytes()).unwrap();
        assert_eq!(
            document.values["status_transitions"][0]["note"],
            Value::from(note),
            "{note:?}"
        );
    }
    let notes: Vec<String> = NASTY
        .iter()
        .map(|note| {
            frontmatter::render(&with(
                drafted(BODY),
                PlanApproved {
                    note: (*note).to_owned(),
                },
            ))
        })
        .map(|text| {
            text.lines()
                .find(|l| l.starts_with("  note:"))
                .unwrap()
                .to_owned()
        })
        .collect();
    insta::assert_snapshot!(notes.join("\n"));
}

#[test]
fn rendering_depends_on_nothing_but_the_state() {
    let frames = history();
    let (one, other) = (fold_all(&frames).unwrap(), fold_all(&frames).unwrap());
    assert_eq!(frontmatter::render(&one), frontmatter::render(&other));
    assert_eq!(frontmatter::render(&one), frontmatter::render(&one.clone()));
}

#[test]
fn the_values_of_a_rendered_file_are_those_of_the_state() {
    let plan = fold_all(&history()).unwrap();
    let document = document::read(frontmatter::render(&plan).as_bytes()).unwrap();
    let found = projections::found::read(
        &plan.id,
        &document.values,
        None,
        projections::payload::Digest::of(b""),
    )
    .unwrap();
    assert_eq!(found.status, plan.status.name());
    assert_eq!(found.current_index, plan.current_index);
    assert_eq!(found.transitions, plan.transitions);
    assert_eq!(found.reflections, plan.reflections);
    assert_eq!(found.spawned_kickoffs, plan.kickoffs);
    assert_eq!(found.execution_started_at, plan.execution_started_at);
    assert_eq!(
        (found.tokens_used, found.cost_usd_used),
        (plan.calls.tokens, plan.calls.cost)
    );
    assert_eq!(found.created_at, plan.created_at);
    assert_eq!(
        projections::found::caps(&document.values).unwrap(),
        plan.caps
    );
    assert_eq!(document.body, plan.body);
}

#[test]
fn a_rendered_head_that_is_read_and_kept_renders_the_same_again() {
    let mut plan = fold_all(&history()).unwrap();
    let text = frontmatter::render(&plan);
    plan.head = document::read(text.as_bytes()).unwrap().head;
    assert_eq!(frontmatter::render(&plan), text);
}

#[test]
fn no_operators_line_is_lost_whatever_its_key() {
    let lines = [
        "# first comment",
        "1: number",
        "true: flag",
        "null: nothing",
        "2026-11-23: day",
        "'quoted: key': x",
        "multi: |",
        "  text",
        "",
        "  # not a comment",
        "more:",
        "- a",
        "# inner",
        "- b: c",
        "empty:",
        "# last comment",
    ];
    let text = format!("---\n{}\n---\n{BODY}", lines.join("\n"));
    let rendered = frontmatter::render(&drafted(&text));
    for line in lines {
        assert!(
            rendered.contains(&format!("{line}\n")),
            "{line:?} is gone from\n{rendered}"
        );
    }
    let again = document::read(rendered.as_bytes()).unwrap();
    let before = document::read(text.as_bytes()).unwrap();
    for (key, value) in &before.values {
        assert_eq!(again.values.get(key), Some(value), "{key:?}");
    }
}

#[test]
fn keys_that_cannot_be_cut_by_line_are_kept_by_value() {
    let text = format!("---\n# mine\n{{a: [1,\n2], 3: c, status: done}}\n---\n{BODY}");
    let rendered = frontmatter::render(&drafted(&text));
    assert!(rendered.starts_with("---\n# mine\na:\n"), "{rendered}");
    let values = document::read(rendered.as_bytes()).unwrap().values;
    assert_eq!(
        values["a"],
        projections::yaml::parse_value("[1, 2]").unwrap()
    );
    assert_eq!(values[&Value::from(3)], Value::from("c"));
    assert_eq!(values["status"], Value::from("draft"));
}

#[test]
fn a_plan_with_a_long_history_still_reads_back() {
    let mut plan = drafted(BODY);
    let long = plan.transitions.clone();
    plan = with(
        plan,
        PlanCancelled {
            cut: false,
            note: "x".repeat(400),
        },
    );
    let one = plan.transitions[0].clone();
    plan.transitions = long
        .into_iter()
        .chain(std::iter::repeat_n(one, 1_000))
        .collect();
    let text = frontmatter::render(&plan);
    assert!(text.len() > 400_000);
    assert!(document::read(text.as_bytes()).is_ok());
}

#[test]
fn a_body_beyond_its_limit_is_refused_by_name() {
    let body = "x".repeat(document::MAX_BODY + 1);
    for text in [body.clone(), format!("---\nid: X\n---\n{body}")] {
        let error = document::read(text.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("its body has 65537 bytes"), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_note_reads_back(note in any::<String>()) {
        let plan = with(drafted(BODY), PlanApproved { note: note.clone() });
        let text = frontmatter::render(&plan);
        if !text.contains('\0') {
            let document = document::read(text.as_bytes()).unwrap();
            prop_assert_eq!(document.values["status_transitions"][0]["note"].as_str(), Some(note.as_str()));
        }
    }

    #[test]
    fn any_file_is_read_or_refused_and_what_is_read_renders(text in "(---\n)?([a-z#\" :'\\[\\]{}|>-]{0,12}\n){0,8}(---\n)?.{0,20}") {
        if let Ok(document) = document::read(text.as_bytes()) {
            let own: Vec<_> = document.head.0.iter().filter_map(|e| e.own.clone()).collect();
            let caps = projections::found::caps(&document.values);
            if caps.is_ok() {
                let rendered = frontmatter::render(&drafted(&text));
                let again = document::read(rendered.as_bytes()).unwrap();
                let kept: Vec<_> = again.head.0.iter().filter_map(|e| e.own.clone()).collect();
                prop_assert_eq!(kept, own);
            }
        }
    }
}
