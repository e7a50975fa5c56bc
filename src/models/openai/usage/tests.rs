//! Rules of counts and costs.

use serde_json::json;

use super::*;
use crate::models::{About, Message, Purpose, ToolChoice};

fn used(counts: Value) -> Usage {
    let request = Request {
        call_id: String::new(),
        about: About {
            purpose: Purpose::Produce,
            sub_objective: 1,
            title: String::new(),
            files: Vec::new(),
            task: None,
            attempt: 1,
            last: false,
        },
        system: String::new(),
        messages: vec![Message::User("x".repeat(40))],
        tools: Vec::new(),
        choice: ToolChoice::Text,
        max_output_tokens: 7,
    };
    usage(&counts, &request, 8)
}

#[test]
fn a_count_that_is_nonsense_is_estimated_and_the_whole_marked() {
    for odd in [json!(-1), json!("90"), json!(2_000_000_000_u64), json!(1.5)] {
        let usage = used(json!({"prompt_tokens": odd, "completion_tokens": 5}));
        assert_eq!((usage.input_tokens, usage.output_tokens), (10, 5), "{odd}");
        assert!(usage.estimated);
        let usage = used(json!({"prompt_tokens": 5, "completion_tokens": odd}));
        assert_eq!((usage.input_tokens, usage.output_tokens), (5, 2), "{odd}");
        assert!(usage.estimated);
        let details = json!({"cached_tokens": odd});
        let usage = used(
            json!({"prompt_tokens": 5, "completion_tokens": 5, "prompt_tokens_details": details}),
        );
        assert!(usage.cached_input_tokens == 0 && usage.estimated, "{odd}");
    }
    let usage = used(json!({"prompt_tokens": 90.0, "completion_tokens": 5.0}));
    assert_eq!((usage.input_tokens, usage.output_tokens), (90, 5));
    assert!(!usage.estimated);
}

#[test]
fn cached_tokens_are_found_under_every_name_and_never_exceed_what_was_read() {
    for place in [
        json!({"prompt_tokens_details": {"cached_tokens": 30}}),
        json!({"prompt_cache_hit_tokens": 30}),
        json!({"cached_tokens": 30}),
        json!({"prompt_tokens_details": {"cached_tokens": null}, "prompt_cache_hit_tokens": 30}),
    ] {
        let mut counts = place.clone();
        counts["prompt_tokens"] = 40.into();
        counts["completion_tokens"] = 1.into();
        assert_eq!(used(counts.clone()).cached_input_tokens, 30, "{place}");
        counts["prompt_tokens"] = 20.into();
        assert_eq!(used(counts).cached_input_tokens, 20, "{place}");
    }
}

#[test]
fn reasoning_belongs_to_what_was_written_even_where_the_server_counts_it_apart() {
    let counts = |completion: u64, reasoning: u64, total: Option<u64>| {
        let details = json!({"reasoning_tokens": reasoning});
        let usage = used(json!({"prompt_tokens": 10, "completion_tokens": completion,
            "completion_tokens_details": details, "total_tokens": total}));
        (usage.output_tokens, usage.reasoning_tokens)
    };
    assert_eq!(counts(50, 30, Some(60)), (50, 30));
    assert_eq!(counts(50, 30, None), (50, 30));
    assert_eq!(counts(50, 30, Some(90)), (80, 30));
    assert_eq!(counts(5, 30, None), (35, 30));
    let hidden = used(json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 40}));
    assert_eq!((hidden.output_tokens, hidden.reasoning_tokens), (30, 25));
}

#[test]
fn a_cost_is_rounded_up_to_the_millionth_and_nonsense_is_none() {
    for (said, expected) in [
        (json!(0.0001), Some(100)),
        (json!("0.0001"), Some(100)),
        (json!(0), Some(0)),
        (json!(0.000_000_1), Some(1)),
        (json!(1e-18), Some(1)),
        (json!(0.001_234_5), Some(1235)),
        (json!(1.1), Some(1_100_000)),
        (json!(-0.1), None),
        (json!("NaN"), None),
        (json!("inf"), None),
        (json!(1e6), None),
        (json!("free"), None),
        (json!(null), None),
        (json!({"total_cost": 1}), None),
    ] {
        assert_eq!(cost(&json!({"cost": said})), expected, "{said}");
    }
}

#[test]
fn with_ones_own_key_the_providers_price_comes_on_top_of_the_routers_fee() {
    let counts = |byok: bool| json!({"cost": 0.001, "is_byok": byok, "cost_details": {"upstream_inference_cost": 0.02}});
    assert_eq!(cost(&counts(true)), Some(21_000));
    assert_eq!(cost(&counts(false)), Some(1000));
    assert_eq!(cost(&json!({"cost": 0.001, "is_byok": true})), None);
}
