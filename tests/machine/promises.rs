//! What must hold after every frame, whatever happened: the crash lab's promises, asked of this world.

use crashlab::promises::Rules;
use projections::{event::Event, plan::Plan};

use crate::world::World;

impl World {
    pub(crate) fn check(&mut self, before: &Plan, events: &[Event]) {
        let rules = Rules {
            now: self.now,
            parallel: self.policy.parallel,
            default_caps: self.policy.default_caps,
        };
        let checked = self.ledger.check(before, &self.plan, events, rules);
        assert_eq!(checked, Ok(()), "after {events:?}");
    }
}
