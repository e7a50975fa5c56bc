//! A device that fails at the n-th change that a daemon makes: at every n of a whole plan's life, in every way.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use modulatio::{
    daemon::{self, Options},
    vault::{Vault, replay},
};
use projections::event::Event;

use crate::{
    outage::{Ailing, Way},
    support::{Journal, TestVault, body},
};

/// A vault with an approved plan, in memory where that is possible.
fn ready() -> (TestVault, String) {
    let vault = TestVault::new();
    let plan = vault.approved(&body(1));
    (vault, plan)
}

/// How the daemon took it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Took {
    /// It went on by itself.
    WentOn,
    /// It ended with an error, which it may before it has begun to work.
    Ended,
}

/// Lets a daemon work on this disk until the plan is done, or until it ends by itself.
fn work(root: &Path, plan: &str, disk: Arc<Ailing>) -> Took {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let vault = Vault::on(root, disk).unwrap();
    let options = Options {
        tick: Some(Duration::from_millis(30)),
        project: None,
        until_idle: false,
    };
    let took = runtime.block_on(async {
        tokio::select! {
            ended = daemon::run(vault, options) => {
                assert!(ended.is_err(), "it ends by itself only over an error");
                Took::Ended
            }
            () = done(root, plan) => Took::WentOn,
        }
    });
    runtime.shutdown_timeout(Duration::from_secs(5));
    took
}

async fn done(root: &Path, plan: &str) {
    let deadline = Instant::now() + crate::support::PATIENCE;
    while status(root, plan) != "done" {
        assert!(
            Instant::now() < deadline,
            "the plan never goes on: {}",
            status(root, plan)
        );
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}

fn status(root: &Path, plan: &str) -> String {
    let vault = Vault::open(root).unwrap();
    let id = plan.parse().unwrap();
    let project = vault.project_of(&id).unwrap();
    let read = replay::read(&project, &id, replay::Until::Tail, &mut |_, _, _| ());
    let status = read
        .ok()
        .and_then(|read| Some(read.plan?.status.name().as_str()));
    status.unwrap_or("unreadable").to_owned()
}

/// Every step was paid once, no call was cut, and every file says what the journal says.
fn is_whole(root: &Path, plan: &str) {
    let journal = Journal::read(root, plan);
    assert_eq!(journal.status(), "done");
    let (mut steps, mut completed) = (BTreeMap::new(), BTreeMap::new());
    for event in journal.events() {
        match event {
            Event::ModelCallStarted(e) => drop(steps.insert(e.call_id.clone(), e.step.label())),
            Event::ModelCallCompleted(e) => {
                *completed.entry(steps[&e.call_id].clone()).or_insert(0) += 1;
            }
            _ => {}
        }
    }
    assert!(completed.values().all(|count| *count == 1), "{completed:?}");
    let vault = Vault::open(root).unwrap();
    let id = plan.parse().unwrap();
    let differences = replay::check(&vault.project_of(&id).unwrap(), &id).unwrap();
    assert!(differences.is_empty(), "{differences:?}");
}

/// One life of the plan with a device that is ill from its n-th change on.
fn live(template: &TestVault, plan: &str, n: usize, way: Way) -> (Took, Arc<Ailing>) {
    let vault = template.light_copy();
    let disk = Arc::new(Ailing::from(n, way));
    let took = work(vault.root(), plan, disk.clone());
    // What could not be rendered then is rendered by whoever looks next.
    if took == Took::Ended {
        work(vault.root(), plan, Arc::new(Ailing::never()));
    }
    vault.run_until_idle();
    is_whole(vault.root(), plan);
    (took, disk)
}

/// The changes of a life that nothing disturbs.
fn undisturbed(template: &TestVault, plan: &str) -> Vec<String> {
    let (took, disk) = live(template, plan, usize::MAX, Way::Error);
    assert_eq!(took, Took::WentOn);
    disk.steps()
}

/// Every change in one way at least, and every way in turn; all of them where the environment wants it.
fn ills(steps: usize) -> Vec<(usize, Way)> {
    let all = std::env::var_os("MODULATIO_FAULTS_ALL").is_some();
    let others = &Way::ALL[1..];
    let ways = |n: usize| match all {
        true => Way::ALL.to_vec(),
        false => vec![Way::Error, others[n % others.len()]],
    };
    (0..steps)
        .flat_map(|n| ways(n).into_iter().map(move |way| (n, way)))
        .collect()
}

#[test]
fn whatever_fails_once_or_for_a_while_the_plan_goes_on_by_itself_and_is_whole() {
    let (template, plan) = ready();
    let steps = undisturbed(&template, &plan);
    assert!(steps.len() > 40, "a life is longer than this: {steps:?}");
    let (ills, next) = (ills(steps.len()), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some((n, way)) = ills.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (took, _) = live(&template, &plan, *n, *way);
                    let beginning = steps[*n].contains("/.modulatio");
                    assert!(
                        took == Took::WentOn || beginning,
                        "{way:?} at {n}, {}: the daemon ended",
                        steps[*n]
                    );
                }
            });
        }
    });
    println!("{} lives, of {} changes each", ills.len(), steps.len());
}
