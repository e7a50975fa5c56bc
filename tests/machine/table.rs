//! Every command in every status: accepted or refused.

use modulatio::{
    command::{Change, Command, Report},
    decide::Refusal,
};
use projections::{
    event::{Decision, StatusName},
    payload::Digest,
    work::Step,
};

use crate::{
    edits,
    script::{Script, reflect},
    world::World,
};

fn note() -> String {
    "word".to_owned()
}

/// A plan in each status; a paused one once without and once with an open ticket.
fn worlds() -> Vec<(&'static str, World)> {
    let executing = || {
        let mut world = World::approved();
        world.claim().unwrap();
        world
    };
    let after = |mut world: World, command| {
        world.operator(command).unwrap();
        world
    };
    let driven = |script| {
        let mut world = World::approved();
        world.drive(script);
        world
    };
    vec![
        ("draft", World::draft(crate::world::TWO)),
        ("approved", World::approved()),
        ("executing", executing()),
        (
            "paused",
            after(executing(), Command::Pause { note: note() }),
        ),
        (
            "asking",
            driven(Script::default().says("s1-reflect", reflect("pause"))),
        ),
        (
            "declined",
            after(
                World::draft(crate::world::TWO),
                Command::Decline { note: note() },
            ),
        ),
        ("cancelled", after(executing(), cancel(false))),
        (
            "aborted",
            driven(Script::default().says("s1-reflect", reflect("abort"))),
        ),
        ("done", driven(Script::default())),
    ]
}

fn cancel(cut: bool) -> Command {
    Command::Cancel { note: note(), cut }
}

fn call_starting() -> Command {
    Command::Runner(Report::CallStarting {
        recalled: None,
        step: Step::PlanTasks { index: 1 },
        model: "m".to_owned(),
        agent_id: "a".to_owned(),
        reserved: Default::default(),
        prompt_b3: Digest([0; 32]),
        prompt_bytes: 0,
    })
}

fn edit_budget() -> Command {
    Command::EditBudget {
        tokens: Change::Set(7),
        cost: Change::Keep,
        minutes: Change::Remove,
    }
}

/// `+` accepted, `-` refused, in the order of [`worlds`].
fn commands() -> Vec<(Command, &'static str)> {
    let unknown_call = "c0099-x".parse::<projections::ids::CallId>().unwrap();
    let completed = Report::CallCompleted {
        call_id: unknown_call,
        reply: String::new(),
        calls: Vec::new(),
        cut: false,
        in_doubt: Default::default(),
        usage: Default::default(),
        cost: None,
        latency_ms: 0,
    };
    let reject = Command::RejectEdit {
        file: "f".to_owned(),
        why: note(),
        kept_as: None,
    };
    let decide = Command::DecideTicket {
        ticket: "ESS-1".parse().unwrap(),
        digest: Digest([0; 32]),
        decision: Decision::Approved,
        note: note(),
    };
    vec![
        //                                          d a e p k d c a d
        (Command::Approve { note: note() }, "+--++----"),
        (Command::Decline { note: note() }, "+---+----"),
        (cancel(false), "+++++----"),
        (cancel(true), "+++++----"),
        (Command::Pause { note: note() }, "-++------"),
        (Command::Resume { note: note() }, "---++----"),
        (decide, "----+----"),
        (reject, "+++++++++"),
        (edit_budget(), "+++++----"),
        (
            Command::ReleaseReservations {
                call: None,
                note: note(),
            },
            "---------",
        ),
        (Command::Claim, "-++------"),
        (Command::SettleOrphans, "---------"),
        (call_starting(), "--+------"),
        (Command::Runner(completed), "---------"),
        (
            Command::Runner(Report::Releasing { why: note() }),
            "--+------",
        ),
    ]
}

#[test]
fn every_command_in_every_status_is_accepted_or_refused_as_the_table_says() {
    for (command, expected) in commands() {
        let mut found = String::new();
        for (_, mut world) in worlds() {
            let command = with_shown_digest(&command, &world);
            let runner = Some(world.plan.epoch);
            let outcome = world.submit(&command, "anyone", runner);
            found.push(if outcome.is_ok() { '+' } else { '-' });
            world.check_replay();
        }
        assert_eq!(found, expected, "{command:?}");
    }
}

/// A decision on the ticket as it is shown, if there is one.
fn with_shown_digest(command: &Command, world: &World) -> Command {
    let mut command = command.clone();
    if let Command::DecideTicket { ticket, digest, .. } = &mut command
        && let Some(one) = world.plan.tickets.get(ticket)
    {
        *digest = one.digest;
    }
    command
}

#[test]
fn a_refusal_changes_nothing_and_says_where_the_plan_stands() {
    for (name, mut world) in worlds() {
        let status = world.plan.status.name();
        for (command, _) in commands() {
            let frames = world.frames.len();
            if let Err(refusal) = world.submit(&command, "anyone", None) {
                assert_eq!(world.frames.len(), frames);
                if let Refusal::Status { status: said, .. } = &refusal {
                    assert_eq!(*said, status, "{name}: {refusal}");
                }
            } else {
                break;
            }
        }
    }
}

#[test]
fn a_journal_of_a_newer_program_is_not_written() {
    let (_, mut world) = worlds().remove(2);
    world.plan.unknown = Some("PlanSung v1".to_owned());
    let runner = Some(world.plan.epoch);
    for (command, _) in commands() {
        let refused = world.submit(&command, "anyone", runner).unwrap_err();
        assert!(
            matches!(refused, Refusal::NewerProgram { .. }),
            "{command:?}"
        );
    }
}

/// What may be written behind `status:` by hand, by the status that it replaces.
fn writable(from: &str) -> &'static [StatusName] {
    use StatusName::{Approved, Cancelled, Declined};
    match from {
        "draft" => &[Approved, Declined, Cancelled],
        "approved" | "executing" => &[Cancelled],
        "paused" | "asking" => &[Approved, Cancelled],
        _ => &[],
    }
}

#[test]
fn a_status_is_set_by_hand_only_where_the_table_says() {
    for at in 0..worlds().len() {
        for to in StatusName::ALL {
            let (name, mut world) = worlds().remove(at);
            let from = world.plan.status.name();
            let outcome = edits::edit(&mut world, |text| {
                text.replace(&format!("\nstatus: {from}\n"), &format!("\nstatus: {to}\n"))
            });
            if from == to {
                assert_eq!(
                    edits::fault(outcome),
                    "the file was rewritten without a change of meaning"
                );
            } else if writable(name).contains(&to) {
                outcome.unwrap();
                assert_eq!(world.plan.status.name(), to, "{name}");
                world.check_replay();
            } else {
                let fault = edits::fault(outcome);
                assert!(
                    fault.contains(&format!(
                        "`status: {to}` cannot be set by hand on a plan that is {from}"
                    )),
                    "{fault}"
                );
            }
        }
    }
}

#[test]
fn an_engines_key_is_refused_in_every_status_and_a_cap_accepted_until_the_end() {
    for key in projections::document::ENGINE_KEYS {
        for (name, mut world) in worlds() {
            let outcome = edits::edit(&mut world, |text| edits::with_key(text, key, "12"));
            match key {
                "journal" => assert!(edits::fault(outcome).contains("without a change"), "{name}"),
                "status" => assert!(
                    edits::fault(outcome).contains("cannot be set by hand"),
                    "{name}"
                ),
                _ if key.starts_with("max_") && world.plan.status.name().is_terminal() => {
                    let fault = edits::fault(outcome);
                    let named = fault.starts_with(&format!("`{key}` of a plan that is "));
                    assert!(
                        named && fault.contains("cannot be changed any more"),
                        "{name}"
                    );
                }
                _ if key.starts_with("max_") => {
                    let kinds: Vec<String> = outcome
                        .unwrap()
                        .iter()
                        .map(|e| e.kind().to_owned())
                        .collect();
                    assert_eq!(kinds, ["CapsChanged"], "{name}: {key}");
                }
                _ => assert!(
                    edits::fault(outcome).starts_with(&format!("`{key}` belongs to the engine")),
                    "{name}"
                ),
            }
        }
    }
}

#[test]
fn the_operators_keys_are_theirs_in_every_status_and_the_body_while_nobody_works_on_it() {
    for (name, mut world) in worlds() {
        let events =
            edits::edit(&mut world, |text| edits::with_key(text, "mine", "[a, b]")).unwrap();
        assert_eq!(events.len(), 1, "{name}");
        let outcome = edits::edit(&mut world, |text| text.replace("another.", "yet another."));
        let free = ["draft", "paused", "asking"].contains(&name);
        assert_eq!(outcome.is_ok(), free, "{name}");
        if !free {
            let ended = world.plan.status.name().is_terminal();
            let hint = if ended {
                "add a new plan"
            } else {
                "pause it first"
            };
            assert!(edits::fault(outcome).contains(hint), "{name}");
        }
    }
}
