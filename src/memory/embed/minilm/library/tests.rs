//! Where the library is looked for, and what is taken for one.

use super::*;

fn touch(path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, "").unwrap();
}

#[test]
fn what_is_named_goes_first_and_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (configured, variable) = (dir.path().join("a.so"), dir.path().join("b.so"));
    let mut places = Places {
        configured: Some(configured.clone()),
        variable: Some(variable.clone()),
        program: Some(dir.path().join("bin/modulatio")),
        data_dir: Some(dir.path().join("data")),
    };
    touch(&dir.path().join("lib/modulatio").join(file_name()));
    assert_eq!(
        places.candidates(),
        (vec![configured], Some("embedder.onnxruntime"))
    );
    places.configured = None;
    assert_eq!(
        places.candidates(),
        (vec![variable], Some("ORT_DYLIB_PATH"))
    );
}

#[test]
fn beside_the_program_goes_before_the_users_own_and_the_systems() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    let ours = root.join("lib/modulatio").join(file_name());
    let users = root.join("data/modulatio").join(file_name());
    let program = root.join("bin/modulatio");
    [&ours, &users, &program]
        .into_iter()
        .for_each(|path| touch(path));
    // As a package manager might link it.
    let link = root.join("elsewhere");
    std::os::unix::fs::symlink(&program, &link).unwrap();
    for program in [program, link] {
        let places = Places {
            program: Some(program),
            data_dir: Some(root.join("data")),
            ..Places::default()
        };
        let (candidates, named) = places.candidates();
        assert_eq!(candidates[..2], [ours.clone(), users.clone()]);
        assert_eq!(named, None);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_gives_the_plain_name_or_the_newest_version() {
    let dir = tempfile::tempdir().unwrap();
    let names = [
        "libonnxruntime.so",
        "libonnxruntime.so.1",
        "libonnxruntime.so.1.9.0",
        "libonnxruntime.so.1.32.0",
        "libonnxruntime_providers_shared.so",
        "libonnxruntime.so.bak",
        "libonnxruntime.a",
    ];
    names.iter().for_each(|name| touch(&dir.path().join(name)));
    let found: Vec<String> = within(dir.path())
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(
        found,
        [
            "libonnxruntime.so",
            "libonnxruntime.so.1.32.0",
            "libonnxruntime.so.1.9.0",
            "libonnxruntime.so.1"
        ]
    );
    let places = Places {
        configured: Some(dir.path().to_path_buf()),
        ..Places::default()
    };
    assert_eq!(places.candidates().0.len(), 4);
}

#[test]
fn half_a_library_is_told_before_it_is_loaded() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(file_name());
    assert!(
        whole(&path)
            .unwrap_err()
            .contains("cannot be read: No such file")
    );
    assert_eq!(whole(dir.path()).unwrap_err(), "is no file");
    // Any ELF file will do, and this test is one.
    let test = fs::read(env::current_exe().unwrap()).unwrap();
    fs::write(&path, &test).unwrap();
    whole(&path).unwrap();
    for length in [1, 63, 64, 100, test.len() / 2, test.len() - 1] {
        fs::write(&path, &test[..length]).unwrap();
        let expected = if cfg!(target_os = "linux") {
            Err("ends in the middle".to_owned())
        } else {
            whole(&path)
        };
        assert_eq!(whole(&path), expected, "{length}");
    }
}

#[test]
fn headers_of_nonsense_do_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(file_name());
    let mut bytes = vec![0xff; 4_000];
    bytes[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1]);
    fs::write(&path, bytes).unwrap();
    assert!(whole(&path).is_err());
    fs::write(
        &path,
        "no library at all, but long enough to be read as the header of one",
    )
    .unwrap();
    whole(&path).unwrap();
}
