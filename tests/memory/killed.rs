//! SIGKILL right after every frame and after every file that is put in place, while agents note and verdicts fall: the
//! memory's folders end up as if nobody had died.

use std::collections::BTreeMap;

use modulatio_tools::fake_model::{FakeModel, Step};
use serde_json::{Value, json};

use crate::{
    bench::{
        ARTIFACT, REFLECTION, TASKS, VERDICT, config, fails, hand_in, is_proven, say, server, task,
    },
    support::{TestVault, body},
};

fn steps() -> Vec<Step> {
    let notes =
        |texts: &[&str]| json!(texts.iter().map(|t| json!({"text": t})).collect::<Vec<_>>());
    let with = |mut answer: Value, more: Value| {
        for (key, value) in more.as_object().expect("an object") {
            answer[key] = value.clone();
        }
        answer
    };
    let passed = json!({"passed": true, "summary": "good", "defects": []});
    let reflection =
        json!({"outcome": "continue", "rationale": "fine", "quality_report": "# Good\n"});
    vec![
        say(
            TASKS,
            json!({"tasks": [task("essay", "essay.md", &[])], "proposals": notes(&["of the planner"])}),
        ),
        say(
            ARTIFACT,
            json!({"content": "a\n", "summary_for_state_doc": "a", "proposals": notes(&["first", "second"])}),
        ),
        fails("substantive", "it is thin"),
        hand_in("b\n"),
        say(
            VERDICT,
            with(
                passed,
                json!({"notes": notes(&["of qc"]), "promote": ["ESS-P-001-m2"], "decline": ["ESS-P-001-m3"]}),
            ),
        ),
        say(
            REFLECTION,
            with(reflection, json!({"notes": notes(&["of the leader"])})),
        ),
    ]
}

/// Every file of the memory: path below the project, and text without the times in it.
fn files(vault: &TestVault) -> BTreeMap<String, String> {
    let dirs = [
        "team-memory",
        "team-memory/_proposals",
        "team-memory/_removed",
        "qc-history/document",
    ];
    let mut found = BTreeMap::new();
    for dir in dirs {
        let names = vault.names(&format!("ess/{dir}"));
        for name in names.into_iter().filter(|name| name.contains('.')) {
            let text = vault.read(&format!("ess/{dir}/{name}"));
            let lines = text.lines().filter(|line| !line.starts_with("timestamp:"));
            found.insert(
                format!("{dir}/{name}"),
                lines.collect::<Vec<_>>().join("\n"),
            );
        }
    }
    found
}

/// A vault whose plan ran to its end, with one death at this point on the way, if there was one.
fn ran(fault: Option<&str>) -> (FakeModel, TestVault, bool) {
    let model = server(steps());
    let vault = TestVault::with(&config(
        &model,
        "embedder: lexical\ntools: {disable: [run_shell]}\n",
    ));
    vault.approved(&body(1));
    let died = fault.is_some_and(|fault| {
        let env = [("MODULATIO_FAULT", fault)];
        vault
            .run_with(&["daemon", "--until-idle"], &env)
            .code
            .is_none()
    });
    vault.run_until_idle();
    (model, vault, died)
}

/// What a plan leaves whose daemons live.
fn undisturbed() -> BTreeMap<String, String> {
    let (model, vault, _) = ran(None);
    is_proven(&vault, "ESS-P-001", &model);
    files(&vault)
}

fn walk(point: &str) {
    let expected = undisturbed();
    let mut deaths = 0;
    for n in 1.. {
        let fault = format!("{point}:{n}");
        let (model, vault, died) = ran(Some(&fault));
        if !died {
            break;
        }
        deaths += 1;
        assert_eq!(files(&vault), expected, "{fault}");
        assert_eq!(vault.journal("ESS-P-001").status(), "done", "{fault}");
        vault.run(&["replay", "--all", "--check"]).ok();
        let twice = model.sold().by_key.into_values().filter(|count| *count > 1);
        assert_eq!(twice.count(), 0, "{fault}");
    }
    assert!(deaths > 10, "{point}: {deaths}");
}

#[test]
fn what_work_leaves_in_the_memory() {
    let files = undisturbed();
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "qc-history/document/ESS-P-001-s1-t1-1.md",
            "qc-history/document/ESS-P-001-s1-t1-2.md",
            "team-memory/ESS-P-001-m2.md",
            "team-memory/ESS-P-001-m4.md",
            "team-memory/ESS-P-001-m5.md",
            "team-memory/_proposals/ESS-P-001-m1.md",
            "team-memory/_removed/ESS-P-001-m3.md",
        ]
    );
}

#[test]
fn the_memory_is_the_same_after_whichever_frame_the_daemon_died() {
    walk("kill-after-append");
}

#[test]
fn the_memory_is_the_same_after_whichever_rendering_the_daemon_died() {
    walk("kill-after-render");
}
