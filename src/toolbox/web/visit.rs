//! The tool itself: its arguments, a thread that works, and a wait that can be cancelled.

use std::{
    sync::{atomic::AtomicBool, mpsc},
    thread,
};

use serde::Deserialize;

use super::{super::Returned, Web, answer::Answer, fetch::fetch, patience::Patience, target};

#[derive(Debug, Default, Deserialize)]
struct Arguments {
    url: Option<String>,
}

/// Gets the page that `arguments` (JSON text as a model wrote it) name. The model has room for about `room` bytes of
/// what it returns.
///
/// It blocks until the page is there, `web.limits.time` is over, or `cancel` is set. The work is done in a thread of
/// its own, which may live on for a while after that: no system resolves a name in a way that can be stopped. What
/// that thread finds then is dropped, and a fault in it ends nothing else.
#[must_use]
pub fn get(web: &Web, arguments: &str, room: usize, cancel: &AtomicBool) -> Returned {
    match found(web, arguments, cancel) {
        Ok(answer) => answer.returned(room),
        Err(why) => Returned::failed(why),
    }
}

fn found(web: &Web, arguments: &str, cancel: &AtomicBool) -> Result<Answer, String> {
    let url = url_of(arguments)?;
    let patience = Patience::of(web.limits.time);
    let (tell, told) = mpsc::channel();
    let (theirs, allow, limits) = (patience.clone(), web.allow.clone(), web.limits);
    let work = move || {
        let page = fetch(url, &allow, limits, &theirs);
        // Nobody listens any more where the wait was given up.
        let _ = tell.send(page.and_then(|page| Answer::of(&page, &theirs)));
    };
    thread::Builder::new()
        .name("http_get".to_owned())
        .spawn(work)
        .map_err(|why| format!("no thread can be started for it: {why}"))?;
    patience.wait(&told, cancel)
}

fn url_of(arguments: &str) -> Result<reqwest::Url, String> {
    let read: Arguments = serde_json::from_str(arguments)
        .map_err(|why| format!("the arguments of http_get cannot be read: {why}"))?;
    let url = read.url.ok_or("url is missing")?;
    target::read(&url)
}
