//! The plan machine over `decide`, `fold` and `due`: every sequence of deeds of runners, models, tools, operators and
//! time, from every place on the good way of several plans.

mod answers;
mod deeds;
mod heal;
mod work;
mod world;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use modulatio::{
    command::{Command, Report},
    decide::{self, Policy, Refusal, Retry},
};
use projections::{
    document,
    event::{Caps, Event, Mandate},
    ids::{Epoch, PlanId},
    work::Step,
};

use self::{
    answers::Answer,
    deeds::Deed,
    world::{Setting, World},
};
use super::search::{Model, hash_of};

const ONE: &str = "## Essays\n\n### Sub-objectives\n\n**1. First** — it is written.\n";
const TWO: &str = "## Essays\n\n### Sub-objectives\n\n**1. First** — an essay.\n\n**2. Second** — it is written.\n";

/// The machine.
pub(super) struct Machine {
    /// Of so many new states one is looked at closely.
    pub(super) close: u128,
    /// Whether its own good way is where it begins, or only its beginning.
    pub(super) all_along: bool,
    /// From these a plan is known to come to its end.
    ends: Mutex<HashSet<u128>>,
}

impl Machine {
    pub(super) fn new(close: u32, all_along: bool) -> Self {
        Self {
            close: u128::from(close.max(1)),
            all_along,
            ends: Mutex::default(),
        }
    }
}

/// Small numbers, so that every edge is near.
fn setting(name: &'static str, needs: &'static [&'static [usize]], caps: Caps) -> Arc<Setting> {
    let policy = Policy {
        barren_claims: 2,
        redos: 1,
        parallel: 2,
        max_iters: 2,
        rejections: 1,
        retry: Retry {
            base_ms: 2_000,
            max_ms: 2_000,
            wall_ms: 3_000,
            malformed: 1,
        },
        default_caps: caps,
        ..Policy::default()
    };
    Arc::new(Setting {
        name,
        policy,
        needs,
    })
}

fn written(setting: Arc<Setting>, text: &str) -> Result<World, String> {
    let id: PlanId = "ESS-P-001".parse().expect("an id");
    let document = document::read(text.as_bytes()).map_err(|why| why.to_string())?;
    let events = decide::draft(&id, &document).map_err(|why| format!("{why:?}"))?;
    let mut world = World::begin(setting, events)?;
    let note = "go".to_owned();
    deeds::operator(&mut world, &Command::Approve { note })?;
    Ok(world)
}

fn wished(setting: Arc<Setting>) -> Result<World, String> {
    let id: PlanId = "ESS-P-001".parse().expect("an id");
    let mandate = Mandate::default();
    let events: Vec<Event> =
        decide::wished(&id, "Two essays.", Vec::new(), Caps::default(), mandate);
    World::begin(setting, events)
}

/// Room for two calls at their worst, to the token.
const TIGHT: Caps = Caps {
    max_wall_clock_min: None,
    max_tokens: Some(2 * world::WORST.tokens),
    max_cost_usd: None,
};

/// One plan whose tasks are independent of each other, one of two sub-objectives, one with a cap, one that the Leader
/// writes.
fn plans() -> Result<Vec<World>, String> {
    let free = Caps::default();
    Ok(vec![
        written(setting("two tasks", &[&[], &[]], free), ONE)?,
        written(setting("two sub-objectives", &[&[]], free), TWO)?,
        written(setting("a tight cap", &[&[], &[1]], TIGHT), ONE)?,
        wished(setting("a wish", &[&[]], free))?,
    ])
}

impl Model for Machine {
    type State = World;
    type Move = Deed;

    fn starts(&self) -> Vec<(String, World)> {
        let mut all = Vec::new();
        for world in plans().expect("plans of the lab's own can be set up") {
            let mut way = vec![world.clone()];
            let mut keep = |at: &World| {
                way.push(at.clone());
                false
            };
            heal::heal(&world, &mut keep).expect("a plan of the lab's own ends well");
            if !self.all_along {
                way.truncate(1);
            }
            let named = way.into_iter().enumerate();
            all.extend(
                named.map(|(at, state)| (format!("{}, {at} on", world.setting.name), state)),
            );
        }
        all
    }

    fn fingerprint(&self, world: &World) -> u128 {
        hash_of(world.essence().as_bytes())
    }

    fn moves(&self, world: &World) -> Vec<Deed> {
        deeds::deeds(world)
    }

    fn make(&self, world: &World, deed: &Deed) -> Result<Option<World>, String> {
        deeds::perform(world, deed)
    }

    fn examine(&self, world: &World, fingerprint: u128) -> Result<(), String> {
        stale_reports_are_refused(world)?;
        if !fingerprint.is_multiple_of(self.close) {
            return Ok(());
        }
        world.check_replay()?;
        self.comes_to_its_end(world)
    }
}

impl Machine {
    fn comes_to_its_end(&self, world: &World) -> Result<(), String> {
        let mut way = Vec::new();
        let mut known = |at: &World| {
            let fingerprint = hash_of(at.essence().as_bytes());
            way.push(fingerprint);
            let ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
            ends.contains(&fingerprint)
        };
        heal::heal(world, &mut known)?;
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.extend(way);
        Ok(())
    }
}

/// Whatever a runner of an earlier claim says is refused, and as what it is.
fn stale_reports_are_refused(world: &World) -> Result<(), String> {
    let Some(before) = world.plan.epoch.0.checked_sub(1) else {
        return Ok(());
    };
    let why = "it wakes".to_owned();
    let step = Step::PlanTasks { index: 1 };
    let mut reports = vec![
        Report::Releasing { why: why.clone() },
        Report::Obstructed { why },
        Report::FallingBack {
            step,
            from: "main".to_owned(),
            to: modulatio::command::Fallback {
                model: "other".to_owned(),
                rank: 1,
            },
            why: String::new(),
        },
    ];
    let calls = world.plan.calls.in_flight.iter();
    reports.extend(
        calls.map(|(id, call)| work::call_report(world, id.clone(), &call.step, &Answer::Good)),
    );
    for report in reports {
        let command = Command::Runner(report);
        let heard = world.decide(&command, "daemon:host:2", Some(Epoch(before)), None);
        if !matches!(heard, Err(Refusal::StaleEpoch { .. })) {
            return Err(format!(
                "a stale runner was heard: {command:?} came to {heard:?}"
            ));
        }
    }
    Ok(())
}
