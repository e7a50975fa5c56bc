//! Its jobs and its queue: the same times, once each, and nothing runs that nobody would have run.

use modulatio::{clock, vault::Vault};
use projections::schedule::{Job, Standing};
use serde_json::json;

use crate::{
    support::TestVault,
    whole::{import, job, jobs, task, tasks, told, with},
};

fn scheduled(vault: &TestVault) -> Vec<Job> {
    let vault = Vault::open(vault.root()).expect("a vault");
    let schedule = modulatio::vault::schedule::read(&vault).expect("a schedule");
    schedule.jobs.into_values().collect()
}

#[test]
fn every_form_of_its_schedules_becomes_a_job_at_the_same_times() {
    let forms = [
        ("30m", "20-59/30 * * * *"),
        ("6h", "20 2-23/6 * * *"),
        ("1d", "20 20 * * *"),
        ("daily 06:30", "30 6 * * *"),
        ("weekly Mon 09:00", "0 9 * * mon"),
        ("monthly 31 12:15", "15 12 31 * *"),
        ("hourly :15", "15 * * * *"),
    ];
    let vault = TestVault::new();
    let written = forms.iter().enumerate();
    let written: Vec<_> = written
        .map(|(n, (form, _))| job(&format!("{n}"), form))
        .collect();
    jobs(&vault, &written);
    import(&vault, &[]).ok();
    let taken = scheduled(&vault);
    assert_eq!(taken.len(), forms.len());
    for ((form, expression), job) in forms.iter().zip(taken) {
        let said = (&*job.definition.schedule, &*job.definition.tz);
        assert_eq!(said, (*expression, "UTC"), "{form}");
        assert_eq!(job.standing, Standing::Enabled);
    }
    vault
        .run(&["cron", "show", "ESS-C-1"])
        .ok()
        .shows("taken over from cron-config.json#0");
}

#[test]
fn ends_and_switches_are_taken_and_what_cannot_be_said_is_left_with_the_reason() {
    let vault = TestVault::new();
    let day = |days: i64| clock::now().plus_seconds(days * 86_400).guide_form();
    let (soon, past) = (day(30), day(-30));
    let cases = [
        (
            "counted",
            json!({"count": 5, "runs": 2}),
            "3 of its 5 runs are left",
        ),
        (
            "spent",
            json!({"count": 5, "runs": 5}),
            "it has run its 5 times",
        ),
        ("ending", json!({"until": soon}), "next at"),
        ("over", json!({"until": past}), "its time was over"),
        (
            "over by day",
            json!({"until": "2020-01-01"}),
            "its time was over at 2020-01-01T00:00:00+00:00",
        ),
        (
            "coming",
            json!({"start_at": soon}),
            "import again after that",
        ),
        ("begun", json!({"start_at": past}), "next at"),
        ("off", json!({"enabled": false}), "disabled, as it was"),
        ("formed", json!({"jt_id": "digest"}), "--plan-template FILE"),
        ("urgent", json!({"priority": 1}), "priority 1 is dropped"),
        (
            "odd",
            json!({"schedule": "7h"}),
            "the next longer is modulatio cron add ESS 'Review odd' --schedule '20 4-23/8 * * *'",
        ),
        (
            "wrong",
            json!({"schedule": "0 6 * * *"}),
            "`schedule`: \"0 6 * * *\" is none of its schedules",
        ),
        (
            "vague",
            json!({"next_run": "soon"}),
            "`next_run`: \"soon\" is not an RFC 3339 time",
        ),
        (
            "dumb",
            json!({"objective": " "}),
            "`objective`: it is missing or empty",
        ),
        ("lost", json!({"project_code": "../x"}), "`project_code`:"),
        (
            "count",
            json!({"count": "three"}),
            "`count`: \"three\" is not a whole number",
        ),
        (
            "elsewhere",
            json!({"project_code": "SALES"}),
            "its project SALES is not here",
        ),
    ];
    let mut written: Vec<_> = cases
        .iter()
        .map(|(id, fields, _)| {
            with(
                job(&id.replace(' ', "-"), "daily 06:30"),
                &with(json!({"name": id}), fields),
            )
        })
        .collect();
    written.push(json!("not an object"));
    written.push(with(job("off", "daily 06:30"), &json!({"name": "twice"})));
    jobs(&vault, &written);
    let told = told(&import(&vault, &["--json"]).code(1));
    for (id, _, note) in &cases {
        let (fate, _, said) = &told[&format!("cron-config.json#{id}")];
        assert!(said.contains(note), "{id}: {fate}, {said}");
        let expected = match *id {
            "counted" | "ending" | "begun" | "urgent" => "changed",
            "off" => "taken",
            "wrong" | "vague" | "dumb" | "lost" | "count" => "failed",
            _ => "left",
        };
        assert_eq!(fate, expected, "{id}: {said}");
    }
    assert_eq!(told["cron-config.json#18"].0, "failed");
    assert_eq!(told["cron-config.json#twice"].0, "failed");
    let taken = scheduled(&vault);
    let off = |job: &&Job| matches!(job.standing, Standing::Disabled(_));
    assert_eq!(taken.iter().filter(off).count(), 1);
    let counted = taken
        .iter()
        .find(|job| job.definition.objective == "Review counted");
    assert_eq!(counted.expect("a job").definition.count, Some(3));
}

#[test]
fn a_job_that_was_removed_here_is_not_taken_again() {
    let vault = TestVault::new();
    jobs(&vault, &[job("weekly", "weekly mon 09:00")]);
    import(&vault, &[]).ok();
    vault.run(&["cron", "remove", "ESS-C-1"]).ok();
    let told = told(&import(&vault, &["--json"]).ok());
    assert_eq!(told["cron-config.json#job weekly"].0, "there");
    assert_eq!(vault.run(&["cron", "list"]).ok().out, "");
}

#[test]
fn what_came_by_itself_and_does_not_any_more_is_named_at_the_end() {
    let vault = TestVault::new();
    let off = with(job("off", "45m"), &json!({"enabled": false}));
    jobs(&vault, &[job("odd", "36h"), off, job("even", "6h")]);
    let ran = import(&vault, &[]).ok();
    let warned = ran
        .err
        .lines()
        .find(|line| line.starts_with("warning: nobody"));
    assert_eq!(
        warned,
        Some(
            "warning: nobody runs any more: cron-config.json#job odd; their lines say what comes nearest"
        ),
        "{}",
        ran.err
    );
    let even = import(&vault, &["--json"]).ok();
    assert_eq!(even.out.matches("\"stops\":true").count(), 1);
}

#[test]
fn a_task_that_is_due_is_written_by_the_leader_and_asks_before_it_runs() {
    let vault = TestVault::new();
    tasks(&vault, &[task("due", "pending")]);
    let told = told(&import(&vault, &["--json"]).ok());
    assert_eq!(
        told["heartbeat-queue.json#due"].1.as_deref(),
        Some("ESS-P-001")
    );
    let journal = vault.journal("ESS-P-001");
    assert_eq!(
        journal.count("ModelCallStarted"),
        0,
        "an import asks no model"
    );
    vault.run_until_idle();
    let journal = vault.journal("ESS-P-001");
    assert_eq!(journal.status(), "draft");
    assert_eq!(journal.count("TicketOpened"), 1);
    assert_eq!(journal.count("SubObjectiveStarted"), 0);
    vault.run(&["ticket", "list"]).ok().shows("approval");
    vault.run(&["plan", "decline", "ESS-P-001"]).ok();
    import(&vault, &[]).ok();
    assert_eq!(vault.journal("ESS-P-001").status(), "declined");
    assert_eq!(
        vault
            .names("ess/plans")
            .iter()
            .filter(|name| name.ends_with(".md"))
            .count(),
        1
    );
}

#[test]
fn a_task_is_taken_as_its_fields_say() {
    let vault = TestVault::new();
    let day = |days: i64| clock::now().plus_seconds(days * 86_400).guide_form();
    let cases = [
        (
            "later",
            json!({"next_run": day(40)}),
            "changed or taken",
            "once, at",
        ),
        (
            "far",
            json!({"next_run": day(500)}),
            "left",
            "more than a year away; then: modulatio plan draft ESS 'Draft far'",
        ),
        (
            "again",
            json!({"every": "12h", "next_run": day(1)}),
            "changed",
            "not counted from the end of the run before",
        ),
        (
            "odd",
            json!({"every": "7h"}),
            "left",
            "no cron expression says \"every 7h\"",
        ),
        (
            "never",
            json!({"every": "now and then"}),
            "changed",
            "every: \"now and then\" is no interval such as 30m, 6h or 1d: it runs once",
        ),
        (
            "behind",
            json!({"depends_on": ["finished"]}),
            "changed",
            "due: the Leader writes a plan",
        ),
        (
            "waiting",
            json!({"depends_on": ["lagging"]}),
            "left",
            "it waits for lagging to be done",
        ),
        (
            "formed",
            json!({"jt_id": "digest"}),
            "left",
            "--plan-template FILE",
        ),
        (
            "under-way",
            json!({"status": "running"}),
            "left",
            "to have it done anew: modulatio plan draft ESS 'Draft under-way'",
        ),
        ("finished", json!({"status": "done"}), "left", "done"),
        ("lagging", json!({"status": "failed"}), "left", "failed"),
        ("gone", json!({"status": "cancelled"}), "left", "cancelled"),
        (
            "strange",
            json!({"status": "thinking"}),
            "failed",
            "`status`: \"thinking\" is no status",
        ),
        ("a/b", json!({}), "failed", "`id`: \"a/b\" is no id"),
    ];
    let written: Vec<_> = cases
        .iter()
        .map(|(id, fields, _, _)| with(task(id, "pending"), fields))
        .collect();
    tasks(&vault, &written);
    let told = told(&import(&vault, &["--json"]).code(1));
    for (id, _, fate, note) in &cases {
        let (said, _, why) = &told[&format!("heartbeat-queue.json#{id}")];
        assert!(fate.contains(&**said), "{id}: {said}, {why}");
        assert!(why.contains(note), "{id}: {said}, {why}");
    }
    let taken = scheduled(&vault);
    let once = taken
        .iter()
        .find(|job| job.definition.objective == "Draft later");
    let once = &once.expect("a job").definition;
    assert_eq!(once.count, Some(1));
    let until = once.until.expect("an end");
    let early = until.micros_since(clock::now().plus_seconds(40 * 86_400 - 3_600));
    assert!(
        early > 0 && early <= 3_700_000_000,
        "it comes at its time: {until}"
    );
    assert_eq!(taken.len(), 2, "{taken:?}");
}
