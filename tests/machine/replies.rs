//! Reading what models answer: any text gives a value or a named fault.

use modulatio::prompts::reply::{self, ReplyFault};
use projections::work::TaskSpec;
use proptest::prelude::*;

use crate::script;

fn tasks(text: &str) -> Result<Vec<TaskSpec>, ReplyFault> {
    reply::tasks(1, text, 6, &[])
}

/// The text of the one file that is handed in.
fn content(text: &str) -> Result<String, ReplyFault> {
    let paths = ["a.md".to_owned()];
    let produced = reply::artifact(text)?;
    let files = produced.files(&paths);
    Ok(files[0].1.to_owned())
}

fn variants(json: &str) -> Vec<String> {
    vec![
        json.to_owned(),
        format!("\n  {json}\n\n"),
        format!("```json\n{json}\n```"),
        format!("```\n{json}\n```"),
        format!("Here:\n\n```JSON\n{json}\n```\n\nDone."),
        format!("```json\r\n{json}\r\n```\r\n"),
        format!("````json\n{json}\n````"),
        format!("First a sketch:\n```rust\nfn main() {{}}\n```\nthen:\n```json\n{json}\n```"),
        format!("```json\n[1]\n```\n```json\n{json}\n```"),
    ]
}

#[test]
fn every_fenced_form_reads_like_the_bare_one() {
    let json = script::tasks(1, 3);
    for text in variants(&json) {
        assert_eq!(tasks(&text), tasks(&json), "{text}");
    }
}

#[test]
fn content_with_fences_of_its_own_survives() {
    let text_of_doc = "# Doc\n\n```json\n{\"a\": 1}\n```\n\n````\nx\n````\n";
    let json = serde_json::json!({"content": text_of_doc, "summary": "s"}).to_string();
    for text in variants(&json) {
        assert_eq!(content(&text).unwrap(), text_of_doc, "{text}");
    }
}

#[test]
fn an_answer_of_the_wrong_kind_is_not_taken_for_the_right_one() {
    let all = [
        script::tasks(1, 1),
        script::verdict(true, "mechanical"),
        script::reflect("continue"),
        r#"{"content":"x"}"#.to_owned(),
    ];
    for (at, text) in all.iter().enumerate() {
        let read = [
            tasks(text).is_ok(),
            reply::verdict(text).is_ok(),
            reply::reflection(text, true).is_ok(),
            reply::artifact(text).is_ok(),
        ];
        let expected: Vec<bool> = (0..4).map(|n| n == at).collect();
        assert_eq!(read.to_vec(), expected, "{text}");
    }
}

#[test]
fn a_team_state_is_cut_to_its_bound_and_not_in_a_character() {
    let long = serde_json::json!({"outcome": "continue", "team_state": "\u{1F600}".repeat(20_000)})
        .to_string();
    assert_eq!(
        reply::reflection(&long, false)
            .unwrap()
            .team_state
            .unwrap()
            .chars()
            .count(),
        16_000
    );
}

#[test]
fn an_unsafe_artifact_path_is_refused() {
    for path in [
        "",
        ".",
        "..",
        "../x",
        "/etc/passwd",
        "a/../../b",
        "a//b",
        ".git/config",
        "C:x",
        "a\\b",
        "-rf",
        "a\u{0}b",
        "a\nb",
        "~/x",
    ] {
        let text = serde_json::json!({"tasks": [{"title": "t", "artifact": path}]}).to_string();
        assert!(tasks(&text).is_err(), "{path:?}");
    }
}

fn read_all(text: &str) {
    let _ = (
        tasks(text),
        reply::artifact(text),
        reply::verdict(text),
        reply::reflection(text, true),
        reply::drafted(text),
        reply::decomposed(text),
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        read_all(&text);
    }

    #[test]
    fn no_mixture_of_fences_and_json_makes_the_reader_panic(parts in proptest::collection::vec(prop_oneof![
        Just("```"), Just("```json\n"), Just("\n"), Just("{"), Just("}"), Just("\"tasks\":"), Just("[["), Just("é"), Just("\u{1F600}"), Just("\\"), Just("null"), Just("\"content\":\"x\""),
    ], 0..40)) {
        read_all(&parts.concat());
    }

    #[test]
    fn any_content_comes_through_whole(text in any::<String>(), form in 0usize..9) {
        let json = serde_json::json!({"content": text}).to_string();
        let read = content(&variants(&json)[form]);
        if text.trim().is_empty() {
            prop_assert!(read.is_err());
        } else {
            prop_assert_eq!(read.unwrap(), text);
        }
    }
}
