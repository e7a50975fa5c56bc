//! The two files of a model: where they are, whether they are the ones they should be, whether they changed.

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};

const MODEL: &str = "model.onnx";
const TOKENIZER: &str = "tokenizer.json";

/// Files of this model in known copies: the hub's that fastembed fetches, the makers' own, and one with weights of 8
/// bits. What is as long as one of these and has another sum is one of these and damaged.
const KNOWN: [(u64, &str); 5] = [
    (
        90_387_630,
        "bbd7b466f6d58e646fdc2bd5fd67b2f5e93c0b687011bd4548c420f7bd46f0c5",
    ),
    (
        90_405_214,
        "6fd5d72fe4589f189f8ebc006442dbb529bb7ce38f8082112682524616046452",
    ),
    (
        24_696_883,
        "a225f338d584b4ae3fa0e6074cb4bac92f1aaa34f43439f29072f1d0cd34b5b2",
    ),
    (
        711_661,
        "da0e79933b9ed51798a3ae27893d3c5fa4a201126cef75586296df9b4d2c62a0",
    ),
    (
        466_247,
        "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    ),
];

/// The id of vectors by files whose sums are known; those of different known files are the same to three digits. The
/// last part is for the form of the vectors: the mean of 256 tokens, of length 1.
const ID: &str = "minilm-l6-v2/1";

/// Files that are longer are something else, and would only fill the memory.
const LONGEST_MODEL: u64 = 256 * 1024 * 1024;
const LONGEST_TOKENIZER: u64 = 16 * 1024 * 1024;

/// The files of a model.
#[derive(Clone, Debug)]
pub(in crate::memory) struct Folder {
    model: PathBuf,
    tokenizer: PathBuf,
    /// Whether they are from the hub, so that what is damaged need only be removed.
    cached: bool,
}

/// What tells that a file is not the one it was.
pub(in crate::memory) type Stamp = String;

/// Which files they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sums {
    /// Whether both are as somebody said that they are.
    pub(super) proven: bool,
    model: String,
    tokenizer: String,
}

impl Sums {
    /// The id of vectors by these files: where nobody vouches for them, vectors are comparable with their own kind only.
    pub(super) fn id(&self) -> String {
        if self.proven {
            return ID.to_owned();
        }
        let both = format!("{}{}", self.model, self.tokenizer);
        let both = sum(&mut both.as_bytes()).expect("bytes in memory can be read");
        format!("minilm-l6-v2/{}", &both[..12])
    }
}

impl Folder {
    /// The files in a folder that the configuration names.
    pub(in crate::memory) fn named(folder: &Path) -> Self {
        Self {
            model: real(folder.join(MODEL)),
            tokenizer: real(folder.join(TOKENIZER)),
            cached: false,
        }
    }

    /// Files in the hub's cache.
    pub(in crate::memory) fn cached(model: PathBuf, tokenizer: PathBuf) -> Self {
        Self {
            model: real(model),
            tokenizer: real(tokenizer),
            cached: true,
        }
    }

    pub(in crate::memory) fn model(&self) -> &Path {
        &self.model
    }

    pub(super) fn tokenizer(&self) -> &Path {
        &self.tokenizer
    }

    /// What to do about files that cannot be used.
    pub(super) fn remedy(&self) -> String {
        let [model, tokenizer] = [&self.model, &self.tokenizer].map(|path| path.display());
        match self.cached {
            true => format!("Remove {model} and {tokenizer}; they are then downloaded anew"),
            false => "Put the model's files in place anew, or leave `embedder.model_dir` out to have it downloaded".to_owned(),
        }
    }

    pub(in crate::memory) fn stamp(&self) -> Stamp {
        format!("{} {}", stamp(&self.model), stamp(&self.tokenizer))
    }

    /// Reads both files through.
    pub(super) fn sums(&self) -> Result<Sums, String> {
        let remedy = |what: String| format!("{what}. {}", self.remedy());
        let (model, model_known) = judge(&self.model, LONGEST_MODEL).map_err(remedy)?;
        let (tokenizer, tokenizer_known) =
            judge(&self.tokenizer, LONGEST_TOKENIZER).map_err(remedy)?;
        Ok(Sums {
            proven: model_known && tokenizer_known,
            model,
            tokenizer,
        })
    }

    pub(super) fn read_tokenizer(&self) -> Result<Vec<u8>, String> {
        fs::read(&self.tokenizer)
            .map_err(|e| format!("{} cannot be read: {e}", self.tokenizer.display()))
    }
}

/// The file behind links: by its real name the hub's cache tells its sum.
fn real(path: PathBuf) -> PathBuf {
    path.canonicalize().unwrap_or(path)
}

fn stamp(path: &Path) -> Stamp {
    match fs::metadata(path) {
        Ok(about) => {
            let changed = about.modified().ok();
            format!("{} {changed:?} {}", about.len(), number(&about))
        }
        Err(e) => e.kind().to_string(),
    }
}

#[cfg(unix)]
fn number(about: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(about)
}

#[cfg(not(unix))]
fn number(_: &fs::Metadata) -> u64 {
    0
}

/// A file's SHA-256, and whether somebody vouches for it.
fn judge(path: &Path, longest: u64) -> Result<(String, bool), String> {
    let file = path.display();
    let cannot = |e: io::Error| format!("{file} cannot be read: {e}");
    // Opening something that is no file may wait for ever.
    let about = fs::metadata(path).map_err(cannot)?;
    if !about.is_file() {
        return Err(format!("{file} is no file"));
    }
    if about.len() == 0 {
        return Err(format!("{file} is empty"));
    }
    if about.len() > longest {
        return Err(format!("{file} is too large to be of all-MiniLM-L6-v2"));
    }
    let found = sum(&mut File::open(path).map_err(cannot)?).map_err(cannot)?;
    if KNOWN.iter().any(|(_, known)| *known == found) {
        return Ok((found, true));
    }
    match vouched(path, about.len(), &found).map_err(cannot)? {
        Some(true) => return Ok((found, true)),
        Some(false) => {
            return Err(format!(
                "{file} is damaged: it is not what the hub has under that name"
            ));
        }
        None => {}
    }
    match KNOWN.iter().find(|(length, _)| *length == about.len()) {
        Some((_, known)) => Err(format!(
            "{file} is damaged: its SHA-256 is {}…, and should be {}…",
            &found[..12],
            &known[..12]
        )),
        None => Ok((found, false)),
    }
}

/// Whether the hub's cache names the file by its sum, and rightly: large ones by SHA-256, others as git does it.
fn vouched(path: &Path, length: u64, sha256: &str) -> io::Result<Option<bool>> {
    let in_cache = path
        .parent()
        .is_some_and(|folder| folder.ends_with("blobs"));
    let name = path.file_name().and_then(|name| name.to_str());
    let is_sum = |name: &&str| name.bytes().all(|byte| byte.is_ascii_hexdigit());
    match name.filter(is_sum).filter(|_| in_cache) {
        Some(name) if name.len() == 64 => Ok(Some(name == sha256)),
        Some(name) if name.len() == 40 => {
            let header = format!("blob {length}\0");
            let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
            context.update(header.as_bytes());
            Ok(Some(name == finish(context, &mut File::open(path)?)?))
        }
        _ => Ok(None),
    }
}

fn sum(from: &mut dyn Read) -> io::Result<String> {
    finish(Context::new(&SHA256), from)
}

fn finish(mut context: Context, from: &mut dyn Read) -> io::Result<String> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => context.update(&buffer[..length]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    let mut hex = String::new();
    for byte in context.finish().as_ref() {
        write!(hex, "{byte:02x}").expect("a text takes every byte");
    }
    Ok(hex)
}

#[cfg(test)]
mod tests;
