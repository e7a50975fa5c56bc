//! The plan that is killed: three sub-objectives, the second of four tasks, three of which are worked on at the same
//! time. One is written anew, one is written with tools, one is mended by quality control in the end. One artifact of
//! the plan is too long for a frame.
//!
//! ```text
//!  essay2.md    produce ✗ ─ produce ✓ ──────────────────────────────────────────────────────────┐
//!  notes2.md    write_file ─ write_file ─ hand in ✓ ────────────────────────────────────────────┼─▶ index2.md ✓
//!  sources2.md  produce ✗ ─ edit_file ─ hand in ✗ ─ (quality control:) edit_file ─ hand in ✓ ───┘
//! ```

use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step, ToolCall};
use serde_json::{Value, json};

use crate::support::{TestVault, body};

/// The id of the only plan.
pub(crate) const PLAN: &str = "ESS-P-001";

/// Calls that complete if no tool is interrupted: four each of the first and the last sub-objective; of the second its
/// plan and its reflection, and those of its tasks as drawn above, each hand-in with a review.
pub(crate) const CALLS: usize = 4 + (2 + 4 + 4 + 8 + 2) + 4;

/// Tools that are run in that case.
pub(crate) const TOOLS: usize = 4;

/// Redos: one of the essay, two of the sources, the second by quality control.
pub(crate) const REDOS: usize = 3;

/// Tasks that are worked on at the same time.
pub(crate) const PARALLEL: usize = 3;

const DEFECT: &str = "the ending is missing";
const OTHER_DEFECT: &str = "a source is missing";
const FIRST_TRY: &str = "half an essay";
const FIRST_NOTES: &str = "draft\n";
const QC: &str = "fake-2";

/// A model whose answers depend on nothing but what it is asked: a repeated question gets the same answer.
pub(crate) fn model() -> FakeModel {
    let plan = answer("submit_tasks", tasks()).for_message("2. Essay 2");
    let steps = [
        vec![plan],
        reflections(),
        verdicts(),
        sources(),
        notes(),
        essays(),
    ];
    FakeModel::start(Script::of(steps.concat())).expect("a free port")
}

fn answer(tool: &str, arguments: Value) -> Step {
    Step::new(Behaviour::Arguments(arguments))
        .for_tool(tool)
        .times(0)
}

fn hands_in(content: String) -> Step {
    answer(
        "submit_artifact",
        json!({"content": content, "summary": "written"}),
    )
}

/// What tools have written is handed in.
fn done() -> Step {
    answer("submit_artifact", json!({"summary": "written with tools"}))
}

fn calls(name: &str, arguments: Value) -> Step {
    let call = ToolCall {
        name: name.to_owned(),
        arguments,
    };
    Step::new(Behaviour::ToolCalls(vec![call]))
        .for_tool("submit_artifact")
        .times(0)
}

/// Part of the request for an artifact.
fn to_make(path: &str) -> String {
    format!("Artifacts:\n\n- {path}")
}

fn tasks() -> Value {
    let task = |id: &str, path: &str, needs: &[&str]| {
        json!({"id": id, "title": format!("Write {path}"), "brief": "Write it.", "kind": "document",
               "artifacts": [path], "needs": needs, "acceptance": ["it is whole"]})
    };
    json!({"tasks": [
        task("essay", "essay2.md", &[]),
        task("notes", "notes2.md", &[]),
        task("sources", "sources2.md", &[]),
        task("index", "index2.md", &["essay", "notes", "sources"]),
    ]})
}

/// The last one first, as its question names the others too.
fn reflections() -> Vec<Step> {
    let reflect = |n: u32| {
        let state = format!("{n} of 3 essays are written.");
        let reflection = json!({"outcome": "continue", "rationale": "good", "team_state": state,
                                "quality_report": "Three essays, all of them good."});
        answer("submit_reflection", reflection).for_message(&format!("{n}. Essay {n}"))
    };
    [3, 2, 1].map(reflect).into()
}

fn verdicts() -> Vec<Step> {
    let rejects = |text: &str, class: &str, defect: &str| {
        let verdict = json!({"passed": false, "summary": defect, "defects": [
            {"severity": "major", "class": class, "location": "end", "what": defect}]});
        answer("submit_verdict", verdict).for_message(text)
    };
    vec![
        rejects(FIRST_TRY, "substantive", DEFECT),
        rejects(&list(1), "mechanical", OTHER_DEFECT),
        rejects(&list(2), "mechanical", OTHER_DEFECT),
    ]
}

/// Each edit adds a source. An agent whose edit was interrupted does not know how far it came, and writes all of it.
fn sources() -> Vec<Step> {
    let edit = |n: u32| {
        let (old, new) = (list(n), list(n + 1));
        let arguments = json!({"path": "sources2.md", "old": old, "new": new});
        calls("edit_file", arguments).for_message(&list(n))
    };
    let write = |n: u32, model: &str| {
        let arguments = json!({"path": "sources2.md", "content": sources_of(n)});
        let mut step = calls("write_file", arguments).for_message("This call was interrupted");
        step.when.model = Some(model.to_owned());
        step
    };
    vec![
        done().for_message("sources2.md ("),
        write(3, QC),
        write(2, "fake-1"),
        edit(1),
        edit(2),
        hands_in(sources_of(1)).for_message(&to_make("sources2.md")),
    ]
}

fn notes() -> Vec<Step> {
    let write = |content: String| {
        calls(
            "write_file",
            json!({"path": "notes2.md", "content": content}),
        )
    };
    let written = |content: &str| format!("notes2.md ({} bytes)", content.len());
    vec![
        done().for_message(&written(&notes2())),
        write(notes2()).for_message(&written(FIRST_NOTES)),
        write(FIRST_NOTES.to_owned()).for_message(&to_make("notes2.md")),
    ]
}

fn essays() -> Vec<Step> {
    vec![
        hands_in(long_essay()).for_message(&to_make("essay3.md")),
        hands_in(essay2()).for_message(DEFECT),
        hands_in(format!("# Essay 2\n\n{FIRST_TRY}\n")).for_message(&to_make("essay2.md")),
        hands_in(essay1()).for_message(&to_make("essay1.md")),
    ]
}

fn essay1() -> String {
    "# Essay 1\n\nOn what is up to us.\n".to_owned()
}

fn essay2() -> String {
    "# Essay 2\n\nA whole essay with its ending.\n".to_owned()
}

fn notes2() -> String {
    "# Notes 2\n\nFrom the Enchiridion.\n".to_owned()
}

fn list(n: u32) -> String {
    format!("Sources: {n}.")
}

fn sources_of(n: u32) -> String {
    format!("# Sources 2\n\n{}\n", list(n))
}

/// More than a frame holds inline, so that it lies in the blob store.
fn long_essay() -> String {
    format!("# Essay 3\n\n{}", "Nothing lasts. ".repeat(6_000))
}

/// The artifacts of the finished plan.
pub(crate) fn artifacts() -> [(&'static str, String); 5] {
    [
        ("essay1.md", essay1()),
        ("essay2.md", essay2()),
        ("notes2.md", notes2()),
        ("sources2.md", sources_of(3)),
        ("essay3.md", long_essay()),
    ]
}

/// A vault with the approved plan, to be copied for every case.
pub(crate) fn template() -> TestVault {
    let model = |name: &str, model: &str| {
        format!(
            "  {name}: {{provider: openai, model: {model}, base_url: \"http://127.0.0.1:1/v1\", price: free}}\n"
        )
    };
    let vault = TestVault::with(&format!(
        "models:\n{}{}team: {{leader: fake, qc: judge}}\ndefaults: {{max_redos: 1, max_parallel_tasks: {PARALLEL}}}\ntools: {{disable: [run_shell]}}\n",
        model("fake", "fake-1"),
        model("judge", QC),
    ));
    let plan = vault.approved(&body(3));
    assert_eq!(plan, PLAN);
    vault
}

/// A fresh copy of the vault that asks this model.
pub(crate) fn vault_asking(template: &TestVault, model: &FakeModel) -> TestVault {
    let vault = template.copy();
    let config = template
        .read("modulatio.yaml")
        .replace("http://127.0.0.1:1/v1", &model.base_url());
    vault.write("modulatio.yaml", &config);
    vault
}
