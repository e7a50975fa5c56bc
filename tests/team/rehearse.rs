//! A run is deterministic given its answers: today's program would ask every step of it the same, however much of it
//! happened at the same time.

use std::time::Duration;

use modulatio_tools::fake_model::Step;
use serde_json::{Value, json};

use crate::{
    bench::{
        FIXER, PRODUCER, fails, hand_in, say, server, stands, task, tasks, tool, turn, vault,
        written,
    },
    support::body,
};

/// Tools, tasks at the same time and in a chain, redos by edit and anew, a fix, a wrong reply, a note, a pause.
fn eventful() -> Vec<Step> {
    let of = |n: &str| format!("# Task: {n}\n");
    let text = |n: &str, text: &str| hand_in(text).for_text(&of(n));
    let edit = tool(
        "edit_file",
        json!({"path": "a.md", "old": "teh", "new": "the"}),
    );
    let write = tool(
        "write_file",
        json!({"path": "b.md", "content": "by tool\n"}),
    );
    let plan = [
        task("a", "a.md", &[]),
        task("b", "b.md", &[]),
        task("c", "c.md", &["a", "b"]),
        task("d", "d.md", &[]),
    ];
    let first = vec![
        tasks(&[task("x", "../x", &[])]),
        tasks(&plan),
        text("a", "teh text\n").after(Duration::from_millis(40)),
        fails("mechanical", "misspelt").for_text(&of("a")),
        turn(vec![edit, tool("list_files", json!({}))]).for_text(&of("a")),
        written("mended").for_text(&of("a")),
        turn(vec![write, tool("read_file", json!({"path": "b.md"}))]).for_text(&of("b")),
        written("by tool")
            .for_text(&of("b"))
            .after(Duration::from_millis(20)),
        fails("substantive", "thin").for_text(&of("b")),
        text("b", "anew\n"),
    ];
    let bad = (0..4).map(|n| fails("substantive", &format!("wrong {n}")).for_text(&of("d")));
    let fix = text("d", "mended\n").for_text(FIXER);
    let minor = json!({"outcome": "revise-minor", "rationale": "r", "note": "Mind the commas.",
                       "divergences": ["a said it was right"], "team_state": "One is done."});
    let pause = json!({"outcome": "pause", "rationale": "look"});
    let reflections = [
        say("submit_reflection", minor),
        say("submit_reflection", pause),
    ];
    let fix = Step {
        when: fix.when.clone(),
        ..fix
    };
    first
        .into_iter()
        .chain(bad)
        .chain([fix])
        .chain(reflections)
        .collect()
}

#[test]
fn an_eventful_run_would_be_asked_the_same() {
    let model = server(eventful());
    let vault = vault(&model, "defaults: {max_parallel_tasks: 4}\n");
    let plan = vault.approved(&body(3));
    vault.run_until_idle();
    stands(&vault, &plan, &model, "paused");
    vault.run(&["project", "resume", &plan]).ok();
    vault.run_until_idle();
    stands(&vault, &plan, &model, "done");
    let journal = vault.journal(&plan);
    for kind in [
        "TaskFixed",
        "ReplyRejected",
        "ToolCallFinished",
        "DivergenceFlagged",
    ] {
        assert!(journal.count(kind) > 0, "{kind}");
    }
    let out = vault.run(&["--json", "plan", "rehearse", &plan]).ok().out;
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["same"], true);
    assert_eq!(report["steps_same"], journal.count("ModelCallCompleted"));
    assert_eq!(report["notes"], json!([]));
}

/// Everything but times and ids is the same, whatever came first.
#[test]
fn the_same_answers_leave_the_same_files() {
    let run = || {
        let model = server(eventful());
        let vault = vault(&model, "");
        let plan = vault.approved(&body(1));
        vault.run_until_idle();
        let dir = format!("ess/runs/{plan}/artifacts");
        let names = vault.names(&dir);
        let files: Vec<(String, String)> = names
            .into_iter()
            .map(|name| (name.clone(), vault.read(&format!("{dir}/{name}"))))
            .collect();
        files
    };
    let first = run();
    assert_eq!(first.len(), 4, "{first:?}");
    assert_eq!(first, run());
}

/// An operator who would change a prompt sees what it would change, and that nothing else would.
#[test]
fn another_prompt_is_told_as_the_difference() {
    let model = server(eventful());
    let vault = vault(&model, "");
    let plan = vault.approved(&body(1));
    vault.run_until_idle();
    let dir = vault.path("prompts");
    std::fs::create_dir_all(&dir).unwrap();
    let own = vault.run(&["prompts", "show", "producer"]).ok().out;
    assert!(own.contains(PRODUCER));
    vault.write("prompts/producer.md", &own.replace(PRODUCER, "Do it"));
    vault
        .run(&["plan", "rehearse", &plan])
        .code(1)
        .shows("the prompt, though the plan stands as recorded");
}
