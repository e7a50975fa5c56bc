//! Tools around modulatio that are not part of the daemon.

pub mod audit;
pub mod fake_model;
