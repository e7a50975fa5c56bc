//! What becomes of HTML, well made or not.

use std::time::Duration;

use proptest::{collection::vec, prelude::*, sample::select};

use super::*;

fn reading(html: &str) -> Reading {
    let url = Url::parse("https://example.org/a/b").expect("a URL");
    read(html, &url, 1 << 20, &Patience::of(Duration::from_secs(60))).expect("time enough")
}

fn text(html: &str) -> String {
    reading(html).text
}

#[test]
fn paragraphs_headings_and_breaks_are_lines() {
    let html =
        "<!doctype html><body>\n<h1>One</h1><p>a\n  b<b>c</b> d<p>e<br>f<br><br>g<div>h</div>i";
    assert_eq!(text(html), "# One\n\na bc d\n\ne\nf\n\ng\nh\ni");
    assert_eq!(text("<h2></h2>x<h3> y </h3>"), "x\n\n### y");
    assert_eq!(text("  plain  text "), "plain text");
    assert_eq!(text(""), "");
}

#[test]
fn lists_are_marked_and_nested() {
    let html = "x<ul><li>a<ul><li>b</li><li>c</ul><li>d</ul><ol start=3><li>e<li>f</ol>y";
    assert_eq!(text(html), "x\n\n- a\n  - b\n  - c\n- d\n\n3. e\n4. f\n\ny");
    let last = "<ol start=18446744073709551615><li>a<li>b";
    assert_eq!(
        text(last),
        "18446744073709551615. a\n18446744073709551615. b"
    );
    assert_eq!(text("<ol start=-1e9><li>a"), "1. a");
}

#[test]
fn cells_of_a_row_stand_in_one_line() {
    let html = "<table>\n <tr> <th>a</th> <th> b </th></tr>\n<tr><td>c<td>d</table>";
    assert_eq!(text(html), "a | b\nc | d");
}

#[test]
fn quotes_and_code_keep_their_shape() {
    assert_eq!(text("<blockquote>a<p>b</blockquote>c"), "> a\n\n> b\n\nc");
    let code = "<p>x<pre>\nfn a() {\n    b  c\n\n}</pre>y  z";
    assert_eq!(text(code), "x\n\nfn a() {\n    b  c\n\n}\n\ny z");
}

#[test]
fn links_stand_beside_their_words_and_are_whole() {
    let html = "see <a href='../c?d=1&amp;e=2#f'> the <i>page</i> </a>.";
    assert_eq!(
        text(html),
        "see [the page](https://example.org/c?d=1&e=2#f) ."
    );
    assert_eq!(
        text("<base href=//b.org/><a href=x>y</a>"),
        "[y](https://b.org/x)"
    );
    assert_eq!(
        text("<a href=/x>y<a href=/z>w"),
        "[y](https://example.org/x)[w](https://example.org/z)"
    );
    for html in [
        "<a href='#top'>y</a>",
        "<a>y</a>",
        "<a href='javascript:alert(1)'>y</a>",
        "<a href='data:text/html,x'>y</a>",
        "<a href=/x></a>y",
        "<a href='http://['>y</a>",
    ] {
        assert_eq!(text(html), "y", "{html}");
    }
    let long = format!("<a href='{}'>y</a>", "x".repeat(1_000));
    assert_eq!(text(&long), "y");
}

#[test]
fn what_is_not_for_reading_is_dropped() {
    let html = "a<script>if (x < y) { '</p>' }</script><style>p{}</style><!-- c --><template><p>t</template>\
                <iframe><p>i</iframe><svg><title>s</title><path/><text>v</text></svg><noscript>b</noscript>";
    assert_eq!(text(html), "ab");
    assert_eq!(text("a<svg/>b<svg><g>c<p>d"), "ab\n\nd");
    assert_eq!(
        text("<img alt=' a\n b '><img src=x><img alt=''>"),
        "[image: a b]"
    );
}

#[test]
fn the_first_title_is_the_title() {
    let html = "<title>\n A &amp; <b> B</title><title>C</title><svg><title>D</title></svg>x";
    let reading = reading(html);
    assert_eq!(reading.title.as_deref(), Some("A & <b> B"));
    assert_eq!(reading.text, "x");
    let long = format!("<title>{}</title>", "é ".repeat(5_000));
    let title = super::tests::reading(&long).title.expect("a title");
    assert!(title.chars().count() <= 200);
    assert_eq!(super::tests::reading("<title> </title>x").title, None);
}

#[test]
fn entities_become_their_characters() {
    assert_eq!(
        text("&lt;p&gt; &eacute;&#233;&#xe9; &nosuch; &#0; &#1114112;"),
        "<p> ééé &nosuch; \u{fffd} \u{fffd}"
    );
}

#[test]
fn a_page_that_is_cut_anywhere_is_read_as_far_as_it_goes() {
    let html = "<title>t&eacute;</title><p>a <a href='/x'>é</a><script>s</script><ul><li>b<!-- c --><td>&lt;</pre>€";
    for (at, _) in html.char_indices() {
        let _ = reading(&html[..at]);
        let _ = reading(&html[at..]);
    }
}

/// What pages are made of, the odd parts as often as the others.
const PARTS: [&str; 48] = [
    "a",
    " ",
    "\n",
    "é",
    "\0",
    "\r",
    "&lt;",
    "&#x1f600;",
    "&",
    "<",
    ">",
    "\"",
    "<p>",
    "</p>",
    "<br>",
    "<div>",
    "</div>",
    "<h1>",
    "</h1>",
    "<ul>",
    "</ul>",
    "<ol start=9>",
    "<li>",
    "<table>",
    "<tr>",
    "<td>",
    "</table>",
    "<pre>",
    "</pre>",
    "<a href=x>",
    "<a href='#'>",
    "</a>",
    "<title>",
    "</title>",
    "<script>",
    "</script>",
    "<svg>",
    "<svg/>",
    "</svg>",
    "<template>",
    "</template>",
    "<blockquote>",
    "</blockquote>",
    "<base href=/y/>",
    "<img alt=i>",
    "<!--",
    "-->",
    "<textarea>",
];

proptest! {
    #[test]
    fn any_page_is_read_within_bounds(parts in vec(select(&PARTS[..]), 0..60)) {
        let html = parts.concat();
        let reading = reading(&html);
        prop_assert!(reading.text.len() <= 10 + 40 * html.len());
        prop_assert!(!reading.text.starts_with('\n'));
    }
}

/// Pages that make a tree of a browser's parser grow without bound, or its stack, or its time.
#[test]
fn no_page_costs_more_than_its_length() {
    let pages = [
        "<div>",
        "<b>",
        "<b><p>x",
        "<a href=x>",
        "<a><p>x",
        "<blockquote>x",
        "<ul><li>x",
        "<ol><li>x",
        "<table><tr><td>x",
        "<td>",
        "<dl><dt>x<dd>y",
        "<svg><p>",
        "<template>",
        "<select><option>x",
        "</p>",
        "<b><i></b></i>x",
        "<h6>",
        "<pre>\n\n",
        "<br>x",
        "&amp;",
        "&",
        "<",
        "<!",
        "<!--",
        "</",
        "<a b=c d",
        "\"'>",
        "<title>",
        "<textarea>",
        "<script>",
        "<svg><title>",
        "<plaintext>",
    ];
    for page in pages {
        let html = page.repeat(100_000 / page.len());
        let reading = reading(&html);
        assert!(reading.text.len() <= 10 * html.len(), "{page}");
    }
    let fonts: String = (0..10_000).map(|n| format!("<p><font a={n}>x")).collect();
    assert_eq!(text(&fonts).len(), 3 * 10_000 - 2);
    let attributes: String = (0..5_000).map(|n| format!(" a{n}=1")).collect();
    assert_eq!(text(&format!("<b{attributes}>x")), "x");
}

#[test]
fn no_more_is_read_than_is_wanted_nor_longer() {
    let url = Url::parse("https://example.org/").expect("a URL");
    let html = "<p>word".repeat(100_000);
    let patience = Patience::of(Duration::from_secs(60));
    let part = read(&html, &url, 1_000, &patience).expect("time enough");
    assert!(part.goes_on && part.text.len() < 1_000 + 2 * PIECE);
    let late = Patience::of(Duration::ZERO);
    assert!(read(&html, &url, 1_000, &late).is_err());
}
