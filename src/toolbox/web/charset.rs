//! Bytes to text: the byte order mark tells the charset, or the header, or the page itself, or the bytes.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Bytes at the beginning of a page within which it may tell its charset.
const HEAD: usize = 4096;

/// Decodes a body. What its charset has no character for becomes U+FFFD.
pub(super) fn decode(body: &[u8], header: Option<&str>) -> String {
    let said = header
        .and_then(|label| Encoding::for_label(label.as_bytes()))
        .or_else(|| of_page(body));
    let encoding = said.unwrap_or_else(|| guessed(body));
    // Looks for a byte order mark itself, which outweighs everything.
    encoding.decode(body).0.into_owned()
}

/// What `<meta charset=…>`, `<meta … content="…; charset=…">` or `<?xml … encoding="…"?>` says.
fn of_page(body: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&body[..body.len().min(HEAD)]).to_ascii_lowercase();
    let xml = head.strip_prefix("<?xml").and_then(|rest| {
        let declaration = rest.split("?>").next()?;
        labelled(declaration, "encoding")
    });
    let metas = head.split("<meta").skip(1);
    let meta = || {
        metas
            .filter_map(|rest| rest.split('>').next())
            .find_map(|tag| labelled(tag, "charset"))
    };
    let said = xml.or_else(meta)?;
    // A page that can be read so far is not in UTF-16, whatever it says.
    let wide = said == UTF_16BE || said == UTF_16LE;
    Some(if wide { UTF_8 } else { said })
}

/// The encoding whose label follows `name` and `=`.
fn labelled(text: &str, name: &str) -> Option<&'static Encoding> {
    let (_, rest) = text.split_once(name)?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let rest = rest.trim_start_matches(['"', '\'']);
    let label = rest
        .split(['"', '\'', ';', '>', '/', ' ', '\n', '\t'])
        .next()?;
    Encoding::for_label(label.as_bytes())
}

/// UTF-8 where the bytes are that (the last character may be cut), else what most old pages are in.
fn guessed(body: &[u8]) -> &'static Encoding {
    match std::str::from_utf8(body) {
        Ok(_) => UTF_8,
        Err(wrong) if wrong.error_len().is_none() => UTF_8,
        Err(_) => WINDOWS_1252,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_tells_before_the_page_does() {
        assert_eq!(decode(b"caf\xe9", Some("iso-8859-1")), "café");
        assert_eq!(
            decode(b"<meta charset=utf-8>caf\xe9", Some("latin1")),
            "<meta charset=utf-8>café"
        );
        assert_eq!(decode(b"\x82\xa0", Some("Shift_JIS")), "あ");
        assert_eq!(decode(b"\xcf\xf0", Some(" windows-1251 ")), "Пр");
    }

    #[test]
    fn the_page_tells_where_the_header_does_not() {
        for page in [
            "<meta charset=koi8-r>",
            "<html><META CHARSET = 'KOI8-R' />",
            "<meta name=x><meta http-equiv=content-type content=\"text/html; charset=koi8-r\">",
            "<?xml version='1.0' encoding='koi8-r'?>",
        ] {
            let mut bytes = page.as_bytes().to_vec();
            bytes.extend(b"\xf0");
            assert!(decode(&bytes, None).ends_with('П'), "{page}");
            assert!(decode(&bytes, Some("no-such-charset")).ends_with('П'));
        }
    }

    #[test]
    fn a_byte_order_mark_tells_before_all() {
        assert_eq!(decode(b"\xef\xbb\xbf\xc3\xa9", Some("latin1")), "é");
        assert_eq!(decode(b"\xff\xfea\0b\0", Some("utf-8")), "ab");
        assert_eq!(decode(b"\xfe\xff\0a\0b", None), "ab");
    }

    #[test]
    fn bytes_of_which_nobody_tells_are_utf_8_or_old() {
        assert_eq!(decode("é€".as_bytes(), None), "é€");
        assert_eq!(decode(b"\xe9 \x80", None), "é €");
        assert_eq!(decode(b"ok \xc3", None), "ok \u{fffd}");
        assert_eq!(
            decode(b"<meta charset=utf-16>\xc3\xa9", None),
            "<meta charset=utf-16>é"
        );
        assert_eq!(decode(b"", None), "");
        assert_eq!(decode(b"<meta", None), "<meta");
    }
}
