//! Crash walk.
