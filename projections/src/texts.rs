//! Which texts of an event may be long, and so may lie in the blob store. Named once, for those that put them there
//! and for those that look whether they still are.

use crate::{event::Event, payload::Payload};

impl Event {
    /// The texts that may be long.
    #[must_use]
    pub fn texts(&self) -> Vec<&Payload> {
        match self {
            Self::ModelCallCompleted(e) => {
                let arguments = e.tool_calls.iter().map(|call| &call.arguments);
                std::iter::once(&e.reply).chain(arguments).collect()
            }
            Self::ToolCallFinished(e) => std::iter::once(&e.result).chain(&e.shown).collect(),
            Self::ArtifactWritten(e) => e.content.iter().collect(),
            Self::DraftRequested(e) => e.attachments.iter().map(|a| &a.text).collect(),
            Self::PlanImported(e) => e.found.usage.iter().collect(),
            _ => Vec::new(),
        }
    }

    /// As [`Event::texts`], to be replaced by their addresses.
    pub fn texts_mut(&mut self) -> Vec<&mut Payload> {
        match self {
            Self::ModelCallCompleted(e) => {
                let arguments = e.tool_calls.iter_mut().map(|call| &mut call.arguments);
                std::iter::once(&mut e.reply).chain(arguments).collect()
            }
            Self::ToolCallFinished(e) => {
                std::iter::once(&mut e.result).chain(&mut e.shown).collect()
            }
            Self::ArtifactWritten(e) => e.content.iter_mut().collect(),
            Self::DraftRequested(e) => e.attachments.iter_mut().map(|a| &mut a.text).collect(),
            Self::PlanImported(e) => e.found.usage.iter_mut().collect(),
            _ => Vec::new(),
        }
    }
}
