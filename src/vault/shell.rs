//! What people are told to type into a shell.

use std::path::{Path, PathBuf};

/// A path as a shell takes it.
pub(crate) fn quoted(path: impl AsRef<Path>) -> String {
    let text = path.as_ref().to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%,=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.into_owned();
    }
    in_quotes(&text)
}

/// A word as a shell takes it, in quotes whatever it is.
pub(crate) fn in_quotes(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The command that puts a damaged file beside its place, under a name that nothing has.
pub(crate) fn aside(file: &Path) -> String {
    format!("mv {} {}", quoted(file), quoted(free(file)))
}

fn free(file: &Path) -> PathBuf {
    let named = |end: String| {
        let mut name = file.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    };
    let first = std::iter::once(".damaged".to_owned());
    let rest = (2..).map(|n| format!(".damaged-{n}"));
    let mut names = first.chain(rest).map(named);
    names
        .find(|path| path.symlink_metadata().is_err())
        .expect("there is no end of names")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_aside_before_is_not_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a file");
        let at = dir.path().display();
        let first = format!("mv '{at}/a file' '{at}/a file.damaged'");
        assert_eq!(aside(&file), first);
        std::fs::write(dir.path().join("a file.damaged"), "").unwrap();
        assert_eq!(aside(&file), first.replace("damaged'", "damaged-2'"));
    }
}
