//! What the team remembers: the embedder, the indexes, the files.

use crate::{doctor, doctor_with, support::TestVault};

/// A vault that remembers one note.
fn vault(config: &str) -> TestVault {
    let vault = TestVault::with(config);
    vault.run(&["memory", "add", "ESS", "Be brief."]).ok();
    vault
}

#[test]
fn an_embedder_that_is_wished_for_and_there_is_well() {
    let found = doctor(&vault("embedder: lexical\n"));
    found.one("embedder", "ok", "lexical/1, as is wished for");
    let Some(model) = std::env::var_os("MODULATIO_MINILM_DIR") else {
        eprintln!(
            "skipped: an_embedder_that_is_wished_for_and_there_is_well: MODULATIO_MINILM_DIR is not set"
        );
        return;
    };
    let model = model.to_str().expect("a plain path");
    let vault = vault(&format!("embedder: {{model_dir: \"{model}\"}}\n"));
    let found = doctor(&vault);
    if found.all("embedder")[0]
        .found
        .contains("ONNX Runtime cannot be loaded")
    {
        eprintln!(
            "skipped: an_embedder_that_is_wished_for_and_there_is_well: there is no ONNX Runtime"
        );
        return;
    }
    found.one("embedder", "ok", " loads in ");
    found.one("embedder", "ok", model);
}

#[test]
fn one_that_nobody_wished_for_and_is_not_there_is_told_and_no_fault() {
    let vault = vault("");
    let told = doctor(&vault).one("embedder", "ok", "lexical/1 stands in: ");
    assert!(told.remedy.is_empty());
}

#[test]
fn one_that_is_wished_for_and_not_there_warns_with_what_mends_it() {
    for config in [
        "embedder: fastembed\n",
        "embedder: {model_dir: nowhere}\n",
        "embedder: {onnxruntime: nowhere.so}\n",
    ] {
        let vault = vault(config);
        doctor(&vault)
            .one("embedder", "warn", "lexical/1 stands in: ")
            .mends("in modulatio.yaml, embedder: {model_dir: ");
    }
    let vault = vault("embedder: lexical\n");
    vault.write(
        "ess/project.yaml",
        "objective: x\nembedder: {model_dir: nowhere}\n",
    );
    let found = doctor(&vault);
    found.some("embedder", "ok", "lexical/1, as is wished for");
    found
        .some("embedder", "warn", "ess: lexical/1 stands in: ")
        .mends("in ess/project.yaml, embedder: ");
    vault.write("modulatio.yaml", "embedder: none\n");
    doctor(&vault).one(
        "embedder",
        "ok",
        "not looked at: the configuration has faults",
    );
}

#[test]
fn indexes_are_told_and_one_that_is_damaged_warns_with_the_command() {
    let empty = TestVault::new();
    doctor(&empty).one("memory-index", "ok", "nothing is remembered yet");
    let vault = vault("embedder: lexical\n");
    doctor(&vault).one(
        "memory-index",
        "ok",
        "ess/team-memory: 1 file, not indexed yet",
    );
    assert!(!vault.path(".modulatio/memory").exists(), "nor by a doctor");
    vault.run(&["memory", "search", "brief"]).ok();
    doctor(&vault).one(
        "memory-index",
        "ok",
        "ess/team-memory: 1 file, 1 indexed with lexical/1",
    );
    vault.run(&["memory", "add", "ESS", "Be polite."]).ok();
    doctor(&vault).one("memory-index", "ok", "2 files, 1 indexed with lexical/1, ");
    vault.write(".modulatio/memory/ess/team-memory.lexical.index", "garbage");
    let found = doctor(&vault);
    let warned = found.one("memory-index", "warn", "ess/team-memory: ");
    warned.mends("memory reindex ESS --store team-memory");
    assert_eq!(found.ran.code, Some(1));
    assert_eq!(
        vault.read(".modulatio/memory/ess/team-memory.lexical.index"),
        "garbage"
    );
    vault
        .run(&["memory", "reindex", "ESS", "--store", "team-memory"])
        .ok();
    doctor(&vault).one("memory-index", "ok", "2 files, 2 indexed");
    let index = vault.path(".modulatio/memory/ess/team-memory.lexical.index");
    std::fs::remove_file(&index).expect("an index");
    std::fs::create_dir(&index).expect("a directory");
    doctor(&vault).one("memory-index", "warn", "it is not a regular file");
    vault
        .run(&["memory", "reindex", "ESS", "--store", "team-memory"])
        .code(1)
        .says("a folder stands in its place; move that away");
    std::fs::remove_dir(&index).expect("a directory");
    vault.write(
        "ess/project.yaml",
        "objective: x\nteam_memory_enabled: false\n",
    );
    doctor(&vault).one("memory-index", "ok", "nothing is remembered yet");
}

#[test]
fn files_that_nobody_can_read_are_named() {
    let vault = vault("embedder: lexical\n");
    doctor(&vault).one("memory-files", "ok", "1 file of the memory can be read");
    let long = "x".repeat((1 << 20) + 1);
    vault.write("ess/team-memory/huge.md", &long);
    doctor(&vault)
        .one(
            "memory-files",
            "warn",
            "ess/team-memory/huge.md: it has 1048577 bytes",
        )
        .mends("memory remove ess/team-memory/huge");
    vault
        .run(&["memory", "remove", "ess/team-memory/huge"])
        .ok();
    doctor(&vault).one("memory-files", "ok", "1 file");
    #[cfg(unix)]
    {
        let elsewhere = vault.beside().to_path_buf();
        std::os::unix::fs::symlink(elsewhere, vault.path("ess/qc-history")).expect("a link");
        doctor(&vault).one(
            "memory-files",
            "warn",
            "ess/qc-history: it is no directory; symlinks are not followed",
        );
    }
}

#[test]
fn nothing_is_downloaded_and_nobody_is_asked() {
    let vault = vault("embedder: fastembed\n");
    // Whoever would ask a hub would ask this one.
    let hub = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    hub.set_nonblocking(true).expect("a mode");
    let address = format!("http://{}", hub.local_addr().expect("an address"));
    doctor_with(&vault, &["--offline"], &[("HF_ENDPOINT", &address)]);
    vault
        .run_with(&["memory", "search", "brief"], &[("HF_ENDPOINT", &address)])
        .ok();
    assert!(hub.accept().is_err(), "somebody was asked");
}
