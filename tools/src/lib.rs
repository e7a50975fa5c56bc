//! Tools around modulatio that are not part of the daemon.

pub mod fake_model;
