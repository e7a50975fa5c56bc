//! Whole plans: what they are, what their models say, and what a person does when they rest. All answers follow from the
//! questions alone, so that one that is asked again says the same.

use std::path::Path;

use modulatio::{
    command::{Change, Command},
    daemon::{self, Shutdown},
    error::{Error, Result},
    vault::{Actor, PlanLog, Project},
};
use modulatio_tools::fake_model::{Behaviour, Script, Step, ToolCall};
use projections::{
    document,
    event::{Caps, Decision, Mandate},
    frontmatter,
    ids::PlanId,
    plan::Status,
};
use serde_json::{Value, json};

/// A plan's life.
#[derive(Clone, Copy)]
pub(super) struct Scenario {
    pub(super) name: &'static str,
    /// What the configuration says besides the model.
    pub(super) config: &'static str,
    pub(super) birth: Birth,
    /// What the model says where the default answer will not do.
    pub(super) steps: fn() -> Vec<Step>,
    /// How the plan ends.
    pub(super) ends: &'static str,
    /// What a person does about a plan that rests.
    pub(super) attended: Attended,
}

/// Where plans come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Birth {
    /// From this file of an operator.
    File(&'static str),
    /// The Leader writes it.
    Wish,
    /// From the slots of a job.
    Slots,
}

/// What a person does about a plan that rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attended {
    /// Says yes to everything, and gives more where a cap was reached.
    Gladly,
    /// Writes another sentence into it first.
    Edited,
    /// Ends it.
    Ended,
}

const TWO: &str = "## Essays\n\n### Sub-objectives\n\n**1. Essay 1** — write one.\n- Files: essay1.md\n\n**2. Essay 2** — \
                   write two.\n- Files: essay2.md\n";

pub(super) const ALL: [Scenario; 10] = [
    Scenario {
        name: "essays",
        config: "",
        birth: Birth::File(
            "## Essays\n\n### Sub-objectives\n\n**1. Essay 1** — write one.\n- Files: essay1.md\n\n**2. Essay 2** — \
               write two.\n- Files: essay2.md\n\n### Risks\n- None.\n",
        ),
        steps: Vec::new,
        ends: "done",
        attended: Attended::Gladly,
    },
    Scenario {
        name: "team",
        config: "",
        birth: Birth::File(
            "## Essays\n\n### Sub-objectives\n\n**1. Both** — write both, then join them.\n- Files: joined.md\n",
        ),
        steps: team,
        ends: "done",
        attended: Attended::Gladly,
    },
    Scenario {
        name: "redo",
        config: "",
        birth: Birth::File(
            "## Essay\n\n### Sub-objectives\n\n**1. Essay** — write it.\n- Files: essay1.md\n",
        ),
        steps: redo,
        ends: "done",
        attended: Attended::Gladly,
    },
    Scenario {
        name: "tickets",
        config: "",
        birth: Birth::File(TWO),
        steps: tickets,
        ends: "done",
        attended: Attended::Gladly,
    },
    Scenario {
        name: "caps",
        config: "daily: {max_tokens: 1000000, max_cost_usd: 100}\n",
        birth: Birth::File(
            "---\nmax_tokens: 9000\nmax_cost_usd: 0.08\n---\n\n## Essays\n\n### Sub-objectives\n\n**1. Essay 1** — \
               write one.\n- Files: essay1.md\n\n**2. Essay 2** — write two.\n- Files: essay2.md\n",
        ),
        steps: Vec::new,
        ends: "done",
        attended: Attended::Gladly,
    },
    Scenario {
        name: "long texts",
        config: "",
        birth: Birth::File(
            "## Essay\n\n### Sub-objectives\n\n**1. Essay** — write a long one.\n- Files: essay1.md\n",
        ),
        steps: long_texts,
        ends: "done",
        attended: Attended::Gladly,
    },
    Scenario {
        name: "written",
        config: "",
        birth: Birth::Wish,
        steps: Vec::new,
        ends: "done",
        attended: Attended::Gladly,
    },
    Scenario {
        name: "revised",
        config: "",
        birth: Birth::File(TWO),
        steps: revised,
        ends: "done",
        attended: Attended::Edited,
    },
    Scenario {
        name: "ended",
        config: "",
        birth: Birth::File(TWO),
        steps: tickets,
        ends: "cancelled",
        attended: Attended::Ended,
    },
    Scenario {
        name: "slots",
        config: "",
        birth: Birth::Slots,
        steps: Vec::new,
        ends: "",
        attended: Attended::Gladly,
    },
];

impl Scenario {
    pub(super) fn script(&self) -> Script {
        Script::of((self.steps)().into_iter().map(|step| step.times(0)))
    }

    /// The configuration of a vault whose models are asked there.
    pub(super) fn config(&self, base_url: &str) -> String {
        format!(
            "models:\n  m: {{provider: openai, model: fake-1, base_url: \"{base_url}\", max_output_tokens: 1000, price: \
             {{input: 3, output: 15}}}}\nteam: {{leader: m}}\nembedder: lexical\nretry: {{base: 10ms, max: 50ms}}\n{}",
            self.config
        )
    }
}

fn say(tool: &str, arguments: Value) -> Step {
    Step::new(Behaviour::Arguments(arguments)).for_tool(tool)
}

fn task(id: &str, needs: &[&str]) -> Value {
    json!({"id": id, "title": id, "brief": format!("Write {id}."), "kind": "document", "artifacts": [format!("{id}.md")],
           "acceptance": ["it is there"], "needs": needs})
}

/// Two producers at once, one of them looking about before it writes; then a third.
fn team() -> Vec<Step> {
    let tasks =
        json!({"tasks": [task("one", &[]), task("two", &[]), task("joined", &["one", "two"])]});
    let look = ToolCall {
        name: "list_files".to_owned(),
        arguments: json!({}),
    };
    vec![
        say("submit_tasks", tasks),
        Step::new(Behaviour::ToolCalls(vec![look]))
            .for_tool("submit_artifact")
            .for_message("# Task: one"),
    ]
}

/// The first essay is refused, the second passes; both verdicts note something.
fn redo() -> Vec<Step> {
    let verdict = |passed: bool, defects: Value| {
        json!({"passed": passed, "summary": "read", "defects": defects,
               "notes": [{"kind": "fact", "text": "An essay has an ending."}]})
    };
    let defect = json!([{"severity": "major", "class": "substantive", "location": "line 1", "what": "the ending is missing"}]);
    let hand_in = |content: &str| json!({"content": content, "summary_for_state_doc": "an essay"});
    vec![
        say("submit_verdict", verdict(false, defect)).for_text("half an essay"),
        say("submit_verdict", verdict(true, json!([]))),
        say("submit_artifact", hand_in("a whole essay")).for_text("the ending is missing"),
        say("submit_artifact", hand_in("half an essay")),
    ]
}

/// The first reflection asks for a pause.
fn tickets() -> Vec<Step> {
    let pause = json!({"outcome": "pause", "rationale": "A person should look.", "flags": []});
    vec![
        say("submit_reflection", pause)
            .for_text("write one.")
            .for_message("Essay 1"),
    ]
}

/// An essay that is too long for a frame.
fn long_texts() -> Vec<Step> {
    let content = "A long essay on Stoicism. ".repeat(3_000);
    vec![say(
        "submit_artifact",
        json!({"content": content, "summary_for_state_doc": "a long essay"}),
    )]
}

/// The first reflection wants the rest to be otherwise.
fn revised() -> Vec<Step> {
    let revision = json!({
        "outcome": "revise-major", "rationale": "The second essay should be a letter.", "flags": [],
        "revision": {"sub_objectives": [{"title": "Letter", "description": "write a letter.", "files": ["letter.md"]}]},
    });
    // Asked again once it was approved, it would propose the same.
    vec![say("submit_reflection", revision).for_text("**2. Essay 2**")]
}

impl Scenario {
    /// Makes the plan, and lets it run; `beside` is a place for its file.
    pub(super) fn begin(&self, project: &Project, beside: &Path) -> Result<Option<PlanId>> {
        let person = Actor::named("cli:anna");
        let log = match self.birth {
            Birth::Slots => return Ok(None),
            Birth::Wish => {
                let mandate = Mandate {
                    approved: Some("as it is".to_owned()),
                    unattended: false,
                };
                let wish = "Two essays on Stoicism.";
                project.add_wish(wish, Vec::new(), Caps::default(), &mandate, &person)?
            }
            Birth::File(text) => {
                std::fs::write(beside, text).map_err(|error| Error::Failed(error.to_string()))?;
                let (mut log, _) = project.add_plan(beside, &person)?;
                let note = String::new();
                log.submit(&Command::Approve { note }, &person)?;
                log
            }
        };
        Ok(Some(log.plan().id.clone()))
    }

    /// Runs a plan to its end; where it rests, a person attends to it.
    pub(super) async fn live(
        &self,
        project: &Project,
        id: &PlanId,
    ) -> std::result::Result<PlanLog, String> {
        for _ in 0..RESTS {
            let ran = daemon::run_plan(project, id, &Shutdown::never()).await;
            ran.map_err(|error| error.told())?;
            let mut log = project.open_plan(id).map_err(|error| error.told())?;
            if log.plan().status.name().is_terminal() {
                return Ok(log);
            }
            self.attend(&mut log).map_err(|error| error.told())?;
        }
        Err(format!("{id} rests again and again"))
    }

    /// A person answers what is asked, and lets the plan go on.
    fn attend(&self, log: &mut PlanLog) -> Result<()> {
        let person = Actor::named("cli:anna");
        let note = String::new();
        if self.attended == Attended::Ended {
            let end = Command::Cancel { note, cut: false };
            return log.submit(&end, &person).map(drop);
        }
        if self.attended == Attended::Edited {
            edit(log)?;
        }
        raise(log, &person)?;
        // Of a text that was edited meanwhile it is asked once more.
        while log.plan().open_tickets().next().is_some() {
            answer(log, &person)?;
        }
        match log.plan().status {
            Status::Draft => log.submit(&Command::Approve { note }, &person).map(drop),
            Status::Paused { .. } => log.submit(&Command::Resume { note }, &person).map(drop),
            Status::Approved
            | Status::Executing { .. }
            | Status::Declined
            | Status::Cancelled { .. }
            | Status::Aborted
            | Status::Done => Ok(()),
        }
    }
}

/// How often a plan may rest: it dies in between, and rests again.
const RESTS: usize = 8;

fn raise(log: &mut PlanLog, person: &Actor) -> Result<()> {
    let little = log
        .plan()
        .caps
        .max_tokens
        .is_some_and(|most| most < 100_000);
    if !little {
        return Ok(());
    }
    let more = Command::EditBudget {
        tokens: Change::Set(100_000),
        cost: Change::Remove,
        minutes: Change::Keep,
    };
    log.submit(&more, person).map(drop)
}

fn answer(log: &mut PlanLog, person: &Actor) -> Result<()> {
    let open = log.plan().open_tickets();
    let open: Vec<_> = open
        .map(|(id, ticket)| (id.clone(), ticket.digest))
        .collect();
    for (ticket, digest) in open {
        let answer = Command::DecideTicket {
            ticket,
            digest,
            decision: Decision::Approved,
            note: "go on".to_owned(),
        };
        log.submit(&answer, person)?;
    }
    Ok(())
}

/// Another sentence at the end of the plan's text, as its editor hands it in.
fn edit(log: &mut PlanLog) -> Result<()> {
    let text = frontmatter::render(log.plan());
    if text.contains(SENTENCE) {
        return Ok(());
    }
    let read = |text: &str| document::read(text.as_bytes()).map(Box::new);
    let (base, edited) = (read(&text), read(&format!("{text}\n{SENTENCE}\n")));
    let (Ok(base), Ok(edited)) = (base, edited) else {
        return Err(Error::Failed("a rendering does not read back".to_owned()));
    };
    let edit = Command::Edit { base, edited };
    log.submit(&edit, &Actor::named("file-edit")).map(drop)
}

const SENTENCE: &str = "Mind the style.";
