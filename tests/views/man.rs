//! Manual pages: one a command, which a reader of manual pages can read; and the script that packages them.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
};

const BIN: &str = env!("CARGO_BIN_EXE_modulatio");

fn pages(dir: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(dir).expect("a directory").flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// The pages in a directory of their own.
fn written() -> (tempfile::TempDir, PathBuf) {
    let place = tempfile::tempdir().expect("a directory");
    let dir = place.path().join("share/man1");
    let output = Command::new(BIN)
        .arg("man")
        .arg(&dir)
        .output()
        .expect("it starts");
    assert!(output.status.success(), "{output:?}");
    let told = String::from_utf8(output.stdout).expect("text");
    assert_eq!(
        told,
        format!("{} pages in {}\n", pages(&dir).len(), dir.display())
    );
    (place, dir)
}

fn text(dir: &Path, page: &str) -> String {
    std::fs::read_to_string(dir.join(page)).expect("a page")
}

/// The commands below one, as its help lists them.
fn commands(path: &[String]) -> Vec<String> {
    let output = Command::new(BIN)
        .args(path)
        .arg("--help")
        .output()
        .expect("it starts");
    let help = String::from_utf8(output.stdout).expect("text");
    let Some((_, list)) = help.split_once("\nCommands:\n") else {
        return Vec::new();
    };
    let lines = list.lines().take_while(|line| !line.is_empty());
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

/// The pages that there should be.
fn expected(path: &[String], found: &mut BTreeSet<String>) {
    let name = [&["modulatio".to_owned()], path].concat().join("-");
    found.insert(format!("{name}.1"));
    for command in commands(path) {
        expected(&[path, &[command]].concat(), found);
    }
}

#[test]
fn every_command_has_a_page_and_hidden_ones_have_none() {
    let (_place, dir) = written();
    let mut wanted = BTreeSet::new();
    expected(&[], &mut wanted);
    assert!(wanted.contains("modulatio-plan-approve.1"), "{wanted:?}");
    assert!(!wanted.contains("modulatio-man.1"), "{wanted:?}");
    assert_eq!(pages(&dir), wanted);
}

#[test]
fn a_page_has_its_sections_and_names_its_options() {
    let (_place, dir) = written();
    for page in pages(&dir) {
        let text = text(&dir, &page);
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS"] {
            let is_there = text.lines().any(|line| {
                line.trim_matches('"') == format!(".SH {section}")
                    || line == format!(".SH \"{section}\"")
            });
            assert!(is_there, "{page}: {section}\n{text}");
        }
        let name = page.trim_end_matches(".1");
        assert!(text.contains(&format!(".TH {name} 1 ")), "{page}: {text}");
    }
    let clean = text(&dir, "modulatio-project-clean.1");
    for option in ["older\\-than", "plan", "force", "prune"] {
        assert!(
            clean.contains(&format!("\\-\\-{option}")),
            "{option}: {clean}"
        );
    }
    let first = text(&dir, "modulatio.1");
    for part in ["MODULATIO_VAULT", "modulatio.yaml", "modulatio\\-plan(1)"] {
        assert!(first.contains(part), "{part}: {first}");
    }
}

#[test]
fn the_same_version_gives_the_same_pages() {
    let ((_one, first), (_other, second)) = (written(), written());
    for page in pages(&first) {
        assert_eq!(text(&first, &page), text(&second, &page), "{page}");
    }
}

/// Runs a reader of pages, if it is installed; a test without it says so.
fn read_by(reader: &str, args: &[&str], page: &Path) -> Option<(String, String)> {
    let output = Command::new(reader)
        .args(args)
        .arg(page)
        .env("MANWIDTH", "100")
        .output();
    let output = match output {
        Ok(output) => output,
        Err(why) => {
            eprintln!("SKIPPED reading pages with {reader}: {why}");
            return None;
        }
    };
    assert!(
        output.status.success(),
        "{reader} {}: {output:?}",
        page.display()
    );
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    Some((text(&output.stdout), text(&output.stderr)))
}

#[test]
fn readers_of_manual_pages_read_them_without_a_warning() {
    let (_place, dir) = written();
    for page in pages(&dir) {
        let path = dir.join(&page);
        if let Some((_, told)) = read_by("groff", &["-man", "-Tutf8", "-ww", "-z"], &path) {
            assert_eq!(told, "", "{page}");
        }
        read_by("mandoc", &["-Tlint", "-Werror"], &path);
    }
    let approve = dir.join("modulatio-plan-approve.1");
    if let Some((shown, told)) = read_by("man", &["-l", "-P", "cat"], &approve) {
        assert_eq!(told, "");
        for part in ["modulatio-plan-approve", "Let a draft run", "--note"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }
}

#[test]
fn a_directory_that_cannot_be_made_is_an_error() {
    let place = tempfile::tempdir().expect("a directory");
    let file = place.path().join("file");
    std::fs::write(&file, "").expect("a file");
    let output = Command::new(BIN)
        .arg("man")
        .arg(file.join("below"))
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

#[test]
fn the_packaging_script_puts_pages_and_scripts_where_packages_keep_them() {
    if let Err(why) = Command::new("gzip").arg("--version").output() {
        eprintln!("SKIPPED the packaging script: gzip: {why}");
        return;
    }
    let place = tempfile::tempdir().expect("a directory");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/man.sh");
    let run = || {
        let output = Command::new("sh")
            .arg(&script)
            .arg(BIN)
            .arg(place.path())
            .output();
        let output = output.expect("it starts");
        assert!(output.status.success(), "{output:?}");
    };
    run();
    let share = place.path().join("share");
    let pages = pages(&share.join("man/man1"));
    assert!(pages.contains("modulatio-plan-approve.1.gz"), "{pages:?}");
    assert!(
        pages.iter().all(|page| page.ends_with(".1.gz")),
        "{pages:?}"
    );
    for script in [
        "bash-completion/completions/modulatio",
        "zsh/site-functions/_modulatio",
        "fish/vendor_completions.d/modulatio.fish",
    ] {
        let text = std::fs::read_to_string(share.join(script)).expect("a script");
        assert!(text.contains("MODULATIO_COMPLETE"), "{script}: {text}");
        let temporary = std::env::temp_dir();
        assert!(
            !text.contains(temporary.to_str().expect("a plain path")),
            "{script}: {text}"
        );
        assert!(!text.contains(BIN), "{script}: {text}");
    }
    let page = share.join("man/man1/modulatio.1.gz");
    let before = std::fs::read(&page).expect("a page");
    run();
    assert_eq!(std::fs::read(&page).expect("a page"), before);
}
