//! The real `modulatio-audit` over healthy and damaged journals.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

mod compare;
mod damage;
mod sample;
mod views;
