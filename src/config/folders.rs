//! `folders:` of a project — what it may look at, or change, outside its runs.

use std::path::{Path, PathBuf};

use projections::yaml::Value;

use super::reader::Field;

/// Longest name, in bytes.
const MAX_NAME: usize = 32;

/// A folder that the project works with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// How agents name it: `[a-z0-9_-]{1,32}`, no two alike.
    pub name: String,
    /// Where it is, as written; a relative path begins at the project's directory.
    pub path: PathBuf,
    /// Whether it may be changed.
    pub writable: bool,
}

/// Reads `folders:`.
pub(super) fn read_folders(field: &Field<'_>) -> Vec<Folder> {
    let mut folders: Vec<Folder> = Vec::new();
    for item in field.items().unwrap_or_default() {
        let Some(folder) = read_folder(&item) else {
            continue;
        };
        if folders
            .iter()
            .any(|known| by_command(&known.name) == by_command(&folder.name))
        {
            item.fault(format!(
                "a second folder is named {:?}; give one of them another name (commands read a `-` as `_`)",
                folder.name
            ));
        } else if let Some(known) = folders.iter().find(|known| known.path == folder.path) {
            item.fault(format!("is the same folder as {:?}", known.name));
        }
        folders.push(folder);
    }
    folders
}

/// Commands find a folder by a variable, in whose name there is no `-`.
fn by_command(name: &str) -> String {
    name.replace('-', "_")
}

/// A path alone, or a mapping.
fn read_folder(field: &Field<'_>) -> Option<Folder> {
    match field.value {
        Value::String(_) => {
            let path = read_path(field)?;
            Some(Folder {
                name: named_by(field, &path)?,
                path,
                writable: false,
            })
        }
        Value::Mapping(_) => read_full(field),
        _ => field.wrong("a path, or a mapping with name, path and mode"),
    }
}

fn read_full(field: &Field<'_>) -> Option<Folder> {
    let section = field.section(&["name", "path", "mode"])?;
    let modes = [("ro", false), ("rw", true)];
    let writable = section.read("mode", |field| field.word(&modes));
    let name = section.get("name");
    let given = name.as_ref().map(read_name);
    let path = section.require("path");
    let path = path.and_then(|field| read_path(&field))?;
    let name = match given {
        Some(name) => name?,
        None => named_by(field, &path)?,
    };
    Some(Folder {
        name,
        path,
        writable: writable.unwrap_or(false),
    })
}

fn read_name(field: &Field<'_>) -> Option<String> {
    let name = field.text()?;
    if is_folder_name(name) {
        return Some(name.to_owned());
    }
    field.fault("is not a name for a folder; use up to 32 of a-z 0-9 _ -");
    None
}

fn read_path(field: &Field<'_>) -> Option<PathBuf> {
    let path = field.text()?;
    if path.starts_with('~') {
        field.fault("~ stands for nothing here; write the whole path");
        return None;
    }
    Some(PathBuf::from(path))
}

/// The name of a folder that has none of its own: the last component of its path, in lower case, with `-` for what
/// no name may hold.
fn named_by(field: &Field<'_>, path: &Path) -> Option<String> {
    let last = path.file_name().and_then(|name| name.to_str());
    let last = last.unwrap_or_default().to_ascii_lowercase();
    if is_folder_name(&last) {
        return Some(last);
    }
    let name = last.replace(|c| !is_allowed(c), "-");
    let name: String = name.trim_matches('-').chars().take(MAX_NAME).collect();
    if name.is_empty() {
        field.fault("has no last component to be named by; write e.g. {name: notes, path: …}");
        return None;
    }
    Some(name)
}

fn is_folder_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len()) && text.chars().all(is_allowed)
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c)
}
