//! ONNX Runtime that is not there, or is something else.

use std::{fs, path::Path};

use crate::{
    child,
    ground::{ground, library},
};

/// What a process says that has such a library.
fn told(surroundings: &[(&str, &Path)]) -> String {
    let cache = tempfile::tempdir().expect("a temporary directory");
    let mut all = vec![("CHILD_CACHE", cache.path())];
    all.extend(surroundings);
    let output = child::run("child::asks", &all);
    assert_eq!(child::said(&output, "id"), ["lexical/1"]);
    // Nothing is downloaded for a library that is not there.
    assert_eq!(fs::read_dir(cache.path()).expect("a directory").count(), 0);
    let told = child::said(&output, "instead").remove(0);
    assert!(
        told.starts_with("ONNX Runtime cannot be loaded: "),
        "{told}"
    );
    assert!(
        told.contains("`embedder.onnxruntime` or ORT_DYLIB_PATH"),
        "{told}"
    );
    told
}

#[test]
fn a_library_that_is_nowhere_is_told_with_where_it_was_looked_for() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("libonnxruntime.so");
    let why = told(&[("CHILD_LIBRARY", &missing)]);
    assert!(why.contains("embedder.onnxruntime: "), "{why}");
    assert!(
        why.contains("libonnxruntime.so cannot be read: No such file"),
        "{why}"
    );
    let why = told(&[("ORT_DYLIB_PATH", &missing)]);
    assert!(why.contains("ORT_DYLIB_PATH: "), "{why}");
    let why = told(&[("CHILD_LIBRARY", dir.path())]);
    assert!(
        why.contains("embedder.onnxruntime names a folder without libonnxruntime.so"),
        "{why}"
    );
}

#[test]
fn a_library_that_is_something_else_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("libonnxruntime.so");
    fs::write(&path, "not a library".repeat(100)).unwrap();
    let why = told(&[("CHILD_LIBRARY", &path)]);
    assert!(why.contains("invalid ELF header"), "{why}");
    // A real library, and another one.
    let program = std::env::current_exe().unwrap();
    let why = told(&[("CHILD_LIBRARY", &program)]);
    assert!(why.contains(&program.display().to_string()), "{why}");
}

#[test]
fn half_a_library_is_told_and_kills_nobody() {
    let Some(library) = library("half_a_library_is_told_and_kills_nobody") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("libonnxruntime.so");
    let whole = fs::read(library).unwrap();
    for length in [whole.len() / 2, whole.len() - 4_096, 100] {
        fs::write(&path, &whole[..length]).unwrap();
        let why = told(&[("CHILD_LIBRARY", &path)]);
        assert!(
            why.contains("libonnxruntime.so ends in the middle"),
            "{why}"
        );
    }
}

#[test]
fn the_library_is_found_beside_the_users_data() {
    let Some(ground) = ground("the_library_is_found_beside_the_users_data") else {
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("modulatio");
    fs::create_dir(&folder).unwrap();
    let name = "libonnxruntime.so.1.99.0";
    std::os::unix::fs::symlink(&ground.library, folder.join(name)).unwrap();
    let cache = data.path().join("cache");
    let output = child::run(
        "child::asks",
        &[
            ("CHILD_CACHE", &cache),
            ("CHILD_MODEL", &ground.model),
            ("XDG_DATA_HOME", data.path()),
        ],
    );
    assert_eq!(child::said(&output, "id"), ["minilm-l6-v2/1"]);
}
