//! Rules of the rehearsal model.

use serde_json::Value;

use super::*;
use crate::models::{About, Message, Tool};

fn request(purpose: Purpose, sub_objective: u32, attempt: u32) -> Request {
    Request {
        call_id: "ESS-P-001-c7".into(),
        about: About {
            purpose,
            sub_objective,
            title: "Write the\nessays".into(),
            files: vec!["essay1.md".into(), "essay2.md".into()],
            task: Some("Write | essay1.md".into()),
            attempt,
            last: false,
        },
        system: "You are the producer.".into(),
        messages: vec![Message::User("Write.".into())],
        tools: vec![Tool {
            name: "submit",
            description: "Submit.",
            schema: serde_json::json!({"type": "object"}),
        }],
        choice: ToolChoice::Forced("submit"),
        max_output_tokens: 1000,
    }
}

fn json(rehearsal: &Rehearsal, request: &Request) -> Value {
    let reply = rehearsal.reply(request);
    assert_eq!((reply.text.as_str(), reply.calls.len()), ("", 1));
    assert_eq!(reply.calls[0].name, "submit");
    serde_json::from_str(&reply.calls[0].arguments).unwrap()
}

#[test]
fn the_same_request_gets_the_same_bytes() {
    for purpose in [
        Purpose::Draft,
        Purpose::PlanTasks,
        Purpose::Decompose,
        Purpose::Produce,
        Purpose::Fix,
        Purpose::Review,
        Purpose::Reflect,
    ] {
        let request = request(purpose, 1, 1);
        assert_eq!(
            Rehearsal::default().reply(&request),
            Rehearsal::default().reply(&request)
        );
    }
}

#[test]
fn every_answer_says_that_it_is_a_rehearsal() {
    for purpose in [
        Purpose::Draft,
        Purpose::PlanTasks,
        Purpose::Decompose,
        Purpose::Produce,
        Purpose::Fix,
        Purpose::Review,
        Purpose::Reflect,
    ] {
        let answer = json(&Rehearsal::default(), &request(purpose, 1, 1)).to_string();
        assert!(answer.contains("Rehearsal"), "{answer}");
    }
}

#[test]
fn an_artifact_names_its_task_and_that_no_model_was_asked() {
    let answer = json(&Rehearsal::default(), &request(Purpose::Produce, 2, 3));
    let content = answer["content"].as_str().unwrap();
    assert!(
        content.starts_with("# Write the essays\n\n> Rehearsal: "),
        "{content}"
    );
    for part in [
        "no model was asked",
        "Write \\| essay1.md",
        "`essay1.md`",
        "| Attempt | 3 |",
    ] {
        assert!(content.contains(part), "{part} is missing in {content}");
    }
    assert!((1000..2500).contains(&content.len()), "{}", content.len());
}

#[test]
fn without_a_tool_the_answer_is_text() {
    let mut request = request(Purpose::Review, 1, 1);
    request.choice = ToolChoice::Text;
    let reply = Rehearsal::default().reply(&request);
    assert!(reply.calls.is_empty());
    serde_json::from_str::<Value>(&reply.text).unwrap();
}

#[test]
fn each_named_file_becomes_one_task_up_to_six() {
    let mut request = request(Purpose::PlanTasks, 4, 1);
    let artifacts = |request: &Request| -> Vec<String> {
        let answer = json(&Rehearsal::default(), request);
        let tasks = answer["tasks"].as_array().unwrap().clone();
        tasks
            .iter()
            .map(|task| task["artifacts"][0].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(artifacts(&request), ["essay1.md", "essay2.md"]);
    request.about.files = ["a", "a", "b", "c", "d", "e", "f", "g"]
        .map(str::to_owned)
        .to_vec();
    assert_eq!(artifacts(&request), ["a", "b", "c", "d", "e", "f"]);
    request.about.files.clear();
    assert_eq!(artifacts(&request), ["objective-4.md"]);
}

#[test]
fn the_first_attempts_are_rejected_only_where_the_settings_say_so() {
    let rehearsal = Rehearsal {
        reject: 2,
        reject_in: Some(vec![3]),
        ..Rehearsal::default()
    };
    let passed = |sub_objective, attempt| {
        let answer = json(
            &rehearsal,
            &request(Purpose::Review, sub_objective, attempt),
        );
        assert_eq!(
            answer["passed"],
            answer["defects"].as_array().unwrap().is_empty()
        );
        answer["passed"].as_bool().unwrap()
    };
    assert_eq!(
        [passed(3, 1), passed(3, 2), passed(3, 3), passed(1, 1)],
        [false, false, true, true]
    );
    let everywhere = Rehearsal {
        reject: 1,
        ..Rehearsal::default()
    };
    assert_eq!(
        json(&everywhere, &request(Purpose::Review, 9, 1))["passed"],
        false
    );
}

#[test]
fn a_reflection_has_the_outcome_of_the_settings_and_a_revision_only_with_a_major_one() {
    let outcomes = [
        (1, "revise-minor"),
        (2, "revise-major"),
        (3, "pause"),
        (4, "abort"),
    ];
    let rehearsal = Rehearsal {
        outcomes: outcomes
            .map(|(number, outcome)| (number, outcome.to_owned()))
            .into(),
        ..Rehearsal::default()
    };
    for (number, outcome) in outcomes.into_iter().chain([(5, "continue")]) {
        let answer = json(&rehearsal, &request(Purpose::Reflect, number, 1));
        assert_eq!(answer["outcome"], outcome);
        assert_eq!(answer["revision"].is_object(), outcome == "revise-major");
        assert_eq!(
            answer["note"].is_string(),
            ["revise-minor", "pause", "abort"].contains(&outcome)
        );
        assert!(answer["team_state"].is_string() && answer["divergences"].is_array());
    }
}

#[test]
fn only_the_last_reflection_reports_on_the_whole() {
    let mut request = request(Purpose::Reflect, 2, 1);
    for last in [false, true] {
        request.about.last = last;
        let answer = json(&Rehearsal::default(), &request);
        assert_eq!(answer["quality_report"].is_string(), last);
    }
}

#[test]
fn every_answer_has_the_asked_for_form() {
    use crate::prompts::reply;
    let said = |purpose| json(&Rehearsal::default(), &request(purpose, 1, 1)).to_string();
    reply::drafted(&said(Purpose::Draft)).unwrap();
    reply::tasks(1, &said(Purpose::PlanTasks), 6, &[]).unwrap();
    reply::decomposed(&said(Purpose::Decompose)).unwrap();
    reply::verdict(&said(Purpose::Review)).unwrap();
    reply::reflection(&said(Purpose::Reflect), false).unwrap();
    for purpose in [Purpose::Produce, Purpose::Fix] {
        let text = said(purpose);
        let paths = ["essay1.md", "essay2.md"].map(str::to_owned);
        let produced = reply::artifact(&text).unwrap();
        assert_eq!(produced.files(&paths).len(), 2, "every file is handed in");
        assert!(!produced.summary.is_empty());
    }
}

#[test]
fn usage_grows_with_what_is_read_and_written() {
    let short = request(Purpose::Produce, 1, 1);
    let mut long = short.clone();
    long.system.push_str(&"x".repeat(4000));
    let (short, long) = (
        Rehearsal::default().reply(&short).usage,
        Rehearsal::default().reply(&long).usage,
    );
    assert_eq!(long.input_tokens, short.input_tokens + 1000);
    assert!(short.output_tokens > 250 && !short.estimated);
}

#[tokio::test]
async fn a_slow_rehearsal_answers_after_its_delay() {
    let rehearsal = Rehearsal {
        delay: Duration::from_millis(50),
        ..Rehearsal::default()
    };
    let start = std::time::Instant::now();
    let request = request(Purpose::Review, 1, 1);
    assert_eq!(
        rehearsal.call(&request).await.unwrap(),
        rehearsal.reply(&request)
    );
    assert!(start.elapsed() >= Duration::from_millis(50));
}
