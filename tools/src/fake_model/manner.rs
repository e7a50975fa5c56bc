//! How an answer is delivered: the wrappers of a [`Behaviour`] taken off and summed up.

use std::time::Duration;

use super::{ask::Protocol, behaviour::Behaviour, pieces, sse};

/// How an answer is delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Manner {
    pub(super) pause: Duration,
    pub(super) keep_alive: Option<KeepAlive>,
    /// Whether a stream goes without its last event.
    pub(super) no_done: bool,
    /// Whether JSON is sent although a stream was asked for.
    pub(super) unstreamed: bool,
    fragments: Option<usize>,
    pub(super) spoil: Option<Spoil>,
    ending: Ending,
}

/// Signs of life before the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeepAlive {
    pub(super) every: Duration,
    /// 0 means for ever.
    pub(super) times: u32,
}

/// What is wrong with the bytes of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Spoil {
    HalfJson,
    Malformed {
        after: usize,
    },
    Error {
        after: usize,
        code: u16,
        message: String,
    },
}

/// Where an answer ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Ending {
    #[default]
    Whole,
    HalfOfTheBytes,
    CutAfter(usize),
    StallAfter(usize),
}

/// What comes after the last piece.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum End {
    /// The clean end of the response.
    #[default]
    Clean,
    /// A lost connection.
    Break,
    /// Nothing.
    Silence,
}

impl Manner {
    /// What `behaviour` says at its core, and how that is delivered.
    pub(super) fn of(behaviour: &Behaviour) -> (&Behaviour, Self) {
        let mut manner = Self::default();
        let mut core = behaviour;
        while let Some(inner) = manner.take_off(core) {
            core = inner;
        }
        (core, manner)
    }

    /// Notes one wrapper; gives what is inside of it.
    fn take_off<'a>(&mut self, behaviour: &'a Behaviour) -> Option<&'a Behaviour> {
        let inner = match behaviour {
            Behaviour::Truncated => {
                self.ending = Ending::HalfOfTheBytes;
                return None;
            }
            Behaviour::Cut { after, answer } => {
                self.ending = Ending::CutAfter(*after);
                answer
            }
            Behaviour::Stall { after, answer } => {
                self.ending = Ending::StallAfter(*after);
                answer
            }
            Behaviour::Slow { pause_ms, answer } => {
                self.pause = Duration::from_millis(*pause_ms);
                answer
            }
            Behaviour::KeepAlive {
                every_ms,
                times,
                answer,
            } => {
                let every = Duration::from_millis(*every_ms);
                self.keep_alive = Some(KeepAlive {
                    every,
                    times: *times,
                });
                answer
            }
            Behaviour::Fragments { bytes, answer } => {
                self.fragments = Some(*bytes);
                answer
            }
            Behaviour::NoDone { answer } => {
                self.no_done = true;
                answer
            }
            Behaviour::Unstreamed { answer } => {
                self.unstreamed = true;
                answer
            }
            spoiling => return self.take_off_spoil(spoiling),
        };
        Some(inner)
    }

    fn take_off_spoil<'a>(&mut self, behaviour: &'a Behaviour) -> Option<&'a Behaviour> {
        let (spoil, inner) = match behaviour {
            Behaviour::TruncatedJson { answer } => (Spoil::HalfJson, answer),
            Behaviour::MalformedData { after, answer } => {
                (Spoil::Malformed { after: *after }, answer)
            }
            Behaviour::ErrorInStream {
                after,
                code,
                message,
                answer,
            } => {
                let (after, code) = (*after, *code);
                let message = message.clone().unwrap_or_else(|| "Overloaded".to_owned());
                let error = Spoil::Error {
                    after,
                    code,
                    message,
                };
                (error, answer)
            }
            _ => return None,
        };
        self.spoil = Some(spoil);
        Some(inner)
    }

    /// Does to the events of a stream what is wrong with them.
    pub(super) fn spoil_events(&self, protocol: Protocol, events: &mut Vec<Vec<u8>>) {
        if self.no_done {
            events.pop();
        }
        match &self.spoil {
            None => {}
            Some(Spoil::HalfJson) => {
                let half = events.len() / 2;
                events.truncate(half + 1);
                if let Some(last) = events.last_mut() {
                    last.truncate(last.len() / 2);
                }
            }
            Some(Spoil::Malformed { after }) => {
                let at = (*after).min(events.len());
                events.insert(at, protocol.malformed_event().to_vec());
            }
            Some(Spoil::Error {
                after,
                code,
                message,
            }) => {
                events.truncate(*after);
                events.push(protocol.error_event(*code, message));
            }
        }
    }

    /// Does to a body that is no stream what is wrong with it.
    pub(super) fn spoil_body(&self, protocol: Protocol, body: &mut String) {
        match &self.spoil {
            None => {}
            Some(Spoil::HalfJson) => *body = pieces::half(body),
            Some(Spoil::Malformed { .. }) => body.insert(1, ']'),
            Some(Spoil::Error { code, message, .. }) => {
                *body = protocol.error(*code, None, message).to_string();
            }
        }
    }

    /// What goes out and what comes after it.
    pub(super) fn divide(&self, whole: Vec<Vec<u8>>) -> (Vec<Vec<u8>>, End) {
        let mut pieces = match self.fragments {
            Some(size) => pieces::fragments(&whole.concat(), size),
            None => whole,
        };
        match self.ending {
            Ending::Whole => (pieces, End::Clean),
            Ending::HalfOfTheBytes => {
                let mut bytes = pieces.concat();
                bytes.truncate(bytes.len() / 2);
                (vec![bytes], End::Break)
            }
            Ending::CutAfter(count) => {
                pieces.truncate(count);
                (pieces, End::Break)
            }
            Ending::StallAfter(count) => {
                pieces.truncate(count);
                (pieces, End::Silence)
            }
        }
    }
}

impl KeepAlive {
    /// The sign of life.
    pub(super) fn sign(stream: bool) -> &'static str {
        if stream { sse::COMMENT } else { "\n" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrappers_add_up_and_the_inner_end_counts() {
        let text = r#"{"slow": {"pause_ms": 5, "answer": {"cut": {"after": 9, "answer":
            {"stall": {"after": 2, "answer": {"fragments": {"bytes": 3, "answer": "empty"}}}}}}}}"#;
        let behaviour: Behaviour = serde_json::from_str(text).unwrap();
        let (core, manner) = Manner::of(&behaviour);
        assert_eq!(core, &Behaviour::Empty);
        assert_eq!(manner.pause, Duration::from_millis(5));
        let (pieces, end) = manner.divide(vec![b"abcd".to_vec(), b"efgh".to_vec()]);
        assert_eq!((pieces.concat(), end), (b"abcdef".to_vec(), End::Silence));
    }
}
