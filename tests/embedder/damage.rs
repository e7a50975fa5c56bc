//! Files that are not the model: each is told by name, with a remedy, and the lexical embedder does the work.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
    sync::atomic::AtomicBool,
};

use modulatio::memory::Now;

use crate::ground::{Ground, LONG, dense, dot, ground};

/// What is told of a folder; the work goes on.
fn told(ground: &Ground, folder: &Path) -> String {
    let engine = ground.engine_of(folder, LONG);
    let Now { embedder, instead } = engine.now();
    assert_eq!(embedder.id(), "lexical/1");
    let vectors = embedder.embed(&["the plan goes on"], &AtomicBool::new(false));
    assert_eq!(vectors.expect("vectors").len(), 1);
    let instead = instead.expect("a reason");
    assert!(
        instead.contains("embedder.model_dir"),
        "no remedy: {instead}"
    );
    assert_eq!(engine.state().trouble.as_ref(), Some(&instead));
    instead
}

fn turn_bit(path: &Path, at: u64) {
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .expect("a file");
    let mut byte = [0];
    file.seek(SeekFrom::Start(at)).expect("a place in the file");
    file.read_exact(&mut byte).expect("a byte");
    file.seek(SeekFrom::Start(at)).expect("a place in the file");
    file.write_all(&[byte[0] ^ 0x10]).expect("a byte");
}

/// Makes the file another one to its sum without changing what it says: a remark at the end of the message.
fn add_remark(path: &Path) {
    let mut file = OpenOptions::new().append(true).open(path).expect("a file");
    file.write_all(&[6 << 3 | 2, 4])
        .expect("a file that is written");
    file.write_all(b"mine").expect("a file that is written");
}

#[test]
fn one_turned_bit_anywhere_is_noticed() {
    let Some(ground) = ground("one_turned_bit_anywhere_is_noticed") else {
        return;
    };
    let folder = ground.copy();
    for (file, parts) in [("model.onnx", 7), ("tokenizer.json", 3)] {
        let path = folder.path().join(file);
        let length = fs::metadata(&path).unwrap().len();
        for part in 0..parts {
            let at = (length - 1) * part / (parts - 1);
            turn_bit(&path, at);
            let told = told(&ground, folder.path());
            assert!(
                told.contains(file) && told.contains("is damaged"),
                "{at}: {told}"
            );
            turn_bit(&path, at);
        }
    }
    let engine = ground.engine_of(folder.path(), LONG);
    assert_eq!(
        engine.now().embedder.id(),
        "minilm-l6-v2/1",
        "it is whole again"
    );
}

#[test]
fn half_a_model_an_empty_one_and_something_else_are_noticed() {
    let Some(ground) = ground("half_a_model_an_empty_one_and_something_else_are_noticed") else {
        return;
    };
    let folder = ground.copy();
    let model = folder.path().join("model.onnx");
    let file = OpenOptions::new().write(true).open(&model).unwrap();
    for (length, says) in [
        (
            20_000_000,
            "cannot be used: it is no ONNX model, or is damaged or ends in the middle",
        ),
        (1_000, "ends in the middle"),
        (0, "is empty"),
    ] {
        file.set_len(length).unwrap();
        let told = told(&ground, folder.path());
        assert!(told.contains("model.onnx") && told.contains(says), "{told}");
    }
    fs::write(&model, "<html>404</html>").unwrap();
    assert!(told(&ground, folder.path()).contains("no ONNX model"));
    fs::remove_file(&model).unwrap();
    assert!(told(&ground, folder.path()).contains("model.onnx cannot be read: No such file"));
    fs::create_dir(&model).unwrap();
    assert!(told(&ground, folder.path()).contains("model.onnx is no file"));
    assert!(
        told(&ground, &folder.path().join("nowhere")).contains("nowhere/model.onnx cannot be read")
    );
}

#[test]
fn a_tokenizer_of_another_model_is_noticed() {
    let Some(ground) = ground("a_tokenizer_of_another_model_is_noticed") else {
        return;
    };
    let folder = ground.copy();
    let path = folder.path().join("tokenizer.json");
    let whole = fs::read_to_string(&path).unwrap();
    // Two frequent words for each other: it parses, and is wrong.
    let swapped = whole
        .replace("\"the\":", "\"t-h-e\":")
        .replace("\"of\":", "\"the\":")
        + " ";
    fs::write(&path, swapped.replace("\"t-h-e\":", "\"of\":")).unwrap();
    let why = told(&ground, folder.path());
    assert!(
        why.contains("is not all-MiniLM-L6-v2, or is damaged: the vector of"),
        "{why}"
    );
    for damaged in [&whole[..100_000], "{}", ""] {
        fs::write(&path, damaged).unwrap();
        let why = told(&ground, folder.path());
        assert!(why.contains("tokenizer.json"), "{why}");
    }
}

#[test]
fn a_copy_that_nobody_knows_is_taken_if_it_does_as_it_should() {
    let Some(ground) = ground("a_copy_that_nobody_knows_is_taken_if_it_does_as_it_should") else {
        return;
    };
    let folder = ground.copy();
    let model = folder.path().join("model.onnx");
    add_remark(&model);
    let engine = ground.engine_of(folder.path(), LONG);
    let (known, own) = (ground.engine().now(), engine.now());
    assert_eq!(own.instead, None);
    // Its vectors are kept apart from those of files that are known.
    let id = own.embedder.id();
    assert!(id.starts_with("minilm-l6-v2/") && id.len() == 25, "{id}");
    let text = ["A copy is as good as what it is a copy of."];
    let both = [known, own].map(|now| dense(now.embedder.as_ref(), &text).remove(0));
    assert!(dot(&both[0], &both[1]) > 0.999_9);

    // The same copy, some of its weights gone.
    let mut file = OpenOptions::new().write(true).open(&model).unwrap();
    file.seek(SeekFrom::Start(300_000)).unwrap();
    file.write_all(&vec![0; 1_200_000]).unwrap();
    let why = told(&ground, folder.path());
    assert!(
        why.contains("is not all-MiniLM-L6-v2, or is damaged"),
        "{why}"
    );
}

#[test]
fn a_model_put_in_place_is_taken_at_once_and_one_that_goes_is_let_go() {
    let test = "a_model_put_in_place_is_taken_at_once_and_one_that_goes_is_let_go";
    let Some(ground) = ground(test) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let engine = ground.engine_of(folder.path(), LONG);
    assert_eq!(engine.now().embedder.id(), "lexical/1");
    let copy = ground.copy();
    for file in ["model.onnx", "tokenizer.json"] {
        fs::copy(copy.path().join(file), folder.path().join(file)).unwrap();
    }
    let held = engine.now();
    assert_eq!(held.embedder.id(), "minilm-l6-v2/1");
    // Overwritten in place while it is mapped, as `cp` does it: what is not there any more must not be touched.
    File::create(folder.path().join("model.onnx")).unwrap();
    let failed = held
        .embedder
        .embed(&["text"], &AtomicBool::new(false))
        .unwrap_err();
    assert!(
        failed
            .to_string()
            .contains("was changed while it was in use"),
        "{failed}"
    );
    assert_eq!(engine.now().embedder.id(), "lexical/1");
}
