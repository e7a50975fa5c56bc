//! What models answer: each step's answer done well, and the parts of which other answers are made.

use projections::work::Step;
use serde_json::json;

/// What a step asks for, done well.
#[must_use]
pub fn good(step: &Step) -> String {
    match step {
        Step::Draft { revision } => draft(&format!("Plan {revision}"), &["First", "Second"]),
        Step::PlanTasks { index } => tasks(*index, 1),
        Step::Produce { task, attempt } | Step::Fix { task, attempt } => {
            json!({"content": format!("text of {task}, {attempt}"), "summary": "wrote it"})
                .to_string()
        }
        Step::Review { .. } => verdict(true, "substantive"),
        Step::Reflect { .. } => reflect("continue"),
        Step::Decompose { .. } => parts(&["One half", "The other half"]),
    }
}

/// So many tasks of a sub-objective, none of which needs another.
#[must_use]
pub fn tasks(index: u32, count: usize) -> String {
    needing(index, &vec![&[][..]; count])
}

/// Tasks, each with the numbers of those that it needs.
#[must_use]
pub fn needing(index: u32, needs: &[&[usize]]) -> String {
    let task = |(n, needs): (usize, &&[usize])| {
        let needs: Vec<String> = needs.iter().map(|n| format!("t{n}")).collect();
        json!({"title": format!("Task {n}"), "brief": "do it", "kind": "document",
               "artifacts": [format!("s{index}/t{n}.md")], "acceptance": ["it exists"], "needs": needs})
    };
    json!({"tasks": (1..).zip(needs).map(task).collect::<Vec<_>>()}).to_string()
}

/// A plan of these sub-objectives.
#[must_use]
pub fn draft(title: &str, titles: &[&str]) -> String {
    let items: Vec<_> = titles
        .iter()
        .map(|t| json!({"title": t, "files": ["a.md"]}))
        .collect();
    json!({"title": title, "diagnostic": "It is clear.", "sub_objectives": items, "risks": [],
           "estimate": {"calls": 8, "tokens": 9_000, "cost_usd": 0.1}})
    .to_string()
}

/// Smaller sub-objectives.
#[must_use]
pub fn parts(titles: &[&str]) -> String {
    let items: Vec<_> = titles.iter().map(|t| json!({"title": t})).collect();
    json!({"rationale": "too large", "sub_objectives": items}).to_string()
}

/// What is handed in: these files by path, the first as `content`.
#[must_use]
pub fn handed_in(files: &[(&str, &str)]) -> String {
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| json!({"path": path, "content": text}))
        .collect();
    json!({"files": files, "summary_for_state_doc": "handed in"}).to_string()
}

/// A judgement; a rejecting one names a critical defect of this class.
#[must_use]
pub fn verdict(passed: bool, class: &str) -> String {
    let defect =
        json!({"severity": "critical", "class": class, "location": "line 1", "what": "too thin"});
    let defects = if passed { json!([]) } else { json!([defect]) };
    json!({"passed": passed, "summary": "judged", "defects": defects}).to_string()
}

/// The Leader's reflection with this outcome.
#[must_use]
pub fn reflect(outcome: &str) -> String {
    json!({"outcome": outcome, "rationale": "seen the work", "quality_report": "# Good\n"})
        .to_string()
}

/// A reflection that proposes these titles for what is left.
#[must_use]
pub fn revise(titles: &[&str]) -> String {
    let items: Vec<_> = titles
        .iter()
        .map(|t| json!({"title": t, "description": "new"}))
        .collect();
    json!({"outcome": "revise-major", "rationale": "the rest is wrong",
           "quality_report": "# Not yet\n", "revision": {"summary": "another rest", "sub_objectives": items}})
    .to_string()
}
