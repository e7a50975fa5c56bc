//! Answers that break on the way or are broken in themselves, in both protocols, with and without a stream.

use std::time::Duration;

use modulatio_tools::fake_model::{FakeModel, Script};
use serde_json::{Value, json};

use crate::{
    client::{Ended, Protocol, call},
    everywhere, got, verdict,
};

const BOTH: [Protocol; 2] = [Protocol::OpenAi, Protocol::Anthropic];

/// The events, or the body, of the sound answer.
fn sound(protocol: Protocol, stream: bool) -> String {
    let server = FakeModel::start(Script::default()).unwrap();
    call(&server, protocol, &protocol.body(stream)).body
}

fn events(body: &str) -> usize {
    body.matches("data: ").count()
}

#[test]
fn a_cut_lets_so_many_pieces_through_and_breaks_the_connection() {
    for (protocol, stream) in everywhere() {
        let whole = sound(protocol, stream);
        for after in [0, 1, 3] {
            let cut = got(protocol, stream, &json!({"cut": {"after": after}}));
            assert_eq!((cut.status, cut.ended), (200, Ended::Broken));
            assert!(whole.starts_with(&cut.body), "{}", cut.body);
            if stream {
                assert_eq!(events(&cut.body), after);
            } else {
                assert_eq!(cut.body.len(), whole.len().div_ceil(4) * after);
            }
        }
    }
}

#[test]
fn a_cut_after_the_last_event_is_a_cut_all_the_same() {
    for protocol in BOTH {
        let cut = got(protocol, true, &json!({"cut": {"after": 99}}));
        assert_eq!(
            (cut.body.as_str(), cut.ended),
            (sound(protocol, true).as_str(), Ended::Broken)
        );
    }
}

#[test]
fn a_stall_lets_so_many_pieces_through_and_then_not_a_byte() {
    for (protocol, stream) in everywhere() {
        for after in [0, 2] {
            let stalled = got(protocol, stream, &json!({"stall": {"after": after}}));
            assert_eq!((stalled.status, stalled.ended), (200, Ended::Silent));
            assert!(sound(protocol, stream).starts_with(&stalled.body));
            assert_eq!(stalled.body.is_empty(), after == 0);
            if stream {
                assert_eq!(events(&stalled.body), after);
            }
        }
    }
}

#[test]
fn a_stall_before_the_head_and_a_hang_up_send_not_a_byte() {
    for (protocol, stream) in everywhere() {
        let stalled = got(protocol, stream, &json!("stall_before_head"));
        assert_eq!((stalled.status, stalled.ended), (0, Ended::Silent));
        let hung_up = got(protocol, stream, &json!("hang_up"));
        assert_eq!((hung_up.status, hung_up.ended), (0, Ended::Broken));
    }
}

#[test]
fn a_slow_answer_pauses_between_its_pieces_and_is_whole() {
    for (protocol, stream) in everywhere() {
        let slow = got(protocol, stream, &json!({"slow": {"pause_ms": 20}}));
        let pieces = if stream { events(&slow.body) } else { 4 };
        assert_eq!(
            (slow.body.as_str(), slow.ended),
            (sound(protocol, stream).as_str(), Ended::Whole)
        );
        let pauses = 20 * (pieces as u64 - 1);
        assert!(slow.took >= Duration::from_millis(pauses), "{slow:?}");
    }
}

#[test]
fn signs_of_life_come_before_the_answer() {
    for (protocol, stream) in everywhere() {
        let kept = got(
            protocol,
            stream,
            &json!({"keep_alive": {"every_ms": 20, "times": 3}}),
        );
        let sign = if stream { ": PROCESSING\n\n" } else { "\n" };
        assert_eq!(kept.body, sign.repeat(3) + &sound(protocol, stream));
        assert_eq!(kept.ended, Ended::Whole);
        assert!(kept.took >= Duration::from_millis(60), "{kept:?}");
    }
}

#[test]
fn fragments_end_anywhere_and_lose_nothing() {
    for (protocol, stream) in everywhere() {
        let torn = got(
            protocol,
            stream,
            &json!({"fragments": {"bytes": 7, "answer": {"text": "Grüße"}}}),
        );
        let whole = got(protocol, stream, &json!({"text": "Grüße"}));
        assert_eq!((torn.body, torn.ended), (whole.body, Ended::Whole));
    }
}

#[test]
fn a_truncated_answer_is_half_of_the_bytes() {
    for (protocol, stream) in everywhere() {
        let half = got(protocol, stream, &json!("truncated"));
        let whole = sound(protocol, stream);
        assert_eq!(
            (half.body.as_str(), half.ended),
            (&whole[..whole.len() / 2], Ended::Broken)
        );
    }
}

#[test]
fn truncated_json_comes_in_a_response_that_ends_cleanly() {
    for (protocol, stream) in everywhere() {
        let half = got(protocol, stream, &json!({"truncated_json": {}}));
        assert_eq!((half.status, half.ended), (200, Ended::Whole));
        let whole = sound(protocol, stream);
        assert!(whole.starts_with(&half.body) && half.body.len() < whole.len());
        let last = half.body.rsplit("data: ").next().unwrap();
        serde_json::from_str::<Value>(last).unwrap_err();
    }
}

#[test]
fn malformed_data_stands_among_sound_events_or_is_the_body() {
    for protocol in BOTH {
        let behaviour = json!({"malformed_data": {"after": 2}});
        let body = got(protocol, false, &behaviour).body;
        serde_json::from_str::<Value>(&body).unwrap_err();
        let streamed = got(protocol, true, &behaviour);
        let parsed: Vec<bool> = streamed
            .events()
            .iter()
            .map(|(_, data)| data == "[DONE]" || serde_json::from_str::<Value>(data).is_ok())
            .collect();
        assert_eq!(parsed.iter().position(|sound| !sound), Some(2));
        assert_eq!(parsed.iter().filter(|sound| !*sound).count(), 1);
        assert_eq!(parsed.len(), events(&sound(protocol, true)) + 1);
    }
}

#[test]
fn an_error_in_a_stream_is_its_last_event() {
    let behaviour = json!({"error_in_stream": {"after": 3, "message": "too busy"}});
    let openai = got(Protocol::OpenAi, true, &behaviour);
    let error = json!({"error": {"message": "too busy", "type": "server_error", "param": null, "code": 529}});
    assert_eq!((openai.status, openai.ended), (200, Ended::Whole));
    assert_eq!((openai.data().len(), &openai.data()[3]), (4, &error));
    let anthropic = got(Protocol::Anthropic, true, &behaviour);
    let error =
        json!({"type": "error", "error": {"type": "overloaded_error", "message": "too busy"}});
    assert_eq!((anthropic.data().len(), &anthropic.data()[3]), (4, &error));
    assert_eq!(anthropic.events()[3].0.as_deref(), Some("error"));
    for protocol in BOTH {
        let whole = got(protocol, false, &behaviour);
        assert_eq!(
            (whole.status, &whole.json()["error"]["message"]),
            (200, &json!("too busy"))
        );
    }
}

#[test]
fn a_stream_without_its_last_event_ends_cleanly() {
    for (protocol, last) in [
        (Protocol::OpenAi, "data: [DONE]\n\n"),
        (
            Protocol::Anthropic,
            "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
        ),
    ] {
        let open = got(protocol, true, &json!({"no_done": {}}));
        assert_eq!(open.ended, Ended::Whole);
        assert_eq!(open.body.clone() + last, sound(protocol, true));
    }
}

#[test]
fn json_may_come_although_a_stream_was_asked_for() {
    for protocol in BOTH {
        let whole = got(protocol, true, &json!({"unstreamed": {}}));
        assert_eq!(whole.headers["content-type"], "application/json");
        assert_eq!(whole.body, sound(protocol, false));
    }
}

#[test]
fn a_stop_for_length_leaves_half_of_the_arguments() {
    for (protocol, stream) in everywhere() {
        let short = got(protocol, stream, &json!("stop_for_length"));
        let word = match protocol {
            Protocol::OpenAi => "length",
            Protocol::Anthropic => "max_tokens",
        };
        assert_eq!(short.stop(protocol), word);
        let arguments = short.arguments(protocol);
        if (protocol, stream) == (Protocol::Anthropic, false) {
            assert_eq!(arguments, "{}", "half of an object cannot be shown here");
        } else {
            let whole = verdict().to_string();
            assert_eq!(arguments, whole[..whole.len() / 2]);
        }
    }
}

#[test]
fn a_refusal_and_a_filter_have_their_words() {
    for (protocol, stream) in everywhere() {
        let stop = |behaviour: &str| got(protocol, stream, &json!(behaviour)).stop(protocol);
        let expected = match protocol {
            Protocol::OpenAi => ["stop", "content_filter"],
            Protocol::Anthropic => ["refusal", "refusal"],
        };
        assert_eq!([stop("refusal"), stop("content_filter")], expected);
    }
    let words = got(Protocol::OpenAi, false, &json!("refusal")).json();
    let message = &words["choices"][0]["message"];
    assert!(message["content"].is_null() && message["refusal"].is_string());
    let streamed = got(Protocol::OpenAi, true, &json!("refusal")).data();
    assert!(streamed[1]["choices"][0]["delta"]["refusal"].is_string());
}

#[test]
fn answers_that_are_no_use_are_sound_responses() {
    for (protocol, stream) in everywhere() {
        let wrong = got(protocol, stream, &json!("wrong_schema")).arguments(protocol);
        assert_eq!(
            serde_json::from_str::<Value>(&wrong).unwrap(),
            json!({"unexpected": true})
        );
        let empty = got(protocol, stream, &json!("empty"));
        assert_eq!((empty.status, empty.ended), (200, Ended::Whole));
        assert!(!empty.body.contains("submit_verdict"), "{}", empty.body);
        let huge = got(protocol, stream, &json!({"huge": {"bytes": 3_000_000}}));
        assert_eq!(huge.ended, Ended::Whole);
        assert!(huge.body.matches('x').count() >= 3_000_000);
        assert!(!stream || events(&huge.body) > 40, "in many events");
    }
}

#[test]
fn a_body_and_an_event_stream_are_what_the_script_says() {
    for (protocol, stream) in everywhere() {
        let body = got(protocol, stream, &json!({"body": "][\n"}));
        assert_eq!((body.status, body.body.as_str()), (200, "][\n"));
        assert_eq!(body.headers["content-type"], "application/json");
        let empty = got(protocol, stream, &json!({"body": ""}));
        assert_eq!((empty.body.as_str(), empty.ended), ("", Ended::Whole));
        let raw = got(protocol, stream, &json!({"event_stream": "data:x\r\n\r\n"}));
        assert_eq!(
            (raw.body.as_str(), raw.ended),
            ("data:x\r\n\r\n", Ended::Whole)
        );
        assert!(raw.headers["content-type"].starts_with("text/event-stream"));
    }
}
