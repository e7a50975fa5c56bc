//! A model server for tests and demonstrations: real HTTP on loopback, no model behind it.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::Parser;
use modulatio_tools::fake_model::{FakeModel, Script};

/// Serve scripted answers as an OpenAI-compatible model on loopback
#[derive(Debug, Parser)]
#[command(name = "modulatio-fake-model", version)]
struct Arguments {
    /// Port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// JSON file that says how to answer; without it every known tool gets a valid answer
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
}

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
    let server = FakeModel::start_on(arguments.port, script)
        .map_err(|error| format!("cannot listen on port {}: {error}", arguments.port))?;
    // Whoever waits for this line may be gone; the server is of use to others all the same.
    let _ = writeln!(io::stdout(), "listening on {}", server.address());
    server.serve_forever();
    Ok(())
}

fn with_cause(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
