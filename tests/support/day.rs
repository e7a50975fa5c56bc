//! The vault's day, of which a test must not see two.

use std::time::Duration;

use modulatio::{
    clock,
    vault::{Day, Vault},
};

use super::TestVault;

/// So long a test of a day may take.
const A_WHILE: i64 = 120_000_000;

/// At midnight, UTC, a new day's budget begins. A test of one day begins early enough before it, or after it.
pub(crate) fn within_one_day() {
    const DAY: i64 = 86_400_000_000;
    let left = DAY - clock::now().micros().rem_euclid(DAY);
    if left < A_WHILE {
        println!("waiting for midnight");
        std::thread::sleep(Duration::from_micros(left.unsigned_abs() + 1_000_000));
    }
}

/// The account of today.
pub(crate) fn today(vault: &TestVault) -> Day {
    let vault = Vault::open(vault.root()).expect("a vault");
    vault.day_spent(clock::now()).expect("a day")
}
