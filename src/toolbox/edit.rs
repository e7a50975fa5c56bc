//! `edit_file`: a text in a file replaced by another; every other byte stays as it is.

use super::{
    Returned, Workplace,
    arguments::Arguments,
    name::quoted,
    shown,
    write::{MOST_BYTES, put},
};

/// Most line numbers that are named.
const MOST_NAMED: usize = 10;

pub(super) fn run(
    place: &Workplace,
    arguments: &Arguments,
    _most: usize,
) -> Result<Returned, String> {
    let spot = place.spot(arguments.path()?)?;
    let (old, new) = (arguments.needed("old")?, arguments.needed("new")?);
    let all = arguments.flag("all")?;
    spot.check_writable()?;
    let name = quoted(&spot.address());
    let whole = spot.open()?.whole(MOST_BYTES as u64);
    let whole = whole.map_err(|error| format!("{name} cannot be read: {error}"))?;
    let before = whole.ok_or_else(|| {
        format!("{name} is longer than the {MOST_BYTES} bytes up to which files can be edited")
    })?;
    let (after, hits) = replaced(&before, old, new, all).map_err(|why| format!("{name}: {why}"))?;
    put(&spot, &after)?;
    Ok(Returned::done(format!(
        "Replaced {} place(s) in {} ({}); it has {} bytes now.",
        hits.len(),
        spot.address(),
        line_numbers(&before, &hits),
        after.len()
    )))
}

/// The new bytes, and where in the old ones `old` stood.
fn replaced(
    before: &[u8],
    old: &str,
    new: &str,
    all: bool,
) -> Result<(Vec<u8>, Vec<usize>), String> {
    if old.is_empty() {
        return Err("old is empty; write_file writes a file whole".to_owned());
    }
    if old == new {
        return Err("old and new are the same".to_owned());
    }
    let hits = places(before, old.as_bytes());
    match hits.len() {
        0 => return Err(missing(before, old)),
        1 => {}
        _ if all => {}
        count => {
            return Err(format!(
                "old stands there {count} times ({}); give more of the text around the one that is meant, or set all",
                line_numbers(before, &hits)
            ));
        }
    }
    let mut after = Vec::new();
    let mut from = 0;
    for hit in &hits {
        after.extend_from_slice(&before[from..*hit]);
        after.extend_from_slice(new.as_bytes());
        from = hit + old.len();
        if after.len() > MOST_BYTES {
            return Err(format!("it would have more than {MOST_BYTES} bytes"));
        }
    }
    after.extend_from_slice(&before[from..]);
    Ok((after, hits))
}

/// Where `sought` stands, no two places overlapping.
fn places(bytes: &[u8], sought: &[u8]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = place(&bytes[from..], sought) {
        found.push(from + at);
        from += at + sought.len();
    }
    found
}

fn place(bytes: &[u8], sought: &[u8]) -> Option<usize> {
    let first = *sought.first()?;
    let mut from = 0;
    loop {
        let at = from + bytes[from..].iter().position(|byte| *byte == first)?;
        if bytes[at..].starts_with(sought) {
            return Some(at);
        }
        from = at + 1;
    }
}

fn line_numbers(bytes: &[u8], hits: &[usize]) -> String {
    let mut numbers = Vec::new();
    let (mut line, mut from) = (1, 0);
    for hit in hits.iter().take(MOST_NAMED) {
        line += count_lines(&bytes[from..*hit]);
        from = *hit;
        numbers.push(line.to_string());
    }
    let more = if hits.len() > MOST_NAMED { ", …" } else { "" };
    format!("line {}{more}", numbers.join(", "))
}

fn count_lines(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte == b'\n').count()
}

/// Why a text is not there, as helpfully as a look at the file allows.
fn missing(bytes: &[u8], old: &str) -> String {
    let with_returns = old.replace("\r\n", "\n").replace('\n', "\r\n");
    if with_returns != old && place(bytes, with_returns.as_bytes()).is_some() {
        return "old is not there: the lines of this file end in \\r\\n, and those of old do not; write \\r\\n in old \
                and new"
            .to_owned();
    }
    let text = String::from_utf8_lossy(bytes);
    if let Some((number, line)) = apart_from_white_space(&text, old) {
        return format!(
            "old is not there, but with other white space it is, from line {number} on: {}",
            line_shown(line)
        );
    }
    match nearest(&text, old) {
        Some((number, line)) => format!(
            "old is not there; the nearest is line {number}: {}",
            line_shown(line)
        ),
        None => "old is not there, nor anything like it; read_file shows what is".to_owned(),
    }
}

fn line_shown(line: &str) -> String {
    format!("{:?}", shown::start(line, 200))
}

/// The line that `old` begins in when no white space counts.
fn apart_from_white_space<'a>(text: &'a str, old: &str) -> Option<(usize, &'a str)> {
    let squeezed = |text: &str| text.split_whitespace().collect::<String>();
    let sought = squeezed(old);
    if sought.is_empty() {
        return None;
    }
    let at = place(squeezed(text).as_bytes(), sought.as_bytes())?;
    let mut passed = 0;
    let mut lines = (1..).zip(text.lines());
    lines.find(|(_, line)| {
        passed += squeezed(line).len();
        passed > at
    })
}

/// The line that has most words of the first line of `old`: at least half of them.
fn nearest<'a>(text: &'a str, old: &str) -> Option<(usize, &'a str)> {
    let sought = old.lines().find(|line| !line.trim().is_empty())?;
    let words: Vec<&str> = words(sought).take(50).collect();
    let shared = |line: &str| {
        let has = |word: &&&str| self::words(line).any(|other| other == **word);
        words.iter().filter(has).count()
    };
    let lines = (1..).zip(text.lines());
    let counted = lines.map(|(number, line)| (shared(line), number, line));
    // Of equals, the first.
    let best = counted.reduce(|best, next| if next.0 > best.0 { next } else { best })?;
    (best.0 > 0 && best.0 * 2 >= words.len()).then_some((best.1, best.2))
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(before: &[u8], old: &str, new: &str, all: bool) -> Result<Vec<u8>, String> {
        replaced(before, old, new, all).map(|(after, _)| after)
    }

    #[test]
    fn every_other_byte_stays_as_it_is() {
        let before = b"\xff\xfe a\r\nb\0 \xc3\r\n";
        let after = edited(before, "b", "new", false).unwrap();
        assert_eq!(after, b"\xff\xfe a\r\nnew\0 \xc3\r\n");
        assert_eq!(edited(b"aaaaa", "aa", "b", true).unwrap(), b"bba");
        assert_eq!(edited(b"ab", "ab", "", false).unwrap(), b"");
    }

    #[test]
    fn one_of_several_places_is_not_guessed() {
        let told = edited(b"x\ny\nx\n", "x", "z", false).unwrap_err();
        assert!(told.contains("2 times (line 1, 3)"), "{told}");
        assert_eq!(edited(b"x\ny\nx\n", "x", "z", true).unwrap(), b"z\ny\nz\n");
    }

    #[test]
    fn a_text_that_is_not_there_is_answered_with_what_is() {
        let file = "fn main() {\n    let total = sum(values);\n}\n";
        let told = |old: &str| edited(file.as_bytes(), old, "x", false).unwrap_err();
        let spaces = told("let  total =\n sum(values);");
        assert!(
            spaces.contains("other white space it is, from line 2"),
            "{spaces}"
        );
        let near = told("let total = sum(items);");
        assert!(near.contains("nearest is line 2"), "{near}");
        assert!(told("entirely different words").contains("nor anything like it"));
        let returns = edited(b"a\r\nb\r\n", "a\nb", "x", false).unwrap_err();
        assert!(returns.contains("\\r\\n"), "{returns}");
        assert!(edited(b"a", "", "x", false).unwrap_err().contains("empty"));
        assert!(
            edited(b"a", "a", "a", false)
                .unwrap_err()
                .contains("the same")
        );
    }

    #[test]
    fn a_file_does_not_grow_past_what_may_be_written() {
        let before = vec![b'a'; 3_000];
        let told = edited(&before, "a", &"b".repeat(10_000), true).unwrap_err();
        assert!(told.contains("more than"), "{told}");
    }
}
