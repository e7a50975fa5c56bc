//! An agent's talk with its tools, as it stands in a prompt: every call, every result, placeholders for the results
//! that were left out to save room, and a word where a call is made again or the last one is near.

use projections::{
    event::ToolUse,
    ids::ToolCallId,
    payload::Payload,
    plan::{Exchange, Used},
};

use super::Turn;

/// So many calls before the last one a model is told how many are left.
const SAID_BEFORE: usize = 3;

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

/// The talk as turns of a conversation; `most` is how many calls there may be in all.
pub(super) fn turns(talk: &[Heard], most: u32) -> Vec<Turn> {
    let mut turns = Vec::new();
    for (at, heard) in talk.iter().enumerate() {
        turns.push(Turn::Called {
            text: heard.text.clone(),
            calls: heard.uses.iter().map(|used| used.call.clone()).collect(),
        });
        for (place, used) in heard.uses.iter().enumerate() {
            let mut text = used.shown();
            if let Some(first) = made_before(talk, at, place) {
                text.push_str(&format!(
                    "\n[the same call as {first}, with the same arguments; make another one, or hand in]"
                ));
            }
            if place + 1 == heard.uses.len() {
                text.push_str(&calls_left(at, most));
            }
            let id = used.call.id.clone();
            turns.push(Turn::Returned { id, text });
        }
    }
    turns
}

/// An earlier call of the same tool with the same arguments.
fn made_before(talk: &[Heard], at: usize, place: usize) -> Option<&ToolCallId> {
    let this = &talk[at].uses[place].call;
    let before = talk[..at].iter().flat_map(|turn| &turn.uses);
    let mut before = before.chain(&talk[at].uses[..place]).map(|used| &used.call);
    let same = |call: &&Call| call.tool == this.tool && call.arguments == this.arguments;
    before.find(same).map(|call| &call.id)
}

/// Said at the same turn whatever follows, so that what was sent once is sent again as it was.
fn calls_left(at: usize, most: u32) -> String {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    match most.saturating_sub(at + 1) {
        left @ 2..=SAID_BEFORE => {
            format!("\n[{left} calls are left, the one that hands in included]")
        }
        0 | 1 => "\n[the next call is the last one: hand in]".to_owned(),
        _ => String::new(),
    }
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
