//! A model's graph without its weights.
//!
//! A model is one protobuf message, nine tenths of it the raw bytes of tensors. Whoever hands it to ONNX Runtime whole
//! has it in memory three times while it is loaded. Here it is read through once, and every large tensor is replaced by
//! where its bytes lie in the file, in ONNX's own words for weights that are kept elsewhere:
//!
//! ```text
//!  ModelProto.graph (7) ▸ GraphProto.initializer (5) ▸ TensorProto
//!      raw_data (9): 46 MB    ⟶    external_data (13): location, offset, length · data_location (14): EXTERNAL
//! ```
//!
//! ONNX Runtime then maps them from the file. What is here copied is read no further than to where it ends, so that a
//! file which ends early, or is something else, is told as that.

use std::{
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

/// Tensors of fewer bytes stay where they are: ONNX Runtime looks into them for shapes and axes.
const LARGE: u64 = 1024;

/// Most that may be left without the weights, bytes; all-MiniLM-L6-v2 leaves 60 thousand.
const MOST: u64 = 32 * 1024 * 1024;

const GRAPH: u64 = 7;
const INITIALIZER: u64 = 5;
const RAW_DATA: u64 = 9;
const EXTERNAL_DATA: u64 = 13;
const DATA_LOCATION: u64 = 14;
const EXTERNAL: u64 = 1;

/// The graph of the model in the file `path`, whose weights are to be found beside it under the name of that file.
///
/// # Errors
/// What is wrong with it, to be said after the file's name.
pub(super) fn of(path: &Path) -> Result<Vec<u8>, String> {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or("its name is not UTF-8, which ONNX Runtime needs")?;
    let file = File::open(path).map_err(|e| format!("it cannot be read: {e}"))?;
    let length = file
        .metadata()
        .map_err(|e| format!("it cannot be read: {e}"))?
        .len();
    let mut reader = Reader {
        file: BufReader::with_capacity(64 * 1024, file),
        at: 0,
        kept: 0,
    };
    let model = reader.model(length, name)?;
    if reader.kept == 0 {
        return Err("it is empty".to_owned());
    }
    Ok(model)
}

struct Reader {
    file: BufReader<File>,
    at: u64,
    /// Bytes that were copied.
    kept: u64,
}

/// A field as it stands: its number, and where what follows it ends or what it is.
struct Field {
    number: u64,
    wire: u64,
    /// The bytes that follow, for fields that say how long they are.
    length: u64,
}

/// How values lie on the wire.
const VARINT: u64 = 0;
const EIGHT_BYTES: u64 = 1;
const SOME_BYTES: u64 = 2;
const FOUR_BYTES: u64 = 5;

impl Reader {
    fn model(&mut self, end: u64, name: &str) -> Result<Vec<u8>, String> {
        let mut model = Vec::new();
        while let Some(field) = self.field(end)? {
            if field.is(GRAPH) {
                let graph = self.graph(self.at + field.length, name)?;
                put_bytes(&mut model, GRAPH, &graph);
            } else {
                self.keep(&field, &mut model)?;
            }
        }
        Ok(model)
    }

    fn graph(&mut self, end: u64, name: &str) -> Result<Vec<u8>, String> {
        let mut graph = Vec::new();
        while let Some(field) = self.field(end)? {
            if field.is(INITIALIZER) {
                let tensor = self.tensor(self.at + field.length, name)?;
                put_bytes(&mut graph, INITIALIZER, &tensor);
            } else {
                self.keep(&field, &mut graph)?;
            }
        }
        Ok(graph)
    }

    fn tensor(&mut self, end: u64, name: &str) -> Result<Vec<u8>, String> {
        let mut tensor = Vec::new();
        while let Some(field) = self.field(end)? {
            if field.number == EXTERNAL_DATA || field.number == DATA_LOCATION {
                return Err("its weights lie in another file, and one file is needed".to_owned());
            }
            if field.is(RAW_DATA) && field.length >= LARGE {
                let offset = self.at;
                self.skip(field.length)?;
                put_elsewhere(&mut tensor, name, offset, field.length);
            } else {
                self.keep(&field, &mut tensor)?;
            }
        }
        Ok(tensor)
    }

    /// The next field of a message that ends at `end`.
    fn field(&mut self, end: u64) -> Result<Option<Field>, String> {
        if self.at == end {
            return Ok(None);
        }
        let tag = self.varint()?;
        let (number, wire) = (tag >> 3, tag & 7);
        let length = match wire {
            VARINT => 0,
            EIGHT_BYTES => 8,
            FOUR_BYTES => 4,
            SOME_BYTES => self.varint()?,
            _ => return Err(no_model()),
        };
        if number == 0 || self.at > end || length > end - self.at {
            return Err(no_model());
        }
        Ok(Some(Field {
            number,
            wire,
            length,
        }))
    }

    /// Copies a field.
    fn keep(&mut self, field: &Field, into: &mut Vec<u8>) -> Result<(), String> {
        put_varint(into, field.number << 3 | field.wire);
        if field.wire == VARINT {
            let value = self.varint()?;
            put_varint(into, value);
            self.kept += 1;
            return Ok(());
        }
        if field.wire == SOME_BYTES {
            put_varint(into, field.length);
        }
        self.kept += field.length;
        if self.kept > MOST {
            return Err("it holds more than this model's graph beside its weights".to_owned());
        }
        let before = into.len();
        let copied = (&mut self.file).take(field.length).read_to_end(into);
        copied.map_err(|e| format!("it cannot be read: {e}"))?;
        self.at += field.length;
        if (into.len() - before) as u64 != field.length {
            return Err("it ends in the middle".to_owned());
        }
        Ok(())
    }

    fn skip(&mut self, length: u64) -> Result<(), String> {
        let step = i64::try_from(length).map_err(|_| no_model())?;
        let skipped = self.file.seek_relative(step);
        skipped.map_err(|e| format!("it cannot be read: {e}"))?;
        self.at += length;
        Ok(())
    }

    fn varint(&mut self) -> Result<u64, String> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let mut byte = [0];
            let read = self.file.read_exact(&mut byte);
            read.map_err(|_| "it ends in the middle".to_owned())?;
            self.at += 1;
            value |= u64::from(byte[0] & 0x7f) << shift;
            if byte[0] < 0x80 {
                return Ok(value);
            }
        }
        Err(no_model())
    }
}

impl Field {
    fn is(&self, number: u64) -> bool {
        self.number == number && self.wire == SOME_BYTES
    }
}

fn no_model() -> String {
    "it is no ONNX model, or is damaged or ends in the middle".to_owned()
}

fn put_elsewhere(tensor: &mut Vec<u8>, name: &str, offset: u64, length: u64) {
    let entries = [
        ("location", name.to_owned()),
        ("offset", offset.to_string()),
        ("length", length.to_string()),
    ];
    for (key, value) in entries {
        let mut entry = Vec::new();
        put_bytes(&mut entry, 1, key.as_bytes());
        put_bytes(&mut entry, 2, value.as_bytes());
        put_bytes(tensor, EXTERNAL_DATA, &entry);
    }
    put_varint(tensor, DATA_LOCATION << 3 | VARINT);
    put_varint(tensor, EXTERNAL);
}

fn put_bytes(message: &mut Vec<u8>, number: u64, bytes: &[u8]) {
    put_varint(message, number << 3 | SOME_BYTES);
    put_varint(message, bytes.len() as u64);
    message.extend_from_slice(bytes);
}

fn put_varint(message: &mut Vec<u8>, mut value: u64) {
    loop {
        let low = value.to_le_bytes()[0] & 0x7f;
        value >>= 7;
        if value == 0 {
            message.push(low);
            return;
        }
        message.push(low | 0x80);
    }
}
