//! The one place that draws randomness.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
};

/// A number that nobody chose, every one of them equally likely.
///
/// It is the hash of nothing under std's seed for hash maps: SipHash-1-3 with a key that the operating system gave to
/// this thread, stepped at every call. That spreads evenly, and processes that start at the same instant draw apart,
/// which is all that jitter on a retry asks for. The same step follows the same key, so it is no source of secrets,
/// and nothing that must be unique may rest on it.
#[must_use]
pub fn draw() -> u32 {
    let hash = RandomState::new().build_hasher().finish();
    u32::try_from(hash >> 32).expect("the upper half of 64 bits is 32 bits")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each bound is more than eight standard deviations from what is expected: by chance they fail less than once
    /// in 10¹³ runs.
    #[test]
    fn draws_are_spread_evenly() {
        const DRAWS: u32 = 40_000;
        let (mut eighths, mut ones) = ([0u32; 8], [0u32; 32]);
        for _ in 0..DRAWS {
            let drawn = draw();
            eighths[(drawn >> 29) as usize] += 1;
            for (bit, count) in ones.iter_mut().enumerate() {
                *count += drawn >> bit & 1;
            }
        }
        assert!(
            eighths.iter().all(|n| n.abs_diff(DRAWS / 8) < 600),
            "{eighths:?}"
        );
        assert!(ones.iter().all(|n| n.abs_diff(DRAWS / 2) < 850), "{ones:?}");
    }

    #[test]
    fn threads_draw_apart() {
        let drawn = || (0..4).map(|_| draw()).collect::<Vec<_>>();
        let other = std::thread::spawn(drawn).join().unwrap();
        assert_ne!(drawn(), other);
    }
}
