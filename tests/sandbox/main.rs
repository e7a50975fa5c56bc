//! Commands that attack, in every sandbox that works on this machine. One that does not work here is reported by name,
//! with the reason (`cargo test --test sandbox -- --nocapture` shows it).

mod bench;
mod files;
mod harm;
mod lives;
mod network;
mod others;
mod use_of_it;

/// Makes each case a test under each sandbox.
macro_rules! in_each_sandbox {
    ($($case:ident),* $(,)?) => {
        mod bubblewrap {
            $(#[test] fn $case() { crate::bench::with(modulatio::toolbox::sandbox::Wish::Bubblewrap, super::$case); })*
        }
        mod landlock {
            $(#[test] fn $case() { crate::bench::with(modulatio::toolbox::sandbox::Wish::Landlock, super::$case); })*
        }
    };
}

/// Makes each case a test without a sandbox: what the keeper alone must hold.
macro_rules! and_without {
    ($($case:ident),* $(,)?) => {
        mod off {
            $(#[test] fn $case() { crate::bench::with(modulatio::toolbox::sandbox::Wish::Off, super::$case); })*
        }
    };
}

pub(crate) use {and_without, in_each_sandbox};
