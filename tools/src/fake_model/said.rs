//! What the model says, before it is put into the words of a protocol.

/// One answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) text: Option<String>,
    pub(super) calls: Vec<Called>,
    pub(super) stop: Stop,
}

/// One call of a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Called {
    pub(super) name: String,
    /// JSON, unless the script says otherwise.
    pub(super) arguments: String,
}

/// Why the model stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stop {
    /// It was done.
    #[default]
    Done,
    /// It waits for the outcome of its tool calls.
    Called,
    /// It may write no more tokens.
    Length,
    /// It will not answer.
    Refused,
    /// Its answer was withheld.
    Filtered,
}

impl Said {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self {
            text: Some(text.into()),
            ..Self::default()
        }
    }

    pub(super) fn call(name: impl Into<String>, arguments: impl Into<String>) -> Self {
        let call = Called {
            name: name.into(),
            arguments: arguments.into(),
        };
        Self {
            text: None,
            calls: vec![call],
            stop: Stop::Called,
        }
    }

    pub(super) fn stopped(self, stop: Stop) -> Self {
        Self { stop, ..self }
    }

    /// Bytes of text and of arguments.
    pub(super) fn written(&self) -> usize {
        let arguments: usize = self.calls.iter().map(|call| call.arguments.len()).sum();
        arguments + self.text.as_deref().map_or(0, str::len)
    }
}
