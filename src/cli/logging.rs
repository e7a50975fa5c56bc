//! Log lines on stderr, as text or as JSON. `RUST_LOG` decides what is told if it is set, else -v and -q, else
//! `--log-level`, else the command: a daemon tells what it does, other commands only what is wrong.

use std::{
    env::{self, VarError},
    io::IsTerminal,
    sync::OnceLock,
};

use serde_json::json;
use tracing_subscriber::EnvFilter;

use super::{
    args::{Args, Command, LogFormat, LogLevel, Said},
    screen::Aside,
};
use crate::{clock, error::Error};

/// How a command says why it ends: how its log lines look, and whether its views are JSON.
static VOICE: OnceLock<(LogFormat, bool)> = OnceLock::new();

pub(super) fn start(args: &Args) {
    VOICE.get_or_init(|| (args.log_format(), args.json));
    let default = directives(level(args));
    let (filter, fault) = match wished(env::var("RUST_LOG")) {
        Ok(filter) => (filter.unwrap_or_else(|| EnvFilter::new(default)), None),
        Err(fault) => (EnvFilter::new(default), Some(fault)),
    };
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // A line that cannot be written is told on stderr, which is where it could not be written: that ends the thread.
        .log_internal_errors(false)
        .with_writer(|| Aside);
    match args.log_format() {
        LogFormat::Text => lines.with_ansi(colour()).init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
    // As an error, so that every filter of ours lets it through.
    if let Some(fault) = fault {
        tracing::error!("{fault}; it is ignored, and the filter is {default:?}");
    }
}

/// The error that ends a command, for stderr. No filter may keep it back.
pub(super) fn last_words(error: &Error, hint: Option<String>) -> String {
    let told = error.told();
    let (format, json) = *VOICE.get().unwrap_or(&(LogFormat::Text, false));
    let mut object = match (format, json) {
        (LogFormat::Text, false) => {
            let hint = hint.map_or_else(String::new, |hint| format!("\nhint: {hint}"));
            return format!("error: {told}{hint}");
        }
        (LogFormat::Text, true) => json!({"error": null, "hint": hint, "exit": null}),
        (LogFormat::Json, _) => json!({
            "timestamp": clock::now(),
            "level": "ERROR",
            "message": told,
            "hint": hint,
            "exit_code": error.exit_code(),
            "target": "modulatio",
        }),
    };
    if json {
        object["error"] = json!(told);
        object["exit"] = json!(error.exit_code());
    }
    object.to_string()
}

/// How much is told, for people, and who says so where it is not what was typed or set for it.
pub(super) fn told_level(args: &Args) -> (String, Option<Said>) {
    if let Ok(filter) = env::var("RUST_LOG")
        && EnvFilter::try_new(&filter).is_ok()
        && !filter.is_empty()
    {
        return (filter, Some(Said::Environment));
    }
    let typed = args.quiet || args.verbose > 0;
    let word = match level(args) {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    };
    (word.to_owned(), typed.then_some(Said::Typed))
}

fn level(args: &Args) -> LogLevel {
    let is_daemon = matches!(args.command, Command::Daemon(_));
    match (args.quiet, args.verbose, args.log_level) {
        (true, _, _) => LogLevel::Error,
        (false, 0, Some(level)) => level,
        (false, 0, None) if is_daemon => LogLevel::Info,
        (false, 0, None) => LogLevel::Warn,
        (false, 1, _) if is_daemon => LogLevel::Debug,
        (false, 1, _) => LogLevel::Info,
        (false, _, _) => LogLevel::Trace,
    }
}

/// A level is about this program; of the libraries below it, what is wrong is enough.
fn directives(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "modulatio=info,warn",
        LogLevel::Debug => "modulatio=debug,warn",
        LogLevel::Trace => "modulatio=trace,info",
    }
}

/// The filter that the operator wrote. Set but empty is not set.
fn wished(value: Result<String, VarError>) -> Result<Option<EnvFilter>, String> {
    match value {
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err("RUST_LOG is not text".to_owned()),
        Ok(wish) if wish.is_empty() => Ok(None),
        Ok(wish) => EnvFilter::try_new(&wish)
            .map(Some)
            .map_err(|why| format!("RUST_LOG {wish:?} is no filter: {why}")),
    }
}

fn colour() -> bool {
    std::io::stderr().is_terminal() && env::var_os("NO_COLOR").is_none()
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        sync::{Arc, Mutex},
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What is written under a filter when `act` logs.
    fn told(filter: &str, act: impl FnOnce()) -> Vec<serde_json::Value> {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(filter))
            .with_writer(move || writer.clone())
            .json()
            .flatten_event(true)
            .finish();
        tracing::subscriber::with_default(subscriber, act);
        let bytes = lines.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        let object = |line| serde_json::from_str(line).unwrap();
        text.lines().map(object).collect()
    }

    #[test]
    fn a_warning_of_the_context_budget_passes_every_default_but_errors_only() {
        let warn = || {
            tracing::warn!(target: "modulatio.context_budget", modulatio_event = "trimmed", "short");
        };
        for level in [
            LogLevel::Warn,
            LogLevel::Info,
            LogLevel::Debug,
            LogLevel::Trace,
        ] {
            let lines = told(directives(level), warn);
            assert_eq!(lines.len(), 1, "{level:?}");
            assert_eq!(lines[0]["target"], "modulatio.context_budget");
            assert_eq!(lines[0]["level"], "WARN");
            assert_eq!(lines[0]["modulatio_event"], "trimmed");
            assert_eq!(lines[0]["message"], "short");
        }
        assert!(told(directives(LogLevel::Error), warn).is_empty());
    }

    #[test]
    fn the_program_is_heard_at_its_level_and_libraries_when_something_is_wrong() {
        let speak = || {
            tracing::debug!(target: "modulatio::daemon", "asking");
            tracing::info!(target: "modulatio::daemon", "claimed");
            tracing::info!(target: "hyper", "connected");
            tracing::warn!(target: "hyper", "slow");
            tracing::error!(target: "modulatio::daemon", "lost");
        };
        let count = |level| told(directives(level), speak).len();
        assert_eq!(count(LogLevel::Error), 1);
        assert_eq!(count(LogLevel::Warn), 2);
        assert_eq!(count(LogLevel::Info), 3);
        assert_eq!(count(LogLevel::Debug), 4);
        assert_eq!(count(LogLevel::Trace), 5);
    }
}
