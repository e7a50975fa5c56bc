//! Which part may know which: the laws of the layout, read from the sources and manifests themselves.
//!
//! A law looks at code only: comments, texts and test modules are blanked before it is asked. Imports count in every
//! dress: `use a::{b, c::d}`, a path in the middle of an expression, `super::` and `self::`.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

// ---------------------------------------------------------------------------------------------- the laws: manifests

#[test]
fn the_journal_depends_on_no_runtime_and_no_vocabulary() {
    let allowed = "blake3 fs2 memchr rustix serde serde_json thiserror";
    obey(depends_only_on("journal", allowed));
}

#[test]
fn the_projections_depend_on_data_crates_only() {
    let allowed = "blake3 chrono serde serde_json serde_yaml thiserror";
    obey(depends_only_on("projections", allowed));
}

#[test]
fn the_tools_depend_on_the_journal_and_the_projections_and_never_on_the_program() {
    let found = dependencies("tools");
    let missing = ["journal", "projections"]
        .into_iter()
        .filter(|name| !found.contains(*name))
        .map(|name| format!("tools/Cargo.toml: {name} is missing from [dependencies]"));
    let program = found
        .contains("modulatio")
        .then(|| "tools/Cargo.toml: [dependencies] names modulatio".to_owned());
    obey(missing.chain(program).collect());
}

// ------------------------------------------------------------------------------------------------ the laws: imports

#[test]
fn the_deciding_parts_use_only_the_projections_and_each_other() {
    let pure = [
        "src/decide",
        "src/effect.rs",
        "src/prompts",
        "src/command.rs",
    ];
    let crates = "projections serde serde_json thiserror";
    obey(uses_only_crates(&pure, crates));
    obey(uses_only_modules(&pure, "command decide effect prompts"));
    obey(never_uses(&pure, &IMPURE));
}

#[test]
fn a_rehearsal_uses_the_deciding_parts_and_touches_nothing() {
    let cassette = ["src/cassette"];
    let crates = "projections serde serde_json thiserror";
    obey(uses_only_crates(&cassette, crates));
    obey(uses_only_modules(
        &cassette,
        "cassette command decide effect prompts",
    ));
    obey(never_uses(&cassette, &IMPURE));
}

#[test]
fn the_projections_touch_no_disk_no_clock_and_no_environment() {
    obey(never_uses(&["projections/src"], &IMPURE));
}

#[test]
fn the_models_know_nothing_of_plans_and_vaults() {
    let models = ["src/models"];
    obey(uses_only_modules(&models, "models"));
    obey(never_uses(&models, &["journal", "projections"]));
}

#[test]
fn the_toolbox_knows_its_own_contract_and_nothing_else() {
    let toolbox = ["src/toolbox"];
    obey(uses_only_modules(&toolbox, "toolbox"));
    obey(never_uses(&toolbox, &["journal", "projections", "tokio"]));
}

#[test]
fn the_memory_finds_and_knows_neither_plans_nor_vaults() {
    let memory = ["src/memory"];
    obey(uses_only_modules(&memory, "clock memory"));
    obey(never_uses(
        &memory,
        &["journal", "tokio", "reqwest", "tracing"],
    ));
    obey(uses_only_projections(&memory, "ids memory time work"));
}

#[test]
fn the_configuration_is_read_with_the_one_yaml_reader_and_nothing_else() {
    let config = ["src/config"];
    obey(uses_only_crates(&config, "projections thiserror"));
    obey(uses_only_modules(&config, "catalog config nearest"));
    obey(uses_only_projections(&config, "yaml"));
}

#[test]
fn the_catalogue_is_pure_and_knows_nothing_else() {
    let catalog = ["src/catalog"];
    obey(uses_only_crates(&catalog, "serde serde_json"));
    obey(uses_only_modules(&catalog, "catalog"));
    obey(never_uses(&catalog, &IMPURE));
}

#[test]
fn the_schedule_is_pure_and_knows_instants_ids_and_its_own_vocabulary() {
    let schedule = ["src/schedule"];
    let crates = "chrono chrono_tz cron projections serde thiserror";
    obey(uses_only_crates(&schedule, crates));
    obey(uses_only_modules(&schedule, "schedule"));
    obey(never_uses(&schedule, &IMPURE));
    obey(uses_only_projections(&schedule, "ids schedule time"));
}

#[test]
fn the_vault_knows_neither_models_nor_daemon_nor_command_line() {
    obey(uses_only_modules(
        &["src/vault"],
        "chance clock command decide error fault schedule vault",
    ));
}

#[test]
fn the_daemon_does_not_know_the_command_line() {
    obey(never_uses(&["src/daemon"], &["crate::cli"]));
}

#[test]
fn every_outside_crate_has_one_home() {
    let homes: [(&str, &[&str]); 39] = [
        // Limits of memory.
        ("cap", &["tools/fuzz/runner/src/main.rs"]),
        // The shapes of secrets.
        ("regex", &["src/redact.rs"]),
        // Providers of models, and pages of the web.
        ("reqwest", &["src/models/", "src/toolbox/web/"]),
        ("rustls", &["src/models/", "src/toolbox/web/fetch.rs"]),
        ("flate2", &["src/toolbox/web/fetch.rs"]),
        ("encoding_rs", &["src/toolbox/web/charset.rs"]),
        ("html5ever", &["src/toolbox/web/html.rs"]),
        // Answers that arrive as server-sent events.
        ("sse_stream", &["src/models/sse.rs"]),
        ("futures_util", &["src/models/sse.rs"]),
        // Directories as capabilities: the only way by which agents' paths are opened.
        ("cap_std", &["src/toolbox/tree.rs"]),
        ("cap_fs_ext", &["src/toolbox/tree.rs"]),
        ("ignore", &["src/toolbox/walk.rs"]),
        ("grep_searcher", &["src/toolbox/search.rs"]),
        ("grep_regex", &["src/toolbox/search.rs"]),
        ("grep_matcher", &["src/toolbox/search.rs"]),
        (
            "clap",
            &[
                "src/cli/",
                "tools/src/",
                "tools/crashlab/src/",
                "tools/fuzz/runner/src/",
            ],
        ),
        (
            "clap_complete",
            &["src/cli/complete.rs", "src/cli/complete/"],
        ),
        ("clap_mangen", &["src/cli/man.rs"]),
        ("indicatif", &["src/cli/"]),
        ("tracing_subscriber", &["src/cli/logging.rs"]),
        // A vault for a demonstration, a place for a command's temporary files.
        (
            "tempfile",
            &[
                "src/cli/demo/",
                "src/toolbox/sandbox/",
                "tools/crashlab/src/",
                "tools/fuzz/runner/src/",
            ],
        ),
        // What confines commands.
        ("landlock", &["src/toolbox/sandbox/rules.rs"]),
        ("seccompiler", &["src/toolbox/sandbox/seccomp.rs"]),
        ("libc", &["src/toolbox/sandbox/seccomp.rs"]),
        ("close_fds", &["src/toolbox/sandbox/stage.rs"]),
        ("notify", &["src/vault/watch.rs"]),
        ("strsim", &["src/nearest.rs"]),
        // The embedder: its inference, its tokens, its files and what they are.
        (
            "fastembed",
            &["src/memory/embed/minilm.rs", "src/memory/embed/minilm/"],
        ),
        (
            "ort",
            &["src/memory/embed/minilm.rs", "src/memory/embed/minilm/"],
        ),
        ("tokenizers", &["src/memory/embed/minilm.rs"]),
        ("hf_hub", &["src/memory/embed/minilm/hub.rs"]),
        ("ring", &["src/memory/embed/minilm/folder.rs"]),
        ("fs2", &["journal/src/lock.rs"]),
        ("memchr", &["journal/src/"]),
        (
            "serde_yaml",
            &["projections/src/yaml.rs", "projections/src/yaml/"],
        ),
        // Dates: the instants of events, the one form of Retry-After that is a date, and wall times of schedules.
        (
            "chrono",
            &[
                "projections/src/time.rs",
                "src/clock.rs",
                "src/models/refusal.rs",
                "src/schedule/",
            ],
        ),
        // Cron expressions, and when the clocks of the world change.
        ("cron", &["src/schedule/expression.rs"]),
        ("chrono_tz", &["src/schedule/zone.rs"]),
        // System calls that std has no name for: exchanging two files, stat below an open directory, the
        // machine's name, signals, and all that keeps and confines a command. The crash lab signals and locks.
        (
            "rustix",
            &[
                "journal/src/disk.rs",
                "src/daemon/identity.rs",
                "src/daemon/lives.rs",
                "src/cli/demo/child.rs",
                "src/fault.rs",
                "src/toolbox/sandbox/",
                "src/vault/health/access.rs",
                "src/vault/health/disk.rs",
                "src/vault/scan/place.rs",
                "tools/crashlab/src/ground/",
            ],
        ),
    ];
    let everywhere = paths_in(&EVERYWHERE);
    let mut breaches = Vec::new();
    for (name, home) in homes {
        let uses: Vec<_> = everywhere
            .iter()
            .filter(|path| path.is_below(name))
            .collect();
        assert!(
            !uses.is_empty(),
            "nothing uses {name} any more; take it out of the law"
        );
        let astray = uses
            .iter()
            .filter(|path| !home.iter().any(|home| path.file.starts_with(home)));
        breaches.extend(astray.map(|path| path.breach(&format!("{name} lives in {home:?}"))));
    }
    obey(breaches);
}

#[test]
fn only_the_clock_reads_the_clock() {
    let clocks = ["std::time::SystemTime", "chrono::Utc::now", "chrono::Local"];
    let mut breaches = never_uses(&EVERYWHERE, &clocks);
    breaches.retain(|breach| !breach.starts_with("src/clock.rs:"));
    let called =
        |line: &Line| line.text.contains("SystemTime::now") || line.text.contains("Utc::now");
    breaches.extend(lines_where(called, "the time is an argument"));
    breaches.retain(|breach| !breach.starts_with("src/clock.rs:"));
    obey(breaches);
}

#[test]
fn only_chance_draws() {
    let draws = |line: &Line| line.text.contains("RandomState") || line.text.contains("getrandom");
    let (own, mut breaches): (Vec<_>, Vec<_>) = lines_where(draws, "chance::draw is the place")
        .into_iter()
        .partition(|breach| breach.starts_with("src/chance.rs:"));
    assert!(
        !own.is_empty(),
        "src/chance.rs draws in a way that this law does not see"
    );
    let crates = ["rand", "fastrand", "oorandom"];
    breaches.extend(never_uses(&EVERYWHERE, &crates));
    // The crash lab draws by seeds, which it prints.
    breaches.retain(|breach| !breach.starts_with("tools/crashlab/src/"));
    // So does the runner of the fuzz targets.
    breaches.retain(|breach| !breach.starts_with("tools/fuzz/runner/src/"));
    obey(breaches);
}

#[test]
fn only_the_vault_and_the_journal_change_files() {
    let changing = [
        "fs::write",
        "fs::rename",
        "fs::remove_",
        "fs::create_dir",
        "fs::copy",
        "fs::hard_link",
        "fs::set_permissions",
        "OpenOptions",
        "File::create",
        "File::options",
    ];
    let exceptions = [
        // A heartbeat is no state: the last word of a live process, written anew at every tick.
        "src/daemon/beat.rs:",
        // What agents make: below open directories that no path leads out of, in which the vault has no part.
        "src/toolbox/tree.rs:",
        // Words to the kernel in /proc (who gets the processor first, who goes first when memory runs out), the file
        // by which bwrap tells the keeper how far it came, and the end of a command's temporary directory.
        "src/toolbox/sandbox/keeper/life.rs:",
        "src/toolbox/sandbox/stage.rs:",
        // Manual pages for who packages the program, in a directory of theirs.
        "src/cli/man.rs:",
        // The demonstration writes the plan that an operator would bring, and its daemon's log.
        "src/cli/demo/",
    ];
    let changes = |line: &Line| {
        line.file.starts_with("src/")
            && !line.file.starts_with("src/vault/")
            && changing.iter().any(|act| line.text.contains(act))
    };
    let mut breaches = lines_where(changes, "files are changed through the vault");
    breaches.retain(|breach| !exceptions.iter().any(|at| breach.starts_with(at)));
    obey(breaches);
}

// ------------------------------------------------------------------------------------------------ the laws: manners

#[test]
fn nothing_unwraps_outside_tests() {
    let unwraps = |line: &Line| line.text.contains(".unwrap()");
    obey(lines_where(
        unwraps,
        "`expect` with the invariant, or an error",
    ));
}

#[test]
fn no_file_grows_past_400_lines() {
    let exceptions = [
        (
            "projections/src/event.rs",
            "one table: every kind of event with its fields",
        ),
        (
            "journal/src/conformance.rs",
            "one suite: every rule that a store must keep",
        ),
    ];
    let grown = sources(&EVERYWHERE)
        .into_iter()
        .filter(|source| source.length() > 400)
        .filter(|source| !exceptions.iter().any(|(file, _)| source.file == *file));
    obey(
        grown
            .map(|source| {
                format!(
                    "{}:1: {} lines outside tests; divide it by command or by state",
                    source.file,
                    source.length()
                )
            })
            .collect(),
    );
}

// ------------------------------------------------------------------------------------- the reader of these sources

#[test]
fn the_reader_sees_imports_in_every_dress() {
    let text = r###"
//! std::fs in a comment is no use of it.
use std::{fs, io::{self, Read as R}};
use super::{beat::Beat, Options};
/* use std::net; */
fn f<'a>(x: &'a str) -> char {
    let _ = "std::process::exit // in a text";
    let _ = r#"std::thread::spawn "quoted" "#;
    crate::cli::main::<u8>();
    let _ = Shape { a: b::C };
    ':'
}
#[cfg(test)]
mod tests {
    use std::env;
}
use std::thread;
"###;
    let source = Source::read("src/daemon/tick.rs", text);
    let found: Vec<String> = source
        .paths()
        .into_iter()
        .map(|path| format!("{} {}", path.line, path.text))
        .collect();
    let expected = [
        "3 std::fs",
        "3 std::io::self",
        "3 std::io::Read",
        "4 crate::daemon::beat::Beat",
        "4 crate::daemon::Options",
        "9 crate::cli::main",
        "10 b::C",
        "17 std::thread",
    ];
    assert_eq!(found, expected);
    assert_eq!(source.length(), 13);
}

/// All code of the workspace that is built into something; tests and benches may do as they need.
const EVERYWHERE: [&str; 6] = [
    "src",
    "journal/src",
    "projections/src",
    "tools/src",
    "tools/crashlab/src",
    "tools/fuzz/runner/src",
];

/// What a function of its arguments alone has no use for.
const IMPURE: [&str; 8] = [
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::env",
    "std::os",
    "std::time::SystemTime",
    "std::time::Instant",
];

fn obey(breaches: Vec<String>) {
    assert!(
        breaches.is_empty(),
        "{} breach(es):\n{}",
        breaches.len(),
        breaches.join("\n")
    );
}

fn depends_only_on(package: &str, allowed: &str) -> Vec<String> {
    let stray = dependencies(package)
        .into_iter()
        .filter(|name| !allowed.split(' ').any(|known| known == name));
    stray
        .map(|name| format!("{package}/Cargo.toml: [dependencies] names {name}"))
        .collect()
}

/// Outside crates that a package may use, as code spells them.
fn dependencies(package: &str) -> BTreeSet<String> {
    let file = root().join(package).join("Cargo.toml");
    let text = fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let mut section = String::new();
    let mut found = BTreeSet::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            line.clone_into(&mut section);
        } else if is_dependencies(&section) && !line.is_empty() && !line.starts_with('#') {
            let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
            found.insert(name.replace('-', "_"));
        }
    }
    assert!(!found.is_empty(), "{}: no [dependencies]", file.display());
    found
}

/// `[dependencies]`, and what some platforms have besides.
fn is_dependencies(section: &str) -> bool {
    section == "[dependencies]"
        || (section.starts_with("[target.") && section.ends_with(".dependencies]"))
}

fn uses_only_crates(places: &[&str], allowed: &str) -> Vec<String> {
    let known = dependencies("");
    let forbidden: Vec<&str> = known
        .iter()
        .map(String::as_str)
        .filter(|name| !allowed.split(' ').any(|allowed| allowed == *name))
        .collect();
    never_uses(places, &forbidden)
}

fn uses_only_modules(places: &[&str], allowed: &str) -> Vec<String> {
    let astray = paths_in(places).into_iter().filter(|path| {
        let module = path.text.strip_prefix("crate::");
        let module = module.map(|rest| rest.split("::").next().unwrap_or(rest));
        module.is_some_and(|module| !allowed.split(' ').any(|known| known == module))
    });
    astray
        .map(|path| path.breach(&format!("of this crate only {allowed}")))
        .collect()
}

/// Of the projections, only these modules and what is below them.
fn uses_only_projections(places: &[&str], allowed: &str) -> Vec<String> {
    let known: Vec<String> = allowed
        .split(' ')
        .map(|module| format!("projections::{module}"))
        .collect();
    let is_known = |path: &UsedPath| {
        known
            .iter()
            .any(|known| path.text == *known || path.is_below(known))
    };
    let astray = paths_in(places)
        .into_iter()
        .filter(|path| path.is_below("projections") && !is_known(path));
    astray
        .map(|path| path.breach(&format!("of the projections only {allowed}")))
        .collect()
}

fn never_uses(places: &[&str], forbidden: &[&str]) -> Vec<String> {
    let mut breaches = Vec::new();
    for path in paths_in(places) {
        let hit = forbidden
            .iter()
            .find(|name| path.text == **name || path.is_below(name));
        breaches.extend(hit.map(|name| path.breach(&format!("{name} has no place here"))));
    }
    breaches
}

fn lines_where(meets: impl Fn(&Line<'_>) -> bool, law: &str) -> Vec<String> {
    let mut breaches = Vec::new();
    for source in sources(&EVERYWHERE) {
        for (at, text) in source.code.iter().enumerate() {
            let line = Line {
                file: &source.file,
                text,
            };
            if meets(&line) {
                breaches.push(format!(
                    "{}:{}: {}; {law}",
                    source.file,
                    at + 1,
                    text.trim()
                ));
            }
        }
    }
    breaches
}

struct Line<'a> {
    file: &'a str,
    text: &'a str,
}

fn paths_in(places: &[&str]) -> Vec<UsedPath> {
    sources(places)
        .into_iter()
        .flat_map(Source::paths)
        .collect()
}

/// A path as code names something by it, from its crate's root on.
struct UsedPath {
    file: String,
    line: usize,
    text: String,
}

impl UsedPath {
    fn is_below(&self, name: &str) -> bool {
        self.text
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with("::"))
    }

    fn breach(&self, law: &str) -> String {
        format!("{}:{}: {}; {law}", self.file, self.line, self.text)
    }
}

/// A file of code, comments and texts and test modules blanked.
struct Source {
    file: String,
    code: Vec<String>,
    /// Lines that belong to test modules.
    test_lines: usize,
    /// Modules that are declared here for tests only.
    test_modules: Vec<String>,
}

impl Source {
    fn read(file: &str, text: &str) -> Self {
        let mut source = Self {
            file: file.to_owned(),
            code: blank(text).lines().map(str::to_owned).collect(),
            test_lines: 0,
            test_modules: Vec::new(),
        };
        source.drop_tests();
        source
    }

    fn length(&self) -> usize {
        self.code.len() - self.test_lines
    }

    /// Blanks every item under `#[cfg(test)]`. Where it ends is seen by its indentation, which rustfmt keeps.
    fn drop_tests(&mut self) {
        let mut at = 0;
        while at < self.code.len() {
            if self.code[at].trim() != "#[cfg(test)]" {
                at += 1;
                continue;
            }
            let end = self.end_of_item(at);
            for line in &mut self.code[at..=end] {
                let name = line
                    .trim()
                    .strip_prefix("mod ")
                    .and_then(|rest| rest.strip_suffix(';'));
                self.test_modules.extend(name.map(str::to_owned));
                line.clear();
            }
            self.test_lines += end + 1 - at;
            at = end + 1;
        }
    }

    fn end_of_item(&self, at: usize) -> usize {
        let indent = self.code[at].len() - self.code[at].trim_start().len();
        let closes = format!("{}}}", " ".repeat(indent));
        let ends = |line: &String| line.trim_end() == closes || line.trim_end().ends_with(';');
        let opens = |line: &String| line.trim_end().ends_with('{');
        let rest = &self.code[at + 1..];
        let first = rest.iter().position(|line| opens(line) || ends(line));
        let first = first.unwrap_or(rest.len() - 1);
        if !opens(&rest[first]) {
            return at + 1 + first;
        }
        let length = rest[first..]
            .iter()
            .position(|line| line.trim_end() == closes);
        at + 1 + first + length.unwrap_or(rest.len() - 1 - first)
    }

    fn paths(&self) -> Vec<UsedPath> {
        let tokens = tokens(&self.code);
        let mut found = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            at = match tokens[at].0 {
                Token::Word(_) => path(&tokens, at, "", &mut found),
                Token::Colons | Token::Open | Token::Close | Token::Other => at + 1,
            };
        }
        let named = found.into_iter().filter(|(_, text)| text.contains("::"));
        named
            .map(|(line, text)| UsedPath {
                file: self.file.clone(),
                line,
                text: self.rooted(&text),
            })
            .collect()
    }

    /// `super::…` and `self::…` as `crate::…`.
    fn rooted(&self, text: &str) -> String {
        let mut module = self.module();
        let mut rest = text;
        loop {
            if let Some(below) = rest.strip_prefix("super::") {
                module.pop();
                rest = below;
            } else if let Some(below) = rest.strip_prefix("self::") {
                rest = below;
            } else {
                break;
            }
        }
        if rest == text {
            return text.to_owned();
        }
        module.push(rest);
        format!("crate::{}", module.join("::"))
    }

    /// The module that this file is, below its crate's root.
    fn module(&self) -> Vec<&str> {
        let (_, below) = self.file.split_once("src/").unwrap_or(("", &self.file));
        let below = below.strip_suffix(".rs").unwrap_or(below);
        let mut module: Vec<&str> = below.split('/').collect();
        module.retain(|part| !["mod", "lib", "main"].contains(part));
        module
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Token<'a> {
    Word(&'a str),
    Colons,
    Open,
    Close,
    Other,
}

fn tokens(code: &[String]) -> Vec<(Token<'_>, usize)> {
    let mut tokens = Vec::new();
    for (at, line) in code.iter().enumerate() {
        let mut rest = line.trim_start();
        while !rest.is_empty() {
            let word = rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(rest.len());
            let (token, length) = match word {
                0 if rest.starts_with("::") => (Token::Colons, 2),
                0 if rest.starts_with('{') => (Token::Open, 1),
                0 if rest.starts_with('}') => (Token::Close, 1),
                0 => (Token::Other, rest.chars().next().map_or(1, char::len_utf8)),
                word => (Token::Word(&rest[..word]), word),
            };
            tokens.push((token, at + 1));
            rest = rest[length..].trim_start();
        }
    }
    tokens
}

/// Reads the path that begins at `at`, its braces expanded; returns where it ends.
fn path(
    tokens: &[(Token<'_>, usize)],
    at: usize,
    prefix: &str,
    found: &mut Vec<(usize, String)>,
) -> usize {
    let (Token::Word(word), line) = tokens[at] else {
        return at + 1;
    };
    let text = format!("{prefix}{word}");
    let kind = |at: usize| tokens.get(at).map(|(token, _)| *token);
    match (kind(at + 1), kind(at + 2)) {
        (Some(Token::Colons), Some(Token::Word(_))) => {
            path(tokens, at + 2, &format!("{text}::"), found)
        }
        (Some(Token::Colons), Some(Token::Open)) => {
            group(tokens, at + 3, &format!("{text}::"), found)
        }
        (Some(Token::Colons), _) => {
            found.push((line, text));
            at + 2
        }
        _ => {
            found.push((line, text));
            at + 1
        }
    }
}

/// Reads what stands between braces that a path opened.
fn group(
    tokens: &[(Token<'_>, usize)],
    mut at: usize,
    prefix: &str,
    found: &mut Vec<(usize, String)>,
) -> usize {
    while at < tokens.len() {
        at = match tokens[at].0 {
            Token::Close => return at + 1,
            Token::Word("as") => at + 2,
            Token::Word(_) => path(tokens, at, prefix, found),
            Token::Colons | Token::Open | Token::Other => at + 1,
        };
    }
    at
}

/// The text with comments and the content of literals as spaces; lines stay where they are.
fn blank(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = end_of_blank(&chars, at);
        if end == at {
            out.push(chars[at]);
            at += 1;
        } else {
            out.extend(
                chars[at..end]
                    .iter()
                    .map(|c| if *c == '\n' { '\n' } else { ' ' }),
            );
            at = end;
        }
    }
    out
}

/// Where the comment or literal that begins at `at` ends; `at` itself if none begins there.
fn end_of_blank(chars: &[char], at: usize) -> usize {
    let starts = |text: &str| {
        text.chars()
            .eq(chars[at..].iter().copied().take(text.len()))
    };
    let follows_word = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    if starts("//") {
        let length = chars[at..].iter().position(|c| *c == '\n');
        return at + length.unwrap_or(chars.len() - at);
    }
    if starts("/*") {
        return after(chars, at + 2, &['*', '/']);
    }
    if starts("\"") {
        return end_of_text(chars, at + 1);
    }
    if starts("r\"") || (starts("r#") && !follows_word) {
        return end_of_raw(chars, at);
    }
    if starts("'\\") {
        return after(chars, at + 3, &['\'']);
    }
    if starts("'") && chars.get(at + 2) == Some(&'\'') {
        return at + 3;
    }
    at
}

fn end_of_text(chars: &[char], mut at: usize) -> usize {
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

/// A raw text; `at` itself for a raw identifier such as `r#type`.
fn end_of_raw(chars: &[char], at: usize) -> usize {
    let hashes = chars[at + 1..].iter().take_while(|c| **c == '#').count();
    if chars.get(at + 1 + hashes) != Some(&'"') {
        return at;
    }
    let mut closing = vec!['"'];
    closing.extend(std::iter::repeat_n('#', hashes));
    after(chars, at + 2 + hashes, &closing)
}

fn after(chars: &[char], from: usize, closing: &[char]) -> usize {
    let found = (from..chars.len()).find(|at| chars[*at..].starts_with(closing));
    found.map_or(chars.len(), |at| at + closing.len())
}

/// The code below these files and directories, test modules in files of their own left out.
fn sources(places: &[&str]) -> Vec<&'static Source> {
    static ALL: LazyLock<Vec<Source>> = LazyLock::new(read_everything);
    let lies_in = |source: &Source, place: &str| {
        let rest = source.file.strip_prefix(place);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    for place in places {
        let known = ALL.iter().any(|source| lies_in(source, place));
        assert!(known, "there is no code in {place}");
    }
    ALL.iter()
        .filter(|source| places.iter().any(|place| lies_in(source, place)))
        .collect()
}

fn read_everything() -> Vec<Source> {
    let mut files = Vec::new();
    for place in EVERYWHERE {
        collect(&root().join(place), &mut files);
    }
    let read = |file: &PathBuf| {
        let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let name = file
            .strip_prefix(root())
            .expect("files below the root are collected");
        Source::read(&name.to_string_lossy().replace('\\', "/"), &text)
    };
    let sources: Vec<Source> = files.iter().map(read).collect();
    let tests: BTreeSet<String> = sources.iter().flat_map(test_files).collect();
    // What a test module declares is for tests as well.
    let below = |test: &String| format!("{}/", test.trim_end_matches(".rs"));
    let is_test = |file: &String| {
        tests.contains(file) || tests.iter().any(|test| file.starts_with(&below(test)))
    };
    let is_built = |source: &Source| !is_test(&source.file);
    sources.into_iter().filter(is_built).collect()
}

fn test_files(source: &Source) -> Vec<String> {
    let (dir, name) = source.file.rsplit_once('/').unwrap_or(("", &source.file));
    let below = match name {
        "mod.rs" | "lib.rs" | "main.rs" => dir.to_owned(),
        name => format!("{dir}/{}", name.trim_end_matches(".rs")),
    };
    let file = |module: &String| format!("{below}/{module}.rs");
    source.test_modules.iter().map(file).collect()
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if path.extension().is_some_and(|extension| extension == "rs") {
        files.push(path.to_path_buf());
    }
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let mut below: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    below.sort();
    below.iter().for_each(|path| collect(path, files));
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
