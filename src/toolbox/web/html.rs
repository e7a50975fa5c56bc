//! HTML to text.
//!
//! Only the browser's tokenizer is used, no tree: what a tree costs, a hostile page decides (a few kilobytes of
//! `<p><font …>` make gigabytes of it). So time and memory grow with the page's length alone, and the clock is
//! looked at between pieces of it.

mod layout;

use std::cell::RefCell;

use html5ever::{
    tendril::StrTendril,
    tokenizer::{
        BufferQueue, EndTag, StartTag, Tag, TagToken, Token, TokenSink, TokenSinkResult, Tokenizer,
        TokenizerOpts,
        states::RawKind::{Rawtext, Rcdata, ScriptData},
    },
};
use layout::Layout;
use reqwest::Url;

use super::{cut, patience::Patience};

/// Bytes between two looks at the clock.
const PIECE: usize = 4096;

/// A page for reading.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// Its title.
    pub(super) title: Option<String>,
    /// Its text.
    pub(super) text: String,
    /// Whether there is more than the text holds.
    pub(super) goes_on: bool,
}

/// The text of a page at `url`, a little over `cap` bytes of it at most. Links stand beside their words.
pub(super) fn read(
    html: &str,
    url: &Url,
    cap: usize,
    patience: &Patience,
) -> Result<Reading, String> {
    let sink = Sink(RefCell::new(Layout::new(url.clone(), cap)));
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let queue = BufferQueue::default();
    let mut rest = html;
    while !rest.is_empty() {
        patience.left()?;
        let (piece, after) = rest.split_at(cut::floor(rest, PIECE));
        queue.push_back(StrTendril::from_slice(piece));
        // It stops for scripts and charsets only, of which the sink tells it nothing.
        let _ = tokenizer.feed(&queue);
        if tokenizer.sink.0.borrow().is_full() {
            break;
        }
        rest = after;
    }
    tokenizer.end();
    Ok(tokenizer.sink.0.into_inner().finish())
}

struct Sink(RefCell<Layout>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        let mut layout = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(text) => layout.text(&text),
            TagToken(tag) => return took(&mut layout, &tag),
            Token::DoctypeToken(_)
            | Token::CommentToken(_)
            | Token::NullCharacterToken
            | Token::EOFToken
            | Token::ParseError(_) => {}
        }
        TokenSinkResult::Continue
    }
}

/// Lays a tag out, and tells the tokenizer how what follows it is written.
fn took(layout: &mut Layout, tag: &Tag) -> TokenSinkResult<()> {
    let name = &*tag.name;
    if tag.kind == EndTag {
        layout.end(name);
        return TokenSinkResult::Continue;
    }
    debug_assert_eq!(tag.kind, StartTag);
    let attribute = |name: &str| {
        let found = tag.attrs.iter().find(|own| &*own.name.local == name);
        found.map(|own| own.value.to_string())
    };
    layout.start(name, &attribute, tag.self_closing);
    if layout.is_in_a_drawing() {
        return TokenSinkResult::Continue;
    }
    match name {
        "script" => TokenSinkResult::RawData(ScriptData),
        "style" | "xmp" | "iframe" | "noembed" | "noframes" => TokenSinkResult::RawData(Rawtext),
        "title" | "textarea" => TokenSinkResult::RawData(Rcdata),
        "plaintext" => TokenSinkResult::Plaintext,
        _ => TokenSinkResult::Continue,
    }
}

#[cfg(test)]
mod tests;
