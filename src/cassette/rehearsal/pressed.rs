//! What the world's pressure did to the recorded prompts.

use projections::{event::Event, ids::ToolCallId, work::Step};

use super::Rehearsal;
use crate::command::{Fallback, Report as Told, Room};

impl<E> Rehearsal<'_, E> {
    /// What the world's pressure did to prompts: models given up, results left out, a person asked. What cannot have happened here
    /// did not; it shows in the next prompt.
    pub(super) fn pressed(&mut self, event: &Event) {
        let report = match event {
            Event::ContextSoftWarned(e) => Told::ContextNear {
                step: e.step.clone(),
                model: e.model.clone(),
                room: room(e.estimated_tokens, e.window_tokens),
            },
            Event::ContextCompressed(e) => {
                let own = |id: &ToolCallId| self.tools.get(id).cloned();
                let replaced: Vec<ToolCallId> = e.replaced.iter().filter_map(own).collect();
                if !self.holds(&e.step, &replaced) {
                    return;
                }
                Told::ContextTight {
                    step: e.step.clone(),
                    replaced,
                    before: room(e.before_tokens, e.window_tokens),
                    after_tokens: e.after_tokens,
                }
            }
            // What a person answers to it decides how the plan goes on.
            Event::ContextExhausted(e) => Told::ContextFull {
                step: e.step.clone(),
                model: e.model.clone(),
                room: room(e.estimated_tokens, e.window_tokens),
                checkpoint: e.checkpoint.clone(),
                b3: e.b3,
                bytes: e.bytes,
            },
            Event::ModelFellBack(e) => Told::FallingBack {
                step: e.step.clone(),
                from: e.from.clone(),
                to: Fallback {
                    model: e.to.clone(),
                    rank: e.rank,
                },
                why: e.why.clone(),
            },
            _ => return,
        };
        // Refused where the stage does not stand at that step.
        let _ = self.stage.report(report);
    }

    /// Whether the producer of `step` has these results in its talk.
    fn holds(&self, step: &Step, results: &[ToolCallId]) -> bool {
        let (Some((task, _)), Some(run)) = (step.task(), &self.stage.plan().run) else {
            return false;
        };
        let talk = run.task(task).into_iter().flat_map(|task| &task.talk);
        let ids: Vec<&ToolCallId> = talk
            .flat_map(|t| &t.uses)
            .map(|used| &used.call.id)
            .collect();
        results.iter().all(|id| ids.contains(&id))
    }
}

fn room(estimated_tokens: u64, window_tokens: u64) -> Room {
    Room {
        estimated_tokens,
        window_tokens,
    }
}
