//! `defaults:` — bounds of plans that set none of their own.

use std::ops::RangeInclusive;

use super::reader::Section;

/// Default number of tasks of one sub-objective that may run at once.
const PARALLEL_TASKS: u32 = 3;
/// Most tasks that may run at once.
const MAX_PARALLEL_TASKS: u32 = 64;
/// Default number of tasks that one sub-objective may be divided into.
const TASKS: u32 = 6;
/// Most tasks that one sub-objective may be divided into.
const MAX_TASKS: u32 = 12;
/// Default number of calls of one production.
const ITERS: u32 = 24;
/// Fewest and most calls of one production: one that looks, and one that answers.
const ITERS_WITHIN: RangeInclusive<u32> = 2..=200;
/// Default number of times that a rejected task is done again.
const REDOS: u32 = 3;
/// Most times that a rejected task is done again.
const MAX_REDOS: u32 = 10;
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
    /// Tasks that one sub-objective may be divided into, from 1 to 12.
    pub max_tasks: u32,
    /// Calls of a model in one production of a task, from 2 to 200.
    pub max_iters: u32,
    /// Times that a task is done again after QC rejected it, from 0 to 10.
    pub max_redos: u32,
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
    tasks: Option<u32>,
    iters: Option<u32>,
    redos: Option<u32>,
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
            "max_tasks",
            "max_iters",
            "max_redos",
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
            tasks: section.read("max_tasks", |field| field.count(1..=MAX_TASKS)),
            iters: section.read("max_iters", |field| field.count(ITERS_WITHIN)),
            redos: section.read("max_redos", |field| field.count(0..=MAX_REDOS)),
            warn: section.read("budget_warn_percent", |field| field.percent()),
        }
    }

    pub(super) fn complete(self) -> Caps {
        Caps {
            max_cost_micro_usd: self.cost,
            max_tokens: self.tokens,
            max_wall_clock_min: self.minutes,
            max_parallel_tasks: self.parallel.unwrap_or(PARALLEL_TASKS),
            max_tasks: self.tasks.unwrap_or(TASKS),
            max_iters: self.iters.unwrap_or(ITERS),
            max_redos: self.redos.unwrap_or(REDOS),
            budget_warn_percent: self.warn.unwrap_or(BUDGET_WARN_PERCENT),
        }
    }

    pub(super) fn over(&self, vault: &Caps) -> Caps {
        Caps {
            max_cost_micro_usd: self.cost.or(vault.max_cost_micro_usd),
            max_tokens: self.tokens.or(vault.max_tokens),
            max_wall_clock_min: self.minutes.or(vault.max_wall_clock_min),
            max_parallel_tasks: self.parallel.unwrap_or(vault.max_parallel_tasks),
            max_tasks: self.tasks.unwrap_or(vault.max_tasks),
            max_iters: self.iters.unwrap_or(vault.max_iters),
            max_redos: self.redos.unwrap_or(vault.max_redos),
            budget_warn_percent: self.warn.unwrap_or(vault.budget_warn_percent),
        }
    }
}
