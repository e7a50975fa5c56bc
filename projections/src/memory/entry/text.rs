//! Markdown as far as the memory reads it: sections, titles, and cutting to a length.

/// Around the artifact in a verdict of the earlier program.
const ARTIFACT_OPENS: &str = ">>>ARTIFACT-BODY-START<<<";
const ARTIFACT_CLOSES: &str = ">>>ARTIFACT-BODY-END<<<";

/// Headings by which verdicts and notes are divided. Any other belongs to the text.
const HEADINGS: [&str; 6] = [
    "Task",
    "Good enough when",
    "Rationale",
    "Defects",
    "Artifact body",
    "Body",
];

/// What stands below `## heading`, up to the next such heading. A note's body goes on to the end, whatever is in it,
/// and so does an artifact.
pub(super) fn section<'a>(text: &'a str, heading: &str) -> Option<&'a str> {
    let mut at = 0;
    let mut start = None;
    for line in text.split_inclusive('\n') {
        let here = heading_of(line);
        match start {
            None if here == Some(heading) => start = Some(at + line.len()),
            // The artifact may hold headings like ours.
            None if here == Some("Artifact body") => return None,
            Some(start) if here.is_some() && !is_last(heading) => return Some(&text[start..at]),
            None | Some(_) => {}
        }
        at += line.len();
    }
    start.map(|start| &text[start..])
}

fn is_last(heading: &str) -> bool {
    matches!(heading, "Body" | "Artifact body")
}

fn heading_of(line: &str) -> Option<&'static str> {
    let name = line.strip_prefix("## ")?.trim();
    HEADINGS.into_iter().find(|heading| *heading == name)
}

/// What stands below a heading that nothing stands above; all of it where there is no such heading.
pub(super) fn below_first<'a>(text: &'a str, heading: &str) -> &'a str {
    let first = text.trim_start().lines().next().unwrap_or_default();
    let own = (heading_of(first) == Some(heading)).then(|| section(text, heading));
    own.flatten().unwrap_or(text).trim()
}

/// What the marks stand around; without them, all of it.
pub(super) fn named(artifact: &str) -> &str {
    let opened = artifact.split_once(ARTIFACT_OPENS);
    let inner = opened.map_or(artifact, |(_, inner)| inner);
    let closed = inner.rsplit_once(ARTIFACT_CLOSES);
    closed.map_or(inner, |(inner, _)| inner).trim()
}

/// The first line that says something, without the marks of headings, lists and quotations.
pub(super) fn title_in(text: &str) -> Option<String> {
    let bare = |line: &str| {
        let line = line.trim_start_matches(|c: char| c.is_whitespace() || "#>*-+".contains(c));
        one_line(line)
    };
    let mut lines = text.lines().map(bare);
    lines.find(|line| line.chars().any(char::is_alphanumeric))
}

/// Without line breaks and other controls, spaces single.
pub(super) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// At most `most` bytes of a text, cut at a character; what was cut ends in `mark`.
pub(super) fn cut(text: &str, most: usize, mark: &str) -> String {
    let text = text.trim();
    if text.len() <= most {
        return text.to_owned();
    }
    let mut end = most.saturating_sub(mark.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{mark}", text[..end].trim_end())
}
