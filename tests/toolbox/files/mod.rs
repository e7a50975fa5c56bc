//! The file tools: what they do, and that no path, no link and no race leads them out of where an agent works.

mod behaviour;
mod bench;
mod escapes;
mod odd;
mod races;
