//! Rows as bytes.
//!
//! ```text
//!  embedder: length 4, text │ rows 4 │ ids: length 4, texts end to end │ a record of 44 a row:
//!  end of the id 4, stamp 8, agent 8, text 16, slot 4, kind 1, racy 1, zeros 2
//! ```

use projections::work::TaskKind;

use super::{NONE, Row, Rows, format::Sink};

/// Bytes of a record.
const RECORD: usize = 44;

/// Writes the rows that are found, their slots as `renamed` says.
pub(super) fn encode(
    sink: &mut Sink<'_>,
    embedder: &str,
    rows: &Rows,
    renamed: &dyn Fn(u32) -> u32,
) -> std::io::Result<()> {
    let found = || (0..rows.len()).filter(|n| rows.get(*n).is_found());
    let length = |length: usize| u32::try_from(length).map(u32::to_le_bytes);
    let length = |bytes: usize| length(bytes).map_err(std::io::Error::other);
    sink.put(&length(embedder.len())?)?;
    sink.put(embedder.as_bytes())?;
    sink.put(&length(found().count())?)?;
    sink.put(&length(found().map(|n| rows.id(n).len()).sum())?)?;
    for n in found() {
        sink.put(rows.id(n).as_bytes())?;
    }
    let mut end = 0;
    for n in found() {
        end += rows.id(n).len();
        let row = rows.get(n);
        sink.put(&length(end)?)?;
        sink.put(&row.stamp.to_le_bytes())?;
        sink.put(&row.agent.to_le_bytes())?;
        sink.put(&row.text)?;
        sink.put(&renamed(row.slot).to_le_bytes())?;
        sink.put(&[kind_number(row.kind), u8::from(row.is_racy), 0, 0])?;
    }
    Ok(())
}

/// The embedder and the rows; `None` for what no [`encode`] has written.
pub(super) fn decode(bytes: &[u8], slots: u32) -> Option<(String, Rows)> {
    let mut rest = bytes;
    let embedder = text(&mut rest)?.to_owned();
    let count = u32::from_le_bytes(take(&mut rest)?) as usize;
    let ids = text(&mut rest)?;
    let (records, more) = rest.as_chunks::<RECORD>();
    if records.len() != count || !more.is_empty() {
        return None;
    }
    let mut rows = Rows::default();
    let mut start = 0;
    for record in records {
        let (end, row) = row(record)?;
        let id = ids.get(std::mem::replace(&mut start, end)..end)?;
        if row.slot >= slots || !rows.push(id, row) {
            return None;
        }
    }
    (start == ids.len()).then_some((embedder, rows))
}

fn row(mut record: &[u8]) -> Option<(usize, Row)> {
    let rest = &mut record;
    let end = u32::from_le_bytes(take(rest)?) as usize;
    let row = Row {
        stamp: u64::from_le_bytes(take(rest)?),
        agent: u64::from_le_bytes(take(rest)?),
        text: take(rest)?,
        slot: u32::from_le_bytes(take(rest)?),
        kind: kind_of_number(take::<1>(rest)?[0])?,
        is_racy: take::<1>(rest)?[0] != 0,
        is_unread: false,
    };
    (row.slot != NONE).then_some((end, row))
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (first, more) = rest.split_first_chunk()?;
    *rest = more;
    Some(*first)
}

fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let length = u32::from_le_bytes(take(rest)?) as usize;
    let (text, more) = rest.split_at_checked(length)?;
    *rest = more;
    std::str::from_utf8(text).ok()
}

fn kind_number(kind: Option<TaskKind>) -> u8 {
    match kind {
        None => 0,
        Some(TaskKind::Document) => 1,
        Some(TaskKind::Code) => 2,
        Some(TaskKind::Data) => 3,
        Some(TaskKind::Research) => 4,
    }
}

fn kind_of_number(number: u8) -> Option<Option<TaskKind>> {
    let all = [None].into_iter().chain(TaskKind::ALL.map(Some));
    all.into_iter().find(|kind| kind_number(*kind) == number)
}
