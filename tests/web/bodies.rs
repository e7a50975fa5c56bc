//! Bodies that are too long, broken, or no text.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};

use crate::{
    allowing, fails, said,
    server::{Server, response},
    visit, visit_with,
};

fn gzipped(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).expect("memory takes everything");
    encoder.finish().expect("memory takes everything")
}

fn coded(coding: &str, body: &[u8]) -> Server {
    let headers = format!("Content-Type: text/plain\r\nContent-Encoding: {coding}\r\n");
    Server::of(response("200 OK", &headers, body))
}

#[test]
fn a_huge_body_is_read_up_to_its_cap() {
    let server = Server::start(|stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n");
        while stream.write_all(&[b'x'; 65_536]).is_ok() {}
    });
    let returned = visit(&server.url("/"), &[&server]);
    assert!(returned.done, "{}", returned.text);
    assert!(returned.text.len() <= 32 << 10);
    assert!(returned.text.contains("+ bytes are shown"));
    let full = returned.full.expect("the whole");
    assert!(full.len() <= 1 << 20 && full.len() > 1_000_000);
    assert!(full.ends_with("bytes of text were kept]\n"));
}

#[test]
fn a_body_at_its_cap_is_whole_and_one_beyond_is_not() {
    let server = Server::page("text/plain", "12345678");
    let mut web = allowing(&[&server]);
    for (cap, kept, cut) in [(8, 8, false), (9, 8, false), (7, 7, true), (0, 0, true)] {
        web.limits.body = cap;
        let returned = visit_with(&web, &server.url("/"));
        assert!(returned.done);
        if kept > 0 {
            assert_eq!(said(&returned).trim_end().len(), kept);
        }
        assert_eq!(returned.text.contains("goes on"), cut && kept > 0, "{cap}");
    }
}

#[test]
fn a_gzipped_body_is_unpacked() {
    for coding in ["gzip", "x-gzip", " GZip "] {
        let server = coded(coding, &gzipped(b"packed"));
        assert_eq!(said(&visit(&server.url("/"), &[&server])), "packed\n");
    }
    let members = [gzipped(b"one "), gzipped(b"two")].concat();
    let server = coded("gzip", &members);
    assert_eq!(said(&visit(&server.url("/"), &[&server])), "one two\n");
}

#[test]
fn a_gzip_bomb_stops_at_the_cap() {
    let bomb = gzipped(&vec![b'x'; 64 << 20]);
    assert!(bomb.len() < 300 << 10);
    let server = coded("gzip", &bomb);
    let returned = visit(&server.url("/"), &[&server]);
    assert!(returned.done && returned.text.len() <= 32 << 10);
    assert!(returned.full.is_some_and(|full| full.len() <= 1 << 20));
}

#[test]
fn a_gzipped_body_that_is_none_is_told() {
    let server = coded("gzip", b"plain");
    fails(
        &visit(&server.url("/"), &[&server]),
        "the body broke off after 0 bytes",
    );
    let mut torn = gzipped(&vec![b'x'; 100_000]);
    torn.truncate(torn.len() / 2);
    let server = coded("gzip", &torn);
    fails(
        &visit(&server.url("/"), &[&server]),
        "the body broke off after ",
    );
    let server = coded("br", b"x");
    fails(&visit(&server.url("/"), &[&server]), "encoded as \"br\"");
}

#[test]
fn a_body_shorter_than_it_says_is_no_page() {
    let server = Server::of(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 99\r\n\r\nonly this",
    );
    fails(
        &visit(&server.url("/"), &[&server]),
        "the body broke off after 9 bytes",
    );
}

#[test]
fn a_body_is_no_longer_than_it_says() {
    let server = Server::of("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nthishidden");
    assert_eq!(said(&visit(&server.url("/"), &[&server])), "this\n");
    for length in ["-1", "x", "99999999999999999999999"] {
        let server = Server::of(format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nx"
        ));
        fails(&visit(&server.url("/"), &[&server]), "gave no answer");
    }
}

#[test]
fn what_is_no_text_is_told_with_its_type_and_size() {
    let pdf = Server::page("application/pdf", "%PDF-1.7 ...");
    fails(
        &visit(&pdf.url("/a"), &[&pdf]),
        "/a is application/pdf of 12 bytes, which is no text",
    );
    let bytes = Server::of("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\nx");
    fails(
        &visit(&bytes.url("/"), &[&bytes]),
        "application/octet-stream of unknown size",
    );
    let liar = Server::page("text/plain", "\x7fELF\0\0\0");
    fails(
        &visit(&liar.url("/"), &[&liar]),
        "said to be text/plain, but is no text",
    );
}

#[test]
fn a_hostile_page_of_html_is_a_page() {
    let deep = Server::page("text/html", "<div><b><table><ul>".repeat(50_000));
    assert!(visit(&deep.url("/"), &[&deep]).done);
    let torn = Server::page("text/html", "<p>a</p><a href='\"<b &#x; <!-- <script> é");
    assert_eq!(said(&visit(&torn.url("/"), &[&torn])), "a\n");
}
