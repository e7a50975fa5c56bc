//! The tools that models answer with: names and JSON Schemas. What they return is read in [`super::reply`].

use serde_json::{Value, json};

/// A tool that must be called with the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct AnswerTool {
    /// Its name.
    pub name: &'static str,
    /// What it does, for the model.
    pub description: &'static str,
    /// JSON Schema of its arguments.
    pub schema: Value,
}

pub(super) fn submit_tasks() -> AnswerTool {
    let task = object(&json!({
        "title": text("one line"),
        "brief": text("what to do"),
        "kind": {"type": "string", "enum": ["document", "code", "data", "research"]},
        "artifact": text("relative path of the artifact"),
        "acceptance": strings("when it is good enough"),
    }));
    AnswerTool {
        name: "submit_tasks",
        description: "Hand in the tasks of the sub-objective, in order.",
        schema: object(
            &json!({"tasks": {"type": "array", "minItems": 1, "maxItems": 6, "items": task}}),
        ),
    }
}

pub(super) fn submit_artifact() -> AnswerTool {
    AnswerTool {
        name: "submit_artifact",
        description: "Hand in the finished artifact.",
        schema: object(&json!({
            "content": text("the artifact's full text"),
            "summary": text("what was done, in one or two sentences"),
        })),
    }
}

pub(super) fn submit_verdict() -> AnswerTool {
    let defect = object(&json!({
        "severity": {"type": "string", "enum": ["critical", "major", "minor", "style"]},
        "class": {"type": "string", "enum": ["mechanical", "substantive", "environmental"]},
        "location": text("where in the artifact"),
        "what": text("what is wrong"),
    }));
    AnswerTool {
        name: "submit_verdict",
        description: "Hand in the judgement of the artifact.",
        schema: object(&json!({
            "passed": {"type": "boolean"},
            "summary": text("one or two sentences"),
            "defects": {"type": "array", "items": defect},
        })),
    }
}

pub(super) fn submit_reflection() -> AnswerTool {
    let item =
        object(&json!({"title": text("one line"), "description": text("what is to be reached")}));
    let revision = object(&json!({
        "summary": text("what changes and why"),
        "sub_objectives": {"type": "array", "maxItems": 32, "items": item},
    }));
    let mut schema = object(&json!({
        "outcome": {"type": "string", "enum": ["continue", "revise-minor", "revise-major", "pause", "abort"]},
        "rationale": text("why"),
        "note": text("a note to the next sub-objective, with revise-minor"),
        "revision": revision,
        "divergences": strings("claims that verdicts contradict"),
        "team_state": text("what the team must know from here on"),
    }));
    schema["required"] = json!(["outcome", "rationale"]);
    AnswerTool {
        name: "submit_reflection",
        description: "Hand in the reflection and the decision.",
        schema,
    }
}

fn text(description: &str) -> Value {
    json!({"type": "string", "description": description})
}

fn strings(description: &str) -> Value {
    json!({"type": "array", "items": {"type": "string"}, "description": description})
}

/// An object whose properties are all required.
fn object(properties: &Value) -> Value {
    let names: Vec<&String> = properties
        .as_object()
        .map(|map| map.keys().collect())
        .unwrap_or_default();
    json!({"type": "object", "properties": properties, "required": names, "additionalProperties": false})
}
