//! The model's window: said once when it fills, made room in, and the provider's word believed against the estimate.

use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step, ToolCall, UsageSays, When};
use projections::event::FailureClass;
use serde_json::{Value, json};

use crate::{
    bench::{self, PROTOCOLS, QUICK, config, entry, is_done, started, ticket},
    support::{Ran, TestVault, body},
};

/// A server that never counts, so that three bytes are a token for as long as the test goes.
pub(crate) fn uncounting(steps: impl IntoIterator<Item = Step>) -> FakeModel {
    let quiet = |step: Step| step.usage(UsageSays::Missing);
    let script = Script::of(steps.into_iter().map(quiet)).with_usage(UsageSays::Missing);
    FakeModel::start(script).expect("a free port")
}

pub(crate) fn windowed(protocol: &str, model: &FakeModel, context_tokens: u32) -> TestVault {
    TestVault::with(&window(protocol, model, context_tokens))
}

pub(crate) fn window(protocol: &str, model: &FakeModel, context_tokens: u32) -> String {
    let more = format!(", price: free, context_tokens: {context_tokens}, max_output_tokens: 1000");
    let entry = entry("fake-1", protocol, model, &more);
    config(&[entry], "{leader: fake-1}", QUICK)
}

fn calls(name: &str, arguments: Value) -> Step {
    let call = ToolCall {
        name: name.to_owned(),
        arguments,
    };
    Step::new(Behaviour::ToolCalls(vec![call])).for_tool("submit_artifact")
}

pub(crate) fn read(path: &str) -> Step {
    calls("read_file", json!({ "path": path }))
}

/// One turn that looks at so many hundreds of a file's lines at once.
fn read_parts(path: &str, hundreds: u32) -> Step {
    let part = |n: u32| ToolCall {
        name: "read_file".to_owned(),
        arguments: json!({"path": path, "from_line": n * 100 + 1, "to_line": n * 100 + 100}),
    };
    let calls = (0..hundreds).map(part).collect();
    Step::new(Behaviour::ToolCalls(calls)).for_tool("submit_artifact")
}

/// One turn that looks at more than ten thousand tokens hold.
pub(crate) fn read_it_all(path: &str) -> Step {
    read_parts(path, 6)
}

/// A file in a run's artifacts, as an earlier task would have left it.
pub(crate) fn lay(vault: &TestVault, plan: &str, name: &str, lines: usize) -> String {
    let text: String = (1..=lines)
        .map(|n| format!("{name}, line {n:05} of what an earlier task has found out\n"))
        .collect();
    let dir = format!("ess/runs/{plan}/artifacts");
    std::fs::create_dir_all(vault.path(&dir)).expect("a directory");
    vault.write(&format!("{dir}/{name}"), &text);
    text
}

pub(crate) fn json_log(vault: &TestVault) -> Ran {
    vault
        .run(&["--log-format", "json", "daemon", "--until-idle"])
        .ok()
}

/// The log lines of one kind of the context's budget.
pub(crate) fn told(ran: &Ran, event: &str) -> Vec<Value> {
    let lines = ran
        .err
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|e| panic!("{line}: {e}")));
    lines
        .filter(|line| line["modulatio_event"] == event)
        .collect()
}

/// Two tasks; the second one's producer reads what the first one made.
fn two_tasks() -> Step {
    let task = |n: u32, needs: &[&str]| {
        json!({"id": format!("t{n}"), "title": format!("Task {n}"), "brief": "b", "kind": "document", "needs": needs,
               "artifact": format!("part{n}.md"), "acceptance": ["it is there"]})
    };
    let tasks = json!({"tasks": [task(1, &[]), task(2, &["t1"])]});
    Step::new(Behaviour::Arguments(tasks)).for_tool("submit_tasks")
}

pub(crate) fn long_artifact(lines: usize) -> (Step, String) {
    let content: String = (1..=lines)
        .map(|n| format!("line {n:05} of the first part, which the second one looks up\n"))
        .collect();
    let handed = json!({"content": content, "summary": "s"});
    (
        Step::new(Behaviour::Arguments(handed)).for_tool("submit_artifact"),
        content,
    )
}

#[test]
fn a_filling_window_is_warned_of_once_compressed_and_what_was_left_out_is_read_again() {
    for protocol in PROTOCOLS {
        let (first, content) = long_artifact(100);
        let again = calls("read_tool_result", json!({"call_id": "t00000001"}));
        let reads = [(); 5].map(|()| read("part1.md"));
        let steps = [two_tasks(), first].into_iter().chain(reads).chain([again]);
        let model = uncounting(steps);
        let vault = windowed(protocol, &model, 10_000);
        let plan = vault.approved(&body(1));
        let ran = json_log(&vault);
        is_done(&vault, &plan, &model);

        let warned = told(&ran, "context_budget_soft_warn");
        assert_eq!(warned.len(), 1, "{warned:?}");
        let line = &warned[0];
        assert_eq!(line["level"], "WARN");
        assert_eq!(line["target"], "modulatio.context_budget");
        assert_eq!(line["plan"], plan.as_str());
        assert_eq!(line["step"], "s1-t2-produce-1");
        assert_eq!(line["agent_id"], "producer");
        assert_eq!(line["model"], format!("{protocol}/fake-1"));
        let (near, window) = (&line["estimated_tokens"], &line["window_tokens"]);
        assert_eq!(window, 9_000);
        assert!(near.as_u64() >= Some(6_300), "{line}");
        assert_eq!(vault.journal(&plan).count("ContextSoftWarned"), 1);

        let compressed = told(&ran, "context_budget_compressed");
        assert_eq!(
            compressed.len(),
            vault.journal(&plan).count("ContextCompressed")
        );
        assert!(compressed.len() >= 2, "{compressed:?}");
        let requests = model.requests();
        let placeholder = format!(
            "[{} bytes left out to save room; read_tool_result with call_id t00000001 shows them again]",
            content.len()
        );
        let shrunk = requests
            .iter()
            .filter(|request| request.body["messages"].to_string().contains(&placeholder));
        assert!(shrunk.count() >= 3);
        // The request after the call of read_tool_result ends with the text that had been left out.
        let messages = requests[9].body["messages"].as_array().expect("messages");
        let last = messages.last().expect("a message").to_string();
        assert!(last.contains("line 00100 of the first part"), "{last}");
        assert!(!last.contains("left out"), "{last}");
        // No request was larger than the window leaves, by the estimate in force.
        for request in &requests {
            let bytes = request.body["messages"].to_string().len();
            assert!(bytes / 3 < 9_500, "{bytes}");
        }
    }
}

/// The provider's word is believed against the estimate: what can be left out is, and only then a person is asked.
#[test]
fn a_provider_that_says_too_long_is_believed_and_older_results_are_left_out() {
    for protocol in PROTOCOLS {
        let too_long = || Step::new(Behaviour::ContextTooLong).for_tool("submit_artifact");
        let model = uncounting([read("notes.txt"), read("notes.txt"), too_long()]);
        let vault = windowed(protocol, &model, 100_000);
        let plan = vault.approved(&body(1));
        lay(&vault, &plan, "notes.txt", 100);
        vault.run_until_idle();
        is_done(&vault, &plan, &model);
        let journal = vault.journal(&plan);
        assert_eq!(journal.count("ContextCompressed"), 1);
        assert_eq!(journal.plan.open_tickets().count(), 0);
        let refused = bench::classes(&journal);
        assert_eq!(refused, [(FailureClass::ContextTooLong, false)]);
    }
}

#[test]
fn a_provider_that_always_says_too_long_ends_at_a_ticket_after_few_calls() {
    for protocol in PROTOCOLS {
        for tool in [
            "submit_tasks",
            "submit_artifact",
            "submit_verdict",
            "submit_reflection",
        ] {
            let too_long = Step::new(Behaviour::ContextTooLong).for_tool(tool);
            let model = uncounting([too_long]);
            let vault = windowed(protocol, &model, 100_000);
            let plan = vault.approved(&body(1));
            vault.run_until_idle();
            let journal = vault.journal(&plan);
            assert_eq!(journal.status(), "paused", "{protocol} {tool}");
            assert_eq!(journal.count("ModelCallFailed"), 1, "{protocol} {tool}");
            let text = ticket(&vault, 1);
            assert!(text.contains("kind: context"), "{text}");
            vault.is_proven(&plan);
            vault.run(&["project", "resume", &plan]).ok();
            vault.run_until_idle();
            is_done(&vault, &plan, &model);
        }
    }
    let always = Step::new(Behaviour::ContextTooLong).for_tool("submit_artifact");
    let model = uncounting([read("notes.txt"), read("notes.txt"), always.times(0)]);
    let vault = windowed("openai", &model, 100_000);
    let plan = vault.approved(&body(1));
    lay(&vault, &plan, "notes.txt", 100);
    vault.run_until_idle();
    assert_eq!(vault.journal(&plan).status(), "paused");
    assert_eq!(
        started(&vault.journal(&plan)).len(),
        6,
        "planner, two reads, whole, shrunk, shrunk to nothing"
    );
    // The ticket tells what is known: the provider refused it, whatever the estimate says.
    let text = ticket(&vault, 1);
    assert!(text.contains("The provider refused"), "{text}");
}

#[test]
fn a_fallback_with_another_window_is_warned_of_anew() {
    let refuse = Step {
        when: When {
            model: Some("first".into()),
            tool: Some("submit_artifact".into()),
            ..When::default()
        },
        ..Step::new(bench::status(400, None, None))
    };
    // The first producer looks, comes near, and is refused; the second looks and comes near.
    let near = || read_parts("notes.txt", 3);
    let model = uncounting([near(), refuse, near()]);
    let small = ", price: free, context_tokens: 10000, max_output_tokens: 1000";
    let entries = [
        entry("first", "openai", &model, small),
        entry("second", "openai", &model, small),
    ];
    let vault = TestVault::with(&config(&entries, "{leader: [first, second]}", QUICK));
    let plan = vault.approved(&body(1));
    lay(&vault, &plan, "notes.txt", 300);
    let ran = json_log(&vault);
    is_done(&vault, &plan, &model);
    let warned = told(&ran, "context_budget_soft_warn");
    let of: Vec<&Value> = warned.iter().map(|line| &line["model"]).collect();
    assert_eq!(of, ["openai/first", "openai/second"]);
}

/// However long the file: a model with a small window sees as much of it as leaves room for the work.
#[test]
fn no_single_result_fills_a_small_window() {
    for (context_tokens, lines) in [(10_000, 10_000), (6_000, 700)] {
        let model = uncounting([read("notes.txt")]);
        let vault = windowed("openai", &model, context_tokens);
        let plan = vault.approved(&body(1));
        lay(&vault, &plan, "notes.txt", lines);
        vault.run_until_idle();
        is_done(&vault, &plan, &model);
        let seen = model.requests()[2].body["messages"].to_string();
        assert!(seen.contains("[cut here; ask for from_line"), "{seen}");
        assert_eq!(vault.journal(&plan).count("ContextExhausted"), 0);
    }
}
