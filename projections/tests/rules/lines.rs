//! Lines that other programs parse: byte for byte, the guide's keys first.

use projections::{
    audit, event::Event, fold, heartbeat::Heartbeat, plan::Plan, ticket, time::Timestamp, usage,
};

use crate::support::{fold_all, history};

/// Lines of the golden history, with the frame that wrote each.
fn lines(of: fn(&Plan, &fold::Entry, &Event) -> Option<String>) -> Vec<String> {
    let (mut plan, mut lines) = (None, Vec::new());
    for entry in history() {
        let mut observe = |plan: &Plan, event: &Event| lines.extend(of(plan, &entry, event));
        plan = Some(fold::apply_observed(plan, &entry, &mut observe).unwrap());
    }
    lines
}

#[test]
fn a_usage_line_has_the_guides_keys_first() {
    assert_eq!(
        lines(usage::line)[0],
        concat!(
            r#"{"timestamp":"2026-11-23T20:00:05+00:00","model":"main","input_tokens":100,"output_tokens":20,"cost_usd":0.0003,"call_id":"c0001-s1-plan","agent_id":"planner","cached_input_tokens":0,"estimated":false,"latency_ms":900,"step":"s1-plan","tokens_total":120,"cost_total":0.0003}"#,
            "\n"
        )
    );
}

#[test]
fn a_call_of_unknown_price_costs_null_not_nothing() {
    let last = lines(usage::line);
    assert!(
        last.iter().any(|l| l.contains(r#""cost_usd":null"#)),
        "{last:?}"
    );
}

#[test]
fn an_audit_line_has_the_guides_form() {
    let all = lines(audit::line);
    let divergence = all
        .iter()
        .find(|l| l.contains("team_state_divergence"))
        .unwrap();
    assert_eq!(
        *divergence,
        concat!(
            r#"{"timestamp":"2026-11-23T20:10:37+00:00","after_sub_objective":1,"kind":"team_state_divergence","note":"claims 300 words"}"#,
            "\n"
        )
    );
    for line in all {
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["timestamp", "after_sub_objective", "kind", "note"]);
    }
}

#[test]
fn a_ticket_file_before_and_after_its_answer() {
    let frames = history();
    let answered = frames
        .iter()
        .position(|f| f.events.iter().any(|e| e.kind() == "TicketDecided"))
        .unwrap();
    let show = |plan: &Plan| {
        let (id, one) = plan.tickets.first_key_value().unwrap();
        ticket::render(&plan.id, id, one)
    };
    let before = show(&fold_all(&frames[..answered]).unwrap());
    let after = show(&fold_all(&frames[..=answered]).unwrap());
    insta::assert_snapshot!(format!("{before}\n=====\n{after}"));
}

fn beat(plan: &Plan, daemon: &str) -> String {
    let tick = Timestamp::parse("2026-11-23T20:30:00Z").unwrap();
    Heartbeat::idle(daemon, "host", 42, tick)
        .with_plan(plan)
        .line()
}

#[test]
fn an_idle_heartbeat_is_the_guides_and_more() {
    let plan = fold_all(&history()).unwrap();
    assert_eq!(
        beat(&plan, "daemon:host:42"),
        concat!(
            r#"{"last_tick":"2026-11-23T20:30:00+00:00","active_plan":null,"daemon":"daemon:host:42","pid":42,"host":"host","epoch":null,"last_progress":null,"step":null,"tokens_left":null,"waiting_until":null}"#,
            "\n"
        )
    );
}

#[test]
fn a_heartbeat_at_work_names_plan_step_and_budget() {
    let frames = history();
    let plan = fold_all(&frames[..4]).unwrap();
    assert_eq!(
        beat(&plan, "daemon:host:42"),
        concat!(
            r#"{"last_tick":"2026-11-23T20:30:00+00:00","active_plan":"ESS-P-001","daemon":"daemon:host:42","pid":42,"host":"host","epoch":1,"last_progress":null,"step":"s1-plan","tokens_left":91000,"waiting_until":null}"#,
            "\n"
        )
    );
    assert!(
        !beat(&plan, "daemon:host:99").contains("ESS-P-001"),
        "another daemon has it"
    );
}

#[test]
fn a_heartbeat_waits_only_between_tries() {
    let frames = history();
    let failed = frames
        .iter()
        .position(|f| f.events[0].kind() == "ModelCallFailed")
        .unwrap();
    let waiting = beat(&fold_all(&frames[..=failed]).unwrap(), "daemon:host:42");
    assert!(
        waiting.contains(r#""waiting_until":"2026-11-23T20:00:12+00:00""#),
        "{waiting}"
    );
    let trying = beat(&fold_all(&frames[..failed + 2]).unwrap(), "daemon:host:42");
    assert!(trying.contains(r#""waiting_until":null"#), "{trying}");
}
