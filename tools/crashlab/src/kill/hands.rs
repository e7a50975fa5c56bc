//! Operators with an editor: what they change in a plan's file or a ticket's, and how it is saved.

use std::{fs, path::Path};

use super::{Ground, shapes::item};

/// Edits a plan's file; says whether there was anything to edit.
pub(super) fn edit_plan(ground: &Ground, plan: &str, chance: &mut fastrand::Rng) -> bool {
    let file = ground.yard.of_plan(plan, ".md");
    let Ok(text) = fs::read_to_string(&file) else {
        return false;
    };
    let edited = match chance.u32(0..12) {
        0..4 => with_status(&text, "approved"),
        4 | 5 => with_key(&text, "max_tokens", &chance.u32(10_000..90_000).to_string()),
        6 => with_key(&text, "mood", &chance.u32(..).to_string()),
        7 | 8 => text.replace("### Risks", "A remark of the operator's.\n\n### Risks"),
        9 => longer(&text),
        10 => with_key(&text, "current_index", "9"),
        _ => with_key(&text, "caps", "["),
    };
    edited != text && save(&file, &edited, chance)
}

/// Writes an answer into an open ticket's file; says whether there was one.
pub(super) fn answer_ticket(ground: &Ground, word: &str, chance: &mut fastrand::Rng) -> bool {
    let tickets = fs::read_dir(ground.yard.path("ess/tickets"));
    let open = tickets.into_iter().flatten().flatten().filter_map(|entry| {
        let text = fs::read_to_string(entry.path()).ok()?;
        text.contains("\ndecision: null\n")
            .then(|| (entry.path(), text))
    });
    let open: Vec<_> = open
        .filter(|(path, _)| path.extension().is_some_and(|ending| ending == "md"))
        .collect();
    let Some((file, text)) = chance.choice(open) else {
        return false;
    };
    let answered = text.replace("\ndecision: null\n", &format!("\ndecision: {word}\n"));
    save(&file, &answered, chance)
}

fn with_status(text: &str, status: &str) -> String {
    let lines = text
        .lines()
        .map(|line| match line.strip_prefix("status: ") {
            Some("draft" | "paused") => format!("status: {status}\n"),
            Some(_) | None => format!("{line}\n"),
        });
    lines.collect()
}

/// Sets a key of the frontmatter, in its place or as its first.
fn with_key(text: &str, key: &str, value: &str) -> String {
    let prefix = format!("{key}: ");
    let found = text.lines().any(|line| line.starts_with(&prefix));
    if !found {
        return text.replacen("---\n", &format!("---\n{key}: {value}\n"), 1);
    }
    let lines = text.lines().map(|line| {
        if line.starts_with(&prefix) {
            format!("{prefix}{value}\n")
        } else {
            format!("{line}\n")
        }
    });
    lines.collect()
}

/// With one more sub-objective, as far as there is room for it.
fn longer(text: &str) -> String {
    let numbers = text.lines().filter_map(|line| {
        let rest = line.strip_prefix("**")?;
        rest.split_once(". ")?.0.parse::<u32>().ok()
    });
    match numbers.max() {
        Some(last) if last < 24 => {
            let item = item(last + 1, "plain");
            text.replacen("### Risks", &format!("{item}### Risks"), 1)
        }
        Some(_) | None => text.to_owned(),
    }
}

/// As editors do: in place, or by a new file that is renamed over the old one.
fn save(file: &Path, text: &str, chance: &mut fastrand::Rng) -> bool {
    if chance.bool() {
        return fs::write(file, text).is_ok();
    }
    let other = file.with_extension(format!("swp{}", chance.u32(0..1_000)));
    fs::write(&other, text).is_ok() && fs::rename(&other, file).is_ok()
}
