//! Where an agent works, and which of it may be written.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use super::{
    name::{self, quoted},
    tree::{Fault, Opened, Tree},
};

/// Where an agent works.
#[derive(Clone, Debug)]
pub struct Workplace {
    /// The run's workspace. Where it does not exist yet, nothing can be found in it and nothing be written.
    pub root: PathBuf,
    /// Further folders that an operator registered: addressed as `@name/path`.
    pub folders: Vec<Folder>,
    /// Paths below the root that belong to other tasks, each with its owner (such as `s1-t2`): they may be read, not
    /// written, and so may what lies below them.
    pub taken: Vec<(String, String)>,
    /// Whether the agent may write at all: producers may, quality control only reads.
    pub may_write: bool,
}

/// A folder outside of the workspace that an operator lets agents use.
#[derive(Clone, Debug)]
pub struct Folder {
    /// What stands behind the `@`.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Whether agents may write there.
    pub writable: bool,
}

/// A path that was asked for, as far as its text tells: whose directory it is below, and its parts.
pub(super) struct Spot<'a> {
    place: &'a Workplace,
    folder: Option<&'a Folder>,
    parts: Vec<&'a str>,
}

impl Workplace {
    pub(super) fn spot<'a>(&'a self, path: &'a str) -> Result<Spot<'a>, String> {
        let refused = |why: String| format!("the path {} cannot be used: {why}", quoted(path));
        let (folder, below) = match path.strip_prefix('@') {
            Some(rest) => {
                let (name, below) = rest.split_once('/').unwrap_or((rest, ""));
                (Some(self.folder(name).map_err(refused)?), below)
            }
            None => (None, path),
        };
        Ok(Spot {
            place: self,
            folder,
            parts: name::parts(below).map_err(refused)?,
        })
    }

    fn folder(&self, name: &str) -> Result<&Folder, String> {
        let found = self.folders.iter().find(|folder| folder.name == name);
        found.ok_or_else(|| {
            let known: Vec<String> = self.folders.iter().map(Folder::address).collect();
            let known = match known.is_empty() {
                true => "there is none".to_owned(),
                false => format!("there are {}", known.join(", ")),
            };
            format!("no folder is registered as @{name:.40}; {known}")
        })
    }
}

impl Folder {
    /// What it is called in paths.
    pub(super) fn address(&self) -> String {
        format!("@{}", self.name)
    }
}

impl Spot<'_> {
    pub(super) fn is_root(&self) -> bool {
        self.parts.is_empty()
    }

    /// Below the workspace, not a registered folder.
    pub(super) fn is_in_workspace(&self) -> bool {
        self.folder.is_none()
    }

    pub(super) fn parts(&self) -> &[&str] {
        &self.parts
    }

    /// The directory that this lies below.
    pub(super) fn base(&self) -> &Path {
        self.folder.map_or(&self.place.root, |folder| &folder.path)
    }

    /// Opens the directory that this lies below.
    ///
    /// # Errors
    /// [`Fault::Missing`] only for the workspace: it is made with its first file. A registered folder should be there.
    pub(super) fn tree(&self) -> Result<Tree, Fault> {
        Tree::open(self.base()).map_err(|error| match error.kind() {
            ErrorKind::NotFound if self.is_in_workspace() => Fault::Missing,
            _ => Fault::Io(error),
        })
    }

    /// Opens the file that this is, to read it.
    pub(super) fn open(&self) -> Result<Opened, String> {
        let opened = self.tree().and_then(|tree| tree.file(&self.parts));
        opened.map_err(|fault| self.told(&fault))
    }

    /// Why this cannot be used, for the model.
    pub(super) fn told(&self, fault: &Fault) -> String {
        match self.address() {
            root if root.is_empty() => format!("the workspace {fault}"),
            address => format!("{} {fault}", quoted(&address)),
        }
    }

    /// The path to ask for it by.
    pub(super) fn address(&self) -> String {
        self.address_of(&self.parts.join("/"))
    }

    /// The path to ask by for what lies `below` the same directory.
    pub(super) fn address_of(&self, below: &str) -> String {
        match self.folder {
            Some(folder) if below.is_empty() => folder.address(),
            Some(folder) => format!("{}/{below}", folder.address()),
            // An @ of its own would be taken for a folder's.
            None if below.starts_with('@') => format!("./{below}"),
            None => below.to_owned(),
        }
    }

    /// That a file may be written here.
    pub(super) fn check_writable(&self) -> Result<(), String> {
        let address = quoted(&self.address());
        if !self.place.may_write {
            return Err(format!(
                "{address} cannot be written: you may read files here, not change them"
            ));
        }
        if self.parts.is_empty() {
            return Err(format!("{address} is a folder; name a file in it"));
        }
        match self.folder {
            Some(folder) if !folder.writable => Err(format!(
                "{address} cannot be written: the folder {} is registered for reading only",
                folder.address()
            )),
            Some(_) => Ok(()),
            None => self.check_not_taken(),
        }
    }

    /// Neither another task's file, nor below it, nor a file where another task's needs a directory.
    fn check_not_taken(&self) -> Result<(), String> {
        let clash = self.place.taken.iter().find(|(path, _)| {
            let theirs = path.trim_start_matches("./").split('/');
            let mut theirs = theirs.filter(|part| !part.is_empty());
            let mut common = self
                .parts
                .iter()
                .map_while(|mine| theirs.next().map(|part| part == *mine));
            common.all(|same| same)
        });
        clash.map_or(Ok(()), |(path, owner)| {
            Err(format!(
                "{} cannot be written: {} belongs to task {owner}; read it, and write to a path of your own",
                quoted(&self.address()),
                quoted(path)
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Workplace {
        Workplace {
            root: PathBuf::from("/nowhere/work"),
            folders: vec![
                Folder {
                    name: "docs".into(),
                    path: PathBuf::from("/nowhere/docs"),
                    writable: false,
                },
                Folder {
                    name: "site".into(),
                    path: PathBuf::from("/nowhere/site"),
                    writable: true,
                },
            ],
            taken: vec![("a/report.md".into(), "s1-t2".into())],
            may_write: true,
        }
    }

    fn writable(path: &str) -> Result<(), String> {
        place().spot(path).unwrap().check_writable()
    }

    #[test]
    fn a_path_leads_below_the_workspace_or_a_registered_folder() {
        let place = place();
        assert_eq!(place.spot("./a/b").unwrap().address(), "a/b");
        let site = place.spot("@site/a").unwrap();
        assert_eq!(
            (site.base(), site.address()),
            (Path::new("/nowhere/site"), "@site/a".into())
        );
        assert!(place.spot("@docs").unwrap().is_root());
        assert_eq!(place.spot("./@x/a").unwrap().address(), "./@x/a");
        for path in [
            "@else/a",
            "@",
            "@/a",
            "@docs/..",
            "@docs//etc",
            "@docs/../site/a",
            "@../a",
        ] {
            assert!(place.spot(path).is_err(), "{path}");
        }
        let told = place.spot("@else/a").err().unwrap();
        assert!(told.contains("there are @docs, @site"), "{told}");
    }

    #[test]
    fn what_belongs_to_another_task_is_not_written() {
        for path in ["a/report.md", "./a/report.md", "a/report.md/b", "a"] {
            assert!(writable(path).unwrap_err().contains("task s1-t2"), "{path}");
        }
        for path in [
            "a/report.md2",
            "a/report",
            "b/report.md",
            "@site/a/report.md",
        ] {
            assert_eq!(writable(path), Ok(()), "{path}");
        }
    }

    #[test]
    fn a_folder_for_reading_and_an_agent_that_reads_write_nothing() {
        assert!(writable("@docs/a").unwrap_err().contains("reading only"));
        assert!(writable("@site").unwrap_err().contains("is a folder"));
        let reads = Workplace {
            may_write: false,
            ..place()
        };
        assert!(reads.spot("b").unwrap().check_writable().is_err());
    }
}
