//! Keys of an operator's own that look like a slip in the name of one that counts: the file keeps them, and they change
//! nothing, which is seldom what was meant of a cap.

use projections::{document::ENGINE_KEYS, plan::Plan};

use crate::nearest::near;

/// What an operator may set.
const SETTABLE: [&str; 4] = ["status", "max_cost_usd", "max_tokens", "max_wall_clock_min"];

/// What each of them may have meant, for people.
pub(super) fn slips(plan: &Plan) -> Vec<String> {
    let own = plan.head.0.iter().filter(|entry| entry.own.is_some());
    own.filter_map(|entry| slip(&entry.key)).collect()
}

fn slip(key: &str) -> Option<String> {
    if ENGINE_KEYS.contains(&key) {
        return None;
    }
    let known = SETTABLE.iter().map(|known| ((*known).to_owned(), *known));
    let meant = *near(key, known, |known| *known).first()?;
    Some(format!(
        "{key} is a key of your own and changes nothing; did you mean {meant}?"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_in_a_key_is_told_and_a_key_of_ones_own_is_not() {
        for (key, meant) in [
            ("Status", Some("status")),
            ("max_cost_us", Some("max_cost_usd")),
            ("max-tokens", Some("max_tokens")),
            ("max_wall_clock_mins", Some("max_wall_clock_min")),
            ("status", None),
            ("tags", None),
            ("aliases", None),
            ("created", None),
            ("cost", None),
            ("tokens_used", None),
            ("state", None),
            ("", None),
        ] {
            let told = slip(key);
            let expected = meant.map(|meant| {
                format!("{key} is a key of your own and changes nothing; did you mean {meant}?")
            });
            assert_eq!(told, expected);
        }
    }
}
