//! What the Leader writes of plans: a whole one, or smaller sub-objectives in the place of one.

use projections::{body, document::MAX_BODY};
use serde::Deserialize;

use super::{ReplyFault, content, read};
use crate::prompts::one_line;

/// A plan as the Leader wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drafted {
    /// One line.
    pub title: String,
    /// The Markdown body.
    pub body: String,
}

/// Smaller sub-objectives.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Parts {
    /// Why so.
    #[serde(default)]
    pub rationale: String,
    /// Two to six of them.
    #[serde(rename = "sub_objectives")]
    pub items: Vec<Item>,
}

/// One sub-objective as the Leader writes it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Item {
    title: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    files: Vec<String>,
    #[serde(default)]
    done_when: Vec<String>,
    #[serde(default)]
    out_of_scope: Vec<String>,
}

#[derive(Deserialize)]
struct Proposed {
    title: String,
    #[serde(default)]
    diagnostic: String,
    sub_objectives: Vec<Item>,
    #[serde(default)]
    risks: Vec<String>,
    #[serde(default)]
    estimate: Option<Estimate>,
}

#[derive(Deserialize)]
struct Estimate {
    #[serde(default)]
    calls: u64,
    #[serde(default)]
    tokens: u64,
    #[serde(default)]
    cost_usd: f64,
}

/// The Leader's plan, as the Markdown that an operator reads.
///
/// # Errors
/// [`ReplyFault`] says what does not fit; a list that would not read back as it was given is refused.
pub fn drafted(text: &str) -> Result<Drafted, ReplyFault> {
    let proposed: Proposed = read(text)?;
    let title = one_line(&proposed.title);
    if title.is_empty() || proposed.sub_objectives.is_empty() {
        return content("a plan needs a title and at least one sub-objective".to_owned());
    }
    proposed.sub_objectives.iter().try_for_each(check_files)?;
    let items: Vec<(String, String)> = proposed.sub_objectives.iter().map(Item::written).collect();
    let frame = format!(
        "\n## {title}\n\n### Diagnostic\n\n{}\n\n### Sub-objectives\n\n**1. First** — one.\n\n### Risks\n\n{}\n\n\
         ### Estimate\n\n{}\n",
        prose(&proposed.diagnostic),
        risks(&proposed.risks),
        proposed
            .estimate
            .as_ref()
            .map_or_else(|| "(none)".to_owned(), Estimate::told),
    );
    let body = body::replace_from(&frame, 0, &items).map_err(|fault| {
        ReplyFault::Content(format!("the plan cannot be written down: {fault}"))
    })?;
    if body.len() > MAX_BODY {
        return content(format!("the plan is longer than {MAX_BODY} bytes"));
    }
    Ok(Drafted { title, body })
}

/// The Leader's parts of a sub-objective.
///
/// # Errors
/// [`ReplyFault`] says what does not fit.
pub fn decomposed(text: &str) -> Result<Parts, ReplyFault> {
    let parts: Parts = read(text)?;
    if !(2..=6).contains(&parts.items.len()) {
        let count = parts.items.len();
        return content(format!("there must be 2 to 6 sub-objectives, not {count}"));
    }
    parts.items.iter().try_for_each(check_files)?;
    Ok(parts)
}

impl Parts {
    /// `body` with these in the place of sub-objective `index`.
    ///
    /// # Errors
    /// [`ReplyFault`] when the list would not read back.
    pub fn put_into(&self, body: &str, index: u32) -> Result<String, ReplyFault> {
        let items: Vec<(String, String)> = self.items.iter().map(Item::written).collect();
        let number = usize::try_from(index).unwrap_or(usize::MAX);
        match body::replace_item(body, number, &items) {
            Ok(body) if body.len() <= MAX_BODY => Ok(body),
            Ok(_) => content(format!("the plan would be longer than {MAX_BODY} bytes")),
            Err(fault) => content(format!("they cannot be put into the plan: {fault}")),
        }
    }
}

impl Item {
    fn written(&self) -> (String, String) {
        let text = body::bulleted(
            &self.description,
            &self.files,
            &self.done_when,
            &self.out_of_scope,
        );
        (self.title.clone(), text)
    }
}

fn check_files(item: &Item) -> Result<(), ReplyFault> {
    if item.title.trim().is_empty() {
        return content("a sub-objective has an empty title".to_owned());
    }
    match item
        .files
        .iter()
        .find(|file| !body::is_safe_relative_path(file))
    {
        Some(file) => content(format!(
            "file {file:?} is not a relative path inside the run"
        )),
        None => Ok(()),
    }
}

impl Estimate {
    fn told(&self) -> String {
        let cost = if self.cost_usd.is_finite() && self.cost_usd > 0.0 {
            format!("${:.2}", self.cost_usd)
        } else {
            "cost unknown or none".to_owned()
        };
        format!(
            "About {} model calls, {} tokens, {cost}; the Leader's estimate.",
            self.calls, self.tokens
        )
    }
}

fn risks(risks: &[String]) -> String {
    if risks.is_empty() {
        return "(none named)".to_owned();
    }
    let lines: Vec<String> = risks
        .iter()
        .map(|risk| format!("- {}", one_line(risk)))
        .collect();
    lines.join("\n")
}

/// Text that may stand in a section: what looks like a heading or a fence is none there.
fn prose(text: &str) -> String {
    let line = |line: &str| {
        let start = line.trim_start();
        if start.starts_with(['#', '`', '~']) || start.starts_with("<!--") {
            format!("\\{start}")
        } else {
            line.trim_end().to_owned()
        }
    };
    let lines: Vec<String> = text.trim().lines().map(line).collect();
    if lines.is_empty() {
        "(none)".to_owned()
    } else {
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = r##"{"title":"Two essays","diagnostic":"It is clear.\n### Sub-objectives\n```",
        "sub_objectives":[{"title":"Outline","description":"three questions","files":["outline.md"],
          "done_when":["each names a passage"],"out_of_scope":["biography"]},
          {"title":"Essay","description":"**2. no item**\nreally","files":["essay.md"],"done_when":[],"out_of_scope":[]}],
        "risks":["too thin"],"estimate":{"calls":12,"tokens":50000,"cost_usd":0.25}}"##;

    #[test]
    fn a_plan_reads_back_as_the_leader_meant_it() {
        let drafted = drafted(PLAN).unwrap();
        let items = body::sub_objectives(&drafted.body).unwrap();
        assert_eq!(items.len(), 2);
        assert_eq!(items[0].files, ["outline.md"]);
        assert_eq!(items[0].done_when, ["each names a passage"]);
        assert_eq!(items[0].out_of_scope, ["biography"]);
        for part in [
            "## Two essays",
            "### Risks\n\n- too thin",
            "About 12 model calls, 50000 tokens, $0.25",
        ] {
            assert!(drafted.body.contains(part), "{part}: {}", drafted.body);
        }
    }

    #[test]
    fn parts_take_the_place_of_one_item_and_the_rest_stays() {
        let before =
            "## E\n\n### Sub-objectives\n\n**1. A** — a.\n\n**2. B** — b.\n\n**3. C** — c.\n";
        let text = r#"{"rationale":"too large","sub_objectives":[{"title":"B1","files":["b1.md"]},{"title":"B2"}]}"#;
        let body = decomposed(text).unwrap().put_into(before, 2).unwrap();
        let titles: Vec<String> = body::sub_objectives(&body)
            .unwrap()
            .into_iter()
            .map(|item| item.title)
            .collect();
        assert_eq!(titles, ["A", "B1", "B2", "C"]);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let escape = PLAN.replace("outline.md", "../outline.md");
        assert!(
            drafted(&escape)
                .unwrap_err()
                .to_string()
                .contains("not a relative path")
        );
        for (text, why) in [
            (r#"{"title":"t","sub_objectives":[]}"#, "at least one"),
            (
                r#"{"title":"t","sub_objectives":[{"title":" "}]}"#,
                "empty title",
            ),
            (r#"{"sub_objectives":[]}"#, "missing field `title`"),
        ] {
            let error = drafted(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
        let one = r#"{"sub_objectives":[{"title":"a"}]}"#;
        assert!(decomposed(one).unwrap_err().to_string().contains("2 to 6"));
    }
}
