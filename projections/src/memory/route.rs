//! Who does a task, and why they.

use serde::{Deserialize, Serialize};

/// What decided who does a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RouteRule {
    /// Nobody else takes artifacts of its kind.
    Capability,
    /// Of those who do, nobody else has so little in work.
    Load,
    /// Of those, the task is most like what they are good at and did well.
    Similarity,
    /// Nothing told them apart; the first in the configuration.
    Order,
}

impl RouteRule {
    /// The spelling in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Capability => "capability",
            Self::Load => "load",
            Self::Similarity => "similarity",
            Self::Order => "order",
        }
    }
}

/// How a producer stands with regard to a task. Similarities are in thousandths, 0 to 1000.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Its name.
    pub producer: String,
    /// Whether it takes artifacts of the task's kind.
    pub capable: bool,
    /// Tasks of the plan that it has in work.
    pub load: u32,
    /// Likeness of the task to what it is good at; `None` where that was not compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub described: Option<u16>,
    /// How it did tasks like this one: the share that passed, by likeness; `None` where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<u16>,
}

/// A history of nothing weighs as much as one of half.
const UNKNOWN: u32 = 500;

impl Standing {
    /// What similarity comes to, in thousandths: seven parts what it is good at, three how it did.
    #[must_use]
    pub fn likeness(&self) -> u32 {
        let described = self.described.map_or(0, u32::from);
        let history = self.history.map_or(UNKNOWN, u32::from);
        (described * 7 + history * 3) / 10
    }
}

/// Who of `among` does the task, and what decided: capability and load first, likeness second, then their order.
/// Where nobody is capable, all are looked at. `None` of nobody.
#[must_use]
pub fn choose(among: &[Standing]) -> Option<(&Standing, RouteRule)> {
    let capable: Vec<&Standing> = among.iter().filter(|standing| standing.capable).collect();
    let left: Vec<&Standing> = match &capable[..] {
        [] => among.iter().collect(),
        [only] if among.len() > 1 => return Some((only, RouteRule::Capability)),
        _ => capable,
    };
    let least = left.iter().map(|standing| standing.load).min()?;
    let before = left.len();
    let left: Vec<&Standing> = left.into_iter().filter(|s| s.load == least).collect();
    if let ([only], true) = (&left[..], before > 1) {
        return Some((only, RouteRule::Load));
    }
    let most = left.iter().map(|standing| standing.likeness()).max()?;
    let rule = match left.iter().filter(|s| s.likeness() == most).count() {
        count if count == left.len() => RouteRule::Order,
        _ => RouteRule::Similarity,
    };
    let chosen = left.into_iter().find(|s| s.likeness() == most)?;
    Some((chosen, rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(producer: &str, capable: bool, load: u32, described: u16) -> Standing {
        Standing {
            producer: producer.to_owned(),
            capable,
            load,
            described: Some(described),
            history: None,
        }
    }

    fn chosen(among: &[Standing]) -> (&str, RouteRule) {
        let (standing, rule) = choose(among).unwrap();
        (&standing.producer, rule)
    }

    #[test]
    fn capability_comes_before_load_and_load_before_likeness() {
        let among = [
            standing("a", false, 0, 900),
            standing("b", true, 2, 900),
            standing("c", true, 1, 100),
            standing("d", true, 1, 300),
        ];
        assert_eq!(chosen(&among), ("d", RouteRule::Similarity));
        assert_eq!(chosen(&among[..3]), ("c", RouteRule::Load));
        assert_eq!(chosen(&among[..2]), ("b", RouteRule::Capability));
    }

    #[test]
    fn where_nobody_is_capable_all_are_and_where_nothing_differs_the_first_is_chosen() {
        let among = [standing("a", false, 1, 0), standing("b", false, 0, 0)];
        assert_eq!(chosen(&among), ("b", RouteRule::Load));
        let among = [standing("a", true, 0, 500), standing("b", true, 0, 500)];
        assert_eq!(chosen(&among), ("a", RouteRule::Order));
        assert_eq!(chosen(&among[..1]), ("a", RouteRule::Order));
        assert!(choose(&[]).is_none());
    }

    #[test]
    fn who_did_such_tasks_well_is_preferred_to_who_did_them_badly() {
        let mut among = [standing("a", true, 0, 500), standing("b", true, 0, 500)];
        among[0].history = Some(100);
        assert_eq!(chosen(&among), ("b", RouteRule::Similarity));
        among[1].history = Some(0);
        assert_eq!(chosen(&among), ("a", RouteRule::Similarity));
    }
}
