//! Answers in OpenAI's protocol: whole, as events in chunks, and refusals.

use modulatio::models::{KeyFrom, OpenAi, OpenAiSettings, Service};

use super::answered::{KEY, REQUEST, look, ways};

pub(crate) const WORDS: &[&str] = &[
    "whole\n",
    "events 1\n",
    "events 7\n",
    "refused 429 30\n",
    "data: ",
    "data:[DONE]\n\n",
    "event: error\n",
    "\n\n",
    "\r\n\r\n",
    ":\n",
    "id: 1\nretry: 99999999999999999999\n",
    "{\"choices\":[{\"delta\":{\"content\":\"a\"}}]}",
    "{\"choices\":[{\"message\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}",
    "\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"submit_tasks\",\"arguments\":\"{\"}}]",
    "\"index\":18446744073709551615",
    "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":-1,\"cost\":1e300}",
    "\"error\":{\"message\":\"m\",\"code\":429}",
    "null",
    "sk-fuzz-0123456789",
    "\u{feff}",
];

thread_local! {
    static PROVIDER: OpenAi = provider();
}

fn provider() -> OpenAi {
    let mut service = Service::new("http://127.0.0.1:1/v1", "m");
    service.key = KeyFrom::Env("KEY".to_owned());
    let settings = OpenAiSettings::new(service);
    OpenAi::with_keys(settings, |_| Some(KEY.to_owned())).expect("settings that can be used")
}

/// Reads the bytes as an answer.
pub fn openai(bytes: &[u8]) {
    PROVIDER.with(|provider| {
        for way in ways(bytes) {
            look(provider.hear(&REQUEST, way));
        }
    });
}
