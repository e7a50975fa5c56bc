//! What agents hand in: every structured answer that the prompts ask for.

use modulatio::prompts::reply as read;
use projections::body;

use super::text;

pub(crate) const WORDS: &[&str] = &[
    "```json\n",
    "```\n",
    "{\"tasks\":[{\"id\":\"a\",\"title\":\"b\",\"brief\":\"c\",\"kind\":\"document\",\"artifacts\":[\"a.md\"]}]}",
    "\"needs\":[\"a\"]",
    "\"producer\":\"coder\"",
    "\"passed\":true",
    "\"defects\":[{\"severity\":\"major\",\"class\":\"substantive\",\"location\":\"l\",\"what\":\"w\"}]",
    "\"outcome\":\"revise-major\"",
    "\"revision\":{\"summary\":\"s\",\"sub_objectives\":[{\"title\":\"t\",\"description\":\"d\"}]}",
    "\"sub_objectives\":[{\"title\":\"t\",\"description\":\"**1. x** — y\",\"files\":[\"../a\"],\"done_when\":[\"\\n\"],\"out_of_scope\":[]}]",
    "\"estimate\":{\"calls\":1,\"tokens\":1,\"cost_usd\":1e308}",
    "\"notes\":[{\"kind\":\"fact\",\"title\":\"t\",\"body\":\"b\",\"tags\":[]}]",
    "\\u0000",
    "\\ud800",
    "\\n### Sub-objectives\\n",
    "null",
    "18446744073709551616",
];

/// A plan whose second item is replaced.
const BODY: &str = "## A\n\n### Sub-objectives\n\n**1. Read** — it\n\n**2. Write** — it\n- Files: a.md\n\n### Risks\n\n- none\n";

/// Reads the text as each of the answers.
pub fn reply(bytes: &[u8]) {
    let text = text(bytes);
    let producers = ["coder".to_owned(), "writer".to_owned()];
    if let Ok(tasks) = read::tasks(3, &text, 12, &producers) {
        assert!((1..=12).contains(&tasks.len()), "{tasks:?}");
    }
    if let Ok(produced) = read::artifact(&text) {
        let _ = produced.files(&["a.md".to_owned()]);
    }
    let _ = read::verdict(&text);
    for last in [false, true] {
        let _ = read::reflection(&text, last);
    }
    if let Ok(drafted) = read::drafted(&text) {
        body::sub_objectives(&drafted.body).expect("a plan that was written down is read back");
    }
    if let Ok(parts) = read::decomposed(&text)
        && let Ok(body) = parts.put_into(BODY, 2)
    {
        let items = body::sub_objectives(&body).expect("a plan that was written down is read back");
        assert!(items.len() > 2, "{body:?}");
    }
    let _ = read::notes(&text);
}
