//! Lots that fall the same way again for the same seed.

/// SplitMix64 (Steele, Lea and Flood, 2014).
#[derive(Clone, Debug)]
pub(crate) struct Lots(u64);

impl Lots {
    /// The lots of this seed, unless the environment's `variable` names another one. Prints which.
    pub(crate) fn of(variable: &str, seed: u64) -> Self {
        let given = std::env::var(variable).ok();
        let seed = given.map_or(seed, |text| {
            text.parse()
                .unwrap_or_else(|_| panic!("{variable}: {text:?} is not a number"))
        });
        println!("{variable}={seed}");
        Self(seed)
    }

    /// Any number.
    pub(crate) fn any(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `least` up to `most`.
    pub(crate) fn within(&mut self, least: u64, most: u64) -> u64 {
        least + self.any() % (most - least + 1)
    }
}
