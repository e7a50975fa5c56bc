//! Room in the model's window, at every boundary of a call: a warning once, results of tools left out, and, when
//! nothing helps, a checkpoint and a person.

use projections::{
    ids::{CallId, ToolCallId},
    plan::Plan,
    work::Step,
};
use serde_json::json;

use super::{execute::Runner, team::Member};
use crate::{
    command::{Report, Room},
    error::Result,
    models::{Message, Request},
    prompts::{Briefing, Fit, fit},
    redact::Redactor,
};

/// Where the guide says that such log lines come from.
const TARGET: &str = "modulatio.context_budget";

impl Runner<'_> {
    /// Whether the request may be made as it is. If not, what is due has changed, or the plan is paused.
    pub(super) fn has_room(
        &mut self,
        step: &Step,
        member: &Member,
        request: &Request,
        briefing: &Briefing,
    ) -> Result<bool> {
        match self.fitted(step, member, request, briefing) {
            Fit::Well => Ok(true),
            Fit::Near(room) => self.near(step, member, room).map(|()| true),
            Fit::Tight {
                replace,
                before,
                after_tokens,
            } => self.tight(step, member, replace, before, after_tokens),
            Fit::Full(room) => self.full(step, member, request, room).map(|()| false),
        }
    }

    /// How the request fits the model's window.
    pub(super) fn fitted(
        &self,
        step: &Step,
        member: &Member,
        request: &Request,
        briefing: &Briefing,
    ) -> Fit {
        let plan = self.log.plan();
        let estimator = member.estimator(plan);
        let bytes = request.prompt_bytes() as u64;
        let refused = refused(plan, step);
        fit(bytes, &briefing.talk, &member.window, estimator, refused)
    }

    fn near(&mut self, step: &Step, member: &Member, room: Room) -> Result<()> {
        let seat = step.seat();
        let run = self.log.plan().run.as_ref();
        if run.is_some_and(|run| run.context_warned.contains(&seat)) {
            return Ok(());
        }
        tracing::warn!(
            target: TARGET,
            modulatio_event = "context_budget_soft_warn",
            plan = %self.id,
            step = step.label(),
            agent_id = member.agent_id,
            model = member.label,
            estimated_tokens = room.estimated_tokens,
            window_tokens = room.window_tokens,
            "the prompt comes near the model's window"
        );
        self.report(Report::ContextNear {
            step: step.clone(),
            model: member.label.clone(),
            room,
        })
        .map(drop)
    }

    fn tight(
        &mut self,
        step: &Step,
        member: &Member,
        replaced: Vec<ToolCallId>,
        before: Room,
        after_tokens: u64,
    ) -> Result<bool> {
        self.near(step, member, before)?;
        tracing::warn!(
            target: TARGET,
            modulatio_event = "context_budget_compressed",
            plan = %self.id,
            step = step.label(),
            model = member.label,
            replaced = replaced.len(),
            before_tokens = before.estimated_tokens,
            after_tokens,
            window_tokens = before.window_tokens,
            "older results of tools are left out of the prompt"
        );
        self.report(Report::ContextTight {
            step: step.clone(),
            replaced,
            before,
            after_tokens,
        })?;
        Ok(false)
    }

    /// A model with a larger window may take over; else the conversation is kept and a person asked.
    fn full(&mut self, step: &Step, member: &Member, request: &Request, room: Room) -> Result<()> {
        let larger = |other: &Member| other.window.tokens > member.window.tokens;
        if let Some(to) = self.team.next(self.log.plan(), step, larger) {
            let why = format!(
                "about {} tokens do not fit its window, which leaves {}",
                room.estimated_tokens, room.window_tokens
            );
            return self.fall_back(step, member, to, why);
        }
        self.exhausted(step, member, request, room)
    }

    fn exhausted(
        &mut self,
        step: &Step,
        member: &Member,
        request: &Request,
        room: Room,
    ) -> Result<()> {
        let serial = self.log.plan().calls.started + 1;
        let call = CallId::nth(serial, &step.label());
        let text = checkpoint(
            self.log.plan(),
            step,
            member,
            request,
            room,
            &self.team.redactor(),
        );
        let kept = self
            .log
            .project()
            .write_checkpoint(&self.id, &call, &text)?;
        tracing::error!(
            target: TARGET,
            modulatio_event = "context_budget_exhausted",
            plan = %self.id,
            step = step.label(),
            model = member.label,
            estimated_tokens = room.estimated_tokens,
            window_tokens = room.window_tokens,
            checkpoint = kept.path,
            "the prompt does not fit the model's window"
        );
        self.report(Report::ContextFull {
            step: step.clone(),
            model: member.label.clone(),
            room,
            checkpoint: kept.path,
            b3: kept.b3,
            bytes: kept.bytes,
        })
        .map(drop)
    }
}

/// The length of a prompt to this step that the provider refused as too long.
fn refused(plan: &Plan, step: &Step) -> Option<u64> {
    plan.run.as_ref()?.troubles.get(&step.label())?.too_long
}

/// What was about to be sent, for the person who divides the work: pretty-printed JSON, secrets redacted.
fn checkpoint(
    plan: &Plan,
    step: &Step,
    member: &Member,
    request: &Request,
    room: Room,
    redactor: &Redactor,
) -> String {
    let message = |message: &Message| match message {
        Message::User(text) => json!({"role": "user", "text": redactor.redact(text)}),
        Message::Assistant { text, calls } => {
            let calls = calls.iter().map(|call| {
                let arguments = redactor.redact(&call.arguments);
                json!({"id": call.id, "tool": call.name, "arguments": arguments})
            });
            let calls: Vec<_> = calls.collect();
            json!({"role": "assistant", "text": redactor.redact(text), "tool_calls": calls})
        }
        Message::ToolResult { call_id, text } => {
            json!({"role": "tool", "tool_call": call_id, "text": redactor.redact(text)})
        }
    };
    let messages: Vec<_> = request.messages.iter().map(message).collect();
    let kept = json!({
        "version": 1,
        "plan": plan.id,
        "step": step.label(),
        "sub_objective": plan.run.as_ref().map(|run| run.index),
        "agent_id": member.agent_id,
        "model": member.label,
        "estimated_tokens": room.estimated_tokens,
        "window_tokens": room.window_tokens,
        "max_output_tokens": request.max_output_tokens,
        "bands": {
            "warn_percent": member.window.warn_percent,
            "compress_percent": member.window.compress_percent,
        },
        "redaction": {"replaced_by": redactor.mark(), "policy": redactor.policy()},
        "system": redactor.redact(&request.system),
        "messages": messages,
        "tools": request.tools.iter().map(|tool| tool.name).collect::<Vec<_>>(),
    });
    format!("{kept:#}\n")
}
