//! Finding, and the indexes by which it is done.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::{
    objects, put,
    support::{Mount, Ran, TestVault, mount},
    vault,
};

const INDEX: &str = ".modulatio/memory/ess/team-memory.lexical.index";

/// The ids that were found, the most similar first.
#[track_caller]
fn found(vault: &TestVault, args: &[&str]) -> Vec<String> {
    let ran = vault
        .run(&[&["memory", "search"], args, &["--json"]].concat())
        .ok();
    let id = |object: &Value| object["id"].as_str().expect("an id").to_owned();
    objects(&ran).iter().map(id).collect()
}

fn search(vault: &TestVault) -> Ran {
    vault.run(&["memory", "search", "concise prose"])
}

#[test]
fn what_is_like_a_text_is_found_with_its_score() {
    let vault = vault();
    let ran = vault
        .run(&["memory", "search", "numbers in a table"])
        .ok()
        .says("searched 4 entries with lexical");
    let first = ran.out.lines().next().expect("a line");
    let (score, rest) = first.split_once("  ").expect("cells");
    let score: f64 = score.parse().expect("a score");
    assert!(score > 0.0 && score <= 1.0, "{score}");
    assert!(rest.starts_with("team-memory/style/tables "), "{rest}");
    let ran = vault
        .run(&[
            "memory",
            "search",
            "numbers in a table",
            "--top",
            "1",
            "--json",
        ])
        .ok();
    let objects = objects(&ran);
    assert_eq!(objects.len(), 1);
    let object = &objects[0];
    assert_eq!(object["id"], json!("team-memory/style/tables"));
    assert_eq!(object["shown"], json!("Right-align the numbers of tables."));
    assert!(object["embedder"].as_str().unwrap().starts_with("lexical"));
    let thousandths = object["score"].as_f64().unwrap() * 1000.0;
    assert!((thousandths - thousandths.round()).abs() < 1e-6, "{object}");
}

#[test]
fn it_is_found_by_store_kind_score_and_project() {
    let vault = vault();
    let words = "the parser is tested, the numbers of tables are right, prose";
    let all = found(&vault, &[words]);
    assert!(
        all.contains(&"qc-history/code/ESS-P-001-s2-t1-1".to_owned()),
        "{all:?}"
    );
    assert!(
        all.contains(&"team-memory/style/tables".to_owned()),
        "{all:?}"
    );
    let of_qc = found(&vault, &[words, "--store", "qc-history"]);
    assert!(!of_qc.is_empty() && of_qc.iter().all(|id| id.starts_with("qc-history/")));
    let of_code = found(&vault, &[words, "--kind", "code"]);
    assert!(
        !of_code.contains(&"team-memory/style/tables".to_owned()),
        "{of_code:?}"
    );
    assert!(found(&vault, &[words, "--min", "1"]).is_empty());
    assert_eq!(found(&vault, &[words, "--top", "1"]).len(), 1);
    vault.project("law");
    put(&vault, "law/team-memory/a.md", "The parser is tested.\n");
    assert_eq!(
        found(&vault, &[words, "--project", "LAW"]),
        ["team-memory/a"]
    );
    let ran = vault.run(&["memory", "search", words]).ok();
    assert!(
        ran.out.contains(" law/team-memory/a ") && ran.out.contains(" ess/"),
        "{}",
        ran.out
    );
}

#[test]
fn what_makes_no_sense_is_refused() {
    let vault = vault();
    for (args, why) in [
        (&["search"][..], "required"),
        (&["search", " "], "nothing is looked for"),
        (
            &["search", "x", "--min", "1.5"],
            "it is no number from 0 to 1",
        ),
        (
            &["search", "x", "--min", "NaN"],
            "it is no number from 0 to 1",
        ),
        (&["search", "x", "--top", "0"], "0"),
        (&["search", "x", "--kind", "prose"], "document"),
        (&["search", "x", "--store", "team"], "team-memory"),
        (&["reindex", "ESS", "--all"], "cannot be used with"),
    ] {
        vault.run(&[&["memory"], args].concat()).code(2).says(why);
    }
    vault
        .run(&["memory", "search", "x", "--project", "ESX"])
        .code(1)
        .says("there is no project ESX");
    vault.write("ess/project.yaml", "objective: x\nembedder: none\n");
    for command in [&["memory", "search", "x"][..], &["memory", "reindex"]] {
        vault
            .run(command)
            .code(3)
            .says("ess/project.yaml: embedder: there is always an embedder; write lexical");
    }
}

#[test]
fn nothing_to_find_is_no_error() {
    let empty = TestVault::with("embedder: lexical\n");
    let ran = search(&empty).ok().says("there is nothing to search yet");
    assert!(ran.out.is_empty());
    empty
        .run(&["memory", "reindex"])
        .ok()
        .shows("ess/team-memory: 0 of 0 entries");
    let vault = vault();
    vault
        .run(&["memory", "search", "zzyzx qqq"])
        .ok()
        .says("nothing is like it among 4 entries");
}

#[test]
fn notes_that_agents_are_not_given_are_searched_only_when_asked_for() {
    let vault = vault();
    vault.write(
        "ess/project.yaml",
        "objective: x\nteam_memory_enabled: false\n",
    );
    search(&vault).ok().says(
        "notes are not searched: team_memory_enabled is false; --store team-memory searches them",
    );
    let ran = vault.run(&["memory", "reindex"]).ok();
    assert!(!ran.out.contains("team-memory"), "{}", ran.out);
    assert!(!vault.path(INDEX).exists(), "nor indexed");
    let ids = found(&vault, &["concise prose", "--store", "team-memory"]);
    assert_eq!(ids[0], "team-memory/tone");
}

#[test]
fn what_was_added_or_removed_is_found_or_not_at_once() {
    let vault = vault();
    found(&vault, &["x"]);
    vault
        .run(&["memory", "add", "ESS", "Quote the zzyzx road sign."])
        .ok();
    let ids = found(&vault, &["zzyzx road"]);
    assert!(ids[0].ends_with("quote-the-zzyzx-road-sign"), "{ids:?}");
    vault.run(&["memory", "remove", &ids[0]]).ok();
    assert!(!found(&vault, &["zzyzx road"]).contains(&ids[0]));
    put(
        &vault,
        "ess/team-memory/tone.md",
        "The user prefers a zzyzx tone.\n",
    );
    assert_eq!(found(&vault, &["zzyzx"])[0], "team-memory/tone");
}

#[test]
fn an_index_is_built_anew_and_says_what_is_in_it() {
    let vault = vault();
    vault
        .run(&["memory", "reindex"])
        .ok()
        .shows("ess/qc-history: 2 of 2 entries with lexical")
        .shows("ess/team-memory: 2 of 2 entries with lexical");
    assert!(vault.path(INDEX).exists());
    let ran = vault
        .run(&[
            "memory",
            "reindex",
            "ESS",
            "--store",
            "team-memory",
            "--json",
        ])
        .ok();
    let object = &objects(&ran)[0];
    assert_eq!(objects(&ran).len(), 1);
    assert_eq!(
        (
            &object["project"],
            &object["store"],
            &object["rows"],
            &object["files"]
        ),
        (&json!("ESS"), &json!("team-memory"), &json!(2), &json!(2))
    );
    assert!(object["bytes"].as_u64().unwrap() > 0 && object["milliseconds"].is_u64());
    vault.project("law");
    vault
        .run(&["memory", "reindex"])
        .code(2)
        .says("which project? Name one of ESS, LAW, or --all");
    vault
        .run(&["memory", "reindex", "--all"])
        .ok()
        .shows("law/team-memory: 0 of 0");
}

#[test]
fn a_damaged_index_is_made_anew_and_told_once() {
    let vault = vault();
    let whole = search(&vault).ok().out;
    let bytes = std::fs::read(vault.path(INDEX)).unwrap();
    let cut = bytes[..bytes.len() / 2].to_vec();
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 0x10;
    for harmed in [Vec::new(), b"garbage".to_vec(), cut, flipped] {
        std::fs::write(vault.path(INDEX), &harmed).unwrap();
        let ran = search(&vault)
            .ok()
            .says("the index is made anew from the files");
        assert_eq!(ran.out, whole);
        let again = search(&vault).ok();
        assert_eq!(again.out, whole);
        assert!(!again.err.contains("anew"), "{}", again.err);
    }
    std::fs::remove_file(vault.path(INDEX)).unwrap();
    std::fs::create_dir(vault.path(INDEX)).unwrap();
    assert_eq!(search(&vault).ok().out, whole, "a directory in its place");
}

#[test]
fn a_full_disk_keeps_nobody_from_finding() {
    let vault = vault();
    let whole = search(&vault).ok().out;
    std::fs::remove_dir_all(vault.path(".modulatio/memory")).unwrap();
    let own = vault.path(".modulatio");
    let Some(_mount) = Mount::over(&own, &["-t", "tmpfs", "-o", "size=64k", "modulatio-test"])
    else {
        return;
    };
    // What an index needs is not there; directories still are.
    std::fs::create_dir_all(vault.path(".modulatio/memory/ess")).unwrap();
    let filler = std::fs::File::create(vault.path(".modulatio/filler")).unwrap();
    let page = [0u8; 4096];
    while std::io::Write::write_all(&mut &filler, &page).is_ok() {}
    let ran = search(&vault).ok();
    assert_eq!(ran.out, whole);
    vault
        .run(&["memory", "reindex"])
        .code(1)
        .says("No space left on device")
        .says("what is not indexed is not found");
    assert!(
        vault.names(".modulatio/memory/ess").is_empty(),
        "nothing torn is left"
    );
    drop(filler);
    std::fs::remove_file(vault.path(".modulatio/filler")).unwrap();
    vault.run(&["memory", "reindex"]).ok();
}

#[test]
fn a_vault_that_cannot_be_written_is_searched_all_the_same() {
    let vault = vault();
    let root = vault.root().to_str().unwrap().to_owned();
    let Some(_bound) = Mount::over(vault.root(), &["--bind", &root]) else {
        return;
    };
    if !mount(vault.root(), &["-o", "remount,ro,bind"]) {
        return;
    }
    search(&vault).ok().shows("team-memory/tone");
    vault.run(&["memory", "list"]).ok();
    vault.run(&["memory", "show", "tone"]).ok();
    for command in [
        &["memory", "add", "ESS", "A note."][..],
        &["memory", "remove", "tone"],
        &["memory", "promote", "ESS-P-001-m1"],
        &["memory", "reindex"],
    ] {
        vault.run(command).code(1).says("Read-only file system");
    }
}

#[test]
fn an_index_of_another_embedder_is_kept_beside() {
    let vault = vault();
    let Some(model) = std::env::var_os("MODULATIO_MINILM_DIR") else {
        eprintln!(
            "skipped: an_index_of_another_embedder_is_kept_beside: MODULATIO_MINILM_DIR is not set"
        );
        return;
    };
    let model = model.to_str().expect("a plain path");
    search(&vault).ok().says("with lexical");
    let config = format!("embedder: {{model_dir: \"{model}\"}}\n");
    vault.write("modulatio.yaml", &config);
    let ran = search(&vault).ok();
    if ran.err.contains("warning: ") {
        eprintln!(
            "skipped: an_index_of_another_embedder_is_kept_beside: {}",
            ran.err
        );
        return;
    }
    assert!(
        ran.err.contains("searched 4 entries with ") && !ran.err.contains("lexical"),
        "{ran:?}"
    );
    assert!(
        vault
            .path(".modulatio/memory/ess/team-memory.index")
            .exists()
    );
    vault.write("modulatio.yaml", "embedder: lexical\n");
    search(&vault).ok().says("with lexical");
    assert!(
        vault
            .path(".modulatio/memory/ess/team-memory.index")
            .exists()
    );
    assert!(vault.path(INDEX).exists());
}

#[test]
fn a_model_that_is_not_there_is_told_with_what_to_do_and_words_stand_in() {
    let vault = vault();
    let config = "embedder: {model_dir: models/none, onnxruntime: lib/none.so}\n";
    vault.write("modulatio.yaml", config);
    let ran = search(&vault).ok().says("with lexical").says("warning: ");
    assert!(ran.out.contains("team-memory/tone"), "{}", ran.out);
    let named = ["models/none", "lib/none.so"].map(|path| vault.path(path).display().to_string());
    let names = named.iter().any(|place| ran.err.contains(place));
    assert!(
        names || !cfg!(feature = "fastembed"),
        "the path is named from the vault on: {}",
        ran.err
    );
}

#[test]
fn a_reader_that_has_gone_is_a_quiet_end() {
    let vault = vault();
    for args in [
        &["memory", "list"][..],
        &["memory", "list", "--json"],
        &["memory", "show", "tone"],
        &["memory", "search", "prose"],
        &["memory", "search", "prose", "--json"],
        &["memory", "reindex"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = vault.command(args);
        command.stdin(Stdio::null()).stdout(Stdio::from(writer));
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}: {output:?}");
    }
}
