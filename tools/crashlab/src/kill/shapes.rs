//! Plans of different shapes: what a sub-objective is called decides what the model does with it.

use std::fmt::Write as _;

/// What becomes of a sub-objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// One task, written at once.
    Plain,
    /// Four tasks: three of them are worked on at the same time, the last one needs the others.
    Divided,
    /// One task, written with tools: list, write, read, write.
    Tooled,
    /// One task, which quality control rejects once.
    Mended,
    /// One task that fits no window: a person is asked, and the Leader divides it.
    Large,
    /// Done, and then the Leader asks a person whether to go on.
    Asking,
}

impl Shape {
    /// The word that its title and its file bear.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Divided => "divided",
            Self::Tooled => "tooled",
            Self::Mended => "mended",
            Self::Large => "large",
            Self::Asking => "asking",
        }
    }

    fn draw(chance: &mut fastrand::Rng, may_be_large: bool) -> Self {
        match chance.u32(0..100) {
            0..25 => Self::Plain,
            25..50 => Self::Divided,
            50..70 => Self::Tooled,
            70..84 => Self::Mended,
            84..90 if may_be_large => Self::Large,
            84..100 => Self::Asking,
            _ => unreachable!("below a hundred"),
        }
    }
}

/// A plan's text. One in four has a cap that it meets; each divides a sub-objective at most once, as the parts have
/// names of their own.
pub(super) fn plan(number: u32, sub_objectives: u32, chance: &mut fastrand::Rng) -> String {
    let mut text = String::new();
    if number % 4 == 1 {
        let tokens = chance.u32(20_000..60_000);
        let _ = write!(text, "---\nmax_tokens: {tokens}\n---\n\n");
    }
    text.push_str("## Essays\n\n### Sub-objectives\n\n");
    let mut may_be_large = true;
    for n in 1..=sub_objectives {
        let shape = Shape::draw(chance, may_be_large);
        may_be_large &= shape != Shape::Large;
        text.push_str(&item(n, shape.word()));
    }
    text.push_str("### Risks\n- None.\n");
    text
}

/// One sub-objective.
pub(super) fn item(n: u32, word: &str) -> String {
    format!("**{n}. {word} essay** — write essay {n}.\n- Files: {word}{n}.md\n\n")
}
