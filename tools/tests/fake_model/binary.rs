//! The program as an operator meets it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
};

use modulatio_tools::fake_model::{Behaviour, Script, UsageSays};
use serde::de::DeserializeOwned;
use tempfile::NamedTempFile;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_modulatio-fake-model"))
}

fn script(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

/// Kills the program when the test is over.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Gone already, if it failed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn it_says_where_it_listens_and_logs_a_line_for_each_request_without_secrets() {
    let script = script(r#"{"steps": [{"answer": {"status": {"code": 503}}}]}"#);
    let mut command = program();
    command.arg("--log").arg("--script").arg(script.path());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = Running(command.spawn().unwrap());
    let mut first = String::new();
    let stdout = running.0.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut first).unwrap();
    let address = first.trim().strip_prefix("listening on http://").unwrap();
    let ask = |request: &str, headers: &str, body: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        let length = body.len();
        write!(
            stream,
            "{request} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
    };
    let body = r#"{"messages": [{"role": "user", "content": "u"}]}"#;
    let key = "idempotency-key: k-1\r\nauthorization: Bearer hidden\r\n";
    ask("POST /v1/chat/completions?token=hidden", key, body);
    ask("POST /v1/chat/completions", "", body);
    ask("POST /v1/chat/completions", "", "{}");
    ask("GET /sold", "", "");
    let mut lines = BufReader::new(running.0.stderr.take().unwrap()).lines();
    let mut line = || lines.next().unwrap().unwrap();
    let path = "POST /v1/chat/completions";
    assert_eq!(line(), format!("{path} key=k-1 step=1:status status=503"));
    assert_eq!(line(), format!("{path} key=- step=default status=200"));
    assert_eq!(line(), format!("{path} key=- step=- status=400"));
    assert_eq!(line(), "GET /sold key=- step=- status=200");
}

#[test]
fn a_script_that_cannot_be_used_is_an_error_with_its_path() {
    for (text, word) in [
        (r#"{"steps": [{"anwser": "empty"}]}"#, "anwser"),
        (r#"{"steps": [{"answer": "emtpy"}]}"#, "emtpy"),
        (
            r#"{"chaos": {"seed": 1, "percent": 200, "faults": []}}"#,
            "200",
        ),
        ("{", "line 1"),
    ] {
        let script = script(text);
        let output = program()
            .arg("--script")
            .arg(script.path())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{said}");
        let path = script.path().display().to_string();
        assert!(said.contains(&path) && said.contains(word), "{said}");
    }
    let output = program()
        .args(["--script", "/no/such/script.json"])
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("/no/such/script.json: cannot read"), "{said}");
}

#[test]
fn all_that_the_help_shows_can_be_written_in_a_script() {
    let output = program().arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let (_, scripts) = help.split_once("left out):\n").unwrap();
    let (script, rest) = scripts.split_once("\n\n").unwrap();
    Script::from_json(script.as_bytes()).unwrap();
    let (behaviours, usage) = rest.split_once("about usage:").unwrap();
    let shown: Vec<Behaviour> = examples(behaviours);
    assert_eq!(shown.len(), 33, "{shown:?}");
    let shown: Vec<UsageSays> = examples(usage);
    assert_eq!(shown.len(), 6, "{shown:?}");
}

/// The values on the indented lines of a text.
fn examples<T: DeserializeOwned>(text: &str) -> Vec<T> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("  "));
    let values = lines.flat_map(|line| line.split("  "));
    values
        .map(|value| serde_json::from_str(value).unwrap_or_else(|e| panic!("{value}: {e}")))
        .collect()
}
