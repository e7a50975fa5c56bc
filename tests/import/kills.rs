//! An import that is killed anywhere is finished by the next one, to the same end.

use std::collections::{BTreeMap, BTreeSet};

use modulatio::vault::{Vault, schedule};
use projections::schedule::Standing;

use crate::{
    STATUSES, id,
    support::{TestVault, kinds},
    whole::{self, files, import, import_with},
};

/// Where an import has brought a vault, whatever ids and times it drew on the way.
#[derive(Debug, PartialEq)]
struct End {
    /// Kinds of events, by plan of that program.
    plans: BTreeMap<String, Vec<String>>,
    /// What wishes are to be written.
    wishes: Vec<String>,
    /// Origins of jobs, with whether they run.
    jobs: BTreeSet<(String, bool)>,
    /// Files kept as they were.
    kept: BTreeMap<std::path::PathBuf, Vec<u8>>,
    /// Names in the tickets' directory.
    tickets: Vec<String>,
}

fn end(vault: &TestVault) -> End {
    let opened = Vault::open(vault.root()).expect("a vault");
    let project = opened.project(&"ESS".parse().expect("a code"));
    let ids = project.expect("a project").plan_ids().expect("plans");
    let own = |id: &&projections::ids::PlanId| id.to_string().contains("-P-");
    let plans = STATUSES.map(|status| {
        let journal = vault.journal(&id(status));
        assert_eq!(journal.status(), status);
        (id(status), kinds(&journal).map(str::to_owned).collect())
    });
    let wishes = ids.iter().filter(own).map(|id| {
        let plan = vault.journal(&id.to_string()).plan;
        plan.wishes[0].text.clone()
    });
    let read = schedule::read(&opened).expect("a schedule");
    let jobs: Vec<_> = read
        .jobs
        .values()
        .map(|job| {
            let origin = job.definition.origin.clone().expect("it was taken over");
            (origin, job.standing == Standing::Enabled)
        })
        .collect();
    vault.run(&["audit", "verify", "--all"]).ok();
    vault.run(&["replay", "--all", "--check"]).ok();
    let unique: BTreeSet<_> = jobs.iter().cloned().collect();
    assert_eq!(unique.len(), jobs.len(), "a job was taken twice: {jobs:?}");
    End {
        plans: plans.into(),
        wishes: wishes.collect(),
        jobs: unique,
        kept: files(&vault.path(".modulatio/imported")),
        tickets: vault.names("ess/tickets"),
    }
}

fn killed_at_every(point: &str) -> u32 {
    let fresh = whole::vault();
    let calm = fresh.copy();
    import(&calm, &[]).ok();
    let expected = end(&calm);
    for n in 1.. {
        let vault = fresh.copy();
        let fault = format!("{point}:{n}");
        let killed = import_with(&vault, &[], &[("MODULATIO_FAULT", &fault)]);
        if killed.code == Some(0) {
            return n;
        }
        assert_eq!(killed.code, None, "{fault}: {killed:?}");
        import(&vault, &[]).ok();
        assert_eq!(end(&vault), expected, "{fault}");
        let names = vault.names("ess/plans");
        let refused = |name: &&String| name.contains(".rejected-");
        assert_eq!(names.iter().find(refused), None, "{fault}");
    }
    unreachable!("an import ends")
}

#[test]
fn killed_before_any_append() {
    assert!(
        killed_at_every("kill-before-append") > 15,
        "plans, tickets, jobs and a wish are appended"
    );
}

#[test]
fn killed_after_any_append() {
    assert!(
        killed_at_every("kill-after-append") > 15,
        "plans, tickets, jobs and a wish are appended"
    );
}

#[test]
fn killed_after_any_rendering() {
    assert!(
        killed_at_every("kill-after-render") > 15,
        "all of them are shown"
    );
}

#[test]
fn two_imports_at_once_take_everything_once() {
    let fresh = whole::vault();
    let calm = fresh.copy();
    import(&calm, &[]).ok();
    let vault = fresh.copy();
    // Made before, as two that make it at once would be one too many.
    std::fs::copy(calm.path("modulatio.yaml"), vault.path("modulatio.yaml")).expect("a file");
    let both: Vec<_> = (0..2)
        .map(|_| {
            let mut command = vault.command(&["import", "--from-python"]);
            let nobody = std::process::Stdio::null;
            command.stdout(nobody()).stderr(nobody()).spawn()
        })
        .collect();
    for one in both {
        one.expect("the binary starts").wait().expect("it ends");
    }
    import(&vault, &[]).ok();
    assert_eq!(end(&vault), end(&calm));
}
