//! Whole plans: what they are, what their models say, and what a person does when they rest. All answers follow from the
//! questions alone, so that one that is asked again says the same.

use modulatio::{
    command::{Change, Command},
    daemon::{self, Shutdown},
    vault::{Actor, PlanLog, Project},
};
use modulatio_tools::fake_model::{Behaviour, Script, Step, ToolCall};
use projections::{event::Decision, ids::PlanId, plan::Status};
use serde_json::{Value, json};

/// A plan's life.
#[derive(Clone, Copy)]
pub(super) struct Scenario {
    pub(super) name: &'static str,
    /// What the configuration says besides the model.
    pub(super) config: &'static str,
    /// The plan's file.
    pub(super) text: &'static str,
    /// What the model says where the default answer will not do.
    pub(super) steps: fn() -> Vec<Step>,
    /// How the plan ends.
    pub(super) ends: &'static str,
}

pub(super) const ALL: [Scenario; 6] = [
    Scenario {
        name: "essays",
        config: "",
        text: "## Essays\n\n### Sub-objectives\n\n**1. Essay 1** — write one.\n- Files: essay1.md\n\n**2. Essay 2** — \
               write two.\n- Files: essay2.md\n\n### Risks\n- None.\n",
        steps: Vec::new,
        ends: "done",
    },
    Scenario {
        name: "team",
        config: "",
        text: "## Essays\n\n### Sub-objectives\n\n**1. Both** — write both, then join them.\n- Files: joined.md\n",
        steps: team,
        ends: "done",
    },
    Scenario {
        name: "redo",
        config: "",
        text: "## Essay\n\n### Sub-objectives\n\n**1. Essay** — write it.\n- Files: essay1.md\n",
        steps: redo,
        ends: "done",
    },
    Scenario {
        name: "tickets",
        config: "",
        text: "## Essays\n\n### Sub-objectives\n\n**1. Essay 1** — write one.\n- Files: essay1.md\n\n**2. Essay 2** — \
               write two.\n- Files: essay2.md\n",
        steps: tickets,
        ends: "done",
    },
    Scenario {
        name: "caps",
        config: "daily: {max_tokens: 1000000, max_cost_usd: 100}\n",
        text: "---\nmax_tokens: 9000\nmax_cost_usd: 0.08\n---\n\n## Essays\n\n### Sub-objectives\n\n**1. Essay 1** — \
               write one.\n- Files: essay1.md\n\n**2. Essay 2** — write two.\n- Files: essay2.md\n",
        steps: Vec::new,
        ends: "done",
    },
    Scenario {
        name: "long texts",
        config: "",
        text: "## Essay\n\n### Sub-objectives\n\n**1. Essay** — write a long one.\n- Files: essay1.md\n",
        steps: long_texts,
        ends: "done",
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

/// Runs a plan to its end; where it rests, a person says yes to everything.
pub(super) async fn live(project: &Project, id: &PlanId) -> Result<PlanLog, String> {
    let told = |error: modulatio::error::Error| error.told();
    for _ in 0..8 {
        daemon::run_plan(project, id, &Shutdown::never())
            .await
            .map_err(told)?;
        let mut log = project.open_plan(id).map_err(told)?;
        if log.plan().status.name().is_terminal() {
            return Ok(log);
        }
        attend(&mut log).map_err(told)?;
    }
    Err(format!("{id} rests again and again"))
}

/// A person answers what is asked, and lets the plan go on.
pub(super) fn attend(log: &mut PlanLog) -> modulatio::error::Result<()> {
    let person = Actor::named("cli:anna");
    let caps = log.plan().caps;
    if caps.max_tokens.is_some_and(|most| most < 100_000) && log.plan().status != Status::Draft {
        let more = Command::EditBudget {
            tokens: Change::Set(100_000),
            cost: Change::Remove,
            minutes: Change::Keep,
        };
        log.submit(&more, &person)?;
    }
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
        log.submit(&answer, &person)?;
    }
    let note = String::new();
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
