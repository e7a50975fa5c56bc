//! Texts as words: what counts as one, and which of them are taken for the same.

use std::iter;

/// A word, in lower case.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    /// Whether only spaces and signs of one line stand between it and the word before.
    pub(super) follows: bool,
}

/// The words of a text: runs of letters and digits, the parts of `camelCase` and `HTTPServer` each for itself, letters
/// of scripts that put no spaces between words two by two.
pub(super) fn words(text: &str) -> impl Iterator<Item = Word> {
    let mut rest = text;
    let mut last_of_pair: Option<char> = None;
    iter::from_fn(move || {
        loop {
            let start = rest.find(char::is_alphanumeric)?;
            let ends_sentence = |c: char| matches!(c, '.' | '!' | '?' | ';' | ':' | '\n');
            let gap = &rest[..start];
            let follows = !gap.contains(ends_sentence);
            rest = &rest[start..];
            let first = rest.chars().next()?;
            if is_unspaced(first) {
                rest = &rest[first.len_utf8()..];
                let before = last_of_pair.replace(first).filter(|_| gap.is_empty());
                let alone = !rest.starts_with(is_unspaced) && before.is_none();
                let text: String = before.into_iter().chain([first]).collect();
                if text.chars().count() == 2 || alone {
                    return Some(Word { text, follows });
                }
                continue;
            }
            last_of_pair = None;
            let end = end_of_word(rest);
            let text: String = rest[..end].chars().flat_map(char::to_lowercase).collect();
            rest = &rest[end..];
            return Some(Word { text, follows });
        }
    })
}

/// Where the word at the beginning ends, at least after its first character: at what is no letter or digit, before a
/// capital after a small letter, before the last of several capitals if a small letter follows it.
fn end_of_word(text: &str) -> usize {
    let chars: Vec<(usize, char)> = text
        .char_indices()
        .take_while(|(_, c)| c.is_alphanumeric() && !is_unspaced(*c))
        .collect();
    let begins_anew = |at: usize| {
        let (before, here) = (chars[at - 1].1, chars[at].1);
        let next_is_small = chars.get(at + 1).is_some_and(|(_, c)| c.is_lowercase());
        here.is_uppercase() && (before.is_lowercase() || (before.is_uppercase() && next_is_small))
    };
    let end = (1..chars.len()).find(|at| begins_anew(*at));
    match end {
        Some(at) => chars[at].0,
        None => chars.last().map_or(0, |(at, c)| at + c.len_utf8()),
    }
}

/// Han, kana, Thai, Lao, Khmer and Burmese.
fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c),
        0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x3040..=0x30ff | 0x3400..=0x9fff
        | 0xf900..=0xfaff | 0x2_0000..=0x3_ffff)
}

/// What forms of one English word have in common, roughly: plural, past, -ing and the commonest derivations are cut
/// off. Words of other languages lose little by it, as the pieces of words find them.
pub(super) fn stem(word: &str) -> String {
    let is_plain = word.bytes().all(|byte| byte.is_ascii_lowercase());
    if !is_plain || word.len() < 4 {
        return word.to_owned();
    }
    let singular = singular(word);
    let is_stem = |stem: &&str| stem.len() >= 3 && stem.bytes().any(is_vowel);
    let cut = ENDINGS
        .iter()
        .find_map(|ending| singular.strip_suffix(ending).filter(is_stem));
    tidy(cut.unwrap_or(&singular).to_owned())
}

/// Endings that are cut off, the longer ones first.
const ENDINGS: [&str; 22] = [
    "ization", "isation", "ability", "ational", "fulness", "ation", "ately", "ating", "ative",
    "ement", "ated", "ator", "ment", "ness", "able", "ible", "ally", "ize", "ise", "ate", "ing",
    "ed",
];

fn singular(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ies") {
        return format!("{stem}y");
    }
    if let Some(stem) = word.strip_suffix("es")
        && ["s", "x", "z", "ch", "sh"]
            .iter()
            .any(|hiss| stem.ends_with(hiss))
    {
        return stem.to_owned();
    }
    let stays = ["ss", "us", "is"].iter().any(|end| word.ends_with(end));
    match word.strip_suffix('s') {
        Some(stem) if !stays => stem.to_owned(),
        _ => word.to_owned(),
    }
}

/// `stopp` and `stop`, `writ` and `write`, `retri` and `retry` alike.
fn tidy(mut stem: String) -> String {
    let bytes = stem.as_bytes();
    if let [.., before, last] = bytes
        && before == last
        && !is_vowel(*last)
        && !matches!(last, b'l' | b's' | b'z')
    {
        stem.pop();
    }
    while stem.len() > 3 && stem.ends_with('e') {
        stem.pop();
    }
    if stem.len() > 3 && stem.ends_with('y') {
        stem.pop();
        stem.push('i');
    }
    stem
}

fn is_vowel(byte: u8) -> bool {
    matches!(byte, b'a' | b'e' | b'i' | b'o' | b'u' | b'y')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_runs_of_letters_and_digits_and_parts_of_names() {
        let of = |text: &str| -> Vec<String> { words(text).map(|word| word.text).collect() };
        for (text, expected) in [
            ("", ""),
            (" \n.,;", ""),
            ("The daemon's log.", "the daemon s log"),
            (
                "maxRetries HTTPServer x86_64",
                "max retries http server x86 64",
            ),
            ("a-b/c::d", "a b c d"),
            ("ΣΊΣΥΦΟΣ Straße ÅNGSTRÖM", "σίσυφοσ straße ångström"),
            ("東京は", "東京 京は"),
            ("新 Rust版", "新 rust 版"),
            ("v2版本", "v2 版本"),
        ] {
            assert_eq!(of(text).join(" "), expected, "{text:?}");
        }
    }

    #[test]
    fn a_word_follows_the_one_before_within_its_sentence_only() {
        let follow = |text: &str| -> Vec<bool> { words(text).map(|word| word.follows).collect() };
        assert_eq!(
            follow("one two, three. Four\nfive"),
            [true, true, true, false, false]
        );
    }

    #[test]
    fn forms_of_one_word_have_one_stem() {
        for forms in [
            "retry retries retried retrying",
            "stop stops stopped stopping",
            "write writes writing",
            "validate validates validated validating validation validations",
            "agree agreed agreement",
            "query queries queried",
            "class classes",
            "fix fixes fixed fixing",
            "measure measured measuring measurable measurement",
        ] {
            let stems: Vec<String> = forms.split(' ').map(stem).collect();
            let first = &stems[0];
            assert!(stems.iter().all(|stem| stem == first), "{forms}: {stems:?}");
        }
    }

    #[test]
    fn short_and_foreign_words_stay_as_they_are() {
        for word in [
            "", "is", "the", "bed", "sing", "naïve", "x86", "42", "bus", "glass", "analysis",
        ] {
            assert_eq!(stem(word), word);
        }
    }
}
