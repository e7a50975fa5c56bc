//! Refusals: every status, in both protocols, whether a stream was asked for or not.

use std::{collections::BTreeMap, time::Duration};

use modulatio::models::FailureClass;
use modulatio_tools::fake_model::Behaviour;

use super::WAYS;

fn status(code: u16, message: &str) -> Behaviour {
    Behaviour::Status {
        code,
        retry_after: None,
        message: Some(message.into()),
    }
}

#[tokio::test]
async fn each_status_has_its_class_and_only_a_gateways_leaves_a_doubt() {
    let classes = [
        (401, FailureClass::Authentication),
        (403, FailureClass::Authentication),
        (408, FailureClass::Server),
        (429, FailureClass::RateLimited),
        (500, FailureClass::Server),
        (503, FailureClass::Server),
        (504, FailureClass::Server),
        (529, FailureClass::Overloaded),
        (302, FailureClass::Refused),
        (400, FailureClass::Refused),
        (404, FailureClass::Refused),
        (413, FailureClass::Refused),
    ];
    for way in WAYS {
        for (code, class) in classes {
            let failure = way.fails(status(code, "the providers own words")).await;
            assert_eq!(failure.class, class, "{way:?} {failure}");
            assert_eq!(
                failure.maybe_billed,
                [408, 504].contains(&code),
                "{failure}"
            );
            assert!(failure.message.contains(&code.to_string()), "{failure}");
            let words = "the providers own words";
            assert!(failure.message.ends_with(words), "{failure}");
        }
    }
}

#[tokio::test]
async fn a_prompt_that_does_not_fit_is_told_apart_from_other_refusals() {
    for way in WAYS {
        let failure = way.fails(Behaviour::ContextTooLong).await;
        assert_eq!(failure.class, FailureClass::ContextTooLong, "{way:?}");
        assert!(!failure.maybe_billed);
    }
}

#[tokio::test]
async fn a_refusal_carries_the_wait_that_it_asks_for() {
    for way in WAYS {
        let headers = BTreeMap::from([("retry-after-ms".to_owned(), "1500".to_owned())]);
        let refused = Behaviour::Refuse {
            code: 429,
            headers,
            kind: None,
            message: None,
        };
        let wait = way.fails(refused).await.retry_after;
        assert_eq!(wait, Some(Duration::from_millis(1500)), "{way:?}");
    }
}

#[tokio::test]
async fn a_refused_key_is_named_by_its_variable() {
    for way in WAYS {
        for code in [401, 403] {
            let failure = way.fails(status(code, "invalid key")).await;
            let named = "the key in THE_KEY was refused: invalid key";
            assert!(failure.message.contains(named), "{way:?} {failure}");
        }
    }
}
