//! What a provider may send, and reading it. The first line of an input says how the rest comes: `whole`, `events 7`
//! (in chunks of seven bytes), `refused 429 30` (with that `Retry-After`); without one, in each of these ways.

use std::sync::LazyLock;

use modulatio::models::{
    About, Arrived, Failure, Message, Purpose, Reply, Request, Tool, ToolChoice,
};
use tokio::runtime::{Builder, Runtime};

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime without I/O");
}

/// What was asked.
pub(super) static REQUEST: LazyLock<Request> = LazyLock::new(|| Request {
    call_id: "ESS-P-001-c7".to_owned(),
    about: About {
        purpose: Purpose::PlanTasks,
        sub_objective: 1,
        title: "Essays".to_owned(),
        files: vec!["essay1.md".to_owned()],
        task: None,
        attempt: 1,
        last: false,
    },
    system: "You plan.".to_owned(),
    messages: vec![Message::User("Files: essay1.md".to_owned())],
    tools: vec![Tool {
        name: "submit_tasks",
        description: "Submit the tasks.",
        schema: "{}".parse().expect("JSON"),
    }],
    choice: ToolChoice::Any,
    max_output_tokens: 512,
});

/// The ways in which the input comes.
pub(super) fn ways(bytes: &[u8]) -> Vec<Arrived> {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let (first, rest) = end.map_or((bytes, &bytes[bytes.len()..]), |end| {
        (&bytes[..end], &bytes[end + 1..])
    });
    let first = String::from_utf8_lossy(first);
    let words: Vec<&str> = first.split(' ').collect();
    let number = |at: usize| words.get(at).and_then(|word| word.parse().ok());
    match words[0] {
        "whole" => vec![Arrived::Whole(rest.to_vec())],
        "events" => vec![events(rest, usize::from(number(1).unwrap_or(4096_u16)))],
        "refused" => vec![refused(
            rest,
            number(1).unwrap_or(400),
            words.get(2).copied(),
        )],
        _ => vec![
            Arrived::Whole(bytes.to_vec()),
            events(bytes, 4096),
            refused(bytes, 503, None),
        ],
    }
}

fn events(bytes: &[u8], size: usize) -> Arrived {
    let chunks = bytes.chunks(size.max(1)).map(<[u8]>::to_vec);
    Arrived::Events(chunks.collect())
}

fn refused(bytes: &[u8], status: u16, retry_after: Option<&str>) -> Arrived {
    Arrived::Refused {
        status,
        retry_after: retry_after.map(|wait| wait.as_bytes().to_vec()),
        body: bytes.to_vec(),
    }
}

/// The key that must never be seen again.
pub(super) const KEY: &str = "sk-fuzz-0123456789";

/// Waits for an answer that is there, and looks at it.
pub(super) fn look(answering: impl Future<Output = Result<Reply, Failure>>) {
    let answered = RUNTIME.with(|runtime| runtime.block_on(answering));
    match answered {
        Ok(reply) => {
            let texts = reply.calls.iter().map(|call| &call.arguments);
            let seen = texts.chain([&reply.text]).any(|text| text.contains(KEY));
            assert!(!seen, "the key is repeated");
        }
        Err(failure) => {
            assert!(!failure.message.contains(KEY), "the key is repeated");
            assert!(failure.message.len() < 4096, "a failure as long as a page");
        }
    }
}
