//! The tools that models may call: names and JSON Schemas. With one of them they answer, which is read in
//! [`super::reply`]; the others look something up, and the talk goes on with what they return.

use serde_json::{Value, json};

/// A tool that a model may call.
#[derive(Clone, Debug, PartialEq)]
pub struct Tool {
    /// Its name.
    pub name: &'static str,
    /// What it does, for the model.
    pub description: &'static str,
    /// JSON Schema of its arguments.
    pub schema: Value,
}

pub(super) fn submit_tasks() -> Tool {
    let task = object(&json!({
        "title": text("one line"),
        "brief": text("what to do"),
        "kind": {"type": "string", "enum": ["document", "code", "data", "research"]},
        "artifact": text("relative path of the artifact"),
        "acceptance": strings("when it is good enough"),
    }));
    Tool {
        name: "submit_tasks",
        description: "Hand in the tasks of the sub-objective, in order.",
        schema: object(
            &json!({"tasks": {"type": "array", "minItems": 1, "maxItems": 6, "items": task}}),
        ),
    }
}

pub(super) fn submit_artifact() -> Tool {
    Tool {
        name: "submit_artifact",
        description: "Hand in the finished artifact.",
        schema: object(&json!({
            "content": text("the artifact's full text"),
            "summary": text("what was done, in one or two sentences"),
        })),
    }
}

/// What a producer may look up before it answers.
pub(super) fn lookups() -> Vec<Tool> {
    let line = |what: &str| json!({"type": "integer", "minimum": 1, "description": what});
    let ranged = |key: &str, what: &str| {
        let mut schema = object(&json!({
            key: text(what),
            "from_line": line("first line to show"),
            "to_line": line("last line to show"),
        }));
        schema["required"] = json!([key]);
        schema
    };
    let tool = |name, description, schema| Tool {
        name,
        description,
        schema,
    };
    vec![
        tool(
            "list_files",
            "List the files that this run has made so far, with their sizes.",
            object(&json!({})),
        ),
        tool(
            "read_file",
            "Read a file that this run has made, or some of its lines.",
            ranged("path", "relative path, as list_files shows it"),
        ),
        tool(
            "read_tool_result",
            "Read again what an earlier call of a tool returned, or some of its lines.",
            ranged("call_id", "the call's id, as its placeholder names it"),
        ),
    ]
}

pub(super) fn submit_verdict() -> Tool {
    let defect = object(&json!({
        "severity": {"type": "string", "enum": ["critical", "major", "minor", "style"]},
        "class": {"type": "string", "enum": ["mechanical", "substantive", "environmental"]},
        "location": text("where in the artifact"),
        "what": text("what is wrong"),
    }));
    Tool {
        name: "submit_verdict",
        description: "Hand in the judgement of the artifact.",
        schema: object(&json!({
            "passed": {"type": "boolean"},
            "summary": text("one or two sentences"),
            "defects": {"type": "array", "items": defect},
        })),
    }
}

pub(super) fn submit_reflection() -> Tool {
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
    Tool {
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
