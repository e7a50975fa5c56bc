use proptest::prelude::*;

use super::*;

#[test]
fn strings_are_quoted_when_and_only_when_a_reader_would_misread_them() {
    for (text, expected) in [
        ("plain words", "plain words"),
        ("please plan 3 essays", "please plan 3 essays"),
        ("goals=1; tasks=1; drafts=1", "goals=1; tasks=1; drafts=1"),
        ("http://a/b#c", "http://a/b#c"),
        ("it's", "it's"),
        ("-5 degrees", "-5 degrees"),
        ("2d", "2d"),
        ("1.2.3", "1.2.3"),
        ("20261123T203404Z-8efb1e", "20261123T203404Z-8efb1e"),
        ("ESS-P-001", "ESS-P-001"),
        ("a, b [c]", "a, b [c]"),
        ("überraschend — ja", "überraschend — ja"),
        ("", "''"),
        ("no", "'no'"),
        ("Yes", "'Yes'"),
        ("OFF", "'OFF'"),
        ("y", "'y'"),
        ("~", "'~'"),
        ("Null", "'Null'"),
        ("<<", "'<<'"),
        ("12", "'12'"),
        ("-1.5", "'-1.5'"),
        ("1_000", "'1_000'"),
        ("014", "'014'"),
        ("0x1F", "'0x1F'"),
        ("1:30", "'1:30'"),
        ("1e3", "'1e3'"),
        (".5", "'.5'"),
        ("-.inf", "'-.inf'"),
        ("2026-11-23", "'2026-11-23'"),
        (
            "2026-11-23T20:34:03.943813+00:00",
            "'2026-11-23T20:34:03.943813+00:00'",
        ),
        ("2026-11-23 20:34:03 Z", "'2026-11-23 20:34:03 Z'"),
        ("after 1: continue", "'after 1: continue'"),
        ("ends:", "'ends:'"),
        ("a #b", "'a #b'"),
        ("#a", "'#a'"),
        ("- a", "'- a'"),
        ("-", "'-'"),
        ("---", "'---'"),
        ("? a", "'? a'"),
        ("'a'", "'''a'''"),
        ("\"a\"", "'\"a\"'"),
        ("@a", "'@a'"),
        ("`a`", "'`a`'"),
        ("%a", "'%a'"),
        ("*a", "'*a'"),
        ("&a", "'&a'"),
        ("!a", "'!a'"),
        ("[a]", "'[a]'"),
        (" a", "' a'"),
        ("a ", "'a '"),
        ("two\nlines", "\"two\\nlines\""),
        ("tab\there", "\"tab\\there\""),
        ("bell\u{7}\\", "\"bell\\x07\\\\\""),
        ("\u{feff}\u{2028}\u{85}", "\"\\uFEFF\\u2028\\x85\""),
    ] {
        assert_eq!(scalar(text), expected, "of {text:?}");
        let entry = parse_value(&format!("key: {}\n", scalar(text))).unwrap();
        assert_eq!(entry["key"], Value::from(text));
    }
}

#[test]
fn a_fault_names_its_place() {
    for (text, expected) in [
        (
            "a: 1\nb: 2\na: 3\n",
            "line 3, column 1: the key \"a\" stands here twice",
        ),
        (
            "m:\n  x: 1\n  'x': 2\n",
            "line 3, column 3: m: the key \"x\" stands here twice",
        ),
        (
            "a: [1, 2",
            "line 2, column 1: did not find expected ',' or ']', while parsing a flow sequence at line 1 column 4",
        ),
        (
            "a: b: c",
            "line 1, column 5: mapping values are not allowed in this context",
        ),
        (
            "a: !x 5",
            "line 1, column 4: a: tags such as !name are not read",
        ),
        ("a: *x", "line 1, column 4: unknown anchor"),
        (
            "--- a\n--- b\n",
            "deserializing from YAML containing more than one document is not supported",
        ),
    ] {
        assert_eq!(parse_value(text).unwrap_err().to_string(), expected);
    }
}

#[test]
fn a_number_of_more_than_64_bits_is_kept_as_its_digits() {
    for digits in [
        "18446744073709551616",
        "-9223372036854775809",
        "20261128162105123456789",
    ] {
        let value = parse_value(&format!("n: {digits}")).unwrap();
        assert_eq!(value["n"], Value::from(digits));
    }
}

#[test]
fn an_empty_text_is_null_and_order_is_kept() {
    assert_eq!(parse_value("").unwrap(), Value::Null);
    assert_eq!(parse_value("# only a comment\n").unwrap(), Value::Null);
    let value = parse_value("\u{feff}z: 1\na: 2\n").unwrap();
    let keys: Vec<&str> = value
        .as_mapping()
        .unwrap()
        .keys()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(keys, ["z", "a"]);
}

#[test]
fn typed_reading_keeps_line_and_bounds() {
    let caps: std::collections::BTreeMap<String, u32> = parse("a: 1\nb: 2\n").unwrap();
    assert_eq!(caps["b"], 2);
    let error = parse::<std::collections::BTreeMap<String, u32>>("a: 1\nb: x\n").unwrap_err();
    assert_eq!((error.line, error.column), (2, 4));
    let error = from_value::<u32>(Value::from("x")).unwrap_err();
    assert_eq!((error.line, error.column), (0, 0));
}

#[test]
fn laughs_by_the_billion_are_refused() {
    let mut text = String::from("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for level in 1..=9 {
        let below = vec![format!("*a{}", level - 1); 8].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{below}]\n"));
    }
    assert!(parse_value(&text).is_err());
    let long = format!(
        "a: &a {}\nb: [{}]\n",
        "x".repeat(500_000),
        "*a, ".repeat(90_000)
    );
    assert_eq!(
        parse_value(&long).unwrap_err().message,
        "b[7]: the text expands to more than is read (aliases within aliases)"
    );
    assert_eq!(
        parse_value("a: &a 1\nb: *a\n").unwrap()["b"],
        Value::from(1)
    );
}

#[test]
fn nesting_and_size_are_bounded_before_they_cost_time() {
    for text in [
        "[".repeat(100_000),
        "{a: ".repeat(100_000),
        "&a [".repeat(100_000),
    ] {
        let error = parse_value(&text).unwrap_err();
        assert_eq!(error.message, "more than 4096 collections in brackets");
    }
    assert!(parse_value(&"- ".repeat(100_000)).is_err());
    for text in [
        "- ".repeat(100_001),
        "? ".repeat(100_001),
        "-\n".repeat(100_001),
        "?\n".repeat(100_001),
        "a:\n".repeat(100_001),
        format!("[{}]", "a,".repeat(100_001)),
        format!("{{{}}}", "\"a\":1,".repeat(50_001)),
    ] {
        let error = parse_value(&text).unwrap_err();
        assert_eq!(
            error.message,
            "more than 100000 entries of lists and mappings"
        );
    }
    let times = format!("- {}\n", "20:15:00-17-b? ".repeat(20_000));
    assert!(parse_value(&times.replace("? ", "?x ")).is_ok());
    let error = parse_value(&"x".repeat(MAX_BYTES + 1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the text has 1048577 bytes, more than the 1048576 that are read"
    );
    let sentence = format!("a: {}\n", "see [1] and {2} ".repeat(10_000));
    assert!(parse_value(&sentence).is_ok());
}

#[test]
fn documents_are_written_as_the_python_program_writes_them() {
    let text = "\
id: ESS-PLAN-002
created_at: '2026-11-23T20:34:03.919794+00:00'
attachments: []
note: null
reflection_log:
- after_index: 1
  outcome: continue
  rationale: 'after 1: continue'
  revise_major:
    summary: change it
- - nested
  - 2
cost_usd_used: 0.0
large: 1.0e+20
done: true
empty: {}
3: number
";
    assert_eq!(emit(&parse_value(text).unwrap()), text);
}

#[test]
fn keys_of_every_kind_survive() {
    let text = "? [a, {b: c}]\n: [1]\n? ''\n: {x: {y: z}}\n'multi: key': 1\n";
    let value = parse_value(text).unwrap();
    assert_eq!(parse_value(&emit(&value)).unwrap(), value);
    let mut long = Mapping::new();
    long.insert("k".repeat(2000).into(), 1.into());
    let long = Value::Mapping(long);
    assert_eq!(parse_value(&emit(&long)).unwrap(), long);
}

const PLACES: &str = "\u{feff}# a comment
models:
  main: {provider: openai,
         price: {input: 1}}
  'quoted.name':
    delay: 1s
  gpt: {model: a}
  gpt.5:
    model: b
team:
  leader:
    - main
    - {name: x}
    - [y,
       z]
  empty:
outcomes: {2: pause, true: b}
text: |
  team:
    qc: not here
";

#[test]
fn a_field_is_found_at_its_line_in_every_style() {
    for (field, line) in [
        ("models", 2),
        ("models.main", 3),
        ("models.main.provider", 3),
        ("models.main.price", 4),
        ("models.main.price.input", 4),
        ("models.quoted.name", 5),
        ("models.quoted.name.delay", 6),
        ("models.gpt.model", 7),
        ("models.gpt.5", 8),
        ("models.gpt.5.model", 9),
        ("team", 10),
        ("team.leader", 11),
        ("team.leader[0]", 12),
        ("team.leader[1]", 13),
        ("team.leader[1].name", 13),
        ("team.leader[2]", 14),
        ("team.leader[2][1]", 15),
        ("team.empty", 16),
        ("outcomes.2", 17),
        ("outcomes.true", 17),
        ("text", 18),
    ] {
        assert_eq!(line_of(PLACES, field), Some(line), "{field}");
    }
}

#[test]
fn a_field_that_does_not_stand_there_has_no_line() {
    for field in [
        "model",
        "modelsx",
        "team.qc",
        "team.empty.x",
        "team.leader[3]",
        "team.leader[0].name",
        "text.team",
    ] {
        assert_eq!(line_of(PLACES, field), None, "{field}");
    }
    for text in ["", "- a", "a: [", "just text"] {
        assert_eq!(line_of(text, "a.b"), None, "{text}");
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        any::<String>(),
        "[ #:'\"\\-?\\[\\]{},&*!|>%@`~\n\t\u{85}\u{feff}a0.e_+=<yno]{0,6}",
        "[0-9.eExo_:+-]{1,6}"
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        proptest::num::f64::NORMAL.prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let entry = (inner.clone(), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            prop::collection::vec(entry, 0..4)
                .prop_map(|entries| Value::Mapping(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_written_reads_back(value in any_value()) {
        let text = emit(&value);
        prop_assert_eq!(parse_value(&text).map(|v| emit(&v)), Ok(text));
    }

    #[test]
    fn any_string_reads_back_from_an_entry(text in any::<String>()) {
        let written = scalar(&text);
        prop_assert!(!written.contains(['\n', '\r']));
        let entry = parse_value(&format!("key: {written}\n")).unwrap();
        prop_assert_eq!(&entry["key"], &Value::from(text));
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = parse_value(&text);
    }

    #[test]
    fn no_text_like_yaml_panics(text in "[ab:\\-?\\[\\]{},#&*!|>%@`'\"~<.\n\t 0-9\\\\]{0,60}") {
        let _ = parse_value(&text);
        let _ = parse::<std::collections::BTreeMap<String, String>>(&text);
    }
}
