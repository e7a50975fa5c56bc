//! Journals of every format version that ever was, for ever: ours and an independent reader agree on them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so")]

use std::path::{Path, PathBuf};
use std::process::Command;

use journal::verify::{verify_file, verify_parallel};
use journal::{Draft, Hash, LogName, frame};

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The golden logs, by name.
fn logs() -> Vec<(LogName, PathBuf)> {
    let mut logs: Vec<_> = std::fs::read_dir(golden())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.strip_suffix(".journal.jsonl")?;
            Some((LogName::parse(name).unwrap(), path.clone()))
        })
        .collect();
    logs.sort();
    logs
}

/// What the independent reader says of each file: `<name> <frames> <hash>`, or `<name> bad <frame>`.
fn independent(paths: &[PathBuf]) -> Vec<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/independent_reader.py");
    let said = Command::new("python3").arg(script).args(paths).output();
    let said = said.expect("python3 is needed for the independent reader");
    assert!(
        said.status.success(),
        "{}",
        String::from_utf8_lossy(&said.stderr)
    );
    String::from_utf8(said.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

#[test]
fn an_independent_reader_agrees_on_every_golden_journal() {
    let logs = logs();
    assert!(
        logs.len() >= 3,
        "the golden journals are part of the repository"
    );
    let paths: Vec<_> = logs.iter().map(|(_, path)| path.clone()).collect();
    let ours = logs.iter().map(|(name, path)| {
        let found = verify_file(path, name).unwrap();
        assert_eq!(verify_parallel(path, name, 2).unwrap(), found);
        format!("{name} {} {}", found.frames, found.tail.b3)
    });
    assert_eq!(ours.collect::<Vec<_>>(), independent(&paths));
}

#[test]
fn the_independent_reader_is_not_blind() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("V1-P-001.journal.jsonl");
    let mut bytes = std::fs::read(golden().join("V1-P-001.journal.jsonl")).unwrap();
    let last = bytes.len() - 20;
    bytes[last] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert_eq!(independent(&[path]), ["V1-P-001 bad 5"]);
}

/// The golden journals of the present version are exactly what this program writes.
#[test]
fn this_program_still_writes_version_1() {
    for (name, drafts) in version_1() {
        let mut key = Hash::root(&name);
        let mut bytes = Vec::new();
        for (seq, draft) in (0..).zip(&drafts) {
            let line = frame::encode(&key, seq, draft).unwrap();
            key = frame::recorded_hash(&line).unwrap();
            bytes.extend(line);
        }
        let path = golden().join(format!("{name}.journal.jsonl"));
        // To make the golden journals of a new version, once: RUST_TEST_GOLDEN=write.
        if std::env::var_os("RUST_TEST_GOLDEN").is_some() {
            std::fs::write(&path, &bytes).unwrap();
        }
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{name}");
    }
}

/// A plan as usual, one of many frames and sizes (around BLAKE3's blocks and chunks), one with odd characters.
fn version_1() -> Vec<(LogName, Vec<Draft>)> {
    let draft = |epoch, by: &str, events: String| Draft {
        at: "2026-11-23T20:15:00.123456Z".into(),
        epoch,
        by: by.into(),
        events,
    };
    let plan = [
        r#"[{"kind":"PlanDrafted","v":1,"format":1,"plan":"V1-P-001"}]"#,
        r#"[{"kind":"PlanApproved","v":1,"by":"alice"}]"#,
        r#"[{"kind":"PlanClaimed","v":1,"epoch":1},{"kind":"SubObjectiveStarted","v":1}]"#,
        r#"[{"kind":"ModelCallStarted","v":1,"call":"c1","reserved":12000}]"#,
        r#"[{"kind":"ModelCallCompleted","v":1,"call":"c1","cost":900}]"#,
        r#"[{"kind":"PlanCompleted","v":1}]"#,
    ];
    let plan = (0..)
        .zip(plan)
        .map(|(n, events)| draft(n / 2, "daemon:host:4711", events.to_owned()))
        .collect();
    let sizes = [
        0, 1, 60, 63, 64, 65, 800, 870, 871, 872, 1024, 1900, 2048, 3000, 4096, 9000,
    ];
    let sizes = sizes
        .iter()
        .map(|&size| draft(7, "cli:bob", format!("[\"{}\"]", "x".repeat(size))))
        .collect();
    let odd = ["é漢🦀", "\\\"\\\\\\n\\u0000", "]}", "\\\"format\\\":9"];
    let odd = odd
        .iter()
        .map(|text| draft(u64::MAX, "cli:\"q\\\" é\n", format!("[\"{text}\"]")))
        .collect();
    let name = |text| LogName::parse(text).unwrap();
    vec![
        (name("V1-P-001"), plan),
        (name("V1-sizes"), sizes),
        (name("V1.odd_characters"), odd),
    ]
}
