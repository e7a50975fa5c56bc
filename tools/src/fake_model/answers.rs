//! Valid answers for the tools that modulatio's prompts offer, so that a whole plan runs without a script.

use serde_json::{Value, json};

use super::ask::Ask;

/// Arguments for the tool that is asked for; an empty object for one that is not known here.
pub(super) fn default_arguments(ask: &Ask) -> Value {
    match ask.tool.as_deref() {
        Some("submit_tasks") => tasks(&artifact_of(ask)),
        Some("submit_artifact") => json!({
            "content": "# Fake artifact\n\nWritten by the fake model server; no model was asked.\n",
            "summary": "A fake artifact.",
        }),
        Some("submit_verdict") => json!({
            "passed": true, "summary": "The fake model server passes everything.", "defects": [],
        }),
        Some("submit_reflection") => json!({
            "outcome": "continue", "rationale": "The fake model server always continues.", "note": null,
            "revision": null, "divergences": [], "team_state": "The fake team is well.",
        }),
        Some(_) | None => json!({}),
    }
}

fn tasks(artifact: &str) -> Value {
    json!({ "tasks": [{
        "title": format!("Write {artifact}"), "brief": format!("Write {artifact}."), "kind": "document",
        "artifact": artifact, "acceptance": [format!("{artifact} is not empty")],
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
