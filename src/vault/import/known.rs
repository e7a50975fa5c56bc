//! What else the existing Python program keeps in a vault, and what becomes of it here: nothing.

/// Why a file or directory of a project stays as it is.
pub(super) fn in_project(name: &str) -> &'static str {
    match name {
        "agents" => {
            "its agents are files; here they are models under `team:` in modulatio.yaml or project.yaml"
        }
        "artifacts" => {
            "what earlier runs made; what is made from now on lies in runs/<plan>/artifacts/"
        }
        "runs" => "records of earlier runs; those from now on lie beside them, by plan",
        "goals" | "tasks" | "decisions" | "reports" => "records of earlier runs",
        "qc-notes" => "what its quality control notes; nothing here has a use for it",
        "research" => {
            "notes of earlier runs; register the directory under `folders:` to let agents read it"
        }
        "standards" | "skills" => {
            "instructions of its agents; here they are prompts/ of the vault or the project"
        }
        "comptroller.md" | "comptroller-ledger.md" => {
            "its daily caps; here they stand under `daily:` in modulatio.yaml"
        }
        _ => UNKNOWN,
    }
}

/// Why a file or directory beside the projects stays as it is.
pub(super) fn in_vault(name: &str) -> &'static str {
    match name {
        ".env" => "never read here; name the variables that hold keys in modulatio.yaml",
        "dashboard.md" | "capacity.md" => "a view of that program",
        "heartbeat-output" => "results of its queue",
        "skills" | "standards" | "job-templates" => {
            "instructions of its agents; here they are prompts/ of the vault or the project"
        }
        _ if name.ends_with(".lock") || name.ends_with(".tmp") => "a leftover of that program",
        _ => UNKNOWN,
    }
}

/// For all that nobody has told of.
pub(super) const UNKNOWN: &str = "unknown here";
