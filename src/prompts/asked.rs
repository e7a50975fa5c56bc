//! The request of each step, put together from the state. What agents wrote stands between marked lines that bear its
//! own digest, so that no text inside can close them.

use projections::{
    body::SubObjective,
    ids::TaskId,
    plan::{Plan, Run, Task},
    work::{Redo, Step},
};

use super::{
    Briefing, Exhibit, Ground, NotThere, Shown, Template, Tool, memory,
    past::{defects, finished, made, note, reflections, team_state, work},
    phrase::{NONE, bullets, marked, one_line, or},
};

/// The folder by which agents find the material that came with the wish for a plan.
pub const ATTACHMENTS: &str = "attachments";

/// Longest file that is shown whole to who can read it with a tool, in bytes.
const LONGEST: usize = 64 * 1024;

pub(super) fn system(plan: &Plan, step: &Step, ground: &Ground) -> String {
    let text = match step {
        Step::Draft { .. } => "(it is not written yet)",
        _ => plan.body.trim(),
    };
    let values = [("objective", ground.objective.as_str()), ("plan", text)];
    ground.templates.fill(Template::System, &values)
}

pub(super) fn request(
    plan: &Plan,
    run: &Run,
    step: &Step,
    briefing: &Briefing,
    offered: &[Tool],
) -> Result<String, NotThere> {
    if let Step::Draft { .. } = step {
        return Ok(draft(plan, briefing));
    }
    let item = plan.item(run.index).ok_or(NotThere)?;
    let task = |id: &TaskId| run.task(id).ok_or(NotThere);
    Ok(match step {
        Step::Draft { .. } | Step::PlanTasks { .. } => planner(plan, item, &briefing.ground),
        Step::Produce { task: id, .. } => {
            let work = Work::of(plan, run, item, task(id)?, briefing, offered);
            work.fill(Template::Producer)
        }
        Step::Fix { task: id, .. } => {
            let work = Work::of(plan, run, item, task(id)?, briefing, offered);
            work.fill(Template::Fix)
        }
        Step::Review { task: id, .. } => qc(plan, item, task(id)?, briefing, offered),
        Step::Reflect { .. } => reflect(plan, run, item, &briefing.ground),
        Step::Decompose { .. } => decompose(plan, run, item, &briefing.ground),
    })
}

fn draft(plan: &Plan, briefing: &Briefing) -> String {
    let ground = &briefing.ground;
    let (first, later) = plan
        .wishes
        .split_first()
        .map_or(("", &plan.wishes[..]), |(w, l)| (w.text.as_str(), l));
    let attachments = briefing.attachments.iter();
    let attachments: Vec<String> = attachments.map(|(name, text)| marked(name, text)).collect();
    let changes: Vec<String> = later.iter().map(|wish| wish.text.clone()).collect();
    let present = match &plan.items {
        Ok(_) => marked("the draft", plan.body.trim()),
        Err(_) => NONE.to_owned(),
    };
    let known = if ground.prices.is_empty() {
        "(not known)"
    } else {
        &ground.prices
    };
    ground.templates.fill(
        Template::Draft,
        &[
            ("wish", first),
            ("attachments", &or(NONE, &attachments.join("\n\n"))),
            ("changes", &bullets(&changes)),
            ("present", &present),
            ("team", &producers(ground)),
            ("tools", &or(NONE, &ground.tools.join(", "))),
            ("prices", known),
            ("max_tasks", &ground.max_tasks.to_string()),
        ],
    )
}

fn planner(plan: &Plan, item: &SubObjective, ground: &Ground) -> String {
    ground.templates.fill(
        Template::Planner,
        &[
            ("max_tasks", &ground.max_tasks.to_string()),
            ("producers", &producers(ground)),
            ("item", &shown(item)),
            ("note", &note(plan, item)),
            ("team_state", &team_state(plan)),
        ],
    )
}

/// The values of what a producer, or quality control in its place, is asked.
struct Work<'a> {
    ground: &'a Ground,
    values: Vec<(&'static str, String)>,
}

impl<'a> Work<'a> {
    fn of(
        plan: &Plan,
        run: &Run,
        item: &SubObjective,
        task: &Task,
        briefing: &'a Briefing,
        offered: &[Tool],
    ) -> Self {
        let (ground, spec) = (&*briefing.ground, &task.spec);
        let needs: Vec<String> = spec.needs.iter().filter_map(|id| made(run, id)).collect();
        let needs = needs.join("\n\n");
        let present = match task.how {
            Redo::Anew => NONE.to_owned(),
            Redo::Edit | Redo::Fix => or(NONE, &exhibits(&briefing.artifacts, offered)),
        };
        Self {
            ground,
            values: vec![
                ("tools", tools(plan, ground, offered)),
                ("standards", standards(ground, task)),
                ("item", shown(item)),
                ("note", note(plan, item)),
                ("title", spec.title.clone()),
                ("brief", spec.brief.clone()),
                ("kind", spec.kind.as_str().to_owned()),
                ("artifacts", bullets(&spec.artifacts)),
                ("acceptance", bullets(&spec.acceptance)),
                ("needs", or(NONE, &needs)),
                ("memory", memory::shown(briefing.recalled.as_ref())),
                ("defects", defects(task)),
                ("present", present),
            ],
        }
    }

    fn fill(&self, template: Template) -> String {
        let values = self
            .values
            .iter()
            .map(|(key, value)| (*key, value.as_str()));
        let values: Vec<(&str, &str)> = values.collect();
        self.ground.templates.fill(template, &values)
    }
}

fn qc(
    plan: &Plan,
    item: &SubObjective,
    task: &Task,
    briefing: &Briefing,
    offered: &[Tool],
) -> String {
    let ground = &briefing.ground;
    let told = task.told.iter().map(|(attempt, summary)| {
        let summary = one_line(summary);
        format!("production {attempt}: {summary}")
    });
    ground.templates.fill(
        Template::Qc,
        &[
            ("tools", &tools(plan, ground, offered)),
            ("standards", &standards(ground, task)),
            ("item", &shown(item)),
            ("title", &task.spec.title),
            ("acceptance", &bullets(&task.spec.acceptance)),
            ("told", &bullets(&told.collect::<Vec<_>>())),
            ("claim", &marked("the claim", &task.claim)),
            ("verdicts", &memory::shown(briefing.recalled.as_ref())),
            ("proposals", &memory::proposed(plan, task, ground)),
            ("artifacts", &exhibits(&briefing.artifacts, offered)),
        ],
    )
}

fn reflect(plan: &Plan, run: &Run, item: &SubObjective, ground: &Ground) -> String {
    let left = plan.item_count().saturating_sub(item.number);
    let before: Vec<String> = plan.finished.iter().map(finished).collect();
    let values = [
        ("left", left.to_string()),
        ("reflections", reflections(plan)),
        ("before", bullets(&before)),
        ("item", shown(item)),
        ("work", work(run)),
        ("team_state", team_state(plan)),
    ];
    let values: Vec<(&str, &str)> = values.iter().map(|(key, v)| (*key, v.as_str())).collect();
    let template = if left == 0 {
        Template::Final
    } else {
        Template::Reflect
    };
    ground.templates.fill(template, &values)
}

fn decompose(plan: &Plan, run: &Run, item: &SubObjective, ground: &Ground) -> String {
    ground.templates.fill(
        Template::Decompose,
        &[
            ("item", &shown(item)),
            ("work", &work(run)),
            ("team_state", &team_state(plan)),
        ],
    )
}

fn producers(ground: &Ground) -> String {
    let card = |card: &super::Card| match card.good_at.as_str() {
        "" => card.name.clone(),
        good_at => format!("{}: good at {good_at}", card.name),
    };
    bullets(&ground.producers.iter().map(card).collect::<Vec<_>>())
}

fn standards(ground: &Ground, task: &Task) -> String {
    let texts = ground.standards_for(task.spec.kind);
    let texts: Vec<String> = texts
        .map(|standard| format!("From {}:\n\n{}", standard.source, standard.text.trim()))
        .collect();
    match &texts[..] {
        [] => NONE.to_owned(),
        [one] => one.clone(),
        more => format!(
            "Where they contradict each other, the later one counts.\n\n{}",
            more.join("\n\n")
        ),
    }
}

/// The environment variable by which a command finds a folder.
#[must_use]
pub fn variable(folder: &str) -> String {
    format!("FOLDER_{}", folder.to_uppercase().replace('-', "_"))
}

/// What tools are good for; nothing where there are none.
fn tools(plan: &Plan, ground: &Ground, offered: &[Tool]) -> String {
    if offered.is_empty() {
        return String::new();
    }
    let by_command = offered.iter().any(|tool| tool.name == "run_shell");
    let folder = |(name, writable): &(String, bool)| {
        let mode = if *writable {
            "to read and write"
        } else {
            "to read"
        };
        if by_command {
            format!("`@{name}/` ({mode}; `${}` in commands)", variable(name))
        } else {
            format!("`@{name}/` ({mode})")
        }
    };
    let material = (!plan.attachments().is_empty()).then(|| (ATTACHMENTS.to_owned(), false));
    let folders: Vec<String> = ground.folders.iter().chain(&material).map(folder).collect();
    let folders = match &folders[..] {
        [] => String::new(),
        some => format!("; besides it there are {}", some.join(", ")),
    };
    ground.templates.fill(
        Template::Tools,
        &[
            ("calls", &ground.max_iters.to_string()),
            ("folders", &folders),
        ],
    )
}

/// Files as data. Of one that is long, and can be read with a tool, both ends.
fn exhibits(artifacts: &[Exhibit], offered: &[Tool]) -> String {
    let can_read = offered.iter().any(|tool| tool.name == "read_file");
    let one = |exhibit: &Exhibit| match &exhibit.shown {
        Shown::Text(text) if can_read && text.len() > LONGEST => marked(
            &format!(
                "{} (in part: {} bytes; read_file shows all)",
                exhibit.path,
                text.len()
            ),
            &super::excerpt(text, LONGEST),
        ),
        Shown::Text(text) => marked(&exhibit.path, text),
        Shown::Binary(bytes) => format!("{}: no text, {bytes} bytes", exhibit.path),
    };
    let shown: Vec<String> = artifacts.iter().map(one).collect();
    shown.join("\n\n")
}

fn shown(item: &SubObjective) -> String {
    format!("{}. {}\n\n{}", item.number, item.title, item.text)
}
