//! Does a prompt fit the model's window? Pure: bytes, what is known of the model's tokens, and the bands.
//!
//! ```text
//!   0 %            warn (70 %)          compress (80 %)              100 % = window − the answer's reserve
//!   ├── silent ────┼── said once ───────┼── older results left out ──┼── full: a person is asked ──▶
//! ```

use projections::{ids::ToolCallId, plan::Learned};

use super::{Heard, HeardUse};
use crate::command::Room;

/// Bytes per token before a model has counted anything: fewer than prose or code has with any tokenizer in use (3.5
/// to 4.5), so that the first estimate errs on the safe side.
const BYTES_PER_TOKEN: u64 = 3;

/// More bytes than this a token has on average in no text that people or models write; and no tokenizer makes more
/// tokens than there are bytes.
const MOST_BYTES_PER_TOKEN: u64 = 8;

/// Tokens that a provider adds around the messages, for roles and tools.
const OVERHEAD: u64 = 64;

/// Percent that a learned estimate is raised by, since the next prompt is not the last one.
const MARGIN: u64 = 10;

/// A model's window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Tokens that it leaves for a prompt: its size without the longest answer.
    pub tokens: u64,
    /// From here on a warning is given, percent.
    pub warn_percent: u64,
    /// From here on older results of tools are left out, percent.
    pub compress_percent: u64,
}

impl Window {
    /// Bytes that take about a quarter of the window: no more is shown of what one tool returned, nor of a refused
    /// reply to its author, so that no single text fills the window.
    #[must_use]
    pub fn bytes_of_a_quarter(&self) -> usize {
        usize::try_from(self.tokens / 4 * BYTES_PER_TOKEN).unwrap_or(usize::MAX)
    }
}

/// Turns bytes into tokens, by what the model has counted so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Estimator(Option<Learned>);

impl Estimator {
    /// From what is known of the model, if anything is. Counts that cannot be true are pulled to the nearest that can:
    /// one that is too high must not make every later prompt look too long, nor one that is too low hide the end of
    /// the window (some servers leave out what they had in their cache).
    #[must_use]
    pub fn of(learned: Option<&Learned>) -> Self {
        let known = learned.copied().filter(|known| known.bytes > 0);
        Self(known.map(|known| {
            Learned {
                tokens: known
                    .tokens
                    .clamp(known.bytes / MOST_BYTES_PER_TOKEN, known.bytes),
                ..known
            }
        }))
    }

    /// Tokens that a prompt of so many bytes probably has.
    #[must_use]
    pub fn tokens(&self, bytes: u64) -> u64 {
        let Some(known) = self.0 else {
            return bytes.div_ceil(BYTES_PER_TOKEN) + OVERHEAD;
        };
        let raised = u128::from(bytes) * u128::from(known.tokens) * u128::from(100 + MARGIN);
        let tokens = raised.div_ceil(u128::from(known.bytes) * 100);
        u64::try_from(tokens).unwrap_or(u64::MAX)
    }
}

/// How a prompt fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fit {
    /// Well.
    Well,
    /// It does, and comes near the limit.
    Near(Room),
    /// Only without these results of tools.
    Tight {
        /// Whose results are to be left out, oldest first.
        replace: Vec<ToolCallId>,
        /// With them.
        before: Room,
        /// Tokens without them, estimated.
        after_tokens: u64,
    },
    /// It does not, and there is nothing left to leave out.
    Full(Room),
}

/// How a prompt of so many bytes fits. `refused` is the length of a prompt to this step that the provider refused as
/// too long, which weighs more than any estimate.
#[must_use]
pub fn fit(
    bytes: u64,
    talk: &[Heard],
    window: &Window,
    estimator: Estimator,
    refused: Option<u64>,
) -> Fit {
    let room = |bytes| Room {
        estimated_tokens: estimator.tokens(bytes),
        window_tokens: window.tokens,
    };
    let tight = |bytes| {
        percent(&room(bytes)) >= window.compress_percent
            || refused.is_some_and(|most| bytes >= most)
    };
    let full = |bytes| {
        estimator.tokens(bytes) > window.tokens || refused.is_some_and(|most| bytes >= most)
    };
    if tight(bytes) {
        let (replace, left) = leave_out(bytes, talk, &tight, &full);
        if !replace.is_empty() {
            return Fit::Tight {
                replace,
                before: room(bytes),
                after_tokens: estimator.tokens(left),
            };
        }
    }
    let now = room(bytes);
    if full(bytes) {
        Fit::Full(now)
    } else if percent(&now) >= window.warn_percent {
        Fit::Near(now)
    } else {
        Fit::Well
    }
}

/// The oldest results, until the rest is no longer tight. Those of the last turn have not been read yet: they stay,
/// unless it does not fit with them; then the largest go, until it does. The model may ask for them line by line.
fn leave_out(
    bytes: u64,
    talk: &[Heard],
    tight: &dyn Fn(u64) -> bool,
    full: &dyn Fn(u64) -> bool,
) -> (Vec<ToolCallId>, u64) {
    let shown = |turns: &[Heard]| -> Vec<HeardUse> {
        let uses = turns.iter().flat_map(|turn| turn.uses.iter().cloned());
        uses.filter(|used| !used.hidden && used.saves() > 0)
            .collect()
    };
    let (older, last) = talk.split_at(talk.len().saturating_sub(1));
    let mut last = shown(last);
    last.sort_by_key(|used| std::cmp::Reverse(used.saves()));
    let (mut left, mut replace) = (bytes, Vec::new());
    let mut hide = |used: Vec<HeardUse>, needed: &dyn Fn(u64) -> bool| {
        for used in used {
            if !needed(left) {
                return;
            }
            left = left.saturating_sub(used.saves());
            replace.push(used.call.id);
        }
    };
    hide(shown(older), tight);
    hide(last, full);
    (replace, left)
}

fn percent(room: &Room) -> u64 {
    room.estimated_tokens.saturating_mul(100) / room.window_tokens.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompts::Call;

    const WINDOW: Window = Window {
        tokens: 1_000,
        warn_percent: 70,
        compress_percent: 80,
    };

    /// One byte is one token, without a margin.
    fn exact() -> Estimator {
        Estimator::of(Some(&Learned {
            bytes: 110,
            tokens: 100,
        }))
    }

    fn talk(results: &[usize]) -> Vec<Heard> {
        let used = |(serial, length): (u64, &usize)| HeardUse {
            call: Call {
                id: ToolCallId::nth(serial),
                tool: "read_file".into(),
                arguments: "{}".into(),
            },
            result: "x".repeat(*length),
            hidden: false,
        };
        let turn = |used| Heard {
            text: String::new(),
            uses: vec![used],
        };
        (1..).zip(results).map(used).map(turn).collect()
    }

    fn fitted(bytes: u64, talk: &[Heard]) -> Fit {
        fit(bytes, talk, &WINDOW, exact(), None)
    }

    #[test]
    fn the_bands_begin_where_they_say() {
        assert_eq!(fitted(699, &[]), Fit::Well);
        assert!(matches!(fitted(700, &[]), Fit::Near(_)));
        assert!(matches!(fitted(800, &[]), Fit::Near(_)));
        assert!(matches!(fitted(1_000, &[]), Fit::Near(_)));
        assert!(matches!(fitted(1_001, &[]), Fit::Full(_)));
    }

    #[test]
    fn the_oldest_results_go_first_and_no_more_than_needed() {
        let Fit::Tight {
            replace,
            after_tokens,
            ..
        } = fitted(900, &talk(&[300, 300, 300]))
        else {
            panic!()
        };
        assert_eq!(replace, [ToolCallId::nth(1)]);
        assert!(after_tokens < 800, "{after_tokens}");
        let Fit::Tight { replace, .. } = fitted(1_300, &talk(&[300, 400, 300])) else {
            panic!()
        };
        assert_eq!(replace, [ToolCallId::nth(1), ToolCallId::nth(2)]);
    }

    #[test]
    fn the_last_turns_results_stay_while_they_fit_and_go_when_nothing_else_helps() {
        assert!(matches!(fitted(990, &talk(&[900])), Fit::Near(_)));
        let Fit::Tight {
            replace,
            after_tokens,
            ..
        } = fitted(1_300, &talk(&[1_200]))
        else {
            panic!()
        };
        assert_eq!(replace, [ToolCallId::nth(1)]);
        assert!(after_tokens <= 1_000);
        let mut both = talk(&[300, 1_000]);
        let last = both.pop().unwrap();
        both[0].uses.extend(last.uses);
        let Fit::Tight { replace, .. } = fitted(1_400, &both) else {
            panic!()
        };
        assert_eq!(replace, [ToolCallId::nth(2)], "the largest is enough");
    }

    #[test]
    fn what_is_left_out_already_or_shorter_than_its_placeholder_saves_nothing() {
        let mut talk = talk(&[500, 20, 500]);
        talk[0].uses[0].hidden = true;
        assert!(matches!(fitted(900, &talk), Fit::Near(_)));
    }

    #[test]
    fn a_refusal_of_the_provider_outweighs_the_estimate() {
        let refused = |bytes, talk: &[Heard]| fit(bytes, talk, &WINDOW, exact(), Some(400));
        assert!(matches!(refused(400, &[]), Fit::Full(_)));
        assert_eq!(refused(399, &[]), Fit::Well);
        assert!(matches!(refused(500, &talk(&[300, 10])), Fit::Tight { .. }));
    }

    #[test]
    fn the_first_estimate_is_on_the_safe_side_and_the_next_ones_follow_the_model() {
        assert_eq!(Estimator::of(None).tokens(3_000), 1_064);
        let learned = Learned {
            bytes: 4_000,
            tokens: 1_000,
        };
        assert_eq!(Estimator::of(Some(&learned)).tokens(4_000), 1_100);
        assert_eq!(Estimator::of(Some(&Learned::default())).tokens(3), 65);
    }

    #[test]
    fn counts_that_cannot_be_true_are_not_learned() {
        let estimated = |tokens| {
            let learned = Learned {
                bytes: 4_000,
                tokens,
            };
            Estimator::of(Some(&learned)).tokens(4_000)
        };
        assert_eq!(estimated(900_000_000), 4_400);
        assert_eq!(estimated(1), 550);
        assert_eq!([estimated(500), estimated(4_000)], [550, 4_400]);
    }
}
