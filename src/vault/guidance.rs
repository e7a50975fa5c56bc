//! What operators wrote for agents to go by: standards of good work, and prompts in the place of the program's. Texts as
//! they lie there; what they mean is seen elsewhere.

use std::path::Path;

use super::{Project, regular};
use crate::error::{Error, Result};

/// Longest of these files, in bytes: each stands in many prompts.
const LONGEST: u64 = 64 * 1024;

/// A text and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guidance {
    /// The file's name without its ending.
    pub name: String,
    /// The file, relative to the vault.
    pub source: String,
    /// The text.
    pub text: String,
}

impl Project {
    /// Standards, the widest first: the vault's, the vault's for a kind, the project's, the project's for a kind. The
    /// general ones are named `standards`, the others by their kind.
    ///
    /// # Errors
    /// [`Error::Config`] for a file that cannot be read as text, or is too long.
    pub fn standards(&self) -> Result<Vec<Guidance>> {
        let mut found = Vec::new();
        for dir in self.widest_first() {
            found.extend(self.guidance(&dir.join("standards.md"))?);
            found.extend(self.guidance_in(&dir.join("standards"))?);
        }
        Ok(found)
    }

    /// Prompts in the place of the program's own, the widest first.
    ///
    /// # Errors
    /// As [`Project::standards`].
    pub fn prompts(&self) -> Result<Vec<Guidance>> {
        let mut found = Vec::new();
        for dir in self.widest_first() {
            found.extend(self.guidance_in(&dir.join("prompts"))?);
        }
        Ok(found)
    }

    fn widest_first(&self) -> [&Path; 2] {
        [self.vault().root(), self.dir()]
    }

    /// Every `.md` file of a directory, by name.
    fn guidance_in(&self, dir: &Path) -> Result<Vec<Guidance>> {
        let entries = match std::fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) if is_absent(&error) => return Ok(Vec::new()),
            Err(error) => return Err(Error::io("read", dir)(error)),
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<String> = names
            .filter(|name| name.ends_with(".md") && !name.starts_with('.'))
            .collect();
        names.sort();
        let mut found = Vec::new();
        for name in names {
            found.extend(self.guidance(&dir.join(name))?);
        }
        Ok(found)
    }

    fn guidance(&self, path: &Path) -> Result<Option<Guidance>> {
        let root = self.vault().root();
        let source = path.strip_prefix(root).unwrap_or(path);
        let source = source.display().to_string();
        let fault = |problem: &str| Error::Config {
            faults: vec![format!("{source}: {problem}")],
        };
        let length = match std::fs::metadata(path) {
            Ok(meta) => meta.len(),
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(Error::io("read", path)(error)),
        };
        if length > LONGEST {
            let problem = format!("it has {length} bytes; write at most {LONGEST}");
            return Err(fault(&problem));
        }
        let text = match regular::read_text(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                return Err(fault("it is not UTF-8 text"));
            }
            Err(error) => return Err(Error::io("read", path)(error)),
        };
        let name = path.file_stem().and_then(|stem| stem.to_str());
        Ok(Some(Guidance {
            name: name.unwrap_or_default().to_owned(),
            source,
            text,
        }))
    }
}

fn is_absent(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
    )
}
