//! Faults at random, and the same ones again for the same seed.

use serde::Deserialize;

use super::behaviour::Behaviour;

/// Faults for requests that no step takes.
///
/// Whether a request meets one, and which, is a function of the seed and of how many requests came before it:
/// clients that ask one after the other meet the same faults in every run.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chaos {
    /// Where the randomness comes from.
    pub seed: u64,
    /// How many requests of a hundred meet a fault.
    pub percent: u8,
    /// The faults, each as likely as the others.
    pub faults: Vec<Behaviour>,
}

impl Chaos {
    /// The fault that the request with this ordinal meets, and its place in the list.
    pub(super) fn fault(&self, ordinal: u64) -> Option<(usize, &Behaviour)> {
        let drawn = mixed(self.seed, ordinal);
        if drawn % 100 >= u64::from(self.percent) || self.faults.is_empty() {
            return None;
        }
        let at = usize::try_from((drawn >> 32) % self.faults.len() as u64)
            .expect("an index into a list");
        Some((at, &self.faults[at]))
    }

    /// What makes it unusable.
    pub(super) fn fault_of_its_own(&self) -> Option<String> {
        if self.percent > 100 {
            return Some(format!("chaos.percent is {}, above 100", self.percent));
        }
        let idle = self.percent > 0 && self.faults.is_empty();
        idle.then(|| "chaos.faults is empty; name at least one fault".to_owned())
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): the number of this ordinal in the sequence of this seed.
fn mixed(seed: u64, ordinal: u64) -> u64 {
    let mut z = seed.wrapping_add(ordinal.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chaos(seed: u64, percent: u8) -> Chaos {
        Chaos {
            seed,
            percent,
            faults: vec![Behaviour::HangUp, Behaviour::Empty],
        }
    }

    #[test]
    fn the_numbers_are_those_of_splitmix64() {
        let first = [0, 1, 2].map(|ordinal| mixed(1_234_567, ordinal));
        let expected = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
        ];
        assert_eq!(first, expected);
    }

    #[test]
    fn about_so_many_of_a_hundred_requests_meet_a_fault_and_each_fault_is_met() {
        let chaos = chaos(7, 20);
        let met: Vec<usize> = (0..10_000)
            .filter_map(|ordinal| chaos.fault(ordinal))
            .map(|(at, _)| at)
            .collect();
        assert!((1_900..2_100).contains(&met.len()), "{}", met.len());
        let second = met.iter().filter(|at| **at == 1).count();
        assert!((800..1_200).contains(&second), "{second}");
    }

    #[test]
    fn none_of_a_hundred_is_never_and_a_hundred_is_always() {
        assert!((0..1_000).all(|ordinal| chaos(1, 0).fault(ordinal).is_none()));
        assert!((0..1_000).all(|ordinal| chaos(1, 100).fault(ordinal).is_some()));
    }

    #[test]
    fn another_seed_is_another_run() {
        let run = |seed| -> Vec<bool> {
            let chaos = chaos(seed, 50);
            (0..64)
                .map(|ordinal| chaos.fault(ordinal).is_some())
                .collect()
        };
        assert_eq!(run(3), run(3));
        assert_ne!(run(3), run(4));
    }
}
