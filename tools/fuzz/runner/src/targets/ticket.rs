//! Ticket files: our own as operators edit them, and such as another program left.

use std::sync::LazyLock;

use modulatio::vault::answer;
use projections::{
    document,
    event::{Priority, TicketSubject},
    found,
    ids::{PlanId, TicketId},
    payload::{Anchor, Digest},
    plan::{FrameMark, Ticket},
    ticket::render,
    time::Timestamp,
};

pub(crate) const WORDS: &[&str] = &[
    "---\n",
    "decision: approved\n",
    "decision: declined\n",
    "decision: ",
    "note: |\n  ",
    "note: ",
    "status: open\n",
    "status: closed\n",
    "approval_required: true\n",
    "priority: ",
    "id: ESS-7\n",
    "# a remark\n",
    "digest: ",
    "created_at: '2026-11-20T20:34:46.889008+00:00'\n",
    "plan: ESS-PLAN-001\n",
    "&a [*a]",
    "\r\n",
    "\u{feff}",
];

static ASKED: LazyLock<Ticket> = LazyLock::new(|| {
    let at = Timestamp::from_micros(1_795_000_000_000_000);
    Ticket {
        priority: Priority::Blocker,
        subject: TicketSubject::Reply,
        title: "What now?".to_owned(),
        body: "Look.\n".to_owned(),
        digest: Digest::of(b"shown"),
        opened_at: at,
        found_as: None,
        changed: FrameMark {
            anchor: Anchor {
                seq: 3,
                b3: Digest::of(b"frame"),
            },
            at,
            by: "fuzz".to_owned(),
        },
        for_information: false,
        withdrawn: None,
        answer: None,
    }
});

/// Reads the bytes as the file of ticket ESS-7, which is asked about plan ESS-P-001; and the bytes behind its
/// rendering, as if they had been written into it.
pub fn ticket(bytes: &[u8]) {
    let plan: PlanId = "ESS-P-001".parse().expect("an id");
    let id: TicketId = "ESS-7".parse().expect("an id");
    if let Ok(read) = document::read(bytes) {
        let _ = found::ticket::read(&id, &read);
    }
    let _ = answer::heard(&plan, &id, &ASKED, bytes);
    let ours = render(&plan, &id, &ASKED);
    let (front, body) = ours
        .split_once("\n---\n")
        .expect("a rendering has a frontmatter");
    let edited = [front.as_bytes(), b"\n", bytes, b"\n---\n", body.as_bytes()].concat();
    let _ = answer::heard(&plan, &id, &ASKED, &edited);
}
