//! Secrets out of texts that are kept outside the journal for people to read. Two nets: the values of the keys that
//! this process was given, wherever they stand, and shapes that only secrets have.

use std::sync::LazyLock;

use regex::Regex;

/// What stands where a secret stood.
const MARK: &str = "[redacted]";

/// Shapes of secrets, by name.
const SHAPES: [(&str, &str); 9] = [
    (
        "private key block",
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)",
    ),
    ("API key sk-…", r"\bsk-[A-Za-z0-9_-]{16,}"),
    (
        "GitHub token",
        r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})",
    ),
    ("AWS access key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("Google API key", r"\bAIza[0-9A-Za-z_-]{35}"),
    ("Slack token", r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    (
        "JSON web token",
        r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
    ),
    ("bearer header", r"(?i)\bbearer\s+[A-Za-z0-9._~+/=-]{16,}"),
    (
        "assignment to a name that says key, secret, token or password",
        r#"(?i)\b[a-z0-9_-]*(?:api[_-]?key|secret|token|passwd|password)["']?\s*[:=]\s*["']?[^\s"',;]{8,}"#,
    ),
];

static COMPILED: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let compile = |(_, shape): &(&str, &str)| Regex::new(shape).expect("the shapes are tested");
    SHAPES.iter().map(compile).collect()
});

/// Takes secrets out of texts.
#[derive(Clone, Default)]
pub(crate) struct Redactor {
    known: Vec<(String, String)>,
}

impl Redactor {
    /// One that also knows these secrets by value, each with the name of the variable or file it came from.
    #[must_use]
    pub(crate) fn knowing(known: impl IntoIterator<Item = (String, String)>) -> Self {
        let worth = |(_, value): &(String, String)| value.len() >= 4;
        let mut known: Vec<(String, String)> = known.into_iter().filter(worth).collect();
        // One that another begins with must not leave the other's rest.
        known.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
        Self { known }
    }

    /// `text` without the secrets that are known by value.
    #[must_use]
    pub(crate) fn without_known(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (_, value) in &self.known {
            text = text.replace(value, MARK);
        }
        text
    }

    /// `text` without them.
    #[must_use]
    pub(crate) fn redact(&self, text: &str) -> String {
        let mut text = self.without_known(text);
        for shape in COMPILED.iter() {
            text = shape.replace_all(&text, MARK).into_owned();
        }
        text
    }

    /// What stands where a secret stood.
    #[must_use]
    pub(crate) fn mark(&self) -> &'static str {
        MARK
    }

    /// What is taken out, for people: names of the known secrets, and the shapes.
    #[must_use]
    pub(crate) fn policy(&self) -> Vec<String> {
        let known = self
            .known
            .iter()
            .map(|(name, _)| format!("the value of {name}"));
        let shapes = SHAPES.iter().map(|(name, _)| (*name).to_owned());
        known.chain(shapes).collect()
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Redactor").field(&self.policy()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_is_taken_out_and_the_text_around_it_stays() {
        let redactor = Redactor::default();
        for secret in [
            "sk-or-v1-0123456789abcdef0123",
            "ghp_0123456789abcdefghij0123",
            "github_pat_0123456789abcdefghij",
            "AKIA0123456789ABCDEF",
            "AIza0123456789abcdefghijklmnopqrstuvwxy",
            "xoxb-0123456789-abc",
            "eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.c2lnbmF0dXJl",
            "Bearer 0123456789abcdefgh",
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
            "OPENAI_API_KEY=hunter2hunter2",
            "\"password\": \"correcthorse",
        ] {
            let text = format!("before {secret} after");
            let shown = redactor.redact(&text);
            assert!(
                shown.starts_with("before ") && shown.ends_with(" after"),
                "{shown}"
            );
            assert!(shown.contains(MARK), "{shown}");
            let core: String = secret
                .chars()
                .rev()
                .take(5)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
                .collect();
            assert!(!shown.contains(&core), "{shown}");
        }
    }

    #[test]
    fn prose_stays_as_it_is() {
        let prose =
            "The key to stoicism is a token of patience: secret gardens, sk-1, passwords. 12:30";
        assert_eq!(Redactor::default().redact(prose), prose);
    }

    #[test]
    fn a_known_value_goes_wherever_it_stands_and_only_its_name_is_shown() {
        let redactor = Redactor::knowing([("MY_KEY".to_owned(), "plain-words".to_owned())]);
        assert_eq!(redactor.redact("xplain-wordsx"), "x[redacted]x");
        let shown = format!("{redactor:?}");
        assert!(
            shown.contains("MY_KEY") && !shown.contains("plain-words"),
            "{shown}"
        );
    }
}
