//! Known words that are near to one that is not known, for messages: a slip of the hand is told from a wrong idea.

/// Most words that a message names.
const MOST: usize = 3;

/// The known word that is nearest to this one, however far; the first of several.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known.into_iter().min_by_key(|known| distance(word, known))
}

/// The known words that somebody may have meant, the nearest first: of the words as they are compared, with what they
/// stand for. `tie` decides between words that are equally near.
pub(crate) fn near<T, K: Ord>(
    word: &str,
    known: impl IntoIterator<Item = (String, T)>,
    tie: impl Fn(&T) -> K,
) -> Vec<T> {
    // One slip in a short word, two in an id, more in a long name.
    let most = (word.chars().count() / 3).clamp(1, 4);
    let mut found: Vec<(usize, K, T)> = known
        .into_iter()
        .map(|(known, meant)| (distance(word, &known), tie(&meant), meant))
        .filter(|(distance, ..)| *distance <= most)
        .collect();
    found.sort_by(|one, other| (one.0, &one.1).cmp(&(other.0, &other.1)));
    // What is written alike leaves no doubt.
    let exact = found.iter().filter(|(distance, ..)| *distance == 0).count();
    found.truncate(if exact > 0 { exact } else { MOST });
    found.into_iter().map(|(_, _, meant)| meant).collect()
}

/// Letters of a word that are compared. Names of ours are shorter, and what is compared takes time by their product.
const COMPARED: usize = 200;

/// How many letters are to be changed, case aside.
fn distance(one: &str, other: &str) -> usize {
    let compared = |word: &str| -> String {
        let letters = word.chars().take(COMPARED);
        letters.flat_map(char::to_lowercase).collect()
    };
    strsim::damerau_levenshtein(&compared(one), &compared(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(word: &str, known: &[&str]) -> Vec<String> {
        let known = known
            .iter()
            .map(|known| ((*known).to_owned(), (*known).to_owned()));
        near(word, known, Clone::clone)
    }

    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        let known = ["essay1.md", "essay2.md", "notes.md"];
        assert_eq!(meant("esay1.md", &known), ["essay1.md", "essay2.md"]);
        assert_eq!(meant("Notes.md", &known), ["notes.md"]);
        assert_eq!(meant("report.pdf", &known), Vec::<String>::new());
        assert_eq!(meant("ab", &["ax", "xy"]), ["ax"]);
    }

    #[test]
    fn what_is_written_alike_leaves_no_doubt() {
        assert_eq!(meant("ESS", &["ess", "ess2"]), ["ess"]);
    }

    #[test]
    fn no_more_than_three_are_named_and_ties_have_an_order() {
        assert_eq!(meant("a9", &["a5", "a4", "a3", "a2"]), ["a2", "a3", "a4"]);
    }

    #[test]
    fn of_a_word_without_end_the_beginning_is_compared() {
        let endless = "k".repeat(1 << 20);
        let begun = "k".repeat(300);
        assert_eq!(nearest(&endless, ["team", &begun]), Some(begun.as_str()));
    }

    #[test]
    fn the_nearest_is_found_however_far() {
        assert_eq!(nearest("MODLES", ["team", "models"]), Some("models"));
        assert_eq!(nearest("x", []), None);
    }
}
