//! Redirects, each judged like the first request.

use crate::{allowing, fails, said, server::Server, visit, visit_with};

#[test]
fn a_redirect_to_another_allowed_place_is_followed() {
    let page = Server::page("text/plain", "there");
    for status in [
        "301 Moved Permanently",
        "302 Found",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let door = Server::redirect(status, &page.url("/b"));
        let returned = visit(&door.url("/a"), &[&door, &page]);
        assert!(
            returned.text.starts_with(&page.url("/b\n")),
            "{}",
            returned.text
        );
        assert_eq!(said(&returned), "there\n");
    }
}

#[test]
fn a_redirect_within_a_place_is_followed() {
    let server = Server::start(|stream, head| {
        let answer = if head.starts_with("GET /c/d ") {
            crate::server::response("200 OK", "", "there")
        } else {
            crate::server::response("302 Found", "Location: c/d\r\nSet-Cookie: a=b\r\n", "")
        };
        std::io::Write::write_all(stream, &answer).expect("a reader");
    });
    assert_eq!(said(&visit(&server.url("/"), &[&server])), "there\n");
    assert!(
        server
            .heads()
            .iter()
            .all(|head| !head.to_lowercase().contains("cookie"))
    );
}

#[test]
fn a_redirect_to_a_place_that_is_not_allowed_is_refused_before_it_is_asked() {
    let secret = Server::page("text/plain", "secret");
    let port = secret.port();
    for to in [
        secret.url("/"),
        format!("http://2130706433:{port}/"),
        format!("http://localhost:{port}/"),
        format!("//127.0.0.1:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
    ] {
        let door = Server::redirect("302 Found", &to);
        let returned = visit(&door.url("/"), &[&door]);
        fails(&returned, "redirects to where this tool does not go");
    }
    assert!(secret.heads().is_empty());
}

#[test]
fn a_redirect_off_the_public_web_is_refused() {
    for (to, why) in [
        (
            "http://169.254.169.254/latest/meta-data/",
            "169.254.169.254, which is no public address (link-local)",
        ),
        ("http://localhost/", "localhost resolves to "),
        ("http://[::1]:8080/", "(loopback)"),
        ("http://10.0.0.1/", "(private)"),
        ("http://0/", "(unspecified)"),
        ("file:///etc/passwd", "only http and https"),
        ("ftp://127.0.0.1/", "only http and https"),
        ("http://user:word@127.0.0.1/", "name or password"),
        ("http://8.8.8.8:22/", "port 22 of 8.8.8.8 is not allowed"),
        ("http://[", "is no URL"),
    ] {
        let door = Server::redirect("301 Moved Permanently", to);
        fails(&visit(&door.url("/"), &[&door]), why);
    }
}

#[test]
fn a_loop_of_redirects_ends() {
    let server = Server::redirect("302 Found", "/again");
    let returned = visit(&server.url("/"), &[&server]);
    fails(&returned, "redirects more than 5 times");
    assert_eq!(server.heads().len(), 6);
    let mut web = allowing(&[&server]);
    web.limits.redirects = 0;
    fails(
        &visit_with(&web, &server.url("/")),
        "redirects more than 0 times",
    );
    assert_eq!(server.heads().len(), 7);
}

#[test]
fn a_redirect_to_nowhere_is_a_page_like_others() {
    let server = Server::of(crate::server::response("302 Found", "", "nowhere"));
    assert_eq!(said(&visit(&server.url("/"), &[&server])), "nowhere\n");
}
