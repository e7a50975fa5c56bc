//! From dusk till dawn.

use std::time::{Duration, Instant};

use modulatio::{
    clock,
    vault::{DayKey, Vault},
};
use modulatio_tools::fake_model::FakeModel;
use projections::time::Timestamp;

use crate::{
    provider,
    support::{
        Daemon, Lots, TestVault, body,
        books::{Audit, Books, total},
    },
};

/// Sub-objectives of the night's plans; 32 is the most of one plan.
const PLANS: [u32; 6] = [32, 27, 24, 20, 14, 8];

/// How often the daemon is killed.
const KILLS: u64 = 10;

/// Sales between two kills, at least. With fewer, a plan could lose three runners in a row without one completed
/// call between them, and be set aside as poisoned.
const APART: u64 = 20;

/// So long a night may last without a sale, on a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(60);

/// A vault that outlives a failed test.
struct Kept(TestVault);

impl Drop for Kept {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the vault is kept in {}", self.0.keep().display());
        }
    }
}

/// Waits until so much is sold.
fn sold_at_least(model: &FakeModel, daemon: &mut Daemon, sales: u64) {
    let (mut seen, mut since) = (0, Instant::now());
    while seen < sales {
        assert!(daemon.lives(), "it ended by itself: {}", daemon.log());
        let now = model.sold().calls;
        if now > seen {
            (seen, since) = (now, Instant::now());
        }
        let stuck = since.elapsed() > PATIENCE;
        assert!(!stuck, "nothing was sold after {seen}: {}", daemon.log());
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// All calls of the night that succeed, at least.
fn fewest_calls() -> u32 {
    PLANS.into_iter().map(provider::calls).sum()
}

/// Runs the daemon and kills it, at moments drawn by lot, then lets it come to its end.
fn with_kills(vault: &TestVault, model: &FakeModel, lots: &mut Lots) {
    let calls = u64::from(fewest_calls());
    let slot = calls / (KILLS + 1);
    for n in 0..KILLS {
        let at = n * slot + lots.within(APART, slot);
        let later = Duration::from_micros(lots.within(0, 20_000));
        let mut daemon = Daemon::start(vault, &["--until-idle"]);
        sold_at_least(model, &mut daemon, at);
        std::thread::sleep(later);
        println!("kill -9 {later:?} after sale {at}");
        daemon.kill();
    }
    vault.run_until_idle();
}

#[test]
fn after_a_night_of_faults_and_kills_every_plan_is_done_and_every_token_is_accounted_for() {
    let mut lots = Lots::of("MODULATIO_NIGHT_SEED", 2026);
    let model = provider::start(&mut lots);
    let vault = Kept(provider::vault(&model));
    let plans: Vec<String> = PLANS.map(|n| vault.0.approved(&body(n))).into();
    let began = (Instant::now(), clock::now());
    with_kills(&vault.0, &model, &mut lots);
    let lasted = began.0.elapsed();
    let sold = model.sold();
    for plan in &plans {
        assert_eq!(vault.0.journal(plan).status(), "done", "{plan}");
    }
    vault.0.run(&["audit", "verify", "--all"]).ok();
    vault.0.run(&["replay", "--all", "--check"]).ok();
    assert_eq!(vault.0.names("ess/tickets"), [""; 0], "somebody was asked");
    let audit = Books::of(&vault.0, &plans).agree_with(&sold);
    let (requests, all) = (model.requests().len(), total(&sold));
    println!(
        "{lasted:?}: {requests} requests, {} sales of {all:?}; {audit:?}",
        sold.calls
    );
    assert!(requests >= audit.completed + 60, "this night was too quiet");
    assert!(audit.completed >= fewest_calls() as usize);
    assert!(audit.doubtful_sales > 0, "this night was too quiet");
    days_agree(&vault.0, began.1, &audit);
}

/// The vault's days, two of them if midnight passed, hold what was paid, and all that is in doubt besides.
fn days_agree(vault: &TestVault, began: Timestamp, audit: &Audit) {
    let vault = Vault::open(vault.root()).expect("a vault");
    let mut moments = vec![began, clock::now()];
    moments.dedup_by_key(|at| DayKey::of(*at));
    let (mut settled, mut micros, mut open) = (0, 0, 0);
    for at in moments {
        let day = vault.day_spent(at).expect("a day");
        settled += day.settled.tokens;
        micros += day.settled.cost.0;
        open += day.open.len();
    }
    assert_eq!((settled, micros), (audit.paid.tokens, audit.paid.micros));
    assert_eq!(open, audit.in_doubt);
}
