//! `read_file`: a text, or some of its lines. However large a file is, no more of it is kept than is shown.

use std::io::{BufRead, BufReader};

use super::{
    Returned, Workplace,
    arguments::Arguments,
    deadline::Deadline,
    name::quoted,
    shown::{self, Range, Shown},
};

/// Bytes from which on the lines of a file are not counted to the end.
const LARGE: u64 = 8 * 1024 * 1024;

/// Bytes at the beginning that tell a text from anything else, by a zero byte.
const LOOKED_AT: usize = 8 * 1024;

pub(super) fn run(
    place: &Workplace,
    arguments: &Arguments,
    most: usize,
) -> Result<Returned, String> {
    let spot = place.spot(arguments.path()?)?;
    let range = Range::read(arguments)?;
    let name = quoted(&spot.address());
    let failed = |error: std::io::Error| format!("{name} cannot be read: {error}");
    let file = spot.open()?;
    let length = file.length;
    let mut text = BufReader::with_capacity(64 * 1024, Deadline::from_now().over(file));
    let head = text.fill_buf().map_err(failed)?;
    if head.iter().take(LOOKED_AT).any(|byte| *byte == 0) {
        return Err(format!("{name} is not text: it is binary, {length} bytes"));
    }
    match shown::lines(text, &range, most, length <= LARGE).map_err(failed)? {
        Shown::Text(text) => Ok(Returned::done(text)),
        Shown::Nothing(why) => Err(format!("{name}: {why}")),
    }
}
