//! Plans that are known to have ended: an end is for good, so that none of them is looked at a second time.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use projections::ids::PlanId;

/// What a look at a plan says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// It has ended.
    Ended,
    /// It has not.
    Runs,
    /// It cannot be read now.
    Unknown,
}

/// Most plans that are kept in mind; then they are looked at anew.
const MOST: usize = 16_384;

/// The plans.
#[derive(Clone, Default)]
pub(super) struct EndedPlans(Arc<Mutex<BTreeSet<PlanId>>>);

impl EndedPlans {
    /// Whether the plan runs; `look` is asked unless its end is known.
    pub(super) fn lacks(&self, plan: &PlanId, look: impl FnOnce() -> Life) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains(plan) {
            return false;
        }
        match look() {
            Life::Runs => true,
            Life::Unknown => false,
            Life::Ended => {
                if known.len() >= MOST {
                    known.clear();
                }
                known.insert(plan.clone());
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_looked_for_once_and_everything_else_each_time() {
        let ended = EndedPlans::default();
        let plan = PlanId::mint("ESS".parse().unwrap(), 1);
        let never = || -> Life { panic!("its end is known") };
        assert!(ended.lacks(&plan, || Life::Runs));
        assert!(!ended.lacks(&plan, || Life::Unknown));
        assert!(ended.lacks(&plan, || Life::Runs));
        assert!(!ended.lacks(&plan, || Life::Ended));
        assert!(!ended.lacks(&plan, never));
    }
}
