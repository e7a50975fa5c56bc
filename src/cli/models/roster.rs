//! Who is asked, in which role and in which order.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    config::{Config, ModelChoice, ModelConfig},
    daemon::KeyState,
};

/// A model as the list shows it.
pub(in crate::cli) struct Listed<'a> {
    /// Its name in the configuration.
    pub(in crate::cli) name: &'a str,
    pub(in crate::cli) model: &'a ModelConfig,
    pub(super) key: KeyState,
    /// What it may be asked as.
    pub(super) seats: Vec<Seat>,
}

/// A place in the team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::cli) struct Seat {
    role: String,
    /// 0 is asked first, each other one when all before it were given up.
    fallback: usize,
    /// Whether this version asks it at all.
    asked: bool,
}

impl Listed<'_> {
    /// Whether a plan may ask it.
    pub(super) fn is_asked(&self) -> bool {
        self.seats.iter().any(|seat| seat.asked)
    }

    /// Whether it has a place in the team.
    pub(in crate::cli) fn is_seated(&self) -> bool {
        !self.seats.is_empty()
    }

    /// Its roles in words.
    pub(super) fn asked_as(&self) -> String {
        if self.seats.is_empty() {
            return "not used".to_owned();
        }
        let words: Vec<String> = self.seats.iter().map(Seat::words).collect();
        words.join(", ")
    }
}

impl Seat {
    fn words(&self) -> String {
        match (self.asked, self.fallback) {
            (false, _) => format!("{} (not asked yet)", self.role),
            (true, 0) => self.role.clone(),
            (true, nth) => format!("{} (fallback {nth})", self.role),
        }
    }
}

/// The models of the roles, in the order of asking, then those that nobody uses.
pub(in crate::cli) fn roster(config: &Config) -> Vec<Listed<'_>> {
    let mut order: Vec<&str> = Vec::new();
    let mut seats: BTreeMap<&str, Vec<Seat>> = BTreeMap::new();
    for (role, choice, asked) in roles(config) {
        for (fallback, name) in choice.names().enumerate() {
            if !seats.contains_key(name) {
                order.push(name);
            }
            let role = role.clone();
            seats.entry(name).or_default().push(Seat {
                role,
                fallback,
                asked,
            });
        }
    }
    let unused = config.models.keys().map(String::as_str);
    order.extend(unused.filter(|name| !seats.contains_key(name)));
    let listed = |name| {
        let model = config.models.get(name)?;
        Some(Listed {
            name,
            model,
            key: KeyState::of(model),
            seats: seats.remove(name).unwrap_or_default(),
        })
    };
    order.into_iter().filter_map(listed).collect()
}

/// Each role with its models. Of the producers, this version asks the first; the others come last.
fn roles(config: &Config) -> Vec<(String, &ModelChoice, bool)> {
    let team = &config.team;
    let role = |name: &str| match name {
        "producer" => name.to_owned(),
        name => format!("producer {name}"),
    };
    let mut producers = team
        .producers
        .iter()
        .map(|producer| (role(&producer.name), &producer.model));
    let first = producers.next().map(|(name, model)| (name, model, true));
    let named = |name: &str, choice| (name.to_owned(), choice, true);
    let mut roles = vec![
        named("leader", &team.leader),
        named("planner", &team.planner),
    ];
    roles.extend(first);
    roles.push(named("qc", &team.qc));
    roles.extend(producers.map(|(name, model)| (name, model, false)));
    roles
}
