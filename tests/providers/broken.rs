//! Calls that break: before they are sent, after, and at every piece of the answer.

use std::{net::TcpListener, time::Duration};

use modulatio::models::{Failure, FailureClass, Reply};
use modulatio_tools::fake_model::{Behaviour, FakeModel, Script, Step};

use super::{WAYS, Way, impatient, in_every_way, request};

fn is_billed(failure: &Failure, class: FailureClass, way: Way) {
    assert_eq!(failure.class, class, "{way:?} {failure}");
    assert!(failure.maybe_billed, "{way:?} {failure}");
}

#[tokio::test]
async fn nothing_is_billed_where_nobody_listens() {
    for way in WAYS {
        let base = "http://127.0.0.1:1/v1?secret=hidden".to_owned();
        let provider = way.provider(way.service(base));
        let failure = provider.call(&request()).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::Connection, "{failure}");
        assert!(!failure.maybe_billed && !failure.message.contains("hidden"));
    }
}

#[tokio::test]
async fn nothing_is_billed_where_tls_cannot_be_set_up() {
    for way in WAYS {
        let server = FakeModel::start(Script::default()).unwrap();
        let base = server.base_url().replace("http:", "https:");
        let provider = way.provider(way.service(base));
        let failure = provider.call(&request()).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::Connection, "{failure}");
        assert!(!failure.maybe_billed, "{failure}");
    }
}

#[tokio::test]
async fn nothing_is_billed_where_a_handshake_is_never_answered() {
    for way in WAYS {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("https://{}/v1", silent.local_addr().unwrap());
        let mut service = way.service(base);
        impatient(&mut service);
        let failure = way.provider(service).call(&request()).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::Connection, "{failure}");
        assert!(!failure.maybe_billed, "{failure}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_request_may_be_billed() {
    for way in WAYS {
        for behaviour in [Behaviour::HangUp, Behaviour::Truncated] {
            is_billed(&way.fails(behaviour).await, FailureClass::Connection, way);
        }
    }
}

/// What is left of an answer that ends after so many of its pieces, and which its end is.
async fn walk(way: Way, end: impl Fn(usize) -> Behaviour) -> Vec<Result<Reply, Failure>> {
    let mut results = Vec::new();
    for after in 0..40 {
        let result = way.ask_with(Step::new(end(after)), impatient).await;
        let is_whole = result.is_ok();
        results.push(result);
        if is_whole {
            break;
        }
    }
    results
}

fn said() -> Box<Behaviour> {
    Box::new(Behaviour::Text("a text of some length, in pieces".into()))
}

#[tokio::test]
async fn a_cut_at_any_piece_leaves_the_whole_answer_or_a_failure_that_may_be_billed() {
    for way in WAYS {
        let cut = |after| Behaviour::Cut {
            after,
            answer: said(),
        };
        let whole = way.does(*said()).await.unwrap();
        let mut results = walk(way, cut).await;
        let last = results.pop().unwrap().unwrap();
        assert_eq!((&last.text, &last.stop), (&whole.text, &whole.stop));
        assert!(results.len() >= 3, "{way:?} {results:?}");
        for failure in results.into_iter().map(Result::unwrap_err) {
            is_billed(&failure, FailureClass::Connection, way);
        }
    }
}

#[tokio::test]
async fn a_stall_at_any_piece_leaves_the_whole_answer_or_a_failure_that_may_be_billed() {
    in_every_way(async |way| {
        if !way.stream {
            return;
        }
        let stall = |after| Behaviour::Stall {
            after,
            answer: said(),
        };
        let whole = way.does(*said()).await.unwrap();
        let mut results = walk(way, stall).await;
        assert_eq!(results.pop().unwrap().unwrap().text, whole.text);
        assert!(results.len() >= 3, "{way:?} {results:?}");
        for failure in results.into_iter().map(Result::unwrap_err) {
            is_billed(&failure, FailureClass::Stalled, way);
        }
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_ends_in_its_middle_may_be_billed() {
    for way in WAYS {
        let torn = Behaviour::TruncatedJson { answer: said() };
        let class = if way.stream {
            FailureClass::Connection
        } else {
            FailureClass::Malformed
        };
        is_billed(&way.fails(torn).await, class, way);
    }
}

#[tokio::test]
async fn data_that_is_no_json_may_be_billed() {
    for way in WAYS {
        let garbled = Behaviour::MalformedData {
            after: 2,
            answer: said(),
        };
        is_billed(&way.fails(garbled).await, FailureClass::Malformed, way);
        for body in ["", "{", "[]", "{}", "7"] {
            let failure = way.fails(Behaviour::Body(body.into())).await;
            is_billed(&failure, FailureClass::Malformed, way);
        }
    }
}

#[tokio::test]
async fn a_page_instead_of_an_answer_names_the_setting() {
    for way in WAYS {
        let failure = way.fails(Behaviour::Html { code: 200 }).await;
        is_billed(&failure, FailureClass::Malformed, way);
        assert!(failure.message.contains("base_url"), "{failure}");
        let gateway = way.fails(Behaviour::Html { code: 502 }).await;
        assert_eq!(gateway.class, FailureClass::Server);
        assert!(gateway.maybe_billed, "the provider behind it may go on");
    }
}

#[tokio::test]
async fn an_error_in_mid_stream_has_its_class_and_may_be_billed() {
    for way in WAYS {
        for (code, class) in [
            (529, FailureClass::Overloaded),
            (429, FailureClass::RateLimited),
            (500, FailureClass::Server),
            (400, FailureClass::Refused),
        ] {
            let error = Behaviour::ErrorInStream {
                after: 2,
                code,
                message: Some("the providers own words".into()),
                answer: said(),
            };
            let failure = way.fails(error).await;
            assert_eq!(failure.class, class, "{way:?} {failure}");
            assert_eq!(failure.maybe_billed, way.stream, "{way:?} {failure}");
            let words = "the providers own words";
            assert!(failure.message.ends_with(words), "{way:?} {failure}");
        }
    }
}

#[tokio::test]
async fn an_answer_above_the_cap_may_be_billed() {
    for way in WAYS {
        let failure = way.fails(Behaviour::Huge { bytes: 17 << 20 }).await;
        is_billed(&failure, FailureClass::Malformed, way);
        assert!(failure.message.contains("16 MiB"), "{failure}");
    }
}

#[tokio::test]
async fn a_call_is_sent_once_whatever_happens() {
    for way in WAYS {
        for behaviour in [
            Behaviour::HangUp,
            Behaviour::Truncated,
            Behaviour::Html { code: 503 },
        ] {
            let server = FakeModel::start(Script::of([Step::new(behaviour).times(0)])).unwrap();
            let provider = way.provider(way.service(server.base_url()));
            provider.call(&request()).await.unwrap_err();
            assert_eq!(server.requests().len(), 1, "{way:?}");
        }
    }
}

#[tokio::test]
async fn a_dropped_call_is_cut() {
    for way in WAYS {
        let slow = Step::new(Behaviour::Default).after(Duration::from_secs(2));
        let server = FakeModel::start(Script::of([slow])).unwrap();
        let provider = way.provider(way.service(server.base_url()));
        let request = request();
        let arrives = async {
            while server.requests().is_empty() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::select! {
            answer = provider.call(&request) => panic!("answered before it was cut: {answer:?}"),
            () = arrives => {}
        }
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        assert_eq!(server.sold().calls, 0, "{way:?}");
    }
}
