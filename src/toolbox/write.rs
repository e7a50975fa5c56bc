//! `write_file`: a file whole.

use super::{Returned, Workplace, arguments::Arguments, name::quoted, place::Spot};

/// Most bytes that a file may have after it was written or edited.
pub(super) const MOST_BYTES: usize = 4 * 1024 * 1024;

pub(super) fn run(
    place: &Workplace,
    arguments: &Arguments,
    _most: usize,
) -> Result<Returned, String> {
    let spot = place.spot(arguments.path()?)?;
    let content = arguments.needed("content")?;
    spot.check_writable()?;
    let existed = put(&spot, content.as_bytes())?;
    Ok(Returned::done(format!(
        "{} {} ({} bytes).",
        if existed { "Replaced" } else { "Wrote" },
        spot.address(),
        content.len()
    )))
}

/// Puts the content where it may be written; says whether a file was there before.
pub(super) fn put(spot: &Spot<'_>, content: &[u8]) -> Result<bool, String> {
    if content.len() > MOST_BYTES {
        return Err(format!(
            "{} would have {} bytes, more than the {MOST_BYTES} that can be written",
            quoted(&spot.address()),
            content.len()
        ));
    }
    let put = spot.tree().and_then(|tree| tree.put(spot.parts(), content));
    put.map_err(|fault| spot.told(&fault))
}
