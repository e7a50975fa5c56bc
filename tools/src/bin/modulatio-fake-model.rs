//! A model server for tests and demonstrations: real HTTP on loopback, no model behind it.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::Parser;
use modulatio_tools::fake_model::{FakeModel, LogLine, Script};

/// Serve scripted answers as a model on loopback, in OpenAI's and in Anthropic's protocol
///
/// Prints `listening on http://127.0.0.1:PORT` and serves until it is stopped. Point a model's base_url at that
/// address with `/v1` behind it. GET /sold tells what was paid, GET /requests what was asked.
#[derive(Debug, Parser)]
#[command(name = "modulatio-fake-model", version, after_long_help = SCRIPTS)]
struct Arguments {
    /// Port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// JSON file that says how to answer; without it every known tool gets a valid answer
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Write one line for each request to stderr: method, path, idempotency key, step taken, status
    #[arg(long)]
    log: bool,
}

const SCRIPTS: &str = r#"Scripts (every part may be left out):
  {
    "steps": [
      {"when": {"tool": "submit_verdict"}, "times": 2,
       "answer": {"arguments": {"passed": false}}},
      {"when": {"last_message": "essay2.md", "stream": true}, "delay_ms": 50,
       "usage": "greedy", "answer": {"stall": {"after": 3}}}
    ],
    "chaos": {"seed": 7, "percent": 20,
              "faults": ["hang_up", {"status": {"code": 500}}]},
    "delay_ms": 100, "usage": "counted", "always_usage": true,
    "prices": {"input_usd": 3, "output_usd": 15}
  }

A request is answered by the first step that is for it and not used up (each
answers one request unless "times" says how many, 0 for all), else by chaos,
else by the default answer.
Conditions: tool, offers, last_message, model, stream.

What is said:
  "default"  "wrong_schema"  "malformed_arguments"  "empty"
  "stop_for_length"  "refusal"  "content_filter"
  {"arguments": {}}  {"raw_arguments": "{"}
  {"text": "hello"}  {"fenced": null}  {"huge": {"bytes": 1000000}}
  {"tool_calls": [{"name": "read_file", "arguments": {}}]}
  {"text_and_tool_calls": {"text": "hello", "tool_calls": []}}

What comes instead:
  "hang_up"  "stall_before_head"  "context_too_long"
  {"status": {"code": 429, "retry_after": "7", "message": "slow down"}}
  {"refuse": {"code": 429, "headers": {"retry-after-ms": "20"}}}
  {"html": {"code": 502}}  {"body": "{"}  {"event_stream": "data: {"}

How it comes (a stream's pieces are its events, a body's its quarters; all but
the first may hold an "answer" that is delivered so):
  "truncated"  {"truncated_json": {}}  {"no_done": {}}  {"unstreamed": {}}
  {"cut": {"after": 3}}  {"stall": {"after": 3}}  {"slow": {"pause_ms": 50}}
  {"keep_alive": {"every_ms": 500, "times": 9}}  {"fragments": {"bytes": 1}}
  {"malformed_data": {"after": 3}}
  {"error_in_stream": {"after": 3, "code": 529, "answer": {"text": "hello"}}}

What is said about usage:
  "counted"  "missing"  "greedy"  {"raw": {"prompt_tokens": -1}}
  {"exactly": {"input_tokens": 1, "output_tokens": 2}}
  {"detailed": {"input_tokens": 9, "cached_input_tokens": 8, "cost_usd": 0.5}}"#;

fn main() -> ExitCode {
    match serve(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn serve(arguments: &Arguments) -> Result<(), String> {
    let script = match &arguments.script {
        Some(path) => Script::read(path)
            .map_err(|error| format!("{}: {}", path.display(), with_cause(&error)))?,
        None => Script::default(),
    };
    let port = arguments.port;
    let server = if arguments.log {
        FakeModel::start_logged(port, script, print)
    } else {
        FakeModel::start_on(port, script)
    };
    let server = server.map_err(|error| format!("cannot listen on port {port}: {error}"))?;
    // Whoever waits for this line may be gone; the server is of use to others all the same.
    let _ = writeln!(io::stdout(), "listening on {}", server.address());
    server.serve_forever();
    Ok(())
}

fn print(line: &LogLine) {
    // Nobody may be reading; the server goes on.
    let _ = writeln!(io::stderr(), "{line}");
}

fn with_cause(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
