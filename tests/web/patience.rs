//! Servers that take their time, and callers that do not.

use std::{
    io::Write,
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use modulatio::toolbox::{Returned, web};

use crate::{allowing, fails, server::Server, visit, visit_with};

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(400);
/// On a busy machine; still far below what the servers here would take.
const SOON: Duration = Duration::from_secs(8);

/// A visit with little time; says how long it took.
fn hurried(server: &Server) -> (Returned, Duration) {
    let mut web = allowing(&[server]);
    web.limits.time = SHORT;
    let began = Instant::now();
    let returned = visit_with(&web, &server.url("/"));
    (returned, began.elapsed())
}

/// A byte now and then.
fn drip(stream: &mut TcpStream) {
    while stream.write_all(b"x").is_ok() {
        thread::sleep(Duration::from_millis(20));
    }
}

fn dripping(head: &'static str) -> Server {
    Server::start(move |stream, _| {
        let _ = stream.write_all(head.as_bytes());
        drip(stream);
    })
}

#[test]
fn a_server_that_drips_is_left_in_time() {
    for head in [
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX-Slow: ",
        "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n\r\n",
    ] {
        let (returned, took) = hurried(&dripping(head));
        fails(&returned, "not done within 400ms");
        assert!(took >= SHORT && took < SOON, "{took:?}");
    }
}

#[test]
fn a_server_that_stalls_is_left_in_time() {
    for head in [
        "",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nonly",
    ] {
        let server = Server::start(move |stream, _| {
            let _ = stream.write_all(head.as_bytes());
            thread::sleep(LONG);
        });
        let (returned, took) = hurried(&server);
        fails(&returned, "not done within 400ms");
        assert!(took < SOON, "{took:?}");
    }
}

#[test]
fn a_packed_body_that_never_yields_a_byte_is_left_in_time() {
    let gone = Arc::new(AtomicBool::new(false));
    let leaving = gone.clone();
    let server = Server::start(move |stream, _| {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\n\r\n";
        let _ = stream.write_all(head.as_bytes());
        // A member of nothing.
        let nothing = [
            31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ];
        while stream.write_all(&nothing.repeat(100)).is_ok() {}
        leaving.store(true, Ordering::Relaxed);
    });
    let (returned, took) = hurried(&server);
    fails(&returned, "not done within 400ms");
    assert!(took < SOON, "{took:?}");
    // The thread behind it lets the server go, too.
    let began = Instant::now();
    while !gone.load(Ordering::Relaxed) {
        assert!(began.elapsed() < SOON, "it still reads");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_head_without_end_is_refused() {
    let server = Server::start(|stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        let line = format!("X-Bomb: {}\r\n", "x".repeat(1_000));
        while stream.write_all(line.as_bytes()).is_ok() {}
    });
    fails(&visit(&server.url("/"), &[&server]), "gave no answer");
    let line = Server::start(|stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nX-Bomb: ");
        while stream.write_all(&[b'x'; 65_536]).is_ok() {}
    });
    fails(&visit(&line.url("/"), &[&line]), "gave no answer");
    let junk = Server::of("this is no HTTP\r\n\r\n");
    fails(&visit(&junk.url("/"), &[&junk]), "gave no answer");
    let silent = Server::of("");
    fails(&visit(&silent.url("/"), &[&silent]), "gave no answer");
}

#[test]
fn a_cancelled_visit_ends_at_once_wherever_it_stands() {
    for head in [
        "HTTP/1.1 200 OK\r\nX-Slow: ",
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n",
    ] {
        let server = dripping(head);
        let cancel = Arc::new(AtomicBool::new(false));
        let setting = cancel.clone();
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(200));
            setting.store(true, Ordering::Relaxed);
        });
        let arguments = format!("{{\"url\":\"{}\"}}", server.url("/"));
        let began = Instant::now();
        let returned = web::get(&allowing(&[&server]), &arguments, 0, &cancel);
        fails(&returned, "it was cancelled");
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    }
}

#[test]
fn a_visit_cancelled_before_it_begins_asks_nothing_of_a_page() {
    let server = Server::page("text/plain", "x");
    let arguments = format!("{{\"url\":\"{}\"}}", server.url("/"));
    let cancel = AtomicBool::new(true);
    fails(
        &web::get(&allowing(&[&server]), &arguments, 0, &cancel),
        "it was cancelled",
    );
}

/// As the daemon calls it.
#[test]
fn it_works_in_a_blocking_thread_of_a_runtime() {
    let server = Server::page("text/plain", "x");
    let (web, url) = (allowing(&[&server]), server.url("/"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let visit = runtime.spawn_blocking(move || visit_with(&web, &url));
    assert!(runtime.block_on(visit).expect("no panic").done);
}
