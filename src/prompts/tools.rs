//! The tools that models may call: names and JSON Schemas. With one of them they answer, which is read in
//! [`super::reply`]; the others look at the world or change it, and the talk goes on with what they return.

use projections::{plan::Plan, work::Step};
use serde_json::{Value, json};

use super::{Briefing, Ground, memory};

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

/// Names of the tools that agents may be given, in the order in which they are offered. Besides these,
/// `read_tool_result` comes with any of them.
pub const NAMES: [&str; 7] = [
    "list_files",
    "read_file",
    "search_files",
    "write_file",
    "edit_file",
    "run_shell",
    "http_get",
];

/// Of these, quality control has those that change nothing; what it runs cannot write.
const OF_QC: [&str; 4] = ["list_files", "read_file", "search_files", "run_shell"];

/// Names of the tools that are offered in `step`, besides the one that answers and `read_tool_result`.
#[must_use]
pub fn offered_tools(step: &Step, ground: &Ground) -> Vec<&'static str> {
    let of_step: &[&'static str] = match step {
        Step::Produce { .. } | Step::Fix { .. } => &NAMES,
        Step::Review { .. } => &OF_QC,
        Step::Draft { .. }
        | Step::PlanTasks { .. }
        | Step::Reflect { .. }
        | Step::Decompose { .. } => &[],
    };
    let given = |name: &&&str| ground.tools.iter().any(|tool| tool == **name);
    of_step.iter().filter(given).copied().collect()
}

/// The tools that are offered in `step`, besides the one that answers.
pub(super) fn offered(step: &Step, briefing: &Briefing) -> Vec<Tool> {
    if briefing.no_tools {
        return Vec::new();
    }
    let names = offered_tools(step, &briefing.ground);
    let mut tools: Vec<Tool> = names.into_iter().map(tool).collect();
    if !tools.is_empty() {
        tools.push(read_tool_result());
    }
    tools
}

/// The tool that takes the answer.
pub(super) fn answering(step: &Step, plan: &Plan, ground: &Ground) -> Tool {
    match step {
        Step::Draft { .. } => submit_plan(),
        Step::PlanTasks { .. } => with_notes(submit_tasks(ground), ground, PROPOSALS),
        Step::Produce { .. } => with_notes(submit_artifact(), ground, PROPOSALS),
        Step::Fix { .. } => with_notes(submit_artifact(), ground, NOTES),
        Step::Review { task, .. } => {
            let task = plan.run.as_ref().and_then(|run| run.task(task));
            let open = task
                .into_iter()
                .flat_map(|task| memory::open(plan, task, ground));
            let ids: Vec<&str> = open.map(|proposal| proposal.note.id.as_str()).collect();
            deciding(with_notes(submit_verdict(), ground, NOTES), &ids)
        }
        Step::Reflect { index } => {
            let last = *index == plan.item_count();
            with_notes(submit_reflection(last), ground, NOTES)
        }
        Step::Decompose { .. } => submit_parts(),
    }
}

/// Where agents note what later plans should know.
const NOTES: (&str, &str) = (
    "notes",
    "what later plans should know, if anything: short, true beyond this task, without secrets",
);

/// The same of agents whose notes are judged first.
const PROPOSALS: (&str, &str) = (
    "proposals",
    "what later plans should know, if anything: short, true beyond this task, without secrets; quality control decides",
);

/// The answer's tool with room for notes, where there is a memory for them.
fn with_notes(mut tool: Tool, ground: &Ground, (key, what): (&str, &str)) -> Tool {
    if ground.team_memory {
        let mut note = object(&json!({
            "kind": {"type": "string", "enum": ["fact", "technique"]},
            "text": text("one to three sentences"),
            "tags": strings("a few words that it is found by"),
        }));
        note["required"] = json!(["kind", "text"]);
        tool.schema["properties"][key] =
            json!({"type": "array", "maxItems": 3, "items": note, "description": what});
    }
    tool
}

/// The answer's tool with room for a decision on the proposed notes, where there are any.
fn deciding(mut tool: Tool, ids: &[&str]) -> Tool {
    if !ids.is_empty() {
        let some = |what: &str| json!({"type": "array", "items": {"type": "string", "enum": ids}, "description": what});
        let properties = &mut tool.schema["properties"];
        properties["promote"] =
            some("ids of proposed notes that are true and useful beyond this task");
        properties["decline"] = some("ids of proposed notes that are not");
    }
    tool
}

fn submit_plan() -> Tool {
    let estimate = object(&json!({
        "calls": count("model calls in all"),
        "tokens": count("tokens in all, read and written"),
        "cost_usd": {"type": "number", "minimum": 0, "description": "cost in all; 0 where no price is known"},
    }));
    Tool {
        name: "submit_plan",
        description: "Hand in the plan.",
        schema: object(&json!({
            "title": text("one line"),
            "diagnostic": text("what is asked, what is known, what is missing"),
            "sub_objectives": {"type": "array", "minItems": 1, "maxItems": 32, "items": item()},
            "risks": strings("what may fail, and what the plan does about it"),
            "estimate": estimate,
        })),
    }
}

fn submit_parts() -> Tool {
    Tool {
        name: "submit_parts",
        description: "Hand in the smaller sub-objectives, in order.",
        schema: object(&json!({
            "rationale": text("why it is divided so, in one or two sentences"),
            "sub_objectives": {"type": "array", "minItems": 2, "maxItems": 6, "items": item()},
        })),
    }
}

/// A sub-objective as the Leader writes it.
fn item() -> Value {
    object(&json!({
        "title": text("one line"),
        "description": text("what is to be reached"),
        "files": strings("relative paths of the files that it leaves behind"),
        "done_when": strings("what a stranger can check"),
        "out_of_scope": strings("what it must not touch"),
    }))
}

fn submit_tasks(ground: &Ground) -> Tool {
    let names: Vec<&String> = ground.producers.iter().map(|card| &card.name).collect();
    let mut task = object(&json!({
        "id": text("a short name, for `needs`"),
        "title": text("one line"),
        "brief": text("what to do"),
        "kind": {"type": "string", "enum": ["document", "code", "data", "research"]},
        "artifacts": {"type": "array", "minItems": 1, "maxItems": 8, "items": {"type": "string"},
                      "description": "relative paths of the files that it makes"},
        "acceptance": strings("when it is good enough"),
        "needs": strings("ids of the tasks that must be finished before"),
        "producer": {"type": "string", "enum": names, "description": "who does it"},
    }));
    task["required"] = json!(["id", "title", "brief", "kind", "artifacts", "acceptance"]);
    Tool {
        name: "submit_tasks",
        description: "Hand in the tasks of the sub-objective.",
        schema: object(&json!({
            "tasks": {"type": "array", "minItems": 1, "maxItems": ground.max_tasks, "items": task},
        })),
    }
}

fn submit_artifact() -> Tool {
    let file = object(&json!({"path": text("its path"), "content": text("its full text")}));
    let mut schema = object(&json!({
        "content": text("the full text of the first artifact, unless a tool has written it"),
        "files": {"type": "array", "items": file, "description": "further artifacts, unless tools have written them"},
        "summary_for_state_doc": text("what was done, in one or two sentences"),
    }));
    schema["required"] = json!(["summary_for_state_doc"]);
    Tool {
        name: "submit_artifact",
        description: "Hand in the finished artifacts.",
        schema,
    }
}

fn submit_verdict() -> Tool {
    let defect = object(&json!({
        "severity": {"type": "string", "enum": ["critical", "major", "minor", "style"]},
        "class": {"type": "string", "enum": ["mechanical", "substantive", "environmental"]},
        "location": text("where in the artifacts"),
        "what": text("what is wrong"),
    }));
    Tool {
        name: "submit_verdict",
        description: "Hand in the judgement of the artifacts.",
        schema: object(&json!({
            "passed": {"type": "boolean"},
            "summary": text("one or two sentences"),
            "defects": {"type": "array", "items": defect},
        })),
    }
}

fn submit_reflection(last: bool) -> Tool {
    let proposed =
        object(&json!({"title": text("one line"), "description": text("what is to be reached")}));
    let revision = object(&json!({
        "summary": text("what changes and why"),
        "sub_objectives": {"type": "array", "maxItems": 32, "items": proposed},
    }));
    let mut properties = json!({
        "outcome": {"type": "string", "enum": ["continue", "revise-minor", "revise-major", "pause", "abort"]},
        "rationale": text("why"),
        "note": text("a note to the next sub-objective, with revise-minor"),
        "revision": revision,
        "divergences": strings("claims that verdicts contradict"),
        "team_state": text("what the team must know from here on"),
    });
    let mut required = vec!["outcome", "rationale"];
    if last {
        properties["quality_report"] = text("what a reader of the results should know, Markdown");
        required.push("quality_report");
    }
    let mut schema = object(&properties);
    schema["required"] = json!(required);
    Tool {
        name: "submit_reflection",
        description: "Hand in the reflection and the decision.",
        schema,
    }
}

/// One of [`NAMES`].
fn tool(name: &str) -> Tool {
    match name {
        "list_files" => list_files(),
        "read_file" => read_file(),
        "search_files" => search_files(),
        "write_file" => write_file(),
        "edit_file" => edit_file(),
        "run_shell" => run_shell(),
        _ => http_get(),
    }
}

fn list_files() -> Tool {
    Tool {
        name: "list_files",
        description: "List the files that this run has made so far, or those below a directory, with their sizes.",
        schema: optional(&json!({"path": text("a directory")}), &[]),
    }
}

fn read_file() -> Tool {
    Tool {
        name: "read_file",
        description: "Read a file, or some of its lines.",
        schema: ranged("path", "relative path, as list_files shows it"),
    }
}

fn read_tool_result() -> Tool {
    Tool {
        name: "read_tool_result",
        description: "Read again what an earlier call of a tool returned, or some of its lines.",
        schema: ranged("call_id", "the call's id, as its placeholder names it"),
    }
}

fn search_files() -> Tool {
    let properties = json!({
        "pattern": text("regular expression"),
        "path": text("a file or directory; everything without it"),
        "glob": text("only files of this form, such as *.py"),
        "ignore_case": {"type": "boolean"},
    });
    Tool {
        name: "search_files",
        description: "Search files for lines that match a regular expression.",
        schema: optional(&properties, &["pattern"]),
    }
}

fn write_file() -> Tool {
    Tool {
        name: "write_file",
        description: "Write a file whole; one that is there is replaced.",
        schema: object(
            &json!({"path": text("relative path"), "content": text("the file's full text")}),
        ),
    }
}

fn edit_file() -> Tool {
    let properties = json!({
        "path": text("relative path"),
        "old": text("the text to be replaced, exactly as it stands there"),
        "new": text("the text to stand in its place"),
        "all": {"type": "boolean", "description": "replace every occurrence; else there must be one only"},
    });
    Tool {
        name: "edit_file",
        description: "Replace a text in a file.",
        schema: optional(&properties, &["path", "old", "new"]),
    }
}

fn run_shell() -> Tool {
    let properties = json!({
        "command": text("for /bin/sh -c, in the run's workspace"),
        "timeout_seconds": count("how long it may take"),
    });
    Tool {
        name: "run_shell",
        description: "Run a command in a sandbox without network; what it leaves running is ended with it.",
        schema: optional(&properties, &["command"]),
    }
}

fn http_get() -> Tool {
    Tool {
        name: "http_get",
        description: "Get a public page over HTTP(S), as text.",
        schema: object(&json!({"url": text("its address")})),
    }
}

fn ranged(key: &str, what: &str) -> Value {
    let line = |what: &str| json!({"type": "integer", "minimum": 1, "description": what});
    let properties = json!({
        key: text(what),
        "from_line": line("first line to show"),
        "to_line": line("last line to show"),
    });
    optional(&properties, &[key])
}

fn text(description: &str) -> Value {
    json!({"type": "string", "description": description})
}

fn count(description: &str) -> Value {
    json!({"type": "integer", "minimum": 0, "description": description})
}

fn strings(description: &str) -> Value {
    json!({"type": "array", "items": {"type": "string"}, "description": description})
}

/// An object whose properties are all required.
fn object(properties: &Value) -> Value {
    let names: Vec<&str> = properties
        .as_object()
        .map(|map| map.keys().map(String::as_str).collect())
        .unwrap_or_default();
    optional(properties, &names)
}

/// An object of whose properties these are required.
fn optional(properties: &Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}
