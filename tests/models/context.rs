//! The model's window: said once, made room in, and when nothing helps, a checkpoint and a person.

use std::os::unix::fs::PermissionsExt;

use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step, ToolCall, UsageSays, When};
use projections::event::FailureClass;
use serde_json::{Value, json};

use crate::{
    bench::{self, PROTOCOLS, QUICK, asked, config, entry, is_done, started, ticket, titled},
    support::{Ran, TestVault, body},
};

/// A server that never counts, so that three bytes are a token for as long as the test goes.
fn uncounting(steps: impl IntoIterator<Item = Step>) -> FakeModel {
    let quiet = |step: Step| step.usage(UsageSays::Missing);
    let script = Script::of(steps.into_iter().map(quiet)).with_usage(UsageSays::Missing);
    FakeModel::start(script).expect("a free port")
}

fn windowed(protocol: &str, model: &FakeModel, context_tokens: u32) -> TestVault {
    TestVault::with(&window(protocol, model, context_tokens))
}

fn window(protocol: &str, model: &FakeModel, context_tokens: u32) -> String {
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

fn read(path: &str) -> Step {
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
fn read_it_all(path: &str) -> Step {
    read_parts(path, 6)
}

/// A file in a run's artifacts, as an earlier task would have left it.
fn lay(vault: &TestVault, plan: &str, name: &str, lines: usize) -> String {
    let text: String = (1..=lines)
        .map(|n| format!("{name}, line {n:05} of what an earlier task has found out\n"))
        .collect();
    let dir = format!("ess/runs/{plan}/artifacts");
    std::fs::create_dir_all(vault.path(&dir)).expect("a directory");
    vault.write(&format!("{dir}/{name}"), &text);
    text
}

fn json_log(vault: &TestVault) -> Ran {
    vault
        .run(&["--log-format", "json", "daemon", "--until-idle"])
        .ok()
}

/// The log lines of one kind of the context's budget.
fn told(ran: &Ran, event: &str) -> Vec<Value> {
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
    let task = |n: u32| {
        json!({"title": format!("Task {n}"), "brief": "b", "kind": "document",
               "artifact": format!("part{n}.md"), "acceptance": ["it is there"]})
    };
    Step::new(Behaviour::Arguments(json!({"tasks": [task(1), task(2)]}))).for_tool("submit_tasks")
}

fn long_artifact(lines: usize) -> (Step, String) {
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

const FAKE_SECRET: &str = "sk-or-v1-0123456789abcdef0123456789abcdef";

#[test]
fn what_does_not_fit_is_kept_redacted_and_a_person_is_asked() {
    for protocol in PROTOCOLS {
        let model = uncounting([read_it_all("notes.txt")]);
        let vault = windowed(protocol, &model, 10_000);
        let objective = format!("Essays; the key is {FAKE_SECRET}, do not tell.");
        vault.write("ess/project.yaml", &format!("objective: \"{objective}\"\n"));
        let plan = vault.approved(&body(1));
        lay(&vault, &plan, "notes.txt", 600);
        let ran = json_log(&vault);
        assert!(!ran.err.contains(FAKE_SECRET));
        let exhausted = told(&ran, "context_budget_exhausted");
        assert_eq!(exhausted.len(), 1, "{exhausted:?}");
        assert_eq!(exhausted[0]["target"], "modulatio.context_budget");
        let journal = vault.journal(&plan);
        assert_eq!(journal.status(), "paused");
        assert_eq!(journal.count("ContextExhausted"), 1);

        let dir = format!("ess/runs/{plan}/checkpoints");
        let names = vault.names(&dir);
        assert_eq!(names.len(), 1, "{names:?}");
        let path = format!("{dir}/{}", names[0]);
        let mode = std::fs::metadata(vault.path(&path))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{mode:o}");
        let kept: Value = serde_json::from_str(&vault.read(&path)).unwrap();
        let text = kept.to_string();
        assert!(
            !text.contains(FAKE_SECRET) && text.contains("[redacted]"),
            "{text}"
        );
        assert!(
            text.contains("notes.txt, line 00300"),
            "the conversation is there"
        );
        assert_eq!(kept["step"], "s1-t1-produce-1");
        assert_eq!(kept["window_tokens"], 9_000);
        let policy = kept["redaction"]["policy"].as_array().expect("a policy");
        assert!(policy.contains(&json!("API key sk-…")), "{policy:?}");

        let asks = ticket(&vault, 1);
        let below = path.strip_prefix("ess/").unwrap();
        for part in [
            "kind: context",
            "priority: critical",
            below,
            "decompose required",
        ] {
            assert!(asks.contains(part), "{part:?} is not in {asks}");
        }
        assert!(!asks.contains(FAKE_SECRET));
        vault.is_proven(&plan);

        vault.write("modulatio.yaml", &window(protocol, &model, 60_000));
        vault.run(&["project", "resume", &plan]).ok();
        vault.run_until_idle();
        is_done(&vault, &plan, &model);
        assert_eq!(
            vault.journal(&plan).count("ToolCallFinished"),
            6,
            "nothing is looked up again"
        );
        assert_eq!(asked(&model).len(), 5);
    }
}

#[test]
fn resuming_without_a_change_asks_again_and_does_not_loop() {
    let model = uncounting([read_it_all("notes.txt")]);
    let vault = windowed("openai", &model, 10_000);
    let plan = vault.approved(&body(1));
    lay(&vault, &plan, "notes.txt", 600);
    vault.run_until_idle();
    vault.run(&["project", "resume", &plan]).ok();
    vault.run_until_idle();
    assert_eq!(vault.journal(&plan).status(), "paused");
    assert_eq!(vault.names("ess/tickets").len(), 2);
    assert_eq!(asked(&model).len(), 2, "nothing that does not fit is sent");
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
        5,
        "planner, two reads, whole, shrunk"
    );
    // The ticket tells what is known: the provider refused it, whatever the estimate says.
    let text = ticket(&vault, 1);
    assert!(text.contains("The provider refused"), "{text}");
}

#[test]
fn an_artifact_too_big_to_be_reviewed_asks_a_person_and_is_paid_once() {
    let (first, _) = long_artifact(800);
    let model = uncounting([first]);
    let vault = windowed("openai", &model, 10_000);
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    let journal = vault.journal(&plan);
    assert_eq!(journal.status(), "paused");
    let text = ticket(&vault, 1);
    assert!(
        text.contains("kind: context") && text.contains("s1-t1-qc-1"),
        "{text}"
    );
    assert_eq!(asked(&model).len(), 2);
    vault.is_proven(&plan);
    vault.write("modulatio.yaml", &window("openai", &model, 60_000));
    vault.run(&["project", "resume", &plan]).ok();
    vault.run_until_idle();
    is_done(&vault, &plan, &model);
    assert_eq!(asked(&model).len(), 4, "the artifact is not produced again");
}

#[test]
fn a_useless_reply_too_long_to_be_shown_again_is_repaired_without_it() {
    for protocol in PROTOCOLS {
        let chatter = Behaviour::Text("I will begin by thinking about it. ".repeat(1_200));
        let model = uncounting([Step::new(chatter)]);
        let vault = windowed(protocol, &model, 10_000);
        let plan = vault.approved(&titled("Outline"));
        vault.run_until_idle();
        is_done(&vault, &plan, &model);
        assert_eq!(vault.journal(&plan).count("ReplyRejected"), 1);
        let second = model.requests()[1].body["messages"].to_string();
        assert!(second.contains("neither the tool's arguments"), "{second}");
        assert!(second.len() < 20_000, "{}", second.len());
    }
}

#[test]
fn dividing_the_sub_objective_in_the_file_lets_the_plan_go_on() {
    let model = uncounting([read_it_all("notes.txt")]);
    let vault = windowed("anthropic", &model, 10_000);
    let plan = vault.approved(&body(1));
    lay(&vault, &plan, "notes.txt", 600);
    vault.run_until_idle();
    assert_eq!(vault.journal(&plan).status(), "paused");
    let text = vault.read(&format!("ess/plans/{plan}.md"));
    let whole = "**1. Essay 1** — write essay 1.\n- Files: essay1.md\n";
    let parts = "**1. Notes** — sum up the notes.\n- Files: sum.md\n\n**2. Essay** — write it.\n- Files: essay1.md\n";
    assert!(text.contains(whole), "{text}");
    std::fs::write(vault.plan_file(&plan), text.replace(whole, parts)).unwrap();
    vault.run(&["project", "resume", &plan]).ok();
    vault.run_until_idle();
    is_done(&vault, &plan, &model);
    assert_eq!(vault.journal(&plan).plan.current_index, 2);
    assert_eq!(
        vault.names(&format!("ess/runs/{plan}/artifacts")),
        ["essay1.md", "notes.txt", "sum.md"]
    );
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

const KEY: &str = "MODULATIO_TEST_CONTEXT_KEY";

#[test]
fn the_key_in_use_is_taken_out_of_a_checkpoint_whatever_it_looks_like() {
    let secret = "plain words nobody would take for a key";
    let model = uncounting([read_it_all("notes.txt")]);
    let entry = entry(
        "fake-1",
        "openai",
        &model,
        &format!(
            ", price: free, context_tokens: 10000, max_output_tokens: 1000, api_key_env: {KEY}"
        ),
    );
    let vault = TestVault::with(&config(&[entry], "{leader: fake-1}", QUICK));
    let plan = vault.approved(&body(1));
    let notes = lay(&vault, &plan, "notes.txt", 600);
    let notes = notes.replace("line 00007", secret);
    vault.write(&format!("ess/runs/{plan}/artifacts/notes.txt"), &notes);
    vault
        .run_with(&["daemon", "--until-idle"], &[(KEY, secret)])
        .ok();
    let dir = format!("ess/runs/{plan}/checkpoints");
    let kept = vault.read(&format!("{dir}/{}", vault.names(&dir)[0]));
    assert!(
        !kept.contains(secret) && kept.contains("[redacted]"),
        "{kept}"
    );
    assert!(kept.contains(&format!("the value of {KEY}")), "{kept}");
    assert!(!ticket(&vault, 1).contains(secret));
}
