//! Processes of their own for what a process can do only once, or must do alone: this test program again, with one of
//! the tests that are ignored otherwise.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::{Duration, Instant},
};

use modulatio::memory::{Engine, Kind, Settings};

use crate::ground::LONG;

/// The test `name` in a process of its own, whose surroundings are only these.
pub(crate) fn run(name: &str, surroundings: &[(&str, &Path)]) -> Output {
    let mut command = Command::new(env::current_exe().expect("this program"));
    command
        .args([
            "--exact",
            name,
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env_clear()
        .env("HOME", "/nonexistent")
        .env("NO_PROXY", "*");
    command.envs(surroundings.iter().copied());
    command.output().expect("a process")
}

/// What a child printed after `name=`, each time.
pub(crate) fn said(output: &Output, name: &str) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    // The harness writes the test's name before what it prints first.
    let values = text
        .lines()
        .filter_map(|line| line.split_once(name)?.1.strip_prefix('='));
    values.map(str::to_owned).collect()
}

/// The settings that the parent gave by the environment; `None` if there was no parent.
pub(crate) fn settings() -> Option<Settings> {
    let path = |name: &str| env::var_os(name).map(PathBuf::from);
    Some(Settings {
        kind: Kind::Fastembed,
        model_dir: path("CHILD_MODEL"),
        onnxruntime: path("CHILD_LIBRARY"),
        cache_dir: path("CHILD_CACHE")?,
        idle_unload: LONG,
    })
}

#[test]
#[ignore = "a process that other tests start"]
fn asks() {
    let Some(settings) = settings() else { return };
    let engine = Engine::new(settings);
    let now = engine.now();
    println!("\nid={}", now.embedder.id());
    println!("instead={}", now.instead.unwrap_or_default());
    // One that hangs is not waited for longer than by this test.
    let deadline = Instant::now() + Duration::from_secs(if hangs() { 1 } else { 120 });
    while engine.state().downloading && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    println!("downloading={}", engine.state().downloading);
    println!("trouble={}", engine.state().trouble.unwrap_or_default());
    let now = engine.here();
    println!("then={}", now.embedder.id());
    println!("finally={}", now.instead.unwrap_or_default());
}

fn hangs() -> bool {
    env::var_os("CHILD_HANGS").is_some()
}
