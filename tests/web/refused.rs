//! What is refused before anything connects, and arguments that cannot be read.

use std::{io::Write, sync::atomic::AtomicBool};

use modulatio::toolbox::web::{self, Web};

use crate::{fails, server::Server, visit};

#[test]
fn loopback_is_refused_under_every_name() {
    let secret = Server::page("text/plain", "secret");
    let port = secret.port();
    for host in [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "[::1]",
        "[::ffff:7f00:1]",
    ] {
        fails(
            &visit(&format!("http://{host}:{port}/"), &[]),
            "is not allowed",
        );
        fails(
            &visit(&format!("http://{host}/"), &[]),
            "is no public address (loopback)",
        );
    }
    assert!(secret.heads().is_empty());
}

#[test]
fn a_name_that_resolves_to_loopback_is_refused_although_its_address_is_allowed() {
    let server = Server::page("text/plain", "x");
    let url = format!("http://localhost:{}/", server.port());
    fails(&visit(&url, &[&server]), "is not allowed");
    fails(
        &visit("http://localhost:8080/", &[&server]),
        "localhost resolves to ",
    );
    assert!(server.heads().is_empty());
}

#[test]
fn a_name_is_allowed_by_name() {
    let server = Server::page("text/plain", "x");
    let port = server.port();
    let allow = vec![format!("localhost:{port}")];
    let web = Web {
        allow,
        ..Web::default()
    };
    let returned = crate::visit_with(&web, &format!("http://localhost:{port}/"));
    assert!(returned.done, "{}", returned.text);
    fails(&crate::visit_with(&web, &server.url("/")), "is not allowed");
}

#[test]
fn arguments_that_cannot_be_read_are_told() {
    for (arguments, why) in [
        ("", "cannot be read"),
        ("{", "cannot be read"),
        ("[]", "cannot be read"),
        ("{}", "url is missing"),
        ("{\"url\":7}", "cannot be read"),
        ("{\"url\":\"\"}", "is no URL"),
        ("{\"url\":\"example.org\"}", "is no URL"),
        ("{\"url\":\"file:///etc/passwd\"}", "only http and https"),
    ] {
        let cancel = AtomicBool::new(false);
        fails(&web::get(&Web::default(), arguments, 0, &cancel), why);
    }
}

#[test]
fn a_place_where_nobody_serves_is_told() {
    let host = "127.0.0.1:1".to_owned();
    let web = Web {
        allow: vec![host.clone()],
        ..Web::default()
    };
    let returned = crate::visit_with(&web, &format!("http://{host}/"));
    fails(&returned, "no connection to 127.0.0.1");
}

#[test]
fn a_place_that_speaks_no_tls_is_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let host = listener.local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let web = Web {
        allow: vec![host.clone()],
        ..Web::default()
    };
    let returned = crate::visit_with(&web, &format!("https://{host}/"));
    let told = &returned.text;
    // The other on a machine without root certificates.
    let whys = ["no connection to 127.0.0.1", "no client can be set up"];
    assert!(
        !returned.done && whys.iter().any(|why| told.starts_with(why)),
        "{told}"
    );
}
