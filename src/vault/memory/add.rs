//! A note of an operator's.

use projections::{
    files::Whole,
    memory::{Note, Store},
    time::Timestamp,
};

use super::{MemoryPath, Part};
use crate::{
    error::{Error, Result},
    vault::Project,
};

/// Longest part of a file's name that is taken from a note's words.
const LONGEST: usize = 40;

/// Notes of one day and of the same words; whoever needs more names them differently.
const MOST: u32 = 10_000;

impl Project {
    /// Puts a note among those of the team, under a name that none has or had: its day and its first words. Of several
    /// who do so at once each gets a file of its own.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::BadFile`] where something else stands in the folder's place.
    pub fn add_note(&self, note: &Note, at: Timestamp) -> Result<MemoryPath> {
        let day = at.to_string().chars().take(10).collect::<String>();
        let name = format!("{day}-{}", slug(&note.text));
        for count in 1..=MOST {
            let id = match count {
                1 => name.clone(),
                count => format!("{name}-{count}"),
            };
            let at_part = |part| MemoryPath {
                store: Store::TeamMemory,
                part,
                id: id.clone(),
                is_json: false,
            };
            // A name that lies elsewhere could not be promoted, or removed, besides this one.
            let had = [Part::Proposed, Part::Removed];
            if had.iter().any(|part| self.has_memory(&at_part(*part))) {
                continue;
            }
            let file = at_part(Part::Kept);
            let note = Note { id, ..note.clone() };
            let text = note.render(at, None);
            let path = file.below();
            if self.put_new(&Whole { path, text })? {
                return Ok(file);
            }
        }
        Err(Error::Failed(format!(
            "there are {MOST} notes called {name}; begin this one with other words"
        )))
    }
}

/// The first words of a text as a part of a file's name.
fn slug(text: &str) -> String {
    let mut name = String::new();
    for word in text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.is_ascii() && !word.is_empty())
    {
        if name.len() + 1 + word.len() > LONGEST && !name.is_empty() {
            break;
        }
        if !name.is_empty() {
            name.push('-');
        }
        name.extend(word.to_ascii_lowercase().chars().take(LONGEST));
    }
    match name.is_empty() {
        true => "note".to_owned(),
        false => name,
    }
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn a_name_is_made_of_the_first_words() {
        for (text, expected) in [
            (
                "The user prefers concise prose.",
                "the-user-prefers-concise-prose",
            ),
            (
                "  # Tables:\n\n- right-align numbers, always and everywhere",
                "tables-right-align-numbers-always-and",
            ),
            ("naïve über", "note"),
            ("naïve plan", "plan"),
            ("🦀 ../../etc/passwd", "etc-passwd"),
            ("…", "note"),
            (&"x".repeat(100), &"x".repeat(40)),
        ] {
            assert_eq!(slug(text), expected, "of {text:?}");
        }
    }
}
