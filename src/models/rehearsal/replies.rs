//! The JSON of the four answers, in the shapes that the prompts ask for.

use serde_json::{Value, json};

use super::{
    super::About,
    artifact::{markdown, one_line},
};

/// Tasks in one rehearsed sub-objective at most.
const MOST_TASKS: usize = 6;

/// Arguments of `submit_tasks`: one task per named file, or one task in all.
pub(super) fn tasks(about: &About) -> Value {
    let mut files: Vec<String> = Vec::new();
    for file in &about.files {
        if files.len() < MOST_TASKS && !files.contains(file) {
            files.push(file.clone());
        }
    }
    if files.is_empty() {
        files.push(format!("objective-{}.md", about.sub_objective));
    }
    let tasks: Vec<Value> = files.iter().map(|file| task(about, file)).collect();
    json!({ "tasks": tasks })
}

fn task(about: &About, file: &str) -> Value {
    let title = one_line(&about.title);
    json!({
        "title": format!("Write {file}"),
        "brief": format!("Rehearsal: write {file} for \"{title}\". No model was asked to plan this."),
        "kind": "document",
        "artifact": file,
        "acceptance": [
            format!("{file} exists and is not empty"),
            format!("{file} names the sub-objective \"{title}\""),
        ],
    })
}

/// Arguments of `submit_artifact`.
pub(super) fn artifact(about: &About) -> Value {
    let task = one_line(about.task.as_deref().unwrap_or(&about.title));
    json!({
        "content": markdown(about),
        "summary": format!("Rehearsal of \"{task}\", attempt {}: placeholder text, no model was asked.", about.attempt),
    })
}

/// Arguments of `submit_verdict`.
pub(super) fn verdict(about: &About, rejected: bool) -> Value {
    let attempt = about.attempt;
    let file = about.files.first().map_or("the artifact", String::as_str);
    if !rejected {
        return json!({
            "passed": true,
            "summary": format!("Rehearsal: attempt {attempt} of {file} passes; nobody read it."),
            "defects": [],
        });
    }
    json!({
        "passed": false,
        "summary": format!("Rehearsal: attempt {attempt} of {file} is rejected because the settings say so."),
        "defects": [{
            "severity": "major",
            "class": "substantive",
            "location": file,
            "what": format!("Rehearsed defect: the settings reject attempt {attempt} of this task."),
        }],
    })
}

/// Arguments of `submit_reflection`.
pub(super) fn reflection(about: &About, outcome: &str) -> Value {
    let number = about.sub_objective;
    let title = one_line(&about.title);
    json!({
        "outcome": outcome,
        "rationale": format!("Rehearsal: after sub-objective {number}, \"{title}\", the settings say {outcome}; no model reflected."),
        "note": note(about, outcome),
        "revision": revision(about, outcome),
        "divergences": [],
        "team_state": format!("Rehearsal: sub-objective {number}, \"{title}\", was walked through without a model."),
    })
}

fn note(about: &About, outcome: &str) -> Option<String> {
    let number = about.sub_objective;
    match outcome {
        "revise-minor" => Some(format!(
            "Rehearsed note: keep the following work as brief as sub-objective {number}."
        )),
        "pause" => Some(format!(
            "Rehearsed question: may the plan go on after sub-objective {number}?"
        )),
        "abort" => Some(format!(
            "Rehearsed reason: the settings stop the plan after sub-objective {number}."
        )),
        _ => None,
    }
}

fn revision(about: &About, outcome: &str) -> Option<Value> {
    let title = one_line(&about.title);
    (outcome == "revise-major").then(|| {
        json!({
            "summary": format!("Rehearsed revision: one further pass follows \"{title}\"."),
            "sub_objectives": [{
                "title": format!("Second pass over {title}"),
                "description": format!("Rehearsal: go once more over the result of \"{title}\"."),
            }],
        })
    })
}
