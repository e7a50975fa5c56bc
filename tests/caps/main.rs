//! Caps cap: whatever a provider uses of what it may, whoever kills daemons and edits plans meanwhile, all that was
//! sold stays within the cap of the plan and of the day.

#[path = "../support/mod.rs"]
mod support;

mod balance;
mod day;
mod doubt;
mod greedy;
mod operator;
mod plan;
