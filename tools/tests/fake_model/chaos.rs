//! Chaos over HTTP: the same faults at the same requests in every run.

use modulatio_tools::fake_model::{FakeModel, Script};

use crate::client::{Protocol, call};

fn statuses(seed: u64) -> Vec<u16> {
    let text = format!(
        r#"{{"chaos": {{"seed": {seed}, "percent": 40, "faults": ["hang_up", {{"status": {{"code": 500}}}}]}}}}"#
    );
    let server = FakeModel::start(Script::from_json(text.as_bytes()).unwrap()).unwrap();
    let ask = |at: usize| {
        let protocol = [Protocol::OpenAi, Protocol::Anthropic][at % 2];
        call(&server, protocol, &protocol.body(at.is_multiple_of(3))).status
    };
    (0..24).map(ask).collect()
}

#[test]
fn a_seed_is_a_run() {
    let run = statuses(7);
    assert_eq!(run, statuses(7));
    assert_ne!(run, statuses(8));
    for status in [0, 200, 500] {
        assert!(run.contains(&status), "{run:?}");
    }
}
