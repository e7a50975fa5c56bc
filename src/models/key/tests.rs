//! Rules of keys.

use std::fs;

use super::*;

fn source(value: Option<&'static str>) -> KeySource {
    let lookup = move |_: &str| value.map(str::to_owned);
    KeySource::new(KeyFrom::Env("SOME_KEY".into()), Arc::new(lookup))
}

fn refused(source: &KeySource) -> String {
    let failure = source.read().unwrap_err();
    assert_eq!(failure.class, FailureClass::Authentication);
    assert!(!failure.maybe_billed);
    failure.message
}

#[test]
fn a_missing_or_blank_key_names_its_variable() {
    for value in [None, Some(""), Some(" \n")] {
        assert!(refused(&source(value)).contains("SOME_KEY"));
    }
}

#[test]
fn a_trailing_newline_is_not_part_of_a_key() {
    let source = source(Some("sk-1\n"));
    let key = source.read().unwrap().unwrap();
    assert_eq!(source.header("Bearer ", &key).unwrap(), "Bearer sk-1");
}

#[test]
fn a_key_that_no_header_carries_is_named_by_its_variable_only() {
    let source = source(Some("sk-\u{1}secret"));
    let key = source.read().unwrap().unwrap();
    let failure = source.header("", &key).unwrap_err();
    assert!(failure.message.contains("SOME_KEY") && !failure.message.contains("secret"));
}

#[test]
fn debug_shows_no_key() {
    let source = source(Some("sk-secret"));
    let key = source.read().unwrap().unwrap();
    let shown = format!("{source:?} {key:?} {:?}", source.header("", &key).unwrap());
    assert!(!shown.contains("sk-secret"), "{shown}");
}

#[test]
fn without_a_source_there_is_no_key() {
    let source = KeySource::new(KeyFrom::None, Arc::new(|_: &str| Some("sk".into())));
    assert!(source.read().unwrap().is_none());
}

#[cfg(unix)]
fn file_of_mode(directory: &Path, mode: u32, text: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let path = directory.join(format!("key-{mode:o}"));
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_may_read_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let at = |mode| {
        let path = file_of_mode(directory.path(), mode, "sk-secret\n");
        KeySource::new(KeyFrom::File(path), Arc::new(|_: &str| None))
    };
    for mode in [0o600, 0o400, 0o700] {
        assert_eq!(at(mode).read().unwrap().unwrap().0, "sk-secret");
    }
    for mode in [0o640, 0o604, 0o644, 0o620] {
        let message = refused(&at(mode));
        assert!(message.contains(&format!("key-{mode:o}")), "{message}");
        assert!(message.contains("chmod 600") && !message.contains("secret"));
    }
}

#[test]
fn a_key_file_is_read_anew_at_every_call() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("key");
    let source = KeySource::new(KeyFrom::File(path.clone()), Arc::new(|_: &str| None));
    let message = refused(&source);
    assert!(message.contains(&path.display().to_string()), "{message}");
    let private = tempfile::NamedTempFile::new_in(directory.path()).unwrap();
    fs::write(private.path(), "sk-1").unwrap();
    private.persist(&path).unwrap();
    assert_eq!(source.read().unwrap().unwrap().0, "sk-1");
    fs::write(&path, "sk-2").unwrap();
    assert_eq!(source.read().unwrap().unwrap().0, "sk-2");
}

#[test]
fn a_directory_or_an_empty_file_holds_no_key() {
    let directory = tempfile::tempdir().unwrap();
    let of = |path: &Path| KeySource::new(KeyFrom::File(path.into()), Arc::new(|_: &str| None));
    assert!(refused(&of(directory.path())).contains("regular file"));
    let empty = tempfile::NamedTempFile::new().unwrap();
    assert!(refused(&of(empty.path())).contains("is empty"));
}

#[test]
fn a_credential_lies_in_the_services_directory() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("model-key"), "sk-3\n").unwrap();
    let place = directory.path().display().to_string();
    let of = |name: &str| {
        let place = place.clone();
        let lookup = move |variable: &str| (variable == CREDENTIALS).then(|| place.clone());
        KeySource::new(KeyFrom::Credential(name.into()), Arc::new(lookup))
    };
    assert_eq!(of("model-key").read().unwrap().unwrap().0, "sk-3");
    for name in ["../model-key", "", "..", "absent"] {
        let message = refused(&of(name));
        assert!(message.contains("$CREDENTIALS_DIRECTORY/"), "{message}");
    }
    let nowhere = KeySource::new(KeyFrom::Credential("k".into()), Arc::new(|_: &str| None));
    assert!(refused(&nowhere).contains("LoadCredential"));
}
