//! Comparing the three.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Amount, Books, Discord, Result, check,
    entry::{Call, End},
};
use crate::fake_model::{Sale, Sold};

/// What the books came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Audit {
    /// Calls completed, in the journals.
    pub completed: usize,
    /// What they cost.
    pub paid: Amount,
    /// Sales to calls in doubt.
    pub doubtful_sales: usize,
    /// Of those, answers that were handed over whole: their asker was gone, or did not hear of it any more.
    pub lost_sales: usize,
    /// Calls in doubt, sold or not.
    pub in_doubt: usize,
}

impl Books {
    /// Compares them with what was sold.
    ///
    /// # Errors
    /// The first thing on which they do not agree.
    pub fn agree_with(&self, sold: &Sold) -> Result<Audit> {
        let mut audit = Audit::default();
        let mut bought = BTreeSet::new();
        for sale in &sold.sales {
            let Some(key) = sale.key.as_deref() else {
                return Err(Discord("a request had no idempotency key".to_owned()));
            };
            check(bought.insert(key), || format!("{key} was sold twice"))?;
            let Some(call) = self.calls.get(key) else {
                return Err(Discord(format!("{key} was sold and is in no journal")));
            };
            self.one_sale(key, call, sale, &mut audit)?;
        }
        for (key, call) in &self.calls {
            let paid = matches!(call.end, End::Paid { .. });
            check(!paid || bought.contains(key.as_str()), || {
                format!("{key} was paid and never sold")
            })?;
            audit.in_doubt += usize::from(call.end == End::InDoubt);
        }
        self.ledgers_hold(&audit)?;
        Ok(audit)
    }

    fn one_sale(&self, key: &str, call: &Call, sale: &Sale, audit: &mut Audit) -> Result<()> {
        let cost = Amount::from(sale);
        check(call.worst.covers(cost), || {
            format!("{key} cost {cost:?} of {:?} reserved", call.worst)
        })?;
        match &call.end {
            End::Paid {
                usage,
                cost: booked,
            } => {
                let counted = (usage.input_tokens, usage.output_tokens);
                let sold = (sale.input_tokens, sale.output_tokens);
                check(counted == sold, || {
                    format!("{key}: counted {counted:?} tokens, sold {sold:?}")
                })?;
                check(booked.map(|c| c.0) == Some(cost.micros), || {
                    format!("{key}: booked {booked:?}, cost {}", cost.micros)
                })?;
                check(sale.delivered, || {
                    format!("{key} is complete and was not delivered")
                })?;
                self.one_line(key, call, sale)?;
                audit.completed += 1;
                audit.paid = audit.paid.plus(cost);
            }
            End::InDoubt => {
                audit.doubtful_sales += 1;
                audit.lost_sales += usize::from(sale.delivered);
            }
            End::Open | End::Free => {
                let end = &call.end;
                return Err(Discord(format!("{key} was sold; its journal says {end:?}")));
            }
        }
        Ok(())
    }

    fn one_line(&self, key: &str, call: &Call, sale: &Sale) -> Result<()> {
        let line = self.ledgers.get(&(call.plan.clone(), call.id.clone()));
        let Some(line) = line else {
            return Err(Discord(format!("{key} is in no ledger")));
        };
        let agrees = line["input_tokens"] == sale.input_tokens
            && line["output_tokens"] == sale.output_tokens;
        check(agrees, || format!("{key}: the ledger says {line}"))
    }

    /// A line for each completed call, and no other.
    fn ledgers_hold(&self, audit: &Audit) -> Result<()> {
        check(self.ledgers.len() == audit.completed, || {
            let (lines, calls) = (self.ledgers.len(), audit.completed);
            format!("the ledgers have {lines} lines for {calls} completed calls")
        })?;
        let mut sum = Amount::default();
        for line in self.ledgers.values() {
            sum = sum.plus(amount(line)?);
        }
        check(sum == audit.paid, || {
            format!("the ledgers add up to {sum:?}, paid was {:?}", audit.paid)
        })
    }
}

/// What a line of a ledger says; it writes dollars.
fn amount(line: &Value) -> Result<Amount> {
    let count = |key: &str| line[key].as_u64();
    let dollars = line["cost_usd"].to_string().parse::<f64>().ok();
    let micros = dollars.and_then(|dollars| format!("{:.0}", dollars * 1e6).parse().ok());
    let read = count("input_tokens").zip(count("output_tokens"));
    let (Some((input, output)), Some(micros)) = (read, micros) else {
        return Err(Discord(format!("a ledger says {line}")));
    };
    Ok(Amount {
        tokens: input + output,
        micros,
    })
}
