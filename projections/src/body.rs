//! The body of a plan: its list of sub-objectives, read whole or refused.
//!
//! ```text
//!  body ──lines──▶ Line {fenced, commented} ──outline──▶ Outline {items, where they stand}
//!                                                          │            │
//!                                             sub_objectives ◀┘            └▶ replace_from, replace_item ──▶ new body
//! ```
//!
//! One promise rules here: **a list is never returned short**. People and models write these lists, and a plan
//! that silently lost its last item would end as `done`. So every line of the section that looks like an item
//! (see `item::looks_like_item`, which is generous) must be one, numbered 1, 2, 3 and so on; anything else
//! refuses the whole list, naming the line and what was expected there. Fenced code is never an item, and
//! an item within an HTML comment is refused, since nobody can say whether it should run.
//!
//! Only headings with `#` end the section. An underline of `---` does not: below an item it is far more often
//! meant as a rule, and taking it for a heading would cut the list.

mod fields;
mod item;
mod lines;
mod outline;
mod path;
mod replace;
mod write;

use outline::outline;

pub use path::is_safe_relative_path;
pub use replace::{replace_from, replace_item};
pub use write::bulleted;

/// Most sub-objectives that a plan may have.
pub const MAX_ITEMS: usize = 32;

/// One item of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubObjective {
    /// Its number, from 1.
    pub number: u32,
    /// Its title, on one line, Markdown within it kept.
    pub title: String,
    /// What follows the title, without the bullets that fill the fields below. Lines end in `\n`.
    pub description: String,
    /// The entries of "Files", as written and in order, without backticks. Nothing says that they are safe
    /// paths: ask [`is_safe_relative_path`]. "none" and "n/a" stand for no file.
    pub files: Vec<String>,
    /// The entries of "Done when": the text of the bullet, then each bullet below it.
    pub done_when: Vec<String>,
    /// The entries of "Out of scope", likewise.
    pub out_of_scope: Vec<String>,
    /// The whole item as it stands in the body, trimmed.
    pub text: String,
}

/// Why a body has no list that can be run. Lines count from 1 at the body's first line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyFault {
    /// There is no section, or nothing in it.
    #[error(
        "the plan has no sub-objectives; expected a heading `### Sub-objectives` and below it items such as `**1. Title** — description`"
    )]
    NoItems,
    /// The list is longer than [`MAX_ITEMS`].
    #[error("the plan has {count} sub-objectives, more than the {MAX_ITEMS} that are run")]
    TooMany {
        /// How many there are.
        count: usize,
    },
    /// A line looks like an item and is not one, or not the next one.
    #[error("line {line}: {text:?} looks like a sub-objective; expected {expected}")]
    Refused {
        /// Where it stands.
        line: usize,
        /// The line, trimmed.
        text: String,
        /// What would have been right.
        expected: String,
    },
    /// Two sections hold sub-objectives.
    #[error("line {second}: a second section of sub-objectives; the first is at line {first}")]
    TwoSections {
        /// Line of the first heading.
        first: usize,
        /// Line of the second heading.
        second: usize,
    },
    /// A fenced code block is never closed, so items may be hidden in it.
    #[error("line {line}: a fenced code block opens here and never closes")]
    UnclosedFence {
        /// Line of the opening fence.
        line: usize,
    },
    /// More items are said to be finished than there are.
    #[error("{finished} sub-objectives are said to be finished, but the plan has {count}")]
    BeyondTheEnd {
        /// How many are said to be finished.
        finished: usize,
        /// How many there are.
        count: usize,
    },
    /// An item is to be replaced that is not there.
    #[error("there is no sub-objective {number} to replace; the plan has {count}")]
    NoSuchItem {
        /// The number that was given.
        number: usize,
        /// How many there are.
        count: usize,
    },
    /// An item is to be replaced by nothing, which would lose it.
    #[error("nothing is given in the place of sub-objective {number}")]
    NoParts {
        /// Its number.
        number: usize,
    },
    /// A new item has no title.
    #[error("the new sub-objective {number} has no title")]
    EmptyTitle {
        /// The number that it would have.
        number: usize,
    },
    /// A new item would not read back as it was given.
    #[error("the new sub-objective {number} cannot be written so that it reads back")]
    Unwritable {
        /// The number that it would have.
        number: usize,
    },
}

/// Reads the list of sub-objectives from a plan's Markdown body (the text after its frontmatter).
///
/// The answer is the whole list or the first reason why there is none; see the module's promise.
pub fn sub_objectives(body: &str) -> Result<Vec<SubObjective>, BodyFault> {
    let outline = outline(body)?;
    Ok(outline.items.into_iter().map(|i| i.content).collect())
}

#[cfg(test)]
mod tests;
