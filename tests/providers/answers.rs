//! Answers come to the same, whichever way they come.

use modulatio::models::{Reply, Stop, ToolChoice, Usage};
use modulatio_tools::fake_model::{
    Behaviour, FakeModel, Script, Step, Tokens, ToolCall, UsageSays,
};
use serde_json::{Value, json};

use super::{Protocol, WAYS, request};

fn called(name: &str, arguments: Value) -> ToolCall {
    ToolCall {
        name: name.into(),
        arguments,
    }
}

/// Everything that can be said.
fn answers() -> Vec<Behaviour> {
    let two = vec![
        called("read_file", json!({"path": "ä€😀.md"})),
        called("submit_tasks", json!({"tasks": []})),
    ];
    vec![
        Behaviour::Default,
        Behaviour::Text("Größe: 3 €\n\n\"data: [DONE]\" 😀".into()),
        Behaviour::Arguments(json!({})),
        Behaviour::ToolCalls(two.clone()),
        Behaviour::TextAndToolCalls {
            text: "First I read.".into(),
            tool_calls: two,
        },
        Behaviour::Empty,
        Behaviour::StopForLength,
        Behaviour::Refusal,
        Behaviour::ContentFilter,
        Behaviour::WrongSchema,
        Behaviour::Huge { bytes: 1 << 20 },
    ]
}

/// A reply whose arguments are spelt as JSON is without need: a whole answer of Anthropic's holds JSON, not its text.
fn plain(mut reply: Reply) -> Reply {
    for call in &mut reply.calls {
        if let Ok(json) = serde_json::from_str::<Value>(&call.arguments) {
            call.arguments = json.to_string();
        }
    }
    reply
}

#[tokio::test]
async fn a_streamed_answer_is_the_whole_answer() {
    for pair in WAYS.chunks(2) {
        for answer in answers() {
            // Arguments that break off are no JSON, which a whole answer of Anthropic's could not hold.
            let is_torn = matches!(answer, Behaviour::StopForLength);
            if is_torn && pair[0].protocol == Protocol::Anthropic {
                continue;
            }
            let streamed = pair[0].does(answer.clone()).await.unwrap();
            let whole = pair[1].does(answer.clone()).await.unwrap();
            assert_eq!(plain(streamed), plain(whole), "{pair:?} {answer:?}");
        }
    }
}

#[tokio::test]
async fn chunks_may_end_anywhere() {
    for way in WAYS {
        for answer in answers().into_iter().take(9) {
            let expected = way.does(answer.clone()).await.unwrap();
            for bytes in [1, 7] {
                let fragments = Behaviour::Fragments {
                    bytes,
                    answer: Box::new(answer.clone()),
                };
                let reply = way.does(fragments).await.unwrap();
                assert_eq!(reply, expected, "{way:?} {answer:?}");
            }
        }
    }
}

#[tokio::test]
async fn calls_keep_their_order_their_names_and_their_own_arguments() {
    for way in WAYS {
        let calls = vec![
            called("read_file", json!({"path": "a"})),
            called("read_file", json!({"path": "b"})),
            called("submit_tasks", json!({"tasks": [1, {"x": "}{"}]})),
        ];
        let reply = way.does(Behaviour::ToolCalls(calls.clone())).await.unwrap();
        assert_eq!(reply.calls.len(), 3, "{way:?}");
        for (call, expected) in reply.calls.iter().zip(&calls) {
            assert_eq!(call.name, expected.name, "{way:?}");
            let arguments: Value = serde_json::from_str(&call.arguments).unwrap();
            assert_eq!(arguments, expected.arguments, "{way:?}");
            assert!(!call.id.is_empty(), "{way:?}");
        }
        assert_eq!(reply.stop, Stop::Done, "{way:?}");
    }
}

#[tokio::test]
async fn every_reason_to_stop_is_told() {
    for way in WAYS {
        let stop = async |answer| way.does(answer).await.unwrap().stop;
        assert_eq!(stop(Behaviour::Default).await, Stop::Done, "{way:?}");
        let length = stop(Behaviour::StopForLength).await;
        assert_eq!(length, Stop::Length, "{way:?}");
        let refusal = stop(Behaviour::Refusal).await;
        assert_eq!(refusal, Stop::Refused, "{way:?}");
        let filter = stop(Behaviour::ContentFilter).await;
        assert_eq!(filter, Stop::Refused, "{way:?}");
    }
}

#[tokio::test]
async fn an_empty_answer_is_a_reply_because_it_is_paid() {
    for way in WAYS {
        let reply = way.does(Behaviour::Empty).await.unwrap();
        assert!(reply.text.is_empty() && reply.calls.is_empty(), "{way:?}");
        assert!(reply.usage.input_tokens > 0, "{way:?}");
    }
}

#[tokio::test]
async fn usage_is_what_the_provider_says() {
    for way in WAYS {
        let tokens = Tokens {
            input_tokens: 1000,
            output_tokens: 300,
            cached_input_tokens: 600,
            cache_write_tokens: 100,
            reasoning_tokens: 200,
            cost_usd: Some(0.001_234_5),
        };
        let step = Step::new(Behaviour::Default).usage(UsageSays::Detailed(tokens));
        let reply = way.ask(step).await.unwrap();
        let is_openai = way.protocol == Protocol::OpenAi;
        let usage = Usage {
            input_tokens: 1000,
            output_tokens: 300,
            cached_input_tokens: 600,
            cache_write_tokens: if is_openai { 0 } else { 100 },
            reasoning_tokens: if is_openai { 200 } else { 0 },
            estimated: false,
        };
        assert_eq!(reply.usage, usage, "{way:?}");
        assert_eq!(reply.cost_micro_usd, is_openai.then_some(1235), "{way:?}");
        assert_eq!(reply.served_by.as_deref(), Some("fake-1"), "{way:?}");
    }
}

#[tokio::test]
async fn usage_that_is_missing_or_nonsense_is_estimated() {
    for way in WAYS {
        let names = match way.protocol {
            Protocol::OpenAi => ["prompt_tokens", "completion_tokens"],
            Protocol::Anthropic => ["input_tokens", "output_tokens"],
        };
        let odd = |input: Value, output: Value| {
            UsageSays::Raw(json!({names[0]: input, names[1]: output}))
        };
        for says in [
            UsageSays::Missing,
            odd(json!(-1), json!(-1)),
            odd(json!("7"), json!("7")),
            odd(json!(u64::MAX), json!(1e300)),
        ] {
            let step = Step::new(Behaviour::Text("four".into())).usage(says.clone());
            let usage = way.ask(step).await.unwrap().usage;
            assert!(usage.estimated, "{way:?} {says:?}");
            assert_eq!(usage.output_tokens, 1, "{way:?} {says:?}");
            let expected = (request().prompt_bytes() as u64).div_ceil(4);
            assert_eq!(usage.input_tokens, expected, "{way:?} {says:?}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_comes_whole_although_a_stream_was_asked_for_is_read() {
    for way in WAYS.into_iter().filter(|way| way.stream) {
        let unstreamed = Behaviour::Unstreamed {
            answer: Box::new(Behaviour::Text("whole".into())),
        };
        assert_eq!(way.does(unstreamed).await.unwrap().text, "whole", "{way:?}");
    }
}

#[tokio::test]
async fn a_stream_without_its_last_word_is_whole_if_the_model_had_stopped() {
    for way in WAYS.into_iter().filter(|way| way.stream) {
        let undone = Behaviour::NoDone {
            answer: Box::new(Behaviour::Text("whole".into())),
        };
        let reply = way.does(undone).await.unwrap();
        assert_eq!((reply.text.as_str(), reply.stop), ("whole", Stop::Done));
    }
}

#[tokio::test]
async fn the_default_answers_serve_every_step_of_a_plan() {
    for way in WAYS {
        let server = FakeModel::start(Script::default()).unwrap();
        let provider = way.provider(way.service(server.base_url()));
        for name in ["submit_tasks", "submit_artifact", "submit_verdict"] {
            let mut request = request();
            request.tools[0].name = name;
            for choice in [ToolChoice::Forced(name), ToolChoice::Any] {
                request.choice = choice;
                let reply = provider.call(&request).await.unwrap();
                assert_eq!(reply.calls[0].name, name, "{way:?}");
            }
        }
        assert_eq!(server.sold().calls, 6);
        assert!(server.sold().sales.iter().all(|sale| sale.delivered));
        let sent = &server.requests()[0];
        assert_eq!(sent.body["stream"], way.stream);
        assert_eq!(sent.headers["idempotency-key"], "ESS-P-001-c7");
    }
}

#[tokio::test]
async fn further_headers_are_sent_with_every_request() {
    for way in WAYS {
        let server = FakeModel::start(Script::default()).unwrap();
        let mut service = way.service(server.base_url());
        service.headers.insert("X-Title".into(), "modulatio".into());
        way.provider(service).call(&request()).await.unwrap();
        let sent = server.requests().remove(0);
        assert_eq!(sent.headers["x-title"], "modulatio");
    }
}
