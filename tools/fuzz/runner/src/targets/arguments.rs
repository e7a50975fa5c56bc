//! Arguments of tools, as a model writes them: the first line names the tool, the rest is its arguments. The tools run,
//! in a workspace of their own; nothing beside it may be touched.

use std::{cell::RefCell, fs, path::Path};

use modulatio::toolbox::{self, Folder, Workplace};

use super::{scratch::Scratch, text};

pub(crate) const WORDS: &[&str] = &[
    "read_file\n",
    "write_file\n",
    "edit_file\n",
    "list_files\n",
    "search_files\n",
    "read_tool_result\n",
    "{\"path\":\"a.md\"}",
    "\"path\":\"../beside\"",
    "\"path\":\"@docs/a.md\"",
    "\"path\":\"/etc/passwd\"",
    "\"content\":\"",
    "\"old\":\"a\"",
    "\"new\":\"b\"",
    "\"all\":true",
    "\"pattern\":\"(a*)*b\"",
    "\"pattern\":\"(?:x{1000}){1000}\"",
    "\"glob\":\"**/*{a,b}[!c]\"",
    "\"from_line\":18446744073709551615",
    "\"to_line\":0",
    "\"call_id\":\"t00000001\"",
    "\\u0000",
    "\\ud800",
    "./",
    "//",
    "null",
];

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::new());
}

/// What lies beside the workspace and stays as it is.
const BESIDE: &str = "beside.txt";

/// Runs a tool of files with arguments.
pub fn arguments(bytes: &[u8]) {
    let text = text(bytes);
    let (tool, arguments) = text.split_once('\n').unwrap_or(("read_file", &text));
    SCRATCH.with_borrow_mut(|scratch| {
        let (dir, fresh) = scratch.below("arguments");
        if fresh {
            furnish(&dir);
        }
        let place = Workplace {
            root: dir.join("work"),
            folders: vec![Folder {
                name: "docs".to_owned(),
                path: dir.join("docs"),
                writable: false,
            }],
            taken: vec![("taken.md".to_owned(), "s1-t2".to_owned())],
            may_write: true,
        };
        let returned = toolbox::run(&place, tool, arguments, 10_000);
        assert!(!returned.text.is_empty(), "a tool that says nothing");
        let beside = fs::read(dir.join(BESIDE)).unwrap_or_default();
        assert!(beside == b"beside", "a tool reached out of its workspace");
    });
    let _ = toolbox::call_id(arguments);
    let _ = toolbox::read_again("a\nb\u{e9}\nc", arguments, 100);
}

fn furnish(dir: &Path) {
    let write = |name: &str, text: &str| {
        fs::write(dir.join(name), text).expect("a directory of our own");
    };
    for name in ["work", "work/sub", "docs"] {
        fs::create_dir(dir.join(name)).expect("a directory of our own");
    }
    write(BESIDE, "beside");
    write("work/a.md", "a line\nanother\n");
    write("work/taken.md", "not yours\n");
    write("work/sub/b.txt", &"b and a and a\n".repeat(2_000));
    write("work/long.txt", &"x".repeat(100_000));
    write("docs/a.md", "read only\n");
}
