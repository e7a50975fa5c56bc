//! What a process remembers with: one embedder for all its projects, and the indexes that it has used. It is asked
//! before a task or a judgement (`recall.rs`) and of who does a task (`route.rs`). Whatever cannot be found is not
//! found: no plan fails over it, and none waits long.

mod lookup;
mod places;
mod recall;
mod route;

pub use places::Memory;

pub(super) use lookup::{LookedUp, Lookup, Remembering};
pub(super) use route::Routable;
