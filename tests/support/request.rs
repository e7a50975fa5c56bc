//! The question that the providers are asked in their tests.

use modulatio::models::{About, Message, Purpose, Request, Tool, ToolChoice};
use serde_json::json;

/// A plan step's, with a tool that must be called.
pub(crate) fn request() -> Request {
    Request {
        call_id: "ESS-P-001-c7".into(),
        about: About {
            purpose: Purpose::PlanTasks,
            sub_objective: 1,
            title: "Essays".into(),
            files: vec!["essay1.md".into()],
            task: None,
            attempt: 1,
            last: false,
        },
        system: "You plan.".into(),
        messages: vec![Message::User("Files: essay1.md".into())],
        tools: vec![Tool {
            name: "submit_tasks",
            description: "Submit the tasks.",
            schema: json!({"type": "object"}),
        }],
        choice: ToolChoice::Forced("submit_tasks"),
        max_output_tokens: 512,
    }
}
