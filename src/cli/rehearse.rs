//! `modulatio plan rehearse`: would a plan still run as it was recorded?

use projections::time::MicroUsd;
use serde_json::{Value, json};

use super::{
    args::{Args, RehearseOptions},
    output,
};
use crate::{
    cassette::{self, Bill, Differs, Divergence, Part, Premise, Recording, Report, What},
    daemon::Orders,
    error::{Error, Result},
    vault::{Present, Tape, Vault},
};

/// What was rehearsed on what.
struct Rehearsed {
    plan: String,
    file: String,
    recorded: String,
    own: bool,
    frames: usize,
    notes: Vec<String>,
    report: Report,
}

pub(super) fn run(vault: &Vault, options: &RehearseOptions, args: &Args) -> Result<()> {
    let rehearsed = rehearse(vault, options)?;
    let show_prompt = options.show_prompt || args.verbose > 0;
    if args.json {
        output::report_json(&json(&rehearsed, show_prompt));
    } else {
        rehearsed
            .notes
            .iter()
            .for_each(|note| output::tell(&format!("note: {note}")));
        output::report(&text(&rehearsed, show_prompt));
    }
    match &rehearsed.report.divergence {
        None => Ok(()),
        Some(divergence) => Err(Error::Failed(failure(&rehearsed.plan, &divergence.what))),
    }
}

fn failure(plan: &str, what: &What) -> String {
    match what {
        What::RecordingEnds { .. } => format!("how {plan} would go on was not recorded"),
        what => format!("{plan} would not run as recorded: {}", headline(what)),
    }
}

fn rehearse(vault: &Vault, options: &RehearseOptions) -> Result<Rehearsed> {
    let project = vault.project_of(&options.plan)?;
    let present = project.present(&options.plan)?;
    let own = project.journal_path(&options.plan);
    let mut tape = Tape::read(options.from.as_deref().unwrap_or(&own), &project)?;
    // A journal that was cut at the end of a line is told by the plan's file.
    let cut = present
        .fault
        .as_ref()
        .filter(|_| own.canonicalize().is_ok_and(|own| own == tape.path));
    let damage = tape.damage.take().or(cut.map(Error::told));
    let recording = Recording::of(std::mem::take(&mut tape.entries)).cut_by(damage);
    let own = recording
        .frames()
        .first()
        .is_some_and(|first| first.mark.anchor == present.first);
    let orders = Orders::of(&project)?;
    let mut notes = notes(&tape, &recording, &present, own);
    notes.extend(other_models(&recording, &orders));
    let premise = Premise {
        other: (!own).then(|| Box::new(present.plan)),
        ground: orders.ground,
        tool_less: orders.tool_less,
        policy: orders.policy,
    };
    let report = match recording.calls() {
        [] => None,
        _ => cassette::rehearse(&recording, &premise, &mut |text| tape.text(text))?,
    };
    let Some(report) = report else {
        let damage = recording.fault().unwrap_or("the plan was not run yet");
        return Err(Error::Failed(format!(
            "{} holds no completed call to rehearse with ({damage}); name another plan's journal with --from",
            tape.path.display()
        )));
    };
    Ok(Rehearsed {
        plan: options.plan.to_string(),
        file: tape.path.display().to_string(),
        recorded: recording
            .plan()
            .map(ToString::to_string)
            .unwrap_or_default(),
        own,
        frames: recording.frames().len(),
        notes,
        report,
    })
}

/// What an operator should know of the files before believing the report.
fn notes(tape: &Tape, recording: &Recording, present: &Present, own: bool) -> Vec<String> {
    let file = tape.path.display();
    let damage = recording.fault().map(|why| {
        let whole = recording.frames().len();
        format!("{file} is damaged ({why}); its first {whole} frames are used")
    });
    let torn = (tape.unfinished > 0).then(|| {
        let bytes = tape.unfinished;
        format!("{bytes} byte(s) of an unfinished frame at the end of {file} are left out")
    });
    let newer = recording.unknown().map(|kind| {
        format!("{file} holds {kind}, which a newer modulatio wrote; it is passed over")
    });
    let plan = &present.plan.id;
    let fault = present.fault.as_ref().filter(|_| !own).map(|fault| {
        format!(
            "{plan}'s own journal is damaged ({}); its whole part is used",
            fault.told()
        )
    });
    let edited = present.edited.then(|| {
        format!("{plan}'s file holds an edit that no daemon or command has taken in yet; it is not rehearsed")
    });
    [damage, torn, newer, fault, edited]
        .into_iter()
        .flatten()
        .collect()
}

/// Roles whose model is another today: the prompts are the same, the answers would not be. Once a role and model.
fn other_models(recording: &Recording, orders: &Orders) -> Vec<String> {
    let mut told: Vec<(&[String], &str)> = Vec::new();
    let mut notes = Vec::new();
    for call in recording.calls() {
        let (today, then) = (orders.models(&call.asked.step), call.asked.model.as_str());
        let known =
            |(models, model): &(&[String], &str)| std::ptr::eq(*models, today) && *model == then;
        if today.iter().any(|model| model == then) || told.iter().any(known) {
            continue;
        }
        told.push((today, then));
        let (step, today) = (call.asked.step.label(), today.join(" or "));
        notes.push(format!(
            "{step} was answered by {then}; today {today} would be asked"
        ));
    }
    notes
}

fn json(rehearsed: &Rehearsed, show_prompt: bool) -> Value {
    let report = &rehearsed.report;
    let divergence = report.divergence.as_ref().map(|divergence| {
        let excerpt = show_prompt.then(|| divergence.excerpt()).flatten();
        let (index, title) = divergence.sub_objective.clone().unzip();
        json!({
            "seq": divergence.seq,
            "step": divergence.step,
            "sub_objective": index,
            "title": title,
            "what": divergence.what,
            "told": headline(&divergence.what),
            "prompt": excerpt,
        })
    });
    json!({
        "plan": rehearsed.plan,
        "recording": {
            "file": rehearsed.file,
            "plan": rehearsed.recorded,
            "own": rehearsed.own,
            "frames": rehearsed.frames,
            "used": report.recorded,
        },
        "steps_same": report.same,
        "same": report.divergence.is_none(),
        "divergence": divergence,
        "stands": report.stands,
        "saved": report.saved,
        "notes": rehearsed.notes,
    })
}

fn text(rehearsed: &Rehearsed, show_prompt: bool) -> String {
    let report = &rehearsed.report;
    let whose = if rehearsed.own {
        "its own journal".to_owned()
    } else {
        format!("{}'s journal", rehearsed.recorded)
    };
    let (same, all) = (report.same, report.recorded.calls);
    let verdict = match report
        .divergence
        .as_ref()
        .map(|divergence| &divergence.what)
    {
        None => format!("all {same} steps would be asked the same"),
        Some(What::RecordingEnds { .. }) => {
            format!("all {same} steps would be asked the same, then the recording ends")
        }
        Some(_) => format!("{same} of {all} steps would be asked the same, then it diverges"),
    };
    let mut lines = vec![format!("{} on {whose}: {verdict}", rehearsed.plan)];
    match &report.divergence {
        None => lines.push(format!("  then it is {}", report.stands)),
        Some(divergence) => lines.extend(told(divergence)),
    }
    lines.push(format!("  saved      {}", bill(&report.saved)));
    let rest = report.recorded.minus(&report.saved);
    if rest.calls > 0 {
        lines.push(format!("  the rest   was recorded at {}", bill(&rest)));
    }
    let excerpt = report.divergence.as_ref().and_then(Divergence::excerpt);
    if let (Some(excerpt), true) = (excerpt, show_prompt) {
        lines.push(format!("\nToday's prompt:\n\n{excerpt}"));
    }
    lines.join("\n")
}

fn told(divergence: &Divergence) -> Vec<String> {
    let mut place = divergence
        .step
        .clone()
        .unwrap_or_else(|| "(no step)".to_owned());
    if let Some((index, title)) = &divergence.sub_objective {
        place.push_str(&format!(", in sub-objective {index}: {title}"));
    }
    let mut lines = vec![
        format!("  at         {place}"),
        format!("  recorded   frame {}", divergence.seq),
        format!("  differs    {}", headline(&divergence.what)),
    ];
    if let What::Prompt {
        differs: Differs::State { parts } | Differs::Both { parts },
    } = &divergence.what
    {
        lines.extend(parts.iter().flat_map(quoted));
    }
    lines
}

fn quoted(part: &Part) -> [String; 3] {
    [
        format!("    {}", part.place),
        format!("      recorded: {}", part.recorded),
        format!("      today:    {}", part.today),
    ]
}

/// What differs, in a sentence.
fn headline(what: &What) -> String {
    match what {
        What::Prompt { differs } => prompt(differs),
        What::OtherStep { today, recorded } => {
            format!("today's program would {today} where the recording asked {recorded}")
        }
        What::Pauses { why } => format!("today's program would pause here ({why})"),
        What::Ends { why, .. } => format!("today's program would end the plan here ({why})"),
        What::GoesOn { recorded, today } => {
            format!("the recording stopped here ({recorded}), today's program would {today}")
        }
        What::Refuses { wish, why } => format!("today's program would refuse {wish}: {why}"),
        What::RecordingEnds { today, damage } => {
            let damage = damage.as_ref().map_or("", |_| ", because it is damaged");
            format!(
                "the recording ends here{damage}; what today's program would do next ({today}) cannot be compared"
            )
        }
    }
}

fn prompt(differs: &Differs) -> String {
    match differs {
        Differs::State { parts } => format!(
            "the prompt, because the plan stands otherwise than recorded: {}",
            places(parts)
        ),
        Differs::Outside => "the prompt, though the plan stands as recorded: what changed is the project's objective \
                             (project.yaml), or the prompts or tools of this version of modulatio"
            .to_owned(),
        Differs::Both { parts } => format!(
            "the prompt: the plan stands otherwise than recorded ({}), and the project's objective (project.yaml) or the \
             prompts or tools of this version of modulatio changed too",
            places(parts)
        ),
    }
}

fn places(parts: &[Part]) -> String {
    let places: Vec<&str> = parts.iter().map(|part| part.place.as_str()).collect();
    places.join(", ")
}

fn bill(bill: &Bill) -> String {
    let unknown = match bill.unpriced {
        0 => String::new(),
        count => format!(" (cost unknown of {count})"),
    };
    let cost: MicroUsd = bill.cost;
    format!(
        "{} tokens and ${cost} in {} calls{unknown}",
        bill.tokens, bill.calls
    )
}
