//! `http_get` against real servers on loopback, which are reached because the operator allows them.

mod bodies;
mod pages;
mod patience;
mod redirects;
mod refused;
mod server;

use std::sync::atomic::AtomicBool;

use modulatio::toolbox::{
    Returned,
    web::{self, Web},
};
use serde_json::json;
use server::Server;

/// A visit of `url` by one who may go to `servers`.
fn visit(url: &str, servers: &[&Server]) -> Returned {
    visit_with(&allowing(servers), url)
}

fn visit_with(web: &Web, url: &str) -> Returned {
    let arguments = json!({ "url": url }).to_string();
    web::get(web, &arguments, usize::MAX, &AtomicBool::new(false))
}

fn allowing(servers: &[&Server]) -> Web {
    Web {
        allow: servers.iter().map(|server| server.host()).collect(),
        ..Web::default()
    }
}

/// The text of a visit that failed for this reason.
#[track_caller]
fn fails(returned: &Returned, why: &str) {
    assert!(!returned.done, "it was done: {}", returned.text);
    assert!(returned.text.contains(why), "{}", returned.text);
    assert!(returned.text.len() < 3_000, "{} bytes", returned.text.len());
    assert_eq!(returned.full, None);
}

/// What a page said, between its marks.
#[track_caller]
fn said(returned: &Returned) -> &str {
    let (_, rest) = returned.text.split_once("===== BEGIN ").expect("a mark");
    let (mark, rest) = rest.split_once('\n').expect("a line");
    let end = format!("===== END {mark}\n");
    rest.split_once(&end).expect("the other mark").0
}
