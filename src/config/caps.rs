//! `defaults:` — bounds of plans that set none of their own.

use super::reader::Section;

/// Default number of tasks of one sub-objective that may run at once.
const PARALLEL_TASKS: u32 = 3;
/// Most tasks that may run at once.
const MAX_PARALLEL_TASKS: u32 = 64;
/// Default share of a cap at which it is warned of, in percent.
const BUDGET_WARN_PERCENT: u8 = 80;

/// Bounds of one plan. `None` is no bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caps {
    /// Cost, in micro-dollars (millionths of a US dollar).
    pub max_cost_micro_usd: Option<u64>,
    /// Tokens, read and written.
    pub max_tokens: Option<u64>,
    /// Time from the first claim, in minutes.
    pub max_wall_clock_min: Option<u32>,
    /// Tasks of one sub-objective that may run at once, from 1 to 64.
    pub max_parallel_tasks: u32,
    /// Share of a cap at which it is warned of, in percent, from 1 to 99.
    pub budget_warn_percent: u8,
}

/// Caps as one file writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct WrittenCaps {
    cost: Option<u64>,
    tokens: Option<u64>,
    minutes: Option<u32>,
    parallel: Option<u32>,
    warn: Option<u8>,
}

impl WrittenCaps {
    /// Reads `defaults:` of a file.
    pub(super) fn read(file: &Section<'_>) -> Self {
        let known = [
            "max_cost_usd",
            "max_tokens",
            "max_wall_clock_min",
            "max_parallel_tasks",
            "budget_warn_percent",
        ];
        let Some(section) = file.read("defaults", |field| field.section(&known)) else {
            return Self::default();
        };
        Self {
            cost: section.read("max_cost_usd", |field| field.micro_dollars()),
            tokens: section.read("max_tokens", |field| field.whole(1..=u64::MAX)),
            minutes: section.read("max_wall_clock_min", |field| field.count(1..=u32::MAX)),
            parallel: section.read("max_parallel_tasks", |field| {
                field.count(1..=MAX_PARALLEL_TASKS)
            }),
            warn: section.read("budget_warn_percent", |field| field.percent()),
        }
    }

    pub(super) fn complete(self) -> Caps {
        Caps {
            max_cost_micro_usd: self.cost,
            max_tokens: self.tokens,
            max_wall_clock_min: self.minutes,
            max_parallel_tasks: self.parallel.unwrap_or(PARALLEL_TASKS),
            budget_warn_percent: self.warn.unwrap_or(BUDGET_WARN_PERCENT),
        }
    }

    pub(super) fn over(&self, vault: &Caps) -> Caps {
        Caps {
            max_cost_micro_usd: self.cost.or(vault.max_cost_micro_usd),
            max_tokens: self.tokens.or(vault.max_tokens),
            max_wall_clock_min: self.minutes.or(vault.max_wall_clock_min),
            max_parallel_tasks: self.parallel.unwrap_or(vault.max_parallel_tasks),
            budget_warn_percent: self.warn.unwrap_or(vault.budget_warn_percent),
        }
    }
}
