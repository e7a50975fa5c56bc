//! The ledger: what is sold, when it is booked, and what arrived.

use std::{
    io::Read,
    net::{Shutdown, TcpStream},
    time::{Duration, Instant},
};

use modulatio_tools::fake_model::{
    Behaviour, FakeModel, Sale, Script, Sold, Step, Tokens, UsageSays,
};
use serde_json::{Value, json};

use crate::{
    ask,
    client::{Protocol, call, call_with, get, send},
    everywhere, serving,
};

/// What a server sold that does this with one request: the sales as (delivered) flags.
fn sold(protocol: Protocol, stream: bool, behaviour: &Value) -> Vec<bool> {
    let server = serving(behaviour);
    ask(&server, protocol, stream, behaviour);
    let sold = server.sold();
    assert_eq!(sold.calls, sold.sales.len() as u64);
    sold.sales.iter().map(|sale| sale.delivered).collect()
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(10), "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_sound_answer_is_sold_and_delivered() {
    for (protocol, stream) in everywhere() {
        for behaviour in [
            json!("default"),
            json!({"text": ""}),
            json!("empty"),
            json!("stop_for_length"),
            json!("malformed_arguments"),
            json!({"body": ""}),
            json!({"huge": {"bytes": 1_000_000}}),
            json!({"no_done": {}}),
            json!({"unstreamed": {}}),
            json!({"fragments": {"bytes": 9}}),
            json!({"keep_alive": {"every_ms": 1, "times": 2}}),
        ] {
            let found = sold(protocol, stream, &behaviour);
            assert_eq!(found, [true], "{behaviour} {protocol:?} {stream}");
        }
    }
}

#[test]
fn a_broken_answer_is_sold_and_not_delivered() {
    for (protocol, stream) in everywhere() {
        for behaviour in [
            json!("truncated"),
            json!({"cut": {"after": 0}}),
            json!({"cut": {"after": 99}}),
            json!({"stall": {"after": 0}}),
            json!({"stall": {"after": 2}}),
            json!({"truncated_json": {}}),
            json!({"malformed_data": {"after": 1}}),
        ] {
            let found = sold(protocol, stream, &behaviour);
            assert_eq!(found, [false], "{behaviour} {protocol:?} {stream}");
        }
        let error = json!({"error_in_stream": {"after": 1}});
        let expected: &[bool] = if stream { &[false] } else { &[] };
        assert_eq!(sold(protocol, stream, &error), expected);
    }
}

#[test]
fn what_is_no_answer_is_not_sold() {
    for (protocol, stream) in everywhere() {
        for behaviour in [
            json!("hang_up"),
            json!("stall_before_head"),
            json!("context_too_long"),
            json!({"status": {"code": 429}}),
            json!({"slow": {"pause_ms": 1, "answer": {"status": {"code": 500}}}}),
            json!({"refuse": {"code": 529}}),
            json!({"html": {"code": 200}}),
            json!({"error_in_stream": {"after": 0}}),
        ] {
            let found = sold(protocol, stream, &behaviour);
            assert_eq!(found, [false; 0], "{behaviour} {protocol:?} {stream}");
        }
    }
}

#[test]
fn a_client_that_leaves_before_the_first_byte_has_bought_nothing() {
    let slow = Step::new(Behaviour::Default).after(Duration::from_millis(500));
    let server = FakeModel::start(Script::of([slow])).unwrap();
    leave(send(
        &server,
        Protocol::OpenAi,
        &Protocol::OpenAi.body(true),
    ));
    std::thread::sleep(Duration::from_millis(900));
    assert_eq!(server.sold(), Sold::default());
}

#[test]
fn a_client_that_leaves_among_signs_of_life_has_bought_nothing() {
    for (protocol, stream) in everywhere() {
        let server = serving(&json!({"keep_alive": {"every_ms": 100, "times": 5}}));
        let mut connection = send(&server, protocol, &protocol.body(stream));
        connection.read_exact(&mut [0; 16]).unwrap();
        leave(connection);
        std::thread::sleep(Duration::from_millis(900));
        assert_eq!(server.sold(), Sold::default());
    }
}

#[test]
fn signs_of_life_without_an_end_are_never_sold() {
    let server = serving(&json!({"keep_alive": {"every_ms": 1, "times": 0}}));
    let mut connection = send(&server, Protocol::OpenAi, &Protocol::OpenAi.body(true));
    let mut bytes = [0; 4096];
    connection.read_exact(&mut bytes).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.matches(": PROCESSING\n\n").count() > 100, "{text}");
    assert!(!text.contains("data: "), "{text}");
    assert_eq!(server.sold(), Sold::default());
}

#[test]
fn a_client_that_leaves_in_mid_stream_has_bought_it_undelivered() {
    for (protocol, stream) in everywhere() {
        let server = serving(&json!({"slow": {"pause_ms": 200}}));
        let mut connection = send(&server, protocol, &protocol.body(stream));
        connection.read_exact(&mut [0; 16]).unwrap();
        leave(connection);
        wait_until("it is booked", || server.sold().calls == 1);
        std::thread::sleep(Duration::from_millis(900));
        assert!(!server.sold().sales[0].delivered);
    }
}

#[test]
fn a_sale_is_booked_with_the_first_byte_and_delivered_with_the_last() {
    let server = serving(&json!({"slow": {"pause_ms": 100}}));
    let mut connection = send(&server, Protocol::OpenAi, &Protocol::OpenAi.body(true));
    connection.read_exact(&mut [0; 1]).unwrap();
    let sold = server.sold();
    assert_eq!((sold.calls, sold.sales[0].delivered), (1, false));
    connection.read_to_end(&mut Vec::new()).unwrap();
    assert!(server.sold().sales[0].delivered);
}

#[test]
fn each_sale_is_listed_with_its_key_and_its_tokens() {
    let tokens = Tokens {
        input_tokens: 120,
        output_tokens: 30,
        cached_input_tokens: 100,
        cache_write_tokens: 7,
        ..Tokens::default()
    };
    for (protocol, stream) in everywhere() {
        let script = Script::default().with_usage(UsageSays::Detailed(tokens));
        let server = FakeModel::start(script).unwrap();
        let body = protocol.body(stream);
        call(&server, protocol, &body);
        let version = [("anthropic-version", "2023-06-01")];
        call_with(&server, protocol, &version, &body.to_string());
        let sale = |key: Option<&str>| Sale {
            key: key.map(str::to_owned),
            input_tokens: 120,
            output_tokens: 30,
            cached_input_tokens: 100,
            cache_write_tokens: 7,
            delivered: true,
        };
        let expected = Sold {
            calls: 2,
            input_tokens: 240,
            output_tokens: 60,
            by_key: [("k-1".to_owned(), 1)].into(),
            sales: vec![sale(Some("k-1")), sale(None)],
        };
        assert_eq!(server.sold(), expected);
        let over_http = get(&server, "/sold").json();
        assert_eq!(over_http["sales"][1]["key"], Value::Null);
        assert_eq!(serde_json::from_value::<Sold>(over_http).unwrap(), expected);
    }
}

/// Closes a connection as a client does that is dropped.
fn leave(connection: TcpStream) {
    connection.shutdown(Shutdown::Both).unwrap();
}
