//! Plan files in the existing program's own form: its spellings, its order of keys, its ledger.

/// A ledger that lay beside a plan.
pub(crate) const USAGE: &str = "\
{\"timestamp\": \"2026-11-23T20:34:28.101992+00:00\", \"model\": \"fake/echo\", \"input_tokens\": 4410, \"output_tokens\": 120, \"cost_usd\": 0.0, \"call_id\": \"iter-1\", \"agent_id\": \"drafter\"}
{\"timestamp\": \"2026-11-23T20:34:29.551402+00:00\", \"model\": \"fake/echo\", \"input_tokens\": 5120, \"output_tokens\": 98, \"cost_usd\": 0.0, \"call_id\": \"iter-2\", \"agent_id\": \"drafter\"}
";

/// Text in every file that is not the engine's.
pub(crate) const OWN_LINES: [&str; 4] = [
    "agent_id: leader\nsource_message: please plan 4 essays\nattachments: []\n",
    "tags: [stoicism,   essays]   # mine\n",
    "aliases:\n  - four essays\n",
    "# nobody else's business\nreviewer: 'Ann'\n",
];

/// Whether plans of this status have worked already.
pub(crate) fn has_started(status: &str) -> bool {
    matches!(status, "executing" | "paused" | "aborted" | "done")
}

/// A plan of four essays; one that has started has finished two of them, a done one all.
pub(crate) fn plan(id: &str, status: &str) -> String {
    let started = has_started(status);
    let finished = match status {
        "done" => 4,
        _ if started => 2,
        _ => 0,
    };
    format!(
        "---\nid: {id}\nproject_code: ess\ncreated_at: '2026-11-23T20:34:03.931405+00:00'\n{}{}status: {status}\n{}{}{}{}---\n{}",
        OWN_LINES[0],
        OWN_LINES[1],
        transitions(status),
        OWN_LINES[2],
        if started {
            progress(finished)
        } else {
            String::new()
        },
        OWN_LINES[3],
        body(),
    )
}

fn transitions(status: &str) -> String {
    let entry = |to: &str, by: &str| {
        format!(
            "- to: {to}\n  decided_by: {by}\n  decided_at: '2026-11-23T20:34:18.813496+00:00'\n  note: go\n"
        )
    };
    let path: Vec<String> = match status {
        "draft" => return String::new(),
        "approved" => vec![entry("approved", "human")],
        "executing" => vec![entry("approved", "human"), entry("executing", "dispatcher")],
        "declined" => vec![entry("declined", "human")],
        "cancelled" => vec![entry("approved", "human"), entry("cancelled", "human")],
        other => vec![
            entry("approved", "human"),
            entry("executing", "dispatcher"),
            entry(other, "leader"),
        ],
    };
    format!("status_transitions:\n{}", path.concat())
}

fn progress(finished: u32) -> String {
    let kickoffs: String = (1..=finished)
        .map(|n| {
            format!(
                "- sub_objective_index: {n}\n  summary: goals=1; tasks=1; drafts=1\n  at: '2026-11-23T20:34:30.217738+00:00'\n"
            )
        })
        .collect();
    let reflections: String = (1..=finished)
        .map(|n| {
            format!(
                "- after_index: {n}\n  outcome: continue\n  rationale: 'after {n}: continue'\n  at: '2026-11-23T20:34:30.588343+00:00'\n"
            )
        })
        .collect();
    format!(
        "execution_started_at: '2026-11-23T20:34:23.711563+00:00'\nspawned_kickoffs:\n{kickoffs}tokens_used: 36367\ncost_usd_used: 0.0\nreflection_log:\n{reflections}current_index: {finished}\n"
    )
}

fn body() -> String {
    let items: Vec<String> = (1..=4)
        .map(|n| {
            format!(
                "**{n}. Draft essay {n}** — write a short essay number {n} on stoicism.\n- Files: essay{n}.md\n- Done when: the essay exists and QC passed.\n- Out of scope: everything else.\n"
            )
        })
        .collect();
    format!(
        "\n## Essays on Stoicism\n\n### Diagnostic\nThe user wants 4 essays.\n\n### Sub-objectives\n\n{}\n### Risks\n- None of note.\n\n### Ask\nApprove?\n",
        items.join("\n")
    )
}
