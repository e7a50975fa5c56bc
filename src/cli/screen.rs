//! Where a plan is watched: on a terminal its state is redrawn in place while the news scroll by above it, elsewhere
//! there are only the news, a line each.

use std::{
    io::{self, IsTerminal, Write},
    sync::{Mutex, PoisonError},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output;

/// The lines that are being redrawn, for whoever must write beside them.
static DRAWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Often enough that no change of a state waits for the next one to be seen.
const HERTZ: u8 = 100;

/// Which of the two streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    /// What is watched is what was asked for.
    Data,
    /// What is watched is told beside it.
    Talk,
}

/// A place to watch.
pub(super) enum Screen {
    /// A terminal.
    Terminal(ProgressBar),
    /// No terminal, or one that cannot move its cursor.
    Lines(Stream),
}

impl Screen {
    pub(super) fn on(stream: Stream) -> Self {
        let (terminal, target) = match stream {
            Stream::Data => (
                io::stdout().is_terminal(),
                ProgressDrawTarget::stdout_with_hz(HERTZ),
            ),
            Stream::Talk => (
                io::stderr().is_terminal(),
                ProgressDrawTarget::stderr_with_hz(HERTZ),
            ),
        };
        if !terminal || std::env::var_os("TERM").is_some_and(|term| term == "dumb") {
            return Self::Lines(stream);
        }
        let style = ProgressStyle::with_template("{msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
        let drawn = ProgressBar::with_draw_target(None, target).with_style(style);
        *DRAWN.lock().unwrap_or_else(PoisonError::into_inner) = Some(drawn.clone());
        Self::Terminal(drawn)
    }

    pub(super) fn is_terminal(&self) -> bool {
        matches!(self, Self::Terminal(_))
    }

    /// A line that stays.
    pub(super) fn say(&self, line: &str) {
        match self {
            Self::Terminal(drawn) => drawn.println(line),
            Self::Lines(Stream::Data) => output::print(line),
            Self::Lines(Stream::Talk) => output::tell(line),
        }
    }

    /// The lines that stand below all others, until they are others.
    pub(super) fn draw(&self, text: &[String]) {
        let text = text.join("\n");
        if let Self::Terminal(drawn) = self
            && drawn.message() != text
        {
            drawn.set_message(text);
        }
    }

    /// Takes the redrawn lines off the terminal.
    pub(super) fn clear(&self) {
        if let Self::Terminal(drawn) = self {
            drawn.finish_and_clear();
        }
        *DRAWN.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Stderr, for log lines that come while lines are redrawn: they stand above them.
pub(super) struct Aside;

impl Write for Aside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
        match &*drawn {
            Some(drawn) => drawn.suspend(|| io::stderr().write(bytes)),
            None => io::stderr().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
