//! `modulatio kickoff`: an objective becomes a plan and the plan is run, here and now, under the eyes of who asked for it.
//! Daemons may take it in the same instant; whoever does not get it follows.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use projections::{
    event::{Mandate, StatusName},
    files::artifacts_path,
    ids::PlanId,
    plan::Plan,
};

use super::{
    actor,
    args::{Args, KickoffOptions},
    draft,
    follow::{self, EVERY, Form, View},
    output,
    screen::Stream,
    show,
};
use crate::{
    daemon::{self, LetGo, Orders, Shutdown},
    error::{Error, Result},
    vault::{Follower, PlanLog, Project, Vault},
};

pub(super) fn run(vault: &Vault, options: &KickoffOptions, args: &Args) -> Result<()> {
    let (code, objective) = options.said()?;
    let project = vault.project(&code)?;
    // A configuration that cannot be used is told before there is a plan.
    Orders::of(&project)?;
    let mandate = Mandate {
        approved: Some(format!("by {}, with the kickoff", actor().by)),
        unattended: true,
    };
    let id = draft::wish(&project, &objective, &options.draft, &mandate)?;
    if !args.json {
        output::report(&id.to_string());
    }
    let let_go = watched_run(&project, &id, args.quiet).inspect_err(|_| {
        output::tell(&format!("{id} stays as it is; {}", hints(&id)));
    })?;
    let mut journal = Follower::open(&project, &id)?;
    journal.catch_up(&mut |_, _, _| ())?;
    let plan = journal.plan().ok_or_else(|| Error::NoPlan(id.clone()))?;
    result(&project, plan, let_go, args.json)
}

/// Runs it, and shows on stderr what happens to it.
fn watched_run(project: &Project, id: &PlanId, quiet: bool) -> Result<LetGo> {
    super::daemon::block_on(async {
        let shutdown = Shutdown::on_signals()
            .map_err(|e| Error::Daemon(format!("cannot listen for signals: {e}")))?;
        let watch = (!quiet).then(|| Watch::start(project, id)).transpose()?;
        let let_go = daemon::run_plan(project, id, &shutdown).await;
        watch.into_iter().for_each(Watch::end);
        let_go
    })
}

/// A thread that shows the plan while it is run.
struct Watch {
    over: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Watch {
    fn start(project: &Project, id: &PlanId) -> Result<Self> {
        let mut view = View::open(project, id, Form::Text(Stream::Talk))?;
        let over = Arc::new(AtomicBool::new(false));
        let told = over.clone();
        let thread = std::thread::spawn(move || {
            loop {
                let last = told.load(Ordering::Acquire);
                // What cannot be read here, the runner cannot read either; it is the one to say so.
                if view.look().is_err() || last {
                    return view.close();
                }
                std::thread::sleep(EVERY);
            }
        });
        Ok(Self { over, thread })
    }

    /// Shows what has happened last.
    fn end(self) {
        self.over.store(true, Ordering::Release);
        if let Err(panic) = self.thread.join() {
            std::panic::resume_unwind(panic);
        }
    }
}

fn result(project: &Project, plan: &Plan, let_go: LetGo, json: bool) -> Result<()> {
    let (id, status) = (&plan.id, plan.status.name());
    if json {
        output::report_json(&show::state(plan, None));
    } else {
        output::report(&format!("{id} {status}"));
    }
    match (follow::end_of(plan), let_go) {
        (Some(end), _) => {
            if status == StatusName::Done {
                let dir = format!("{}/{}", plan.project.directory(), artifacts_path(id));
                output::tell(&format!("artifacts: {dir}"));
            }
            end.result()
        }
        (None, LetGo::NothingToDo) => Err(Error::Failed(format!("{id} was left {status}"))),
        (None, LetGo::Asked) => interrupted(project, plan),
    }
}

/// As a command ends that was interrupted. The plan is none the worse for it.
fn interrupted(project: &Project, plan: &Plan) -> ! {
    let id = &plan.id;
    let runner = PlanLog::leased(project, id).ok().flatten();
    let stands = match runner {
        Some(runner) => format!("{id} goes on at {}", runner.who()),
        None => format!("{id} was given back, and a daemon goes on with it"),
    };
    output::tell(&format!("{stands}; {}", hints(id)));
    std::process::exit(130)
}

fn hints(id: &PlanId) -> String {
    format!(
        "to go on: modulatio daemon; to watch it: modulatio plan show {id} --follow; to end it: modulatio plan cancel {id}"
    )
}
