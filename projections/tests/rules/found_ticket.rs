//! A ticket of an earlier program is read as it stands, and what cannot be read is named.

use projections::{
    document::{self, Document},
    event::Priority,
    found::{
        self,
        ticket::{self, Standing, Ticket},
    },
};

const HEAD: &str = "\
id: ESS-7
project_id: 64db6334-2c01-47a1-b1ab-c4ce8374afc3
priority: critical
status: open
title: |-
  Plan ESS-PLAN-004:
  another way
body: other text
affected_plan_id: ESS-PLAN-004
approval_required: true
approval_decision: null
created_at: '2026-11-23T20:34:46.889008Z'
";

const BODY: &str = "\nGo another way?\n\n---\n\n- yes\n\n<!-- modulatio:transitions -->\n```json\n[{\"to_state\": \"open\"}]\n```\n<!-- /modulatio:transitions -->\n";

fn document(head: &str) -> Document {
    document::read(format!("---\n{head}---\n{BODY}").as_bytes()).unwrap()
}

fn read(head: &str) -> Result<Ticket, found::FieldFault> {
    ticket::read(&"ESS-7".parse().unwrap(), &document(head))
}

/// The head with one line in another's place.
fn with(key: &str, value: &str) -> String {
    let line = |line: &str| match line.strip_prefix(key) {
        Some(rest) if rest.starts_with(':') => format!("{key}: {value}\n"),
        _ => format!("{line}\n"),
    };
    let head: String = HEAD.lines().map(line).collect();
    assert_ne!(head, HEAD, "{key}: {value} changes nothing");
    head
}

#[test]
fn everything_that_matters_here_is_read_and_its_history_is_not_the_text() {
    let ticket = read(HEAD).unwrap();
    assert_eq!(ticket.plan.unwrap().to_string(), "ESS-PLAN-004");
    assert_eq!(ticket.standing, Standing::Open);
    assert_eq!(ticket.priority, Priority::Critical);
    assert_eq!(ticket.title, "Plan ESS-PLAN-004: another way");
    assert_eq!(ticket.body, "Go another way?\n\n---\n\n- yes");
    assert!(ticket.asks);
    let opened = ticket.opened_at.to_string();
    assert_eq!(opened, "2026-11-23T20:34:46.889008Z");
}

#[test]
fn whether_somebody_has_answered_and_been_heard_is_told_apart() {
    let answered = Standing::Answered {
        decision: "denied".to_owned(),
        by: "ann".to_owned(),
    };
    for (status, decision, standing) in [
        ("open", "null", Standing::Open),
        ("in_progress", "null", Standing::Open),
        ("open", "denied", answered.clone()),
        ("resolved", "denied", answered),
        ("resolved", "null", Standing::Closed),
        ("closed", "null", Standing::Closed),
        ("closed", "approved", Standing::Closed),
    ] {
        let head = HEAD
            .replace("status: open", &format!("status: {status}"))
            .replace(
                "approval_decision: null",
                &format!("approval_decision: {decision}\napproval_decided_by: ann"),
            );
        assert_eq!(
            read(&head).unwrap().standing,
            standing,
            "{status} {decision}"
        );
    }
}

#[test]
fn a_ticket_about_no_plan_is_one_all_the_same() {
    assert_eq!(read(&with("affected_plan_id", "null")).unwrap().plan, None);
    let bare = HEAD.replace("affected_plan_id: ESS-PLAN-004\n", "");
    assert_eq!(read(&bare).unwrap().plan, None);
    let silent = HEAD.replace("approval_required: true\n", "");
    assert!(!read(&silent).unwrap().asks);
}

#[test]
fn an_unreadable_field_is_named() {
    for (key, value, why) in [
        ("id", "ESS-8", "the file's name says ESS-7"),
        ("id", "7", "not a text"),
        ("status", "waiting", "none of open, in_progress"),
        ("status", "null", "none of open, in_progress"),
        ("priority", "urgent", "none of blocker"),
        ("affected_plan_id", "ESS-4", "plan id"),
        ("affected_plan_id", "OTHER-PLAN-004", "another project"),
        ("approval_required", "maybe", "neither true nor false"),
        ("approval_decision", "[yes]", "not a text"),
        ("created_at", "null", "missing"),
        ("created_at", "noon", "RFC 3339"),
    ] {
        let fault = read(&with(key, value)).unwrap_err();
        assert!(
            fault.field == key && fault.why.contains(why),
            "{key}: {value} gives {fault}"
        );
    }
}
