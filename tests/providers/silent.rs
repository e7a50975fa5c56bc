//! Silence: how long a provider may say nothing, and what counts as a sign of life.

use std::time::{Duration, Instant};

use modulatio::models::{FailureClass, Service};
use modulatio_tools::fake_model::{Behaviour, Step};

use super::{impatient, in_every_way};

fn text() -> Box<Behaviour> {
    Box::new(Behaviour::Text("alive".into()))
}

/// Impatient, and with a total timeout that a test can wait for.
fn hurried(service: &mut Service) {
    impatient(service);
    service.timeout = Duration::from_millis(900);
}

/// For what is alive, and must not seem silent on a busy machine.
fn watchful(service: &mut Service) {
    service.stall_timeout = Duration::from_secs(1);
}

#[tokio::test]
async fn silence_before_the_head_is_a_stall_only_where_a_stream_was_asked_for() {
    in_every_way(async |way| {
        let start = Instant::now();
        let step = Step::new(Behaviour::StallBeforeHead);
        let failure = way.ask_with(step, hurried).await.unwrap_err();
        let (class, least) = if way.stream {
            (FailureClass::Stalled, 300)
        } else {
            (FailureClass::Timeout, 900)
        };
        assert_eq!(failure.class, class, "{way:?} {failure}");
        assert!(failure.maybe_billed);
        let words = if way.stream { "300ms" } else { "900ms" };
        assert!(failure.message.contains(words), "{failure}");
        assert!(start.elapsed() >= Duration::from_millis(least));
        assert!(start.elapsed() < Duration::from_secs(5));
    })
    .await;
}

#[tokio::test]
async fn silence_between_two_chunks_is_a_stall() {
    in_every_way(async |way| {
        let stall = Behaviour::Stall {
            after: 2,
            answer: text(),
        };
        let failure = way.ask_with(Step::new(stall), hurried).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::Stalled, "{way:?} {failure}");
        assert!(failure.maybe_billed);
    })
    .await;
}

#[tokio::test]
async fn a_comment_is_a_sign_of_life() {
    in_every_way(async |way| {
        let alive = Behaviour::KeepAlive {
            every_ms: 300,
            times: 5,
            answer: text(),
        };
        let reply = way.ask_with(Step::new(alive), watchful).await.unwrap();
        assert_eq!(reply.text, "alive", "{way:?}");
    })
    .await;
}

#[tokio::test]
async fn signs_of_life_do_not_outlive_the_total_timeout() {
    in_every_way(async |way| {
        let forever = Behaviour::KeepAlive {
            every_ms: 100,
            times: 0,
            answer: text(),
        };
        let watchful = |service: &mut Service| {
            watchful(service);
            service.timeout = Duration::from_millis(1_500);
        };
        let failure = way
            .ask_with(Step::new(forever), watchful)
            .await
            .unwrap_err();
        assert_eq!(failure.class, FailureClass::Timeout, "{way:?} {failure}");
        assert!(failure.maybe_billed);
    })
    .await;
}

#[tokio::test]
async fn a_slow_answer_is_waited_for_as_long_as_it_comes() {
    in_every_way(async |way| {
        let slow = Behaviour::Slow {
            pause_ms: 400,
            answer: text(),
        };
        let reply = way.ask_with(Step::new(slow), watchful).await.unwrap();
        assert_eq!(reply.text, "alive", "{way:?}");
    })
    .await;
}

#[tokio::test]
async fn a_refusal_whose_body_never_ends_is_still_a_refusal() {
    in_every_way(async |way| {
        let endless = Behaviour::Stall {
            after: 1,
            answer: Box::new(Behaviour::Status {
                code: 503,
                retry_after: None,
                message: None,
            }),
        };
        let start = Instant::now();
        let failure = way
            .ask_with(Step::new(endless), impatient)
            .await
            .unwrap_err();
        assert_eq!(failure.class, FailureClass::Server, "{way:?} {failure}");
        assert!(!failure.maybe_billed);
        assert!(start.elapsed() < Duration::from_secs(5));
    })
    .await;
}

#[tokio::test]
async fn silence_after_the_head_of_a_whole_answer_is_only_bounded_by_the_total_timeout() {
    in_every_way(async |way| {
        let stall = Behaviour::Stall {
            after: 0,
            answer: text(),
        };
        let failure = way.ask_with(Step::new(stall), hurried).await.unwrap_err();
        let class = if way.stream {
            FailureClass::Stalled
        } else {
            FailureClass::Timeout
        };
        assert_eq!(failure.class, class, "{way:?} {failure}");
        assert!(failure.maybe_billed);
    })
    .await;
}
