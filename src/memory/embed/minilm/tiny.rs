//! A model of one table: each word is a row, and the rows of a text's words are what it makes of it.

use std::{ffi::OsStr, fmt::Write as _, fs};

use tempfile::TempDir;

use super::{folder::Folder, reference::Reference};

const WORDS: usize = 40;
const DIMENSIONS: usize = 16;

pub(super) struct Tiny {
    _dir: TempDir,
    folder: Folder,
}

impl Tiny {
    /// A folder of this name with the model in it.
    pub(super) fn new(name: impl AsRef<OsStr>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join(name.as_ref());
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("model.onnx"), model()).unwrap();
        fs::write(folder.join("tokenizer.json"), tokenizer()).unwrap();
        Self {
            folder: Folder::named(&folder),
            _dir: dir,
        }
    }

    pub(super) fn folder(&self) -> Folder {
        self.folder.clone()
    }

    /// What it makes of a few texts.
    pub(super) fn reference(&self) -> Reference {
        let texts = ["w1 w2", "w3", "w30 w31 w32 w33"];
        Reference::of(
            texts
                .map(|text| (text.to_owned(), self.vector(text)))
                .to_vec(),
        )
    }

    /// What it makes of a text, of any length.
    #[expect(clippy::unused_self, reason = "it reads better at the calls")]
    pub(super) fn vector(&self, text: &str) -> Vec<f32> {
        let rows: Vec<usize> = text.split_whitespace().map(row_of).collect();
        let sum = |at: usize| rows.iter().map(|row| number(*row, at)).sum();
        (0..DIMENSIONS).map(sum).collect()
    }
}

/// Rows 0 and 1 are for what is no word.
fn row_of(word: &str) -> usize {
    let number = word
        .strip_prefix('w')
        .and_then(|digits| digits.parse::<usize>().ok());
    number.map_or(0, |number| number + 2)
}

/// Rows that are unlike each other.
fn number(row: usize, at: usize) -> f32 {
    let mixed = (row * 7_919 + at * 104_729 + row * at * 31) % 2_003;
    f32::from(u16::try_from(mixed).unwrap()) / 1_001.5 - 1.0
}

fn tokenizer() -> String {
    let mut words = r#""[UNK]": 0, "[PAD]": 1"#.to_owned();
    for row in 2..WORDS {
        write!(words, r#", "w{}": {row}"#, row - 2).unwrap();
    }
    format!(
        r#"{{"version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
        "pre_tokenizer": {{"type": "Whitespace"}}, "post_processor":
        {{"type": "TemplateProcessing", "single": [{{"Sequence": {{"id": "A", "type_id": 0}}}}],
          "pair": [{{"Sequence": {{"id": "A", "type_id": 0}}}}, {{"Sequence": {{"id": "B", "type_id": 1}}}}],
          "special_tokens": {{}}}},
        "decoder": null,
        "model": {{"type": "WordLevel", "unk_token": "[UNK]", "vocab": {{{words}}}}}}}"#
    )
}

/// `last_hidden_state = Gather(table, input_ids)`.
fn model() -> Vec<u8> {
    let table: Vec<u8> = (0..WORDS)
        .flat_map(|row| (0..DIMENSIONS).flat_map(move |at| number(row, at).to_le_bytes()))
        .collect();
    let table = message(&[
        Part::Number(1, WORDS as u64),
        Part::Number(1, DIMENSIONS as u64),
        Part::Number(2, FLOAT),
        Part::Bytes(8, b"table"),
        Part::Bytes(9, &table),
    ]);
    let gather = message(&[
        Part::Bytes(1, b"table"),
        Part::Bytes(1, b"input_ids"),
        Part::Bytes(2, b"last_hidden_state"),
        Part::Bytes(4, b"Gather"),
    ]);
    let shape: [&[u8]; 2] = [b"batch", b"sequence"];
    let ids = value(b"input_ids", INT64, &shape);
    let mask = value(b"attention_mask", INT64, &shape);
    let made = value(
        b"last_hidden_state",
        FLOAT,
        &[b"batch", b"sequence", b"hidden"],
    );
    let graph = message(&[
        Part::Bytes(1, &gather),
        Part::Bytes(2, b"tiny"),
        Part::Bytes(5, &table),
        Part::Bytes(11, &ids),
        Part::Bytes(11, &mask),
        Part::Bytes(12, &made),
    ]);
    let opset = message(&[Part::Bytes(1, b""), Part::Number(2, 14)]);
    message(&[
        Part::Number(1, 7),
        Part::Bytes(7, &graph),
        Part::Bytes(8, &opset),
    ])
}

const FLOAT: u64 = 1;
const INT64: u64 = 7;

/// An input or output: its name, what its elements are, and how its dimensions are called.
fn value(name: &[u8], element: u64, dimensions: &[&[u8]]) -> Vec<u8> {
    let dimensions: Vec<Vec<u8>> = dimensions
        .iter()
        .map(|name| message(&[Part::Bytes(2, name)]))
        .collect();
    let dimensions: Vec<Part<'_>> = dimensions.iter().map(|name| Part::Bytes(1, name)).collect();
    let shape = message(&dimensions);
    let tensor = message(&[Part::Number(1, element), Part::Bytes(2, &shape)]);
    let kind = message(&[Part::Bytes(1, &tensor)]);
    message(&[Part::Bytes(1, name), Part::Bytes(2, &kind)])
}

/// A field of a protobuf message.
enum Part<'a> {
    Number(u64, u64),
    Bytes(u64, &'a [u8]),
}

fn message(parts: &[Part<'_>]) -> Vec<u8> {
    let mut message = Vec::new();
    for part in parts {
        match part {
            Part::Number(field, value) => {
                varint(&mut message, field << 3);
                varint(&mut message, *value);
            }
            Part::Bytes(field, bytes) => {
                varint(&mut message, field << 3 | 2);
                varint(&mut message, bytes.len() as u64);
                message.extend_from_slice(bytes);
            }
        }
    }
    message
}

fn varint(message: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        message.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    message.push(value.to_le_bytes()[0]);
}
