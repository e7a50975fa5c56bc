//! Running a tool that a model called: told in the journal first, run beside everything else, and what it returned
//! told again.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use projections::{
    event::{ToolOutcome, ToolUse},
    ids::{TaskId, ToolCallId},
    plan::Task,
    work::Step,
};

use super::{
    bench::Bench,
    execute::{Done, Runner},
};
use crate::{
    command::Report,
    error::Result,
    prompts,
    toolbox::{self, Folder, Grounds, Returned, Workplace, web},
};

/// A tool that has returned.
pub(super) struct ToolDone {
    task: TaskId,
    call: ToolCallId,
    returned: Returned,
    /// It was told to end before it was through.
    cut: bool,
}

/// A tool that was called, before it is told of.
enum Ready {
    /// The journal has what it returns.
    Returned(Returned),
    ToRun(Box<Errand>),
}

/// All that a tool needs, apart from its runner: it runs in a thread of its own.
struct Errand {
    tool: String,
    arguments: String,
    place: Workplace,
    bench: Bench,
    room: usize,
    cancel: Arc<AtomicBool>,
}

impl Runner<'_> {
    pub(super) fn begin_tool(&mut self, id: &TaskId, call: &ToolUse) -> Result<()> {
        let run = self.log.plan().run.as_ref();
        let Some(task) = run.and_then(|run| run.task(id)).cloned() else {
            return Ok(());
        };
        let Some(step) = task.talking() else {
            return Ok(());
        };
        let arguments = self.text(&call.arguments)?;
        let room = self.room_for_a_result(&step);
        // All that can fail comes first: a tool that was told of and never run would be waited for.
        let work = if call.tool == "read_tool_result" {
            Ready::Returned(self.read_again(&task, &arguments, room)?)
        } else {
            Ready::ToRun(Box::new(Errand {
                place: self.workplace(&task, &step)?,
                bench: self.team.bench.clone(),
                tool: self.offered(&step, &call.tool),
                arguments,
                room,
                cancel: self.cancel.clone(),
            }))
        };
        let begun = self.report(Report::ToolStarting {
            task: id.clone(),
            tool_call: call.id.clone(),
            repeatable: is_repeatable(&call.tool),
        })?;
        if begun.is_empty() {
            return Ok(());
        }
        tracing::debug!(plan = %self.id, call = %call.id, tool = call.tool, "running a tool");
        let (task, call) = (id.clone(), call.id.clone());
        let done = move |(returned, cut)| {
            Done::Tool(ToolDone {
                task,
                call,
                returned,
                cut,
            })
        };
        self.tools += 1;
        match work {
            Ready::Returned(returned) => {
                self.work.spawn(std::future::ready(done((returned, false))))
            }
            Ready::ToRun(errand) => self.work.spawn_blocking(move || done(errand.run())),
        };
        Ok(())
    }

    /// The tool, if the step is offered it; else a name that no tool has.
    fn offered(&self, step: &Step, tool: &str) -> String {
        let names = prompts::offered_tools(step, &self.team.ground);
        if names.contains(&tool) {
            tool.to_owned()
        } else {
            format!("{tool} (not offered)")
        }
    }

    /// Where the step's agent works: the run's files, without those of other tasks to write to, and the operator's
    /// folders.
    fn workplace(&self, task: &Task, step: &Step) -> Result<Workplace> {
        let run = self.log.plan().run.as_ref();
        let others = run.into_iter().flat_map(|run| &run.tasks);
        let others = others.filter(|other| other.spec.id != task.spec.id);
        let taken = others.flat_map(|other| {
            let owner = other.spec.id.to_string();
            let paths = other.spec.artifacts.iter().cloned();
            paths.map(move |path| (path, owner.clone()))
        });
        let folder = |folder: &crate::config::Folder| Folder {
            name: folder.name.clone(),
            path: folder.path.clone(),
            writable: folder.writable,
        };
        let project = self.log.project();
        let material = project.lay_out_attachments(self.log.plan())?;
        let material = material.map(|path| Folder {
            name: prompts::ATTACHMENTS.to_owned(),
            path,
            writable: false,
        });
        let registered = self.team.bench.folders.iter().map(folder);
        Ok(Workplace {
            root: project.workspace(&self.id)?,
            folders: registered.chain(material).collect(),
            taken: taken.collect(),
            may_write: !matches!(step, Step::Review { .. }),
        })
    }

    /// What an earlier call returned, all of it.
    fn read_again(&self, task: &Task, arguments: &str, room: usize) -> Result<Returned> {
        let id = match toolbox::call_id(arguments) {
            Ok(id) => id,
            Err(why) => return Ok(Returned::failed(why)),
        };
        let mut all = task.talk.iter().flat_map(|turn| &turn.uses);
        let found = all.find(|used| used.call.id.as_str() == id);
        let found = found.and_then(|used| {
            let shown = used.result.as_ref().map(|(_, shown)| shown);
            used.whole.as_ref().or(shown)
        });
        match found {
            Some(text) => Ok(toolbox::read_again(&self.text(text)?, arguments, room)),
            None => Ok(Returned::failed(
                "no tool of this step returned under that call_id".to_owned(),
            )),
        }
    }

    /// Bytes that the agent in work has room for.
    fn room_for_a_result(&self, step: &Step) -> usize {
        let member = self.team.member(self.log.plan(), step);
        member.window.bytes_of_a_quarter()
    }

    pub(super) async fn tool_returned(&mut self, done: ToolDone) -> Result<()> {
        let ToolDone {
            task,
            call,
            returned,
            cut,
        } = done;
        self.tools -= 1;
        if cut {
            // Whoever claims next runs it again, or tells the agent that it was interrupted.
            tracing::debug!(plan = %self.id, %call, "tool cut");
            return Ok(());
        }
        tracing::debug!(plan = %self.id, %call, done = returned.done, "tool returned");
        let outcome = if returned.done {
            ToolOutcome::Done
        } else {
            ToolOutcome::Failed
        };
        // What agents can reach holds no key of ours; should one stand there all the same, it goes no further.
        let redactor = self.team.redactor();
        let shown = redactor.without_known(&returned.text);
        let whole = returned.full.map(|text| redactor.without_known(&text));
        let (result, shown) = match whole {
            Some(whole) => (whole, Some(shown)),
            None => (shown, None),
        };
        self.persist(Report::ToolReturned {
            task,
            tool_call: call,
            outcome,
            result,
            shown,
        })
        .await
        .map(drop)
    }
}

impl Errand {
    /// What it returned, and whether it was cut.
    fn run(self) -> (Returned, bool) {
        let returned = self.returned();
        let heeds = matches!(self.tool.as_str(), "run_shell" | "http_get");
        let cut = heeds && !returned.done && self.cancel.load(Ordering::Relaxed);
        (returned, cut)
    }

    fn returned(&self) -> Returned {
        match self.tool.as_str() {
            "run_shell" => match &self.bench.shell {
                Some(shell) => toolbox::run_shell(
                    shell,
                    &self.grounds(),
                    &self.arguments,
                    self.room,
                    &self.cancel,
                ),
                None => Returned::failed("there is no shell on this machine".to_owned()),
            },
            "http_get" => web::get(&self.bench.web, &self.arguments, self.room, &self.cancel),
            tool => toolbox::run(&self.place, tool, &self.arguments, self.room),
        }
    }

    fn grounds(&self) -> Grounds {
        let may_write = self.place.may_write;
        let folder = |folder: &Folder| -> (PathBuf, bool) {
            (folder.path.clone(), folder.writable && may_write)
        };
        let variable = |folder: &Folder| (prompts::variable(&folder.name), folder.path.clone());
        Grounds {
            root: self.place.root.clone(),
            writable: may_write,
            folders: self.place.folders.iter().map(folder).collect(),
            variables: self.place.folders.iter().map(variable).collect(),
        }
    }
}

/// Whether a tool may be run again by itself if nobody knows how it ended: what only looks may, and so may what
/// leaves the same behind however often it is done.
fn is_repeatable(tool: &str) -> bool {
    matches!(
        tool,
        "list_files"
            | "read_file"
            | "search_files"
            | "read_tool_result"
            | "write_file"
            | "http_get"
    )
}
