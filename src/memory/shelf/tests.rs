//! Through the shelf's own contract, with embedders whose outcome a test can foresee.

#[cfg(test)]
mod change;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod sharing;
#[cfg(test)]
mod trouble;

use std::fs;

use projections::work::TaskKind;

use super::*;
use crate::memory::world::{self, Dense, Sparse, World, note};

#[test]
fn what_is_like_the_query_is_found_and_the_most_similar_comes_first() {
    for embedder in [&Dense::new() as &dyn Embedder, &Sparse::new()] {
        let world = World::new();
        world.write("a", "apples and pears");
        world.write("b", "bridges and rivers");
        world.write("deep/er/c", "apples");
        let found = world.find(embedder, "apples");
        assert_eq!(found.ids()[..2], ["deep/er/c", "a"]);
        assert!(
            found.hits[0].score > 0.99 && found.hits[1].score < 0.99,
            "{found:?}"
        );
        assert_eq!((found.rows, found.behind), (3, 0));
        assert!(found.troubles.is_empty(), "{found:?}");
        assert_eq!(found.hits[1].entry.shown, "apples and pears");
    }
}

#[test]
fn an_empty_or_missing_folder_finds_nothing_and_leaves_no_file() {
    let world = World::new();
    let embedder = Dense::new();
    assert_eq!(world.find(&embedder, "x").ids(), [""; 0]);
    fs::remove_dir_all(&world.folder).unwrap();
    let found = world.find(&embedder, "x");
    assert!(
        found.hits.is_empty() && found.troubles.is_empty(),
        "{found:?}"
    );
    drop(world.shelf());
    assert!(!world.index.exists());
}

/// It would be found by its name, and take the place of one that says something.
#[test]
fn a_file_that_says_nothing_is_no_entry() {
    let world = World::new();
    world.write("apples", "");
    world.write("more apples", "---\ntags: [apples]\n---\n \n");
    world.write("a", "apples");
    let found = world.find(&Dense::new(), "apples");
    assert_eq!(found.ids(), ["a"]);
    assert_eq!(found.troubles, ["apples.md: it is empty; it is left out"]);
}

#[test]
fn kind_agent_score_number_and_exceptions_narrow_what_is_found() {
    let world = World::new();
    let embedder = Dense::new();
    world.write("all", &note("artifact_kind:", "writer_id: ann", "apples"));
    world.write(
        "code",
        &note("artifact_kind: code", "writer_id: bob", "apples"),
    );
    world.write(
        "text",
        &note("artifact_kind: text", "writer_id: ann", "apples"),
    );
    world.write("poem", &note("artifact_kind: poem", "", "apples"));
    let shelf = world.shelf();
    let ids = |wanted: Wanted<'_>| {
        let found = shelf.search(&embedder, "apples", &wanted, &world.effort());
        found.unwrap().ids().join(" ")
    };
    let any = world::ANY;
    let kind = |kind| Wanted {
        kind: Some(kind),
        ..any
    };
    assert_eq!(ids(any), "all code poem text");
    assert_eq!(ids(kind(TaskKind::Code)), "all code poem");
    assert_eq!(ids(kind(TaskKind::Document)), "all poem text");
    assert_eq!(
        ids(Wanted {
            agent: Some("ann"),
            ..any
        }),
        "all text"
    );
    assert_eq!(
        ids(Wanted {
            agent: Some("eve"),
            ..any
        }),
        ""
    );
    assert_eq!(ids(Wanted { most: 2, ..any }), "all code");
    assert_eq!(ids(Wanted { most: 0, ..any }), "");
    let except = |id: &str| id == "all" || id == "text";
    assert_eq!(
        ids(Wanted {
            except: Some(&except),
            most: 2,
            ..any
        }),
        "code poem"
    );
    assert_eq!(
        ids(Wanted {
            at_least: 1.01,
            ..any
        }),
        ""
    );
    let both = Wanted {
        agent: Some("bob"),
        ..kind(TaskKind::Code)
    };
    assert_eq!(ids(both), "code");
}

#[test]
fn verdicts_are_found_by_their_task_and_defects_and_by_the_folder_of_their_kind() {
    let world = World::of(Store::QcHistory);
    let verdict = "---\nverdict: fail\nproducer_agent: drafter\n---\n\n## Task\n\nCount the bridges\n\n\
        ## Rationale\n\nSome are missing.\n";
    world.write("data/ESS-P-001-s1-t1-1", verdict);
    world.write(
        "text/2026__000001__abc",
        "---\nverdict: pass\n---\n\n## Rationale\n\nbridges\n",
    );
    let found = world.find(&Dense::new(), "count bridges");
    assert_eq!(found.ids()[0], "data/ESS-P-001-s1-t1-1");
    let kinds: Vec<_> = found.hits.iter().map(|hit| hit.entry.kind).collect();
    assert_eq!(kinds, [Some(TaskKind::Data), Some(TaskKind::Document)]);
    let of_data = Wanted {
        kind: Some(TaskKind::Data),
        agent: Some("drafter"),
        ..world::ANY
    };
    let shelf = world.shelf();
    let found = shelf
        .search(&Dense::new(), "bridges", &of_data, &world.effort())
        .unwrap();
    assert_eq!(found.ids(), ["data/ESS-P-001-s1-t1-1"]);
}

#[test]
fn a_second_process_embeds_nothing_anew() {
    for embedder in [&Dense::new() as &dyn world::Counting, &Sparse::new()] {
        let world = World::new();
        for n in 0..40 {
            world.write(&format!("n{n}"), &format!("apples {n}"));
        }
        let first = world.find(embedder.embedder(), "apples 7").ids().join(" ");
        let made = embedder.made();
        let again = world.find(embedder.embedder(), "apples 7");
        assert_eq!(again.ids().join(" "), first);
        assert_eq!(embedder.made(), made + 1, "the query alone");
    }
}

#[test]
fn the_same_text_is_embedded_once() {
    let world = World::new();
    let embedder = Dense::new();
    for n in 0..30 {
        world.write(&format!("n{n:02}"), "the very same");
    }
    let found = world.find(&embedder, "the very same");
    assert_eq!(found.ids().len(), 10);
    assert_eq!(found.ids()[..3], ["n00", "n01", "n02"]);
    // At most one batch is asked before the first of them is known.
    assert!(embedder.count() <= 1 + 8, "{}", embedder.count());
}

#[test]
fn entries_lists_every_file_without_an_index() {
    let world = World::new();
    world.write("b", "two");
    world.write("a/x", "one");
    fs::write(world.folder.join("latin.md"), b"caf\xe9").unwrap();
    let listed = world.shelf().entries().unwrap();
    let ids: Vec<&str> = listed
        .entries
        .iter()
        .map(|entry| entry.id.as_str())
        .collect();
    assert_eq!(ids, ["a/x", "b", "latin"]);
    assert_eq!(listed.entries[2].shown, "caf\u{fffd}");
    assert!(listed.troubles.is_empty() && !world.index.exists());
}

#[test]
fn standing_tells_files_rows_changes_and_damage() {
    let world = World::new();
    let embedder = Dense::new();
    let standing = || world.shelf().standing(embedder.id());
    assert_eq!(standing(), Standing::default());
    world.write("a", "one");
    world.write("b", "two");
    assert_eq!(
        (standing().files, standing().missing, standing().embedder),
        (2, 2, None)
    );
    world.find(&embedder, "x");
    let now = standing();
    assert_eq!((now.files, now.rows, now.stale, now.missing), (2, 2, 0, 0));
    assert_eq!(now.embedder.as_deref(), Some(embedder.id()));
    assert_eq!(now.bytes, fs::metadata(&world.index).unwrap().len());
    world.write("a", "one more");
    world.write("c", "three");
    let now = standing();
    assert_eq!((now.files, now.rows, now.stale, now.missing), (3, 1, 1, 1));
    let other = world.shelf().standing("another");
    assert_eq!((other.rows, other.missing), (0, 3));
    assert_eq!(other.embedder.as_deref(), Some(embedder.id()));
    fs::write(&world.index, b"not an index at all").unwrap();
    let now = standing();
    assert_eq!((now.rows, now.missing), (0, 3));
    assert!(now.damaged.unwrap().ends_with("x.index: it is cut off"));
}

#[test]
fn reindexing_makes_all_anew_and_tells_how_far_it_is() {
    let world = World::new();
    let embedder = Dense::new();
    for n in 0..20 {
        world.write(&format!("n{n}"), &format!("apples {n}"));
    }
    world.find(&embedder, "x");
    let before = embedder.count();
    let mut steps = Vec::new();
    let shelf = world.shelf();
    let mut progress = |done, all| steps.push((done, all));
    let standing = shelf
        .reindex(&embedder, &world.effort(), &mut progress)
        .unwrap();
    assert_eq!(
        (standing.rows, standing.files, standing.missing),
        (20, 20, 0)
    );
    assert_eq!(steps, [(8, 20), (16, 20), (20, 20)]);
    assert_eq!(embedder.count(), before + 21);
}
