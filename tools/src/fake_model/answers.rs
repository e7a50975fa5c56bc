//! Valid answers for the tools that modulatio's prompts offer, so that a whole plan runs without a script.

use serde_json::{Value, json};

use super::ask::Ask;

/// Arguments for the tool that is asked for; an empty object for one that is not known here.
pub(super) fn default_arguments(ask: &Ask) -> Value {
    match ask.tool.as_deref() {
        Some("submit_tasks") => tasks(&artifact_of(ask)),
        Some("submit_plan") => json!({
            "title": "A fake plan", "diagnostic": "The fake model server has looked at nothing.",
            "sub_objectives": [
                {"title": "First", "description": "one file", "files": ["first.md"],
                 "done_when": ["first.md is not empty"], "out_of_scope": []},
                {"title": "Second", "description": "another", "files": ["second.md"],
                 "done_when": ["second.md is not empty"], "out_of_scope": []},
            ],
            "risks": ["None that a fake can see."],
            "estimate": {"calls": 8, "tokens": 8000, "cost_usd": 0.01},
        }),
        Some("submit_parts") => json!({
            "rationale": "The fake model server divides everything in two.",
            "sub_objectives": [
                {"title": "First part", "description": "one half", "files": ["part1.md"],
                 "done_when": [], "out_of_scope": []},
                {"title": "Second part", "description": "the other half", "files": ["part2.md"],
                 "done_when": [], "out_of_scope": []},
            ],
        }),
        Some("submit_artifact") => json!({
            "content": "# Fake artifact\n\nWritten by the fake model server; no model was asked.\n",
            "summary_for_state_doc": "A fake artifact.",
        }),
        Some("submit_verdict") => json!({
            "passed": true, "summary": "The fake model server passes everything.", "defects": [],
        }),
        Some("submit_reflection") => json!({
            "outcome": "continue", "rationale": "The fake model server always continues.", "note": null,
            "revision": null, "divergences": [], "team_state": "The fake team is well.",
            "quality_report": "# Quality report\n\nThe fake model server finds everything good.\n",
        }),
        Some(_) | None => json!({}),
    }
}

fn tasks(artifact: &str) -> Value {
    json!({ "tasks": [{
        "id": "only", "title": format!("Write {artifact}"), "brief": format!("Write {artifact}."), "kind": "document",
        "artifacts": [artifact], "needs": [], "acceptance": [format!("{artifact} is not empty")],
    }] })
}

/// The first file of the first `Files:` line in the last message, else anywhere, else a plain name.
fn artifact_of(ask: &Ask) -> String {
    [&ask.last_message, &ask.text]
        .into_iter()
        .find_map(|text| text.lines().find_map(first_file))
        .unwrap_or_else(|| "artifact.md".to_owned())
}

fn first_file(line: &str) -> Option<String> {
    let (before, files) = line.split_once("Files:")?;
    let is_label = before.chars().all(|c| !c.is_alphanumeric());
    let first = files
        .split([',', ';', ' '])
        .map(bare)
        .find(|file| !file.is_empty())?;
    is_label.then(|| first.to_owned())
}

fn bare(file: &str) -> &str {
    file.trim_matches(|c: char| c.is_whitespace() || "*_`'\"[]()".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_planner_takes_the_first_named_file() {
        let artifact = |last: &str| {
            let ask = Ask {
                last_message: last.to_owned(),
                text: "Files: elsewhere.md".to_owned(),
                ..Ask::default()
            };
            artifact_of(&ask)
        };
        assert_eq!(
            artifact("a\n- Files: `essays/one.md`, two.md\nb"),
            "essays/one.md"
        );
        assert_eq!(artifact("  - **Files:** one.md two.md"), "one.md");
        assert_eq!(artifact("no files"), "elsewhere.md");
        assert_eq!(artifact_of(&Ask::default()), "artifact.md");
    }
}
