//! A workspace with a secret outside of it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use modulatio::toolbox::{self, Folder, Returned, Workplace};
use serde_json::{Value, json};
use tempfile::TempDir;

/// What must never be read nor changed.
pub(crate) const SECRET: &str = "SECRET-OUTSIDE";

/// `work/` (the workspace), `docs/` (registered for reading), `site/` (for writing), and `outside/secret.txt`.
pub(crate) struct Bench {
    dir: TempDir,
    pub(crate) place: Workplace,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let dir = TempDir::new().expect("a directory can be made");
        for name in ["work", "docs", "site", "outside"] {
            fs::create_dir(dir.path().join(name)).expect("a folder can be made");
        }
        fs::write(dir.path().join("outside/secret.txt"), SECRET).expect("a file can be made");
        let folder = |name: &str, writable| Folder {
            name: name.to_owned(),
            path: dir.path().join(name),
            writable,
        };
        let place = Workplace {
            root: dir.path().join("work"),
            folders: vec![folder("docs", false), folder("site", true)],
            taken: vec![("theirs.md".to_owned(), "s1-t2".to_owned())],
            may_write: true,
        };
        Self { dir, place }
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    pub(crate) fn file(&self, below: &str, content: impl AsRef<[u8]>) {
        let path = self.path(below);
        fs::create_dir_all(path.parent().expect("it is below the bench"))
            .expect("folders can be made");
        fs::write(path, content).expect("a file can be made");
    }

    pub(crate) fn link(&self, target: impl AsRef<Path>, below: &str) {
        std::os::unix::fs::symlink(target, self.path(below)).expect("a link can be made");
    }

    pub(crate) fn run(&self, tool: &str, arguments: &Value) -> Returned {
        toolbox::run(&self.place, tool, &arguments.to_string(), usize::MAX)
    }

    pub(crate) fn read(&self, path: &str) -> Returned {
        self.run("read_file", &json!({"path": path}))
    }

    pub(crate) fn write(&self, path: &str, content: &str) -> Returned {
        self.run("write_file", &json!({"path": path, "content": content}))
    }

    pub(crate) fn edit(&self, path: &str, old: &str, new: &str) -> Returned {
        self.run("edit_file", &json!({"path": path, "old": old, "new": new}))
    }

    pub(crate) fn list(&self, path: &str) -> Returned {
        self.run("list_files", &json!({"path": path}))
    }

    pub(crate) fn search(&self, pattern: &str, path: &str) -> Returned {
        self.run("search_files", &json!({"pattern": pattern, "path": path}))
    }

    /// Every tool, given this path.
    pub(crate) fn every_tool(&self, path: &str) -> Vec<(&'static str, Returned)> {
        vec![
            ("read_file", self.read(path)),
            ("write_file", self.write(path, "changed")),
            ("edit_file", self.edit(path, SECRET, "changed")),
            ("list_files", self.list(path)),
            ("search_files", self.search(".", path)),
        ]
    }

    pub(crate) fn outside_is_untouched(&self) {
        let found = fs::read_to_string(self.path("outside/secret.txt")).expect("it is still there");
        assert_eq!(found, SECRET);
        let names = fs::read_dir(self.path("outside"))
            .expect("it is still there")
            .count();
        assert_eq!(names, 1, "something was made outside");
    }
}

/// That it was refused, and says nothing of what lies outside.
pub(crate) fn is_refused(what: &str, returned: &Returned) {
    assert!(!returned.done, "{what}: {}", returned.text);
    tells_nothing(what, returned);
}

pub(crate) fn tells_nothing(what: &str, returned: &Returned) {
    let all = format!("{} {:?}", returned.text, returned.full);
    for outside in [SECRET, "secret.txt", "root:", "PATH="] {
        assert!(!all.contains(outside), "{what}: {all}");
    }
}
