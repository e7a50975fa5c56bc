//! Tags and words to lines: paragraphs, headings, lists, tables, quotes, code, and links beside their words.
//!
//! Nothing here depends on tags being closed or nested well: every tag does its part when it comes, and every
//! count has a bound.

use reqwest::Url;

use super::{super::cut, Reading};

/// Most characters of a title.
const TITLE: usize = 200;
/// Most bytes of a link's address; what is longer is left out, its words are not.
const LINK: usize = 300;
/// Levels of lists and quotes that are shown.
const LEVELS: usize = 6;
/// Bytes of marks before one word, about.
const MARKS: usize = 80;
/// Most line breaks in a row, within code.
const BREAKS: usize = 3;

/// Text under way.
pub(super) struct Layout {
    out: String,
    cap: usize,
    base: Url,
    title: String,
    in_title: bool,
    /// Whether the title has come.
    titled: bool,
    /// What is being passed over, and how often it is open.
    muted: Option<(String, usize)>,
    /// Line breaks due before the next word.
    breaks: usize,
    /// Whether a space is due before the next word.
    space: bool,
    /// What stands before the next word: a bullet, a heading's mark, a cell's border.
    mark: String,
    /// Numbers of the open lists' next items; `None` for bullets.
    lists: Vec<Option<u64>>,
    quotes: usize,
    code: usize,
    code_begun: bool,
    /// Whether the row has a cell already.
    in_row: bool,
    link: Option<Link>,
}

struct Link {
    to: String,
    /// Whether a word of it has come.
    begun: bool,
}

impl Layout {
    /// Nothing yet; links are seen from `base`.
    pub(super) fn new(base: Url, cap: usize) -> Self {
        Self {
            out: String::new(),
            cap,
            base,
            title: String::new(),
            in_title: false,
            titled: false,
            muted: None,
            breaks: 0,
            space: false,
            mark: String::new(),
            lists: Vec::new(),
            quotes: 0,
            code: 0,
            code_begun: false,
            in_row: false,
            link: None,
        }
    }

    /// Whether no more is wanted.
    pub(super) fn is_full(&self) -> bool {
        self.out.len() > self.cap
    }

    /// Whether this lies within a drawing, where tags mean other things.
    pub(super) fn is_in_a_drawing(&self) -> bool {
        self.muted.as_ref().is_some_and(|(name, _)| name == "svg")
    }

    /// What was laid out.
    pub(super) fn finish(mut self) -> Reading {
        self.close_link();
        let title = one_line(&self.title);
        Reading {
            title: Some(title).filter(|title| !title.is_empty()),
            goes_on: self.out.len() > self.cap,
            text: self.out,
        }
    }

    /// Characters between tags, in pieces that may begin and end anywhere.
    pub(super) fn text(&mut self, text: &str) {
        if self.in_title {
            let room = (4 * TITLE).saturating_sub(self.title.len());
            let most = if self.titled { 0 } else { room };
            self.title.push_str(&text[..cut::floor(text, most)]);
        } else if self.muted.is_none() && !self.is_full() {
            if self.code > 0 {
                self.verbatim(text);
            } else {
                self.words(text);
            }
        }
    }

    fn words(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.space |= text.starts_with(|c: char| c.is_ascii_whitespace());
        for word in text.split_ascii_whitespace() {
            self.lead();
            self.out.push_str(word);
            self.space = true;
        }
        self.space &= text.ends_with(|c: char| c.is_ascii_whitespace());
    }

    fn verbatim(&mut self, text: &str) {
        // A line break right after the tag is no part of the code.
        let begins = !std::mem::replace(&mut self.code_begun, true);
        let text = text.strip_prefix('\n').filter(|_| begins).unwrap_or(text);
        for (at, line) in text.split('\n').enumerate() {
            if at > 0 {
                self.breaks = (self.breaks + 1).min(BREAKS);
            }
            if !line.is_empty() {
                self.space = false;
                self.lead();
                self.out.push_str(line);
            }
        }
    }

    /// Writes what is due before a word.
    fn lead(&mut self) {
        if self.out.is_empty() || self.breaks > 0 {
            self.out.truncate(self.out.trim_end_matches(' ').len());
            let begins = self.out.is_empty();
            let breaks = if begins { 0 } else { self.breaks };
            self.out.push_str(&"\n".repeat(breaks));
            self.out.push_str(&"> ".repeat(self.quotes.min(LEVELS)));
            let inner = self.lists.len().min(LEVELS).saturating_sub(1);
            self.out.push_str(&"  ".repeat(inner));
        } else if self.space && self.mark.is_empty() {
            self.out.push(' ');
        }
        (self.breaks, self.space) = (0, false);
        self.out.push_str(&std::mem::take(&mut self.mark));
        if let Some(link) = self.link.as_mut().filter(|link| !link.begun) {
            link.begun = true;
            self.out.push('[');
        }
    }

    /// A tag that opens.
    pub(super) fn start(
        &mut self,
        name: &str,
        attribute: &dyn Fn(&str) -> Option<String>,
        self_closing: bool,
    ) {
        if self.stays_muted(name) {
            return;
        }
        match name {
            "script" | "style" | "template" | "iframe" | "noembed" | "noframes" => self.mute(name),
            "svg" if !self_closing => self.mute(name),
            "title" => self.in_title = true,
            "base" => self.rebase(attribute("href")),
            "a" => self.open_link(attribute("href")),
            "img" => self.image(attribute("alt")),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.heading(name),
            "ul" | "ol" | "menu" => self.open_list(name, attribute("start")),
            "li" => self.item(),
            "tr" => self.in_row = false,
            "td" | "th" => self.cell(),
            "blockquote" => self.quotes += 1,
            "pre" | "listing" | "xmp" | "textarea" | "plaintext" => self.open_code(),
            _ => {}
        }
        self.break_for(name);
    }

    /// A tag that closes.
    pub(super) fn end(&mut self, name: &str) {
        if name == "title" && std::mem::take(&mut self.in_title) {
            self.titled = true;
        }
        if self.unmuted_by(name) || self.muted.is_some() {
            return;
        }
        if lines_around(name) > 0 {
            self.mark.clear();
        }
        self.break_for(name);
        match name {
            "a" => self.close_link(),
            "ul" | "ol" | "menu" => drop(self.lists.pop()),
            "blockquote" => self.quotes = self.quotes.saturating_sub(1),
            "pre" | "listing" | "xmp" | "textarea" => self.code = self.code.saturating_sub(1),
            _ => {}
        }
    }

    fn break_for(&mut self, name: &str) {
        let nested = matches!(name, "ul" | "ol" | "menu") && self.lists.len() > 1;
        self.breaks = match name {
            "br" => self.breaks.max((self.breaks + 1).min(2)),
            _ if nested => self.breaks.max(1),
            _ => self.breaks.max(lines_around(name)),
        };
    }

    fn mute(&mut self, name: &str) {
        self.muted = Some((name.to_owned(), 1));
    }

    /// Whether a tag that opens is passed over. A drawing that is never closed ends where a paragraph begins.
    fn stays_muted(&mut self, name: &str) -> bool {
        let Some((muted, open)) = self.muted.as_mut() else {
            return false;
        };
        if muted == "svg" && lines_around(name) > 0 {
            self.muted = None;
            return false;
        }
        if muted == name {
            *open += 1;
        }
        true
    }

    fn unmuted_by(&mut self, name: &str) -> bool {
        let Some((_, open)) = self.muted.as_mut().filter(|(muted, _)| muted == name) else {
            return false;
        };
        *open -= 1;
        if *open == 0 {
            self.muted = None;
        }
        true
    }

    fn rebase(&mut self, href: Option<String>) {
        let base = href.and_then(|href| self.base.join(&href).ok());
        self.base = base.unwrap_or_else(|| self.base.clone());
    }

    fn open_link(&mut self, href: Option<String>) {
        self.close_link();
        let to = href.filter(|href| !href.trim_start().starts_with('#'));
        let to = to.and_then(|href| self.base.join(&href).ok());
        let to = to.filter(|to| ["http", "https", "mailto"].contains(&to.scheme()));
        let to = to.map(String::from).filter(|to| to.len() <= LINK);
        self.link = to.map(|to| Link { to, begun: false });
    }

    fn close_link(&mut self) {
        if let Some(link) = self.link.take().filter(|link| link.begun) {
            self.out.push_str(&format!("]({})", link.to));
        }
    }

    fn image(&mut self, alt: Option<String>) {
        let alt = alt.map(|alt| one_line(&alt)).unwrap_or_default();
        if !alt.is_empty() {
            self.words(&format!("[image: {alt}]"));
        }
    }

    fn heading(&mut self, name: &str) {
        let level = name[1..].parse().unwrap_or(1);
        self.due(&format!("{} ", "#".repeat(level)));
    }

    fn open_list(&mut self, name: &str, start: Option<String>) {
        let first = start.and_then(|start| start.parse().ok()).unwrap_or(1);
        self.lists.push((name == "ol").then_some(first));
    }

    fn item(&mut self) {
        self.mark = match self.lists.last_mut() {
            Some(Some(number)) => {
                let mark = format!("{number}. ");
                *number = number.saturating_add(1);
                mark
            }
            Some(None) | None => "- ".to_owned(),
        };
    }

    fn cell(&mut self) {
        if self.in_row {
            self.due(" | ");
            self.space = false;
        }
        self.in_row = true;
    }

    fn due(&mut self, mark: &str) {
        if self.mark.len() < MARKS {
            self.mark.push_str(mark);
        }
    }

    fn open_code(&mut self) {
        self.code += 1;
        self.code_begun = false;
    }
}

/// Line breaks before and after an element: one, or two for those that an empty line sets apart.
fn lines_around(name: &str) -> usize {
    match name {
        "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "ul" | "ol" | "menu" | "dl" | "table"
        | "blockquote" | "pre" | "listing" | "xmp" | "plaintext" | "hr" | "figure" | "article"
        | "section" => 2,
        "br" | "div" | "li" | "dt" | "dd" | "tr" | "caption" | "header" | "footer" | "nav"
        | "main" | "aside" | "address" | "form" | "fieldset" | "legend" | "details" | "summary"
        | "figcaption" | "option" | "textarea" | "body" | "center" => 1,
        _ => 0,
    }
}

/// Foreign text in one line, bounded.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(TITLE).collect()
}
