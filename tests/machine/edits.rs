//! Hand edits: what an operator changed in the file becomes events, all of it or none.

use modulatio::{command::Command, decide::Refusal};
use projections::{
    document,
    event::{Caps, Event},
    frontmatter,
    time::MicroUsd,
};

use crate::world::World;

/// Saves the plan's file as changed by `change`.
pub(crate) fn edit(
    world: &mut World,
    change: impl Fn(&str) -> String,
) -> Result<Vec<Event>, Refusal> {
    let base = frontmatter::render(&world.plan);
    save(world, &base, &change(&base))
}

/// Saves `edited`, made from the rendering `base`.
fn save(world: &mut World, base: &str, edited: &str) -> Result<Vec<Event>, Refusal> {
    let read = |text: &str| Box::new(document::read(text.as_bytes()).unwrap());
    let command = Command::Edit {
        base: read(base),
        edited: read(edited),
    };
    world.submit(&command, "file-edit", None)
}

pub(crate) fn fault(outcome: Result<Vec<Event>, Refusal>) -> String {
    outcome.unwrap_err().to_string()
}

/// The file with `key` set to `value`, whatever it was.
pub(crate) fn with_key(text: &str, key: &str, value: &str) -> String {
    let (front, body) = text[4..].split_once("---\n").unwrap();
    let mut kept = without_key(front, key);
    kept.push_str(&format!("{key}: {value}\n"));
    format!("---\n{kept}---\n{body}")
}

fn without_key(front: &str, key: &str) -> String {
    let opening = format!("{key}:");
    let mut inside = false;
    let keep = |line: &&str| {
        inside = line.starts_with(&opening) || (inside && line.starts_with([' ', '-']));
        !inside
    };
    front.split_inclusive('\n').filter(keep).collect()
}

const NOTHING: &str = "the file was rewritten without a change of meaning";

fn world() -> World {
    World::draft(&format!(
        "---\n# about\ntitle: \"a: b\"  # quoted\ntags: [x, y]\nmax_tokens: 500\n---\n\n{}",
        crate::world::TWO
    ))
}

#[test]
fn line_ends_marks_and_the_last_line_break_are_no_edit() {
    let changes: [fn(&str) -> String; 5] = [
        |text| text.replace('\n', "\r\n"),
        |text| format!("\u{feff}{text}"),
        |text| format!("\u{feff}{}", text.replace('\n', "\r\n")),
        |text| format!("{text}\n\n"),
        |text| text.trim_end().to_owned(),
    ];
    for change in changes {
        assert_eq!(fault(edit(&mut world(), change)), NOTHING);
        let mut executing = World::approved();
        executing.claim().unwrap();
        assert_eq!(fault(edit(&mut executing, change)), NOTHING);
    }
}

#[test]
fn requoted_reordered_or_dropped_engine_lines_are_no_edit() {
    let changes: [fn(&str) -> String; 5] = [
        |text| text.replace("status: draft", "status: \"draft\""),
        |text| text.replace("max_tokens: 500", "max_tokens:   500"),
        |text| text.replace("id: ESS-P-001", "id: 'ESS-P-001'"),
        |text| text.replace("'2026-11-23T20:00:00+00:00'", "2026-11-23T20:00:00+00:00"),
        |text| {
            text.lines()
                .filter(|l| !l.starts_with("journal:"))
                .map(|l| format!("{l}\n"))
                .collect()
        },
    ];
    for change in changes {
        let mut world = world();
        let before = frontmatter::render(&world.plan);
        assert_ne!(change(&before), before);
        assert_eq!(fault(edit(&mut world, change)), NOTHING);
    }
}

#[test]
fn the_operators_own_lines_are_kept_as_written() {
    let changes: [(&str, &str); 6] = [
        ("title: \"a: b\"  # quoted\n", "title: 'a: b'\n"),
        ("tags: [x, y]\n", "tags:\n- x\n- y\n"),
        ("tags: [x, y]\n", ""),
        ("# about\n", "# about it\n"),
        (
            "title: \"a: b\"  # quoted\ntags: [x, y]\n",
            "tags: [x, y]\ntitle: \"a: b\"  # quoted\n",
        ),
        ("tags: [x, y]\n", "tags: [x, y]\nmore: 1\n"),
    ];
    for (from, to) in changes {
        let mut world = world();
        let events = edit(&mut world, |text| text.replace(from, to)).unwrap();
        assert!(
            matches!(&events[..], [Event::PlanRevised(e)] if e.head.is_some() && e.body.is_none())
        );
        let rendered = frontmatter::render(&world.plan);
        assert!(
            rendered.contains(to) && (to.contains(from) || !rendered.contains(from)),
            "{rendered}"
        );
    }
}

#[test]
fn a_comment_below_the_last_key_is_kept() {
    let mut world = world();
    edit(&mut world, |text| {
        text.replacen("\n---\n", "\n# the end\n---\n", 1)
    })
    .unwrap();
    assert!(frontmatter::render(&world.plan).contains("\n# the end\n---\n"));
}

#[test]
fn caps_are_changed_added_and_removed() {
    let tokens = |n| Caps {
        max_tokens: n,
        ..Caps::default()
    };
    let cases: [(&str, &str, Caps); 4] = [
        ("max_tokens: 500", "max_tokens: 700", tokens(Some(700))),
        ("max_tokens: 500\n", "", tokens(None)),
        ("max_tokens: 500", "max_tokens: null", tokens(None)),
        (
            "max_tokens: 500",
            "max_tokens: 500\nmax_cost_usd: '2.5'",
            Caps {
                max_cost_usd: Some(MicroUsd(2_500_000)),
                ..tokens(Some(500))
            },
        ),
    ];
    for (from, to, caps) in cases {
        let mut world = world();
        edit(&mut world, |text| text.replace(from, to)).unwrap();
        assert_eq!(world.plan.caps, caps, "{to}");
    }
    assert!(
        fault(edit(&mut world(), |text| text.replace("500", "lots")))
            .contains("`max_tokens`: lots is not a whole number")
    );
}

#[test]
fn an_edit_is_taken_whole_or_not_at_all() {
    let mut world = world();
    let frames = world.frames.len();
    let outcome = edit(&mut world, |text| {
        text.replace("500", "700")
            .replace("another.", "yet another.")
            .replace("status: draft", "status: done")
    });
    assert!(
        fault(outcome).contains("`status: done` cannot be set by hand on a plan that is draft")
    );
    assert_eq!(world.frames.len(), frames);
    let events = edit(&mut world, |text| {
        text.replace("500", "700")
            .replace("another.", "yet another.")
            .replace("status: draft", "status: approved")
    });
    let kinds: Vec<String> = events
        .unwrap()
        .iter()
        .map(|e| e.kind().to_owned())
        .collect();
    assert_eq!(kinds, ["PlanRevised", "CapsChanged", "PlanApproved"]);
}

#[test]
fn a_buffer_that_is_saved_twice_says_nothing_the_second_time() {
    let mut world = world();
    let base = frontmatter::render(&world.plan);
    let edited = base
        .replace("another.", "yet another.")
        .replace("500", "700")
        .replace("tags: [x, y]", "tags: [z]");
    save(&mut world, &base, &edited).unwrap();
    assert_eq!(fault(save(&mut world, &base, &edited)), NOTHING);
}

#[test]
fn an_old_buffer_does_not_turn_back_what_it_did_not_touch() {
    let mut world = world();
    let base = frontmatter::render(&world.plan);
    edit(&mut world, |text| {
        text.replace("another.", "yet another.")
            .replace("max_tokens: 500", "max_tokens: 700")
    })
    .unwrap();
    save(
        &mut world,
        &base,
        &with_key(&base, "max_wall_clock_min", "60"),
    )
    .unwrap();
    assert_eq!(
        (
            world.plan.caps.max_tokens,
            world.plan.caps.max_wall_clock_min
        ),
        (Some(700), Some(60))
    );
    assert!(world.plan.body.contains("yet another."));
}

#[test]
fn a_file_without_its_frontmatter_is_refused() {
    let outcome = edit(&mut world(), |text| {
        text[4..].split_once("---\n").unwrap().1.to_owned()
    });
    assert!(fault(outcome).starts_with("its frontmatter is missing"));
}

#[test]
fn a_draft_takes_the_operators_layout_and_none_of_the_engines_values() {
    let text = "---\n# first\nmine: 1\n# of status\nstatus: done\ntokens_used: 99\nid: OTHER-P-9\n# last\n---\n\nText.\n";
    let rendered = frontmatter::render(&World::draft(text).plan);
    let front = rendered.split("journal:").next().unwrap();
    insta::assert_snapshot!(front);
}

#[test]
fn a_status_counts_however_it_is_spelt() {
    for word in ["APPROVED", "Approved", "' approved '", "\"Approved\""] {
        let mut world = world();
        edit(&mut world, |text| with_key(text, "status", word)).unwrap();
        assert_eq!(
            world.plan.status,
            projections::plan::Status::Approved,
            "{word}"
        );
    }
    for (value, shown) in [
        ("[approved]", "- approved"),
        ("true", "true"),
        ("Approve", "Approve"),
    ] {
        let fault = fault(edit(&mut world(), |text| with_key(text, "status", value)));
        assert!(fault.starts_with(&format!("`status: {shown}`")), "{fault}");
    }
}

#[test]
fn a_remark_beside_an_engines_value_is_kept_above_it() {
    let mut world = world();
    let events = edit(&mut world, |text| {
        text.replace("max_tokens: 500\n", "max_tokens: 700  # Anna's word\n")
    });
    assert_eq!(events.unwrap().len(), 2);
    let rendered = frontmatter::render(&world.plan);
    assert!(
        rendered.contains("# Anna's word\nmax_tokens: 700\n"),
        "{rendered}"
    );
    let again = edit(&mut world, |text| {
        text.replace("# Anna's word\n", "# Bert's word\n")
    });
    assert_eq!(again.unwrap().len(), 1);
}

/// Each buffer was opened at the same rendering, and saved after the other.
#[test]
fn of_two_buffers_each_keeps_its_own_keys() {
    let mut world = world();
    let base = frontmatter::render(&world.plan);
    for line in ["one: 1\n", "two: 2\n"] {
        let edited = base.replace("tags: [x, y]\n", &format!("tags: [x, y]\n{line}"));
        save(&mut world, &base, &edited).unwrap();
    }
    let without_tags = base.replace("tags: [x, y]\n", "");
    save(&mut world, &base, &without_tags).unwrap();
    let rendered = frontmatter::render(&world.plan);
    let kept = rendered.contains("one: 1\n") && rendered.contains("two: 2\n");
    assert!(kept && !rendered.contains("tags:"), "{rendered}");
    // All of that said again is nothing new.
    assert_eq!(fault(save(&mut world, &base, &without_tags)), NOTHING);
}

#[test]
fn an_empty_file_is_called_that() {
    for (text, why) in [
        ("", "it is empty"),
        ("---\n---\n", "it is empty"),
        ("Text.\n", "its frontmatter is missing"),
    ] {
        assert!(
            fault(edit(&mut world(), |_| text.to_owned())).starts_with(why),
            "{text:?}"
        );
    }
}

/// One process reads a text where it stands, another swaps it out in the same instant and judges it later.
#[test]
fn a_text_that_is_judged_once_more_undoes_nothing_that_came_since() {
    let mut world = world();
    let first = frontmatter::render(&world.plan);
    let with = |text: &str, mood: &str, tokens: &str, body: &str| {
        let text = with_key(&with_key(text, "mood", mood), "max_tokens", tokens);
        format!("{text}{body}\n")
    };
    let early = with(&first, "early", "600", "Early.");
    save(&mut world, &first, &early).unwrap();
    let second = frontmatter::render(&world.plan);
    let late = with(&second, "late", "700", "Late.");
    save(&mut world, &second, &late).unwrap();
    let late = fault(save(&mut world, &first, &early));
    assert!(late.contains("was taken over before"), "{late}");
    let shown = frontmatter::render(&world.plan);
    assert!(
        shown.contains("mood: late") && shown.contains("max_tokens: 700"),
        "{shown}"
    );
    assert!(shown.trim_end().ends_with("Late."), "{shown}");
    // Whoever wants the earlier one back says so in the text as it is now.
    let again = with(&shown, "early", "600", "");
    assert_eq!(save(&mut world, &shown, &again).unwrap().len(), 2);
}
