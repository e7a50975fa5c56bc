//! A prompt that does not fit whatever is left out: the conversation is kept, redacted, and a person is asked, once.

use std::os::unix::fs::PermissionsExt;

use modulatio_tools::fake_model::{Behaviour, Step};
use serde_json::{Value, json};

use crate::{
    bench::{PROTOCOLS, QUICK, asked, config, entry, is_done, started, ticket, titled},
    context::{json_log, lay, long_artifact, read_it_all, told, uncounting, window, windowed},
    support::{TestVault, body},
};

const FAKE_SECRET: &str = "sk-or-v1-0123456789abcdef0123456789abcdef";

#[test]
fn what_does_not_fit_is_kept_redacted_and_a_person_is_asked() {
    for protocol in PROTOCOLS {
        let model = uncounting([]);
        let vault = windowed(protocol, &model, 10_000);
        let objective = format!(
            "Essays; the key is {FAKE_SECRET}, do not tell. {}",
            long("w")
        );
        vault.write("ess/project.yaml", &format!("objective: \"{objective}\"\n"));
        let plan = vault.approved(&body(1));
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
        assert!(text.contains(&long("w")), "the conversation is there");
        assert_eq!(kept["step"], "s1-plan");
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
        assert_eq!(vault.journal(&plan).count("SubObjectiveDecomposed"), 1);
        assert_eq!(
            asked(&model).len(),
            1 + 2 * 4,
            "the division and its two parts: nothing that does not fit was sent"
        );
    }
}

#[test]
fn resuming_without_a_change_asks_again_and_does_not_loop() {
    let model = uncounting([]);
    let vault = windowed("openai", &model, 10_000);
    let plan = vault.approved(&format!("{}\n{}\n", body(1), long("w")));
    vault.run_until_idle();
    vault.run(&["project", "resume", &plan]).ok();
    vault.run_until_idle();
    assert_eq!(vault.journal(&plan).status(), "paused");
    assert_eq!(vault.names("ess/tickets").len(), 2);
    assert!(
        asked(&model).is_empty(),
        "nothing that does not fit is sent"
    );
}

/// The talk is no dead end: results that were asked for all at once go too when nothing else helps, the largest first,
/// and can be read again in parts.
#[test]
fn a_turn_that_read_too_much_at_once_is_shown_in_part_and_the_work_goes_on() {
    let model = uncounting([read_it_all("notes.txt")]);
    let vault = windowed("openai", &model, 10_000);
    let plan = vault.approved(&body(1));
    lay(&vault, &plan, "notes.txt", 600);
    vault.run_until_idle();
    is_done(&vault, &plan, &model);
    assert_eq!(vault.journal(&plan).count("ContextCompressed"), 1);
    assert_eq!(vault.journal(&plan).count("ContextExhausted"), 0);
    let third = model.requests()[2].body["messages"].to_string();
    assert!(
        third.contains("read_tool_result with call_id t0000000"),
        "{third}"
    );
    assert!(third.len() / 3 < 9_500, "{}", third.len());
}

/// More than the smallest window here has room for.
fn long(word: &str) -> String {
    vec![word.repeat(9); 3_000].join(" ")
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
    let journal = vault.journal(&plan);
    assert_eq!(
        started(&journal)[..4],
        ["s1-plan", "s1-t1-produce-1", "s1-decompose", "s1-plan"]
    );
    assert_eq!(asked(&model).len(), 3 + 2 * 4, "the parts take its place");
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
    let model = uncounting([]);
    let vault = windowed("anthropic", &model, 10_000);
    let whole = format!(
        "**1. Essay 1** — write essay 1: {}\n- Files: essay1.md\n",
        long("e")
    );
    let plan = vault.approved(&format!("### Sub-objectives\n\n{whole}"));
    vault.run_until_idle();
    assert_eq!(vault.journal(&plan).status(), "paused");
    let text = vault.read(&format!("ess/plans/{plan}.md"));
    let parts = "**1. Notes** — sum up the notes.\n- Files: sum.md\n\n**2. Essay** — write it.\n- Files: essay1.md\n";
    assert!(text.contains(&whole), "{text}");
    std::fs::write(vault.plan_file(&plan), text.replace(&whole, parts)).unwrap();
    vault.run(&["project", "resume", &plan]).ok();
    vault.run_until_idle();
    is_done(&vault, &plan, &model);
    assert_eq!(vault.journal(&plan).plan.current_index, 2);
    assert_eq!(
        vault.names(&format!("ess/runs/{plan}/artifacts")),
        ["essay1.md", "sum.md"]
    );
}

const KEY: &str = "MODULATIO_TEST_CONTEXT_KEY";

#[test]
fn the_key_in_use_is_taken_out_of_a_checkpoint_whatever_it_looks_like() {
    let secret = "plain words nobody would take for a key";
    let model = uncounting([]);
    let entry = entry(
        "fake-1",
        "openai",
        &model,
        &format!(
            ", price: free, context_tokens: 10000, max_output_tokens: 1000, api_key_env: {KEY}"
        ),
    );
    let vault = TestVault::with(&config(&[entry], "{leader: fake-1}", QUICK));
    let plan = vault.approved(&format!("{}\n{secret}\n{}\n", body(1), long("w")));
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
