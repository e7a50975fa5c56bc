//! Lines that other programs parse: byte for byte, the guide's keys first.

use projections::{
    audit,
    event::Event,
    files::Ledger,
    fold,
    heartbeat::Heartbeat,
    payload::{BlobRef, Digest, Payload},
    plan::Plan,
    ticket,
    time::Timestamp,
    usage,
};

use crate::support::{event, fold_all, history, of_a_team};

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

/// The transcript's lines of these frames, every text that may be long kept in the blob store.
fn transcript(frames: Vec<fold::Entry>, blobs: bool) -> Vec<serde_json::Value> {
    let mut kept = std::collections::BTreeMap::new();
    let (mut plan, mut lines) = (None, Vec::new());
    for mut entry in frames {
        for text in entry.events.iter_mut().flat_map(Event::texts_mut) {
            if let (Payload::Text(words), true) = (&*text, blobs) {
                let (b3, bytes) = (Digest::of(words.as_bytes()), words.len() as u64);
                kept.insert(b3, words.clone());
                *text = Payload::Blob(BlobRef { b3, bytes });
            }
        }
        let mut observe = |plan: &Plan, event: &Event| {
            let mut line = Vec::new();
            for piece in Ledger::Tools.addition(plan, &entry, event) {
                let resolved = piece.resolved::<()>(&mut |payload| match payload {
                    Payload::Text(text) => Ok(text.clone().into_bytes()),
                    Payload::Blob(blob) => Ok(kept[&blob.b3].clone().into_bytes()),
                });
                line.extend(resolved.unwrap());
            }
            if let Some(line) = line.strip_suffix(b"\n") {
                assert!(!line.contains(&b'\n'), "one line a call");
                lines.push(serde_json::from_slice(line).unwrap());
            }
        };
        plan = Some(fold::apply_observed(plan, &entry, &mut observe).unwrap());
    }
    lines
}

#[test]
fn a_line_of_the_transcript_tells_who_called_what_with_what_and_what_came_of_it() {
    let lines = transcript(of_a_team(), false);
    assert_eq!(lines.len(), 2);
    let keys: Vec<&String> = lines[0].as_object().unwrap().keys().collect();
    assert_eq!(
        keys[..6],
        ["task_id", "role", "tool", "args", "result", "timestamp"]
    );
    assert_eq!(lines[0]["task_id"], "s1-t2");
    assert_eq!(lines[0]["role"], "producer");
    assert_eq!(lines[0]["tool"], "read_file");
    assert_eq!(
        lines[0]["args"]["path"], "s1/t1.md",
        "an object, as it was called"
    );
    let result = lines[0]["result"].as_str().unwrap();
    assert!(result.starts_with("what read_file found"), "{result}");
    assert_eq!(lines[1]["args"], "s1/t2.md", "what is no object is text");
    assert_eq!(lines[1]["outcome"], "interrupted");
}

#[test]
fn a_line_of_the_transcript_holds_texts_that_lie_in_the_blob_store() {
    let (inline, kept) = (
        transcript(of_a_team(), false),
        transcript(of_a_team(), true),
    );
    for (one, other) in inline.iter().zip(&kept) {
        assert_eq!(one["result"], other["result"]);
        // Arguments from the store are told as the text that they are.
        let text = other["args"].as_str().unwrap();
        let told: serde_json::Value = serde_json::from_str(text).unwrap_or(text.into());
        assert_eq!(one["args"], told);
    }
}

#[test]
fn a_transcript_has_all_that_a_tool_returned_and_the_role_that_called_it() {
    let mut frames = of_a_team();
    let finished = |e: &Event| matches!(e, Event::ToolCallFinished(_));
    let at = frames.iter().position(|f| f.events.iter().any(finished));
    let event = event(
        r#"{"kind":"ToolCallFinished","v":2,"task":"s1-t2","tool_call":"t00000001","outcome":"done","result":"a\nb\u0000 \u2028 \"c\"","shown":"a"}"#,
    );
    frames.truncate(at.unwrap() + 1);
    frames.last_mut().unwrap().events = vec![event];
    let line = &transcript(frames, true)[0];
    assert_eq!(line["result"], "a\nb\u{0} \u{2028} \"c\"");
}
