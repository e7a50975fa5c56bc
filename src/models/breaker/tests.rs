//! Rules of circuit breakers, on a made-up clock.

use super::*;

const OPEN: Duration = Duration::from_secs(10);
const MOST: Duration = Duration::from_secs(35);

/// A breaker with a clock that only moves when told.
struct Bench {
    breaker: Breaker,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        Self {
            breaker: Breaker::new(3, OPEN, MOST),
            now: Instant::now(),
        }
    }

    fn after(&mut self, seconds: u64) -> Admission {
        self.now += Duration::from_secs(seconds);
        self.breaker.admits(self.now)
    }

    fn is(&mut self, outcomes: &[Outcome]) -> Admission {
        for outcome in outcomes {
            self.breaker.outcome(self.now, *outcome);
        }
        self.breaker.admits(self.now)
    }
}

fn wait(seconds: u64) -> Admission {
    Admission::Wait(Duration::from_secs(seconds))
}

use Outcome::{Failed, Neutral, Ok as Fine};

#[test]
fn it_opens_after_so_many_failures_in_a_row() {
    let mut bench = Bench::new();
    assert_eq!(bench.is(&[Failed, Failed]), Admission::Go);
    assert_eq!(bench.is(&[Failed]), wait(10));
    assert_eq!(bench.after(4), wait(6));
}

#[test]
fn a_success_ends_the_row_and_a_neutral_outcome_does_not() {
    let mut bench = Bench::new();
    let calls = [Failed, Failed, Fine, Failed, Failed];
    assert_eq!(bench.is(&calls), Admission::Go);
    let mut bench = Bench::new();
    assert_eq!(bench.is(&[Failed, Neutral, Failed, Failed]), wait(10));
}

#[test]
fn half_open_lets_exactly_one_probe_through() {
    let mut bench = Bench::new();
    bench.is(&[Failed; 3]);
    assert_eq!(bench.after(10), Admission::Go);
    assert_eq!(bench.after(0), wait(10));
    assert_eq!(bench.after(3), wait(7));
}

#[test]
fn a_probe_that_succeeds_closes_it() {
    for outcome in [Fine, Neutral] {
        let mut bench = Bench::new();
        bench.is(&[Failed; 3]);
        assert_eq!(bench.after(10), Admission::Go);
        assert_eq!(bench.is(&[outcome, Failed, Failed]), Admission::Go);
        assert_eq!(bench.is(&[Failed]), wait(10));
    }
}

#[test]
fn the_open_time_doubles_with_every_failed_probe_up_to_its_bound() {
    let mut bench = Bench::new();
    bench.is(&[Failed; 3]);
    for (waited, next) in [(10, 20), (20, 35), (35, 35)] {
        assert_eq!(bench.after(waited), Admission::Go);
        assert_eq!(bench.is(&[Failed]), wait(next));
    }
}

#[test]
fn after_it_closed_it_opens_for_the_first_time_again() {
    let mut bench = Bench::new();
    bench.is(&[Failed; 3]);
    bench.after(10);
    bench.is(&[Failed]);
    bench.after(20);
    assert_eq!(bench.is(&[Fine]), Admission::Go);
    assert_eq!(bench.is(&[Failed; 3]), wait(10));
}

#[test]
fn calls_that_went_before_it_opened_do_not_keep_it_open_longer() {
    let mut bench = Bench::new();
    bench.is(&[Failed; 3]);
    assert_eq!(bench.after(4), wait(6));
    assert_eq!(bench.is(&[Failed, Neutral]), wait(6));
    assert_eq!(bench.is(&[Fine]), Admission::Go);
}

#[test]
fn a_probe_that_is_never_heard_of_again_is_followed_by_another() {
    let mut bench = Bench::new();
    bench.is(&[Failed; 3]);
    assert_eq!(bench.after(10), Admission::Go);
    assert_eq!(bench.after(9), wait(1));
    assert_eq!(bench.after(1), Admission::Go);
    assert_eq!(bench.after(0), wait(10));
}

#[test]
fn every_class_of_failure_has_its_outcome() {
    let of = |class| {
        Outcome::of(&Err(Failure {
            class,
            message: String::new(),
            retry_after: None,
            maybe_billed: false,
        }))
    };
    for class in [
        FailureClass::Connection,
        FailureClass::Timeout,
        FailureClass::Stalled,
        FailureClass::Server,
        FailureClass::Overloaded,
    ] {
        assert_eq!(of(class), Failed, "{class:?}");
    }
    for class in [
        FailureClass::RateLimited,
        FailureClass::Authentication,
        FailureClass::ContextTooLong,
        FailureClass::Refused,
        FailureClass::Malformed,
    ] {
        assert_eq!(of(class), Neutral, "{class:?}");
    }
}

#[test]
fn endpoints_fail_apart_and_clones_share() {
    let settings = BreakerSettings {
        failures: 1,
        open: OPEN,
        max_open: MOST,
    };
    let breakers = Breakers::new(settings);
    let now = Instant::now();
    breakers.clone().outcome("http://a", now, Failed);
    assert_eq!(breakers.admits("http://a", now), wait(10));
    assert_eq!(breakers.admits("http://b", now), Admission::Go);
}
