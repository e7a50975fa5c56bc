//! The report has a line for each thing, a dry run tells the same and changes nothing, and a second import takes
//! nothing twice.

use crate::{
    STATUSES, found, id,
    support::{TestVault, kinds},
    whole::{self, add, files, import, told, tree},
};

/// What becomes of everything in the whole vault.
const FATES: [(&str, &str); 40] = [
    ("modulatio.yaml", "made"),
    ("ess/index.md", "taken"),
    ("later/index.md", "taken"),
    ("ess/plans/ESS-PLAN-001.md", "taken"),
    ("ess/plans/ESS-PLAN-002.md", "taken"),
    ("ess/plans/ESS-PLAN-003.md", "taken"),
    ("ess/plans/ESS-PLAN-004.md", "taken"),
    ("ess/plans/ESS-PLAN-005.md", "taken"),
    ("ess/plans/ESS-PLAN-006.md", "taken"),
    ("ess/plans/ESS-PLAN-007.md", "taken"),
    ("ess/plans/ESS-PLAN-008.md", "taken"),
    ("ess/plans/ESS-PLAN-003.usage.jsonl", "taken"),
    ("ess/plans/ESS-PLAN-004.usage.jsonl", "taken"),
    ("ess/plans/ESS-PLAN-007.usage.jsonl", "taken"),
    ("ess/plans/ESS-PLAN-008.usage.jsonl", "taken"),
    ("ess/plans/ESS-PLAN-099.usage.jsonl", "left"),
    ("ess/plans/notes.md", "left"),
    ("ess/tickets/ESS-1.md", "taken"),
    ("ess/tickets/ESS-2.md", "taken"),
    ("ess/tickets/ESS-3.md", "taken"),
    ("ess/tickets/ESS-4.md", "left"),
    ("ess/tickets/ESS-5.md", "left"),
    ("ess/tickets/ESS-6.md", "left"),
    ("ess/tickets/ESS-9.md", "left"),
    ("ess/agents", "left"),
    ("ess/artifacts", "left"),
    ("ess/comptroller.md", "left"),
    ("ess/qc-history", "there"),
    ("ess/runs", "left"),
    ("ess/team-memory", "there"),
    (".env", "left"),
    ("cron-config.json.lock", "left"),
    ("cron-config.json#job weekly", "changed"),
    ("cron-config.json#job off", "taken"),
    ("cron-config.json#job odd", "left"),
    ("cron-config.json#job late", "left"),
    ("heartbeat-queue.json#due", "changed"),
    ("heartbeat-queue.json#again", "changed"),
    ("heartbeat-queue.json#lost", "left"),
    ("heartbeat-queue.json#past", "left"),
];

#[test]
fn everything_in_a_vault_has_its_line_and_everything_is_as_it_says() {
    let vault = whole::vault();
    let ran = import(&vault, &["--json"]).ok();
    let told = told(&ran);
    let fates: Vec<_> = told.iter().map(|(s, (f, _, _))| (&**s, &**f)).collect();
    let mut expected = FATES.to_vec();
    expected.sort_unstable();
    assert_eq!(fates, expected);
    for status in STATUSES {
        let journal = vault.journal(&id(status));
        assert_eq!(journal.status(), status);
        assert_eq!(kinds(&journal).next(), Some("PlanImported"));
        vault.is_proven(&id(status));
    }
    assert_eq!(
        vault.read("ess/project.yaml").lines().last(),
        Some("objective: 'Essays: on Stoicism'")
    );
    ran.says("1 made, 18 taken, 3 changed, 2 there, 16 left")
        .says("ESS-PLAN-002, ESS-PLAN-003, ESS-C-1, ESS-C-3 run as soon as a daemon does")
        .says("a daemon would only rehearse them");
    vault.run(&["plan", "list"]).ok().shows("ESS-PLAN-008");
    vault.run(&["project", "list"]).ok().shows("Something else");
}

#[test]
fn what_follows_from_a_plans_status_is_said() {
    let vault = whole::vault();
    let told = told(&import(&vault, &["--json"]).ok());
    for (status, note) in [
        ("draft", "waits for approval"),
        ("approved", "runs as soon as a daemon does"),
        (
            "executing",
            "2 of 4 sub-objectives finished: goes on as soon as a daemon runs",
        ),
        ("paused", "paused, 2 of 4 sub-objectives finished (go)"),
        ("declined", "declined"),
        ("cancelled", "cancelled"),
        ("aborted", "aborted"),
        ("done", "done"),
    ] {
        let (_, name, said) = &told[&format!("ess/plans/{}.md", id(status))];
        assert_eq!(name.as_deref(), Some(&*id(status)));
        assert!(said.contains(note), "{status}: {said}");
    }
}

#[test]
fn a_dry_run_tells_the_same_and_changes_nothing_at_all() {
    let vault = whole::vault();
    let before = tree(vault.root());
    let ran = import(&vault, &["--json", "--dry-run"])
        .ok()
        .says("dry run: nothing was changed");
    assert!(tree(vault.root()) == before, "something was touched");
    let fates = |ran| -> Vec<_> {
        let told = told(ran).into_iter();
        told.map(|(source, (fate, _, _))| (source, fate)).collect()
    };
    let dry = fates(&ran);
    assert_eq!(dry, fates(&import(&vault, &["--json"]).ok()));
    let taken = tree(vault.root());
    import(&vault, &["--dry-run"]).ok();
    assert!(tree(vault.root()) == taken, "something was touched");
}

#[test]
fn a_second_import_takes_nothing_twice() {
    let vault = whole::vault();
    let first = told(&import(&vault, &["--json"]).ok());
    let before = files(vault.root());
    let second = told(&import(&vault, &["--json"]).ok());
    assert!(files(vault.root()) == before, "something was written");
    for (source, (fate, name, note)) in second {
        let again = match (&*first[&source].0, &*source) {
            // What it says of the project stands elsewhere now.
            (_, "ess/index.md" | "later/index.md") => "left",
            ("taken" | "changed", _) => "there",
            (fate, _) => fate,
        };
        assert_eq!(fate, again, "{source}: {note}");
        assert_eq!(name, first[&source].1.clone().filter(|_| again == "there"));
    }
}

#[test]
fn what_was_put_away_since_is_not_taken_again() {
    let vault = whole::vault();
    import(&vault, &[]).ok();
    vault.run(&["plan", "decline", "ESS-P-009"]).ok();
    vault.run(&["project", "clean", "ESS", "--force"]).ok();
    assert!(vault.path("ess/archive/ESS-P-009").exists());
    let told = told(&import(&vault, &["--json"]).ok());
    for (source, (fate, _, note)) in told {
        let new = ["made", "taken", "changed"].contains(&&*fate);
        assert!(!new && !source.contains("archive"), "{source}: {note}");
    }
    let plans = vault.run(&["plan", "list"]).ok().out;
    assert_eq!(plans.lines().count(), 4, "those that are not over: {plans}");
}

#[test]
fn the_files_as_they_were_are_kept_byte_for_byte() {
    let vault = whole::vault();
    let before = files(vault.root());
    import(&vault, &[]).ok();
    vault.run_until_idle();
    let after = files(vault.root());
    for (path, bytes) in before {
        let kept = std::path::Path::new(".modulatio/imported").join(&path);
        let same = |path: &std::path::Path| after.get(path) == Some(&bytes);
        assert!(same(&path) || same(&kept), "{} is lost", path.display());
    }
}

#[test]
fn what_reads_otherwise_is_said() {
    let vault = whole::vault();
    let plan = |number: u32, status: &str, change: &dyn Fn(String) -> String| {
        let id = format!("ESS-PLAN-{number:03}");
        let text = change(found::plan(&id, status));
        vault.write(&format!("ess/plans/{id}.md"), &text);
        text
    };
    let crlf = plan(20, "draft", &|text| text.replace('\n', "\r\n"));
    plan(21, "draft", &|text| format!("\u{feff}{text}"));
    plan(22, "paused", &|text| {
        text.replace("current_index: 2\n", "")
            .replace("cost_usd_used: 0.0", "cost_usd_used: 0.0130000000000000011")
    });
    plan(23, "done", &|text| text);
    let cut = found::USAGE.trim_end();
    vault.write("ess/plans/ESS-PLAN-023.usage.jsonl", cut);
    plan(24, "done", &|text| text);
    std::fs::write(
        vault.path("ess/plans/ESS-PLAN-024.usage.jsonl"),
        b"\xff\xfe\n",
    )
    .expect("a file");
    plan(25, "draft", &|text| text.replace("**2.", "**3."));
    let told = told(&import(&vault, &["--json"]).ok());
    for (file, fate, note) in [
        ("020.md", "changed", "with Unix line ends"),
        ("021.md", "changed", "without its byte order mark"),
        (
            "022.md",
            "changed",
            "current_index 0 read as 2: a sub-objective that was reflected on is finished",
        ),
        (
            "022.md",
            "changed",
            "cost_usd_used rounded up to a millionth",
        ),
        ("023.usage.jsonl", "changed", "its last line did not end"),
        ("024.usage.jsonl", "changed", "not UTF-8"),
        ("025.md", "taken", "its list cannot be run as it stands"),
    ] {
        let (said, _, why) = &told[&format!("ess/plans/ESS-PLAN-{file}")];
        assert_eq!(said, fate, "{file}: {why}");
        assert!(why.contains(note), "{file}: {why}");
    }
    assert_eq!(
        vault.read(".modulatio/imported/ess/plans/ESS-PLAN-020.md"),
        crlf
    );
    assert_eq!(
        std::fs::read(vault.path(".modulatio/imported/ess/plans/ESS-PLAN-024.usage.jsonl"))
            .expect("it is kept"),
        b"\xff\xfe\n"
    );
    for number in 20..=25 {
        vault.is_proven(&format!("ESS-PLAN-{number:03}"));
    }
}

#[test]
fn what_cannot_be_read_fails_alone_and_is_left_as_it_is() {
    let vault = whole::vault();
    let broken = [
        (
            "ess/plans/ESS-PLAN-030.md",
            found::plan("ESS-PLAN-030", "draft")[..120].to_owned(),
            "no closing --- follows",
        ),
        (
            "ess/plans/ESS-PLAN-031.md",
            found::plan("ESS-PLAN-031", "paused").replace("current_index: 2", "current_index: abc"),
            "`current_index`: abc is not a whole number",
        ),
        (
            "ess/plans/ESS-PLAN-032.md",
            found::plan("ESS-PLAN-001", "draft"),
            "`id`: it says \"ESS-PLAN-001\", but the file's name says ESS-PLAN-032",
        ),
        (
            "ess/tickets/ESS-20.md",
            whole::ticket(&whole::Written {
                id: "ESS-21",
                plan: None,
                status: "open",
                decision: None,
                asks: true,
            }),
            "`id`: it says \"ESS-21\", but the file's name says ESS-20",
        ),
        (
            "ess/tickets/ESS-22.md",
            "---\nid: [\n---\n".to_owned(),
            "not valid YAML",
        ),
        (
            "cron-config.json",
            "{\"jobs\": [{\"id\": \"weekly\", \"sche".to_owned(),
            "was the file cut short?",
        ),
        (
            "heartbeat-queue.json",
            "{}".to_owned(),
            "it is no list of tasks",
        ),
    ];
    for (file, text, _) in &broken {
        vault.write(file, text);
    }
    add(&vault, "My-Essays/plans/x.md", "");
    let ran = import(&vault, &["--json"])
        .code(1)
        .says("8 thing(s) could not be taken");
    let told = told(&ran);
    for (file, text, why) in &broken {
        let (fate, _, note) = &told[*file];
        assert_eq!(fate, "failed", "{file}: {note}");
        assert!(note.contains(why), "{file}: {note}");
        assert_eq!(vault.read(file), *text);
    }
    assert_eq!(told["My-Essays"].0, "failed");
    assert_eq!(told["ess/plans/ESS-PLAN-001.md"].0, "taken");
    assert_eq!(told["ess/tickets/ESS-1.md"].0, "taken");
    assert_eq!(vault.run(&["cron", "list"]).ok().out, "");

    vault.write(
        "ess/plans/ESS-PLAN-030.md",
        &found::plan("ESS-PLAN-030", "draft"),
    );
    whole::jobs(&vault, &[whole::job("weekly", "weekly mon 09:00")]);
    let mended = told_of(&vault, 1);
    assert_eq!(mended["ess/plans/ESS-PLAN-030.md"].0, "taken");
    assert_eq!(mended["cron-config.json#job weekly"].0, "changed");
    assert_eq!(mended["ess/plans/ESS-PLAN-001.md"].0, "there");
}

fn told_of(
    vault: &TestVault,
    code: i32,
) -> std::collections::BTreeMap<String, (String, Option<String>, String)> {
    told(&import(vault, &["--json"]).code(code))
}

#[test]
fn a_directory_that_is_no_such_vault_stays_untouched() {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(dir.path().join("photos")).expect("a directory");
    let run = |args: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_modulatio"));
        let command = command.args(args).current_dir(dir.path());
        let output = command.env_remove("MODULATIO_VAULT").output();
        let output = output.expect("the binary starts");
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), err)
    };
    let before = tree(dir.path());
    for args in [
        &["import", "--from-python"][..],
        &["import", "--from-python", "photos"],
    ] {
        let (code, err) = run(args);
        assert_eq!(code, Some(3), "{err}");
        assert!(
            err.contains("nothing of the Python program lies in"),
            "{err}"
        );
    }
    assert_eq!(run(&["import", "photos"]).0, Some(2));
    assert_eq!(
        run(&["--vault", ".", "import", "--from-python", "photos"]).0,
        Some(2)
    );
    assert!(tree(dir.path()) == before, "something was touched");
}

#[test]
fn the_vault_can_be_named_in_every_way() {
    for ways in [
        &["import", "--from-python", "."][..],
        &["import", "--from-python"],
    ] {
        let vault = whole::vault();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_modulatio"));
        let command = command.args(ways).current_dir(vault.root());
        let output = command.env_remove("MODULATIO_VAULT").output();
        assert!(
            output.expect("the binary starts").status.success(),
            "{ways:?}"
        );
        assert_eq!(vault.journal(&id("draft")).status(), "draft");
    }
}

#[test]
fn what_is_remembered_is_read_where_it_lies() {
    let vault = whole::vault();
    add(
        &vault,
        "ess/team-memory/_proposals/two.json",
        r#"{"proposal_id": "2", "proposer_id": "qc", "body": "Library X has a bug.", "skill_tags": [], "artifact_kind": "text"}"#,
    );
    let before = files(&vault.path("ess/team-memory"));
    let told = told(&import(&vault, &["--json"]).ok());
    let (_, _, note) = &told["ess/qc-history"];
    assert_eq!(note, "1 entry: read where it lies, as it is");
    let (_, _, note) = &told["ess/team-memory"];
    assert!(
        note.starts_with("1 entry: ") && note.contains("; 1 proposed: "),
        "{note}"
    );
    vault
        .run(&["memory", "list"])
        .ok()
        .shows("ess/qc-history/text/one ")
        .shows("Concise prose.");
    vault
        .run(&["memory", "list", "--proposals"])
        .ok()
        .shows("Library X has a bug.");
    assert!(files(&vault.path("ess/team-memory")) == before);
}
