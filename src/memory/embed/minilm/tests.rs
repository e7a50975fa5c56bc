//! Loading and asking, with a model of a few lines made here: a table of 40 words, 16 numbers each, in the form that the
//! real one has. What the real one makes is for `tests/memory`.

use std::{fs, io::Write as _, os::unix::ffi::OsStrExt as _, path::PathBuf};

use super::{library::Places, tiny::Tiny, *};

/// ONNX Runtime, or `None` and said so where the machine has none for tests.
fn runtime(test: &str) -> Option<Environment> {
    let Some(library) = std::env::var_os("ORT_DYLIB_PATH") else {
        // Not through `eprintln!`, which nobody sees of a test that passes.
        let line = format!("SKIPPED {test}: ORT_DYLIB_PATH names no ONNX Runtime\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
        return None;
    };
    let places = Places {
        variable: Some(PathBuf::from(library)),
        ..Places::default()
    };
    Some(library::runtime(&places).unwrap())
}

fn refusal(loaded: Result<MiniLm, String>) -> String {
    match loaded {
        Ok(model) => panic!("{} was loaded", model.id),
        Err(why) => why,
    }
}

fn vectors(model: &MiniLm, texts: &[&str]) -> Vec<Vec<f32>> {
    let vectors = model.embed(texts, &AtomicBool::new(false)).unwrap();
    let dense = vectors.into_iter().map(|vector| match vector {
        Vector::Dense(numbers) => numbers,
        Vector::Sparse(_) => panic!("a sparse vector"),
    });
    dense.collect()
}

#[test]
fn a_model_is_loaded_and_makes_the_mean_of_its_words() {
    let Some(runtime) = runtime("a_model_is_loaded_and_makes_the_mean_of_its_words") else {
        return;
    };
    let tiny = Tiny::new("ein Ordner mit Lücken");
    let model = MiniLm::load_as(&tiny.folder(), &runtime, &tiny.reference()).unwrap();
    assert!(model.id().starts_with("minilm-l6-v2/"), "{}", model.id());
    assert_eq!(model.id().len(), "minilm-l6-v2/".len() + 12);

    let texts = ["w1 w2", "w3", "w5 w6 w7 unheard", "w1 w2"];
    let made = vectors(&model, &texts);
    for (text, vector) in texts.iter().zip(&made) {
        let likeness = reference::cosine(vector, &tiny.vector(text));
        assert!(likeness > 0.999_99, "{text:?}: {likeness}");
        let length: f32 = vector.iter().map(|x| x * x).sum();
        assert!((length - 1.0).abs() < 1e-5, "{text:?}: {length}");
    }
    assert_eq!(made[0], made[3]);
}

#[test]
fn many_texts_are_answered_in_their_order_and_long_ones_cut() {
    let Some(runtime) = runtime("many_texts_are_answered_in_their_order_and_long_ones_cut") else {
        return;
    };
    let tiny = Tiny::new("many");
    let model = MiniLm::load_as(&tiny.folder(), &runtime, &tiny.reference()).unwrap();
    let texts: Vec<String> = (0..100)
        .map(|n| format!("w{} ", n % 30).repeat(1 + n * n % 400))
        .collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let together = vectors(&model, &texts);
    for (text, vector) in texts.iter().zip(&together) {
        let alone = &vectors(&model, &[text])[0];
        assert!(reference::cosine(alone, vector) > 0.999_99, "{text:?}");
    }
    let cut = "w1 ".repeat(MOST_TOKENS) + &"w2 ".repeat(MOST_TOKENS);
    let likeness = reference::cosine(&vectors(&model, &[&cut])[0], &tiny.vector("w1"));
    assert!(likeness > 0.999_99, "{likeness}");
    assert!(vectors(&model, &[]).is_empty());
}

#[test]
fn a_batch_is_few_texts_or_short_ones() {
    let short = "x".repeat(20);
    let long = "x".repeat(4_000);
    for (texts, expected) in [
        (vec![&short; 100], BATCH_TEXTS),
        (vec![&long; 3], 1),
        (vec![&short, &long], 1),
        (vec![&long, &short], 1),
        (vec![&short], 1),
    ] {
        let texts: Vec<&str> = texts.into_iter().map(String::as_str).collect();
        assert_eq!(length_of_batch(&texts), expected);
    }
}

#[test]
fn it_stops_between_batches_when_told() {
    let Some(runtime) = runtime("it_stops_between_batches_when_told") else {
        return;
    };
    let tiny = Tiny::new("stops");
    let model = MiniLm::load_as(&tiny.folder(), &runtime, &tiny.reference()).unwrap();
    let stopped = model.embed(&["w1"], &AtomicBool::new(true));
    assert_eq!(stopped, Err(Fault::Cut));
}

#[test]
fn another_model_a_wrong_dimension_and_another_vocabulary_are_told() {
    let Some(runtime) = runtime("another_model_a_wrong_dimension_and_another_vocabulary_are_told")
    else {
        return;
    };
    let tiny = Tiny::new("other");
    let why = refusal(MiniLm::load(&tiny.folder(), &runtime));
    for part in [
        "model.onnx",
        "vectors of 16 numbers, and all-MiniLM-L6-v2 of 384",
        "embedder.model_dir",
    ] {
        assert!(why.contains(part), "{why}");
    }

    let swapped = fs::read_to_string(tiny.folder().tokenizer()).unwrap();
    let swapped = swapped
        .replace("\"w1\"", "\"w1 \"")
        .replace("\"w9\"", "\"w1\"");
    fs::write(tiny.folder().tokenizer(), swapped).unwrap();
    let why = refusal(MiniLm::load_as(&tiny.folder(), &runtime, &tiny.reference()));
    for part in [
        "tokenizer.json",
        "is not all-MiniLM-L6-v2, or is damaged",
        "\"w1 w2\"",
    ] {
        assert!(why.contains(part), "{why}");
    }
}

#[test]
fn a_tokenizer_that_is_none_is_told() {
    let Some(runtime) = runtime("a_tokenizer_that_is_none_is_told") else {
        return;
    };
    let tiny = Tiny::new("tokens");
    let whole = fs::read(tiny.folder().tokenizer()).unwrap();
    for damaged in [&whole[..whole.len() / 2], b"{}", b"\xff\x00garbage"] {
        fs::write(tiny.folder().tokenizer(), damaged).unwrap();
        let why = refusal(MiniLm::load_as(&tiny.folder(), &runtime, &tiny.reference()));
        assert!(why.contains("tokenizer.json"), "{why}");
    }
}

#[test]
fn a_model_cut_off_anywhere_is_told() {
    let Some(runtime) = runtime("a_model_cut_off_anywhere_is_told") else {
        return;
    };
    let tiny = Tiny::new("cut");
    let whole = fs::read(tiny.folder().model()).unwrap();
    let lengths = (0..whole.len()).filter(|at| at % 37 == 0 || *at < 40 || *at > whole.len() - 40);
    for length in lengths {
        fs::write(tiny.folder().model(), &whole[..length]).unwrap();
        let why = refusal(MiniLm::load_as(&tiny.folder(), &runtime, &tiny.reference()));
        assert!(why.contains("model.onnx"), "{length}: {why}");
    }
}

#[test]
fn a_model_with_any_bit_turned_is_told_or_makes_the_same_vectors() {
    let test = "a_model_with_any_bit_turned_is_told_or_makes_the_same_vectors";
    let Some(runtime) = runtime(test) else {
        return;
    };
    let tiny = Tiny::new("turned");
    let whole = fs::read(tiny.folder().model()).unwrap();
    let mut refused = 0;
    for at in (0..whole.len()).filter(|at| *at < 300 || at % 61 == 0 || *at > whole.len() - 200) {
        let mut turned = whole.clone();
        turned[at] ^= 1 << (at % 8);
        fs::write(tiny.folder().model(), &turned).unwrap();
        match MiniLm::load_as(&tiny.folder(), &runtime, &tiny.reference()) {
            Ok(model) => {
                let made = &vectors(&model, &["w1 w2"])[0];
                assert!(
                    reference::cosine(made, &tiny.vector("w1 w2")) >= 0.99,
                    "{at}"
                );
            }
            Err(why) => {
                assert!(why.contains("model.onnx"), "{at}: {why}");
                refused += 1;
            }
        }
    }
    assert!(refused > 100, "{refused}");
}

#[test]
fn files_that_change_while_they_are_in_use_are_not_read_on() {
    let Some(runtime) = runtime("files_that_change_while_they_are_in_use_are_not_read_on") else {
        return;
    };
    let tiny = Tiny::new("changed");
    let model = MiniLm::load_as(&tiny.folder(), &runtime, &tiny.reference()).unwrap();
    // Cut to nothing while it is mapped: reading on would be the end of the process.
    fs::write(tiny.folder().model(), b"").unwrap();
    let Err(Fault::Embedder(why)) = model.embed(&["w1"], &AtomicBool::new(false)) else {
        panic!("it read on");
    };
    assert!(
        why.contains("model.onnx was changed while it was in use"),
        "{why}"
    );
}

#[test]
fn a_path_that_the_runtime_cannot_take_is_told() {
    let Some(runtime) = runtime("a_path_that_the_runtime_cannot_take_is_told") else {
        return;
    };
    let tiny = Tiny::new(std::ffi::OsStr::from_bytes(b"kein\xffText"));
    let why = refusal(MiniLm::load_as(&tiny.folder(), &runtime, &tiny.reference()));
    assert!(why.contains("not UTF-8"), "{why}");
}

#[test]
fn weights_in_another_file_are_told() {
    let tiny = Tiny::new("elsewhere");
    let graph = skeleton::of(tiny.folder().model()).unwrap();
    assert!(graph.len() < 1024, "{}", graph.len());
    fs::write(tiny.folder().model(), graph).unwrap();
    let why = skeleton::of(tiny.folder().model()).unwrap_err();
    assert!(why.contains("lie in another file"), "{why}");
}

#[test]
fn what_is_no_model_is_told() {
    let tiny = Tiny::new("none");
    let garbage: Vec<u8> = (0..5_000_u32)
        .map(|n| (n * n % 251).to_le_bytes()[0])
        .collect();
    for bytes in [
        &garbage,
        b"<!DOCTYPE html><html>".as_slice(),
        &[0xff; 100],
        &[0; 100],
    ] {
        fs::write(tiny.folder().model(), bytes).unwrap();
        let why = skeleton::of(tiny.folder().model()).unwrap_err();
        assert!(
            why.contains("no ONNX model") || why.contains("in the middle"),
            "{why}"
        );
    }
}

#[test]
fn foreign_code_may_panic() {
    let panics = || -> Result<(), String> { panic!("beyond\nrecall") };
    assert_eq!(foreign(panics), Err("beyond".to_owned()));
    let long: Result<(), String> = foreign(|| Err("é".repeat(1_000)));
    assert!(long.unwrap_err().len() <= 300);
}
