//! What is kept for the fuzz targets, seeded mutations of it and long inputs: nothing panics, hangs or takes all
//! memory.

use std::process::Command;

/// Mutations of each target's corpus; `MODULATIO_FUZZ_MUTATIONS` asks for more.
const MUTATIONS: &str = "400";

#[test]
fn every_target_holds_on_its_corpus_on_mutations_and_on_long_inputs() {
    let wished = std::env::var("MODULATIO_FUZZ_MUTATIONS");
    let mutations = wished.as_deref().unwrap_or(MUTATIONS);
    let ran = Command::new(env!("CARGO_BIN_EXE_modulatio-fuzz"))
        .args(["--mutations", mutations, "--size", "1048576"])
        .output()
        .expect("it is built with its tests");
    let (out, err) = (
        String::from_utf8_lossy(&ran.stdout),
        String::from_utf8_lossy(&ran.stderr),
    );
    println!("{out}");
    assert!(ran.status.success(), "{out}{err}");
    assert_eq!(out.lines().count(), modulatio_fuzz::TARGETS.len(), "{out}");
    for line in out.lines() {
        assert!(!line.contains(" 0 kept"), "no corpus: {line}");
    }
}
