//! Jobs whose plans are written beforehand.

use crate::{
    jobs::{cron, daemon_at, fates, plans, statuses, vault_at},
    support::{TestVault, body},
};

const MIDNIGHT: &str = "2026-11-24T00:00:30Z";

/// A file beside the vault.
fn file(vault: &TestVault, text: impl AsRef<[u8]>) -> String {
    let path = vault.beside().join("template.md");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A job from this template, at every full hour.
fn add(vault: &TestVault, text: &str, options: &[&str]) -> String {
    let file = file(vault, text);
    let args = [
        &[
            "add",
            "ESS",
            "--schedule",
            "0 * * * *",
            "--plan-template",
            &file,
        ],
        options,
    ]
    .concat();
    cron(vault, &args).ok().out.trim().to_owned()
}

#[test]
fn each_run_takes_the_template_as_it_is() {
    let vault = vault_at(MIDNIGHT);
    let text = format!("---\ntags: [weekly]\nmax_tokens: 400000\n---\n{}", body(2));
    let job = add(&vault, &text, &["--max-wall-clock-min", "30"]);
    // What becomes of the file later is of no concern.
    file(&vault, "gone");
    daemon_at(&vault, "2026-11-24T01:00:01Z");
    daemon_at(&vault, "2026-11-24T02:00:01Z");
    assert_eq!(statuses(&vault), ["done", "done"]);
    assert_eq!(
        fates(&vault, &job),
        ["11-24T01:00 fired ESS-P-001", "11-24T02:00 fired ESS-P-002"]
    );
    for plan in plans(&vault) {
        let text = vault.read(&format!("ess/plans/{plan}.md"));
        for part in [
            "tags: [weekly]",
            "max_tokens: 400000",
            "max_wall_clock_min: 30",
            "**2. Essay 2**",
            "approved in advance: job ESS-C-1 of cli:tester, for 2026-11-24 0",
        ] {
            assert!(text.contains(part), "{part:?} is not in {text}");
        }
        let journal = vault.journal(&plan);
        assert_eq!(journal.count("DraftRequested"), 0, "no Leader was asked");
        assert_eq!(
            vault.names(&format!("ess/runs/{plan}/artifacts")),
            ["essay1.md", "essay2.md"]
        );
    }
    vault.is_proven("ESS-P-002");
}

#[test]
fn a_cap_of_the_job_goes_before_one_of_the_template() {
    let vault = vault_at(MIDNIGHT);
    let text = format!("---\nmax_tokens: 400000\nmax_cost_usd: 3\n---\n{}", body(1));
    add(&vault, &text, &["--max-tokens", "300000"]);
    daemon_at(&vault, "2026-11-24T01:00:01Z");
    let caps = vault.journal("ESS-P-001").plan.caps;
    assert_eq!(caps.max_tokens, Some(300_000));
    assert_eq!(caps.max_cost_usd.unwrap().0, 3_000_000);
}

#[test]
fn a_ticket_is_opened_for_each_and_approving_it_runs_the_plan() {
    let vault = vault_at(MIDNIGHT);
    add(&vault, &body(1), &["--approve", "ticket"]);
    daemon_at(&vault, "2026-11-24T01:00:01Z");
    assert_eq!(statuses(&vault), ["draft"]);
    let ticket = vault.read("ess/tickets/ESS-1.md");
    for part in [
        "kind: draft",
        "status: open",
        "cron:ESS-C-1 has made this plan from its template",
    ] {
        assert!(ticket.contains(part), "{part:?} is not in {ticket}");
    }
    vault.is_proven("ESS-P-001");
    vault.run(&["ticket", "approve", "ESS-1"]).ok();
    vault.run_until_idle();
    assert_eq!(statuses(&vault), ["done"]);
    vault.is_proven("ESS-P-001");
}

#[test]
fn declining_the_ticket_ends_the_plan_and_makes_way_for_the_next() {
    let vault = vault_at(MIDNIGHT);
    let job = add(&vault, &body(1), &["--approve", "ticket"]);
    daemon_at(&vault, "2026-11-24T01:00:01Z");
    daemon_at(&vault, "2026-11-24T02:00:01Z");
    vault.run(&["ticket", "decline", "ESS-1"]).ok();
    daemon_at(&vault, "2026-11-24T03:00:01Z");
    assert_eq!(statuses(&vault), ["declined", "draft"]);
    assert_eq!(
        fates(&vault, &job)[1..],
        [
            "11-24T02:00 to 11-24T02:00 x1 overlap ESS-P-001",
            "11-24T03:00 fired ESS-P-002"
        ]
    );
}

#[test]
fn a_template_that_is_no_plan_is_refused_with_the_reason_and_nothing_is_added() {
    let vault = vault_at(MIDNIGHT);
    let large = body(1) + &"x".repeat(300 * 1024);
    let cases: [(&[u8], &str); 9] = [
        (b"---\nid: x\n", "no closing ---"),
        (b"---\nid: [\n---\n", "not valid YAML"),
        (b"\xff\xfe", "not UTF-8"),
        (b"a\0b", "NUL"),
        (b"", "sub-objective"),
        (b"## Plan\n\nNothing to do.\n", "sub-objective"),
        (
            b"## Sub-objectives\n\n**1. One** \xe2\x80\x94 a\n\n**3. Three** \xe2\x80\x94 c\n",
            "3",
        ),
        (
            b"---\nmax_tokens: many\n---\n## Sub-objectives\n\n**1. One** \xe2\x80\x94 a\n",
            "max_tokens",
        ),
        (large.as_bytes(), "at most 262144"),
    ];
    for (text, why) in cases {
        let file = file(&vault, text);
        let args = [
            "add",
            "ESS",
            "--schedule",
            "0 * * * *",
            "--plan-template",
            &file,
        ];
        let ran = cron(&vault, &args).code(1).says("template.md").says(why);
        assert_eq!(ran.out, "");
    }
    for (path, why) in [("no/such.md", "No such file"), ("/", "not a regular file")] {
        let args = [
            "add",
            "ESS",
            "--schedule",
            "0 * * * *",
            "--plan-template",
            path,
        ];
        cron(&vault, &args).code(1).says(why);
    }
    assert!(!vault.path("cron.yaml").exists());
    assert_eq!(cron(&vault, &["list"]).ok().out, "");
}
