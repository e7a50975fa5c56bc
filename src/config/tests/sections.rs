use super::*;

#[test]
fn sections_that_are_not_written_have_their_defaults() {
    let seconds = Duration::from_secs;
    let config = parse("retry: {}\nbreaker: {}\ncontext: {}\ndaily: {}\n").unwrap();
    assert_eq!(config, Config::default());
    let retry = config.retry;
    assert_eq!((retry.base, retry.max), (seconds(1), seconds(60)));
    assert_eq!((retry.wall, retry.malformed), (seconds(1800), 2));
    let breaker = config.breaker;
    assert_eq!(
        (breaker.failures, breaker.open, breaker.max_open),
        (5, seconds(30), seconds(300))
    );
    let context = config.context;
    assert_eq!((context.warn_percent, context.compress_percent), (70, 80));
    assert_eq!(config.daily, DailyCaps::default());
    let caps = config.defaults;
    assert_eq!((caps.budget_warn_percent, caps.max_parallel_tasks), (80, 3));
    assert_eq!((caps.max_tasks, caps.max_iters, caps.max_redos), (6, 24, 3));
}

#[test]
fn what_is_not_written_gives_way_to_what_is() {
    let config =
        parse("retry: {base: 2m, wall: 0s}\nbreaker: {open: 10m}\ncontext: {compress_percent: 40}")
            .unwrap();
    assert_eq!(config.retry.max, Duration::from_secs(120));
    assert_eq!(config.retry.wall, Duration::ZERO);
    assert_eq!(config.breaker.max_open, Duration::from_secs(600));
    assert_eq!(config.context.warn_percent, 40);
    let config = parse("context: {warn_percent: 95}").unwrap();
    assert_eq!(config.context.compress_percent, 95);
}

#[test]
fn edges_of_the_ranges_are_taken() {
    let text = "retry: {base: 1ms, max: 1ms, wall: 24h, malformed: 10}\nbreaker: {failures: 1, open: 1ms, max_open: 1ms}\ncontext: {warn_percent: 1, compress_percent: 99}\ndaily: {max_cost_usd: 0.000001, max_tokens: 1}\ndefaults: {budget_warn_percent: 1}";
    let config = parse(text).unwrap();
    assert_eq!(config.retry.max, Duration::from_millis(1));
    assert_eq!(config.daily.max_cost_micro_usd, Some(1));
    parse("context: {warn_percent: 50, compress_percent: 50}").unwrap();
    parse("defaults: {max_tasks: 1, max_iters: 2, max_redos: 0}").unwrap();
    parse("defaults: {max_tasks: 12, max_iters: 200, max_redos: 10}").unwrap();
}

#[test]
fn faults_of_a_section_say_what_to_write() {
    for (text, expected) in [
        ("retry: 3", "retry: expected a mapping, found 3"),
        (
            "retry: {bases: 1s}",
            r#"retry.bases: unknown key; the nearest known one is "base""#,
        ),
        (
            "retry: {base: 1}",
            "retry.base: 1 is not a duration; write e.g. 600s, 10m or 1h",
        ),
        (
            "retry: {base: 0s}",
            r#"retry.base: "0s" is too short; write at least 1ms"#,
        ),
        (
            "retry: {base: 10s, max: 5s}",
            "retry.max: 5s is shorter than base, which is 10s",
        ),
        (
            "retry: {max: 999ms}",
            "retry.max: 999ms is shorter than base, which is 1s",
        ),
        (
            "retry: {wall: 25h}",
            r#"retry.wall: "25h" is too long; write at most 24h"#,
        ),
        (
            "retry: {malformed: 0}",
            "retry.malformed: expected a whole number from 1 to 10, found 0",
        ),
        (
            "retry: {malformed: 11}",
            "retry.malformed: expected a whole number from 1 to 10, found 11",
        ),
        (
            "breaker: {failures: 0}",
            "breaker.failures: expected a whole number from 1 to 1000, found 0",
        ),
        (
            "breaker: {open: 2m, max_open: 90s}",
            "breaker.max_open: 90s is shorter than open, which is 2m",
        ),
        (
            "breaker: {open: soon}",
            r#"breaker.open: "soon" is not a duration; write e.g. 600s, 10m or 1h"#,
        ),
        (
            "context: {warn_percent: 0}",
            "context.warn_percent: expected a whole number from 1 to 99, found 0",
        ),
        (
            "context: {compress_percent: 100}",
            "context.compress_percent: expected a whole number from 1 to 99, found 100",
        ),
        (
            "context: {warn_percent: 81, compress_percent: 80}",
            "context.warn_percent: 81 is more than compress_percent, which is 80",
        ),
        (
            "daily: {max_cost_usd: free}",
            r#"daily.max_cost_usd: expected an amount of dollars such as 0.60, found "free""#,
        ),
        (
            "daily: {max_tokens: 0}",
            "daily.max_tokens: expected a whole number from 1 to 18446744073709551615, found 0",
        ),
        (
            "daily: {max_wall: 3}",
            r#"daily.max_wall: unknown key; the nearest known one is "max_tokens""#,
        ),
        (
            "defaults: {budget_warn_percent: 0}",
            "defaults.budget_warn_percent: expected a whole number from 1 to 99, found 0",
        ),
        (
            "defaults: {max_tasks: 13}",
            "defaults.max_tasks: expected a whole number from 1 to 12, found 13",
        ),
        (
            "defaults: {max_tasks: 0}",
            "defaults.max_tasks: expected a whole number from 1 to 12, found 0",
        ),
        (
            "defaults: {max_iters: 1}",
            "defaults.max_iters: expected a whole number from 2 to 200, found 1",
        ),
        (
            "defaults: {max_iters: 201}",
            "defaults.max_iters: expected a whole number from 2 to 200, found 201",
        ),
        (
            "defaults: {max_redos: 11}",
            "defaults.max_redos: expected a whole number from 0 to 10, found 11",
        ),
        (
            "defaults: {max_redo: 1}",
            r#"defaults.max_redo: unknown key; the nearest known one is "max_redos""#,
        ),
    ] {
        assert_eq!(
            faults(text),
            format!("modulatio.yaml: {expected}"),
            "of {text:?}"
        );
    }
}

#[test]
fn dollars_are_exact_to_the_millionth() {
    for (written, micros) in [
        ("0.1", 100_000),
        ("0.3", 300_000),
        ("1.1", 1_100_000),
        ("0.000001", 1),
        ("1e-6", 1),
        ("4.35", 4_350_000),
        ("20.00", 20_000_000),
        ("999999999.999999", 999_999_999_999_999),
        ("7", 7_000_000),
    ] {
        let config = parse(&format!("daily: {{max_cost_usd: {written}}}")).unwrap();
        assert_eq!(config.daily.max_cost_micro_usd, Some(micros), "{written}");
    }
}
