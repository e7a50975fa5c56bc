//! What can be written, and what is said of what cannot.

use super::super::{
    Expression, Zone,
    field::{DAY_OF_MONTH, DAY_OF_WEEK, HOUR, Kind, MINUTE, MONTH},
};

#[track_caller]
fn reads(kind: &'static Kind, text: &str, expected: &[u8]) {
    let field = kind.read(text).unwrap_or_else(|fault| panic!("{fault}"));
    assert_eq!(field.values().collect::<Vec<_>>(), expected, "{text}");
}

fn fault(text: &str) -> String {
    Expression::parse(text).unwrap_err().to_string()
}

#[test]
fn lists_ranges_and_steps_are_sets_of_values() {
    reads(&MINUTE, "5", &[5]);
    reads(&MINUTE, "007", &[7]);
    reads(&MINUTE, "59,0,5,5", &[0, 5, 59]);
    reads(&MINUTE, "*/15", &[0, 15, 30, 45]);
    reads(&MINUTE, "5-50/10", &[5, 15, 25, 35, 45]);
    reads(&MINUTE, "53/2", &[53, 55, 57, 59]);
    reads(&MINUTE, "59/15", &[59]);
    reads(&MINUTE, "*/60", &[0]);
    reads(&MINUTE, "1-2,*/30", &[0, 1, 2, 30]);
    reads(&HOUR, "9-17/4", &[9, 13, 17]);
    reads(&HOUR, "0-7", &[0, 1, 2, 3, 4, 5, 6, 7]);
    reads(&HOUR, "0-7/5", &[0, 5]);
    reads(&DAY_OF_MONTH, "*/10", &[1, 11, 21, 31]);
    reads(&MONTH, "*/5", &[1, 6, 11]);
    reads(&MONTH, "jan-Mar,DEC", &[1, 2, 3, 12]);
    reads(&MONTH, "nov/1", &[11, 12]);
    reads(&DAY_OF_WEEK, "*/2", &[0, 2, 4, 6]);
    reads(&DAY_OF_WEEK, "mon-fri/2", &[1, 3, 5]);
}

#[test]
fn a_range_of_one_value_is_that_value() {
    reads(&MINUTE, "5-5", &[5]);
    reads(&MINUTE, "0-0/5", &[0]);
    reads(&MONTH, "jan-jan", &[1]);
    reads(&DAY_OF_WEEK, "sun-sun", &[0]);
    reads(&DAY_OF_WEEK, "7-7", &[0]);
    reads(&DAY_OF_WEEK, "7-0", &[0]);
}

#[test]
fn ranges_wrap_and_their_steps_go_on_over_the_end() {
    reads(&HOUR, "22-2", &[0, 1, 2, 22, 23]);
    reads(&HOUR, "22-6/3", &[1, 4, 22]);
    reads(&MINUTE, "50-10/10", &[0, 10, 50]);
    reads(&DAY_OF_MONTH, "30-2", &[1, 2, 30, 31]);
    reads(&MONTH, "nov-feb", &[1, 2, 11, 12]);
    reads(&DAY_OF_WEEK, "fri-mon", &[0, 1, 5, 6]);
    reads(&DAY_OF_WEEK, "fri-mon/2", &[0, 5]);
}

#[test]
fn sunday_is_0_and_7() {
    reads(&DAY_OF_WEEK, "7", &[0]);
    reads(&DAY_OF_WEEK, "0,7,sun", &[0]);
    reads(&DAY_OF_WEEK, "5-7", &[0, 5, 6]);
    reads(&DAY_OF_WEEK, "1-7", &[0, 1, 2, 3, 4, 5, 6]);
    reads(&DAY_OF_WEEK, "0-7", &[0, 1, 2, 3, 4, 5, 6]);
    reads(&DAY_OF_WEEK, "0-7/3", &[0, 3, 6]);
    reads(&DAY_OF_WEEK, "7-2", &[0, 1, 2]);
    reads(&DAY_OF_WEEK, "7/2", &[0, 2, 4, 6]);
}

#[test]
fn it_prints_as_written_with_one_space() {
    for (text, shown) in [
        (" 0  6\t* * mon-fri\n", "0 6 * * mon-fri"),
        ("*/05 * * JAN 7", "*/05 * * JAN 7"),
        (" @Daily ", "@Daily"),
    ] {
        let read = Expression::parse(text).unwrap();
        assert_eq!(read.to_string(), shown);
        assert_eq!(shown.parse::<Expression>().unwrap(), read);
    }
    assert_ne!(super::expression("@daily"), super::expression("0 0 * * *"));
}

#[test]
fn a_fault_names_the_field_what_stands_there_and_what_is_allowed() {
    for (text, told) in [
        (
            "60 * * * *",
            "minute: 60 is out of range 0-59; write for example 0, 10-50/20 or */15",
        ),
        (
            "0 25 * * *",
            "hour: 25 is out of range 0-23; write for example 6, 8-17 or */2",
        ),
        (
            "0 0 0 * *",
            "day-of-month: 0 is out of range 1-31; write for example 1, 1,15 or *",
        ),
        (
            "0 0 1 13 *",
            "month: 13 is out of range 1-12; write for example 3, jan-jun or */3",
        ),
        (
            "0 0 * * 8",
            "day-of-week: 8 is out of range 0-7; write for example 1, mon-fri or *",
        ),
        (
            "0 0 * * monday",
            "day-of-week: monday is not a number of 0-7 or a name of sun-sat; write for example 1, mon-fri or *",
        ),
        (
            "0 six * * *",
            "hour: six is not a number of 0-23; write for example 6, 8-17 or */2",
        ),
        (
            "*/90 * * * *",
            "minute: */90 has a step out of range 1-60; write for example 0, 10-50/20 or */15",
        ),
        (
            "*/0 * * * *",
            "minute: */0 has a step out of range 1-60; write for example 0, 10-50/20 or */15",
        ),
        (
            "*/x * * * *",
            "minute: */x has a step that is not a number; write for example 0, 10-50/20 or */15",
        ),
        (
            "1,,2 * * * *",
            "minute: \"\" is an empty element of the list; write for example 0, 10-50/20 or */15",
        ),
        (
            "0 0 15W * *",
            "day-of-month: 15W is of another dialect: L, W, # and ? are not known here; write for example 1, 1,15 or *",
        ),
        (
            "0 0 30 2 *",
            "day-of-month: 30 never comes in month 2, so the expression would never fire; write days that these months have",
        ),
    ] {
        assert_eq!(fault(text), told);
    }
}

#[test]
fn other_dialects_are_refused_as_such() {
    for (text, told) in [
        ("0 0 L * *", "L, W, # and ?"),
        ("0 0 ? * 1", "L, W, # and ?"),
        ("0 0 * * 5L", "L, W, # and ?"),
        ("0 0 * * fri#2", "L, W, # and ?"),
        ("0 0 l-3 * *", "L, W, # and ?"),
        ("H * * * *", "minute: H is not a number"),
        ("@reboot", "is no time"),
        ("@every_minute", "write @yearly"),
        ("@daily 0 * * *", "minute: @daily is not"),
        (
            "0 0 * * * *",
            "has 6 fields where five belong (there are none for seconds and years)",
        ),
        ("0 0 0 * * * 2030", "has 7 fields"),
        ("0 0 * *", "has 4 fields where five belong;"),
        ("daily", "has 1 field where"),
        ("", "is empty; write five fields"),
        (" \t\n", "is empty"),
    ] {
        assert!(fault(text).contains(told), "{text}: {}", fault(text));
    }
}

#[test]
fn nothing_else_is_read_as_a_field() {
    for text in [
        "-",
        "-5",
        "5-",
        "1-2-3",
        "*-5",
        "5-*",
        "/",
        "*/",
        "/5",
        "5/",
        "*/5/5",
        "1/2-5",
        "**",
        "*5",
        "+5",
        "1.5",
        "0x5",
        "٣",
        "５",
        "é",
        "99999999999999999999",
        "5/99999999999999999999",
        "jan",
        "mon",
        ",",
        "5,",
        ",5",
        "*/-1",
        "\u{0}",
    ] {
        assert!(MINUTE.read(text).is_err(), "{text:?}");
    }
    assert!(MONTH.read("mon").is_err());
    assert!(DAY_OF_WEEK.read("jan").is_err());
    assert!(DAY_OF_WEEK.read("sun-8").is_err());
}

#[test]
fn a_fault_of_a_long_text_is_short_and_on_one_line() {
    let long = "x".repeat(250);
    assert!(fault(&format!("{long} * *")).len() < 250);
    assert!(fault(&format!("{} * * * *", "x".repeat(240))).len() < 250);
    assert!(!fault("a\u{7}\u{2028}b * * * *").contains(['\u{7}', '\u{2028}']));
    assert!(fault(&"*".repeat(257)).contains("257 bytes"));
    let list: Vec<String> = (0..60).map(|n| n.to_string()).collect();
    super::expression(&format!("{} * * * *", list.join(",")));
}

#[test]
fn a_date_that_no_year_has_is_refused() {
    for text in [
        "0 0 30 2 *",
        "0 0 31 2,4,6,9,11 *",
        "0 0 30-31 feb *",
        "0 0 31 4/5,feb */1,*",
    ] {
        assert!(fault(text).contains("would never fire"), "{text}");
    }
    super::expression("0 0 29 2 *");
    super::expression("0 0 30 2,3 *");
    // Either day matches: there are Mondays in February.
    super::expression("0 0 30 2 1");
}

#[test]
fn a_zone_is_a_name_of_the_database() {
    for name in [
        "Europe/Berlin",
        "UTC",
        "America/Argentina/Buenos_Aires",
        "Etc/GMT+5",
        "Asia/Kathmandu",
    ] {
        assert_eq!(Zone::parse(name).unwrap().to_string(), name);
    }
    assert_eq!(Zone::default().to_string(), "UTC");
    for name in ["", "Berlin", "europe/berlin", "+01:00", "Europe/Berlin\n"] {
        let told = Zone::parse(name).unwrap_err().to_string();
        assert!(told.contains("as in Europe/Berlin"), "{told}");
        assert_eq!(told.lines().count(), 1);
    }
}
