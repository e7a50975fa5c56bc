//! Answers that are paid and of no use: one repair, then a ticket that quotes what came.

use modulatio_tools::fake_model::{Behaviour, FakeModel, Step};
use projections::event::Event;

use crate::{
    bench::{PROTOCOLS, TOOLS, classes, is_done, server, ticket, vault},
    support::{TestVault, body},
};

fn useless() -> Vec<(Behaviour, &'static str)> {
    vec![
        (Behaviour::MalformedArguments, "its JSON cannot be read"),
        (Behaviour::WrongSchema, "its fields do not fit"),
        (Behaviour::Text(String::new()), "it is empty"),
        (
            Behaviour::Empty,
            "it breaks off at the limit of output tokens",
        ),
        (
            Behaviour::StopForLength,
            "it breaks off at the limit of output tokens",
        ),
        (
            Behaviour::Text("I would rather not.".into()),
            "neither the tool's arguments nor",
        ),
        (Behaviour::Refusal, "neither the tool's arguments nor"),
        (
            Behaviour::RawArguments("null".into()),
            "neither the tool's arguments nor",
        ),
    ]
}

/// Why replies were rejected.
fn rejected(vault: &TestVault, plan: &str) -> Vec<String> {
    let journal = vault.journal(plan);
    let why = journal.events().filter_map(|event| match event {
        Event::ReplyRejected(e) => Some(e.why.clone()),
        _ => None,
    });
    why.collect()
}

#[test]
fn a_useless_answer_is_repaired_once_at_every_step() {
    for protocol in PROTOCOLS {
        for tool in TOOLS {
            let (behaviours, whys): (Vec<_>, Vec<_>) = useless().into_iter().unzip();
            for (behaviour, why) in behaviours.into_iter().zip(whys) {
                // A reply without arguments is as good a verdict as none; the others are tried at one step each.
                if tool != "submit_tasks" && !matches!(behaviour, Behaviour::Empty) {
                    continue;
                }
                let model = server([Step::new(behaviour.clone()).for_tool(tool)]);
                let vault = vault(protocol, &model, "");
                let plan = vault.approved(&body(1));
                vault.run_until_idle();
                is_done(&vault, &plan, &model);
                let found = rejected(&vault, &plan);
                assert_eq!(found.len(), 1, "{protocol} {tool} {behaviour:?}: {found:?}");
                assert!(found[0].contains(why), "{behaviour:?}: {found:?}");
                assert_eq!(model.sold().calls, 5, "both answers are paid");
                assert_eq!(classes(&vault.journal(&plan)), []);
            }
        }
    }
}

#[test]
fn the_repair_shows_the_model_what_it_said_and_what_was_wrong() {
    for protocol in PROTOCOLS {
        let odd = Behaviour::RawArguments(r#"{"tasks": "three of them"}"#.into());
        let model = server([Step::new(odd)]);
        let vault = vault(protocol, &model, "");
        let plan = vault.approved(&body(1));
        vault.run_until_idle();
        is_done(&vault, &plan, &model);
        let asked = model.requests()[1].body["messages"].to_string();
        assert!(asked.contains("three of them"), "{asked}");
        assert!(asked.contains("its fields do not fit"), "{asked}");
    }
}

#[test]
fn after_a_useless_repair_a_ticket_quotes_the_answer() {
    for (behaviour, why) in useless() {
        let quoted = match &behaviour {
            Behaviour::Text(text) if !text.is_empty() => text.clone(),
            Behaviour::Text(_) | Behaviour::Empty => "(nothing)".to_owned(),
            _ => "> ".to_owned(),
        };
        let model = server([Step::new(behaviour.clone()).times(2)]);
        let vault = vault("openai", &model, "");
        let plan = vault.approved(&body(1));
        vault.run_until_idle();
        assert_eq!(vault.journal(&plan).status(), "paused");
        let text = ticket(&vault, 1);
        for part in ["kind: reply", "priority: critical", "s1-plan", why, &quoted] {
            assert!(
                text.contains(part),
                "{behaviour:?}: {part:?} is not in {text}"
            );
        }
        let cut = matches!(behaviour, Behaviour::Empty | Behaviour::StopForLength);
        assert_eq!(text.contains("raise `max_output_tokens`"), cut, "{text}");
        vault.is_proven(&plan);
        vault.run(&["project", "resume", &plan]).ok();
        vault.run_until_idle();
        is_done(&vault, &plan, &model);
    }
}

#[test]
fn a_reply_of_megabytes_is_kept_whole_and_quoted_in_part() {
    let model = server([Step::new(Behaviour::Huge { bytes: 3 << 20 }).times(2)]);
    let vault = vault("openai", &model, ", context_tokens: 4000000");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    assert_eq!(vault.journal(&plan).status(), "paused");
    assert!(ticket(&vault, 1).len() < 10_000);
    vault.is_proven(&plan);
}

#[test]
fn a_fenced_block_will_do() {
    for protocol in PROTOCOLS {
        let model: FakeModel = server([Step::new(Behaviour::Fenced(None)).times(0)]);
        let vault = vault(protocol, &model, "");
        let plan = vault.approved(&body(1));
        vault.run_until_idle();
        is_done(&vault, &plan, &model);
        assert_eq!(rejected(&vault, &plan), Vec::<String>::new());
    }
}
