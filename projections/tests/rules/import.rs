//! Plans of the existing program: recorded as found, and shown with every key where it stood.

use projections::{
    document::{self, Document},
    event::StatusName,
    frontmatter,
    plan::Status,
};

use crate::support::imported;

const FILES: [(&str, &str, &str); 6] = [
    (
        "ESS-PLAN-001",
        "draft",
        include_str!("../imported/draft.md"),
    ),
    ("ESS-PLAN-002", "done", include_str!("../imported/done.md")),
    (
        "ESS-PLAN-003",
        "executing",
        include_str!("../imported/executing.md"),
    ),
    (
        "ESS-PLAN-004",
        "paused",
        include_str!("../imported/paused.md"),
    ),
    (
        "ESS-PLAN-005",
        "approved",
        include_str!("../imported/approved.md"),
    ),
    (
        "ESS-PLAN-006",
        "declined",
        include_str!("../imported/declined.md"),
    ),
];

fn read(text: &str) -> Document {
    document::read(text.as_bytes()).unwrap()
}

#[test]
fn every_status_is_taken_over_as_found() {
    for (id, status, text) in FILES {
        let plan = imported(id, &read(text));
        assert_eq!(plan.status.name(), StatusName::parse(status).unwrap());
        assert_eq!(plan.items.as_ref().unwrap().len(), 2);
        assert_eq!(plan.epoch.0, 0, "nobody here has claimed it");
    }
}

#[test]
fn progress_is_taken_over_as_found() {
    let plan = imported("ESS-PLAN-004", &read(FILES[3].2));
    assert_eq!(
        (
            plan.current_index,
            plan.transitions.len(),
            plan.kickoffs.len()
        ),
        (1, 3, 1)
    );
    assert_eq!(plan.reflections[0].after_sub_objective, 1);
    assert!(plan.reflections[0].more.contains_key("revise_major"));
    assert_eq!((plan.calls.tokens, plan.calls.cost.0), (4963, 123_457));
    let Status::Paused { note, .. } = &plan.status else {
        panic!("{:?}", plan.status)
    };
    assert_eq!(note, "paused for major revision after sub-objective 1");
    assert_eq!(
        plan.execution_started_at.unwrap().guide_form(),
        "2026-11-20T08:21:00.400000+00:00"
    );
}

#[test]
fn every_key_is_rendered_where_it_stood() {
    for (id, _, text) in FILES {
        let before = read(text);
        let after = read(&frontmatter::render(&imported(id, &before)));
        let keys = |d: &Document| {
            d.values
                .keys()
                .map(|k| k.as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        let mut expected = keys(&before);
        expected.push("journal".to_owned());
        assert_eq!(keys(&after), expected, "{id}");
        assert_eq!(after.body, before.body);
    }
}

#[test]
fn an_imported_file_changes_only_in_the_guides_spellings_and_the_seal() {
    for (id, _, text) in FILES {
        let rendered = frontmatter::render(&imported(id, &read(text)));
        let ours: Vec<&str> = rendered
            .lines()
            .filter(|l| !l.starts_with("journal: "))
            .collect();
        let theirs: Vec<String> = text
            .lines()
            .map(|l| l.replace("- after_index:", "- after_sub_objective:"))
            .map(|l| l.replace("cost_usd_used: 0.1234565", "cost_usd_used: 0.123457"))
            .collect();
        let normal: Vec<String> = timestamps_last(&theirs);
        assert_eq!(
            timestamps_last(&ours.iter().map(|l| (*l).to_owned()).collect::<Vec<_>>()),
            normal,
            "{id}"
        );
    }
}

/// Within a reflection `at` is called `timestamp` and stands before keys that the guide does not know.
fn timestamps_last(lines: &[String]) -> Vec<String> {
    let mut in_log = false;
    let mut out = Vec::new();
    for line in lines {
        in_log = if line.starts_with("reflection_log") {
            true
        } else {
            in_log && line.starts_with([' ', '-'])
        };
        let line = if in_log {
            line.replace("  at: ", "  timestamp: ")
        } else {
            line.clone()
        };
        out.push(line);
    }
    out
}

#[test]
fn the_paused_import_renders_like_this() {
    let text = frontmatter::render(&imported("ESS-PLAN-004", &read(FILES[3].2)));
    insta::assert_snapshot!(text);
}
