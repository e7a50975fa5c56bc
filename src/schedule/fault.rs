//! What can be wrong with an expression: which field, what stands there, what may stand there.

/// The most bytes of an expression: all that people write fits, and reading it stays cheap.
pub(super) const MOST_BYTES: usize = 256;

/// The form of an expression, in every fault that is not of one field.
const FORM: &str = "write five fields, minute hour day-of-month month day-of-week, \
                    as in \"0 6 * * mon-fri\" (06:00 on workdays)";

/// An expression that is refused, with the reason and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExpressionFault {
    /// Nothing is written.
    #[error("the expression is empty; {FORM}")]
    Empty,
    /// More is written than is read.
    #[error(
        "the expression is {0} bytes long and at most {MOST_BYTES} are read; \
         write ranges and steps, as in \"0-30/5\""
    )]
    TooLong(usize),
    /// Not five fields.
    #[error("the expression has {count} where five belong{}; {FORM}", surplus(.0), count = counted(.0))]
    FieldCount(usize),
    /// A word with `@` that stands for nothing here.
    #[error("{word} {why}")]
    Word {
        /// The word.
        word: String,
        /// Why it is refused, and what is known.
        why: &'static str,
    },
    /// A field holds what does not belong there.
    #[error("{field}: {found} {why}; write for example {example}")]
    Field {
        /// The field's name.
        field: &'static str,
        /// What stands there.
        found: String,
        /// Why it is refused, and what is allowed.
        why: String,
        /// What to write.
        example: &'static str,
    },
    /// A date that no year has.
    #[error(
        "day-of-month: {days} never comes in month {months}, so the expression would never fire; \
         write days that these months have"
    )]
    NeverFires {
        /// The field of days, as written.
        days: String,
        /// The field of months, as written.
        months: String,
    },
}

fn counted(fields: &usize) -> String {
    match fields {
        1 => "1 field".to_owned(),
        many => format!("{many} fields"),
    }
}

/// What more than five fields were meant for, in other dialects.
fn surplus(fields: &usize) -> &'static str {
    match fields {
        6.. => " (there are none for seconds and years)",
        _ => "",
    }
}

/// What was given, bounded and on one line.
pub(super) fn quoted(text: &str) -> String {
    const MOST: usize = 40;
    let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
    match (text.chars().count() > MOST, plain) {
        (true, _) => format!("{:?}...", text.chars().take(MOST).collect::<String>()),
        (false, true) => text.to_owned(),
        (false, false) => format!("{text:?}"),
    }
}
