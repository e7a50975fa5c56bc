//! The lines of a body, each knowing whether it is code or comment.

/// One line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// From 1.
    pub(super) number: usize,
    /// Offset of its first byte.
    pub(super) start: usize,
    /// Its text without the line break (`\n` or `\r\n`).
    pub(super) text: &'a str,
    /// It is a code fence, or within one.
    pub(super) fenced: bool,
    /// It is within an HTML comment that an earlier line opened, or opens one.
    pub(super) commented: bool,
    /// It belongs to a bullet above it.
    pub(super) nested: bool,
}

impl Line<'_> {
    /// Neither code nor comment.
    pub(super) fn is_prose(&self) -> bool {
        !self.fenced && !self.commented
    }

    /// Level and text of a heading such as `## Title`.
    pub(super) fn heading(&self) -> Option<(usize, &str)> {
        let text = self.text.trim_start();
        let level = text.len() - text.trim_start_matches('#').len();
        let title = &text[level..];
        let is_heading = self.is_prose()
            && (1..=6).contains(&level)
            && indent(self.text) < 4
            && (title.is_empty() || title.starts_with([' ', '\t']));
        is_heading.then(|| (level, title.trim().trim_end_matches('#').trim_end()))
    }
}

/// All lines of a body, and what is still open at its end.
pub(super) struct Lines<'a> {
    /// The lines in order.
    pub(super) all: Vec<Line<'a>>,
    /// The fence that is never closed.
    pub(super) unclosed: Option<Fence>,
}

/// An open code fence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fence {
    /// The line that opened it.
    pub(super) line: usize,
    mark: char,
    length: usize,
    /// It stands in a quote (`>`), and ends with it.
    quoted: bool,
    /// Column of the bullet's text that it stands in, 0 for none; it ends where a line is left of it.
    column: usize,
}

impl Fence {
    fn opening(text: &str, line: usize, list: Option<usize>) -> Option<Self> {
        let own = bullet(text);
        let column = own
            .map(|b| b.inside())
            .or(list.filter(|column| indent(text) >= *column));
        let column = column.unwrap_or(0);
        let text = match own {
            Some(bullet) => bullet.text,
            None if indent(text) > column + 3 => return None, // an indented block, not a fence
            None => text,
        };
        let unquoted = unquoted(text);
        let mark = unquoted.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let info = unquoted.trim_start_matches(mark);
        let length = unquoted.len() - info.len();
        let opens = length >= 3 && !(mark == '`' && info.contains('`'));
        let quoted = text.trim_start().starts_with('>');
        opens.then_some(Self {
            line,
            mark,
            length,
            quoted,
            column,
        })
    }

    /// The line is the closing fence.
    fn is_closed_by(self, text: &str) -> bool {
        let inner = if self.quoted { unquoted(text) } else { text }.trim();
        let is_near = self.quoted || indent(text) <= self.column + 3;
        is_near && inner.len() >= self.length && inner.chars().all(|c| c == self.mark)
    }

    /// The line no longer belongs to the quote or bullet that holds the fence.
    fn is_left_by(self, text: &str) -> bool {
        let leaves_bullet = !text.trim().is_empty() && indent(text) < self.column;
        leaves_bullet || (self.quoted && !text.trim_start().starts_with('>'))
    }

    /// A line that closes it.
    pub(super) fn closing(self) -> String {
        let margin = " ".repeat(self.column);
        let quote = if self.quoted { "> " } else { "" };
        margin + quote + &self.mark.to_string().repeat(self.length)
    }
}

fn unquoted(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '>'])
}

/// Divides a body into lines.
pub(super) fn lines(body: &str) -> Lines<'_> {
    let mut scan = Scan::default();
    let mut all = Vec::new();
    let mut start = 0;
    for (index, whole) in body.split_inclusive('\n').enumerate() {
        all.push(scan.line(without_break(whole), index + 1, start));
        start += whole.len();
    }
    Lines {
        all,
        unclosed: scan.fence,
    }
}

/// What is open between two lines.
#[derive(Clone, Copy, Default)]
pub(super) struct Scan {
    /// The code fence that the next line stands in.
    pub(super) fence: Option<Fence>,
    comment: bool,
    /// Column from which lines belong to the bullet above them.
    list: Option<usize>,
}

impl Scan {
    /// Reads the next line.
    pub(super) fn line<'a>(&mut self, text: &'a str, number: usize, start: usize) -> Line<'a> {
        let fenced = !self.comment && self.step_fence(text, number);
        let commented = self.comment || (!fenced && text.trim_start().starts_with("<!--"));
        self.comment = commented && !text.contains("-->");
        let nested = self.list.is_some_and(|column| indent(text) >= column);
        if !(nested || fenced || text.trim().is_empty()) {
            self.list = bullet(text).map(|bullet| bullet.inside());
        }
        Line {
            number,
            start,
            text,
            fenced,
            commented,
            nested,
        }
    }

    /// Opens or closes a fence, and answers whether the line is part of one.
    fn step_fence(&mut self, text: &str, number: usize) -> bool {
        self.fence = self.fence.filter(|fence| !fence.is_left_by(text));
        let was_open = self.fence.is_some();
        self.fence = match self.fence {
            Some(open) => Some(open).filter(|fence| !fence.is_closed_by(text)),
            None => Fence::opening(text, number, self.list),
        };
        was_open || self.fence.is_some()
    }
}

fn without_break(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

/// The column at which a line's text begins; a tab goes to the next multiple of four.
pub(super) fn indent(text: &str) -> usize {
    let mut column = 0;
    for c in text.chars() {
        match c {
            ' ' => column += 1,
            '\t' => column += 4 - column % 4,
            _ => break,
        }
    }
    column
}

/// A list bullet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bullet<'a> {
    /// Column of the marker.
    pub(super) indent: usize,
    /// What follows the marker, trimmed.
    pub(super) text: &'a str,
}

impl Bullet<'_> {
    /// The column from which a line belongs to this bullet.
    pub(super) fn inside(&self) -> usize {
        self.indent + 2
    }
}

/// Reads `- text`, `* text` or `+ text`.
pub(super) fn bullet(text: &str) -> Option<Bullet<'_>> {
    let rest = text.trim_start().strip_prefix(['-', '*', '+'])?;
    let is_bullet = rest.is_empty() || rest.starts_with([' ', '\t']);
    is_bullet.then(|| Bullet {
        indent: indent(text),
        text: rest.trim(),
    })
}
