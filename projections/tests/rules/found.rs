//! A field of a found plan that cannot be read is named, with what would be right.

use projections::{
    found,
    yaml::{self, Value},
};

const BASE: &str =
    "id: ESS-P-001\nproject_code: ess\ncreated_at: 2026-11-20T08:15:00+00:00\nstatus: approved\n";

fn fault(key: &str, value: &str) -> found::FieldFault {
    let Value::Mapping(mut values) = yaml::parse_value(BASE).unwrap() else {
        panic!()
    };
    values.insert(key.into(), yaml::parse_value(value).unwrap());
    let id = "ESS-P-001".parse().unwrap();
    found::caps(&values)
        .and_then(|_| found::read(&id, &values, None, projections::payload::Digest::of(b"")))
        .unwrap_err()
}

#[test]
fn the_base_is_readable() {
    let Value::Mapping(values) = yaml::parse_value(BASE).unwrap() else {
        panic!()
    };
    assert!(
        found::read(
            &"ESS-P-001".parse().unwrap(),
            &values,
            None,
            projections::payload::Digest::of(b"")
        )
        .is_ok()
    );
}

#[test]
fn an_unreadable_field_is_named() {
    let cases = [
        ("id", "ESS-P-002", "id", "the file's name says ESS-P-001"),
        ("id", "null", "id", ""),
        ("id", "7", "id", ""),
        ("id", "ESS-P-1", "id", "ESS-P-001"),
        ("project_code", "other", "project_code", "of ESS"),
        ("created_at", "null", "created_at", "missing"),
        ("created_at", "yesterday", "created_at", "RFC 3339"),
        ("created_at", "12", "created_at", "not a time"),
        ("status", "running", "status", "none of draft, approved"),
        ("status", "[draft]", "status", "none of"),
        ("current_index", "abc", "current_index", "whole number"),
        ("current_index", "-1", "current_index", "whole number"),
        ("current_index", "1.5", "current_index", "whole number"),
        ("current_index", "99999999999", "current_index", "too large"),
        ("tokens_used", "many", "tokens_used", "whole number"),
        ("cost_usd_used", "-0.5", "cost_usd_used", "dollars"),
        ("cost_usd_used", ".nan", "cost_usd_used", "dollars"),
        ("cost_usd_used", ".inf", "cost_usd_used", "dollars"),
        ("cost_usd_used", "free", "cost_usd_used", "dollars"),
        ("max_tokens", "1e99", "max_tokens", "whole number"),
        ("max_tokens", "-1", "max_tokens", "whole number"),
        (
            "max_wall_clock_min",
            "8h",
            "max_wall_clock_min",
            "whole number",
        ),
        ("max_cost_usd", "[5]", "max_cost_usd", "dollars"),
        (
            "execution_started_at",
            "noon",
            "execution_started_at",
            "RFC 3339",
        ),
        (
            "status_transitions",
            "none",
            "status_transitions",
            "not a list",
        ),
        (
            "status_transitions",
            "[{to: gone}]",
            "status_transitions[0].to",
            "no status",
        ),
        (
            "status_transitions",
            "[{to: draft}]",
            "status_transitions[0].decided_at",
            "RFC 3339",
        ),
        ("reflection_log", "{a: b}", "reflection_log", "not a list"),
        (
            "reflection_log",
            "[x]",
            "reflection_log[0].",
            "not a mapping",
        ),
        (
            "reflection_log",
            "[{after_index: 1, outcome: maybe, at: 2026-11-20T08:15:00Z}]",
            "reflection_log[0].outcome",
            "no outcome",
        ),
        (
            "reflection_log",
            "[{outcome: continue, at: 2026-11-20T08:15:00Z}]",
            "reflection_log[0].after_sub_objective",
            "no number",
        ),
        (
            "reflection_log",
            "[{after_index: 1, outcome: continue}]",
            "reflection_log[0].timestamp",
            "RFC 3339",
        ),
        ("spawned_kickoffs", "3", "spawned_kickoffs", "not a list"),
    ];
    for (key, value, field, why) in cases {
        let fault = fault(key, value);
        assert!(
            fault.field.starts_with(field) && fault.why.contains(why),
            "{key}: {value} gives {fault}"
        );
    }
}

#[test]
fn caps_are_read_as_people_write_them() {
    for (text, micros) in [
        ("5", 5_000_000),
        ("5.00", 5_000_000),
        ("0.5", 500_000),
        ("'2.50'", 2_500_000),
        ("0.1234567", 123_457),
    ] {
        let Value::Mapping(values) = yaml::parse_value(&format!("max_cost_usd: {text}")).unwrap()
        else {
            panic!()
        };
        assert_eq!(
            found::caps(&values).unwrap().max_cost_usd.unwrap().0,
            micros,
            "{text}"
        );
    }
}

#[test]
fn a_reflections_note_of_any_kind_is_kept() {
    let log = "reflection_log: [{after_index: 1, outcome: continue, at: 2026-11-20T08:15:00Z, note: 5, mine: {a: 1}}]";
    let Value::Mapping(values) = yaml::parse_value(&format!("{BASE}{log}\n")).unwrap() else {
        panic!()
    };
    let found = found::read(
        &"ESS-P-001".parse().unwrap(),
        &values,
        None,
        projections::payload::Digest::of(b""),
    )
    .unwrap();
    assert_eq!(found.reflections[0].note.as_deref(), Some("5"));
    assert!(found.reflections[0].more.contains_key("mine"));
}
