//! Tools around modulatio that are not part of the daemon.

pub mod audit;
pub mod books;
pub mod fake_model;
