//! Tokens and money, at one price for all.

use projections::event::Reserved;

use crate::fake_model::{Sale, Sold};

/// Micro-dollars of a token read, in every vault that these books are kept of.
pub const INPUT: u64 = 3;
/// Micro-dollars of a token written.
pub const OUTPUT: u64 = 15;
/// The same as a model's setting.
pub const PRICE: &str = "price: {input: 3, output: 15}";

/// Tokens and micro-dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Tokens, read and written.
    pub tokens: u64,
    /// Micro-dollars.
    pub micros: u64,
}

impl Amount {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.saturating_add(other.tokens),
            micros: self.micros.saturating_add(other.micros),
        }
    }

    /// Whether it is enough for the other one.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self.tokens >= other.tokens && self.micros >= other.micros
    }
}

impl From<&Sale> for Amount {
    fn from(sale: &Sale) -> Self {
        Self {
            tokens: sale.input_tokens + sale.output_tokens,
            micros: INPUT * sale.input_tokens + OUTPUT * sale.output_tokens,
        }
    }
}

impl From<Reserved> for Amount {
    /// Without a price, no money at all: that covers no sale.
    fn from(reserved: Reserved) -> Self {
        Self {
            tokens: reserved.tokens,
            micros: reserved.cost.map_or(0, |cost| cost.0),
        }
    }
}

/// All that was sold, delivered or not.
#[must_use]
pub fn total(sold: &Sold) -> Amount {
    let sales = sold.sales.iter().map(Amount::from);
    sales.fold(Amount::default(), Amount::plus)
}
