//! `list_files`: what files there are, and which folders are registered.

use super::{
    Folder, Returned, Workplace,
    arguments::Arguments,
    deadline::Deadline,
    name::quoted,
    place::Spot,
    shown,
    tree::{Fault, Tree},
    walk::{Walked, walk},
};

pub(super) fn run(
    place: &Workplace,
    arguments: &Arguments,
    most: usize,
) -> Result<Returned, String> {
    let spot = place.spot(arguments.text("path")?.unwrap_or_default())?;
    let mut notes = Vec::new();
    let files = match spot.tree() {
        Ok(tree) => {
            let until = Deadline::from_now();
            let walked = walk(&spot, &tree, until)?;
            notes.extend(walked.notes());
            with_lengths(&spot, &tree, &walked, until)
        }
        // A run's workspace is made with its first file.
        Err(Fault::Missing) if spot.is_root() => Vec::new(),
        Err(fault) => return Err(spot.told(&fault)),
    };
    if files.is_empty() {
        notes.insert(0, nothing(&spot));
    }
    if is_whole(&spot) {
        notes.extend(place.folders.iter().map(registered));
    }
    let (text, full) = shown::listed(&files, &notes, most);
    Ok(Returned {
        done: true,
        text,
        full,
    })
}

/// The workspace as a whole: what a call without a path means.
fn is_whole(spot: &Spot<'_>) -> bool {
    spot.is_in_workspace() && spot.is_root()
}

fn nothing(spot: &Spot<'_>) -> String {
    match is_whole(spot) {
        true => "This run has made no files yet.".to_owned(),
        false => format!("There are no files in {}.", quoted(&spot.address())),
    }
}

/// Only what is seen through the tree counts; names that a walk saw elsewhere have no file here.
fn with_lengths(spot: &Spot<'_>, tree: &Tree, walked: &Walked, until: Deadline) -> Vec<String> {
    let length = |file: &String| {
        if until.has_passed() {
            return Some(spot.address_of(file));
        }
        let parts: Vec<&str> = file.split('/').collect();
        let length = tree.length(&parts).ok()??;
        Some(format!("{} ({length} bytes)", spot.address_of(file)))
    };
    walked.files.iter().filter_map(length).collect()
}

fn registered(folder: &Folder) -> String {
    let rights = if folder.writable { "rw" } else { "ro" };
    format!("{}/ (folder, {rights})", folder.address())
}
