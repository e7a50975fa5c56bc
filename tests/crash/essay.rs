//! The plan that is killed: three sub-objectives, one rejection and redo, one artifact too long for a frame.

use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step};
use serde_json::json;

use crate::support::{TestVault, body};

/// The id of the only plan.
pub(crate) const PLAN: &str = "ESS-P-001";

const DEFECT: &str = "the ending is missing";
const FIRST_TRY: &str = "half an essay";

/// A model whose answers depend on nothing but what it is asked: a repeated question gets the same answer.
pub(crate) fn model() -> FakeModel {
    let produce = |content: String| {
        Step::new(Behaviour::Arguments(
            json!({"content": content, "summary": "written"}),
        ))
        .for_tool("submit_artifact")
        .times(0)
    };
    let verdict = json!({"passed": false, "summary": DEFECT, "defects": [
        {"severity": "major", "class": "substantive", "location": "end", "what": DEFECT}]});
    let reflect = |n: u32| {
        let state = format!("{n} of 3 essays are written.");
        Step::new(Behaviour::Arguments(
            json!({"outcome": "continue", "rationale": "good", "team_state": state}),
        ))
        .for_tool("submit_reflection")
        .for_message(&format!("{n}. Essay {n}"))
        .times(0)
    };
    let script = Script::of([
        reflect(1),
        reflect(2),
        reflect(3),
        produce(long_essay()).for_message("Artifact: essay3.md"),
        produce(essay2()).for_message(DEFECT),
        produce(format!("# Essay 2\n\n{FIRST_TRY}\n")).for_message("Artifact: essay2.md"),
        produce(essay1()).for_message("Artifact: essay1.md"),
        Step::new(Behaviour::Arguments(verdict))
            .for_tool("submit_verdict")
            .for_message(FIRST_TRY)
            .times(0),
    ]);
    FakeModel::start(script).expect("a free port")
}

fn essay1() -> String {
    "# Essay 1\n\nOn what is up to us.\n".to_owned()
}

fn essay2() -> String {
    "# Essay 2\n\nA whole essay with its ending.\n".to_owned()
}

/// More than a frame holds inline, so that it lies in the blob store.
fn long_essay() -> String {
    format!("# Essay 3\n\n{}", "Nothing lasts. ".repeat(6_000))
}

/// The artifacts of the finished plan.
pub(crate) fn artifacts() -> [(&'static str, String); 3] {
    [
        ("essay1.md", essay1()),
        ("essay2.md", essay2()),
        ("essay3.md", long_essay()),
    ]
}

/// A vault with the approved plan, to be copied for every case.
pub(crate) fn template() -> TestVault {
    let vault = TestVault::asking("http://127.0.0.1:1/v1");
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
