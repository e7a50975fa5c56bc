//! ONNX Runtime's library: found, looked at, loaded once.

use std::{
    env,
    error::Error as _,
    fs,
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use ort::{LoadDynamicError, environment::Environment, logging::LoggerFunction};

use super::foreign;

/// The oldest version whose interface is asked for.
const OLDEST: &str = "1.24";

/// Where it is looked for. What is named must be it; elsewhere the first that can be loaded is.
#[derive(Clone, Debug, Default)]
pub(in crate::memory) struct Places {
    /// `embedder.onnxruntime` in the configuration.
    pub(in crate::memory) configured: Option<PathBuf>,
    /// `ORT_DYLIB_PATH`.
    pub(in crate::memory) variable: Option<PathBuf>,
    /// This program's file.
    pub(in crate::memory) program: Option<PathBuf>,
    /// The user's data directory.
    pub(in crate::memory) data_dir: Option<PathBuf>,
}

/// The library in this process. ONNX Runtime allows one environment a process, and a library is never unloaded.
static LOADED: Mutex<Option<Environment>> = Mutex::new(None);

/// The runtime, loaded at the first call that finds it; later calls get the same, wherever they would look.
///
/// # Errors
/// Where it was looked for or what is wrong with it, and what to do.
pub(in crate::memory) fn runtime(places: &Places) -> Result<Environment, String> {
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = loaded.as_ref() {
        return Ok(runtime.clone());
    }
    let runtime = places.load()?;
    *loaded = Some(runtime.clone());
    Ok(runtime)
}

impl Places {
    fn load(&self) -> Result<Environment, String> {
        let (candidates, named_by) = self.candidates();
        let mut failures = Vec::new();
        for candidate in candidates {
            match open(&candidate) {
                Ok(runtime) => return Ok(runtime),
                Err(why) => failures.push(why),
            }
        }
        let what = match (failures.is_empty(), named_by) {
            (false, Some(name)) => format!("{name}: {}", failures.join("; ")),
            (false, None) => failures.join("; "),
            (true, Some(name)) => format!("{name} names a folder without {}", file_name()),
            (true, None) => {
                let looked: Vec<String> = self
                    .folders()
                    .iter()
                    .map(|folder| folder.display().to_string())
                    .collect();
                format!("{} is in none of {}", file_name(), looked.join(", "))
            }
        };
        Err(format!(
            "ONNX Runtime cannot be loaded: {what}. Install ONNX Runtime {OLDEST} or newer and name its library in \
             `embedder.onnxruntime` or ORT_DYLIB_PATH; `embedder: lexical` does without"
        ))
    }

    /// What to try, best first, and by what it is named if it is.
    fn candidates(&self) -> (Vec<PathBuf>, Option<&'static str>) {
        let named = [
            (&self.configured, "embedder.onnxruntime"),
            (&self.variable, "ORT_DYLIB_PATH"),
        ];
        for (path, name) in named {
            match path {
                Some(path) if path.is_dir() => return (within(path), Some(name)),
                Some(path) => return (vec![path.clone()], Some(name)),
                None => {}
            }
        }
        let found = self.folders().into_iter();
        (found.flat_map(|folder| within(&folder)).collect(), None)
    }

    fn folders(&self) -> Vec<PathBuf> {
        // A link to the program is no reason to look beside the link.
        let program = self.program.as_ref();
        let program = program.map(|path| path.canonicalize().unwrap_or_else(|_| path.clone()));
        let prefix = program.as_ref().and_then(|path| path.parent()?.parent());
        let ours = [
            prefix.map(|prefix| prefix.join("lib/modulatio")),
            self.data_dir.as_ref().map(|data| data.join("modulatio")),
        ];
        let system = ["/usr/local/lib", "/usr/lib", "/usr/lib64"].map(PathBuf::from);
        let multiarch = format!("/usr/lib/{}-linux-gnu", env::consts::ARCH);
        let homebrew = cfg!(target_os = "macos").then(|| PathBuf::from("/opt/homebrew/lib"));
        let multiarch = cfg!(target_os = "linux").then(|| PathBuf::from(multiarch));
        let ours = ours.into_iter().flatten();
        ours.chain(system)
            .chain(multiarch)
            .chain(homebrew)
            .collect()
    }
}

fn file_name() -> String {
    let (before, after) = (env::consts::DLL_PREFIX, env::consts::DLL_SUFFIX);
    format!("{before}onnxruntime{after}")
}

/// The libraries in a folder: the one of the plain name first, then those with a version behind it, the newest first.
fn within(folder: &Path) -> Vec<PathBuf> {
    let plain = file_name();
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<(bool, Vec<u32>, PathBuf)> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let version = name.strip_prefix(&plain)?;
            let numbers: Option<Vec<u32>> = match version.strip_prefix('.') {
                Some(version) => version.split('.').map(|part| part.parse().ok()).collect(),
                None => version.is_empty().then(Vec::new),
            };
            Some((version.is_empty(), numbers?, entry.path()))
        })
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, _, path)| path).collect()
}

fn open(path: &Path) -> Result<Environment, String> {
    let file = path.display();
    whole(path).map_err(|why| format!("{file} {why}"))?;
    // ONNX Runtime tells its troubles as the errors of its calls as well; stderr is not its place.
    let silent: LoggerFunction = Arc::new(|_, _, _, _, _| {});
    foreign(|| {
        let runtime = ort::init_from(path).map_err(|e| said(&e))?;
        let runtime = runtime
            .with_name("modulatio")
            .with_telemetry(false)
            .with_logger(silent);
        runtime.build().map_err(|e| e.to_string())
    })
    .map_err(
        |why| match why.contains(&path.to_string_lossy().into_owned()) {
            true => why,
            false => format!("{file}: {why}"),
        },
    )
}

/// The loader's own words, which are one error deeper.
fn said(error: &LoadDynamicError) -> String {
    match error {
        LoadDynamicError::Dlopen { error, .. } => match error.source() {
            Some(words) => words.to_string(),
            None => error.to_string(),
        },
        LoadDynamicError::MissingApi { .. }
        | LoadDynamicError::InvalidVersionString
        | LoadDynamicError::BadVersion { .. } => error.to_string(),
    }
}

/// Whether the file is as long as it says itself that it is. The loader maps what is said to be there, and whoever touches
/// a page that is not there dies of it: half a library must not come as far as that.
fn whole(path: &Path) -> Result<(), String> {
    let mut file = File::open(path).map_err(|e| format!("cannot be read: {e}"))?;
    let about = file
        .metadata()
        .map_err(|e| format!("cannot be read: {e}"))?;
    if !about.is_file() {
        return Err("is no file".to_owned());
    }
    let said = match elf_length(&mut file) {
        Ok(said) => said,
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => u64::MAX,
        Err(e) => return Err(format!("cannot be read: {e}")),
    };
    if about.len() < said {
        return Err("ends in the middle".to_owned());
    }
    Ok(())
}

/// How long an ELF file of 64 bits must be at least; 0 for any other, which its loader judges.
fn elf_length(file: &mut File) -> std::io::Result<u64> {
    let mut header = [0; 64];
    file.read_exact(&mut header)?;
    if header[..6] != [0x7f, b'E', b'L', b'F', 2, 1] {
        return Ok(0);
    }
    let (programs, sections) = (long(&header, 32), long(&header, 40));
    let [program_size, program_count, section_size, section_count] =
        [54, 56, 58, 60].map(|at| u64::from(short(&header, at)));
    let mut length = sections.saturating_add(section_size * section_count);
    file.seek(SeekFrom::Start(programs))?;
    for _ in 0..program_count {
        let mut program = vec![0; usize::try_from(program_size).unwrap_or(0).max(40)];
        file.read_exact(&mut program)?;
        let (offset, size) = (long(&program, 8), long(&program, 32));
        length = length.max(offset.saturating_add(size));
    }
    Ok(length)
}

fn long(bytes: &[u8], at: usize) -> u64 {
    bytes[at..at + 8]
        .iter()
        .rev()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn short(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

#[cfg(test)]
mod tests;
