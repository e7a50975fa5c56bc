//! One field of an expression: values, ranges, lists and steps, read into the set of values that match.

use super::fault::{ExpressionFault, quoted};

/// What a field counts, and how its values are written.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    first: u8,
    last: u8,
    /// One more number for the first value: 7 for Sunday.
    again: Option<u8>,
    /// Names of values, from the first on.
    words: &'static [&'static str],
    example: &'static str,
}

pub(super) static MINUTE: Kind = Kind {
    name: "minute",
    first: 0,
    last: 59,
    again: None,
    words: &[],
    example: "0, 10-50/20 or */15",
};
pub(super) static HOUR: Kind = Kind {
    name: "hour",
    first: 0,
    last: 23,
    again: None,
    words: &[],
    example: "6, 8-17 or */2",
};
pub(super) static DAY_OF_MONTH: Kind = Kind {
    name: "day-of-month",
    first: 1,
    last: 31,
    again: None,
    words: &[],
    example: "1, 1,15 or *",
};
pub(super) static MONTH: Kind = Kind {
    name: "month",
    first: 1,
    last: 12,
    again: None,
    words: &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ],
    example: "3, jan-jun or */3",
};
pub(super) static DAY_OF_WEEK: Kind = Kind {
    name: "day-of-week",
    first: 0,
    last: 6,
    again: Some(7),
    words: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    example: "1, mon-fri or *",
};

/// A field as it was read.
#[derive(Clone, Debug)]
pub(super) struct Field {
    text: String,
    /// Bit n is set when the value n matches.
    values: u64,
    /// Whether one of the listed elements is a bare `*`.
    star: bool,
    /// Whether all values match.
    full: bool,
}

impl Field {
    /// The values that match, ascending.
    pub(super) fn values(&self) -> impl Iterator<Item = u8> {
        let values = self.values;
        (0..64).filter(move |n| values & (1 << n) != 0)
    }

    /// Whether all values match.
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// Whether a field of days restricts nothing, beside the other one: it says `*`, or it leaves nothing out and the
    /// other one is written with a star too (`*/1` beside `*/2`).
    pub(super) fn is_open_beside(&self, other: &Field) -> bool {
        self.star || (self.full && other.text.contains('*'))
    }

    /// The field as it was written.
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

/// A run of values, which may wrap over the field's end: from `low` on, `more` further ones.
struct Span {
    low: u8,
    more: u8,
}

impl Kind {
    /// Reads a field.
    pub(super) fn read(&'static self, text: &str) -> Result<Field, ExpressionFault> {
        let mut values = 0;
        for element in text.split(',') {
            values |= self.element(element)?;
        }
        Ok(Field {
            text: text.to_owned(),
            values,
            star: text.split(',').any(|element| element == "*"),
            full: values == self.all(),
        })
    }

    /// The values of one element of the list.
    fn element(&self, text: &str) -> Result<u64, ExpressionFault> {
        self.refuse_other_dialects(text)?;
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => (range, Some(self.step(text, step)?)),
            None => (text, None),
        };
        let span = self.span(range, step.is_some())?;
        let steps = (0..=span.more).step_by(usize::from(step.unwrap_or(1)));
        Ok(steps.fold(0, |values, n| {
            values | 1 << (self.first + (span.low - self.first + n) % self.count())
        }))
    }

    fn span(&self, text: &str, stepped: bool) -> Result<Span, ExpressionFault> {
        let whole = Span {
            low: self.first,
            more: self.count() - 1,
        };
        if text == "*" {
            return Ok(whole);
        }
        let Some((from, to)) = text.split_once('-') else {
            let low = self.first_number(self.value(text)?);
            let more = if stepped { self.last - low } else { 0 };
            return Ok(Span { low, more });
        };
        let (from, to) = (self.value(from)?, self.value(to)?);
        if from == self.first && Some(to) == self.again {
            return Ok(whole);
        }
        let (low, high) = (self.first_number(from), self.first_number(to));
        let more = (high + self.count() - low) % self.count();
        Ok(Span { low, more })
    }

    /// A single value: a number or a name.
    fn value(&self, text: &str) -> Result<u8, ExpressionFault> {
        let named = |word: &&str| word.eq_ignore_ascii_case(text);
        if let Some(at) = self.words.iter().position(named) {
            return Ok(self.first + u8::try_from(at).expect("there are twelve names at most"));
        }
        if !is_number(text) {
            return Err(self.fault(text, format!("is not {}", self.allowed())));
        }
        text.parse()
            .ok()
            .filter(|value| (self.first..=self.highest()).contains(value))
            .ok_or_else(|| self.fault(text, format!("is out of range {}", self.range())))
    }

    fn step(&self, element: &str, text: &str) -> Result<u8, ExpressionFault> {
        if !is_number(text) {
            return Err(self.fault(element, "has a step that is not a number".to_owned()));
        }
        // A longer one would do what a step of the field's length does, and not what is written: `*/90` is no way to
        // say every 90 minutes.
        text.parse()
            .ok()
            .filter(|step| (1..=self.count()).contains(step))
            .ok_or_else(|| {
                let most = self.count();
                self.fault(element, format!("has a step out of range 1-{most}"))
            })
    }

    /// Signs that mean something elsewhere, and that people bring along.
    fn refuse_other_dialects(&self, text: &str) -> Result<(), ExpressionFault> {
        let of_letters = |c: char| "lLwW".contains(c);
        let signs = |c: char| of_letters(c) || c.is_ascii_digit() || c == '-';
        let letters = text.contains(of_letters) && text.chars().all(signs);
        let why = if letters || text.contains(['?', '#']) {
            "is of another dialect: L, W, # and ? are not known here"
        } else if text.is_empty() {
            "is an empty element of the list"
        } else {
            return Ok(());
        };
        Err(self.fault(text, why.to_owned()))
    }

    fn fault(&self, found: &str, why: String) -> ExpressionFault {
        ExpressionFault::Field {
            field: self.name,
            found: quoted(found),
            why,
            example: self.example,
        }
    }

    /// A value by its first number, where it has two.
    fn first_number(&self, value: u8) -> u8 {
        if Some(value) == self.again {
            self.first
        } else {
            value
        }
    }

    fn count(&self) -> u8 {
        self.last - self.first + 1
    }

    fn all(&self) -> u64 {
        (self.first..=self.last).fold(0, |all, n| all | 1 << n)
    }

    /// The highest number that may be written.
    fn highest(&self) -> u8 {
        self.again.unwrap_or(self.last)
    }

    fn range(&self) -> String {
        format!("{}-{}", self.first, self.highest())
    }

    fn allowed(&self) -> String {
        match (self.words.first(), self.words.last()) {
            (Some(first), Some(last)) => {
                format!("a number of {} or a name of {first}-{last}", self.range())
            }
            _ => format!("a number of {}", self.range()),
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}
