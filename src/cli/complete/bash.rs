//! Bash divides a line at `=` too: `--vault=DIR` arrives as three words. They are put together again before anybody
//! looks at them, and of what is offered for them only the part behind the `=` goes back, which is what Bash replaces.

use std::{
    ffi::{OsStr, OsString},
    io::{Error, Write},
    path::Path,
};

use clap_complete::{
    engine,
    env::{self, EnvCompleter},
};

/// The adapter of the engine's own, with such words put together.
pub(super) struct Bash;

impl EnvCompleter for Bash {
    fn name(&self) -> &'static str {
        env::Bash.name()
    }

    fn is(&self, name: &str) -> bool {
        env::Bash.is(name)
    }

    fn write_registration(
        &self,
        var: &str,
        name: &str,
        bin: &str,
        completer: &str,
        buf: &mut dyn Write,
    ) -> Result<(), Error> {
        env::Bash.write_registration(var, name, bin, completer, buf)
    }

    fn write_complete(
        &self,
        cmd: &mut clap::Command,
        args: Vec<OsString>,
        current_dir: Option<&Path>,
        buf: &mut dyn Write,
    ) -> Result<(), Error> {
        let index = std::env::var("_CLAP_COMPLETE_INDEX").ok();
        let index = index.and_then(|index| index.parse().ok()).unwrap_or(0);
        let separator = std::env::var("_CLAP_IFS").unwrap_or_else(|_| "\n".to_owned());
        let line = Line { words: args, index }.joined();
        let kept = line.kept();
        let found = engine::complete(cmd, line.words, line.index, current_dir)?;
        let values: Vec<String> = found
            .iter()
            .map(|candidate| candidate.get_value().to_string_lossy().into_owned())
            .map(|value| {
                value
                    .strip_prefix(&kept)
                    .map_or(value.clone(), str::to_owned)
            })
            .collect();
        write!(buf, "{}", values.join(&separator))
    }
}

/// The words of a line, and which of them is completed.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    words: Vec<OsString>,
    index: usize,
}

impl Line {
    fn joined(self) -> Self {
        let mut words: Vec<OsString> = Vec::new();
        let mut index = self.index;
        let mut rest = self.words.into_iter().peekable();
        while let Some(mut word) = rest.next() {
            let is_option = word
                .to_str()
                .is_some_and(|w| w.starts_with("--") && w.len() > 2);
            if is_option && rest.next_if(|next| next == "=").is_some() {
                let at = words.len();
                word.push("=");
                index -= usize::from(index > at);
                if let Some(value) = rest.next() {
                    word.push(value);
                    index -= usize::from(index > at);
                }
            }
            words.push(word);
        }
        Self { words, index }
    }

    /// What Bash keeps of the word that is completed.
    fn kept(&self) -> String {
        let word = self.words.get(self.index).map(OsString::as_os_str);
        let word = word.and_then(OsStr::to_str).unwrap_or_default();
        match word.split_once('=') {
            Some((option, _)) if option.starts_with("--") => format!("{option}="),
            Some(_) | None => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(words: &[&str], index: usize) -> (Vec<String>, usize, String) {
        let words = words.iter().map(OsString::from).collect();
        let line = Line { words, index }.joined();
        let kept = line.kept();
        let words = line.words.into_iter().map(|w| w.into_string().unwrap());
        (words.collect(), line.index, kept)
    }

    #[test]
    fn an_option_and_its_value_are_one_word_again() {
        let plain = joined(&["m", "plan", "show", ""], 3);
        assert_eq!((plain.0.len(), plain.1, plain.2), (4, 3, String::new()));
        let (words, index, kept) = joined(&["m", "--vault", "=", "/x", "plan", ""], 5);
        assert_eq!(words, ["m", "--vault=/x", "plan", ""]);
        assert_eq!((index, kept.as_str()), (3, ""));
        let (words, index, kept) = joined(&["m", "--vault", "=", "/x"], 3);
        assert_eq!(words, ["m", "--vault=/x"]);
        assert_eq!((index, kept.as_str()), (1, "--vault="));
        let (words, index, kept) = joined(&["m", "--vault", "="], 2);
        assert_eq!(words, ["m", "--vault="]);
        assert_eq!((index, kept.as_str()), (1, "--vault="));
        let (words, index, _) = joined(&["m", "plan", "--vault", "=", "/x", "show", ""], 1);
        assert_eq!((words.len(), index), (5, 1));
    }

    #[test]
    fn an_equals_sign_of_its_own_stays() {
        let (words, index, _) = joined(&["m", "a", "=", "b", ""], 4);
        assert_eq!((words.len(), index), (5, 4));
    }
}
