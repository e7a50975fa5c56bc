//! The JSON of the answers, in the shapes that the prompts ask for.

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
        "id": file,
        "title": format!("Write {file}"),
        "brief": format!("Rehearsal: write {file} for \"{title}\". No model was asked to plan this."),
        "kind": "document",
        "artifacts": [file],
        "acceptance": [
            format!("{file} exists and is not empty"),
            format!("{file} names the sub-objective \"{title}\""),
        ],
    })
}

/// Arguments of `submit_plan`.
pub(super) fn plan(about: &About) -> Value {
    let title = one_line(&about.title);
    json!({
        "title": format!("Rehearsal of \"{title}\""),
        "diagnostic": format!("Rehearsal: no model was asked what \"{title}\" takes; draft {}.", about.attempt),
        "sub_objectives": [{
            "title": title,
            "description": "Rehearsal: the one sub-objective that stands where a real plan will have several.",
            "files": ["result.md"],
            "done_when": ["result.md is there"],
            "out_of_scope": [],
        }],
        "risks": ["Rehearsal: nobody looked for any."],
        "estimate": {"calls": 4, "tokens": 4000, "cost_usd": 0},
    })
}

/// Arguments of `submit_parts`.
pub(super) fn parts(about: &About) -> Value {
    let title = one_line(&about.title);
    let part = |number: u32| {
        json!({
            "title": format!("{title}, part {number}"),
            "description": "Rehearsal: a part of a sub-objective that was too large.",
            "files": [format!("objective-{}-part-{number}.md", about.sub_objective)],
            "done_when": [], "out_of_scope": [],
        })
    };
    json!({
        "rationale": format!("Rehearsal: \"{title}\" is divided in two; no model was asked."),
        "sub_objectives": [part(1), part(2)],
    })
}

/// Arguments of `submit_artifact`.
pub(super) fn artifact(about: &About) -> Value {
    let task = one_line(about.task.as_deref().unwrap_or(&about.title));
    let further = about.files.iter().skip(1);
    let further: Vec<Value> = further
        .map(|file| json!({"path": file, "content": markdown(about)}))
        .collect();
    json!({
        "content": markdown(about),
        "files": further,
        "summary_for_state_doc": format!("Rehearsal of \"{task}\", attempt {}: placeholder text, no model was asked.", about.attempt),
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
    let mut reflection = json!({
        "outcome": outcome,
        "rationale": format!("Rehearsal: after sub-objective {number}, \"{title}\", the settings say {outcome}; no model reflected."),
        "note": note(about, outcome),
        "revision": revision(about, outcome),
        "divergences": [],
        "team_state": format!("Rehearsal: sub-objective {number}, \"{title}\", was walked through without a model."),
    });
    if about.last {
        reflection["quality_report"] = json!(format!(
            "# Quality report\n\nRehearsal: the plan was walked through up to \"{title}\"; no model was asked, and nothing can be \
             said of the quality of its files.\n"
        ));
    }
    reflection
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
