//! What can happen to a plan: the deeds of runners, models, tools, operators and time.

use modulatio::{
    command::{Change, Command, Report},
    effect::{self, Effect},
};
use projections::{
    document,
    event::{Decision, Mandate},
    frontmatter,
    plan::Status,
};

use super::{
    answers::{Answer, answers},
    work,
    world::{Flying, Heard, WORST, World},
};

/// One thing that can happen.
#[derive(Clone, Debug)]
pub(in crate::explore) enum Deed {
    /// A daemon's tick takes the plan.
    Claim,
    /// The runner begins what is due, counted from the first.
    Begin(usize),
    /// The prompt of what is due, counted from the first, does not fit its model.
    Full(usize),
    /// What is under way, counted from the oldest, comes back so.
    Hear(usize, Answer),
    /// What waits for a time has waited.
    Wait,
    /// The runner is killed.
    Kill,
    /// The runner's process is asked to stop.
    Stop,
    /// Somebody settles calls whose runner is gone.
    SettleOrphans,
    Approve,
    Decline,
    Pause,
    Resume,
    Cancel {
        cut: bool,
    },
    /// An operator answers an open ticket, counted from the first.
    Decide(usize, Decision),
    /// The cap on tokens is set, or taken away.
    Cap(Change<u64>),
    /// Calls in doubt are taken off the books.
    Release,
    /// The last sub-objective is written otherwise.
    Rewrite,
    /// The Leader is asked for another draft.
    Redraft,
}

/// Room for one call and no more.
const LOW: u64 = WORST.tokens + 500;

/// Room for all.
pub(super) const HIGH: u64 = 1_000_000;

/// All that may happen now; some of it will be refused.
pub(super) fn deeds(world: &World) -> Vec<Deed> {
    let mut all = of_the_runner(world);
    let plan = &world.plan;
    if plan.status.name().is_terminal() {
        // That an end is an end is seen with the loudest of what may be tried.
        all.extend([
            Deed::Claim,
            Deed::Resume,
            Deed::Approve,
            Deed::SettleOrphans,
        ]);
        return all;
    }
    all.extend([
        Deed::Approve,
        Deed::Decline,
        Deed::Pause,
        Deed::Resume,
        Deed::Cancel { cut: false },
        Deed::Cancel { cut: true },
        Deed::Cap(Change::Set(LOW)),
        Deed::Cap(Change::Set(HIGH)),
        Deed::Release,
    ]);
    for at in 0..open_tickets(world) {
        all.extend([Decision::Approved, Decision::Declined].map(|answer| Deed::Decide(at, answer)));
    }
    if plan.body.contains(BEFORE) {
        all.push(Deed::Rewrite);
    }
    if plan.status == Status::Draft {
        all.push(Deed::Redraft);
    }
    all
}

fn of_the_runner(world: &World) -> Vec<Deed> {
    if !world.runs {
        return vec![Deed::Claim, Deed::SettleOrphans];
    }
    let due = effect::due(&world.plan, world.now, world.setting.policy.parallel);
    let mut all: Vec<Deed> = (0..due.effects.len()).map(Deed::Begin).collect();
    let calls = |effect: &Effect| matches!(effect, Effect::CallModel { .. });
    all.extend(due.effects.iter().position(calls).map(Deed::Full));
    for (at, flying) in world.flying.iter().enumerate() {
        all.extend(
            answers(flying)
                .into_iter()
                .map(|answer| Deed::Hear(at, answer)),
        );
    }
    if due.wake_at.is_some() {
        all.push(Deed::Wait);
    }
    all.push(Deed::Kill);
    // One that is asked to stop ends its tools first and tells of them.
    if !world
        .flying
        .iter()
        .any(|flying| matches!(flying, Flying::Tool(..)))
    {
        all.push(Deed::Stop);
    }
    all
}

/// All that wait for an answer, or to be taken note of.
fn open_tickets(world: &World) -> usize {
    world
        .plan
        .tickets
        .values()
        .filter(|ticket| ticket.is_open())
        .count()
}

/// Lets it happen; `None` when it is refused.
///
/// # Errors
/// The promise that was broken.
pub(super) fn perform(world: &World, deed: &Deed) -> Result<Option<World>, String> {
    let mut next = world.clone();
    let note = String::new;
    let heard = match deed {
        Deed::Begin(at) => return Ok(work::begin(&mut next, *at)?.then_some(next)),
        Deed::Hear(at, answer) => work::hear(&mut next, *at, answer).map(|()| true),
        Deed::Full(at) => work::full(&mut next, *at),
        Deed::Wait => wait(&mut next),
        Deed::Kill => kill(&mut next),
        Deed::Claim => claim(&mut next),
        Deed::Stop => stop(&mut next),
        Deed::SettleOrphans => operator(&mut next, &Command::SettleOrphans),
        Deed::Approve => operator(&mut next, &Command::Approve { note: note() }),
        Deed::Decline => operator(&mut next, &Command::Decline { note: note() }),
        Deed::Pause => operator(&mut next, &Command::Pause { note: note() }),
        Deed::Resume => operator(&mut next, &Command::Resume { note: note() }),
        Deed::Cancel { cut } => {
            let (note, cut) = (note(), *cut);
            operator(&mut next, &Command::Cancel { note, cut })
        }
        Deed::Decide(at, decision) => decide(&mut next, *at, *decision),
        Deed::Cap(tokens) => cap(&mut next, *tokens),
        Deed::Release => {
            let (call, note) = (None, note());
            operator(&mut next, &Command::ReleaseReservations { call, note })
        }
        Deed::Rewrite => rewrite(&mut next),
        Deed::Redraft => operator(&mut next, &redraft()),
    }?;
    rest(&mut next);
    Ok(heard.then_some(next))
}

/// A runner with nothing to do and nothing to wait for has gone.
pub(super) fn rest(world: &mut World) {
    if world.flying.is_empty() && !world.plan.is_at_work() {
        world.runs = false;
    }
}

pub(super) fn redraft() -> Command {
    Command::RequestDraft {
        wish: "otherwise".to_owned(),
        attachments: Vec::new(),
        mandate: Mandate::default(),
    }
}

fn taken(heard: &Heard) -> bool {
    matches!(heard, Heard::Done)
}

pub(super) fn operator(world: &mut World, command: &Command) -> Result<bool, String> {
    Ok(taken(&world.operator(command)?))
}

pub(super) fn cap(world: &mut World, tokens: Change<u64>) -> Result<bool, String> {
    let command = Command::EditBudget {
        tokens,
        cost: Change::Keep,
        minutes: Change::Keep,
    };
    operator(world, &command)
}

pub(super) fn claim(world: &mut World) -> Result<bool, String> {
    let before = world.plan.epoch;
    let claimed = taken(&world.submit(&Command::Claim, "daemon:host:1", None)?);
    if claimed && world.plan.is_at_work() && world.plan.epoch <= before {
        return Err("a claim did not raise the epoch".to_owned());
    }
    if claimed {
        world.flying.clear();
        world.runs = world.plan.is_at_work();
    }
    Ok(claimed)
}

pub(super) fn wait(world: &mut World) -> Result<bool, String> {
    let due = effect::due(&world.plan, world.now, world.setting.policy.parallel);
    match due.wake_at {
        Some(time) if time <= world.now => {
            Err("what waits for a time waits for one that is over".to_owned())
        }
        Some(time) => {
            world.now = time;
            Ok(true)
        }
        None => Ok(false),
    }
}

fn kill(world: &mut World) -> Result<bool, String> {
    world.runs = false;
    world.flying.clear();
    Ok(true)
}

/// The process gives the plan back; whatever is still under way is cut.
pub(super) fn stop(world: &mut World) -> Result<bool, String> {
    let why = "its runner was asked to stop".to_owned();
    let released = taken(&world.report(Report::Releasing { why })?);
    world.runs = false;
    world.flying.clear();
    if released && !world.plan.calls.in_flight.is_empty() {
        return Err("a plan was given back, and a call stays under way".to_owned());
    }
    // With nothing to give back the runner goes all the same.
    Ok(true)
}

pub(super) fn decide(world: &mut World, at: usize, decision: Decision) -> Result<bool, String> {
    let mut open = world
        .plan
        .tickets
        .iter()
        .filter(|(_, ticket)| ticket.is_open());
    let Some((id, ticket)) = open.nth(at) else {
        return Ok(false);
    };
    let (told, before) = (ticket.for_information, world.plan.status.clone());
    let command = Command::DecideTicket {
        ticket: id.clone(),
        digest: ticket.digest,
        decision,
        note: "as you say".to_owned(),
    };
    let heard = operator(world, &command)?;
    if told && world.plan.status != before {
        return Err("a ticket that only tells has changed the status".to_owned());
    }
    Ok(heard)
}

const BEFORE: &str = "is written.";

/// The file with other words.
fn rewrite(world: &mut World) -> Result<bool, String> {
    edit(world, |text| text.replace(BEFORE, "is written otherwise."))
}

/// A list of sub-objectives, in a file that has none.
pub(super) fn write_body(world: &mut World) -> Result<bool, String> {
    const LIST: &str = "\n### Sub-objectives\n\n**1. By hand** — an essay.\n";
    edit(world, |text| format!("{text}{LIST}"))
}

/// As an operator's editor would change the file, taken in as an edit.
fn edit(world: &mut World, change: impl Fn(&str) -> String) -> Result<bool, String> {
    let base = frontmatter::render(&world.plan);
    let read = |text: &str| {
        let document = document::read(text.as_bytes());
        document.map(Box::new).map_err(|why| why.to_string())
    };
    let command = Command::Edit {
        base: read(&base)?,
        edited: read(&change(&base))?,
    };
    Ok(taken(&world.submit(&command, "file-edit", None)?))
}
