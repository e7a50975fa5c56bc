//! A producer's talk with its tools, as it stands in a prompt: every call, every result, and placeholders for the
//! results that were left out to save room.

use projections::{
    event::ToolUse,
    ids::ToolCallId,
    payload::Payload,
    plan::{Exchange, Used},
};

use super::Turn;

/// Turns with tools in one production; after them the artifact must be handed in.
pub const TOOL_TURNS: usize = 24;

/// One turn of the talk, its texts at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// What the model said beside its calls.
    pub text: String,
    /// The calls.
    pub uses: Vec<HeardUse>,
}

/// One call, its texts at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Which.
    pub id: ToolCallId,
    /// The tool's name.
    pub tool: String,
    /// Its arguments.
    pub arguments: String,
}

/// One call and its result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeardUse {
    /// The call.
    pub call: Call,
    /// What it returned.
    pub result: String,
    /// Whether a placeholder stands for the result.
    pub hidden: bool,
}

impl Heard {
    /// A turn of the state, its texts found by `resolve`. Fails as `resolve` does.
    ///
    /// # Errors
    /// Those of `resolve`.
    pub fn of<E>(
        turn: &Exchange,
        resolve: &mut dyn FnMut(&Payload) -> Result<String, E>,
    ) -> Result<Self, E> {
        let uses = turn.uses.iter().map(|used| HeardUse::of(used, resolve));
        Ok(Self {
            uses: uses.collect::<Result<_, E>>()?,
            text: resolve(&turn.text)?,
        })
    }
}

impl HeardUse {
    fn of<E>(
        used: &Used,
        resolve: &mut dyn FnMut(&Payload) -> Result<String, E>,
    ) -> Result<Self, E> {
        let ToolUse {
            id,
            tool,
            arguments,
        } = &used.call;
        let result = used.result.as_ref().map(|(_, result)| resolve(result));
        let call = Call {
            id: id.clone(),
            tool: tool.clone(),
            arguments: resolve(arguments)?,
        };
        Ok(Self {
            call,
            result: result.transpose()?.unwrap_or_default(),
            hidden: used.hidden,
        })
    }

    /// What stands in the prompt.
    pub(super) fn shown(&self) -> String {
        if self.hidden {
            self.placeholder()
        } else {
            self.result.clone()
        }
    }

    /// What stands for a result that is left out.
    fn placeholder(&self) -> String {
        format!(
            "[{} bytes left out to save room; read_tool_result with call_id {} shows them again]",
            self.result.len(),
            self.call.id
        )
    }

    /// Bytes that leaving the result out would save.
    pub(super) fn saves(&self) -> u64 {
        let placeholder = self.placeholder().len();
        (self.result.len() as u64).saturating_sub(placeholder as u64)
    }
}

/// A reply as it is shown to its author once more, in about `most` bytes: its beginning and its end, since what was
/// wrong with it is mostly found at one of the two.
#[must_use]
pub fn excerpt(reply: &str, most: usize) -> String {
    if reply.len() <= most {
        return reply.to_owned();
    }
    let is_boundary = |at: &usize| reply.is_char_boundary(*at);
    let begins = (0..=most - most / 3).rev().find(is_boundary).unwrap_or(0);
    let ends = (reply.len() - most / 3..)
        .find(is_boundary)
        .unwrap_or(reply.len());
    format!(
        "{}\n[{} bytes left out to save room]\n{}",
        &reply[..begins],
        ends - begins,
        &reply[ends..]
    )
}

/// The talk as turns of a conversation.
pub(super) fn turns(talk: &[Heard]) -> impl Iterator<Item = Turn> + '_ {
    talk.iter().flat_map(|heard| {
        let called = Turn::Called {
            text: heard.text.clone(),
            calls: heard.uses.iter().map(|used| used.call.clone()).collect(),
        };
        let returned = heard.uses.iter().map(|used| Turn::Returned {
            id: used.call.id.clone(),
            text: used.shown(),
        });
        std::iter::once(called).chain(returned)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_keeps_both_ends_and_cuts_no_character() {
        assert_eq!(excerpt("short", 5), "short");
        let long = format!("begin {} end", "ä".repeat(5_000));
        for most in 0..120 {
            let shown = excerpt(&long, most);
            assert!(shown.len() <= most + 60, "{most}: {}", shown.len());
            assert!(shown.contains("bytes left out"), "{shown}");
        }
        let shown = excerpt(&long, 300);
        assert!(shown.starts_with("begin ä") && shown.ends_with("ä end"));
    }
}
